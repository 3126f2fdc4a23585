//! One thread's view of guest memory.
//!
//! A hit costs one compare: the page of the last byte must be the one in the slot of the first byte's page. An access that
//! crosses a page never matches, since the next page belongs to the next slot, and takes the slow path.

use crate::access;
use crate::attention::{self, Attention, Spin};
use crate::fault::{Access, Cause, Fault, Faulted};
use crate::page::{Backing, Page, Rights};
use crate::{OFFSET, PAGE_SIZE, is_canonical};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec;

const SLOTS: usize = 256;
/// Pages whose handles are kept: a miss that finds one there costs a few instructions.
const HELD: usize = 2048;
/// Pages that code was fetched from lately.
const FETCHED: usize = 4;

/// Invariant: a tag that is a page address is that of a page whose handle lies in its slot of `Memory::held`, whose host address less
/// `page` is `addend`, and which may be read or written; and this thread has been in the guest ever since. Two pages that share a
/// slot there share one here too, so whoever takes the other's handle away takes its tag away.
#[derive(Clone, Copy)]
#[repr(C, align(32))]
struct Entry {
    /// Page address if it may be read, else a value that no page has.
    read: u64,
    write: u64,
    /// Host address less guest address, modulo the host's pointer width.
    addend: usize,
}

/// The handle of a page, good as long as nothing has been flushed since.
#[derive(Clone)]
struct Held {
    page: u64,
    flushes: u64,
    handle: Option<Page>,
}

const NOT_A_PAGE: u64 = 1;
const EMPTY: Entry = Entry { read: NOT_A_PAGE, write: NOT_A_PAGE, addend: 0 };

/// Guest memory as one thread sees it.
///
/// The fast functions ([`load`](Self::load), [`store`](Self::store) and their kind) are for the engine, with the thread inside
/// the guest. All others also work outside; they enter for the moment.
pub struct Memory {
    tlb: [Entry; SLOTS],
    held: Box<[Held]>,
    /// Which slots of the TLB are in use.
    used: [u64; SLOTS / 64],
    fetched: [Option<(u64, Page)>; FETCHED],
    /// The same pages and whether their code is volatile; outlives flushes, since a page's epoch tells whether it still counts.
    volatile: [(u64, bool); FETCHED],
    /// Counts flushes, so that a slow path knows whether the pages it gathered still count.
    flushes: u64,
    /// The page of code whose change this thread has announced last, while `CODE` is pending.
    announced: u64,
    attention: Attention,
    backing: Arc<dyn Backing>,
    fault: Fault,
}

impl Memory {
    /// A view for the calling thread, which is inside the guest from now on.
    pub fn new(backing: Arc<dyn Backing>) -> Memory {
        let mut memory = Memory::new_outside(backing);
        memory.enter_guest();
        memory
    }

    /// A view for a thread that is going to [enter](Self::enter_guest) later.
    pub fn new_outside(backing: Arc<dyn Backing>) -> Memory {
        Memory {
            tlb: [EMPTY; SLOTS],
            held: vec![Held { page: NOT_A_PAGE, flushes: 0, handle: None }; HELD].into(),
            used: [0; SLOTS / 64],
            fetched: [const { None }; FETCHED],
            volatile: [(NOT_A_PAGE, true); FETCHED],
            flushes: 0,
            announced: NOT_A_PAGE,
            attention: backing.threads().map_or_else(|| Attention::new(&Spin), |threads| threads.register()),
            backing,
            fault: Fault { address: 0, access: Access::Read, cause: Cause::Unmapped },
        }
    }

    pub fn backing(&self) -> &Arc<dyn Backing> {
        &self.backing
    }

    /// Details of the last [`Faulted`].
    pub fn fault(&self) -> Fault {
        self.fault
    }

    // Attention.

    /// The attention bits, to be looked at once per block: one relaxed load.
    #[inline(always)]
    pub fn attention(&self) -> u32 {
        self.attention.bits()
    }

    /// The object through which others get this thread's attention.
    pub fn attention_handle(&self) -> &Attention {
        &self.attention
    }

    /// Answers the attention bits: those that concern memory are dealt with, the others are taken and returned, `CODE` for the
    /// owner of the block cache to act on too.
    pub fn attend(&mut self) -> u32 {
        let taken = self.attention.take(!(attention::TLB | attention::EXCLUSIVE));
        if taken & attention::CODE != 0 {
            self.fetched = [const { None }; FETCHED];
            self.announced = NOT_A_PAGE;
        }
        let was_guest = self.attention.is_guest();
        self.attention.leave();
        self.enter_guest();
        if !was_guest {
            self.attention.leave();
        }
        taken
    }

    /// From here on the engine may run. Waits for the end of an exclusive section.
    pub fn enter_guest(&mut self) {
        while self.attention.enter() {
            self.flush();
            self.attention.acknowledge();
        }
    }

    /// From here on translated code may run, which finds guest memory where the host has it. Waits for the end of an exclusive
    /// section.
    pub fn enter_native(&mut self) {
        self.attention.enter_native();
    }

    /// The thread does something else, and may wait: nobody waits for it.
    pub fn leave_guest(&mut self) {
        self.attention.leave();
    }

    /// Drops all that is cached.
    pub fn flush(&mut self) {
        self.flushes += 1;
        for (word, used) in self.used.iter_mut().enumerate() {
            let mut rest = core::mem::take(used);
            while rest != 0 {
                let slot = word * 64 + rest.trailing_zeros() as usize;
                rest &= rest - 1;
                self.tlb[slot] = EMPTY;
            }
        }
        self.fetched = [const { None }; FETCHED];
    }

    /// Drops all that is cached and the handles too, so that what was unmapped is given back now.
    pub fn release(&mut self) {
        self.flush();
        for held in &mut self.held {
            held.handle = None;
        }
    }

    // The fast paths.

    #[inline(always)]
    fn slot(address: u64) -> usize {
        (address >> 12) as usize % SLOTS
    }

    /// Loads `N` bytes, little-endian, if the TLB has the page; `N` is 1, 2, 4 or 8.
    #[inline(always)]
    pub fn load_hit<const N: usize>(&mut self, address: u64) -> Option<u64> {
        let entry = &self.tlb[Self::slot(address)];
        if address.wrapping_add(N as u64 - 1) & !OFFSET != entry.read {
            return None;
        }
        debug_assert!(self.attention.is_guest());
        // SAFETY: a readable page by the invariant of the entry, and all bytes are in it.
        Some(unsafe { access::load::<N>(address as usize, entry.addend) })
    }

    /// Stores the low `N` bytes if the TLB has the page.
    #[inline(always)]
    pub fn store_hit<const N: usize>(&mut self, address: u64, value: u64) -> Option<()> {
        let entry = &self.tlb[Self::slot(address)];
        if address.wrapping_add(N as u64 - 1) & !OFFSET != entry.write {
            return None;
        }
        debug_assert!(self.attention.is_guest());
        // SAFETY: a writable page by the invariant of the entry, and all bytes are in it.
        unsafe { access::store::<N>(address as usize, entry.addend, value) };
        Some(())
    }

    /// As [`Memory::load_hit`], before a store to the same place.
    #[inline(always)]
    pub fn load_for_update_hit<const N: usize>(&mut self, address: u64) -> Option<u64> {
        let entry = &self.tlb[Self::slot(address)];
        if address.wrapping_add(N as u64 - 1) & !OFFSET != entry.write {
            return None;
        }
        debug_assert!(self.attention.is_guest());
        // SAFETY: a writable page, hence readable, by the invariant of the entry, and all bytes are in it.
        Some(unsafe { access::load::<N>(address as usize, entry.addend) })
    }

    /// Loads `N` bytes, little-endian; `N` is 1, 2, 4 or 8.
    #[inline(always)]
    pub fn load<const N: usize>(&mut self, address: u64) -> Result<u64, Faulted> {
        match self.load_hit::<N>(address) {
            Some(value) => Ok(value),
            None => self.load_slowly(address, N),
        }
    }

    /// Stores the low `N` bytes.
    #[inline(always)]
    pub fn store<const N: usize>(&mut self, address: u64, value: u64) -> Result<(), Faulted> {
        match self.store_hit::<N>(address, value) {
            Some(()) => Ok(()),
            None => self.store_slowly(address, N, value),
        }
    }

    /// A load that a store to the same place follows: it faults as the store would.
    #[inline(always)]
    pub fn load_for_update<const N: usize>(&mut self, address: u64) -> Result<u64, Faulted> {
        match self.load_for_update_hit::<N>(address) {
            Some(value) => Ok(value),
            None => self.load_for_update_slowly(address, N),
        }
    }

    /// 16 bytes, the lower half first, if the TLB has the page.
    #[inline(always)]
    pub fn load16_hit(&mut self, address: u64) -> Option<[u64; 2]> {
        let entry = &self.tlb[Self::slot(address)];
        if address.wrapping_add(15) & !OFFSET != entry.read {
            return None;
        }
        debug_assert!(self.attention.is_guest());
        // SAFETY: as in `load_hit`.
        Some(unsafe { access::load16(address as usize, entry.addend) })
    }

    #[inline(always)]
    pub fn store16_hit(&mut self, address: u64, value: [u64; 2]) -> Option<()> {
        let entry = &self.tlb[Self::slot(address)];
        if address.wrapping_add(15) & !OFFSET != entry.write {
            return None;
        }
        debug_assert!(self.attention.is_guest());
        // SAFETY: as in `store_hit`.
        unsafe { access::store16(address as usize, entry.addend, value) };
        Some(())
    }

    /// 16 bytes, the lower half first.
    #[inline(always)]
    pub fn load16(&mut self, address: u64) -> Result<[u64; 2], Faulted> {
        match self.load16_hit(address) {
            Some(value) => Ok(value),
            None => {
                let mut bytes = [0; 16];
                self.load_bytes(address, &mut bytes)?;
                Ok(words(bytes))
            }
        }
    }

    #[inline(always)]
    pub fn store16(&mut self, address: u64, value: [u64; 2]) -> Result<(), Faulted> {
        match self.store16_hit(address, value) {
            Some(()) => Ok(()),
            None => self.store_bytes(address, &bytes::<2, 16>(value)),
        }
    }

    /// 32 bytes, the lowest word first.
    #[inline(always)]
    pub fn load32(&mut self, address: u64) -> Result<[u64; 4], Faulted> {
        let entry = &self.tlb[Self::slot(address)];
        if address.wrapping_add(31) & !OFFSET != entry.read {
            let mut bytes = [0; 32];
            self.load_bytes(address, &mut bytes)?;
            return Ok(words(bytes));
        }
        debug_assert!(self.attention.is_guest());
        // SAFETY: as in `load_hit`.
        let [a, b] = unsafe { access::load16(address as usize, entry.addend) };
        // SAFETY: as in `load_hit`.
        let [c, d] = unsafe { access::load16((address as usize).wrapping_add(16), entry.addend) };
        Ok([a, b, c, d])
    }

    #[inline(always)]
    pub fn store32(&mut self, address: u64, value: [u64; 4]) -> Result<(), Faulted> {
        let entry = &self.tlb[Self::slot(address)];
        if address.wrapping_add(31) & !OFFSET != entry.write {
            return self.store_bytes(address, &bytes::<4, 32>(value));
        }
        debug_assert!(self.attention.is_guest());
        // SAFETY: as in `store_hit`.
        unsafe { access::store16(address as usize, entry.addend, [value[0], value[1]]) };
        // SAFETY: as in `store_hit`.
        unsafe { access::store16((address as usize).wrapping_add(16), entry.addend, [value[2], value[3]]) };
        Ok(())
    }

    // The slow paths.

    #[cold]
    #[inline(never)]
    fn load_slowly(&mut self, address: u64, count: usize) -> Result<u64, Faulted> {
        self.load_value(address, count, Access::Read)
    }

    #[cold]
    #[inline(never)]
    fn load_for_update_slowly(&mut self, address: u64, count: usize) -> Result<u64, Faulted> {
        self.load_value(address, count, Access::Write)
    }

    fn load_value(&mut self, address: u64, count: usize, access: Access) -> Result<u64, Faulted> {
        self.inside(|memory| {
            let span = memory.span(address, count as u64, access)?;
            // SAFETY: the span is of `count` readable bytes, and this thread has been in the guest since it was made.
            Ok(unsafe { span.load() })
        })
    }

    #[cold]
    #[inline(never)]
    fn store_slowly(&mut self, address: u64, count: usize, value: u64) -> Result<(), Faulted> {
        self.inside(|memory| {
            let span = memory.span(address, count as u64, Access::Write)?;
            // SAFETY: the span is of `count` writable bytes, and this thread has been in the guest since it was made.
            unsafe { span.store(value) };
            Ok(())
        })
    }

    /// Runs `f` in the guest, which the thread may be in already.
    pub(crate) fn inside<T>(&mut self, f: impl FnOnce(&mut Memory) -> T) -> T {
        if self.attention.is_guest() {
            return f(self);
        }
        self.enter_guest();
        let result = f(self);
        self.attention.leave();
        result
    }

    /// Host addresses of up to 4096 bytes, which lie in one page or two. Valid until this thread leaves the guest; looking up
    /// another page leaves it.
    pub(crate) fn span(&mut self, address: u64, count: u64, access: Access) -> Result<Span, Faulted> {
        debug_assert!((1..=PAGE_SIZE).contains(&count));
        let last = address.wrapping_add(count - 1);
        if !is_canonical(address) || !is_canonical(last) {
            return self.failed(address, access, Cause::NonCanonical);
        }
        loop {
            let flushes = self.flushes;
            let first_part = count.min(PAGE_SIZE - (address & OFFSET));
            let first = self.host_of(address, access)?;
            let second = match first_part == count {
                true => first,
                // Both handles stay in their slots: neighbours have different ones.
                false => self.host_of(address.wrapping_add(first_part), access)?,
            };
            if flushes == self.flushes {
                return Ok(Span { parts: [first, second], first_part: first_part as usize, count: count as usize });
            }
        }
    }

    /// The host address of a byte whose page is then in its slot.
    pub(crate) fn host_of(&mut self, address: u64, access: Access) -> Result<usize, Faulted> {
        let page = address & !OFFSET;
        let entry = &self.tlb[Self::slot(address)];
        let tag = if access == Access::Write { entry.write } else { entry.read };
        if tag == page {
            return Ok((address as usize).wrapping_add(entry.addend));
        }
        if let Some(host) = self.held_host(page, access) {
            return Ok(host.wrapping_add((address & OFFSET) as usize));
        }
        let handle = self.outside(|backing| backing.page(page, access));
        match handle {
            // Somebody else has just announced it: the block that runs here may be of that page.
            Ok(handle)
                if access == Access::Write
                    && handle.rights().contains(Rights::EXEC)
                    && self.attention.bits() & attention::CODE != 0
                    && self.announced != page =>
            {
                self.failed(address, access, Cause::Code)
            }
            Ok(handle) => Ok(self.insert(page, handle).wrapping_add((address & OFFSET) as usize)),
            Err(cause) => self.failed(address, access, cause),
        }
    }

    /// Asks the backing, with this thread outside the guest; the answer is valid inside.
    pub(crate) fn outside<T>(&mut self, f: impl Fn(&dyn Backing) -> T) -> T {
        loop {
            self.attention.leave();
            let result = f(&*self.backing);
            if !self.attention.enter() {
                return result;
            }
            self.flush();
            self.attention.acknowledge();
            self.enter_guest();
        }
    }

    fn held_slot(page: u64) -> usize {
        (page >> 12) as usize % HELD
    }

    /// Puts a page whose handle is at hand into the TLB again.
    fn held_host(&mut self, page: u64, access: Access) -> Option<usize> {
        let held = &self.held[Self::held_slot(page)];
        let handle = held.handle.as_ref()?;
        if held.page != page || held.flushes != self.flushes || !handle.rights().allows(access) {
            return None;
        }
        let (host, rights) = (handle.host().as_ptr().expose_provenance(), handle.rights());
        self.tag(page, host, rights);
        Some(host)
    }

    fn insert(&mut self, page: u64, handle: Page) -> usize {
        let (host, rights) = (handle.host().as_ptr().expose_provenance(), handle.rights());
        self.held[Self::held_slot(page)] = Held { page, flushes: self.flushes, handle: Some(handle) };
        self.tag(page, host, rights);
        host
    }

    fn tag(&mut self, page: u64, host: usize, rights: Rights) {
        let slot = Self::slot(page);
        let tag = |right| if rights.contains(right) { page } else { NOT_A_PAGE };
        self.tlb[slot] =
            Entry { read: tag(Rights::READ), write: tag(Rights::WRITE), addend: host.wrapping_sub(page as usize) };
        self.used[slot / 64] |= 1 << (slot % 64);
    }

    #[cold]
    pub(crate) fn failed<T>(&mut self, address: u64, access: Access, cause: Cause) -> Result<T, Faulted> {
        self.fault = Fault { address, access, cause };
        Err(Faulted)
    }

    // Code.

    /// Copies the bytes of the instruction at `address`, as many as can be fetched, and notes their pages as holding code. If it
    /// is less than 15, [`fault`](Self::fault) tells why.
    pub fn fetch(&mut self, address: u64, into: &mut [u8; 15]) -> usize {
        let mut done = 0;
        while done < into.len() {
            let at = address.wrapping_add(done as u64);
            let Ok(host) = self.fetch_host(at) else { break };
            let count = (into.len() - done).min((PAGE_SIZE - (at & OFFSET)) as usize);
            // SAFETY: a readable page whose handle is in `fetched`; the thread is in the guest since `fetch_host` checked that.
            unsafe { access::copy_out(host as *const u8, &mut into[done..done + count]) };
            done += count;
        }
        done
    }

    /// Copies the code from `address` to the end of its page, or as much as `into` takes; as [`fetch`](Self::fetch) otherwise.
    pub fn fetch_page(&mut self, address: u64, into: &mut [u8]) -> Result<usize, Faulted> {
        let host = self.fetch_host(address)?;
        let count = into.len().min((PAGE_SIZE - (address & OFFSET)) as usize);
        // SAFETY: as in `fetch`.
        unsafe { access::copy_out(host as *const u8, &mut into[..count]) };
        Ok(count)
    }

    fn fetch_host(&mut self, address: u64) -> Result<usize, Faulted> {
        if !is_canonical(address) {
            return self.failed(address, Access::Fetch, Cause::NonCanonical);
        }
        let page = address & !OFFSET;
        let slot = (address >> 12) as usize % FETCHED;
        // With `CODE` pending the page may not be marked any more; with `TLB` pending it may be gone.
        if self.attention.bits() & (attention::CODE | attention::TLB) == 0
            && let Some((at, handle)) = &self.fetched[slot]
            && *at == page
        {
            return Ok(handle.host().as_ptr().expose_provenance() + (address & OFFSET) as usize);
        }
        match self.outside(|backing| backing.page(page, Access::Fetch)) {
            Ok(handle) => {
                let host = handle.host().as_ptr().expose_provenance();
                self.volatile[slot] = (page, handle.rights().contains(Rights::VOLATILE));
                self.fetched[slot] = Some((page, handle));
                // Stores must notice from now on.
                let entry = &mut self.tlb[Self::slot(page)];
                if entry.write == page {
                    *entry = EMPTY;
                }
                let held = &mut self.held[Self::held_slot(page)];
                if held.page == page {
                    held.page = NOT_A_PAGE;
                }
                Ok(host + (address & OFFSET) as usize)
            }
            Err(cause) => self.failed(address, Access::Fetch, cause),
        }
    }

    /// To be called before a store is tried again that failed with [`Cause::Code`].
    pub fn code_written(&mut self, address: u64) {
        self.fetched = [const { None }; FETCHED];
        self.announced = address & !OFFSET;
        let was_guest = self.attention.is_guest();
        self.outside(|backing| backing.code_written(address & !OFFSET));
        if !was_guest {
            self.attention.leave();
        }
    }

    /// A number that changes whenever the code in that page may have.
    pub fn code_epoch(&mut self, address: u64) -> u32 {
        let page = address & !OFFSET;
        if self.attention.is_guest() {
            return self.outside(|backing| backing.code_epoch(page));
        }
        self.backing.code_epoch(page)
    }

    /// May the code there change unnoticed? Exact for pages fetched from lately, else "yes".
    pub fn is_code_volatile(&self, address: u64) -> bool {
        let page = address & !OFFSET;
        let (at, is_volatile) = self.volatile[(address >> 12) as usize % FETCHED];
        at != page || is_volatile
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.attention.leave();
        if let Some(threads) = self.backing.threads() {
            threads.forget(&self.attention);
        }
    }
}

impl core::fmt::Debug for Memory {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Memory")
    }
}

/// Host addresses of bytes that lie in one page or two.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    parts: [usize; 2],
    first_part: usize,
    count: usize,
}

impl Span {
    /// The one place where the bytes follow each other, if there is one.
    pub(crate) fn contiguous(&self) -> Option<usize> {
        (self.first_part == self.count || self.parts[0] + self.first_part == self.parts[1]).then_some(self.parts[0])
    }

    /// Both pieces: host address and length.
    pub(crate) fn pieces(&self) -> [(usize, usize); 2] {
        [(self.parts[0], self.first_part), (self.parts[1], self.count - self.first_part)]
    }

    /// # Safety
    /// The span is valid and readable.
    pub(crate) unsafe fn load(&self) -> u64 {
        // SAFETY: by the caller.
        unsafe {
            match (self.count, self.contiguous()) {
                (1, Some(at)) => return access::load::<1>(at, 0),
                (2, Some(at)) => return access::load::<2>(at, 0),
                (4, Some(at)) => return access::load::<4>(at, 0),
                (8, Some(at)) => return access::load::<8>(at, 0),
                _ => {}
            }
            let mut bytes = [0; 8];
            let (low, high) = bytes[..self.count].split_at_mut(self.first_part);
            access::copy_out(self.parts[0] as *const u8, low);
            access::copy_out(self.parts[1] as *const u8, high);
            u64::from_le_bytes(bytes)
        }
    }

    /// # Safety
    /// The span is valid and writable.
    pub(crate) unsafe fn store(&self, value: u64) {
        // SAFETY: by the caller.
        unsafe {
            match (self.count, self.contiguous()) {
                (1, Some(at)) => return access::store::<1>(at, 0, value),
                (2, Some(at)) => return access::store::<2>(at, 0, value),
                (4, Some(at)) => return access::store::<4>(at, 0, value),
                (8, Some(at)) => return access::store::<8>(at, 0, value),
                _ => {}
            }
            let bytes = value.to_le_bytes();
            let (low, high) = bytes[..self.count].split_at(self.first_part);
            access::copy_in(self.parts[0] as *mut u8, low);
            access::copy_in(self.parts[1] as *mut u8, high);
        }
    }
}

fn words<const W: usize, const B: usize>(bytes: [u8; B]) -> [u64; W] {
    let (chunks, _) = bytes.as_chunks::<8>();
    core::array::from_fn(|i| u64::from_le_bytes(chunks[i]))
}

fn bytes<const W: usize, const B: usize>(words: [u64; W]) -> [u8; B] {
    core::array::from_fn(|i| words[i / 8].to_le_bytes()[i % 8])
}
