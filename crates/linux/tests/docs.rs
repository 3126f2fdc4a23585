//! `docs/syscalls.md` says what the table says, and every call that is supported has a test or stands on a list that only
//! shrinks. `BLINK_UPDATE=1` rewrites the page.

use linux::table::{REMARKS, ROWS, Row};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page() -> String {
    let missing: Vec<&str> = ROWS.iter().filter(|row| row.run.is_none()).map(|row| row.name).collect();
    let supported = ROWS.len() - missing.len();
    let mut text = String::from("# System calls\n\n");
    text.push_str("Written by `cargo xtask docs` from the table in `crates/linux/src/table.rs`.\n\n");
    let _ = writeln!(
        text,
        "{supported} of {} calls of x86-64 Linux are supported. The others answer `ENOSYS` and leave one line in the log:\n\n`{}`.\n",
        ROWS.len(),
        missing.join("`, `")
    );
    text.push_str("| number | call | note |\n|---:|---|---|\n");
    for (row, remark) in ROWS.iter().zip(REMARKS) {
        let note = if row.run.is_none() { "not supported" } else { remark.note };
        let signature = remark.signature.trim_end_matches(", ").replace("r#", "");
        let _ = writeln!(text, "| {} | `{}({signature})` | {note} |", row.number, row.name);
    }
    text
}

#[test]
fn docs_of_the_calls_are_current() {
    let file = root().join("docs/syscalls.md");
    let text = page();
    if std::env::var_os("BLINK_UPDATE").is_some() {
        fs::create_dir_all(root().join("docs")).unwrap();
        fs::write(&file, text).unwrap();
        return;
    }
    assert!(
        fs::read_to_string(&file).is_ok_and(|old| old == text),
        "docs/syscalls.md is stale: run `cargo xtask docs`"
    );
}

/// Words of all C tests: a call counts as tested where its name, `SYS_name` or its number's usual wrapper occurs.
fn words() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for directory in ["tests/linux", "tests/programs", "guests", "crates/blink/tests/guests"] {
        let Ok(entries) = fs::read_dir(root().join(directory)) else { continue };
        for entry in entries.flatten() {
            if entry.path().extension().is_some_and(|ext| ext == "c" || ext == "h") {
                let text = fs::read_to_string(entry.path()).unwrap_or_default();
                for word in text.split(|c: char| !c.is_alphanumeric() && c != '_') {
                    all.insert(word.trim_start_matches("SYS_").trim_start_matches("__NR_").to_string());
                }
            }
        }
    }
    all
}

/// The wrapper of the C library that makes the call.
fn wrapper(name: &str) -> &str {
    match name {
        "rt_sigaction" => "sigaction",
        "rt_sigprocmask" => "sigprocmask",
        "rt_sigpending" => "sigpending",
        "rt_sigsuspend" => "sigsuspend",
        "rt_sigtimedwait" => "sigtimedwait",
        "rt_sigqueueinfo" => "sigqueue",
        "rt_sigreturn" => "sigaction",
        "pread64" => "pread",
        "pwrite64" => "pwrite",
        "newfstatat" => "fstatat",
        "prlimit64" => "prlimit",
        "exit_group" => "_exit",
        "exit" => "pthread_create",
        "brk" | "munmap" | "mprotect" => "malloc",
        "set_tid_address" | "set_robust_list" | "rseq" | "arch_prctl" => "main",
        "semtimedop" => "semop",
        "epoll_pwait2" => "epoll_pwait",
        "fchmodat2" => "chmod",
        "mq_timedsend" => "mq_send",
        "mq_timedreceive" => "mq_receive",
        "mq_getsetattr" => "mq_getattr",
        "eventfd2" => "eventfd",
        "signalfd4" => "signalfd",
        "umount2" => "umount",
        "fadvise64" => "posix_fadvise",
        "clone" => "fork",
        "futex" => "pthread_create",
        "faccessat" => "access",
        other => other,
    }
}

/// Supported calls without a test. Write a test and take the line away.
const UNTESTED: &[&str] = &[];

#[test]
fn every_supported_call_has_a_test() {
    let words = words();
    let tested = |row: &Row| words.contains(row.name) || words.contains(wrapper(row.name));
    let without: Vec<&str> = ROWS.iter().filter(|row| row.run.is_some() && !tested(row)).map(|row| row.name).collect();
    let new: Vec<&&str> = without.iter().filter(|name| !UNTESTED.contains(name)).collect();
    assert!(new.is_empty(), "no test in tests/linux for {new:?}");
    let stale: Vec<&&str> = UNTESTED.iter().filter(|name| !without.contains(name)).collect();
    assert!(stale.is_empty(), "tested now, take off the list: {stale:?}");
}
