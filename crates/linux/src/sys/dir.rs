//! Directories and names: reading, making, linking, renaming, removing (man 2 getdents, mkdir, link, rename, unlink, chdir).

use super::{Answer, answer};
use crate::abi::Abi;
use crate::abi::consts::*;
use crate::abi::flags::{AtFlags, RenameFlags, UnlinkFlags};
use crate::errno::Errno;
use crate::path;
use crate::procfs;
use crate::task::Task;
use crate::user::{DirFd, Fd, Hex, Mode, UserBuf, UserStr};
use alloc::vec::Vec;
use host::dir::{self, Entry};
use host::file;

/// The two formats of a directory entry, without its name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    /// `linux_dirent`: type in the last byte of the record.
    Old,
    /// `linux_dirent64`: type before the name.
    New,
}

impl Format {
    fn record(self, entry: &Entry) -> Vec<u8> {
        let size = match self {
            Format::Old => 18 + entry.name.len() + 2,
            Format::New => 19 + entry.name.len() + 1,
        };
        let size = size.next_multiple_of(8);
        let mut raw = vec![0; size];
        entry.inode.encode(&mut raw[..8]);
        entry.next.encode(&mut raw[8..16]);
        (size as u16).encode(&mut raw[16..18]);
        let name = match self {
            Format::Old => {
                raw[size - 1] = entry.kind;
                18
            }
            Format::New => {
                raw[18] = entry.kind;
                19
            }
        };
        raw[name..name + entry.name.len()].copy_from_slice(&entry.name);
        raw
    }
}

fn read_entries(task: &mut Task, fd: Fd, dirp: UserBuf, count: u32, format: Format) -> Answer {
    // The records of both formats have the same sizes on all hosts, give or take the last one that fits.
    let entries = dir::entries(fd.0, count as usize)?;
    let directory = if host::own::numbers().is_empty() || !file::is_proc(fd.0) { None } else { path::name(fd.0) };
    let mut raw = Vec::with_capacity(count as usize);
    for entry in &entries {
        if directory.as_ref().is_some_and(|directory| procfs::hides(task, directory, &entry.name)) {
            continue;
        }
        let record = format.record(entry);
        if raw.len() + record.len() > count as usize {
            break;
        }
        raw.extend_from_slice(&record);
    }
    if raw.is_empty() && !entries.is_empty() {
        // Only hidden entries in this piece: the next one.
        return read_entries(task, fd, dirp, count, format);
    }
    dirp.write(task, &raw)?;
    Ok(raw.len() as u64)
}

pub fn getdents64(task: &mut Task, fd: Fd, dirp: UserBuf, count: u32) -> Answer {
    read_entries(task, fd, dirp, count, Format::New)
}

pub fn getdents(task: &mut Task, fd: Fd, dirp: UserBuf, count: u32) -> Answer {
    read_entries(task, fd, dirp, count, Format::Old)
}

/// man 2 getcwd: the length with its NUL.
pub fn getcwd(task: &mut Task, buf: UserBuf, size: u64) -> Answer {
    let mut path = dir::current()?;
    path.push(0);
    if path.len() as u64 > size {
        return Err(Errno::ERANGE);
    }
    buf.write(task, &path)?;
    Ok(path.len() as u64)
}

pub fn chdir(task: &mut Task, path: UserStr) -> Answer {
    answer(dir::chdir(&path.read(task)?))
}

pub fn fchdir(_task: &mut Task, fd: Fd) -> Answer {
    answer(dir::fchdir(fd.0))
}

pub fn chroot(task: &mut Task, path: UserStr) -> Answer {
    answer(dir::chroot(&path.read(task)?))
}

pub fn mkdir(task: &mut Task, pathname: UserStr, mode: Mode) -> Answer {
    mkdirat(task, DirFd::CWD, pathname, mode)
}

pub fn mkdirat(task: &mut Task, dirfd: DirFd, pathname: UserStr, mode: Mode) -> Answer {
    answer(dir::mkdirat(dirfd.0, &pathname.read(task)?, mode.0 & 0xffff))
}

pub fn mknod(task: &mut Task, pathname: UserStr, mode: Mode, dev: Hex) -> Answer {
    mknodat(task, DirFd::CWD, pathname, mode, dev)
}

pub fn mknodat(task: &mut Task, dirfd: DirFd, pathname: UserStr, mode: Mode, dev: Hex) -> Answer {
    answer(file::mknodat(dirfd.0, &pathname.read(task)?, mode.0 & 0xffff, dev.0 as u32))
}

pub fn rmdir(task: &mut Task, pathname: UserStr) -> Answer {
    unlinkat(task, DirFd::CWD, pathname, UnlinkFlags(AT_REMOVEDIR))
}

pub fn unlink(task: &mut Task, pathname: UserStr) -> Answer {
    unlinkat(task, DirFd::CWD, pathname, UnlinkFlags(0))
}

pub fn unlinkat(task: &mut Task, dirfd: DirFd, pathname: UserStr, flags: UnlinkFlags) -> Answer {
    if flags.0 & !AT_REMOVEDIR != 0 {
        return Err(Errno::EINVAL);
    }
    answer(file::unlinkat(dirfd.0, &pathname.read(task)?, flags.0))
}

pub fn link(task: &mut Task, oldpath: UserStr, newpath: UserStr) -> Answer {
    linkat(task, DirFd::CWD, oldpath, DirFd::CWD, newpath, AtFlags(0))
}

pub fn linkat(
    task: &mut Task,
    olddirfd: DirFd,
    oldpath: UserStr,
    newdirfd: DirFd,
    newpath: UserStr,
    flags: AtFlags,
) -> Answer {
    if flags.0 & !(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH) != 0 {
        return Err(Errno::EINVAL);
    }
    let old = oldpath.read(task)?;
    let new = newpath.read(task)?;
    let exe = if flags.0 & AT_SYMLINK_FOLLOW != 0 { path::exe(task, olddirfd.0, &old) } else { None };
    let (dir, old) = exe.map_or((olddirfd.0, old), |exe| (file::CWD, exe));
    answer(file::linkat(dir, &old, newdirfd.0, &new, flags.0))
}

pub fn symlink(task: &mut Task, target: UserStr, linkpath: UserStr) -> Answer {
    symlinkat(task, target, DirFd::CWD, linkpath)
}

pub fn symlinkat(task: &mut Task, target: UserStr, newdirfd: DirFd, linkpath: UserStr) -> Answer {
    let target = target.read(task)?;
    let link = linkpath.read(task)?;
    answer(file::symlinkat(&target, newdirfd.0, &link))
}

pub fn readlink(task: &mut Task, pathname: UserStr, buf: UserBuf, bufsiz: i32) -> Answer {
    readlinkat(task, DirFd::CWD, pathname, buf, bufsiz)
}

pub fn readlinkat(task: &mut Task, dirfd: DirFd, pathname: UserStr, buf: UserBuf, bufsiz: i32) -> Answer {
    if bufsiz <= 0 {
        return Err(Errno::EINVAL);
    }
    let path = pathname.read(task)?;
    let mut text = match path::exe(task, dirfd.0, &path) {
        Some(exe) => exe.into_bytes(),
        None => file::readlinkat(dirfd.0, &path, bufsiz as usize)?,
    };
    text.truncate(bufsiz as usize);
    buf.write(task, &text)?;
    Ok(text.len() as u64)
}

pub fn rename(task: &mut Task, oldpath: UserStr, newpath: UserStr) -> Answer {
    renameat2(task, DirFd::CWD, oldpath, DirFd::CWD, newpath, RenameFlags(0))
}

pub fn renameat(task: &mut Task, olddirfd: DirFd, oldpath: UserStr, newdirfd: DirFd, newpath: UserStr) -> Answer {
    renameat2(task, olddirfd, oldpath, newdirfd, newpath, RenameFlags(0))
}

pub fn renameat2(
    task: &mut Task,
    olddirfd: DirFd,
    oldpath: UserStr,
    newdirfd: DirFd,
    newpath: UserStr,
    flags: RenameFlags,
) -> Answer {
    let old = oldpath.read(task)?;
    let new = newpath.read(task)?;
    answer(file::renameat2(olddirfd.0, &old, newdirfd.0, &new, flags.0))
}

pub fn mount(
    task: &mut Task,
    source: UserStr,
    target: UserStr,
    filesystemtype: UserStr,
    mountflags: Hex,
    data: crate::user::Address,
) -> Answer {
    let optional = |task: &mut Task, text: UserStr| if text.is_null() { Ok(None) } else { text.read(task).map(Some) };
    let kind = optional(task, filesystemtype)?;
    let source = optional(task, source)?;
    let target = target.read(task)?;
    let data = optional(task, UserStr(data.0))?;
    answer(file::mount(source.as_deref(), &target, kind.as_deref(), mountflags.0 as usize, data.as_deref()))
}

pub fn umount2(task: &mut Task, target: UserStr, flags: i32) -> Answer {
    answer(file::umount2(&target.read(task)?, flags))
}

pub fn pivot_root(task: &mut Task, new_root: UserStr, put_old: UserStr) -> Answer {
    let new = new_root.read(task)?;
    answer(file::pivot_root(&new, &put_old.read(task)?))
}

pub fn swapon(task: &mut Task, path: UserStr, swapflags: i32) -> Answer {
    answer(file::swapon(&path.read(task)?, swapflags))
}

pub fn swapoff(task: &mut Task, path: UserStr) -> Answer {
    answer(file::swapoff(&path.read(task)?))
}

/// man 2 name_to_handle_at: `struct file_handle { handle_bytes, handle_type, bytes[] }`.
pub fn name_to_handle_at(
    task: &mut Task,
    dirfd: DirFd,
    pathname: UserStr,
    handle: crate::user::Address,
    mount_id: crate::user::UserMut<i32>,
    flags: AtFlags,
) -> Answer {
    let room = crate::user::UserPtr::<u32>::new(handle.0).read(task)?;
    if room > 128 {
        return Err(Errno::EINVAL);
    }
    let path = pathname.read(task)?;
    let mut needed = 0;
    let size = crate::user::UserMut::<u32>::new(handle.0);
    match file::name_to_handle(dirfd.0, &path, room as usize, flags.0, &mut needed) {
        Ok((kind, bytes, mount)) => {
            size.write(task, &needed)?;
            size.write_at(task, 1, &(kind as u32))?;
            task.store(handle.0 + 8, &bytes)?;
            mount_id.write(task, &mount)?;
            Ok(0)
        }
        Err(error) => {
            if Errno::from(error) == Errno::EOVERFLOW {
                size.write(task, &needed)?;
            }
            Err(error.into())
        }
    }
}

pub fn open_by_handle_at(
    task: &mut Task,
    mount_fd: DirFd,
    handle: crate::user::Address,
    flags: crate::abi::flags::OpenFlags,
) -> Answer {
    let pointer = crate::user::UserPtr::<u32>::new(handle.0);
    let size = pointer.read(task)?;
    if size == 0 || size > 128 {
        return Err(Errno::EINVAL);
    }
    let kind = pointer.read_at(task, 1)?;
    let mut bytes = vec![0; size as usize];
    task.load(handle.0 + 8, &mut bytes)?;
    Ok(file::open_by_handle(mount_fd.0, kind as i32, &bytes, flags.0)? as u64)
}

/// man 2 inotify_add_watch.
pub fn inotify_add_watch(task: &mut Task, fd: Fd, pathname: UserStr, mask: crate::abi::flags::InotifyMask) -> Answer {
    answer(file::inotify_add_watch(fd.0, &pathname.read(task)?, mask.0))
}

pub fn inotify_rm_watch(_task: &mut Task, fd: Fd, wd: i32) -> Answer {
    answer(file::inotify_rm_watch(fd.0, wd))
}
