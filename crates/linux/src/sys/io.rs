//! Moving data: `read`, `write` and their kin (man 2 read, readv, sendfile, splice, copy_file_range, getrandom).

use super::{Answer, answer, event, must_be_open};
use crate::abi::IoVec;
use crate::abi::flags::{RandomFlags, RwFlags, SpliceFlags, Whence};
use crate::errno::Errno;
use crate::lend::{MAX_COUNT, is_user, lend, usable_prefix, vectors};
use crate::task::{Access, Task};
use crate::user::{Fd, UserBuf, UserMut, UserPtr, UserSlice};
use alloc::vec::Vec;
use host::io::{self, Position};

const S_IFMT: u16 = 0o170000;
const S_IFIFO: u16 = 0o010000;

/// A transfer that a signal interrupted starts again, unless it is a socket with a time limit (`sock_intr_errno`).
fn interrupted(fd: Fd, error: Errno) -> Errno {
    if error == Errno::EINTR && super::socket::has_time_limit(fd.0) {
        error
    } else {
        error.restart_as(Errno::RESTARTSYS)
    }
}

/// The plain buffer of a call: `EFAULT` beyond user space comes after the descriptor's errors, hence the empty list.
fn buffer(address: u64, count: u64) -> Result<[(u64, u64); 1], Errno> {
    if (count as i64) < 0 {
        return Err(Errno::EFAULT);
    }
    Ok([(address, count.min(MAX_COUNT))])
}

fn transfer(task: &mut Task, fd: Fd, list: &[(u64, u64)], access: Access, position: Position, flags: u32) -> Answer {
    if let Some(records) = event::records(fd) {
        return transfer_records(task, fd, list, access, position, flags, records);
    }
    let result = lend(task, list, access, |segments| match access {
        Access::Write => io::read(fd.0, segments, position, flags),
        _ => io::write(fd.0, segments, position, flags),
    });
    result.map(|n| n as u64).map_err(|error| interrupted(fd, error))
}

fn plain(task: &mut Task, fd: Fd, address: u64, count: u64, access: Access, position: Position) -> Answer {
    if !is_user(address, count) {
        // What the descriptor can do is looked at first; the host says it of a transfer of nothing.
        let nowhere = io::Segments::new();
        let probe = match access {
            Access::Write => io::read(fd.0, &nowhere, position, 0),
            _ => io::write(fd.0, &nowhere, position, 0),
        };
        return Err(probe.err().map_or(Errno::EFAULT, |error| interrupted(fd, error.into())));
    }
    let list = buffer(address, count)?;
    transfer(task, fd, &list, access, position, 0)
}

fn position(offset: i64) -> Result<Position, Errno> {
    if offset < 0 { Err(Errno::EINVAL) } else { Ok(Position::At(offset)) }
}

pub fn read(task: &mut Task, fd: Fd, buf: UserBuf, count: u64) -> Answer {
    plain(task, fd, buf.0, count, Access::Write, Position::Current)
}

pub fn write(task: &mut Task, fd: Fd, buf: UserSlice, count: u64) -> Answer {
    plain(task, fd, buf.0, count, Access::Read, Position::Current)
}

/// A transfer of what is laid out otherwise on this host: events, of which no one is large.
fn transfer_records(
    task: &mut Task,
    fd: Fd,
    list: &[(u64, u64)],
    access: Access,
    position: Position,
    flags: u32,
    records: event::Records,
) -> Answer {
    const LONGEST: u64 = 1 << 16;
    let mut parts: Vec<Vec<u8>> = list.iter().map(|&(_, length)| vec![0; length.min(LONGEST) as usize]).collect();
    if access == Access::Read {
        for (part, &(address, _)) in parts.iter_mut().zip(list) {
            task.load(address, part)?;
        }
        let mut bytes = parts.concat();
        event::swap_records(records, &mut bytes);
        let mut segments = io::Segments::new();
        segments.push(&bytes);
        return answer(io::write(fd.0, &segments, position, flags)).map_err(|error| interrupted(fd, error));
    }
    if records != event::Records::Watches {
        parts = vec![parts.concat()];
    }
    // inotify looks at each segment by itself.
    let mut bytes = Vec::new();
    for part in &mut parts {
        let mut segments = io::Segments::new();
        segments.push_mut(part);
        let count = match io::read(fd.0, &segments, position, flags) {
            Ok(count) => count,
            Err(_) if !bytes.is_empty() => break,
            Err(error) => return Err(interrupted(fd, error.into())),
        };
        drop(segments);
        bytes.extend_from_slice(&part[..count]);
        if count < part.len() {
            break;
        }
    }
    event::swap_records(records, &mut bytes);
    let mut rest = &bytes[..];
    for &(address, length) in list {
        let (here, behind) = rest.split_at((length.min(LONGEST) as usize).min(rest.len()));
        task.store(address, here)?;
        rest = behind;
    }
    Ok(bytes.len() as u64)
}

pub fn pread64(task: &mut Task, fd: Fd, buf: UserBuf, count: u64, offset: i64) -> Answer {
    plain(task, fd, buf.0, count, Access::Write, position(offset)?)
}

pub fn pwrite64(task: &mut Task, fd: Fd, buf: UserSlice, count: u64, offset: i64) -> Answer {
    plain(task, fd, buf.0, count, Access::Read, position(offset)?)
}

/// The vector calls look at the descriptor before the list.
fn vector(
    task: &mut Task,
    fd: Fd,
    iov: UserPtr<IoVec>,
    count: u64,
    access: Access,
    at: Position,
    flags: u32,
) -> Answer {
    let list = match vectors(task, iov, count) {
        Ok(list) => list,
        Err(error) => {
            let is_read = access == Access::Write;
            return match io::probe_vectors(fd.0, is_read, at) {
                host::Errno::EFAULT => Err(error),
                first => Err(first.into()),
            };
        }
    };
    transfer(task, fd, &list, access, at, flags)
}

pub fn readv(task: &mut Task, fd: Fd, iov: UserPtr<IoVec>, iovcnt: u64) -> Answer {
    vector(task, fd, iov, iovcnt, Access::Write, Position::Current, 0)
}

pub fn writev(task: &mut Task, fd: Fd, iov: UserPtr<IoVec>, iovcnt: u64) -> Answer {
    vector(task, fd, iov, iovcnt, Access::Read, Position::Current, 0)
}

pub fn preadv(task: &mut Task, fd: Fd, iov: UserPtr<IoVec>, iovcnt: u64, pos_l: u64, _pos_h: u64) -> Answer {
    vector(task, fd, iov, iovcnt, Access::Write, position(pos_l as i64)?, 0)
}

pub fn pwritev(task: &mut Task, fd: Fd, iov: UserPtr<IoVec>, iovcnt: u64, pos_l: u64, _pos_h: u64) -> Answer {
    vector(task, fd, iov, iovcnt, Access::Read, position(pos_l as i64)?, 0)
}

/// Offset -1 is the descriptor's own.
fn position2(offset: i64) -> Result<Position, Errno> {
    if offset == -1 { Ok(Position::Current) } else { position(offset) }
}

pub fn preadv2(
    task: &mut Task,
    fd: Fd,
    iov: UserPtr<IoVec>,
    iovcnt: u64,
    pos_l: i64,
    _pos_h: u64,
    flags: RwFlags,
) -> Answer {
    vector(task, fd, iov, iovcnt, Access::Write, position2(pos_l)?, flags.0)
}

pub fn pwritev2(
    task: &mut Task,
    fd: Fd,
    iov: UserPtr<IoVec>,
    iovcnt: u64,
    pos_l: i64,
    _pos_h: u64,
    flags: RwFlags,
) -> Answer {
    vector(task, fd, iov, iovcnt, Access::Read, position2(pos_l)?, flags.0)
}

pub fn lseek(_task: &mut Task, fd: Fd, offset: i64, whence: Whence) -> Answer {
    Ok(host::file::seek(fd.0, offset, whence.0)?)
}

/// Runs a call with up to two in-out offsets, and writes back what it made of them.
fn with_offsets(
    task: &mut Task,
    offsets: [UserMut<i64>; 2],
    call: impl FnOnce([Option<&mut i64>; 2]) -> Result<usize, host::Errno>,
) -> Answer {
    let mut first = offsets[0].read_optional(task)?;
    let mut second = offsets[1].read_optional(task)?;
    let result = call([first.as_mut(), second.as_mut()]);
    let count = result.map_err(|error| Errno::from(error).restart_as(Errno::RESTARTSYS))?;
    for (pointer, value) in offsets.into_iter().zip([first, second]) {
        if let Some(value) = value {
            pointer.write(task, &value)?;
        }
    }
    Ok(count as u64)
}

fn size(count: u64) -> usize {
    count.min(MAX_COUNT) as usize
}

pub fn sendfile(task: &mut Task, out_fd: Fd, in_fd: Fd, offset: UserMut<i64>, count: u64) -> Answer {
    with_offsets(task, [offset, UserMut::new(0)], |[offset, _]| io::sendfile(out_fd.0, in_fd.0, offset, size(count)))
}

pub fn splice(
    task: &mut Task,
    fd_in: Fd,
    off_in: UserMut<i64>,
    fd_out: Fd,
    off_out: UserMut<i64>,
    len: u64,
    flags: SpliceFlags,
) -> Answer {
    if len == 0 {
        return Ok(0);
    }
    if flags.0 & !0xf != 0 {
        return Err(Errno::EINVAL);
    }
    for (fd, offset) in [(fd_in, off_in), (fd_out, off_out)] {
        let status = host::file::status(fd.0)?;
        must_be_open(fd)?;
        if !offset.is_null() && status.mode & S_IFMT == S_IFIFO {
            return Err(Errno::ESPIPE);
        }
    }
    with_offsets(task, [off_in, off_out], |[from, to]| io::splice(fd_in.0, from, fd_out.0, to, size(len), flags.0))
}

pub fn tee(_task: &mut Task, fd_in: Fd, fd_out: Fd, len: u64, flags: SpliceFlags) -> Answer {
    answer(io::tee(fd_in.0, fd_out.0, size(len), flags.0)).map_err(|error| error.restart_as(Errno::RESTARTSYS))
}

/// man 2 vmsplice. The pages are never gifted.
///
/// DEVIATION: with paged memory the pipe gets copies of the pages, which a program can see only by writing to them while they are
/// in the pipe.
pub fn vmsplice(task: &mut Task, fd: Fd, iov: UserPtr<IoVec>, nr_segs: u64, flags: SpliceFlags) -> Answer {
    const SPLICE_F_GIFT: u32 = 8;
    if flags.0 & !0xf != 0 {
        return Err(Errno::EINVAL);
    }
    must_be_open(fd)?;
    let is_writer = host::file::open_flags(fd.0)? & 3 != 0;
    let list = vectors(task, iov, nr_segs)?;
    if list.iter().all(|&(_, length)| length == 0) {
        return Ok(0);
    }
    if host::file::status(fd.0)?.mode & S_IFMT != S_IFIFO {
        return Err(Errno::EBADF);
    }
    let flags = flags.0 & !SPLICE_F_GIFT;
    let result = if is_writer {
        give_pages(task, fd, &list, flags)
    } else {
        lend(task, &list, Access::Write, |segments| io::vmsplice(fd.0, segments, flags))
    };
    result.map(|n| n as u64).map_err(|error| error.restart_as(Errno::RESTARTSYS))
}

/// Unlike a write, `vmsplice` puts in what comes before a bad address, and no more than there is room for.
fn give_pages(task: &mut Task, fd: Fd, list: &[(u64, u64)], flags: u32) -> Result<usize, Errno> {
    const F_GETPIPE_SZ: i32 = 1032;
    let list = usable_prefix(task, list, Access::Read)?;
    if task.process.mm.is_linear() {
        let mut ranges = Vec::with_capacity(list.len());
        for &(address, length) in &list {
            ranges.push(task.cpu.memory.range(address, length, Access::Read).map_err(|_| Errno::EFAULT)?);
        }
        let mut segments = io::Segments::new();
        ranges.iter().for_each(|range| segments.push_guest(range));
        return Ok(io::vmsplice(fd.0, &segments, flags)?);
    }
    let mut room = host::file::fcntl(fd.0, F_GETPIPE_SZ, 0)? as u64;
    let mut pieces = Vec::new();
    for (address, length) in list {
        let mut bytes = vec![0; length.min(room) as usize];
        room -= bytes.len() as u64;
        task.load(address, &mut bytes)?;
        pieces.push(((address & 4095) as usize, bytes));
    }
    Ok(io::vmsplice_copies(fd.0, &pieces, flags)?)
}

pub fn copy_file_range(
    task: &mut Task,
    fd_in: Fd,
    off_in: UserMut<i64>,
    fd_out: Fd,
    off_out: UserMut<i64>,
    len: u64,
    flags: u32,
) -> Answer {
    for fd in [fd_in, fd_out] {
        must_be_open(fd)?;
    }
    with_offsets(task, [off_in, off_out], |[from, to]| {
        io::copy_file_range(fd_in.0, from, fd_out.0, to, size(len), flags)
    })
}

/// man 2 getrandom.
pub fn getrandom(task: &mut Task, buf: UserBuf, buflen: u64, flags: RandomFlags) -> Answer {
    if flags.0 & !7 != 0 || flags.0 & 6 == 6 {
        return Err(Errno::EINVAL);
    }
    let list = buffer(buf.0, buflen.min(i32::MAX as u64))?;
    let count = lend(task, &list, Access::Write, |segments| io::random(segments, flags.0))?;
    Ok(count as u64)
}
