//! Descriptors that are events: epoll, eventfd, timerfd, inotify (man 7 epoll, man 2 eventfd, timerfd_create, inotify_init).

use super::poll::lend_mask;
use super::{Answer, descriptor};
use crate::abi::consts::{O_CLOEXEC, O_NONBLOCK};
use crate::abi::flags::{ClockId, EpollFlags, EpollOp, EventfdFlags, InotifyFlags, TimerFlags, TimerfdFlags};
use crate::abi::{EpollEvent, Itimerspec, SigSet, Timespec};
use crate::errno::Errno;
use crate::task::Task;
use crate::user::{Fd, UserMut, UserPtr};
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
    // EP_MAX_EVENTS.
    if maxevents <= 0 || maxevents > i32::MAX / 12 {
        return Err(Errno::EINVAL);
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
