//! One guest thread: the loop around translated code.

use super::Translator;
use super::code::{Lack, Source};
use super::gate::{self, State, TABLE};
use super::translate::Exit as Way;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem::offset_of;
use core::sync::atomic::Ordering::Relaxed;
use cpu::flags::{AC, TF};
use cpu::{Cache, Cpu, Engine, Exit, R11, RCX};
use host::mapping::Scratch;
use memory::{OFFSET, PAGE_SIZE};

/// Bytes of guest code that are looked at for one trace.
const WINDOW: usize = 512;
/// Nearer to the end of a page, the next one is looked at too.
const NEAR_END: usize = 64;
/// MXCSR as the C library leaves it.
const MXCSR: u32 = 0x1f80;
/// Entries of the table of jumps in a page.
const JUMPS_IN_PAGE: usize = PAGE_SIZE as usize / 8;

pub struct Thread {
    translator: Arc<Translator>,
    /// Holds a [`State`], all zeros at first.
    memory: Scratch,
    interpreter: Cache,
    /// Traces made by this thread.
    translated: u64,
    /// The translator's generation for which the tables hold.
    generation: u32,
    /// Pages of the table of jumps that are filled.
    filled: [bool; TABLE / JUMPS_IN_PAGE],
}

/// Where to go on.
enum Place {
    Code(usize),
    /// By the interpreter.
    Interpret,
}

/// What made translated code leave, with what concerns the translator dealt with.
enum Left {
    /// To go on at `cpu.ip`. The exit whose branch may be changed when there is code, and its generation.
    Branch(Option<(u32, u32)>),
    /// By an indirect branch.
    Indirect,
    Syscall,
    /// The interpreter is to run the instruction there.
    Step,
    /// There is no code, and there will be none soon.
    Interpret,
    /// Somebody wants attention.
    Attention,
}

impl Thread {
    pub fn new(translator: Arc<Translator>) -> Option<Thread> {
        let memory = Scratch::new(size_of::<State>())?;
        let filled = [false; TABLE / JUMPS_IN_PAGE];
        Some(Thread { translator, memory, interpreter: Cache::default(), translated: 0, generation: 0, filled })
    }

    fn state(&mut self) -> &mut State {
        // SAFETY: the scratch memory is aligned to a page, large enough, and zeros are a state; it is this thread's alone, and translated
        // code writes it only inside `gate::enter`.
        unsafe { &mut *self.memory.start().cast::<State>().as_ptr() }
    }

    /// Runs until something is to be done outside. The guest's registers are in the state throughout.
    fn run_native(&mut self, cpu: &mut Cpu) -> Left {
        let mut link = None;
        loop {
            if cpu.memory.attention() != 0 {
                return Left::Attention;
            }
            let entry = match self.find(cpu) {
                Place::Code(entry) => entry,
                Place::Interpret => return Left::Interpret,
            };
            if let Some((number, generation)) = link.take() {
                let mut code = self.translator.code.lock();
                if code.generation == generation && code.find(cpu.ip) == Some(entry) {
                    code.link(number, entry);
                }
            }
            self.state().entry = entry as u64;
            cpu.memory.enter_native();
            if self.generation != self.translator.generation.load(Relaxed) {
                // Everything was forgotten just before.
                cpu.memory.leave_guest();
                continue;
            }
            // SAFETY: the entry is translated code of the present generation, which nobody clears while this thread is inside.
            unsafe { gate::enter(self.state()) };
            let left = self.left(cpu);
            cpu.memory.leave_guest();
            match left {
                Left::Branch(exit) => link = exit,
                Left::Indirect => self.remember(cpu),
                left => return left,
            }
        }
    }

    /// Why translated code has left. Before the thread is outside: numbers of exits and places of code hold until then.
    fn left(&mut self, cpu: &mut Cpu) -> Left {
        let translator = self.translator.clone();
        let state = self.state();
        let interrupted = core::mem::take(&mut state.interrupted);
        if interrupted != 0 {
            let code = translator.code.lock();
            let Some(ip) = code.recover(state.pc as usize, state) else {
                panic!("translated code left at {:#x}, which is nowhere", state.pc);
            };
            cpu.ip = ip;
            return match interrupted {
                // No page of the table of jumps is filled before it is needed.
                _ if state.pc == 0 => Left::Indirect,
                gate::FAULT => Left::Step,
                _ => Left::Attention,
            };
        }
        match state.exit {
            gate::INDIRECT => {
                cpu.ip = state.wanted;
                Left::Indirect
            }
            gate::CANCELLED => Left::Attention,
            number => {
                let code = translator.code.lock();
                match code.exits[number as usize] {
                    Way::Branch { target, site } => {
                        cpu.ip = target;
                        if site == 0 {
                            // The code that the tables lead to has been forgotten.
                            state.keys[slot(target)] = 0;
                        }
                        Left::Branch(Some((number, code.generation)))
                    }
                    Way::Syscall { next } => {
                        cpu.ip = next;
                        Left::Syscall
                    }
                    Way::Step { ip } => {
                        cpu.ip = ip;
                        Left::Step
                    }
                }
            }
        }
    }

    /// The code for `cpu.ip`, made if need be.
    fn find(&mut self, cpu: &mut Cpu) -> Place {
        let guest = cpu.ip;
        if self.generation != self.translator.generation.load(Relaxed) {
            self.forget_tables();
        }
        if guest >> 47 != 0 {
            return Place::Interpret;
        }
        let translator = self.translator.clone();
        let found = translator.code.lock().find(guest);
        match found.or_else(|| self.translate(cpu)) {
            Some(direct) => Place::Code(direct),
            None => Place::Interpret,
        }
    }

    /// Interprets until control leaves the page.
    fn interpret_page(&mut self, cpu: &mut Cpu) -> Exit {
        let page = cpu.ip & !OFFSET;
        loop {
            let exit = cpu.run_block(&mut self.interpreter);
            let is_watched = cpu.system_flags & (TF | AC) != 0;
            if exit != Exit::Stepped || cpu.ip & !OFFSET != page || is_watched || cpu.memory.attention() != 0 {
                return exit;
            }
        }
    }

    fn translate(&mut self, cpu: &mut Cpu) -> Option<usize> {
        let translator = self.translator.clone();
        loop {
            let mut bytes = [0; WINDOW];
            let mut pages = [(0, 0); 2];
            let (length, count) = read(cpu, &mut bytes, &mut pages)?;
            let mut returns = Vec::new();
            let source = Source { pages: &pages[..count], bytes: &bytes[..length] };
            let result = translator.code.lock().translate(&*translator.space, cpu.ip, &source, &mut returns);
            if self.generation != translator.generation.load(Relaxed) {
                self.forget_tables();
            }
            match result {
                Ok(direct) => {
                    self.translated += 1;
                    for (guest, proof) in returns {
                        self.set_jump(guest, proof);
                    }
                    return Some(direct);
                }
                Err(Lack::Hopeless) => return None,
                Err(Lack::Changed) => {}
                Err(Lack::Full) => translator.clear(cpu.memory.backing().threads()?),
            }
        }
    }

    /// Makes the next indirect branch to `cpu.ip` find its code: by the table of jumps, or if that has another one, by the second.
    fn remember(&mut self, cpu: &mut Cpu) {
        let guest = cpu.ip;
        let Place::Code(direct) = self.find(cpu) else { return };
        if self.is_jump_free(guest) {
            let proof = {
                let mut code = self.translator.code.lock();
                if code.generation == self.generation { code.proof(guest) } else { None }
            };
            if let Some(proof) = proof {
                return self.set_jump(guest, proof);
            }
        }
        let state = self.state();
        state.keys[slot(guest)] = guest.wrapping_neg();
        state.ways[slot(guest)] = direct as u64;
    }

    fn is_jump_free(&mut self, guest: u64) -> bool {
        let slot = guest as usize % TABLE;
        !self.filled[slot / JUMPS_IN_PAGE] || self.state().jumps[slot] == gate::miss() as u64
    }

    fn set_jump(&mut self, guest: u64, proof: usize) {
        let slot = guest as usize % TABLE;
        let page = slot / JUMPS_IN_PAGE;
        if !core::mem::replace(&mut self.filled[page], true) {
            let miss = gate::miss() as u64;
            self.state().jumps[page * JUMPS_IN_PAGE..][..JUMPS_IN_PAGE].fill(miss);
        }
        self.state().jumps[slot] = proof as u64;
    }

    fn forget_tables(&mut self) {
        self.generation = self.translator.generation.load(Relaxed);
        self.filled = [false; TABLE / JUMPS_IN_PAGE];
        self.memory.clear(offset_of!(State, jumps));
    }

    /// The registers go to the state.
    fn load(&mut self, cpu: &mut Cpu) {
        cpu.lend_out();
        let state = self.state();
        for (number, register) in state.registers.iter_mut().enumerate() {
            *register = cpu.get(number as u8);
        }
        state.flags = cpu.rflags();
        state.guest_fs = cpu.fs_base();
        state.host_mxcsr = MXCSR;
        state.attention = cpu.memory.attention_handle().word() as u64;
        state.image = (&raw mut cpu.image.bytes) as u64;
    }

    /// They come back. The vectors stay in the image.
    fn store(&mut self, cpu: &mut Cpu) {
        let state = self.state();
        for (number, register) in state.registers.iter().enumerate() {
            cpu.set64(number as u8, *register);
        }
        cpu.set_rflags(state.flags);
        cpu.set_fs_base(state.guest_fs);
    }
}

impl Engine for Thread {
    fn run(&mut self, cpu: &mut Cpu) -> Exit {
        loop {
            if cpu.system_flags & (TF | AC) != 0 {
                return Engine::run(&mut self.interpreter, cpu);
            }
            self.load(cpu);
            let left = self.run_native(cpu);
            self.store(cpu);
            match left {
                Left::Syscall => {
                    cpu.set64(RCX, cpu.ip);
                    cpu.set64(R11, cpu.rflags());
                    return Exit::Syscall;
                }
                Left::Attention => return Exit::Attention,
                _ => {}
            }
            cpu.memory.enter_guest();
            let exit = match left {
                Left::Interpret => self.interpret_page(cpu),
                _ => cpu.step(&mut self.interpreter),
            };
            cpu.memory.leave_guest();
            if exit != Exit::Stepped {
                return exit;
            }
        }
    }

    fn begin_generation(&mut self) {
        self.interpreter.begin_generation();
    }

    fn sibling(&self) -> Box<dyn Engine> {
        self.translator.engine()
    }

    fn blocks(&self) -> u64 {
        self.interpreter.decoded + self.translated
    }
}

/// Place in the second table.
fn slot(guest: u64) -> usize {
    (guest >> 4) as usize % TABLE
}

/// Reads the code at `cpu.ip`: bytes, and pages with their epochs; how many there are of each. `None` if there is none, or none that
/// stays as it is.
fn read(cpu: &mut Cpu, bytes: &mut [u8; WINDOW], pages: &mut [(u64, u32); 2]) -> Option<(usize, usize)> {
    let start = cpu.ip;
    let page = |cpu: &mut Cpu, at: u64, into: &mut [u8]| {
        // The epoch first: a change in between shows.
        let epoch = cpu.memory.code_epoch(at);
        let count = cpu.memory.fetch_page(at, into).ok()?;
        (!cpu.memory.is_code_volatile(at)).then_some((count, (at & !OFFSET, epoch)))
    };
    cpu.memory.enter_guest();
    let first = page(cpu, start, bytes);
    let second = match first {
        Some((length, _)) if length < NEAR_END => {
            page(cpu, start + length as u64, &mut bytes[length..][..NEAR_END * 2])
        }
        _ => None,
    };
    cpu.memory.leave_guest();
    let (length, of_first) = first?;
    pages[0] = of_first;
    Some(match second {
        Some((more, of_second)) => {
            pages[1] = of_second;
            (length + more, 2)
        }
        None => (length, 1),
    })
}
