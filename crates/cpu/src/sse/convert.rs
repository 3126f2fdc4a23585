//! Conversions between integers and floating-point formats (SDM Vol. 2A CVT...).

use super::float::{map32, map64};
use crate::chain::{Run, call};
use crate::inst::Inst;
use crate::size::Size;
use crate::state::Cpu;
use crate::stop::{Flow, Stop};
use isa::{Instruction, Op};
use softfloat::{Env, F32, F64, Float, Rounding, convert, from_signed, to_signed};

pub(super) fn handler(i: &Instruction) -> Option<Run> {
    Some(match i.op {
        Op::Cvtsi2ss => call::<Cvtsi2ss>(),
        Op::Cvtsi2sd => call::<Cvtsi2sd>(),
        Op::Cvtss2si => call::<Cvtss2si>(),
        Op::Cvtsd2si => call::<Cvtsd2si>(),
        Op::Cvttss2si => call::<Cvttss2si>(),
        Op::Cvttsd2si => call::<Cvttsd2si>(),
        Op::Cvtss2sd => call::<Cvtss2sd>(),
        Op::Cvtsd2ss => call::<Cvtsd2ss>(),
        Op::Cvtps2pd => call::<Cvtps2pd>(),
        Op::Cvtpd2ps => call::<Cvtpd2ps>(),
        Op::Cvtdq2ps => call::<Cvtdq2ps>(),
        Op::Cvtdq2pd => call::<Cvtdq2pd>(),
        Op::Cvtps2dq => call::<Cvtps2dq>(),
        Op::Cvttps2dq => call::<Cvttps2dq>(),
        Op::Cvtpd2dq => call::<Cvtpd2dq>(),
        Op::Cvttpd2dq => call::<Cvttpd2dq>(),
        Op::Cvtpi2ps => call::<Cvtpi2ps>(),
        Op::Cvtpi2pd => call::<Cvtpi2pd>(),
        Op::Cvtps2pi => call::<Cvtps2pi>(),
        Op::Cvttps2pi => call::<Cvttps2pi>(),
        Op::Cvtpd2pi => call::<Cvtpd2pi>(),
        Op::Cvttpd2pi => call::<Cvttpd2pi>(),
        _ => return None,
    })
}

/// The integer source of CVTSI2SS: 32 or 64 bits, sign-extended.
fn integer(cpu: &mut Cpu, inst: &Inst) -> Result<i64, Stop> {
    let size = inst.form.source_size();
    let value = if inst.has_memory() { cpu.load(cpu.address(inst), size)? } else { cpu.get(inst.src) };
    Ok(size.extend(value) as i64)
}

/// Writes an integer result to a general register.
fn to_register<F: Float>(cpu: &mut Cpu, inst: &Inst, x: F, rounding: Option<Rounding>) -> Flow {
    let mut env = Env::from_mxcsr(cpu.mxcsr);
    let size = inst.form.size();
    let mode = rounding.unwrap_or(env.rounding);
    let value = to_signed(&mut env, x, size.bits(), mode);
    cpu.finish_float(&env)?;
    cpu.set(inst.dst, size, value as u64);
    Ok(())
}

/// The number rounded towards zero if that raises nothing: it is an integer in range, or PE is masked and set already.
#[inline(always)]
fn truncated(mxcsr: u32, source: F64, size: Size) -> Option<i64> {
    const PRECISION: u32 = 1 << 12 | 1 << 5;
    let number = f64::from_bits(source.0);
    let limit = if size == Size::B8 { 9_223_372_036_854_775_808.0 } else { 2_147_483_648.0 };
    if !source.is_plain() || number <= -limit || number >= limit {
        return None;
    }
    let value = number as i64;
    (mxcsr & PRECISION == PRECISION || value as f64 == number).then_some(value)
}

/// An XMM result of a function of the low bytes of the source.
fn widened(cpu: &mut Cpu, inst: &Inst, f: impl Fn(&mut Env, u64) -> u128) -> Flow {
    let source = cpu.source_low(inst, Size::B8)?;
    let mut env = Env::from_mxcsr(cpu.mxcsr);
    let value = f(&mut env, source);
    cpu.finish_float(&env)?;
    cpu.set_xmm(inst.dst, value);
    Ok(())
}

fn packed(cpu: &mut Cpu, inst: &Inst, f: impl Fn(&mut Env, u128) -> u128) -> Flow {
    let source = cpu.source128(inst)?;
    let mut env = Env::from_mxcsr(cpu.mxcsr);
    let value = f(&mut env, source);
    cpu.finish_float(&env)?;
    cpu.set_xmm(inst.dst, value);
    Ok(())
}

/// Two 32-bit results in the low half.
fn two(low: u32, high: u32) -> u128 {
    (high as u128) << 32 | low as u128
}

fn doubles_to_integers(env: &mut Env, source: u128, mode: Rounding) -> u128 {
    let low = to_signed(env, F64(source as u64), 32, mode) as u32;
    let high = to_signed(env, F64((source >> 64) as u64), 32, mode) as u32;
    two(low, high)
}

fn singles_to_integers(env: &mut Env, source: u64, mode: Rounding) -> u64 {
    let low = to_signed(env, F32(source as u32), 32, mode) as u32;
    let high = to_signed(env, F32((source >> 32) as u32), 32, mode) as u32;
    two(low, high) as u64
}

/// A result in an MMX register. The x87 registers become MMX ones even if #XM follows (as the CPU does it).
fn to_mmx(cpu: &mut Cpu, inst: &Inst, env: &Env, value: u64) -> Flow {
    cpu.touch_mmx();
    cpu.finish_float(env)?;
    cpu.set_mmx(inst.dst, value);
    Ok(())
}

fn singles_to_mmx(cpu: &mut Cpu, inst: &Inst, rounding: Option<Rounding>) -> Flow {
    cpu.check_mmx()?;
    let source = cpu.source_low(inst, Size::B8)?;
    let mut env = Env::from_mxcsr(cpu.mxcsr);
    let mode = rounding.unwrap_or(env.rounding);
    let value = singles_to_integers(&mut env, source, mode);
    to_mmx(cpu, inst, &env, value)
}

fn doubles_to_mmx(cpu: &mut Cpu, inst: &Inst, rounding: Option<Rounding>) -> Flow {
    cpu.check_mmx()?;
    let source = cpu.source128(inst)?;
    let mut env = Env::from_mxcsr(cpu.mxcsr);
    let mode = rounding.unwrap_or(env.rounding);
    let value = doubles_to_integers(&mut env, source, mode) as u64;
    to_mmx(cpu, inst, &env, value)
}

crate::sem::calls! {
    Cvtsi2ss(cpu, inst) {
        let source = integer(cpu, inst)?;
        let mut env = Env::from_mxcsr(cpu.mxcsr);
        let value: F32 = from_signed(&mut env, source);
        cpu.finish_float(&env)?;
        let old = cpu.xmm(inst.dst);
        cpu.set_xmm(inst.dst, old & !0xffff_ffff | value.0 as u128);
        Ok(())
    }
    Cvtsi2sd(cpu, inst) {
        let source = integer(cpu, inst)?;
        // Exact, so nothing is raised.
        if source.unsigned_abs() <= 1 << 53 {
            cpu.xmm[inst.dst as usize & 15][0] = (source as f64).to_bits();
            return Ok(());
        }
        let mut env = Env::from_mxcsr(cpu.mxcsr);
        let value: F64 = from_signed(&mut env, source);
        cpu.finish_float(&env)?;
        cpu.xmm[inst.dst as usize & 15][0] = value.0;
        Ok(())
    }
    Cvtss2si(cpu, inst) {
        let source = F32(cpu.source_low(inst, Size::B4)? as u32);
        to_register(cpu, inst, source, None)
    }
    Cvtsd2si(cpu, inst) {
        let source = F64(cpu.source_low(inst, Size::B8)?);
        to_register(cpu, inst, source, None)
    }
    Cvttss2si(cpu, inst) {
        let source = F32(cpu.source_low(inst, Size::B4)? as u32);
        to_register(cpu, inst, source, Some(Rounding::Zero))
    }
    Cvttsd2si(cpu, inst) {
        let source = F64(cpu.source_low(inst, Size::B8)?);
        if let Some(value) = truncated(cpu.mxcsr, source, inst.form.size()) {
            cpu.set(inst.dst, inst.form.size(), value as u64);
            return Ok(());
        }
        to_register(cpu, inst, source, Some(Rounding::Zero))
    }
    Cvtss2sd(cpu, inst) {
        let source = F32(cpu.source_low(inst, Size::B4)? as u32);
        if source.is_plain() {
            cpu.xmm[inst.dst as usize & 15][0] = f64::from(f32::from_bits(source.0)).to_bits();
            return Ok(());
        }
        let mut env = Env::from_mxcsr(cpu.mxcsr);
        let value: F64 = convert(&mut env, source);
        cpu.finish_float(&env)?;
        cpu.xmm[inst.dst as usize & 15][0] = value.0;
        Ok(())
    }
    Cvtsd2ss(cpu, inst) {
        let source = F64(cpu.source_low(inst, Size::B8)?);
        let mut env = Env::from_mxcsr(cpu.mxcsr);
        let value: F32 = convert(&mut env, source);
        cpu.finish_float(&env)?;
        let old = cpu.xmm(inst.dst);
        cpu.set_xmm(inst.dst, old & !0xffff_ffff | value.0 as u128);
        Ok(())
    }
    Cvtps2pd(cpu, inst) {
        widened(cpu, inst, |env, source| {
            let low: F64 = convert(env, F32(source as u32));
            let high: F64 = convert(env, F32((source >> 32) as u32));
            (high.0 as u128) << 64 | low.0 as u128
        })
    }
    Cvtpd2ps(cpu, inst) {
        packed(cpu, inst, |env, source| {
            let low: F32 = convert(env, F64(source as u64));
            let high: F32 = convert(env, F64((source >> 64) as u64));
            two(low.0, high.0)
        })
    }
    Cvtdq2ps(cpu, inst) {
        packed(cpu, inst, |env, source| map32(env, source, 0, |env, x, _| from_signed(env, x.0 as i32 as i64)))
    }
    Cvtdq2pd(cpu, inst) {
        widened(cpu, inst, |env, source| {
            let spread = (source as u128 >> 32) << 64 | source as u32 as u128;
            map64(env, spread, 0, |env, x, _| from_signed(env, x.0 as i32 as i64))
        })
    }
    Cvtps2dq(cpu, inst) {
        packed(cpu, inst, |env, source| {
            let mode = env.rounding;
            map32(env, source, 0, |env, x, _| F32(to_signed(env, x, 32, mode) as u32))
        })
    }
    Cvttps2dq(cpu, inst) {
        packed(cpu, inst, |env, source| {
            map32(env, source, 0, |env, x, _| F32(to_signed(env, x, 32, Rounding::Zero) as u32))
        })
    }
    Cvtpd2dq(cpu, inst) {
        packed(cpu, inst, |env, source| {
            let mode = env.rounding;
            doubles_to_integers(env, source, mode)
        })
    }
    Cvttpd2dq(cpu, inst) { packed(cpu, inst, |env, source| doubles_to_integers(env, source, Rounding::Zero)) }

    /// With a source in memory it is no MMX instruction.
    Cvtpi2ps(cpu, inst) {
        if !inst.has_memory() {
            cpu.check_mmx()?;
        }
        let source = cpu.source_mmx(inst)?;
        let mut env = Env::from_mxcsr(cpu.mxcsr);
        let low: F32 = from_signed(&mut env, source as i32 as i64);
        let high: F32 = from_signed(&mut env, (source >> 32) as i32 as i64);
        if !inst.has_memory() {
            cpu.touch_mmx();
        }
        cpu.finish_float(&env)?;
        cpu.xmm[inst.dst as usize & 15][0] = two(low.0, high.0) as u64;
        Ok(())
    }
    /// With a source in memory it is no MMX instruction.
    Cvtpi2pd(cpu, inst) {
        if !inst.has_memory() {
            cpu.check_mmx()?;
        }
        let source = cpu.source_mmx(inst)?;
        let mut env = Env::default();
        let low: F64 = from_signed(&mut env, source as i32 as i64);
        let high: F64 = from_signed(&mut env, (source >> 32) as i32 as i64);
        if !inst.has_memory() {
            cpu.touch_mmx();
        }
        cpu.set_xmm(inst.dst, (high.0 as u128) << 64 | low.0 as u128);
        Ok(())
    }
    Cvtps2pi(cpu, inst) { singles_to_mmx(cpu, inst, None) }
    Cvttps2pi(cpu, inst) { singles_to_mmx(cpu, inst, Some(Rounding::Zero)) }
    Cvtpd2pi(cpu, inst) { doubles_to_mmx(cpu, inst, None) }
    Cvttpd2pi(cpu, inst) { doubles_to_mmx(cpu, inst, Some(Rounding::Zero)) }
}
