//! Guest memory: the mechanism, one copy of it for all personalities.
//!
//! A guest thread owns a [`Memory`]: a translation look-aside buffer of 4 KiB pages whose hits are host pointers and whose
//! misses go to a [`Backing`] shared by all threads (the Linux address space, a PC's physical memory, [`Ram`] in tests).
//! Guest memory is never a Rust reference: the primitives of [`access`] touch it, ordered as on x86 and atomic where x86 is.
//! [`attention`] lets one thread wait until all others have noticed a change of mappings. [`GuestRange`] lends memory to the
//! host's system calls. No operating system is known here; what must block does so through [`attention::Park`].
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod access;
pub mod attention;
mod bytes;
mod code;
mod fault;
mod locked;
mod memory;
mod page;
mod ram;
mod range;
#[cfg(test)]
mod tests;

pub use attention::{Attention, Lock, Park, Threads};
pub use code::Codes;
pub use fault::{Access, Cause, Fault, Faulted, GuestAddr};
pub use locked::Rmw;
pub use memory::Memory;
pub use page::{Backing, Keep, Page, Rights};
pub use ram::Ram;
pub use range::{Chunk, GuestRange};

/// Bytes of a guest page.
pub const PAGE_SIZE: u64 = 4096;
/// The bits of an address inside its page.
pub const OFFSET: u64 = PAGE_SIZE - 1;

/// Is the address one that the CPU accepts (47 bits and their sign)?
#[inline]
pub fn is_canonical(address: u64) -> bool {
    (address as i64) << 16 >> 16 == address as i64
}
