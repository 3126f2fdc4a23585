//! A short run of each program of `cargo xtask suite threads`, natively and under blink in every form.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use std::path::Path;
use std::process::{Command, Stdio};
use xtask::places;
use xtask::programs::Emulator;
use xtask::threads::PROGRAMS;

const BLINK: &str = env!("CARGO_BIN_EXE_blink");

fn check(name: &str) {
    let program = PROGRAMS.iter().find(|program| program.name == name).expect("it is in the list");
    let Some(file) = program.build(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap() else { return };
    for emulator in [vec![Emulator::native()], Emulator::all(Path::new(BLINK))].concat() {
        program.run(&file, &emulator, 1).unwrap();
    }
}

macro_rules! tests {
    ($($name:ident)*) => {
        $(#[test] fn $name() { check(stringify!($name)); })*
        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

tests! { atomics cancel code forks idle locks making mappings queues races shared waiting }

/// `forks` ends by the exit of its last thread, which is not the first one.
#[test]
fn statistics_are_told_by_whichever_thread_ends_the_process() {
    let forks = PROGRAMS.iter().find(|program| program.name == "forks").expect("it is in the list");
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("threads-statistics");
    std::fs::create_dir_all(&dir).unwrap();
    let Some(file) = forks.build(&dir).unwrap() else { return };
    // No rounds: no other process tells anything.
    let output = Command::new(BLINK).arg("-Z").arg(file).arg("0").stdin(Stdio::null()).output().unwrap();
    let report = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(21), "{report}");
    assert_eq!(report.lines().filter(|line| line.starts_with("system calls: ")).count(), 1, "{report}");
}

#[test]
fn every_source_is_run() {
    for entry in std::fs::read_dir(places::root().join("tests/threads")).unwrap().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "c") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            assert!(NAMES.contains(&name.as_str()), "{name}.c is not in the list of tests");
        }
    }
    assert!(PROGRAMS.iter().all(|program| NAMES.contains(&program.name)));
}
