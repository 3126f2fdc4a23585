//! A guest thread: its CPU, what the kernel keeps per thread, and the only way from handlers to registers and memory.

use crate::errno::Errno;
use crate::process::Process;
use crate::signal::TaskSignals;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use cpu::Engine;

pub use cpu::Cpu;
pub use memory::Access;

/// A thread of the guest. Handlers take `&mut Task`.
pub struct Task {
    pub cpu: Cpu,
    /// What runs the code. Here, and not in the run loop, since a child that shares memory borrows it and may never come back
    /// from the loop.
    pub engine: Box<dyn Engine>,
    /// What `execve` hands to the host; owned here for the same reason.
    pub executing: Option<host::process::Execution>,
    pub process: Arc<Process>,
    /// The host's thread id, which is the guest's.
    pub tid: i32,
    /// Signal mask, alternate stack, slot of the handler.
    pub signals: TaskSignals,
    /// Number of the system call being executed; `None` outside and after `rt_sigreturn` (the kernel's `orig_ax` = -1).
    pub call: Option<u64>,
    /// Its six arguments, for the trace and for restarts.
    pub arguments: [u64; 6],
    /// What `restart_syscall` goes on with.
    pub restart: Restart,
    /// Where `exit` of this thread writes 0 and wakes (`set_tid_address`, `CLONE_CHILD_CLEARTID`).
    pub clear_child_tid: u64,
    /// `set_robust_list`.
    pub robust_list: RobustList,
    /// Set when this thread is to end: the run loop leaves with this status.
    pub exited: Option<i32>,
    /// With `exited`: the whole process ends.
    pub exits_group: bool,
    /// System calls so far, for statistics.
    pub calls: u64,
    /// Writes of calls into guest memory, when they are recorded.
    pub written: Option<Vec<(u64, u64)>>,
}

/// Where a thread keeps the robust futexes that it holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct RobustList {
    pub head: u64,
    /// The host's kernel knows it too, and walks it when the thread is killed.
    pub is_host: bool,
}

/// The kernel's `restart_block`.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Restart {
    /// `restart_syscall` answers `EINTR`.
    #[default]
    None,
    /// Sleep until `deadline` on `clock`; the rest goes to `remain` unless that is 0.
    Nanosleep { clock: i32, deadline: host::time::Time, remain: u64 },
    /// `poll` until the deadline of the monotonic clock.
    Poll { fds: u64, count: u32, deadline: Option<host::time::Time> },
    /// `futex(FUTEX_WAIT)` until the deadline.
    Futex { address: u64, value: u32, operation: i32, bitset: u32, deadline: Option<host::time::Time> },
}

impl Task {
    /// A thread with the CPU given, which blocks the signals of `mask`.
    pub fn new(cpu: Cpu, engine: Box<dyn Engine>, process: Arc<Process>, tid: i32, mask: u64) -> Task {
        let signals = TaskSignals::new(cpu.memory.attention_handle(), &process.signals, mask);
        Task {
            cpu,
            engine,
            executing: None,
            process,
            tid,
            signals,
            call: None,
            arguments: [0; 6],
            restart: Restart::None,
            clear_child_tid: 0,
            robust_list: RobustList::default(),
            exited: None,
            exits_group: false,
            calls: 0,
            written: None,
        }
    }

    /// Copies guest memory into `bytes`: all or `EFAULT`.
    pub fn load(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), Errno> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.cpu.memory.load_bytes(address, bytes).map_err(|_| Errno::EFAULT)
    }

    /// Copies `bytes` into guest memory: all or `EFAULT`. The one way for a call to write.
    pub fn store(&mut self, address: u64, bytes: &[u8]) -> Result<(), Errno> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.cpu.memory.store_bytes(address, bytes).map_err(|_| Errno::EFAULT)?;
        self.note_write(address, bytes.len() as u64);
        Ok(())
    }

    /// How many of `length` bytes from `address` the guest may use in this way.
    pub fn accessible(&mut self, address: u64, length: u64, access: Access) -> u64 {
        let mut good = 0;
        while good < length {
            let at = address.wrapping_add(good);
            if self.cpu.memory.probe(at, 1, access).is_err() {
                break;
            }
            good += 4096 - (at & 4095);
        }
        good.min(length)
    }

    /// Notes that the host wrote guest memory on this call's behalf.
    pub fn note_write(&mut self, address: u64, length: u64) {
        if let Some(written) = &mut self.written {
            written.push((address, length));
        }
    }
}
