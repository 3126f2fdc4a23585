//! Where a path leads: to the host's file system, or to a file that only the guest sees (`/proc/self/maps`).
//!
//! [`resolve`] answers for every call that takes a path. Where the guest's [root](crate::root) is the host's, the kernel resolves
//! paths by itself, so symbolic links, mounts and races are its own. What must differ is found afterwards by what was opened:
//! a file of procfs that would tell of blink's process instead of the guest's is replaced by a sealed file with the guest's
//! truth, and blink's own program, if the way led over `/proc/self/exe`, by the guest's.

use crate::errno::Errno;
use crate::procfs::{self, Node};
pub use crate::root::{Last, Place, Restrictions};
use crate::task::Task;
use alloc::borrow::ToOwned;
use alloc::ffi::CString;
use alloc::vec::Vec;
use core::ffi::CStr;
use host::file;

/// Where `path`, relative to the directory `dir`, leads.
pub fn resolve(task: &Task, dir: i32, path: &CStr, last: Last) -> Result<Place, Errno> {
    resolve_within(task, dir, path, last, Restrictions::default())
}

/// [`resolve`] with what `openat2` forbids on the way. The call itself applies it to the place that comes out.
fn resolve_within(task: &Task, dir: i32, path: &CStr, last: Last, restrictions: Restrictions) -> Result<Place, Errno> {
    let root = task.process.root();
    if !root.is_host() {
        return root.resolve_within(dir, path, last, restrictions, &|directory| exe_in(task, directory));
    }
    match last {
        Last::Follow if restrictions == Restrictions::default() => {
            Ok(exe(task, dir, path)
                .map_or_else(|| Place::given(dir, path.to_owned()), |exe| Place::given(file::CWD, exe)))
        }
        _ => Ok(Place::given(dir, path.to_owned())),
    }
}

/// Opens `path` by `open(dir, path)` and puts the guest's truth in the place of a file of procfs.
pub fn open(
    task: &mut Task,
    dir: i32,
    path: &CStr,
    flags: u32,
    restrictions: Restrictions,
    open: impl Fn(i32, &CStr) -> Result<i32, host::Errno>,
) -> Result<u64, Errno> {
    use crate::abi::consts::{O_ACCMODE, O_CLOEXEC, O_CREAT, O_EXCL, O_NOFOLLOW, O_PATH, O_TRUNC};
    let is_kept = flags & O_NOFOLLOW != 0 || flags & (O_CREAT | O_EXCL) == O_CREAT | O_EXCL;
    let last = if is_kept { Last::Keep } else { Last::Follow };
    let place = resolve_within(task, dir, path, last, restrictions)?;
    if flags & O_PATH == 0 && flags & (O_ACCMODE | O_TRUNC) != 0 {
        check_not_running(task, &place)?;
    }
    let result = open(place.dir(), place.path());
    let mut fd = result.map_err(|error| Errno::from(error).restart_as(Errno::RESTARTSYS))?;
    if flags & O_NOFOLLOW == 0
        && let Some(exe) = program_instead(task, file::status(fd).ok(), dir, path)
    {
        let _ = file::close(fd);
        fd = open(exe.dir(), exe.path())?;
    }
    if flags & O_PATH != 0 {
        return Ok(fd as u64);
    }
    let name = if file::is_proc(fd) {
        name(fd)
    } else {
        // Where blink is itself emulated, what opens may be a stand-in for the file of procfs.
        path.to_bytes().starts_with(b"/proc/").then(|| path.to_bytes().to_vec())
    };
    let Some(name) = name else { return Ok(fd as u64) };
    let bytes = match procfs::find(task, &name) {
        Node::File(bytes) => bytes,
        Node::Denied => return refuse(fd, Errno::EACCES),
        Node::Missing => return refuse(fd, Errno::ENOENT),
        Node::Host | Node::Link(_) => return Ok(fd as u64),
    };
    let synthetic = file::contents(c"proc", &bytes, true)?;
    let moved = file::dup3(synthetic, fd, flags & O_CLOEXEC);
    let _ = file::close(synthetic);
    Ok(moved? as u64)
}

/// A program that runs is not written to: `ETXTBSY`. The host's kernel knows of blink alone.
pub fn check_not_running(task: &Task, place: &Place) -> Result<(), Errno> {
    const S_IFMT: u16 = 0o170000;
    const S_IFREG: u16 = 0o100000;
    let Ok(status) = file::status_at(place.dir(), place.path(), 0) else { return Ok(()) };
    let may_be_program = status.mode & S_IFMT == S_IFREG && status.mode & 0o111 != 0;
    if may_be_program && procfs::is_running(task, &status) { Err(Errno::ETXTBSY) } else { Ok(()) }
}

fn refuse(fd: i32, error: Errno) -> Result<u64, Errno> {
    let _ = file::close(fd);
    Err(error)
}

/// Where the guest's program lies, if `path` led to blink itself by a link of procfs, be it by way of links of the user's.
pub fn program_instead(task: &Task, found: Option<file::Status>, dir: i32, path: &CStr) -> Option<Place> {
    let status = found?;
    if !host::process::is_program(status.device, status.inode) {
        return None;
    }
    let root = task.process.root();
    let exe = root.exe_on_the_way(dir, path, &|directory| exe_in(task, directory))?;
    root.resolve(file::CWD, &CString::new(exe).ok()?, Last::Follow, &|_| None).ok()
}

/// The path that the link `/proc/PID/exe` stands for, if `path` names that link of a guest in whatever way.
pub fn exe(task: &Task, dir: i32, path: &CStr) -> Option<CString> {
    exe_in(task, &exe_directory(dir, path)?).and_then(|exe| CString::new(exe).ok())
}

/// The program of the process whose directory in procfs this is, as far as it is a guest's.
fn exe_in(task: &Task, directory: &[u8]) -> Option<Vec<u8>> {
    if is_own_directory(directory, host::process::pid() as u32) {
        Some(task.process.exe.clone())
    } else {
        procfs::exe_of_other(task, directory)
    }
}

/// The directory in procfs whose link `exe` is `path`.
fn exe_directory(dir: i32, path: &CStr) -> Option<Vec<u8>> {
    let parent = match path.to_bytes().strip_suffix(b"exe")? {
        b"" => c".".to_owned(),
        parent @ [.., b'/'] => CString::new(parent).ok()?,
        _ => return None,
    };
    const O_PATH_DIRECTORY_CLOEXEC: u32 = 0o12200000;
    let fd = file::open(dir, &parent, O_PATH_DIRECTORY_CLOEXEC, 0).ok()?;
    let directory = if file::is_proc(fd) { name(fd) } else { None };
    let _ = file::close(fd);
    directory
}

/// `/proc/PID` or `/proc/PID/task/TID` of this process.
fn is_own_directory(path: &[u8], pid: u32) -> bool {
    let own = format!("/proc/{pid}");
    match path.strip_prefix(own.as_bytes()) {
        Some(b"") => true,
        Some(rest) => rest.strip_prefix(b"/task/").is_some_and(|tid| tid.iter().all(u8::is_ascii_digit)),
        None => false,
    }
}

/// The path by which the host knows the open file `fd`.
pub fn name(fd: i32) -> Option<Vec<u8>> {
    let link = CString::new(format!("/proc/self/fd/{fd}")).ok()?;
    file::readlinkat(file::CWD, &link, 4096).ok()
}

/// A UNIX socket's address, where it is an absolute path: the host's, and what keeps it valid.
pub fn socket_address(task: &Task, address: Vec<u8>, last: Last) -> Result<(Vec<u8>, Option<Place>), Errno> {
    const AF_UNIX: [u8; 2] = 1u16.to_ne_bytes();
    /// `sun_path` with its NUL.
    const ROOM: usize = 108;
    if task.process.root().is_host() || !address.starts_with(&AF_UNIX) || address.get(2) != Some(&b'/') {
        return Ok((address, None));
    }
    let text = &address[2..];
    let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
    let path = CString::new(&text[..end]).map_err(|_| Errno::EINVAL)?;
    let place = resolve(task, file::CWD, &path, last)?;
    let named = name(place.dir()).map(|directory| [&directory[..], b"/", place.path().to_bytes()].concat());
    let text = named.filter(|text| text.len() < ROOM).unwrap_or_else(|| place.text().into_bytes());
    let mut bytes = AF_UNIX.to_vec();
    bytes.extend(text);
    bytes.push(0);
    Ok((bytes, Some(place)))
}

/// A UNIX socket's address as the guest knows it.
pub fn guest_socket_address(task: &Task, address: &mut Vec<u8>) -> bool {
    const AF_UNIX: [u8; 2] = 1u16.to_ne_bytes();
    let root = task.process.root();
    if root.is_host() || !address.starts_with(&AF_UNIX) || address.get(2) != Some(&b'/') {
        return false;
    }
    let text = address[2..].to_vec();
    let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
    let inside = root.name(text[..end].to_vec());
    address.truncate(2);
    address.extend(inside);
    address.push(0);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exe_is_found_by_where_it_is() {
        let is_own = |path: &CStr| {
            exe_directory(file::CWD, path)
                .is_some_and(|directory| is_own_directory(&directory, host::process::pid() as u32))
        };
        assert!(is_own(c"/proc/self/exe"));
        assert!(is_own(c"/proc/self/../self/exe"));
        assert!(is_own(c"/proc/thread-self/exe"));
        assert!(!is_own(c"/tmp/exe"));
        assert!(!is_own(c"/proc/1/exe"));
        assert!(!is_own(c"/proc/self/notexe"));
        assert!(!is_own_directory(b"/proc/123/fd", 12));
    }
}
