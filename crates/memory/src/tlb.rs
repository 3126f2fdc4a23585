//! One thread's view of guest memory.
//!
//! A hit costs one compare: the page of the access's last byte must be the one in the slot of its first byte. An access that
//! crosses a page never matches, since the next page belongs to the next slot, and takes the slow path.

use crate::access;
use crate::attention::Attention;
use crate::page::{PAGE_SIZE, Page, Rights};
use crate::{Access, Backing, Cause, Fault, Faulted};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ptr::NonNull;

const SLOTS: usize = 256;
const PAGE_MASK: u64 = !(PAGE_SIZE - 1);
/// A tag that no page has.
const NO_PAGE: u64 = 1;

#[derive(Clone, Copy)]
struct Entry {
    /// The page's address if it may be read, else `NO_PAGE`.
    read: u64,
    write: u64,
    /// Host address less guest address.
    addend: u64,
}

const EMPTY: Entry = Entry { read: NO_PAGE, write: NO_PAGE, addend: 0 };

pub struct Memory {
    /// Invariant: a tag other than `NO_PAGE` is the address of a page of which the same slot of `pages` keeps the host page
    /// alive, with the right that the tag stands for, and `addend` leads there.
    tlb: [Entry; SLOTS],
    attention: Attention,
    fault: Fault,
    pages: Box<[Option<Page>]>,
    backing: Arc<dyn Backing>,
}

/// A piece of guest memory that is contiguous on the host.
#[derive(Clone)]
pub struct Chunk {
    pub host: NonNull<u8>,
    pub length: usize,
    /// Keeps the bytes mapped.
    _page: Vec<Page>,
}

/// A checked range of guest memory, to be lent to the host.
#[derive(Clone, Default)]
pub struct GuestRange {
    chunks: Vec<Chunk>,
}

impl GuestRange {
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    pub fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.length).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }
}

impl Memory {
    pub fn new(backing: Arc<dyn Backing>) -> Memory {
        Memory::with_attention(backing, Attention::default())
    }

    pub fn with_attention(backing: Arc<dyn Backing>, attention: Attention) -> Memory {
        Memory {
            tlb: [EMPTY; SLOTS],
            attention,
            fault: Fault { address: 0, access: Access::Read, cause: Cause::Unmapped },
            pages: (0..SLOTS).map(|_| None).collect(),
            backing,
        }
    }

    pub fn backing(&self) -> &Arc<dyn Backing> {
        &self.backing
    }

    /// The attention bits of this thread; one load.
    #[inline(always)]
    pub fn attention(&self) -> u32 {
        self.attention.bits()
    }

    pub fn attention_handle(&self) -> &Attention {
        &self.attention
    }

    /// Details of the last failed access.
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// Forgets all translations.
    pub fn flush(&mut self) {
        self.tlb = [EMPTY; SLOTS];
        self.pages.fill(None);
    }

    pub fn code_epoch(&self, address: u64) -> u32 {
        self.backing.code_epoch(address)
    }

    pub fn is_code_volatile(&self, address: u64) -> bool {
        self.backing.is_code_volatile(address)
    }

    /// Code at `address` is about to be written by this thread.
    pub fn code_written(&mut self, address: u64) {
        self.backing.code_written(address & PAGE_MASK);
        self.tlb[slot(address)] = EMPTY;
    }

    /// `N` (1, 2, 4 or 8) bytes, zero-extended.
    #[inline(always)]
    pub fn load<const N: usize>(&mut self, address: u64) -> Result<u64, Faulted> {
        let entry = &self.tlb[slot(address)];
        if address.wrapping_add(N as u64 - 1) & PAGE_MASK != entry.read {
            return self.load_slowly(address, N, Access::Read);
        }
        // SAFETY: the tag says that the page is readable and alive, and that all bytes are in it.
        Ok(unsafe { access::load::<N>(host(address, entry.addend)) })
    }

    /// As `load`, but fails as a store to the same place would.
    #[inline(always)]
    pub fn load_for_update<const N: usize>(&mut self, address: u64) -> Result<u64, Faulted> {
        let entry = &self.tlb[slot(address)];
        if address.wrapping_add(N as u64 - 1) & PAGE_MASK != entry.write {
            return self.load_slowly(address, N, Access::Write);
        }
        // SAFETY: as in `load`; what may be written may be read.
        Ok(unsafe { access::load::<N>(host(address, entry.addend)) })
    }

    #[inline(always)]
    pub fn store<const N: usize>(&mut self, address: u64, value: u64) -> Result<(), Faulted> {
        let entry = &self.tlb[slot(address)];
        if address.wrapping_add(N as u64 - 1) & PAGE_MASK != entry.write {
            return self.store_slowly(address, &value.to_le_bytes()[..N]);
        }
        // SAFETY: the tag says that the page is writable and alive, and that all bytes are in it.
        unsafe { access::store::<N>(host(address, entry.addend), value) };
        Ok(())
    }

    pub fn load16(&mut self, address: u64) -> Result<[u64; 2], Faulted> {
        let mut bytes = [0; 16];
        self.load_bytes(address, &mut bytes)?;
        Ok(halves(bytes))
    }

    pub fn store16(&mut self, address: u64, value: [u64; 2]) -> Result<(), Faulted> {
        self.store_bytes(address, &joined(value))
    }

    /// Fills `bytes` from guest memory, or does nothing.
    pub fn load_bytes(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), Faulted> {
        self.probe(address, bytes.len() as u64, Access::Read)?;
        let mut at = address;
        let mut rest = bytes;
        while !rest.is_empty() {
            let count = in_page(at).min(rest.len());
            let from = self.translate(at, Access::Read)?;
            let (head, tail) = rest.split_at_mut(count);
            for (n, byte) in head.iter_mut().enumerate() {
                // SAFETY: `translate` found the page readable, and `count` bytes are in it.
                *byte = unsafe { access::load::<1>(from.as_ptr().add(n)) } as u8;
            }
            rest = tail;
            at = at.wrapping_add(count as u64);
        }
        Ok(())
    }

    /// Writes all of `bytes`, or nothing.
    pub fn store_bytes(&mut self, address: u64, bytes: &[u8]) -> Result<(), Faulted> {
        self.probe(address, bytes.len() as u64, Access::Write)?;
        let mut at = address;
        let mut rest = bytes;
        while !rest.is_empty() {
            let count = in_page(at).min(rest.len());
            let to = self.translate(at, Access::Write)?;
            let (head, tail) = rest.split_at(count);
            for (n, byte) in head.iter().enumerate() {
                // SAFETY: `translate` found the page writable, and `count` bytes are in it.
                unsafe { access::store::<1>(to.as_ptr().add(n), *byte as u64) };
            }
            rest = tail;
            at = at.wrapping_add(count as u64);
        }
        Ok(())
    }

    /// Would an access to all of the range succeed?
    pub fn probe(&mut self, address: u64, length: u64, access: Access) -> Result<(), Faulted> {
        if length == 0 {
            return Ok(());
        }
        let last = address.wrapping_add(length - 1) & PAGE_MASK;
        let mut at = address;
        loop {
            self.translate(at, access)?;
            if at & PAGE_MASK == last {
                return Ok(());
            }
            at = (at & PAGE_MASK).wrapping_add(PAGE_SIZE);
        }
    }

    /// Compare-and-swap at any alignment: `Err` holds what was there.
    pub fn compare_exchange<const N: usize>(
        &mut self,
        address: u64,
        expected: u64,
        new: u64,
    ) -> Result<Result<u64, u64>, Faulted> {
        if in_page(address) < N {
            self.probe(address, N as u64, Access::Write)?;
            let old = self.load_slowly(address, N, Access::Write)?;
            if old == expected {
                self.store_slowly(address, &new.to_le_bytes()[..N])?;
                return Ok(Ok(old));
            }
            return Ok(Err(old));
        }
        let to = self.translate(address, Access::Write)?;
        // SAFETY: `translate` found the page writable, and all bytes are in it.
        Ok(unsafe { access::compare_exchange::<N>(to.as_ptr(), expected, new) })
    }

    pub fn compare_exchange16(
        &mut self,
        address: u64,
        expected: [u64; 2],
        new: [u64; 2],
    ) -> Result<Result<[u64; 2], [u64; 2]>, Faulted> {
        self.probe(address, 16, Access::Write)?;
        let old = self.load16(address)?;
        if old == expected {
            self.store16(address, new)?;
            return Ok(Ok(old));
        }
        Ok(Err(old))
    }

    /// Reads up to 15 bytes of code and marks its pages as holding code; returns how many bytes could be read. If that is
    /// not all, [`Memory::fault`] tells why.
    pub fn fetch(&mut self, address: u64, bytes: &mut [u8; 15]) -> usize {
        let mut done = 0;
        while done < bytes.len() {
            let at = address.wrapping_add(done as u64);
            let Ok(page) = self.page(at, Access::Fetch) else {
                return done;
            };
            // From now on stores there must come to the backing.
            let entry = &mut self.tlb[slot(at)];
            if entry.write == at & PAGE_MASK {
                entry.write = NO_PAGE;
            }
            let count = in_page(at).min(bytes.len() - done);
            let from = page.host().as_ptr().wrapping_add((at & !PAGE_MASK) as usize);
            for n in 0..count {
                // SAFETY: the page is alive and readable, and `count` bytes are in it.
                bytes[done + n] = unsafe { access::load::<1>(from.wrapping_add(n)) } as u8;
            }
            done += count;
        }
        done
    }

    /// The host's pieces of a range.
    pub fn range(&mut self, address: u64, length: u64, access: Access) -> Result<GuestRange, Fault> {
        let mut chunks: Vec<Chunk> = Vec::new();
        let mut at = address;
        let mut left = length;
        while left > 0 {
            let page = self.page(at, access).map_err(|Faulted| self.fault)?;
            let count = (in_page(at) as u64).min(left);
            let offset = (at & !PAGE_MASK) as usize;
            // SAFETY: the offset is within the page.
            let host = unsafe { page.host().add(offset) };
            match chunks.last_mut() {
                Some(last) if last.host.as_ptr().wrapping_add(last.length) == host.as_ptr() => {
                    last.length += count as usize;
                    last._page.push(page);
                }
                _ => chunks.push(Chunk { host, length: count as usize, _page: alloc::vec![page] }),
            }
            at = at.wrapping_add(count);
            left -= count;
        }
        Ok(GuestRange { chunks })
    }

    /// Asks the backing for the page of `address`; a store into code is answered here.
    fn page(&mut self, address: u64, access: Access) -> Result<Page, Faulted> {
        let failed = |cause| Fault { address, access, cause };
        if (((address << 16) as i64) >> 16) as u64 != address {
            self.fault = failed(Cause::NonCanonical);
            return Err(Faulted);
        }
        self.backing.page(address & PAGE_MASK, access).map_err(|cause| {
            self.fault = failed(cause);
            Faulted
        })
    }

    /// Host address of a byte, through the TLB.
    #[inline]
    fn translate(&mut self, address: u64, access: Access) -> Result<NonNull<u8>, Faulted> {
        let entry = &self.tlb[slot(address)];
        let tag = if access == Access::Write { entry.write } else { entry.read };
        if address & PAGE_MASK != tag {
            self.fill(address, access)?;
        }
        let addend = self.tlb[slot(address)].addend;
        Ok(NonNull::new(host(address, addend)).unwrap_or(NonNull::dangling()))
    }

    #[cold]
    #[inline(never)]
    fn fill(&mut self, address: u64, access: Access) -> Result<(), Faulted> {
        let page = self.page(address, access)?;
        let (start, rights) = (address & PAGE_MASK, page.rights());
        let tag = |right| if rights.contains(right) { start } else { NO_PAGE };
        self.tlb[slot(address)] = Entry {
            read: tag(Rights::READ),
            write: tag(Rights::WRITE),
            addend: (page.host().as_ptr() as u64).wrapping_sub(start),
        };
        self.pages[slot(address)] = Some(page);
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn load_slowly(&mut self, address: u64, count: usize, access: Access) -> Result<u64, Faulted> {
        self.probe(address, count as u64, access)?;
        let mut bytes = [0; 8];
        for (n, byte) in bytes[..count].iter_mut().enumerate() {
            let from = self.translate(address.wrapping_add(n as u64), access)?;
            // SAFETY: `translate` found the byte's page readable.
            *byte = unsafe { access::load::<1>(from.as_ptr()) } as u8;
        }
        Ok(u64::from_le_bytes(bytes))
    }

    #[cold]
    #[inline(never)]
    fn store_slowly(&mut self, address: u64, bytes: &[u8]) -> Result<(), Faulted> {
        if in_page(address) >= bytes.len() {
            self.translate(address, Access::Write)?;
            let mut value = [0; 8];
            value[..bytes.len()].copy_from_slice(bytes);
            let value = u64::from_le_bytes(value);
            return match bytes.len() {
                1 => self.store::<1>(address, value),
                2 => self.store::<2>(address, value),
                4 => self.store::<4>(address, value),
                _ => self.store::<8>(address, value),
            };
        }
        self.store_bytes(address, bytes)
    }
}

#[inline(always)]
fn slot(address: u64) -> usize {
    (address / PAGE_SIZE) as usize % SLOTS
}

#[inline(always)]
fn host(address: u64, addend: u64) -> *mut u8 {
    address.wrapping_add(addend) as usize as *mut u8
}

/// Bytes from `address` to the end of its page.
fn in_page(address: u64) -> usize {
    (PAGE_SIZE - (address & !PAGE_MASK)) as usize
}

fn halves(bytes: [u8; 16]) -> [u64; 2] {
    let value = u128::from_le_bytes(bytes);
    [value as u64, (value >> 64) as u64]
}

fn joined(value: [u64; 2]) -> [u8; 16] {
    ((value[1] as u128) << 64 | value[0] as u128).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ram;

    fn memory() -> Memory {
        let mut ram = Ram::new();
        ram.map(0x1000, 0x2000, Rights::READ.with(Rights::WRITE).with(Rights::EXEC));
        ram.map(0x3000, 0x1000, Rights::READ);
        Memory::new(Arc::new(ram))
    }

    #[test]
    fn what_is_stored_is_loaded_across_a_page_too() {
        let mut memory = memory();
        for address in [0x1000, 0x1ffd, 0x1fff] {
            memory.store::<8>(address, 0x1122_3344_5566_7788).expect("mapped");
            assert_eq!(memory.load::<8>(address), Ok(0x1122_3344_5566_7788));
        }
    }

    #[test]
    fn a_fault_names_its_first_byte_and_nothing_happens() {
        let mut memory = memory();
        assert_eq!(memory.store::<8>(0x2ffc, u64::MAX), Err(Faulted));
        assert_eq!(memory.fault(), Fault { address: 0x3000, access: Access::Write, cause: Cause::Protected });
        assert_eq!(memory.load::<4>(0x2ffc), Ok(0));
        assert_eq!(memory.load::<8>(0x3ffc), Err(Faulted));
        assert_eq!(memory.fault(), Fault { address: 0x4000, access: Access::Read, cause: Cause::Unmapped });
        assert_eq!(memory.load_for_update::<1>(0x3000), Err(Faulted));
        assert_eq!(memory.fault().access, Access::Write);
        assert_eq!(memory.load::<1>(1 << 47), Err(Faulted));
        assert_eq!(memory.fault().cause, Cause::NonCanonical);
    }

    #[test]
    fn a_store_into_code_stops_until_it_is_announced() {
        let mut memory = memory();
        memory.store::<1>(0x1000, 0x90).expect("mapped");
        let mut bytes = [0; 15];
        assert_eq!(memory.fetch(0x1000, &mut bytes), 15);
        assert_eq!(bytes[0], 0x90);
        let epoch = memory.code_epoch(0x1000);
        assert_eq!(memory.store::<1>(0x1fff, 1), Err(Faulted));
        assert_eq!(memory.fault().cause, Cause::Code);
        memory.code_written(0x1fff);
        assert_eq!(memory.store::<1>(0x1fff, 1), Ok(()));
        assert_ne!(memory.code_epoch(0x1000), epoch);
    }
}
