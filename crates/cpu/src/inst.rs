//! The decoded instruction as the interpreter runs it: 32 bytes, ready to use.

use crate::chain::Run;
use crate::size::Size;

/// Slot of the register file that is always zero: the base or index that an operand does not have.
pub const ZERO: u8 = 17;
/// `AH`, `CH`, `DH`, `BH` are numbered from here.
pub const HIGH: u8 = 24;

#[derive(Clone, Copy)]
pub struct Inst {
    pub run: Run,
    /// Displacement of the memory operand; absolute where it was relative to `rip`.
    pub disp: u64,
    /// Immediate operand (sign-extended), the target of a direct branch, or the instruction's own address (x87).
    pub imm: u64,
    pub dst: u8,
    pub src: u8,
    pub base: u8,
    pub index: u8,
    /// Bits 0-1: scale. Bits 2-3: address size (0 = 64, 1 = 32, 2 = 16 bits). Bits 4-6: segment base to add, plus one.
    pub addressing: u8,
    /// Length in bytes.
    pub len: u8,
    /// See [`Form`].
    pub form: Form,
}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Inst>() == 32);

/// Where the operands are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Places {
    RegReg,
    RegMem,
    RegImm,
    MemReg,
    MemImm,
}

/// How a string instruction repeats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rep {
    None,
    /// F3: REP, REPE.
    Equal,
    /// F2: REPNE.
    NotEqual,
}

/// What a general handler has to look up: bits 0-1 size, 2-3 size of the source where it differs, 4-6 places,
/// 7 LOCK, 8-9 REP, 10 third operand is CL, 11 vector length, 12-13 operand size attribute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Form(pub u16);

impl Form {
    pub fn new(size: Size, source: Size, places: Places) -> Form {
        Form(size as u16 | (source as u16) << 2 | (places as u16) << 4)
    }

    #[inline(always)]
    pub fn size(self) -> Size {
        Size::from_bits(self.0)
    }

    #[inline(always)]
    pub fn source_size(self) -> Size {
        Size::from_bits(self.0 >> 2)
    }

    #[inline(always)]
    pub fn places(self) -> Places {
        match self.0 >> 4 & 7 {
            0 => Places::RegReg,
            1 => Places::RegMem,
            2 => Places::RegImm,
            3 => Places::MemReg,
            _ => Places::MemImm,
        }
    }

    pub fn with_lock(self, is_locked: bool) -> Form {
        Form(self.0 | (is_locked as u16) << 7)
    }

    #[inline(always)]
    pub fn is_locked(self) -> bool {
        self.0 & 1 << 7 != 0
    }

    pub fn with_rep(self, rep: Rep) -> Form {
        Form(self.0 | (rep as u16) << 8)
    }

    #[inline(always)]
    pub fn rep(self) -> Rep {
        match self.0 >> 8 & 3 {
            0 => Rep::None,
            1 => Rep::Equal,
            _ => Rep::NotEqual,
        }
    }

    pub fn with_count_in_cl(self, is_in_cl: bool) -> Form {
        Form(self.0 | (is_in_cl as u16) << 10)
    }

    #[inline(always)]
    pub fn count_is_in_cl(self) -> bool {
        self.0 & 1 << 10 != 0
    }

    pub fn with_operand_size(self, size: Size) -> Form {
        Form(self.0 | (size as u16) << 12)
    }

    /// The operand size attribute: 16, 32 or 64 bits, whatever the widths of the operands.
    #[inline(always)]
    pub fn operand_size(self) -> Size {
        Size::from_bits(self.0 >> 12)
    }
}

impl Inst {
    /// Neither a segment base nor a narrow address size.
    #[inline(always)]
    pub fn is_plainly_addressed(&self) -> bool {
        self.addressing >> 2 == 0
    }

    /// Does the instruction have a memory operand?
    #[inline(always)]
    pub fn has_memory(&self) -> bool {
        matches!(self.form.places(), Places::RegMem | Places::MemReg | Places::MemImm)
    }
}
