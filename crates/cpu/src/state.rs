//! The state of one guest CPU: registers, flags, vectors, x87, and its view of memory.

use crate::flags::{self, Flags};
use crate::fxsave::Image;
use crate::inst::{HIGH, Inst};
use crate::size::Size;
use crate::stop::{Exit, Flow, Stop, Trap};
use crate::x87::X87;
use alloc::sync::Arc;
use memory::{Backing, Memory};

pub const RAX: u8 = 0;
pub const RCX: u8 = 1;
pub const RDX: u8 = 2;
pub const RBX: u8 = 3;
pub const RSP: u8 = 4;
pub const RBP: u8 = 5;
pub const RSI: u8 = 6;
pub const RDI: u8 = 7;
pub const R8: u8 = 8;
pub const R9: u8 = 9;
pub const R10: u8 = 10;
pub const R11: u8 = 11;
pub const R12: u8 = 12;
pub const R13: u8 = 13;
pub const R14: u8 = 14;
pub const R15: u8 = 15;

/// Segment registers in the manual's order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Segment {
    Es,
    Cs,
    Ss,
    Ds,
    Fs,
    Gs,
}

/// MXCSR at reset: all exceptions masked.
pub const MXCSR_DEFAULT: u32 = 0x1f80;
/// The bits of MXCSR that exist (MXCSR_MASK of FXSAVE).
pub const MXCSR_MASK: u32 = 0x2_ffff;

/// What the flags register holds besides the status flags: the bits that user code may change.
const USER_FLAGS: u64 = flags::TF | flags::DF | flags::NT | flags::AC | flags::ID;

pub struct Cpu {
    /// `rax` to `r15`, then slots of which [`ZERO`](crate::inst::ZERO) is the only one in use.
    registers: [u64; 32],
    pub ip: u64,
    pub flags: Flags,
    /// Segment bases by segment plus one; slot 0 is "no base".
    bases: [u64; 8],
    pub memory: Memory,
    pub xmm: [[u64; 4]; 16],
    pub mxcsr: u32,
    /// TF, DF, NT, AC and ID; IF is always set and the status flags are in `flags`.
    pub system_flags: u64,
    pub selectors: [u16; 6],
    pub x87: X87,
    /// Where x87 and SSE state lies while another engine has it.
    pub image: Image,
    /// Instructions executed.
    pub icount: u64,
    /// Of the block that stopped: instructions that were not done, the one that stopped it included.
    pub left: usize,
    /// Details of [`Stop::TRAP`].
    pub trap: Trap,
    /// Details of [`Stop::EXIT`].
    pub exit: Exit,
    /// What CPUID, RDTSC, RDRAND and their kind answer.
    pub environment: Arc<dyn Environment>,
}

/// What the instruction set asks of the machine around it.
pub trait Environment: Send + Sync {
    /// The time stamp counter.
    fn time_stamp(&self) -> u64;
    /// Value of IA32_TSC_AUX as RDTSCP and RDPID give it: node and CPU number on Linux.
    fn processor(&self) -> u32;
    /// A random number.
    fn random(&self) -> u64;
    /// Frequency of the time stamp counter in Hz, where known.
    fn time_stamp_frequency(&self) -> Option<u64> {
        None
    }
    /// The correctly rounded square root of a positive number, if the machine is quick at it.
    fn square_root(&self, _number: f64) -> Option<f64> {
        None
    }
}

impl Cpu {
    /// A CPU at the state that Linux gives a new program, all registers zero.
    pub fn new(backing: Arc<dyn Backing>, environment: Arc<dyn Environment>) -> Cpu {
        Cpu {
            registers: [0; 32],
            ip: 0,
            flags: Flags::from_bits(0),
            bases: [0; 8],
            memory: Memory::new(backing),
            xmm: [[0; 4]; 16],
            mxcsr: MXCSR_DEFAULT,
            system_flags: 0,
            selectors: [0, 0x33, 0x2b, 0, 0, 0],
            x87: X87::default(),
            image: Image::default(),
            icount: 0,
            left: 0,
            trap: Trap::InvalidOpcode,
            exit: Exit::Attention,
            environment,
        }
    }

    /// The CPU of a new thread: the same registers over the same or another memory.
    pub fn fork(&self, memory: Memory) -> Cpu {
        Cpu { memory, environment: self.environment.clone(), x87: self.x87.clone(), image: self.image.clone(), ..*self }
    }

    #[inline(always)]
    pub fn get(&self, register: u8) -> u64 {
        self.registers[register as usize & 31]
    }

    /// The whole register.
    #[inline(always)]
    pub fn set64(&mut self, register: u8, value: u64) {
        self.registers[register as usize & 31] = value;
    }

    /// Writes a register as the manual says: 32 bits clear the upper half, 8 and 16 bits keep the rest.
    #[inline(always)]
    pub fn set(&mut self, register: u8, size: Size, value: u64) {
        let slot = &mut self.registers[register as usize & 31];
        *slot = match size {
            Size::B8 => value,
            Size::B4 => value as u32 as u64,
            Size::B2 => *slot & !0xffff | value & 0xffff,
            Size::B1 => *slot & !0xff | value & 0xff,
        };
    }

    /// Reads a register that may be `AH` to `BH`, cut to the size.
    #[inline(always)]
    pub fn get_any(&self, register: u8, size: Size) -> u64 {
        if register >= HIGH { self.get(register - HIGH) >> 8 & 0xff } else { size.cut(self.get(register)) }
    }

    /// Writes a register that may be `AH` to `BH`.
    #[inline(always)]
    pub fn set_any(&mut self, register: u8, size: Size, value: u64) {
        if register >= HIGH {
            let slot = &mut self.registers[(register - HIGH) as usize & 31];
            *slot = *slot & !0xff00 | (value & 0xff) << 8;
        } else {
            self.set(register, size, value);
        }
    }

    /// The flags register.
    pub fn rflags(&self) -> u64 {
        2 | flags::IF | self.flags.bits() | self.system_flags
    }

    /// Writes what user code may change of the flags register.
    pub fn set_rflags(&mut self, value: u64) {
        self.flags = Flags::from_bits(value);
        self.system_flags = value & USER_FLAGS;
    }

    pub fn fs_base(&self) -> u64 {
        self.base(Segment::Fs)
    }

    pub fn gs_base(&self) -> u64 {
        self.base(Segment::Gs)
    }

    pub fn base(&self, segment: Segment) -> u64 {
        self.bases[segment as usize + 1]
    }

    pub fn set_base(&mut self, segment: Segment, base: u64) {
        self.bases[segment as usize + 1] = base;
    }

    pub fn set_fs_base(&mut self, base: u64) {
        self.set_base(Segment::Fs, base);
    }

    pub fn set_gs_base(&mut self, base: u64) {
        self.set_base(Segment::Gs, base);
    }

    /// Offset of the memory operand inside its segment, in the instruction's address size.
    #[inline(always)]
    pub fn offset(&self, inst: &Inst) -> u64 {
        let address =
            self.get(inst.base).wrapping_add(self.get(inst.index) << (inst.addressing & 3)).wrapping_add(inst.disp);
        match inst.addressing >> 2 & 3 {
            0 => address,
            1 => address as u32 as u64,
            _ => address as u16 as u64,
        }
    }

    /// Linear address of the memory operand.
    #[inline(always)]
    pub fn address(&self, inst: &Inst) -> u64 {
        self.linear(inst, self.offset(inst))
    }

    /// As `address`, out of line.
    #[inline(never)]
    pub fn address_any(&self, inst: &Inst) -> u64 {
        self.address(inst)
    }

    /// Adds the base of the instruction's segment.
    #[inline(always)]
    pub fn linear(&self, inst: &Inst, offset: u64) -> u64 {
        self.bases[inst.addressing as usize >> 4 & 7].wrapping_add(offset)
    }

    #[inline(always)]
    pub fn load(&mut self, address: u64, size: Size) -> Result<u64, Stop> {
        Ok(match size {
            Size::B1 => self.memory.load::<1>(address)?,
            Size::B2 => self.memory.load::<2>(address)?,
            Size::B4 => self.memory.load::<4>(address)?,
            Size::B8 => self.memory.load::<8>(address)?,
        })
    }

    /// A load that a store to the same place follows: it faults as the store would.
    #[inline(always)]
    pub fn load_for_update(&mut self, address: u64, size: Size) -> Result<u64, Stop> {
        Ok(match size {
            Size::B1 => self.memory.load_for_update::<1>(address)?,
            Size::B2 => self.memory.load_for_update::<2>(address)?,
            Size::B4 => self.memory.load_for_update::<4>(address)?,
            Size::B8 => self.memory.load_for_update::<8>(address)?,
        })
    }

    #[inline(always)]
    pub fn store(&mut self, address: u64, size: Size, value: u64) -> Flow {
        match size {
            Size::B1 => self.memory.store::<1>(address, value)?,
            Size::B2 => self.memory.store::<2>(address, value)?,
            Size::B4 => self.memory.store::<4>(address, value)?,
            Size::B8 => self.memory.store::<8>(address, value)?,
        }
        Ok(())
    }

    /// As `load` and `store`, out of line: for handlers that look their operands up.
    #[inline(never)]
    pub(crate) fn load_any(&mut self, address: u64, size: Size) -> Result<u64, Stop> {
        self.load(address, size)
    }

    #[inline(never)]
    pub(crate) fn store_any(&mut self, address: u64, size: Size, value: u64) -> Flow {
        self.store(address, size, value)
    }

    /// The locked compare-and-swap of the host, at any width and alignment: `Err` holds what was there.
    pub fn compare_exchange(
        &mut self,
        address: u64,
        size: Size,
        expected: u64,
        new: u64,
    ) -> Result<Result<u64, u64>, Stop> {
        Ok(match size {
            Size::B1 => self.memory.compare_exchange::<1>(address, expected, new)?,
            Size::B2 => self.memory.compare_exchange::<2>(address, expected, new)?,
            Size::B4 => self.memory.compare_exchange::<4>(address, expected, new)?,
            Size::B8 => self.memory.compare_exchange::<8>(address, expected, new)?,
        })
    }

    /// Raises an exception: the instruction has not happened.
    #[cold]
    #[inline(never)]
    pub fn raise<T>(&mut self, trap: Trap) -> Result<T, Stop> {
        self.trap = trap;
        Err(Stop::TRAP)
    }

    /// Raises #GP(0).
    #[cold]
    #[inline(never)]
    pub fn protection<T>(&mut self) -> Result<T, Stop> {
        self.raise(Trap::GeneralProtection { code: 0 })
    }

    /// Ends an instruction that is complete and leaves the engine.
    #[cold]
    #[inline(never)]
    pub fn leave(&mut self, exit: Exit) -> Flow {
        self.exit = exit;
        Err(Stop::EXIT)
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn stopped(&mut self, left: usize, stop: Stop) -> Flow {
        self.left = left;
        Err(stop)
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn finished(&mut self) -> Flow {
        Ok(())
    }
}
