//! `cargo xtask test`: everything that must hold, and one line that says how much of it does.

use std::process::Command;
use std::time::Instant;

use crate::programs::Debian;
use crate::report::Tally;
use crate::{packages, places, run, suite};

/// `cargo xtask test`.
pub fn main(args: &[String]) -> crate::Outcome {
    if let Some(arg) = args.first() {
        return Err(format!("unknown argument {arg}"));
    }
    packages::need(&["busybox-static", "musl-tools", "gcc", "libc6-dev"])?;
    let mut tally = Tally::default();
    let mut step = |name: &str, run: &dyn Fn() -> Result<Tally, String>| {
        let start = Instant::now();
        println!("== {name}");
        let result = run().unwrap_or_else(|error| {
            println!("{error}");
            Tally { passed: 0, failed: 1 }
        });
        println!("== {name}: {} ({} s)", result.line(), start.elapsed().as_secs());
        tally += result;
    };
    step("cargo test", &|| {
        let mut command = Command::new("cargo");
        command.args(["test", "--workspace", "--no-fail-fast"]);
        run::show_tests(command.current_dir(places::root()))
    });
    if places::is_oracle() {
        step("programs", &|| suite::programs(&[], Debian::Base));
    } else {
        println!("== programs: left out, they are compared with an x86-64 machine");
    }
    println!("{}", tally.line());
    tally.verdict()
}
