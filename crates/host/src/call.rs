//! Raw system calls: the one place where a call that may block enters the kernel.
//!
//! [`blocking`] is what every call that a guest signal may interrupt goes through; the signal module's stub, which looks
//! at the thread's attention bits right before the kernel is entered, replaces its body on the CPUs that have one.

use crate::errno::Errno;

/// A system call that does not wait for others.
///
/// # Safety
/// Pointers among `args` must be what the kernel expects for call `number`, for as long as the call runs.
pub(crate) unsafe fn call<const N: usize>(number: libc::c_long, args: [usize; N]) -> Result<usize, Errno> {
    let mut a = [0; 6];
    a[..N].copy_from_slice(&args);
    // SAFETY: the caller vouches for the arguments; surplus arguments are ignored by the kernel.
    let result = unsafe { libc::syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]) };
    if result == -1 { Err(Errno::last()) } else { Ok(result as usize) }
}

/// A system call that may wait, and that a signal of the guest must be able to interrupt: `EINTR` then.
///
/// # Safety
/// As for [`call`].
pub(crate) unsafe fn blocking<const N: usize>(number: libc::c_long, args: [usize; N]) -> Result<usize, Errno> {
    let mut a = [0; 6];
    a[..N].copy_from_slice(&args);
    // SAFETY: the caller vouches for the arguments.
    unsafe { crate::signal::blocking_call(number, &a) }
}
