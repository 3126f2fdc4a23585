//! The host's futexes on guest memory: a guest's futex word is a word of host memory, so no one polls.

use crate::call::{blocking, call};
use crate::errno::Errno;
use crate::time::Time;
use memory::GuestRange;

/// 32-bit hosts have a form of the call with 64-bit times.
const FUTEX: libc::c_long = if size_of::<libc::c_long>() == 4 { 422 } else { libc::SYS_futex };

/// A futex word: four aligned bytes of guest memory, which stay where they are as long as the range lives.
fn pointer(word: &GuestRange) -> Result<usize, Errno> {
    match word.chunks() {
        [chunk] if chunk.length == 4 => Ok(chunk.host.as_ptr() as usize),
        _ => Err(Errno::EINVAL),
    }
}

/// A guest value as it lies in host memory: the kernel compares in the host's byte order.
fn order(value: u32) -> usize {
    value.to_le() as usize
}

/// Waits while the word holds `value`. `operation` is `FUTEX_WAIT` or one of its kind with flags; the timeout is relative for
/// `FUTEX_WAIT` and absolute otherwise, as the kernel has it.
pub fn wait(
    word: &GuestRange,
    operation: i32,
    value: u32,
    timeout: Option<&Time>,
    bitset: u32,
) -> Result<usize, Errno> {
    let time = timeout.map_or(0, |time| time as *const Time as usize);
    // SAFETY: the word is guest memory that the range keeps alive; the kernel reads a 64-bit timespec.
    unsafe { blocking(FUTEX, [pointer(word)?, operation as usize, order(value), time, 0, bitset as usize]) }
}

/// Wakes up to `count` waiters whose bitset meets `bitset`.
pub fn wake(word: &GuestRange, operation: i32, count: u32, bitset: u32) -> Result<usize, Errno> {
    // SAFETY: the word is guest memory that the range keeps alive.
    unsafe { call(FUTEX, [pointer(word)?, operation as usize, count as usize, 0, 0, bitset as usize]) }
}

/// `FUTEX_REQUEUE` and `FUTEX_CMP_REQUEUE`: wakes `count`, and lets up to `limit` others wait on `other`.
pub fn requeue(
    word: &GuestRange,
    operation: i32,
    count: u32,
    limit: u32,
    other: &GuestRange,
    value: u32,
) -> Result<usize, Errno> {
    let args = [pointer(word)?, operation as usize, count as usize, limit as usize, pointer(other)?, order(value)];
    // SAFETY: both words are guest memory that the ranges keep alive.
    unsafe { call(FUTEX, args) }
}

/// `FUTEX_WAKE_OP`, whose operation on `other` the kernel does itself: little-endian hosts only.
pub fn wake_op(
    word: &GuestRange,
    operation: i32,
    count: u32,
    count_other: u32,
    other: &GuestRange,
    change: u32,
) -> Result<usize, Errno> {
    let args =
        [pointer(word)?, operation as usize, count as usize, count_other as usize, pointer(other)?, change as usize];
    // SAFETY: both words are guest memory that the ranges keep alive.
    unsafe { call(FUTEX, args) }
}

/// The operations with priority inheritance, whose word holds thread ids: little-endian hosts only.
pub fn priority(word: &GuestRange, operation: i32, value: u32, timeout: Option<&Time>) -> Result<usize, Errno> {
    let time = timeout.map_or(0, |time| time as *const Time as usize);
    // SAFETY: the word is guest memory that the range keeps alive; the kernel reads a 64-bit timespec.
    unsafe { blocking(FUTEX, [pointer(word)?, operation as usize, value as usize, time, 0, 0]) }
}

/// `FUTEX_WAIT_REQUEUE_PI`: waits on `word`, and then for the lock at `other`; little-endian hosts only.
pub fn wait_requeue(
    word: &GuestRange,
    operation: i32,
    value: u32,
    timeout: Option<&Time>,
    other: &GuestRange,
) -> Result<usize, Errno> {
    let time = timeout.map_or(0, |time| time as *const Time as usize);
    let args = [pointer(word)?, operation as usize, value as usize, time, pointer(other)?, 0];
    // SAFETY: both words are guest memory that the ranges keep alive; the kernel reads a 64-bit timespec.
    unsafe { blocking(FUTEX, args) }
}

/// Can the host's kernel itself walk a list of robust futexes that lies in guest memory at its own addresses?
const HAS_SAME_LISTS: bool =
    cfg!(all(target_os = "linux", target_pointer_width = "64", target_endian = "little", not(target_abi = "x32")));

/// `set_robust_list(2)` for the calling thread, with a list at a guest address that is the host's too (0: none). False if the host
/// does not take it. The kernel only touches words that hold the number of the thread that ends.
pub fn set_robust_list(head: u64) -> bool {
    const LENGTH: usize = 24;
    // SAFETY: the kernel notes the address, and checks what it finds there when the thread ends.
    HAS_SAME_LISTS && unsafe { call(libc::SYS_set_robust_list, [head as usize, LENGTH]) }.is_ok()
}
