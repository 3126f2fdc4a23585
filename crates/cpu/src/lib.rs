//! The guest CPU: registers, flags, what instructions mean, and the interpreter. Knows no operating system and no host.
//!
//! [`Cpu`] is the state, [`Cpu::run`] the engine: it finds blocks of decoded instructions in a [`Cache`], runs their handlers
//! one after the other (`chain`), and returns an [`Exit`] when the personality has to act. What an instruction means is in
//! `sem`, written over a domain; the interpreter's domain is `exec`. Neighbours: `isa` decodes, `memory` is guest memory,
//! `softfloat` computes.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod align;
pub mod arith;
pub mod cache;
pub mod chain;
pub mod cpuid;
mod engine;
pub mod exec;
pub mod flags;
pub mod fxsave;
pub mod handlers;
pub mod inst;
pub mod lower;
pub mod run;
pub mod sem;
pub mod size;
pub mod sse;
pub mod state;
pub mod stop;
pub mod x87;

pub use cache::Cache;
pub use engine::Engine;
pub use size::Size;
pub use state::{
    Cpu, Environment, R8, R9, R10, R11, R12, R13, R14, R15, RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP, Segment,
};
pub use stop::{Exit, Flow, Stop, Trap};
