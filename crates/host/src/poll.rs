//! Waiting for descriptors: poll, select, epoll, eventfd.

use crate::call::{blocking, call};
use crate::errno::Errno;
use crate::nr;
use crate::raw::plain_calls;
use crate::time::Time;
use alloc::vec::Vec;

/// One entry of `poll`; the event bits are Linux's on every CPU that blink runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct PollFd {
    pub fd: i32,
    pub events: u16,
    pub revents: u16,
}

/// The kernel's signal set: 64 bits as an array of longs.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Mask([usize; 64 / usize::BITS as usize]);

impl Mask {
    fn new(bits: u64) -> Mask {
        Mask(core::array::from_fn(|i| (bits >> (i as u32 * usize::BITS)) as usize))
    }
}

fn optional<T>(value: Option<&T>) -> usize {
    value.map_or(0, |value| value as *const T as usize)
}

/// man 2 ppoll; `timeout` is what is left afterwards, as the kernel leaves it.
pub fn poll(fds: &mut [PollFd], timeout: Option<&mut Time>, mask: Option<u64>) -> Result<usize, Errno> {
    let mask = mask.map(Mask::new);
    let timeout = timeout.map_or(0, |timeout| timeout as *mut Time as usize);
    let args = [fds.as_mut_ptr() as usize, fds.len(), timeout, optional(mask.as_ref()), 8];
    // SAFETY: entries, timeout and mask live over the call.
    unsafe { blocking(nr::PPOLL, args) }
}

/// The bits of a `select` set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FdSet(Vec<usize>);

impl FdSet {
    /// From little-endian bytes, bit `i` of byte `n` being descriptor `8 n + i`.
    pub fn from_bytes(bytes: &[u8]) -> FdSet {
        let mut words = vec![0usize; bytes.len().div_ceil(size_of::<usize>()) + 1];
        for (i, byte) in bytes.iter().enumerate() {
            words[i / size_of::<usize>()] |= usize::from(*byte) << (i % size_of::<usize>() * 8);
        }
        FdSet(words)
    }
    pub fn to_bytes(&self, length: usize) -> Vec<u8> {
        (0..length).map(|i| (self.0[i / size_of::<usize>()] >> (i % size_of::<usize>() * 8)) as u8).collect()
    }
    pub fn contains(&self, fd: usize) -> bool {
        self.0.get(fd / usize::BITS as usize).is_some_and(|word| word >> (fd % usize::BITS as usize) & 1 != 0)
    }
}

/// man 2 pselect6; `timeout` is what is left afterwards.
pub fn select(
    count: i32,
    sets: &mut [Option<FdSet>; 3],
    timeout: Option<&mut Time>,
    mask: Option<u64>,
) -> Result<usize, Errno> {
    let mask = mask.map(Mask::new);
    let pair = [optional(mask.as_ref()), 8];
    let timeout = timeout.map_or(0, |timeout| timeout as *mut Time as usize);
    let [read, write, except] = sets;
    let set = |set: &mut Option<FdSet>| set.as_mut().map_or(0, |set| set.0.as_mut_ptr() as usize);
    let args = [count as usize, set(read), set(write), set(except), timeout, pair.as_ptr() as usize];
    // SAFETY: the sets have a bit for every descriptor below `count` (the caller sizes them so) and all live over the call.
    unsafe { blocking(nr::PSELECT6, args) }
}

plain_calls! {
    fn eventfd_raw(value: u32, flags: u32) = libc::SYS_eventfd2;
    fn epoll_create_raw(flags: u32) = libc::SYS_epoll_create1;
}

/// man 2 eventfd2: flags are `O_CLOEXEC`, `O_NONBLOCK` and 1 (semaphore).
pub fn eventfd(value: u32, flags: u32) -> Result<i32, Errno> {
    Ok(eventfd_raw(value, crate::generic::to_host_open(flags & !1) | (flags & 1))? as i32)
}

/// man 2 epoll_create1: flags are `O_CLOEXEC`.
pub fn epoll_create(flags: u32) -> Result<i32, Errno> {
    Ok(epoll_create_raw(crate::generic::to_host_open(flags))? as i32)
}

/// man 2 epoll_ctl: the event is (bits, data).
pub fn epoll_ctl(epoll: i32, operation: i32, fd: i32, event: Option<(u32, u64)>) -> Result<(), Errno> {
    let raw = event.map(|(events, u64)| libc::epoll_event { events, u64 });
    // SAFETY: the event lives over the call.
    unsafe { call(libc::SYS_epoll_ctl, [epoll as usize, operation as usize, fd as usize, optional(raw.as_ref())]) }
        .map(drop)
}

/// How long to wait for epoll events.
#[derive(Clone, Copy, Debug)]
pub enum Wait {
    /// Milliseconds, negative for ever.
    Milliseconds(i32),
    /// `epoll_pwait2`.
    Time(Option<Time>),
}

/// man 2 epoll_pwait and epoll_pwait2: up to `limit` events as (bits, data).
pub fn epoll_wait(epoll: i32, limit: usize, wait: Wait, bits: Option<u64>) -> Result<Vec<(u32, u64)>, Errno> {
    let mask = bits.map(Mask::new);
    let mut events = vec![libc::epoll_event { events: 0, u64: 0 }; limit];
    let list = events.as_mut_ptr() as usize;
    let n = match wait {
        Wait::Milliseconds(timeout) => {
            let args = [epoll as usize, list, limit, timeout as usize, optional(mask.as_ref()), 8];
            // SAFETY: the list has room for `limit` events.
            unsafe { blocking(libc::SYS_epoll_pwait, args) }
        }
        Wait::Time(timeout) => {
            let args = [epoll as usize, list, limit, optional(timeout.as_ref()), optional(mask.as_ref()), 8];
            // SAFETY: the list has room for `limit` events.
            match unsafe { blocking(nr::EPOLL_PWAIT2, args) } {
                // Older kernels wait for whole milliseconds.
                Err(Errno::ENOSYS) => return epoll_wait(epoll, limit, Wait::Milliseconds(milliseconds(timeout)), bits),
                result => result,
            }
        }
    }?;
    Ok(events[..n.min(limit)].iter().map(|event| (event.events, event.u64)).collect())
}

/// Rounded up, so that nothing is waited for too shortly.
fn milliseconds(time: Option<Time>) -> i32 {
    let Some(time) = time else { return -1 };
    let whole = time.seconds.saturating_mul(1000).saturating_add((time.nanoseconds + 999_999) / 1_000_000);
    whole.clamp(0, i64::from(i32::MAX)) as i32
}
