//! The chain of handlers that runs a block.
//!
//! A handler runs its instruction and then calls the handler of the next one. In a release build that call is a jump,
//! since errors fit one register and the ends are cold calls; in a debug build its depth is the length of the block.
//! The end of the slice is the end of the run, and its length tells where a fault happened.
//!
//! A handler for known places does what goes straight on. It makes no calls, so that it saves no registers: where it cannot go on
//! (the TLB does not have the page), nothing has happened, and the handler for all forms runs the instruction instead.

use crate::exec::Exec;
use crate::inst::{Inst, Places};
use crate::sem::Meaning;
use crate::size::Size;
use crate::state::Cpu;
use crate::stop::Flow;

/// Runs the first instruction of the slice and then the rest.
pub type Run = fn(&mut Cpu, &[Inst]) -> Flow;

/// What is known of an instruction when its handler is compiled; `None` is looked up when it runs.
pub trait Shape {
    const SIZE: Option<Size> = None;
    const PLACES: Option<Places> = None;
}

/// Nothing is known: one handler for all forms of an operation.
pub struct Any;
impl Shape for Any {}

/// Size and places are known, addresses are plain, there is no LOCK and no high byte register.
pub struct Special<const SIZE: u8, const PLACES: u8>;
impl<const S: u8, const P: u8> Shape for Special<S, P> {
    const SIZE: Option<Size> = Some([Size::B1, Size::B2, Size::B4, Size::B8][S as usize]);
    const PLACES: Option<Places> =
        Some([Places::RegReg, Places::RegMem, Places::RegImm, Places::MemReg, Places::MemImm][P as usize]);
}

#[inline(never)]
fn chain<M: Meaning, K: Shape>(cpu: &mut Cpu, code: &[Inst]) -> Flow {
    let [inst, rest @ ..] = code else {
        return Ok(());
    };
    if let Err(stop) = M::apply(&mut Exec::<K>::new(cpu), inst) {
        if K::PLACES.is_some() {
            return chain::<M, Any>(cpu, code);
        }
        return cpu.stopped(code.len(), stop);
    }
    let [next, ..] = rest else {
        return cpu.finished();
    };
    (next.run)(cpu, rest)
}

/// An operation that only the interpreter executes; every other engine calls it.
pub trait Call {
    fn call(cpu: &mut Cpu, inst: &Inst) -> Flow;
}

#[inline(never)]
fn chain_call<C: Call>(cpu: &mut Cpu, code: &[Inst]) -> Flow {
    let [inst, rest @ ..] = code else {
        return Ok(());
    };
    if let Err(stop) = C::call(cpu, inst) {
        return cpu.stopped(code.len(), stop);
    }
    let [next, ..] = rest else {
        return cpu.finished();
    };
    (next.run)(cpu, rest)
}

/// The way through such an operation that goes straight on, without calls. `None`: nothing has happened, and `Long` does it.
pub trait Short {
    type Long: Call;
    fn short(cpu: &mut Cpu, inst: &Inst) -> Option<()>;
}

fn chain_short<S: Short>(cpu: &mut Cpu, code: &[Inst]) -> Flow {
    let [inst, rest @ ..] = code else {
        return Ok(());
    };
    if S::short(cpu, inst).is_none() {
        return chain_call::<S::Long>(cpu, code);
    }
    let [next, ..] = rest else {
        return cpu.finished();
    };
    (next.run)(cpu, rest)
}

/// The handler that tries the short way first.
pub fn short<S: Short>() -> Run {
    chain_short::<S>
}

/// The handler of an operation that only the interpreter executes.
pub fn call<C: Call>() -> Run {
    chain_call::<C>
}

/// The handler for every form of `M`.
pub fn general<M: Meaning>() -> Run {
    chain::<M, Any>
}

/// The handler for one size (as a power of two) and one kind of places.
pub fn one<M: Meaning, const SIZE: u8, const PLACES: u8>() -> Run {
    chain::<M, Special<SIZE, PLACES>>
}

/// The handler for exactly this size and these places: about 5 KB for all of an operation's forms, so only for hot ones.
pub fn special<M: Meaning>(size: Size, places: Places) -> Run {
    macro_rules! by_places {
        ($size:literal) => {
            match places {
                Places::RegReg => chain::<M, Special<$size, 0>> as Run,
                Places::RegMem => chain::<M, Special<$size, 1>>,
                Places::RegImm => chain::<M, Special<$size, 2>>,
                Places::MemReg => chain::<M, Special<$size, 3>>,
                Places::MemImm => chain::<M, Special<$size, 4>>,
            }
        };
    }
    match size {
        Size::B1 => by_places!(0),
        Size::B2 => by_places!(1),
        Size::B4 => by_places!(2),
        Size::B8 => by_places!(3),
    }
}
