//! What programs tell or ask of pages without changing mappings (man 2 madvise, msync, mincore, mlock).

use super::area::{Area, AtFork};
use super::calls::{is_aligned, round_up};
use super::{AddressSpace, Form, Inner, TASK_SIZE};
use crate::errno::Errno;
use alloc::vec::Vec;
use core::ops::Range;
use memory::{Access, Backing, PAGE_SIZE, Rights};

const DONTNEED: i32 = 4;
const FREE: i32 = 8;
const REMOVE: i32 = 9;
const DONTFORK: i32 = 10;
const DOFORK: i32 = 11;
const WIPEONFORK: i32 = 18;
const KEEPONFORK: i32 = 19;
const POPULATE_READ: i32 = 22;
const POPULATE_WRITE: i32 = 23;
const DONTNEED_LOCKED: i32 = 24;
const HWPOISON: i32 = 100;
const SOFT_OFFLINE: i32 = 101;

impl AddressSpace {
    pub fn madvise(&self, address: u64, length: u64, advice: i32) -> Result<u64, Errno> {
        // MADV_GUARD_INSTALL and _REMOVE of Linux 6.13 are unknown here, as on older kernels.
        if !matches!(advice, 0..=4 | 8..=25 | HWPOISON | SOFT_OFFLINE) {
            return Err(Errno::EINVAL);
        }
        let end = round_up(length).and_then(|length| address.checked_add(length)).ok_or(Errno::EINVAL)?;
        if !is_aligned(address) {
            return Err(Errno::EINVAL);
        }
        if end == address {
            return Ok(0);
        }
        if matches!(advice, HWPOISON | SOFT_OFFLINE) {
            return Err(Errno::EPERM);
        }
        if matches!(advice, POPULATE_READ | POPULATE_WRITE) {
            return self.populate(address..end, advice);
        }
        let mut inner = self.lock();
        let parts: Vec<(u64, Area)> =
            inner.areas.overlapping(address..end).map(|(start, area)| (start, area.clone())).collect();
        for (start, area) in parts {
            let range = start.max(address)..area.end.min(end);
            match advice {
                DONTNEED | DONTNEED_LOCKED => self.forget(&mut inner, range, start, &area)?,
                FREE if !area.is_private_anonymous() => return Err(Errno::EINVAL),
                REMOVE if !area.is_shared || !area.may_write => {
                    return Err(if area.file.is_none() { Errno::EINVAL } else { Errno::EACCES });
                }
                REMOVE => self.punch(&mut inner, range, start, &area)?,
                WIPEONFORK if !area.is_private_anonymous() => return Err(Errno::EINVAL),
                WIPEONFORK => self.at_fork(&mut inner, range, AtFork::Zeros),
                DONTFORK => self.at_fork(&mut inner, range, AtFork::Nothing),
                KEEPONFORK if area.at_fork == AtFork::Zeros => self.at_fork(&mut inner, range, AtFork::Copied),
                DOFORK if area.at_fork == AtFork::Nothing => self.at_fork(&mut inner, range, AtFork::Copied),
                _ => {}
            }
        }
        // Holes are an error, but what is mapped has been served.
        if inner.areas.covers(address..end) { Ok(0) } else { Err(Errno::ENOMEM) }
    }

    /// Touches all pages, as their faults would.
    fn populate(&self, range: Range<u64>, advice: i32) -> Result<u64, Errno> {
        // Not what a page can do counts here, but what the area says.
        let (access, right) = match advice {
            POPULATE_WRITE => (Access::Write, Rights::WRITE),
            _ => (Access::Read, Rights::READ),
        };
        if advice == POPULATE_WRITE {
            self.separate(&self.lock(), range.clone());
        }
        for page in range.step_by(PAGE_SIZE as usize) {
            match self.lock().areas.find(page) {
                None => return Err(Errno::ENOMEM),
                Some((_, area)) if !area.rights.contains(right) => return Err(Errno::EINVAL),
                Some(_) => {}
            }
            match self.page(page, access) {
                Ok(_) | Err(memory::Cause::Code) => {}
                Err(memory::Cause::Protected) => return Err(Errno::EINVAL),
                Err(memory::Cause::Bus) => return Err(Errno::EFAULT),
                Err(_) => return Err(Errno::ENOMEM),
            }
        }
        Ok(0)
    }

    /// Private pages of files that may be written get their own copies, as the kernel does where it brings them in.
    pub(super) fn separate(&self, inner: &Inner, range: Range<u64>) {
        for (start, area) in inner.areas.overlapping(range.clone()) {
            if area.is_shared || area.file.is_none() || !area.rights.contains(Rights::WRITE) {
                continue;
            }
            let (from, to) = (start.max(range.start), area.end.min(range.end));
            match (&self.form, &area.region) {
                (Form::Linear(window), _) => window.separate(from, to - from),
                (Form::Paged, Some((region, offset))) => region.separate(offset + from - start, to - from),
                (Form::Paged, None) => {}
            }
        }
    }

    fn at_fork(&self, inner: &mut Inner, range: Range<u64>, at_fork: AtFork) {
        for (start, mut part) in inner.areas.remove(range) {
            part.at_fork = at_fork;
            inner.areas.insert(start, part);
        }
    }

    /// The pages are as they were when they were mapped.
    fn forget(&self, inner: &mut Inner, range: Range<u64>, start: u64, area: &Area) -> Result<(), Errno> {
        self.revoke(inner, range.clone());
        match (&self.form, &area.region) {
            (Form::Linear(window), _) => window.forget(range.start, range.end - range.start)?,
            (Form::Paged, Some((region, offset))) if !area.is_shared => {
                region.forget(offset + range.start - start, range.end - range.start);
            }
            (Form::Paged, Some(_)) => {}
            (Form::Paged, None) => self.drop_frames(inner, range),
        }
        Ok(())
    }

    /// `MADV_REMOVE`: a hole in the file.
    fn punch(&self, inner: &mut Inner, range: Range<u64>, start: u64, area: &Area) -> Result<(), Errno> {
        self.revoke(inner, range.clone());
        match (&self.form, &area.region) {
            (Form::Linear(window), _) => window.punch(range.start, range.end - range.start)?,
            (Form::Paged, Some((region, offset))) => {
                region.punch(offset + range.start - start, range.end - range.start)?;
            }
            (Form::Paged, None) => {}
        }
        Ok(())
    }

    pub fn msync(&self, address: u64, length: u64, flags: u32) -> Result<u64, Errno> {
        const ASYNC: u32 = 1;
        const INVALIDATE: u32 = 2;
        const SYNC: u32 = 4;
        if flags & !(ASYNC | INVALIDATE | SYNC) != 0 || !is_aligned(address) || flags & ASYNC != 0 && flags & SYNC != 0
        {
            return Err(Errno::EINVAL);
        }
        // A length that cannot be rounded up counts as 0.
        let end = address.checked_add(round_up(length).unwrap_or(0)).ok_or(Errno::ENOMEM)?;
        if end == address {
            return Ok(0);
        }
        let inner = self.lock();
        for (start, area) in inner.areas.overlapping(address..end) {
            if !area.is_shared || flags & SYNC == 0 {
                continue;
            }
            let (from, to) = (start.max(address), area.end.min(end));
            match (&self.form, &area.region) {
                (Form::Linear(window), _) => window.sync(from, to - from)?,
                (Form::Paged, Some((region, offset))) => region.sync(offset + from - start, to - from)?,
                _ => {}
            }
        }
        if inner.areas.covers(address..end) { Ok(0) } else { Err(Errno::ENOMEM) }
    }

    /// One byte for each page, 1 if it is in memory. The range must be mapped.
    pub fn mincore(&self, address: u64, length: u64) -> Result<Vec<u8>, Errno> {
        if !is_aligned(address) {
            return Err(Errno::EINVAL);
        }
        let end = round_up(length).and_then(|length| address.checked_add(length)).ok_or(Errno::ENOMEM)?;
        if end > TASK_SIZE {
            return Err(Errno::ENOMEM);
        }
        let inner = self.lock();
        if end > address && !inner.areas.covers(address..end) {
            return Err(Errno::ENOMEM);
        }
        let mut all = Vec::with_capacity(((end - address) / PAGE_SIZE) as usize);
        for (start, area) in inner.areas.overlapping(address..end) {
            let range = start.max(address)..area.end.min(end);
            match (&self.form, &area.region) {
                (Form::Linear(window), _) => all.extend(window.resident(range.start, range.end - range.start)?),
                (Form::Paged, Some((region, offset))) => {
                    all.extend(region.resident(offset + range.start - start, range.end - range.start)?);
                }
                (Form::Paged, None) => {
                    all.extend(
                        range.step_by(PAGE_SIZE as usize).map(|page| u8::from(inner.frames.contains_key(&page))),
                    );
                }
            }
        }
        Ok(all)
    }

    /// mlock, mlock2: nothing is pinned, but the range must be mapped, and accessible.
    pub fn mlock(&self, address: u64, length: u64) -> Result<u64, Errno> {
        let range = lock_range(address, length)?;
        if range.is_empty() {
            return Ok(0);
        }
        let mut inner = self.lock();
        let parts: Vec<(Range<u64>, bool, Rights)> = inner
            .areas
            .overlapping(range.clone())
            .map(|(start, area)| (start.max(range.start)..area.end.min(range.end), area.file.is_some(), area.rights))
            .collect();
        if !inner.areas.covers(range) || parts.iter().any(|(_, _, rights)| *rights == Rights::NONE) {
            return Err(Errno::ENOMEM);
        }
        parts.iter().for_each(|part| self.separate(&inner, part.0.clone()));
        // All pages are brought in, which fails behind the end of a file.
        let mut pages = parts.into_iter().filter(|part| part.1).flat_map(|part| part.0.step_by(PAGE_SIZE as usize));
        match pages.all(|page| self.host_page(&mut inner, page, Access::Read).is_ok()) {
            true => Ok(0),
            false => Err(Errno::ENOMEM),
        }
    }

    pub fn munlock(&self, address: u64, length: u64) -> Result<u64, Errno> {
        let range = lock_range(address, length)?;
        if range.is_empty() || self.lock().areas.covers(range) { Ok(0) } else { Err(Errno::ENOMEM) }
    }
}

fn lock_range(address: u64, length: u64) -> Result<Range<u64>, Errno> {
    let start = address & !(PAGE_SIZE - 1);
    let length = round_up(length.wrapping_add(address - start)).unwrap_or(0);
    Ok(start..start.checked_add(length).ok_or(Errno::EINVAL)?)
}
