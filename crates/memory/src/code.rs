//! Which pages hold code that some thread may have decoded.
//!
//! A fetch [marks](Codes::mark) its page. A store into a marked page fails with `Cause::Code`; [`Codes::written`] then gives it another
//! epoch, raises `CODE` on every thread and unmarks it, all under the lock of the marks, and the store is tried again.
//!
//! While a page is not marked, stores into it go unnoticed, those of third threads too. So no block of it may run then. One with the
//! old epoch cannot: its thread had `CODE` raised before anybody could find the page unmarked, and looks at each block before it runs. Nor
//! can one with the new epoch: its thread read that under the lock, after `CODE` was raised on it, so it has forgotten which pages it
//! had fetched from, and marked this one anew, which waits until no thread has it as writable. A thread that gets the page as
//! writable with `CODE` still pending may be in the middle of a block of it: its store fails once more (`Memory::host_of`).
//!
//! Nobody waits for the marks inside the guest: who holds them waits for the list of threads, whose holder waits for those inside.

use crate::attention::{self, Lock, Locked, Park, Threads};
use alloc::collections::BTreeMap;
use core::ops::Range;

#[derive(Clone, Copy, Default)]
struct Mark {
    epoch: u32,
    holds_code: bool,
}

/// Marks of a backing's pages.
pub struct Codes {
    marks: Lock<(BTreeMap<u64, Mark>, u32)>,
}

impl Codes {
    pub fn new(park: &'static dyn Park) -> Codes {
        Codes { marks: Lock::new((BTreeMap::new(), 0), park) }
    }

    /// Notes that a page holds code; true if that is news.
    pub fn mark(&self, page: u64) -> bool {
        let mut marks = self.marks.lock();
        !core::mem::replace(&mut marks.0.entry(page).or_default().holds_code, true)
    }

    pub fn holds_code(&self, page: u64) -> bool {
        self.marks.lock().0.get(&page).is_some_and(|mark| mark.holds_code)
    }

    /// Keeps all others from marks until the result is dropped.
    pub fn hold(&self) -> Held<'_> {
        Held { _marks: self.marks.lock() }
    }

    /// First page of `range` that holds code.
    pub fn first_in(&self, range: Range<u64>) -> Option<u64> {
        self.marks.lock().0.range(range).find(|(_, mark)| mark.holds_code).map(|(&page, _)| page)
    }

    pub fn epoch(&self, page: u64) -> u32 {
        self.marks.lock().0.get(&page).map_or(0, |mark| mark.epoch)
    }

    /// The pages of `range` are about to change, or have been unmapped.
    pub fn written(&self, range: Range<u64>, threads: &Threads) {
        let mut marks = self.marks.lock();
        let (pages, counter) = &mut *marks;
        if !pages.range(range.clone()).any(|(_, mark)| mark.holds_code) {
            return;
        }
        *counter = counter.wrapping_add(1).max(1);
        for (_, mark) in pages.range_mut(range) {
            *mark = Mark { epoch: *counter, holds_code: false };
        }
        threads.raise_all(attention::CODE);
    }
}

/// The marks, held for a fork.
pub struct Held<'a> {
    _marks: Locked<'a, (BTreeMap<u64, Mark>, u32)>,
}

impl core::fmt::Debug for Codes {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Codes")
    }
}
