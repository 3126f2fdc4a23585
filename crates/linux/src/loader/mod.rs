//! Loading programs: from a path to a mapped image, a stack and the registers at entry.
//!
//! [`find`](mod@find) opens files and follows `#!` lines, [`elf`], [`ape`] and [`script`] read them (pure), [`map`] maps the plan into
//! an address space, [`start`](mod@start) does it all and builds the stack, [`refusal`] says why not. `man 2 execve`, `man 5 elf`.

pub mod ape;
pub mod elf;
pub mod find;
pub mod map;
pub mod open;
pub mod refusal;
pub mod script;
pub mod start;

use alloc::vec::Vec;
pub use find::{Files, Found, Kind, find};
pub use open::GuestFiles;
pub use refusal::{LoadError, Refusal};
pub use start::{ProgramSpec, Start, start};

use crate::Errno;

/// What `execve` of Linux says about a file before the old program is gone: `Ok`, or the error for the caller. A file whose faults
/// show later is `Ok`: its process dies of SIGSEGV ([`LoadError::is_late`]).
pub fn check(files: &impl Files, path: &[u8], argv: &[Vec<u8>]) -> Result<(), Errno> {
    match find(files, path, argv) {
        Err(error) if !error.is_late() => Err(error.errno()),
        _ => Ok(()),
    }
}
