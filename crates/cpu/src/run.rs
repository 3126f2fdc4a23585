//! The interpreter's loop: from block to block until the personality has to act.

use crate::align;
use crate::cache::{BlockId, Cache};
use crate::flags::{AC, TF};
use crate::state::{Cpu, RSP};
use crate::stop::{Exit, Stop, Trap};
use isa::{Mode, Op, Operand, Segment};
use memory::{Cause, Fault};

impl Cpu {
    /// Runs from `ip` until something is to be done that the CPU cannot do itself.
    pub fn run(&mut self, cache: &mut Cache) -> Exit {
        self.take_back();
        if self.system_flags & (TF | AC) != 0 {
            return self.run_watched(cache);
        }
        match self.run_blocks(cache) {
            Ok(never) => match never {},
            Err(exit) => exit,
        }
    }

    /// With TF or AC set: instruction by instruction.
    #[cold]
    #[inline(never)]
    fn run_watched(&mut self, cache: &mut Cache) -> Exit {
        loop {
            let is_single = self.system_flags & TF != 0;
            if !is_single && self.memory.attention() != 0 {
                return Exit::Attention;
            }
            if self.system_flags & AC != 0 && align::is_misaligned(self, cache.mode) {
                return Exit::Trap(Trap::AlignmentCheck);
            }
            let is_trapped = is_single && !self.delays_debug(cache.mode);
            match self.step(cache) {
                Exit::Stepped if is_trapped => return Exit::Trap(Trap::Debug),
                Exit::Stepped if is_single || self.system_flags & (TF | AC) == AC => {}
                exit => return exit,
            }
        }
    }

    fn run_blocks(&mut self, cache: &mut Cache) -> Result<core::convert::Infallible, Exit> {
        let mut current = cache.find(self).map_err(Exit::Trap)?;
        loop {
            if self.memory.attention() != 0 {
                return Err(Exit::Attention);
            }
            if !cache.is_fresh(current) {
                cache.check(self, current).map_err(Exit::Trap)?;
            }
            let block = cache.block(current);
            self.icount += block.insts.len() as u64;
            self.ip = block.end;
            match (block.insts[0].run)(self, &block.insts) {
                Ok(()) => current = cache.follow(self, current).map_err(Exit::Trap)?,
                Err(stop) => {
                    self.settle(cache, current, block_len(cache, current), stop)?;
                    current = cache.find(self).map_err(Exit::Trap)?;
                }
            }
        }
    }

    /// Runs one instruction: [`Exit::Stepped`] unless it has another reason to leave.
    pub fn step(&mut self, cache: &mut Cache) -> Exit {
        self.run_part(cache, 1)
    }

    /// Runs the block at `ip`: [`Exit::Stepped`] unless it has another reason to leave.
    pub fn run_block(&mut self, cache: &mut Cache) -> Exit {
        self.run_part(cache, usize::MAX)
    }

    /// Runs so many instructions of the block at `ip`, or all.
    fn run_part(&mut self, cache: &mut Cache, most: usize) -> Exit {
        self.take_back();
        let id = match cache.find(self) {
            Ok(id) => id,
            Err(trap) => return Exit::Trap(trap),
        };
        if !cache.is_fresh(id)
            && let Err(trap) = cache.check(self, id)
        {
            return Exit::Trap(trap);
        }
        let block = cache.block(id);
        let part = &block.insts[..most.min(block.insts.len())];
        let count = part.len();
        self.icount += count as u64;
        self.ip = part.iter().fold(block.start, |ip, inst| ip.wrapping_add(inst.len as u64));
        match (part[0].run)(self, part) {
            Ok(()) => Exit::Stepped,
            Err(stop) => match self.settle(cache, id, count, stop) {
                Ok(()) => Exit::Stepped,
                Err(exit) => exit,
            },
        }
    }

    /// After a block of which `count` instructions were to run has stopped: puts `ip` and the counter right, and
    /// handles what the CPU can handle itself.
    #[cold]
    #[inline(never)]
    fn settle(&mut self, cache: &mut Cache, id: BlockId, count: usize, stop: Stop) -> Result<(), Exit> {
        let block = cache.block(id);
        let done = count - self.left;
        let at = block.insts[..done].iter().fold(block.start, |ip, inst| ip.wrapping_add(inst.len as u64));
        let behind = at.wrapping_add(block.insts[done].len as u64);
        self.icount -= self.left as u64;
        match stop {
            Stop::EXIT => {
                self.icount += 1;
                if done + 1 < count {
                    self.ip = behind;
                }
                Err(self.exit)
            }
            Stop::AGAIN => {
                self.ip = at;
                Ok(())
            }
            Stop::TRAP => {
                self.ip = at;
                Err(Exit::Trap(self.trap))
            }
            _ => {
                let fault = self.memory.fault();
                if fault.cause != Cause::Code {
                    self.ip = at;
                    return Err(Exit::Trap(self.trap_of(cache.mode, fault)));
                }
                // A store into code. The pages' blocks become stale before the store; then this one instruction, which is
                // decoded already, runs again. It may meet a second page of code.
                self.memory.code_written(fault.address);
                self.ip = behind;
                let again = (block.insts[done].run)(self, &block.insts[done..=done]);
                cache.begin_generation();
                match again {
                    Ok(()) => {
                        self.icount += 1;
                        Ok(())
                    }
                    Err(stop) => {
                        self.icount += 1;
                        self.left = 1;
                        self.settle(cache, id, done + 1, stop)
                    }
                }
            }
        }
    }

    /// Does the single step trap of the instruction at `ip` wait for the next one? After MOV SS, and after what Linux executes
    /// in the CPU's place (UMIP).
    fn delays_debug(&mut self, mode: Mode) -> bool {
        let mut bytes = [0; 15];
        let count = self.memory.fetch(self.ip, &mut bytes);
        isa::decode(&bytes[..count], mode).is_ok_and(|i| match i.op {
            Op::MovSeg => i.operands[0] == Operand::Seg(Segment::Ss),
            op => matches!(op, Op::Sgdt | Op::Sidt | Op::Sldt | Op::Str | Op::Smsw),
        })
    }

    /// The exception for a failed memory access: outside the canonical addresses it is not a page fault.
    fn trap_of(&mut self, mode: Mode, fault: Fault) -> Trap {
        if fault.cause != Cause::NonCanonical {
            return Trap::PageFault(fault);
        }
        if self.is_stack_access(mode, fault.address) {
            Trap::StackFault { code: 0 }
        } else {
            Trap::GeneralProtection { code: 0 }
        }
    }

    /// Did the instruction at `ip` reach `address` through SS?
    fn is_stack_access(&mut self, mode: Mode, address: u64) -> bool {
        let mut bytes = [0; 15];
        let count = self.memory.fetch(self.ip, &mut bytes);
        let Ok(i) = isa::decode(&bytes[..count], mode) else {
            return false;
        };
        use Op::*;
        let has_implicit = matches!(
            i.op,
            Push | Pop | Pushf | Popf | Call | Ret | Leave | Enter | PushSeg | PopSeg | RetFar | CallFar | Iret
        );
        if let Some(bytes) = i.operands.iter().find_map(|operand| match operand {
            Operand::Mem { bytes } => Some(u64::from(*bytes).max(1)),
            _ => None,
        }) {
            let operand = self.address(&crate::lower::lower(&i, self.ip));
            // Operand and stack may overlap; what begins at the operand is the operand, but that POP reads the stack first.
            let is_operand = match i.op {
                Pop => address == operand && address != self.get(RSP),
                Push | Call => address == operand,
                _ => address.wrapping_sub(operand) < bytes,
            };
            // Elsewhere: the stack, or a bit far from the operand.
            return if is_operand { i.memory.segment == Segment::Ss } else { has_implicit || is_through_stack(&i) };
        }
        has_implicit
    }
}

/// Is the operand of a bit instruction, which may reach beyond what it names, in the stack segment?
fn is_through_stack(i: &isa::Instruction) -> bool {
    matches!(i.op, Op::Bt | Op::Bts | Op::Btr | Op::Btc) && i.memory.segment == Segment::Ss
}

fn block_len(cache: &Cache, id: BlockId) -> usize {
    cache.block(id).insts.len()
}
