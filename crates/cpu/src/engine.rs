//! What runs guest code: the interpreter, or a translator beside it.

use crate::cache::Cache;
use crate::state::Cpu;
use crate::stop::Exit;
use alloc::boxed::Box;

/// An engine of one guest thread.
pub trait Engine: Send {
    /// Runs from `cpu.ip` until something is to be done that the CPU cannot do itself. The thread is outside the guest before and
    /// after.
    fn run(&mut self, cpu: &mut Cpu) -> Exit;
    /// Code may have changed somewhere ([`memory::attention::CODE`]).
    fn begin_generation(&mut self);
    /// The engine of a new thread over the same memory.
    fn sibling(&self) -> Box<dyn Engine>;
    /// Blocks decoded or translated so far, for statistics.
    fn blocks(&self) -> u64;
}

impl Engine for Cache {
    fn run(&mut self, cpu: &mut Cpu) -> Exit {
        cpu.memory.enter_guest();
        let exit = cpu.run(self);
        cpu.memory.leave_guest();
        exit
    }

    fn begin_generation(&mut self) {
        Cache::begin_generation(self);
    }

    fn sibling(&self) -> Box<dyn Engine> {
        Box::new(Cache::new(self.mode))
    }

    fn blocks(&self) -> u64 {
        self.decoded
    }
}
