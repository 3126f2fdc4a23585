//! Instructions on registers alone.

use super::{C0, C1, C2, C3, Fault, X87};
use crate::chain::{Call, Run, call};
use crate::flags::{CF, Flags as StatusFlags, PF, ZF};
use crate::inst::Inst;
use crate::state::Cpu;
use crate::stop::Flow;
use core::cmp::Ordering;
use core::marker::PhantomData;
use isa::{Instruction, Op, Operand};
use softfloat::{Class, Constant, Env, F80, Flags, Nans, Quotient};

/// What an instruction does to the unit; `i` is its register operand.
pub(super) trait Operation {
    fn apply(unit: &mut X87, i: u8);
}

struct OnRegisters<O>(PhantomData<O>);

impl<O: Operation> Call for OnRegisters<O> {
    fn call(cpu: &mut Cpu, inst: &Inst) -> Flow {
        cpu.wait()?;
        cpu.note(inst);
        O::apply(&mut cpu.x87, inst.dst);
        Ok(())
    }
}

/// The operations with two operands that rows name: numbered as the opcode extension of D8.
pub(super) const ADD: u8 = 0;
pub(super) const MUL: u8 = 1;
pub(super) const SUB: u8 = 4;
pub(super) const SUBR: u8 = 5;
pub(super) const DIV: u8 = 6;
pub(super) const DIVR: u8 = 7;

#[inline(never)]
pub(super) fn compute(kind: u8, env: &mut Env, a: F80, b: F80) -> F80 {
    match kind {
        ADD => softfloat::add(env, a, b),
        MUL => softfloat::mul(env, a, b),
        SUB => softfloat::sub(env, a, b),
        SUBR => softfloat::sub(env, b, a),
        DIV => softfloat::div(env, a, b),
        _ => softfloat::div(env, b, a),
    }
}

/// Of ST(0) and ST(i) into the first or second of them, and perhaps a pop.
struct Arithmetic<const KIND: u8, const INTO_I: bool, const POP: bool>;

impl<const KIND: u8, const INTO_I: bool, const POP: bool> Operation for Arithmetic<KIND, INTO_I, POP> {
    fn apply(unit: &mut X87, i: u8) {
        let (to, other) = if INTO_I { (i, 0) } else { (0, i) };
        unit.arithmetic(KIND, to, other, POP);
    }
}

const UNORDERED: u16 = C0 | C2 | C3;

pub(super) fn conditions(order: Option<Ordering>) -> u16 {
    match order {
        None => UNORDERED,
        Some(Ordering::Less) => C0,
        Some(Ordering::Equal) => C3,
        Some(Ordering::Greater) => 0,
    }
}

impl X87 {
    /// Compares ST(0) with a value and sets C3, C2 and C0; `false` means that the instruction ends without popping.
    #[inline(never)]
    pub(super) fn compare(&mut self, mut env: Env, value: F80, nans: Nans) -> bool {
        let order = softfloat::compare(&mut env, self.st(0), value, nans);
        self.set_conditions(conditions(order));
        self.finish(&env)
    }

    /// A comparison with an empty register.
    pub(super) fn compare_nothing(&mut self) -> bool {
        self.set_conditions(UNORDERED);
        self.underflow() == Fault::Masked
    }

    #[inline(never)]
    fn compare_registers(&mut self, i: u8, nans: Nans) -> bool {
        if self.is_empty(0) || self.is_empty(i) {
            self.compare_nothing()
        } else {
            self.compare(self.env(), self.st(i), nans)
        }
    }

    /// ST(to) = ST(to) op ST(other), and perhaps a pop.
    #[inline(never)]
    fn arithmetic(&mut self, kind: u8, to: u8, other: u8, pops: bool) {
        let value = if self.is_empty(to) || self.is_empty(other) {
            match self.underflow() {
                Fault::Masked => F80::INDEFINITE,
                Fault::Unmasked => return,
            }
        } else {
            let mut env = self.env();
            let value = compute(kind, &mut env, self.st(to), self.st(other));
            if !self.finish(&env) {
                return;
            }
            value
        };
        self.set_st(to, value);
        if pops {
            self.pop();
        }
    }

    /// Replaces ST(0) by a function of it.
    fn unary(&mut self, f: impl FnOnce(&mut Env, F80) -> F80) {
        if self.is_empty(0) {
            if self.underflow() == Fault::Masked {
                self.set_st(0, F80::INDEFINITE);
            }
            return;
        }
        let mut env = self.env();
        let value = f(&mut env, self.st(0));
        if self.finish(&env) {
            self.set_st(0, value);
        }
    }

    /// Sine and cosine: C2 says that the operand is out of range, in which case nothing happens.
    fn unary_in_range(&mut self, f: impl FnOnce(&mut Env, F80) -> Option<F80>) {
        self.status &= !C2;
        let mut is_beyond = false;
        self.unary(|env, x| {
            f(env, x).unwrap_or_else(|| {
                is_beyond = true;
                x
            })
        });
        if is_beyond {
            self.status |= C2;
        }
    }

    /// Replaces ST(0) and pushes a second result. `None` is out of range.
    fn unary_and_push(&mut self, f: impl FnOnce(&mut Env, F80) -> Option<(F80, F80)>) {
        let fault = if self.is_empty(0) {
            self.underflow()
        } else if !self.is_empty(7) {
            self.overflow()
        } else {
            let mut env = self.env();
            let results = f(&mut env, self.st(0));
            if self.finish(&env) {
                match results {
                    None => self.status |= C2,
                    Some((below, top)) => {
                        self.set_st(0, below);
                        self.push(top);
                    }
                }
            }
            return;
        };
        if fault == Fault::Masked {
            self.set_st(0, F80::INDEFINITE);
            self.push(F80::INDEFINITE);
        }
    }

    /// Replaces ST(0) by a function of it and ST(1); `false` if there was no result.
    fn binary(&mut self, f: impl FnOnce(&mut Env, F80, F80) -> F80) -> bool {
        if self.is_empty(0) || self.is_empty(1) {
            if self.underflow() == Fault::Masked {
                self.set_st(0, F80::INDEFINITE);
            }
            return false;
        }
        let mut env = self.env();
        let value = f(&mut env, self.st(0), self.st(1));
        let is_delivered = self.finish(&env);
        if is_delivered {
            self.set_st(0, value);
        }
        is_delivered
    }

    /// Replaces ST(1) by a function of it and ST(0), and pops.
    fn binary_and_pop(&mut self, f: impl FnOnce(&mut Env, F80, F80) -> F80) {
        if self.is_empty(0) || self.is_empty(1) {
            if self.underflow() == Fault::Masked {
                self.set_st(1, F80::INDEFINITE);
                self.pop();
            }
            return;
        }
        let mut env = self.env();
        let value = f(&mut env, self.st(1), self.st(0));
        if self.finish(&env) {
            self.set_st(1, value);
            self.pop();
        }
    }

    fn remainder(&mut self, kind: Quotient) {
        let mut result = None;
        self.status &= !C2;
        let is_delivered = self.binary(|env, a, b| result.insert(softfloat::remainder(env, a, b, kind)).value);
        // C0 and C3 stay where there is no quotient.
        let Some(result) = result.filter(|result| is_delivered && result.value.class() != Class::Nan) else {
            return;
        };
        let bit = |n: u8, bit: u16| if result.quotient >> n & 1 != 0 { bit } else { 0 };
        let partial = if result.partial { C2 } else { 0 };
        self.set_conditions(bit(0, C1) | bit(1, C3) | bit(2, C0) | partial);
    }

    /// Pushes a value, or meets a full stack.
    #[inline(never)]
    pub(super) fn load(&mut self, value: F80) {
        if self.is_empty(7) {
            self.set_c1(false);
            self.push(value);
        } else if self.overflow() == Fault::Masked {
            self.push(F80::INDEFINITE);
        }
    }

    #[inline(never)]
    fn constant(&mut self, constant: Constant) {
        self.load(constant.rounded(self.env().rounding));
    }

    #[inline(never)]
    fn store_register(&mut self, i: u8, pops: bool) {
        let value = if self.is_empty(0) {
            match self.underflow() {
                Fault::Masked => F80::INDEFINITE,
                Fault::Unmasked => return,
            }
        } else {
            self.set_c1(false);
            self.st(0)
        };
        self.set_st(i, value);
        if pops {
            self.pop();
        }
    }
}

/// Defines operations: a type and what it does.
macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident($unit:ident, $i:ident) $body:expr;)*) => {$(
        $(#[$doc])*
        struct $name;
        impl Operation for $name {
            fn apply($unit: &mut X87, $i: u8) {
                $body
            }
        }
    )*};
}

operations! {
    Fcom(unit, i) { unit.compare_registers(i, Nans::Signal); };
    Fcomp(unit, i) if unit.compare_registers(i, Nans::Signal) { unit.pop() };
    Fcompp(unit, _i) if unit.compare_registers(1, Nans::Signal) { unit.pop(); unit.pop() };
    Fucom(unit, i) { unit.compare_registers(i, Nans::Quiet); };
    Fucomp(unit, i) if unit.compare_registers(i, Nans::Quiet) { unit.pop() };
    Fucompp(unit, _i) if unit.compare_registers(1, Nans::Quiet) { unit.pop(); unit.pop() };
    Ftst(unit, _i) {
        if unit.is_empty(0) { unit.compare_nothing() } else { unit.compare(unit.env(), F80::ZERO, Nans::Signal) };
    };
    /// C3, C2, C0 are the class and C1 the sign, also of an empty register.
    Fxam(unit, _i) {
        let value = unit.st(0);
        let class = if unit.is_empty(0) { 5 } else { value.class() as u16 };
        let sign = if value.is_negative() { C1 } else { 0 };
        unit.set_conditions((class & 1) << 8 | (class >> 1 & 1) << 10 | (class >> 2) << 14 | sign);
    };

    Fld(unit, i) {
        if unit.is_empty(i) {
            if unit.underflow() == Fault::Masked {
                unit.push(F80::INDEFINITE);
            }
        } else {
            unit.load(unit.st(i));
        }
    };
    Fst(unit, i) unit.store_register(i, false);
    Fstp(unit, i) unit.store_register(i, true);
    /// An undocumented twin of FSTP that does not mind an empty register.
    Fstpnce(unit, i) {
        unit.set_c1(false);
        if !unit.is_empty(0) {
            unit.set_st(i, unit.st(0));
        }
        unit.pop();
    };
    Fxch(unit, i) {
        if (unit.is_empty(0) || unit.is_empty(i)) && unit.underflow() == Fault::Unmasked {
            return;
        }
        unit.set_c1(false);
        let value = |n| if unit.is_empty(n) { F80::INDEFINITE } else { unit.st(n) };
        let (a, b) = (value(0), value(i));
        unit.set_st(0, b);
        unit.set_st(i, a);
    };
    Fchs(unit, _i) unit.unary(|_, x| x.negated());
    Fabs(unit, _i) unit.unary(|_, x| x.absolute());
    Fsqrt(unit, _i) unit.unary(softfloat::sqrt);
    Frndint(unit, _i) unit.unary(|env, x| softfloat::round_to_integral(env, x, env.rounding, true));
    F2xm1(unit, _i) unit.unary(softfloat::exp2_minus_1);
    Fsin(unit, _i) unit.unary_in_range(softfloat::sine);
    Fcos(unit, _i) unit.unary_in_range(softfloat::cosine);
    Fsincos(unit, _i) { unit.status &= !C2; unit.unary_and_push(softfloat::sine_cosine) };
    Fptan(unit, _i) { unit.status &= !C2; unit.unary_and_push(softfloat::tangent) };
    Fxtract(unit, _i) unit.unary_and_push(|env, x| Some(softfloat::extract(env, x)));
    Fscale(unit, _i) { unit.binary(softfloat::scale); };
    Fprem(unit, _i) unit.remainder(Quotient::Truncated);
    Fprem1(unit, _i) unit.remainder(Quotient::Nearest);
    Fyl2x(unit, _i) unit.binary_and_pop(softfloat::y_log2_x);
    Fyl2xp1(unit, _i) unit.binary_and_pop(softfloat::y_log2_x_plus_1);
    Fpatan(unit, _i) unit.binary_and_pop(softfloat::arc_tangent_of);

    Fldz(unit, _i) unit.constant(Constant::Zero);
    Fld1(unit, _i) unit.constant(Constant::One);
    Fldl2t(unit, _i) unit.constant(Constant::Log2Ten);
    Fldl2e(unit, _i) unit.constant(Constant::Log2E);
    Fldpi(unit, _i) unit.constant(Constant::Pi);
    Fldlg2(unit, _i) unit.constant(Constant::Log10Two);
    Fldln2(unit, _i) unit.constant(Constant::LnTwo);

    Fincstp(unit, _i) { unit.set_c1(false); unit.set_top(unit.top().wrapping_add(1)) };
    Fdecstp(unit, _i) { unit.set_c1(false); unit.set_top(unit.top().wrapping_sub(1)) };
    Ffree(unit, i) { unit.set_c1(false); unit.free(i) };
    Ffreep(unit, i) { unit.set_c1(false); unit.free(i); unit.pop() };
    Fnop(_unit, _i) {};
}

/// FCMOVcc: the condition as a number of the manual's condition codes.
struct Fcmov<const CONDITION: u8>;

impl<const C: u8> Call for Fcmov<C> {
    fn call(cpu: &mut Cpu, inst: &Inst) -> Flow {
        cpu.wait()?;
        cpu.note(inst);
        let bits = cpu.flags.bits();
        let holds = match C >> 1 {
            1 => bits & CF != 0,
            2 => bits & ZF != 0,
            3 => bits & (CF | ZF) != 0,
            _ => bits & PF != 0,
        } != (C & 1 != 0);
        let (unit, i) = (&mut cpu.x87, inst.dst);
        if unit.is_empty(0) || unit.is_empty(i) {
            if unit.underflow() == Fault::Masked {
                unit.set_st(0, F80::INDEFINITE);
            }
        } else if holds {
            unit.set_st(0, unit.st(i));
        }
        Ok(())
    }
}

/// FCOMI and its kin: ZF, PF and CF tell the order; OF, SF and AF are cleared.
struct CompareFlags<const QUIET: bool, const POP: bool>;

impl<const QUIET: bool, const POP: bool> Call for CompareFlags<QUIET, POP> {
    fn call(cpu: &mut Cpu, inst: &Inst) -> Flow {
        cpu.wait()?;
        cpu.note(inst);
        let (unit, i) = (&mut cpu.x87, inst.dst);
        let (order, goes_on) = if unit.is_empty(0) || unit.is_empty(i) {
            (None, unit.underflow() == Fault::Masked)
        } else {
            let mut env = unit.env();
            let nans = if QUIET { Nans::Quiet } else { Nans::Signal };
            let order = softfloat::compare(&mut env, unit.st(0), unit.st(i), nans);
            unit.signal(env.raised().bits().into());
            (order, unit.is_masked(env.raised() & Flags::PRE))
        };
        if POP && goes_on {
            unit.pop();
        }
        cpu.flags = StatusFlags::from_bits(match order {
            None => ZF | PF | CF,
            Some(Ordering::Less) => CF,
            Some(Ordering::Equal) => ZF,
            Some(Ordering::Greater) => 0,
        });
        Ok(())
    }
}

pub(super) fn handler(i: &Instruction) -> Option<Run> {
    fn on<O: Operation>() -> Run {
        call::<OnRegisters<O>>()
    }
    /// The destination is ST(0) or, with the operands the other way round, ST(i).
    fn arithmetic<const KIND: u8>(i: &Instruction) -> Run {
        let into_i = matches!(i.operands, [Operand::St(_), Operand::St(0), ..]) && i.opcode != 0xd8;
        if into_i { on::<Arithmetic<KIND, true, false>>() } else { on::<Arithmetic<KIND, false, false>>() }
    }
    fn popping<const KIND: u8>() -> Run {
        on::<Arithmetic<KIND, true, true>>()
    }
    Some(match i.op {
        Op::Fadd => arithmetic::<ADD>(i),
        Op::Fmul => arithmetic::<MUL>(i),
        Op::Fsub => arithmetic::<SUB>(i),
        Op::Fsubr => arithmetic::<SUBR>(i),
        Op::Fdiv => arithmetic::<DIV>(i),
        Op::Fdivr => arithmetic::<DIVR>(i),
        Op::Faddp => popping::<ADD>(),
        Op::Fmulp => popping::<MUL>(),
        Op::Fsubp => popping::<SUB>(),
        Op::Fsubrp => popping::<SUBR>(),
        Op::Fdivp => popping::<DIV>(),
        Op::Fdivrp => popping::<DIVR>(),
        Op::Fcom => on::<Fcom>(),
        Op::Fcomp => on::<Fcomp>(),
        Op::Fcompp => on::<Fcompp>(),
        Op::Fucom => on::<Fucom>(),
        Op::Fucomp => on::<Fucomp>(),
        Op::Fucompp => on::<Fucompp>(),
        Op::Fcomi => call::<CompareFlags<false, false>>(),
        Op::Fcomip => call::<CompareFlags<false, true>>(),
        Op::Fucomi => call::<CompareFlags<true, false>>(),
        Op::Fucomip => call::<CompareFlags<true, true>>(),
        Op::Ftst => on::<Ftst>(),
        Op::Fxam => on::<Fxam>(),
        Op::Fld => on::<Fld>(),
        Op::Fst => on::<Fst>(),
        Op::Fstp => on::<Fstp>(),
        Op::Fstpnce => on::<Fstpnce>(),
        Op::Fxch => on::<Fxch>(),
        Op::Fchs => on::<Fchs>(),
        Op::Fabs => on::<Fabs>(),
        Op::Fsqrt => on::<Fsqrt>(),
        Op::Frndint => on::<Frndint>(),
        Op::F2xm1 => on::<F2xm1>(),
        Op::Fsin => on::<Fsin>(),
        Op::Fcos => on::<Fcos>(),
        Op::Fsincos => on::<Fsincos>(),
        Op::Fptan => on::<Fptan>(),
        Op::Fxtract => on::<Fxtract>(),
        Op::Fscale => on::<Fscale>(),
        Op::Fprem => on::<Fprem>(),
        Op::Fprem1 => on::<Fprem1>(),
        Op::Fyl2x => on::<Fyl2x>(),
        Op::Fyl2xp1 => on::<Fyl2xp1>(),
        Op::Fpatan => on::<Fpatan>(),
        Op::Fldz => on::<Fldz>(),
        Op::Fld1 => on::<Fld1>(),
        Op::Fldl2t => on::<Fldl2t>(),
        Op::Fldl2e => on::<Fldl2e>(),
        Op::Fldpi => on::<Fldpi>(),
        Op::Fldlg2 => on::<Fldlg2>(),
        Op::Fldln2 => on::<Fldln2>(),
        Op::Fincstp => on::<Fincstp>(),
        Op::Fdecstp => on::<Fdecstp>(),
        Op::Ffree => on::<Ffree>(),
        Op::Ffreep => on::<Ffreep>(),
        Op::Fnop => on::<Fnop>(),
        Op::Fcmovb => call::<Fcmov<2>>(),
        Op::Fcmovnb => call::<Fcmov<3>>(),
        Op::Fcmove => call::<Fcmov<4>>(),
        Op::Fcmovne => call::<Fcmov<5>>(),
        Op::Fcmovbe => call::<Fcmov<6>>(),
        Op::Fcmovnbe => call::<Fcmov<7>>(),
        Op::Fcmovu => call::<Fcmov<10>>(),
        Op::Fcmovnu => call::<Fcmov<11>>(),
        _ => return None,
    })
}
