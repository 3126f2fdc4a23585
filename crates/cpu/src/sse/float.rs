//! Floating-point arithmetic and comparison, packed and scalar (SDM Vol. 1 chapters 10 and 11).
//!
//! All lanes are computed first, then the flags of all go to MXCSR, then an unmasked one is a #XM, before the destination
//! is written.

use super::lanes::lane;
use super::{Anywhere, Plain, Register, Source};
use crate::chain::{Call, Run, Short, call, short};
use crate::flags::{CF, Flags, PF, ZF};
use crate::inst::Inst;
use crate::size::Size;
use crate::state::{Cpu, Environment};
use crate::stop::Flow;
use core::cmp::Ordering;
use core::marker::PhantomData;
use isa::{Instruction, Op};
use softfloat::{Env, F32, F64, Float, Nans, Rounding};

/// A function of two numbers of either format.
trait Binary {
    fn apply<F: Float>(env: &mut Env, a: F, b: F) -> F;
    /// The result by the host's arithmetic, if all numbers are such that nothing but PE can be raised.
    #[inline(always)]
    fn host<F: Float>(_machine: &dyn Environment, _a: F, _b: F) -> Option<F> {
        None
    }
}

/// May the host compute? It rounds to nearest and does not tell whether it did, so PE must be masked and set already.
#[inline(always)]
fn may_use_host(mxcsr: u32) -> bool {
    const ROUNDING: u32 = 3 << 13;
    const PRECISION: u32 = 1 << 12 | 1 << 5;
    mxcsr & (ROUNDING | PRECISION) == PRECISION
}

macro_rules! binary {
    ($($name:ident($env:ident, $a:ident, $b:ident) $body:block $(, $host:ident)?)*) => {$(
        struct $name;
        impl Binary for $name {
            #[inline(always)]
            fn apply<F: Float>($env: &mut Env, $a: F, $b: F) -> F $body
            $(
                #[inline(always)]
                fn host<F: Float>(_: &dyn Environment, a: F, b: F) -> Option<F> {
                    a.$host(b)
                }
            )?
        }
    )*};
}

binary! {
    Add(env, a, b) { softfloat::add(env, a, b) }, host_add
    Sub(env, a, b) { softfloat::sub(env, a, b) }, host_sub
    Mul(env, a, b) { softfloat::mul(env, a, b) }, host_mul
    Div(env, a, b) { softfloat::div(env, a, b) }, host_div
    Min(env, a, b) { softfloat::min(env, a, b) }
    Max(env, a, b) { softfloat::max(env, a, b) }
}

struct Sqrt;
impl Binary for Sqrt {
    #[inline(always)]
    fn apply<F: Float>(env: &mut Env, _: F, b: F) -> F {
        softfloat::sqrt(env, b)
    }
    #[inline(always)]
    fn host<F: Float>(machine: &dyn Environment, _: F, b: F) -> Option<F> {
        b.host_sqrt(|number| machine.square_root(number))
    }
}

struct Ps<O>(PhantomData<O>);
struct Pd<O>(PhantomData<O>);
struct Ss<O, S = Anywhere>(PhantomData<(O, S)>);
struct Sd<O, S = Anywhere>(PhantomData<(O, S)>);

impl<O: Binary> Call for Ps<O> {
    fn call(cpu: &mut Cpu, inst: &Inst) -> Flow {
        let b = cpu.source128(inst)?;
        let a = cpu.xmm(inst.dst);
        if may_use_host(cpu.mxcsr) {
            let at = |x: u128, n: u32| F32(lane(x, 32, n) as u32);
            let lanes = [0, 1, 2, 3].map(|n| O::host(&*cpu.environment, at(a, n), at(b, n)));
            if let [Some(first), Some(second), Some(third), Some(fourth)] = lanes {
                let register = &mut cpu.xmm[inst.dst as usize & 15];
                register[0] = (second.0 as u64) << 32 | first.0 as u64;
                register[1] = (fourth.0 as u64) << 32 | third.0 as u64;
                return Ok(());
            }
        }
        let mut env = Env::from_mxcsr(cpu.mxcsr);
        let value = map32(&mut env, a, b, O::apply);
        cpu.finish_float(&env)?;
        cpu.set_xmm(inst.dst, value);
        Ok(())
    }
}

impl<O: Binary> Call for Pd<O> {
    fn call(cpu: &mut Cpu, inst: &Inst) -> Flow {
        let b = cpu.source128(inst)?;
        let a = cpu.xmm(inst.dst);
        if may_use_host(cpu.mxcsr)
            && let Some(low) = O::host(&*cpu.environment, F64(a as u64), F64(b as u64))
            && let Some(high) = O::host(&*cpu.environment, F64((a >> 64) as u64), F64((b >> 64) as u64))
        {
            let register = &mut cpu.xmm[inst.dst as usize & 15];
            (register[0], register[1]) = (low.0, high.0);
            return Ok(());
        }
        let mut env = Env::from_mxcsr(cpu.mxcsr);
        let value = map64(&mut env, a, b, O::apply);
        cpu.finish_float(&env)?;
        cpu.set_xmm(inst.dst, value);
        Ok(())
    }
}

impl<O: Binary> Call for Ss<O> {
    fn call(cpu: &mut Cpu, inst: &Inst) -> Flow {
        let b = F32(cpu.source_low(inst, Size::B4)? as u32);
        let old = cpu.xmm[inst.dst as usize & 15][0];
        if may_use_host(cpu.mxcsr)
            && let Some(value) = O::host(&*cpu.environment, F32(old as u32), b)
        {
            cpu.xmm[inst.dst as usize & 15][0] = old & !0xffff_ffff | value.0 as u64;
            return Ok(());
        }
        let mut env = Env::from_mxcsr(cpu.mxcsr);
        let value = O::apply(&mut env, F32(old as u32), b);
        cpu.finish_float(&env)?;
        cpu.xmm[inst.dst as usize & 15][0] = old & !0xffff_ffff | value.0 as u64;
        Ok(())
    }
}

impl<O: Binary> Call for Sd<O> {
    fn call(cpu: &mut Cpu, inst: &Inst) -> Flow {
        let b = F64(cpu.source_low(inst, Size::B8)?);
        let a = F64(cpu.xmm[inst.dst as usize & 15][0]);
        if may_use_host(cpu.mxcsr)
            && let Some(value) = O::host(&*cpu.environment, a, b)
        {
            cpu.xmm[inst.dst as usize & 15][0] = value.0;
            return Ok(());
        }
        let mut env = Env::from_mxcsr(cpu.mxcsr);
        let value = O::apply(&mut env, a, b);
        cpu.finish_float(&env)?;
        cpu.xmm[inst.dst as usize & 15][0] = value.0;
        Ok(())
    }
}

impl<O: Binary, S: Source> Short for Ss<O, S> {
    type Long = Ss<O>;
    #[inline(always)]
    fn short(cpu: &mut Cpu, inst: &Inst) -> Option<()> {
        if !may_use_host(cpu.mxcsr) {
            return None;
        }
        let b = F32(S::load_low(cpu, inst, Size::B4)? as u32);
        let old = cpu.xmm[inst.dst as usize & 15][0];
        let value = O::host(&*cpu.environment, F32(old as u32), b)?;
        cpu.xmm[inst.dst as usize & 15][0] = old & !0xffff_ffff | value.0 as u64;
        Some(())
    }
}

impl<O: Binary, S: Source> Short for Sd<O, S> {
    type Long = Sd<O>;
    #[inline(always)]
    fn short(cpu: &mut Cpu, inst: &Inst) -> Option<()> {
        if !may_use_host(cpu.mxcsr) {
            return None;
        }
        let b = F64(S::load_low(cpu, inst, Size::B8)?);
        let value = O::host(&*cpu.environment, F64(cpu.xmm[inst.dst as usize & 15][0]), b)?;
        cpu.xmm[inst.dst as usize & 15][0] = value.0;
        Some(())
    }
}

macro_rules! by_source {
    ($kind:ident, $operation:ident, $inst:ident) => {
        if !$inst.has_memory() {
            short::<$kind<$operation, Register>>()
        } else if $inst.is_plainly_addressed() {
            short::<$kind<$operation, Plain>>()
        } else {
            call::<$kind<$operation>>()
        }
    };
}

pub(super) fn handler(i: &Instruction, inst: &Inst) -> Option<Run> {
    Some(match i.op {
        Op::Addps => call::<Ps<Add>>(),
        Op::Addpd => call::<Pd<Add>>(),
        Op::Addss => by_source!(Ss, Add, inst),
        Op::Addsd => by_source!(Sd, Add, inst),
        Op::Subps => call::<Ps<Sub>>(),
        Op::Subpd => call::<Pd<Sub>>(),
        Op::Subss => by_source!(Ss, Sub, inst),
        Op::Subsd => by_source!(Sd, Sub, inst),
        Op::Mulps => call::<Ps<Mul>>(),
        Op::Mulpd => call::<Pd<Mul>>(),
        Op::Mulss => by_source!(Ss, Mul, inst),
        Op::Mulsd => by_source!(Sd, Mul, inst),
        Op::Divps => call::<Ps<Div>>(),
        Op::Divpd => call::<Pd<Div>>(),
        Op::Divss => by_source!(Ss, Div, inst),
        Op::Divsd => by_source!(Sd, Div, inst),
        Op::Minps => call::<Ps<Min>>(),
        Op::Minpd => call::<Pd<Min>>(),
        Op::Minss => call::<Ss<Min>>(),
        Op::Minsd => call::<Sd<Min>>(),
        Op::Maxps => call::<Ps<Max>>(),
        Op::Maxpd => call::<Pd<Max>>(),
        Op::Maxss => call::<Ss<Max>>(),
        Op::Maxsd => call::<Sd<Max>>(),
        Op::Sqrtps => call::<Ps<Sqrt>>(),
        Op::Sqrtpd => call::<Pd<Sqrt>>(),
        Op::Sqrtss => call::<Ss<Sqrt>>(),
        Op::Sqrtsd => call::<Sd<Sqrt>>(),
        Op::Cmpps => call::<Cmpps>(),
        Op::Cmppd => call::<Cmppd>(),
        Op::Cmpss => call::<Cmpss>(),
        Op::Cmpsd => call::<Cmpsd>(),
        Op::Comiss | Op::Comisd | Op::Ucomiss | Op::Ucomisd => return comparison(i, inst),
        Op::Haddps => call::<Haddps>(),
        Op::Haddpd => call::<Haddpd>(),
        Op::Hsubps => call::<Hsubps>(),
        Op::Hsubpd => call::<Hsubpd>(),
        Op::Addsubps => call::<Addsubps>(),
        Op::Addsubpd => call::<Addsubpd>(),
        Op::Roundps => call::<Roundps>(),
        Op::Roundpd => call::<Roundpd>(),
        Op::Roundss => call::<Roundss>(),
        Op::Roundsd => call::<Roundsd>(),
        Op::Dpps => call::<Dpps>(),
        Op::Dppd => call::<Dppd>(),
        _ => return None,
    })
}

#[inline(always)]
pub(super) fn map32(env: &mut Env, a: u128, b: u128, f: impl Fn(&mut Env, F32, F32) -> F32) -> u128 {
    (0..4).fold(0, |result, n| {
        let value = f(env, F32(lane(a, 32, n) as u32), F32(lane(b, 32, n) as u32));
        result | (value.0 as u128) << (32 * n)
    })
}

#[inline(always)]
pub(super) fn map64(env: &mut Env, a: u128, b: u128, f: impl Fn(&mut Env, F64, F64) -> F64) -> u128 {
    let low = f(env, F64(a as u64), F64(b as u64));
    let high = f(env, F64((a >> 64) as u64), F64((b >> 64) as u64));
    (high.0 as u128) << 64 | low.0 as u128
}

/// The predicates of CMPPS: bits 0-1 choose equal, less, less or equal, unordered; bit 2 negates.
fn holds<F: Float>(env: &mut Env, predicate: u64, a: F, b: F) -> bool {
    let nans = if matches!(predicate & 3, 1 | 2) { Nans::Signal } else { Nans::Quiet };
    let order = softfloat::compare(env, a, b, nans);
    let is_true = match predicate & 3 {
        0 => order == Some(Ordering::Equal),
        1 => order == Some(Ordering::Less),
        2 => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        _ => order.is_none(),
    };
    is_true ^ (predicate & 4 != 0)
}

fn mask32(is_true: bool) -> F32 {
    F32(if is_true { u32::MAX } else { 0 })
}

fn mask64(is_true: bool) -> F64 {
    F64(if is_true { u64::MAX } else { 0 })
}

/// An operation on whole registers with its environment.
fn packed(cpu: &mut Cpu, inst: &Inst, f: impl Fn(&mut Env, u128, u128) -> u128) -> Flow {
    let b = cpu.source128(inst)?;
    let a = cpu.xmm(inst.dst);
    let mut env = Env::from_mxcsr(cpu.mxcsr);
    let value = f(&mut env, a, b);
    cpu.finish_float(&env)?;
    cpu.set_xmm(inst.dst, value);
    Ok(())
}

fn scalar32(cpu: &mut Cpu, inst: &Inst, f: impl Fn(&mut Env, F32, F32) -> F32) -> Flow {
    let b = F32(cpu.source_low(inst, Size::B4)? as u32);
    let a = cpu.xmm(inst.dst);
    let mut env = Env::from_mxcsr(cpu.mxcsr);
    let value = f(&mut env, F32(a as u32), b);
    cpu.finish_float(&env)?;
    cpu.set_xmm(inst.dst, a & !0xffff_ffff | value.0 as u128);
    Ok(())
}

fn scalar64(cpu: &mut Cpu, inst: &Inst, f: impl Fn(&mut Env, F64, F64) -> F64) -> Flow {
    let b = F64(cpu.source_low(inst, Size::B8)?);
    let a = cpu.xmm(inst.dst);
    let mut env = Env::from_mxcsr(cpu.mxcsr);
    let value = f(&mut env, F64(a as u64), b);
    cpu.finish_float(&env)?;
    cpu.set_xmm(inst.dst, a >> 64 << 64 | value.0 as u128);
    Ok(())
}

/// COMISS and its kind: ZF, PF, CF as for unsigned numbers, all set if unordered; OF, SF, AF clear.
#[inline(always)]
fn set_order(cpu: &mut Cpu, order: Option<Ordering>) {
    cpu.flags = Flags::from_bits(match order {
        None => ZF | PF | CF,
        Some(Ordering::Less) => CF,
        Some(Ordering::Equal) => ZF,
        Some(Ordering::Greater) => 0,
    });
}

/// COMISS, COMISD and, with `QUIET`, the UCOMI forms. Zeros and normal numbers, as most are, raise nothing, and the host compares
/// them in the same way.
struct CompareSs<const QUIET: bool, S = Anywhere>(PhantomData<S>);
struct CompareSd<const QUIET: bool, S = Anywhere>(PhantomData<S>);

impl<const QUIET: bool> Call for CompareSs<QUIET> {
    fn call(cpu: &mut Cpu, inst: &Inst) -> Flow {
        let b = F32(cpu.source_low(inst, Size::B4)? as u32);
        let a = F32(cpu.xmm[inst.dst as usize & 15][0] as u32);
        compare(cpu, a, b, if QUIET { Nans::Quiet } else { Nans::Signal })
    }
}

impl<const QUIET: bool> Call for CompareSd<QUIET> {
    fn call(cpu: &mut Cpu, inst: &Inst) -> Flow {
        let b = F64(cpu.source_low(inst, Size::B8)?);
        let a = F64(cpu.xmm[inst.dst as usize & 15][0]);
        compare(cpu, a, b, if QUIET { Nans::Quiet } else { Nans::Signal })
    }
}

impl<const QUIET: bool, S: Source> Short for CompareSs<QUIET, S> {
    type Long = CompareSs<QUIET>;
    #[inline(always)]
    fn short(cpu: &mut Cpu, inst: &Inst) -> Option<()> {
        let b = F32(S::load_low(cpu, inst, Size::B4)? as u32);
        let a = F32(cpu.xmm[inst.dst as usize & 15][0] as u32);
        if !a.is_plain() || !b.is_plain() {
            return None;
        }
        set_order(cpu, f32::from_bits(a.0).partial_cmp(&f32::from_bits(b.0)));
        Some(())
    }
}

impl<const QUIET: bool, S: Source> Short for CompareSd<QUIET, S> {
    type Long = CompareSd<QUIET>;
    #[inline(always)]
    fn short(cpu: &mut Cpu, inst: &Inst) -> Option<()> {
        let b = F64(S::load_low(cpu, inst, Size::B8)?);
        let a = F64(cpu.xmm[inst.dst as usize & 15][0]);
        if !a.is_plain() || !b.is_plain() {
            return None;
        }
        set_order(cpu, f64::from_bits(a.0).partial_cmp(&f64::from_bits(b.0)));
        Some(())
    }
}

fn comparison(i: &Instruction, inst: &Inst) -> Option<Run> {
    let is_register = !inst.has_memory();
    let is_plain = inst.is_plainly_addressed();
    Some(match i.op {
        Op::Ucomiss if is_register => short::<CompareSs<true, Register>>(),
        Op::Ucomisd if is_register => short::<CompareSd<true, Register>>(),
        Op::Comiss if is_register => short::<CompareSs<false, Register>>(),
        Op::Comisd if is_register => short::<CompareSd<false, Register>>(),
        Op::Ucomisd if is_plain => short::<CompareSd<true, Plain>>(),
        Op::Comisd if is_plain => short::<CompareSd<false, Plain>>(),
        Op::Ucomiss => call::<CompareSs<true>>(),
        Op::Ucomisd => call::<CompareSd<true>>(),
        Op::Comiss => call::<CompareSs<false>>(),
        Op::Comisd => call::<CompareSd<false>>(),
        _ => return None,
    })
}

#[inline(never)]
fn compare<F: Float>(cpu: &mut Cpu, a: F, b: F, nans: Nans) -> Flow {
    let mut env = Env::from_mxcsr(cpu.mxcsr);
    let order = softfloat::compare(&mut env, a, b, nans);
    cpu.finish_float(&env)?;
    set_order(cpu, order);
    Ok(())
}

/// Neighbours of the first operand, then of the second.
fn pairs(cpu: &mut Cpu, inst: &Inst, width: u32, f: impl Fn(&mut Env, u64, u64) -> u64) -> Flow {
    packed(cpu, inst, |env, a, b| {
        let half = 64 / width;
        (0..2 * half).fold(0, |result, n| {
            let (from, first) = if n < half { (a, 2 * n) } else { (b, 2 * (n - half)) };
            let value = f(env, lane(from, width, first), lane(from, width, first + 1));
            result | (value as u128) << (width * n)
        })
    })
}

/// The rounding of ROUNDPS: bit 2 takes MXCSR's, bit 3 keeps PE silent.
fn rounding(cpu: &Cpu, imm: u64) -> (Rounding, bool) {
    let mode = if imm & 4 != 0 { Rounding::from_bits(cpu.mxcsr >> 13) } else { Rounding::from_bits(imm as u32) };
    (mode, imm & 8 == 0)
}

/// A dot product: the masked products are added in pairs, and the sum goes to the masked lanes.
fn dot32(env: &mut Env, imm: u64, a: u128, b: u128) -> u128 {
    let mut products = [F32(0); 4];
    for n in 0..4 {
        if imm & 16 << n != 0 {
            let (x, y) = (F32(lane(a, 32, n) as u32), F32(lane(b, 32, n) as u32));
            products[n as usize] = softfloat::mul(env, x, y);
        }
    }
    // An unmasked exception of one step keeps the next one from adding its flags.
    if env.is_unmasked() {
        return 0;
    }
    let low = softfloat::add(env, products[0], products[1]);
    let high = softfloat::add(env, products[2], products[3]);
    if env.is_unmasked() {
        return 0;
    }
    let sum = softfloat::add(env, low, high);
    (0..4).filter(|n| imm & 1 << n != 0).fold(0, |result, n| result | (sum.0 as u128) << (32 * n))
}

fn dot64(env: &mut Env, imm: u64, a: u128, b: u128) -> u128 {
    let mut products = [F64(0); 2];
    for n in 0..2 {
        if imm & 16 << n != 0 {
            products[n as usize] = softfloat::mul(env, F64(lane(a, 64, n)), F64(lane(b, 64, n)));
        }
    }
    if env.is_unmasked() {
        return 0;
    }
    let sum = softfloat::add(env, products[0], products[1]);
    (0..2).filter(|n| imm & 1 << n != 0).fold(0, |result, n| result | (sum.0 as u128) << (64 * n))
}

crate::sem::calls! {
    Cmpps(cpu, inst) { packed(cpu, inst, |env, a, b| map32(env, a, b, |env, a, b| mask32(holds(env, inst.imm, a, b)))) }
    Cmppd(cpu, inst) { packed(cpu, inst, |env, a, b| map64(env, a, b, |env, a, b| mask64(holds(env, inst.imm, a, b)))) }
    Cmpss(cpu, inst) { scalar32(cpu, inst, |env, a, b| mask32(holds(env, inst.imm, a, b))) }
    Cmpsd(cpu, inst) { scalar64(cpu, inst, |env, a, b| mask64(holds(env, inst.imm, a, b))) }
    Haddps(cpu, inst) { pairs(cpu, inst, 32, |env, a, b| softfloat::add(env, F32(a as u32), F32(b as u32)).0 as u64) }
    Hsubps(cpu, inst) { pairs(cpu, inst, 32, |env, a, b| softfloat::sub(env, F32(a as u32), F32(b as u32)).0 as u64) }
    Haddpd(cpu, inst) { pairs(cpu, inst, 64, |env, a, b| softfloat::add(env, F64(a), F64(b)).0) }
    Hsubpd(cpu, inst) { pairs(cpu, inst, 64, |env, a, b| softfloat::sub(env, F64(a), F64(b)).0) }
    /// Even lanes are subtracted, odd ones added.
    Addsubps(cpu, inst) {
        packed(cpu, inst, |env, a, b| (0..4).fold(0, |result, n| {
            let (x, y) = (F32(lane(a, 32, n) as u32), F32(lane(b, 32, n) as u32));
            let value = if n & 1 == 0 { softfloat::sub(env, x, y) } else { softfloat::add(env, x, y) };
            result | (value.0 as u128) << (32 * n)
        }))
    }
    Addsubpd(cpu, inst) {
        packed(cpu, inst, |env, a, b| {
            let low = softfloat::sub(env, F64(a as u64), F64(b as u64));
            let high = softfloat::add(env, F64((a >> 64) as u64), F64((b >> 64) as u64));
            (high.0 as u128) << 64 | low.0 as u128
        })
    }
    Roundps(cpu, inst) {
        let (mode, inexact) = rounding(cpu, inst.imm);
        packed(cpu, inst, |env, a, b| map32(env, a, b, |env, _, b| softfloat::round_to_integral(env, b, mode, inexact)))
    }
    Roundpd(cpu, inst) {
        let (mode, inexact) = rounding(cpu, inst.imm);
        packed(cpu, inst, |env, a, b| map64(env, a, b, |env, _, b| softfloat::round_to_integral(env, b, mode, inexact)))
    }
    Roundss(cpu, inst) {
        let (mode, inexact) = rounding(cpu, inst.imm);
        scalar32(cpu, inst, |env, _, b| softfloat::round_to_integral(env, b, mode, inexact))
    }
    Roundsd(cpu, inst) {
        let (mode, inexact) = rounding(cpu, inst.imm);
        scalar64(cpu, inst, |env, _, b| softfloat::round_to_integral(env, b, mode, inexact))
    }
    Dpps(cpu, inst) { packed(cpu, inst, |env, a, b| dot32(env, inst.imm, a, b)) }
    Dppd(cpu, inst) { packed(cpu, inst, |env, a, b| dot64(env, inst.imm, a, b)) }
}
