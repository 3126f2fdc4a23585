//! The status flags, kept lazily (SDM Vol. 1 section 3.4.3.1).
//!
//! Enough of the last result is kept to find each flag in a few operations, whatever instruction set it, so that
//! most instructions pay for two stores only. The form is that of carry vectors: bit `i` of the vector is the carry
//! (or borrow) out of bit `i`.

use crate::size::Size;

pub const CF: u64 = 1 << 0;
pub const PF: u64 = 1 << 2;
pub const AF: u64 = 1 << 4;
pub const ZF: u64 = 1 << 6;
pub const SF: u64 = 1 << 7;
pub const TF: u64 = 1 << 8;
pub const IF: u64 = 1 << 9;
pub const DF: u64 = 1 << 10;
pub const OF: u64 = 1 << 11;
pub const NT: u64 = 1 << 14;
pub const RF: u64 = 1 << 16;
pub const AC: u64 = 1 << 18;
pub const ID: u64 = 1 << 21;
/// The six status flags.
pub const STATUS: u64 = CF | PF | AF | ZF | SF | OF;

const CARRY: u32 = 1 << 31;
const CARRY_IN: u32 = 1 << 30;
const ADJUST: u32 = 1 << 3;
const SIGN_DELTA: u32 = 1;
const PARITY_DELTA: u32 = 8; // its shift

#[derive(Clone, Copy, Default)]
pub struct Flags {
    /// The result, sign-extended: ZF is "it is zero", SF its sign, PF the parity of its low byte.
    result: u64,
    /// Bit 31: CF. Bit 30: carry into the top bit (OF is the two xored). Bit 3: AF. Bit 0: SF is the other one.
    /// Bits 8 to 15: xored into the byte whose parity is PF.
    aux: u32,
}

impl Flags {
    #[inline(always)]
    fn from_vector(size: Size, vector: u64, result: u64) -> Flags {
        let top_two = (vector >> (size.bits() - 2)) as u32;
        Flags { result: size.extend(result), aux: top_two << 30 | vector as u32 & ADJUST }
    }

    /// Of `a + b` (plus a carry), whose sum is `sum`.
    #[inline(always)]
    pub fn of_add(size: Size, a: u64, b: u64, sum: u64) -> Flags {
        Self::from_vector(size, a & b | (a | b) & !sum, sum)
    }

    /// Of `a - b` (less a borrow), whose difference is `difference`.
    #[inline(always)]
    pub fn of_sub(size: Size, a: u64, b: u64, difference: u64) -> Flags {
        Self::from_vector(size, !a & b | (!a | b) & difference, difference)
    }

    /// Of AND, OR, XOR, TEST: CF, OF and AF are clear.
    #[inline(always)]
    pub fn of_logic(size: Size, result: u64) -> Flags {
        Flags { result: size.extend(result), aux: 0 }
    }

    /// From the status bits of a flags register.
    pub fn from_bits(rflags: u64) -> Flags {
        let (carry, overflow) = (rflags & CF != 0, rflags & OF != 0);
        let aux = if rflags & SF != 0 { SIGN_DELTA } else { 0 }
            | if rflags & PF != 0 { 0 } else { 1 << PARITY_DELTA }
            | if rflags & AF != 0 { ADJUST } else { 0 };
        Flags { result: if rflags & ZF != 0 { 0 } else { 0x100 }, aux }.with(carry, overflow)
    }

    /// The status bits as the flags register has them.
    pub fn bits(self) -> u64 {
        let bit = |is_set: bool, bit: u64| if is_set { bit } else { 0 };
        bit(self.carry(), CF)
            | bit(self.parity(), PF)
            | bit(self.adjust(), AF)
            | bit(self.zero(), ZF)
            | bit(self.sign(), SF)
            | bit(self.overflow(), OF)
    }

    /// The same with another carry; overflow stays.
    #[inline(always)]
    pub fn with_carry(self, carry: bool) -> Flags {
        let overflow = self.overflow();
        self.with(carry, overflow)
    }

    /// The same with another carry and overflow.
    #[inline(always)]
    pub fn with(self, carry: bool, overflow: bool) -> Flags {
        let carries = (carry as u32) << 31 | ((carry ^ overflow) as u32) << 30;
        Flags { aux: carries | self.aux & !(CARRY | CARRY_IN), ..self }
    }

    /// The same with another adjust flag.
    #[inline(always)]
    pub fn with_adjust(self, adjust: bool) -> Flags {
        Flags { aux: self.aux & !ADJUST | (adjust as u32) << 3, ..self }
    }

    /// The same with another zero flag; all others stay.
    #[inline(always)]
    pub fn with_zero(self, zero: bool) -> Flags {
        Flags::from_bits(self.bits() & !ZF | if zero { ZF } else { 0 })
    }

    #[inline(always)]
    pub fn carry(self) -> bool {
        self.aux >> 31 != 0
    }

    #[inline(always)]
    pub fn zero(self) -> bool {
        self.result == 0
    }

    #[inline(always)]
    pub fn sign(self) -> bool {
        (self.result >> 63) as u32 ^ self.aux & SIGN_DELTA != 0
    }

    #[inline(always)]
    pub fn overflow(self) -> bool {
        (self.aux ^ self.aux << 1) >> 31 != 0
    }

    #[inline(always)]
    pub fn parity(self) -> bool {
        (self.result as u8 ^ (self.aux >> PARITY_DELTA) as u8).count_ones() & 1 == 0
    }

    #[inline(always)]
    pub fn adjust(self) -> bool {
        self.aux & ADJUST != 0
    }

    /// Condition codes in the manual's order: o, c, z, be, s, p, l, le; odd ones are the negations.
    #[inline(always)]
    pub fn holds(self, condition: u8) -> bool {
        let value = match condition >> 1 & 7 {
            0 => self.overflow(),
            1 => self.carry(),
            2 => self.zero(),
            3 => self.carry() | self.zero(),
            4 => self.sign(),
            5 => self.parity(),
            6 => self.sign() ^ self.overflow(),
            _ => self.zero() | (self.sign() ^ self.overflow()),
        };
        value ^ (condition & 1 != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_survives_the_lazy_form() {
        for n in 0..64u64 {
            let bits = [CF, PF, AF, ZF, SF, OF].iter().enumerate().map(|(i, b)| (n >> i & 1) * b).sum::<u64>();
            assert_eq!(Flags::from_bits(bits).bits(), bits);
            for zero in [false, true] {
                assert_eq!(Flags::from_bits(bits).with_zero(zero).bits(), (bits & !ZF) | ((zero as u64) * ZF));
            }
        }
    }

    #[test]
    fn add_and_subtract_agree_with_wide_arithmetic() {
        let bytes = || 0..=255u64;
        for a in bytes() {
            for b in bytes() {
                for carry in 0..2 {
                    let sum = a + b + carry;
                    let flags = Flags::of_add(Size::B1, a, b, sum);
                    assert_eq!(flags.carry(), sum > 255);
                    let signed = a as i8 as i32 + b as i8 as i32 + carry as i32;
                    assert_eq!(flags.overflow(), signed != signed as i8 as i32);
                    assert_eq!(flags.adjust(), (a & 15) + (b & 15) + carry > 15);
                    let difference = a.wrapping_sub(b).wrapping_sub(carry);
                    let flags = Flags::of_sub(Size::B1, a, b, difference);
                    assert_eq!(flags.carry(), a < b + carry);
                    let signed = a as i8 as i32 - b as i8 as i32 - carry as i32;
                    assert_eq!(flags.overflow(), signed != signed as i8 as i32);
                    assert_eq!(flags.zero(), difference as u8 == 0);
                }
            }
        }
    }
}
