//! Any host: aligned accesses are the language's atomics; misaligned ones are the host's own instruction where `wide` knows
//! it, else bytes with a fence. Locked operations inside a granule that the host can swap swap the granule.
//!
//! Safety of everything here: the contract in [`super`].

use super::{NeedsExclusion, cut, wide};
use crate::Rmw;
use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, Ordering::*, fence};

#[cfg(target_has_atomic = "64")]
use core::sync::atomic::AtomicU64;

macro_rules! at {
    ($ty:ty, $place:expr) => {
        // The caller vouches for memory at an address that it made from a host pointer.
        &*core::ptr::with_exposed_provenance::<$ty>($place)
    };
}

/// # Safety
/// See [`super`].
#[inline(always)]
pub(crate) unsafe fn load<const N: usize>(a: usize, b: usize) -> u64 {
    let place = a.wrapping_add(b);
    if N > 1 && place & (N - 1) != 0 {
        // SAFETY: by the caller.
        return unsafe { load_misaligned::<N>(place) };
    }
    // SAFETY: by the caller; aligned.
    unsafe {
        match N {
            1 => u64::from(at!(AtomicU8, place).load(Acquire)),
            2 => u64::from(u16::from_le(at!(AtomicU16, place).load(Acquire))),
            4 => u64::from(u32::from_le(at!(AtomicU32, place).load(Acquire))),
            #[cfg(target_has_atomic = "64")]
            8 => u64::from_le(at!(AtomicU64, place).load(Acquire)),
            #[cfg(not(target_has_atomic = "64"))]
            8 => load::<4>(place, 0) | load::<4>(place, 4) << 32,
            _ => unreachable!(),
        }
    }
}

/// # Safety
/// See [`super`].
#[inline]
unsafe fn load_misaligned<const N: usize>(place: usize) -> u64 {
    // SAFETY: by the caller.
    unsafe {
        if let Some(value) = wide::load_misaligned::<N>(place) {
            return value;
        }
        let value = (0..N).fold(0, |value, i| value | u64::from(at!(AtomicU8, place + i).load(Relaxed)) << (8 * i));
        fence(Acquire);
        value
    }
}

/// # Safety
/// See [`super`].
#[inline(always)]
pub(crate) unsafe fn store<const N: usize>(a: usize, b: usize, value: u64) {
    let place = a.wrapping_add(b);
    if N > 1 && place & (N - 1) != 0 {
        // SAFETY: by the caller.
        return unsafe { store_misaligned::<N>(place, value) };
    }
    // SAFETY: by the caller; aligned.
    unsafe {
        match N {
            1 => at!(AtomicU8, place).store(value as u8, Release),
            2 => at!(AtomicU16, place).store((value as u16).to_le(), Release),
            4 => at!(AtomicU32, place).store((value as u32).to_le(), Release),
            #[cfg(target_has_atomic = "64")]
            8 => at!(AtomicU64, place).store(value.to_le(), Release),
            #[cfg(not(target_has_atomic = "64"))]
            8 => {
                store::<4>(place, 0, value);
                store::<4>(place, 4, value >> 32);
            }
            _ => unreachable!(),
        }
    }
}

/// # Safety
/// See [`super`].
#[inline]
unsafe fn store_misaligned<const N: usize>(place: usize, value: u64) {
    // SAFETY: by the caller.
    unsafe {
        if wide::store_misaligned::<N>(place, value) {
            return;
        }
        fence(Release);
        for (i, byte) in value.to_le_bytes()[..N].iter().enumerate() {
            at!(AtomicU8, place + i).store(*byte, Relaxed);
        }
    }
}

/// # Safety
/// See [`super`].
#[inline(always)]
pub(crate) unsafe fn load16(a: usize, b: usize) -> [u64; 2] {
    // SAFETY: by the caller.
    unsafe { [load::<8>(a, b), load::<8>(a.wrapping_add(8), b)] }
}

/// # Safety
/// See [`super`].
#[inline(always)]
pub(crate) unsafe fn store16(a: usize, b: usize, value: [u64; 2]) {
    // SAFETY: by the caller.
    unsafe {
        store::<8>(a, b, value[0]);
        store::<8>(a.wrapping_add(8), b, value[1]);
    }
}

/// What was there; it is `new` now if that was `expected`.
///
/// # Safety
/// See [`super`].
pub(crate) unsafe fn compare_exchange<const N: usize>(
    place: usize,
    expected: u64,
    new: u64,
) -> Result<u64, NeedsExclusion> {
    if place & (N - 1) != 0 {
        // SAFETY: by the caller.
        return unsafe { compare_exchange_misaligned::<N>(place, expected, new) };
    }
    // SAFETY: by the caller; aligned.
    unsafe {
        match N {
            1 => Ok(old(at!(AtomicU8, place).compare_exchange(expected as u8, new as u8, SeqCst, SeqCst)).into()),
            2 => {
                let (expected, new) = ((expected as u16).to_le(), (new as u16).to_le());
                Ok(u16::from_le(old(at!(AtomicU16, place).compare_exchange(expected, new, SeqCst, SeqCst))).into())
            }
            4 => {
                let (expected, new) = ((expected as u32).to_le(), (new as u32).to_le());
                Ok(u32::from_le(old(at!(AtomicU32, place).compare_exchange(expected, new, SeqCst, SeqCst))).into())
            }
            #[cfg(target_has_atomic = "64")]
            8 => Ok(u64::from_le(old(at!(AtomicU64, place).compare_exchange(
                expected.to_le(),
                new.to_le(),
                SeqCst,
                SeqCst,
            )))),
            #[cfg(not(target_has_atomic = "64"))]
            8 => Err(NeedsExclusion),
            _ => unreachable!(),
        }
    }
}

fn old<T>(result: Result<T, T>) -> T {
    match result {
        Ok(old) | Err(old) => old,
    }
}

/// Swaps the granule of 4, 8 or 16 bytes that the operand is in.
///
/// # Safety
/// See [`super`]. The granule does not leave the page, so it is guest memory with the same rights.
unsafe fn compare_exchange_misaligned<const N: usize>(
    place: usize,
    expected: u64,
    new: u64,
) -> Result<u64, NeedsExclusion> {
    let (expected, new, mask) = (cut::<N>(expected), cut::<N>(new), cut::<N>(!0));
    // A whole granule as the old one with the operand replaced, as long as nobody changes it in between.
    macro_rules! within {
        ($size:literal, $ty:ty, $load:expr, $swap:expr) => {
            if place & ($size - 1) <= $size - N {
                let granule = place & !($size - 1);
                let shift = 8 * (place & ($size - 1)) as u32;
                // SAFETY: by the caller.
                let mut seen: $ty = unsafe { $load(granule) };
                loop {
                    let value = (seen >> shift) as u64 & mask;
                    // A mismatch is proved by swapping too, as the CPU does.
                    let wanted =
                        if value == expected { seen & !((mask as $ty) << shift) | (new as $ty) << shift } else { seen };
                    // SAFETY: by the caller.
                    let now: $ty = unsafe { $swap(granule, seen, wanted)? };
                    if now == seen {
                        return Ok(value);
                    }
                    seen = now;
                }
            }
        };
    }
    if N < 4 {
        within!(4, u32, |p| load::<4>(p, 0) as u32, |p, a: u32, b: u32| {
            compare_exchange::<4>(p, u64::from(a), u64::from(b)).map(|v| v as u32)
        });
    }
    if N < 8 {
        within!(8, u64, |p| load::<8>(p, 0), |p, a, b| compare_exchange::<8>(p, a, b));
    }
    within!(16, u128, |p| join(load16(p, 0)), |p, a, b| { wide::compare_exchange16(p, split(a), split(b)).map(join) });
    Err(NeedsExclusion)
}

fn join(halves: [u64; 2]) -> u128 {
    u128::from(halves[0]) | u128::from(halves[1]) << 64
}

fn split(value: u128) -> [u64; 2] {
    [value as u64, (value >> 64) as u64]
}

/// # Safety
/// See [`super`]; `place` is a multiple of 16.
pub(crate) unsafe fn compare_exchange16(
    place: usize,
    expected: [u64; 2],
    new: [u64; 2],
) -> Result<[u64; 2], NeedsExclusion> {
    // SAFETY: by the caller.
    unsafe { wide::compare_exchange16(place, expected, new) }
}

/// Atomic read-modify-write; what was there.
///
/// # Safety
/// See [`super`].
pub(crate) unsafe fn rmw<const N: usize>(place: usize, operation: Rmw, value: u64) -> Result<u64, NeedsExclusion> {
    // SAFETY: by the caller.
    unsafe {
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
