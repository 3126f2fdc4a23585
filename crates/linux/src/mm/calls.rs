//! The system calls that make, take and protect mappings (man 2 mmap, munmap, mprotect, brk).
//!
//! The order of the checks is that of `mm/mmap.c` and `mm/mprotect.c` of Linux 6.18, since it decides which error a call with
//! several faults gets.

use super::area::{Area, AtFork, MappedFile, readable};
use super::{AddressSpace, Form, Inner, TASK_SIZE, commit};
use crate::errno::Errno;
use alloc::ffi::CString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};
use host::mapping::{Region, Sharing, Source};
use memory::{PAGE_SIZE, Rights};

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
    pub const LOCKED: Flags = Flags(0x2000);
    pub const NORESERVE: Flags = Flags(0x4000);
    pub const POPULATE: Flags = Flags(0x8000);
    pub const HUGETLB: Flags = Flags(0x4_0000);
    pub const FIXED_NOREPLACE: Flags = Flags(0x10_0000);
    const TYPE: u32 = 0xf;
    const IS_SHARED: u32 = 1;
    const IS_PRIVATE: u32 = 2;
    const SHARED_VALIDATE: u32 = 3;
    /// `LEGACY_MAP_MASK`: what `MAP_SHARED_VALIDATE` lets pass; `MAP_SYNC` is not among it.
    const LEGACY: u32 =
        0x3 | 0x10 | 0x20 | 0x40 | 0x100 | 0x800 | 0x1000 | 0x2000 | 0x4000 | 0x8000 | 0x1_0000 | 0x2_0000 | 0x4_0000;

    pub(super) fn has(self, flag: Flags) -> bool {
        self.0 & flag.0 != 0
    }
}

/// Longest path of `/proc/self/maps`.
const PATH_LIMIT: usize = 4096;
/// What MAP_32BIT may use.
const LOW_RANGE: Range<u64> = 0x4000_0000..0x8000_0000;

pub(super) fn round_up(length: u64) -> Option<u64> {
    Some(length.checked_add(PAGE_SIZE - 1)? & !(PAGE_SIZE - 1))
}

pub(super) fn is_aligned(value: u64) -> bool {
    value & (PAGE_SIZE - 1) == 0
}

/// What a file mapping needs to know of its file.
struct OpenFile {
    fd: i32,
    may_write: bool,
    mapped: Arc<MappedFile>,
}

impl AddressSpace {
    pub fn mmap(&self, hint: u64, length: u64, prot: Prot, flags: Flags, fd: i32, offset: u64) -> Result<u64, Errno> {
        if !is_aligned(offset) {
            return Err(Errno::EINVAL);
        }
        let is_anonymous = flags.has(Flags::ANONYMOUS);
        let open = match is_anonymous {
            true => None,
            false => Some(host::file::open_flags(fd).ok().filter(|open| open & PATH_ONLY == 0).ok_or(Errno::EBADF)?),
        };
        if flags.has(Flags::HUGETLB) {
            // There are no huge pages in the pool.
            return Err(if is_anonymous && length != 0 { Errno::ENOMEM } else { Errno::EINVAL });
        }
        if length == 0 {
            return Err(Errno::EINVAL);
        }
        let length = round_up(length).ok_or(Errno::ENOMEM)?;
        // Offsets are counted in pages, which the kernel adds modulo 2^64.
        if (offset >> 12).checked_add(length >> 12).is_none() {
            return Err(Errno::EOVERFLOW);
        }
        let mut inner = self.lock();
        let start = self.place(&inner, hint, length, flags)?;
        if open.is_some() && offset.checked_add(length).is_none_or(|end| end > i64::MAX as u64) {
            return Err(Errno::EOVERFLOW);
        }
        let kind = flags.0 & Flags::TYPE;
        let is_shared = kind == Flags::IS_SHARED || kind == Flags::SHARED_VALIDATE && !is_anonymous;
        if !is_shared && kind != Flags::IS_PRIVATE {
            return Err(Errno::EINVAL);
        }
        if kind == Flags::SHARED_VALIDATE && flags.0 & !Flags::LEGACY != 0 {
            return Err(Errno::EOPNOTSUPP);
        }
        let file = match open {
            Some(open) => Some(open_file(fd, open, offset, prot, flags, is_shared)?),
            None => None,
        };
        if flags.has(Flags::GROWSDOWN) && (is_shared || !is_anonymous) {
            return Err(Errno::EINVAL);
        }
        let area = Area {
            end: start + length,
            rights: prot.rights(),
            is_shared,
            grows_down: flags.has(Flags::GROWSDOWN),
            may_write: file.as_ref().is_none_or(|file| file.may_write),
            file: match &file {
                Some(file) => Some((file.mapped.clone(), offset)),
                None if is_shared => Some((shared_memory(), 0)),
                None => None,
            },
            region: None,
            at_fork: AtFork::Copied,
        };
        let is_counted = if is_shared { is_anonymous } else { area.rights.contains(Rights::WRITE) };
        if is_counted && !flags.has(Flags::NORESERVE) {
            commit::check(length)?;
        }
        let source = match &file {
            Some(file) => Source::File { fd: file.fd, offset },
            None => Source::Anonymous,
        };
        // What is replaced does not count twice.
        let replaced = inner.areas.mapped_in(start..start + length);
        inner.check_total(length - replaced, area.is_data())?;
        self.establish(&mut inner, start, area, source)?;
        if flags.has(Flags::POPULATE) || flags.has(Flags::LOCKED) {
            self.separate(&inner, start..start + length);
        }
        Ok(start)
    }

    /// Puts an area where it goes, over whatever is there.
    pub(super) fn establish(&self, inner: &mut Inner, start: u64, mut area: Area, source: Source) -> Result<(), Errno> {
        let range = start..area.end;
        let length = range.end - range.start;
        let sharing = if area.is_shared { Sharing::Shared } else { Sharing::Private };
        match &self.form {
            Form::Linear(window) => {
                let had_something = self.discard(inner, range.clone());
                if let Err(error) = window.map(start, length, source, sharing, area.rights) {
                    if had_something {
                        window.unmap(start, length)?;
                    }
                    return Err(error.into());
                }
            }
            Form::Paged => {
                if source != Source::Anonymous || area.is_shared {
                    // The host never writes more than the guest may: a shared file that is open for reading stays so.
                    let rights = if area.may_write { Rights::READ.with(Rights::WRITE) } else { Rights::READ };
                    area.region = Some((Region::map(length, source, sharing, rights)?, 0));
                }
                self.discard(inner, range);
            }
        }
        inner.areas.insert(start, area);
        Ok(())
    }

    /// Chooses where a mapping goes (`get_unmapped_area`).
    pub(super) fn place(&self, inner: &Inner, hint: u64, length: u64, flags: Flags) -> Result<u64, Errno> {
        if length > TASK_SIZE {
            return Err(Errno::ENOMEM);
        }
        if flags.has(Flags::FIXED) || flags.has(Flags::FIXED_NOREPLACE) {
            let end = hint.checked_add(length).filter(|end| *end <= TASK_SIZE).ok_or(Errno::ENOMEM)?;
            if !is_aligned(hint) {
                return Err(Errno::EINVAL);
            }
            self.check_low(inner, hint)?;
            if flags.has(Flags::FIXED_NOREPLACE) && !inner.areas.is_free(hint..end) {
                return Err(Errno::EEXIST);
            }
            self.check_place(hint, length)?;
            return Ok(hint);
        }
        let lowest = inner.layout.lowest;
        let wanted = hint & !(PAGE_SIZE - 1);
        if wanted != 0 {
            let wanted = wanted.max(lowest);
            let end = wanted.checked_add(length).filter(|end| *end <= TASK_SIZE);
            if let Some(end) = end
                && (!flags.has(Flags::LOW) || LOW_RANGE.contains(&wanted) && end <= LOW_RANGE.end)
                && inner.areas.is_free(wanted..end)
                && inner.areas.find_above(end).is_none_or(|(start, area)| area.start_with_gap(start) >= end)
                && self.check_place(wanted, length).is_ok()
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

    /// Only the privileged may map the lowest addresses.
    pub(super) fn check_low(&self, inner: &Inner, address: u64) -> Result<(), Errno> {
        if address >= inner.layout.lowest || host::mapping::may_map_lowest() { Ok(()) } else { Err(Errno::EPERM) }
    }

    /// Can a guest have anything there?
    pub fn may_hold(&self, start: u64, length: u64) -> bool {
        match &self.form {
            Form::Linear(window) => window.contains(start, length),
            Form::Paged => start.checked_add(length).is_some_and(|end| end <= TASK_SIZE),
        }
    }

    /// The linear form has only its window; the rest is blink's own or the host's.
    pub(super) fn check_place(&self, start: u64, length: u64) -> Result<(), Errno> {
        match &self.form {
            Form::Linear(window) if !window.contains(start, length) => {
                host::log::line(&format!("mapping of {length:#x} bytes at {start:#x}: blink itself is there; try -m"));
                Err(Errno::ENOMEM)
            }
            _ => Ok(()),
        }
    }

    pub fn munmap(&self, address: u64, length: u64) -> Result<u64, Errno> {
        let length = round_up(length).unwrap_or(0);
        let end = address.checked_add(length).filter(|end| *end <= TASK_SIZE).ok_or(Errno::EINVAL)?;
        if !is_aligned(address) || length == 0 {
            return Err(Errno::EINVAL);
        }
        self.unmap(&mut self.lock(), address..end)?;
        Ok(0)
    }

    pub(super) fn unmap(&self, inner: &mut Inner, range: Range<u64>) -> Result<(), Errno> {
        let mapped: Vec<Range<u64>> = inner
            .areas
            .overlapping(range.clone())
            .map(|(start, area)| start.max(range.start)..area.end.min(range.end))
            .collect();
        self.discard(inner, range);
        if let Form::Linear(window) = &self.form {
            for part in mapped {
                window.unmap(part.start, part.end - part.start)?;
            }
        }
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
        let end = address.checked_add(length).filter(|end| *end > address).ok_or(Errno::ENOMEM)?;
        if prot.0 & !(Prot::KNOWN | Prot::GROWSDOWN | Prot::GROWSUP) != 0 {
            return Err(Errno::EINVAL);
        }
        let mut inner = self.lock();
        let (area_start, area) = inner.areas.find_above(address).ok_or(Errno::ENOMEM)?;
        let mut start = address;
        if grows == Prot::GROWSDOWN {
            if area_start >= end {
                return Err(Errno::ENOMEM);
            }
            if !area.grows_down {
                return Err(Errno::EINVAL);
            }
            start = area_start;
        } else if area_start > address {
            return Err(Errno::ENOMEM);
        } else if grows == Prot::GROWSUP {
            return Err(Errno::EINVAL);
        }
        let mut at = start;
        while at < end {
            let Some((_, area)) = inner.areas.find(at) else {
                return Err(Errno::ENOMEM);
            };
            if prot.rights().contains(Rights::WRITE) && area.is_shared && !area.may_write {
                return Err(Errno::EACCES);
            }
            let to = area.end.min(end);
            let becomes_data = !area.is_data() && Area { rights: prot.rights(), ..area.clone() }.is_data();
            if becomes_data {
                inner.check_data(to - at)?;
            }
            self.protect(&mut inner, at..to, prot.rights())?;
            at = to;
        }
        Ok(0)
    }

    /// Changes the rights of a part of one area.
    fn protect(&self, inner: &mut Inner, range: Range<u64>, rights: Rights) -> Result<(), Errno> {
        let Some((_, area)) = inner.areas.find(range.start) else {
            return Ok(());
        };
        let old = area.rights;
        if old == rights {
            return Ok(());
        }
        for (start, mut part) in inner.areas.remove(range.clone()) {
            part.rights = rights;
            inner.areas.insert(start, part);
        }
        // Whoever has more than before must notice at once; new rights are found by the next miss.
        if old.contains(Rights::EXEC) && (!rights.contains(Rights::EXEC) || old.with(rights).contains(Rights::WRITE)) {
            self.release_code(inner, range.clone());
        }
        if readable(old).without(readable(rights)) != Rights::NONE {
            self.threads.shoot_down();
        }
        match &self.form {
            Form::Linear(window) => Ok(window.protect(range.start, range.end - range.start, rights)?),
            Form::Paged => Ok(()),
        }
    }

    pub fn brk(&self, wanted: u64) -> u64 {
        let mut inner = self.lock();
        let old = inner.brk;
        let (Some(old_end), Some(new_end)) = (round_up(old), round_up(wanted)) else {
            return old;
        };
        if wanted < inner.brk_start || !may_grow_data(&inner, wanted) {
            return old;
        }
        if new_end < old_end {
            if self.unmap(&mut inner, new_end..old_end).is_err() {
                return old;
            }
        } else if new_end > old_end {
            // One page stays free before what comes next.
            let is_free = new_end <= TASK_SIZE
                && inner
                    .areas
                    .find_above(old_end)
                    .is_none_or(|(start, next)| new_end.saturating_add(PAGE_SIZE) <= next.start_with_gap(start));
            if !is_free
                || inner.check_total(new_end - old_end, true).is_err()
                || self.check_place(old_end, new_end - old_end).is_err()
            {
                return old;
            }
            let area = Area {
                end: new_end,
                rights: Rights::READ.with(Rights::WRITE),
                is_shared: false,
                grows_down: false,
                file: None,
                may_write: true,
                region: None,
                at_fork: AtFork::Copied,
            };
            if commit::check(new_end - old_end).is_err()
                || self.establish(&mut inner, old_end, area, Source::Anonymous).is_err()
            {
                return old;
            }
        }
        inner.brk = wanted;
        wanted
    }
}

/// RLIMIT_DATA for the heap by itself (`check_data_rlimit`).
fn may_grow_data(inner: &Inner, wanted: u64) -> bool {
    inner.limits.data.is_none_or(|[soft, _]| wanted.saturating_sub(inner.brk_start) <= soft)
}

/// Shared anonymous memory is a file of its own to Linux.
fn shared_memory() -> Arc<MappedFile> {
    static SERIAL: AtomicU64 = AtomicU64::new(1);
    let inode = SERIAL.fetch_add(1, Ordering::Relaxed);
    Arc::new(MappedFile { path: b"/dev/zero (deleted)".to_vec(), device: (0, 1), inode, size: u64::MAX })
}

const ACCESS_MODE: u32 = 3;
const APPEND: u32 = 0o2000;
const PATH_ONLY: u32 = 0o10_000_000;
const F_GET_SEALS: i32 = 1034;
/// `F_SEAL_WRITE` and `F_SEAL_FUTURE_WRITE`.
const SEALED_FOR_WRITING: usize = 8 | 16;

/// Looks at the file that is to be mapped, as the kernel does before it maps it.
fn open_file(fd: i32, open: u32, offset: u64, prot: Prot, flags: Flags, is_shared: bool) -> Result<OpenFile, Errno> {
    let (may_read, may_write) = (open & ACCESS_MODE != 1, open & ACCESS_MODE == 2);
    if is_shared && prot.rights().contains(Rights::WRITE) && (open & ACCESS_MODE == 0 || open & APPEND != 0) {
        return Err(Errno::EACCES);
    }
    if !may_read {
        return Err(Errno::EACCES);
    }
    let (sharing, rights) = match is_shared {
        true => (Sharing::Shared, Rights::READ.with(if may_write { prot.rights() } else { Rights::NONE })),
        false => (Sharing::Private, Rights::READ),
    };
    if flags.has(Flags::GROWSDOWN) {
        return Err(Errno::EINVAL);
    }
    // What only the file system knows (ENODEV, EPERM, EACCES) comes before anything is unmapped.
    Region::map(PAGE_SIZE, Source::File { fd, offset }, sharing, rights.without(Rights::EXEC))?;
    let status = host::file::status(fd)?;
    let link = CString::new(format!("/proc/self/fd/{fd}")).unwrap_or_default();
    let path = host::file::readlinkat(host::file::CWD, &link, PATH_LIMIT).unwrap_or_default();
    let is_regular = u32::from(status.mode) & 0o170_000 == 0o100_000;
    let size = if is_regular { status.size } else { u64::MAX };
    let mapped = Arc::new(MappedFile { path, device: status.device, inode: status.inode, size });
    // A sealed file may be shared for reading and never becomes writable there.
    let is_sealed = || host::file::fcntl(fd, F_GET_SEALS, 0).is_ok_and(|seals| seals & SEALED_FOR_WRITING != 0);
    let may_write = !is_shared || may_write && (rights.contains(Rights::WRITE) || !is_sealed());
    Ok(OpenFile { fd, may_write, mapped })
}
