//! What can go wrong with an access.

/// What an access wants to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    Read,
    Write,
    Fetch,
}

/// Why an access failed. Nothing of it has happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// Nothing is mapped there (`SEGV_MAPERR`).
    Unmapped,
    /// Something is, but not for this access (`SEGV_ACCERR`).
    Protected,
    /// The mapped file ends before that page (`BUS_ADRERR`).
    Bus,
    /// Not an address at all: #GP or #SS instead of #PF.
    NonCanonical,
    /// A store into a page that holds code: call [`Memory::code_written`](crate::Memory::code_written) and try again.
    Code,
    /// Somebody watches the page.
    Watch,
    /// A device answers there.
    Device,
}

/// Details of a failed access.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    /// First byte that could not be accessed.
    pub address: u64,
    pub access: Access,
    pub cause: Cause,
}

/// An access failed and has done nothing; [`Memory::fault`](crate::Memory::fault) has the details.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Faulted;

/// An address of the guest, for interfaces where a plain number could be mistaken for something else.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct GuestAddr(pub u64);

impl GuestAddr {
    /// Start of the page that the address is in.
    pub fn page(self) -> GuestAddr {
        GuestAddr(self.0 & !crate::OFFSET)
    }
}
