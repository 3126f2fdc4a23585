//! Threads of the host, one for each guest thread.

use crate::errno::Errno;
use crate::process;
use std::sync::mpsc::{self, SyncSender};

/// Bytes of a guest thread's host stack.
const STACK: usize = 256 << 10;

/// Lets the creator of a thread go on, once.
#[derive(Debug)]
pub struct Ready {
    creator: SyncSender<i32>,
    /// The new thread's id.
    pub tid: i32,
}

impl Ready {
    pub fn go_on(self) {
        // The creator waits for exactly this.
        let _ = self.creator.send(self.tid);
    }
}

/// Runs `body` on a new thread of this process, with the caller's signal mask, and waits until it says that it is ready. Returns
/// the thread's id.
pub fn spawn<F: FnOnce(Ready) + Send + 'static>(body: F) -> Result<i32, Errno> {
    let (creator, receiver) = mpsc::sync_channel(1);
    let thread =
        std::thread::Builder::new().stack_size(STACK).spawn(move || body(Ready { creator, tid: process::tid() }));
    match thread {
        Ok(_) => receiver.recv().map_err(|_| Errno::EAGAIN),
        Err(error) => Err(error.into()),
    }
}
