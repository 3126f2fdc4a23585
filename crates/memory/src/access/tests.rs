//! Every primitive, ours for this host and the portable one, at every alignment.

use super::*;
use crate::Rmw;
use std::vec;
use std::vec::Vec;

#[repr(C, align(64))]
struct Bytes([u8; 128]);

fn check_plain<const N: usize>() {
    for at in 0..72 {
        let mut memory = Bytes(core::array::from_fn(|i| i as u8 ^ 0x5a));
        let host = memory.0.as_mut_ptr().expose_provenance();
        let mut wanted = memory.0;
        let expected = (0..N).fold(0u64, |value, i| value | u64::from(wanted[at + i]) << (8 * i));
        let value = 0x8182_8384_8586_8788u64;
        wanted[at..at + N].copy_from_slice(&value.to_le_bytes()[..N]);
        // SAFETY: inside the array.
        unsafe {
            assert_eq!(load::<N>(host, at), expected);
            assert_eq!(portable::load::<N>(host, at), expected);
            store::<N>(host, at, value);
            assert_eq!(load::<N>(host, at), cut::<N>(value));
            portable::store::<N>(host, at, !value);
            assert_eq!(portable::load::<N>(host, at), cut::<N>(!value));
            portable::store::<N>(host, at, value);
        }
        assert_eq!(memory.0, wanted, "{N} bytes at {at}");
    }
}

#[test]
fn plain_accesses_reach_their_bytes_only() {
    check_plain::<1>();
    check_plain::<2>();
    check_plain::<4>();
    check_plain::<8>();
    let mut memory = Bytes(core::array::from_fn(|i| i as u8));
    let host = memory.0.as_mut_ptr().expose_provenance();
    for at in 0..100 {
        // SAFETY: inside the array.
        unsafe {
            let value = load16(host, at);
            assert_eq!(value, portable::load16(host, at));
            store16(host, at, [1, 2]);
            assert_eq!(portable::load16(host, at), [1, 2]);
            portable::store16(host, at, value);
        }
    }
    assert!(memory.0.iter().enumerate().all(|(i, byte)| *byte == i as u8));
}

fn check_locked<const N: usize>() {
    for at in 0..72 {
        let mut memory = Bytes(core::array::from_fn(|i| i as u8 ^ 0xa5));
        let place = memory.0.as_mut_ptr().expose_provenance() + at;
        // SAFETY: inside the array.
        let old = unsafe { load::<N>(place, 0) };
        let mut wanted = memory.0;
        wanted[at..at + N].copy_from_slice(&0x1122_3344_5566_7788u64.to_le_bytes()[..N]);
        let new = cut::<N>(0x1122_3344_5566_7788);
        // SAFETY: inside the array.
        unsafe {
            assert_eq!(compare_exchange::<N>(place, cut::<N>(old ^ 1), 0).unwrap_or(old), old);
            match portable::compare_exchange::<N>(place, old, new) {
                Ok(seen) => assert_eq!(seen, old),
                // Only what no granule of the host holds.
                Err(NeedsExclusion) => {
                    assert!(at % 16 + N > 8);
                    store::<N>(place, 0, new);
                }
            }
            assert_eq!(memory.0, wanted, "{N} bytes at {at}");
            for operation in [Rmw::Add, Rmw::Sub, Rmw::And, Rmw::Or, Rmw::Xor, Rmw::Xchg] {
                for run in [rmw::<N>, portable::rmw::<N>] {
                    let before = load::<N>(place, 0);
                    let operand = 0xf0f1_8384_a5a6_0788;
                    if let Ok(seen) = run(place, operation, operand) {
                        assert_eq!(seen, before);
                        assert_eq!(load::<N>(place, 0), cut::<N>(operation.apply(before, operand)));
                    }
                    store::<N>(place, 0, before);
                }
            }
        }
        assert_eq!(memory.0, wanted, "{N} bytes at {at}");
    }
}

#[test]
fn locked_operations_work_at_every_alignment() {
    check_locked::<1>();
    check_locked::<2>();
    check_locked::<4>();
    check_locked::<8>();
}

#[test]
fn sixteen_bytes_are_swapped_at_once() {
    let mut memory = Bytes([7; 128]);
    let place = memory.0.as_mut_ptr().expose_provenance();
    let old = [0x0707_0707_0707_0707; 2];
    // SAFETY: inside the array, aligned.
    unsafe {
        match compare_exchange16(place, [0, 1], [2, 3]) {
            Err(NeedsExclusion) => return,
            Ok(seen) => assert_eq!(seen, old),
        }
        assert_eq!(compare_exchange16(place, old, [0x1_0203_0405, 9]), Ok(old));
        assert_eq!(load16(place, 0), [0x1_0203_0405, 9]);
    }
}

#[test]
fn copies_have_every_length() {
    let from: Vec<u8> = (0..100).collect();
    for length in 0..from.len() {
        let mut memory = Bytes([0; 128]);
        let mut back = vec![0; length];
        // SAFETY: inside the array.
        unsafe {
            copy_in(memory.0.as_mut_ptr().wrapping_add(3), &from[..length]);
            copy_out(memory.0.as_ptr().wrapping_add(3), &mut back);
        }
        assert_eq!(back, from[..length]);
        assert!(memory.0[..3].iter().chain(&memory.0[3 + length..]).all(|byte| *byte == 0));
    }
}
