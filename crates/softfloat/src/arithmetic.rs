//! Sums, products, quotients, roots and the fused multiplication and addition.
//!
//! Order of exceptions (SDM Vol. 1, 4.9.2 and table 8-10): NaNs and invalid operations, division by zero, denormal operand;
//! then what rounding raises.

use crate::format::{Kind, Unpacked, invalid, load, odd, odd2};
use crate::round::{round_pack, round_pack_wide, shift_right_jam};
use crate::{Env, Flags, Float, Rounding};

#[inline(always)]
pub(crate) fn note_denormals<F: Float>(env: &mut Env, any: bool) {
    if any || F::X87 && env.widened_denormal {
        env.raise(Flags::DE);
    }
}

#[inline]
pub fn add<F: Float>(env: &mut Env, a: F, b: F) -> F {
    if env.may_use_host()
        && let Some(sum) = a.host_add(b)
    {
        return sum;
    }
    sum(env, a, b, false)
}

/// `a - b`.
#[inline]
pub fn sub<F: Float>(env: &mut Env, a: F, b: F) -> F {
    if env.may_use_host()
        && let Some(difference) = a.host_sub(b)
    {
        return difference;
    }
    sum(env, a, b, true)
}

#[inline(never)]
fn sum<F: Float>(env: &mut Env, a: F, b: F, negate: bool) -> F {
    let (a, mut b) = (load(env, a), load(env, b));
    if a.is_odd() || b.is_odd() {
        return odd2(env, a, b);
    }
    b.sign ^= negate;
    if a.kind == Kind::Infinity && b.kind == Kind::Infinity && a.sign != b.sign {
        return invalid(env);
    }
    note_denormals::<F>(env, a.denormal | b.denormal);
    let precision = F::arithmetic_precision(env);
    match (a.kind, b.kind) {
        (Kind::Finite, Kind::Finite) => {}
        (Kind::Infinity, _) => return F::infinity(a.sign),
        (_, Kind::Infinity) => return F::infinity(b.sign),
        (Kind::Zero, Kind::Zero) if a.sign == b.sign => return F::zero(a.sign),
        (Kind::Zero, Kind::Zero) => return F::zero(env.rounding == Rounding::Down),
        (Kind::Zero, _) => return round_pack(env, precision, b.sign, b.exponent, b.significand, 0),
        _ => return round_pack(env, precision, a.sign, a.exponent, a.significand, 0),
    }
    // One bit is left free for the carry.
    let wide_a = u128::from(a.significand) << 63;
    let wide_b = u128::from(b.significand) << 63;
    match sum_wide(a.sign, a.exponent, wide_a, b.sign, b.exponent, wide_b) {
        Some((sign, exponent, wide)) => round_pack_wide(env, precision, sign, exponent + 1, wide),
        None => F::zero(env.rounding == Rounding::Down),
    }
}

/// Adds `wide * 2^(exponent - 126)`, both with bit 126 as the highest one; the answer is in the same scale, and `None` is an
/// exact zero.
#[inline(always)]
fn sum_wide(
    mut sign_a: bool,
    mut exponent_a: i32,
    mut a: u128,
    mut sign_b: bool,
    mut exponent_b: i32,
    mut b: u128,
) -> Option<(bool, i32, u128)> {
    if exponent_a < exponent_b || exponent_a == exponent_b && a < b {
        core::mem::swap(&mut a, &mut b);
        core::mem::swap(&mut exponent_a, &mut exponent_b);
        core::mem::swap(&mut sign_a, &mut sign_b);
    }
    let b = shift_right_jam(b, (exponent_a - exponent_b) as u32);
    let sum = if sign_a == sign_b { a + b } else { a - b };
    if sum == 0 { None } else { Some((sign_a, exponent_a, sum)) }
}

#[inline]
pub fn mul<F: Float>(env: &mut Env, a: F, b: F) -> F {
    if env.may_use_host()
        && let Some(product) = a.host_mul(b)
    {
        return product;
    }
    product(env, a, b)
}

#[inline(never)]
fn product<F: Float>(env: &mut Env, a: F, b: F) -> F {
    let (a, b) = (load(env, a), load(env, b));
    if a.is_odd() || b.is_odd() {
        return odd2(env, a, b);
    }
    let sign = a.sign ^ b.sign;
    match (a.kind, b.kind) {
        (Kind::Infinity, Kind::Zero) | (Kind::Zero, Kind::Infinity) => return invalid(env),
        _ => note_denormals::<F>(env, a.denormal | b.denormal),
    }
    match (a.kind, b.kind) {
        (Kind::Infinity, _) | (_, Kind::Infinity) => return F::infinity(sign),
        (Kind::Zero, _) | (_, Kind::Zero) => return F::zero(sign),
        _ => {}
    }
    let wide = u128::from(a.significand) * u128::from(b.significand);
    let precision = F::arithmetic_precision(env);
    round_pack_wide(env, precision, sign, a.exponent + b.exponent + 1, wide)
}

/// `a / b`.
#[inline]
pub fn div<F: Float>(env: &mut Env, a: F, b: F) -> F {
    if env.may_use_host()
        && let Some(quotient) = a.host_div(b)
    {
        return quotient;
    }
    quotient(env, a, b)
}

#[inline(never)]
fn quotient<F: Float>(env: &mut Env, a: F, b: F) -> F {
    let (a, b) = (load(env, a), load(env, b));
    if a.is_odd() || b.is_odd() {
        return odd2(env, a, b);
    }
    let sign = a.sign ^ b.sign;
    match (a.kind, b.kind) {
        (Kind::Infinity, Kind::Infinity) | (Kind::Zero, Kind::Zero) => return invalid(env),
        (Kind::Finite, Kind::Zero) => {
            env.raise(Flags::ZE);
            return F::infinity(sign);
        }
        _ => note_denormals::<F>(env, a.denormal | b.denormal),
    }
    match (a.kind, b.kind) {
        (Kind::Infinity, _) => return F::infinity(sign),
        (Kind::Zero, _) | (_, Kind::Infinity) => return F::zero(sign),
        _ => {}
    }
    let precision = F::arithmetic_precision(env);
    let (exponent, significand, rest) = divide(&a, &b);
    round_pack(env, precision, sign, exponent, significand, rest)
}

/// Exponent, 64 bits of the quotient, and a rest that compares with one half as the true one does.
#[inline]
fn divide(a: &Unpacked, b: &Unpacked) -> (i32, u64, u64) {
    let less = a.significand < b.significand;
    let dividend = u128::from(a.significand) << (63 + u32::from(less));
    let divisor = u128::from(b.significand);
    let (quotient, remainder) = (dividend / divisor, dividend % divisor);
    (a.exponent - b.exponent - i32::from(less), quotient as u64, compare_half(remainder * 2, divisor))
}

/// A rest of which only the comparison with one half counts: `twice / whole` compared with 1.
fn compare_half(twice: u128, whole: u128) -> u64 {
    if twice == 0 { 0 } else { (1 << 62) * (1 + twice.cmp(&whole) as i64 + 1) as u64 }
}

#[inline(never)]
pub fn sqrt<F: Float>(env: &mut Env, a: F) -> F {
    let a = load(env, a);
    if a.is_odd() {
        return odd(env, a);
    }
    match a.kind {
        Kind::Zero => return F::zero(a.sign),
        _ if a.sign => return invalid(env),
        Kind::Infinity => return F::infinity(false),
        _ => note_denormals::<F>(env, a.denormal),
    }
    // An even exponent, and a radicand whose root has exactly 64 bits.
    let odd_exponent = a.exponent & 1;
    let radicand = u128::from(a.significand) << (63 + odd_exponent);
    let root = root(radicand);
    let remainder = radicand - root * root;
    // The root is beyond root + 1/2 exactly if the remainder exceeds the root.
    let rest = if remainder == 0 { 0 } else { 1 | u64::from(remainder > root) << 63 };
    let precision = F::arithmetic_precision(env);
    round_pack(env, precision, false, (a.exponent - odd_exponent) / 2, root as u64, rest)
}

/// The integer root, once for all formats.
#[inline(never)]
fn root(radicand: u128) -> u128 {
    radicand.isqrt()
}

/// `a * b + c` with one rounding, for formats of at most 53 bits. `negate_product` and `negate_addend` select the FMADD,
/// FMSUB, FNMADD and FNMSUB variants; they do not touch NaNs, which are taken in the order a, b, c.
pub fn fma<F: Float>(env: &mut Env, a: F, b: F, c: F, negate_product: bool, negate_addend: bool) -> F {
    const { assert!(F::PRECISION <= 53) };
    let (a, b, mut c) = (load(env, a), load(env, b), load(env, c));
    let undefined = matches!((a.kind, b.kind), (Kind::Infinity, Kind::Zero) | (Kind::Zero, Kind::Infinity));
    if a.is_odd() || b.is_odd() {
        if c.kind == Kind::Signalling {
            env.raise(Flags::IE);
        }
        return odd2(env, a, b);
    }
    if c.is_odd() {
        return odd(env, c);
    }
    if undefined {
        return invalid(env);
    }
    let sign = a.sign ^ b.sign ^ negate_product;
    c.sign ^= negate_addend;
    let infinite = a.kind == Kind::Infinity || b.kind == Kind::Infinity;
    if infinite && c.kind == Kind::Infinity && sign != c.sign {
        return invalid(env);
    }
    note_denormals::<F>(env, a.denormal | b.denormal | c.denormal);
    if infinite {
        return F::infinity(sign);
    }
    if c.kind == Kind::Infinity {
        return F::infinity(c.sign);
    }
    let product_zero = a.kind == Kind::Zero || b.kind == Kind::Zero;
    if product_zero && c.kind == Kind::Zero {
        return F::zero(if sign == c.sign { sign } else { env.rounding == Rounding::Down });
    }
    if product_zero {
        return round_pack(env, F::PRECISION, c.sign, c.exponent, c.significand, 0);
    }
    let wide = u128::from(a.significand) * u128::from(b.significand);
    let mut exponent = a.exponent + b.exponent;
    if c.kind == Kind::Zero {
        return round_pack_wide(env, F::PRECISION, sign, exponent + 1, wide);
    }
    // Both with the highest bit at 126. The product has at most 106 bits, so that nothing is lost here.
    let wide = if wide >> 127 != 0 {
        exponent += 1;
        wide >> 1
    } else {
        wide
    };
    match sum_wide(sign, exponent, wide, c.sign, c.exponent, u128::from(c.significand) << 63) {
        Some((sign, exponent, wide)) => round_pack_wide(env, F::PRECISION, sign, exponent + 1, wide),
        None => F::zero(env.rounding == Rounding::Down),
    }
}
