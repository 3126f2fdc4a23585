//! The system calls on mappings (man 2 mmap, munmap, mprotect, mremap, brk, madvise, msync, mincore, mlock).

use super::area::{Area, MappedFile, Name};
use super::{AddressSpace, Form, Inner, TASK_SIZE};
use crate::errno::Errno;
use host::mapping::{Region, Sharing, Source};
use memory::{PAGE_SIZE, Rights};
use std::ffi::CString;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// PROT_* of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prot(pub u32);

impl Prot {
    const KNOWN: u32 = 0xf;
    const GROWSDOWN: u32 = 0x0100_0000;
    const GROWSUP: u32 = 0x0200_0000;

    fn rights(self) -> Rights {
        Rights((self.0 & 7) as u8)
    }
}

/// MAP_* of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(pub u32);

impl Flags {
    pub const NONE: Flags = Flags(0);
    pub const SHARED: Flags = Flags(1);
    pub const PRIVATE: Flags = Flags(2);
    pub const FIXED: Flags = Flags(0x10);
    pub const ANONYMOUS: Flags = Flags(0x20);
    pub const LOW: Flags = Flags(0x40);
    pub const GROWSDOWN: Flags = Flags(0x100);
    pub const HUGETLB: Flags = Flags(0x4_0000);
    pub const FIXED_NOREPLACE: Flags = Flags(0x10_0000);
    const TYPE: u32 = 0xf;
    const SHARED_VALIDATE: u32 = 3;
    /// What MAP_SHARED_VALIDATE lets pass; MAP_SYNC is not among it.
    const LEGACY: u32 = 0x17_f972;

    fn has(self, flag: Flags) -> bool {
        self.0 & flag.0 != 0
    }
}

/// Longest path of `/proc/self/maps`.
const PATH_LIMIT: usize = 4096;

pub const MREMAP_MAYMOVE: u32 = 1;
pub const MREMAP_FIXED: u32 = 2;
pub const MREMAP_DONTUNMAP: u32 = 4;

/// End of what MAP_32BIT may use.
const LOW_RANGE: Range<u64> = 0x4000_0000..0x8000_0000;

fn round_up(length: u64) -> Option<u64> {
    Some(length.checked_add(PAGE_SIZE - 1)? & !(PAGE_SIZE - 1))
}

fn is_aligned(value: u64) -> bool {
    value & (PAGE_SIZE - 1) == 0
}

/// What a file mapping needs to know of its file.
struct OpenFile {
    fd: i32,
    offset: u64,
    may_write: bool,
    mapped: Arc<MappedFile>,
}

impl AddressSpace {
    pub fn mmap(&self, hint: u64, length: u64, prot: Prot, flags: Flags, fd: i32, offset: u64) -> Result<u64, Errno> {
        if !is_aligned(offset) {
            return Err(Errno::EINVAL);
        }
        let is_anonymous = flags.has(Flags::ANONYMOUS);
        if !is_anonymous && host::file::open_flags(fd).is_err() {
            return Err(Errno::EBADF);
        }
        if length == 0 {
            return Err(Errno::EINVAL);
        }
        let length = round_up(length).filter(|length| *length <= TASK_SIZE).ok_or(Errno::ENOMEM)?;
        if (offset >> 12).checked_add(length >> 12).is_none_or(|pages| pages > u64::MAX >> 12) {
            return Err(Errno::EOVERFLOW);
        }
        let is_shared = match flags.0 & Flags::TYPE {
            1 => true,
            2 => false,
            Flags::SHARED_VALIDATE if is_anonymous => return Err(Errno::EINVAL),
            Flags::SHARED_VALIDATE if flags.0 & !(Flags::LEGACY | Flags::TYPE) != 0 => return Err(Errno::EOPNOTSUPP),
            Flags::SHARED_VALIDATE => true,
            _ => return Err(Errno::EINVAL),
        };
        if flags.has(Flags::HUGETLB) {
            // There are no huge pages in the pool.
            return Err(if is_anonymous { Errno::ENOMEM } else { Errno::EINVAL });
        }
        if flags.has(Flags::GROWSDOWN) && (is_shared || !is_anonymous) {
            return Err(Errno::EINVAL);
        }
        let file = match is_anonymous {
            true => None,
            false => Some(open_file(fd, offset, prot, is_shared)?),
        };
        let mut inner = self.lock();
        let start = self.place(&inner, hint, length, flags)?;
        let range = start..start + length;
        let area = Area {
            end: range.end,
            rights: prot.rights(),
            is_shared,
            grows_down: flags.has(Flags::GROWSDOWN),
            name: Name::None,
            may_write: file.as_ref().is_none_or(|file| file.may_write),
            file: match &file {
                Some(file) => Some((file.mapped.clone(), offset)),
                None if is_shared => Some((shared_memory(), 0)),
                None => None,
            },
            region: None,
        };
        self.establish(&mut inner, start, area, file.as_ref())?;
        Ok(start)
    }

    /// Puts an area where it goes, over whatever is there.
    fn establish(&self, inner: &mut Inner, start: u64, mut area: Area, file: Option<&OpenFile>) -> Result<(), Errno> {
        let range = start..area.end;
        let length = range.end - range.start;
        let sharing = if area.is_shared { Sharing::Shared } else { Sharing::Private };
        let source = match file {
            Some(file) => Source::File { fd: file.fd, offset: file.offset },
            None => Source::Anonymous,
        };
        match &self.form {
            Form::Linear(window) => {
                window.map(start, length, source, sharing, area.rights)?;
                inner.areas.remove(range.clone());
            }
            Form::Paged => {
                if file.is_some() || area.is_shared {
                    // The host never writes more than the guest may: a shared file that is open for reading stays so.
                    let rights = if area.may_write { Rights::READ.with(Rights::WRITE) } else { Rights::READ };
                    area.region = Some((Region::map(length, source, sharing, rights)?, 0));
                }
                self.discard(inner, range.clone());
            }
        }
        inner.areas.insert(start, area);
        self.changed(inner, range);
        Ok(())
    }

    /// Takes areas and frames out (paged form; the linear form's host mapping is the caller's).
    fn discard(&self, inner: &mut Inner, range: Range<u64>) {
        inner.areas.remove(range.clone());
        let pages: Vec<u64> = inner.frames.range(range).map(|(page, _)| *page).collect();
        for page in pages {
            inner.frames.remove(&page);
        }
    }

    /// Chooses where a mapping goes.
    fn place(&self, inner: &Inner, hint: u64, length: u64, flags: Flags) -> Result<u64, Errno> {
        if flags.has(Flags::FIXED) || flags.has(Flags::FIXED_NOREPLACE) {
            if !is_aligned(hint) {
                return Err(Errno::EINVAL);
            }
            let end = hint.checked_add(length).filter(|end| *end <= TASK_SIZE).ok_or(Errno::ENOMEM)?;
            if flags.has(Flags::FIXED_NOREPLACE) && !inner.areas.is_free(hint..end) {
                return Err(Errno::EEXIST);
            }
            if hint < PAGE_SIZE {
                return Err(Errno::EPERM);
            }
            self.check_place(hint, length)?;
            return Ok(hint);
        }
        let lowest = inner.layout.lowest;
        if let Some(wanted) = round_up(hint).filter(|wanted| *wanted != 0) {
            let wanted = wanted.max(lowest);
            let end = wanted.checked_add(length).filter(|end| *end <= TASK_SIZE);
            if let Some(end) = end
                && inner.areas.is_free(wanted..end)
                && self.check_place(wanted, length).is_ok()
                && !reaches_stack(inner, wanted..end)
            {
                return Ok(wanted);
            }
        }
        if flags.has(Flags::LOW) {
            return inner.areas.lowest_gap(length, LOW_RANGE).ok_or(Errno::ENOMEM);
        }
        let top = inner.layout.mmap_top;
        let found = inner.areas.highest_gap(length, lowest..top).or_else(|| {
            let end = match &self.form {
                Form::Linear(window) => window.end(),
                Form::Paged => TASK_SIZE,
            };
            inner.areas.lowest_gap(length, top..end)
        });
        found.ok_or(Errno::ENOMEM)
    }

    /// The linear form has only its window.
    fn check_place(&self, start: u64, length: u64) -> Result<(), Errno> {
        match &self.form {
            Form::Linear(window) if !window.contains(start, length) => Err(Errno::ENOMEM),
            _ => Ok(()),
        }
    }

    pub fn munmap(&self, address: u64, length: u64) -> Result<u64, Errno> {
        let end = round_up(length).and_then(|length| address.checked_add(length));
        let end = end.filter(|end| *end <= TASK_SIZE).ok_or(Errno::EINVAL)?;
        if !is_aligned(address) || end == address {
            return Err(Errno::EINVAL);
        }
        let mut inner = self.lock();
        self.unmap(&mut inner, address..end)?;
        Ok(0)
    }

    fn unmap(&self, inner: &mut Inner, range: Range<u64>) -> Result<(), Errno> {
        if let Form::Linear(window) = &self.form {
            for (start, area) in inner.areas.overlapping(range.clone()) {
                let (start, end) = (start.max(range.start), area.end.min(range.end));
                window.unmap(start, end - start)?;
            }
        }
        self.discard(inner, range.clone());
        self.changed(inner, range);
        Ok(())
    }

    pub fn mprotect(&self, address: u64, length: u64, prot: Prot) -> Result<u64, Errno> {
        let grows = prot.0 & (Prot::GROWSDOWN | Prot::GROWSUP);
        if grows == Prot::GROWSDOWN | Prot::GROWSUP || !is_aligned(address) {
            return Err(Errno::EINVAL);
        }
        if length == 0 {
            return Ok(0);
        }
        let length = round_up(length).ok_or(Errno::ENOMEM)?;
        let mut end = address.checked_add(length).filter(|end| *end > address).ok_or(Errno::ENOMEM)?;
        if prot.0 & !(Prot::KNOWN | Prot::GROWSDOWN | Prot::GROWSUP) != 0 {
            return Err(Errno::EINVAL);
        }
        let mut inner = self.lock();
        let mut start = address;
        if grows == Prot::GROWSDOWN {
            let (area_start, area) = inner.areas.find_above(address).ok_or(Errno::ENOMEM)?;
            if area_start >= end {
                return Err(Errno::ENOMEM);
            }
            if !area.grows_down {
                return Err(Errno::EINVAL);
            }
            start = area_start;
        } else {
            inner.areas.find(address).ok_or(Errno::ENOMEM)?;
            if grows == Prot::GROWSUP {
                return Err(Errno::EINVAL);
            }
        }
        end = end.max(start);
        let rights = prot.rights();
        let mut at = start;
        while at < end {
            let Some((_, area)) = inner.areas.find(at) else {
                return Err(Errno::ENOMEM);
            };
            let to = area.end.min(end);
            if area.is_shared && rights.contains(Rights::WRITE) && !area.may_write {
                return Err(Errno::EACCES);
            }
            if let Form::Linear(window) = &self.form {
                window.protect(at, to - at, rights)?;
            }
            for (part_start, mut part) in inner.areas.remove(at..to) {
                part.rights = rights;
                inner.areas.insert(part_start, part);
            }
            self.changed(&mut inner, at..to);
            at = to;
        }
        Ok(0)
    }

    pub fn brk(&self, wanted: u64) -> u64 {
        let mut inner = self.lock();
        let old = inner.brk;
        if wanted < inner.brk_start {
            return old;
        }
        let (Some(old_end), Some(new_end)) = (round_up(old), round_up(wanted)) else {
            return old;
        };
        if new_end < old_end {
            if self.unmap(&mut inner, new_end..old_end).is_err() {
                return old;
            }
        } else if new_end > old_end {
            let is_taken = new_end > TASK_SIZE
                || !inner.areas.is_free(old_end..new_end)
                || reaches_stack(&inner, old_end..new_end);
            if is_taken || self.check_place(old_end, new_end - old_end).is_err() {
                return old;
            }
            let area = Area {
                end: new_end,
                rights: Rights::READ.with(Rights::WRITE),
                is_shared: false,
                grows_down: false,
                name: Name::Heap,
                file: None,
                may_write: true,
                region: None,
            };
            if self.establish(&mut inner, old_end, area, None).is_err() {
                return old;
            }
        }
        inner.brk = wanted;
        wanted
    }

    pub fn mremap(&self, old: u64, old_length: u64, length: u64, flags: u32, new: u64) -> Result<u64, Errno> {
        if flags & !(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP) != 0
            || flags & MREMAP_FIXED != 0 && flags & MREMAP_MAYMOVE == 0
            || !is_aligned(old)
        {
            return Err(Errno::EINVAL);
        }
        let keeps_old = flags & MREMAP_DONTUNMAP != 0;
        let (Some(old_length), Some(length)) = (round_up(old_length), round_up(length)) else {
            return Err(Errno::EINVAL);
        };
        if length == 0 || keeps_old && (flags & MREMAP_MAYMOVE == 0 || old_length != length) {
            return Err(Errno::EINVAL);
        }
        let is_fixed = flags & MREMAP_FIXED != 0;
        if is_fixed || keeps_old {
            let fits = is_aligned(new) && length <= TASK_SIZE && new <= TASK_SIZE - length;
            let is_overlapping = new < old.saturating_add(old_length) && old < new.saturating_add(length);
            if is_fixed && (!fits || is_overlapping) {
                return Err(Errno::EINVAL);
            }
        }
        let mut inner = self.lock();
        let area = inner.areas.find(old).ok_or(Errno::EFAULT)?.1.clone();
        if old_length == 0 && !area.is_shared {
            return Err(Errno::EINVAL);
        }
        if keeps_old && (area.is_shared || area.file.is_some()) {
            return Err(Errno::EINVAL);
        }
        if !is_fixed && !keeps_old {
            if length <= old_length {
                if !inner.areas.covers(old..old + length) {
                    return Err(Errno::EFAULT);
                }
                if length < old_length {
                    self.unmap(&mut inner, old + length..old + old_length)?;
                }
                return Ok(old);
            }
        }
        // The whole old range must be one mapping, which may be several areas here if it has grown.
        if !is_one_mapping(&inner, old..old + old_length) {
            return Err(Errno::EFAULT);
        }
        if !is_fixed && !keeps_old && old_length > 0 {
            let end = old + old_length;
            let wanted = old.checked_add(length).filter(|end| *end <= TASK_SIZE);
            if let Some(wanted) = wanted
                && area_end(&inner, end) == end
                && inner.areas.is_free(end..wanted)
                && self.check_place(end, wanted - end).is_ok()
                && !reaches_stack(&inner, end..wanted)
                && self.extend(&mut inner, end, wanted).is_ok()
            {
                return Ok(old);
            }
        }
        if flags & MREMAP_MAYMOVE == 0 {
            return Err(Errno::ENOMEM);
        }
        let to = if is_fixed {
            self.check_place(new, length)?;
            self.unmap(&mut inner, new..new + length)?;
            new
        } else {
            self.place(&inner, new, length, Flags::NONE)?
        };
        if old_length == 0 {
            return self.duplicate(&mut inner, old, to, length);
        }
        let moved = old_length.min(length);
        if old_length > length {
            self.unmap(&mut inner, old + length..old + old_length)?;
        }
        self.relocate(&mut inner, old..old + moved, to)?;
        if length > moved {
            self.extend(&mut inner, to + moved, to + length)?;
        }
        if keeps_old {
            let kept = Area { end: old + moved, ..area };
            self.establish(&mut inner, old, kept, None)?;
        }
        Ok(to)
    }

    /// Lets the mapping that ends at `end` go on to `new_end`, where nothing is.
    fn extend(&self, inner: &mut Inner, end: u64, new_end: u64) -> Result<(), Errno> {
        let (start, area) = inner.areas.find(end - 1).ok_or(Errno::EFAULT)?;
        let skipped = end - start;
        let mut extension = Area {
            end: new_end,
            file: area.file.as_ref().map(|(file, offset)| (file.clone(), offset + skipped)),
            region: None,
            ..area.clone()
        };
        let length = new_end - end;
        match (&self.form, &area.region, &area.file) {
            (Form::Linear(window), _, Some(_)) => {
                // The host's own mapping is the only way to the file.
                let whole = end - start;
                window.grow(start, whole, whole + length)?;
            }
            (Form::Linear(window), _, None) => {
                window.map(end, length, Source::Anonymous, Sharing::Private, extension.rights)?;
            }
            (Form::Paged, Some((region, offset)), _) => {
                // Beyond the end of the host's mapping there is nothing to show but SIGBUS, as beyond the end of the object.
                extension.region = Some((region.clone(), offset + skipped));
            }
            (Form::Paged, None, _) => {}
        }
        inner.areas.insert(end, extension);
        self.changed(inner, end..new_end);
        Ok(())
    }

    /// Moves areas with their pages to a free place.
    fn relocate(&self, inner: &mut Inner, from: Range<u64>, to: u64) -> Result<(), Errno> {
        let length = from.end - from.start;
        if let Form::Linear(window) = &self.form {
            window.relocate(from.start, to, length)?;
        }
        for (start, mut area) in inner.areas.remove(from.clone()) {
            area.end = area.end - from.start + to;
            area.name = Name::None;
            inner.areas.insert(start - from.start + to, area);
        }
        let pages: Vec<u64> = inner.frames.range(from.clone()).map(|(page, _)| *page).collect();
        for page in pages {
            if let Some(frame) = inner.frames.remove(&page) {
                inner.frames.insert(page - from.start + to, frame);
            }
        }
        self.changed(inner, from);
        self.changed(inner, to..to + length);
        Ok(())
    }

    /// A second mapping of a shared one (an old size of 0).
    fn duplicate(&self, inner: &mut Inner, from: u64, to: u64, length: u64) -> Result<u64, Errno> {
        let (start, area) = inner.areas.find(from).ok_or(Errno::EFAULT)?;
        let skipped = from - start;
        let copy = Area {
            end: to + length,
            file: area.file.as_ref().map(|(file, offset)| (file.clone(), offset + skipped)),
            region: area.region.as_ref().map(|(region, offset)| (region.clone(), offset + skipped)),
            ..area.clone()
        };
        if let Form::Linear(window) = &self.form {
            window.duplicate(from, to, length)?;
        }
        inner.areas.insert(to, copy);
        self.changed(inner, to..to + length);
        Ok(to)
    }

    pub fn madvise(&self, address: u64, length: u64, advice: i32) -> Result<u64, Errno> {
        const DONTNEED: i32 = 4;
        const FREE: i32 = 8;
        const REMOVE: i32 = 9;
        const WIPEONFORK: i32 = 18;
        const POPULATE: Range<i32> = 22..24;
        if !matches!(advice, 0..=4 | 8..=25) {
            return Err(Errno::EINVAL);
        }
        let end = round_up(length).and_then(|length| address.checked_add(length)).ok_or(Errno::EINVAL)?;
        if !is_aligned(address) || end < address {
            return Err(Errno::EINVAL);
        }
        if end == address {
            return Ok(0);
        }
        let mut inner = self.lock();
        let parts: Vec<(Range<u64>, Area)> = inner
            .areas
            .overlapping(address..end)
            .map(|(start, area)| (start.max(address)..area.end.min(end), area.clone()))
            .collect();
        for (range, area) in &parts {
            match advice {
                DONTNEED => self.forget(&mut inner, range.clone(), area)?,
                FREE | WIPEONFORK if area.is_shared || area.file.is_some() => return Err(Errno::EINVAL),
                REMOVE if !area.is_shared || !area.may_write => return Err(Errno::EACCES),
                REMOVE => match &self.form {
                    Form::Linear(window) => window.advise(range.start, range.end - range.start, REMOVE)?,
                    Form::Paged => return Err(Errno::EOPNOTSUPP),
                },
                _ if POPULATE.contains(&advice) && area.rights == Rights::NONE => return Err(Errno::EFAULT),
                _ => {}
            }
        }
        // Holes are an error, but what is mapped has been served.
        if inner.areas.covers(address..end) { Ok(0) } else { Err(Errno::ENOMEM) }
    }

    /// The pages are as they were when they were mapped.
    fn forget(&self, inner: &mut Inner, range: Range<u64>, area: &Area) -> Result<(), Errno> {
        match &self.form {
            Form::Linear(window) => window.forget(range.start, range.end - range.start)?,
            Form::Paged => match &area.region {
                Some((region, offset)) if !area.is_shared => {
                    let start = inner.areas.find(range.start).map_or(range.start, |(start, _)| start);
                    region.forget(offset + range.start - start, range.end - range.start);
                }
                Some(_) => {}
                None => {
                    let pages: Vec<u64> = inner.frames.range(range.clone()).map(|(page, _)| *page).collect();
                    for page in pages {
                        inner.frames.remove(&page);
                    }
                }
            },
        }
        self.changed(inner, range);
        Ok(())
    }

    pub fn msync(&self, address: u64, length: u64, flags: u32) -> Result<u64, Errno> {
        const ASYNC: u32 = 1;
        const INVALIDATE: u32 = 2;
        const SYNC: u32 = 4;
        if flags & !(ASYNC | INVALIDATE | SYNC) != 0 || !is_aligned(address) || flags & ASYNC != 0 && flags & SYNC != 0 {
            return Err(Errno::EINVAL);
        }
        let end = round_up(length).and_then(|length| address.checked_add(length)).ok_or(Errno::ENOMEM)?;
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

    /// One byte for each page: all pages count as resident. The range must be mapped.
    pub fn mincore(&self, address: u64, length: u64) -> Result<Vec<u8>, Errno> {
        if !is_aligned(address) {
            return Err(Errno::EINVAL);
        }
        let length = round_up(length).filter(|length| *length <= TASK_SIZE).ok_or(Errno::ENOMEM)?;
        let end = address.checked_add(length).ok_or(Errno::ENOMEM)?;
        let inner = self.lock();
        if !inner.areas.covers(address..end) {
            return Err(Errno::ENOMEM);
        }
        let is_touched = |page| self.is_linear() || inner.frames.contains_key(&page);
        let is_shared = |page| inner.areas.find(page).is_some_and(|(_, area)| area.region.is_some());
        Ok((address..end)
            .step_by(PAGE_SIZE as usize)
            .map(|page| u8::from(is_touched(page) || is_shared(page)))
            .collect())
    }

    /// mlock, mlock2, munlock: nothing is pinned, but the range must be mapped.
    pub fn mlock(&self, address: u64, length: u64) -> Result<u64, Errno> {
        let start = address & !(PAGE_SIZE - 1);
        let end = address.checked_add(length).and_then(round_up).ok_or(Errno::EINVAL)?;
        if end == start || self.lock().areas.covers(start..end) { Ok(0) } else { Err(Errno::ENOMEM) }
    }
}

/// The end of the area that holds the byte before `end`.
fn area_end(inner: &Inner, end: u64) -> u64 {
    inner.areas.find(end - 1).map_or(0, |(_, area)| area.end)
}

/// Is the range covered by areas that differ in nothing but where they begin?
fn is_one_mapping(inner: &Inner, range: Range<u64>) -> bool {
    if range.is_empty() {
        return true;
    }
    if !inner.areas.covers(range.clone()) {
        return false;
    }
    let parts: Vec<(u64, Area)> = inner.areas.overlapping(range).map(|(start, area)| (start, area.clone())).collect();
    parts.windows(2).all(|pair| {
        let ((start, a), (_, b)) = (&pair[0], &pair[1]);
        let a = Area { region: None, ..a.clone() };
        let b = Area { region: None, ..b.clone() };
        a.continues(*start, &b)
    })
}

/// Would the range come nearer to an area that grows down than its guard gap?
fn reaches_stack(inner: &Inner, range: Range<u64>) -> bool {
    inner.areas.find_above(range.end).is_some_and(|(start, area)| {
        area.grows_down && start < range.end.saturating_add(super::GUARD_GAP)
    })
}

/// Shared anonymous memory is a file of its own to Linux.
fn shared_memory() -> Arc<MappedFile> {
    static SERIAL: AtomicU64 = AtomicU64::new(1);
    let inode = SERIAL.fetch_add(1, Ordering::Relaxed);
    Arc::new(MappedFile { path: b"/dev/zero (deleted)".to_vec(), device: (0, 1), inode })
}

/// Looks at the file that is to be mapped, as the kernel does before it maps it.
fn open_file(fd: i32, offset: u64, prot: Prot, is_shared: bool) -> Result<OpenFile, Errno> {
    const ACCESS_MODE: u32 = 3;
    const PATH_ONLY: u32 = 0o10_000_000;
    let flags = host::file::open_flags(fd).map_err(|_| Errno::EBADF)?;
    if flags & PATH_ONLY != 0 {
        return Err(Errno::EBADF);
    }
    let (may_read, may_write) = (flags & ACCESS_MODE != 1, flags & ACCESS_MODE == 2);
    if !may_read || is_shared && prot.rights().contains(Rights::WRITE) && !may_write {
        return Err(Errno::EACCES);
    }
    let status = host::file::status(fd)?;
    let link = CString::new(format!("/proc/self/fd/{fd}")).unwrap_or_default();
    let path = host::file::readlinkat(host::file::CWD, &link, PATH_LIMIT).unwrap_or_default();
    let mapped = Arc::new(MappedFile { path, device: status.device, inode: status.inode });
    Ok(OpenFile { fd, offset, may_write: !is_shared || may_write, mapped })
}
