//! Moving and resizing of mappings (man 2 mremap), after `mm/mremap.c` of Linux 6.18.

use super::area::Area;
use super::calls::{Flags, is_aligned, round_up};
use super::{AddressSpace, Form, Inner, TASK_SIZE, commit};
use crate::errno::Errno;
use alloc::vec::Vec;
use core::ops::Range;
use host::mapping::{Sharing, Source};
use memory::Rights;

const MAYMOVE: u32 = 1;
const FIXED: u32 = 2;
const DONTUNMAP: u32 = 4;

impl AddressSpace {
    pub fn mremap(&self, old: u64, old_length: u64, length: u64, flags: u32, new: u64) -> Result<u64, Errno> {
        if flags & !(MAYMOVE | FIXED | DONTUNMAP) != 0 || !is_aligned(old) {
            return Err(Errno::EINVAL);
        }
        // A length that cannot be rounded up counts as 0.
        let old_length = round_up(old_length).unwrap_or(0);
        let length = round_up(length).filter(|length| (1..=TASK_SIZE).contains(length)).ok_or(Errno::EINVAL)?;
        let (is_fixed, keeps_old) = (flags & FIXED != 0, flags & DONTUNMAP != 0);
        if is_fixed || keeps_old {
            // The kernel adds modulo 2^64 here.
            let is_overlapping = new < old.wrapping_add(old_length) && old < new.wrapping_add(length);
            if new > TASK_SIZE - length
                || !is_aligned(new)
                || flags & MAYMOVE == 0
                || keeps_old && old_length != length
                || is_overlapping
            {
                return Err(Errno::EINVAL);
            }
        }
        let mut inner = self.lock();
        let (_, area) = inner.areas.find(old).ok_or(Errno::EFAULT)?;
        if is_fixed && old_length == length {
            return self.move_all(&mut inner, old..old + length, flags, new);
        }
        if !is_fixed && !keeps_old && length < old_length {
            // Shrinking in place is unmapping, of whatever is there.
            let end = old.checked_add(old_length).filter(|end| *end <= TASK_SIZE).ok_or(Errno::EINVAL)?;
            self.unmap(&mut inner, old + length..end)?;
            return Ok(old);
        }
        if !is_fixed && !keeps_old && length == old_length {
            return Ok(old);
        }
        if old_length == 0 && !area.is_shared {
            return Err(Errno::EINVAL);
        }
        // What is left of the old range lies in one mapping, and not across its end.
        if old_length.min(length) > area.end - old {
            return Err(Errno::EFAULT);
        }
        if !area.is_shared && area.rights.contains(Rights::WRITE) {
            commit::check(length.saturating_sub(old_length))?;
        }
        inner.check_total(length.saturating_sub(old_length), area.is_data())?;
        if !is_fixed && !keeps_old {
            let (end, wanted) = (old + old_length, old.checked_add(length).filter(|end| *end <= TASK_SIZE));
            if let Some(wanted) = wanted
                && area.end == end
                && inner.areas.find_above(end).is_none_or(|(start, next)| next.start_with_gap(start) >= wanted)
                && self.check_place(end, wanted - end).is_ok()
                && self.extend(&mut inner, end, wanted).is_ok()
            {
                return Ok(old);
            }
        }
        if flags & MAYMOVE == 0 {
            return Err(Errno::ENOMEM);
        }
        self.move_to(&mut inner, old, old_length, length, flags, new)
    }

    /// A pure move takes all mappings of the range and keeps the holes between them (since Linux 6.17).
    fn move_all(&self, inner: &mut Inner, range: Range<u64>, flags: u32, new: u64) -> Result<u64, Errno> {
        let parts: Vec<Range<u64>> = inner
            .areas
            .overlapping(range.clone())
            .map(|(start, area)| start.max(range.start)..area.end.min(range.end))
            .collect();
        for part in parts {
            let length = part.end - part.start;
            self.move_to(inner, part.start, length, length, flags, part.start - range.start + new)?;
        }
        Ok(new)
    }

    fn move_to(
        &self,
        inner: &mut Inner,
        old: u64,
        old_length: u64,
        length: u64,
        flags: u32,
        new: u64,
    ) -> Result<u64, Errno> {
        let to = if flags & FIXED != 0 {
            self.check_low(inner, new)?;
            self.check_place(new, length)?;
            self.unmap(inner, new..new + length)?;
            new
        } else {
            // The new address is a hint for MREMAP_DONTUNMAP only.
            let hint = if flags & DONTUNMAP != 0 { new } else { 0 };
            self.place(inner, hint, length, Flags::NONE)?
        };
        if old_length == 0 {
            return self.duplicate(inner, old, to, length);
        }
        let moved = old_length.min(length);
        if old_length > length {
            let end = old.checked_add(old_length).filter(|end| *end <= TASK_SIZE).ok_or(Errno::EINVAL)?;
            self.unmap(inner, old + length..end)?;
        }
        self.relocate(inner, old..old + moved, to, flags & DONTUNMAP != 0)?;
        if length > moved {
            self.extend(inner, to + moved, to + length)?;
        }
        Ok(to)
    }

    /// Lets the mapping that ends at `end` go on to `new_end`, where nothing is.
    fn extend(&self, inner: &mut Inner, end: u64, new_end: u64) -> Result<(), Errno> {
        let (start, area) = inner.areas.find(end - 1).ok_or(Errno::EFAULT)?;
        let skipped = end - start;
        let mut extension = area.part(start, end, new_end);
        extension.region = None;
        let length = new_end - end;
        match (&self.form, &area.region, &area.file) {
            (Form::Linear(window), _, Some(_)) => {
                // The host's own mapping is the only way to the file. For a moment the place behind it is free, and nobody uses
                // it; the mapping itself stays where it is.
                window.grow(start, skipped, skipped + length)?;
            }
            (Form::Linear(window), _, None) => {
                window.map(end, length, Source::Anonymous, Sharing::Private, extension.rights)?;
            }
            (Form::Paged, Some((region, offset)), _) => {
                extension.region = Some((region.extended(*offset, skipped + length)?, skipped));
            }
            (Form::Paged, None, _) => {}
        }
        inner.areas.insert(end, extension);
        Ok(())
    }

    /// Moves areas with their pages to a free place; with `keeps_old` they stay too, without pages.
    fn relocate(&self, inner: &mut Inner, from: Range<u64>, to: u64, keeps_old: bool) -> Result<(), Errno> {
        let length = from.end - from.start;
        let removed = inner.areas.remove(from.clone());
        self.revoke(inner, from.clone());
        if let Form::Linear(window) = &self.form {
            let host = window.relocate(from.start, to, length, keeps_old);
            if let Err(error) = host {
                removed.into_iter().for_each(|(start, area)| inner.areas.insert(start, area));
                return Err(error.into());
            }
        }
        let mut moving = inner.frames.split_off(&from.start);
        let mut behind = moving.split_off(&from.end);
        inner.frames.append(&mut behind);
        inner.frames.extend(moving.into_iter().map(|(page, frame)| (page - from.start + to, frame)));
        for (start, area) in removed {
            let moved = Area { end: area.end - from.start + to, ..area.clone() };
            inner.areas.insert(start - from.start + to, moved);
            if keeps_old {
                self.leave_empty(inner, start, area)?;
            }
        }
        Ok(())
    }

    /// What `MREMAP_DONTUNMAP` leaves: the same mapping, whose private pages are new.
    fn leave_empty(&self, inner: &mut Inner, start: u64, mut area: Area) -> Result<(), Errno> {
        match (&self.form, &area.region) {
            (Form::Linear(_), _) => {}
            (Form::Paged, Some((region, offset))) if !area.is_shared => {
                area.region = Some((region.fresh(*offset, area.end - start)?, 0));
            }
            (Form::Paged, _) => {}
        }
        inner.areas.insert(start, area);
        Ok(())
    }

    /// A second mapping of a shared one (an old size of 0).
    fn duplicate(&self, inner: &mut Inner, from: u64, to: u64, length: u64) -> Result<u64, Errno> {
        let (start, area) = inner.areas.find(from).ok_or(Errno::EFAULT)?;
        let mut copy = area.part(start, from, from + length);
        copy.end = to + length;
        if let (Form::Paged, Some((region, offset))) = (&self.form, &area.region) {
            copy.region = Some((region.extended(offset + (from - start), length)?, 0));
        }
        if let Form::Linear(window) = &self.form {
            window.duplicate(from, to, length)?;
            if copy.rights == Rights::NONE {
                window.protect(to, length, copy.rights)?;
            }
        }
        inner.areas.insert(to, copy);
        Ok(to)
    }
}
