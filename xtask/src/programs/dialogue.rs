//! A shell on a terminal: `tests/programs/*.dialogue`, played by the helper `terminal.c`.
//!
//! Each row of a dialogue is sent as typed text (with `^C`, `^Z`, `^D` for control keys) after the prompt of the
//! row before has appeared, or waits for a text (`wait TEXT`).

use std::path::{Path, PathBuf};

/// One recorded conversation.
pub struct Dialogue {
    pub name: String,
    pub file: PathBuf,
}

/// All dialogues of a directory.
pub fn read_all(dir: &Path) -> Result<Vec<Dialogue>, String> {
    let files = super::files(dir, "dialogue")?;
    let name = |file: &PathBuf| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(files.into_iter().map(|file| Dialogue { name: name(&file), file }).collect())
}

/// The helper that makes a pseudo-terminal, compiled for this machine.
pub fn terminal() -> Result<PathBuf, String> {
    let source = crate::places::root().join("tests/programs/terminal/terminal.c");
    super::build::Program::new(&source, super::build::Build::Glibc)?.binary()
}
