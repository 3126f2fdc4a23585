//! Instructions with a memory operand: loads, arithmetic and comparisons with it, and stores.

use super::operation::{ADD, DIV, DIVR, MUL, SUB, SUBR, compute};
use super::{Fault, STACK_FAULT, X87};
use crate::chain::{Call, Run, call};
use crate::inst::Inst;
use crate::state::Cpu;
use crate::stop::{Flow, Stop};
use core::marker::PhantomData;
use isa::{Instruction, Op, Operand};
use memory::Access;
use softfloat::{DECIMAL_INDEFINITE, Env, F32, F64, F80, Flags, Nans, Rounding};

/// The format of a memory operand.
pub(super) trait Format {
    /// What was read, not converted yet.
    type Raw: Copy;
    fn read(cpu: &mut Cpu, address: u64) -> Result<Self::Raw, Stop>;
    /// As an operand of a computation: NaNs as they are, a denormal noted in `env`.
    fn operand(env: &mut Env, raw: Self::Raw) -> F80;
    /// As FLD and FILD put it into a register.
    fn loaded(env: &mut Env, raw: Self::Raw) -> F80 {
        Self::operand(env, raw)
    }
}

struct Single;
struct Double;
struct Extended;
struct Word;
struct Dword;
struct Qword;
struct Decimal;

impl Format for Single {
    type Raw = F32;
    fn read(cpu: &mut Cpu, address: u64) -> Result<F32, Stop> {
        Ok(F32(cpu.memory.load::<4>(address)? as u32))
    }
    fn operand(env: &mut Env, raw: F32) -> F80 {
        softfloat::widen(env, raw)
    }
    fn loaded(env: &mut Env, raw: F32) -> F80 {
        softfloat::convert(env, raw)
    }
}

impl Format for Double {
    type Raw = F64;
    fn read(cpu: &mut Cpu, address: u64) -> Result<F64, Stop> {
        Ok(F64(cpu.memory.load::<8>(address)?))
    }
    fn operand(env: &mut Env, raw: F64) -> F80 {
        softfloat::widen(env, raw)
    }
    fn loaded(env: &mut Env, raw: F64) -> F80 {
        softfloat::convert(env, raw)
    }
}

/// In two parts, as the edge of the canonical addresses shows.
fn read10(cpu: &mut Cpu, address: u64) -> Result<[u8; 10], Stop> {
    let significand = cpu.memory.load::<8>(address)?;
    let rest = cpu.memory.load::<2>(address.wrapping_add(8))?;
    let value = u128::from(rest) << 64 | u128::from(significand);
    Ok(core::array::from_fn(|n| (value >> (8 * n)) as u8))
}

impl Format for Extended {
    type Raw = F80;
    fn read(cpu: &mut Cpu, address: u64) -> Result<F80, Stop> {
        read10(cpu, address).map(F80::from_bytes)
    }
    fn operand(_: &mut Env, raw: F80) -> F80 {
        raw
    }
}

impl Format for Decimal {
    type Raw = [u8; 10];
    fn read(cpu: &mut Cpu, address: u64) -> Result<[u8; 10], Stop> {
        read10(cpu, address)
    }
    fn operand(env: &mut Env, raw: [u8; 10]) -> F80 {
        softfloat::from_decimal(env, raw)
    }
}

macro_rules! integer_format {
    ($name:ident, $bytes:literal, $type:ty) => {
        impl Format for $name {
            type Raw = i64;
            fn read(cpu: &mut Cpu, address: u64) -> Result<i64, Stop> {
                Ok((cpu.memory.load::<$bytes>(address)? as $type).into())
            }
            fn operand(env: &mut Env, raw: i64) -> F80 {
                softfloat::from_signed(env, raw)
            }
        }
    };
}

integer_format!(Word, 2, i16);
integer_format!(Dword, 4, i32);
integer_format!(Qword, 8, i64);

/// Waits, reads the operand, notes the addresses.
#[inline(never)]
fn begin<F: Format>(cpu: &mut Cpu, inst: &Inst) -> Result<F::Raw, Stop> {
    cpu.wait()?;
    let raw = F::read(cpu, cpu.address_any(inst))?;
    cpu.note_operand(inst);
    Ok(raw)
}

/// FLD, FILD, FBLD.
struct Load<F>(PhantomData<F>);

impl<F: Format> Call for Load<F> {
    fn call(cpu: &mut Cpu, inst: &Inst) -> Flow {
        let raw = begin::<F>(cpu, inst)?;
        let unit = &mut cpu.x87;
        // A full stack is found before the value is looked at.
        if !unit.is_empty(7) {
            unit.load(F80::ZERO);
            return Ok(());
        }
        let mut env = unit.env();
        let value = F::loaded(&mut env, raw);
        unit.finish(&env);
        // A denormal is loaded even if DE is not masked.
        if unit.is_masked(env.flags & Flags::IE) {
            unit.load(value);
        }
        Ok(())
    }
}

/// ST(0) = ST(0) op memory.
struct Arithmetic<F, const KIND: u8>(PhantomData<F>);

impl<F: Format, const KIND: u8> Call for Arithmetic<F, KIND> {
    fn call(cpu: &mut Cpu, inst: &Inst) -> Flow {
        let raw = begin::<F>(cpu, inst)?;
        let mut env = cpu.x87.env();
        // Flags of the operand count only if there is something to compute with.
        let operand = F::operand(&mut env, raw);
        cpu.x87.arithmetic_with(KIND, env, operand);
        Ok(())
    }
}

impl X87 {
    /// ST(0) = ST(0) op a value.
    #[inline(never)]
    fn arithmetic_with(&mut self, kind: u8, mut env: Env, operand: F80) {
        if self.is_empty(0) {
            if self.underflow() == Fault::Masked {
                self.set_st(0, F80::INDEFINITE);
            }
            return;
        }
        let value = compute(kind, &mut env, self.st(0), operand);
        if self.finish(&env) {
            self.set_st(0, value);
        }
    }
}

/// FCOM, FICOM and their popping forms.
struct Compare<F, const POP: bool>(PhantomData<F>);

impl<F: Format, const POP: bool> Call for Compare<F, POP> {
    fn call(cpu: &mut Cpu, inst: &Inst) -> Flow {
        let raw = begin::<F>(cpu, inst)?;
        let unit = &mut cpu.x87;
        let goes_on = if unit.is_empty(0) {
            unit.compare_nothing()
        } else {
            let mut env = unit.env();
            let operand = F::operand(&mut env, raw);
            unit.compare(env, operand, Nans::Signal)
        };
        if POP && goes_on {
            unit.pop();
        }
        Ok(())
    }
}

/// What a store writes: the low bytes of a number.
trait Target {
    const BYTES: usize;
    /// What is stored for an empty register.
    const INDEFINITE: u128;
    fn convert(env: &mut Env, value: F80) -> u128;
}

struct Truncated<T>(PhantomData<T>);

impl Target for Single {
    const BYTES: usize = 4;
    const INDEFINITE: u128 = 0xffc0_0000;
    fn convert(env: &mut Env, value: F80) -> u128 {
        softfloat::store::<F32>(env, value).0.into()
    }
}

impl Target for Double {
    const BYTES: usize = 8;
    const INDEFINITE: u128 = 0xfff8 << 48;
    fn convert(env: &mut Env, value: F80) -> u128 {
        softfloat::store::<F64>(env, value).0.into()
    }
}

fn number(bytes: [u8; 10]) -> u128 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u128::from(byte))
}

impl Target for Extended {
    const BYTES: usize = 10;
    const INDEFINITE: u128 = 0xffff_c000 << 48;
    fn convert(_: &mut Env, value: F80) -> u128 {
        number(value.to_bytes())
    }
}

impl Target for Decimal {
    const BYTES: usize = 10;
    const INDEFINITE: u128 = 0xffff_c000 << 48;
    fn convert(env: &mut Env, value: F80) -> u128 {
        number(softfloat::to_decimal(env, value))
    }
}

const _: () = assert!(DECIMAL_INDEFINITE[7] == 0xc0 && DECIMAL_INDEFINITE[9] == 0xff);

macro_rules! integer_target {
    ($name:ident, $bytes:literal) => {
        impl Target for $name {
            const BYTES: usize = $bytes;
            const INDEFINITE: u128 = 1 << ($bytes * 8 - 1);
            fn convert(env: &mut Env, value: F80) -> u128 {
                softfloat::to_signed(env, value, $bytes * 8, env.rounding) as u128
            }
        }

        /// FISTTP.
        impl Target for Truncated<$name> {
            const BYTES: usize = $bytes;
            const INDEFINITE: u128 = 1 << ($bytes * 8 - 1);
            fn convert(env: &mut Env, value: F80) -> u128 {
                softfloat::to_signed(env, value, $bytes * 8, Rounding::Zero) as u128
            }
        }
    };
}

integer_target!(Word, 2);
integer_target!(Dword, 4);
integer_target!(Qword, 8);

/// FST, FIST, FBSTP and their popping forms. Memory is written before the unit changes.
struct Store<T, const POP: bool>(PhantomData<T>);

impl<T: Target, const POP: bool> Call for Store<T, POP> {
    fn call(cpu: &mut Cpu, inst: &Inst) -> Flow {
        cpu.wait()?;
        let unit = &cpu.x87;
        let mut env = unit.env();
        let (value, raised) = if unit.is_empty(0) {
            env.raise(Flags::IE);
            (T::INDEFINITE, STACK_FAULT)
        } else {
            (T::convert(&mut env, unit.st(0)), 0)
        };
        // Any unmasked exception but an inexact result keeps the value.
        let is_delivered = unit.is_masked(env.flags - Flags::PE);
        let address = cpu.address_any(inst);
        if is_delivered {
            write(cpu, address, T::BYTES, value)?;
        } else {
            probe(cpu, address, T::BYTES)?;
        }
        cpu.note_operand(inst);
        let unit = &mut cpu.x87;
        unit.finish(&env);
        unit.signal(raised);
        if POP && is_delivered {
            unit.pop();
        }
        Ok(())
    }
}

/// In two parts where it is wide, as for reading.
#[inline(never)]
fn probe(cpu: &mut Cpu, address: u64, bytes: usize) -> Flow {
    cpu.memory.probe(address, bytes.min(8) as u64, Access::Write)?;
    cpu.memory.probe(address.wrapping_add(8), bytes.saturating_sub(8) as u64, Access::Write)?;
    Ok(())
}

#[inline(never)]
fn write(cpu: &mut Cpu, address: u64, bytes: usize, value: u128) -> Flow {
    match bytes {
        2 => cpu.memory.store::<2>(address, value as u64)?,
        4 => cpu.memory.store::<4>(address, value as u64)?,
        8 => cpu.memory.store::<8>(address, value as u64)?,
        _ => {
            probe(cpu, address, bytes)?;
            cpu.memory.store_bytes(address, &value.to_le_bytes()[..bytes])?;
        }
    }
    Ok(())
}

pub(super) fn handler(i: &Instruction) -> Option<Run> {
    let &Operand::Mem { bytes } = i.operands.iter().find(|operand| matches!(operand, Operand::Mem { .. }))? else {
        return None;
    };
    /// One handler for each operand size of a floating-point instruction.
    macro_rules! float {
        ($handler:ident $(, $more:expr)*) => {
            match bytes {
                4 => call::<$handler<Single $(, $more)*>>(),
                8 => call::<$handler<Double $(, $more)*>>(),
                _ => call::<$handler<Extended $(, $more)*>>(),
            }
        };
    }
    /// The same of an instruction with integers of two and four bytes.
    macro_rules! integer {
        ($handler:ident $(, $more:expr)*) => {
            if bytes == 2 { call::<$handler<Word $(, $more)*>>() } else { call::<$handler<Dword $(, $more)*>>() }
        };
    }
    Some(match i.op {
        Op::Fadd => float!(Arithmetic, ADD),
        Op::Fmul => float!(Arithmetic, MUL),
        Op::Fsub => float!(Arithmetic, SUB),
        Op::Fsubr => float!(Arithmetic, SUBR),
        Op::Fdiv => float!(Arithmetic, DIV),
        Op::Fdivr => float!(Arithmetic, DIVR),
        Op::Fiadd => integer!(Arithmetic, ADD),
        Op::Fimul => integer!(Arithmetic, MUL),
        Op::Fisub => integer!(Arithmetic, SUB),
        Op::Fisubr => integer!(Arithmetic, SUBR),
        Op::Fidiv => integer!(Arithmetic, DIV),
        Op::Fidivr => integer!(Arithmetic, DIVR),
        Op::Fcom => float!(Compare, false),
        Op::Fcomp => float!(Compare, true),
        Op::Ficom => integer!(Compare, false),
        Op::Ficomp => integer!(Compare, true),
        Op::Fld => float!(Load),
        Op::Fild if bytes == 8 => call::<Load<Qword>>(),
        Op::Fild => integer!(Load),
        Op::Fbld => call::<Load<Decimal>>(),
        Op::Fst => float!(Store, false),
        Op::Fstp => float!(Store, true),
        Op::Fist => integer!(Store, false),
        Op::Fistp if bytes == 8 => call::<Store<Qword, true>>(),
        Op::Fistp => integer!(Store, true),
        Op::Fisttp => match bytes {
            2 => call::<Store<Truncated<Word>, true>>(),
            4 => call::<Store<Truncated<Dword>, true>>(),
            _ => call::<Store<Truncated<Qword>, true>>(),
        },
        Op::Fbstp => call::<Store<Decimal, true>>(),
        _ => return None,
    })
}
