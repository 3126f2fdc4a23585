//! Operations that only the x87 has: remainder, scale, extract.
//!
//! SDM Vol. 2A: `FPREM`, `FPREM1`, `FSCALE`, `FXTRACT`.

use core::cmp::Ordering;

use crate::arithmetic::note_denormals;
use crate::convert::from_signed;
use crate::format::{Kind, TOP, Unpacked, invalid, odd, odd2};
use crate::round::round_pack;
use crate::{Env, F80, Flags, Float, Rounding};

/// How the quotient of a remainder is rounded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quotient {
    /// `FPREM`.
    Truncated,
    /// `FPREM1`: IEEE 754's remainder.
    Nearest,
}

/// The outcome of `FPREM` and `FPREM1`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Remainder {
    pub value: F80,
    /// The three lowest bits of the quotient; zero if the reduction is only partial or failed.
    pub quotient: u8,
    /// The operands were too far apart for one step (C2).
    pub partial: bool,
}

/// `FPREM` and `FPREM1`: exact.
pub fn remainder(env: &mut Env, a: F80, b: F80, kind: Quotient) -> Remainder {
    let whole = |value| Remainder { value, quotient: 0, partial: false };
    let (x, y) = (a.unpack(), b.unpack());
    if x.is_odd() || y.is_odd() {
        return whole(odd2(env, x, y));
    }
    if x.kind == Kind::Infinity || y.kind == Kind::Zero {
        return whole(invalid(env));
    }
    note_denormals::<F80>(env, x.denormal | y.denormal);
    if x.kind == Kind::Zero {
        return whole(F80::zero(x.sign));
    }
    let distance = x.exponent.wrapping_sub(y.exponent);
    if y.kind == Kind::Infinity || distance < -1 || distance == -1 && kind == Quotient::Truncated {
        return whole(pack_exact(env, x.sign, x.exponent, x.significand));
    }
    if distance == -1 {
        return nearest_below(env, &x, &y);
    }
    // One step shifts by at most 63.
    let shift = if distance < 64 { distance } else { 32 + distance % 32 };
    let dividend = u128::from(x.significand) << shift;
    let divisor = u128::from(y.significand);
    let (quotient, rest) = ((dividend / divisor) as u64, (dividend % divisor) as u64);
    let exponent = x.exponent - shift;
    if distance >= 64 {
        return Remainder { value: pack_exact(env, x.sign, exponent, rest), quotient: 0, partial: true };
    }
    let away = kind == Quotient::Nearest
        && match (u128::from(rest) * 2).cmp(&divisor) {
            Ordering::Less => false,
            Ordering::Equal => quotient & 1 != 0,
            Ordering::Greater => true,
        };
    let (sign, rest) = if away { (!x.sign, y.significand - rest) } else { (x.sign, rest) };
    let value = pack_exact(env, sign, exponent, rest);
    Remainder { value, quotient: (quotient.wrapping_add(away.into()) & 7) as u8, partial: false }
}

/// `FPREM1` where the quotient is between 1/4 and 1, so that it rounds to zero or one.
fn nearest_below(env: &mut Env, x: &Unpacked, y: &Unpacked) -> Remainder {
    // x has half the scale of y: x is beyond y / 2 exactly if its significand is larger.
    if x.significand <= y.significand {
        let value = pack_exact(env, x.sign, x.exponent, x.significand);
        return Remainder { value, quotient: 0, partial: false };
    }
    let rest = u128::from(y.significand) * 2 - u128::from(x.significand);
    // The rest is below y's significand, so it fits.
    let value = pack_exact(env, !x.sign, x.exponent, rest as u64);
    Remainder { value, quotient: 1, partial: false }
}

/// Packs `significand * 2^(exponent - 63)`, which the format holds exactly.
fn pack_exact(env: &mut Env, sign: bool, exponent: i32, significand: u64) -> F80 {
    if significand == 0 {
        return F80::zero(sign);
    }
    let shift = significand.leading_zeros();
    round_pack(env, 64, sign, exponent - shift as i32, significand << shift, 0)
}

/// `FSCALE`: `a * 2^b` with `b` truncated to an integer.
pub fn scale(env: &mut Env, a: F80, b: F80) -> F80 {
    let (x, y) = (a.unpack(), b.unpack());
    if x.is_odd() || y.is_odd() {
        return odd2(env, x, y);
    }
    if y.kind == Kind::Infinity {
        return match (y.sign, x.kind) {
            (false, Kind::Zero) | (true, Kind::Infinity) => invalid(env),
            (up, _) => {
                note_denormals::<F80>(env, x.denormal);
                if up { F80::zero(x.sign) } else { F80::infinity(x.sign) }
            }
        };
    }
    note_denormals::<F80>(env, x.denormal | y.denormal);
    match x.kind {
        Kind::Zero => return F80::zero(x.sign),
        Kind::Infinity => return F80::infinity(x.sign),
        _ => {}
    }
    // Beyond this every result overflows or underflows, also one whose exponent is adjusted.
    const LIMIT: i32 = 1 << 17;
    let distance = match (y.kind, y.exponent) {
        (Kind::Zero, _) | (_, ..0) => 0,
        (_, 17..) => LIMIT,
        (_, exponent) => (y.significand >> (63 - exponent)) as i32,
    };
    let exponent = x.exponent + if y.sign { -distance } else { distance };
    round_pack(env, 64, x.sign, exponent, x.significand, 0)
}

/// `FXTRACT`: the exponent, and the significand with the sign.
pub fn extract(env: &mut Env, x: F80) -> (F80, F80) {
    let number = x.unpack();
    if number.is_odd() {
        let nan = odd(env, number);
        return (nan, nan);
    }
    note_denormals::<F80>(env, number.denormal);
    match number.kind {
        Kind::Zero => {
            env.raise(Flags::ZE);
            (F80::infinity(true), x)
        }
        Kind::Infinity => (F80::infinity(false), x),
        _ => {
            let exponent = from_signed(env, number.exponent.into());
            (exponent, F80::pack(number.sign, 0, number.significand))
        }
    }
}

/// The constants of `FLD1`, `FLDL2T` and so on: the CPU holds them with more bits and rounds them as RC says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Constant {
    Zero,
    One,
    /// log2(10)
    Log2Ten,
    /// log2(e)
    Log2E,
    Pi,
    /// log10(2)
    Log10Two,
    /// ln(2)
    LnTwo,
}

impl Constant {
    pub fn rounded(self, mode: Rounding) -> F80 {
        // Exponent, significand, and whether the rest is above one half.
        let (exponent, significand, above) = match self {
            Constant::Zero => return F80::ZERO,
            Constant::One => return F80::ONE,
            Constant::Log2Ten => (1, 0xd49a_784b_cd1b_8afe, false),
            Constant::Log2E => (0, 0xb8aa_3b29_5c17_f0bb, true),
            Constant::Pi => (1, 0xc90f_daa2_2168_c234, true),
            Constant::Log10Two => (-2, 0x9a20_9a84_fbcf_f798, true),
            Constant::LnTwo => (-1, 0xb172_17f7_d1cf_79ab, true),
        };
        let up = match mode {
            Rounding::Nearest => above,
            Rounding::Up => true,
            Rounding::Down | Rounding::Zero => false,
        };
        debug_assert!(significand & TOP != 0);
        F80::pack(false, exponent, significand + u64::from(up))
    }
}
