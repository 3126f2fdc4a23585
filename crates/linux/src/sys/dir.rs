//! Directories and names: reading, making, linking, renaming, removing (man 2 getdents, mkdir, link, rename, unlink, chdir).

use super::{Answer, answer, must_be_open};
use crate::abi::Abi;
use crate::abi::consts::*;
use crate::abi::flags::{AtFlags, RenameFlags, UnlinkFlags};
use crate::errno::Errno;
use crate::path::{self, Last, Place};
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

/// The place that a path argument names.
fn place(task: &mut Task, dirfd: DirFd, path: UserStr, last: Last) -> Result<Place, Errno> {
    let path = path.read(task)?;
    path::resolve(task, dirfd.0, &path, last)
}

/// man 2 getcwd: the length with its NUL.
pub fn getcwd(task: &mut Task, buf: UserBuf, size: u64) -> Answer {
    let mut path = dir::current()?;
    if let Some(inside) = task.process.root().inside(&path) {
        path = inside;
    } else if !path.starts_with(b"(") {
        path.splice(..0, *b"(unreachable)");
    }
    path.push(0);
    if path.len() as u64 > size {
        return Err(Errno::ERANGE);
    }
    buf.write(task, &path)?;
    Ok(path.len() as u64)
}

pub fn chdir(task: &mut Task, path: UserStr) -> Answer {
    let place = place(task, DirFd::CWD, path, Last::Follow)?;
    answer(dir::chdir(&place.text()))
}

pub fn fchdir(_task: &mut Task, fd: Fd) -> Answer {
    answer(dir::fchdir(fd.0))
}

/// man 2 chroot: the host's, unless the guest's root is another already.
pub fn chroot(task: &mut Task, path: UserStr) -> Answer {
    const CAP_SYS_CHROOT: u32 = 18;
    let place = place(task, DirFd::CWD, path, Last::Follow)?;
    let root = task.process.root();
    if root.is_host() {
        return answer(dir::chroot(&place.text()));
    }
    let changed = root.changed(&place)?;
    // Search permission comes before the privilege.
    file::faccessat2(place.dir(), place.path(), 1, AT_EACCESS)?;
    if !host::identity::has_capability(CAP_SYS_CHROOT) {
        return Err(Errno::EPERM);
    }
    task.process.set_root(changed);
    Ok(0)
}

pub fn mkdir(task: &mut Task, pathname: UserStr, mode: Mode) -> Answer {
    mkdirat(task, DirFd::CWD, pathname, mode)
}

pub fn mkdirat(task: &mut Task, dirfd: DirFd, pathname: UserStr, mode: Mode) -> Answer {
    let place = place(task, dirfd, pathname, Last::Name)?;
    answer(dir::mkdirat(place.dir(), place.path(), mode.0 & 0xffff))
}

pub fn mknod(task: &mut Task, pathname: UserStr, mode: Mode, dev: Hex) -> Answer {
    mknodat(task, DirFd::CWD, pathname, mode, dev)
}

pub fn mknodat(task: &mut Task, dirfd: DirFd, pathname: UserStr, mode: Mode, dev: Hex) -> Answer {
    // The type is looked at before the name (`may_mknod`).
    const S_IFDIR: u32 = 0o040000;
    match mode.0 & 0o170000 {
        0 | 0o100000 | 0o020000 | 0o060000 | 0o010000 | 0o140000 => {}
        S_IFDIR => return Err(Errno::EPERM),
        _ => return Err(Errno::EINVAL),
    }
    let place = place(task, dirfd, pathname, Last::Name)?;
    answer(file::mknodat(place.dir(), place.path(), mode.0 & 0xffff, dev.0 as u32))
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
    let text = pathname.read(task)?;
    let place = path::resolve(task, dirfd.0, &text, Last::Name)?;
    if flags.0 & AT_REMOVEDIR != 0 && !task.process.root().is_host() {
        // Not names of the host's, which may be there above the guest's root.
        let mut names = text.to_bytes().rsplit(|&byte| byte == b'/').filter(|name| !name.is_empty());
        match names.next() {
            None if !text.is_empty() => return Err(Errno::EBUSY),
            Some(b"..") => return Err(Errno::ENOTEMPTY),
            _ => {}
        }
    }
    answer(file::unlinkat(place.dir(), place.path(), flags.0))
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
    let last = if flags.0 & AT_SYMLINK_FOLLOW != 0 { Last::Follow } else { Last::Keep };
    let old = place(task, olddirfd, oldpath, last)?;
    let new = match place(task, newdirfd, newpath, Last::Name) {
        Ok(new) => new,
        Err(error) => {
            // The old name is looked up first.
            let flags = if last == Last::Follow { 0 } else { AT_SYMLINK_NOFOLLOW };
            file::status_at(old.dir(), old.path(), flags)?;
            return Err(error);
        }
    };
    answer(file::linkat(old.dir(), old.path(), new.dir(), new.path(), flags.0))
}

pub fn symlink(task: &mut Task, target: UserStr, linkpath: UserStr) -> Answer {
    symlinkat(task, target, DirFd::CWD, linkpath)
}

pub fn symlinkat(task: &mut Task, target: UserStr, newdirfd: DirFd, linkpath: UserStr) -> Answer {
    let target = target.read_path(task)?;
    let link = place(task, newdirfd, linkpath, Last::Name)?;
    answer(file::symlinkat(&target, link.dir(), link.path()))
}

pub fn readlink(task: &mut Task, pathname: UserStr, buf: UserBuf, bufsiz: i32) -> Answer {
    readlinkat(task, DirFd::CWD, pathname, buf, bufsiz)
}

pub fn readlinkat(task: &mut Task, dirfd: DirFd, pathname: UserStr, buf: UserBuf, bufsiz: i32) -> Answer {
    if bufsiz <= 0 {
        return Err(Errno::EINVAL);
    }
    let place = place(task, dirfd, pathname, Last::Keep)?;
    let mut text = match path::exe(task, place.dir(), place.path()) {
        Some(exe) if exe.as_bytes() == &task.process.exe[..] => procfs::exe_link(task),
        Some(exe) => exe.into_bytes(),
        None => read_link(task, &place, bufsiz as usize)?,
    };
    text.truncate(bufsiz as usize);
    buf.write(task, &text)?;
    Ok(text.len() as u64)
}

/// The text of a link. Those of procfs tell the host's paths, of which the guest knows its part.
fn read_link(task: &Task, place: &Place, room: usize) -> Result<Vec<u8>, Errno> {
    let root = task.process.root();
    if root.is_host() {
        return Ok(file::readlinkat(place.dir(), place.path(), room)?);
    }
    let text = file::readlinkat(place.dir(), place.path(), 4096)?;
    if !text.starts_with(b"/") || !path::name(place.dir()).is_some_and(|directory| directory.starts_with(b"/proc/")) {
        return Ok(text);
    }
    if place.path() == c"root" {
        return Ok(b"/".to_vec());
    }
    Ok(root.name(text))
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
    const NOREPLACE_OR_WHITEOUT: u32 = 5;
    const EXCHANGE: u32 = 2;
    if flags.0 & !7 != 0 || flags.0 & EXCHANGE != 0 && flags.0 & NOREPLACE_OR_WHITEOUT != 0 {
        return Err(Errno::EINVAL);
    }
    let old = place(task, olddirfd, oldpath, Last::Name)?;
    let new = place(task, newdirfd, newpath, Last::Name)?;
    answer(file::renameat2(old.dir(), old.path(), new.dir(), new.path(), flags.0))
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
    let target = place(task, DirFd::CWD, target, Last::Follow)?.text();
    let data = optional(task, UserStr(data.0))?;
    // A device or, for a bind mount, a directory is a path like any other; else the name means nothing.
    let source = match source {
        Some(name) if name.to_bytes().starts_with(b"/") && !task.process.root().is_host() => {
            Some(path::resolve(task, file::CWD, &name, Last::Follow)?.text())
        }
        other => other,
    };
    answer(file::mount(source.as_deref(), &target, kind.as_deref(), mountflags.0 as usize, data.as_deref()))
}

pub fn umount2(task: &mut Task, target: UserStr, flags: i32) -> Answer {
    const UMOUNT_NOFOLLOW: i32 = 8;
    if flags & !0xf != 0 {
        return Err(Errno::EINVAL);
    }
    let last = if flags & UMOUNT_NOFOLLOW != 0 { Last::Keep } else { Last::Follow };
    answer(file::umount2(&place(task, DirFd::CWD, target, last)?.text(), flags))
}

pub fn pivot_root(task: &mut Task, new_root: UserStr, put_old: UserStr) -> Answer {
    let new = place(task, DirFd::CWD, new_root, Last::Follow)?;
    answer(file::pivot_root(&new.text(), &place(task, DirFd::CWD, put_old, Last::Follow)?.text()))
}

pub fn swapon(task: &mut Task, path: UserStr, swapflags: i32) -> Answer {
    answer(file::swapon(&place(task, DirFd::CWD, path, Last::Follow)?.text(), swapflags))
}

pub fn swapoff(task: &mut Task, path: UserStr) -> Answer {
    answer(file::swapoff(&place(task, DirFd::CWD, path, Last::Follow)?.text()))
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
    const AT_HANDLE_FID: u32 = 0x200;
    const AT_HANDLE_MNT_ID_UNIQUE: u32 = 1;
    const AT_HANDLE_CONNECTABLE: u32 = 2;
    const KNOWN: u32 =
        AT_SYMLINK_FOLLOW | AT_EMPTY_PATH | AT_HANDLE_FID | AT_HANDLE_MNT_ID_UNIQUE | AT_HANDLE_CONNECTABLE;
    if flags.0 & !KNOWN != 0 || flags.0 & AT_HANDLE_CONNECTABLE != 0 && flags.0 & (AT_HANDLE_FID | AT_EMPTY_PATH) != 0 {
        return Err(Errno::EINVAL);
    }
    let last = if flags.0 & AT_SYMLINK_FOLLOW != 0 { Last::Follow } else { Last::Keep };
    let place = place(task, dirfd, pathname, last)?;
    let header = crate::user::UserMut::<u32>::new(handle.0);
    let room = match header.as_ptr().read(task) {
        Ok(room @ 0..=128) => room,
        wrong => {
            // The path is looked at first.
            return match file::name_to_handle(place.dir(), place.path(), 0, flags.0).0 {
                Err(error) if error != host::Errno::EOVERFLOW => Err(error.into()),
                _ => Err(wrong.err().unwrap_or(Errno::EINVAL)),
            };
        }
    };
    let (result, needed, mount) = file::name_to_handle(place.dir(), place.path(), room as usize, flags.0);
    // What does not fit has the type FILEID_INVALID.
    const INVALID: u32 = 255;
    let (kind, bytes) = match result {
        Ok((kind, bytes)) => (kind as u32, Some(bytes)),
        Err(error) if error == host::Errno::EOVERFLOW => (INVALID, None),
        Err(error) => return Err(error.into()),
    };
    // The number that is the same for ever has 64 bits.
    if flags.0 & AT_HANDLE_MNT_ID_UNIQUE != 0 {
        crate::user::UserMut::<u64>::new(mount_id.address).write(task, &mount)?;
    } else {
        mount_id.write(task, &(mount as i32))?;
    }
    header.write(task, &needed)?;
    header.write_at(task, 1, &kind)?;
    match bytes {
        Some(bytes) => task.store(handle.0.wrapping_add(8), &bytes).map(|()| 0),
        None => Err(Errno::EOVERFLOW),
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
    const ALL: u32 = 0xf700_efff;
    const IN_DONT_FOLLOW: u32 = 0x0200_0000;
    const IN_MASK_ADD_AND_CREATE: u32 = 0x3000_0000;
    if mask.0 & ALL == 0 || mask.0 & IN_MASK_ADD_AND_CREATE == IN_MASK_ADD_AND_CREATE {
        return Err(Errno::EINVAL);
    }
    // The descriptor comes before the path.
    must_be_open(fd)?;
    let last = if mask.0 & IN_DONT_FOLLOW != 0 { Last::Keep } else { Last::Follow };
    let place = match place(task, DirFd::CWD, pathname, last) {
        Ok(place) => place,
        Err(error) => {
            let probe = file::inotify_add_watch(fd.0, c"", mask.0).map_err(Errno::from);
            return Err(if probe == Err(Errno::EINVAL) { Errno::EINVAL } else { error });
        }
    };
    answer(file::inotify_add_watch(fd.0, &place.text(), mask.0))
}

pub fn inotify_rm_watch(_task: &mut Task, fd: Fd, wd: i32) -> Answer {
    answer(file::inotify_rm_watch(fd.0, wd))
}
