//! Clocks, sleeping, timers. [`Time`] has the layout of the kernel's 64-bit timespec, which every call here takes.

use crate::call::{blocking, call};
use crate::errno::Errno;
use crate::nr;
use crate::signal;
use alloc::vec::Vec;

/// Seconds and nanoseconds, 64 bits on every host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(C)]
pub struct Time {
    pub seconds: i64,
    pub nanoseconds: i64,
}

/// Interval and first expiry (`struct itimerspec`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Timer {
    pub interval: Time,
    pub value: Time,
}

impl Time {
    pub fn saturating_add(self, other: Time) -> Time {
        let mut seconds = self.seconds.saturating_add(other.seconds);
        let mut nanoseconds = self.nanoseconds + other.nanoseconds;
        if nanoseconds >= 1_000_000_000 {
            nanoseconds -= 1_000_000_000;
            seconds = seconds.saturating_add(1);
        }
        Time { seconds, nanoseconds }
    }
    /// `self - other`, not below zero.
    pub fn saturating_sub(self, other: Time) -> Time {
        if self <= other {
            return Time::default();
        }
        let (mut seconds, mut nanoseconds) = (self.seconds - other.seconds, self.nanoseconds - other.nanoseconds);
        if nanoseconds < 0 {
            nanoseconds += 1_000_000_000;
            seconds -= 1;
        }
        Time { seconds, nanoseconds }
    }
}

pub const REALTIME: i32 = 0;
pub const MONOTONIC: i32 = 1;

fn out<T>(value: &mut T) -> usize {
    value as *mut T as usize
}

fn optional<T>(value: Option<&T>) -> usize {
    value.map_or(0, |value| value as *const T as usize)
}

pub fn clock_gettime(clock: i32) -> Result<Time, Errno> {
    let mut time = Time::default();
    // The C library's function reads the vDSO where there is one.
    #[cfg(target_pointer_width = "64")]
    {
        // SAFETY: `Time` is the 64-bit timespec.
        crate::errno::check(unsafe { libc::clock_gettime(clock, (&raw mut time).cast()) })?;
    }
    #[cfg(not(target_pointer_width = "64"))]
    // SAFETY: `Time` is the kernel's 64-bit timespec.
    unsafe { call(nr::CLOCK_GETTIME, [clock as usize, out(&mut time)]) }?;
    Ok(time)
}

/// The monotonic clock's time now.
pub fn now() -> Time {
    clock_gettime(MONOTONIC).unwrap_or_default()
}

pub fn clock_settime(clock: i32, time: Time) -> Result<(), Errno> {
    // SAFETY: the time lives over the call.
    unsafe { call(nr::CLOCK_SETTIME, [clock as usize, optional(Some(&time))]) }.map(drop)
}

pub fn clock_getres(clock: i32) -> Result<Time, Errno> {
    let mut time = Time::default();
    // SAFETY: the time lives over the call.
    unsafe { call(nr::CLOCK_GETRES, [clock as usize, out(&mut time)]) }?;
    Ok(time)
}

/// Sleeps for blink itself, or less if a signal comes.
pub fn pause(milliseconds: u32) {
    let time = libc::timespec { tv_sec: 0, tv_nsec: (milliseconds * 1_000_000) as _ };
    // SAFETY: the time lives over the call; nothing is asked about the rest.
    unsafe { libc::nanosleep(&time, core::ptr::null_mut()) };
}

/// man 2 clock_nanosleep; on `EINTR` of a relative sleep `remain` is what is left.
pub fn clock_nanosleep(clock: i32, absolute: bool, time: Time, remain: &mut Time) -> Result<(), Errno> {
    // SAFETY: both times live over the call.
    unsafe {
        blocking(nr::CLOCK_NANOSLEEP, [clock as usize, usize::from(absolute), optional(Some(&time)), out(remain)])
    }
    .map(drop)
}

pub fn timerfd_create(clock: i32, flags: u32) -> Result<i32, Errno> {
    let flags = crate::generic::to_host_open(flags);
    // SAFETY: integers only.
    Ok(unsafe { call(libc::SYS_timerfd_create, [clock as usize, flags as usize]) }? as i32)
}

pub fn timerfd_settime(fd: i32, flags: i32, value: Timer) -> Result<Timer, Errno> {
    let mut old = Timer::default();
    // SAFETY: both timers live over the call.
    unsafe { call(nr::TIMERFD_SETTIME, [fd as usize, flags as usize, optional(Some(&value)), out(&mut old)]) }?;
    Ok(old)
}

pub fn timerfd_gettime(fd: i32) -> Result<Timer, Errno> {
    let mut value = Timer::default();
    // SAFETY: the timer lives over the call.
    unsafe { call(nr::TIMERFD_GETTIME, [fd as usize, out(&mut value)]) }?;
    Ok(value)
}

/// What a POSIX timer does when it expires (`struct sigevent`), in host numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notify {
    pub value: u64,
    pub signal: i32,
    /// `SIGEV_*`.
    pub how: i32,
    pub thread: i32,
}

/// The kernel's timer id; `None` as event is SIGALRM to the process.
pub fn timer_create(clock: i32, event: Option<Notify>) -> Result<i32, Errno> {
    let mut id = 0i32;
    let mut raw = [0usize; 64 / size_of::<usize>()];
    if let Some(event) = event {
        let int = |value: i32| value.to_ne_bytes();
        let mut bytes = Vec::with_capacity(64);
        bytes.extend_from_slice(&signal::values::to_host(event.value).to_ne_bytes());
        bytes.extend_from_slice(&int(event.signal));
        bytes.extend_from_slice(&int(event.how));
        bytes.extend_from_slice(&int(event.thread));
        bytes.resize(64, 0);
        for (word, raw_word) in raw.iter_mut().zip(bytes.chunks_exact(size_of::<usize>())) {
            let mut native = [0; size_of::<usize>()];
            native.copy_from_slice(raw_word);
            *word = usize::from_ne_bytes(native);
        }
    }
    let pointer = if event.is_some() { raw.as_ptr() as usize } else { 0 };
    // SAFETY: the sigevent is 64 bytes long and lives over the call.
    unsafe { call(libc::SYS_timer_create, [clock as usize, pointer, out(&mut id)]) }?;
    Ok(id)
}

pub fn timer_settime(id: i32, flags: i32, value: Timer) -> Result<Timer, Errno> {
    let mut old = Timer::default();
    // SAFETY: both timers live over the call.
    unsafe { call(nr::TIMER_SETTIME, [id as usize, flags as usize, optional(Some(&value)), out(&mut old)]) }?;
    Ok(old)
}

pub fn timer_gettime(id: i32) -> Result<Timer, Errno> {
    let mut value = Timer::default();
    // SAFETY: the timer lives over the call.
    unsafe { call(nr::TIMER_GETTIME, [id as usize, out(&mut value)]) }?;
    Ok(value)
}

pub fn timer_getoverrun(id: i32) -> Result<usize, Errno> {
    // SAFETY: integers only.
    unsafe { call(libc::SYS_timer_getoverrun, [id as usize]) }
}

pub fn timer_delete(id: i32) -> Result<(), Errno> {
    // SAFETY: integers only.
    unsafe { call(libc::SYS_timer_delete, [id as usize]) }.map(drop)
}

/// man 2 getitimer: words are interval and value in (seconds, microseconds).
pub fn getitimer(which: i32) -> Result<[i64; 4], Errno> {
    let mut raw = [0isize; 4];
    // SAFETY: the kernel fills four longs.
    unsafe { call(libc::SYS_getitimer, [which as usize, out(&mut raw)]) }?;
    Ok(raw.map(|word| word as i64))
}

/// man 2 setitimer; `None` reads only, as Linux has it. Seconds beyond the host's long are cut.
pub fn setitimer(which: i32, value: Option<[i64; 4]>) -> Result<[i64; 4], Errno> {
    let new = value.map(|words| words.map(|word| word.clamp(isize::MIN as i64, isize::MAX as i64) as isize));
    let mut old = [0isize; 4];
    // SAFETY: four longs each.
    unsafe { call(libc::SYS_setitimer, [which as usize, optional(new.as_ref()), out(&mut old)]) }?;
    Ok(old.map(|word| word as i64))
}

/// man 2 times: user, system, children's user and system ticks, and the result.
pub fn times() -> Result<([i64; 4], i64), Errno> {
    let mut raw = [0isize; 4];
    // SAFETY: the kernel fills four longs.
    let ticks = unsafe { call(libc::SYS_times, [out(&mut raw)]) }?;
    Ok((raw.map(|word| word as i64), ticks as i64))
}

/// man 2 clock_adjtime with the kernel's 64-bit `timex` as words: 26 words, see `struct __kernel_timex`.
pub fn clock_adjtime(clock: i32, raw: &mut [u64; 26]) -> Result<usize, Errno> {
    // SAFETY: the structure is 208 bytes and lives over the call.
    unsafe { call(nr::CLOCK_ADJTIME, [clock as usize, out(raw)]) }
}
