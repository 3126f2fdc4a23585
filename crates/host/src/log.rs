//! The log: one line at a time, by one raw write each, to a descriptor of blink's own.

use crate::own::Own;
use crate::park::FUTEX;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use memory::Lock;

static SINKS: Lock<Vec<Own>> = Lock::new(Vec::new(), &FUTEX);
static ANY: AtomicBool = AtomicBool::new(false);

/// Adds a place that lines go to. Without one they are dropped.
pub fn add(sink: Own) {
    SINKS.lock().push(sink);
    ANY.store(true, SeqCst);
}

/// The log, held for a fork: no thread is in the middle of anything.
pub(crate) fn hold() -> impl Drop {
    SINKS.lock()
}

/// True if a line would be seen by anyone.
pub fn is_on() -> bool {
    ANY.load(SeqCst)
}

/// Writes `text` and a line end, after the process id.
pub fn line(text: &str) {
    if !is_on() {
        return;
    }
    let line = format!("[{}] {text}\n", crate::process::pid());
    let sinks = SINKS.lock().clone();
    for sink in sinks {
        write_all(sink.number(), line.as_bytes());
    }
}

/// Writes all of `bytes` as far as the descriptor takes them.
pub fn write_all(fd: i32, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        // SAFETY: pointer and length are those of a live slice.
        match unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) } {
            n if n > 0 => bytes = &bytes[n as usize..],
            -1 if crate::Errno::last() == crate::Errno::EINTR => {}
            _ => return,
        }
    }
}
