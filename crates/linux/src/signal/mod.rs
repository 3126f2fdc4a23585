//! Signals of the guest.

use crate::errno::Errno;
use crate::task::Task;

/// What the kernel keeps per thread.
#[derive(Debug, Default)]
pub struct TaskSignals {}

/// What the kernel keeps per process.
#[derive(Debug, Default)]
pub struct ProcessSignals {}

/// Called by `finish` after every system call, the result (restart kinds included) being in `rax`.
pub fn after_call(task: &mut Task, result: Result<u64, Errno>) {
    let _ = (task, result);
}
