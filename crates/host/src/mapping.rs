//! Host memory for the guest: owned mappings anywhere ([`Region`]), and the window in which guest addresses are host
//! addresses ([`Window`]).
//!
//! Guest memory is never mapped executable: what runs is the interpreter, or translated code elsewhere. All lengths, addresses and offsets are multiples of
//! the guest's page size, 4096; on hosts with larger pages there is no window, and the caller keeps file mappings aligned.

use crate::errno::{Errno, check};
use crate::file;
use crate::once::Once;
use crate::park::FUTEX;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use core::ptr::NonNull;
use memory::{Lock, PAGE_SIZE, Page, Rights};

/// What a mapping shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Anonymous,
    /// An open file from an offset on.
    File {
        fd: i32,
        offset: u64,
    },
    /// A System V shared memory segment, all of it; always shared.
    Segment {
        id: i32,
    },
}

/// Are writes seen by others who map the same?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    Private,
    Shared,
}

/// The host's page size.
pub fn page_size() -> u64 {
    // SAFETY: no pointers.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(PAGE_SIZE)
}

fn protection(rights: Rights) -> i32 {
    let read = if rights == Rights::NONE { libc::PROT_NONE } else { libc::PROT_READ };
    if rights.contains(Rights::WRITE) { read | libc::PROT_WRITE } else { read }
}

/// # Safety
/// With MAP_FIXED the range must be guest memory, or unmapped.
unsafe fn mmap(
    at: usize,
    length: u64,
    protection: i32,
    source: Source,
    sharing: Sharing,
    flags: i32,
) -> Result<NonNull<u8>, Errno> {
    if let Source::Segment { id } = source {
        const SHM_REMAP: i32 = 0o40000;
        let replaces = if flags & libc::MAP_FIXED != 0 { SHM_REMAP } else { 0 };
        let reads = if protection & libc::PROT_WRITE == 0 { libc::SHM_RDONLY } else { 0 };
        // SAFETY: as for mmap.
        let host = unsafe { libc::shmat(id, at as *const libc::c_void, replaces | reads) };
        if host as isize == -1 {
            return Err(Errno::last());
        }
        return NonNull::new(host.cast()).ok_or(Errno(libc::ENOMEM));
    }
    let length = usize::try_from(length).map_err(|_| Errno(libc::ENOMEM))?;
    let sharing = match sharing {
        Sharing::Private => libc::MAP_PRIVATE,
        Sharing::Shared => libc::MAP_SHARED,
    };
    let (fd, offset, kind) = match source {
        Source::Anonymous => (-1, 0, libc::MAP_ANONYMOUS),
        Source::File { fd, offset } => (fd, offset, 0),
        Source::Segment { .. } => return Err(Errno(libc::EINVAL)),
    };
    let offset = libc::off64_t::try_from(offset).map_err(|_| Errno(libc::EOVERFLOW))?;
    // SAFETY: the caller's promise; without MAP_FIXED the kernel takes only what is free.
    let host = unsafe {
        libc::mmap64(
            at as *mut libc::c_void,
            length,
            protection,
            sharing | kind | flags | libc::MAP_NORESERVE,
            fd,
            offset,
        )
    };
    if host == libc::MAP_FAILED {
        return Err(Errno::last());
    }
    NonNull::new(host.cast()).ok_or(Errno(libc::ENOMEM))
}

/// A mapping of blink's own, somewhere; unmapped when the last owner is gone.
pub struct Region {
    base: NonNull<u8>,
    length: u64,
    sharing: Sharing,
}

// SAFETY: the bytes are guest memory, which is only touched through `memory::access` and by the kernel.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

impl Region {
    /// Maps `length` bytes; shared mappings of files that are open for reading only need `Rights` without WRITE.
    pub fn map(length: u64, source: Source, sharing: Sharing, rights: Rights) -> Result<Arc<Region>, Errno> {
        // SAFETY: not fixed.
        let base = unsafe { mmap(0, length, protection(rights), source, sharing, 0)? };
        Ok(Arc::new(Region { base, length, sharing }))
    }

    pub fn len(&self) -> u64 {
        self.length
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The page at `offset`, which keeps the region mapped.
    pub fn page(self: &Arc<Region>, offset: u64, rights: Rights) -> Page {
        assert!(offset.is_multiple_of(PAGE_SIZE) && offset + PAGE_SIZE <= self.length, "an offset inside the region");
        // SAFETY: the offset is inside the mapping, which lives as long as the region that the page owns.
        unsafe { Page::new(self.base.add(offset as usize), rights, Some(self.clone())) }
    }

    /// Would touching the page end in SIGBUS?
    pub fn is_beyond_file(&self, offset: u64) -> bool {
        is_beyond_file(self.base.as_ptr().wrapping_add(offset as usize))
    }

    /// `madvise(MADV_DONTNEED)`: private changes are forgotten.
    pub fn forget(&self, offset: u64, length: u64) {
        let end = (offset + length).min(self.length);
        // SAFETY: inside the mapping, whose bytes are guest memory.
        unsafe {
            libc::madvise(self.base.as_ptr().add(offset as usize).cast(), (end - offset) as usize, libc::MADV_DONTNEED)
        };
    }

    /// `madvise(MADV_REMOVE)`: a hole in the shared file.
    pub fn punch(&self, offset: u64, length: u64) -> Result<(), Errno> {
        let end = (offset + length).min(self.length);
        // SAFETY: inside the mapping, whose bytes are guest memory.
        check(unsafe { libc::madvise(self.at(offset), (end - offset) as usize, libc::MADV_REMOVE) }).map(drop)
    }

    /// Which pages are in memory.
    pub fn resident(&self, offset: u64, length: u64) -> Result<Vec<u8>, Errno> {
        resident(self.at(offset), length)
    }

    /// Gives private pages of a file their own copies, as a write would.
    pub fn separate(&self, offset: u64, length: u64) {
        let end = (offset + length).min(self.length);
        separate(self.at(offset), end.saturating_sub(offset));
    }

    fn at(&self, offset: u64) -> *mut libc::c_void {
        self.base.as_ptr().wrapping_add(offset as usize).cast()
    }

    /// Another mapping of the same file from `offset` on, of any length. A private one shows the file as it is, without changes.
    pub fn extended(self: &Arc<Region>, offset: u64, length: u64) -> Result<Arc<Region>, Errno> {
        let host = match self.sharing {
            // SAFETY: an old length of 0 makes a second mapping of the shared pages, anywhere.
            Sharing::Shared => unsafe { remap(self.at(offset), 0, length, libc::MREMAP_MAYMOVE, 0)? },
            Sharing::Private => {
                let there = self.length - offset;
                let copy = self.fresh(offset, there)?;
                let base = copy.base;
                core::mem::forget(copy);
                // SAFETY: a mapping of that length that nobody else knows.
                unsafe { remap(base.as_ptr().cast(), there, length, libc::MREMAP_MAYMOVE, 0)? }
            }
        };
        Ok(Arc::new(Region { base: host, length, sharing: self.sharing }))
    }

    /// A private mapping of the same part of the file without the changes made in this one.
    pub fn fresh(&self, offset: u64, length: u64) -> Result<Arc<Region>, Errno> {
        const KEEP: i32 = libc::MREMAP_MAYMOVE | libc::MREMAP_DONTUNMAP;
        // The pages go away and come back; what stays behind in between is the file, of which a second copy is made. The caller
        // has seen to it that no guest thread uses the pages meanwhile.
        // SAFETY: inside the mapping, whose bytes are guest memory; each step but the last leaves something mapped there.
        unsafe {
            let pages = remap(self.at(offset), length, length, KEEP, 0)?;
            let copy = remap(self.at(offset), length, length, KEEP, 0);
            let back = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
            remap(pages.as_ptr().cast(), length, length, back, self.at(offset) as usize)?;
            Ok(Arc::new(Region { base: copy?, length, sharing: Sharing::Private }))
        }
    }

    /// Writes changes of a shared mapping to its file.
    pub fn sync(&self, offset: u64, length: u64) -> Result<(), Errno> {
        let end = (offset + length).min(self.length);
        // SAFETY: inside the mapping.
        let done = unsafe {
            libc::msync(self.base.as_ptr().add(offset as usize).cast(), (end - offset) as usize, libc::MS_SYNC)
        };
        check(done).map(drop)
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this length, and nobody holds a page of it.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.length as usize) };
    }
}

/// Memory of blink's own that is zero at first, with as much of it there as is used.
pub struct Scratch {
    base: NonNull<u8>,
    length: usize,
}

// SAFETY: nobody else knows the memory.
unsafe impl Send for Scratch {}

impl Scratch {
    pub fn new(length: usize) -> Option<Scratch> {
        const BOTH: i32 = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: not fixed.
        let base = unsafe { mmap(0, length as u64, BOTH, Source::Anonymous, Sharing::Private, 0) };
        Some(Scratch { base: base.ok()?, length })
    }

    /// Aligned to a page.
    pub fn start(&self) -> NonNull<u8> {
        self.base
    }

    /// All zeros again from a multiple of the page size on.
    pub fn clear(&mut self, from: usize) {
        assert!(from <= self.length);
        // SAFETY: the memory is the owner's, who has lent it to nobody.
        unsafe { libc::madvise(self.base.as_ptr().add(from).cast(), self.length - from, libc::MADV_DONTNEED) };
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this length, and nobody uses it any more.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.length) };
    }
}

/// # Safety
/// As mremap(2): the ranges are guest memory.
unsafe fn remap(
    at: *mut libc::c_void,
    length: u64,
    new_length: u64,
    flags: i32,
    to: usize,
) -> Result<NonNull<u8>, Errno> {
    let new_length = usize::try_from(new_length).map_err(|_| Errno(libc::ENOMEM))?;
    // SAFETY: by the caller.
    let host = unsafe { libc::mremap(at, length as usize, new_length, flags, to as *mut libc::c_void) };
    if host == libc::MAP_FAILED {
        return Err(Errno::last());
    }
    NonNull::new(host.cast()).ok_or(Errno(libc::ENOMEM))
}

/// One byte for each guest page.
fn resident(at: *mut libc::c_void, length: u64) -> Result<Vec<u8>, Errno> {
    let host = page_size();
    let count = length.div_ceil(host) as usize;
    let mut pages = vec![0u8; count];
    // SAFETY: `pages` has a byte for each page of the host.
    check(unsafe { libc::mincore(at, length as usize, pages.as_mut_ptr().cast()) })?;
    Ok((0..length / PAGE_SIZE).map(|page| pages[(page * PAGE_SIZE / host) as usize] & 1).collect())
}

/// `MADV_POPULATE_WRITE` (Linux 5.14); where the host lacks it, the pages follow the file for longer.
fn separate(at: *mut libc::c_void, length: u64) {
    const POPULATE_WRITE: i32 = 23;
    // SAFETY: populating changes no bytes; the range is guest memory.
    unsafe { libc::madvise(at, length as usize, POPULATE_WRITE) };
}

/// The lowest address that unprivileged programs may map (`vm.mmap_min_addr`).
pub fn lowest_address() -> u64 {
    let text = file::read_whole(c"/proc/sys/vm/mmap_min_addr").unwrap_or_default();
    let number = core::str::from_utf8(&text).ok().and_then(|text| text.trim().parse().ok());
    number.unwrap_or(0x1_0000).max(PAGE_SIZE)
}

/// May this process map lower addresses too?
pub fn may_map_lowest() -> bool {
    // SAFETY: no pointers.
    unsafe { libc::geteuid() == 0 }
}

/// `MADV_POPULATE_READ` (Linux 5.14): fails with EFAULT where an access would raise SIGBUS.
const POPULATE_READ: i32 = 22;

fn is_beyond_file(host: *const u8) -> bool {
    // SAFETY: populating changes no bytes; the address is that of guest memory.
    let done = unsafe { libc::madvise(host.cast_mut().cast(), PAGE_SIZE as usize, POPULATE_READ) };
    done < 0 && Errno::last() == Errno(libc::EFAULT)
}

/// Does the host tell what lies beyond the end of a file? Older kernels do not, and emulators of Linux accept the question
/// without answering it.
pub fn tells_end_of_file() -> bool {
    static ANSWER: Once<bool> = Once::new();
    *ANSWER.get_or_make(|| {
        // SAFETY: a fresh empty file, mapped anywhere, and nothing of it touched.
        unsafe {
            let fd = libc::memfd_create(c"probe".as_ptr(), libc::MFD_CLOEXEC);
            if fd < 0 {
                return false;
            }
            let source = Source::File { fd, offset: 0 };
            let answer = mmap(0, page_size(), libc::PROT_READ, source, Sharing::Shared, 0).is_ok_and(|host| {
                let is_told = is_beyond_file(host.as_ptr());
                libc::munmap(host.as_ptr().cast(), page_size() as usize);
                is_told
            });
            libc::close(fd);
            answer
        }
    })
}

/// The ranges of host addresses that belong to the guest, whether anything is mapped there or not.
///
/// Invariant: every page of the ranges is mapped at any time, by guest memory or by a reservation without rights, so that the host
/// hands out no address of them to blink itself.
pub struct Window {
    ranges: Vec<Range<u64>>,
    /// What blink has taken back of them, for translated code.
    taken: Lock<Vec<Range<u64>>>,
}

/// Guest addresses end here; the last page is never mapped.
const END: u64 = (1 << 47) - PAGE_SIZE;

impl Window {
    /// Reserves what is free of the lower 47 bits, around what blink itself uses and may come to use: `None` where the host does not
    /// allow it (32-bit hosts, larger pages, RLIMIT_AS, other systems).
    pub fn reserve() -> Option<Window> {
        if size_of::<usize>() < 8 || page_size() != PAGE_SIZE || !cfg!(target_os = "linux") {
            return None;
        }
        let mut window = Window { ranges: Vec::new(), taken: Lock::new(Vec::new(), &FUTEX) };
        // Position-independent programs of the host lie from 0x55.. on, with the heap behind; libraries and mappings below the
        // stack, from 0x7f.. down. What lies below all of them is the guest's.
        let lowest = own_lowest()?;
        let end = lowest.checked_sub(SLACK)?.min(END) & !(GRAIN - 1);
        if end < SMALLEST {
            return None;
        }
        let start = lowest_address();
        // SAFETY: MAP_FIXED_NOREPLACE maps only what is free.
        let base = unsafe {
            mmap(
                start as usize,
                end - start,
                libc::PROT_NONE,
                Source::Anonymous,
                Sharing::Private,
                libc::MAP_FIXED_NOREPLACE,
            )
        };
        let base = base.ok()?;
        if base.as_ptr() as u64 != start {
            // An old kernel took the address for a hint.
            // SAFETY: mapped just now.
            unsafe { libc::munmap(base.as_ptr().cast(), (end - start) as usize) };
            return None;
        }
        window.ranges.push(start..end);
        Some(window)
    }

    /// The highest address behind the window's largest range.
    pub fn end(&self) -> u64 {
        self.ranges.iter().map(|range| range.end).max().unwrap_or(0)
    }

    pub fn start(&self) -> u64 {
        self.ranges.iter().map(|range| range.start).min().unwrap_or(0)
    }

    pub fn contains(&self, start: u64, length: u64) -> bool {
        // Below its start nothing is reserved and nothing of blink's can be; the host decides who may map there.
        let Some(end) = start.checked_add(length) else { return false };
        let is_lowest = end <= self.start();
        let is_inside = self.ranges.iter().any(|range| range.contains(&start) && end <= range.end);
        is_lowest || is_inside && !self.taken.lock().iter().any(|range| start < range.end && range.start < end)
    }

    /// Takes a range out of the window, in which nothing of the guest's is, for translated code: memory that may be written and run.
    /// It is blink's for ever.
    pub fn take(&self, start: u64, length: u64) -> Result<NonNull<u8>, Errno> {
        self.check(start, length)?;
        const ALL: i32 = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
        // SAFETY: the range is the guest's, who has nothing there.
        let base = unsafe { mmap(start as usize, length, ALL, Source::Anonymous, Sharing::Private, libc::MAP_FIXED)? };
        self.taken.lock().push(start..start + length);
        Ok(base)
    }

    fn check(&self, start: u64, length: u64) -> Result<(), Errno> {
        if self.contains(start, length) { Ok(()) } else { Err(Errno(libc::ENOMEM)) }
    }

    /// Maps over whatever of the guest's is there.
    pub fn map(&self, start: u64, length: u64, source: Source, sharing: Sharing, rights: Rights) -> Result<(), Errno> {
        self.check(start, length)?;
        // SAFETY: the range is the guest's.
        unsafe { mmap(start as usize, length, protection(rights), source, sharing, libc::MAP_FIXED).map(drop) }
    }

    /// Takes the memory back and keeps the addresses reserved.
    pub fn unmap(&self, start: u64, length: u64) -> Result<(), Errno> {
        if start < self.start() {
            self.check(start, length)?;
            // SAFETY: the range is the guest's, and blink never has anything there.
            return check(unsafe { libc::munmap(start as usize as *mut libc::c_void, length as usize) }).map(drop);
        }
        self.map(start, length, Source::Anonymous, Sharing::Private, Rights::NONE)
    }

    pub fn protect(&self, start: u64, length: u64, rights: Rights) -> Result<(), Errno> {
        self.check(start, length)?;
        // SAFETY: the range is the guest's.
        let done = unsafe { libc::mprotect(start as usize as *mut libc::c_void, length as usize, protection(rights)) };
        check(done).map(drop)
    }

    /// Moves the pages of one range to another, which is as long. Where they were, the same mapping stays without them, or the
    /// addresses are reserved.
    pub fn relocate(&self, from: u64, to: u64, length: u64, stays: bool) -> Result<(), Errno> {
        self.check(from, length)?;
        self.check(to, length)?;
        let at = from as usize as *mut libc::c_void;
        let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
        // With MREMAP_DONTUNMAP there is no moment in which the addresses are free.
        // SAFETY: both ranges are the guest's.
        let moved = unsafe {
            remap(at, length, length, flags | libc::MREMAP_DONTUNMAP, to as usize)
                .or_else(|error| if stays { Err(error) } else { remap(at, length, length, flags, to as usize) })
        };
        moved?;
        if stays { Ok(()) } else { self.unmap(from, length) }
    }

    /// Maps the pages of a shared mapping at a second place (`mremap` with an old size of 0).
    pub fn duplicate(&self, from: u64, to: u64, length: u64) -> Result<(), Errno> {
        self.check(from, PAGE_SIZE)?;
        self.check(to, length)?;
        // SAFETY: both ranges are the guest's.
        let moved = unsafe {
            libc::mremap(
                from as usize as *mut libc::c_void,
                0,
                length as usize,
                libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED,
                to as usize as *mut libc::c_void,
            )
        };
        if moved == libc::MAP_FAILED { Err(Errno::last()) } else { Ok(()) }
    }

    /// Lets a mapping grow over reserved addresses behind it.
    pub fn grow(&self, start: u64, length: u64, new_length: u64) -> Result<(), Errno> {
        self.check(start, new_length)?;
        let behind = (start + length) as usize as *mut libc::c_void;
        // SAFETY: the range is the guest's. For a moment the addresses behind it are free.
        let grown = unsafe {
            libc::munmap(behind, (new_length - length) as usize);
            libc::mremap(start as usize as *mut libc::c_void, length as usize, new_length as usize, 0)
        };
        if grown == libc::MAP_FAILED {
            let error = Errno::last();
            // SAFETY: only what is still free is reserved again.
            let _ = unsafe {
                mmap(
                    behind as usize,
                    new_length - length,
                    libc::PROT_NONE,
                    Source::Anonymous,
                    Sharing::Private,
                    libc::MAP_FIXED_NOREPLACE,
                )
            };
            return Err(error);
        }
        Ok(())
    }

    pub fn forget(&self, start: u64, length: u64) -> Result<(), Errno> {
        self.advise(start, length, libc::MADV_DONTNEED)
    }

    /// `madvise(MADV_REMOVE)`: a hole in the shared file.
    pub fn punch(&self, start: u64, length: u64) -> Result<(), Errno> {
        self.advise(start, length, libc::MADV_REMOVE)
    }

    /// Which pages are in memory.
    pub fn resident(&self, start: u64, length: u64) -> Result<Vec<u8>, Errno> {
        self.check(start, length)?;
        resident(start as usize as *mut libc::c_void, length)
    }

    /// Gives private pages of a file their own copies, as a write would.
    pub fn separate(&self, start: u64, length: u64) {
        if self.contains(start, length) {
            separate(start as usize as *mut libc::c_void, length);
        }
    }

    fn advise(&self, start: u64, length: u64, advice: i32) -> Result<(), Errno> {
        self.check(start, length)?;
        // SAFETY: the range is the guest's.
        let done = unsafe { libc::madvise(start as usize as *mut libc::c_void, length as usize, advice) };
        check(done).map(drop)
    }

    /// Writes changes of shared mappings to their files.
    pub fn sync(&self, start: u64, length: u64) -> Result<(), Errno> {
        self.check(start, length)?;
        // SAFETY: the range is the guest's.
        let done = unsafe { libc::msync(start as usize as *mut libc::c_void, length as usize, libc::MS_SYNC) };
        check(done).map(drop)
    }

    pub fn is_beyond_file(&self, address: u64) -> bool {
        self.contains(address, PAGE_SIZE) && is_beyond_file(address as usize as *const u8)
    }

    /// The page at a guest address. It may be reserved memory without rights by the time that it is used, never blink's own: the
    /// caller's quiescence sees to it that it is not used then.
    pub fn page(&self, address: u64, rights: Rights) -> Option<Page> {
        let host = NonNull::new(address as usize as *mut u8)?;
        if !self.contains(address, PAGE_SIZE) {
            return None;
        }
        // SAFETY: the page is in the window, whose addresses stay mapped for ever.
        Some(unsafe { Page::new(host, rights, None) })
    }
}

/// Room that blink's own mappings may grow into, downwards.
const SLACK: u64 = 1 << 40;
/// The window ends at a multiple of this.
const GRAIN: u64 = 1 << 30;
/// In a smaller window programs that reserve addresses by the tebibyte, or at addresses of their choice, find no room: where the
/// host's own address space is small (three levels of page tables on s390x, 39 bits on aarch64) pages serve them better.
const SMALLEST: u64 = 1 << 42;

/// The lowest address that blink itself uses: its image or a mapping. Read from `/proc/self/maps`, else from where things lie.
fn own_lowest() -> Option<u64> {
    let image = own_lowest as *const () as usize as u64;
    let stack = (&raw const image) as u64;
    let lowest = file::read_whole(c"/proc/self/maps").ok().and_then(|text| {
        let first = text.split(|byte| *byte == b'-').next()?;
        u64::from_str_radix(core::str::from_utf8(first).ok()?, 16).ok()
    });
    Some(lowest.unwrap_or(image).min(image).min(stack))
}

/// Puts a page of zeros over the hole that a truncated file left, so that the access that hit it can go on; called by the
/// handler of SIGBUS with the address of the fault. Async-signal-safe.
pub fn patch_hole(address: usize) -> bool {
    let page = address & !(PAGE_SIZE as usize - 1);
    // SAFETY: the caller's fault was a SIGBUS, so the page belongs to a file mapping of guest memory that has lost its bytes.
    let host = unsafe {
        libc::mmap(
            page as *mut libc::c_void,
            PAGE_SIZE as usize,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
            -1,
            0,
        )
    };
    host != libc::MAP_FAILED
}
