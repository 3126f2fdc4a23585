//! Looking at files: the `stat` family, `access`, `statfs` (man 2 stat, statx, access, statfs).

use super::{Answer, answer};
use crate::abi::consts::*;
use crate::abi::flags::{AccessMode, AtFlags, StatxMask};
use crate::abi::{Abi, Stat, Statfs, Statx, StatxTimestamp};
use crate::errno::Errno;
use crate::path::{self, Last};
use crate::task::Task;
use crate::user::{Address, DirFd, Fd, UserMut, UserStr};
use alloc::ffi::CString;
use host::file::{self, FileSystem, Status};

/// The kernel's `new_encode_dev`, as user space sees it.
fn device((major, minor): (u32, u32)) -> u64 {
    let (major, minor) = (u64::from(major), u64::from(minor));
    (minor & 0xff) | (major & 0xfff) << 8 | (minor & !0xff) << 12 | (major & !0xfff) << 32
}

fn to_stat(status: &Status) -> Stat {
    Stat {
        st_dev: device(status.device),
        st_ino: status.inode,
        st_nlink: u64::from(status.links),
        st_mode: u32::from(status.mode),
        st_uid: status.uid,
        st_gid: status.gid,
        st_rdev: device(status.special_device),
        st_size: status.size as i64,
        st_blksize: i64::from(status.block_size),
        st_blocks: status.blocks as i64,
        st_atime: status.accessed.seconds,
        st_atime_nsec: status.accessed.nanoseconds as u64,
        st_mtime: status.modified.seconds,
        st_mtime_nsec: status.modified.nanoseconds as u64,
        st_ctime: status.changed.seconds,
        st_ctime_nsec: status.changed.nanoseconds as u64,
    }
}

/// Path and flags as the kernel's `vfs_statx` reads them: with `AT_EMPTY_PATH` an empty (or null) path is the descriptor.
fn look(task: &mut Task, dirfd: DirFd, pathname: UserStr, flags: u32, mask: u32) -> Result<Status, Errno> {
    if pathname.is_null() && flags & AT_EMPTY_PATH != 0 {
        return Ok(file::statx(dirfd.0, c"", flags, mask)?);
    }
    let path = pathname.read(task)?;
    let last = if flags & AT_SYMLINK_NOFOLLOW == 0 { Last::Follow } else { Last::Keep };
    let place = path::resolve(task, dirfd.0, &path, last)?;
    let status = file::statx(place.dir(), place.path(), flags, mask)?;
    if last == Last::Follow
        && let Some(exe) = path::program_instead(task, Some(status), dirfd.0, &path)
    {
        return Ok(file::statx(exe.dir(), exe.path(), flags, mask)?);
    }
    Ok(status)
}

const BASIC: u32 = 0x7ff;

pub fn newfstatat(task: &mut Task, dirfd: DirFd, pathname: UserStr, statbuf: UserMut<Stat>, flags: AtFlags) -> Answer {
    if flags.0 & !(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE) != 0 {
        return Err(Errno::EINVAL);
    }
    let status = look(task, dirfd, pathname, flags.0, BASIC)?;
    statbuf.write(task, &to_stat(&status))?;
    Ok(0)
}

pub fn stat(task: &mut Task, path: UserStr, statbuf: UserMut<Stat>) -> Answer {
    newfstatat(task, DirFd::CWD, path, statbuf, AtFlags(0))
}

pub fn lstat(task: &mut Task, path: UserStr, statbuf: UserMut<Stat>) -> Answer {
    newfstatat(task, DirFd::CWD, path, statbuf, AtFlags(AT_SYMLINK_NOFOLLOW))
}

pub fn fstat(task: &mut Task, fd: Fd, statbuf: UserMut<Stat>) -> Answer {
    if fd.0 < 0 {
        return Err(Errno::EBADF);
    }
    let status = file::status(fd.0)?;
    statbuf.write(task, &to_stat(&status))?;
    Ok(0)
}

/// man 2 statx.
pub fn statx(
    task: &mut Task,
    dirfd: DirFd,
    pathname: UserStr,
    flags: AtFlags,
    mask: StatxMask,
    statxbuf: UserMut<Statx>,
) -> Answer {
    let known = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE;
    if mask.0 & 0x8000_0000 != 0 || flags.0 & AT_STATX_SYNC_TYPE == AT_STATX_SYNC_TYPE || flags.0 & !known != 0 {
        return Err(Errno::EINVAL);
    }
    let status = look(task, dirfd, pathname, flags.0, mask.0)?;
    let time = |time: host::time::Time| StatxTimestamp { tv_sec: time.seconds, tv_nsec: time.nanoseconds as u32 };
    let [unit_min, unit_max, segments_max, read_align] = status.atomic;
    let answer = Statx {
        stx_mask: status.mask,
        stx_blksize: status.block_size,
        stx_attributes: status.attributes,
        stx_nlink: status.links,
        stx_uid: status.uid,
        stx_gid: status.gid,
        stx_mode: status.mode,
        stx_ino: status.inode,
        stx_size: status.size,
        stx_blocks: status.blocks,
        stx_attributes_mask: status.attributes_mask,
        stx_atime: time(status.accessed),
        stx_btime: time(status.born),
        stx_ctime: time(status.changed),
        stx_mtime: time(status.modified),
        stx_rdev_major: status.special_device.0,
        stx_rdev_minor: status.special_device.1,
        stx_dev_major: status.device.0,
        stx_dev_minor: status.device.1,
        stx_mnt_id: status.mount,
        stx_dio_mem_align: status.direct_alignment[0],
        stx_dio_offset_align: status.direct_alignment[1],
        stx_subvol: status.subvolume,
        stx_atomic_write_unit_min: unit_min,
        stx_atomic_write_unit_max: unit_max,
        stx_atomic_write_segments_max: segments_max,
        stx_dio_read_offset_align: read_align,
    };
    statxbuf.write(task, &answer)?;
    Ok(0)
}

pub fn access(task: &mut Task, path: UserStr, mode: AccessMode) -> Answer {
    faccessat(task, DirFd::CWD, path, mode)
}

pub fn faccessat(task: &mut Task, dirfd: DirFd, pathname: UserStr, mode: AccessMode) -> Answer {
    faccessat2(task, dirfd, pathname, mode, AtFlags(0))
}

pub fn faccessat2(task: &mut Task, dirfd: DirFd, pathname: UserStr, mode: AccessMode, flags: AtFlags) -> Answer {
    if mode.0 & !7 != 0 || flags.0 & !(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) != 0 {
        return Err(Errno::EINVAL);
    }
    let path = pathname.read(task)?;
    let last = if flags.0 & AT_SYMLINK_NOFOLLOW == 0 { Last::Follow } else { Last::Keep };
    let place = path::resolve(task, dirfd.0, &path, last)?;
    answer(match flags.0 {
        0 => file::faccessat(place.dir(), place.path(), mode.0),
        flags => file::faccessat2(place.dir(), place.path(), mode.0, flags),
    })
}

fn to_statfs(fs: &FileSystem) -> Statfs {
    Statfs {
        f_type: fs.kind,
        f_bsize: fs.block_size,
        f_blocks: fs.blocks,
        f_bfree: fs.free,
        f_bavail: fs.available,
        f_files: fs.files,
        f_ffree: fs.files_free,
        f_fsid: fs.id,
        f_namelen: fs.name_length,
        f_frsize: fs.fragment_size,
        f_flags: fs.flags,
    }
}

pub fn statfs(task: &mut Task, path: UserStr, buf: UserMut<Statfs>) -> Answer {
    let path = path.read_path(task)?;
    let fs = file::statfs(&path::resolve(task, file::CWD, &path, Last::Follow)?.text())?;
    buf.write(task, &to_statfs(&fs))?;
    Ok(0)
}

pub fn fstatfs(task: &mut Task, fd: Fd, buf: UserMut<Statfs>) -> Answer {
    let fs = file::fstatfs(fd.0)?;
    buf.write(task, &to_statfs(&fs))?;
    Ok(0)
}

/// man 2 ustat: by device number, which only mounted file systems have. The host's call is gone from its libraries, so the
/// mounts are asked one by one.
pub fn ustat(task: &mut Task, dev: u32, ubuf: Address) -> Answer {
    let mounts = file::read_text(c"/proc/self/mountinfo").map_err(|_| Errno::ENOSYS)?;
    for line in mounts.lines() {
        let mut words = line.split(' ').skip(2);
        let (Some(number), _, Some(place)) = (words.next(), words.next(), words.next()) else { continue };
        let Some((major, minor)) = number.split_once(':') else { continue };
        let (Ok(major), Ok(minor)) = (major.parse(), minor.parse()) else { continue };
        if device((major, minor)) as u32 != dev {
            continue;
        }
        let place = CString::new(place).map_err(|_| Errno::EINVAL)?;
        let fs = file::statfs(&place)?;
        // struct ustat: f_tfree (4 bytes, then padding), f_tinode (8), f_fname[6], f_fpack[6].
        let mut raw = [0; 32];
        (fs.free as i32).encode(&mut raw[..4]);
        fs.files_free.encode(&mut raw[8..16]);
        task.store(ubuf.0, &raw)?;
        return Ok(0);
    }
    Err(Errno::EINVAL)
}
