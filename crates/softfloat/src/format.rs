//! The number formats, and the common form into which each is unpacked.
//!
//! SDM Vol. 1, 4.2 (formats), 4.8.3 (classes), 8.2.2 (encodings that the x87 rejects).

use crate::{Env, Flags};

/// IEEE binary16.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct F16(pub u16);
/// IEEE binary32 ("single").
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct F32(pub u32);
/// IEEE binary64 ("double").
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct F64(pub u64);
/// The x87's 80-bit format, with an explicit integer bit at the top of the significand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct F80 {
    /// Bit 15 is the sign, the rest the exponent, biased by 16383.
    pub sign_exponent: u16,
    pub significand: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Zero,
    Finite,
    Infinity,
    Quiet,
    Signalling,
    /// Encodings that only the 80-bit format has and every operation since the 80387 rejects.
    Unsupported,
}

/// A number taken apart. A finite one is `significand * 2^(exponent - 63)` with bit 63 set, denormals too; the significand
/// of a NaN is its payload, left-aligned below bit 63, which is set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Unpacked {
    pub kind: Kind,
    pub sign: bool,
    pub denormal: bool,
    pub exponent: i32,
    pub significand: u64,
}

impl Unpacked {
    #[inline(always)]
    pub fn is_nan(&self) -> bool {
        matches!(self.kind, Kind::Quiet | Kind::Signalling)
    }

    /// Neither finite nor infinite: what operations must look at first.
    #[inline(always)]
    pub fn is_odd(&self) -> bool {
        matches!(self.kind, Kind::Quiet | Kind::Signalling | Kind::Unsupported)
    }
}

pub(crate) const TOP: u64 = 1 << 63;
pub(crate) const QUIET: u64 = 1 << 62;

/// A binary floating-point format as the CPU implements it. Sealed: the formats are [`F16`], [`F32`], [`F64`] and [`F80`].
#[allow(private_interfaces, reason = "the trait is sealed; only this crate unpacks")]
pub trait Float: Copy + PartialEq + core::fmt::Debug + sealed::Sealed {
    /// Bits of the significand, the integer bit included.
    const PRECISION: u32;
    /// Unbiased exponent of the smallest normal number.
    const MIN_EXPONENT: i32;
    /// Unbiased exponent of the largest finite number.
    const MAX_EXPONENT: i32;
    /// Follows the x87's rules for NaNs, underflow and unmasked responses.
    const X87: bool;

    #[doc(hidden)]
    fn unpack(self) -> Unpacked;
    /// A significand without bit 63 is that of a denormal or zero, whose exponent must be `MIN_EXPONENT`.
    #[doc(hidden)]
    fn pack(sign: bool, exponent: i32, significand: u64) -> Self;
    fn infinity(sign: bool) -> Self;
    /// A NaN with this payload, left-aligned; what does not fit is cut off.
    #[doc(hidden)]
    fn nan(sign: bool, significand: u64) -> Self;

    #[inline(always)]
    fn zero(sign: bool) -> Self {
        Self::pack(sign, Self::MIN_EXPONENT, 0)
    }

    /// The quiet NaN that the CPU makes itself: negative, payload zero.
    #[inline(always)]
    fn indefinite() -> Self {
        Self::nan(true, TOP | QUIET)
    }

    /// The finite number of the largest magnitude with `precision` bits.
    #[inline]
    #[doc(hidden)]
    fn largest(sign: bool, precision: u32) -> Self {
        Self::pack(sign, Self::MAX_EXPONENT, u64::MAX << (64 - precision))
    }

    /// Bits to which sums, products, quotients and roots are rounded.
    #[inline(always)]
    #[doc(hidden)]
    fn arithmetic_precision(_: &Env) -> u32 {
        Self::PRECISION
    }

    #[inline(always)]
    #[doc(hidden)]
    fn host_add(self, _: Self) -> Option<Self> {
        None
    }

    #[inline(always)]
    #[doc(hidden)]
    fn host_sub(self, _: Self) -> Option<Self> {
        None
    }

    #[inline(always)]
    #[doc(hidden)]
    fn host_mul(self, _: Self) -> Option<Self> {
        None
    }

    #[inline(always)]
    #[doc(hidden)]
    fn host_div(self, _: Self) -> Option<Self> {
        None
    }

    /// `root` is the host's square root, correctly rounded, which `core` does not have.
    #[inline(always)]
    #[doc(hidden)]
    fn host_sqrt(self, _root: impl FnOnce(f64) -> Option<f64>) -> Option<Self> {
        None
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::F16 {}
    impl Sealed for super::F32 {}
    impl Sealed for super::F64 {}
    impl Sealed for super::F80 {}
}

/// Unpacks an interchange format with `fraction` stored bits and `width` exponent bits.
#[inline(always)]
fn unpack_bits(bits: u64, fraction: u32, width: u32) -> Unpacked {
    let special = (1 << width) - 1;
    let bias = special as i32 / 2;
    let sign = bits >> (fraction + width) & 1 != 0;
    let field = (bits >> fraction) as u32 & special;
    // The stored bits, directly below bit 63.
    let payload = bits << (64 - fraction) >> 1;
    if field.wrapping_sub(1) < special - 1 {
        let exponent = field as i32 - bias;
        return Unpacked { kind: Kind::Finite, sign, denormal: false, exponent, significand: TOP | payload };
    }
    unpack_odd(sign, field == 0, payload, 1 - bias)
}

#[inline]
fn unpack_odd(sign: bool, small: bool, payload: u64, min_exponent: i32) -> Unpacked {
    let number = |kind, denormal, exponent, significand| Unpacked { kind, sign, denormal, exponent, significand };
    match (small, payload) {
        (true, 0) => number(Kind::Zero, false, min_exponent, 0),
        (true, _) => {
            let shift = payload.leading_zeros();
            number(Kind::Finite, true, min_exponent - shift as i32, payload << shift)
        }
        (false, 0) => number(Kind::Infinity, false, 0, TOP),
        (false, _) if payload & QUIET != 0 => number(Kind::Quiet, false, 0, TOP | payload),
        (false, _) => number(Kind::Signalling, false, 0, TOP | payload),
    }
}

#[inline(always)]
fn pack_bits(sign: bool, exponent: i32, significand: u64, fraction: u32, width: u32) -> u64 {
    let bias = (1 << (width - 1)) - 1;
    // A denormal has no integer bit, which takes one from the exponent field of the smallest normal number.
    let field = (exponent + bias - 1) as u64 + (significand >> 63);
    u64::from(sign) << (fraction + width) | field << fraction | significand << 1 >> (64 - fraction)
}

macro_rules! interchange_format {
    ($name:ident, $bits:ty, $fraction:expr, $width:expr $(, $host:ty)?) => {
        #[allow(private_interfaces, reason = "the trait is sealed; only this crate unpacks")]
        impl Float for $name {
            const PRECISION: u32 = $fraction + 1;
            const MIN_EXPONENT: i32 = 2 - (1 << ($width - 1));
            const MAX_EXPONENT: i32 = (1 << ($width - 1)) - 1;
            const X87: bool = false;

            #[inline(always)]
            fn unpack(self) -> Unpacked {
                unpack_bits(self.0.into(), $fraction, $width)
            }

            #[inline(always)]
            fn pack(sign: bool, exponent: i32, significand: u64) -> Self {
                $name(pack_bits(sign, exponent, significand, $fraction, $width) as $bits)
            }

            #[inline(always)]
            fn infinity(sign: bool) -> Self {
                Self::pack(sign, Self::MAX_EXPONENT + 1, TOP)
            }

            #[inline(always)]
            fn nan(sign: bool, significand: u64) -> Self {
                Self::pack(sign, Self::MAX_EXPONENT + 1, significand)
            }

            $(
                #[inline(always)]
                fn host_add(self, other: Self) -> Option<Self> {
                    let sum = $name((<$host>::from_bits(self.0) + <$host>::from_bits(other.0)).to_bits());
                    let plain = self.is_plain() && other.is_plain();
                    // A sum of normal numbers is never both tiny and inexact; a zero is the exact difference of equals.
                    (plain && sum.is_plain()).then_some(sum)
                }

                #[inline(always)]
                fn host_sub(self, other: Self) -> Option<Self> {
                    let difference = $name((<$host>::from_bits(self.0) - <$host>::from_bits(other.0)).to_bits());
                    let plain = self.is_plain() && other.is_plain();
                    (plain && difference.is_plain()).then_some(difference)
                }

                #[inline(always)]
                fn host_mul(self, other: Self) -> Option<Self> {
                    let product = $name((<$host>::from_bits(self.0) * <$host>::from_bits(other.0)).to_bits());
                    (self.is_plain() && other.is_plain() && product.is_well_inside()).then_some(product)
                }

                #[inline(always)]
                fn host_div(self, other: Self) -> Option<Self> {
                    let quotient = $name((<$host>::from_bits(self.0) / <$host>::from_bits(other.0)).to_bits());
                    (self.is_plain() && other.is_normal() && quotient.is_well_inside()).then_some(quotient)
                }

                /// A root of single precision survives being rounded twice.
                #[inline(always)]
                fn host_sqrt(self, root: impl FnOnce(f64) -> Option<f64>) -> Option<Self> {
                    if !self.is_normal() || self.0 & Self::SIGN != 0 {
                        return None;
                    }
                    let root = root(<$host>::from_bits(self.0).into())?;
                    Some($name((root as $host).to_bits()))
                }
            )?
        }

        impl $name {
            const SIGN: $bits = 1 << ($fraction + $width);
            const SPECIAL: $bits = ((1 << $width) - 1) << $fraction;

            #[inline(always)]
            pub fn is_normal(self) -> bool {
                (self.0 & Self::SPECIAL).wrapping_sub(1 << $fraction) < Self::SPECIAL - (1 << $fraction)
            }

            /// Zero or normal.
            #[inline(always)]
            pub fn is_plain(self) -> bool {
                self.is_normal() || self.0 & !Self::SIGN == 0
            }

            #[inline(always)]
            pub fn is_nan(self) -> bool {
                self.0 & !Self::SIGN > Self::SPECIAL
            }

            #[inline(always)]
            pub fn is_denormal(self) -> bool {
                self.0 & Self::SPECIAL == 0 && self.0 & !Self::SIGN != 0
            }

            /// Normal and above the smallest normal number, which may have been rounded up from a tiny result.
            #[inline(always)]
            #[allow(dead_code, reason = "formats without host arithmetic")]
            fn is_well_inside(self) -> bool {
                self.is_normal() && self.0 & !Self::SIGN != 1 << $fraction
            }
        }
    };
}

interchange_format!(F16, u16, 10, 5);
interchange_format!(F32, u32, 23, 8, f32);
interchange_format!(F64, u64, 52, 11, f64);

#[allow(private_interfaces, reason = "the trait is sealed; only this crate unpacks")]
impl Float for F80 {
    const PRECISION: u32 = 64;
    const MIN_EXPONENT: i32 = -16382;
    const MAX_EXPONENT: i32 = 16383;
    const X87: bool = true;

    fn unpack(self) -> Unpacked {
        let sign = self.is_negative();
        let field = self.sign_exponent & 0x7fff;
        let number = |kind, denormal, exponent, significand| Unpacked { kind, sign, denormal, exponent, significand };
        match (field, self.significand) {
            (0, 0) => number(Kind::Zero, false, Self::MIN_EXPONENT, 0),
            // Pseudo-denormals have the integer bit and count as denormals.
            (0, s) => {
                let shift = s.leading_zeros();
                number(Kind::Finite, true, Self::MIN_EXPONENT - shift as i32, s << shift)
            }
            (_, s) if s & TOP == 0 => number(Kind::Unsupported, false, 0, s),
            (0x7fff, TOP) => number(Kind::Infinity, false, 0, TOP),
            (0x7fff, s) if s & QUIET != 0 => number(Kind::Quiet, false, 0, s),
            (0x7fff, s) => number(Kind::Signalling, false, 0, s),
            (_, s) => number(Kind::Finite, false, i32::from(field) - 16383, s),
        }
    }

    fn pack(sign: bool, exponent: i32, significand: u64) -> F80 {
        let field = (exponent + 16382) as u16 + (significand >> 63) as u16;
        F80 { sign_exponent: u16::from(sign) << 15 | field, significand }
    }

    fn infinity(sign: bool) -> F80 {
        F80::nan(sign, TOP)
    }

    fn nan(sign: bool, significand: u64) -> F80 {
        F80 { sign_exponent: u16::from(sign) << 15 | 0x7fff, significand }
    }

    fn arithmetic_precision(env: &Env) -> u32 {
        env.precision.bits()
    }
}

impl F80 {
    pub const ZERO: F80 = F80::new(0, 0);
    pub const ONE: F80 = F80::new(0x3fff, TOP);
    pub const INDEFINITE: F80 = F80::new(0xffff, TOP | QUIET);

    pub const fn new(sign_exponent: u16, significand: u64) -> F80 {
        F80 { sign_exponent, significand }
    }

    /// From the ten bytes in memory.
    pub fn from_bytes(bytes: [u8; 10]) -> F80 {
        let [a, b, c, d, e, f, g, h, low, high] = bytes;
        F80::new(u16::from_le_bytes([low, high]), u64::from_le_bytes([a, b, c, d, e, f, g, h]))
    }

    pub fn to_bytes(self) -> [u8; 10] {
        let [a, b, c, d, e, f, g, h] = self.significand.to_le_bytes();
        let [low, high] = self.sign_exponent.to_le_bytes();
        [a, b, c, d, e, f, g, h, low, high]
    }

    pub const fn is_negative(self) -> bool {
        self.sign_exponent >> 15 != 0
    }

    /// `FCHS`: also of NaNs and unsupported encodings.
    #[must_use]
    pub const fn negated(self) -> F80 {
        F80::new(self.sign_exponent ^ 0x8000, self.significand)
    }

    /// `FABS`: also of NaNs and unsupported encodings.
    #[must_use]
    pub const fn absolute(self) -> F80 {
        F80::new(self.sign_exponent & 0x7fff, self.significand)
    }

    /// What `FXAM` tells: the class, apart from "empty", which is the register's and not the value's.
    pub fn class(self) -> Class {
        let number = self.unpack();
        match number.kind {
            Kind::Zero => Class::Zero,
            Kind::Finite if number.denormal => Class::Denormal,
            Kind::Finite => Class::Normal,
            Kind::Infinity => Class::Infinity,
            Kind::Quiet | Kind::Signalling => Class::Nan,
            Kind::Unsupported => Class::Unsupported,
        }
    }
}

/// The classes of `FXAM`, numbered as C3 C2 C0 (SDM Vol. 1, table 8-1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    Unsupported = 0,
    Nan = 1,
    Normal = 2,
    Infinity = 3,
    Zero = 4,
    Denormal = 6,
}

/// Unpacks an operand as the environment sees it.
#[inline(always)]
pub(crate) fn load<F: Float>(env: &Env, x: F) -> Unpacked {
    let mut number = x.unpack();
    if !F::X87 && env.daz && number.denormal {
        number.kind = Kind::Zero;
        number.denormal = false;
        number.significand = 0;
    }
    number
}

/// The NaN that an operation with one odd operand delivers.
#[cold]
pub(crate) fn odd<F: Float>(env: &mut Env, a: Unpacked) -> F {
    match a.kind {
        Kind::Unsupported => return invalid(env),
        Kind::Signalling => env.raise(Flags::IE),
        _ => {}
    }
    F::nan(a.sign, a.significand | QUIET)
}

/// The NaN that an operation delivers of whose two operands at least one is a NaN or unsupported. SDM Vol. 1, table 4-7:
/// SSE takes the first operand if that is a NaN; the x87 the larger significand, and a quiet NaN before a signalling one.
#[cold]
pub(crate) fn odd2<F: Float>(env: &mut Env, a: Unpacked, b: Unpacked) -> F {
    if a.kind == Kind::Unsupported || b.kind == Kind::Unsupported {
        return invalid(env);
    }
    if a.kind == Kind::Signalling || b.kind == Kind::Signalling {
        env.raise(Flags::IE);
    }
    let first = match (a.is_nan(), b.is_nan()) {
        (true, false) => true,
        (false, _) => false,
        (true, true) if !F::X87 => true,
        (true, true) => match (a.kind, b.kind) {
            (Kind::Quiet, Kind::Signalling) => true,
            (Kind::Signalling, Kind::Quiet) => false,
            _ => match a.significand.cmp(&b.significand) {
                core::cmp::Ordering::Equal => !a.sign,
                order => order.is_gt(),
            },
        },
    };
    let nan = if first { a } else { b };
    F::nan(nan.sign, nan.significand | QUIET)
}

#[cold]
pub(crate) fn invalid<F: Float>(env: &mut Env) -> F {
    env.raise(Flags::IE);
    F::indefinite()
}
