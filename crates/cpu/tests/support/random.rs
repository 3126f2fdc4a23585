//! Random numbers from a seed, and the values that instructions like least.

/// splitmix64's output function.
pub fn mix(z: u64) -> u64 {
    let z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[derive(Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(mix(seed))
    }

    /// A generator for item `index` of what `seed` stands for, independent of the others.
    pub fn keyed(seed: u64, index: u64) -> Random {
        Random(mix(mix(seed) ^ index.wrapping_mul(0xd134_2543_de82_ef95)))
    }

    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.word() % n
    }

    pub fn index(&mut self, n: usize) -> usize {
        self.below(n as u64) as usize
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.index(list.len())]
    }

    /// An integer: random, small, near a power of two, or a pattern.
    pub fn integer(&mut self) -> u64 {
        let value = match self.below(10) {
            0 | 1 => self.word(),
            2 => self.below(5),
            3 => !self.below(5),
            4 => (1u64 << self.below(64)).wrapping_add(self.below(3)).wrapping_sub(1),
            5 => !(1u64 << self.below(64)).wrapping_add(self.below(3)).wrapping_sub(1),
            6 => self.word() >> self.below(64),
            7 => ((self.word() as i64) >> self.below(64)) as u64,
            8 => self.pick(&[
                0x7f,
                0x80,
                0xff,
                0x7fff,
                0x8000,
                0xffff,
                0x7fff_ffff,
                0x8000_0000,
                0xffff_ffff,
                i64::MAX as u64,
                i64::MIN as u64,
                u64::MAX,
                0x0101_0101_0101_0101,
                0x8080_8080_8080_8080,
                0x7f80_7f80_7f80_7f80,
                0xaaaa_aaaa_aaaa_aaaa,
                0x5555_5555_5555_5555,
                0x0123_4567_89ab_cdef,
                0x3130_3938_3736_3534,
            ]),
            _ => {
                // Bytes that are each an edge.
                let mut value = 0;
                for _ in 0..8 {
                    value = value << 8 | self.pick(&[0, 1, 0x7f, 0x80, 0x81, 0xfe, 0xff, 0x55]);
                }
                value
            }
        };
        if self.one_in(8) { value << 32 | value & 0xffff_ffff } else { value }
    }

    /// The bits of a binary32.
    pub fn single(&mut self) -> u32 {
        let sign = (self.word() as u32) & 0x8000_0000;
        let r = self.word() as u32;
        sign | match self.below(16) {
            0 => 0,
            1 => 1,
            2 => r & 0x007f_ffff,                      // denormal
            3 => 0x0080_0000 | r & 3,                  // smallest normal
            4 => 0x007f_ffff - (r & 1),                // largest denormal
            5 => 0x7f7f_ffff - (r & 3),                // largest
            6 => 0x7f80_0000,                          // infinity
            7 => 0x7fc0_0000 | r & 0x003f_ffff,        // quiet
            8 => 0x7f80_0001 | r & 0x003f_ffff,        // signalling
            9 => (0x3f80_0000 + (r % 9)) - 4,          // near one
            10 => 0x4f00_0000 + (r % 5) - 2,           // near 2^31
            11 => 0x5f00_0000 + (r % 5) - 2,           // near 2^63
            12 => ((r % 2001) as f32 / 4.0).to_bits(), // quarters
            13 => (0x3f80_0000 & !(0xff << 23)) | ((127 - 30 + (self.below(60) as u32)) << 23) | r & 0x007f_ffff,
            14 => r & 0x7fff_ffff & !(r.wrapping_mul(77) >> 9),
            _ => r & 0x7fff_ffff,
        }
    }

    /// The bits of a binary64.
    pub fn double(&mut self) -> u64 {
        let sign = self.word() & 1 << 63;
        let r = self.word();
        let fraction = r & 0x000f_ffff_ffff_ffff;
        sign | match self.below(20) {
            0 => 0,
            1 => 1,
            2 => fraction >> (r >> 58),
            3 => 0x0010_0000_0000_0000 | r & 3,
            4 => 0x000f_ffff_ffff_ffff - (r & 1),
            5 => 0x7fef_ffff_ffff_ffff - (r & 3),
            6 => 0x7ff0_0000_0000_0000,
            7 => 0x7ff8_0000_0000_0000 | fraction >> 1,
            8 => 0x7ff0_0000_0000_0001 | fraction >> 1,
            9 => (0x3ff0_0000_0000_0000 + r % 9) - 4,
            10 => 0x41e0_0000_0000_0000 + (r % 5) - 2, // near 2^31
            11 => 0x43e0_0000_0000_0000 + (r % 5) - 2, // near 2^63
            12 => ((r % 2001) as f64 / 4.0).to_bits(),
            13 => ((1023 - 40 + self.below(80)) << 52) | fraction,
            14 => (0x41df_ffff_ffc0_0000 + (r % 5) * 0x0010_0000) & !0xf, // near 2^31 - 1/2
            15 => (f64::from(self.single() & 0x7fff_ffff) as i64 as u64) & 0x7fff_ffff_ffff_ffff,
            16 => f64::from(f32::from_bits(self.single())).to_bits() & !(1 << 63), // exact as binary32, its denormals too
            17 => ((1023 - 150 + self.below(60)) << 52) | fraction,                // near the denormals of binary32
            18 => ((1023 + 126 + self.below(3)) << 52) | fraction,                 // near its overflow
            _ => r & !(1 << 63),
        }
    }

    /// A binary80: significand, and sign with exponent. Pseudo formats included.
    pub fn extended(&mut self) -> (u64, u16) {
        let sign = (self.word() as u16) & 0x8000;
        let r = self.word();
        let one = 1u64 << 63;
        let (significand, exponent) = match self.below(24) {
            0 => (0, 0),
            1 => (1, 0),
            2 => (r >> 1 >> (r & 63), 0),             // denormal
            3 => (r | one, 0),                        // pseudo-denormal
            4 => (one | r & 3, 1),                    // smallest normal
            5 => (!(r & 3), 0x7ffe),                  // largest
            6 => (one, 0x7fff),                       // infinity
            7 => (one | one >> 1 | r >> 2, 0x7fff),   // quiet
            8 => (one | r >> 2 | 1, 0x7fff),          // signalling
            9 => (0, 0x7fff),                         // pseudo-infinity
            10 => (r >> 1, 0x7fff),                   // pseudo-NaN
            11 => (r >> 1, 0x3fff + (r as u16 & 15)), // unnormal
            12 => (one, 0x3fff),
            13 => (one | (r % 3), 0x3fff),
            14 => (!(r % 3), 0x3ffe),
            15 => (one | (r & 1), 0x3fff + 15 + 16 * (r >> 8 & 3) as u16),
            16 => (!(r & 1), 0x3fff + 14 + 16 * (r >> 8 & 3) as u16),
            17 => {
                let small = r % 2001 + 1;
                let shift = small.leading_zeros();
                (small << shift, 0x3fff + 63 - shift as u16 - (self.below(4) as u16))
            }
            18 => (one | r & !0x7ff, 0x3fff - 1074 + (self.below(100) as u16)), // near the denormals of binary64
            19 => (one | r, 0x3fff + 1022 + (self.below(3) as u16)),
            20 => (one | r & 0x7fff_ff00_0000_0000, 0x3fff - 160 + (self.below(60) as u16)),
            21 => (one | r, 0x3fff - 40 + (self.below(110) as u16)),
            22 => (one | r, 0x3fff - 4 + (self.below(8) as u16)),
            _ => (one | r, (r >> 3) as u16 % 0x7fff),
        };
        (significand, sign | exponent)
    }

    /// A vector of edge values of one kind.
    pub fn vector(&mut self) -> [u64; 2] {
        match self.below(8) {
            0 => [self.word(), self.word()],
            1..=3 => [self.singles(), self.singles()],
            4 | 5 => [self.double(), self.double()],
            _ => [self.integer(), self.integer()],
        }
    }

    pub fn singles(&mut self) -> u64 {
        u64::from(self.single()) | u64::from(self.single()) << 32
    }
}
