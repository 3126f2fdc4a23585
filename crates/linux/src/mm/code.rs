//! Pages that hold code: marks for the interpreter, write protection for translated code, which stores where no TLB is asked.

use super::{AddressSpace, Form, Inner};
use alloc::sync::Arc;
use core::ops::Range;
use core::ptr::NonNull;
use memory::{PAGE_SIZE, Rights, Threads};

/// Who has translated code of the guest.
pub trait Translations: Send + Sync {
    /// Forgets what was translated from the pages of the range; no thread runs it when this returns.
    fn forget(&self, range: Range<u64>, threads: &Threads);
    /// Runs `fork`, the host's fork, while nothing of this is being changed.
    fn fork(&self, fork: &mut dyn FnMut());
}

/// So often a page of code may be written before it is no longer protected: its code is then compared before it runs.
const MOST_WRITES: u32 = 64;

/// A program below this address has addresses of its own choice, perhaps others too.
const LOW: u64 = 1 << 32;
/// What stays free between such a program and its heap, for translated code.
const ROOM: u64 = 80 << 20;

impl AddressSpace {
    /// Where the heap of a program begins that Linux would begin at `brk`.
    pub fn heap_start(&self, brk: u64) -> u64 {
        if brk < LOW && self.is_translated() { brk + ROOM } else { brk }
    }

    /// From now on code is translated too. Before any code has been fetched; in the linear form.
    pub fn set_translations(&self, translations: Arc<dyn Translations>) {
        self.lock().translations = Some(translations);
    }

    pub fn is_translated(&self) -> bool {
        self.lock().translations.is_some()
    }

    /// Takes addresses from the guest for translated code within `reach` of `near`.
    pub fn take_for_code(&self, near: u64, length: u64, reach: u64) -> Option<NonNull<u8>> {
        const DISTANCES: [u64; 5] = [0x1000_0000, 0x2000_0000, 0x3000_0000, 0x4000_0000, 0x5000_0000];
        /// What the heap may grow to at least.
        const HEAP: u64 = 0x1000_0000;
        let Form::Linear(window) = &self.form else { return None };
        let mut inner = self.lock();
        let heap = inner.brk_start..inner.brk.saturating_add(HEAP);
        // Below first, where nothing grows to; for a program at low addresses right behind it, or far behind its heap.
        let below = DISTANCES.into_iter().filter_map(|distance| near.checked_sub(distance));
        let before_heap = inner.areas.lowest_gap(length, near..heap.start.max(near));
        let above = DISTANCES.into_iter().rev().map(|distance| near.saturating_add(distance));
        for start in below.chain(before_heap).chain(above).map(|start| start & !(PAGE_SIZE - 1)) {
            let range = start..start.saturating_add(length);
            if range.start.abs_diff(near) > reach || range.end.abs_diff(near) > reach {
                continue;
            }
            if range.start < heap.end && heap.start < range.end {
                continue;
            }
            if start < window.start() || !window.contains(start, length) || !inner.areas.is_free(range.clone()) {
                continue;
            }
            if let Ok(base) = window.take(start, length) {
                inner.areas.exclude(range);
                return Some(base);
            }
        }
        None
    }

    /// The page has been marked as one of code just now: translated code is to fault where it writes there.
    pub(super) fn guard(&self, inner: &mut Inner, page: u64) {
        if inner.translations.is_none() {
            return;
        }
        if let Form::Linear(window) = &self.form
            && window.protect(page, PAGE_SIZE, Rights::READ).is_ok()
        {
            inner.guarded.insert(page);
        }
    }

    /// Has the page been written so often that guarding it costs more than comparing its code?
    pub(super) fn is_restless(&self, inner: &Inner, page: u64) -> bool {
        inner.writes.get(&page).is_some_and(|&writes| writes >= MOST_WRITES)
    }

    /// The pages of the range hold no code any more, and may be written.
    pub(super) fn release_code(&self, inner: &mut Inner, range: Range<u64>) {
        self.codes.written(range.clone(), &self.threads);
        if let Some(translations) = &inner.translations {
            translations.forget(range.clone(), &self.threads);
        }
        let Form::Linear(window) = &self.form else { return };
        while let Some(&page) = inner.guarded.range(range.clone()).next() {
            inner.guarded.remove(&page);
            *inner.writes.entry(page).or_default() += 1;
            // Where that fails the guest has unmapped it.
            let _ = window.protect(page, PAGE_SIZE, Rights::READ.with(Rights::WRITE));
        }
    }
}
