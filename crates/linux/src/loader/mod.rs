//! Loading programs: from a path to a mapped image, a stack and the registers at entry.
//!
//! [`find`](mod@find) opens files and follows `#!` lines, [`elf`], [`ape`] and [`script`] read them (pure), [`map`] maps the plan into
//! an address space, [`refusal`] says why not. `man 2 execve`, `man 5 elf`.

pub mod ape;
pub mod elf;
pub mod find;
pub mod map;
pub mod refusal;
pub mod script;

pub use find::{Files, Found, Kind, find};
pub use refusal::{LoadError, Refusal};
