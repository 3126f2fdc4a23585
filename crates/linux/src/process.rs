//! A guest process: what its threads share beside memory, and how blink was asked to run it.

use crate::mm::AddressSpace;
use crate::root::Root;
use crate::signal::Info;
use crate::task::Task;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64};
use host::park::FUTEX;
use memory::Lock;

/// How the command line asked for this run; inherited by children over `execve`.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `-s` given so often: 0 no trace, 1 calls with their results, 2 at entry too.
    pub trace: u8,
    /// `-m`: the paged address space even where the linear one works.
    pub paged: bool,
    /// `-j`: no translation even where it works.
    pub interpret: bool,
    /// `-Z`.
    pub statistics: bool,
    /// `-e`: the log goes to standard error too.
    pub log_to_stderr: bool,
    /// `-L`: the log file.
    pub log: Option<Vec<u8>>,
    /// `-C`: the directories that are the root, as [`Root::from_list`] reads them; `None` for the host's.
    pub root: Option<Vec<u8>>,
}

/// What the personality calls of the layers above it.
#[derive(Clone, Copy)]
pub struct Hooks {
    /// Runs a task until `task.exited` is set.
    pub run: fn(&mut Task),
    /// Tells a person of a fault that the guest dies of.
    pub report: fn(&mut Task, &Info),
    /// Tells the log of an instruction that the engine refused (#UD), whatever becomes of the signal.
    pub refused: fn(&mut Task),
    /// The process ends, by the will of a thread that is not the first one.
    pub ending: fn(&Process),
}

/// What threads have done that have ended, for statistics.
#[derive(Debug, Default)]
pub struct Counts {
    pub instructions: AtomicU64,
    pub blocks: AtomicU64,
    pub calls: AtomicU64,
}

impl Counts {
    /// The task has ended.
    pub fn add(&self, task: &Task) {
        self.instructions.fetch_add(task.cpu.icount, Relaxed);
        self.blocks.fetch_add(task.engine.blocks(), Relaxed);
        self.calls.fetch_add(task.calls, Relaxed);
    }
}

/// What all threads of a guest process share.
pub struct Process {
    pub mm: Arc<AddressSpace>,
    pub options: Options,
    /// Absolute path of the program: what `/proc/self/exe` reads.
    pub exe: Vec<u8>,
    /// Argument vector at start, for `/proc/self/cmdline`.
    pub arguments: Vec<Vec<u8>>,
    /// Environment at start, for `/proc/self/environ`.
    pub environment: Vec<Vec<u8>>,
    /// The auxiliary vector's bytes, for `/proc/self/auxv` and `PR_GET_AUXV`.
    pub auxv: Vec<u8>,
    /// Where the program's parts lie, for `/proc/self/stat` and `/proc/self/cmdline`.
    pub layout: crate::procfs::Layout,
    /// Signal actions and what else threads share of signals.
    pub signals: crate::signal::ProcessSignals,
    /// Number of threads that have not begun to end.
    pub threads: AtomicU32,
    /// When blink started, and what its threads did.
    pub started: host::time::Time,
    pub counts: Counts,
    /// Set when the host replaces this process by another program: nothing of ours is being changed any more.
    pub is_executing: AtomicBool,
    /// The highest descriptor that the guest has asked for by number: its table of descriptors only grows.
    pub highest_descriptor: AtomicI32,
    /// What `/` is; `chroot` changes it.
    pub root: Lock<Arc<Root>>,
    pub hooks: Hooks,
}

impl Process {
    /// The guest's root as it is now.
    pub fn root(&self) -> Arc<Root> {
        self.root.lock().clone()
    }

    /// man 2 chroot.
    pub fn set_root(&self, root: Root) {
        *self.root.lock() = Arc::new(root);
    }

    /// Descriptors that the kernel's table would have room for (`fdtable.max_fds`).
    pub fn descriptor_table_size(&self) -> i32 {
        let highest = host::own::highest_other().max(self.highest_descriptor.load(Relaxed));
        if highest < 64 { 64 } else { ((highest / 128 + 1) as u32).next_power_of_two() as i32 * 128 }
    }

    /// The process of a child that shares memory with this one until it executes a program.
    pub fn borrow(&self) -> Process {
        Process {
            mm: self.mm.clone(),
            options: self.options.clone(),
            exe: self.exe.clone(),
            arguments: self.arguments.clone(),
            environment: self.environment.clone(),
            auxv: self.auxv.clone(),
            layout: self.layout.clone(),
            signals: self.signals.copy(),
            threads: AtomicU32::new(1),
            started: self.started,
            counts: Counts::default(),
            is_executing: AtomicBool::new(false),
            highest_descriptor: AtomicI32::new(0),
            root: Lock::new(self.root(), &FUTEX),
            hooks: self.hooks,
        }
    }
}
