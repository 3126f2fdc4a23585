//! Directories: the current one, the root, and reading entries.

use crate::call::call;
use crate::errno::Errno;
use crate::raw::plain_calls;
use alloc::vec::Vec;
use core::ffi::CStr;

plain_calls! {
    fn chdir(path: &CStr) = libc::SYS_chdir;
    fn fchdir(fd: i32) = libc::SYS_fchdir;
    fn chroot(path: &CStr) = libc::SYS_chroot;
    fn mkdirat(dir: i32, path: &CStr, mode: u32) = libc::SYS_mkdirat;
}

/// One directory entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub inode: u64,
    /// Where reading goes on after this entry (for `seek`).
    pub next: i64,
    /// `DT_*`.
    pub kind: u8,
    pub name: Vec<u8>,
}

/// man 2 getcwd: the path without its NUL.
pub fn current() -> Result<Vec<u8>, Errno> {
    let mut path = vec![0u8; 4096];
    // SAFETY: the buffer lives over the call.
    let n = unsafe { call(libc::SYS_getcwd, [path.as_mut_ptr() as usize, path.len()]) }?;
    path.truncate(n.saturating_sub(1));
    Ok(path)
}

/// man 2 getdents64: entries that fit `room` bytes of the kernel's format; empty at the end.
pub fn entries(fd: i32, room: usize) -> Result<Vec<Entry>, Errno> {
    let mut raw = vec![0u64; room.min(1 << 20).div_ceil(8)];
    let length = room.min(1 << 20);
    // SAFETY: the buffer has at least `length` bytes.
    let n = unsafe { call(libc::SYS_getdents64, [fd as usize, raw.as_mut_ptr() as usize, length]) }?;
    let bytes: Vec<u8> = raw.iter().flat_map(|word| word.to_ne_bytes()).take(n).collect();
    let mut all = Vec::new();
    let mut rest = &bytes[..];
    while rest.len() >= 19 {
        let word = |at: usize| {
            let mut raw = [0; 8];
            raw.copy_from_slice(&rest[at..at + 8]);
            u64::from_ne_bytes(raw)
        };
        let size = usize::from(u16::from_ne_bytes([rest[16], rest[17]]));
        if size < 19 || size > rest.len() {
            break;
        }
        let name = &rest[19..size];
        let end = name.iter().position(|&b| b == 0).unwrap_or(name.len());
        all.push(Entry { inode: word(0), next: word(8) as i64, kind: rest[18], name: name[..end].to_vec() });
        rest = &rest[size..];
    }
    Ok(all)
}
