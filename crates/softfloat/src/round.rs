//! Rounding and packing: the one place that raises OE, UE and PE for results.
//!
//! SDM Vol. 1, 4.8.4 (rounding), 4.9.1.4 to 4.9.1.6 (overflow, underflow, inexact). Tininess is detected after rounding.

use crate::format::TOP;
use crate::{Env, Flags, Float, Rounding};

/// By how much an unmasked overflow or underflow of the x87 moves the exponent (SDM Vol. 1, 8.5.4).
const BIAS_ADJUST: i32 = 24576;

pub(crate) struct Rounded {
    pub significand: u64,
    /// The significand wrapped to the next power of two.
    pub carry: bool,
    pub inexact: bool,
    pub up: bool,
}

/// Rounds `significand + rest / 2^64` to the upper `precision` bits; only whether and how `rest` compares with one half
/// matters. Bit 63 may be clear (denormals).
#[inline(always)]
pub(crate) fn round_at(mode: Rounding, precision: u32, sign: bool, significand: u64, rest: u64) -> Rounded {
    let (kept, discarded) = if precision == 64 {
        (significand, rest)
    } else {
        let shift = 64 - precision;
        (significand >> shift << shift, significand << precision | u64::from(rest != 0))
    };
    let unit = 1u64 << (64 - precision);
    let up = match mode {
        Rounding::Nearest => discarded > TOP || discarded == TOP && kept & unit != 0,
        Rounding::Up => discarded != 0 && !sign,
        Rounding::Down => discarded != 0 && sign,
        Rounding::Zero => false,
    };
    let (sum, carry) = kept.overflowing_add(if up { unit } else { 0 });
    Rounded { significand: if carry { TOP } else { sum }, carry, inexact: discarded != 0, up }
}

/// Packs the exact result `(significand + rest / 2^64) * 2^(exponent - 63)`, bit 63 set.
#[inline(always)]
pub(crate) fn round_pack<F: Float>(
    env: &mut Env,
    precision: u32,
    sign: bool,
    exponent: i32,
    significand: u64,
    rest: u64,
) -> F {
    debug_assert!(significand & TOP != 0);
    let rounded = round_at(env.rounding, precision, sign, significand, rest);
    let result = exponent + i32::from(rounded.carry);
    if result < F::MIN_EXPONENT {
        return tiny(env, precision, sign, exponent, significand, rest, &rounded);
    }
    if result > F::MAX_EXPONENT {
        return huge(env, precision, sign, result, &rounded);
    }
    if rounded.inexact {
        env.raise(Flags::PE);
    }
    env.rounded_up = rounded.up;
    F::pack(sign, result, rounded.significand)
}

/// Packs an integer result of 128 bits that need not be normalised: `wide * 2^(exponent - 127)`. Not zero.
#[inline(always)]
pub(crate) fn round_pack_wide<F: Float>(env: &mut Env, precision: u32, sign: bool, exponent: i32, wide: u128) -> F {
    let shift = wide.leading_zeros();
    let wide = wide << shift;
    round_pack(env, precision, sign, exponent - shift as i32, (wide >> 64) as u64, wide as u64)
}

#[cold]
fn tiny<F: Float>(
    env: &mut Env,
    precision: u32,
    sign: bool,
    exponent: i32,
    significand: u64,
    rest: u64,
    unbounded: &Rounded,
) -> F {
    if !env.is_masked(Flags::UE) {
        env.raise(Flags::UE);
        if unbounded.inexact {
            env.raise(Flags::PE);
        }
        env.rounded_up = unbounded.up;
        let adjusted = exponent + i32::from(unbounded.carry) + BIAS_ADJUST;
        // FSCALE can leave even the adjusted range. The other formats deliver nothing at all.
        if F::X87 && adjusted < F::MIN_EXPONENT {
            env.raise(Flags::PE);
            env.rounded_up = false;
            return F::zero(sign);
        }
        return F::pack(sign, adjusted.max(F::MIN_EXPONENT), unbounded.significand);
    }
    if !F::X87 && env.ftz {
        env.raise(Flags::UE | Flags::PE);
        return F::zero(sign);
    }
    let wide = u128::from(significand) << 64 | u128::from(rest);
    let wide = shift_right_jam(wide, (F::MIN_EXPONENT - exponent) as u32);
    let rounded = round_at(env.rounding, precision, sign, (wide >> 64) as u64, wide as u64);
    if rounded.inexact {
        env.raise(Flags::UE | Flags::PE);
    }
    env.rounded_up = rounded.up;
    F::pack(sign, F::MIN_EXPONENT, rounded.significand)
}

#[cold]
fn huge<F: Float>(env: &mut Env, precision: u32, sign: bool, exponent: i32, unbounded: &Rounded) -> F {
    env.raise(Flags::OE);
    if !env.is_masked(Flags::OE) {
        if unbounded.inexact {
            env.raise(Flags::PE);
        }
        env.rounded_up = unbounded.up;
        let adjusted = exponent - BIAS_ADJUST;
        if F::X87 && adjusted > F::MAX_EXPONENT {
            env.raise(Flags::PE);
            env.rounded_up = true;
            return F::infinity(sign);
        }
        return F::pack(sign, adjusted.min(F::MAX_EXPONENT), unbounded.significand);
    }
    env.raise(Flags::PE);
    let infinite = match env.rounding {
        Rounding::Nearest => true,
        Rounding::Up => !sign,
        Rounding::Down => sign,
        Rounding::Zero => false,
    };
    env.rounded_up = infinite;
    if infinite { F::infinity(sign) } else { F::largest(sign, precision) }
}

/// Shifts right; bits that fall out leave a trace in bit 0.
#[inline(always)]
pub(crate) fn shift_right_jam(value: u128, count: u32) -> u128 {
    if count == 0 {
        value
    } else if count < 128 {
        value >> count | u128::from(value << (128 - count) != 0)
    } else {
        u128::from(value != 0)
    }
}
