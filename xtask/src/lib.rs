//! The chores around blink, as a library so that tests of other crates can use them.
//!
//! Each chore is one module; `main.rs` picks one by name. [`house`] holds the rules that `cargo test`
//! enforces over the whole tree, [`programs`] compares whole programs with the real machine, [`guests`]
//! builds the small programs under `guests/`.

#![forbid(unsafe_code)]

pub mod bench;
pub mod calls;
pub mod docs;
pub mod guests;
pub mod hosts;
pub mod house;
pub mod packages;
pub mod places;
pub mod programs;
pub mod report;
pub mod run;
pub mod sizes;
pub mod suite;
pub mod test;
pub mod threads;

/// What a chore returns: a message for the person who called it, or success.
pub type Outcome = Result<(), String>;
