//! The comparison of many strings and its counts.

use std::fmt;
use std::time::{Duration, Instant};

use super::strings::{Random, string};
use super::{EXPLAINED, Oracle, Verdict};

/// Differences that are kept; the others are only counted.
const KEPT: usize = 100;

pub struct Tally {
    seed: u64,
    count: u64,
    same: u64,
    refused: u64,
    explained: [u64; EXPLAINED.len()],
    different: u64,
    pub differences: Vec<String>,
    time: Duration,
}

impl Tally {
    pub fn run(seed: u64, count: u64) -> Tally {
        let start = Instant::now();
        let (mut random, mut oracle) = (Random(seed), Oracle::new());
        let mut tally = Tally {
            seed,
            count,
            same: 0,
            refused: 0,
            explained: [0; EXPLAINED.len()],
            different: 0,
            differences: Vec::new(),
            time: Duration::ZERO,
        };
        for _ in 0..count {
            let (bytes, mode) = string(&mut random);
            match oracle.compare(&bytes, mode) {
                Verdict::Same => tally.same += 1,
                Verdict::BothRefuse => tally.refused += 1,
                Verdict::Explained(class) => tally.explained[class] += 1,
                Verdict::Different(text) => {
                    tally.different += 1;
                    if tally.differences.len() < KEPT {
                        tally.differences.push(text);
                    }
                }
            }
        }
        tally.time = start.elapsed();
        tally
    }

    pub fn is_clean(&self) -> bool {
        self.different == 0
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (text, n) in EXPLAINED.iter().zip(self.explained) {
            writeln!(f, "{n:>12}  {text}")?;
        }
        let Tally { seed, count, same, refused, different, .. } = self;
        let explained: u64 = self.explained.iter().sum();
        write!(
            f,
            "decoder: seed {seed}, {count} strings, {same} same, {refused} refused by both, {explained} explained, \
             {different} different, {:.0} s",
            self.time.as_secs_f64()
        )
    }
}
