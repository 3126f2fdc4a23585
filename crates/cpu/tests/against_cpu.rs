//! Every row, random streams of instructions, and strings that are none, against the CPU of this host.
//!
//! A short run of 40 states each by default. With `BLINK_LONG=1` (as `cargo xtask suite cpu` sets it) 2,000, or `BLINK_COUNT`,
//! from `BLINK_SEED`; the end of its output names the rows that nothing covers. `examples/against_cpu.rs` chooses rows.

mod support;

use support::suite::{Options, Suite};

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn options(short: u64, long: u64) -> Options {
    let is_long = std::env::var_os("BLINK_LONG").is_some();
    Options {
        seed: number("BLINK_SEED").unwrap_or(20),
        states: if is_long { number("BLINK_COUNT").unwrap_or(long) } else { short },
        pattern: String::new(),
        only: None,
        strict: true,
        reports: 1,
    }
}

#[test]
fn every_implemented_row_does_what_the_cpu_does() {
    let Some(mut suite) = Suite::new() else {
        return; // vectors.rs replays what a CPU has said
    };
    let mut reports = String::new();
    let summary = suite.all(&options(40, 2000), |text| reports.push_str(text));
    println!("{}", summary.text);
    assert!(summary.different == 0, "{reports}\n{}", summary.text);
}

#[test]
fn streams_of_instructions_do_what_the_cpu_does() {
    let Some(mut suite) = Suite::new() else {
        return;
    };
    let summary = suite.all_streams(&options(1000, 200_000));
    println!("{}", summary.text);
    assert!(summary.different == 0, "{}\n{}", suite.reports, summary.text);
}

#[test]
fn bytes_that_are_no_instruction_do_what_they_do_on_the_cpu() {
    let Some(mut suite) = Suite::new() else {
        return;
    };
    let summary = suite.raw(&options(10_000, 1_000_000));
    println!("{}", summary.text);
    assert!(summary.different == 0, "{}\n{}", suite.reports, summary.text);
}
