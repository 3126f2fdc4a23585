//! Where a path leads: to the host's file system, or to a file that only the guest sees (`/proc/self/maps`).
//!
//! The kernel itself resolves every path, so symbolic links, mounts and races are its own. What must differ is found
//! afterwards by what was opened: a file of procfs that would tell of blink's process instead of the guest's is replaced by
//! a sealed file with the guest's truth. Only `/proc/self/exe` is a link out of procfs and is looked for before.

use crate::errno::Errno;
use crate::procfs::{self, Node};
use crate::task::Task;
use alloc::borrow::ToOwned;
use alloc::ffi::CString;
use alloc::vec::Vec;
use core::ffi::CStr;
use host::file;

/// Opens `path` by `open(dir, path)` and puts the guest's truth in the place of a file of procfs.
pub fn open(
    task: &mut Task,
    dir: i32,
    path: &CStr,
    flags: u32,
    open: impl Fn(i32, &CStr) -> Result<i32, host::Errno>,
) -> Result<u64, Errno> {
    use crate::abi::consts::{O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_PATH};
    let result = match exe(task, dir, path) {
        Some(exe) if flags & O_NOFOLLOW == 0 => open(file::CWD, &exe),
        _ => open(dir, path),
    };
    let fd = result.map_err(|error| Errno::from(error).restart_as(Errno::RESTARTSYS))?;
    if flags & (O_PATH | O_DIRECTORY) != 0 {
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

fn refuse(fd: i32, error: Errno) -> Result<u64, Errno> {
    let _ = file::close(fd);
    Err(error)
}

/// The path that the link `/proc/PID/exe` stands for, if `path` names that link of a guest in whatever way.
pub fn exe(task: &mut Task, dir: i32, path: &CStr) -> Option<CString> {
    let directory = exe_directory(dir, path)?;
    let exe = if is_own_directory(&directory, host::process::pid() as u32) {
        task.process.exe.clone()
    } else {
        procfs::exe_of_other(task, &directory)?
    };
    CString::new(exe).ok()
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
