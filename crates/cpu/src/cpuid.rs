//! What CPUID answers: one immutable model, which promises exactly what the engine can do (SDM Vol. 2A CPUID).
//!
//! The vendor is GenuineIntel, since programs look up vendors that they know; the hypervisor leaf tells who it is. Caches
//! and topology are those of a plain single-core machine, by which libraries size their copies.

use crate::state::Environment;

/// Leaf 1 ECX.
const LEAF1_ECX: u32 = bits(&[
    0,  // SSE3
    1,  // PCLMULQDQ
    9,  // SSSE3
    13, // CMPXCHG16B
    19, // SSE4.1
    20, // SSE4.2
    22, // MOVBE
    23, // POPCNT
    25, // AES
    30, // RDRAND
    31, // hypervisor
]);

/// Leaf 1 EDX.
const LEAF1_EDX: u32 = bits(&[
    0,  // FPU
    4,  // TSC
    5,  // MSR
    6,  // PAE
    8,  // CMPXCHG8B
    9,  // APIC
    13, // PGE
    15, // CMOV
    19, // CLFLUSH
    23, // MMX
    24, // FXSR
    25, // SSE
    26, // SSE2
]);

/// Leaf 7 EBX.
const LEAF7_EBX: u32 = bits(&[
    0,  // FSGSBASE
    9,  // ERMS: REP MOVSB is the fastest copy here
    18, // RDSEED
    19, // ADX
    23, // CLFLUSHOPT
    24, // CLWB
    29, // SHA
]);

/// Leaf 7 ECX.
const LEAF7_ECX: u32 = bits(&[
    22, // RDPID
    27, // MOVDIRI
    28, // MOVDIR64B
]);

/// Leaf 7 EDX.
const LEAF7_EDX: u32 = bits(&[4]); // FSRM: short REP MOVSB is fast too

/// Leaf 8000_0001 ECX.
const EXTENDED_ECX: u32 = bits(&[
    0, // LAHF in 64-bit mode
    5, // LZCNT
    6, // SSE4a
    8, // PREFETCHW
]);

/// Leaf 8000_0001 EDX.
const EXTENDED_EDX: u32 = bits(&[
    11, // SYSCALL
    20, // NX
    27, // RDTSCP
    29, // long mode
]);

/// Leaf 8000_0008 EBX.
const EXTENDED8_EBX: u32 = bits(&[0]); // CLZERO

const fn bits(numbers: &[u32]) -> u32 {
    let (mut mask, mut i) = (0, 0);
    while i < numbers.len() {
        mask |= 1 << numbers[i];
        i += 1;
    }
    mask
}

/// AT_HWCAP: leaf 1 EDX.
pub const HWCAP: u64 = LEAF1_EDX as u64;
/// AT_HWCAP2: bit 1 is FSGSBASE for user code.
pub const HWCAP2: u64 = 2;

/// The signature of a Westmere, the first with all of leaf 1's features but MOVBE and RDRAND.
const SIGNATURE: u32 = 0x0002_06c2;
const BRAND: &[u8; 48] = b"blink virtual x86-64 CPU\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// EAX, EBX, ECX, EDX for a leaf and subleaf.
pub fn leaf(leaf: u32, subleaf: u32, environment: &dyn Environment) -> [u32; 4] {
    match leaf {
        0x0 => [0x16, text(b"Genu"), text(b"ntel"), text(b"ineI")],
        0x1 => [SIGNATURE, 1 << 16 | 8 << 8, LEAF1_ECX, LEAF1_EDX],
        // Descriptor FF: see leaf 4.
        0x2 => [0x00fe_ff01, 0, 0, 0],
        0x4 => cache(subleaf),
        0x7 if subleaf == 0 => [0, LEAF7_EBX, LEAF7_ECX, LEAF7_EDX],
        0xb => topology(subleaf),
        0x15 => match frequency(environment) {
            // Denominator, numerator, crystal: the counter runs at the crystal's frequency.
            Some(hz) => [1, 1, hz, 0],
            None => [0; 4],
        },
        0x16 => match frequency(environment) {
            Some(hz) => [hz / 1_000_000, hz / 1_000_000, 100, 0],
            None => [0; 4],
        },
        0x4000_0000 => [0x4000_0000, text(b"Genu"), text(b"ineB"), text(b"link")],
        0x8000_0000 => [0x8000_0008, 0, 0, 0],
        0x8000_0001 => [0, 0, EXTENDED_ECX, EXTENDED_EDX],
        0x8000_0002..=0x8000_0004 => {
            let part = &BRAND[(leaf - 0x8000_0002) as usize * 16..][..16];
            core::array::from_fn(|i| text(&part[i * 4..]))
        }
        // L2: 1 MiB, 8 ways, lines of 64 bytes.
        0x8000_0006 => [0, 0, 1024 << 16 | 6 << 12 | 64, 0],
        // Invariant time stamp counter.
        0x8000_0007 => [0, 0, 0, 1 << 8],
        // 48 bits of linear and of physical address.
        0x8000_0008 => [48 << 8 | 48, EXTENDED8_EBX, 0, 0],
        _ => [0; 4],
    }
}

fn frequency(environment: &dyn Environment) -> Option<u32> {
    environment.time_stamp_frequency().and_then(|hz| u32::try_from(hz).ok())
}

fn text(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// Deterministic cache parameters: type and level, ways and line, sets.
fn cache(subleaf: u32) -> [u32; 4] {
    const DATA: u32 = 1;
    const CODE: u32 = 2;
    const UNIFIED: u32 = 3;
    let (kind, level, ways, sets) = match subleaf {
        0 => (DATA, 1, 8, 64),
        1 => (CODE, 1, 8, 64),
        2 => (UNIFIED, 2, 8, 2048),
        3 => (UNIFIED, 3, 16, 8192),
        _ => return [0; 4],
    };
    let self_initialising = 1 << 8;
    [kind | level << 5 | self_initialising, (ways - 1) << 22 | 63, sets - 1, 0]
}

/// One thread in one core.
fn topology(subleaf: u32) -> [u32; 4] {
    match subleaf {
        0 => [0, 1, 1 << 8, 0],
        1 => [0, 1, 2 << 8 | 1, 0],
        _ => [0, 0, subleaf & 0xff, 0],
    }
}
