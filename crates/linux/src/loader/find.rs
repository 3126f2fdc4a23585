//! From a path to what will be loaded: opens the file, follows `#!` lines, finds the ELF header and the ELF interpreter.
//!
//! Generic over [`Files`], so that the same code serves the command line, the check before an `execve`, and tests.

use super::elf::{self, Plan, Source};
use super::refusal::{LoadError, Part, Refusal};
use super::{ape, script};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Where programs are opened: a guest's view of the file system.
pub trait Files {
    type File: Source;
    /// Opens a file for execution, with Linux's checks: a regular file with execute permission.
    fn open(&self, path: &[u8]) -> Result<Self::File, Refusal>;
}

/// How the program's ELF header was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Elf,
    Ape,
}

/// A file and what it asks for.
#[derive(Debug)]
pub struct Image<F> {
    pub path: Vec<u8>,
    pub file: F,
    pub plan: Plan,
}

/// Everything that is loaded for one program.
#[derive(Debug)]
pub struct Found<F> {
    pub kind: Kind,
    /// The ELF program itself: of a script, its last interpreter.
    pub program: Image<F>,
    /// The dynamic linker that it names.
    pub interpreter: Option<Image<F>>,
    /// The arguments, with what `#!` lines put before them.
    pub argv: Vec<Vec<u8>>,
}

/// Finds what running `path` with `argv` loads.
pub fn find<T: Files>(files: &T, path: &[u8], argv: &[Vec<u8>]) -> Result<Found<T::File>, LoadError> {
    // Linux 5.18 and later give a program without arguments an empty argv[0].
    let argv = if argv.is_empty() { vec![Vec::new()] } else { argv.to_vec() };
    files
        .open(path)
        .and_then(|file| follow(files, path, file, argv, 0))
        .map_err(|refusal| LoadError { path: path.to_vec(), refusal })
}

/// Handles an open file, the `depth`-th of a chain of scripts.
fn follow<T: Files>(
    files: &T,
    path: &[u8],
    file: T::File,
    argv: Vec<Vec<u8>>,
    depth: usize,
) -> Result<Found<T::File>, Refusal> {
    if depth > script::MAX_DEPTH {
        return Err(Refusal::ScriptLoop);
    }
    let mut head = [0; ape::SCAN_SIZE];
    let count = file.read_at(0, &mut head).map_err(Refusal::Read)?;
    let head = &head[..count];
    if !script::is_script(head) {
        let (kind, plan) = identify(&file, head)?;
        let interpreter = open_interpreter(files, &plan)?;
        let program = Image { path: path.to_vec(), file, plan };
        return Ok(Found { kind, program, interpreter, argv });
    }
    let line = script::parse(head)?;
    drop(file);
    let mut words = vec![line.interpreter.clone()];
    words.extend(line.argument);
    words.push(path.to_vec());
    words.extend(argv.into_iter().skip(1));
    let name = line.interpreter;
    open_named(files, &name)
        .and_then(|file| follow(files, &name, file, words, depth + 1))
        .map_err(|refusal| Refusal::ScriptInterpreter(name.clone(), Box::new(refusal)))
}

/// Opens a path that a file names. Unlike a path that `execve` is given, an empty one is the working directory.
fn open_named<T: Files>(files: &T, path: &[u8]) -> Result<T::File, Refusal> {
    if path.is_empty() { Err(Refusal::Directory) } else { files.open(path) }
}

/// Makes the plan of a file that is no script.
fn identify(file: &impl Source, head: &[u8]) -> Result<(Kind, Plan), Refusal> {
    if head.is_empty() {
        return Err(Refusal::Empty);
    }
    if ape::is_ape(head) {
        let header = ape::find_header(head)?;
        return Ok((Kind::Ape, elf::plan_with_header(file, &header)?));
    }
    if head.starts_with(b"\x7fELF") {
        return Ok((Kind::Elf, elf::plan(file)?));
    }
    Err(if head.starts_with(b"MZ") { Refusal::Dos } else { Refusal::Unknown })
}

fn open_interpreter<T: Files>(files: &T, plan: &Plan) -> Result<Option<Image<T::File>>, Refusal> {
    let Some(path) = &plan.interpreter else { return Ok(None) };
    open_named(files, path)
        .and_then(|file| {
            if file.size() == 0 {
                return Err(Refusal::Truncated(Part::Header));
            }
            let plan = elf::plan(&file)?;
            Ok(Some(Image { path: path.clone(), file, plan }))
        })
        .map_err(|refusal| Refusal::Interpreter(path.clone(), Box::new(refusal)))
}
