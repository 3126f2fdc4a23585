//! Plain memory without an operating system: pages in a map, for tests of whatever stands on `Memory`.

use crate::{Access, Backing, Cause, PAGE_SIZE, Page, Rights};
use alloc::collections::BTreeMap;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

struct Slot {
    page: Page,
    holds_code: AtomicBool,
    epoch: AtomicU32,
}

/// Pages by address. Built first, then shared.
#[derive(Default)]
pub struct Ram {
    pages: BTreeMap<u64, Slot>,
}

impl Ram {
    pub fn new() -> Ram {
        Ram::default()
    }

    /// Maps zeroed pages over `[start, start + length)`.
    pub fn map(&mut self, start: u64, length: u64, rights: Rights) {
        let mut address = start & !(PAGE_SIZE - 1);
        while address < start + length {
            let slot = Slot {
                page: Page::zeroed().restricted(rights),
                holds_code: AtomicBool::new(false),
                epoch: AtomicU32::new(0),
            };
            self.pages.insert(address, slot);
            address += PAGE_SIZE;
        }
    }
}

impl Backing for Ram {
    fn page(&self, address: u64, access: Access) -> Result<Page, Cause> {
        let slot = self.pages.get(&address).ok_or(Cause::Unmapped)?;
        let needed = match access {
            Access::Read => Rights::READ,
            Access::Write => Rights::WRITE,
            Access::Fetch => Rights::EXEC,
        };
        if !slot.page.rights().contains(needed) {
            return Err(Cause::Protected);
        }
        if access == Access::Fetch {
            slot.holds_code.store(true, Ordering::SeqCst);
        }
        if !slot.holds_code.load(Ordering::SeqCst) {
            return Ok(slot.page.clone());
        }
        if access == Access::Write {
            return Err(Cause::Code);
        }
        Ok(slot.page.restricted(Rights::READ.with(Rights::EXEC)))
    }

    fn code_epoch(&self, address: u64) -> u32 {
        self.pages.get(&(address & !(PAGE_SIZE - 1))).map_or(0, |slot| slot.epoch.load(Ordering::SeqCst))
    }

    fn code_written(&self, address: u64) {
        if let Some(slot) = self.pages.get(&(address & !(PAGE_SIZE - 1))) {
            slot.epoch.fetch_add(1, Ordering::SeqCst);
            slot.holds_code.store(false, Ordering::SeqCst);
        }
    }
}
