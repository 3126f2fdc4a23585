//! Descriptors of blink itself, which the guest must not see.
//!
//! They lie above the guest's `RLIMIT_NOFILE` where the hard limit allows: the soft limit is raised for the moment of
//! placing them, and a descriptor stays valid above a lowered limit. Elsewhere they lie high below it, and give way when the
//! guest asks for their number ([`vacate`]). All are close-on-exec.

use crate::errno::{Errno, check};
use crate::{dir, file};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicI32, Ordering::SeqCst};

const SLOTS: usize = 16;
static OWN: [AtomicI32; SLOTS] = [const { AtomicI32::new(-1) }; SLOTS];

/// Highest number that own descriptors start from: the kernel's table of descriptors grows with the highest one in use.
const HIGHEST: u64 = 65536;

/// An own descriptor by its slot, since its number may change when the guest wants that number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Own(usize);

impl Own {
    /// The descriptor's number now.
    pub fn number(self) -> i32 {
        OWN[self.0].load(SeqCst)
    }
}

/// True if `fd` is one of ours: for the guest it does not exist.
pub fn is_own(fd: i32) -> bool {
    fd > 2 && OWN.iter().any(|slot| slot.load(SeqCst) == fd)
}

/// The numbers in use, ascending.
pub fn numbers() -> Vec<i32> {
    let mut all: Vec<i32> = OWN.iter().map(|slot| slot.load(SeqCst)).filter(|&fd| fd >= 0).collect();
    all.sort_unstable();
    all
}

/// The highest open descriptor that is not one of ours.
pub fn highest_other() -> i32 {
    let Ok(list) = file::open_directory(c"/dev/fd") else { return 2 };
    let mut highest = 2;
    while let Ok(entries) = dir::entries(list, 4096)
        && !entries.is_empty()
    {
        let numbers = entries.iter().filter_map(|entry| core::str::from_utf8(&entry.name).ok()?.parse().ok());
        highest = numbers.filter(|&fd| fd != list && !is_own(fd)).fold(highest, i32::max);
    }
    let _ = file::close(list);
    highest
}

/// Takes `fd` over: moves it out of the guest's way, makes it close-on-exec and notes it.
pub fn adopt(fd: i32) -> Result<Own, Errno> {
    let slot = (0..SLOTS).find(|&i| OWN[i].compare_exchange(-1, -2, SeqCst, SeqCst).is_ok()).ok_or(Errno::EMFILE)?;
    match place(fd) {
        Ok(high) => {
            OWN[slot].store(high, SeqCst);
            // SAFETY: `fd` was handed over to us by value and has been duplicated.
            unsafe { libc::close(fd) };
            Ok(Own(slot))
        }
        Err(error) => {
            OWN[slot].store(-1, SeqCst);
            Err(error)
        }
    }
}

/// Closes an own descriptor.
pub fn close(own: Own) {
    let fd = OWN[own.0].swap(-1, SeqCst);
    if fd >= 0 {
        // SAFETY: the slot owned the descriptor and is empty now.
        unsafe { libc::close(fd) };
    }
}

/// Moves an own descriptor away from number `fd`, which the guest is about to use.
pub fn vacate(fd: i32) -> Result<(), Errno> {
    for slot in &OWN {
        if fd >= 0 && slot.load(SeqCst) == fd {
            let moved = place(fd)?;
            slot.store(moved, SeqCst);
            // SAFETY: the slot owned this number and names the duplicate now.
            unsafe { libc::close(fd) };
        }
    }
    Ok(())
}

/// Duplicates `fd` to where own descriptors lie.
fn place(fd: i32) -> Result<i32, Errno> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid place for the answer.
    check(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) })?;
    let soft = limit.rlim_cur as u64;
    if soft < HIGHEST {
        let raised = libc::rlimit { rlim_cur: limit.rlim_cur + 64, rlim_max: limit.rlim_max.max(limit.rlim_cur + 64) };
        // SAFETY: plain values; the limit is set back below.
        if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raised) } == 0 {
            // SAFETY: duplicating a descriptor touches no memory.
            let result = check(unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, soft as i32) });
            // SAFETY: as above.
            unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) };
            return result;
        }
    }
    // The limit cannot be raised, or is enormous: the upper end below it.
    let start = soft.min(HIGHEST).saturating_sub(SLOTS as u64 * 2);
    // SAFETY: duplicating a descriptor touches no memory.
    check(unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, start as i32) })
}
