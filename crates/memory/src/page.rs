//! Pages of host memory that hold guest memory, and who hands them out.

use crate::attention::Threads;
use crate::fault::{Access, Cause};
use alloc::alloc::{alloc_zeroed, handle_alloc_error};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::alloc::Layout;
use core::cell::UnsafeCell;
use core::ptr::NonNull;

/// What a guest may do with a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rights(pub u8);

impl Rights {
    pub const NONE: Rights = Rights(0);
    pub const READ: Rights = Rights(1);
    pub const WRITE: Rights = Rights(2);
    pub const EXEC: Rights = Rights(4);
    /// Code in it may change without anybody noticing (a shared mapping): compare before running it.
    pub const VOLATILE: Rights = Rights(8);
    pub const ALL: Rights = Rights(7);

    pub const fn with(self, other: Rights) -> Rights {
        Rights(self.0 | other.0)
    }
    pub const fn without(self, other: Rights) -> Rights {
        Rights(self.0 & !other.0)
    }
    pub const fn contains(self, other: Rights) -> bool {
        self.0 & other.0 == other.0
    }
    /// Does it allow that access?
    pub const fn allows(self, access: Access) -> bool {
        self.contains(match access {
            Access::Read => Rights::READ,
            Access::Write => Rights::WRITE,
            Access::Fetch => Rights::EXEC,
        })
    }
}

/// Whatever owns host memory: as long as it lives, the memory is there.
pub trait Keep: Send + Sync {}

impl<T: Send + Sync> Keep for T {}

/// Host memory of one or more guest pages, kept alive by the handle.
///
/// Invariant, kept by whoever calls [`Page::new`]: as long as the handle lives, the memory stays reserved for the guest, and
/// as long as its rights have not been revoked through [`Threads::shoot_down`] it can be read, and written if they say so.
#[derive(Clone)]
pub struct Page {
    host: NonNull<u8>,
    rights: Rights,
    _owner: Option<Arc<dyn Keep>>,
}

// SAFETY: the memory belongs to the guest, whose threads access it through `access` only.
unsafe impl Send for Page {}
// SAFETY: as above; the handle itself is never changed.
unsafe impl Sync for Page {}

impl Page {
    /// A handle of the pages at `host`.
    ///
    /// # Safety
    /// `host` is aligned to 4096 bytes. The pages hold guest memory and nothing else, and the invariant of the type holds with
    /// `owner`; without an owner they stay reserved for the guest for ever.
    pub unsafe fn new(host: NonNull<u8>, rights: Rights, owner: Option<Arc<dyn Keep>>) -> Page {
        debug_assert!(host.addr().get() & crate::OFFSET as usize == 0);
        Page { host, rights, _owner: owner }
    }

    pub fn rights(&self) -> Rights {
        self.rights
    }

    /// The same page with no more than these rights.
    pub fn restricted(&self, rights: Rights) -> Page {
        Page { rights: Rights(self.rights.0 & (rights.0 | Rights::VOLATILE.0)), ..self.clone() }
    }

    /// The same page, marked as one whose code may change unnoticed.
    pub fn volatile(mut self) -> Page {
        self.rights = self.rights.with(Rights::VOLATILE);
        self
    }

    /// A fresh page of zeros from the allocator, with all rights.
    pub fn zeroed() -> Page {
        // A box in the `Arc`, since the counters of an `Arc<Frame>` would take a page of their own.
        let frame = zeroed_frame();
        // The pointer may write: the bytes are in a cell.
        let host = NonNull::from(&*frame).cast::<u8>();
        Page { host, rights: Rights::ALL, _owner: Some(Arc::new(frame)) }
    }

    /// Where the page is on the host.
    pub fn host(&self) -> NonNull<u8> {
        self.host
    }
}

impl core::fmt::Debug for Page {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Page({:?}, {:?})", self.host, self.rights)
    }
}

/// An anonymous page of blink's own memory.
#[repr(C, align(4096))]
struct Frame(UnsafeCell<[u8; crate::PAGE_SIZE as usize]>);

// SAFETY: the bytes are only touched through `access`'s primitives.
unsafe impl Sync for Frame {}

fn zeroed_frame() -> Box<Frame> {
    let layout = Layout::new::<Frame>();
    // SAFETY: the layout is not empty.
    let memory = unsafe { alloc_zeroed(layout) };
    if memory.is_null() {
        handle_alloc_error(layout);
    }
    // SAFETY: allocated as a box would, and zeros are a frame.
    unsafe { Box::from_raw(memory.cast()) }
}

/// Where pages come from. [`Memory`](crate::Memory) calls it with the calling thread outside the guest, so it may wait.
pub trait Backing: Send + Sync {
    /// The threads that use it; `None` for memory whose mappings never change.
    fn threads(&self) -> Option<&Threads> {
        None
    }

    /// The page at `page`, a multiple of 4096, for an access.
    ///
    /// With [`Access::Fetch`] it is noted as holding code from then on: a later `page` for writing answers [`Cause::Code`], one
    /// for reading gives a page without the right to write, and no thread has an old one with it.
    fn page(&self, page: u64, access: Access) -> Result<Page, Cause>;

    /// As [`page`](Self::page), for as many as `most` pages that follow each other in host memory too; also their number.
    fn run(&self, page: u64, most: u64, access: Access) -> Result<(Page, u64), Cause> {
        let _ = most;
        Ok((self.page(page, access)?, 1))
    }

    /// The page holds no code any more, since it is about to be written: raises its epoch, and `CODE` on all threads.
    fn code_written(&self, page: u64);

    /// As [`code_written`](Self::code_written) for the pages from `first` to `last` that hold code.
    fn code_written_in(&self, first: u64, last: u64) {
        (first >> 12..=last >> 12).for_each(|page| self.code_written(page << 12));
    }

    /// Changes whenever code of that page may have changed.
    fn code_epoch(&self, page: u64) -> u32;
}
