//! Runs tests/isa/*.ins: each line checks the decoder, the listing, our engine, and on x86-64 hosts the CPU itself.
//!
//! `BLESS=1 cargo test -p cpu --test ins` writes listings and expectations from the decoder and the CPU.

mod support;

use std::fmt::Write;
use std::path::PathBuf;
use support::case::Case;
use support::compare::{Verdict, compare, report};
use support::engine::Engine;
use support::ins::{Line, parse_file};
use support::native::Native;
use support::suite::tolerate;

fn files() -> Vec<PathBuf> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/isa");
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory)
        .expect("tests/isa")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "ins"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no .ins files in {directory}");
    files
}

/// What the line should list as: the text of its instruction, or why there is none.
fn listing(case: &Case) -> String {
    match isa::decode(&case.code, isa::Mode::Bits64) {
        Ok(i) => support::list(&i, case.at),
        Err(error) => format!("{error:?}"),
    }
}

fn undefined_flags(case: &Case) -> u64 {
    isa::decode(&case.code, isa::Mode::Bits64).map_or(0, |i| u64::from(i.row().flags().undefined))
}

#[test]
fn lines_hold_for_decoder_listing_engine_and_cpu() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut native = Native::start();
    let mut engine = Engine::new();
    let (mut failures, mut failed, mut lines) = (String::new(), 0, 0);
    for path in files() {
        let text = std::fs::read_to_string(&path).expect("a file of lines");
        let parsed = parse_file(&text);
        let entries: Vec<&Line> = parsed.iter().filter_map(|line| line.as_ref().ok()).collect();
        let cases: Vec<Case> = entries.iter().map(|line| line.case()).collect();
        lines += cases.len();
        let oracle = native.as_mut().map(|native| native.run(&cases));
        if bless {
            let oracle = oracle.as_ref().expect("the CPU to bless with");
            let mut outcomes = cases.iter().zip(oracle);
            let mut out = String::new();
            for line in &parsed {
                match line {
                    Err(comment) => out.push_str(comment),
                    Ok(line) => {
                        let (case, outcome) = outcomes.next().expect("as many as lines");
                        let before = if line.before.is_empty() { String::new() } else { format!("{} ", line.before) };
                        let after = Line::describe(case, outcome);
                        let space = if after.is_empty() { "" } else { " " };
                        let _ = write!(
                            out,
                            "[{}] \"{}\" {before}=>{space}{after};",
                            support::compare::hex(&line.bytes),
                            listing(case)
                        );
                    }
                }
                out.push('\n');
            }
            std::fs::write(&path, out).expect("writing the file of lines");
            continue;
        }
        for (n, (line, case)) in entries.iter().zip(&cases).enumerate() {
            let title = format!("{}:{}", path.file_name().unwrap().to_string_lossy(), line.number);
            let mut fail = |text: String| {
                failed += 1;
                if failed <= 20 {
                    failures.push_str(&text);
                }
            };
            let listed = listing(case);
            if listed != line.listing {
                fail(format!("--- {title}: the listing is now\n  {listed}\n  instead of\n  {}\n", line.listing));
            }
            let undefined = undefined_flags(case);
            let ours = engine.run(case);
            let op = isa::decode(&case.code, isa::Mode::Bits64).map_or(isa::Op::Nop, |i| i.op);
            if let Some(oracle) = &oracle {
                let ours = tolerate(op, &oracle[n], &ours).unwrap_or(ours);
                let text = Line::describe(case, &oracle[n]);
                if text != line.after && without_flags(&text, undefined) != without_flags(&line.after, undefined) {
                    fail(format!("--- {title}: this CPU does\n  {text}\n  instead of\n  {}\n", line.after));
                }
                if compare(&oracle[n], &ours, undefined) == Verdict::Different {
                    fail(report(&title, case, &oracle[n], &ours));
                }
            } else {
                let text = Line::describe(case, &ours);
                if text != line.after && without_flags(&text, undefined) != without_flags(&line.after, undefined) {
                    fail(format!("--- {title}: {listed}: ours is\n  {text}\n  instead of\n  {}\n", line.after));
                }
            }
        }
    }
    assert!(failed == 0, "{failed} failures in {lines} lines:\n{failures}");
    println!("{lines} lines");
}

/// The items without those about flags that are undefined.
fn without_flags(text: &str, undefined: u64) -> String {
    let names = [("cf=", 0), ("pf=", 2), ("af=", 4), ("zf=", 6), ("sf=", 7), ("of=", 11)];
    text.split(' ')
        .filter(|item| !names.iter().any(|(name, bit)| item.starts_with(name) && undefined >> bit & 1 != 0))
        .collect::<Vec<_>>()
        .join(" ")
}
