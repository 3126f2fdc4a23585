//! The programs of `tests/linux`, one per concern of the system call interface: natively first, then under blink in both
//! forms of memory. What they print and how they end must be the same.
//!
//! Only on x86-64 Linux with a C compiler: elsewhere there is no oracle.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use linux::table;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;
use xtask::run::{self, Captured};

const BLINK: &str = env!("CARGO_BIN_EXE_blink");

/// Protection against hanging for ever.
const PATIENCE: Duration = Duration::from_secs(600);

/// One program at a time: several look at what the system has in all.
static TURN: Mutex<()> = Mutex::new(());

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/linux")
}

/// Compiles a test; `None` where there is no compiler.
fn build(name: &str) -> Option<PathBuf> {
    let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("linux-{name}"));
    let mut command = Command::new("gcc");
    command
        .args(["-static", "-O1", "-w", "-pthread", "-o"])
        .arg(&output)
        .arg(sources().join(format!("{name}.c")))
        .arg("-lrt");
    match command.status() {
        Ok(status) => assert!(status.success(), "gcc failed on {name}.c"),
        Err(_) => return None,
    }
    Some(output)
}

fn run(command: &mut Command) -> Captured {
    run::capture(command.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C"), PATIENCE).unwrap()
}

/// Line by line, so that a failure shows the calls that differ.
fn compare(name: &str, form: &str, native: &Captured, ours: &Captured) -> Vec<String> {
    let text = |output: &Captured| String::from_utf8_lossy(&output.stdout).into_owned();
    let (expected, found) = (text(native), text(ours));
    let mut wrong: Vec<String> = Vec::new();
    for (a, b) in expected.lines().zip(found.lines()) {
        if a != b {
            wrong.push(format!("{name} {form}: natively {a}\n{name} {form}: blink    {b}"));
        }
    }
    if expected.lines().count() != found.lines().count() || native.end != ours.end {
        let error = String::from_utf8_lossy(&ours.stderr).into_owned();
        wrong.push(format!(
            "{name} {form}: natively {} lines, {:?}; blink {} lines, {:?}\n{error}",
            expected.lines().count(),
            native.end,
            found.lines().count(),
            ours.end
        ));
    }
    wrong
}

fn check(name: &str) {
    let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let Some(program) = build(name) else { return };
    let native = run(&mut Command::new(&program));
    // `// not paged: reason` where the paged form deviates, and says so.
    let source = fs::read_to_string(sources().join(format!("{name}.c"))).unwrap();
    let is_linear_only = source.lines().any(|line| line.starts_with("// not paged: "));
    let mut wrong = Vec::new();
    for form in ["--", "-j", "-m"].into_iter().take(if is_linear_only { 2 } else { 3 }) {
        let ours = run(Command::new(BLINK).arg(form).arg(&program));
        wrong.extend(compare(name, form, &native, &ours));
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

macro_rules! tests {
    ($($name:ident)*) => {
        $(#[test] fn $name() { check(stringify!($name)); })*
        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

tests! {
    events
    files
    io
    layouts
    names
    orders
    process_calls
    process_job
    process_threads
    process_tree
    rare
    running
    shared
    signal_basics
    signal_faults
    signal_masks
    signal_restart
    ancillary
    robust_killed
    memories
    prctls
    sysv
    queues
    polls
    robust
    futexes
    limits
    limits_kept
    pipes
    seals
    signal_steps
    signal_timers
    signal_truncated
    socket_long
    sockets
    system
    terminal
}

#[test]
fn every_source_is_run() {
    for entry in fs::read_dir(sources()).unwrap().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "c") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            assert!(NAMES.contains(&name.as_str()), "{name}.c is not in the list of tests");
        }
    }
}

/// Which calls of the table the programs make, as blink's own trace tells. A call that none makes must be on the list in
/// `tests/linux/untried.txt`, and what is on the list must have no test: so it only shrinks.
#[test]
#[ignore = "runs every program once more, for `cargo xtask suite linux`"]
fn every_call_is_tried_or_on_the_list() {
    let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join("linux-calls.log");
    let mut tried = BTreeSet::new();
    for name in NAMES {
        let Some(program) = build(name) else { return };
        let _ = fs::remove_file(&log);
        run(Command::new(BLINK).args(["-j", "-s", "-L"]).arg(&log).arg(&program));
        let text = fs::read(&log).unwrap_or_default();
        tried.extend(String::from_utf8_lossy(&text).lines().filter_map(called).map(str::to_owned));
    }
    let untried: Vec<&str> =
        table::ROWS.iter().filter(|row| row.run.is_some() && !tried.contains(row.name)).map(|row| row.name).collect();
    println!("{} calls with support, {} of them untried: {}", supported(), untried.len(), untried.join(" "));
    let list = fs::read_to_string(sources().join("untried.txt")).unwrap();
    let listed: Vec<&str> = list.lines().collect();
    assert_eq!(untried, listed, "untried.txt must name exactly the calls that no program makes");
}

fn supported() -> usize {
    table::ROWS.iter().filter(|row| row.run.is_some()).count()
}

/// The name of the call in a line of the trace.
fn called(line: &str) -> Option<&str> {
    line.split_once("] ")?.1.split_once('(').map(|(name, _)| name)
}
