//! Our engine on a case: the same pages, the same state, and the same way out as on the CPU.

use super::case::{Bytes, CODE, CODE_PAGES, Case, DATA, Outcome, PAGE, Protection, Stop, background, differences};
use super::state::{CS, FLAGS, FS, GS, MXCSR, RIP, SELECTORS, State, XMM, YMMH};
use cpu::{Cache, Cpu, Environment, Exit, Trap};
use memory::{Access, Backing, Cause, Memory, Page, Rights};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Times that the engine may come back without a reason before a case counts as endless.
const LONGEST: u64 = 100_000;

pub struct Engine {
    cpu: Cpu,
    cache: Cache,
    pages: Arc<Pages>,
    /// The same pages with all rights, for the test itself.
    door: Memory,
    /// The data pages without patches.
    pristine: Vec<Vec<u8>>,
}

/// The pages of a case.
struct Pages {
    list: Vec<(u64, Page)>,
    /// One more for each case: all code is new.
    epoch: AtomicU32,
}

impl Backing for Pages {
    fn page(&self, address: u64, access: Access) -> Result<Page, Cause> {
        let (_, page) = self.list.iter().find(|(at, _)| *at == address).ok_or(Cause::Unmapped)?;
        let needed = match access {
            Access::Read => Rights::READ,
            Access::Write => Rights::WRITE,
            Access::Fetch => Rights::EXEC,
        };
        match page.rights() {
            rights if rights.contains(needed) => Ok(page.clone()),
            // Linux has no entry in the page table for what may not be accessed at all.
            Rights::NONE => Err(Cause::Unmapped),
            _ => Err(Cause::Protected),
        }
    }

    fn code_epoch(&self, _: u64) -> u32 {
        self.epoch.load(Ordering::Relaxed)
    }

    fn code_written(&self, _: u64) {}
}

struct Fixed;
impl Environment for Fixed {
    fn time_stamp(&self) -> u64 {
        0x1234_5678_9abc_def0
    }
    fn processor(&self) -> u32 {
        0
    }
    fn random(&self) -> u64 {
        4 // chosen by fair dice roll
    }
    fn square_root(&self, number: f64) -> Option<f64> {
        Some(number.sqrt())
    }
}

impl Default for Engine {
    fn default() -> Engine {
        Engine::new()
    }
}

impl Engine {
    pub fn new() -> Engine {
        let (mut list, mut all, mut pristine) = (Vec::new(), Vec::new(), Vec::new());
        let mut map = |address: u64, rights: Rights| {
            let page = Page::zeroed();
            list.push((address, page.restricted(rights)));
            all.push((address, page));
        };
        for (address, protection) in DATA {
            map(
                address,
                match protection {
                    Protection::ReadWrite => Rights::READ.with(Rights::WRITE),
                    Protection::Read => Rights::READ,
                    Protection::None => Rights::NONE,
                },
            );
        }
        for page in 0..CODE_PAGES {
            map(CODE + page * PAGE, Rights::READ.with(Rights::EXEC));
        }
        let mut door = Memory::new(Arc::new(Pages { list: all, epoch: AtomicU32::new(0) }));
        for (address, _) in DATA {
            let page: Vec<u8> = (0..PAGE / 8).flat_map(|word| background(address + 8 * word).to_le_bytes()).collect();
            door.store_bytes(address, &page).expect("a page");
            pristine.push(page);
        }
        door.store_bytes(CODE, &[0xcc; (PAGE * CODE_PAGES) as usize]).expect("the code pages");
        let pages = Arc::new(Pages { list, epoch: AtomicU32::new(1) });
        Engine { cpu: Cpu::new(pages.clone(), Arc::new(Fixed)), cache: Cache::default(), pages, door, pristine }
    }

    pub fn run(&mut self, case: &Case) -> Outcome {
        self.write(case.at, &case.code);
        for (address, bytes) in &case.patches {
            self.write(*address, bytes);
        }
        let entry = case.entry();
        self.load(&entry);
        let exit = self.execute();
        let mut outcome = Outcome { stop: stop_of(exit), state: self.store(&entry), changes: self.changes(case) };
        if outcome.stop == Stop::Timeout {
            outcome.state = entry;
        } else if let Some(Exit::Trap(Trap::Interrupt(3 | 4 | 0x80))) = exit
            && outcome.state.get(RIP) == case.at
        {
            outcome.state.0[RIP] = case.end();
        }
        self.write(case.at, &vec![0xcc; case.code.len()]);
        for (address, bytes) in case.patches.iter().chain(&outcome.changes) {
            let page = DATA.iter().position(|(page, _)| address - address % PAGE == *page).expect("a data page");
            let offset = (address % PAGE) as usize;
            let old = &self.pristine[page][offset..offset + bytes.len()];
            self.door.store_bytes(*address, old).expect("a data page");
        }
        outcome
    }

    fn execute(&mut self) -> Option<Exit> {
        self.pages.epoch.fetch_add(1, Ordering::Relaxed);
        self.cache.begin_generation();
        // It ends at an int3 at the latest; what is stepped on request goes on.
        for _ in 0..LONGEST {
            match self.cpu.run(&mut self.cache) {
                Exit::Stepped => {}
                exit => return Some(exit),
            }
        }
        None
    }

    fn load(&mut self, state: &State) {
        let cpu = &mut self.cpu;
        for register in 0..16 {
            cpu.set64(register as u8, state.get(register));
        }
        cpu.selectors = [0, 0x33, 0x2b, 0, 0, 0];
        cpu.ip = state.get(RIP);
        cpu.set_rflags(state.get(FLAGS));
        cpu.set_fs_base(state.get(FS));
        cpu.set_gs_base(state.get(GS));
        assert!(cpu.fxrstor(&state.fxsave()).is_ok(), "a case has a valid FXSAVE image");
        for n in 0..16 {
            cpu.xmm[n] = [
                state.get(XMM + 2 * n),
                state.get(XMM + 2 * n + 1),
                state.get(YMMH + 2 * n),
                state.get(YMMH + 2 * n + 1),
            ];
        }
        cpu.mxcsr = state.mxcsr();
    }

    fn store(&self, entry: &State) -> State {
        let cpu = &self.cpu;
        let mut state = entry.clone();
        for register in 0..16 {
            state.0[register] = cpu.get(register as u8);
        }
        state.0[RIP] = cpu.ip;
        state.0[FLAGS] = cpu.rflags();
        state.0[FS] = cpu.fs_base();
        state.0[GS] = cpu.gs_base();
        state.set_fxsave(&cpu.fxsave());
        for n in 0..16 {
            for (word, value) in [(XMM, 0), (YMMH, 2)].into_iter().map(|(w, half)| (w, &cpu.xmm[n][half..half + 2])) {
                state.0[word + 2 * n] = value[0];
                state.0[word + 2 * n + 1] = value[1];
            }
        }
        debug_assert_eq!(state.0[MXCSR] as u32, cpu.mxcsr);
        // A null selector loses its privilege bits on the way through the kernel.
        let [es, cs, ss, ds, fs, gs] = cpu.selectors.map(|s| if s < 4 { 0 } else { u64::from(s) });
        state.0[SELECTORS] = ds | es << 16 | fs << 32 | gs << 48;
        state.0[CS] = cs | ss << 16;
        state
    }

    /// Writes memory behind the engine's back, read-only pages too.
    fn write(&mut self, address: u64, bytes: &[u8]) {
        self.door.store_bytes(address, bytes).expect("pages of the case");
    }

    fn changes(&mut self, case: &Case) -> Bytes {
        let mut changes = Vec::new();
        let mut now = [0; PAGE as usize];
        for (index, (address, protection)) in DATA.iter().enumerate() {
            if *protection != Protection::ReadWrite {
                continue;
            }
            self.door.load_bytes(*address, &mut now).expect("a data page");
            let pristine = &self.pristine[index];
            if now[..] == pristine[..] && case.patches.iter().all(|(at, _)| at - at % PAGE != *address) {
                continue;
            }
            let mut before = pristine.clone();
            for (start, bytes) in &case.patches {
                if start - start % PAGE == *address {
                    let offset = (start % PAGE) as usize;
                    before[offset..offset + bytes.len()].copy_from_slice(bytes);
                }
            }
            if now[..] != before[..] {
                differences(*address, &before, &now, &mut changes);
            }
        }
        changes
    }
}

fn stop_of(exit: Option<Exit>) -> Stop {
    let Some(exit) = exit else {
        return Stop::Timeout;
    };
    let exception = |vector, error| Stop::Exception { vector, error, address: 0 };
    match exit {
        Exit::Syscall => Stop::Syscall,
        Exit::Trap(trap) => match trap {
            Trap::DivideError => exception(0, 0),
            Trap::Debug | Trap::IceBreakpoint => exception(1, 0),
            Trap::Breakpoint => exception(3, 0),
            Trap::Overflow => exception(4, 0),
            Trap::Bound => exception(5, 0),
            Trap::InvalidOpcode => exception(6, 0),
            Trap::DeviceNotAvailable => exception(7, 0),
            Trap::SegmentNotPresent { code } => exception(11, code),
            Trap::StackFault { code } => exception(12, code),
            Trap::GeneralProtection { code } => exception(13, code),
            Trap::PageFault(fault) => {
                let mut error = 4;
                error |= u32::from(fault.cause == Cause::Protected);
                error |= match fault.access {
                    Access::Read => 0,
                    Access::Write => 2,
                    Access::Fetch => 0x10,
                };
                // The kernel's half is mapped, but not for users.
                if fault.address >> 63 != 0 {
                    error |= 1;
                }
                Stop::Exception { vector: 14, error, address: fault.address }
            }
            Trap::X87 => exception(16, 0),
            Trap::AlignmentCheck => exception(17, 0),
            Trap::Simd => exception(19, 0),
            // INT n needs a gate for user code; on Linux only 3, 4 and 80h have one.
            Trap::Interrupt(0x80) => Stop::Syscall,
            Trap::Interrupt(n @ (3 | 4)) => exception(n, 0),
            Trap::Interrupt(n) => exception(13, u32::from(n) * 8 + 2),
        },
        Exit::Attention | Exit::Stepped => Stop::Timeout,
    }
}
