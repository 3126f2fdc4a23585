//! Hosts without a stub: the window between the look and the kernel stays open.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

pub const HAS_STUB: bool = false;

/// As the stub, with the window left open.
///
/// # Safety
/// As for [`super::call_unless`].
pub(super) unsafe fn stub(pending: *const u32, number: libc::c_long, args: *const usize) -> libc::c_long {
    // SAFETY: the caller's word and six arguments.
    unsafe {
        if (*pending.cast::<AtomicU32>()).load(SeqCst) != 0 {
            return super::OUT;
        }
        let a = core::slice::from_raw_parts(args, 6);
        let result = libc::syscall(number as _, a[0], a[1], a[2], a[3], a[4], a[5]);
        if result == -1 { -(crate::Errno::last().0 as libc::c_long) } else { result as libc::c_long }
    }
}

pub(crate) fn leave_window(pc: usize) -> usize {
    pc
}
