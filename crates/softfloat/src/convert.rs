//! Conversions: between the formats, to and from integers, and to and from packed decimal.

use crate::format::{Kind, TOP, Unpacked, load, odd};
use crate::round::round_pack;
use crate::{Env, F16, F32, F64, F80, Flags, Float, Rounding};

/// Between formats as `CVTSS2SD`, `CVTSD2SS` and the `FLD` of a memory operand do it: NaNs become quiet, and a denormal
/// operand raises DE.
#[inline]
pub fn convert<A: Float, B: Float>(env: &mut Env, x: A) -> B {
    let number = load(env, x);
    if number.is_odd() {
        return odd(env, number);
    }
    if number.denormal {
        env.raise(Flags::DE);
    }
    rounded(env, &number)
}

/// From 80 bits to memory, as `FST` does it: like [`convert`], but a denormal operand raises nothing by itself.
pub fn store<B: Float>(env: &mut Env, x: F80) -> B {
    let number = x.unpack();
    if number.is_odd() {
        return odd(env, number);
    }
    let result = rounded(env, &number);
    // Nothing is stored then, and the CPU does not tell whether it would have been inexact.
    if (env.flags - env.masks).intersects(Flags::OE | Flags::UE) {
        env.flags = env.flags - Flags::PE;
        env.rounded_up = false;
    }
    result
}

/// To 80 bits without touching NaNs, for a memory operand of `FADD` and the like; a denormal is remembered in `env` and raises
/// DE in the operation.
pub fn widen<A: Float>(env: &mut Env, x: A) -> F80 {
    let number = x.unpack();
    env.widened_denormal = number.denormal;
    match number.kind {
        Kind::Zero => F80::zero(number.sign),
        Kind::Finite => F80::pack(number.sign, number.exponent, number.significand),
        _ => F80::nan(number.sign, number.significand),
    }
}

#[inline(always)]
fn rounded<B: Float>(env: &mut Env, number: &Unpacked) -> B {
    match number.kind {
        Kind::Zero => B::zero(number.sign),
        Kind::Infinity => B::infinity(number.sign),
        _ => round_pack(env, B::PRECISION, number.sign, number.exponent, number.significand, 0),
    }
}

/// `VCVTPH2PS`: exact; neither DAZ nor DE applies to half precision operands.
pub fn from_half(env: &mut Env, x: F16) -> F32 {
    let number = x.unpack();
    if number.is_odd() { odd(env, number) } else { rounded(env, &number) }
}

/// `VCVTPS2PH`: FTZ does not apply to half precision results.
pub fn to_half(env: &mut Env, x: F32, mode: Rounding) -> F16 {
    let saved = (env.ftz, env.rounding);
    (env.ftz, env.rounding) = (false, mode);
    let result = convert(env, x);
    (env.ftz, env.rounding) = saved;
    result
}

/// To a signed integer of `width` bits (8 to 64), sign-extended. What does not fit raises IE alone and gives the integer
/// indefinite, `-2^(width - 1)`. Denormals raise no DE (SDM Vol. 2A, `CVTSD2SI`, `FIST`).
#[inline]
pub fn to_signed<F: Float>(env: &mut Env, x: F, width: u32, mode: Rounding) -> i64 {
    let number = load(env, x);
    let indefinite = i64::MIN >> (64 - width);
    let Some((magnitude, inexact, up)) = magnitude(&number, mode) else {
        env.raise(Flags::IE);
        return indefinite;
    };
    let limit = 1u64 << (width - 1);
    if magnitude > limit || magnitude == limit && !number.sign {
        env.raise(Flags::IE);
        return indefinite;
    }
    if inexact {
        env.raise(Flags::PE);
    }
    env.rounded_up = up;
    if number.sign { (magnitude as i64).wrapping_neg() } else { magnitude as i64 }
}

/// To an unsigned integer of `width` bits; what does not fit raises IE and gives all ones.
pub fn to_unsigned<F: Float>(env: &mut Env, x: F, width: u32, mode: Rounding) -> u64 {
    let number = load(env, x);
    let largest = u64::MAX >> (64 - width);
    match magnitude(&number, mode) {
        Some((magnitude, inexact, up)) if magnitude <= largest && (magnitude == 0 || !number.sign) => {
            if inexact {
                env.raise(Flags::PE);
            }
            env.rounded_up = up;
            magnitude
        }
        _ => {
            env.raise(Flags::IE);
            largest
        }
    }
}

/// The magnitude rounded to an integer below 2^64, whether it was inexact, whether it was rounded up.
#[inline]
fn magnitude(number: &Unpacked, mode: Rounding) -> Option<(u64, bool, bool)> {
    match number.kind {
        Kind::Zero => return Some((0, false, false)),
        Kind::Finite if number.exponent < 64 => {}
        _ => return None,
    }
    let (whole, fraction) = match number.exponent {
        ..-1 => (0, 1),
        -1 => (0, number.significand),
        63 => (number.significand, 0),
        exponent => (number.significand >> (63 - exponent), number.significand << (exponent + 1)),
    };
    let up = match mode {
        Rounding::Nearest => fraction > TOP || fraction == TOP && whole & 1 != 0,
        Rounding::Up => fraction != 0 && !number.sign,
        Rounding::Down => fraction != 0 && number.sign,
        Rounding::Zero => false,
    };
    Some((whole.checked_add(up.into())?, fraction != 0, up))
}

#[inline]
pub fn from_signed<F: Float>(env: &mut Env, value: i64) -> F {
    from_magnitude(env, value < 0, value.unsigned_abs())
}

#[inline]
pub fn from_unsigned<F: Float>(env: &mut Env, value: u64) -> F {
    from_magnitude(env, false, value)
}

#[inline]
fn from_magnitude<F: Float>(env: &mut Env, sign: bool, magnitude: u64) -> F {
    if magnitude == 0 {
        return F::zero(false);
    }
    let shift = magnitude.leading_zeros();
    round_pack(env, F::PRECISION, sign, 63 - shift as i32, magnitude << shift, 0)
}

/// The packed decimal indefinite that `FBSTP` stores for what does not fit.
pub const DECIMAL_INDEFINITE: [u8; 10] = [0, 0, 0, 0, 0, 0, 0, 0xc0, 0xff, 0xff];

/// `FBSTP`: eighteen decimal digits, two a byte, and a sign bit in the tenth byte.
pub fn to_decimal(env: &mut Env, x: F80) -> [u8; 10] {
    const LIMIT: u64 = 1_000_000_000_000_000_000;
    let number = x.unpack();
    let (mut magnitude, inexact, up) = match magnitude(&number, env.rounding) {
        Some(integer) if integer.0 < LIMIT => integer,
        _ => {
            env.raise(Flags::IE);
            return DECIMAL_INDEFINITE;
        }
    };
    if inexact {
        env.raise(Flags::PE);
    }
    env.rounded_up = up;
    let mut bytes = [0; 10];
    for byte in &mut bytes[..9] {
        *byte = (magnitude % 10 + magnitude / 10 % 10 * 16) as u8;
        magnitude /= 100;
    }
    bytes[9] = u8::from(number.sign) << 7;
    bytes
}

/// `FBLD`: always exact. Digits above nine, which the manual leaves undefined, count with their value.
pub fn from_decimal(env: &mut Env, bytes: [u8; 10]) -> F80 {
    let sign = bytes[9] & 0x80 != 0;
    let magnitude =
        bytes[..9].iter().rev().fold(0u64, |sum, &byte| sum * 100 + u64::from(byte >> 4) * 10 + u64::from(byte & 15));
    if magnitude == 0 { F80::zero(sign) } else { from_magnitude(env, sign, magnitude) }
}

/// `FLD` of a memory operand of 32 bits.
pub fn load32(env: &mut Env, bits: u32) -> F80 {
    convert(env, F32(bits))
}

/// `FLD` of a memory operand of 64 bits.
pub fn load64(env: &mut Env, bits: u64) -> F80 {
    convert(env, F64(bits))
}
