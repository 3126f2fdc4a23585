//! A page of guest memory on the host.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::any::Any;
use core::cell::UnsafeCell;
use core::ptr::NonNull;

pub const PAGE_SIZE: u64 = 4096;

/// What may be done with a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rights(pub u8);

impl Rights {
    pub const NONE: Rights = Rights(0);
    pub const READ: Rights = Rights(1);
    pub const WRITE: Rights = Rights(2);
    pub const EXEC: Rights = Rights(4);

    pub const fn with(self, other: Rights) -> Rights {
        Rights(self.0 | other.0)
    }

    pub const fn without(self, other: Rights) -> Rights {
        Rights(self.0 & !other.0)
    }

    pub const fn contains(self, other: Rights) -> bool {
        self.0 & other.0 == other.0
    }
}

/// 4096 bytes of the host that stand for a page of the guest, kept alive by an owner.
///
/// Invariant: `host` points to `PAGE_SIZE` bytes, aligned to 16, that stay mapped as long as `owner` lives.
#[derive(Clone)]
pub struct Page {
    host: NonNull<u8>,
    rights: Rights,
    owner: Option<Arc<dyn Any + Send + Sync>>,
}

// SAFETY: the bytes are guest memory, which is only touched through `access`'s primitives, from any thread.
unsafe impl Send for Page {}
// SAFETY: as above.
unsafe impl Sync for Page {}

/// An anonymous page of blink's own memory.
#[repr(C, align(4096))]
struct Frame(UnsafeCell<[u8; PAGE_SIZE as usize]>);

// SAFETY: the bytes are only touched through `access`'s primitives.
unsafe impl Sync for Frame {}

impl Page {
    /// # Safety
    /// `host` must point to `PAGE_SIZE` bytes, aligned to 16, that stay mapped with these rights as long as `owner` lives (for ever
    /// without one), and that no Rust reference refers to.
    pub unsafe fn new(host: NonNull<u8>, rights: Rights, owner: Option<Arc<dyn Any + Send + Sync>>) -> Page {
        Page { host, rights, owner }
    }

    /// A fresh page of zeros with all rights.
    pub fn zeroed() -> Page {
        let frame: Arc<Frame> = Arc::from(zeroed_frame());
        // `Arc::as_ptr` keeps the provenance of the whole frame.
        let host = frame.0.get().cast::<u8>();
        let rights = Rights::READ.with(Rights::WRITE).with(Rights::EXEC);
        Page { host: NonNull::new(host).unwrap_or(NonNull::dangling()), rights, owner: Some(frame) }
    }

    /// The same page with fewer rights.
    pub fn restricted(&self, rights: Rights) -> Page {
        Page { rights: Rights(self.rights.0 & rights.0), ..self.clone() }
    }

    pub fn rights(&self) -> Rights {
        self.rights
    }

    /// Where the page is on the host.
    pub fn host(&self) -> NonNull<u8> {
        self.host
    }
}

fn zeroed_frame() -> Box<Frame> {
    Box::new(Frame(UnsafeCell::new([0; PAGE_SIZE as usize])))
}
