//! Which engine runs a process.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::ops::Range;
use core::ptr::NonNull;
use cpu::{Cache, Engine};
use jit::Translator;
use linux::mm::{AddressSpace, Translations};
use memory::{Backing, Threads};

/// The engine of a process that begins in `mm`, to be made before its signals are set up.
pub fn choose(mm: &Arc<AddressSpace>, may_translate: bool) -> Box<dyn Engine> {
    let translator = match may_translate && mm.is_linear() {
        true => Translator::new(Arc::new(Space(mm.clone()))),
        false => None,
    };
    match translator {
        Some(translator) => {
            mm.set_translations(Arc::new(Listener(translator.clone())));
            translator.engine()
        }
        None => Box::new(Cache::default()),
    }
}

/// What keeps this host from translating, if anything does.
pub fn why_interpreted() -> Option<&'static str> {
    Translator::lacks()
}

/// The address space, as the translator knows it.
struct Space(Arc<AddressSpace>);

impl jit::Space for Space {
    fn take_for_code(&self, near: u64, length: u64, reach: u64) -> Option<NonNull<u8>> {
        self.0.take_for_code(near, length, reach)
    }

    fn code_epoch(&self, page: u64) -> u32 {
        self.0.code_epoch(page)
    }
}

/// The translator, as the address space knows it.
struct Listener(Arc<Translator>);

impl Translations for Listener {
    fn forget(&self, range: Range<u64>, threads: &Threads) {
        self.0.forget(range, threads);
    }

    fn fork(&self, fork: &mut dyn FnMut()) {
        self.0.fork(fork);
    }
}
