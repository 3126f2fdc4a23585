//! Counting what passed and what failed, over runners of different kinds.

use std::ops::AddAssign;

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl Tally {
    /// Counts one test.
    pub fn count(&mut self, has_passed: bool) {
        if has_passed {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
    }

    /// The closing line of every runner.
    pub fn line(self) -> String {
        format!("{} passed, {} failed", self.passed, self.failed)
    }

    /// An error when something failed or nothing ran.
    pub fn verdict(self) -> crate::Outcome {
        match self {
            Tally { failed: 0, passed: 0 } => Err("no test ran".into()),
            Tally { failed: 0, .. } => Ok(()),
            Tally { failed, .. } => Err(format!("{failed} failed")),
        }
    }

    /// Reads a line of the standard test harness, or the closing line of one of our own runners.
    pub fn parse(line: &str) -> Option<Tally> {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix("test result: ") {
            let (_, counts) = rest.split_once(". ")?;
            let mut parts = counts.split("; ");
            let passed = parts.next()?.strip_suffix(" passed")?.parse().ok()?;
            let failed = parts.next()?.strip_suffix(" failed")?.parse().ok()?;
            return Some(Tally { passed, failed });
        }
        let (passed, failed) = line.split_once(" passed, ")?;
        let tally = Tally { passed: passed.parse().ok()?, failed: failed.strip_suffix(" failed")?.parse().ok()? };
        Some(tally)
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn lines_of_both_kinds_are_read() {
        let harness =
            "test result: FAILED. 12 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        assert_eq!(Tally::parse(harness), Some(Tally { passed: 12, failed: 3 }));
        assert_eq!(Tally::parse("841 passed, 0 failed"), Some(Tally { passed: 841, failed: 0 }));
        assert_eq!(Tally::parse("running 3 tests"), None);
    }
}
