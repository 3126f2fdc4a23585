//! The decoder against bytes that nobody assembled: random ones, and valid instructions with something changed. The same
//! properties as the fuzz target, with a fixed seed.

use isa::{DecodeError, Mode, decode};

/// Instructions of every length and map, from which mutations start.
const SEEDS: [&[u8]; 16] = [
    &[0x90],
    &[0x48, 0x01, 0xd8],
    &[0xf0, 0x48, 0x0f, 0xb1, 0x0c, 0x25, 0, 0x10, 0, 0],
    &[0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0],
    &[0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8],
    &[0x48, 0xc7, 0x84, 0x25, 1, 2, 3, 4, 5, 6, 7, 8],
    &[0xf3, 0x48, 0xa5],
    &[0x66, 0x0f, 0x3a, 0x0f, 0xc1, 8],
    &[0x66, 0x0f, 0x38, 0x00, 0x04, 0x88],
    &[0xc4, 0xe2, 0x7d, 0x18, 0x05, 1, 2, 3, 4],
    &[0xc5, 0xf8, 0x28, 0xc1],
    &[0xd9, 0xfe],
    &[0xdb, 0x2d, 1, 2, 3, 4],
    &[0xe8, 1, 2, 3, 4],
    &[0x62, 0xf1, 0x7c, 0x48, 0x28, 0xc1],
    &[0x67, 0xea, 1, 2, 3, 4, 5, 6],
];

fn random(state: &mut u64) -> u64 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    state.wrapping_mul(0x2545_f491_4f6c_dd1d)
}

fn check(bytes: &[u8], mode: Mode) -> bool {
    match decode(bytes, mode) {
        Ok(instruction) => {
            let length = usize::from(instruction.len);
            assert!((1..=15).contains(&length) && length <= bytes.len(), "{mode:?} {bytes:02x?}");
            let again = decode(&bytes[..length], mode);
            assert!(again.is_ok_and(|again| again.len == instruction.len), "{mode:?} {bytes:02x?}");
            assert!(decode(&bytes[..length - 1], mode).is_err(), "{mode:?} {bytes:02x?}");
            true
        }
        Err(DecodeError::Short) => {
            assert!(bytes.len() < 15, "{mode:?} {bytes:02x?}");
            false
        }
        Err(_) => false,
    }
}

#[test]
fn no_bytes_make_the_decoder_panic() {
    let mut state = 0x1234_5678_9abc_def1;
    let mut valid = 0;
    for round in 0..400_000u32 {
        let mut bytes = [0u8; 16];
        for byte in &mut bytes {
            *byte = random(&mut state) as u8;
        }
        if round % 4 != 0 {
            let seed = SEEDS[random(&mut state) as usize % SEEDS.len()];
            bytes[..seed.len()].copy_from_slice(seed);
            for _ in 0..random(&mut state) % 4 {
                let at = random(&mut state) as usize % seed.len();
                bytes[at] ^= 1 << (random(&mut state) % 8);
            }
            if random(&mut state).is_multiple_of(4) {
                let prefixes = [0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x2e, 0x64, 0x48];
                bytes.rotate_right(1);
                bytes[0] = prefixes[random(&mut state) as usize % prefixes.len()];
            }
        }
        let length = if round % 8 == 0 { random(&mut state) as usize % 17 } else { 16 };
        for mode in [Mode::Bits16, Mode::Bits32, Mode::Bits64] {
            valid += u32::from(check(&bytes[..length.min(16)], mode));
        }
    }
    assert!(valid > 500_000, "{valid}");
}

#[test]
fn every_opcode_behind_every_prefix_is_answered() {
    for mode in [Mode::Bits16, Mode::Bits32, Mode::Bits64] {
        for prefix in [&[][..], &[0x66], &[0xf2], &[0xf3], &[0x48], &[0x66, 0x48], &[0xf0]] {
            for map in [&[][..], &[0x0f], &[0x0f, 0x38], &[0x0f, 0x3a], &[0xc5], &[0xc4]] {
                for first in 0..=255u8 {
                    for second in (0..=255u8).step_by(5) {
                        let mut bytes = [prefix, map, &[first, second]].concat();
                        bytes.resize(15, 0x24);
                        check(&bytes, mode);
                    }
                }
            }
        }
    }
}
