//! Integer operations lane by lane, and the packs and unpacks: rows of a function of both operands (SDM Vol. 2B, P...).

use crate::chain::{Call, Run, call};
use crate::inst::{Inst, Places};
use crate::size::Size;
use crate::state::Cpu;
use crate::stop::{Flow, Stop};
use core::marker::PhantomData;
use isa::Op;

/// An operation of two vectors of `bits` (64 or 128) bits.
trait Lanes {
    /// Bytes of an MMX source in memory.
    const MMX_BYTES: Size = Size::B8;
    fn apply(a: u128, b: u128, bits: u32) -> u128;
}

struct OnXmm<L>(PhantomData<L>);
struct OnMmx<L>(PhantomData<L>);

impl<L: Lanes> Call for OnXmm<L> {
    #[inline(always)]
    fn call(cpu: &mut Cpu, inst: &Inst) -> Flow {
        let b = cpu.source128(inst)?;
        let a = cpu.xmm(inst.dst);
        cpu.set_xmm(inst.dst, L::apply(a, b, 128));
        Ok(())
    }
}

impl<L: Lanes> Call for OnMmx<L> {
    #[inline(always)]
    fn call(cpu: &mut Cpu, inst: &Inst) -> Flow {
        cpu.check_mmx()?;
        let b = if inst.has_memory() { cpu.load_any(cpu.address_any(inst), L::MMX_BYTES)? } else { cpu.mmx(inst.src) };
        let a = cpu.mmx(inst.dst);
        cpu.touch_mmx();
        cpu.set_mmx(inst.dst, L::apply(a as u128, b as u128, 64) as u64);
        Ok(())
    }
}

/// A shift of lanes by the low 64 bits of the source, or by an immediate.
trait Shift {
    fn apply(a: u128, count: u64) -> u128;
}

struct ShiftXmm<L>(PhantomData<L>);
struct ShiftMmx<L>(PhantomData<L>);

impl<L: Shift> Call for ShiftXmm<L> {
    fn call(cpu: &mut Cpu, inst: &Inst) -> Flow {
        let count = match inst.form.places() {
            Places::RegImm => inst.imm & 0xff,
            _ => cpu.source128(inst)? as u64,
        };
        let value = L::apply(cpu.xmm(inst.dst), count);
        cpu.set_xmm(inst.dst, value);
        Ok(())
    }
}

impl<L: Shift> Call for ShiftMmx<L> {
    fn call(cpu: &mut Cpu, inst: &Inst) -> Flow {
        cpu.check_mmx()?;
        let count: Result<u64, Stop> = match inst.form.places() {
            Places::RegImm => Ok(inst.imm & 0xff),
            _ => cpu.source_mmx(inst),
        };
        let value = L::apply(cpu.mmx(inst.dst) as u128, count?);
        cpu.touch_mmx();
        cpu.set_mmx(inst.dst, value as u64);
        Ok(())
    }
}

macro_rules! lanes {
    (
        lanes { $($name:ident($a:ident, $b:ident, $bits:ident) $(from $bytes:ident)? $body:block)* }
        shifts { $($shift:ident($value:ident, $count:ident) $shift_body:block)* }
    ) => {
        $(
            struct $name;
            impl Lanes for $name {
                $(const MMX_BYTES: Size = Size::$bytes;)?
                #[inline(always)]
                #[allow(unused_variables, reason = "most rows do not depend on the width")]
                fn apply($a: u128, $b: u128, $bits: u32) -> u128 $body
            }
        )*
        $(
            struct $shift;
            impl Shift for $shift {
                #[inline(always)]
                fn apply($value: u128, $count: u64) -> u128 $shift_body
            }
        )*

        pub(super) fn handler(op: Op, is_mmx: bool) -> Option<Run> {
            Some(match op {
                $(Op::$name if is_mmx => call::<OnMmx<$name>>(),)*
                $(Op::$name => call::<OnXmm<$name>>(),)*
                $(Op::$shift if is_mmx => call::<ShiftMmx<$shift>>(),)*
                $(Op::$shift => call::<ShiftXmm<$shift>>(),)*
                _ => return None,
            })
        }
    };
}

lanes! {
    lanes {
    Paddb(a, b, bits) { map8(a, b, u8::wrapping_add) }
    Paddw(a, b, bits) { map16(a, b, u16::wrapping_add) }
    Paddd(a, b, bits) { map32(a, b, u32::wrapping_add) }
    Paddq(a, b, bits) { map64(a, b, u64::wrapping_add) }
    Psubb(a, b, bits) { map8(a, b, u8::wrapping_sub) }
    Psubw(a, b, bits) { map16(a, b, u16::wrapping_sub) }
    Psubd(a, b, bits) { map32(a, b, u32::wrapping_sub) }
    Psubq(a, b, bits) { map64(a, b, u64::wrapping_sub) }
    Paddusb(a, b, bits) { map8(a, b, u8::saturating_add) }
    Paddusw(a, b, bits) { map16(a, b, u16::saturating_add) }
    Psubusb(a, b, bits) { map8(a, b, u8::saturating_sub) }
    Psubusw(a, b, bits) { map16(a, b, u16::saturating_sub) }
    Paddsb(a, b, bits) { map8(a, b, |x, y| (x as i8).saturating_add(y as i8) as u8) }
    Paddsw(a, b, bits) { map16(a, b, |x, y| (x as i16).saturating_add(y as i16) as u16) }
    Psubsb(a, b, bits) { map8(a, b, |x, y| (x as i8).saturating_sub(y as i8) as u8) }
    Psubsw(a, b, bits) { map16(a, b, |x, y| (x as i16).saturating_sub(y as i16) as u16) }
    Pminub(a, b, bits) { map8(a, b, u8::min) }
    Pmaxub(a, b, bits) { map8(a, b, u8::max) }
    Pminuw(a, b, bits) { map16(a, b, u16::min) }
    Pmaxuw(a, b, bits) { map16(a, b, u16::max) }
    Pminud(a, b, bits) { map32(a, b, u32::min) }
    Pmaxud(a, b, bits) { map32(a, b, u32::max) }
    Pminsb(a, b, bits) { map8(a, b, |x, y| (x as i8).min(y as i8) as u8) }
    Pmaxsb(a, b, bits) { map8(a, b, |x, y| (x as i8).max(y as i8) as u8) }
    Pminsw(a, b, bits) { map16(a, b, |x, y| (x as i16).min(y as i16) as u16) }
    Pmaxsw(a, b, bits) { map16(a, b, |x, y| (x as i16).max(y as i16) as u16) }
    Pminsd(a, b, bits) { map32(a, b, |x, y| (x as i32).min(y as i32) as u32) }
    Pmaxsd(a, b, bits) { map32(a, b, |x, y| (x as i32).max(y as i32) as u32) }
    Pavgb(a, b, bits) { map8(a, b, |x, y| ((x as u16 + y as u16 + 1) >> 1) as u8) }
    Pavgw(a, b, bits) { map16(a, b, |x, y| ((x as u32 + y as u32 + 1) >> 1) as u16) }
    Pcmpeqb(a, b, bits) { map8(a, b, |x, y| if x == y { u8::MAX } else { 0 }) }
    Pcmpeqw(a, b, bits) { map16(a, b, |x, y| if x == y { u16::MAX } else { 0 }) }
    Pcmpeqd(a, b, bits) { map32(a, b, |x, y| if x == y { u32::MAX } else { 0 }) }
    Pcmpeqq(a, b, bits) { map64(a, b, |x, y| if x == y { u64::MAX } else { 0 }) }
    Pcmpgtb(a, b, bits) { map8(a, b, |x, y| if x as i8 > y as i8 { u8::MAX } else { 0 }) }
    Pcmpgtw(a, b, bits) { map16(a, b, |x, y| if x as i16 > y as i16 { u16::MAX } else { 0 }) }
    Pcmpgtd(a, b, bits) { map32(a, b, |x, y| if x as i32 > y as i32 { u32::MAX } else { 0 }) }
    Pcmpgtq(a, b, bits) { map64(a, b, |x, y| if x as i64 > y as i64 { u64::MAX } else { 0 }) }

    Pand(a, b, bits) { a & b }
    Pandn(a, b, bits) { !a & b }
    Por(a, b, bits) { a | b }
    Pxor(a, b, bits) { a ^ b }
    Andps(a, b, bits) { a & b }
    Andnps(a, b, bits) { !a & b }
    Orps(a, b, bits) { a | b }
    Xorps(a, b, bits) { a ^ b }
    Andpd(a, b, bits) { a & b }
    Andnpd(a, b, bits) { !a & b }
    Orpd(a, b, bits) { a | b }
    Xorpd(a, b, bits) { a ^ b }

    Pmullw(a, b, bits) { map16(a, b, u16::wrapping_mul) }
    Pmulld(a, b, bits) { map32(a, b, u32::wrapping_mul) }
    Pmulhw(a, b, bits) { map16(a, b, |x, y| (x as i16 as i32 * y as i16 as i32 >> 16) as u16) }
    Pmulhuw(a, b, bits) { map16(a, b, |x, y| (x as u32 * y as u32 >> 16) as u16) }
    Pmulhrsw(a, b, bits) {
        map16(a, b, |x, y| (((x as i16 as i32 * y as i16 as i32 >> 14) + 1) >> 1) as u16)
    }
    Pmuludq(a, b, bits) { map64(a, b, |x, y| x as u32 as u64 * y as u32 as u64) }
    Pmuldq(a, b, bits) { map64(a, b, |x, y| (x as i32 as i64).wrapping_mul(y as i32 as i64) as u64) }
    Pmaddwd(a, b, bits) {
        let product = |x: u32, y: u32| (x as i16 as i32).wrapping_mul(y as i16 as i32);
        map32(a, b, |x, y| product(x, y).wrapping_add(product(x >> 16, y >> 16)) as u32)
    }
    // Unsigned bytes of the first by signed bytes of the second.
    Pmaddubsw(a, b, bits) {
        let product = |x: u16, y: u16| x as u8 as i16 as i32 * y as u8 as i8 as i32;
        map16(a, b, |x, y| {
            let sum = product(x, y) + product(x >> 8, y >> 8);
            sum.clamp(i16::MIN as i32, i16::MAX as i32) as u16
        })
    }
    Psadbw(a, b, bits) {
        map64(a, b, |x, y| {
            x.to_le_bytes().iter().zip(y.to_le_bytes()).map(|(x, y)| x.abs_diff(y) as u64).sum()
        })
    }
    Psignb(a, b, bits) { map8(a, b, |x, y| sign(x as i8 as i64, y as i8 as i64) as u8) }
    Psignw(a, b, bits) { map16(a, b, |x, y| sign(x as i16 as i64, y as i16 as i64) as u16) }
    Psignd(a, b, bits) { map32(a, b, |x, y| sign(x as i32 as i64, y as i32 as i64) as u32) }
    Pabsb(a, b, bits) { map8(b, 0, |x, _| (x as i8).wrapping_abs() as u8) }
    Pabsw(a, b, bits) { map16(b, 0, |x, _| (x as i16).wrapping_abs() as u16) }
    Pabsd(a, b, bits) { map32(b, 0, |x, _| (x as i32).wrapping_abs() as u32) }

    Phaddw(a, b, bits) { pairs16(a, b, bits, |x, y| x.wrapping_add(y)) }
    Phsubw(a, b, bits) { pairs16(a, b, bits, |x, y| x.wrapping_sub(y)) }
    Phaddsw(a, b, bits) { pairs16(a, b, bits, |x, y| (x as i16).saturating_add(y as i16) as u16) }
    Phsubsw(a, b, bits) { pairs16(a, b, bits, |x, y| (x as i16).saturating_sub(y as i16) as u16) }
    Phaddd(a, b, bits) { pairs32(a, b, bits, |x, y| x.wrapping_add(y)) }
    Phsubd(a, b, bits) { pairs32(a, b, bits, |x, y| x.wrapping_sub(y)) }

    Packsswb(a, b, bits) { pack(a, b, bits, 16, |x| x.clamp(-128, 127)) }
    Packuswb(a, b, bits) { pack(a, b, bits, 16, |x| x.clamp(0, 255)) }
    Packssdw(a, b, bits) { pack(a, b, bits, 32, |x| x.clamp(-0x8000, 0x7fff)) }
    Packusdw(a, b, bits) { pack(a, b, bits, 32, |x| x.clamp(0, 0xffff)) }
    Punpcklbw(a, b, bits) from B4 { interleave(a, b, 8, 0, bits) }
    Punpcklwd(a, b, bits) from B4 { interleave(a, b, 16, 0, bits) }
    Punpckldq(a, b, bits) from B4 { interleave(a, b, 32, 0, bits) }
    Punpcklqdq(a, b, bits) { interleave(a, b, 64, 0, bits) }
    Punpckhbw(a, b, bits) { interleave(a, b, 8, bits / 2, bits) }
    Punpckhwd(a, b, bits) { interleave(a, b, 16, bits / 2, bits) }
    Punpckhdq(a, b, bits) { interleave(a, b, 32, bits / 2, bits) }
    Punpckhqdq(a, b, bits) { interleave(a, b, 64, bits / 2, bits) }
    Unpcklps(a, b, bits) { interleave(a, b, 32, 0, bits) }
    Unpckhps(a, b, bits) { interleave(a, b, 32, bits / 2, bits) }
    Unpcklpd(a, b, bits) { interleave(a, b, 64, 0, bits) }
    Unpckhpd(a, b, bits) { interleave(a, b, 64, bits / 2, bits) }
    Pshufb(a, b, bits) {
        let (bytes, mask) = (a.to_le_bytes(), bits as u8 / 8 - 1);
        map8(b, 0, |selector, _| if selector & 0x80 != 0 { 0 } else { bytes[(selector & mask) as usize] })
    }

    }
    shifts {
    Psllw(a, count) { if count > 15 { 0 } else { map16(a, 0, |x, _| x << count) } }
    Pslld(a, count) { if count > 31 { 0 } else { map32(a, 0, |x, _| x << count) } }
    Psllq(a, count) { if count > 63 { 0 } else { map64(a, 0, |x, _| x << count) } }
    Psrlw(a, count) { if count > 15 { 0 } else { map16(a, 0, |x, _| x >> count) } }
    Psrld(a, count) { if count > 31 { 0 } else { map32(a, 0, |x, _| x >> count) } }
    Psrlq(a, count) { if count > 63 { 0 } else { map64(a, 0, |x, _| x >> count) } }
    Psraw(a, count) { map16(a, 0, |x, _| (x as i16 >> count.min(15)) as u16) }
    Psrad(a, count) { map32(a, 0, |x, _| (x as i32 >> count.min(31)) as u32) }
    Pslldq(a, count) { if count > 15 { 0 } else { a << (count * 8) } }
    Psrldq(a, count) { if count > 15 { 0 } else { a >> (count * 8) } }
    }
}

macro_rules! maps {
    ($($name:ident $type:ty, $bytes:literal, $count:literal;)*) => {$(
        /// The function on each pair of lanes.
        #[inline(always)]
        pub(super) fn $name(a: u128, b: u128, f: impl Fn($type, $type) -> $type) -> u128 {
            let (a, b) = (a.to_le_bytes(), b.to_le_bytes());
            let mut result = [0u8; 16];
            for lane in 0..$count {
                let at = lane * $bytes;
                let load = |v: &[u8; 16]| <$type>::from_le_bytes(core::array::from_fn(|i| v[at + i]));
                let value = f(load(&a), load(&b)).to_le_bytes();
                result[at..at + $bytes].copy_from_slice(&value);
            }
            u128::from_le_bytes(result)
        }
    )*};
}

maps! {
    map8 u8, 1, 16;
    map16 u16, 2, 8;
    map32 u32, 4, 4;
    map64 u64, 8, 2;
}

/// Lane `n` of `width` bits.
#[inline(always)]
pub(super) fn lane(value: u128, width: u32, n: u32) -> u64 {
    (value >> (width * n)) as u64 & (u64::MAX >> (64 - width))
}

fn sign(value: i64, by: i64) -> i64 {
    value.wrapping_mul(by.signum())
}

/// The function on neighbours: the first operand's pairs give the low half, the second's the high half.
fn pairs16(a: u128, b: u128, bits: u32, f: impl Fn(u16, u16) -> u16) -> u128 {
    pairs(a, b, bits, 16, |x, y| f(x as u16, y as u16) as u64)
}

fn pairs32(a: u128, b: u128, bits: u32, f: impl Fn(u32, u32) -> u32) -> u128 {
    pairs(a, b, bits, 32, |x, y| f(x as u32, y as u32) as u64)
}

fn pairs(a: u128, b: u128, bits: u32, width: u32, f: impl Fn(u64, u64) -> u64) -> u128 {
    let count = bits / width;
    let mut result = 0;
    for n in 0..count {
        let (from, first) = if n < count / 2 { (a, 2 * n) } else { (b, 2 * n - count) };
        let value = f(lane(from, width, first), lane(from, width, first + 1));
        result |= (value as u128) << (width * n);
    }
    result
}

/// Signed lanes of `width` bits, saturated to half of it.
fn pack(a: u128, b: u128, bits: u32, width: u32, saturate: impl Fn(i64) -> i64) -> u128 {
    let count = bits / width;
    let (half, mut result) = (width / 2, 0);
    for n in 0..2 * count {
        let from = if n < count { lane(a, width, n) } else { lane(b, width, n - count) };
        let value = (from as i64) << (64 - width) >> (64 - width);
        let saturated = saturate(value) as u64 & (u64::MAX >> (64 - half));
        result |= (saturated as u128) << (half * n);
    }
    result
}

/// Lanes of both operands in turn, from bit `from` on.
#[inline(always)]
fn interleave(a: u128, b: u128, width: u32, from: u32, bits: u32) -> u128 {
    let (a, b) = (a >> from, b >> from);
    let mut result = 0;
    for n in 0..bits / width / 2 {
        result |= (lane(a, width, n) as u128) << (2 * n * width);
        result |= (lane(b, width, n) as u128) << ((2 * n + 1) * width);
    }
    result
}
