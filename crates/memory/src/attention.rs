//! The bits by which others ask a guest thread to stop at the end of its block and look.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};

/// A signal waits to be delivered.
pub const SIGNAL: u32 = 1;
/// Mappings have changed: the TLB is to be emptied.
pub const TLB: u32 = 2;
/// Code has changed: blocks are to be looked at again.
pub const CODE: u32 = 4;
/// The thread is to stop.
pub const STOP: u32 = 8;
/// Another thread wants to run alone for a moment.
pub const EXCLUSIVE: u32 = 16;

/// One thread's bits, shared with everybody who may raise them.
#[derive(Clone, Default)]
pub struct Attention(Arc<AtomicU32>);

impl Attention {
    #[inline(always)]
    pub fn bits(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    pub fn raise(&self, bits: u32) {
        self.0.fetch_or(bits, Ordering::SeqCst);
    }

    /// Takes the bits off and returns those that were set.
    pub fn take(&self, bits: u32) -> u32 {
        self.0.fetch_and(!bits, Ordering::SeqCst) & bits
    }

    /// The word itself, for assembly and signal handlers.
    pub fn word(&self) -> &Arc<AtomicU32> {
        &self.0
    }
}
