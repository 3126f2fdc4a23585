//! Opening and closing, and what concerns a file's length and data on disk (man 2 open, close, dup, truncate, fsync, flock).

use super::{Answer, answer, descriptor, done, must_exist};
use crate::abi::OpenHow;
use crate::abi::consts::*;
use crate::abi::flags::{CloseRangeFlags, FallocateMode, FlockOperation, MemfdFlags, OpenFlags, PipeFlags};
use crate::errno::Errno;
use crate::path::{self, Last, Restrictions};
use crate::task::Task;
use crate::user::{DirFd, Fd, Mode, UserPtr, UserStr};
use alloc::ffi::CString;
use core::sync::atomic::Ordering::Relaxed;
use host::file;

pub fn open(task: &mut Task, path: UserStr, flags: OpenFlags, mode: Mode) -> Answer {
    openat(task, DirFd::CWD, path, flags, mode)
}

pub fn creat(task: &mut Task, path: UserStr, mode: Mode) -> Answer {
    openat(task, DirFd::CWD, path, OpenFlags(O_CREAT | O_WRONLY | O_TRUNC), mode)
}

pub fn openat(task: &mut Task, dirfd: DirFd, path: UserStr, flags: OpenFlags, mode: Mode) -> Answer {
    let path = path.read(task)?;
    // open() ignores the bits that it does not know, openat2() does not (VALID_OPEN_FLAGS).
    let flags = flags.0 & 0o37777703;
    let mode = mode.0 & 0o7777;
    let mm = task.process.mm.clone();
    path::open(task, dirfd.0, &path, flags, Restrictions::default(), |dir, path| {
        // What is mapped of a file that loses its contents is looked at anew.
        if flags & O_TRUNC != 0
            && file::status_at(dir, path, 0).is_ok_and(|status| is_regular(&status) && status.size > 0)
        {
            return mm.truncating(|| file::open(dir, path, flags, mode));
        }
        file::open(dir, path, flags, mode)
    })
}

fn is_regular(status: &file::Status) -> bool {
    status.mode & 0o170000 == 0o100000
}

/// man 2 openat2.
pub fn openat2(task: &mut Task, dirfd: DirFd, path: UserStr, how: UserPtr<OpenHow>, size: u64) -> Answer {
    if size < 24 {
        return Err(Errno::EINVAL);
    }
    if size > 4096 {
        return Err(Errno::E2BIG);
    }
    let request = how.read(task)?;
    let mut rest = vec![0; size as usize - 24];
    task.load(how.address + 24, &mut rest)?;
    if rest.iter().any(|&byte| byte != 0) {
        return Err(Errno::E2BIG);
    }
    let path = path.read(task);
    if path.is_err() || !task.process.root().is_host() {
        // The flags are looked at first.
        let probe = file::open2(file::CWD, c"", request.flags, request.mode, request.resolve).map_err(Errno::from);
        if probe == Err(Errno::EINVAL) {
            return Err(Errno::EINVAL);
        }
    }
    let path = path?;
    path::open(task, dirfd.0, &path, request.flags as u32, Restrictions(request.resolve), |dir, path| {
        file::open2(dir, path, request.flags, request.mode, request.resolve)
    })
}

pub fn close(_task: &mut Task, fd: Fd) -> Answer {
    answer(file::close(fd.0))
}

/// man 2 close_range: around blink's own descriptors.
pub fn close_range(_task: &mut Task, first: u32, last: u32, flags: CloseRangeFlags) -> Answer {
    if first > last || flags.0 & !6 != 0 {
        return Err(Errno::EINVAL);
    }
    let mut start = first;
    for own in host::own::numbers() {
        let own = own as u32;
        if own < start || own > last {
            continue;
        }
        if own > start {
            file::close_range(start, own - 1, flags.0)?;
        }
        start = own + 1;
    }
    if start <= last {
        file::close_range(start, last, flags.0)?;
    }
    Ok(0)
}

pub fn dup(_task: &mut Task, oldfd: Fd) -> Answer {
    answer(file::dup(oldfd.0))
}

pub fn dup2(task: &mut Task, oldfd: Fd, newfd: i32) -> Answer {
    if oldfd.0 == newfd {
        must_exist(oldfd)?;
        return Ok(newfd as u64);
    }
    dup3(task, oldfd, newfd, PipeFlags(0))
}

pub fn dup3(task: &mut Task, oldfd: Fd, newfd: i32, flags: PipeFlags) -> Answer {
    if flags.0 & !(O_CLOEXEC as i32) != 0 || oldfd.0 == newfd {
        return Err(Errno::EINVAL);
    }
    // The number may be one of ours: move out of the way, if the descriptor to copy exists at all.
    if host::own::is_own(newfd) {
        must_exist(oldfd)?;
        let [soft, _] = host::identity::prlimit(0, 7, None)?;
        if newfd as u64 >= soft {
            return Err(Errno::EBADF);
        }
        host::own::vacate(newfd)?;
    }
    let duplicate = file::dup3(oldfd.0, newfd, flags.0 as u32)?;
    task.process.highest_descriptor.fetch_max(duplicate, Relaxed);
    Ok(duplicate as u64)
}

pub fn truncate(task: &mut Task, path: UserStr, length: i64) -> Answer {
    if length < 0 {
        return Err(Errno::EINVAL);
    }
    let path = path.read_path(task)?;
    let place = path::resolve(task, file::CWD, &path, Last::Follow)?;
    path::check_not_running(task, &place)?;
    done(task.process.mm.truncating(|| file::truncate(&place.text(), length)))
}

pub fn ftruncate(task: &mut Task, fd: Fd, length: i64) -> Answer {
    done(task.process.mm.truncating(|| file::ftruncate(fd.0, length)))
}

pub fn fallocate(task: &mut Task, fd: Fd, mode: FallocateMode, offset: i64, len: i64) -> Answer {
    done(task.process.mm.truncating(|| file::fallocate(fd.0, mode.0, offset, len)))
}

pub fn fadvise64(_task: &mut Task, fd: Fd, offset: i64, len: i64, advice: i32) -> Answer {
    done(file::fadvise(fd.0, offset, len, advice))
}

pub fn readahead(_task: &mut Task, fd: Fd, offset: i64, count: u64) -> Answer {
    done(file::readahead(fd.0, offset, count.min(usize::MAX as u64) as usize))
}

pub fn sync(_task: &mut Task) -> Answer {
    answer(file::sync())
}

pub fn syncfs(_task: &mut Task, fd: Fd) -> Answer {
    answer(file::syncfs(fd.0))
}

pub fn fsync(_task: &mut Task, fd: Fd) -> Answer {
    answer(file::fsync(fd.0))
}

pub fn fdatasync(_task: &mut Task, fd: Fd) -> Answer {
    answer(file::fdatasync(fd.0))
}

pub fn sync_file_range(_task: &mut Task, fd: Fd, offset: i64, nbytes: i64, flags: u32) -> Answer {
    done(file::sync_file_range(fd.0, offset, nbytes, flags))
}

pub fn flock(_task: &mut Task, fd: Fd, operation: FlockOperation) -> Answer {
    answer(file::flock(fd.0, operation.0)).map_err(|error| error.restart_as(Errno::RESTARTSYS))
}

/// man 2 memfd_create: names of at most 249 bytes.
pub fn memfd_create(task: &mut Task, name: UserStr, flags: MemfdFlags) -> Answer {
    const KNOWN: u32 = 0x1f;
    const HUGETLB: u32 = 4;
    let unknown = if flags.0 & HUGETLB != 0 { !(KNOWN | 63 << 26) } else { !KNOWN };
    // Executable and not, both at once.
    if flags.0 & unknown != 0 || flags.0 & 0x18 == 0x18 {
        return Err(Errno::EINVAL);
    }
    let name: CString = name.read_limited(task, 250, Errno::EINVAL)?;
    descriptor(file::memfd_create(&name, flags.0))
}

pub fn acct(task: &mut Task, filename: UserStr) -> Answer {
    if filename.is_null() {
        return answer(file::acct(None));
    }
    let path = filename.read_path(task)?;
    answer(file::acct(Some(&path::resolve(task, file::CWD, &path, Last::Follow)?.text())))
}
