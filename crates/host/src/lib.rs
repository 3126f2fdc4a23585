//! The only door to the host operating system.
//!
//! Safe functions over `libc`: files and directories ([`file`], [`dir`]), I/O on guest memory ([`io`]), sockets, polling,
//! time, terminals, identity. Results are neutral Rust values or [`Errno`], the *host's* error number; the personality
//! translates. Nothing here knows the guest's ABI.
#![cfg_attr(not(test), no_std)]
#![allow(clippy::unnecessary_cast, reason = "the widths of the C types differ between hosts")]

#[macro_use]
extern crate alloc;

pub mod arithmetic;
pub mod blocking;
pub mod call;
pub mod counter;
pub mod dir;
pub mod errno;
pub mod file;
pub mod futex;
pub mod generic;
pub mod heap;
pub mod identity;
pub mod io;
pub mod ipc;
pub mod log;
pub mod mapping;
mod nr;
pub mod once;
pub mod own;
pub mod park;
pub mod poll;
pub mod process;
mod raw;
pub mod signal;
pub mod socket;
pub mod start;
pub mod system;
pub mod terminal;
pub mod thread;
pub mod time;

pub use errno::Errno;
