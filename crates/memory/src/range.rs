//! Guest memory lent to the host's system calls.

use crate::fault::{Access, Cause, Fault};
use crate::page::{Backing, Page};
use crate::{OFFSET, PAGE_SIZE, is_canonical};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ptr::NonNull;

/// A stretch of host memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    pub host: NonNull<u8>,
    pub length: usize,
}

/// Guest memory that has been checked for an access, as a list of stretches of host memory whose pages it keeps alive.
///
/// The host checks again as it transfers: what has been unmapped since is
/// an error of the call, never another's memory.
#[derive(Default)]
pub struct GuestRange {
    chunks: Vec<Chunk>,
    pages: Vec<Page>,
    length: u64,
    /// First and last page, where writing must be announced once more at the end.
    written: Option<(u64, u64)>,
    backing: Option<Arc<dyn Backing>>,
}

// SAFETY: the chunks are used by the host's calls only, and live as long as the pages.
unsafe impl Send for GuestRange {}

impl GuestRange {
    pub(crate) fn new(
        backing: Arc<dyn Backing>,
        address: u64,
        length: u64,
        access: Access,
    ) -> Result<GuestRange, Fault> {
        let mut range = GuestRange::default();
        if length == 0 {
            return Ok(range);
        }
        let fault = |address, cause| Fault { address, access, cause };
        let last = address.wrapping_add(length - 1);
        if !is_canonical(address) {
            return Err(fault(address, Cause::NonCanonical));
        }
        while range.length < length {
            let at = address.wrapping_add(range.length);
            if at < address || !is_canonical(at) {
                return Err(fault(at, Cause::NonCanonical));
            }
            let page = at & !OFFSET;
            let most = if last < at { 1 } else { (last >> 12) - (at >> 12) + 1 };
            match backing.run(page, most, access) {
                Ok((handle, count)) => {
                    let skip = at & OFFSET;
                    let now = (count * PAGE_SIZE - skip).min(length - range.length);
                    // SAFETY: inside the run.
                    range.push(unsafe { handle.host().add(skip as usize) }, now as usize);
                    range.pages.push(handle);
                    range.length += now;
                    if access == Access::Write {
                        range.written = Some((address & !OFFSET, page + (count - 1) * PAGE_SIZE));
                    }
                }
                Err(Cause::Code) => backing.code_written(page),
                Err(cause) => return Err(fault(at, cause)),
            }
        }
        range.backing = Some(backing);
        Ok(range)
    }

    fn push(&mut self, host: NonNull<u8>, length: usize) {
        match self.chunks.last_mut() {
            Some(last) if last.host.addr().get() + last.length == host.addr().get() => last.length += length,
            _ => self.chunks.push(Chunk { host, length }),
        }
    }

    /// Bytes that can be transferred.
    pub fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.length).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// The host memory, in order. For `host`, which alone turns it into what the kernel transfers; it must not outlive the range.
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }
}

impl Drop for GuestRange {
    fn drop(&mut self) {
        // Somebody may have decoded code from it while the kernel wrote.
        if let (Some((first, last)), Some(backing)) = (self.written, &self.backing) {
            backing.code_written_in(first, last);
        }
    }
}

impl core::fmt::Debug for GuestRange {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "GuestRange({} bytes in {} chunks)", self.length, self.chunks.len())
    }
}
