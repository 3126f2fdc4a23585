//! Files by path and by descriptor: opening, status, attributes, links. Flags are x86-64 Linux numbers ([`generic`](crate::generic)).

use crate::call::{blocking, call};
use crate::errno::{Errno, check, check_size};
use crate::generic;
use crate::nr;
use crate::raw::{blocking_calls, plain_calls};
use crate::time::Time;
use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::CStr;

/// The directory descriptor that means the current directory.
pub const CWD: i32 = libc::AT_FDCWD;

/// What `statx` knows of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    pub mask: u32,
    pub block_size: u32,
    pub attributes: u64,
    pub attributes_mask: u64,
    pub links: u32,
    pub uid: u32,
    pub gid: u32,
    pub mode: u16,
    pub inode: u64,
    pub size: u64,
    pub blocks: u64,
    pub accessed: Time,
    pub born: Time,
    pub changed: Time,
    pub modified: Time,
    pub special_device: (u32, u32),
    pub device: (u32, u32),
    pub mount: u64,
    /// Memory and offset alignment for direct I/O.
    pub direct_alignment: [u32; 2],
    pub subvolume: u64,
    /// Atomic writes: smallest, largest, segments; read offset alignment.
    pub atomic: [u32; 4],
}

/// What `statfs` knows of a file system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileSystem {
    pub kind: i64,
    pub block_size: i64,
    pub blocks: u64,
    pub free: u64,
    pub available: u64,
    pub files: u64,
    pub files_free: u64,
    pub id: [i32; 2],
    pub name_length: i64,
    pub fragment_size: i64,
    pub flags: i64,
}

/// man 2 openat. May wait (FIFOs, leases).
pub fn open(dir: i32, path: &CStr, flags: u32, mode: u32) -> Result<i32, Errno> {
    let flags = generic::to_host_open(flags | 0o100000);
    // SAFETY: the path is a C string that lives over the call.
    let fd =
        unsafe { blocking(libc::SYS_openat, [dir as usize, path.as_ptr() as usize, flags as usize, mode as usize]) }?;
    Ok(fd as i32)
}

/// man 2 openat2; `flags` are translated, `resolve` has one numbering.
pub fn open2(dir: i32, path: &CStr, flags: u64, mode: u64, resolve: u64) -> Result<i32, Errno> {
    const O_LARGEFILE: u32 = 0o100000;
    const O_PATH: u32 = 0o10000000;
    let upper = flags & !0xffff_ffff;
    // As the kernel of a 64-bit host does by itself; with O_PATH it would be refused.
    let large = if flags as u32 & O_PATH == 0 { O_LARGEFILE } else { 0 };
    let how: [u64; 3] = [u64::from(generic::to_host_open(flags as u32 | large)) | upper, mode, resolve];
    // SAFETY: path and structure live over the call, and the size is the structure's.
    let fd = unsafe { blocking(libc::SYS_openat2, [dir as usize, path.as_ptr() as usize, how.as_ptr() as usize, 24]) }?;
    Ok(fd as i32)
}

/// man 2 statx with any `AT_*` flags; `path` may be empty with `AT_EMPTY_PATH`.
pub fn statx(dir: i32, path: &CStr, flags: u32, mask: u32) -> Result<Status, Errno> {
    // The structure is the same on every CPU; as words, so that byte order is the host's own.
    let mut raw = [0u64; 32];
    // SAFETY: 256 bytes are what the kernel fills.
    unsafe {
        call(
            libc::SYS_statx,
            [dir as usize, path.as_ptr() as usize, flags as usize, mask as usize, raw.as_mut_ptr() as usize],
        )
    }?;
    let half = |index: usize| {
        let bytes = raw[index / 2].to_ne_bytes();
        let start = index % 2 * 4;
        u32::from_ne_bytes([bytes[start], bytes[start + 1], bytes[start + 2], bytes[start + 3]])
    };
    let time = |word: usize| Time { seconds: raw[word] as i64, nanoseconds: i64::from(half(word * 2 + 2)) };
    let mode = raw[3].to_ne_bytes();
    let mode_at = 28 - 24;
    Ok(Status {
        mask: half(0),
        block_size: half(1),
        attributes: raw[1],
        links: half(4),
        uid: half(5),
        gid: half(6),
        mode: u16::from_ne_bytes([mode[mode_at], mode[mode_at + 1]]),
        inode: raw[4],
        size: raw[5],
        blocks: raw[6],
        attributes_mask: raw[7],
        accessed: time(8),
        born: time(10),
        changed: time(12),
        modified: time(14),
        special_device: (half(32), half(33)),
        device: (half(34), half(35)),
        mount: raw[18],
        direct_alignment: [half(38), half(39)],
        subvolume: raw[20],
        atomic: core::array::from_fn(|i| half(42 + i)),
    })
}

const BASIC: u32 = 0x7ff;

/// man 2 fstat.
pub fn status(fd: i32) -> Result<Status, Errno> {
    statx(fd, c"", libc::AT_EMPTY_PATH as u32, BASIC)
}

/// man 2 newfstatat.
pub fn status_at(dir: i32, path: &CStr, flags: u32) -> Result<Status, Errno> {
    statx(dir, path, flags, BASIC)
}

fn file_system(raw: &libc::statfs64) -> FileSystem {
    // SAFETY: fsid_t is two ints whose names the C library hides.
    let id: [i32; 2] = unsafe { core::mem::transmute_copy(&raw.f_fsid) };
    FileSystem {
        kind: raw.f_type as u32 as i64,
        block_size: raw.f_bsize as i64,
        blocks: raw.f_blocks,
        free: raw.f_bfree,
        available: raw.f_bavail,
        files: raw.f_files,
        files_free: raw.f_ffree,
        id,
        name_length: raw.f_namelen as i64,
        fragment_size: raw.f_frsize as i64,
        flags: raw.f_flags as i64,
    }
}

/// man 2 statfs.
pub fn statfs(path: &CStr) -> Result<FileSystem, Errno> {
    // SAFETY: all-zero is a valid statfs64.
    let mut raw: libc::statfs64 = unsafe { core::mem::zeroed() };
    // SAFETY: path and answer live over the call.
    check(unsafe { libc::statfs64(path.as_ptr(), &mut raw) })?;
    Ok(file_system(&raw))
}

/// man 2 fstatfs.
pub fn fstatfs(fd: i32) -> Result<FileSystem, Errno> {
    // SAFETY: all-zero is a valid statfs64.
    let mut raw: libc::statfs64 = unsafe { core::mem::zeroed() };
    // SAFETY: the answer lives over the call.
    check(unsafe { libc::fstatfs64(fd, &mut raw) })?;
    Ok(file_system(&raw))
}

/// True if `fd` is a file of procfs.
pub fn is_proc(fd: i32) -> bool {
    fstatfs(fd).is_ok_and(|fs| fs.kind == 0x9fa0)
}

plain_calls! {
    /// man 2 close.
    fn close(fd: i32) = libc::SYS_close;
    /// man 2 faccessat: no flags.
    fn faccessat(dir: i32, path: &CStr, mode: u32) = libc::SYS_faccessat;
    /// man 2 faccessat with flags.
    fn faccessat2(dir: i32, path: &CStr, mode: u32, flags: u32) = libc::SYS_faccessat2;
    fn linkat(dir: i32, path: &CStr, new_dir: i32, new_path: &CStr, flags: u32) = libc::SYS_linkat;
    fn symlinkat(target: &CStr, dir: i32, path: &CStr) = libc::SYS_symlinkat;
    fn unlinkat(dir: i32, path: &CStr, flags: u32) = libc::SYS_unlinkat;
    fn renameat2(dir: i32, path: &CStr, new_dir: i32, new_path: &CStr, flags: u32) = libc::SYS_renameat2;
    fn mknodat(dir: i32, path: &CStr, mode: u32, device: u32) = libc::SYS_mknodat;
    fn fchmod(fd: i32, mode: u32) = libc::SYS_fchmod;
    fn fchmodat(dir: i32, path: &CStr, mode: u32) = libc::SYS_fchmodat;
    fn fchmodat2(dir: i32, path: &CStr, mode: u32, flags: u32) = nr::FCHMODAT2;
    fn fchown(fd: i32, uid: u32, gid: u32) = nr::FCHOWN;
    fn fchownat(dir: i32, path: &CStr, uid: u32, gid: u32, flags: u32) = libc::SYS_fchownat;
    fn umask(mask: u32) = libc::SYS_umask;
    fn dup(fd: i32) = libc::SYS_dup;
    fn syncfs(fd: i32) = libc::SYS_syncfs;
    fn sync() = libc::SYS_sync;
    fn acct(path: Option<&CStr>) = libc::SYS_acct;
    fn swapon(path: &CStr, flags: i32) = libc::SYS_swapon;
    fn swapoff(path: &CStr) = libc::SYS_swapoff;
    fn umount2(path: &CStr, flags: i32) = libc::SYS_umount2;
    fn pivot_root(new: &CStr, old: &CStr) = libc::SYS_pivot_root;
    fn inotify_add_watch(fd: i32, path: &CStr, mask: u32) = libc::SYS_inotify_add_watch;
    fn inotify_rm_watch(fd: i32, watch: i32) = libc::SYS_inotify_rm_watch;
}

blocking_calls! {
    fn flock(fd: i32, operation: i32) = libc::SYS_flock;
    fn fsync(fd: i32) = libc::SYS_fsync;
    fn fdatasync(fd: i32) = libc::SYS_fdatasync;
}

/// man 2 mount; the data are a C string or nothing.
pub fn mount(
    source: Option<&CStr>,
    target: &CStr,
    kind: Option<&CStr>,
    flags: usize,
    data: Option<&CStr>,
) -> Result<usize, Errno> {
    let text = |text: Option<&CStr>| text.map_or(0, |text| text.as_ptr() as usize);
    // SAFETY: all strings live over the call.
    unsafe { call(libc::SYS_mount, [text(source), target.as_ptr() as usize, text(kind), flags, text(data)]) }
}

/// man 2 dup3 (flags 0 or `O_CLOEXEC`); `vacate` the number first.
pub fn dup3(fd: i32, new: i32, flags: u32) -> Result<i32, Errno> {
    // SAFETY: integers only.
    let new = unsafe { call(libc::SYS_dup3, [fd as usize, new as usize, generic::to_host_open(flags) as usize]) }?;
    Ok(new as i32)
}

/// man 2 pipe2.
pub fn pipe(flags: u32) -> Result<[i32; 2], Errno> {
    let mut ends = [0i32; 2];
    // SAFETY: the kernel fills both numbers.
    unsafe { call(libc::SYS_pipe2, [ends.as_mut_ptr() as usize, generic::to_host_open(flags) as usize]) }?;
    Ok(ends)
}

/// man 2 memfd_create.
pub fn memfd_create(name: &CStr, flags: u32) -> Result<i32, Errno> {
    // SAFETY: the name lives over the call.
    Ok(unsafe { call(libc::SYS_memfd_create, [name.as_ptr() as usize, flags as usize]) }? as i32)
}

/// man 2 inotify_init1.
pub fn inotify_init(flags: u32) -> Result<i32, Errno> {
    // SAFETY: integers only.
    Ok(unsafe { call(libc::SYS_inotify_init1, [generic::to_host_open(flags) as usize]) }? as i32)
}

/// man 2 lseek.
pub fn seek(fd: i32, offset: i64, whence: i32) -> Result<u64, Errno> {
    // SAFETY: integers only.
    let result = unsafe { libc::lseek64(fd, offset, whence) };
    if result == -1 { Err(Errno::last()) } else { Ok(result as u64) }
}

pub fn truncate(path: &CStr, length: i64) -> Result<(), Errno> {
    // SAFETY: the path lives over the call.
    check(unsafe { libc::truncate64(path.as_ptr(), length) }).map(drop)
}

pub fn ftruncate(fd: i32, length: i64) -> Result<(), Errno> {
    // SAFETY: integers only.
    check(unsafe { libc::ftruncate64(fd, length) }).map(drop)
}

pub fn fallocate(fd: i32, mode: i32, offset: i64, length: i64) -> Result<(), Errno> {
    // SAFETY: integers only.
    check(unsafe { libc::fallocate64(fd, mode, offset, length) }).map(drop)
}

/// man 2 posix_fadvise, whose error is its result.
pub fn fadvise(fd: i32, offset: i64, length: i64, advice: i32) -> Result<(), Errno> {
    // Two of the numbers are others on s390x.
    let advice = match advice {
        4 => libc::POSIX_FADV_DONTNEED,
        5 => libc::POSIX_FADV_NOREUSE,
        6 | 7 => -1,
        other => other,
    };
    // SAFETY: integers only.
    match unsafe { libc::posix_fadvise64(fd, offset, length, advice) } {
        0 => Ok(()),
        error => Err(Errno(error)),
    }
}

pub fn readahead(fd: i32, offset: i64, count: usize) -> Result<(), Errno> {
    // SAFETY: integers only.
    check_size(unsafe { libc::readahead(fd, offset, count) }).map(drop)
}

pub fn sync_file_range(fd: i32, offset: i64, length: i64, flags: u32) -> Result<(), Errno> {
    // SAFETY: integers only.
    check(unsafe { libc::sync_file_range(fd, offset, length, flags) }).map(drop)
}

/// man 2 readlinkat: at most `limit` bytes.
pub fn readlinkat(dir: i32, path: &CStr, limit: usize) -> Result<Vec<u8>, Errno> {
    let mut text = vec![0u8; limit.clamp(1, 65536)];
    // SAFETY: path and buffer live over the call, and the length is the buffer's.
    let n = unsafe {
        call(libc::SYS_readlinkat, [dir as usize, path.as_ptr() as usize, text.as_mut_ptr() as usize, text.len()])
    }?;
    text.truncate(n);
    Ok(text)
}

/// man 2 utimensat; `None` as path works on the descriptor itself. Nanoseconds may be `UTIME_NOW` or `UTIME_OMIT`.
pub fn utimensat(dir: i32, path: Option<&CStr>, times: Option<[Time; 2]>, flags: u32) -> Result<(), Errno> {
    let path = path.map_or(0, |path| path.as_ptr() as usize);
    let pointer = times.as_ref().map_or(0, |times| times.as_ptr() as usize);
    // SAFETY: `Time` is the kernel's 64-bit timespec; path and times live over the call.
    unsafe { call(nr::UTIMENSAT, [dir as usize, path, pointer, flags as usize]) }.map(drop)
}

/// Which object an extended attribute belongs to.
#[derive(Clone, Copy, Debug)]
pub enum Object<'a> {
    Path(&'a CStr),
    /// The symbolic link itself.
    Link(&'a CStr),
    Descriptor(i32),
}

impl Object<'_> {
    fn word(self) -> usize {
        match self {
            Object::Path(path) | Object::Link(path) => path.as_ptr() as usize,
            Object::Descriptor(fd) => fd as usize,
        }
    }
    fn choose(self, numbers: [libc::c_long; 3]) -> libc::c_long {
        match self {
            Object::Path(_) => numbers[0],
            Object::Link(_) => numbers[1],
            Object::Descriptor(_) => numbers[2],
        }
    }
}

pub fn setxattr(object: Object, name: &CStr, value: &[u8], flags: i32) -> Result<(), Errno> {
    let number = object.choose([libc::SYS_setxattr, libc::SYS_lsetxattr, libc::SYS_fsetxattr]);
    // SAFETY: strings and value live over the call.
    unsafe {
        call(number, [object.word(), name.as_ptr() as usize, value.as_ptr() as usize, value.len(), flags as usize])
    }
    .map(drop)
}

/// The value, or its length alone if `value` is empty.
pub fn getxattr(object: Object, name: &CStr, value: &mut [u8]) -> Result<usize, Errno> {
    let number = object.choose([libc::SYS_getxattr, libc::SYS_lgetxattr, libc::SYS_fgetxattr]);
    // SAFETY: strings and buffer live over the call.
    unsafe { call(number, [object.word(), name.as_ptr() as usize, value.as_mut_ptr() as usize, value.len()]) }
}

pub fn removexattr(object: Object, name: &CStr) -> Result<(), Errno> {
    let number = object.choose([libc::SYS_removexattr, libc::SYS_lremovexattr, libc::SYS_fremovexattr]);
    // SAFETY: strings live over the call.
    unsafe { call(number, [object.word(), name.as_ptr() as usize]) }.map(drop)
}

pub fn listxattr(object: Object, list: &mut [u8]) -> Result<usize, Errno> {
    let number = object.choose([libc::SYS_listxattr, libc::SYS_llistxattr, libc::SYS_flistxattr]);
    // SAFETY: path and buffer live over the call.
    unsafe { call(number, [object.word(), list.as_mut_ptr() as usize, list.len()]) }
}

/// `fcntl` commands with an integer argument; `command` and flag words in x86-64 numbers.
pub fn fcntl(fd: i32, command: i32, argument: usize) -> Result<usize, Errno> {
    // MIPS and SPARC have numbers of their own for these two.
    let command = match command {
        8 => libc::F_SETOWN,
        9 => libc::F_GETOWN,
        _ => command,
    };
    // SAFETY: the caller passes commands whose argument is an integer.
    unsafe { call(FCNTL, [fd as usize, command as usize, argument]) }
}

#[cfg(target_pointer_width = "64")]
const FCNTL: libc::c_long = libc::SYS_fcntl;
#[cfg(not(target_pointer_width = "64"))]
const FCNTL: libc::c_long = libc::SYS_fcntl64;

/// `F_GETFL` in x86-64 flags.
pub fn open_flags(fd: i32) -> Result<u32, Errno> {
    Ok(generic::from_host_open(fcntl(fd, libc::F_GETFL, 0)? as u32))
}

/// `F_SETFL` in x86-64 flags.
pub fn set_open_flags(fd: i32, flags: u32) -> Result<(), Errno> {
    fcntl(fd, libc::F_SETFL, generic::to_host_open(flags) as usize).map(drop)
}

/// A record lock; types and whence in x86-64 numbers, which all hosts share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    pub kind: i16,
    pub whence: i16,
    pub start: i64,
    pub length: i64,
    pub pid: i32,
}

/// Which lock operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockCommand {
    Get,
    Set,
    /// Waits.
    SetWait,
    OfdGet,
    OfdSet,
    /// Waits.
    OfdSetWait,
}

/// `F_GETLK` and its family.
pub fn lock(fd: i32, command: LockCommand, lock: &mut Lock) -> Result<(), Errno> {
    // SAFETY: all-zero is a valid flock64.
    let mut raw: libc::flock64 = unsafe { core::mem::zeroed() };
    raw.l_type = lock.kind;
    raw.l_whence = lock.whence;
    raw.l_start = lock.start;
    raw.l_len = lock.length;
    raw.l_pid = lock.pid;
    let narrow = cfg!(not(target_pointer_width = "64"));
    let (number, waits) = match command {
        LockCommand::Get => (if narrow { 12 } else { 5 }, false),
        LockCommand::Set => (if narrow { 13 } else { 6 }, false),
        LockCommand::SetWait => (if narrow { 14 } else { 7 }, true),
        LockCommand::OfdGet => (36, false),
        LockCommand::OfdSet => (37, false),
        LockCommand::OfdSetWait => (38, true),
    };
    let args = [fd as usize, number, &raw mut raw as usize];
    // SAFETY: these commands take a `struct flock64`, which lives over the call.
    unsafe { if waits { blocking(FCNTL, args) } else { call(FCNTL, args) } }?;
    *lock = Lock { kind: raw.l_type, whence: raw.l_whence, start: raw.l_start, length: raw.l_len, pid: raw.l_pid };
    Ok(())
}

/// `F_GETOWN_EX` and `F_SETOWN_EX`: (type, pid).
pub fn owner(fd: i32) -> Result<[i32; 2], Errno> {
    let mut pair = [0i32; 2];
    // SAFETY: the kernel fills two ints.
    unsafe { call(FCNTL, [fd as usize, 16, pair.as_mut_ptr() as usize]) }?;
    Ok(pair)
}

pub fn set_owner(fd: i32, pair: [i32; 2]) -> Result<(), Errno> {
    // SAFETY: the kernel reads two ints.
    unsafe { call(FCNTL, [fd as usize, 15, pair.as_ptr() as usize]) }.map(drop)
}

/// `fcntl` commands with a pointer to one 64-bit word (read/write hints).
pub fn fcntl_word(fd: i32, command: i32, word: &mut u64) -> Result<(), Errno> {
    // SAFETY: the caller passes commands whose argument is a pointer to 64 bits.
    unsafe { call(FCNTL, [fd as usize, command as usize, word as *mut u64 as usize]) }.map(drop)
}

/// `F_GETOWNER_UIDS`.
pub fn owner_uids(fd: i32) -> Result<[u32; 2], Errno> {
    let mut pair = [0u32; 2];
    // SAFETY: the kernel fills two ids.
    unsafe { call(FCNTL, [fd as usize, 17, pair.as_mut_ptr() as usize]) }?;
    Ok(pair)
}

/// Type and bytes of a file handle.
pub type Handle = (i32, Vec<u8>);

/// man 2 name_to_handle_at: type and handle, the size that it needs (on `EOVERFLOW` too), the mount's number.
pub fn name_to_handle(dir: i32, path: &CStr, room: usize, flags: u32) -> (Result<Handle, Errno>, u32, u64) {
    let mut raw = vec![0u32; 2 + room.div_ceil(4)];
    raw[0] = room as u32;
    // An int, or 64 bits for the numbers that are the same for ever.
    const UNIQUE: u32 = 1;
    let mut mount = [0i32; 2];
    let args =
        [dir as usize, path.as_ptr() as usize, raw.as_mut_ptr() as usize, mount.as_mut_ptr() as usize, flags as usize];
    // SAFETY: the header says how many bytes follow, and they do; 8 bytes for the mount are enough for both kinds.
    let result = unsafe { call(libc::SYS_name_to_handle_at, args) };
    let [first, second] = mount.map(|half| half as u32);
    let mount = match flags & UNIQUE {
        0 => u64::from(first),
        _ if cfg!(target_endian = "big") => u64::from(first) << 32 | u64::from(second),
        _ => u64::from(second) << 32 | u64::from(first),
    };
    let handle = result.map(|_| {
        let bytes = raw[2..].iter().flat_map(|word| word.to_ne_bytes()).take(raw[0] as usize).collect();
        (raw[1] as i32, bytes)
    });
    (handle, raw[0], mount)
}

/// man 2 open_by_handle_at.
pub fn open_by_handle(mount: i32, kind: i32, handle: &[u8], flags: u32) -> Result<i32, Errno> {
    let mut raw = vec![0u8; 8 + handle.len()];
    raw[..4].copy_from_slice(&(handle.len() as u32).to_ne_bytes());
    raw[4..8].copy_from_slice(&kind.to_ne_bytes());
    raw[8..].copy_from_slice(handle);
    // SAFETY: the header says how many bytes follow, and they do.
    let fd = unsafe {
        call(
            libc::SYS_open_by_handle_at,
            [mount as usize, raw.as_ptr() as usize, generic::to_host_open(flags | 0o100000) as usize],
        )
    }?;
    Ok(fd as i32)
}

/// man 2 close_range over one gap between own descriptors; hosts without it close one by one.
pub fn close_range(first: u32, last: u32, flags: u32) -> Result<(), Errno> {
    // SAFETY: integers only.
    match unsafe { call(libc::SYS_close_range, [first as usize, last as usize, flags as usize]) } {
        Err(Errno::ENOSYS) if flags & !4 == 0 => {
            for fd in first..=last.min(1 << 20) {
                if flags & 4 != 0 {
                    let _ = fcntl(fd as i32, libc::F_SETFD, libc::FD_CLOEXEC as usize);
                } else {
                    let _ = close(fd as i32);
                }
            }
            Ok(())
        }
        other => other.map(drop),
    }
}

/// Opens a file for blink itself, whatever signals wait for the guest.
fn open_quietly(path: &CStr, flags: i32) -> Result<i32, Errno> {
    // SAFETY: a C string.
    check(unsafe { libc::open(path.as_ptr(), flags | libc::O_CLOEXEC) })
}

/// Opens a directory for blink itself, to be read by [`entries`](crate::dir::entries).
pub(crate) fn open_directory(path: &CStr) -> Result<i32, Errno> {
    open_quietly(path, libc::O_RDONLY | libc::O_DIRECTORY)
}

/// All bytes of a file that blink itself needs, such as those of `/proc`.
pub fn read_whole(path: &CStr) -> Result<Vec<u8>, Errno> {
    let fd = open_quietly(path, libc::O_RDONLY)?;
    let mut bytes = Vec::new();
    let mut part = [0u8; 4096];
    let result = loop {
        // SAFETY: pointer and length are the buffer's.
        match check_size(unsafe { libc::read(fd, part.as_mut_ptr().cast(), part.len()) }) {
            Ok(0) => break Ok(bytes),
            Ok(n) => bytes.extend_from_slice(&part[..n]),
            Err(Errno::EINTR) => {}
            Err(error) => break Err(error),
        }
    };
    let _ = close(fd);
    result
}

/// As [`read_whole`], for text.
pub fn read_text(path: &CStr) -> Result<String, Errno> {
    String::from_utf8(read_whole(path)?).map_err(|_| Errno::EINVAL)
}

/// Writes a file that is there, such as those of `/proc`.
pub fn write_whole(path: &CStr, bytes: &[u8]) -> Result<(), Errno> {
    let fd = open_quietly(path, libc::O_WRONLY)?;
    // SAFETY: pointer and length are the slice's.
    let result = check_size(unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) });
    let _ = close(fd);
    result.map(drop)
}

/// A sealed, read-only descriptor with these contents (a synthetic file).
pub fn contents(name: &CStr, bytes: &[u8], close_on_exec: bool) -> Result<i32, Errno> {
    let writable = memfd_create(name, 1)?;
    let result = (|| -> Result<i32, Errno> {
        let mut rest = bytes;
        while !rest.is_empty() {
            // SAFETY: pointer and length are the slice's.
            let n = unsafe { call(libc::SYS_write, [writable as usize, rest.as_ptr() as usize, rest.len()]) }?;
            rest = &rest[n..];
        }
        // A second open gives a read-only descriptor at offset 0; without /proc the first one serves.
        let path = alloc::ffi::CString::new(format!("/proc/self/fd/{writable}")).map_err(|_| Errno::EINVAL)?;
        match open(CWD, &path, if close_on_exec { 0o2000000 } else { 0 }, 0) {
            Ok(fd) => Ok(fd),
            Err(_) => {
                seek(writable, 0, libc::SEEK_SET)?;
                let fd = fcntl(writable, if close_on_exec { libc::F_DUPFD_CLOEXEC } else { libc::F_DUPFD }, 0)?;
                Ok(fd as i32)
            }
        }
    })();
    let _ = close(writable);
    let fd = result?;
    // The lowest free number is the guest's expectation: the memfd took it.
    if fd > writable {
        let flags = if close_on_exec { 0o2000000 } else { 0 };
        let moved = dup3(fd, writable, flags);
        let _ = close(fd);
        return moved;
    }
    Ok(fd)
}
