//! Threads of the host, one for each guest thread.

use crate::errno::Errno;
use crate::process;
use std::sync::mpsc;

/// Bytes of a guest thread's host stack.
const STACK: usize = 256 << 10;

/// Runs `body` on a new thread of this process. The new thread has the caller's signal mask. Returns the thread's id, which
/// `body` gets too, once it runs.
pub fn spawn<F: FnOnce(i32) + Send + 'static>(body: F) -> Result<i32, Errno> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(move || {
        let tid = process::tid();
        // The receiver waits for exactly this.
        let _ = sender.send(tid);
        drop(sender);
        body(tid);
    });
    match thread {
        Ok(_) => receiver.recv().map_err(|_| Errno::EAGAIN),
        Err(error) => Err(error.into()),
    }
}
