//! Programs that put threads under stress, over and over: `tests/threads`.
//!
//! Each program checks itself and says so in one line that never varies, natively and under blink, so a single run proves little
//! and a single failure much.
//!
//! ThreadSanitizer watches blink by `RUSTFLAGS=-Zsanitizer=thread cargo +nightly build -Zbuild-std --target x86_64-unknown-linux-gnu
//! -p blink`, with `-m`, since the sanitizer wants the addresses of the linear form for itself. It has nothing to report, and two
//! programs are beyond it. `queues`: blink's handler is put there by a raw call, so that the sanitizer does not put signals off while it
//! holds a lock of its own, and may wait for itself (`SlotLock` in a handler called from `SlotLock`). `forks`: it does not know of
//! processes that raw calls make, and ends in one (`CHECK failed: tsan_rtl.cpp "((!thr->slot)) != (0)"`).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::programs::Emulator;
use crate::report::Tally;
use crate::run::{self, End};
use crate::{packages, places, sizes};

/// One of the programs.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    pub name: &'static str,
    /// The status that it ends with.
    status: i32,
    /// An argument where guest memory is paged or not the host's kernel's: what only that kernel can do is left out.
    paged: Option<&'static str>,
}

const fn program(name: &'static str) -> Program {
    Program { name, status: 0, paged: None }
}

/// All of them.
pub const PROGRAMS: [Program; 12] = [
    program("atomics"),
    program("cancel"),
    program("code"),
    // It ends by the exit of one thread after the other.
    Program { status: 21, ..program("forks") },
    program("idle"),
    program("locks"),
    program("making"),
    program("mappings"),
    program("queues"),
    program("races"),
    // Nobody tells of the robust mutexes of an owner that the kernel kills.
    Program { paged: Some("014"), ..program("shared") },
    program("waiting"),
];

/// Longer than any run on a busy machine: it is there against hanging for ever.
const PATIENCE: Duration = Duration::from_secs(600);

impl Program {
    /// Compiles it; `None` where there is no compiler.
    pub fn build(&self, dir: &Path) -> Result<Option<PathBuf>, String> {
        let file = dir.join(format!("threads-{}", self.name));
        let source = self.source();
        let mut command = Command::new("gcc");
        command.args(["-static", "-O1", "-w", "-pthread", "-o"]).arg(&file).arg(&source);
        match command.status() {
            Ok(status) if status.success() => Ok(Some(file)),
            Ok(status) => Err(format!("gcc {}: {status}", source.display())),
            Err(_) => Ok(None),
        }
    }

    fn source(&self) -> PathBuf {
        places::root().join(format!("tests/threads/{}.c", self.name))
    }

    /// One run, `scale` times as long as the shortest. The error tells what went wrong.
    pub fn run(&self, file: &Path, emulator: &Emulator, scale: u32) -> crate::Outcome {
        let mut command = emulator.command(file);
        command.arg(scale.to_string()).env_clear().env("PATH", "/usr/bin:/bin");
        let is_paged = emulator.words.iter().any(|word| word == "-m");
        let is_big_endian = emulator.name.starts_with("s390x");
        let mark = if is_big_endian { "p" } else { "" };
        command.args(self.paged.filter(|_| is_paged || emulator.is_nested).map(|ways| format!("{mark}{ways}")));
        let captured = run::capture(&command, PATIENCE)?;
        let (out, err) = (String::from_utf8_lossy(&captured.stdout), String::from_utf8_lossy(&captured.stderr));
        // qemu-user has its word to say when a program dies of a signal as it is to.
        let is_word = |line: &str| emulator.is_nested && line.starts_with("qemu: uncaught target signal ");
        let is_silent = err.lines().all(is_word);
        if captured.end == End::Code(self.status) && out == format!("{}: good\n", self.name) && is_silent {
            return Ok(());
        }
        Err(format!("{} [{}]: {:?}\n{out}{err}", self.name, emulator.name, captured.end))
    }
}

/// `cargo xtask suite threads [--runs N] [--scale N] [--form plain|interpreted|paged|native] [--host CPU] [NAME...]`.
pub fn suite(args: &[String]) -> Result<Tally, String> {
    if !places::is_oracle() {
        return Err("the programs are for x86-64 Linux, which this machine is not".into());
    }
    let (mut runs, mut scale, mut form, mut host, mut names) = (1000, 1, None, None, Vec::new());
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let mut value = || rest.next().ok_or(format!("{arg} wants a value"));
        let number = |text: &String| text.parse::<u32>().map_err(|error| format!("{text}: {error}"));
        match arg.as_str() {
            "--runs" => runs = number(value()?)?,
            "--scale" => scale = number(value()?)?,
            "--form" => form = Some(value()?.clone()),
            "--host" => host = Some(value()?.clone()),
            name if PROGRAMS.iter().any(|program| program.name == name) => names.push(name.to_string()),
            other => return Err(format!("there is no program or option {other}")),
        }
    }
    packages::need(&["gcc", "libc6-dev"])?;
    let emulators = match host {
        Some(host) => vec![crate::hosts::emulator(&host)?],
        None => {
            let blink = match std::env::var_os("BLINK") {
                Some(file) => file.into(),
                None => sizes::release()?.file,
            };
            let mut emulators = Emulator::all(&blink);
            emulators.push(Emulator::native());
            emulators.retain(|emulator| form.as_ref().map_or(emulator.name != "native", |form| emulator.name == *form));
            emulators
        }
    };
    let dir = places::cache("threads")?;
    let mut tally = Tally::default();
    for program in PROGRAMS.iter().filter(|program| names.is_empty() || names.iter().any(|name| name == program.name)) {
        let file = program.build(&dir)?.ok_or("there is no compiler")?;
        for emulator in &emulators {
            if crate::hosts::is_left_out(&program.source(), emulator)? {
                println!("{} [{}]: left out", program.name, emulator.name);
                continue;
            }
            let before = tally;
            for run in 1..=runs {
                let outcome = program.run(&file, emulator, scale);
                tally.count(outcome.is_ok());
                if let Err(report) = outcome {
                    println!("FAILED in run {run} of {}", report.trim_end());
                }
            }
            let failed = tally.failed - before.failed;
            println!("{} [{}]: {runs} runs, {failed} failed", program.name, emulator.name);
        }
    }
    Ok(tally)
}
