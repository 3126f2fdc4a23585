//! x86-64 on x86-64: the guest's access is the host's, at any alignment; a misaligned LOCK is what the CPU makes of it.
//!
//! Safety of everything here: the contract in [`super`].

use super::{NeedsExclusion, cut};
use crate::Rmw;
use core::arch::asm;
use core::arch::x86_64::__m128i;

/// # Safety
/// See [`super`].
#[inline(always)]
pub(crate) unsafe fn load<const N: usize>(a: usize, b: usize) -> u64 {
    let value: u64;
    // SAFETY: by the caller.
    unsafe {
        match N {
            1 => asm!("movzx {v:e}, byte ptr [{a} + {b}]", v = lateout(reg) value, a = in(reg) a, b = in(reg) b,
                options(nostack, preserves_flags, readonly)),
            2 => asm!("movzx {v:e}, word ptr [{a} + {b}]", v = lateout(reg) value, a = in(reg) a, b = in(reg) b,
                options(nostack, preserves_flags, readonly)),
            4 => asm!("mov {v:e}, dword ptr [{a} + {b}]", v = lateout(reg) value, a = in(reg) a, b = in(reg) b,
                options(nostack, preserves_flags, readonly)),
            8 => asm!("mov {v}, qword ptr [{a} + {b}]", v = lateout(reg) value, a = in(reg) a, b = in(reg) b,
                options(nostack, preserves_flags, readonly)),
            _ => unreachable!(),
        }
    }
    value
}

/// # Safety
/// See [`super`].
#[inline(always)]
pub(crate) unsafe fn store<const N: usize>(a: usize, b: usize, value: u64) {
    // SAFETY: by the caller.
    unsafe {
        match N {
            1 => asm!("mov byte ptr [{a} + {b}], {v:l}", v = in(reg) value, a = in(reg) a, b = in(reg) b,
                options(nostack, preserves_flags)),
            2 => asm!("mov word ptr [{a} + {b}], {v:x}", v = in(reg) value, a = in(reg) a, b = in(reg) b,
                options(nostack, preserves_flags)),
            4 => asm!("mov dword ptr [{a} + {b}], {v:e}", v = in(reg) value, a = in(reg) a, b = in(reg) b,
                options(nostack, preserves_flags)),
            8 => asm!("mov qword ptr [{a} + {b}], {v}", v = in(reg) value, a = in(reg) a, b = in(reg) b,
                options(nostack, preserves_flags)),
            _ => unreachable!(),
        }
    }
}

/// One access where the CPU has AVX, as for the guest's own instruction.
///
/// # Safety
/// See [`super`].
#[inline(always)]
pub(crate) unsafe fn load16(a: usize, b: usize) -> [u64; 2] {
    let value: __m128i;
    // SAFETY: by the caller; both types are 16 bytes without padding.
    unsafe {
        asm!("movdqu {v}, xmmword ptr [{a} + {b}]", v = lateout(xmm_reg) value, a = in(reg) a, b = in(reg) b,
            options(nostack, preserves_flags, readonly));
        core::mem::transmute::<__m128i, [u64; 2]>(value)
    }
}

/// # Safety
/// See [`super`].
#[inline(always)]
pub(crate) unsafe fn store16(a: usize, b: usize, value: [u64; 2]) {
    // SAFETY: by the caller; both types are 16 bytes without padding.
    unsafe {
        let value = core::mem::transmute::<[u64; 2], __m128i>(value);
        asm!("movdqu xmmword ptr [{a} + {b}], {v}", v = in(xmm_reg) value, a = in(reg) a, b = in(reg) b,
            options(nostack, preserves_flags));
    }
}

/// What was there; it is `new` now if that was `expected`.
///
/// # Safety
/// See [`super`].
#[inline(always)]
pub(crate) unsafe fn compare_exchange<const N: usize>(
    place: usize,
    expected: u64,
    new: u64,
) -> Result<u64, NeedsExclusion> {
    let old: u64;
    // SAFETY: by the caller.
    unsafe {
        match N {
            1 => asm!("lock cmpxchg byte ptr [{p}], {n:l}", p = in(reg) place, n = in(reg) new,
                inout("rax") expected => old, options(nostack)),
            2 => asm!("lock cmpxchg word ptr [{p}], {n:x}", p = in(reg) place, n = in(reg) new,
                inout("rax") expected => old, options(nostack)),
            4 => asm!("lock cmpxchg dword ptr [{p}], {n:e}", p = in(reg) place, n = in(reg) new,
                inout("rax") expected => old, options(nostack)),
            8 => asm!("lock cmpxchg qword ptr [{p}], {n}", p = in(reg) place, n = in(reg) new,
                inout("rax") expected => old, options(nostack)),
            _ => unreachable!(),
        }
    }
    Ok(cut::<N>(old))
}

/// As [`compare_exchange`] for 16 bytes at a multiple of 16.
///
/// # Safety
/// See [`super`].
#[inline]
pub(crate) unsafe fn compare_exchange16(
    place: usize,
    expected: [u64; 2],
    new: [u64; 2],
) -> Result<[u64; 2], NeedsExclusion> {
    if !has_compare_exchange16() {
        return Err(NeedsExclusion);
    }
    let (low, high);
    // SAFETY: by the caller. `rbx` belongs to the compiler: it is put back. The place is in `rdi`, so not in `rbx`.
    unsafe {
        asm!("xchg {n}, rbx", "lock cmpxchg16b xmmword ptr [rdi]", "mov rbx, {n}", n = inout(reg) new[0] => _,
            in("rdi") place, in("rcx") new[1], inout("rax") expected[0] => low, inout("rdx") expected[1] => high,
            options(nostack));
    }
    Ok([low, high])
}

/// The first x86-64 CPUs of 2003 to 2005 lack the instruction.
fn has_compare_exchange16() -> bool {
    use core::sync::atomic::{AtomicU8, Ordering::Relaxed};
    static KNOWN: AtomicU8 = AtomicU8::new(2);
    match KNOWN.load(Relaxed) {
        2 => {
            let has = core::arch::x86_64::__cpuid(1).ecx >> 13 & 1 == 1;
            KNOWN.store(u8::from(has), Relaxed);
            has
        }
        known => known == 1,
    }
}

/// Atomic read-modify-write; what was there.
///
/// # Safety
/// See [`super`].
#[inline(always)]
pub(crate) unsafe fn rmw<const N: usize>(place: usize, operation: Rmw, value: u64) -> Result<u64, NeedsExclusion> {
    // SAFETY: by the caller.
    unsafe {
        match operation {
            Rmw::Add => Ok(cut::<N>(exchange_add::<N>(place, value))),
            Rmw::Sub => Ok(cut::<N>(exchange_add::<N>(place, value.wrapping_neg()))),
            Rmw::Xchg => Ok(cut::<N>(exchange::<N>(place, value))),
            _ => {
                let mut old = load::<N>(place, 0);
                loop {
                    let seen = compare_exchange::<N>(place, old, operation.apply(old, value))?;
                    if seen == old {
                        return Ok(old);
                    }
                    old = seen;
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn exchange_add<const N: usize>(place: usize, value: u64) -> u64 {
    let old: u64;
    // SAFETY: by the caller.
    unsafe {
        match N {
            1 => {
                asm!("lock xadd byte ptr [{p}], {v:l}", p = in(reg) place, v = inout(reg) value => old, options(nostack))
            }
            2 => {
                asm!("lock xadd word ptr [{p}], {v:x}", p = in(reg) place, v = inout(reg) value => old, options(nostack))
            }
            4 => {
                asm!("lock xadd dword ptr [{p}], {v:e}", p = in(reg) place, v = inout(reg) value => old, options(nostack))
            }
            8 => {
                asm!("lock xadd qword ptr [{p}], {v}", p = in(reg) place, v = inout(reg) value => old, options(nostack))
            }
            _ => unreachable!(),
        }
    }
    old
}

#[inline(always)]
unsafe fn exchange<const N: usize>(place: usize, value: u64) -> u64 {
    let old: u64;
    // SAFETY: by the caller.
    unsafe {
        match N {
            1 => asm!("xchg byte ptr [{p}], {v:l}", p = in(reg) place, v = inout(reg) value => old,
                options(nostack, preserves_flags)),
            2 => asm!("xchg word ptr [{p}], {v:x}", p = in(reg) place, v = inout(reg) value => old,
                options(nostack, preserves_flags)),
            4 => asm!("xchg dword ptr [{p}], {v:e}", p = in(reg) place, v = inout(reg) value => old,
                options(nostack, preserves_flags)),
            8 => asm!("xchg qword ptr [{p}], {v}", p = in(reg) place, v = inout(reg) value => old,
                options(nostack, preserves_flags)),
            _ => unreachable!(),
        }
    }
    old
}
