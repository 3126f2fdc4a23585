//! What instructions mean, written once for all engines.
//!
//! A meaning is a function over a domain ([`Sem`]): the interpreter executes it on integers ([`Exec`](crate::exec::Exec)),
//! a translator gives names of values instead. The rules: no Rust `if` on a guest value, loads and probes before the
//! memory write, registers and flags last, so that an error means that nothing has happened. What is not worth lifting is
//! an ordinary function of the interpreter ([`Call`](crate::chain::Call)), which other engines call.

pub mod alu;
pub mod bit;
pub mod far;
pub mod flags;
pub mod flow;
pub mod moves;
pub mod mul;
pub mod shift;
pub mod stack;
pub mod string;
pub mod system;

use crate::arith::Arith;
use crate::inst::Inst;
use crate::size::Size;

/// One operation, as a type: what a handler is compiled for.
pub trait Meaning {
    fn apply<S: Sem>(s: &mut S, inst: &Inst) -> Result<(), S::Stop>;
}

/// Defines operations: a type and its meaning.
macro_rules! meanings {
    ($($(#[$doc:meta])* $name:ident($s:ident, $inst:ident) $body:block)*) => {$(
        $(#[$doc])*
        pub struct $name;
        impl crate::sem::Meaning for $name {
            #[inline(always)]
            fn apply<S: crate::sem::Sem>($s: &mut S, $inst: &crate::inst::Inst) -> Result<(), S::Stop> $body
        }
    )*};
}
pub(crate) use meanings;

/// Defines operations that only the interpreter executes.
macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident($cpu:ident, $inst:ident) $body:block)*) => {$(
        $(#[$doc])*
        pub struct $name;
        impl crate::chain::Call for $name {
            #[inline]
            fn call($cpu: &mut crate::state::Cpu, $inst: &crate::inst::Inst) -> crate::stop::Flow $body
        }
    )*};
}
pub(crate) use calls;

/// Defines the short ways through operations: `Name(cpu, inst) of Operation { ... }`.
macro_rules! shorts {
    ($($(#[$doc:meta])* $name:ident($cpu:ident, $inst:ident) of $long:ident $body:block)*) => {$(
        $(#[$doc])*
        pub struct $name;
        impl crate::chain::Short for $name {
            type Long = $long;
            #[inline(always)]
            fn short($cpu: &mut crate::state::Cpu, $inst: &crate::inst::Inst) -> Option<()> $body
        }
    )*};
}
pub(crate) use shorts;

/// A domain in which meanings are evaluated.
pub trait Sem {
    /// An integer of up to 64 bits.
    type Int: Copy;
    /// A truth value.
    type Bool: Copy;
    type Stop;

    /// Width of the instruction's operation.
    fn size(&self, inst: &Inst) -> Size;
    fn constant(&mut self, value: u64) -> Self::Int;

    // Operands. Reads are cut to their size.
    /// The source operand: register, memory or immediate.
    fn source(&mut self, inst: &Inst) -> Result<Self::Int, Self::Stop>;
    /// The source operand at a width of its own.
    fn source_as(&mut self, inst: &Inst, size: Size) -> Result<Self::Int, Self::Stop>;
    /// The destination, to be read only.
    fn destination(&mut self, inst: &Inst) -> Result<Self::Int, Self::Stop>;
    /// Writes the destination.
    fn write(&mut self, inst: &Inst, value: Self::Int) -> Result<(), Self::Stop>;
    /// Destination = destination `op` value: memory first, then flags; atomic with LOCK.
    fn update(&mut self, inst: &Inst, op: Arith, value: Self::Int) -> Result<(), Self::Stop>;
    /// Offset of the memory operand, without segment.
    fn offset(&mut self, inst: &Inst) -> Self::Int;

    // Registers and memory by name.
    fn register(&mut self, number: u8, size: Size) -> Self::Int;
    fn set_register(&mut self, number: u8, size: Size, value: Self::Int);
    fn load(&mut self, address: Self::Int, size: Size) -> Result<Self::Int, Self::Stop>;
    fn store(&mut self, address: Self::Int, size: Size, value: Self::Int) -> Result<(), Self::Stop>;

    // Values.
    /// The result of an operation, with no effect on flags.
    fn value(&mut self, op: Arith, size: Size, a: Self::Int, b: Self::Int) -> Self::Int;
    /// The result of an operation, setting the flags: only after everything that can fail.
    fn flagged(&mut self, op: Arith, size: Size, a: Self::Int, b: Self::Int) -> Self::Int;
    fn sign_extend(&mut self, from: Size, value: Self::Int) -> Self::Int;
    /// A condition code of the manual.
    fn condition(&mut self, code: u8) -> Self::Bool;
    fn select(&mut self, condition: Self::Bool, yes: Self::Int, no: Self::Int) -> Self::Int;
    #[expect(clippy::wrong_self_convention, reason = "the domain makes the value, not a truth value itself")]
    fn from_bool(&mut self, condition: Self::Bool) -> Self::Int;

    // Control.
    /// Address of the next instruction.
    fn next_ip(&mut self) -> Self::Int;
    fn jump(&mut self, target: Self::Int) -> Result<(), Self::Stop>;
    fn jump_if(&mut self, condition: Self::Bool, target: u64);
    /// A push or pop goes through the stack pointer last.
    fn push(&mut self, size: Size, value: Self::Int) -> Result<(), Self::Stop>;
}
