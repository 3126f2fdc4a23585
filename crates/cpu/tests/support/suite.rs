//! Every row against the real CPU: the loop behind the long run (`examples/against_cpu.rs`) and the short one in the tests.

use super::case::{Case, Outcome, Stop};
use super::compare::{Verdict, compare, report};
use super::encode::Encoder;
use super::engine::Engine;
use super::generate;
use super::native::Native;
use super::random::Random;
use super::raw;
use super::record;
use super::special;
use super::state::{FX, MXCSR, ST, State, XMM};
use super::stream;
use core::fmt::Write;
use isa::{Instruction, Mode, Op, ROWS};
use std::collections::BTreeMap;

#[derive(Clone, Default)]
pub struct RowResult {
    pub cases: u64,
    /// Ran to their end on the CPU (the others made an exception).
    pub completed: u64,
    pub undefined_flags: u64,
    pub different: u64,
    /// Compared with a tolerance.
    pub tolerated: u64,
    /// Ours said #UD and the CPU did not.
    pub refused: u64,
    /// The CPU said #UD.
    pub unknown_to_cpu: u64,
    /// A listing, to name the row.
    pub example: String,
}

impl RowResult {
    /// Nothing of the row is implemented.
    pub fn is_unimplemented(&self) -> bool {
        self.refused > 0
            && self.refused + self.unknown_to_cpu >= self.cases - self.cases / 8
            && self.refused * 4 > self.completed
    }
}

pub struct Options {
    pub seed: u64,
    pub states: u64,
    /// Part of the mnemonic or `#row`; empty for all.
    pub pattern: String,
    /// One case only.
    pub only: Option<u64>,
    /// Flags that the row declares undefined are compared too.
    pub strict: bool,
    /// Reports to print for a row.
    pub reports: u64,
}

/// What a run found.
pub struct Summary {
    pub text: String,
    pub different: u64,
}

pub struct Suite {
    pub encoder: Encoder,
    pub engine: Engine,
    pub native: Native,
    /// What the run printed about differences.
    pub reports: String,
}

/// Does the pattern choose this row?
pub fn is_chosen(row: usize, pattern: &str) -> bool {
    let mnemonic = ROWS[row].op.mnemonic();
    pattern.is_empty()
        || pattern.split(',').any(|p| match p.strip_prefix('#') {
            Some(number) => number.parse() == Ok(row),
            None => match p.strip_prefix('=') {
                Some(name) => name == mnemonic,
                None => match p.strip_prefix('@') {
                    Some(feature) => format!("{:?}", ROWS[row].feature()).eq_ignore_ascii_case(feature),
                    None => mnemonic.contains(p),
                },
            },
        })
}

/// Case `index` of a row: always the same for the same seed.
pub fn nth_case(encoder: &Encoder, seed: u64, row: usize, index: u64) -> Option<(Case, Instruction)> {
    let mut random = Random::keyed(seed ^ (row as u64) << 40, index);
    generate::case(encoder, row, &mut random)
}

impl Suite {
    /// `None` where there is no CPU to compare with.
    pub fn new() -> Option<Suite> {
        let native = Native::start()?;
        Some(Suite { encoder: Encoder::new(Mode::Bits64), engine: Engine::new(), native, reports: String::new() })
    }

    /// Runs one row; `None` if it has no form in 64-bit mode or nothing to compare.
    pub fn row(&mut self, row: usize, options: &Options) -> Option<RowResult> {
        if self.encoder.is_empty(row) || special::is_excluded(ROWS[row].op).is_some() {
            return None;
        }
        let mut result = RowResult::default();
        let indices = match options.only {
            Some(only) => only..only + 1,
            None => 0..options.states,
        };
        let mut index = indices.start;
        while index < indices.end {
            let end = (index + 500).min(indices.end);
            let batch: Vec<(u64, Case, Instruction)> = (index..end)
                .filter_map(|n| {
                    let (case, instruction) = nth_case(&self.encoder, options.seed, row, n)?;
                    Some((n, case, instruction))
                })
                .collect();
            let cases: Vec<Case> = batch.iter().map(|(_, case, _)| case.clone()).collect();
            if !self.native.submit(&cases) {
                panic!("the native harness is gone");
            }
            let ours: Vec<Outcome> = cases.iter().map(|case| self.engine.run(case)).collect();
            let oracle = self.native.finish(&cases);
            for (((n, case, instruction), oracle), ours) in batch.iter().zip(&oracle).zip(&ours) {
                self.judge(*n, row, case, instruction, oracle, ours, options, &mut result);
            }
            index = end;
        }
        Some(result)
    }

    /// Runs every chosen row; `progress` gets the reports as they come.
    pub fn all(&mut self, options: &Options, mut progress: impl FnMut(&str)) -> Summary {
        let mut results: Vec<(usize, RowResult)> = Vec::new();
        let mut uncovered: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for row in (0..ROWS.len()).filter(|row| is_chosen(*row, &options.pattern)) {
            let name = ROWS[row].op.mnemonic();
            if let Some(why) = special::is_excluded(ROWS[row].op) {
                uncovered.entry(why).or_default().push(name.into());
                continue;
            }
            match self.row(row, options) {
                Some(result) if result.cases > 0 => {
                    progress(&core::mem::take(&mut self.reports));
                    results.push((row, result));
                }
                _ => uncovered.entry("no form in 64-bit mode").or_default().push(name.into()),
            }
        }
        let (mut cases, mut completed, mut different, mut undefined_flags, mut wrong_rows) = (0, 0, 0, 0, 0);
        let mut text = String::new();
        for (row, result) in &results {
            cases += result.cases;
            completed += result.completed;
            undefined_flags += result.undefined_flags;
            let why = if result.unknown_to_cpu == result.cases {
                Some("#UD on this CPU")
            } else if result.is_unimplemented() {
                Some("not implemented")
            } else {
                None
            };
            if let Some(why) = why {
                uncovered.entry(why).or_default().push(format!("{} (#{row})", ROWS[*row].op.mnemonic()));
                if result.different == result.refused {
                    continue;
                }
            }
            if result.different > 0 {
                different += result.different;
                wrong_rows += 1;
                let _ =
                    write!(text, "row {row:4} {:40} {:6} of {} differ", result.example, result.different, result.cases);
                if result.refused > 0 {
                    let _ = write!(text, ", {} refused with #UD", result.refused);
                }
                text.push('\n');
            } else if result.completed == 0 && why.is_none() {
                uncovered.entry("never ran to its end").or_default().push(ROWS[*row].op.mnemonic().into());
            }
            if result.undefined_flags > 0 && !options.pattern.is_empty() {
                let _ = writeln!(
                    text,
                    "row {row:4} {:40} {:6} with other undefined flags",
                    result.example, result.undefined_flags
                );
            }
        }
        for (why, mut names) in uncovered {
            names.dedup();
            let _ = writeln!(text, "not covered: {why}: {} rows: {}", names.len(), names.join(" "));
        }
        let _ = write!(
            text,
            "suite cpu: seed {}, {} rows, {cases} cases ({completed} ran to the end), {different} differences in \
             {wrong_rows} rows, {undefined_flags} with only undefined flags different; harness restarted {} times",
            options.seed,
            results.len(),
            self.native.restarts,
        );
        Summary { text, different }
    }

    /// Runs `options.states` streams of the rows that are right one by one; the others would drown what streams are to find.
    pub fn all_streams(&mut self, options: &Options) -> Summary {
        let probe = Options { states: 60, reports: 0, pattern: String::new(), only: None, ..*options };
        let mut is_right = vec![false; ROWS.len()];
        for (row, right) in is_right.iter_mut().enumerate() {
            *right = is_chosen(row, &options.pattern)
                && self.row(row, &probe).is_some_and(|r| r.different == 0 && r.completed > 0 && r.tolerated == 0);
        }
        let rows = stream::rows(&self.encoder, |row| is_right[row]);
        let (different, completed) = self.streams(&rows, options.states, options);
        let text = format!(
            "suite cpu: seed {}, {} streams of {} rows ({completed} ran to the end), {different} differ; \
             harness restarted {} times",
            options.seed,
            if options.only.is_some() { 1 } else { options.states },
            rows.len(),
            self.native.restarts
        );
        Summary { text, different }
    }

    /// Runs random streams of instructions of the given rows; the number that differ
    /// and the number that ran to their end.
    pub fn streams(&mut self, rows: &[usize], count: u64, options: &Options) -> (u64, u64) {
        let (mut index, mut different, mut completed) = (0, 0, 0);
        let indices = match options.only {
            Some(only) => only..only + 1,
            None => 0..count,
        };
        index += indices.start;
        while index < indices.end {
            let end = (index + 500).min(indices.end);
            let cases: Vec<Case> = (index..end)
                .map(|n| stream::case(&self.encoder, rows, &mut Random::keyed(options.seed ^ 0x5743, n)))
                .collect();
            assert!(self.native.submit(&cases), "the native harness is gone");
            let ours: Vec<Outcome> = cases.iter().map(|case| self.engine.run(case)).collect();
            let oracle = self.native.finish(&cases);
            for (n, ((case, oracle), ours)) in cases.iter().zip(&oracle).zip(&ours).enumerate() {
                completed += u64::from(oracle.ran_to_end(case));
                if compare(oracle, ours, 0) == Verdict::Same {
                    continue;
                }
                different += 1;
                if different <= options.reports {
                    let title =
                        format!("stream: repeat with --seed {} --streams --case {}", options.seed, index + n as u64);
                    self.reports.push_str(&report(&title, case, oracle, ours));
                }
            }
            index = end;
        }
        (different, completed)
    }

    /// Runs `options.states` byte strings.
    pub fn raw(&mut self, options: &Options) -> Summary {
        let (mut cases_run, mut different) = (0, 0);
        let indices = match options.only {
            Some(only) => only..only + 1,
            None => 0..options.states,
        };
        let mut index = indices.start;
        while index < indices.end {
            let end = (index + 500).min(indices.end);
            let batch: Vec<(u64, Case, Option<Instruction>)> = (index..end)
                .filter_map(|n| {
                    let (case, i) = raw::case(&self.encoder, &mut Random::keyed(options.seed ^ 0x2a77, n))?;
                    Some((n, case, i))
                })
                .collect();
            let cases: Vec<Case> = batch.iter().map(|(_, case, _)| case.clone()).collect();
            assert!(self.native.submit(&cases), "the native harness is gone");
            let ours: Vec<Outcome> = cases.iter().map(|case| self.engine.run(case)).collect();
            let oracle = self.native.finish(&cases);
            for (((n, case, i), oracle), ours) in batch.iter().zip(&oracle).zip(&ours) {
                cases_run += 1;
                let adjusted = i.as_ref().and_then(|i| tolerate(i.op, oracle, ours));
                let ours = adjusted.as_ref().unwrap_or(ours);
                if compare(oracle, ours, 0) == Verdict::Same
                    || i.as_ref().is_some_and(|i| !cpu::handlers::is_implemented(i))
                {
                    continue;
                }
                different += 1;
                if different <= options.reports {
                    let title = format!("bytes: repeat with --seed {} --raw --case {n}", options.seed);
                    self.reports.push_str(&report(&title, case, oracle, ours));
                }
            }
            index = end;
        }
        let text = format!(
            "suite cpu: seed {}, {cases_run} byte strings, {different} differ; harness restarted {} times",
            options.seed, self.native.restarts
        );
        Summary { text, different }
    }

    /// Writes the states of a row and what the CPU makes of them to `out`, in few bytes. Rows that we do not implement are
    /// left out.
    pub fn record(&mut self, row: usize, options: &Options, out: &mut Vec<u8>) -> u64 {
        let Some(result) = self.row(row, &Options { reports: 0, states: 60, pattern: String::new(), ..*options })
        else {
            return 0;
        };
        if result.is_unimplemented() || result.unknown_to_cpu == result.cases {
            return 0;
        }
        let mut cases: Vec<Case> = (0..options.states)
            .filter_map(|n| nth_case(&self.encoder, options.seed, row, n).map(|(case, _)| case))
            .collect();
        let mut outcomes = self.native.run(&cases);
        record::simplify(&mut self.native, &mut cases, &mut outcomes);
        for (case, outcome) in cases.iter().zip(&outcomes) {
            record::write(out, case, outcome);
        }
        cases.len() as u64
    }

    fn judge(
        &mut self,
        n: u64,
        row: usize,
        case: &Case,
        instruction: &Instruction,
        oracle: &Outcome,
        ours: &Outcome,
        options: &Options,
        result: &mut RowResult,
    ) {
        result.cases += 1;
        if oracle.stop == Stop::Died {
            eprintln!("the harness died of row {row} case {n}:\n{}{:x?}", super::compare::listing(case), case.state.0);
        }
        if result.example.is_empty() || result.completed == 0 && oracle.ran_to_end(case) {
            result.example = super::list(instruction, case.at);
        }
        result.completed += u64::from(oracle.ran_to_end(case));
        let is_undefined = |outcome: &Outcome| matches!(outcome.stop, Stop::Exception { vector: 6, .. });
        result.unknown_to_cpu += u64::from(is_undefined(oracle));
        let undefined = if options.strict { 0 } else { u64::from(ROWS[row].flags().undefined) };
        let adjusted = tolerate(ROWS[row].op, oracle, ours);
        result.tolerated += u64::from(adjusted.is_some());
        let ours = adjusted.as_ref().unwrap_or(ours);
        match compare(oracle, ours, undefined) {
            Verdict::Same => {}
            Verdict::UndefinedFlags => result.undefined_flags += 1,
            Verdict::Different => {
                result.different += 1;
                let refused = is_undefined(ours) && !is_undefined(oracle);
                result.refused += u64::from(refused);
                if result.different - result.refused < options.reports + u64::from(!refused) && !refused {
                    let title = format!(
                        "{} (row {row}): repeat with --seed {} --row '#{row}' --case {n}",
                        ROWS[row].op.mnemonic(),
                        options.seed
                    );
                    let text = report(&title, case, oracle, ours);
                    self.reports.push_str(&text);
                }
            }
        }
    }
}

/// Our outcome with what may differ taken from the CPU's: the last bits of transcendental functions, and what ENTER has
/// pushed before the fault that undoes it.
pub fn tolerate(op: Op, oracle: &Outcome, ours: &Outcome) -> Option<Outcome> {
    use Op::*;
    let mut adjusted = ours.clone();
    let is_fault = |outcome: &Outcome| matches!(outcome.stop, Stop::Exception { vector: 12..=14 | 17, .. });
    match op {
        Movdir64b if is_fault(oracle) && is_fault(ours) => adjusted.stop = oracle.stop,
        // Linux emulates them, with faults of its own.
        Sgdt | Sidt | Smsw | Sldt | Str if is_fault(oracle) => return Some(oracle.clone()),
        Enter if is_fault(oracle) && ours.changes.is_empty() => {
            adjusted.changes = oracle.changes.clone();
        }
        // The CPU makes the x87 registers MMX ones before it looks at memory.
        Maskmovq if is_fault(oracle) => {
            for i in FX..XMM {
                if i != MXCSR {
                    adjusted.state.0[i] = oracle.state.0[i];
                }
            }
        }
        // Which flags of its steps an unmasked exception lets through is the microcode's secret.
        Dpps | Dppd if matches!(oracle.stop, Stop::Exception { vector: 19, .. }) => {
            adjusted.state.0[MXCSR] = oracle.state.0[MXCSR];
        }
        F2xm1 | Fyl2x | Fyl2xp1 | Fptan | Fpatan | Fsin | Fcos | Fsincos => {
            for n in 0..2 {
                let i = ST + 2 * n;
                // Distance in units of the last place, across powers of two as well.
                let place = |state: &State| {
                    let [significand, exponent] = [state.0[i], state.0[i + 1]];
                    u128::from(exponent) << 63 | u128::from(significand & (u64::MAX >> 1))
                };
                if place(&oracle.state).abs_diff(place(&ours.state)) <= 4 {
                    adjusted.state.0[i] = oracle.state.0[i];
                    adjusted.state.0[i + 1] = oracle.state.0[i + 1];
                }
            }
            // C1 says whether the result was rounded up.
            let c1 = 1 << (16 + 9);
            adjusted.state.0[FX] = adjusted.state.0[FX] & !c1 | oracle.state.0[FX] & c1;
        }
        _ => return None,
    }
    Some(adjusted)
}
