//! Which rows of the instruction table have a meaning here, and that CPUID promises exactly the features whose rows all have.

use cpu::{Environment, cpuid, handlers};
use isa::Feature::{self, *};
use isa::{Mode, Op, ROWS};
use std::collections::{BTreeMap, BTreeSet};

/// Features none of whose rows need a meaning: CPUID does not promise them, so that #UD is the right answer. This list only
/// shrinks.
const LATER: &[Feature] = &[
    Bmi2, Gfni, Avx, Avx2, Fma, F16c, AvxVnni, Vaes, Vpclmulqdq, // VEX
    Xsave, Xsaveopt, Xsavec, Xsaves, // a state that XCR0 describes
    Rtm, Pku, Ptwrite, Waitpkg, Enqcmd, Serialize, Tsxldtrk, // user instructions
    Monitor, Monitorx, Rdpru, // what the system may leave to users, and Linux does not
    Vmx, Svm, Smap, Smx, Invpcid, Invlpgb, // #UD for users, or with the feature #GP
];

/// Rows that lack a meaning though others of their feature have one.
const LATER_OPS: &[Op] = &[
    Op::Sysenter, // #UD in 64-bit mode, as it would be with a meaning
    Op::Rsm,
    Op::Andn,
    Op::Bextr,
    Op::Blsi,
    Op::Blsmsk,
    Op::Blsr, // BMI1 but for TZCNT
    Op::Incssp,
    Op::Saveprevssp,
    Op::Rstorssp,
    Op::Wrss,
    Op::Wruss,
    Op::Setssbsy,
    Op::Clrssbsy,
    Op::Vaesenc,
    Op::Vaesenclast,
    Op::Vaesdec,
    Op::Vaesdeclast,
    Op::Vaesimc,
    Op::Vaeskeygenassist,
    Op::Vpclmulqdq,
];

/// Features whose rows are all executed but not promised: hints that older CPUs ignore in the same way.
const HINTS: &[Feature] = &[Prefetchwt1, Prefetchi, Cldemote, CetIbt, Wbnoinvd];

/// Leaf, subleaf, register (EAX to EDX), bit.
const BITS: &[(Feature, u32, u32, usize, u32)] = &[
    (Fpu, 1, 0, 3, 0),
    (Tsc, 1, 0, 3, 4),
    (Msr, 1, 0, 3, 5),
    (Cx8, 1, 0, 3, 8),
    (Sep, 1, 0, 3, 11),
    (Cmov, 1, 0, 3, 15),
    (Clflush, 1, 0, 3, 19),
    (Mmx, 1, 0, 3, 23),
    (Fxsr, 1, 0, 3, 24),
    (Sse, 1, 0, 3, 25),
    (Sse2, 1, 0, 3, 26),
    (Sse3, 1, 0, 2, 0),
    (Pclmulqdq, 1, 0, 2, 1),
    (Monitor, 1, 0, 2, 3),
    (Vmx, 1, 0, 2, 5),
    (Smx, 1, 0, 2, 6),
    (Ssse3, 1, 0, 2, 9),
    (Fma, 1, 0, 2, 12),
    (Cmpxchg16b, 1, 0, 2, 13),
    (Sse41, 1, 0, 2, 19),
    (Sse42, 1, 0, 2, 20),
    (Movbe, 1, 0, 2, 22),
    (Popcnt, 1, 0, 2, 23),
    (Aes, 1, 0, 2, 25),
    (Xsave, 1, 0, 2, 26),
    (Avx, 1, 0, 2, 28),
    (F16c, 1, 0, 2, 29),
    (Rdrand, 1, 0, 2, 30),
    (Fsgsbase, 7, 0, 1, 0),
    (Bmi1, 7, 0, 1, 3),
    (Avx2, 7, 0, 1, 5),
    (Bmi2, 7, 0, 1, 8),
    (Invpcid, 7, 0, 1, 10),
    (Rtm, 7, 0, 1, 11),
    (Rdseed, 7, 0, 1, 18),
    (Adx, 7, 0, 1, 19),
    (Smap, 7, 0, 1, 20),
    (Clflushopt, 7, 0, 1, 23),
    (Clwb, 7, 0, 1, 24),
    (Sha, 7, 0, 1, 29),
    (Prefetchwt1, 7, 0, 2, 0),
    (Pku, 7, 0, 2, 4),
    (Waitpkg, 7, 0, 2, 5),
    (CetSs, 7, 0, 2, 7),
    (Gfni, 7, 0, 2, 8),
    (Vaes, 7, 0, 2, 9),
    (Vpclmulqdq, 7, 0, 2, 10),
    (Rdpid, 7, 0, 2, 22),
    (Cldemote, 7, 0, 2, 25),
    (Movdiri, 7, 0, 2, 27),
    (Movdir64b, 7, 0, 2, 28),
    (Enqcmd, 7, 0, 2, 29),
    (Serialize, 7, 0, 3, 14),
    (Tsxldtrk, 7, 0, 3, 16),
    (CetIbt, 7, 0, 3, 20),
    (AvxVnni, 7, 1, 0, 4),
    (Prefetchi, 7, 1, 3, 14),
    (Xsaveopt, 0xd, 1, 0, 0),
    (Xsavec, 0xd, 1, 0, 1),
    (Xsaves, 0xd, 1, 0, 3),
    (Ptwrite, 0x14, 0, 1, 4),
    (Svm, 0x8000_0001, 0, 2, 2),
    (Lzcnt, 0x8000_0001, 0, 2, 5),
    (Sse4a, 0x8000_0001, 0, 2, 6),
    (Prefetchw, 0x8000_0001, 0, 2, 8),
    (Monitorx, 0x8000_0001, 0, 2, 29),
    (Syscall, 0x8000_0001, 0, 3, 11),
    (Rdtscp, 0x8000_0001, 0, 3, 27),
    (Clzero, 0x8000_0008, 0, 1, 0),
    (Invlpgb, 0x8000_0008, 0, 1, 3),
    (Rdpru, 0x8000_0008, 0, 1, 4),
    (Wbnoinvd, 0x8000_0008, 0, 1, 9),
];

struct Nothing;

impl Environment for Nothing {
    fn time_stamp(&self) -> u64 {
        0
    }
    fn processor(&self) -> u32 {
        0
    }
    fn random(&self) -> u64 {
        0
    }
}

/// For each row that 64-bit mode has: does every encoding of it that we try have a meaning?
fn rows() -> Vec<(usize, bool)> {
    let mut seed = 1u64;
    let mut random = || {
        seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        seed ^ seed >> 29
    };
    let mut rows = Vec::new();
    for row in 0..ROWS.len() {
        let samples: Vec<_> = (0..40)
            .filter_map(|_| isa::sample::sample(row as u16, Mode::Bits64, isa::sample::Place::Any, &mut random))
            .collect();
        if !samples.is_empty() {
            rows.push((row, samples.iter().all(|(_, i)| handlers::is_implemented(i))));
        }
    }
    rows
}

#[test]
fn every_row_has_a_meaning_or_stands_on_the_list() {
    let (mut missing, mut obsolete) = (BTreeSet::new(), BTreeMap::new());
    for (row, is_implemented) in rows() {
        let (op, feature) = (ROWS[row].op, ROWS[row].feature());
        let is_listed = LATER.contains(&feature) || LATER_OPS.contains(&op);
        if !is_implemented && !is_listed {
            missing.insert(format!("{op:?} ({feature:?})"));
        }
        if is_listed {
            *obsolete.entry(format!("{:?}", feature)).or_insert(true) &= is_implemented;
        }
    }
    assert!(missing.is_empty(), "rows without a meaning: {missing:#?}");
    let done: Vec<_> = obsolete.iter().filter(|(_, is_done)| **is_done).collect();
    assert!(done.is_empty(), "all rows have a meaning now, so take them off the list: {done:?}");
}

#[test]
fn cpuid_promises_exactly_what_is_executed() {
    let mut is_whole: BTreeMap<Feature, bool> = BTreeMap::new();
    for (row, is_implemented) in rows() {
        // A VEX form needs AVX besides the feature of its row.
        let needs_avx = ROWS[row].op.mnemonic().starts_with('v') && matches!(ROWS[row].feature(), Aes | Pclmulqdq);
        if !needs_avx {
            *is_whole.entry(ROWS[row].feature()).or_insert(true) &= is_implemented;
        }
    }
    let mut wrong = Vec::new();
    for (feature, is_whole) in is_whole {
        let Some((_, leaf, subleaf, register, bit)) = BITS.iter().find(|row| row.0 == feature) else {
            assert_eq!(feature, Base, "{feature:?} has no bit");
            continue;
        };
        let is_promised = cpuid::leaf(*leaf, *subleaf, &Nothing)[*register] >> bit & 1 != 0;
        if is_promised != (is_whole && !HINTS.contains(&feature)) {
            wrong.push(format!("{feature:?}: promised {is_promised}, executed {is_whole}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
