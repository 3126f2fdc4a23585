//! 16-byte compare-and-swap and misaligned accesses on s390x, which is big-endian and ordered as x86.

use super::NeedsExclusion;
use core::arch::asm;

/// # Safety
/// See [`super`]; `place` is a multiple of 16.
pub(crate) unsafe fn compare_exchange16(
    place: usize,
    expected: [u64; 2],
    new: [u64; 2],
) -> Result<[u64; 2], NeedsExclusion> {
    let (expected, new) = (expected.map(u64::swap_bytes), new.map(u64::swap_bytes));
    let (low, high): (u64, u64);
    // SAFETY: by the caller. The register pairs are r2:r3 and r4:r5, the lower address in the even one.
    unsafe {
        asm!("cdsg %r2, %r4, 0({p})", p = in(reg_addr) place,
            inout("r2") expected[0] => low, inout("r3") expected[1] => high, in("r4") new[0], in("r5") new[1],
            options(nostack));
    }
    Ok([low.swap_bytes(), high.swap_bytes()])
}

/// # Safety
/// See [`super`].
#[inline(always)]
pub(crate) unsafe fn load_misaligned<const N: usize>(place: usize) -> Option<u64> {
    let value: u64;
    // SAFETY: by the caller. The loads reverse the bytes; the narrow ones keep the rest of the register, which is 0.
    unsafe {
        match N {
            2 => {
                asm!("lrvh {v}, 0({p})", v = inout(reg) 0u64 => value, p = in(reg_addr) place, options(nostack, readonly))
            }
            4 => {
                asm!("lrv {v}, 0({p})", v = inout(reg) 0u64 => value, p = in(reg_addr) place, options(nostack, readonly))
            }
            8 => asm!("lrvg {v}, 0({p})", v = out(reg) value, p = in(reg_addr) place, options(nostack, readonly)),
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
            2 => asm!("strvh {v}, 0({p})", v = in(reg) value, p = in(reg_addr) place, options(nostack)),
            4 => asm!("strv {v}, 0({p})", v = in(reg) value, p = in(reg_addr) place, options(nostack)),
            8 => asm!("strvg {v}, 0({p})", v = in(reg) value, p = in(reg_addr) place, options(nostack)),
            _ => return false,
        }
    }
    true
}
