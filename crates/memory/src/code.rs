//! Which pages hold code that some thread may have decoded.
//!
//! A fetch [marks](Codes::mark) its page. A store into a marked page fails with `Cause::Code`; [`Codes::written`] then unmarks
//! it: the mark and the epoch, then `CODE` on every thread, then the epoch again, then `CODE` again, then the store. A block that was
//! decoded with an epoch before the second change goes at the second `CODE`. One with the epoch after it was decoded by a thread that had
//! seen the first `CODE` and forgotten which pages it had marked, so its pages are marked anew, and the store fails again.

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
        if self.first_in(range.clone()).is_none() {
            return;
        }
        for keeps_marks in [false, true] {
            self.next_epoch(range.clone(), keeps_marks);
            threads.raise_all(attention::CODE);
        }
    }

    fn next_epoch(&self, range: Range<u64>, keeps_marks: bool) {
        let mut marks = self.marks.lock();
        let (pages, counter) = &mut *marks;
        *counter = counter.wrapping_add(1).max(1);
        for (_, mark) in pages.range_mut(range) {
            *mark = Mark { epoch: *counter, holds_code: mark.holds_code && keeps_marks };
        }
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
