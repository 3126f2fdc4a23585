//! Opening programs in the host's file system, with the checks of `do_open_execat` in Linux.

use super::elf::Source;
use super::find::Files;
use super::refusal::Refusal;
use crate::Errno;
use crate::root::{Last, Root};
use alloc::ffi::CString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ffi::CStr;
use host::file;
use host::io::{self, Position, Segments};

const O_RDONLY: u32 = 0;
const O_NONBLOCK: u32 = 0o4000;
const O_CLOEXEC: u32 = 0o2000000;
const X_OK: u32 = 1;
const AT_EACCESS: u32 = 0x200;
const S_IFMT: u16 = 0o170000;
const S_IFREG: u16 = 0o100000;
const S_IFDIR: u16 = 0o040000;
const F_SETLEASE: i32 = 1024;
const F_RDLCK: usize = 0;
const F_UNLCK: usize = 2;

/// The files of the guest's root.
#[derive(Clone, Debug)]
pub struct GuestFiles {
    root: Arc<Root>,
}

impl GuestFiles {
    pub fn new(root: Arc<Root>) -> GuestFiles {
        GuestFiles { root }
    }
}

/// An open program. Closes its descriptor when dropped.
#[derive(Debug)]
pub struct ProgramFile {
    fd: i32,
    size: u64,
}

impl ProgramFile {
    /// Opens `path`, relative to the directory `dir`, for execution.
    pub fn open(dir: i32, path: &CStr) -> Result<ProgramFile, Refusal> {
        let failed = |error: host::Errno| Refusal::Open(error.into());
        let status = file::status_at(dir, path, 0).map_err(failed)?;
        check_kind(status.mode)?;
        if let Err(error) = executable(dir, path) {
            return Err(match Errno::from(error) {
                Errno::EACCES => Refusal::Permission,
                errno => Refusal::Open(errno),
            });
        }
        // DEVIATION: Linux runs a file that may be executed but not read; we must read it.
        let fd = file::open(dir, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0).map_err(failed)?;
        let mut program = ProgramFile { fd, size: status.size };
        // The path may lead elsewhere by now.
        let status = file::status(fd).map_err(failed)?;
        check_kind(status.mode)?;
        program.size = status.size;
        if is_open_for_writing(fd) {
            return Err(Refusal::Open(Errno::ETXTBSY));
        }
        Ok(program)
    }

    /// Opens any file that may be read, for its symbols.
    pub fn open_to_read(path: &[u8]) -> Option<ProgramFile> {
        let path = CString::new(path).ok()?;
        let fd = file::open(file::CWD, &path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0).ok()?;
        ProgramFile::from_fd(fd).ok()
    }

    /// The open file's descriptor, which stays the program's.
    pub fn descriptor(&self) -> i32 {
        self.fd
    }

    /// Takes over a descriptor that a former blink opened and checked.
    pub fn from_fd(fd: i32) -> Result<ProgramFile, Refusal> {
        let status = file::status(fd).map_err(|error| Refusal::Open(error.into()))?;
        Ok(ProgramFile { fd, size: status.size })
    }

    /// A second descriptor of the same file, which stays open when another program is executed.
    pub fn duplicate(&self) -> Result<ProgramFile, Errno> {
        const F_DUPFD: i32 = 0;
        let fd = file::fcntl(self.fd, F_DUPFD, 3)?;
        Ok(ProgramFile { fd: fd as i32, size: self.size })
    }

    /// A program that is open already, checked by whoever opened it. The descriptor becomes this object's.
    pub fn adopt(fd: i32) -> Result<ProgramFile, Refusal> {
        let status = file::status(fd).map_err(|error| Refusal::Open(error.into()))?;
        Ok(ProgramFile { fd, size: status.size })
    }

    /// The descriptor, which stays this object's.
    pub fn fd(&self) -> i32 {
        self.fd
    }

    /// Gives the descriptor away.
    pub fn into_fd(self) -> i32 {
        let fd = self.fd;
        core::mem::forget(self);
        fd
    }

    /// Where the file lies, for `/proc/self/exe`. `given` is the path by which it was opened.
    pub fn absolute_path(&self, given: &[u8]) -> Vec<u8> {
        let name = CString::new(format!("/proc/self/fd/{}", self.fd)).unwrap_or_default();
        if let Ok(path) = file::readlinkat(file::CWD, &name, 4096)
            && path.starts_with(b"/")
        {
            return path;
        }
        if given.starts_with(b"/") {
            return given.to_vec();
        }
        let mut path = host::dir::current().unwrap_or_default();
        path.push(b'/');
        path.extend(given.strip_prefix(b"./").unwrap_or(given));
        path
    }

    /// The whole contents, for symbol tables.
    pub fn contents(&self, limit: u64) -> Vec<u8> {
        let mut bytes = vec![0; self.size.min(limit) as usize];
        let count = self.read_at(0, &mut bytes).unwrap_or(0);
        bytes.truncate(count);
        bytes
    }
}

impl Drop for ProgramFile {
    fn drop(&mut self) {
        let _ = file::close(self.fd);
    }
}

impl Source for ProgramFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Errno> {
        let mut done = 0;
        while done < buffer.len() {
            let Some(position) = offset.checked_add(done as u64).and_then(|at| i64::try_from(at).ok()) else { break };
            let mut segments = Segments::new();
            segments.push_mut(&mut buffer[done..]);
            match io::read(self.fd, &segments, Position::At(position), 0) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(host::Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(done)
    }

    fn size(&self) -> u64 {
        self.size
    }
}

impl Files for GuestFiles {
    type File = ProgramFile;

    fn open(&self, path: &[u8]) -> Result<ProgramFile, Refusal> {
        let path = CString::new(path).map_err(|_| Refusal::Open(Errno::ENOENT))?;
        let place = self.root.resolve(file::CWD, &path, Last::Follow, &|_| None).map_err(Refusal::Open)?;
        ProgramFile::open(place.dir(), place.path())
    }
}

fn check_kind(mode: u16) -> Result<(), Refusal> {
    match mode & S_IFMT {
        S_IFREG => Ok(()),
        S_IFDIR => Err(Refusal::Directory),
        _ => Err(Refusal::NotRegular),
    }
}

/// Execute permission for the effective user, file systems mounted `noexec` included.
fn executable(dir: i32, path: &CStr) -> Result<(), host::Errno> {
    match file::faccessat2(dir, path, X_OK, AT_EACCESS) {
        Err(error) if error == host::Errno::ENOSYS || error == host::Errno::EINVAL => file::faccessat(dir, path, X_OK),
        other => other,
    }
    .map(drop)
}

/// A read lease is refused with EAGAIN while anyone has the file open for writing. Who may not ask (not the owner) finds out nothing.
fn is_open_for_writing(fd: i32) -> bool {
    match file::fcntl(fd, F_SETLEASE, F_RDLCK) {
        Ok(_) => {
            let _ = file::fcntl(fd, F_SETLEASE, F_UNLCK);
            false
        }
        Err(error) => error == host::Errno::EAGAIN && cfg!(target_os = "linux"),
    }
}
