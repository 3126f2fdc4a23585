//! Transfers of many bytes, all or nothing as far as faults go.

use crate::access;
use crate::fault::{Access, Cause, Fault, Faulted};
use crate::memory::Memory;
use crate::range::GuestRange;
use crate::{OFFSET, PAGE_SIZE, is_canonical};

impl Memory {
    /// Can all of it be accessed? Needs nothing to be written afterwards: `Cause::Code` is a failure too.
    pub fn probe(&mut self, address: u64, length: u64, access: Access) -> Result<(), Faulted> {
        self.inside(|memory| memory.probe_pages(address, length, access))
    }

    fn probe_pages(&mut self, address: u64, length: u64, access: Access) -> Result<(), Faulted> {
        if length == 0 {
            return Ok(());
        }
        let last = address.wrapping_add(length - 1);
        if !is_canonical(address) || !is_canonical(last) || last < address && length > PAGE_SIZE {
            return self.failed(address, access, Cause::NonCanonical);
        }
        let mut at = address;
        loop {
            self.host_of(at, access)?;
            if at & !OFFSET == last & !OFFSET {
                return Ok(());
            }
            at = (at | OFFSET).wrapping_add(1);
        }
    }

    /// Copies guest memory out, all of it or nothing.
    pub fn load_bytes(&mut self, address: u64, into: &mut [u8]) -> Result<(), Faulted> {
        self.inside(|memory| {
            if into.len() as u64 > PAGE_SIZE {
                memory.probe_pages(address, into.len() as u64, Access::Read)?;
            }
            let mut at = address;
            for chunk in into.chunks_mut(PAGE_SIZE as usize) {
                let span = memory.span(at, chunk.len() as u64, Access::Read)?;
                let mut rest = chunk;
                for (host, count) in span.pieces() {
                    let (now, later) = rest.split_at_mut(count);
                    // SAFETY: the span is readable as long as the thread stays in the guest, which it does here.
                    unsafe { access::copy_out(host as *const u8, now) };
                    rest = later;
                }
                at = at.wrapping_add(PAGE_SIZE);
            }
            Ok(())
        })
    }

    /// Copies into guest memory, all of it or nothing. From outside the guest (a system call), code there is invalidated;
    /// the engine meets [`Cause::Code`].
    pub fn store_bytes(&mut self, address: u64, from: &[u8]) -> Result<(), Faulted> {
        let is_call = !self.attention_handle().is_guest();
        self.inside(|memory| {
            loop {
                match memory.store_pages(address, from) {
                    Err(Faulted) if is_call && memory.fault().cause == Cause::Code => {
                        memory.code_written(memory.fault().address);
                    }
                    result => return result,
                }
            }
        })
    }

    fn store_pages(&mut self, address: u64, from: &[u8]) -> Result<(), Faulted> {
        if from.len() as u64 > PAGE_SIZE {
            self.probe_pages(address, from.len() as u64, Access::Write)?;
        }
        let mut at = address;
        for chunk in from.chunks(PAGE_SIZE as usize) {
            let span = self.span(at, chunk.len() as u64, Access::Write)?;
            let mut rest = chunk;
            for (host, count) in span.pieces() {
                let (now, later) = rest.split_at(count);
                // SAFETY: the span is writable as long as the thread stays in the guest, which it does here.
                unsafe { access::copy_in(host as *mut u8, now) };
                rest = later;
            }
            at = at.wrapping_add(PAGE_SIZE);
        }
        Ok(())
    }

    /// Guest memory for the host's system calls, all of it or the first fault. Where it is for writing, code in it counts as
    /// written, now and when the range is dropped.
    pub fn range(&mut self, address: u64, length: u64, access: Access) -> Result<GuestRange, Fault> {
        let backing = self.backing().clone();
        let was_guest = self.attention_handle().is_guest();
        self.attention_handle().leave();
        let range = GuestRange::new(backing, address, length, access);
        if was_guest {
            self.enter_guest();
        }
        range
    }
}
