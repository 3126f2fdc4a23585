//! The guest's address space.

/// Areas of a guest process.
#[derive(Debug, Default)]
pub struct AddressSpace {}
