//! The translating engine: guest code becomes host code, blocks are linked by patching, and all threads share one cache.
//!
//! [`Translator::new`] says whether the host allows it; [`Translator::engine`] is what a thread runs instead of the interpreter,
//! which still runs what is not translated. On x86-64 hosts ([`x86_64`]) instructions are copied. Neighbours: `isa` decodes, `cpu`
//! interprets, `host` delivers signals to translated code, and the personality lends [`Space`].
#![cfg_attr(not(test), no_std)]

extern crate alloc;

use core::ptr::NonNull;

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod x86_64;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub use x86_64::Translator;

#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
mod none;
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub use none::Translator;

/// What the translator asks of the guest's address space.
pub trait Space: Send + Sync {
    /// `length` bytes that may be written and run, all within `reach` of `near`, and the guest's no more.
    fn take_for_code(&self, near: u64, length: u64, reach: u64) -> Option<NonNull<u8>>;
    /// As [`memory::Backing::code_epoch`]; takes no lock that is held while code is forgotten.
    fn code_epoch(&self, page: u64) -> u32;
}
