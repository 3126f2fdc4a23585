//! The primitives that touch guest memory, the only ones.
//!
//! Guest accesses are not Rust references and, where misaligned, not Rust atomics. All of them are little-endian. Loads are
//! acquire and stores release, as on x86; locked operations are sequentially consistent. A place is given as the sum of two
//! numbers (guest address and addend), so that a host that can adds them in the access itself.
//!
//! Common safety contract: the `N` bytes at the place are host memory that holds guest memory and nothing else; it can be
//! read, and written by what writes.

#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(target_arch = "x86_64")]
use x86_64 as native;

// Everywhere compiled, so that it is tested everywhere.
#[cfg_attr(target_arch = "x86_64", allow(dead_code))]
mod portable;
#[cfg(not(target_arch = "x86_64"))]
use portable as native;

#[cfg(target_arch = "aarch64")]
#[path = "aarch64.rs"]
mod wide;
#[cfg(target_arch = "s390x")]
#[path = "s390x.rs"]
mod wide;
#[cfg(not(any(target_arch = "aarch64", target_arch = "s390x")))]
#[path = "narrow.rs"]
mod wide;

pub(crate) use native::{compare_exchange, compare_exchange16, load, load16, rmw, store, store16};

/// The host has no single instruction for a locked operation at this place: be alone in the guest's memory instead.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NeedsExclusion;

/// The low `N` bytes of a value.
#[inline(always)]
pub(crate) const fn cut<const N: usize>(value: u64) -> u64 {
    match N {
        8 => value,
        _ => value & ((1 << (8 * N)) - 1),
    }
}

/// Copies guest memory out.
///
/// # Safety
/// The contract of the module for `into.len()` bytes.
pub(crate) unsafe fn copy_out(host: *const u8, into: &mut [u8]) {
    let mut at = host as usize;
    let mut chunks = into.chunks_exact_mut(8);
    for chunk in &mut chunks {
        // SAFETY: inside the bytes that the caller vouches for.
        chunk.copy_from_slice(&unsafe { load::<8>(at, 0) }.to_le_bytes());
        at += 8;
    }
    for byte in chunks.into_remainder() {
        // SAFETY: as above.
        *byte = unsafe { load::<1>(at, 0) } as u8;
        at += 1;
    }
}

/// Copies into guest memory.
///
/// # Safety
/// The contract of the module for `from.len()` bytes.
pub(crate) unsafe fn copy_in(host: *mut u8, from: &[u8]) {
    let mut at = host as usize;
    let (chunks, rest) = from.as_chunks::<8>();
    for chunk in chunks {
        // SAFETY: inside the bytes that the caller vouches for.
        unsafe { store::<8>(at, 0, u64::from_le_bytes(*chunk)) };
        at += 8;
    }
    for byte in rest {
        // SAFETY: as above.
        unsafe { store::<1>(at, 0, u64::from(*byte)) };
        at += 1;
    }
}

#[cfg(test)]
mod tests;
