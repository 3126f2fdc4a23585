//! Comparison, minimum and maximum, and rounding to an integral value.

use core::cmp::Ordering;

use crate::arithmetic::note_denormals;
use crate::format::{Kind, Unpacked, load, odd};
use crate::round::round_at;
use crate::{Env, Flags, Float, Rounding};

/// How `COMISS` and `FCOM` compare: a quiet NaN raises IE; how `UCOMISS` and `FUCOM` do: only a signalling one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Nans {
    Signal,
    Quiet,
}

/// Compares; `None` is unordered.
#[inline]
pub fn compare<F: Float>(env: &mut Env, a: F, b: F, nans: Nans) -> Option<Ordering> {
    let (a, b) = (load(env, a), load(env, b));
    if a.is_odd() || b.is_odd() {
        let loud = |x: &Unpacked| matches!(x.kind, Kind::Signalling | Kind::Unsupported);
        if nans == Nans::Signal || loud(&a) || loud(&b) {
            env.raise(Flags::IE);
        }
        return None;
    }
    note_denormals::<F>(env, a.denormal | b.denormal);
    Some(order(&a, &b))
}

fn order(a: &Unpacked, b: &Unpacked) -> Ordering {
    // A magnitude whose order is that of the numbers.
    let key = |x: &Unpacked| match x.kind {
        Kind::Zero => (i32::MIN, 0),
        Kind::Infinity => (i32::MAX, 0),
        _ => (x.exponent, x.significand),
    };
    let (x, y) = (key(a), key(b));
    match (a.sign && a.kind != Kind::Zero, b.sign && b.kind != Kind::Zero) {
        (false, false) => x.cmp(&y),
        (true, true) => y.cmp(&x),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}

/// `MINPS`: the second operand if either is a NaN or both are zeros.
#[inline]
pub fn min<F: Float>(env: &mut Env, a: F, b: F) -> F {
    select(env, a, b, Ordering::Less)
}

/// `MAXPS`: the second operand if either is a NaN or both are zeros.
#[inline]
pub fn max<F: Float>(env: &mut Env, a: F, b: F) -> F {
    select(env, a, b, Ordering::Greater)
}

#[inline]
fn select<F: Float>(env: &mut Env, a: F, b: F, first: Ordering) -> F {
    let chosen = if compare(env, a, b, Nans::Signal) == Some(first) { a } else { b };
    let number = load(env, chosen);
    if number.kind == Kind::Zero { F::zero(number.sign) } else { chosen }
}

/// Rounds to an integral value. `inexact` tells whether PE is raised when that changes the value (`ROUNDPS` can suppress it);
/// only the x87 raises DE here.
pub fn round_to_integral<F: Float>(env: &mut Env, x: F, mode: Rounding, inexact: bool) -> F {
    let number = load(env, x);
    if number.is_odd() {
        return odd(env, number);
    }
    if F::X87 {
        note_denormals::<F>(env, number.denormal);
    }
    if number.kind == Kind::Zero {
        return F::zero(number.sign);
    }
    if number.kind == Kind::Infinity || number.exponent >= F::PRECISION as i32 - 1 {
        return x;
    }
    let (sign, exponent) = (number.sign, number.exponent);
    let (result, changed) = if exponent < 0 {
        let up = match mode {
            Rounding::Nearest => exponent == -1 && number.significand > 1 << 63,
            Rounding::Up => !sign,
            Rounding::Down => sign,
            Rounding::Zero => false,
        };
        env.rounded_up = up;
        (if up { F::pack(sign, 0, 1 << 63) } else { F::zero(sign) }, true)
    } else {
        let rounded = round_at(mode, exponent as u32 + 1, sign, number.significand, 0);
        env.rounded_up = rounded.up;
        (F::pack(sign, exponent + i32::from(rounded.carry), rounded.significand), rounded.inexact)
    };
    if changed && inexact {
        env.raise(Flags::PE);
    }
    result
}
