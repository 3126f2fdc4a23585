//! Operands at which floating-point code goes wrong, and random ones that land near them.
#![allow(dead_code, reason = "each test file uses a part")]

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
    for x in [one / 4, special << fraction | one / 4, special << fraction | one / 2 | 0x2a, special << fraction | 0x2a]
    {
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
