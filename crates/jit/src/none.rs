//! Hosts without a translator.

use crate::Space;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::ops::Range;
use cpu::Engine;
use memory::Threads;

/// Never made here.
pub enum Translator {}

impl Translator {
    pub fn lacks() -> Option<&'static str> {
        Some("there is no translator for this host")
    }

    pub fn new(_: Arc<dyn Space>) -> Option<Arc<Translator>> {
        None
    }

    pub fn engine(self: &Arc<Translator>) -> Box<dyn Engine> {
        match **self {}
    }

    pub fn forget(&self, _: Range<u64>, _: &Threads) {
        match *self {}
    }

    pub fn fork(&self, _: &mut dyn FnMut()) {
        match *self {}
    }
}
