//! What a process does on each signal (`struct sigaction`), and what of it the host must know.

use crate::abi::SigAction;
use crate::errno::Errno;
use alloc::sync::Arc;
use host::park::FUTEX;
use host::signal::{ChildFlags, Disposition, Dispositions, LAST, RESERVED};
use memory::Lock;
use memory::attention::Locked;

pub const SIG_DFL: u64 = 0;
pub const SIG_IGN: u64 = 1;

pub const SA_NOCLDSTOP: u64 = 1;
pub const SA_NOCLDWAIT: u64 = 2;
pub const SA_SIGINFO: u64 = 4;
pub const SA_RESTORER: u64 = 0x0400_0000;
pub const SA_ONSTACK: u64 = 0x0800_0000;
pub const SA_RESTART: u64 = 0x1000_0000;
pub const SA_NODEFER: u64 = 0x4000_0000;
pub const SA_RESETHAND: u64 = 0x8000_0000;
const SA_EXPOSE_TAGBITS: u64 = 0x800;

/// The flags that exist; others read back as zero, `SA_UNSUPPORTED` among them.
const SA_FLAGS: u64 = SA_NOCLDSTOP
    | SA_NOCLDWAIT
    | SA_SIGINFO
    | SA_RESTORER
    | SA_ONSTACK
    | SA_RESTART
    | SA_NODEFER
    | SA_RESETHAND
    | SA_EXPOSE_TAGBITS;

/// What the kernel keeps per process (`sighand_struct`).
pub struct ProcessSignals {
    actions: Lock<Actions>,
    pub(super) dispositions: Arc<Dispositions>,
}

#[derive(Clone)]
struct Actions {
    table: [SigAction; LAST as usize + 1],
    /// Signals whose action is known; that of others is what the process inherited: ask the host.
    known: u64,
}

impl Default for ProcessSignals {
    fn default() -> ProcessSignals {
        ProcessSignals {
            actions: Lock::new(Actions { table: [SigAction::default(); LAST as usize + 1], known: 0 }, &FUTEX),
            dispositions: Arc::default(),
        }
    }
}

impl ProcessSignals {
    /// The signals of the process that blink starts with: takes over what it inherited.
    pub fn start() -> ProcessSignals {
        let signals = ProcessSignals::default();
        signals.dispositions.install();
        signals
    }

    /// A copy, for a child that shares memory but not its actions.
    pub fn copy(&self) -> ProcessSignals {
        ProcessSignals {
            actions: Lock::new(self.lock().clone(), &FUTEX),
            dispositions: Arc::new(self.dispositions.copy()),
        }
    }

    /// The actions, held for a fork: no thread is in the middle of changing them.
    pub fn hold(&self) -> impl Drop + '_ {
        self.lock()
    }

    fn lock(&self) -> Locked<'_, Actions> {
        self.actions.lock()
    }

    /// The action of `signal`, which is valid.
    pub fn action(&self, signal: i32) -> SigAction {
        let mut actions = self.lock();
        self.known(&mut actions, signal)
    }

    fn known(&self, actions: &mut Actions, signal: i32) -> SigAction {
        let bit = host::signal::bit(signal);
        if actions.known & bit == 0 {
            actions.known |= bit;
            if self.dispositions.inherited(signal) == Ok(Disposition::Ignore) {
                actions.table[signal as usize].sa_handler = SIG_IGN;
            }
        }
        actions.table[signal as usize]
    }

    /// Notes the action of [`RESERVED`], before the host's C library makes a thread.
    pub fn note_reserved(&self) {
        self.action(RESERVED);
    }

    /// Makes the host's action for [`RESERVED`] the guest's again. The guest may be changing it meanwhile: under the lock, the
    /// last to come sets what holds.
    pub fn restore_reserved(&self) {
        let mut actions = self.lock();
        let action = self.known(&mut actions, RESERVED);
        let _ = self.dispositions.set(RESERVED, disposition(&action), ChildFlags::default());
    }

    /// Replaces the action of `signal` (`do_sigaction`). The caller has made sure that the signal may have one.
    pub fn set(&self, signal: i32, mut action: SigAction) -> Result<(), Errno> {
        action.sa_flags &= SA_FLAGS;
        action.sa_mask &= !super::UNBLOCKABLE;
        let mut actions = self.lock();
        let old = self.known(&mut actions, signal);
        let (disposition, child) = (disposition(&action), child_flags(signal, &action));
        if disposition != Disposition::Handle
            || self::disposition(&old) != Disposition::Handle
            || child != child_flags(signal, &old)
        {
            self.dispositions.set(signal, disposition, child)?;
        }
        actions.table[signal as usize] = action;
        Ok(())
    }

    /// `SA_RESETHAND`: the handler is used up.
    pub(super) fn reset(&self, signal: i32) {
        let mut actions = self.lock();
        let mut action = self.known(&mut actions, signal);
        action.sa_handler = SIG_DFL;
        let _ = self.dispositions.set(signal, Disposition::Default, child_flags(signal, &action));
        actions.table[signal as usize] = action;
    }

    /// `CLONE_CLEAR_SIGHAND`: no signal has a handler.
    pub fn clear_handlers(&self) {
        for signal in 1..=LAST {
            if !matches!(self.action(signal).sa_handler, SIG_DFL | SIG_IGN) {
                self.reset(signal);
            }
        }
    }

    /// Makes the host's actions those that an executed program inherits.
    pub fn prepare_exec(&self) {
        self.dispositions.prepare_exec();
    }

    /// Takes [`Self::prepare_exec`] back.
    pub fn resume_after_exec(&self) {
        self.dispositions.resume();
    }
}

fn disposition(action: &SigAction) -> Disposition {
    match action.sa_handler {
        SIG_DFL => Disposition::Default,
        SIG_IGN => Disposition::Ignore,
        _ => Disposition::Handle,
    }
}

fn child_flags(signal: i32, action: &SigAction) -> ChildFlags {
    if signal != host::signal::SIGCHLD {
        return ChildFlags::default();
    }
    ChildFlags { no_stop: action.sa_flags & SA_NOCLDSTOP != 0, no_wait: action.sa_flags & SA_NOCLDWAIT != 0 }
}
