//! The long comparison with iced-x86: `cargo run --release -p isa --example against_iced -- --seed S --count N`.
//!
//! Prints the first differences and a line of counts; the exit status says whether there was one.

#[path = "../tests/oracle/mod.rs"]
mod oracle;

use std::process::ExitCode;
use std::time::Instant;

use oracle::strings::{Random, string};
use oracle::{EXPLAINED, Oracle, Verdict};

const SHOWN: u64 = 100;

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
    let start = Instant::now();
    let (mut random, mut oracle) = (Random(seed), Oracle::new());
    let (mut same, mut refused, mut different) = (0u64, 0u64, 0u64);
    let mut explained = [0u64; EXPLAINED.len()];
    for _ in 0..count {
        let (bytes, mode) = string(&mut random);
        match oracle.compare(&bytes, mode) {
            Verdict::Same => same += 1,
            Verdict::BothRefuse => refused += 1,
            Verdict::Explained(class) => explained[class] += 1,
            Verdict::Different(text) => {
                different += 1;
                if different <= SHOWN {
                    println!("{text}");
                }
            }
        }
    }
    for (text, n) in EXPLAINED.iter().zip(explained) {
        println!("{n:>12}  {text}");
    }
    println!(
        "decoder: seed {seed}, {count} strings, {same} same, {refused} refused by both, {} explained, {different} different, {:.0} s",
        explained.iter().sum::<u64>(),
        start.elapsed().as_secs_f64()
    );
    if different == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
