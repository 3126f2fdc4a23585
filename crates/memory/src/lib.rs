//! Guest memory: the mechanism that all personalities share.
//!
//! A [`Memory`] is one guest thread's view: a translation look-aside buffer whose hits are host pointers, in front of a
//! [`Backing`], which knows what is mapped and hands out owned [`Page`]s. Safe code can neither forge a page nor reach past
//! one. `access` holds the few primitives that touch guest bytes, [`attention`] the bits by which threads ask one another to
//! stop and look. Knows no operating system.
#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod access;
pub mod attention;
mod page;
mod ram;
mod tlb;

pub use attention::Attention;
pub use page::{PAGE_SIZE, Page, Rights};
pub use ram::Ram;
pub use tlb::{Chunk, GuestRange, Memory};

/// An address of the guest, where it must not be mistaken for a number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(transparent)]
pub struct GuestAddr(pub u64);

/// What an access wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    Read,
    Write,
    Fetch,
}

/// Why an access failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// Nothing is mapped there.
    Unmapped,
    /// Something is, without the right.
    Protected,
    /// Beyond the end of a mapped file.
    Bus,
    NonCanonical,
    /// A store into a page that holds code somebody has decoded.
    Code,
    /// A watched page.
    Watch,
    /// A device's page.
    Device,
}

/// A failed access: its first byte that could not be reached. Nothing has happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    pub address: u64,
    pub access: Access,
    pub cause: Cause,
}

/// An access failed; [`Memory::fault`] tells how. It has no size, so that results stay in registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Faulted;

/// What is mapped where. Asked on every miss of a TLB.
pub trait Backing: Send + Sync {
    /// The page at `address` (a multiple of the page size) for this access, with the rights that may be cached.
    /// A `Fetch` marks the page as holding code: from then on it is given without the right to write, and a store there
    /// fails with [`Cause::Code`] until [`Backing::code_written`].
    fn page(&self, address: u64, access: Access) -> Result<Page, Cause>;

    /// The number of changes to the code in the page at `address`: a decoded block is stale if it has changed.
    fn code_epoch(&self, address: u64) -> u32;

    /// May the bytes change without notice (a mapping shared with other processes or with another address)?
    fn is_code_volatile(&self, address: u64) -> bool {
        let _ = address;
        false
    }

    /// Somebody is about to write code at `address`: raises the page's epoch, forgets that it holds code, and tells all threads.
    fn code_written(&self, address: u64);
}
