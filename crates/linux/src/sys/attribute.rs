//! Changing a file's attributes: mode, owner, times, extended attributes (man 2 chmod, chown, utimensat, setxattr).

use super::{Answer, answer, done};
use crate::abi::consts::*;
use crate::abi::flags::AtFlags;
use crate::abi::{Timespec, Timeval, Utimbuf};
use crate::errno::Errno;
use crate::path::{self, Last, Place};
use crate::task::Task;
use crate::user::{DirFd, Fd, Mode, UserBuf, UserPtr, UserSlice, UserStr};
use alloc::ffi::CString;
use host::file::{self, Object};
use host::time::Time;

/// Where a path argument leads, whose last link is followed or not by `flags`.
fn target(task: &mut Task, dirfd: i32, pathname: UserStr, flags: u32) -> Result<Place, Errno> {
    let path = pathname.read(task)?;
    path::resolve(task, dirfd, &path, if flags & AT_SYMLINK_NOFOLLOW == 0 { Last::Follow } else { Last::Keep })
}

pub fn umask(_task: &mut Task, mask: Mode) -> Answer {
    answer(file::umask(mask.0 & 0o777))
}

pub fn chmod(task: &mut Task, pathname: UserStr, mode: Mode) -> Answer {
    fchmodat(task, DirFd::CWD, pathname, mode)
}

pub fn fchmodat(task: &mut Task, dirfd: DirFd, pathname: UserStr, mode: Mode) -> Answer {
    let place = target(task, dirfd.0, pathname, 0)?;
    answer(file::fchmodat(place.dir(), place.path(), mode.0 & 0xffff))
}

pub fn fchmodat2(task: &mut Task, dirfd: DirFd, pathname: UserStr, mode: Mode, flags: AtFlags) -> Answer {
    if flags.0 & !(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0 {
        return Err(Errno::EINVAL);
    }
    let place = target(task, dirfd.0, pathname, flags.0)?;
    answer(file::fchmodat2(place.dir(), place.path(), mode.0 & 0xffff, flags.0))
}

pub fn fchmod(_task: &mut Task, fd: Fd, mode: Mode) -> Answer {
    answer(file::fchmod(fd.0, mode.0 & 0xffff))
}

pub fn chown(task: &mut Task, pathname: UserStr, owner: u32, group: u32) -> Answer {
    fchownat(task, DirFd::CWD, pathname, owner, group, AtFlags(0))
}

pub fn lchown(task: &mut Task, pathname: UserStr, owner: u32, group: u32) -> Answer {
    fchownat(task, DirFd::CWD, pathname, owner, group, AtFlags(AT_SYMLINK_NOFOLLOW))
}

pub fn fchown(_task: &mut Task, fd: Fd, owner: u32, group: u32) -> Answer {
    answer(file::fchown(fd.0, owner, group))
}

pub fn fchownat(task: &mut Task, dirfd: DirFd, pathname: UserStr, owner: u32, group: u32, flags: AtFlags) -> Answer {
    if flags.0 & !(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0 {
        return Err(Errno::EINVAL);
    }
    let place = target(task, dirfd.0, pathname, flags.0)?;
    answer(file::fchownat(place.dir(), place.path(), owner, group, flags.0))
}

fn set_times(task: &mut Task, dirfd: i32, pathname: UserStr, times: Option<[Time; 2]>, flags: u32) -> Answer {
    let place = target(task, dirfd, pathname, flags)?;
    done(file::utimensat(place.dir(), Some(place.path()), times, flags))
}

pub fn utime(task: &mut Task, filename: UserStr, times: UserPtr<Utimbuf>) -> Answer {
    let times = times
        .read_optional(task)?
        .map(|times| [times.actime, times.modtime].map(|seconds| Time { seconds, nanoseconds: 0 }));
    set_times(task, file::CWD, filename, times, 0)
}

fn microseconds(task: &mut Task, times: UserPtr<[Timeval; 2]>) -> Result<Option<[Time; 2]>, Errno> {
    let Some(times) = times.read_optional(task)? else { return Ok(None) };
    if times.iter().any(|time| !(0..1_000_000).contains(&time.tv_usec)) {
        return Err(Errno::EINVAL);
    }
    Ok(Some(times.map(|time| Time { seconds: time.tv_sec, nanoseconds: time.tv_usec * 1000 })))
}

pub fn utimes(task: &mut Task, filename: UserStr, times: UserPtr<[Timeval; 2]>) -> Answer {
    let times = microseconds(task, times)?;
    set_times(task, file::CWD, filename, times, 0)
}

/// man 2 futimesat: a null path is the descriptor itself.
pub fn futimesat(task: &mut Task, dirfd: DirFd, pathname: UserStr, times: UserPtr<[Timeval; 2]>) -> Answer {
    let times = microseconds(task, times)?;
    if pathname.is_null() {
        return done(file::utimensat(dirfd.0, None, times, 0));
    }
    set_times(task, dirfd.0, pathname, times, 0)
}

const UTIME_OMIT: i64 = 0x3fff_fffe;

pub fn utimensat(
    task: &mut Task,
    dirfd: DirFd,
    pathname: UserStr,
    times: UserPtr<[Timespec; 2]>,
    flags: AtFlags,
) -> Answer {
    let times = times.read_optional(task)?;
    if times.is_some_and(|times| times.iter().all(|time| time.tv_nsec == UTIME_OMIT)) {
        return Ok(0);
    }
    let times = times.map(|times| times.map(|time| Time { seconds: time.tv_sec, nanoseconds: time.tv_nsec }));
    if pathname.is_null() && dirfd != DirFd::CWD {
        if flags.0 != 0 {
            return Err(Errno::EINVAL);
        }
        return done(file::utimensat(dirfd.0, None, times, 0));
    }
    set_times(task, dirfd.0, pathname, times, flags.0)
}

/// Longest name and value of an extended attribute.
const XATTR_NAME_MAX: usize = 256;
const XATTR_SIZE_MAX: u64 = 65536;

fn xattr_name(task: &mut Task, name: UserStr) -> Result<CString, Errno> {
    let name = name.read_limited(task, XATTR_NAME_MAX, Errno::ERANGE)?;
    if name.is_empty() { Err(Errno::ERANGE) } else { Ok(name) }
}

/// The file of an extended attribute, as the call names it.
#[derive(Clone, Copy)]
enum Named {
    Path(UserStr, Last),
    Descriptor(Fd),
}

impl Named {
    /// Finds the file and does `act` with it.
    fn with<T>(self, task: &mut Task, act: impl FnOnce(Object) -> Result<T, host::Errno>) -> Result<T, Errno> {
        let (path, last) = match self {
            Named::Descriptor(fd) => return Ok(act(Object::Descriptor(fd.0))?),
            Named::Path(path, last) => (path.read(task)?, last),
        };
        let text = path::resolve(task, file::CWD, &path, last)?;
        let text = text.text();
        Ok(act(if last == Last::Follow { Object::Path(&text) } else { Object::Link(&text) })?)
    }
}

fn set(task: &mut Task, file: Named, name: UserStr, value: UserSlice, size: u64, flags: i32) -> Answer {
    if flags & !3 != 0 {
        return Err(Errno::EINVAL);
    }
    let name = xattr_name(task, name)?;
    if size > XATTR_SIZE_MAX {
        return Err(Errno::E2BIG);
    }
    let value = value.read(task, size)?;
    file.with(task, |object| file::setxattr(object, &name, &value, flags))?;
    Ok(0)
}

fn get(task: &mut Task, file: Named, name: UserStr, value: UserBuf, size: u64) -> Answer {
    let name = xattr_name(task, name)?;
    let mut buffer = vec![0; size.min(XATTR_SIZE_MAX) as usize];
    let n = file.with(task, |object| file::getxattr(object, &name, &mut buffer))?;
    if size > 0 {
        value.write(task, &buffer[..n])?;
    }
    Ok(n as u64)
}

fn list_names(task: &mut Task, file: Named, list: UserBuf, size: u64) -> Answer {
    let mut buffer = vec![0; size.min(XATTR_SIZE_MAX) as usize];
    let n = file.with(task, |object| file::listxattr(object, &mut buffer))?;
    if size > 0 {
        list.write(task, &buffer[..n])?;
    }
    Ok(n as u64)
}

fn remove(task: &mut Task, file: Named, name: UserStr) -> Answer {
    let name = xattr_name(task, name)?;
    file.with(task, |object| file::removexattr(object, &name))?;
    Ok(0)
}

pub fn setxattr(task: &mut Task, path: UserStr, name: UserStr, value: UserSlice, size: u64, flags: i32) -> Answer {
    set(task, Named::Path(path, Last::Follow), name, value, size, flags)
}

pub fn lsetxattr(task: &mut Task, path: UserStr, name: UserStr, value: UserSlice, size: u64, flags: i32) -> Answer {
    set(task, Named::Path(path, Last::Keep), name, value, size, flags)
}

pub fn fsetxattr(task: &mut Task, fd: Fd, name: UserStr, value: UserSlice, size: u64, flags: i32) -> Answer {
    set(task, Named::Descriptor(fd), name, value, size, flags)
}

pub fn getxattr(task: &mut Task, path: UserStr, name: UserStr, value: UserBuf, size: u64) -> Answer {
    get(task, Named::Path(path, Last::Follow), name, value, size)
}

pub fn lgetxattr(task: &mut Task, path: UserStr, name: UserStr, value: UserBuf, size: u64) -> Answer {
    get(task, Named::Path(path, Last::Keep), name, value, size)
}

pub fn fgetxattr(task: &mut Task, fd: Fd, name: UserStr, value: UserBuf, size: u64) -> Answer {
    get(task, Named::Descriptor(fd), name, value, size)
}

pub fn listxattr(task: &mut Task, path: UserStr, list: UserBuf, size: u64) -> Answer {
    list_names(task, Named::Path(path, Last::Follow), list, size)
}

pub fn llistxattr(task: &mut Task, path: UserStr, list: UserBuf, size: u64) -> Answer {
    list_names(task, Named::Path(path, Last::Keep), list, size)
}

pub fn flistxattr(task: &mut Task, fd: Fd, list: UserBuf, size: u64) -> Answer {
    list_names(task, Named::Descriptor(fd), list, size)
}

pub fn removexattr(task: &mut Task, path: UserStr, name: UserStr) -> Answer {
    remove(task, Named::Path(path, Last::Follow), name)
}

pub fn lremovexattr(task: &mut Task, path: UserStr, name: UserStr) -> Answer {
    remove(task, Named::Path(path, Last::Keep), name)
}

pub fn fremovexattr(task: &mut Task, fd: Fd, name: UserStr) -> Answer {
    remove(task, Named::Descriptor(fd), name)
}
