//! Operands at which floating-point code goes wrong, and random ones that land near them.
#![allow(dead_code, reason = "each test file uses a part")]

use softfloat::F80;

/// splitmix64.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// Mostly runs of equal bits, which make carries and ties.
    pub fn fraction(&mut self) -> u64 {
        match self.below(6) {
            0 => self.next(),
            1 => self.next() << self.below(64),
            2 => !(self.next() << self.below(64)),
            3 => 1 << self.below(64),
            4 => (1u64 << self.below(64)).wrapping_neg() >> self.below(64),
            _ => 1 << self.below(64) | 1 << self.below(64) | 1 << self.below(64),
        }
    }
}

/// Patterns of a format with `fraction` stored bits and `width` exponent bits, both signs.
pub fn edges(fraction: u32, width: u32) -> Vec<u64> {
    let one = 1u64 << fraction;
    let special = (1u64 << width) - 1;
    let bias = special / 2;
    let max_fraction = one - 1;
    let mut edges = Vec::new();
    let mut both = |x: u64| edges.extend([x, x | 1 << (fraction + width)]);
    for f in [0, 1, 2, 3, one / 2, one / 2 + 1, max_fraction - 1, max_fraction] {
        for e in [0, 1, 2, bias - 1, bias, bias + 1, special - 1, special] {
            both((e * one) | f);
        }
    }
    for e in [u64::from(fraction), u64::from(fraction) + 1, u64::from(fraction) - 1, 14, 15, 16, 30, 31, 32, 62, 63, 64]
    {
        for f in [0, 1, max_fraction, one / 2] {
            if bias + e < special {
                both(((bias + e) * one) | f);
            }
        }
        if bias > e {
            both(((bias - e) * one) | 1);
        }
    }
    let infinity = special << fraction;
    for x in [one / 4, infinity + one / 4, infinity + one / 2 + 0x2a, infinity + 0x2a] {
        both(x);
    }
    edges.sort_unstable();
    edges.dedup();
    edges
}

pub fn random(r: &mut Random, fraction: u32, width: u32) -> u64 {
    let special = (1u64 << width) - 1;
    let bias = special / 2;
    let exponent = match r.below(12) {
        0 => 0,
        1 => special,
        2 => r.below(special + 1),
        3 => r.below(u64::from(fraction) + 4),
        4 => special - 1 - r.below(3),
        5 | 6 => bias / 2 + r.below(5),
        7 => bias + bias / 2 + r.below(5),
        _ => (bias + r.below(u64::from(fraction) + 8)) - r.below(u64::from(fraction) + 8).min(bias),
    };
    let sign = r.next() & 1;
    (sign << width | exponent) << fraction | r.fraction() >> (64 - fraction)
}

/// 80-bit operands of every class, odd encodings included.
pub fn values() -> Vec<F80> {
    let mut values = Vec::new();
    let significands = [
        0,
        1,
        2,
        3,
        1 << 62,
        (1 << 62) - 1,
        (1 << 62) + 1,
        (1 << 63) - 1,
        1 << 63,
        (1 << 63) + 1,
        3 << 62,
        (3 << 62) + 1,
        u64::MAX,
        u64::MAX - 1,
        0xffff_ff00_0000_0000,
        0xffff_ff80_0000_0000,
        0xffff_ffff_ffff_f800,
        0xffff_ffff_ffff_fc00,
        0x8000_0080_0000_0000,
        0x8000_0000_0000_0400,
        0xc90f_daa2_2168_c235,
        0xa000_0000_0000_0000,
    ];
    let exponents = [
        0,
        1,
        2,
        24,
        53,
        64,
        65,
        0x3fff,
        0x3ffe,
        0x3ffd,
        0x4000,
        0x4001,
        0x400d,
        0x400e,
        0x401d,
        0x401e,
        0x403c,
        0x403d,
        0x403e,
        0x403f,
        0x3fff - 64,
        0x3fff - 1022,
        0x3fff - 1023,
        0x3fff - 1074,
        0x3fff - 1075,
        0x3fff + 1023,
        0x3fff + 1024,
        0x3fff - 126,
        0x3fff + 127,
        0x1fff,
        0x5ffe,
        0x7ffd,
        0x7ffe,
        0x7fff,
    ];
    for exponent in exponents {
        for (n, significand) in significands.into_iter().enumerate() {
            // All of them where they are odd, a sample elsewhere.
            let special = matches!(exponent, 0 | 1 | 0x3fff | 0x7ffe | 0x7fff);
            if special || significand >> 63 != 0 && (n + exponent as usize).is_multiple_of(3) || n == 8 {
                values.extend([0, 0x8000].map(|sign| F80::new(sign | exponent, significand)));
            }
        }
    }
    values
}

pub fn random80(r: &mut Random) -> F80 {
    let exponent = match r.below(16) {
        0 => 0,
        1 => 0x7fff,
        2 => r.below(0x8000),
        3 => r.below(70),
        4 => 0x7ffe - r.below(70),
        5 => 0x2000 + r.below(4),
        6 => 0x5ffe + r.below(4),
        7 => 0x3fff - 1022 - r.below(60),
        8 => 0x3fff - 126 - r.below(30),
        _ => 0x3fff + r.below(70) - r.below(70),
    };
    let integer = if r.below(20) == 0 && exponent != 0 { 0 } else { u64::from(exponent != 0 || r.below(4) == 0) };
    F80::new((r.below(2) << 15 | exponent) as u16, integer << 63 | r.fraction() >> 1)
}
