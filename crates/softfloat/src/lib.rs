//! IEEE binary32 and binary64 and the x87's 80-bit arithmetic, bit for bit as an x86 CPU does it: results, NaN payloads,
//! indefinite values and exception flags.
//!
//! An [`Env`] holds rounding, masks and the flags raised; every operation takes one. Values are bit patterns ([`F16`],
//! [`F32`], [`F64`], [`F80`]), never the host's floats, so that a NaN survives on every host. Operations are generic over
//! [`Float`]: `add(&mut env, F64(a), F64(b)).0`.
//!
//! SDM Vol. 1, chapters 4 (numbers and exceptions), 8 (x87), 11.5 (SSE exceptions).
#![no_std]
#![forbid(unsafe_code)]

mod arithmetic;
mod compare;
mod convert;
mod env;
mod extended;
mod format;
mod round;
mod transcendental;
mod wide;

pub use arithmetic::{add, div, fma, mul, sqrt, sub};
pub use compare::{Nans, compare, max, min, round_to_integral};
pub use convert::{
    DECIMAL_INDEFINITE, convert, from_decimal, from_half, from_signed, from_unsigned, load32, load64, store,
    to_decimal, to_half, to_signed, to_unsigned, widen,
};
pub use env::{Env, Flags, Precision, Rounding};
pub use extended::{Constant, Quotient, Remainder, extract, remainder, scale};
pub use format::{Class, F16, F32, F64, F80, Float};
pub use transcendental::{arc_tangent_of, cosine, exp2_minus_1, sine, sine_cosine, tangent, y_log2_x, y_log2_x_plus_1};
