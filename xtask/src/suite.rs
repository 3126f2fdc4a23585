//! The long suites, by name: `decoder`, `cpu`, `linux`, `calls`, `fuzz`, `programs`.

use std::process::Command;

use crate::programs::{self, Debian, Emulator, Selection};
use crate::report::Tally;
use crate::{packages, places, run, sizes};

/// `cargo xtask suite NAME [ARG...]`.
pub fn main(args: &[String]) -> crate::Outcome {
    let Some((name, rest)) = args.split_first() else { return Err("name a suite".into()) };
    let tally = match name.as_str() {
        "decoder" => long("isa", rest)?,
        "cpu" => long("cpu", rest)?,
        "linux" => linux(rest)?,
        "threads" => crate::threads::suite(rest)?,
        "calls" => calls(rest, Calls::Compare)?,
        "fuzz" => calls(rest, Calls::Fuzz)?,
        "programs" => programs(rest, Debian::All)?,
        other => return Err(format!("no suite is called {other:?}: decoder, cpu, linux, calls, fuzz or programs")),
    };
    println!("{}", tally.line());
    tally.verdict()
}

/// A crate's own tests, optimised and told to take their time: `BLINK_LONG=1`, with `--seed N` and `--count N`
/// handed on as `BLINK_SEED` and `BLINK_COUNT`.
fn long(name: &str, args: &[String]) -> Result<Tally, String> {
    let mut command = Command::new("cargo");
    command.args(["test", "--release", "--no-fail-fast", "-p", name]).env("BLINK_LONG", "1");
    let mut filters = Vec::new();
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let mut value = || rest.next().ok_or(format!("{arg} wants a number"));
        match arg.as_str() {
            "--seed" => command.env("BLINK_SEED", value()?),
            "--count" => command.env("BLINK_COUNT", value()?),
            filter => {
                filters.push(filter);
                &mut command
            }
        };
    }
    command.args(filters).args(["--", "--nocapture"]);
    run::show_tests(command.current_dir(places::root()))
}

/// The personality's own tests, then every program of `tests/linux`, and which calls none of them makes.
fn linux(args: &[String]) -> Result<Tally, String> {
    let mut tally = long("linux", args)?;
    let mut command = Command::new("cargo");
    command.args(["test", "--release", "-p", "blink", "--test", "linux", "--", "--include-ignored", "--nocapture"]);
    tally += run::show_tests(command.current_dir(places::root()))?;
    Ok(tally)
}

/// What is done with random system calls.
enum Calls {
    /// `--seed N --count N [NAME]`: each call with `count` lists of arguments, natively and under blink.
    Compare,
    /// `--seed N --seconds N`: chains of calls.
    Fuzz,
}

fn calls(args: &[String], what: Calls) -> Result<Tally, String> {
    if !places::is_oracle() {
        return Err("calls are compared with an x86-64 Linux machine, which this is not".into());
    }
    let (mut seed, mut count, mut seconds, mut only) = (1, 20, 60, None);
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        let mut value = || rest.next().and_then(|value| value.parse().ok()).ok_or(format!("{arg} wants a number"));
        match arg.as_str() {
            "--seed" => seed = value()?,
            "--count" => count = value()? as u32,
            "--seconds" => seconds = value()? as u32,
            name => only = Some(name),
        }
    }
    packages::need(&["gcc", "libc6-dev"])?;
    let blink = match std::env::var_os("BLINK") {
        Some(file) => file.into(),
        None => sizes::release()?.file,
    };
    let program = crate::calls::build(&places::cache("calls")?)?.ok_or("there is no compiler")?;
    match what {
        Calls::Compare => crate::calls::compare(&blink, &program, seed, count, only),
        Calls::Fuzz => {
            let mut tally = crate::calls::fuzz(&blink, &program, seed, seconds, u32::MAX)?;
            let reached = crate::calls::reach(&blink, &program, seed, (seconds / 20).max(1))?;
            tally += reached.ok_or("this system does not tell what mappings blink has")?;
            Ok(tally)
        }
    }
}

/// Whole programs, natively and under blink in every form.
pub fn programs(args: &[String], debian: Debian) -> Result<Tally, String> {
    if !places::is_oracle() {
        return Err("programs are compared with an x86-64 Linux machine, which this is not".into());
    }
    let mut selection = Selection { debian, ..Selection::default() };
    let (mut form, mut is_native_twice, mut is_listing) = (None, false, false);
    let mut rest = args.iter();
    while let Some(arg) = rest.next() {
        match arg.as_str() {
            "--only" => selection.only = Some(rest.next().ok_or("--only wants a text")?.clone()),
            "--form" => form = Some(rest.next().ok_or("--form wants plain, interpreted or paged")?.clone()),
            "--native-twice" => is_native_twice = true,
            "--short" => selection.debian = Debian::Most,
            "--list" => is_listing = true,
            other => return Err(format!("unknown argument {other}")),
        }
    }
    packages::need(&["busybox-static", "musl-tools", "gcc", "libc6-dev"])?;
    let wanted = selection.debian.packages()?;
    packages::need(&wanted.iter().map(String::as_str).collect::<Vec<_>>())?;
    if selection.debian != Debian::Base {
        let busybox = packages::unpack("busybox")?.join("bin/busybox");
        programs::link_applets(&busybox)?;
        selection.dynamic_busybox = Some(busybox);
    }
    let busybox = places::find_busybox().ok_or("there is no static busybox, although its package is installed")?;
    let cases = programs::cases(&selection, Some(&busybox))?;
    if is_listing {
        for case in &cases {
            println!("{}", programs::compare::title(case));
        }
        println!("{} cases", cases.len());
        return Ok(Tally { passed: cases.len() as u64, failed: 0 });
    }
    let emulators = if is_native_twice {
        vec![Emulator::native()]
    } else {
        let blink = match std::env::var_os("BLINK") {
            Some(file) => file.into(),
            None => sizes::release()?.file,
        };
        let mut emulators = Emulator::all(&blink);
        emulators.retain(|emulator| form.as_ref().is_none_or(|form| emulator.name == *form));
        emulators
    };
    println!("programs: {} cases", cases.len());
    programs::run(&cases, &emulators)
}
