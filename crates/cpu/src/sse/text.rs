//! Comparisons of packed strings: PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM (SDM Vol. 2B, section 4.1).

use crate::chain::{Run, call};
use crate::flags::{CF, Flags, OF, SF, ZF};
use crate::inst::Inst;
use crate::size::Size;
use crate::state::{Cpu, RAX, RCX, RDX};
use crate::stop::{Flow, Stop};
use isa::Op;

pub(super) fn handler(op: Op) -> Option<Run> {
    Some(match op {
        Op::Pcmpestri => call::<Pcmpestri>(),
        Op::Pcmpestrm => call::<Pcmpestrm>(),
        Op::Pcmpistri => call::<Pcmpistri>(),
        Op::Pcmpistrm => call::<Pcmpistrm>(),
        _ => return None,
    })
}

/// The elements of an operand: bytes or words, signed or not (bits 1-0 of the immediate).
struct Elements {
    values: [i32; 16],
    /// How many the format has: 16 or 8.
    count: usize,
    /// How many are valid.
    length: usize,
}

impl Elements {
    fn new(value: u128, imm: u64) -> Elements {
        let is_words = imm & 1 != 0;
        let is_signed = imm & 2 != 0;
        let values = core::array::from_fn(|n| match (is_words, is_signed) {
            (false, false) => (value >> (8 * n)) as u8 as i32,
            (false, true) => (value >> (8 * n)) as i8 as i32,
            (true, _) if n >= 8 => 0,
            (true, false) => (value >> (16 * n)) as u16 as i32,
            (true, true) => (value >> (16 * n)) as i16 as i32,
        });
        let count = if is_words { 8 } else { 16 };
        Elements { values, count, length: count }
    }

    /// Up to the first zero.
    fn implicit(mut self) -> Elements {
        self.length = self.values[..self.count].iter().position(|value| *value == 0).unwrap_or(self.count);
        self
    }

    /// As many as the register says, in either sign.
    fn explicit(mut self, length: i64) -> Elements {
        self.length = length.unsigned_abs().min(self.count as u64) as usize;
        self
    }
}

/// The result bits (IntRes2) of comparing `a` with `b` and the second operand's.
fn aggregate(a: &Elements, b: &Elements, imm: u64) -> u32 {
    let is_valid = |i: usize, j: usize| (i < a.length, j < b.length);
    let bits = match imm >> 2 & 3 {
        // Equal any: is the element of `b` one of those of `a`?
        0 => bits(b.count, |j| (0..a.length).any(|i| j < b.length && a.values[i] == b.values[j])),
        // Ranges: is it in one of the ranges that pairs of `a` give?
        1 => bits(b.count, |j| {
            j < b.length
                && (0..a.length / 2 * 2)
                    .step_by(2)
                    .any(|i| a.values[i] <= b.values[j] && b.values[j] <= a.values[i + 1])
        }),
        // Equal each.
        2 => bits(b.count, |j| match is_valid(j, j) {
            (true, true) => a.values[j] == b.values[j],
            (false, false) => true,
            _ => false,
        }),
        // Equal ordered: does `a` begin here?
        _ => bits(b.count, |j| {
            (0..b.count - j).all(|i| match is_valid(i, i + j) {
                (true, true) => a.values[i] == b.values[i + j],
                (false, _) => true,
                (true, false) => false,
            })
        }),
    };
    let all = (1u32 << b.count) - 1;
    match imm >> 4 & 3 {
        1 => bits ^ all,
        // Only where the second operand is valid.
        3 => bits ^ ((1u32 << b.length) - 1),
        _ => bits,
    }
}

fn bits(count: usize, f: impl Fn(usize) -> bool) -> u32 {
    (0..count).filter(|n| f(*n)).fold(0, |result, n| result | 1 << n)
}

fn set_flags(cpu: &mut Cpu, a: &Elements, b: &Elements, result: u32) {
    let bit = |is_set: bool, flag: u64| if is_set { flag } else { 0 };
    cpu.flags = Flags::from_bits(
        bit(result != 0, CF) | bit(b.length < b.count, ZF) | bit(a.length < a.count, SF) | bit(result & 1 != 0, OF),
    );
}

/// ECX = the first or last set bit, or the number of elements.
fn index(cpu: &mut Cpu, inst: &Inst, a: &Elements, b: &Elements) -> Flow {
    let result = aggregate(a, b, inst.imm);
    let index = match (result, inst.imm & 0x40 != 0) {
        (0, _) => b.count as u32,
        (_, true) => 31 - result.leading_zeros(),
        (_, false) => result.trailing_zeros(),
    };
    cpu.set64(RCX, index as u64);
    set_flags(cpu, a, b, result);
    Ok(())
}

/// XMM0 = the bits, or a mask of elements.
fn mask(cpu: &mut Cpu, inst: &Inst, a: &Elements, b: &Elements) -> Flow {
    let result = aggregate(a, b, inst.imm);
    let value = if inst.imm & 0x40 == 0 {
        result as u128
    } else {
        let width = 128 / b.count;
        let ones = u128::MAX >> (128 - width);
        (0..b.count).filter(|n| result >> n & 1 != 0).fold(0, |value, n| value | ones << (width * n))
    };
    cpu.set_xmm(0, value);
    set_flags(cpu, a, b, result);
    Ok(())
}

/// Both operands; a source in memory need not be aligned.
fn operands(cpu: &mut Cpu, inst: &Inst) -> Result<(Elements, Elements), Stop> {
    let b = if inst.has_memory() { cpu.load128(cpu.address(inst))? } else { cpu.xmm(inst.src) };
    Ok((Elements::new(cpu.xmm(inst.dst), inst.imm), Elements::new(b, inst.imm)))
}

fn implicit(cpu: &mut Cpu, inst: &Inst) -> Result<(Elements, Elements), Stop> {
    let (a, b) = operands(cpu, inst)?;
    Ok((a.implicit(), b.implicit()))
}

/// Lengths in EAX and EDX, with REX.W in RAX and RDX.
fn explicit(cpu: &mut Cpu, inst: &Inst) -> Result<(Elements, Elements), Stop> {
    let (a, b) = operands(cpu, inst)?;
    let is_wide = inst.form.operand_size() == Size::B8;
    let length = |register| if is_wide { cpu.get(register) as i64 } else { cpu.get(register) as i32 as i64 };
    Ok((a.explicit(length(RAX)), b.explicit(length(RDX))))
}

crate::sem::calls! {
    Pcmpistri(cpu, inst) {
        let (a, b) = implicit(cpu, inst)?;
        index(cpu, inst, &a, &b)
    }
    Pcmpistrm(cpu, inst) {
        let (a, b) = implicit(cpu, inst)?;
        mask(cpu, inst, &a, &b)
    }
    Pcmpestri(cpu, inst) {
        let (a, b) = explicit(cpu, inst)?;
        index(cpu, inst, &a, &b)
    }
    Pcmpestrm(cpu, inst) {
        let (a, b) = explicit(cpu, inst)?;
        mask(cpu, inst, &a, &b)
    }
}
