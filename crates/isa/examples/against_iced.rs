//! The long comparison with iced-x86: `cargo run --release -p isa --example against_iced -- --seed S --count N`.
//!
//! Prints the first differences and a line of counts; the exit status says whether there was one. The comparison itself is that
//! of the tests, in `tests/oracle`.

#[path = "../tests/oracle/mod.rs"]
mod oracle;

use std::process::ExitCode;

use oracle::tally::Tally;

fn main() -> ExitCode {
    let (mut seed, mut count) = (1, 10_000_000);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().and_then(|v| v.parse().ok());
        match (name.as_str(), value) {
            ("--seed", Some(value)) => seed = value,
            ("--count", Some(value)) => count = value,
            _ => {
                eprintln!("against_iced: expected --seed NUMBER and --count NUMBER, got {name}");
                return ExitCode::from(2);
            }
        }
    }
    let tally = Tally::run(seed, count);
    for difference in &tally.differences {
        println!("{difference}");
    }
    println!("{tally}");
    if tally.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
