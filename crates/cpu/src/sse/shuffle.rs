//! Shuffles, blends, insertions, extractions, extensions.

use super::lanes::lane;
use crate::chain::{Run, call};
use crate::inst::Inst;
use crate::size::Size;
use crate::state::Cpu;
use crate::stop::{Flow, Stop};
use isa::{Instruction, Op};

pub(super) fn handler(i: &Instruction, is_mmx: bool) -> Option<Run> {
    Some(match i.op {
        Op::Pshufd => call::<Pshufd>(),
        Op::Pshufhw => call::<Pshufhw>(),
        Op::Pshuflw => call::<Pshuflw>(),
        Op::Pshufw => call::<Pshufw>(),
        Op::Shufps => call::<Shufps>(),
        Op::Shufpd => call::<Shufpd>(),
        Op::Palignr if is_mmx => call::<PalignrMmx>(),
        Op::Palignr => call::<Palignr>(),
        Op::Movddup => call::<Movddup>(),
        Op::Movsldup => call::<Movsldup>(),
        Op::Movshdup => call::<Movshdup>(),
        Op::Blendps => call::<Blendps>(),
        Op::Blendpd => call::<Blendpd>(),
        Op::Pblendw => call::<Pblendw>(),
        Op::Blendvps => call::<Blendvps>(),
        Op::Blendvpd => call::<Blendvpd>(),
        Op::Pblendvb => call::<Pblendvb>(),
        Op::Insertps => call::<Insertps>(),
        Op::Extractps => call::<Extractps>(),
        Op::Pinsrb => call::<Pinsrb>(),
        Op::Pinsrw if is_mmx => call::<PinsrwMmx>(),
        Op::Pinsrw => call::<Pinsrw>(),
        Op::Pinsrd => call::<Pinsrd>(),
        Op::Pinsrq => call::<Pinsrq>(),
        Op::Pextrb => call::<Pextrb>(),
        Op::Pextrw if is_mmx => call::<PextrwMmx>(),
        Op::Pextrw => call::<Pextrw>(),
        Op::Pextrd => call::<Pextrd>(),
        Op::Pextrq => call::<Pextrq>(),
        Op::Pmovsxbw => call::<Pmovsxbw>(),
        Op::Pmovsxbd => call::<Pmovsxbd>(),
        Op::Pmovsxbq => call::<Pmovsxbq>(),
        Op::Pmovsxwd => call::<Pmovsxwd>(),
        Op::Pmovsxwq => call::<Pmovsxwq>(),
        Op::Pmovsxdq => call::<Pmovsxdq>(),
        Op::Pmovzxbw => call::<Pmovzxbw>(),
        Op::Pmovzxbd => call::<Pmovzxbd>(),
        Op::Pmovzxbq => call::<Pmovzxbq>(),
        Op::Pmovzxwd => call::<Pmovzxwd>(),
        Op::Pmovzxwq => call::<Pmovzxwq>(),
        Op::Pmovzxdq => call::<Pmovzxdq>(),
        _ => return None,
    })
}

/// `count` lanes of `width` bits, lane `n` being `f(n)`.
fn build(width: u32, count: u32, f: impl Fn(u32) -> u64) -> u128 {
    (0..count).fold(0, |result, n| result | (f(n) as u128) << (width * n))
}

fn binary(cpu: &mut Cpu, inst: &Inst, f: impl Fn(u128, u128) -> u128) -> Flow {
    let b = cpu.source128(inst)?;
    let value = f(cpu.xmm(inst.dst), b);
    cpu.set_xmm(inst.dst, value);
    Ok(())
}

/// The four words of the low half, by four selectors of two bits.
fn select4(value: u128, selectors: u64) -> u128 {
    build(16, 4, |n| value as u64 >> (16 * (selectors >> (2 * n) & 3)) & 0xffff)
}

/// The four doublewords.
fn doubles(value: u128) -> [u32; 4] {
    [value as u32, (value >> 32) as u32, (value >> 64) as u32, (value >> 96) as u32]
}

/// Two doublewords of `a` and two of `b`, by four selectors of two bits.
fn shuffle(a: u128, b: u128, selectors: u64) -> u128 {
    let (a, b) = (doubles(a), doubles(b));
    let at = |n: u64| (selectors >> (2 * n)) as usize & 3;
    let pair = |low: u32, high: u32| (high as u64) << 32 | low as u64;
    (pair(b[at(2)], b[at(3)]) as u128) << 64 | pair(a[at(0)], a[at(1)]) as u128
}

/// Lane from `b` where its bit of the mask is set.
fn blend(a: u128, b: u128, width: u32, mask: u64) -> u128 {
    build(width, 128 / width, |n| lane(if mask >> n & 1 != 0 { b } else { a }, width, n))
}

/// Lane from `b` where the top bit of the lane of XMM0 is set.
fn blend_variable(cpu: &mut Cpu, inst: &Inst, width: u32) -> Flow {
    let mask = cpu.xmm(0);
    binary(cpu, inst, |a, b| {
        build(width, 128 / width, |n| lane(if lane(mask, width, n) >> (width - 1) != 0 { b } else { a }, width, n))
    })
}

fn insert(cpu: &mut Cpu, inst: &Inst, size: Size) -> Flow {
    let value = if inst.has_memory() { cpu.load(cpu.address(inst), size)? } else { size.cut(cpu.get(inst.src)) };
    let at = (inst.imm as u32 * size.bits()) % 128;
    let hole = !((size.cut(u64::MAX) as u128) << at);
    let value = cpu.xmm(inst.dst) & hole | (value as u128) << at;
    cpu.set_xmm(inst.dst, value);
    Ok(())
}

/// To memory so many bytes; to a register, zero-extended.
fn extract(cpu: &mut Cpu, inst: &Inst, size: Size) -> Flow {
    let at = (inst.imm as u32 * size.bits()) % 128;
    let value = size.cut((cpu.xmm(inst.src) >> at) as u64);
    if inst.has_memory() {
        return cpu.store(cpu.address(inst), size, value);
    }
    cpu.set64(inst.dst, value);
    Ok(())
}

/// The lanes of `from` bits widen to `to` bits.
fn extend(cpu: &mut Cpu, inst: &Inst, from: u32, to: u32, is_signed: bool) -> Flow {
    let source = extend_source(cpu, inst, from, to)?;
    let value = build(to, 128 / to, |n| {
        let value = lane(source, from, n);
        if is_signed { ((value << (64 - from)) as i64 >> (64 - from)) as u64 & (u64::MAX >> (64 - to)) } else { value }
    });
    cpu.set_xmm(inst.dst, value);
    Ok(())
}

fn extend_source(cpu: &mut Cpu, inst: &Inst, from: u32, to: u32) -> Result<u128, Stop> {
    let bytes = 16 * from / to;
    Ok(cpu.source_low(inst, Size::from_bytes(bytes as u64))? as u128)
}

crate::sem::calls! {
    Pshufd(cpu, inst) { binary(cpu, inst, |_, b| shuffle(b, b, inst.imm)) }
    Pshufhw(cpu, inst) {
        binary(cpu, inst, |_, b| select4(b >> 64, inst.imm) << 64 | b as u64 as u128)
    }
    Pshuflw(cpu, inst) {
        binary(cpu, inst, |_, b| b >> 64 << 64 | select4(b, inst.imm))
    }
    Pshufw(cpu, inst) {
        cpu.check_mmx()?;
        let source = cpu.source_mmx(inst)?;
        cpu.touch_mmx();
        cpu.set_mmx(inst.dst, select4(source as u128, inst.imm) as u64);
        Ok(())
    }
    Shufps(cpu, inst) { binary(cpu, inst, |a, b| shuffle(a, b, inst.imm)) }
    Shufpd(cpu, inst) {
        binary(cpu, inst, |a, b| build(64, 2, |n| lane(if n == 0 { a } else { b }, 64, (inst.imm >> n) as u32 & 1)))
    }
    /// The bytes of both, the destination's above, shifted right.
    Palignr(cpu, inst) {
        let count = inst.imm as u32 & 0xff;
        binary(cpu, inst, |a, b| match count {
            0 => b,
            1..=15 => b >> (8 * count) | a << (128 - 8 * count),
            16..=31 => a >> (8 * (count - 16)),
            _ => 0,
        })
    }
    PalignrMmx(cpu, inst) {
        cpu.check_mmx()?;
        let b = cpu.source_mmx(inst)?;
        let both = (cpu.mmx(inst.dst) as u128) << 64 | b as u128;
        let count = inst.imm as u32 & 0xff;
        cpu.touch_mmx();
        cpu.set_mmx(inst.dst, if count > 15 { 0 } else { (both >> (8 * count)) as u64 });
        Ok(())
    }
    Movddup(cpu, inst) {
        let value = cpu.source_low(inst, Size::B8)? as u128;
        cpu.set_xmm(inst.dst, value << 64 | value);
        Ok(())
    }
    Movsldup(cpu, inst) { binary(cpu, inst, |_, b| build(32, 4, |n| lane(b, 32, n & 2))) }
    Movshdup(cpu, inst) { binary(cpu, inst, |_, b| build(32, 4, |n| lane(b, 32, n | 1))) }
    Blendps(cpu, inst) { binary(cpu, inst, |a, b| blend(a, b, 32, inst.imm)) }
    Blendpd(cpu, inst) { binary(cpu, inst, |a, b| blend(a, b, 64, inst.imm)) }
    Pblendw(cpu, inst) { binary(cpu, inst, |a, b| blend(a, b, 16, inst.imm)) }
    Blendvps(cpu, inst) { blend_variable(cpu, inst, 32) }
    Blendvpd(cpu, inst) { blend_variable(cpu, inst, 64) }
    Pblendvb(cpu, inst) { blend_variable(cpu, inst, 8) }
    /// Bits 7-6 of the immediate choose the source lane of a register, 5-4 the destination, 3-0 what is zeroed.
    Insertps(cpu, inst) {
        let value = if inst.has_memory() {
            cpu.load(cpu.address(inst), Size::B4)?
        } else {
            lane(cpu.xmm(inst.src), 32, inst.imm as u32 >> 6 & 3)
        };
        let (to, old) = (inst.imm as u32 >> 4 & 3, cpu.xmm(inst.dst));
        let result = build(32, 4, |n| {
            if inst.imm >> n & 1 != 0 { 0 } else if n == to { value } else { lane(old, 32, n) }
        });
        cpu.set_xmm(inst.dst, result);
        Ok(())
    }
    Extractps(cpu, inst) { extract(cpu, inst, Size::B4) }
    Pinsrb(cpu, inst) { insert(cpu, inst, Size::B1) }
    Pinsrw(cpu, inst) { insert(cpu, inst, Size::B2) }
    Pinsrd(cpu, inst) { insert(cpu, inst, Size::B4) }
    Pinsrq(cpu, inst) { insert(cpu, inst, Size::B8) }
    Pextrb(cpu, inst) { extract(cpu, inst, Size::B1) }
    Pextrw(cpu, inst) { extract(cpu, inst, Size::B2) }
    Pextrd(cpu, inst) { extract(cpu, inst, Size::B4) }
    Pextrq(cpu, inst) { extract(cpu, inst, Size::B8) }
    PinsrwMmx(cpu, inst) {
        cpu.check_mmx()?;
        let value = if inst.has_memory() { cpu.load(cpu.address(inst), Size::B2)? } else { cpu.get(inst.src) & 0xffff };
        let at = 16 * (inst.imm & 3);
        cpu.touch_mmx();
        cpu.set_mmx(inst.dst, cpu.mmx(inst.dst) & !(0xffff << at) | value << at);
        Ok(())
    }
    PextrwMmx(cpu, inst) {
        cpu.check_mmx()?;
        cpu.touch_mmx();
        cpu.set64(inst.dst, cpu.mmx(inst.src) >> (16 * (inst.imm & 3)) & 0xffff);
        Ok(())
    }
    Pmovsxbw(cpu, inst) { extend(cpu, inst, 8, 16, true) }
    Pmovsxbd(cpu, inst) { extend(cpu, inst, 8, 32, true) }
    Pmovsxbq(cpu, inst) { extend(cpu, inst, 8, 64, true) }
    Pmovsxwd(cpu, inst) { extend(cpu, inst, 16, 32, true) }
    Pmovsxwq(cpu, inst) { extend(cpu, inst, 16, 64, true) }
    Pmovsxdq(cpu, inst) { extend(cpu, inst, 32, 64, true) }
    Pmovzxbw(cpu, inst) { extend(cpu, inst, 8, 16, false) }
    Pmovzxbd(cpu, inst) { extend(cpu, inst, 8, 32, false) }
    Pmovzxbq(cpu, inst) { extend(cpu, inst, 8, 64, false) }
    Pmovzxwd(cpu, inst) { extend(cpu, inst, 16, 32, false) }
    Pmovzxwq(cpu, inst) { extend(cpu, inst, 16, 64, false) }
    Pmovzxdq(cpu, inst) { extend(cpu, inst, 32, 64, false) }
}
