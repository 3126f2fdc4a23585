//! Hosts without a blocking stub: a timer that signals a thread again and again while something waits in its slot.
//!
//! Between the look at the slot and the kernel's entry a signal is seen by nobody; the next kick, 10 ms later, interrupts the call.
//! Where there is a stub, nothing here does anything.

use super::{KICK, info, raw};
use crate::blocking::HAS_STUB;
use crate::process;
use crate::time::{self, Notify, Time, Timer};
use core::sync::atomic::AtomicI32;
use core::sync::atomic::Ordering::SeqCst;

const NONE: i32 = -1;

/// One thread's timer.
pub(super) struct Kicker(AtomicI32);

impl Default for Kicker {
    fn default() -> Kicker {
        Kicker(AtomicI32::new(NONE))
    }
}

impl Kicker {
    /// Makes the timer for the calling thread; one of a parent process is not ours.
    pub fn create(&self) {
        const SIGEV_THREAD_ID: i32 = 4;
        if HAS_STUB {
            return;
        }
        let notify = Notify {
            value: info::MAGIC,
            signal: raw::host_number(KICK).unwrap_or(0),
            how: SIGEV_THREAD_ID,
            thread: process::tid(),
        };
        self.0.store(time::timer_create(time::MONOTONIC, Some(notify)).unwrap_or(NONE), SeqCst);
    }

    /// Called in the handler too: one system call, no allocation.
    pub fn start(&self) {
        self.set(Time { seconds: 0, nanoseconds: 10_000_000 });
    }

    pub fn stop(&self) {
        self.set(Time::default());
    }

    fn set(&self, time: Time) {
        let timer = self.0.load(SeqCst);
        if !HAS_STUB && timer != NONE {
            let _ = time::timer_settime(timer, 0, Timer { interval: time, value: time });
        }
    }
}

impl Drop for Kicker {
    fn drop(&mut self) {
        let timer = *self.0.get_mut();
        if timer != NONE {
            let _ = time::timer_delete(timer);
        }
    }
}
