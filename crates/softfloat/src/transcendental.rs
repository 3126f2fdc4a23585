//! The x87's transcendental functions, computed with about 120 bits and rounded once.
//!
//! SDM Vol. 1, 8.3.7 to 8.3.10; Vol. 2A, `F2XM1`, `FYL2X`, `FYL2XP1`, `FPATAN`, `FSIN`, `FCOS`, `FSINCOS`, `FPTAN`, whose tables
//! of special operands are followed. Where those leave a result undefined (operands out of range), the one of the CPU
//! that the tests compare with is delivered.
//!
//! DEVIATION: a result may differ from the CPU's in the last bit, since the CPU's is not always the correctly rounded one.

use core::cmp::Ordering;

use crate::arithmetic::note_denormals;
use crate::format::{Kind, Unpacked, invalid, odd, odd2};
use crate::round::round_pack_wide;
use crate::wide::Wide;
use crate::{Class, Env, F80, Flags, Float};

/// Rounds an irrational result: never exact, however many bits are zero.
fn inexact(env: &mut Env, value: Wide) -> F80 {
    round_pack_wide(env, 64, value.negative, value.exponent, value.significand | 1)
}

/// An operand that the function does not accept and hands back as it is.
fn out_of_range(env: &mut Env, x: F80) -> F80 {
    env.raise(Flags::PE);
    env.rounded_up = false;
    x
}

/// `F2XM1`: `2^x - 1` for `|x| <= 1`.
pub fn exp2_minus_1(env: &mut Env, x: F80) -> F80 {
    let number = x.unpack();
    if number.is_odd() {
        return odd(env, number);
    }
    note_denormals::<F80>(env, number.denormal);
    match number.kind {
        Kind::Zero => return x,
        Kind::Infinity if number.sign => return F80::ONE.negated(),
        Kind::Infinity => return x,
        _ => {}
    }
    if number.exponent >= 0 {
        // The CPU takes the exact results for inexact, and one for slightly less.
        return match (x == F80::ONE, x == F80::ONE.negated()) {
            (true, _) => inexact(env, Wide::ONE.nudged(true)),
            (_, true) => out_of_range(env, F80::new(0xbffe, 1 << 63)),
            _ => out_of_range(env, x),
        };
    }
    // e^y - 1 = y + y^2 / 2! + y^3 / 3! ...
    let y = Wide::from_finite(&number).mul(Wide::LN_2);
    let result = series(y, |term, n| term.mul(y).div_small(n + 1));
    inexact(env, result)
}

/// Adds terms, each made from the one before, until they no longer count.
fn series(first: Wide, mut next: impl FnMut(Wide, u32) -> Wide) -> Wide {
    let (mut sum, mut term) = (first, first);
    for n in 1.. {
        term = next(term, n);
        if term.is_zero() {
            return sum;
        }
        if term.exponent < sum.exponent - 126 {
            break;
        }
        sum = sum.add(term);
    }
    // Where the first term is exact, the direction of the others decides how it is rounded.
    sum.nudged(term.negative != sum.negative)
}

/// `z + z^3 / 3 + z^5 / 5 ...`, the inverse hyperbolic tangent, or with alternating signs the inverse tangent.
fn inverse_tangent_series(z: Wide, alternating: bool) -> Wide {
    if z.is_zero() {
        return z;
    }
    let mut square = z.mul(z);
    square.negative = alternating;
    let (mut sum, mut power) = (z, z);
    for n in 1.. {
        power = power.mul(square);
        if power.exponent < sum.exponent - 126 {
            break;
        }
        sum = sum.add(power.div_small(2 * n + 1));
    }
    sum.nudged(power.negative != sum.negative)
}

/// log2 of a positive number. Rational exactly for the powers of two.
fn log2(x: Wide) -> Wide {
    /// The square root of two.
    const MIDDLE: u128 = 0xb504_f333_f9de_6484 << 64;
    let up = x.significand > MIDDLE;
    let exponent = x.exponent + i32::from(up);
    let m = Wide { exponent: -i32::from(up), ..x };
    let z = m.sub(Wide::ONE).div(m.add(Wide::ONE));
    let fraction = inverse_tangent_series(z, false).scaled(1).mul(Wide::LOG2_E);
    Wide::from_integer(exponent.into(), 0).add(fraction)
}

/// `FYL2X`: `y * log2(x)`.
pub fn y_log2_x(env: &mut Env, y: F80, x: F80) -> F80 {
    let (y, x) = (y.unpack(), x.unpack());
    if y.is_odd() || x.is_odd() {
        return odd2(env, x, y);
    }
    if x.sign && x.kind != Kind::Zero {
        return invalid(env);
    }
    // How x compares with one is the sign of its logarithm.
    let logarithm = match x.kind {
        Kind::Zero => Ordering::Less,
        Kind::Infinity => Ordering::Greater,
        _ => (x.exponent, x.significand).cmp(&(0, 1 << 63)),
    };
    let negative = y.sign != logarithm.is_lt();
    match (x.kind, y.kind) {
        (Kind::Zero | Kind::Infinity, Kind::Zero) => return invalid(env),
        (Kind::Zero, Kind::Finite) => {
            env.raise(Flags::ZE);
            return F80::infinity(negative);
        }
        (_, Kind::Infinity) if logarithm.is_eq() => return invalid(env),
        _ => note_denormals::<F80>(env, x.denormal | y.denormal),
    }
    if x.kind == Kind::Infinity || y.kind == Kind::Infinity {
        return F80::infinity(negative);
    }
    if y.kind == Kind::Zero || logarithm.is_eq() {
        return F80::zero(negative);
    }
    let result = log2(Wide::from_finite(&x)).mul(Wide::from_finite(&y));
    if x.significand == 1 << 63 { rational(env, result) } else { inexact(env, result) }
}

/// The CPU rounds a rational result as it is, but takes it for inexact all the same.
fn rational(env: &mut Env, value: Wide) -> F80 {
    let value = round_pack_wide::<F80>(env, 64, value.negative, value.exponent, value.significand);
    env.raise(if value.class() == Class::Denormal { Flags::UE | Flags::PE } else { Flags::PE });
    value
}

/// `FYL2XP1`: `y * log2(x + 1)`.
pub fn y_log2_x_plus_1(env: &mut Env, y: F80, operand: F80) -> F80 {
    let (y, x) = (y.unpack(), operand.unpack());
    if y.is_odd() || x.is_odd() {
        return odd2(env, x, y);
    }
    let negative = y.sign != x.sign;
    match (x.kind, y.kind) {
        (Kind::Zero, Kind::Infinity) | (Kind::Infinity, Kind::Zero) => return invalid(env),
        (Kind::Infinity, _) if x.sign => return invalid(env),
        _ => note_denormals::<F80>(env, x.denormal | y.denormal),
    }
    if x.kind == Kind::Infinity || y.kind == Kind::Infinity {
        return F80::infinity(negative);
    }
    if x.kind == Kind::Zero || y.kind == Kind::Zero {
        return F80::zero(negative);
    }
    if x.sign && x.exponent >= 0 {
        return out_of_range(env, operand);
    }
    let number = Wide::from_finite(&x);
    let logarithm = if x.exponent < -1 {
        let z = number.div(number.add(Wide::ONE.scaled(1)));
        inverse_tangent_series(z, false).scaled(1).mul(Wide::LOG2_E)
    } else {
        let sum = number.add(Wide::ONE);
        if sum.significand == 1 << 127 {
            return rational(env, log2(sum).mul(Wide::from_finite(&y)));
        }
        log2(sum)
    };
    inexact(env, logarithm.mul(Wide::from_finite(&y)))
}

/// atan(n / 16)
const ARC_TANGENTS: [Wide; 17] = [
    Wide::ZERO,
    Wide::positive(-5, 0xffaa_ddb9_67ef_4e36_cb27_92dc_0e2e_0d51),
    Wide::positive(-4, 0xfead_d4d5_617b_6e32_c897_989f_3e88_8ef8),
    Wide::positive(-3, 0xbdcb_da5e_72d8_1134_7b0b_4f88_1c9c_7488),
    Wide::positive(-3, 0xfadb_afc9_6406_eb15_6dc7_9ef5_f7a2_17e6),
    Wide::positive(-2, 0x9b13_b9b8_3f5e_5e69_c5ab_b498_d27a_f328),
    Wide::positive(-2, 0xb7b0_ca0f_26f7_8473_8aa3_2122_dcfe_4483),
    Wide::positive(-2, 0xd327_761e_611f_e5b6_427c_95e9_001e_7136),
    Wide::positive(-2, 0xed63_382b_0dda_7b45_6fe4_45ec_bc3a_8d03),
    Wide::positive(-1, 0x832b_f4a6_d986_7e2a_4b6a_09cb_61a5_15c1),
    Wide::positive(-1, 0x8f00_5d5e_f7f5_9f9b_5c83_5e16_65c4_3748),
    Wide::positive(-1, 0x9a2f_80e6_71bd_da20_4226_f8e2_204f_f3bd),
    Wide::positive(-1, 0xa4bc_7d19_34f7_0924_19a8_7f2a_457d_ac9f),
    Wide::positive(-1, 0xaeac_4c38_b4d8_c080_1472_5e2f_3e52_070a),
    Wide::positive(-1, 0xb805_3e2b_c231_9e73_cb2d_a552_10a4_443d),
    Wide::positive(-1, 0xc0ce_85b8_ac52_6640_89dd_62c4_6e92_fa25),
    Wide::positive(-1, 0xc90f_daa2_2168_c234_c4c6_628b_80dc_1cd1),
];

/// atan of a number from zero to one.
fn arc_tangent(t: Wide) -> Wide {
    // To the nearest sixteenth.
    let index = if t.exponent < -5 { 0 } else { (t.significand >> (122 - t.exponent)).div_ceil(2) } as usize;
    if index == 0 {
        return inverse_tangent_series(t, true);
    }
    let near = Wide::from_integer(index as i64, -4);
    let rest = t.sub(near).div(t.mul(near).add(Wide::ONE));
    ARC_TANGENTS[index].add(inverse_tangent_series(rest, true))
}

/// `FPATAN`: the angle of the point (x, y), in its quadrant.
pub fn arc_tangent_of(env: &mut Env, y: F80, x: F80) -> F80 {
    let (y, x) = (y.unpack(), x.unpack());
    if y.is_odd() || x.is_odd() {
        return odd2(env, x, y);
    }
    note_denormals::<F80>(env, x.denormal | y.denormal);
    let quarter = Wide::PI.scaled(-2);
    let angle = match (y.kind, x.kind) {
        (Kind::Infinity, Kind::Infinity) if x.sign => Wide::PI.sub(quarter),
        (Kind::Infinity, Kind::Infinity) => quarter,
        (Kind::Zero, _) | (_, Kind::Infinity) if x.sign => Wide::PI,
        (Kind::Zero, _) | (_, Kind::Infinity) => return F80::zero(y.sign),
        (Kind::Infinity, _) | (_, Kind::Zero) => quarter.scaled(1),
        _ => {
            let (a, b) = (Wide::from_finite(&y).absolute(), Wide::from_finite(&x).absolute());
            match (a.is_below(&b), x.sign) {
                (true, false) if a.exponent - b.exponent < -64 => return small_angle(env, &y, &x),
                (true, false) => arc_tangent(a.div(b)),
                (true, true) => Wide::PI.sub(arc_tangent(a.div(b))),
                (false, false) => quarter.scaled(1).sub(arc_tangent(b.div(a))),
                (false, true) => quarter.scaled(1).add(arc_tangent(b.div(a))),
            }
        }
    };
    inexact(env, Wide { negative: y.sign, ..angle })
}

/// The angle is the quotient here as far as any rounding can tell.
fn small_angle(env: &mut Env, y: &Unpacked, x: &Unpacked) -> F80 {
    let quotient = Wide::from_finite(y).div(Wide::from_finite(x));
    inexact(env, quotient.nudged(true))
}

/// 2^63: from here on the trigonometric functions only set C2.
const TRIGONOMETRIC_LIMIT: i32 = 63;

/// x minus the nearest multiple of pi/2, with pi of 66 bits as the CPU has it, and the lowest bits of the quotient.
fn reduce(x: &Unpacked) -> (Wide, u64) {
    /// pi * 2^64
    const PI_66: u128 = 0x3_243f_6a88_85a3_08d3;
    /// In units of 2^-66.
    const HALF_PI: u128 = PI_66 * 2;
    if x.exponent < -1 {
        return (Wide::from_finite(x).absolute(), 0);
    }
    let (mut rest, mut quotient) = (u128::from(x.significand), 0u64);
    let mut shift = x.exponent + 3;
    while shift > 0 {
        let step = shift.min(60);
        rest <<= step;
        quotient = (quotient << step).wrapping_add((rest / HALF_PI) as u64);
        rest %= HALF_PI;
        shift -= step;
    }
    let beyond = rest > HALF_PI / 2;
    if beyond {
        rest = HALF_PI - rest;
        quotient = quotient.wrapping_add(1);
    }
    (Wide { negative: beyond, exponent: 127 - 66, significand: rest }.normalised(), quotient & 3)
}

fn sine_series(r: Wide) -> Wide {
    let square = r.mul(r).negated();
    series(r, |term, n| term.mul(square).div_small(2 * n * (2 * n + 1)))
}

fn cosine_series(r: Wide) -> Wide {
    let square = r.mul(r).negated();
    series(Wide::ONE, |term, n| term.mul(square).div_small((2 * n - 1) * 2 * n))
}

/// Sine and cosine of a finite number.
fn sine_and_cosine(x: &Unpacked) -> (Wide, Wide) {
    let (r, quadrant) = reduce(x);
    let (s, c) = (sine_series(r), cosine_series(r));
    let (sine, cosine) = match quadrant {
        0 => (s, c),
        1 => (c, s.negated()),
        2 => (s.negated(), c.negated()),
        _ => (c.negated(), s),
    };
    (if x.sign { sine.negated() } else { sine }, cosine)
}

fn tangent_of(x: &Unpacked) -> Wide {
    let (r, quadrant) = reduce(x);
    let even = quadrant & 1 == 0;
    let tangent = match (r.is_zero() || r.exponent < -62, even) {
        (true, true) => r,
        (true, false) => Wide::ONE.div(r).nudged(true),
        (false, true) => sine_series(r).div(cosine_series(r)),
        (false, false) => cosine_series(r).div(sine_series(r)),
    };
    if x.sign == even { tangent.negated() } else { tangent }
}

/// What the trigonometric functions do with other operands; `Ok` is one to compute with, `Err(None)` is out of range.
fn trigonometric(env: &mut Env, x: F80) -> Result<Unpacked, Option<F80>> {
    let number = x.unpack();
    if number.is_odd() {
        return Err(Some(odd(env, number)));
    }
    match number.kind {
        Kind::Infinity => Err(Some(invalid(env))),
        Kind::Finite if number.exponent >= TRIGONOMETRIC_LIMIT => Err(None),
        _ => {
            note_denormals::<F80>(env, number.denormal);
            Ok(number)
        }
    }
}

/// `FSIN`. `None` means out of range: nothing happens but C2.
pub fn sine(env: &mut Env, x: F80) -> Option<F80> {
    match trigonometric(env, x) {
        Ok(number) if number.kind == Kind::Zero => Some(x),
        Ok(number) => Some(inexact(env, sine_and_cosine(&number).0)),
        Err(result) => result,
    }
}

/// `FCOS`. `None` means out of range: nothing happens but C2.
pub fn cosine(env: &mut Env, x: F80) -> Option<F80> {
    match trigonometric(env, x) {
        Ok(number) if number.kind == Kind::Zero => Some(F80::ONE),
        Ok(number) => Some(inexact(env, sine_and_cosine(&number).1)),
        Err(result) => result,
    }
}

/// `FSINCOS`: sine, then cosine, which is pushed. `None` means out of range: nothing happens but C2.
pub fn sine_cosine(env: &mut Env, x: F80) -> Option<(F80, F80)> {
    match trigonometric(env, x) {
        Ok(number) if number.kind == Kind::Zero => Some((x, F80::ONE)),
        Ok(number) => {
            let (sine, cosine) = sine_and_cosine(&number);
            // C1 is that of the sine.
            let cosine = inexact(env, cosine);
            Some((inexact(env, sine), cosine))
        }
        Err(result) => result.map(|nan| (nan, nan)),
    }
}

/// `FPTAN`: the tangent, and what is pushed after it: one, or the NaN. `None` means out of range: nothing happens but C2.
pub fn tangent(env: &mut Env, x: F80) -> Option<(F80, F80)> {
    match trigonometric(env, x) {
        Ok(number) if number.kind == Kind::Zero => Some((x, F80::ONE)),
        Ok(number) => {
            let tangent = tangent_of(&number);
            Some((inexact(env, tangent), F80::ONE))
        }
        Err(result) => result.map(|nan| (nan, nan)),
    }
}
