//! Arithmetic on all lanes of a 64-bit word at once, without vector instructions of the host: the bits above each lane's top bit
//! are kept from each other, and the top bit is computed apart. Compilers make one 128-bit operation of two such words.

/// Words seen as lanes of equal width, by the top bit of each.
#[derive(Clone, Copy)]
pub(super) struct Lanes {
    top: u64,
    width: u32,
}

pub(super) const BYTES: Lanes = Lanes { top: 0x8080_8080_8080_8080, width: 8 };
pub(super) const WORDS: Lanes = Lanes { top: 0x8000_8000_8000_8000, width: 16 };
pub(super) const DOUBLES: Lanes = Lanes { top: 0x8000_0000_8000_0000, width: 32 };

impl Lanes {
    /// All bits of the lanes whose top bit is set in `tops`, which has no others.
    #[inline(always)]
    fn fill(self, tops: u64) -> u64 {
        (tops - (tops >> (self.width - 1))) | tops
    }

    #[inline(always)]
    fn select(self, tops: u64, yes: u64, no: u64) -> u64 {
        let mask = self.fill(tops);
        yes & mask | no & !mask
    }

    #[inline(always)]
    pub(super) fn add(self, a: u64, b: u64) -> u64 {
        ((a & !self.top) + (b & !self.top)) ^ (a ^ b) & self.top
    }

    #[inline(always)]
    pub(super) fn sub(self, a: u64, b: u64) -> u64 {
        ((a | self.top) - (b & !self.top)) ^ !(a ^ b) & self.top
    }

    /// The top bits of the lanes in which `a` is below `b`, unsigned.
    #[inline(always)]
    fn below(self, a: u64, b: u64) -> u64 {
        let is_not_below_but_for_top = (a | self.top) - (b & !self.top);
        (!a & b | !(a ^ b) & !is_not_below_but_for_top) & self.top
    }

    /// The same, signed.
    #[inline(always)]
    fn less(self, a: u64, b: u64) -> u64 {
        self.below(a ^ self.top, b ^ self.top)
    }

    #[inline(always)]
    pub(super) fn equal(self, a: u64, b: u64) -> u64 {
        let x = a ^ b;
        self.fill(!(((x & !self.top) + !self.top) | x) & self.top)
    }

    #[inline(always)]
    pub(super) fn greater(self, a: u64, b: u64) -> u64 {
        self.fill(self.less(b, a))
    }

    #[inline(always)]
    pub(super) fn min(self, a: u64, b: u64) -> u64 {
        self.select(self.below(a, b), a, b)
    }

    #[inline(always)]
    pub(super) fn max(self, a: u64, b: u64) -> u64 {
        self.select(self.below(a, b), b, a)
    }

    #[inline(always)]
    pub(super) fn min_signed(self, a: u64, b: u64) -> u64 {
        self.select(self.less(a, b), a, b)
    }

    #[inline(always)]
    pub(super) fn max_signed(self, a: u64, b: u64) -> u64 {
        self.select(self.less(a, b), b, a)
    }

    /// The mean, rounded up.
    #[inline(always)]
    pub(super) fn average(self, a: u64, b: u64) -> u64 {
        // Half of the difference never borrows from the next lane: it is at most the union.
        (a | b) - ((a ^ b) >> 1 & !self.top)
    }

    #[inline(always)]
    pub(super) fn add_saturated(self, a: u64, b: u64) -> u64 {
        let sum = self.add(a, b);
        sum | self.fill((a & b | (a | b) & !sum) & self.top)
    }

    #[inline(always)]
    pub(super) fn sub_saturated(self, a: u64, b: u64) -> u64 {
        self.sub(a, b) & !self.fill(self.below(a, b))
    }

    /// The largest or the smallest signed value, by the sign of `a`.
    #[inline(always)]
    fn limit(self, a: u64) -> u64 {
        !self.top + ((a & self.top) >> (self.width - 1))
    }

    #[inline(always)]
    pub(super) fn add_signed(self, a: u64, b: u64) -> u64 {
        let sum = self.add(a, b);
        self.select(!(a ^ b) & (a ^ sum) & self.top, self.limit(a), sum)
    }

    #[inline(always)]
    pub(super) fn sub_signed(self, a: u64, b: u64) -> u64 {
        let difference = self.sub(a, b);
        self.select((a ^ b) & (a ^ difference) & self.top, self.limit(a), difference)
    }

    /// `a` where `b` is positive, `-a` where it is negative, 0 where it is 0.
    #[inline(always)]
    pub(super) fn sign(self, a: u64, b: u64) -> u64 {
        self.select(b & self.top, self.sub(0, a), a) & !self.equal(b, 0)
    }

    #[inline(always)]
    pub(super) fn absolute(self, a: u64) -> u64 {
        self.select(a & self.top, self.sub(0, a), a)
    }

    /// In each lane the bits that a shift right by `count`, below the width, fills.
    #[inline(always)]
    fn vacated(self, count: u64) -> u64 {
        let lane = u64::MAX >> (64 - self.width);
        (lane & !(lane >> count)).wrapping_mul(self.top >> (self.width - 1))
    }

    #[inline(always)]
    pub(super) fn shift_left(self, a: u64, count: u64) -> u64 {
        if count >= self.width as u64 { 0 } else { (a & !self.vacated(count)) << count }
    }

    #[inline(always)]
    pub(super) fn shift_right(self, a: u64, count: u64) -> u64 {
        if count >= self.width as u64 { 0 } else { a >> count & !self.vacated(count) }
    }

    #[inline(always)]
    pub(super) fn shift_right_signed(self, a: u64, count: u64) -> u64 {
        let count = count.min(self.width as u64 - 1);
        let vacated = self.vacated(count);
        a >> count & !vacated | self.fill(a & self.top) & vacated
    }
}

/// The top bit of each byte, the lowest byte's first.
#[inline(always)]
pub(super) fn top_bits(a: u64) -> u64 {
    (a >> 7 & 0x0101_0101_0101_0101).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// The low half's lanes of `a` and `b` in turn.
#[inline(always)]
pub(super) fn interleave(width: u32, a: u64, b: u64) -> u64 {
    let spread = |x: u64| {
        let x = x & 0xffff_ffff;
        let x = if width <= 16 { (x | x << 16) & 0x0000_ffff_0000_ffff } else { x };
        if width <= 8 { (x | x << 8) & 0x00ff_00ff_00ff_00ff } else { x }
    };
    spread(a) | spread(b) << width
}

macro_rules! maps {
    ($($name:ident $type:ty;)*) => {$(
        /// The function on each pair of lanes.
        #[inline(always)]
        pub(super) fn $name(a: u64, b: u64, f: impl Fn($type, $type) -> $type) -> u64 {
            (0..64 / <$type>::BITS).fold(0, |result, n| {
                let at = n * <$type>::BITS;
                result | (f((a >> at) as $type, (b >> at) as $type) as u64) << at
            })
        }
    )*};
}

maps! {
    map16 u16;
    map32 u32;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every operation against the same on single lanes, with all pairs of edge values and their neighbours.
    #[test]
    fn lanes_do_not_disturb_each_other() {
        let mut values = [0u64; 64];
        let mut seed = 1u64;
        for (n, value) in values.iter_mut().enumerate() {
            seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            let edges = [0u64, u64::MAX, 0x8080_8080_8080_8080, 0x7f80_ff01_8000_7fff, 0x0001_ffff_8000_0000];
            *value = if n < edges.len() { edges[n] } else { seed ^ seed >> 31 };
        }
        fn check(lanes: Lanes, name: &str, a: u64, b: u64, ours: u64, f: impl Fn(i64, i64, i64) -> i64) {
            let (shift, limit) = (64 - lanes.width, 1i64 << (lanes.width - 1));
            for n in 0..64 / lanes.width {
                let lane = |x: u64| (x << (shift - n * lanes.width)) as i64 >> shift;
                let expected = (f(lane(a), lane(b), limit) as u64) << shift;
                assert_eq!(lane(ours), expected as i64 >> shift, "{name} {} {a:x} {b:x} lane {n}", lanes.width);
            }
        }
        for lanes in [BYTES, WORDS, DOUBLES] {
            for (a, b) in values.iter().flat_map(|a| values.iter().map(move |b| (*a, *b))) {
                let unsigned = |x: i64, limit: i64| x & (2 * limit - 1);
                check(lanes, "add", a, b, lanes.add(a, b), |x, y, _| x + y);
                check(lanes, "sub", a, b, lanes.sub(a, b), |x, y, _| x - y);
                check(lanes, "equal", a, b, lanes.equal(a, b), |x, y, _| -((x == y) as i64));
                check(lanes, "greater", a, b, lanes.greater(a, b), |x, y, _| -((x > y) as i64));
                check(lanes, "min", a, b, lanes.min(a, b), |x, y, l| unsigned(x, l).min(unsigned(y, l)));
                check(lanes, "max", a, b, lanes.max(a, b), |x, y, l| unsigned(x, l).max(unsigned(y, l)));
                check(lanes, "min_signed", a, b, lanes.min_signed(a, b), |x, y, _| x.min(y));
                check(lanes, "max_signed", a, b, lanes.max_signed(a, b), |x, y, _| x.max(y));
                check(lanes, "average", a, b, lanes.average(a, b), |x, y, l| (unsigned(x, l) + unsigned(y, l) + 1) / 2);
                check(lanes, "add_saturated", a, b, lanes.add_saturated(a, b), |x, y, l| {
                    (unsigned(x, l) + unsigned(y, l)).min(2 * l - 1)
                });
                check(lanes, "sub_saturated", a, b, lanes.sub_saturated(a, b), |x, y, l| {
                    (unsigned(x, l) - unsigned(y, l)).max(0)
                });
                check(lanes, "add_signed", a, b, lanes.add_signed(a, b), |x, y, l| (x + y).clamp(-l, l - 1));
                check(lanes, "sub_signed", a, b, lanes.sub_signed(a, b), |x, y, l| (x - y).clamp(-l, l - 1));
                check(lanes, "sign", a, b, lanes.sign(a, b), |x, y, _| x * y.signum());
                check(lanes, "absolute", a, b, lanes.absolute(a), |x, _, _| x.abs());
            }
            for (a, count) in values.iter().flat_map(|a| (0..=lanes.width as u64).map(move |count| (*a, count))) {
                let shifted = |x: i64, l: i64| if count >= lanes.width as u64 { 0 } else { (x & (2 * l - 1)) >> count };
                check(lanes, "left", a, 0, lanes.shift_left(a, count), |x, _, _| {
                    x.checked_shl(count as u32).unwrap_or(0)
                });
                check(lanes, "right", a, 0, lanes.shift_right(a, count), |x, _, l| shifted(x, l));
                check(lanes, "signed", a, 0, lanes.shift_right_signed(a, count), |x, _, _| x >> count.min(63));
            }
        }
    }
}
