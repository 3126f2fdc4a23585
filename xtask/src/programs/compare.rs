//! One case, natively and under each emulator, from equal starting points.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::data::{Line, Shell};
use super::{Case, Emulator, tree};
use crate::report::Tally;
use crate::run::{self, Captured, End};

/// A directory for a run of the suite, removed at its end.
pub struct Scratch {
    dir: PathBuf,
}

impl Scratch {
    pub fn new() -> Result<Scratch, String> {
        let dir = std::env::temp_dir().join(format!("blink-programs-{}", std::process::id()));
        tree::remove(&dir);
        fs::create_dir_all(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
        Ok(Scratch { dir })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        tree::remove(&self.dir);
    }
}

/// A worker's place to run cases in. Natively and under each emulator a case sees the same directory name, the
/// same files, the same environment and a TCP port that no other worker uses.
pub struct Bench {
    work: PathBuf,
    fixtures: PathBuf,
    /// The last preparation, and the directory that it left.
    prepared: (String, PathBuf),
    port: u32,
}

/// How a case went under all emulators.
pub struct Verdict {
    pub tally: Tally,
    pub reports: Vec<String>,
}

/// What one run of a case shows.
struct Trace {
    captured: Captured,
    files: String,
}

impl Bench {
    pub fn new(scratch: &Scratch, worker: usize) -> Bench {
        Bench {
            work: scratch.dir.join(format!("w{worker}")),
            fixtures: crate::places::root().join("tests/programs/fixtures"),
            prepared: (String::new(), scratch.dir.join(format!("p{worker}"))),
            // Below the ports that systems give out by themselves.
            port: 20000 + (std::process::id() % 700) * 16 + worker as u32,
        }
    }

    /// Runs a case everywhere, and reports each emulator that differs from the machine.
    pub fn try_case(&mut self, case: &Case, emulators: &[Emulator]) -> Result<Verdict, String> {
        let mut verdict = Verdict { tally: Tally::default(), reports: Vec::new() };
        if emulators.iter().all(|emulator| emulator.is_nested) && is_left_to_the_machine(case) {
            return Ok(verdict);
        }
        self.prepare(case)?;
        let start = Instant::now();
        let native = self.trace(case, None)?;
        if start.elapsed() > Duration::from_secs(2) {
            verdict.reports.push(format!("slow natively ({:?}): {}", start.elapsed(), title(case)));
        }
        for emulator in emulators.iter().filter(|emulator| !emulator.is_nested || !is_left_to_the_machine(case)) {
            let ours = self.trace(case, Some(emulator))?;
            let mut difference = differ(&native, &ours, is_output_compared(case));
            if difference.is_some() && self.agrees_at_last(case, emulator, &native)? {
                verdict.reports.push(format!("varies on the machine itself: {}", title(case)));
                difference = None;
            }
            let word = if is_known_to_differ(case) { "known" } else { "FAILED" };
            verdict.tally.count(difference.is_none() || is_known_to_differ(case));
            if let Some(difference) = difference {
                verdict.reports.push(format!("{word} [{}] {}\n{difference}", emulator.name, title(case)));
            }
        }
        Ok(verdict)
    }

    /// A case that the machine itself does not do twice alike is no witness: are there two runs that agree? One that the machine does
    /// alike is never tried again.
    fn agrees_at_last(&mut self, case: &Case, emulator: &Emulator, native: &Trace) -> Result<bool, String> {
        const ATTEMPTS: usize = 4;
        if is_known_to_differ(case) {
            return Ok(false);
        }
        let mut again = self.trace(case, None)?;
        if differ(native, &again, is_output_compared(case)).is_none() {
            return Ok(false);
        }
        for _ in 0..ATTEMPTS {
            let ours = self.trace(case, Some(emulator))?;
            if differ(&again, &ours, is_output_compared(case)).is_none() {
                return Ok(true);
            }
            again = self.trace(case, None)?;
        }
        Ok(false)
    }

    /// Runs what a line's section prepares, unless the line before had the same.
    fn prepare(&mut self, case: &Case) -> crate::Outcome {
        let Case::Line(line) = case else { return Ok(()) };
        if line.preparation.is_empty() || line.preparation == self.prepared.0 {
            return Ok(());
        }
        self.prepared.0.clear();
        tree::remove(&self.work);
        tree::copy(&self.fixtures, &self.work)?;
        let mut command = Command::new("/bin/sh");
        command.args(["-e", "-c", &line.preparation]);
        self.surround(&mut command, None);
        super::build::quietly(&mut command)?;
        tree::remove(&self.prepared.1);
        let moved = fs::rename(&self.work, &self.prepared.1);
        moved.map_err(|error| format!("{}: {error}", self.prepared.1.display()))?;
        self.prepared.0.clone_from(&line.preparation);
        Ok(())
    }

    /// Where a program finds itself: directory and environment. `applets` come before what the system has.
    fn surround(&self, command: &mut Command, applets: Option<&Path>) {
        let system = "/usr/sbin:/usr/bin:/sbin:/bin";
        let path = applets.map_or(system.to_string(), |applets| format!("{}:{system}", applets.display()));
        command.current_dir(&self.work).env_clear().env("PATH", path).envs([
            ("TZ", "UTC0"),
            ("LC_ALL", "C"),
            ("TERM", "vt100"),
            ("PS1", "> "),
            ("USER", "user"),
            ("SHELL", "/bin/sh"),
        ]);
        command.env("HOME", &self.work).env("PWD", &self.work).env("PORT", self.port.to_string());
        command.env("SOURCES", crate::places::root().join("tests/programs/debian"));
    }

    fn trace(&self, case: &Case, emulator: Option<&Emulator>) -> Result<Trace, String> {
        tree::remove(&self.work);
        let is_prepared = matches!(case, Case::Line(line) if !line.preparation.is_empty());
        tree::copy(if is_prepared { &self.prepared.1 } else { &self.fixtures }, &self.work)?;
        let mut command = self.command(case, emulator)?;
        let applets = match case {
            Case::Line(Line { shell: Shell::Busybox(busybox), .. }) => Some(busybox.with_file_name("applets")),
            _ => None,
        };
        self.surround(&mut command, applets.filter(|dir| dir.is_dir()).as_deref());
        let limit = emulator.map_or(super::PATIENCE, |emulator| emulator.limit);
        // What is marked as long may take an hour.
        let limit = if matches!(case, Case::Line(line) if line.is_long) { limit * 12 } else { limit };
        let mut captured = run::capture(&command, limit)?;
        if emulator.is_some_and(|emulator| emulator.is_nested) {
            drop_remarks(&mut captured.stderr);
        }
        Ok(Trace { captured, files: tree::describe(&self.work) })
    }

    fn command(&self, case: &Case, emulator: Option<&Emulator>) -> Result<Command, String> {
        let start = |program: &Path| match emulator {
            Some(emulator) => emulator.command(program),
            None => Command::new(program),
        };
        Ok(match case {
            Case::Line(line) => {
                let (mut command, words) = match &line.shell {
                    Shell::Busybox(busybox) => (start(busybox), line.words()),
                    Shell::System => (start(Path::new("/bin/sh")), None),
                };
                match words {
                    Some(words) => command.args(words),
                    None if line.shell == Shell::System => command.args(["-c", &line.text]),
                    None => command.args(["sh", "-c", &line.text]),
                };
                command
            }
            Case::Program(program) => {
                let mut command = start(&program.binary()?);
                command.args(program.args());
                command
            }
            Case::Dialogue(dialogue) => {
                let mut command = Command::new(super::dialogue::terminal()?);
                command.arg(&dialogue.file);
                let (program, args) = dialogue.words.split_first().ok_or("a dialogue with nothing to run")?;
                let inner = start(Path::new(program));
                command.arg(inner.get_program()).args(inner.get_args()).args(args);
                command
            }
        })
    }
}

fn is_output_compared(case: &Case) -> bool {
    match case {
        Case::Line(line) => line.is_output_compared,
        Case::Program(_) | Case::Dialogue(_) => true,
    }
}

fn is_left_to_the_machine(case: &Case) -> bool {
    match case {
        Case::Line(line) => line.is_left_to_the_machine,
        Case::Program(program) => program.is_left_to_the_machine(),
        Case::Dialogue(_) => false,
    }
}

fn is_known_to_differ(case: &Case) -> bool {
    matches!(case, Case::Line(line) if line.is_known_to_differ)
}

/// The case's name in reports.
pub fn title(case: &Case) -> String {
    match case {
        Case::Line(line) => match &line.shell {
            Shell::Busybox(busybox) => format!("{} ({}) {}", line.place(), busybox.display(), line.text),
            Shell::System => format!("{} {}", line.place(), line.text),
        },
        Case::Program(program) => program.name(),
        Case::Dialogue(dialogue) => dialogue.name.clone(),
    }
}

/// What differs between the machine and us, or nothing.
fn differ(native: &Trace, ours: &Trace, is_output_compared: bool) -> Option<String> {
    let mut text = String::new();
    if native.captured.end != ours.captured.end || ours.captured.end == End::TimedOut {
        text.push_str(&format!("  end: native {:?}, ours {:?}\n", native.captured.end, ours.captured.end));
    }
    if is_output_compared {
        let stderr = without_report(&ours.captured);
        let parts = [
            ("stdout", &native.captured.stdout[..], &ours.captured.stdout[..]),
            ("stderr", &native.captured.stderr[..], stderr),
        ];
        for (name, native, ours) in parts {
            text.push_str(&differing_lines(name, native, ours));
        }
        text.push_str(&differing_lines("files", native.files.as_bytes(), ours.files.as_bytes()));
    }
    if text.is_empty() {
        return None;
    }
    if is_output_compared && native.captured.stderr == ours.captured.stderr && !ours.captured.stderr.is_empty() {
        text.push_str(&format!("  (stderr of both: {})\n", show(&ours.captured.stderr)));
    }
    Some(text)
}

/// What the guest wrote to standard error: when it dies of a fault, blink's report follows.
fn without_report(captured: &Captured) -> &[u8] {
    let text = &captured.stderr;
    if !matches!(captured.end, End::Signal(_)) {
        return text;
    }
    let starts_line = |at: usize| at == 0 || text[at - 1] == b'\n';
    match (0..text.len()).find(|&at| starts_line(at) && text[at..].starts_with(b"blink: ")) {
        Some(at) => &text[..at],
        None => text,
    }
}

/// Takes out what the emulator around blink says about programs that die of a signal.
fn drop_remarks(stderr: &mut Vec<u8>) {
    let rows = stderr.split_inclusive(|byte| *byte == b'\n');
    *stderr = rows.filter(|row| !row.starts_with(b"qemu: uncaught target signal")).flatten().copied().collect();
}

/// The first few lines in which two outputs differ.
fn differing_lines(name: &str, native: &[u8], ours: &[u8]) -> String {
    let mut text = String::new();
    if native == ours {
        return text;
    }
    let (mut left, mut right) = (native.split(|&b| b == b'\n'), ours.split(|&b| b == b'\n'));
    let mut shown = 0;
    for number in 1.. {
        let (a, b) = (left.next(), right.next());
        if a.is_none() && b.is_none() || shown == 4 {
            break;
        }
        if a != b {
            shown += 1;
            let word = |line: Option<&[u8]>| line.map_or("(end)".to_string(), show);
            text.push_str(&format!("  {name}:{number} native {}\n", word(a)));
            text.push_str(&format!("  {name}:{number} ours   {}\n", word(b)));
        }
    }
    text
}

fn show(bytes: &[u8]) -> String {
    const LIMIT: usize = 240;
    let cut = &bytes[..bytes.len().min(LIMIT)];
    let more = if cut.len() < bytes.len() { "..." } else { "" };
    format!("\"{}\"{more}", cut.escape_ascii())
}
