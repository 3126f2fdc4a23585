//! 64-bit values of signals (`union sigval`) on hosts whose kernel carries half of one.
//!
//! A value that a sender queues takes its upper half along in `si_errno`, which such a signal does not use otherwise. What timers and
//! message queues are to say lies in a table, and the kernel gets the number of its row. Rows are never taken back: a program
//! names few different values, most often pointers to what it has once per timer.

use crate::park::FUTEX;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use memory::Lock;

/// Whether the host's values are as wide as the guest's.
pub(crate) const WIDE: bool = size_of::<usize>() == 8;

/// Tells the number of a row from other values.
const TAG: u32 = 0x6b73_0000;
const ROWS: usize = if WIDE { 0 } else { 4096 };

/// Halves of the values, lower ones first.
static TABLE: [[AtomicU32; 2]; ROWS] = [const { [AtomicU32::new(0), AtomicU32::new(0)] }; ROWS];
/// Rows that are whole.
static USED: AtomicU32 = AtomicU32::new(0);
/// Who adds a row holds this.
static WRITER: Lock<()> = Lock::new((), &FUTEX);

/// The table, held for a fork.
pub(crate) fn hold() -> impl Drop {
    WRITER.lock()
}

/// What the host's kernel is to keep for `value`.
pub(crate) fn to_host(value: u64) -> usize {
    if WIDE {
        return value as usize;
    }
    match row_of(value) {
        Some(row) => (TAG | row) as usize,
        None => {
            crate::log::line(&format!("more than {ROWS} values of timers: the upper half of {value:#x} is lost"));
            value as usize
        }
    }
}

fn row_of(value: u64) -> Option<u32> {
    let halves = [value as u32, (value >> 32) as u32];
    let _writer = WRITER.lock();
    let used = USED.load(Relaxed);
    let mut rows = TABLE.iter().take(used as usize);
    if let Some(row) = rows.position(|row| [0, 1].map(|half| row[half].load(Relaxed)) == halves) {
        return Some(row as u32);
    }
    for (place, half) in TABLE.get(used as usize)?.iter().zip(halves) {
        place.store(half, Relaxed);
    }
    USED.store(used + 1, Release);
    Some(used)
}

/// The value that the host's kernel kept. Runs in signal handlers.
pub(crate) fn from_host(kept: u64) -> u64 {
    let row = (kept as u32 ^ TAG) as usize;
    if WIDE || row >= USED.load(Acquire) as usize {
        return kept;
    }
    let [low, high] = [0, 1].map(|half| u64::from(TABLE[row][half].load(Relaxed)));
    high << 32 | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_whole() {
        for value in [0, 1, 0x7fff_1234_5678_9abc, u64::MAX, 1] {
            assert_eq!(from_host(to_host(value) as u64), value);
        }
        assert_eq!(to_host(7), to_host(7));
        assert_eq!(from_host(5), 5);
    }
}
