//! What the host's CPU can do (SDM Vol. 2A CPUID).

use core::arch::x86_64::{__cpuid_count, CpuidResult};
use isa::Feature;

/// Features that not every x86-64 CPU has: leaf, register (EAX to EDX as 0 to 3), bit.
#[rustfmt::skip]
const OPTIONAL: [(Feature, u32, u8, u8); 24] = [
    (Feature::Sse3, 1, 2, 0), (Feature::Pclmulqdq, 1, 2, 1), (Feature::Ssse3, 1, 2, 9), (Feature::Cmpxchg16b, 1, 2, 13),
    (Feature::Sse41, 1, 2, 19), (Feature::Sse42, 1, 2, 20), (Feature::Movbe, 1, 2, 22), (Feature::Popcnt, 1, 2, 23),
    (Feature::Aes, 1, 2, 25), (Feature::Clflush, 1, 3, 19), (Feature::Fsgsbase, 7, 1, 0), (Feature::Bmi1, 7, 1, 3),
    (Feature::Bmi2, 7, 1, 8), (Feature::Adx, 7, 1, 19), (Feature::Clflushopt, 7, 1, 23), (Feature::Clwb, 7, 1, 24),
    (Feature::Sha, 7, 1, 29), (Feature::Movdiri, 7, 2, 27), (Feature::Movdir64b, 7, 2, 28), (Feature::Cldemote, 7, 2, 25),
    (Feature::Lzcnt, 0x8000_0001, 2, 5), (Feature::Sse4a, 0x8000_0001, 2, 6), (Feature::Prefetchw, 0x8000_0001, 2, 8),
    (Feature::Clzero, 0x8000_0008, 1, 0),
];

/// Those of [`OPTIONAL`] that the host has, by their places there.
#[derive(Clone, Copy)]
pub struct Features(u32);

impl Features {
    pub fn of_host() -> Features {
        // Each leaf once: a virtual machine leaves for every question.
        let (mut leaf, mut registers) = (0, [0; 4]);
        let mut bits = 0;
        for (n, &(_, of, register, bit)) in OPTIONAL.iter().enumerate() {
            if of != leaf {
                (leaf, registers) = (of, [0; 4]);
                if __cpuid_count(leaf & 0x8000_0000, 0).eax >= leaf {
                    let CpuidResult { eax, ebx, ecx, edx } = __cpuid_count(leaf, 0);
                    registers = [eax, ebx, ecx, edx];
                }
            }
            bits |= (registers[usize::from(register)] >> bit & 1) << n;
        }
        Features(bits)
    }

    /// Does the host run instructions of that feature?
    pub fn have(&self, feature: Feature) -> bool {
        match OPTIONAL.iter().position(|row| row.0 == feature) {
            Some(n) => self.0 >> n & 1 != 0,
            None => is_common(feature),
        }
    }
}

/// What every x86-64 CPU has, and what does nothing where it is missing.
fn is_common(feature: Feature) -> bool {
    use Feature::*;
    matches!(feature, Base | Tsc | Cx8 | Cmov | Fpu | Mmx | Sse | Sse2 | Fxsr | Prefetchwt1 | Prefetchi | CetSs)
}
