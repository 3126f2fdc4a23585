//! A short run of each program of `cargo xtask suite threads`, natively and under blink in both forms of memory.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use std::path::Path;
use xtask::places;
use xtask::programs::Emulator;
use xtask::threads::PROGRAMS;

const BLINK: &str = env!("CARGO_BIN_EXE_blink");

fn check(name: &str) {
    let program = PROGRAMS.iter().find(|program| program.name == name).expect("it is in the list");
    let Some(file) = program.build(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap() else { return };
    for emulator in [Emulator::native(), Emulator::linear(Path::new(BLINK)), Emulator::paged(Path::new(BLINK))] {
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
