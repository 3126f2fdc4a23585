//! Timers that send signals: the host's kernel keeps them. `man 2 setitimer`, `man 2 timer_create`.

use crate::abi::flags::{ClockId, ItimerWhich, TimerFlags};
use crate::abi::{Itimerspec, Itimerval, SigEvent, Timespec, Timeval};
use crate::errno::Errno;
use crate::task::Task;
use crate::user::{UserMut, UserPtr};
use host::time::{self, Notify, Time, Timer};

const ITIMER_REAL: i32 = 0;

fn to_itimerval([interval, interval_micros, value, value_micros]: [i64; 4]) -> Itimerval {
    Itimerval {
        it_interval: Timeval { tv_sec: interval, tv_usec: interval_micros },
        it_value: Timeval { tv_sec: value, tv_usec: value_micros },
    }
}

/// man 2 getitimer.
pub fn getitimer(task: &mut Task, which: ItimerWhich, curr_value: UserMut<Itimerval>) -> Result<u64, Errno> {
    let timer = time::getitimer(which.0)?;
    curr_value.write(task, &to_itimerval(timer))?;
    Ok(0)
}

/// man 2 setitimer. A null `new_value` stops the timer, as Linux has it.
pub fn setitimer(
    task: &mut Task,
    which: ItimerWhich,
    new_value: UserPtr<Itimerval>,
    old_value: UserMut<Itimerval>,
) -> Result<u64, Errno> {
    let new = new_value.read_optional(task)?.unwrap_or_default();
    let is_valid = |time: Timeval| time.tv_sec >= 0 && (0..1_000_000).contains(&time.tv_usec);
    if !is_valid(new.it_interval) || !is_valid(new.it_value) {
        return Err(Errno::EINVAL);
    }
    let words = [new.it_interval.tv_sec, new.it_interval.tv_usec, new.it_value.tv_sec, new.it_value.tv_usec];
    let old = time::setitimer(which.0, Some(words))?;
    old_value.write_optional(task, &to_itimerval(old))?;
    Ok(0)
}

/// man 2 alarm: the seconds that were left, rounded as the kernel rounds, and never 0 if there were any.
pub fn alarm(_task: &mut Task, seconds: u32) -> Result<u64, Errno> {
    // The kernel keeps the sum of both in an int.
    let seconds = i64::from(seconds.min(i32::MAX as u32));
    let [_, _, left, micros] = time::setitimer(ITIMER_REAL, Some([0, 0, seconds, 0]))?;
    let rounds_up = (left == 0 && micros != 0) || micros >= 500_000;
    Ok(left as u64 + u64::from(rounds_up))
}

fn to_itimerspec(timer: Timer) -> Itimerspec {
    let time = |time: Time| Timespec { tv_sec: time.seconds, tv_nsec: time.nanoseconds };
    Itimerspec { it_interval: time(timer.interval), it_value: time(timer.value) }
}

/// man 2 timer_create.
pub fn timer_create(
    task: &mut Task,
    clockid: ClockId,
    sevp: UserPtr<SigEvent>,
    timerid: UserMut<i32>,
) -> Result<u64, Errno> {
    const SIGEV_NONE: i32 = 1;
    let notify = match sevp.read_optional(task)? {
        None => None,
        Some(event) => Some(Notify {
            value: event.sigev_value,
            signal: match host::signal::host_number(event.sigev_signo) {
                Some(signal) => signal,
                None if event.sigev_notify == SIGEV_NONE => 0,
                None => {
                    // The clock is looked at before the event, but not whether it can wake the machine.
                    const REALTIME_ALARM: i32 = 8;
                    const BOOTTIME_ALARM: i32 = 9;
                    if matches!(clockid.0, REALTIME_ALARM | BOOTTIME_ALARM) {
                        return Err(Errno::EINVAL);
                    }
                    let nothing = Notify { value: 0, signal: 0, how: SIGEV_NONE, thread: 0 };
                    time::timer_delete(time::timer_create(clockid.0, Some(nothing))?)?;
                    return Err(Errno::EINVAL);
                }
            },
            how: event.sigev_notify,
            thread: event.sigev_notify_thread_id,
        }),
    };
    let id = time::timer_create(clockid.0, notify)?;
    if let Err(error) = timerid.write(task, &id) {
        let _ = time::timer_delete(id);
        return Err(error);
    }
    Ok(0)
}

/// man 2 timer_settime.
pub fn timer_settime(
    task: &mut Task,
    timerid: i32,
    flags: TimerFlags,
    new_value: UserPtr<Itimerspec>,
    old_value: UserMut<Itimerspec>,
) -> Result<u64, Errno> {
    if new_value.is_null() {
        return Err(Errno::EINVAL);
    }
    let new = new_value.read(task)?;
    let time = |time: Timespec| Time { seconds: time.tv_sec, nanoseconds: time.tv_nsec };
    let timer = Timer { interval: time(new.it_interval), value: time(new.it_value) };
    let old = time::timer_settime(timerid, flags.0, timer)?;
    old_value.write_optional(task, &to_itimerspec(old))?;
    Ok(0)
}

/// man 2 timer_gettime.
pub fn timer_gettime(task: &mut Task, timerid: i32, curr_value: UserMut<Itimerspec>) -> Result<u64, Errno> {
    let timer = time::timer_gettime(timerid)?;
    curr_value.write(task, &to_itimerspec(timer))?;
    Ok(0)
}

/// man 2 timer_getoverrun.
pub fn timer_getoverrun(_task: &mut Task, timerid: i32) -> Result<u64, Errno> {
    Ok(time::timer_getoverrun(timerid)? as u64)
}

/// man 2 timer_delete.
pub fn timer_delete(_task: &mut Task, timerid: i32) -> Result<u64, Errno> {
    time::timer_delete(timerid)?;
    Ok(0)
}
