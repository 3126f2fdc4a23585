//! x86-64 on x86-64: the guest's registers are the host's, and instructions are copied.
//!
//! An instruction that names neither its place nor `gs` nor another place is copied as it stands, with all its flags, faults and
//! exceptions. `gs` holds the thread's [`State`](gate::State); `fs` is the guest's while its code runs. What is not copied leaves
//! and is interpreted, and so does every instruction that faults: the interpreter says what comes of it.

mod arena;
mod code;
mod features;
mod gate;
mod select;
mod thread;
mod translate;

use crate::Space;
use alloc::boxed::Box;
use alloc::sync::Arc;
use code::Code;
use core::ops::Range;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use cpu::Engine;
use features::Features;
use host::park::FUTEX;
use host::signal::native;
use isa::Feature;
use memory::{Lock, Threads};

/// The translated code of a process.
///
/// Order of locks: areas, marks of code, threads, then this one; under it only epochs are asked for.
pub struct Translator {
    code: Lock<Code>,
    space: Arc<dyn Space>,
    /// That of `code`, to be seen without the lock.
    generation: AtomicU32,
}

impl Translator {
    /// What the host lacks for it.
    pub fn lacks() -> Option<&'static str> {
        what_lacks(&Features::of_host())
    }

    /// A translator, if the host lacks nothing. Prepares the host's signal handlers, so before any is installed.
    pub fn new(space: Arc<dyn Space>) -> Option<Arc<Translator>> {
        let features = Features::of_host();
        if what_lacks(&features).is_some() {
            return None;
        }
        native::enable(gate::divert);
        let code = Lock::new(Code::new(features), &FUTEX);
        Some(Arc::new(Translator { code, space, generation: AtomicU32::new(0) }))
    }

    /// What a thread runs.
    pub fn engine(self: &Arc<Translator>) -> Box<dyn Engine> {
        match thread::Thread::new(self.clone()) {
            Some(thread) => Box::new(thread),
            // No memory for a thread's state.
            None => Box::new(cpu::Cache::default()),
        }
    }

    /// Forgets what was translated from the pages of the range; no thread runs it when this returns. The caller is outside.
    pub fn forget(&self, range: Range<u64>, threads: &Threads) {
        if self.code.lock().has_any(&range) {
            threads.exclusive(None, || {
                let mut code = self.code.lock();
                code.forget(&range);
                self.generation.store(code.generation, Relaxed);
            });
        }
    }

    /// Runs `fork` while nothing is being translated.
    pub fn fork(&self, fork: &mut dyn FnMut()) {
        let _code = self.code.lock();
        fork();
    }

    /// Makes room.
    fn clear(&self, threads: &Threads) {
        threads.exclusive(None, || {
            let mut code = self.code.lock();
            code.clear();
            self.generation.store(code.generation, Relaxed);
        });
    }
}

fn what_lacks(features: &Features) -> Option<&'static str> {
    if !features.have(Feature::Bmi2) || !features.have(Feature::Fsgsbase) {
        return Some("the CPU lacks BMI2 or FSGSBASE");
    }
    (!native::is_possible()).then_some("the kernel does not let programs set fs and gs")
}
