//! Integer operations lane by lane, and the packs and unpacks: rows of a function of both operands (SDM Vol. 2B, P...).

use super::swar::{BYTES, DOUBLES, WORDS, interleave, map16, map32};
use super::{Anywhere, Plain, Register, Source};
use crate::chain::{Call, Run, Short, call, short};
use crate::inst::{Inst, Places};
use crate::size::Size;
use crate::state::Cpu;
use crate::stop::{Flow, Stop};
use core::marker::PhantomData;
use isa::Op;

/// An operation on each half of a register by itself.
trait Halves {
    fn apply(a: u64, b: u64) -> u64;
}

/// An operation of two vectors of `bits` (64 or 128) bits.
trait Lanes {
    /// Bytes of an MMX source in memory.
    const MMX_BYTES: Size = Size::B8;
    fn apply(a: u128, b: u128, bits: u32) -> u128;
}

struct EachHalf<L, S>(PhantomData<(L, S)>);
struct OnXmm<L>(PhantomData<L>);
struct OnMmx<L>(PhantomData<L>);

impl<L: Halves> Call for EachHalf<L, Anywhere> {
    #[inline(always)]
    fn call(cpu: &mut Cpu, inst: &Inst) -> Flow {
        let b = cpu.source128(inst)?;
        let register = &mut cpu.xmm[inst.dst as usize & 15];
        register[0] = L::apply(register[0], b as u64);
        register[1] = L::apply(register[1], (b >> 64) as u64);
        Ok(())
    }
}

impl<L: Halves, S: Source> Short for EachHalf<L, S> {
    type Long = EachHalf<L, Anywhere>;
    #[inline(always)]
    fn short(cpu: &mut Cpu, inst: &Inst) -> Option<()> {
        let b = S::load(cpu, inst)?;
        let register = &mut cpu.xmm[inst.dst as usize & 15];
        register[0] = L::apply(register[0], b[0]);
        register[1] = L::apply(register[1], b[1]);
        Some(())
    }
}

impl<L: Lanes> Call for OnXmm<L> {
    #[inline(always)]
    fn call(cpu: &mut Cpu, inst: &Inst) -> Flow {
        let b = cpu.source128(inst)?;
        let a = cpu.xmm(inst.dst);
        cpu.set_xmm(inst.dst, L::apply(a, b, 128));
        Ok(())
    }
}

impl<L: Halves> Lanes for EachHalf<L, Anywhere> {
    #[inline(always)]
    fn apply(a: u128, b: u128, _bits: u32) -> u128 {
        L::apply(a as u64, b as u64) as u128
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

/// A shift of each half by itself.
fn halves(a: u128, f: impl Fn(u64) -> u64) -> u128 {
    (f((a >> 64) as u64) as u128) << 64 | f(a as u64) as u128
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

/// The handler of an integer operation; the most frequent ones have some for each kind of source.
pub(super) fn handler(op: Op, is_mmx: bool, inst: &Inst) -> Option<Run> {
    hot(op, inst).filter(|_| !is_mmx).or_else(|| any(op, is_mmx))
}

macro_rules! hot {
    ($($name:ident)*) => {
        fn hot(op: Op, inst: &Inst) -> Option<Run> {
            Some(match op {
                $(Op::$name if !inst.has_memory() => short::<EachHalf<$name, Register>>(),)*
                $(Op::$name if inst.is_plainly_addressed() => short::<EachHalf<$name, Plain>>(),)*
                _ => return None,
            })
        }
    };
}

hot! {
    Pcmpeqb Pcmpeqw Pcmpeqd Pcmpgtb Pminub Pmaxub Psubb Psubusb Paddb Paddw Paddd Paddq Psubd Pand Pandn Por Pxor
    Andps Andpd Andnps Xorps Xorpd Orps Orpd
}

macro_rules! lanes {
    (
        halves { $($half:ident($x:ident, $y:ident) $half_body:block)* }
        lanes { $($name:ident($a:ident, $b:ident, $bits:ident) $(from $bytes:ident)? $body:block)* }
        shifts { $($shift:ident($value:ident, $count:ident) $shift_body:block)* }
    ) => {
        $(
            struct $half;
            impl Halves for $half {
                #[inline(always)]
                #[allow(unused_variables, reason = "PABS looks at its second operand only")]
                fn apply($x: u64, $y: u64) -> u64 $half_body
            }
        )*
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

        fn any(op: Op, is_mmx: bool) -> Option<Run> {
            Some(match op {
                $(Op::$half if is_mmx => call::<OnMmx<EachHalf<$half, Anywhere>>>(),)*
                $(Op::$half => call::<EachHalf<$half, Anywhere>>(),)*
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
    halves {
    Paddb(a, b) { BYTES.add(a, b) }
    Paddw(a, b) { WORDS.add(a, b) }
    Paddd(a, b) { DOUBLES.add(a, b) }
    Paddq(a, b) { a.wrapping_add(b) }
    Psubb(a, b) { BYTES.sub(a, b) }
    Psubw(a, b) { WORDS.sub(a, b) }
    Psubd(a, b) { DOUBLES.sub(a, b) }
    Psubq(a, b) { a.wrapping_sub(b) }
    Paddusb(a, b) { BYTES.add_saturated(a, b) }
    Psubusb(a, b) { BYTES.sub_saturated(a, b) }
    Paddsb(a, b) { BYTES.add_signed(a, b) }
    Psubsb(a, b) { BYTES.sub_signed(a, b) }
    Pavgb(a, b) { BYTES.average(a, b) }
    Paddusw(a, b) { WORDS.add_saturated(a, b) }
    Psubusw(a, b) { WORDS.sub_saturated(a, b) }
    Paddsw(a, b) { WORDS.add_signed(a, b) }
    Psubsw(a, b) { WORDS.sub_signed(a, b) }
    Pavgw(a, b) { WORDS.average(a, b) }
    Pminub(a, b) { BYTES.min(a, b) }
    Pmaxub(a, b) { BYTES.max(a, b) }
    Pminsb(a, b) { BYTES.min_signed(a, b) }
    Pmaxsb(a, b) { BYTES.max_signed(a, b) }
    Pcmpeqb(a, b) { BYTES.equal(a, b) }
    Pcmpgtb(a, b) { BYTES.greater(a, b) }
    Psignb(a, b) { BYTES.sign(a, b) }
    Pabsb(a, b) { BYTES.absolute(b) }
    Pminuw(a, b) { WORDS.min(a, b) }
    Pmaxuw(a, b) { WORDS.max(a, b) }
    Pminsw(a, b) { WORDS.min_signed(a, b) }
    Pmaxsw(a, b) { WORDS.max_signed(a, b) }
    Pcmpeqw(a, b) { WORDS.equal(a, b) }
    Pcmpgtw(a, b) { WORDS.greater(a, b) }
    Psignw(a, b) { WORDS.sign(a, b) }
    Pabsw(a, b) { WORDS.absolute(b) }
    Pminud(a, b) { DOUBLES.min(a, b) }
    Pmaxud(a, b) { DOUBLES.max(a, b) }
    Pminsd(a, b) { DOUBLES.min_signed(a, b) }
    Pmaxsd(a, b) { DOUBLES.max_signed(a, b) }
    Pcmpeqd(a, b) { DOUBLES.equal(a, b) }
    Pcmpgtd(a, b) { DOUBLES.greater(a, b) }
    Psignd(a, b) { DOUBLES.sign(a, b) }
    Pabsd(a, b) { DOUBLES.absolute(b) }
    Pcmpeqq(a, b) { if a == b { u64::MAX } else { 0 } }
    Pcmpgtq(a, b) { if a as i64 > b as i64 { u64::MAX } else { 0 } }

    Pand(a, b) { a & b }
    Pandn(a, b) { !a & b }
    Por(a, b) { a | b }
    Pxor(a, b) { a ^ b }
    Andps(a, b) { a & b }
    Andnps(a, b) { !a & b }
    Orps(a, b) { a | b }
    Xorps(a, b) { a ^ b }
    Andpd(a, b) { a & b }
    Andnpd(a, b) { !a & b }
    Orpd(a, b) { a | b }
    Xorpd(a, b) { a ^ b }

    Pmullw(a, b) { map16(a, b, u16::wrapping_mul) }
    Pmulld(a, b) { map32(a, b, u32::wrapping_mul) }
    Pmulhw(a, b) { map16(a, b, |x, y| ((x as i16 as i32 * y as i16 as i32) >> 16) as u16) }
    Pmulhuw(a, b) { map16(a, b, |x, y| ((x as u32 * y as u32) >> 16) as u16) }
    Pmulhrsw(a, b) {
        map16(a, b, |x, y| ((((x as i16 as i32 * y as i16 as i32) >> 14) + 1) >> 1) as u16)
    }
    Pmuludq(a, b) { a as u32 as u64 * b as u32 as u64 }
    Pmuldq(a, b) { (a as i32 as i64).wrapping_mul(b as i32 as i64) as u64 }
    Pmaddwd(a, b) {
        let product = |x: u32, y: u32| (x as i16 as i32).wrapping_mul(y as i16 as i32);
        map32(a, b, |x, y| product(x, y).wrapping_add(product(x >> 16, y >> 16)) as u32)
    }
    // Unsigned bytes of the first by signed bytes of the second.
    Pmaddubsw(a, b) {
        let product = |x: u16, y: u16| x as u8 as i16 as i32 * y as u8 as i8 as i32;
        map16(a, b, |x, y| {
            let sum = product(x, y) + product(x >> 8, y >> 8);
            sum.clamp(i16::MIN as i32, i16::MAX as i32) as u16
        })
    }
    Psadbw(a, b) {
        a.to_le_bytes().iter().zip(b.to_le_bytes()).map(|(x, y)| x.abs_diff(y) as u64).sum()
    }
    }
    lanes {
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
    Punpcklbw(a, b, bits) from B4 { unpack_low(8, a, b, bits) }
    Punpcklwd(a, b, bits) from B4 { unpack_low(16, a, b, bits) }
    Punpckldq(a, b, bits) from B4 { unpack_low(32, a, b, bits) }
    Punpcklqdq(a, b, bits) { b << 64 | a as u64 as u128 }
    Punpckhbw(a, b, bits) { unpack_low(8, a >> (bits / 2), b >> (bits / 2), bits) }
    Punpckhwd(a, b, bits) { unpack_low(16, a >> (bits / 2), b >> (bits / 2), bits) }
    Punpckhdq(a, b, bits) { unpack_low(32, a >> (bits / 2), b >> (bits / 2), bits) }
    Punpckhqdq(a, b, bits) { b >> 64 << 64 | a >> 64 }
    Unpcklps(a, b, bits) { unpack_low(32, a, b, bits) }
    Unpckhps(a, b, bits) { unpack_low(32, a >> 64, b >> 64, bits) }
    Unpcklpd(a, b, bits) { b << 64 | a as u64 as u128 }
    Unpckhpd(a, b, bits) { b >> 64 << 64 | a >> 64 }
    Pshufb(a, b, bits) {
        let (bytes, mask) = (a.to_le_bytes(), bits as u8 / 8 - 1);
        let selected = b.to_le_bytes().map(|n| if n & 0x80 != 0 { 0 } else { bytes[(n & mask) as usize] });
        u128::from_le_bytes(selected)
    }

    }
    shifts {
    Psllw(a, count) { halves(a, |a| WORDS.shift_left(a, count)) }
    Pslld(a, count) { halves(a, |a| DOUBLES.shift_left(a, count)) }
    Psllq(a, count) { if count > 63 { 0 } else { halves(a, |a| a << count) } }
    Psrlw(a, count) { halves(a, |a| WORDS.shift_right(a, count)) }
    Psrld(a, count) { halves(a, |a| DOUBLES.shift_right(a, count)) }
    Psrlq(a, count) { if count > 63 { 0 } else { halves(a, |a| a >> count) } }
    Psraw(a, count) { halves(a, |a| WORDS.shift_right_signed(a, count)) }
    Psrad(a, count) { halves(a, |a| DOUBLES.shift_right_signed(a, count)) }
    Pslldq(a, count) { if count > 15 { 0 } else { a << (count * 8) } }
    Psrldq(a, count) { if count > 15 { 0 } else { a >> (count * 8) } }
    }
}

/// Lane `n` of `width` bits.
#[inline(always)]
pub(super) fn lane(value: u128, width: u32, n: u32) -> u64 {
    (value >> (width * n)) as u64 & (u64::MAX >> (64 - width))
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

/// The lanes of the low halves of both operands in turn.
#[inline(always)]
fn unpack_low(width: u32, a: u128, b: u128, bits: u32) -> u128 {
    let (a, b) = (a as u64, b as u64);
    let low = interleave(width, a, b) as u128;
    if bits == 64 { low } else { (interleave(width, a >> 32, b >> 32) as u128) << 64 | low }
}
