//! What the comparisons with the real CPU share: cases, the native harness, our engine on the same state, generators.
#![allow(dead_code, reason = "each test and example uses a part of it")]

pub mod case;
pub mod compare;
pub mod encode;
pub mod engine;
pub mod generate;
pub mod ins;
pub mod native;
pub mod random;
pub mod raw;
pub mod record;
pub mod special;
pub mod state;
pub mod stream;
pub mod suite;

/// AT&T listing of one instruction.
pub fn list(instruction: &isa::Instruction, at: u64) -> String {
    let mut text = String::new();
    isa::list(instruction, at, &mut text).expect("a string takes everything");
    text
}
