//! Signals of the guest: actions, masks, the alternate stack, delivery and return.
//!
//! The host's kernel keeps queues and order (`host::signal`); this module turns what it hands over, and the CPU's faults, into
//! handler frames ([`frame`]) exactly as `arch/x86/kernel/signal.c` and `kernel/signal.c` do, restarts interrupted calls, and
//! ends the process as the default actions say. The system calls are in `sys/signal.rs`.

mod action;
mod frame;

pub use action::{ProcessSignals, SIG_DFL, SIG_IGN};
use alloc::string::String;
pub use frame::{pop, set_altstack};
pub use host::signal::{Info, bit};

use crate::abi::SigAction;
use crate::errno::Errno;
use crate::task::Task;
use action::{SA_NODEFER, SA_RESETHAND, SA_RESTART};
use alloc::sync::Arc;
use cpu::RAX;
use host::signal::{Alarm, SIGBUS, SIGFPE, SIGILL, SIGKILL, SIGSEGV, SIGSTOP, SIGTRAP, Thread};
use memory::{Attention, attention};

/// Signals that can be neither blocked nor handled.
pub const UNBLOCKABLE: u64 = bit(SIGKILL) | bit(SIGSTOP);

pub const SS_ONSTACK: i32 = 1;
pub const SS_DISABLE: i32 = 2;
pub const SS_AUTODISARM: i32 = 1 << 31;

/// `restart_syscall`.
const NR_RESTART_SYSCALL: u64 = 219;
/// Length of the `syscall` instruction.
const SYSCALL_LENGTH: u64 = 2;

/// The alternate stack of a thread (`sas_ss_*` of the kernel's `task_struct`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AltStack {
    pub sp: u64,
    pub flags: i32,
    pub size: u64,
}

impl Default for AltStack {
    fn default() -> AltStack {
        AltStack { sp: 0, flags: SS_DISABLE, size: 0 }
    }
}

impl AltStack {
    /// Does `sp` lie in the stack, whatever its flags (`__on_sig_stack`)?
    pub fn contains(&self, sp: u64) -> bool {
        sp > self.sp && sp.wrapping_sub(self.sp) <= self.size
    }

    /// Does the thread run on the stack (`on_sig_stack`)? With `SS_AUTODISARM` never: the stack is off meanwhile.
    pub fn is_in_use(&self, sp: u64) -> bool {
        self.flags & SS_AUTODISARM == 0 && self.contains(sp)
    }

    /// What `sigaltstack` reports (`sas_ss_flags`).
    pub fn status(&self, sp: u64) -> i32 {
        match self.size {
            0 => SS_DISABLE,
            _ if self.is_in_use(sp) => SS_ONSTACK,
            _ => 0,
        }
    }
}

/// What the kernel keeps per thread.
pub struct TaskSignals {
    /// Mask, slot and handler stack on the host.
    pub thread: Thread,
    /// The mask to go back to when the call that changed it for its own time is over (`saved_sigmask`).
    pub saved_mask: Option<u64>,
    pub altstack: AltStack,
    /// Of the last fault that became a signal: they are in every later frame too.
    pub trap_number: u64,
    pub error_code: u64,
    pub cr2: u64,
}

impl TaskSignals {
    /// The signals of a thread whose engine looks at `attention`; it blocks what `mask` says.
    pub fn new(attention: &Attention, process: &ProcessSignals, mask: u64) -> TaskSignals {
        TaskSignals {
            thread: Thread::new(Arc::new(Bell(attention.clone())), process.dispositions.clone(), mask),
            saved_mask: None,
            altstack: AltStack::default(),
            trap_number: 0,
            error_code: 0,
            cr2: 0,
        }
    }

    /// The guest's mask.
    pub fn mask(&self) -> u64 {
        self.thread.mask()
    }
}

/// Tells the engine of a signal.
struct Bell(Attention);

impl Alarm for Bell {
    fn raise(&self) {
        self.0.raise(attention::SIGNAL);
    }

    fn clear(&self) {
        self.0.take(attention::SIGNAL);
    }
}

/// A fault of the guest's CPU on its way to being a signal.
#[derive(Clone, Copy)]
pub struct Fault {
    pub info: Info,
    /// The exception's number, as in `sigcontext.trapno`.
    pub trap_number: u64,
    pub error_code: u64,
    /// The new `sigcontext.cr2`, if the exception sets it.
    pub cr2: Option<u64>,
    /// The instruction has not happened and may be tried again.
    pub is_restartable: bool,
}

/// Sets the guest's mask. `RESTARTNOINTR` if a signal must be delivered under the old one first.
pub fn set_mask(task: &mut Task, mask: u64) -> Result<(), Errno> {
    Ok(task.signals.thread.set_mask(mask & !UNBLOCKABLE)?)
}

/// For calls with a mask of their own (`ppoll`, `pselect6`, `epoll_pwait`, `rt_sigsuspend`): installs `mask` until the call is over,
/// and returns the mask to hand to the host's call, which must install it itself, without a gap.
pub fn lend_mask(task: &mut Task, mask: u64) -> Result<u64, Errno> {
    let signals = &mut task.signals;
    signals.saved_mask.get_or_insert(signals.thread.mask());
    Ok(signals.thread.lend_mask(mask & !UNBLOCKABLE)?)
}

/// Called by `finish` after every system call, the result (restart kinds included) being in `rax`.
pub fn after_call(task: &mut Task, result: Result<u64, Errno>) {
    let restart = result.err().filter(|error| error.is_restart());
    if restart.is_some() || task.signals.saved_mask.is_some() || task.signals.thread.is_pending() {
        deliver(task, restart);
    }
}

/// Delivers what is pending: `arch_do_signal_or_restart` of the kernel. Called between instructions.
pub fn deliver_pending(task: &mut Task) {
    if task.signals.thread.is_pending() {
        deliver(task, None);
    }
}

fn deliver(task: &mut Task, mut restart: Option<Errno>) {
    loop {
        while let Some(info) = task.signals.thread.take() {
            deliver_one(task, &info, &mut restart);
        }
        if let Some(kind) = restart.take() {
            let call = if kind == Errno::RESTART_RESTARTBLOCK { NR_RESTART_SYSCALL } else { task.call.unwrap_or(0) };
            rewind(task, call);
        }
        match task.signals.saved_mask {
            None => break,
            Some(mask) => {
                if task.signals.thread.set_mask(mask).is_ok() {
                    task.signals.saved_mask = None;
                }
            }
        }
        if task.signals.saved_mask.is_none() && !task.signals.thread.is_pending() {
            break;
        }
    }
}

/// Makes the thread execute its system call instruction again.
fn rewind(task: &mut Task, call: u64) {
    task.cpu.set64(RAX, call);
    task.cpu.ip = task.cpu.ip.wrapping_sub(SYSCALL_LENGTH);
}

/// One signal out of the slot, everything else being blocked; afterwards the mask is right again.
fn deliver_one(task: &mut Task, info: &Info, restart: &mut Option<Errno>) {
    let signal = info.signal();
    let action = task.process.signals.action(signal);
    match action.sa_handler {
        SIG_IGN => {}
        SIG_DFL => default_action(task, info),
        _ => {
            match restart.take() {
                None => {}
                Some(Errno::RESTARTNOINTR) => rewind(task, task.call.unwrap_or(0)),
                Some(Errno::RESTARTSYS) if action.sa_flags & SA_RESTART != 0 => rewind(task, task.call.unwrap_or(0)),
                Some(_) => task.cpu.set64(RAX, Errno::EINTR.to_register()),
            }
            return handle(task, info, &action);
        }
    }
    let mask = task.signals.mask();
    resume_mask(task, mask);
}

/// Sets the mask after a delivery. Everything was blocked, so nothing can be in the way but a signal that the host cannot
/// block and that took the slot: the next round delivers it, with all others still blocked.
fn resume_mask(task: &mut Task, mask: u64) {
    task.signals.thread.settle_mask(mask & !UNBLOCKABLE);
}

/// Runs a handler: frame, registers, mask. If there is no room for the frame, SIGSEGV instead.
fn handle(task: &mut Task, info: &Info, action: &SigAction) {
    let signal = info.signal();
    if action.sa_flags & SA_RESETHAND != 0 {
        task.process.signals.reset(signal);
    }
    trace(task, info);
    let old = task.signals.saved_mask.unwrap_or(task.signals.mask());
    match frame::push(task, info, action, old) {
        Ok(()) => {
            task.signals.saved_mask = None;
            let mut mask = task.signals.mask() | action.sa_mask;
            if action.sa_flags & SA_NODEFER == 0 {
                mask |= bit(signal);
            }
            resume_mask(task, mask);
        }
        Err(_) if signal == SIGSEGV => fatal(task, &kernel_info(SIGSEGV)),
        Err(_) => force(task, &kernel_info(SIGSEGV)),
    }
}

/// The siginfo of a signal that the kernel sends for a reason without a place.
pub fn kernel_info(signal: i32) -> Info {
    const SI_KERNEL: i32 = 0x80;
    Info::new(signal, SI_KERNEL)
}

/// Sends the thread a signal that it cannot refuse: if it blocks or ignores it, it dies of it (`force_sig_info`).
pub fn force(task: &mut Task, info: &Info) {
    let signal = info.signal();
    let action = task.process.signals.action(signal);
    let is_blocked = task.signals.mask() & bit(signal) != 0;
    if is_blocked || matches!(action.sa_handler, SIG_DFL | SIG_IGN) {
        fatal(task, info)
    }
    handle(task, info, &action);
}

/// Turns a fault of the CPU into its signal.
///
/// A signal from outside that is waiting comes first, as if it had arrived before the instruction, which then faults again.
pub fn fault(task: &mut Task, fault: &Fault) {
    task.signals.thread.block_all();
    if task.signals.thread.is_pending() && fault.is_restartable {
        return deliver(task, None);
    }
    task.signals.trap_number = fault.trap_number;
    task.signals.error_code = fault.error_code;
    if let Some(cr2) = fault.cr2 {
        task.signals.cr2 = cr2;
    }
    if fault.is_restartable {
        // The CPU sets RF in the flags that a fault saves; the handler's own do not have it.
        task.cpu.system_flags |= cpu::flags::RF;
    }
    force(task, &fault.info);
    deliver_pending(task);
}

/// What the default action of a signal is (`man 7 signal`).
fn default_action(task: &mut Task, info: &Info) {
    const SIGCHLD: i32 = 17;
    const SIGCONT: i32 = 18;
    const SIGTSTP: i32 = 20;
    const SIGTTIN: i32 = 21;
    const SIGTTOU: i32 = 22;
    const SIGURG: i32 = 23;
    const SIGWINCH: i32 = 28;
    match info.signal() {
        SIGCHLD | SIGCONT | SIGURG | SIGWINCH => {}
        signal @ (SIGSTOP | SIGTSTP | SIGTTIN | SIGTTOU) => host::signal::default_action(signal),
        _ => fatal(task, info),
    }
}

/// Ends the process by a signal.
pub fn fatal(task: &mut Task, info: &Info) -> ! {
    let signal = info.signal();
    trace(task, info);
    if matches!(signal, SIGSEGV | SIGBUS | SIGILL | SIGFPE | SIGTRAP) && info.code() > 0 {
        (task.process.hooks.report)(task, info);
    }
    crate::sys::futex::exit_robust_list(task);
    host::signal::default_action(signal);
    host::process::exit_group(128 + signal)
}

/// The trace's line for a signal.
fn trace(task: &Task, info: &Info) {
    if task.process.options.trace > 0 {
        let name = name(info.signal());
        host::log::line(&format!("--- {name} {{si_signo={name}, si_code={}}} ---", info.code()));
    }
}

/// `SIGSEGV`, `SIGRT_3`.
pub fn name(signal: i32) -> String {
    let mut name = String::new();
    crate::trace::signal(signal, &mut name);
    name
}
