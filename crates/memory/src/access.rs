//! The primitives that touch guest bytes on the host.
//!
//! Plain loads acquire and plain stores release where the host is weaker than x86. Misaligned accesses are byte by byte with
//! a fence where the host has no instruction for them.

use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU32, Ordering};

/// # Safety
/// `host` must point to `N` readable bytes of guest memory; `N` is 1, 2, 4 or 8.
#[inline(always)]
pub unsafe fn load<const N: usize>(host: *const u8) -> u64 {
    #[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
    {
        // SAFETY: the caller's promise; a volatile load of unaligned integers is one `mov`.
        unsafe {
            match N {
                1 => host.read_volatile() as u64,
                2 => u16::from_le_bytes(host.cast::<[u8; 2]>().read_volatile()) as u64,
                4 => u32::from_le_bytes(host.cast::<[u8; 4]>().read_volatile()) as u64,
                _ => u64::from_le_bytes(host.cast::<[u8; 8]>().read_volatile()),
            }
        }
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "x86")))]
    {
        // SAFETY: the caller's promise; atomics are aligned.
        unsafe {
            if host.addr() % N == 0 && N <= size_of::<usize>() {
                return match N {
                    1 => (*host.cast::<AtomicU8>()).load(Ordering::Acquire) as u64,
                    2 => u16::from_le((*host.cast::<AtomicU16>()).load(Ordering::Acquire)) as u64,
                    4 => u32::from_le((*host.cast::<AtomicU32>()).load(Ordering::Acquire)) as u64,
                    _ => load8(host),
                };
            }
            let mut bytes = [0; 8];
            for (n, byte) in bytes[..N].iter_mut().enumerate() {
                *byte = (*host.add(n).cast::<AtomicU8>()).load(Ordering::Relaxed);
            }
            core::sync::atomic::fence(Ordering::Acquire);
            u64::from_le_bytes(bytes)
        }
    }
}

#[cfg(all(not(any(target_arch = "x86_64", target_arch = "x86")), target_has_atomic = "64"))]
unsafe fn load8(host: *const u8) -> u64 {
    // SAFETY: the caller's promise, and it is aligned.
    u64::from_le(unsafe { (*host.cast::<core::sync::atomic::AtomicU64>()).load(Ordering::Acquire) })
}

#[cfg(all(not(any(target_arch = "x86_64", target_arch = "x86")), not(target_has_atomic = "64")))]
unsafe fn load8(_: *const u8) -> u64 {
    unreachable!("only words of the host come here")
}

/// # Safety
/// `host` must point to `N` writable bytes of guest memory; `N` is 1, 2, 4 or 8.
#[inline(always)]
pub unsafe fn store<const N: usize>(host: *mut u8, value: u64) {
    let bytes = value.to_le_bytes();
    #[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
    // SAFETY: the caller's promise.
    unsafe {
        match N {
            1 => host.write_volatile(bytes[0]),
            2 => host.cast::<[u8; 2]>().write_volatile([bytes[0], bytes[1]]),
            4 => host.cast::<[u8; 4]>().write_volatile([bytes[0], bytes[1], bytes[2], bytes[3]]),
            _ => host.cast::<[u8; 8]>().write_volatile(bytes),
        }
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "x86")))]
    // SAFETY: the caller's promise; atomics are aligned.
    unsafe {
        if host.addr() % N == 0 && N <= size_of::<usize>() {
            match N {
                1 => (*host.cast::<AtomicU8>()).store(value as u8, Ordering::Release),
                2 => (*host.cast::<AtomicU16>()).store((value as u16).to_le(), Ordering::Release),
                4 => (*host.cast::<AtomicU32>()).store((value as u32).to_le(), Ordering::Release),
                _ => store8(host, value),
            }
            return;
        }
        core::sync::atomic::fence(Ordering::Release);
        for (n, byte) in bytes[..N].iter().enumerate() {
            (*host.add(n).cast::<AtomicU8>()).store(*byte, Ordering::Relaxed);
        }
    }
}

#[cfg(all(not(any(target_arch = "x86_64", target_arch = "x86")), target_has_atomic = "64"))]
unsafe fn store8(host: *mut u8, value: u64) {
    // SAFETY: the caller's promise, and it is aligned.
    unsafe { (*host.cast::<core::sync::atomic::AtomicU64>()).store(value.to_le(), Ordering::Release) }
}

#[cfg(all(not(any(target_arch = "x86_64", target_arch = "x86")), not(target_has_atomic = "64")))]
unsafe fn store8(_: *mut u8, _: u64) {
    unreachable!("only words of the host come here")
}

/// Serialises compare-and-swaps that the host has no instruction for.
static LOCK: AtomicBool = AtomicBool::new(false);

/// Compare-and-swap of `N` bytes.
///
/// # Safety
/// `host` must point to `N` writable bytes of guest memory; `N` is 1, 2, 4 or 8.
pub unsafe fn compare_exchange<const N: usize>(host: *mut u8, expected: u64, new: u64) -> Result<u64, u64> {
    macro_rules! with {
        ($atomic:ident, $type:ty) => {{
            // SAFETY: the caller's promise, and it is aligned (x86 takes any address).
            let cell = unsafe { &*host.cast::<$atomic>() };
            let exchanged = cell.compare_exchange(
                (expected as $type).to_le(),
                (new as $type).to_le(),
                Ordering::SeqCst,
                Ordering::SeqCst,
            );
            match exchanged {
                Ok(old) => Ok(<$type>::from_le(old) as u64),
                Err(old) => Err(<$type>::from_le(old) as u64),
            }
        }};
    }
    if host.addr() % N == 0 {
        match N {
            1 => return with!(AtomicU8, u8),
            2 => return with!(AtomicU16, u16),
            4 => return with!(AtomicU32, u32),
            #[cfg(target_has_atomic = "64")]
            8 => {
                use core::sync::atomic::AtomicU64;
                return with!(AtomicU64, u64);
            }
            _ => {}
        }
    }
    while LOCK.swap(true, Ordering::Acquire) {
        core::hint::spin_loop();
    }
    // SAFETY: the caller's promise.
    let old = unsafe { load::<N>(host) };
    if old == expected {
        // SAFETY: the caller's promise.
        unsafe { store::<N>(host, new) };
    }
    LOCK.store(false, Ordering::Release);
    if old == expected { Ok(old) } else { Err(old) }
}
