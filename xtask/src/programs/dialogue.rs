//! A program on a terminal: `tests/programs/*.dialogue`, played by the helper `terminal.c`.
//!
//! Each row of a dialogue is sent as typed text (with `^C`, `^Z`, `^D` for control keys) after the prompt of the
//! row before has appeared, or waits for a text (`wait TEXT`). Busybox's shell is on the terminal, or what a row
//! `run PROGRAM ARG...` says. Programs that paint the screen in pieces as they please say `quiet`: then only what was
//! waited for counts, not all that appeared.

use std::path::{Path, PathBuf};

/// One recorded conversation.
pub struct Dialogue {
    pub name: String,
    pub file: PathBuf,
    /// The program on the terminal and its arguments.
    pub words: Vec<String>,
}

/// All dialogues of a directory.
pub fn read_all(dir: &Path, busybox: &Path) -> Result<Vec<Dialogue>, String> {
    super::files(dir, "dialogue")?.into_iter().map(|file| read(file, busybox)).collect()
}

fn read(file: PathBuf, busybox: &Path) -> Result<Dialogue, String> {
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let words = match text.lines().find_map(|row| row.strip_prefix("run ")) {
        Some(command) => command.split(' ').map(str::to_string).collect(),
        None => [&busybox.to_string_lossy(), "sh", "-i"].map(str::to_string).to_vec(),
    };
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Dialogue { name, file, words })
}

/// The helper that makes a pseudo-terminal, compiled for this machine.
pub fn terminal() -> Result<PathBuf, String> {
    let source = crate::places::root().join("tests/programs/terminal/terminal.c");
    super::build::Program::new(&source, super::build::Build::Glibc)?.binary()
}
