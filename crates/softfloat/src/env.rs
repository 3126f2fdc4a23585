//! The floating-point environment of one instruction: rounding, masks and the flags it raises.
//!
//! The bit values are those of MXCSR (SDM Vol. 1, 10.2.3) and of the x87 status and control words (8.1.3, 8.1.5), which
//! agree for the six exceptions.

use core::ops::{BitAnd, BitOr, BitOrAssign, Not, Sub};

/// A set of the six floating-point exceptions, in the bit order that MXCSR and the x87 words share.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Flags(pub u8);

impl Flags {
    pub const NONE: Flags = Flags(0);
    /// Invalid operation.
    pub const IE: Flags = Flags(1);
    /// Denormal operand.
    pub const DE: Flags = Flags(2);
    /// Division of a finite number by zero.
    pub const ZE: Flags = Flags(4);
    /// Overflow.
    pub const OE: Flags = Flags(8);
    /// Underflow.
    pub const UE: Flags = Flags(16);
    /// Inexact ("precision").
    pub const PE: Flags = Flags(32);
    pub const ALL: Flags = Flags(63);
    /// What the CPU finds before it computes; unmasked, these keep the others from being reported.
    pub const PRE: Flags = Flags(7);

    #[inline(always)]
    pub const fn contains(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    #[inline(always)]
    pub const fn intersects(self, other: Flags) -> bool {
        self.0 & other.0 != 0
    }

    #[inline(always)]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub const fn bits(self) -> u8 {
        self.0
    }
}

impl BitOr for Flags {
    type Output = Flags;
    #[inline(always)]
    fn bitor(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

impl BitOrAssign for Flags {
    #[inline(always)]
    fn bitor_assign(&mut self, other: Flags) {
        self.0 |= other.0;
    }
}

impl BitAnd for Flags {
    type Output = Flags;
    #[inline(always)]
    fn bitand(self, other: Flags) -> Flags {
        Flags(self.0 & other.0)
    }
}

impl Sub for Flags {
    type Output = Flags;
    #[inline(always)]
    fn sub(self, other: Flags) -> Flags {
        Flags(self.0 & !other.0)
    }
}

impl Not for Flags {
    type Output = Flags;
    #[inline(always)]
    fn not(self) -> Flags {
        Flags(!self.0 & 63)
    }
}

/// The rounding modes in the order of the RC fields of MXCSR, the x87 control word and `ROUNDPS`' immediate.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Rounding {
    /// To nearest, ties to even.
    #[default]
    Nearest,
    Down,
    Up,
    /// Truncation.
    Zero,
}

impl Rounding {
    /// The mode of a two-bit RC field; higher bits are ignored.
    #[inline(always)]
    pub const fn from_bits(bits: u32) -> Rounding {
        match bits & 3 {
            0 => Rounding::Nearest,
            1 => Rounding::Down,
            2 => Rounding::Up,
            _ => Rounding::Zero,
        }
    }
}

/// The x87's precision control: how many bits the significand of a sum, product, quotient or root gets.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Precision {
    Single,
    Double,
    #[default]
    Extended,
}

impl Precision {
    #[inline]
    pub const fn bits(self) -> u32 {
        match self {
            Precision::Single => 24,
            Precision::Double => 53,
            Precision::Extended => 64,
        }
    }
}

/// How to compute, and what has been raised meanwhile. Make one for each instruction (all lanes of a vector share it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Env {
    pub rounding: Rounding,
    /// Denormal operands count as zeros (SSE only; 80-bit operations ignore it).
    pub daz: bool,
    /// Tiny results become zeros while underflow is masked (SSE only).
    pub ftz: bool,
    /// The exceptions that are masked: their default result is delivered.
    pub masks: Flags,
    /// The exceptions raised so far.
    pub flags: Flags,
    /// Significand of 80-bit sums, products, quotients and roots.
    pub precision: Precision,
    /// The last rounding raised the magnitude: the x87's C1.
    pub rounded_up: bool,
    /// An operand of the next 80-bit operation was a denormal before it was widened; see [`crate::widen`].
    pub widened_denormal: bool,
}

impl Default for Env {
    fn default() -> Env {
        Env {
            rounding: Rounding::Nearest,
            daz: false,
            ftz: false,
            masks: Flags::ALL,
            flags: Flags::NONE,
            precision: Precision::Extended,
            rounded_up: false,
            widened_denormal: false,
        }
    }
}

impl Env {
    /// The environment of an SSE instruction. Where PE is masked and already set, `flags` begins with it: nothing can be
    /// learnt from setting it again, and the operations may then take the host's own arithmetic.
    #[inline]
    pub fn from_mxcsr(mxcsr: u32) -> Env {
        let masks = Flags((mxcsr >> 7 & 63) as u8);
        Env {
            rounding: Rounding::from_bits(mxcsr >> 13),
            daz: mxcsr & 1 << 6 != 0,
            ftz: mxcsr & 1 << 15 != 0,
            masks,
            flags: Flags(mxcsr as u8) & masks & Flags::PE,
            precision: Precision::Extended,
            rounded_up: false,
            widened_denormal: false,
        }
    }

    /// The environment of an x87 instruction. The reserved precision control 01 computes like 11.
    #[inline]
    pub fn from_control_word(control: u16) -> Env {
        Env {
            rounding: Rounding::from_bits(u32::from(control) >> 10),
            masks: Flags(control as u8 & 63),
            precision: match control >> 8 & 3 {
                0 => Precision::Single,
                2 => Precision::Double,
                _ => Precision::Extended,
            },
            ..Env::default()
        }
    }

    #[inline(always)]
    pub fn raise(&mut self, flags: Flags) {
        self.flags |= flags;
    }

    /// What the status register gets: an unmasked exception found before computing (IE, DE, ZE, in any lane) hides what
    /// the computation would have raised.
    #[inline]
    pub fn raised(&self) -> Flags {
        if (self.flags & Flags::PRE) - self.masks != Flags::NONE { self.flags & Flags::PRE } else { self.flags }
    }

    /// Whether an unmasked exception was raised: the destination must stay as it was and the trap be taken.
    #[inline(always)]
    pub fn is_unmasked(&self) -> bool {
        !(self.flags - self.masks).is_empty()
    }

    #[inline(always)]
    pub(crate) fn is_masked(&self, flag: Flags) -> bool {
        self.masks.contains(flag)
    }

    /// The host's arithmetic rounds to nearest and tells nothing about exactness.
    #[inline(always)]
    pub(crate) fn may_use_host(&self) -> bool {
        matches!(self.rounding, Rounding::Nearest) && self.flags.contains(Flags::PE)
    }
}
