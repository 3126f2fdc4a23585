//! Memory for tests and small machines: pages in a map.

use crate::attention::{self, Lock, Spin, Threads};
use crate::code::Codes;
use crate::fault::{Access, Cause};
use crate::page::{Backing, Page, Rights};
use crate::{OFFSET, PAGE_SIZE};
use alloc::collections::BTreeMap;

/// Pages that are mapped one by one. Other threads' views learn of an unmapped page at their next acknowledgement; until then
/// they keep the old page alive.
#[derive(Debug)]
pub struct Ram {
    pages: Lock<BTreeMap<u64, Page>>,
    codes: Codes,
    threads: Threads,
}

impl Default for Ram {
    fn default() -> Ram {
        Ram::new()
    }
}

impl Ram {
    pub fn new() -> Ram {
        Ram { pages: Lock::new(BTreeMap::new(), &Spin), codes: Codes::new(&Spin), threads: Threads::new(&Spin) }
    }

    /// Maps pages of zeros over all of `address..address + length`.
    pub fn map(&self, address: u64, length: u64, rights: Rights) {
        self.change(address, length, |_| Some(Page::zeroed().restricted(rights)));
    }

    /// Takes rights off pages.
    pub fn protect(&self, address: u64, length: u64, rights: Rights) {
        self.change(address, length, |page| page.map(|page| page.restricted(rights)));
    }

    pub fn unmap(&self, address: u64, length: u64) {
        self.change(address, length, |_| None);
    }

    fn change(&self, address: u64, length: u64, make: impl Fn(Option<Page>) -> Option<Page>) {
        let (first, count) = (address >> 12, ((address & OFFSET) + length).div_ceil(PAGE_SIZE));
        for page in (first..first + count).map(|number| number << 12) {
            let mut pages = self.pages.lock();
            let old = pages.remove(&page);
            if let Some(new) = make(old) {
                pages.insert(page, new);
            }
            drop(pages);
            self.codes.written(page..page + 1, &self.threads);
        }
        self.threads.raise_all(attention::TLB);
    }
}

impl Backing for Ram {
    fn threads(&self) -> Option<&Threads> {
        Some(&self.threads)
    }

    fn page(&self, page: u64, access: Access) -> Result<Page, Cause> {
        let found = self.pages.lock().get(&page).cloned().ok_or(Cause::Unmapped)?;
        if !found.rights().allows(access) {
            return Err(Cause::Protected);
        }
        if access == Access::Fetch {
            if self.codes.mark(page) {
                self.threads.raise_all(attention::TLB);
            }
        } else if !self.codes.holds_code(page) {
            return Ok(found);
        } else if access == Access::Write {
            return Err(Cause::Code);
        }
        Ok(found.restricted(Rights::READ.with(Rights::EXEC)))
    }

    fn code_written(&self, page: u64) {
        self.codes.written(page..page + 1, &self.threads);
    }

    fn code_written_in(&self, first: u64, last: u64) {
        self.codes.written(first..last + 1, &self.threads);
    }

    fn code_epoch(&self, page: u64) -> u32 {
        self.codes.epoch(page)
    }
}
