//! Descriptors that are events: epoll, eventfd, timerfd, inotify (man 7 epoll, man 2 eventfd, timerfd_create, inotify_init).

use super::layout::SAME;
use super::poll::lend_mask;
use super::{Answer, descriptor, must_be_open};
use crate::abi::consts::{O_CLOEXEC, O_NONBLOCK};
use crate::abi::flags::{ClockId, EpollFlags, EpollOp, EventfdFlags, InotifyFlags, TimerFlags, TimerfdFlags};
use crate::abi::{Abi, EpollEvent, Itimerspec, SigSet, Timespec};
use crate::errno::Errno;
use crate::task::Task;
use crate::user::{Fd, UserMut, UserPtr};
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::Relaxed;
use host::poll::{self, Wait};
use host::time;

pub fn epoll_create(_task: &mut Task, size: i32) -> Answer {
    if size <= 0 {
        return Err(Errno::EINVAL);
    }
    descriptor(poll::epoll_create(0))
}

pub fn epoll_create1(_task: &mut Task, flags: EpollFlags) -> Answer {
    if flags.0 as u32 & !O_CLOEXEC != 0 {
        return Err(Errno::EINVAL);
    }
    descriptor(poll::epoll_create(flags.0 as u32))
}

pub fn epoll_ctl(task: &mut Task, epfd: Fd, op: EpollOp, fd: Fd, event: UserPtr<EpollEvent>) -> Answer {
    const DELETE: i32 = 2;
    let event = if op.0 == DELETE { None } else { Some(event.read(task)?) };
    poll::epoll_ctl(epfd.0, op.0, fd.0, event.map(|event| (event.events, event.data)))?;
    Ok(0)
}

/// Waits and writes what came. `EINTR` is never restarted (man 7 signal).
fn wait(
    task: &mut Task,
    epfd: Fd,
    events: UserMut<EpollEvent>,
    maxevents: i32,
    how: Wait,
    mask: Option<u64>,
) -> Answer {
    must_be_open(epfd)?;
    // EP_MAX_EVENTS.
    if maxevents <= 0 || maxevents > i32::MAX / 12 {
        return Err(Errno::EINVAL);
    }
    if !crate::lend::is_user(events.address, maxevents as u64 * 12) {
        return Err(Errno::EFAULT);
    }
    let came = poll::epoll_wait(epfd.0, (maxevents as usize).min(65536), how, mask)?;
    for (index, &(bits, data)) in came.iter().enumerate() {
        events.write_at(task, index as u64, &EpollEvent { events: bits, data })?;
    }
    Ok(came.len() as u64)
}

pub fn epoll_wait(task: &mut Task, epfd: Fd, events: UserMut<EpollEvent>, maxevents: i32, timeout: i32) -> Answer {
    wait(task, epfd, events, maxevents, Wait::Milliseconds(timeout), None)
}

pub fn epoll_pwait(
    task: &mut Task,
    epfd: Fd,
    events: UserMut<EpollEvent>,
    maxevents: i32,
    timeout: i32,
    sigmask: UserPtr<SigSet>,
    sigsetsize: u64,
) -> Answer {
    let mask = lend_mask(task, sigmask, sigsetsize)?;
    wait(task, epfd, events, maxevents, Wait::Milliseconds(timeout), mask)
}

pub fn epoll_pwait2(
    task: &mut Task,
    epfd: Fd,
    events: UserMut<EpollEvent>,
    maxevents: i32,
    timeout: UserPtr<Timespec>,
    sigmask: UserPtr<SigSet>,
    sigsetsize: u64,
) -> Answer {
    let limit = super::poll::timeout(timeout.read_optional(task)?)?;
    let mask = lend_mask(task, sigmask, sigsetsize)?;
    wait(task, epfd, events, maxevents, Wait::Time(limit), mask)
}

pub fn eventfd(_task: &mut Task, initval: u32) -> Answer {
    descriptor(poll::eventfd(initval, 0))
}

pub fn eventfd2(_task: &mut Task, initval: u32, flags: EventfdFlags) -> Answer {
    if flags.0 as u32 & !(O_CLOEXEC | O_NONBLOCK | 1) != 0 {
        return Err(Errno::EINVAL);
    }
    descriptor(poll::eventfd(initval, flags.0 as u32))
}

pub fn timerfd_create(_task: &mut Task, clockid: ClockId, flags: TimerfdFlags) -> Answer {
    if flags.0 as u32 & !(O_CLOEXEC | O_NONBLOCK) != 0 {
        return Err(Errno::EINVAL);
    }
    descriptor(time::timerfd_create(clockid.0, flags.0 as u32))
}

fn to_host(value: &Itimerspec) -> time::Timer {
    let part = |part: Timespec| time::Time { seconds: part.tv_sec, nanoseconds: part.tv_nsec };
    time::Timer { interval: part(value.it_interval), value: part(value.it_value) }
}

fn to_guest(value: time::Timer) -> Itimerspec {
    let part = |part: time::Time| Timespec { tv_sec: part.seconds, tv_nsec: part.nanoseconds };
    Itimerspec { it_interval: part(value.interval), it_value: part(value.value) }
}

pub fn timerfd_settime(
    task: &mut Task,
    fd: Fd,
    flags: TimerFlags,
    new_value: UserPtr<Itimerspec>,
    old_value: UserMut<Itimerspec>,
) -> Answer {
    let new = new_value.read(task)?;
    let old = time::timerfd_settime(fd.0, flags.0, to_host(&new))?;
    old_value.write_optional(task, &to_guest(old))?;
    Ok(0)
}

pub fn timerfd_gettime(task: &mut Task, fd: Fd, curr_value: UserMut<Itimerspec>) -> Answer {
    let value = time::timerfd_gettime(fd.0)?;
    curr_value.write(task, &to_guest(value))?;
    Ok(0)
}

pub fn inotify_init(_task: &mut Task) -> Answer {
    descriptor(host::file::inotify_init(0))
}

pub fn inotify_init1(_task: &mut Task, flags: InotifyFlags) -> Answer {
    if flags.0 as u32 & !(O_CLOEXEC | O_NONBLOCK) != 0 {
        return Err(Errno::EINVAL);
    }
    descriptor(host::file::inotify_init(flags.0 as u32))
}

/// What a descriptor yields that is neither bytes nor in the guest's layout: on a big-endian host, and where values are narrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Records {
    /// One 64-bit count: eventfd, timerfd.
    Count,
    /// `struct inotify_event`: four words and a name.
    Watches,
    /// `struct signalfd_siginfo`: 128 bytes.
    Signals,
}

/// Whether this process has made a signalfd; only then is a narrow little-endian host asked what a descriptor is.
static HAS_SIGNALS: AtomicBool = AtomicBool::new(false);

/// Notes that there is a signalfd.
pub fn expect_signals() {
    HAS_SIGNALS.store(true, Relaxed);
}

/// The records of `fd` that must be converted.
pub fn records(fd: Fd) -> Option<Records> {
    if SAME || cfg!(target_endian = "little") && !HAS_SIGNALS.load(Relaxed) {
        return None;
    }
    let name = crate::path::name(fd.0)?;
    match name.strip_prefix(b"anon_inode:")? {
        b"[eventfd]" | b"[timerfd]" => Some(Records::Count),
        b"inotify" => Some(Records::Watches),
        b"[signalfd]" => Some(Records::Signals),
        _ => None,
    }
}

/// Turns records between the host's order and the guest's, either way.
pub fn swap_records(records: Records, bytes: &mut [u8]) {
    let swap = |bytes: &mut [u8], at: usize, width: usize| {
        if let (true, Some(field)) = (cfg!(target_endian = "big"), bytes.get_mut(at..at + width)) {
            field.reverse();
        }
    };
    match records {
        Records::Count => swap(bytes, 0, 8),
        Records::Watches => {
            let mut at = 0;
            while at + 16 <= bytes.len() {
                // The length of the name, before it is turned.
                let length = u32::from_ne_bytes([bytes[at + 12], bytes[at + 13], bytes[at + 14], bytes[at + 15]]);
                (0..4).for_each(|word| swap(bytes, at + word * 4, 4));
                at += 16 + length as usize;
            }
        }
        Records::Signals => {
            for record in bytes.chunks_exact_mut(128) {
                // signo to overrun and trapno to int are words; then four times 64 bits, one 16-bit number, padding, a word, 64 bits.
                (0..12).for_each(|word| swap(record, word * 4, 4));
                (0..4).for_each(|word| swap(record, 48 + word * 8, 8));
                swap(record, 80, 2);
                swap(record, 84, 4);
                swap(record, 88, 8);
                swap(record, 96, 4);
                widen_value(record);
            }
        }
    }
}

/// The value in a `signalfd_siginfo`, whole: errno at 4, code at 8, int at 44, pointer at 48.
fn widen_value(record: &mut [u8]) {
    let int = |at: usize| i32::decode(&record[at..at + 4]);
    let (mut error, code) = (int(4), int(8));
    // What the kernel sends has codes above 0, and no value.
    if code >= 0 {
        return;
    }
    let value = host::signal::whole_value(code, u64::decode(&record[48..56]), &mut error);
    error.encode(&mut record[4..8]);
    (value as i32).encode(&mut record[44..48]);
    value.encode(&mut record[48..56]);
}

#[cfg(all(test, target_endian = "big"))]
mod tests {
    use super::*;

    #[test]
    fn watch_records_are_turned_with_their_names() {
        let mut bytes = Vec::new();
        for (word, name) in [(1u32, *b"made\0\0\0\0"), (2, *b"moved\0\0\0")] {
            for value in [word, 0x100, 0, 8] {
                bytes.extend_from_slice(&value.to_be_bytes());
            }
            bytes.extend_from_slice(&name);
        }
        swap_records(Records::Watches, &mut bytes);
        assert_eq!(&bytes[..8], [1, 0, 0, 0, 0, 1, 0, 0]);
        assert_eq!(&bytes[16..20], b"made");
        assert_eq!(&bytes[24..28], [2, 0, 0, 0]);
    }
}
