//! The Linux personality: what a system call of an x86-64 Linux program means on any host.
//!
//! One system call goes `dispatch` → a row of [`table`] → a handler in `sys/<concern>` → `host` → [`dispatch::finish`],
//! which alone writes `rax` and hands restarts and signals to [`signal`]. Handlers take a [`Task`] and typed arguments
//! ([`user`]) and return `Result<u64, Errno>`. ABI structures and constants are written out in [`abi`], never the host's.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

#[macro_use]
extern crate alloc;

#[macro_use]
pub mod abi;
pub mod dispatch;
pub mod errno;
pub mod lend;
pub mod loader;
pub mod mm;
pub mod path;
pub mod process;
pub mod procfs;
pub mod root;
pub mod signal;
pub mod stack;
pub mod sys;
pub mod table;
pub mod task;
pub mod trace;
pub mod user;

pub use dispatch::dispatch;
pub use errno::Errno;
pub use process::Process;
pub use task::Task;
