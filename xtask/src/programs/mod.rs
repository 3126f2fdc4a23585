//! Whole programs, natively and under blink: same output, same status, same files left behind.
//!
//! The native run is the oracle and happens in the same run of the test. A [`Line`](data::Line) is a command line
//! for a busybox or for what Debian ships, a [`Program`](build::Program) a small C program of ours in several builds, a
//! [`Dialogue`](dialogue) a program on a terminal. [`Emulator`] says how blink is called: directly, or under
//! another emulator for another host.

pub mod build;
pub mod compare;
pub mod data;
pub mod dialogue;
pub mod tree;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::report::Tally;

/// How to run a guest program: words before it on the command line.
#[derive(Clone, Debug)]
pub struct Emulator {
    /// `plain`, `paged`, `s390x plain`...
    pub name: String,
    pub words: Vec<OsString>,
    /// Does another emulator run blink?
    pub is_nested: bool,
    /// How much slower than native a program may be before it counts as hanging.
    pub limit: Duration,
}

/// How long a program may run before it counts as hanging: machines may be slow and busy.
const PATIENCE: Duration = Duration::from_secs(300);

impl Emulator {
    /// blink as it is called: translating where it can.
    pub fn plain(blink: &Path) -> Emulator {
        Emulator::with(blink, "plain", None)
    }

    /// blink's interpreter in linear memory.
    pub fn interpreted(blink: &Path) -> Emulator {
        Emulator::with(blink, "interpreted", Some("-j"))
    }

    /// blink with guest memory in pages.
    pub fn paged(blink: &Path) -> Emulator {
        Emulator::with(blink, "paged", Some("-m"))
    }

    /// blink in every form.
    pub fn all(blink: &Path) -> Vec<Emulator> {
        vec![Emulator::plain(blink), Emulator::interpreted(blink), Emulator::paged(blink)]
    }

    fn with(blink: &Path, name: &str, option: Option<&str>) -> Emulator {
        let words = [Some(blink.as_os_str().to_owned()), option.map(OsString::from)].into_iter().flatten().collect();
        Emulator { name: name.into(), words, is_nested: false, limit: PATIENCE }
    }

    /// The machine itself, to find cases whose output varies by itself.
    pub fn native() -> Emulator {
        Emulator { name: "native".into(), words: Vec::new(), is_nested: false, limit: PATIENCE }
    }

    /// The same, called through another emulator.
    pub fn under(mut self, host: &str, runner: &[String]) -> Emulator {
        self.name = format!("{host} {}", self.name);
        self.words.splice(0..0, runner.iter().map(OsString::from));
        self.is_nested = !runner.is_empty();
        self.limit = PATIENCE;
        self
    }

    /// A command that runs `program`.
    pub fn command(&self, program: &Path) -> Command {
        let Some((first, rest)) = self.words.split_first() else { return Command::new(program) };
        let mut command = Command::new(first);
        command.args(rest).arg(program);
        command
    }
}

/// What a suite runs.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only what contains this text in its place, section or command.
    pub only: Option<String>,
    /// Only this many lines of every section, for a quick run.
    pub lines_per_section: Option<usize>,
    /// Only these builds of C programs; all when empty.
    pub builds: Vec<build::Build>,
    /// No dialogues with a program on a terminal.
    pub without_terminal: bool,
    /// Which of the files under `tests/programs/debian`.
    pub debian: Debian,
    /// A busybox with shared libraries, which runs the first line of the section of every applet that it has too.
    pub dynamic_busybox: Option<PathBuf>,
}

/// The applets of a busybox; it may have fewer than another.
fn applets(busybox: &Path) -> Result<Vec<String>, String> {
    let listed = std::process::Command::new(busybox).arg("--list").output();
    let listed = listed.map_err(|error| format!("{}: {error}", busybox.display()))?;
    Ok(String::from_utf8_lossy(&listed.stdout).lines().map(str::to_string).collect())
}

/// Makes a directory `applets` of links beside a busybox, for one whose shell looks for commands in the path only.
pub fn link_applets(busybox: &Path) -> crate::Outcome {
    let dir = busybox.with_file_name("applets");
    if dir.exists() {
        return Ok(());
    }
    // Another process may do the same: rename is what makes it appear, whole.
    let new = dir.with_extension(std::process::id().to_string());
    let fail = |error: std::io::Error| format!("{}: {error}", new.display());
    std::fs::create_dir_all(&new).map_err(fail)?;
    for applet in applets(busybox)? {
        std::os::unix::fs::symlink("../busybox", new.join(applet)).map_err(fail)?;
    }
    std::fs::rename(&new, &dir).or_else(|error| if dir.exists() { Ok(()) } else { Err(fail(error)) })
}

/// How much of what Debian ships is run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Debian {
    #[default]
    Nothing,
    /// What every system has: `base.txt`.
    Base,
    /// All but the lines that take long.
    Most,
    All,
}

impl Debian {
    /// The directories and files of command lines that this much takes in.
    fn files(self) -> Result<Vec<PathBuf>, String> {
        let dir = crate::places::root().join("tests/programs/debian");
        match self {
            Debian::Nothing => Ok(Vec::new()),
            Debian::Base => Ok(vec![dir.join("base.txt")]),
            Debian::Most | Debian::All => files(&dir, "txt"),
        }
    }

    /// The packages that all this needs.
    pub fn packages(self) -> Result<Vec<String>, String> {
        let mut names = Vec::new();
        for file in self.files()? {
            names.extend(data::packages(&file)?);
        }
        names.sort();
        names.dedup();
        Ok(names)
    }
}

impl Selection {
    fn takes(&self, name: &str, section: &str, text: &str) -> bool {
        match &self.only {
            Some(only) => name.contains(only) || section == only || text.contains(only),
            None => true,
        }
    }
}

/// A thing to compare, natively and under every emulator.
pub enum Case {
    Line(data::Line),
    Program(build::Program),
    Dialogue(dialogue::Dialogue),
}

/// All cases of a selection. What is missing on this machine is an error, never skipped in silence.
pub fn cases(selection: &Selection, busybox: Option<&Path>) -> Result<Vec<Case>, String> {
    let dir = crate::places::root().join("tests/programs");
    let mut cases = Vec::new();
    // What takes longest comes first, so that the last worker is not left alone with it.
    for file in selection.debian.files()? {
        for line in data::read(&file, &data::Shell::System)? {
            let is_wanted = !line.is_long || selection.debian == Debian::All;
            if is_wanted && selection.takes(&line.place(), &line.section, &line.text) {
                cases.push(Case::Line(line));
            }
        }
    }
    let mut dialogues = Vec::new();
    if let Some(busybox) = busybox {
        let shell = data::Shell::Busybox(busybox.to_path_buf());
        let dynamic = selection.dynamic_busybox.as_deref();
        let applets = dynamic.map(applets).transpose()?.unwrap_or_default();
        for file in files(&dir, "txt")? {
            for line in data::read(&file, &shell)? {
                let few = selection.lines_per_section.is_none_or(|count| line.index < count);
                if !few || !selection.takes(&line.place(), &line.section, &line.text) {
                    continue;
                }
                if let Some(dynamic) = dynamic.filter(|_| line.index == 0 && applets.contains(&line.section)) {
                    let shell = data::Shell::Busybox(dynamic.to_path_buf());
                    cases.push(Case::Line(data::Line { shell, ..line.clone() }));
                }
                cases.push(Case::Line(line));
            }
        }
        dialogues.extend(dialogue::read_all(&dir, busybox)?);
        if matches!(selection.debian, Debian::Most | Debian::All) {
            dialogues.extend(dialogue::read_all(&dir.join("debian"), busybox)?);
        }
    }
    dialogues.retain(|dialogue| !selection.without_terminal && selection.takes(&dialogue.name, "dialogue", ""));
    cases.extend(dialogues.into_iter().map(Case::Dialogue));
    for source in files(&dir, "c")? {
        for build in build::Build::ALL {
            let program = build::Program::new(&source, build)?;
            let wanted = selection.builds.is_empty() || selection.builds.contains(&build);
            if wanted && program.is_for(build) && selection.takes(&program.name(), "c", "") {
                cases.push(Case::Program(program));
            }
        }
    }
    Ok(cases)
}

/// The files of a directory that have this ending, sorted.
pub fn files(dir: &Path, ending: &str) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|e| e == ending));
    files.sort();
    Ok(files)
}

/// Runs all cases on as many threads as the machine has processors, prints each difference, and counts.
pub fn run(cases: &[Case], emulators: &[Emulator]) -> Result<Tally, String> {
    let next = AtomicUsize::new(0);
    let tally = Mutex::new(Tally::default());
    let trouble = Mutex::new(None);
    let workers = std::thread::available_parallelism().map_or(2, usize::from).min(16);
    let scratch = compare::Scratch::new()?;
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let (next, tally, trouble, scratch) = (&next, &tally, &trouble, &scratch);
            scope.spawn(move || {
                let mut bench = compare::Bench::new(scratch, worker);
                loop {
                    let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
                    match bench.try_case(case, emulators) {
                        Ok(verdict) => {
                            let mut tally = tally.lock().expect("no worker panics");
                            for report in &verdict.reports {
                                println!("{report}\n");
                            }
                            *tally += verdict.tally;
                        }
                        Err(error) => {
                            trouble.lock().expect("no worker panics").get_or_insert(error);
                            return;
                        }
                    }
                }
            });
        }
    });
    match trouble.into_inner().expect("no worker panics") {
        Some(error) => Err(error),
        None => Ok(tally.into_inner().expect("no worker panics")),
    }
}
