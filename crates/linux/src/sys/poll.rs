//! Waiting for descriptors (man 2 poll, select).

use super::Answer;
use crate::abi::{PollFd, SigMaskArgument, SigSet, Timespec, Timeval};
use crate::errno::Errno;
use crate::signal;
use crate::task::{Restart, Task};
use crate::user::{FdSet, UserMut, UserPtr, visible};
use alloc::vec::Vec;
use host::poll::{self, FdSet as HostSet};
use host::time::{Time, now};

/// A timeout of the guest: `EINVAL` outside of its ranges.
pub fn timeout(value: Option<Timespec>) -> Result<Option<Time>, Errno> {
    match value {
        Some(time) if time.tv_sec < 0 || !(0..1_000_000_000).contains(&time.tv_nsec) => Err(Errno::EINVAL),
        Some(time) => Ok(Some(Time { seconds: time.tv_sec, nanoseconds: time.tv_nsec })),
        None => Ok(None),
    }
}

/// The mask argument of `ppoll` and its kin, to be installed by the host's call.
pub fn lend_mask(task: &mut Task, sigmask: UserPtr<SigSet>, size: u64) -> Result<Option<u64>, Errno> {
    if sigmask.is_null() {
        return Ok(None);
    }
    if size != 8 {
        return Err(Errno::EINVAL);
    }
    let mask = sigmask.read(task)?.sig;
    signal::lend_mask(task, mask).map(Some)
}

/// Reads the entries, waits, writes the events.
fn wait(
    task: &mut Task,
    fds: UserMut<PollFd>,
    count: u32,
    timeout: Option<&mut Time>,
    mask: UserPtr<SigSet>,
    mask_size: u64,
) -> Result<usize, Errno> {
    if u64::from(count) > descriptor_limit()? {
        return Err(Errno::EINVAL);
    }
    let entries = fds.read_array(task, u64::from(count))?;
    let mut list: Vec<poll::PollFd> = entries
        .iter()
        .map(|entry| poll::PollFd { fd: poll_number(entry.fd), events: entry.events, revents: 0 })
        .collect();
    let mask = lend_mask(task, mask, mask_size)?;
    let ready = poll::poll(&mut list, timeout, mask)?;
    for (index, entry) in list.iter().enumerate() {
        // Only the events: another thread may have changed the rest.
        let address = fds.address.wrapping_add(index as u64 * 8 + 6);
        UserMut::<u16>::new(address).write(task, &entry.revents)?;
    }
    Ok(ready)
}

/// A descriptor of our own must look closed (`POLLNVAL`), where a negative one would be skipped.
fn poll_number(fd: i32) -> i32 {
    if fd >= 0 && visible(fd) < 0 { i32::MAX } else { fd }
}

fn descriptor_limit() -> Result<u64, Errno> {
    Ok(host::identity::prlimit(0, 7, None)?[0])
}

/// man 2 poll: goes on by `restart_syscall` where no handler runs.
pub fn poll(task: &mut Task, fds: UserMut<PollFd>, nfds: u32, timeout: i32) -> Answer {
    let deadline = (timeout >= 0).then(|| {
        let milliseconds = i64::from(timeout);
        now().saturating_add(Time { seconds: milliseconds / 1000, nanoseconds: milliseconds % 1000 * 1_000_000 })
    });
    poll_until(task, fds, nfds, deadline)
}

/// `poll` until a time of the monotonic clock.
pub fn poll_until(task: &mut Task, fds: UserMut<PollFd>, count: u32, deadline: Option<Time>) -> Answer {
    let mut left = deadline.map(|deadline| deadline.saturating_sub(now()));
    match wait(task, fds, count, left.as_mut(), UserPtr::new(0), 8) {
        Err(Errno::EINTR) => {
            task.restart = Restart::Poll { fds: fds.address, count, deadline };
            Err(Errno::RESTART_RESTARTBLOCK)
        }
        result => result.map(|ready| ready as u64),
    }
}

/// Writes what is left of a timeout; a failure turns a restart into `EINTR`, and is otherwise nothing (`poll_select_finish`).
fn finish(result: Result<usize, Errno>, written: Result<(), Errno>) -> Answer {
    match result.map_err(|error| error.restart_as(Errno::RESTARTNOHAND)) {
        Err(Errno::RESTARTNOHAND) if written.is_err() => Err(Errno::EINTR),
        result => result.map(|ready| ready as u64),
    }
}

/// What is left until `deadline`, as the guest's structure; nothing where there is no timeout.
fn left(deadline: Option<Time>) -> Option<Time> {
    deadline.map(|deadline| deadline.saturating_sub(now()))
}

pub fn ppoll(
    task: &mut Task,
    fds: UserMut<PollFd>,
    nfds: u32,
    tmo_p: UserMut<Timespec>,
    sigmask: UserPtr<SigSet>,
    sigsetsize: u64,
) -> Answer {
    let mut limit = timeout(tmo_p.read_optional(task)?)?;
    let deadline = limit.map(|limit| now().saturating_add(limit));
    // A mask that is none is refused before anything is waited for or written.
    if !sigmask.is_null() && sigsetsize != 8 {
        return Err(Errno::EINVAL);
    }
    let result = wait(task, fds, nfds, limit.as_mut(), sigmask, sigsetsize);
    let written = match left(deadline) {
        Some(rest) => tmo_p.write(task, &Timespec { tv_sec: rest.seconds, tv_nsec: rest.nanoseconds }),
        None => Ok(()),
    };
    finish(result, written)
}

/// Numbers that an `fd_set` of the C library has room for.
const FD_SETSIZE: i32 = 1024;

/// Reads the sets, waits, writes them.
fn select_sets(
    task: &mut Task,
    nfds: i32,
    addresses: [FdSet; 3],
    mut limit: Option<&mut Time>,
    mask: Option<u64>,
) -> Result<usize, Errno> {
    if nfds < 0 {
        return Err(Errno::EINVAL);
    }
    // The kernel looks at no number beyond the size of its table of descriptors. That is asked for where it can matter.
    let size = || task.process.descriptor_table_size();
    let count = if nfds > FD_SETSIZE { nfds.min(size()) } else { nfds };
    let result = select_first(task, count, addresses, limit.as_deref_mut(), mask);
    if result != Err(Errno::EBADF) {
        return result;
    }
    let size = task.process.descriptor_table_size();
    if count > size { select_first(task, size, addresses, limit, mask) } else { result }
}

/// Waits for descriptors below `count`.
fn select_first(
    task: &mut Task,
    count: i32,
    addresses: [FdSet; 3],
    limit: Option<&mut Time>,
    mask: Option<u64>,
) -> Result<usize, Errno> {
    let length = (count as usize).div_ceil(64) * 8;
    let mut sets = [None, None, None];
    for (set, address) in sets.iter_mut().zip(addresses) {
        if address.0 != 0 {
            let mut bytes = vec![0; length];
            task.load(address.0, &mut bytes)?;
            let read = HostSet::from_bytes(&bytes);
            if host::own::numbers().iter().any(|&own| own < count && read.contains(own as usize)) {
                return Err(Errno::EBADF);
            }
            *set = Some(read);
        }
    }
    let ready = poll::select(count, &mut sets, limit, mask)?;
    for (set, address) in sets.iter().zip(addresses) {
        if let Some(set) = set {
            task.store(address.0, &set.to_bytes(length))?;
        }
    }
    Ok(ready)
}

pub fn select(
    task: &mut Task,
    nfds: i32,
    readfds: FdSet,
    writefds: FdSet,
    exceptfds: FdSet,
    timeout: UserMut<Timeval>,
) -> Answer {
    let mut limit = match timeout.read_optional(task)? {
        // Microseconds above a million count as seconds here.
        Some(time) => {
            let seconds = time.tv_sec.wrapping_add(time.tv_usec / 1_000_000);
            let nanoseconds = time.tv_usec % 1_000_000 * 1000;
            if seconds < 0 || nanoseconds < 0 {
                return Err(Errno::EINVAL);
            }
            Some(Time { seconds, nanoseconds })
        }
        None => None,
    };
    let deadline = limit.map(|limit| now().saturating_add(limit));
    let result = select_sets(task, nfds, [readfds, writefds, exceptfds], limit.as_mut(), None);
    let written = match left(deadline) {
        Some(rest) => timeout.write(task, &Timeval { tv_sec: rest.seconds, tv_usec: rest.nanoseconds / 1000 }),
        None => Ok(()),
    };
    finish(result, written)
}

pub fn pselect6(
    task: &mut Task,
    nfds: i32,
    readfds: FdSet,
    writefds: FdSet,
    exceptfds: FdSet,
    timeout: UserMut<Timespec>,
    sigmask: UserPtr<SigMaskArgument>,
) -> Answer {
    let (mask, size) = match sigmask.read_optional(task)? {
        Some(pair) => (pair.ss, pair.ss_len),
        None => (0, 8),
    };
    let mut limit = self::timeout(timeout.read_optional(task)?)?;
    let deadline = limit.map(|limit| now().saturating_add(limit));
    let mask = lend_mask(task, UserPtr::new(mask), size)?;
    let result = select_sets(task, nfds, [readfds, writefds, exceptfds], limit.as_mut(), mask);
    let written = match left(deadline) {
        Some(rest) => timeout.write(task, &Timespec { tv_sec: rest.seconds, tv_nsec: rest.nanoseconds }),
        None => Ok(()),
    };
    finish(result, written)
}
