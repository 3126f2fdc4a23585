//! Running other programs: captured with a time limit, or in view of the person who waits.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::report::Tally;

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Code(i32),
    Signal(i32),
    TimedOut,
}

/// Everything a captured run left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    pub end: End,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

enum Part {
    Ended(ExitStatus),
    Stdout(Vec<u8>),
    Stderr(Vec<u8>),
}

/// More output than this is cut: a runaway loop must not fill the memory.
const OUTPUT_LIMIT: u64 = 64 << 20;

/// Runs a program in a process group of its own, which is killed when it outlives `limit`.
/// The limit is there against hanging for ever; no test passes or fails by its speed.
pub fn capture(command: &mut Command, stdin: Stdio, limit: Duration) -> Result<Captured, String> {
    let name = format!("{command:?}");
    command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(|error| format!("starting {name}: {error}"))?;
    let group = child.id();
    let (sender, parts) = mpsc::channel();
    let stdout = child.stdout.take().expect("stdout is piped");
    let stderr = child.stderr.take().expect("stderr is piped");
    let (out, err) = (sender.clone(), sender.clone());
    // A receiver that is gone has given up waiting: nothing is left to tell it.
    std::thread::spawn(move || drop(out.send(Part::Stdout(drain(stdout)))));
    std::thread::spawn(move || drop(err.send(Part::Stderr(drain(stderr)))));
    std::thread::spawn(move || {
        if let Ok(status) = child.wait() {
            drop(sender.send(Part::Ended(status)));
        }
    });

    let mut captured = Captured { end: End::TimedOut, stdout: Vec::new(), stderr: Vec::new() };
    let mut deadline = Instant::now() + limit;
    let mut is_late = false;
    let mut missing = 3;
    while missing > 0 {
        match parts.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(Part::Ended(status)) if !is_late => captured.end = end_of(status),
            Ok(Part::Ended(_)) => {}
            Ok(Part::Stdout(bytes)) => captured.stdout = bytes,
            Ok(Part::Stderr(bytes)) => captured.stderr = bytes,
            Err(_) if is_late => break,
            Err(_) => {
                is_late = true;
                captured.end = End::TimedOut;
                deadline = Instant::now() + Duration::from_secs(3);
                kill_group(group);
                continue;
            }
        }
        missing -= 1;
    }
    Ok(captured)
}

fn drain(pipe: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What was read before an error is what the test sees.
    let _ = pipe.take(OUTPUT_LIMIT).read_to_end(&mut bytes);
    bytes
}

fn end_of(status: ExitStatus) -> End {
    match (status.code(), status.signal()) {
        (Some(code), _) => End::Code(code),
        (None, Some(signal)) => End::Signal(signal),
        (None, None) => End::TimedOut,
    }
}

fn kill_group(group: u32) {
    // The group may have ended in the meantime.
    let _ = Command::new("kill").args(["-KILL", "--", &format!("-{group}")]).stderr(Stdio::null()).status();
}

/// Runs a program in view, and fails when it does.
pub fn show(command: &mut Command) -> crate::Outcome {
    let name = line_of(command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name}: {status}")),
        Err(error) => Err(format!("{name}: {error}")),
    }
}

/// Runs a test program in view and sums the closing lines that it prints. A program that fails without having
/// reported a failed test counts as one failure.
pub fn show_tests(command: &mut Command) -> Result<Tally, String> {
    let name = line_of(command);
    println!("+ {name}");
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| format!("{name}: {error}"))?;
    let stdout = child.stdout.take().expect("stdout is piped");
    let mut tally = Tally::default();
    for line in BufReader::new(stdout).split(b'\n') {
        let line = line.map_err(|error| format!("reading from {name}: {error}"))?;
        let line = String::from_utf8_lossy(&line);
        tally += Tally::parse(&line).unwrap_or_default();
        // Passing tests by the hundred would hide the rest.
        if !line.ends_with("... ok") && !line.trim().is_empty() && !line.contains("running 0 tests") {
            println!("{line}");
        }
    }
    let status = child.wait().map_err(|error| format!("waiting for {name}: {error}"))?;
    if !status.success() && tally.failed == 0 {
        println!("{name}: {status}");
        tally.failed = 1;
    }
    Ok(tally)
}

/// The first line of what a command prints, if it runs at all.
pub fn first_line(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).lines().next()?.to_string())
}

fn line_of(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&arg.to_string_lossy());
    }
    line
}
