//! The long run of every implemented form against the CPU of this host, on edge and random states.
//!
//! ```text
//! cargo run --release -p cpu --example against_cpu -- [--seed N] [--states N] [--row PATTERN] [--case N] [--reports N] [--strict] [--streams] [--raw] [--record FILE]
//! ```
//!
//! A pattern is a part of the mnemonic, `=mnemonic`, `@feature` or `#row`; several are separated by commas.
//! `--streams` runs random streams of 1 to 30 instructions instead, `--raw` byte strings that are mostly no instructions, `--record` writes the file that `tests/vectors.rs` replays.
#[path = "../tests/support/mod.rs"]
mod support;

use isa::ROWS;
use std::process::ExitCode;
use support::record;
use support::suite::{Options, Suite, Summary, is_chosen};

fn main() -> ExitCode {
    let mut options = Options { seed: 1, states: 2000, pattern: String::new(), only: None, strict: false, reports: 1 };
    let (mut streams, mut raw, mut record) = (false, false, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_else(|| panic!("{argument} needs a value"));
        match argument.as_str() {
            "--seed" => options.seed = value().parse().expect("a number"),
            "--states" => options.states = value().parse().expect("a number"),
            "--row" => options.pattern = value(),
            "--case" => options.only = Some(value().parse().expect("a number")),
            "--streams" => streams = true,
            "--raw" => raw = true,
            "--record" => record = Some(value()),
            "--strict" => options.strict = true,
            "--reports" => options.reports = value().parse().expect("a number"),
            _ => {
                eprintln!("against_cpu: unknown argument {argument}; see the head of examples/against_cpu.rs");
                return ExitCode::from(2);
            }
        }
    }
    if (streams || raw) && options.states == 2000 {
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
        let summary = suite.all_streams(&options);
        return finish(&suite, &summary);
    }
    if raw {
        let summary = suite.raw(&options);
        return finish(&suite, &summary);
    }
    let summary = suite.all(&options, |text| print!("{text}"));
    println!("{}", summary.text);
    println!("{:.1} s", start.elapsed().as_secs_f64());
    if summary.different == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
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

fn finish(suite: &Suite, summary: &Summary) -> ExitCode {
    println!("{}{}", suite.reports, summary.text);
    if summary.different == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
