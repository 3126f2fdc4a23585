//! Hosts without (usable) 16-byte atomics, and x86-64, which has its own.

use super::NeedsExclusion;

/// # Safety
/// See [`super`]; this one touches nothing.
pub(crate) unsafe fn compare_exchange16(_: usize, _: [u64; 2], _: [u64; 2]) -> Result<[u64; 2], NeedsExclusion> {
    Err(NeedsExclusion)
}

/// # Safety
/// See [`super`]; misaligned loads are single instructions nowhere here.
pub(crate) unsafe fn load_misaligned<const N: usize>(_: usize) -> Option<u64> {
    None
}

/// # Safety
/// See [`super`].
pub(crate) unsafe fn store_misaligned<const N: usize>(_: usize, _: u64) -> bool {
    false
}
