//! The time stamp counter that guests read: the host CPU's where it runs at one rate on all cores, else nanoseconds.

use crate::once::Once;

/// How a time stamp is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// The CPU's own counter, with its frequency in Hz if the CPU tells it.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "there is no such counter"))]
    Cpu(Option<u64>),
    /// The monotonic clock.
    Clock,
}

fn source() -> Source {
    static SOURCE: Once<Source> = Once::new();
    *SOURCE.get_or_make(find)
}

#[cfg(target_arch = "x86_64")]
fn find() -> Source {
    use core::arch::x86_64::__cpuid;
    #[allow(unused_unsafe, reason = "the intrinsic became safe in a later toolchain")]
    // SAFETY: every x86-64 CPU has CPUID.
    let leaf = |number: u32| unsafe { __cpuid(number) };
    let has_invariant = leaf(0x8000_0000).eax >= 0x8000_0007 && leaf(0x8000_0007).edx >> 8 & 1 != 0;
    if !has_invariant {
        return Source::Clock;
    }
    let frequency =
        (leaf(0).eax >= 0x15).then(|| leaf(0x15)).filter(|found| found.eax != 0 && found.ebx != 0 && found.ecx != 0);
    Source::Cpu(frequency.map(|found| u64::from(found.ecx) * u64::from(found.ebx) / u64::from(found.eax)))
}

#[cfg(not(target_arch = "x86_64"))]
fn find() -> Source {
    Source::Clock
}

/// The counter now.
pub fn read() -> u64 {
    match source() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: every x86-64 CPU has RDTSC; the kernel lets user code run it unless a process asked otherwise.
        Source::Cpu(_) => unsafe { core::arch::x86_64::_rdtsc() },
        _ => {
            let now = crate::time::now();
            (now.seconds as u64).wrapping_mul(1_000_000_000).wrapping_add(now.nanoseconds as u64)
        }
    }
}

/// Its frequency in Hz, where known.
pub fn frequency() -> Option<u64> {
    match source() {
        Source::Cpu(frequency) => frequency,
        Source::Clock => Some(1_000_000_000),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_counter_advances() {
        let first = super::read();
        assert!((0..1_000_000).any(|_| super::read() > first));
        assert!(super::frequency().is_none_or(|hz| hz > 1_000_000));
    }
}
