//! A quick part of `cargo xtask suite programs`: some command lines of every busybox applet where the machine has a
//! static busybox, one build of each C program of `tests/programs`, and the tools that every system has. Only where there is
//! an oracle.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use std::path::Path;

use xtask::programs::{self, Debian, Emulator, Selection, build::Build};
use xtask::{places, report::Tally};

const BLINK: &str = env!("CARGO_BIN_EXE_blink");

fn check(selection: &Selection) {
    let busybox = places::find_busybox();
    let cases = programs::cases(selection, busybox.as_deref()).unwrap();
    let emulators = Emulator::all(Path::new(BLINK));
    let tally = programs::run(&cases, &emulators).unwrap();
    assert_eq!(Tally { failed: 0, ..tally }, tally, "{}", tally.line());
}

#[test]
fn programs_behave_as_on_the_machine() {
    if places::find_busybox().is_none() {
        eprintln!("there is no static busybox here: only programs of our own are tried");
    }
    check(&Selection {
        lines_per_section: Some(1),
        builds: vec![Build::Glibc],
        without_terminal: true,
        debian: Debian::Base,
        ..Selection::default()
    });
}
