//! The committed guest programs, on any host: what they print is what they printed on the machine.

use std::path::Path;
use std::time::Duration;

use xtask::guests::{self, ARGS, GUESTS};
use xtask::programs::Emulator;
use xtask::{places, run};

const BLINK: &str = env!("CARGO_BIN_EXE_blink");
/// Protection against hanging for ever.
const LIMIT: Duration = Duration::from_secs(120);

fn check(emulator: &Emulator) {
    for guest in GUESTS {
        let mut command = emulator.command(&guest.file());
        command.args(ARGS).env_clear().env("PATH", "/usr/bin:/bin");
        let captured = run::capture(&command, LIMIT).unwrap();
        assert_eq!(guests::transcript(&captured), guest.expected().unwrap(), "{} [{}]", guest.name, emulator.name);
    }
}

#[test]
fn guests_run_in_the_default_form() {
    check(&Emulator::plain(Path::new(BLINK)));
}

#[test]
fn guests_run_interpreted() {
    check(&Emulator::interpreted(Path::new(BLINK)));
}

#[test]
fn guests_run_in_paged_memory() {
    check(&Emulator::paged(Path::new(BLINK)));
}

#[test]
fn the_machine_itself_still_prints_what_was_recorded() {
    if !places::is_oracle() {
        return;
    }
    for guest in GUESTS {
        let captured = guests::run_natively(guest, &ARGS).unwrap();
        assert_eq!(guests::transcript(&captured), guest.expected().unwrap(), "{}", guest.name);
    }
}
