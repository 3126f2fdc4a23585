//! Executing programs: `man 2 execve`, `man 2 execveat`.
//!
//! The host executes blink itself again, with the guest's argument vector (so that `ps` is right) and the guest's
//! environment plus one variable, [`VARIABLE`], that holds the [`State`]. The new blink takes it away before anything else, so
//! that the guest never sees it. What Linux would refuse is refused before, while the old program is still there.

use crate::abi::flags::AtFlags;
use crate::errno::Errno;
use crate::loader::open::{GuestFiles, ProgramFile};
use crate::loader::{self, Files, Refusal};
use crate::mm::Limits;
use crate::path::Last;
use crate::process::Options;
use crate::root::Root;
use crate::task::Task;
use crate::user::{DirFd, StringArray, UserStr};
use alloc::ffi::CString;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::Cell;
use core::ffi::CStr;
use core::sync::atomic::Ordering::SeqCst;
use host::file;
use host::process::Execution;

/// The environment variable that carries the state from one blink to the next.
pub const VARIABLE: &str = "BLINK_EXEC_STATE";

const AT_SYMLINK_NOFOLLOW: u32 = 0x100;
const AT_EMPTY_PATH: u32 = 0x1000;

/// Variables of the guest with these beginnings would change how the host's dynamic linker and C library load and run
/// blink. They reach the next blink with [`KEPT`] before their names.
const HOSTS: [&str; 6] = ["LD_", "DYLD_", "GLIBC_TUNABLES=", "MALLOC_", "RUST_", KEPT];

/// What stands before the name of a variable that the host must not see.
const KEPT: &str = "BLINK_GUEST_";

/// What a new blink must know of the `execve` that started it.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The program's path: AT_EXECFN, and what a script finds as its own name.
    pub path: Vec<u8>,
    /// The program's file, open; not close-on-exec.
    pub file: i32,
    pub options: Options,
    /// The limits of the guest's memory, which it keeps.
    pub limits: Limits,
}

impl State {
    /// The variable with its value: fields between semicolons, strings in hexadecimal.
    fn encode(&self) -> Vec<u8> {
        let options = &self.options;
        let log = options.log.as_ref().map_or(String::from("-"), |log| hex(log));
        let flags = [options.paged, options.interpret, options.statistics, options.log_to_stderr].map(u8::from);
        let [paged, interpret, statistics, stderr] = flags;
        let root = options.root.as_ref().map_or(String::from("-"), |root| hex(root));
        let (path, file, trace) = (hex(&self.path), self.file, options.trace);
        let [space, data] = [self.limits.address_space, self.limits.data]
            .map(|limit| limit.map_or(String::from("-"), |[soft, hard]| format!("{soft},{hard}")));
        format!(
            "{VARIABLE}=1;{path};{file};{trace};{paged};{interpret};{statistics};{stderr};{log};{root};{space};{data}"
        )
        .into_bytes()
    }

    /// Takes the state out of an environment, if it is there.
    pub fn take(environment: &mut Vec<Vec<u8>>) -> Option<State> {
        let prefix = format!("{VARIABLE}=");
        // The last one: a blink that runs inside this one hands its own state over in the same way.
        let at = environment.iter().rposition(|entry| entry.starts_with(prefix.as_bytes()))?;
        let entry = environment.remove(at);
        for entry in environment.iter_mut().filter(|entry| entry.starts_with(KEPT.as_bytes())) {
            entry.drain(..KEPT.len());
        }
        State::decode(core::str::from_utf8(&entry[prefix.len()..]).ok()?)
    }

    fn decode(text: &str) -> Option<State> {
        let fields: Vec<&str> = text.split(';').collect();
        let ["1", path, file, trace, paged, interpret, statistics, stderr, log, root, space, data] = fields[..] else {
            return None;
        };
        Some(State {
            path: unhex(path)?,
            file: file.parse().ok()?,
            options: Options {
                trace: trace.parse().ok()?,
                paged: paged == "1",
                interpret: interpret == "1",
                statistics: statistics == "1",
                log_to_stderr: stderr == "1",
                log: if log == "-" { None } else { Some(unhex(log)?) },
                root: if root == "-" { None } else { Some(unhex(root)?) },
            },
            limits: Limits { address_space: limit(space), data: limit(data) },
        })
    }
}

fn limit(text: &str) -> Option<[u64; 2]> {
    let (soft, hard) = text.split_once(',')?;
    Some([soft.parse().ok()?, hard.parse().ok()?])
}

/// The guest's variable as the host may see it.
fn keep(entry: CString) -> CString {
    if !HOSTS.iter().any(|name| entry.as_bytes().starts_with(name.as_bytes())) {
        return entry;
    }
    CString::new([KEPT.as_bytes(), entry.as_bytes()].concat()).unwrap_or(entry)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok()).collect()
}

/// The guest's files, of which the first is open already: the program itself.
pub struct OpenedFiles {
    first: Cell<Option<ProgramFile>>,
    others: GuestFiles,
}

impl OpenedFiles {
    pub fn new(first: ProgramFile, root: Arc<Root>) -> OpenedFiles {
        OpenedFiles { first: Cell::new(Some(first)), others: GuestFiles::new(root) }
    }
}

impl Files for OpenedFiles {
    type File = ProgramFile;

    fn open(&self, path: &[u8]) -> Result<ProgramFile, Refusal> {
        match self.first.take() {
            Some(file) => Ok(file),
            None => self.others.open(path),
        }
    }
}

/// man 2 execve.
pub fn execve(task: &mut Task, pathname: UserStr, argv: StringArray, envp: StringArray) -> Result<u64, Errno> {
    execveat(task, DirFd::CWD, pathname, argv, envp, AtFlags(0))
}

/// man 2 execveat.
pub fn execveat(
    task: &mut Task,
    dirfd: DirFd,
    pathname: UserStr,
    argv: StringArray,
    envp: StringArray,
    flags: AtFlags,
) -> Result<u64, Errno> {
    if flags.0 & !(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0 {
        return Err(Errno::EINVAL);
    }
    let given = pathname.read(task)?;
    if given.is_empty() && flags.0 & AT_EMPTY_PATH == 0 {
        return Err(Errno::ENOENT);
    }
    let limit = argument_limit();
    let arguments = argv.read(task, limit)?;
    let used: usize = arguments.iter().map(|text| text.as_bytes_with_nul().len() + 8).sum();
    let environment = envp.read(task, limit.saturating_sub(used))?;

    let file = open(task, dirfd, &given, flags.0)?;
    let path = name(dirfd, given.as_bytes());
    let words: Vec<Vec<u8>> = arguments.iter().map(|text| text.as_bytes().to_vec()).collect();
    // The new blink finds the file open, whatever happens to its path; the number is out of the way of what programs use.
    let copy = inherit(file.fd())?;
    if let Err(error) = loader::check(&OpenedFiles::new(file, task.process.root()), &path, &words) {
        let _ = file::close(copy);
        return Err(error);
    }
    let options = Options { root: task.process.root().list(), ..task.process.options.clone() };
    let state = State { path, file: copy, options, limits: task.process.mm.limits() };
    let mut environment: Vec<CString> = environment.into_iter().map(keep).collect();
    let variable = CString::new(state.encode()).map_err(|_| Errno::EINVAL)?;
    environment.push(variable);
    // Linux 5.18 and later give a program without arguments an empty argv[0].
    let arguments = if arguments.is_empty() { vec![CString::default()] } else { arguments };
    drop((words, given, state));
    let error = replace(task, Execution::new(arguments, environment));
    let _ = file::close(copy);
    Err(error)
}

/// Opens the program as `do_open_execat` does.
fn open(task: &mut Task, dirfd: DirFd, given: &CStr, flags: u32) -> Result<ProgramFile, Errno> {
    const S_IFMT: u16 = 0o170000;
    const S_IFLNK: u16 = 0o120000;
    if given.is_empty() {
        // The link leads to the open file itself, wherever its name has gone.
        let by_descriptor = CString::new(format!("/proc/self/fd/{}", dirfd.0)).unwrap_or_default();
        return match ProgramFile::open(file::CWD, &by_descriptor) {
            // A descriptor that is not open has no link.
            Err(Refusal::Open(Errno::ENOENT)) => Err(Errno::EBADF),
            other => opened(given, other),
        };
    }
    let last = if flags & AT_SYMLINK_NOFOLLOW != 0 { Last::Keep } else { Last::Follow };
    let mut place = crate::path::resolve(task, dirfd.0, given, last)?;
    if last == Last::Keep {
        let status = file::status_at(place.dir(), place.path(), AT_SYMLINK_NOFOLLOW)?;
        if status.mode & S_IFMT == S_IFLNK {
            return Err(Errno::ELOOP);
        }
    } else {
        let status = file::status_at(place.dir(), place.path(), 0).ok();
        place = crate::path::program_instead(task, status, dirfd.0, given).unwrap_or(place);
    }
    opened(given, ProgramFile::open(place.dir(), place.path()))
}

fn opened(given: &CStr, file: Result<ProgramFile, Refusal>) -> Result<ProgramFile, Errno> {
    file.map_err(|refusal| loader::LoadError { path: given.to_bytes().to_vec(), refusal }.errno())
}

/// A copy of a descriptor that stays open in the next program, with a high number.
fn inherit(fd: i32) -> Result<i32, Errno> {
    const F_DUPFD: i32 = 0;
    [900, 200, 3]
        .into_iter()
        .find_map(|lowest| file::fcntl(fd, F_DUPFD, lowest).ok())
        .map(|fd| fd as i32)
        .ok_or(Errno::EMFILE)
}

/// Executes blink; returns only if the host refuses.
fn replace(task: &mut Task, execution: Execution) -> Errno {
    task.executing = Some(execution);
    let mask = task.signals.mask();
    task.signals.thread.block_all();
    if task.signals.thread.is_pending() {
        task.signals.thread.settle_mask(mask);
        return Errno::RESTARTNOINTR;
    }
    task.process.signals.prepare_exec();
    task.process.is_executing.store(true, SeqCst);
    // What the new program inherits as its mask; a signal that arrives now waits in the slot of a program that is gone, or is
    // delivered if the call fails.
    let list = task.robust_list;
    if !list.is_host {
        super::futex::exit_robust_list(task);
    }
    let Some(execution) = &task.executing else { return Errno::ENOMEM };
    let error = host::process::exec_self(execution, mask);
    task.robust_list = list;
    task.executing = None;
    task.process.is_executing.store(false, SeqCst);
    task.process.signals.resume_after_exec();
    task.signals.thread.block_all();
    task.signals.thread.settle_mask(mask);
    error.into()
}

/// What the program learns as its own name: the path as given, or by descriptor.
fn name(dirfd: DirFd, given: &[u8]) -> Vec<u8> {
    if dirfd == DirFd::CWD || given.starts_with(b"/") {
        return given.to_vec();
    }
    let mut name = format!("/dev/fd/{}", dirfd.0).into_bytes();
    if !given.is_empty() {
        name.push(b'/');
        name.extend(given);
    }
    name
}

/// Room for arguments and environment: a quarter of the stack's limit, at least 128 KiB and at most 6 MiB.
fn argument_limit() -> usize {
    const STACK: u32 = 3;
    let soft = host::identity::prlimit(0, STACK, None).map_or(8 << 20, |limit| limit[0]);
    (soft / 4).clamp(128 << 10, 6 << 20) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_survives_the_environment() {
        let options = Options { trace: 2, paged: true, log: Some(b"a;b=\xff".to_vec()), ..Options::default() };
        let limits = Limits { address_space: Some([7, u64::MAX]), data: None };
        let state = State { path: b"./x y".to_vec(), file: 77, options, limits };
        let guests = ["A=1", "LD_PRELOAD=./x.so", "BLINK_GUEST_LD_DEBUG=all", "OLD_X=1", "B=2"];
        let mut environment: Vec<Vec<u8>> =
            guests.map(|entry| keep(CString::new(entry).unwrap()).into_bytes()).to_vec();
        assert!(!environment.iter().any(|entry| entry.starts_with(b"LD_")));
        environment.push(state.encode());
        let back = State::take(&mut environment).unwrap();
        assert_eq!((back.path, back.file, back.options.trace), (state.path, 77, 2));
        assert_eq!((back.options.paged, back.options.log, back.limits), (true, state.options.log, limits));
        assert_eq!(environment, guests.map(|entry| entry.as_bytes().to_vec()));
        assert!(State::take(&mut environment).is_none());
    }
}
