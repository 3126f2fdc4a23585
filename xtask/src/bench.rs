//! `cargo xtask bench`: how fast and how big. A report, not a test: times depend on the machine, so they are shown
//! as ratios to the same program run natively in the same run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::guests::GUESTS;
use crate::programs::build::quietly;
use crate::{packages, places, run, sizes};

/// The loops of `benches/loops.c`, and what the interpreter should reach on this class of machine, in million guest
/// instructions per second.
const LOOPS: [(&str, Option<u32>); 8] = [
    ("integers", Some(400)),
    ("hash", Some(400)),
    ("floating", None),
    ("calls", Some(300)),
    ("sorting", Some(300)),
    ("bytecode", Some(300)),
    ("strings", None),
    ("syscalls", None),
];

/// Each time is the best of so many runs.
const RUNS: usize = 3;
/// A start is so short that the processor time of this many is taken together.
const STARTS: u32 = 200;

/// `cargo xtask bench [NAME...]`; `BLINK` names another blink than the one built here.
pub fn main(args: &[String]) -> crate::Outcome {
    let blink = match std::env::var_os("BLINK") {
        Some(file) => PathBuf::from(file),
        None => sizes::release()?.file,
    };
    if places::is_oracle() {
        packages::need(&["gcc"])?;
        println!(
            "{:<12}{:>11}{:>11}{:>9}{:>14}{:>12}{:>9}",
            "loop", "native ms", "blink ms", "ratio", "instructions", "million/s", "aim"
        );
        for (name, aim) in LOOPS {
            if args.is_empty() || args.iter().any(|arg| arg == name) {
                println!("{}", loop_row(&blink, name, aim)?);
            }
        }
    } else {
        println!("loops are left out: there is no x86-64 machine to compare with");
    }
    if args.is_empty() {
        start_up(&blink)?;
        println!();
        for built in sizes::all()? {
            println!("{}", sizes::line(&built));
        }
    }
    Ok(())
}

fn loop_row(blink: &Path, name: &str, aim: Option<u32>) -> Result<String, String> {
    let program = build(name)?;
    let native = best(|| timed(&[&program]))?;
    let ours = best(|| timed(&[blink, &program]))?;
    if native.status != ours.status {
        return Err(format!("{name} ends with {:?} natively and with {:?} under blink", native.status, ours.status));
    }
    let count = instructions(blink, &program);
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let (shown, rate) = match count {
        Some(count) => (format!("{count}"), format!("{:.0}", count as f64 / ours.time.as_secs_f64() / 1e6)),
        None => ("-".into(), "-".into()),
    };
    Ok(format!(
        "{name:<12}{:>11.1}{:>11.1}{:>9.1}{shown:>14}{rate:>12}{:>9}",
        milliseconds(native.time),
        milliseconds(ours.time),
        ours.time.as_secs_f64() / native.time.as_secs_f64(),
        aim.map_or("-".into(), |aim| aim.to_string()),
    ))
}

struct Timed {
    time: Duration,
    status: Option<i32>,
}

fn best(mut once: impl FnMut() -> Result<Timed, String>) -> Result<Timed, String> {
    let mut best = once()?;
    for _ in 1..RUNS {
        let next = once()?;
        if next.time < best.time {
            best = next;
        }
    }
    Ok(best)
}

/// Processor time of a program and of its children, by the shell's own measure: that of the machine's clock would
/// show what else the machine does.
fn timed(program: &[&Path]) -> Result<Timed, String> {
    let mut command = Command::new("bash");
    command.args(["-c", "TIMEFORMAT='%3U %3S'; time \"$@\" > /dev/null 2>&1", "bash"]).args(program);
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("bash: {error}"))?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let seconds: Option<f64> =
        text.lines().last().unwrap_or_default().split_whitespace().map(|word| word.parse::<f64>().ok()).sum();
    let seconds = seconds.ok_or(format!("bash's `time` printed {text:?}"))?;
    // Nothing takes no time, and ratios are made of it.
    Ok(Timed { time: Duration::from_secs_f64(seconds.max(0.0005)), status: output.status.code() })
}

fn build(name: &str) -> Result<PathBuf, String> {
    let output = places::cache("benches")?.join(name);
    let mut command = Command::new("gcc");
    command.args(["-O2", "-fno-tree-vectorize", "-fcf-protection=none", "-fno-stack-protector", "-fno-builtin", "-w"]);
    command.args(["-static", "-nostdlib", "-no-pie", "-fno-pic", "-Wl,--build-id=none", "-Wl,-z,noexecstack"]);
    command.arg(format!("-DLOOP={name}")).arg("-o").arg(&output).arg(places::root().join("benches/loops.c"));
    quietly(&mut command)?;
    Ok(output)
}

/// The guest instructions that `-Z` counts.
fn instructions(blink: &Path, program: &Path) -> Option<u64> {
    let mut command = Command::new(blink);
    command.arg("-Z").arg(program);
    let captured = run::capture(&mut command, Stdio::null(), Duration::from_secs(600)).ok()?;
    let text = String::from_utf8_lossy(&captured.stderr).into_owned();
    text.lines().find_map(|line| {
        let (_, number) = line.split_once("instructions:")?;
        number.trim().replace(['_', ','], "").parse().ok()
    })
}

/// Processor time of starting the static hello, in blink and natively.
fn start_up(blink: &Path) -> crate::Outcome {
    let hello = GUESTS[0].file();
    let ours = processor_time(Some(blink), &hello)?;
    println!();
    if places::is_oracle() {
        let native = processor_time(None, &hello)?;
        println!(
            "start-up of a static hello: {:.2} ms of processor time, natively {:.2} ms: {:.1} times native (aim: below 3 ms)",
            ours * 1e3,
            native * 1e3,
            ours / native
        );
    } else {
        println!("start-up of a static hello: {:.2} ms of processor time (aim: below 3 ms)", ours * 1e3);
    }
    Ok(())
}

/// The shell's `times` reports the processor time of its children.
fn processor_time(blink: Option<&Path>, program: &Path) -> Result<f64, String> {
    let script = format!("i=0; while [ $i -lt {STARTS} ]; do \"$@\" > /dev/null; i=$((i+1)); done; times");
    let mut command = Command::new("sh");
    command.args(["-c", &script, "sh"]).args(blink).arg(program);
    let output = command.output().map_err(|error| format!("sh: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let row = text.lines().last().unwrap_or_default();
    let seconds: Option<f64> = row.split_whitespace().map(seconds).sum();
    seconds.map(|total| total / f64::from(STARTS)).ok_or(format!("`times` printed {text:?}"))
}

/// `0m1.25s` in seconds.
fn seconds(text: &str) -> Option<f64> {
    let (minutes, rest) = text.split_once('m')?;
    Some(minutes.parse::<f64>().ok()? * 60.0 + rest.strip_suffix('s')?.parse::<f64>().ok()?)
}
