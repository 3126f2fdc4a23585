//! `cargo xtask bench`: how fast and how big. A report, not a test: times depend on the machine, so they are shown
//! as ratios to the same program run natively in the same run.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
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

/// The loops of `benches/processes.c`.
const PROCESSES: [&str; 6] = ["conditions", "threads", "forks", "spawns", "pipes", "signals"];

/// Programs of the distribution: what the row is called, and the command.
const PROGRAMS: [(&str, &[&str]); 8] = [
    ("true", &["/bin/true"]),
    ("bash", &["/bin/bash", "-c", "for ((i = 0; i < 100000; i++)); do s=$((s + i % 7)); done"]),
    ("python start", &["/usr/bin/python3", "-c", "pass"]),
    ("python", &["/usr/bin/python3", "-c", "sum(i * i % 7 for i in range(500000)), {str(i) for i in range(50000)}"]),
    ("perl", &["/usr/bin/perl", "-e", "for $i (1 .. 500000) { $h{$i % 1000} += $i }"]),
    ("lua", &["/usr/bin/lua5.4", "-e", "local s = 0; for i = 1, 5000000 do s = s + i % 7 end"]),
    (
        "sqlite",
        &[
            "/usr/bin/sqlite3",
            ":memory:",
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 200000) \
             select sum(i % 7), max(hex(i)) from n",
        ],
    ),
    ("gcc", &["/usr/bin/gcc", "-O2", "-S", "-w", "-DLOOP=hash", "-o", "/dev/null", "benches/loops.c"]),
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
            "{:<12}{:>11}{:>11}{:>9}{:>16}{:>9}{:>14}{:>12}{:>9}",
            "loop", "native ms", "blink ms", "ratio", "interpreted ms", "ratio", "instructions", "million/s", "aim"
        );
        for (name, aim) in LOOPS {
            if args.is_empty() || args.iter().any(|arg| arg == name) {
                println!("{}", loop_row(&blink, name, aim)?);
            }
        }
        processes_and_programs(&blink, args)?;
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
    let native = best(&[&program])?;
    let ours = best(&[blink, &program])?.as_native(name, &native)?;
    let interpreted = best(&[blink, Path::new("-j"), &program])?.as_native(name, &native)?;
    let native = native.time;
    let ratio = |time: Duration| time.as_secs_f64() / native.as_secs_f64();
    let count = instructions(blink, &program);
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let (shown, rate) = match count {
        Some(count) => (format!("{count}"), format!("{:.0}", count as f64 / interpreted.as_secs_f64() / 1e6)),
        None => ("-".into(), "-".into()),
    };
    Ok(format!(
        "{name:<12}{:>11.1}{:>11.1}{:>9.2}{:>16.1}{:>9.1}{shown:>14}{rate:>12}{:>9}",
        milliseconds(native),
        milliseconds(ours),
        ratio(ours),
        milliseconds(interpreted),
        ratio(interpreted),
        aim.map_or("-".into(), |aim| aim.to_string()),
    ))
}

/// What is no loop: processor times of the program and its children, natively, under blink and under its peer where installed.
fn processes_and_programs(blink: &Path, args: &[String]) -> crate::Outcome {
    let wanted = |name: &str| args.is_empty() || args.iter().any(|arg| arg == name);
    println!(
        "\n{:<14}{:>11}{:>11}{:>9}{:>13}{:>14}",
        "program", "native ms", "blink ms", "ratio", "interpreted", "qemu-x86_64"
    );
    for name in PROCESSES.into_iter().filter(|name| wanted(name)) {
        let program = processes(name)?;
        println!("{}", program_row(blink, name, &[&program])?);
    }
    for (name, command) in PROGRAMS.into_iter().filter(|(name, _)| wanted(name)) {
        let words: Vec<&Path> = command.iter().map(Path::new).collect();
        if words[0].exists() {
            println!("{}", program_row(blink, name, &words)?);
        } else {
            println!("{name:<14} is left out: there is no {}", words[0].display());
        }
    }
    Ok(())
}

fn program_row(blink: &Path, name: &str, program: &[&Path]) -> Result<String, String> {
    let native = best(program)?;
    let under = |emulator: &[&Path]| best(&[emulator, program].concat())?.as_native(name, &native);
    let (ours, interpreted) = (under(&[blink])?, under(&[blink, Path::new("-j")])?);
    let ratio = |time: Duration| time.as_secs_f64() / native.time.as_secs_f64();
    let peer = Path::new("/usr/bin/qemu-x86_64");
    let peer = match peer.exists().then(|| under(&[peer])) {
        Some(Ok(time)) => format!("{:.1}", ratio(time)),
        Some(Err(_)) => "fails".into(),
        None => "-".into(),
    };
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    Ok(format!(
        "{name:<14}{:>11.1}{:>11.1}{:>9.2}{:>13.1}{peer:>14}",
        milliseconds(native.time),
        milliseconds(ours),
        ratio(ours),
        ratio(interpreted)
    ))
}

struct Timed {
    time: Duration,
    status: ExitStatus,
}

impl Timed {
    /// The time, if the program ended as it does natively.
    fn as_native(&self, name: &str, native: &Timed) -> Result<Duration, String> {
        match self.status == native.status {
            true => Ok(self.time),
            false => Err(format!("{name} ends with {} natively and with {} under blink", native.status, self.status)),
        }
    }
}

/// The shortest of some runs.
fn best(command: &[&Path]) -> Result<Timed, String> {
    let mut best = timed(command)?;
    for _ in 1..RUNS {
        let next = timed(command)?;
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
    command.current_dir(places::root());
    command.args(["-c", "TIMEFORMAT='%3U %3S'; time \"$@\" > /dev/null 2>&1", "bash"]).args(program);
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("bash: {error}"))?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let seconds: Option<f64> =
        text.lines().last().unwrap_or_default().split_whitespace().map(|word| word.parse::<f64>().ok()).sum();
    let seconds = seconds.ok_or(format!("bash's `time` printed {text:?}"))?;
    // Nothing takes no time, and ratios are made of it.
    Ok(Timed { time: Duration::from_secs_f64(seconds.max(0.0005)), status: output.status })
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

fn processes(name: &str) -> Result<PathBuf, String> {
    let output = places::cache("benches")?.join(name);
    let mut command = Command::new("gcc");
    command.args(["-O2", "-pthread", &format!("-DLOOP={name}"), "-o"]).arg(&output);
    quietly(command.arg(places::root().join("benches/processes.c")))?;
    Ok(output)
}

/// The guest instructions that the interpreter counts.
fn instructions(blink: &Path, program: &Path) -> Option<u64> {
    let mut command = Command::new(blink);
    command.arg("-jZ").arg(program).env("PATH", "/usr/bin:/bin");
    let captured = run::capture(&command, Duration::from_secs(600)).ok()?;
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
