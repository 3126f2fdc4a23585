//! Byte strings to try: random ones, ones with the shape of an instruction, and damaged instructions.

use isa::sample::{Place, sample};
use isa::{MAX_LENGTH, Mode, ROWS};

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn pick(&mut self, from: &[u8]) -> u8 {
        from[self.below(from.len() as u64) as usize]
    }
}

const PREFIXES: &[u8] = &[
    0x66, 0x66, 0x66, 0xf2, 0xf2, 0xf3, 0xf3, 0x67, 0xf0, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65, 0x48, 0x40, 0x41, 0x42,
    0x44, 0x4c, 0x4f,
];

/// A string of 15 bytes and the mode to decode it in.
pub fn string(random: &mut Random) -> ([u8; MAX_LENGTH], Mode) {
    let mode = Mode::ALL[random.below(4).min(2) as usize];
    let mut bytes = [0; MAX_LENGTH];
    for chunk in bytes.chunks_mut(8) {
        chunk.copy_from_slice(&random.next().to_le_bytes()[..chunk.len()]);
    }
    match random.below(8) {
        0 => {}
        1..=3 => shaped(&mut bytes, random),
        _ => damaged(&mut bytes, mode, random),
    }
    (bytes, mode)
}

/// Prefixes, a map and an opcode.
fn shaped(bytes: &mut [u8; MAX_LENGTH], random: &mut Random) {
    let mut at = 0;
    let mut put = |byte: u8| {
        bytes[at] = byte;
        at += 1;
    };
    let many = if random.one_in(64) { random.below(9) } else { 0 };
    for _ in 0..[0, 0, 0, 1, 1, 1, 2, 3][random.below(8) as usize] + many {
        put(random.pick(PREFIXES));
    }
    match random.below(8) {
        0 | 1 => {}
        2 | 3 => put(0x0f),
        4 => {
            put(0x0f);
            put(random.pick(&[0x38, 0x3a]));
        }
        5 => put(0xc5),
        _ => {
            put(0xc4);
            let map = if random.one_in(32) { random.next() as u8 & 31 } else { random.below(3) as u8 + 1 };
            put(random.next() as u8 & 0xe0 | map);
            // Unused vvvv must be 1111b, so let it often be.
            put(if random.one_in(2) { random.next() as u8 } else { random.next() as u8 | 0x78 });
        }
    }
}

/// An instruction of some row, with nothing to three changes.
fn damaged(bytes: &mut [u8; MAX_LENGTH], mode: Mode, random: &mut Random) {
    let row = random.below(ROWS.len() as u64) as u16;
    let Some((encoded, _)) = sample(row, mode, Place::Any, &mut || random.next()) else {
        return;
    };
    let length = encoded.bytes().len();
    bytes[..length].copy_from_slice(encoded.bytes());
    for _ in 0..random.below(4) {
        let at = random.below(length as u64) as usize;
        match random.below(5) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.next() as u8,
            2 => bytes[at] = bytes[at].wrapping_add(1),
            3 => {
                bytes.copy_within(at + 1.., at);
            }
            _ => {
                bytes.copy_within(..MAX_LENGTH - 1, 1);
                bytes[0] = random.pick(PREFIXES);
            }
        }
    }
}
