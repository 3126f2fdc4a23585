//! System calls that a guest signal may interrupt, without the race between the last look for signals and the kernel's entry.
//!
//! A stub in assembly looks at the thread's `pending` word right before the host's system call instruction. A signal that
//! arrives before that look is seen by it; one that arrives between the look and the instruction finds the thread inside
//! the stub's window, and the handler ([`crate::signal`]) moves it to the way out ([`leave_window`]); one that
//! arrives later interrupts the call itself. So no call waits while a signal is already in the slot.
//!
//! Hosts without a stub look before the call only; the signal module's timer repeats the kick until the thread answers.

use crate::errno::Errno;
use core::sync::atomic::AtomicU32;

#[cfg(all(
    target_os = "linux",
    any(
        target_arch = "x86_64",
        target_arch = "x86",
        target_arch = "aarch64",
        target_arch = "arm",
        target_arch = "s390x",
        target_arch = "riscv64"
    )
))]
#[path = "stub.rs"]
mod entry;
#[cfg(not(all(
    target_os = "linux",
    any(
        target_arch = "x86_64",
        target_arch = "x86",
        target_arch = "aarch64",
        target_arch = "arm",
        target_arch = "s390x",
        target_arch = "riscv64"
    )
)))]
#[path = "plain.rs"]
mod entry;

pub(crate) use entry::leave_window;
use entry::stub;

/// The call was not made since a signal is waiting in the thread's slot: deliver it and make the call again.
/// The number is Linux's `ERESTARTNOINTR`.
pub const NOT_ENTERED: Errno = Errno(513);

/// What the stub answers when it did not enter the kernel; no system call returns it.
const OUT: libc::c_long = -0x10000;

/// True where the window between the look and the kernel is closed.
pub use entry::HAS_STUB;

/// Makes call `number` unless `pending` is not zero: [`NOT_ENTERED`] then.
///
/// # Safety
/// Pointers among `args` must be what the kernel expects for call `number`, for as long as the call runs.
pub(crate) unsafe fn call_unless(pending: &AtomicU32, number: libc::c_long, args: &[usize; 6]) -> Result<usize, Errno> {
    // SAFETY: the caller vouches for the arguments; `pending` is a valid word for as long as the call runs.
    let result = unsafe { stub(pending.as_ptr(), number, args.as_ptr()) };
    match result {
        OUT => Err(NOT_ENTERED),
        -4095..=-1 => Err(Errno(-result as i32)),
        _ => Ok(result as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pending_word_keeps_the_call_from_being_made() {
        let pending = AtomicU32::new(1);
        // SAFETY: getpid takes no arguments.
        let refused = unsafe { call_unless(&pending, libc::SYS_getpid, &[0; 6]) };
        assert_eq!(refused, Err(NOT_ENTERED));
    }

    #[test]
    fn results_and_errors_come_back() {
        let pending = AtomicU32::new(0);
        // SAFETY: getpid takes no arguments; close takes a number.
        unsafe {
            assert_eq!(call_unless(&pending, libc::SYS_getpid, &[0; 6]), Ok(std::process::id() as usize));
            let bad = call_unless(&pending, libc::SYS_close, &[usize::MAX, 0, 0, 0, 0, 0]);
            assert_eq!(bad, Err(Errno::EBADF));
        }
    }
}
