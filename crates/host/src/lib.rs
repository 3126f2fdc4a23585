//! The only door to the host operating system.
//!
//! Safe functions over `libc`: files and directories ([`file`], [`dir`]), I/O on guest memory ([`io`]), sockets, polling,
//! time, terminals, identity. Results are neutral Rust values or [`Errno`], the *host's* error number; the personality
//! translates. Nothing here knows the guest's ABI.

pub mod blocking;
pub mod call;
pub mod counter;
pub mod errno;
pub mod log;
pub mod mapping;
mod nr;
mod raw;
pub mod dir;
pub mod file;
pub mod futex;
pub mod generic;
pub mod io;
pub mod poll;
pub mod identity;
pub mod socket;
pub mod terminal;
pub mod ipc;
pub mod own;
pub mod process;
pub mod signal;
pub mod start;
pub mod system;
pub mod thread;
pub mod time;

pub use errno::Errno;
