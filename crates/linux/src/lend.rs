//! Guest memory for the host to read or write: the buffers of `read`, `send` and their kin.
//!
//! A buffer that the guest may not use is lent up to where it may; behind that lies a segment that the kernel cannot
//! touch. So a short file read into a long bad buffer succeeds, a bad descriptor is found before a bad pointer, and data
//! arrive up to the fault, all as on Linux.

use crate::abi::IoVec;
use crate::errno::Errno;
use crate::task::{Access, Task};
use crate::user::UserPtr;
use alloc::vec::Vec;
use host::io::Segments;
use memory::GuestRange;

/// Linux's `MAX_RW_COUNT`: no transfer is larger.
pub const MAX_COUNT: u64 = 0x7fff_f000;
/// Linux's `UIO_MAXIOV`.
pub const MAX_SEGMENTS: u64 = 1024;
/// First address that no user may name (`TASK_SIZE_MAX` with 47 bits).
const LIMIT: u64 = 0x7fff_ffff_f000;

/// True if `length` bytes from `address` lie in user space, mapped or not (`access_ok`).
pub fn is_user(address: u64, length: u64) -> bool {
    address.checked_add(length).is_some_and(|end| end <= LIMIT)
}

/// Runs `transfer` on the guest's buffers `list` (address, length) with the right `access`; its result is passed on, and
/// what it wrote is noted.
pub fn lend(
    task: &mut Task,
    list: &[(u64, u64)],
    access: Access,
    transfer: impl FnOnce(&Segments) -> Result<usize, host::Errno>,
) -> Result<usize, Errno> {
    lend_scattered(task, list, access, usize::MAX, transfer)
}

/// The same for a call that takes everything at once or not at all: it gets no more segments than Linux allows.
pub fn lend_message(
    task: &mut Task,
    list: &[(u64, u64)],
    access: Access,
    transfer: impl FnOnce(&Segments) -> Result<usize, host::Errno>,
) -> Result<usize, Errno> {
    // One may follow that cannot be touched.
    let most = (MAX_SEGMENTS as usize - 1) / list.len().max(1);
    lend_scattered(task, list, access, most, transfer)
}

/// A buffer that lies in more than `most` places on the host is copied.
fn lend_scattered(
    task: &mut Task,
    list: &[(u64, u64)],
    access: Access,
    most: usize,
    transfer: impl FnOnce(&Segments) -> Result<usize, host::Errno>,
) -> Result<usize, Errno> {
    if let [(address, length)] = *list
        && length <= SMALL as u64
        && task.cpu.memory.probe(address, length, access).is_ok()
    {
        return lend_small(task, address, length as usize, access, transfer);
    }
    let mut pieces: Vec<(Piece, usize)> = Vec::with_capacity(list.len());
    let mut room = MAX_COUNT;
    for &(address, length) in list {
        let length = length.min(room);
        room -= length;
        let (range, good) = usable(task, address, length, access);
        pieces.push((piece(task, range, (address, good), access, most)?, (length - good) as usize));
        if good < length {
            break;
        }
    }
    let mut segments = Segments::new();
    for (piece, bad) in &mut pieces {
        match piece {
            // Some files look at an empty segment too.
            Piece::Direct(range) if range.chunks().is_empty() && *bad == 0 => segments.push_bad(0),
            Piece::Direct(range) => segments.push_guest(range),
            Piece::Copied(bytes) => segments.push_mut(bytes),
        }
        if *bad > 0 {
            segments.push_bad(*bad);
        }
    }
    let count = transfer(&segments)?;
    if access == Access::Write {
        let mut rest = count as u64;
        for (&(address, length), (piece, _)) in list.iter().zip(&pieces) {
            let n = rest.min(length);
            match piece {
                Piece::Copied(bytes) => task.store(address, &bytes[..(n as usize).min(bytes.len())])?,
                Piece::Direct(_) if n > 0 => task.note_write(address, n),
                Piece::Direct(_) => {}
            }
            rest -= n;
        }
    }
    Ok(count)
}

/// Up to this length a copy on the stack costs less than looking up the host's pages.
const SMALL: usize = 512;

/// A short buffer, all of which may be used.
fn lend_small(
    task: &mut Task,
    address: u64,
    length: usize,
    access: Access,
    transfer: impl FnOnce(&Segments) -> Result<usize, host::Errno>,
) -> Result<usize, Errno> {
    let mut buffer = [0u8; SMALL];
    let bytes = &mut buffer[..length];
    if access == Access::Read {
        task.load(address, bytes)?;
    }
    let mut segments = Segments::new();
    segments.push_mut(bytes);
    let count = transfer(&segments)?;
    drop(segments);
    if access == Access::Write {
        task.store(address, &buffer[..count.min(length)])?;
    }
    Ok(count)
}

/// A buffer of the guest as the host's kernel gets it.
enum Piece {
    Direct(GuestRange),
    Copied(Vec<u8>),
}

/// Longest buffer that is copied where it is scattered on the host.
const COPY_LIMIT: u64 = 1 << 20;

/// One buffer of the guest must be one for the host too: what is not a stream (inotify, procfs, terminals) looks at each
/// segment by itself. Very long ones are for streams and stay scattered.
fn piece(
    task: &mut Task,
    range: GuestRange,
    (address, length): (u64, u64),
    access: Access,
    most: usize,
) -> Result<Piece, Errno> {
    let places = range.chunks().len();
    if places <= 1 || length > COPY_LIMIT && places <= most {
        return Ok(Piece::Direct(range));
    }
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length as usize).map_err(|_| Errno::ENOMEM)?;
    bytes.resize(length as usize, 0);
    if access == Access::Read {
        task.load(address, &mut bytes)?;
    }
    Ok(Piece::Copied(bytes))
}

/// The buffers up to the first byte that may not be used: `EFAULT` if that is the first of all.
pub fn usable_prefix(task: &mut Task, list: &[(u64, u64)], access: Access) -> Result<Vec<(u64, u64)>, Errno> {
    let mut prefix = Vec::with_capacity(list.len());
    for &(address, length) in list {
        let (_, good) = usable(task, address, length, access);
        prefix.push((address, good));
        if good < length {
            break;
        }
    }
    if prefix.iter().all(|&(_, length)| length == 0) { Err(Errno::EFAULT) } else { Ok(prefix) }
}

/// The part of a buffer from its start that may be used, and its length.
fn usable(task: &mut Task, address: u64, length: u64, access: Access) -> (GuestRange, u64) {
    match task.cpu.memory.range(address, length, access) {
        Ok(range) => (range, length),
        Err(fault) => {
            let good = fault.address.wrapping_sub(address).min(length);
            match task.cpu.memory.range(address, good, access) {
                Ok(range) => (range, good),
                Err(_) => (GuestRange::default(), 0),
            }
        }
    }
}

/// The buffers of a `readv` or `writev`: `EINVAL` for too many or a sum beyond `ssize_t`, `EFAULT` for a bad list or one that
/// leaves user space (`import_iovec`).
pub fn vectors(task: &mut Task, iov: UserPtr<IoVec>, count: u64) -> Result<Vec<(u64, u64)>, Errno> {
    // The kernel counts in 32 bits.
    let count = u64::from(count as u32);
    if count > MAX_SEGMENTS {
        return Err(Errno::EINVAL);
    }
    let list = iov.read_array(task, count)?;
    if list.iter().any(|entry| (entry.iov_len as i64) < 0) {
        return Err(Errno::EINVAL);
    }
    // One buffer alone is cut before it is checked (`import_ubuf`).
    let limit = if count == 1 { MAX_COUNT } else { u64::MAX };
    if list.iter().any(|entry| !is_user(entry.iov_base, entry.iov_len.min(limit))) {
        return Err(Errno::EFAULT);
    }
    Ok(list.iter().map(|entry| (entry.iov_base, entry.iov_len)).collect())
}
