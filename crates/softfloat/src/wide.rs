//! Numbers with 128 bits of significand, in which the transcendental functions are computed.
//!
//! Operations truncate: each is good to two units in the 127th bit. Zero has significand zero.

use crate::format::Unpacked;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Wide {
    pub negative: bool,
    pub exponent: i32,
    /// Bit 127 is set, and the value is `significand * 2^(exponent - 127)`.
    pub significand: u128,
}

impl Wide {
    pub const ZERO: Wide = Wide { negative: false, exponent: 0, significand: 0 };
    pub const ONE: Wide = Wide::positive(0, 1 << 127);
    pub const LN_2: Wide = Wide::positive(-1, 0xb172_17f7_d1cf_79ab_c9e3_b398_03f2_f6af);
    pub const LOG2_E: Wide = Wide::positive(0, 0xb8aa_3b29_5c17_f0bb_be87_fed0_691d_3e89);
    pub const PI: Wide = Wide::positive(1, 0xc90f_daa2_2168_c234_c4c6_628b_80dc_1cd1);

    pub const fn positive(exponent: i32, significand: u128) -> Wide {
        Wide { negative: false, exponent, significand }
    }

    pub fn from_finite(number: &Unpacked) -> Wide {
        Wide { negative: number.sign, exponent: number.exponent, significand: u128::from(number.significand) << 64 }
    }

    /// `value * 2^scale`.
    pub fn from_integer(value: i64, scale: i32) -> Wide {
        Wide { negative: value < 0, exponent: 127 + scale, significand: value.unsigned_abs().into() }.normalised()
    }

    pub fn is_zero(&self) -> bool {
        self.significand == 0
    }

    pub fn normalised(self) -> Wide {
        if self.significand == 0 {
            return Wide::ZERO;
        }
        let shift = self.significand.leading_zeros();
        Wide { exponent: self.exponent - shift as i32, significand: self.significand << shift, ..self }
    }

    pub fn negated(self) -> Wide {
        Wide { negative: !self.negative, ..self }
    }

    pub fn absolute(self) -> Wide {
        Wide { negative: false, ..self }
    }

    /// `self * 2^scale`.
    pub fn scaled(self, scale: i32) -> Wide {
        Wide { exponent: self.exponent + scale, ..self }
    }

    /// The neighbour with the smaller or the larger magnitude, for what was left out of a sum.
    pub fn nudged(self, smaller: bool) -> Wide {
        if self.is_zero() {
            self
        } else if !smaller {
            Wide { significand: self.significand | 1, ..self }
        } else if self.significand == 1 << 127 {
            Wide { significand: u128::MAX, exponent: self.exponent - 1, ..self }
        } else {
            Wide { significand: self.significand - 1, ..self }
        }
    }

    /// Compares magnitudes.
    pub fn is_below(&self, other: &Wide) -> bool {
        if self.is_zero() || other.is_zero() {
            return self.is_zero() && !other.is_zero();
        }
        (self.exponent, self.significand) < (other.exponent, other.significand)
    }

    pub fn add(self, other: Wide) -> Wide {
        if self.is_zero() {
            return other;
        }
        if other.is_zero() {
            return self;
        }
        let (large, small) = if self.is_below(&other) { (other, self) } else { (self, other) };
        let distance = (large.exponent - small.exponent) as u32;
        let addend = if distance < 128 { small.significand >> distance } else { 0 };
        if large.negative != small.negative {
            return Wide { significand: large.significand - addend, ..large }.normalised();
        }
        match large.significand.overflowing_add(addend) {
            (sum, false) => Wide { significand: sum, ..large },
            (sum, true) => Wide { significand: sum >> 1 | 1 << 127, exponent: large.exponent + 1, ..large },
        }
    }

    pub fn sub(self, other: Wide) -> Wide {
        self.add(other.negated())
    }

    pub fn mul(self, other: Wide) -> Wide {
        if self.is_zero() || other.is_zero() {
            return Wide::ZERO;
        }
        let (high, low) = multiply(self.significand, other.significand);
        let negative = self.negative != other.negative;
        let exponent = self.exponent + other.exponent;
        if high >> 127 != 0 {
            Wide { negative, exponent: exponent + 1, significand: high }
        } else {
            Wide { negative, exponent, significand: high << 1 | low >> 127 }
        }
    }

    /// Divided by a small integer.
    pub fn div_small(self, divisor: u32) -> Wide {
        if self.is_zero() {
            return self;
        }
        let divisor = u128::from(divisor);
        let quotient = self.significand / divisor;
        // The remainder refills the low bits that normalising opens.
        let (rest, shift) = (self.significand % divisor, quotient.leading_zeros());
        let significand = (quotient << shift) | ((rest << shift) / divisor);
        Wide { exponent: self.exponent - shift as i32, significand, ..self }
    }

    /// `other` must not be zero.
    pub fn div(self, other: Wide) -> Wide {
        if self.is_zero() {
            return self;
        }
        let less = self.significand < other.significand;
        // A dividend below the divisor, so that the quotient has 128 bits; halving it loses one bit.
        let dividend = if less { self.significand } else { self.significand >> 1 };
        let (high, rest) = divide_step(dividend, other.significand);
        let (low, _) = divide_step(rest, other.significand);
        let exponent = self.exponent - other.exponent - i32::from(less);
        let significand = u128::from(high) << 64 | u128::from(low);
        Wide { negative: self.negative != other.negative, exponent, significand }.normalised()
    }
}

fn multiply(a: u128, b: u128) -> (u128, u128) {
    const LOW: u128 = u64::MAX as u128;
    let (a1, a0, b1, b0) = (a >> 64, a & LOW, b >> 64, b & LOW);
    let (low, high) = (a0 * b0, a1 * b1);
    let (x, y) = (a1 * b0, a0 * b1);
    let middle = (low >> 64) + (x & LOW) + (y & LOW);
    (high + (x >> 64) + (y >> 64) + (middle >> 64), middle << 64 | low & LOW)
}

/// `dividend * 2^64 / divisor` and the remainder, for a normalised divisor above the dividend (Knuth, algorithm D).
fn divide_step(dividend: u128, divisor: u128) -> (u64, u128) {
    let (d1, d0) = (divisor >> 64, divisor & u128::from(u64::MAX));
    let mut quotient = (dividend / d1).min(u128::from(u64::MAX));
    let mut rest = dividend - quotient * d1;
    // The estimate is too large by at most two.
    while rest >> 64 == 0 && quotient * d0 > rest << 64 {
        quotient -= 1;
        rest += d1;
    }
    // The difference is below the divisor, though its parts may wrap.
    (quotient as u64, (rest << 64).wrapping_sub(quotient.wrapping_mul(d0)))
}
