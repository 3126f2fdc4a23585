//! Running other programs: captured with a time limit, or in view of the person who waits.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{LazyLock, mpsc};
use std::time::{Duration, Instant};

use crate::programs::build::{Build, Program};
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

/// Runs a program with the environment that the command names and no other, and nothing to read. Whatever it leaves
/// behind is killed, and so is all of it when it outlives `limit`: see `warden.c`, which sees to that.
/// The limit is there against hanging for ever; no test passes or fails by its speed.
pub fn capture(command: &Command, limit: Duration) -> Result<Captured, String> {
    let name = format!("{command:?}");
    let child = guarded(command)?.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| format!("starting {name}: {error}"))?;
    let warden = child.id();
    let (sender, parts) = mpsc::channel();
    let mut order = child.stdin.take();
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
            Err(_) if is_late => {
                kill(warden);
                break;
            }
            Err(_) => {
                is_late = true;
                deadline = Instant::now() + Duration::from_secs(30);
                drop(order.take());
                continue;
            }
        }
        missing -= 1;
        // Nobody writes any more: when the program has ended too, what is left of it is of no use. The warden may
        // have gone already.
        if missing == 1
            && let Some(order) = &mut order
        {
            let _ = order.write_all(b".");
        }
    }
    if captured.end == End::Code(127) && captured.stderr.starts_with(b"warden: ") {
        return Err(format!("starting {name}: {}", String::from_utf8_lossy(&captured.stderr).trim_end()));
    }
    Ok(captured)
}

/// The warden that runs this command. Without a compiler there is none, and then the program has to end by itself.
fn guarded(command: &Command) -> Result<Command, String> {
    static WARDEN: LazyLock<Result<PathBuf, String>> = LazyLock::new(|| {
        let source = crate::places::root().join("xtask/src/warden.c");
        Program::new(&source, Build::GlibcDynamic)?.binary()
    });
    let mut guarded = if crate::places::has_command("gcc") {
        let mut warden = Command::new(WARDEN.as_deref().map_err(String::clone)?);
        warden.stdin(Stdio::piped()).arg(command.get_program());
        warden
    } else {
        let mut alone = Command::new(command.get_program());
        alone.stdin(Stdio::null());
        alone
    };
    guarded.args(command.get_args()).env_clear();
    guarded.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(dir) = command.get_current_dir() {
        guarded.current_dir(dir);
    }
    Ok(guarded)
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

fn kill(process: u32) {
    // It may have ended in the meantime.
    let _ = Command::new("kill").args(["-KILL", &process.to_string()]).stderr(Stdio::null()).status();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Option<Captured> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]).env("PATH", "/usr/bin:/bin");
        crate::places::has_command("gcc").then(|| capture(&command, limit).unwrap())
    }

    const PATIENCE: Duration = Duration::from_secs(600);

    /// Is somebody there whose command line has this word?
    fn exists(word: &str) -> bool {
        let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        all.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
            .any(|line| line.split(|byte| *byte == 0).any(|found| found == word.as_bytes()))
    }

    #[test]
    fn nothing_stays_of_a_program_that_has_ended() {
        let word = format!("{}1.5", std::process::id());
        let script = format!(
            "for i in 1 2 3; do sleep {word} >/dev/null 2>&1 & done
             (trap '' HUP TERM INT; setsid sh -c 'sleep {word}; true' >/dev/null 2>&1 &)
             exec 1>&- 2>&-; kill -9 $$"
        );
        let Some(captured) = shell(&script, PATIENCE) else { return };
        assert_eq!(captured.end, End::Signal(9));
        assert!(!exists(&word));
    }

    #[test]
    fn nothing_stays_of_a_program_that_ran_out_of_time() {
        let word = format!("{}2.5", std::process::id());
        let script =
            format!("setsid sleep {word} & sleep {word} & (kill -STOP $$) & wait; while :; do sleep {word}; done");
        let Some(captured) = shell(&script, Duration::from_millis(500)) else { return };
        assert_eq!(captured.end, End::TimedOut);
        assert!(!exists(&word));
    }

    #[test]
    fn what_background_processes_write_belongs_to_the_output() {
        let Some(captured) = shell("(sleep 0.1; echo late) & echo early; exit 3", PATIENCE) else { return };
        assert_eq!((captured.end, captured.stdout), (End::Code(3), b"early\nlate\n".to_vec()));
    }

    #[test]
    fn programs_start_without_what_the_harness_inherited() {
        if !crate::places::has_command("gcc") {
            return;
        }
        let mut inner = Command::new("/bin/sh");
        inner.args(["-c", "ls /proc/self/fd | wc -l; umask; kill -QUIT $$; echo survived"]);
        let inner = guarded(inner.env("PATH", "/usr/bin:/bin")).unwrap();
        let mut outer = Command::new("/bin/sh");
        outer.args(["-c", "trap '' INT QUIT HUP; umask 77; exec 5</dev/null; exec \"$@\"", "sh"]);
        outer.arg(inner.get_program()).args(inner.get_args()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut outer = outer.spawn().unwrap();
        let mut order = outer.stdin.take().unwrap();
        order.write_all(b".").unwrap();
        let stdout = drain(outer.stdout.take().unwrap());
        assert_eq!(end_of(outer.wait().unwrap()), End::Signal(3));
        // `ls` has its own descriptor for the directory.
        assert_eq!(String::from_utf8_lossy(&stdout), "4\n0022\n");
    }

    #[test]
    fn what_does_not_start_is_an_error() {
        let command = Command::new("/nonexistent/program");
        assert!(capture(&command, PATIENCE).is_err());
    }
}
