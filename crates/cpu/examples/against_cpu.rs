//! The long run of every implemented form against the CPU of this host, on edge and random states.
//!
//! ```text
//! cargo run --release -p cpu --example against_cpu -- [--seed N] [--states N] [--row PATTERN] [--case N] [--reports N] [--strict] [--streams] [--record FILE]
//! ```
//!
//! A pattern is a part of the mnemonic, `=mnemonic`, `@feature` or `#row`; several are separated by commas.
//! `--streams` runs random streams of 1 to 30 instructions instead, `--record` writes the file that `tests/vectors.rs` replays.
#[path = "../tests/support/mod.rs"]
mod support;

use isa::ROWS;
use std::collections::BTreeMap;
use std::process::ExitCode;
use support::generate::is_excluded;
use support::suite::{Options, RowResult, Suite, is_chosen};
use support::{record, stream};

fn main() -> ExitCode {
    let mut options = Options { seed: 1, states: 2000, pattern: String::new(), only: None, strict: false, reports: 1 };
    let (mut streams, mut record) = (false, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_else(|| panic!("{argument} needs a value"));
        match argument.as_str() {
            "--seed" => options.seed = value().parse().expect("a number"),
            "--states" => options.states = value().parse().expect("a number"),
            "--row" => options.pattern = value(),
            "--case" => options.only = Some(value().parse().expect("a number")),
            "--streams" => streams = true,
            "--record" => record = Some(value()),
            "--strict" => options.strict = true,
            "--reports" => options.reports = value().parse().expect("a number"),
            _ => {
                eprintln!("against_cpu: unknown argument {argument}; see the head of examples/against_cpu.rs");
                return ExitCode::from(2);
            }
        }
    }
    if streams && options.states == 2000 {
        options.states = 200_000;
    }
    let Some(mut suite) = Suite::new() else {
        eprintln!(
            "against_cpu: needs an x86-64 Linux host with FSGSBASE; elsewhere `cargo test -p cpu` replays vectors"
        );
        return ExitCode::from(2);
    };
    let start = std::time::Instant::now();
    if let Some(file) = record {
        return write_vectors(&mut suite, &options, &file);
    }
    if streams {
        return run_streams(&mut suite, &options);
    }
    let mut results: Vec<(usize, RowResult)> = Vec::new();
    let mut uncovered: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in (0..ROWS.len()).filter(|row| is_chosen(*row, &options.pattern)) {
        let name = ROWS[row].op.mnemonic();
        if let Some(why) = is_excluded(ROWS[row].op) {
            uncovered.entry(why).or_default().push(name.into());
            continue;
        }
        match suite.row(row, &options) {
            Some(result) if result.cases > 0 => {
                print!("{}", core::mem::take(&mut suite.reports));
                results.push((row, result));
            }
            _ => uncovered.entry("no form in 64-bit mode").or_default().push(name.into()),
        }
    }
    let (mut cases, mut completed, mut different, mut undefined_flags, mut wrong_rows) = (0, 0, 0, 0, 0);
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
            println!(
                "row {row:4} {:40} {:6} of {} differ{}",
                result.example,
                result.different,
                result.cases,
                if result.refused > 0 { format!(", {} refused with #UD", result.refused) } else { String::new() }
            );
        } else if result.completed == 0 && why.is_none() {
            uncovered.entry("never ran to its end").or_default().push(ROWS[*row].op.mnemonic().into());
        }
        if result.undefined_flags > 0 && !options.pattern.is_empty() {
            println!("row {row:4} {:40} {:6} with other undefined flags", result.example, result.undefined_flags);
        }
    }
    for (why, mut names) in uncovered {
        names.dedup();
        println!("not covered: {why}: {} rows: {}", names.len(), names.join(" "));
    }
    println!(
        "suite cpu: seed {}, {} rows, {cases} cases ({completed} ran to the end), {different} differences in {wrong_rows} rows, \
         {undefined_flags} with only undefined flags different; harness restarted {} times; {:.1} s",
        options.seed,
        results.len(),
        suite.native.restarts,
        start.elapsed().as_secs_f64()
    );
    if different == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Records `--states` cases (40 are a good number) of every row.
fn write_vectors(suite: &mut Suite, options: &Options, file: &str) -> ExitCode {
    let mut out = record::MAGIC.to_vec();
    let (mut cases, mut rows) = (0, 0);
    for row in (0..ROWS.len()).filter(|row| is_chosen(*row, &options.pattern)) {
        let recorded = suite.record(row, options, &mut out);
        cases += recorded;
        rows += u64::from(recorded > 0);
    }
    if let Err(error) = std::fs::write(file, &out) {
        eprintln!("against_cpu: writing {file}: {error}");
        return ExitCode::FAILURE;
    }
    println!("recorded {cases} cases of {rows} rows, {} bytes", out.len());
    ExitCode::SUCCESS
}

fn run_streams(suite: &mut Suite, options: &Options) -> ExitCode {
    // Rows that are right one by one; the others would drown what streams are to find.
    let probe = Options { states: 60, reports: 0, pattern: String::new(), only: None, ..*options };
    let mut is_right = vec![false; ROWS.len()];
    for (row, right) in is_right.iter_mut().enumerate() {
        *right = is_chosen(row, &options.pattern)
            && suite.row(row, &probe).is_some_and(|r| r.different == 0 && r.completed > 0 && r.tolerated == 0);
    }
    let rows = stream::rows(&suite.encoder, |row| is_right[row]);
    let (different, completed) = suite.streams(&rows, options.states, options);
    print!("{}", suite.reports);
    println!(
        "suite cpu: seed {}, {} streams of {} rows ({completed} ran to the end), {different} differ; harness restarted {} times",
        options.seed,
        if options.only.is_some() { 1 } else { options.states },
        rows.len(),
        suite.native.restarts
    );
    if different == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
