//! Vector instructions: MMX, SSE to SSE4.2, SSE4a, PCLMULQDQ, AES, SHA.
//!
//! A 128-bit value is a `u128`, lane 0 in its low bits, on every host; bytes exist only at the border of memory. Integer
//! operations are rows of `lanes`: a function of two values and their width, so that MMX and SSE forms share it.
//! Legacy forms leave the upper halves of the YMM registers alone; 128-bit memory operands must be aligned unless the
//! operation says otherwise.

mod approximate;
mod convert;
mod crypto;
mod float;
mod lanes;
mod moves;
mod shuffle;
mod swar;
mod text;
mod various;

use crate::chain::Run;
use crate::inst::Inst;
use crate::size::Size;
use crate::state::Cpu;
use crate::stop::{Flow, Stop, Trap};
use isa::{Instruction, Operand};
use softfloat::Env;

/// The handler of a vector instruction.
pub(crate) fn prepare(i: &Instruction, inst: &mut Inst) -> Option<Run> {
    let is_mmx = i.operands.iter().any(|operand| matches!(operand, Operand::Mmx(_)));
    lanes::handler(i.op, is_mmx, inst)
        .or_else(|| moves::handler(i, is_mmx, inst))
        .or_else(|| float::handler(i, inst))
        .or_else(|| convert::handler(i))
        .or_else(|| shuffle::handler(i, is_mmx))
        .or_else(|| various::handler(i, is_mmx))
        .or_else(|| text::handler(i.op))
        .or_else(|| approximate::handler(i.op))
        .or_else(|| crypto::handler(i, inst))
}

/// Where the source of an instruction is, as its handler knows. `None`: it is not to be had on the short way.
trait Source {
    /// 16 bytes, aligned if in memory.
    fn load(cpu: &mut Cpu, inst: &Inst) -> Option<[u64; 2]>;
    /// The low part.
    fn load_low(cpu: &mut Cpu, inst: &Inst, size: Size) -> Option<u64>;
}

/// An XMM register.
struct Register;
/// Memory without segment base or narrow address size.
struct Plain;
/// To be looked up.
struct Anywhere;

impl Source for Register {
    #[inline(always)]
    fn load(cpu: &mut Cpu, inst: &Inst) -> Option<[u64; 2]> {
        let [low, high, ..] = cpu.xmm[inst.src as usize & 15];
        Some([low, high])
    }
    #[inline(always)]
    fn load_low(cpu: &mut Cpu, inst: &Inst, size: Size) -> Option<u64> {
        Some(size.cut(cpu.xmm[inst.src as usize & 15][0]))
    }
}

impl Source for Plain {
    #[inline(always)]
    fn load(cpu: &mut Cpu, inst: &Inst) -> Option<[u64; 2]> {
        let address = cpu.plain_address(inst);
        if address & 15 == 0 { cpu.memory.load16_hit(address) } else { None }
    }
    #[inline(always)]
    fn load_low(cpu: &mut Cpu, inst: &Inst, size: Size) -> Option<u64> {
        let address = cpu.plain_address(inst);
        match size {
            Size::B4 => cpu.memory.load_hit::<4>(address),
            _ => cpu.memory.load_hit::<8>(address),
        }
    }
}

impl Cpu {
    /// The address of a memory operand that is plainly addressed.
    #[inline(always)]
    fn plain_address(&self, inst: &Inst) -> u64 {
        let index = self.get(inst.index) << (inst.addressing & 3);
        self.get(inst.base).wrapping_add(index).wrapping_add(inst.disp)
    }

    #[inline(always)]
    pub(crate) fn xmm(&self, number: u8) -> u128 {
        let [low, high, ..] = self.xmm[number as usize & 15];
        (high as u128) << 64 | low as u128
    }

    /// Writes the low half of the register; the upper half stays.
    #[inline(always)]
    pub(crate) fn set_xmm(&mut self, number: u8, value: u128) {
        let register = &mut self.xmm[number as usize & 15];
        register[0] = value as u64;
        register[1] = (value >> 64) as u64;
    }

    #[inline(always)]
    pub(crate) fn mmx(&self, number: u8) -> u64 {
        self.x87.registers[number as usize & 7].0
    }

    /// Writes an MMX register: sign and exponent of the x87 register become ones.
    #[inline(always)]
    pub(crate) fn set_mmx(&mut self, number: u8, value: u64) {
        self.x87.registers[number as usize & 7] = (value, 0xffff);
    }

    /// What every MMX instruction but EMMS does: a pending x87 exception comes first.
    #[inline(always)]
    pub(crate) fn check_mmx(&mut self) -> Flow {
        if self.x87.status & 0x80 != 0 {
            return self.raise(Trap::X87);
        }
        Ok(())
    }

    /// All registers become valid and the top of the stack 0: the last step of every MMX instruction.
    #[inline(always)]
    pub(crate) fn touch_mmx(&mut self) {
        self.x87.status &= !0x3800;
        self.x87.valid = 0xff;
    }

    /// 16 bytes at the memory operand, which must be aligned.
    #[inline(never)]
    pub(crate) fn load_aligned(&mut self, inst: &Inst) -> Result<u128, Stop> {
        let address = self.address(inst);
        if address & 15 != 0 {
            return self.protection();
        }
        self.load128(address)
    }

    #[inline(always)]
    pub(crate) fn load128(&mut self, address: u64) -> Result<u128, Stop> {
        let [low, high] = self.memory.load16(address)?;
        Ok((high as u128) << 64 | low as u128)
    }

    #[inline(always)]
    pub(crate) fn store128(&mut self, address: u64, value: u128) -> Flow {
        self.memory.store16(address, [value as u64, (value >> 64) as u64])?;
        Ok(())
    }

    /// The XMM source: a register, or 16 aligned bytes.
    #[inline(always)]
    pub(crate) fn source128(&mut self, inst: &Inst) -> Result<u128, Stop> {
        if inst.has_memory() { self.load_aligned(inst) } else { Ok(self.xmm(inst.src)) }
    }

    /// The low part of the XMM source: a register, or so many bytes.
    #[inline(always)]
    pub(crate) fn source_low(&mut self, inst: &Inst, size: Size) -> Result<u64, Stop> {
        if inst.has_memory() {
            self.load_any(self.address_any(inst), size)
        } else {
            Ok(size.cut(self.xmm(inst.src) as u64))
        }
    }

    /// The MMX source: a register, or 8 bytes.
    #[inline(never)]
    pub(crate) fn source_mmx(&mut self, inst: &Inst) -> Result<u64, Stop> {
        if inst.has_memory() { self.load(self.address(inst), Size::B8) } else { Ok(self.mmx(inst.src)) }
    }

    /// The end of a floating-point instruction: flags to MXCSR, and #XM if one of them is unmasked.
    #[inline(always)]
    pub(crate) fn finish_float(&mut self, env: &Env) -> Flow {
        self.mxcsr |= env.raised().bits() as u32;
        if env.is_unmasked() {
            return self.raise(Trap::Simd);
        }
        Ok(())
    }
}
