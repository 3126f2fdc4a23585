//! Other hosts: blink built for other CPUs and tried there, since byte order, pointer width and alignment go wrong
//! early. i686 runs natively, the rest under qemu-user.
//!
//! What is run is everything that needs no x86-64 machine at run time: unit tests, the recorded CPU vectors, the
//! guests; and whole programs, whose oracle is the machine that this chore runs on.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::guests::{self, ARGS, GUESTS};
use crate::programs::{self, Emulator, Selection, build::Build};
use crate::report::Tally;
use crate::{packages, places, run};

/// Every target, 32-bit, weakly ordered and big-endian ones among them.
const TARGETS: [&str; 4] =
    ["i686-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "armv7-unknown-linux-gnueabihf", "s390x-unknown-linux-gnu"];

/// Crates whose tests need no x86-64 machine, with the tests that do.
const CRATES: [(&str, &[&str]); 6] = [
    ("isa", &["--lib"]),
    ("softfloat", &["--lib"]),
    ("memory", &["--lib"]),
    ("host", &["--lib"]),
    ("linux", &["--lib"]),
    ("cpu", &["--lib", "--test", "vectors"]),
];

/// How many command lines of each applet are tried.
#[derive(Clone, Copy)]
enum Depth {
    Quick,
    All,
}

/// `cargo xtask hosts [--quick] [--only TEXT] [TARGET...]`; a target may be called by its CPU alone. With a text, only the
/// programs are run that have it in their name, section or command.
pub fn main(args: &[String]) -> crate::Outcome {
    let mut depth = Depth::All;
    let mut only = None;
    let mut targets = Vec::new();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        if arg == "--quick" {
            depth = Depth::Quick;
            continue;
        }
        if arg == "--only" {
            only = Some(rest.next().ok_or("--only wants a text")?.clone());
            continue;
        }
        targets.push(find(arg)?);
    }
    if targets.is_empty() {
        targets.extend(TARGETS);
    }
    let tally = all(&targets, depth, only.as_deref())?;
    println!("{}", tally.line());
    tally.verdict()
}

/// A target by its name or that of its CPU.
fn find(name: &str) -> Result<&'static str, String> {
    let found = TARGETS.into_iter().find(|target| *target == name || cpu(target) == name);
    found.ok_or(format!("unknown target {name}; there are {}", TARGETS.join(" ")))
}

fn cpu(target: &str) -> &str {
    target.split('-').next().unwrap_or(target)
}

/// blink for another CPU, in its default form, and how to call it here.
pub fn emulator(name: &str) -> Result<Emulator, String> {
    let target = find(name)?;
    let cross = Cross::set_up(&[target])?;
    Ok(Emulator::plain(&cross.blink(target)?).under(cpu(target), &cross.runner(target)))
}

/// Is a program left out there? What qemu-user 10 does otherwise than Linux is named in a line `// not under qemu: reason`, or
/// `// not under qemu-s390x: reason`, of the program that it breaks; `// not paged: reason` is a deviation of the paged form, the
/// only one of 32-bit hosts, and `// not on 32 bits: reason` what such a host's kernel does otherwise.
pub fn is_left_out(source: &Path, emulator: &Emulator) -> Result<bool, String> {
    let text = fs::read_to_string(source).map_err(|error| format!("{}: {error}", source.display()))?;
    let host = emulator.name.split(' ').next().unwrap_or_default();
    let is_named = |how: &str| text.lines().any(|line| line.starts_with(&format!("// not {how}: ")));
    let is_narrow = matches!(host, "i686" | "armv7");
    let is_paged = is_narrow || emulator.words.iter().any(|word| word == "-m");
    Ok(is_paged && is_named("paged")
        || is_narrow && is_named("on 32 bits")
        || emulator.is_nested && (is_named("under qemu") || is_named(&format!("under qemu-{host}"))))
}

fn all(targets: &[&str], depth: Depth, only: Option<&str>) -> Result<Tally, String> {
    let cross = Cross::set_up(targets)?;
    let mut tally = Tally::default();
    for target in targets {
        let start = Instant::now();
        println!("== {target}");
        let result = host(&cross, target, depth, only).unwrap_or_else(|error| {
            println!("{error}");
            Tally { passed: 0, failed: 1 }
        });
        println!("== {target}: {} ({} s)", result.line(), start.elapsed().as_secs());
        tally += result;
    }
    Ok(tally)
}

fn host(cross: &Cross, target: &str, depth: Depth, only: Option<&str>) -> Result<Tally, String> {
    let mut tally = Tally::default();
    let runner = cross.runner(target);
    for (name, parts) in CRATES.into_iter().filter(|_| only.is_none()) {
        let mut command = cross.cargo();
        command.args(["test", "--target", target, "--no-fail-fast", "-p", name]).args(parts);
        if !runner.is_empty() {
            // qemu-user makes a plain fork of a vfork: memory is not shared, which is what this test is about.
            command.args(["--", "--skip", "a_child_that_shares_memory_leaves_its_mark"]);
        }
        tally += run::show_tests(&mut command)?;
    }
    let blink = cross.blink(target)?;
    let name = cpu(target);
    // A 32-bit host has its memory in pages, and so has one whose addresses are too few: one form is enough there.
    let mut emulators = vec![Emulator::plain(&blink).under(name, &runner)];
    if matches!(depth, Depth::All) && name == "aarch64" {
        emulators.push(Emulator::paged(&blink).under(name, &runner));
    }
    if only.is_none() {
        tally += run_guests(&emulators)?;
        if places::is_oracle() {
            tally += run_calls(&emulators[0])?;
        }
    }
    if places::is_oracle() {
        tally += run_programs(&emulators, depth, only)?;
    }
    Ok(tally)
}

fn run_guests(emulators: &[Emulator]) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for guest in GUESTS {
        for emulator in emulators {
            let mut command = emulator.command(&guest.file());
            command.args(ARGS).env_clear().env("PATH", "/usr/bin:/bin");
            let captured = run::capture(&command, Duration::from_secs(240))?;
            let is_same = guests::transcript(&captured) == guest.expected()?;
            if !is_same {
                println!("FAILED [{}] guests/{}\n{}", emulator.name, guest.name, guests::transcript(&captured));
            }
            tally.count(is_same);
        }
    }
    println!("guests: {}", tally.line());
    Ok(tally)
}

/// The programs of `tests/linux`, natively and there.
fn run_calls(emulator: &Emulator) -> Result<Tally, String> {
    packages::need(&["gcc", "libc6-dev"])?;
    let mut tally = Tally::default();
    for source in programs::files(&places::root().join("tests/linux"), "c")? {
        if is_left_out(&source, emulator)? {
            continue;
        }
        let name = source.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let program = places::cache("calls")?.join(&name);
        let mut compiler = Command::new("gcc");
        compiler.args(["-static", "-O1", "-w", "-pthread", "-o"]).arg(&program).arg(&source).arg("-lrt");
        programs::build::quietly(&mut compiler)?;
        let run = |mut command: Command| {
            command.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C");
            run::capture(&command, Duration::from_secs(300))
        };
        let (native, ours) = (run(Command::new(&program))?, run(emulator.command(&program))?);
        let is_same = native.end == ours.end && native.stdout == ours.stdout;
        if !is_same {
            println!("FAILED [{}] tests/linux/{name}.c: natively {:?}, ours {:?}", emulator.name, native.end, ours.end);
            let rows = |text: &[u8]| String::from_utf8_lossy(text).lines().map(String::from).collect::<Vec<_>>();
            let (native, ours) = (rows(&native.stdout), rows(&ours.stdout));
            let differing = native.iter().zip(&ours).filter(|(native, ours)| native != ours);
            differing.take(8).for_each(|(native, ours)| println!("  native {native}\n  ours   {ours}"));
            println!("  {} and {} lines", native.len(), ours.len());
        }
        tally.count(is_same);
    }
    println!("system calls: {}", tally.line());
    Ok(tally)
}

fn run_programs(emulators: &[Emulator], depth: Depth, only: Option<&str>) -> Result<Tally, String> {
    packages::need(&["busybox-static", "musl-tools", "gcc", "libc6-dev"])?;
    let busybox = places::find_busybox().ok_or("there is no static busybox")?;
    let mut selection = match depth {
        Depth::Quick => Selection {
            lines_per_section: Some(2),
            builds: vec![Build::Musl],
            without_terminal: true,
            ..Selection::default()
        },
        Depth::All => Selection { builds: vec![Build::Glibc, Build::MuslPie], ..Selection::default() },
    };
    selection.only = only.map(String::from);
    let cases = programs::cases(&selection, Some(&busybox))?;
    let tally = programs::run(&cases, emulators)?;
    println!("programs: {}", tally.line());
    Ok(tally)
}

/// The cross toolchain.
struct Cross {
    cargo: PathBuf,
    environment: BTreeMap<String, String>,
}

impl Cross {
    fn set_up(targets: &[&str]) -> Result<Cross, String> {
        let prefix = match std::env::var_os("BLINK_CROSS") {
            Some(dir) => PathBuf::from(dir),
            None => match std::env::var_os("HOME") {
                Some(home) => Path::new(&home).join(".cache/blink-cross"),
                None => places::target().join("cross"),
            },
        };
        let mut command = Command::new("bash");
        command.arg(places::root().join("xtask/cross.sh")).arg("--prefix").arg(&prefix).args(targets);
        run::show(&mut command)?;
        let file = prefix.join("env.sh");
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let mut environment: BTreeMap<String, String> = text
            .lines()
            .filter_map(|row| row.strip_prefix("export ")?.split_once('='))
            .map(|(name, value)| (name.to_string(), value.trim_matches('\'').to_string()))
            .collect();
        let cargo = environment.remove("CROSS_CARGO").ok_or(format!("{}: no CROSS_CARGO", file.display()))?;
        Ok(Cross { cargo: cargo.into(), environment })
    }

    fn cargo(&self) -> Command {
        let mut command = Command::new(&self.cargo);
        command.envs(&self.environment).current_dir(places::root());
        // Optimised, but not for minutes.
        command.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        command
    }

    /// Builds blink for a target.
    fn blink(&self, target: &str) -> Result<PathBuf, String> {
        let mut command = self.cargo();
        // blink executes itself anew for each guest program, which the kernel cannot do for another CPU.
        let runner = self.runner(target);
        if !runner.is_empty() {
            command.env("BLINK_RUNNER", runner.join(" "));
        }
        run::show(command.args(["build", "--quiet", "--release", "-p", "blink", "--target", target]))?;
        Ok(places::target().join(target).join("release/blink"))
    }

    /// The words that go before a program of that target.
    fn runner(&self, target: &str) -> Vec<String> {
        let name = format!("CARGO_TARGET_{}_RUNNER", target.to_uppercase().replace('-', "_"));
        let words = self.environment.get(&name).map(|words| words.split(' ').map(String::from).collect());
        words.unwrap_or_default()
    }
}
