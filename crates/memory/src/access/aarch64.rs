//! 16-byte compare-and-swap and misaligned accesses on arm64.
//!
//! The exclusive pair works on every ARMv8 CPU. Misaligned plain accesses are allowed on normal memory, but not the
//! acquiring and releasing ones, so a barrier orders them.

use super::NeedsExclusion;
use core::arch::asm;

/// # Safety
/// See [`super`]; `place` is a multiple of 16.
pub(crate) unsafe fn compare_exchange16(
    place: usize,
    expected: [u64; 2],
    new: [u64; 2],
) -> Result<[u64; 2], NeedsExclusion> {
    let (expected, new) = (expected.map(u64::to_le), new.map(u64::to_le));
    let (low, high): (u64, u64);
    // SAFETY: by the caller. A pair that does not match is stored back, since only that proves that it was read at once.
    unsafe {
        asm!(
            "2:",
            "ldaxp {low}, {high}, [{place}]",
            "cmp {low}, {e0}",
            "ccmp {high}, {e1}, #0, eq",
            "b.ne 3f",
            "stlxp {failed:w}, {n0}, {n1}, [{place}]",
            "cbnz {failed:w}, 2b",
            "b 4f",
            "3:",
            "stlxp {failed:w}, {low}, {high}, [{place}]",
            "cbnz {failed:w}, 2b",
            "4:",
            "dmb ish",
            low = out(reg) low, high = out(reg) high, failed = out(reg) _,
            place = in(reg) place, e0 = in(reg) expected[0], e1 = in(reg) expected[1], n0 = in(reg) new[0], n1 = in(reg) new[1],
            options(nostack)
        );
    }
    Ok([u64::from_le(low), u64::from_le(high)])
}

/// # Safety
/// See [`super`].
#[inline(always)]
pub(crate) unsafe fn load_misaligned<const N: usize>(place: usize) -> Option<u64> {
    let value: u64;
    // SAFETY: by the caller.
    unsafe {
        match N {
            2 => {
                asm!("ldrh {v:w}, [{p}]", "dmb ishld", v = out(reg) value, p = in(reg) place, options(nostack, readonly))
            }
            4 => {
                asm!("ldr {v:w}, [{p}]", "dmb ishld", v = out(reg) value, p = in(reg) place, options(nostack, readonly))
            }
            8 => asm!("ldr {v}, [{p}]", "dmb ishld", v = out(reg) value, p = in(reg) place, options(nostack, readonly)),
            _ => return None,
        }
    }
    Some(value)
}

/// # Safety
/// See [`super`].
#[inline(always)]
pub(crate) unsafe fn store_misaligned<const N: usize>(place: usize, value: u64) -> bool {
    // SAFETY: by the caller.
    unsafe {
        match N {
            2 => asm!("dmb ish", "strh {v:w}, [{p}]", v = in(reg) value, p = in(reg) place, options(nostack)),
            4 => asm!("dmb ish", "str {v:w}, [{p}]", v = in(reg) value, p = in(reg) place, options(nostack)),
            8 => asm!("dmb ish", "str {v}, [{p}]", v = in(reg) value, p = in(reg) place, options(nostack)),
            _ => return false,
        }
    }
    true
}
