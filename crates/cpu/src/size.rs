//! Operand widths of the general registers and what they do to a value.

/// Width of an integer operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Size {
    B1,
    B2,
    B4,
    B8,
}

impl Size {
    #[inline(always)]
    pub const fn bits(self) -> u32 {
        8 << self as u32
    }

    #[inline(always)]
    pub const fn bytes(self) -> u64 {
        1 << self as u32
    }

    /// `value` cut to this width.
    #[inline(always)]
    pub const fn cut(self, value: u64) -> u64 {
        value & (u64::MAX >> (64 - self.bits()))
    }

    /// As many copies of `value`, which has this width, as eight bytes hold.
    pub const fn repeated(self, value: u64) -> u64 {
        value.wrapping_mul(u64::MAX / (u64::MAX >> (64 - self.bits())))
    }

    /// `value` cut to this width and sign-extended.
    #[inline(always)]
    pub const fn extend(self, value: u64) -> u64 {
        let shift = 64 - self.bits();
        (((value << shift) as i64) >> shift) as u64
    }

    /// The sign bit of `value` at this width.
    #[inline(always)]
    pub const fn sign(self, value: u64) -> bool {
        value >> (self.bits() - 1) & 1 != 0
    }

    /// From the two bits that an [`Inst`](crate::inst::Inst) keeps.
    #[inline(always)]
    pub const fn from_bits(bits: u16) -> Size {
        match bits & 3 {
            0 => Size::B1,
            1 => Size::B2,
            2 => Size::B4,
            _ => Size::B8,
        }
    }

    /// From a number of bytes; anything but 1, 2 and 4 is 8.
    pub const fn from_bytes(bytes: u64) -> Size {
        match bytes {
            1 => Size::B1,
            2 => Size::B2,
            4 => Size::B4,
            _ => Size::B8,
        }
    }
}
