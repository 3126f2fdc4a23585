//! Clocks and sleeping (man 2 clock_gettime, nanosleep, adjtimex, times). Timers that signal are in `timer`.

use super::Answer;
use crate::abi::flags::{ClockId, TimerFlags};
use crate::abi::{Abi, Timespec, Timeval, Timex, Timezone, Tms};
use crate::errno::Errno;
use crate::task::{Restart, Task};
use crate::user::{UserMut, UserPtr};
use host::time::{self, MONOTONIC, REALTIME, Time};

fn timespec(time: Time) -> Timespec {
    Timespec { tv_sec: time.seconds, tv_nsec: time.nanoseconds }
}

pub fn clock_gettime(task: &mut Task, clockid: ClockId, tp: UserMut<Timespec>) -> Answer {
    let now = time::clock_gettime(clockid.0)?;
    tp.write(task, &timespec(now))?;
    Ok(0)
}

pub fn clock_settime(task: &mut Task, clockid: ClockId, tp: UserPtr<Timespec>) -> Answer {
    let time = tp.read(task)?;
    time::clock_settime(clockid.0, Time { seconds: time.tv_sec, nanoseconds: time.tv_nsec })?;
    Ok(0)
}

pub fn clock_getres(task: &mut Task, clockid: ClockId, res: UserMut<Timespec>) -> Answer {
    let resolution = time::clock_getres(clockid.0)?;
    res.write_optional(task, &timespec(resolution))?;
    Ok(0)
}

pub fn gettimeofday(task: &mut Task, tv: UserMut<Timeval>, tz: UserMut<Timezone>) -> Answer {
    let now = time::clock_gettime(REALTIME)?;
    tv.write_optional(task, &Timeval { tv_sec: now.seconds, tv_usec: now.nanoseconds / 1000 })?;
    tz.write_optional(task, &Timezone::default())?;
    Ok(0)
}

pub fn settimeofday(task: &mut Task, tv: UserPtr<Timeval>, tz: UserPtr<Timezone>) -> Answer {
    let time = tv.read_optional(task)?;
    let _ = tz.read_optional(task)?;
    if let Some(time) = time {
        if !(0..1_000_000).contains(&time.tv_usec) {
            return Err(Errno::EINVAL);
        }
        time::clock_settime(REALTIME, Time { seconds: time.tv_sec, nanoseconds: time.tv_usec * 1000 })?;
    }
    Ok(0)
}

pub fn time(task: &mut Task, tloc: UserMut<i64>) -> Answer {
    // The coarse clock, as the kernel has it: never ahead of a file's time stamp.
    const REALTIME_COARSE: i32 = 5;
    let now = time::clock_gettime(REALTIME_COARSE).or_else(|_| time::clock_gettime(REALTIME))?;
    tloc.write_optional(task, &now.seconds)?;
    Ok(now.seconds as u64)
}

pub fn times(task: &mut Task, buf: UserMut<Tms>) -> Answer {
    let ([user, system, child_user, child_system], now) = time::times()?;
    buf.write_optional(
        task,
        &Tms { tms_utime: user, tms_stime: system, tms_cutime: child_user, tms_cstime: child_system },
    )?;
    Ok(now as u64)
}

fn is_valid(time: &Timespec) -> bool {
    time.tv_sec >= 0 && (0..1_000_000_000).contains(&time.tv_nsec)
}

pub fn nanosleep(task: &mut Task, req: UserPtr<Timespec>, rem: UserMut<Timespec>) -> Answer {
    sleep(task, MONOTONIC, TimerFlags(0), req, rem)
}

pub fn clock_nanosleep(
    task: &mut Task,
    clockid: ClockId,
    flags: TimerFlags,
    request: UserPtr<Timespec>,
    remain: UserMut<Timespec>,
) -> Answer {
    sleep(task, clockid.0, flags, request, remain)
}

fn sleep(
    task: &mut Task,
    clock: i32,
    flags: TimerFlags,
    request: UserPtr<Timespec>,
    remain: UserMut<Timespec>,
) -> Answer {
    let request = match request.read(task) {
        Ok(request) if is_valid(&request) => request,
        refused => {
            // The clock is looked at first: does it exist, and can it be slept on?
            const SGI_CYCLE: i32 = 10;
            const TAI: i32 = 11;
            if clock == SGI_CYCLE || clock > TAI {
                return Err(Errno::EINVAL);
            }
            let nothing = Time { seconds: 0, nanoseconds: -1 };
            let probe = time::clock_nanosleep(clock, false, nothing, &mut Time::default());
            return match probe.map_err(Errno::from) {
                Err(error) if error != Errno::EINVAL => Err(error),
                _ => Err(refused.err().unwrap_or(Errno::EINVAL)),
            };
        }
    };
    let length = Time { seconds: request.tv_sec, nanoseconds: request.tv_nsec };
    if flags.0 & 1 != 0 {
        // An absolute sleep simply starts again.
        let mut rest = Time::default();
        return match time::clock_nanosleep(clock, true, length, &mut rest) {
            Ok(()) => Ok(0),
            Err(error) => Err(Errno::from(error).restart_as(Errno::RESTARTNOHAND)),
        };
    }
    sleep_for(task, clock, length, remain.address)
}

/// A relative sleep; interrupted, it tells what is left and notes how to go on.
fn sleep_for(task: &mut Task, clock: i32, length: Time, remain: u64) -> Answer {
    let mut rest = length;
    match time::clock_nanosleep(clock, false, length, &mut rest).map_err(Errno::from) {
        Ok(()) => Ok(0),
        Err(Errno::EINTR) => {
            UserMut::<Timespec>::new(remain).write_optional(task, &timespec(rest))?;
            let deadline = time::clock_gettime(clock)?.saturating_add(rest);
            task.restart = Restart::Nanosleep { clock, deadline, remain };
            Err(Errno::RESTART_RESTARTBLOCK)
        }
        Err(error) => Err(error),
    }
}

/// man 2 restart_syscall: goes on with a sleep or poll after a stop.
pub fn restart_syscall(task: &mut Task) -> Answer {
    match core::mem::take(&mut task.restart) {
        Restart::Nanosleep { clock, deadline, remain } => {
            let left = deadline.saturating_sub(time::clock_gettime(clock)?);
            if left == Time::default() {
                return Ok(0);
            }
            sleep_for(task, clock, left, remain)
        }
        Restart::Poll { fds, count, deadline } => super::poll::poll_until(task, UserMut::new(fds), count, deadline),
        Restart::Futex { address, value, operation, bitset, deadline } => {
            super::futex::wait(task, address, operation, value, bitset, deadline)
        }
        Restart::None => Err(Errno::EINTR),
    }
}

pub fn adjtimex(task: &mut Task, buf: UserMut<Timex>) -> Answer {
    clock_adjtime(task, ClockId(REALTIME), buf)
}

pub fn clock_adjtime(task: &mut Task, clk_id: ClockId, buf: UserMut<Timex>) -> Answer {
    let value = buf.read(task)?;
    let mut guest = [0u8; Timex::SIZE];
    value.encode(&mut guest);
    // The kernel's 64-bit timex has the guest's layout, in the host's byte order: 32-bit fields stand alone in their words.
    const INTS: [usize; 5] = [0, 40, 112, 160, usize::MAX];
    let mut raw = [0u64; 26];
    let int = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    for (index, word) in raw.iter_mut().enumerate() {
        let at = index * 8;
        *word = if INTS.contains(&at) {
            let mut native = [0; 8];
            native[..4].copy_from_slice(&int(&guest[at..at + 4]).to_ne_bytes());
            u64::from_ne_bytes(native)
        } else {
            u64::decode(&guest[at..at + 8])
        };
    }
    let result = time::clock_adjtime(clk_id.0, &mut raw)?;
    for (index, word) in raw.iter().enumerate() {
        let at = index * 8;
        if INTS.contains(&at) {
            let native = word.to_ne_bytes();
            u32::from_ne_bytes([native[0], native[1], native[2], native[3]]).encode(&mut guest[at..at + 4]);
        } else {
            word.encode(&mut guest[at..at + 8]);
        }
    }
    buf.write(task, &Timex::decode(&guest))?;
    Ok(result as u64)
}
