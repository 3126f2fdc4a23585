//! How guest threads sleep while they wait for each other: a private futex of the host.

use core::sync::atomic::AtomicU32;
use memory::Park;

/// Sleeps in the kernel, where the host has futexes, else looks again after giving way.
#[derive(Debug)]
pub struct Futex;

/// The one instance.
pub static FUTEX: Futex = Futex;

#[cfg(target_os = "linux")]
fn futex(word: &AtomicU32, operation: i32, value: u32) {
    // SAFETY: the word outlives the call; neither operation reads another pointer than it.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            operation | libc::FUTEX_PRIVATE_FLAG,
            value as usize,
            core::ptr::null::<libc::timespec>(),
        )
    };
}

impl Park for Futex {
    fn wait(&self, word: &AtomicU32, expected: u32) {
        #[cfg(target_os = "linux")]
        futex(word, libc::FUTEX_WAIT, expected);
        #[cfg(not(target_os = "linux"))]
        if word.load(core::sync::atomic::Ordering::SeqCst) == expected {
            // SAFETY: no pointers.
            unsafe { libc::sched_yield() };
        }
    }

    fn wake(&self, word: &AtomicU32) {
        #[cfg(target_os = "linux")]
        futex(word, libc::FUTEX_WAKE, i32::MAX as u32);
        #[cfg(not(target_os = "linux"))]
        let _ = word;
    }

    fn current(&self) -> usize {
        crate::process::tid() as usize
    }

    fn kick(&self, thread: usize) {
        crate::signal::kick(thread as i32);
    }
}
