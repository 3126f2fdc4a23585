//! Documents that are written by the sources: `cargo xtask docs` rewrites them, a test finds stale ones.
//!
//! The pages about instructions and system calls come out of the crates' own tables: `cargo run -p isa --example
//! docs` and the like would be a second build, so each such crate keeps its page current by a test of its own,
//! which rewrites the page when `BLINK_UPDATE` is set. This module asks them to.

use std::path::PathBuf;
use std::process::Command;

use crate::{house, places, run};

/// Crates with a test that compares (or, with `BLINK_UPDATE=1`, rewrites) a page under `docs/`.
const TESTED: &[&str] = &["isa", "linux"];

/// The documents this crate writes itself.
fn written() -> Vec<(PathBuf, String)> {
    vec![(places::root().join("docs/deviations.md"), house::deviations())]
}

/// Documents that are not what the sources say.
pub fn stale() -> Vec<String> {
    let mut wrong = Vec::new();
    for (file, text) in written() {
        if std::fs::read_to_string(&file).ok().as_ref() != Some(&text) {
            wrong.push(format!("{} is stale: run `cargo xtask docs`", file.display()));
        }
    }
    wrong
}

/// `cargo xtask docs [--check]`.
pub fn main(args: &[String]) -> crate::Outcome {
    if args.iter().any(|arg| arg == "--check") {
        let wrong = stale();
        return if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) };
    }
    for (file, text) in written() {
        std::fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
        println!("wrote {}", file.display());
    }
    for name in TESTED {
        let mut command = Command::new("cargo");
        command.args(["test", "--quiet", "-p", name, "--test", "docs"]).env("BLINK_UPDATE", "1");
        run::show(command.current_dir(places::root()))?;
    }
    Ok(())
}
