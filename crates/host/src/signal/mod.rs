//! Signals of the host: the kernel keeps the queues, masks and order; one slot per thread holds what is to be delivered.
//!
//! The host's mask is the guest's mask, except for the signals in [`never_blocked`]: SIGBUS, since a mapped file may lose its end
//! under blink's hands, and [`KICK`], which makes a thread look up. Of other faults blink has none that it could survive, so they
//! are blocked and pending on the host as in the guest. Actions `SIG_DFL` and `SIG_IGN` are the host's own. A handled signal gets
//! blink's handler (`handler.rs`): it fills the thread's slot, raises the thread's [`Alarm`], and returns with everything
//! blocked, so that the kernel keeps what comes after until the personality has delivered ([`Thread::take`]) and sets
//! the next mask ([`Thread::set_mask`]).
//!
//! Signal numbers, masks and [`Info`] here are those of Linux on x86-64; `raw.rs` and `info.rs` convert to the host's.
//! See PROTOCOLS ("Signals", "Blocking calls") in ARCHITECTURE.md, and `man 7 signal`.

mod current;
mod handler;
mod info;
mod kicker;
pub mod native;
mod raw;
pub(crate) mod values;

use alloc::boxed::Box;
pub use info::{Info, whole_value};
pub use raw::{host_number, number};

use crate::blocking::{self, NOT_ENTERED};
use crate::errno::Errno;
use alloc::sync::Arc;
use core::cell::UnsafeCell;
use core::sync::atomic::Ordering::{Relaxed, SeqCst};
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64};
use kicker::Kicker;
use raw::KernelMask;

pub const SIGILL: i32 = 4;
pub const SIGTRAP: i32 = 5;
pub const SIGBUS: i32 = 7;
pub const SIGFPE: i32 = 8;
pub const SIGKILL: i32 = 9;
pub const SIGSEGV: i32 = 11;
pub const SIGCHLD: i32 = 17;
pub const SIGSTOP: i32 = 19;
/// The signal whose action the host's C library takes for itself when it makes its first thread: `SIGSETXID` of glibc.
pub const RESERVED: i32 = 33;
/// Highest signal number.
pub const LAST: i32 = 64;

/// The signal that makes a thread look at its attention bits, told from the guest's own uses by its siginfo: `SIGSTKFLT`,
/// which no kernel sends. It is the one number whose genuine use is not queued by the kernel while blocked.
pub const KICK: i32 = 16;

/// The bit of signal `number` in a mask.
pub const fn bit(number: i32) -> u64 {
    1 << (number - 1)
}

/// Signals whose host action is always blink's handler: the first two anywhere, the others where translated code runs, whose faults
/// they are.
const OWN: [i32; 5] = [SIGBUS, KICK, SIGSEGV, SIGILL, SIGFPE];

static NEVER_BLOCKED: AtomicU64 = AtomicU64::new(bit(SIGBUS) | bit(KICK));

/// Signals that the host's mask never contains; while the guest blocks one of them, its slot in `held` keeps it.
pub fn never_blocked() -> u64 {
    NEVER_BLOCKED.load(Relaxed)
}

/// The signals of [`never_blocked`].
fn own_signals() -> impl Iterator<Item = i32> {
    OWN.into_iter().filter(|&signal| never_blocked() & bit(signal) != 0)
}

/// Signals that the host's CPU causes, in blink itself.
const FAULTS: u64 = bit(SIGSEGV) | bit(SIGBUS) | bit(SIGILL) | bit(SIGFPE) | bit(SIGTRAP);

/// What blink's handler asks of a thread: to come out of the engine soon. Called inside signal handlers: only atomics.
pub trait Alarm: Send + Sync {
    fn raise(&self);
    fn clear(&self);
}

/// What a process does on a signal, as far as the host must know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Disposition {
    Default,
    Ignore,
    /// The guest has a handler.
    Handle,
}

/// `SA_NOCLDSTOP` and `SA_NOCLDWAIT` in the host's action: the kernel acts on them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ChildFlags {
    pub no_stop: bool,
    pub no_wait: bool,
}

/// The dispositions of a process for the signals whose host action is always blink's handler.
#[derive(Default)]
pub struct Dispositions {
    own: [AtomicU8; OWN.len()],
}

impl Dispositions {
    /// A copy for a child that shares memory but not its actions.
    pub fn copy(&self) -> Dispositions {
        Dispositions { own: core::array::from_fn(|i| AtomicU8::new(self.own[i].load(SeqCst))) }
    }

    fn slot(&self, signal: i32) -> Option<&AtomicU8> {
        own_signals().position(|own| own == signal).map(|i| &self.own[i])
    }

    fn get(&self, signal: i32) -> Disposition {
        match self.slot(signal).map(|slot| slot.load(SeqCst)) {
            Some(0) => Disposition::Default,
            Some(1) => Disposition::Ignore,
            _ => Disposition::Handle,
        }
    }

    /// Takes over the actions that this process inherited and installs the handlers that are always there.
    pub fn install(&self) {
        for signal in own_signals() {
            let inherited = raw::action(signal).unwrap_or(Disposition::Default);
            let _ = self.set(signal, inherited, ChildFlags::default());
            let _ = raw::set_action(signal, Disposition::Handle, ChildFlags::default());
        }
    }

    /// What the host does on `signal` now.
    pub fn inherited(&self, signal: i32) -> Result<Disposition, Errno> {
        if self.slot(signal).is_some() { Ok(self.get(signal)) } else { raw::action(signal) }
    }

    /// Sets what happens on `signal`.
    pub fn set(&self, signal: i32, disposition: Disposition, child: ChildFlags) -> Result<(), Errno> {
        match self.slot(signal) {
            Some(slot) => {
                slot.store(disposition as u8, SeqCst);
                Ok(())
            }
            None => raw::set_action(signal, disposition, child),
        }
    }

    /// Gives the host the actions that a program started by `exec` must inherit.
    pub fn prepare_exec(&self) {
        for signal in own_signals() {
            if self.get(signal) == Disposition::Ignore {
                let _ = raw::set_action(signal, Disposition::Ignore, ChildFlags::default());
            }
        }
    }

    /// Takes [`Dispositions::prepare_exec`] back after an `exec` that failed.
    pub fn resume(&self) {
        for signal in own_signals() {
            let _ = raw::set_action(signal, Disposition::Handle, ChildFlags::default());
        }
    }
}

/// `pending` bit: the slot is full.
const FILLED: u32 = 1;
/// `pending` bit: somebody wants the thread to look up.
const KICKED: u32 = 2;

/// A place for one signal. `full` guards `info`: the handler writes only what is not full, the thread reads only what is.
struct Place {
    full: AtomicBool,
    info: UnsafeCell<Info>,
}

// SAFETY: see `full`; both sides run on the same thread, one interrupting the other.
unsafe impl Sync for Place {}

impl Place {
    fn new() -> Place {
        Place { full: AtomicBool::new(false), info: UnsafeCell::new(Info::default()) }
    }

    /// Called by the handler.
    fn fill(&self, info: &Info) -> bool {
        if self.full.load(SeqCst) {
            return false;
        }
        // SAFETY: not full, so the thread does not read it.
        unsafe { *self.info.get() = *info };
        self.full.store(true, SeqCst);
        true
    }

    /// Called by the thread.
    fn take(&self) -> Option<Info> {
        if !self.full.load(SeqCst) {
            return None;
        }
        // SAFETY: full, so the handler does not write it.
        let info = unsafe { *self.info.get() };
        self.full.store(false, SeqCst);
        Some(info)
    }
}

/// What the handler knows of its thread.
struct Shared {
    /// The word that the blocking stub looks at.
    pending: AtomicU32,
    slot: Place,
    /// Signals of [`never_blocked`] that came while the guest blocked them or while the slot was full.
    held: [Place; OWN.len()],
    /// The guest's mask, for the signals of [`never_blocked`].
    mask: AtomicU64,
    alarm: Arc<dyn Alarm>,
    dispositions: Arc<Dispositions>,
    /// Repeats the kick on hosts without a stub.
    kicker: Kicker,
}

impl Shared {
    fn held(&self, signal: i32) -> Option<&Place> {
        own_signals().position(|own| own == signal).map(|i| &self.held[i])
    }

    /// The signals that are held, as a mask.
    fn held_mask(&self) -> u64 {
        own_signals()
            .filter(|&s| self.held(s).is_some_and(|place| place.full.load(SeqCst)))
            .fold(0, |mask, s| mask | bit(s))
    }

    /// Marks that there is something to deliver.
    fn announce(&self) {
        self.pending.fetch_or(FILLED, SeqCst);
        self.alarm.raise();
        self.kicker.start();
    }
}

/// Bytes of the stack that the handler runs on: the frame of a host with large vectors, and little more.
const STACK: usize = 64 << 10;

/// The signal state of one guest thread.
pub struct Thread {
    shared: Arc<Shared>,
    /// The handler's stack, installed while the thread takes part.
    stack: Option<Box<[u8]>>,
}

impl Thread {
    /// The state of a thread that blocks what `mask` says. It takes part once [`Thread::enter`] runs on the thread.
    pub fn new(alarm: Arc<dyn Alarm>, dispositions: Arc<Dispositions>, mask: u64) -> Thread {
        Thread {
            shared: Arc::new(Shared {
                pending: AtomicU32::new(0),
                slot: Place::new(),
                held: core::array::from_fn(|_| Place::new()),
                mask: AtomicU64::new(mask),
                alarm,
                dispositions,
                kicker: Kicker::default(),
            }),
            stack: None,
        }
    }

    /// Makes this the state of the calling thread, on which all signals are blocked, and sets its mask.
    /// The state must outlive the thread or be replaced by another first; see [`Thread::leave`].
    pub fn enter(&mut self) {
        raw::install_stack(self.stack.get_or_insert_with(|| vec![0; STACK].into_boxed_slice()));
        self.resume();
        self.shared.kicker.create();
        let _ = raw::set_mask(KernelMask::new(self.shared.mask.load(SeqCst) & !never_blocked()));
    }

    /// Makes this the state of the calling thread, on which all signals are blocked, and leaves mask and stack alone: for a
    /// child that shares the thread's memory and handler stack while the thread waits, and for the thread afterwards.
    pub fn resume(&self) {
        current::set(Arc::as_ptr(&self.shared));
    }

    /// Blocks all signals and ends the calling thread's part. The mask that the guest had stays noted.
    pub fn leave(&self) {
        let _ = raw::set_mask(KernelMask::new(!0));
        current::set(core::ptr::null());
        if self.stack.is_some() {
            raw::drop_stack();
        }
    }

    /// Blocks all signals of the calling thread, for as long as blink's own state is in between.
    pub fn block_all(&self) {
        let _ = raw::set_mask(KernelMask::new(!never_blocked()));
    }

    /// The guest's mask.
    pub fn mask(&self) -> u64 {
        self.shared.mask.load(Relaxed)
    }

    /// True if [`Thread::take`] has something.
    pub fn is_pending(&self) -> bool {
        self.shared.pending.load(SeqCst) & FILLED != 0
    }

    /// Signals of [`never_blocked`] that wait since the guest blocks them.
    pub fn held(&self) -> u64 {
        self.shared.held_mask()
    }

    /// Sets the guest's mask. [`NOT_ENTERED`] if a signal that arrived under the old mask waits: deliver it first.
    pub fn set_mask(&self, mask: u64) -> Result<(), Errno> {
        let shared = &*self.shared;
        let old = shared.mask.swap(mask, SeqCst);
        let kernel = KernelMask::new(mask & !never_blocked());
        while let Err(error) = self.attempt(|pending| raw::set_mask_unless(pending, &kernel)) {
            if self.is_pending() || error != NOT_ENTERED {
                shared.mask.store(old, SeqCst);
                return Err(error);
            }
        }
        if shared.held_mask() & !mask != 0 {
            shared.announce();
        }
        Ok(())
    }

    /// Sets the guest's mask after a delivery, while everything is blocked. If the slot has been filled again meanwhile (by a
    /// signal that the host cannot block), everything stays blocked and [`Thread::is_pending`] says so.
    pub fn settle_mask(&self, mask: u64) {
        if self.set_mask(mask).is_err() {
            self.shared.mask.store(mask, SeqCst);
        }
    }

    /// Notes a mask that a system call is about to install for its own time, and returns it as that call wants it.
    /// [`NOT_ENTERED`] if a signal waits that came before, `EINTR` if the new mask lets one through that was held.
    pub fn lend_mask(&self, mask: u64) -> Result<u64, Errno> {
        if self.is_pending() {
            return Err(NOT_ENTERED);
        }
        self.shared.mask.store(mask, SeqCst);
        if self.shared.held_mask() & !mask != 0 {
            self.shared.announce();
            return Err(Errno::EINTR);
        }
        Ok(mask & !never_blocked())
    }

    /// Waits until a signal is delivered, with `mask` as the mask (`rt_sigsuspend`). Always an error.
    pub fn suspend(&self, mask: u64) -> Errno {
        match self.lend_mask(mask) {
            Err(error) => error,
            Ok(mask) => {
                let kernel = KernelMask::new(mask);
                self.attempt(|pending| raw::suspend_unless(pending, &kernel)).err().unwrap_or(Errno::EINTR)
            }
        }
    }

    /// The signal to deliver next, if there is one. Until the mask is set again, no other is taken from the kernel.
    pub fn take(&self) -> Option<Info> {
        let shared = &*self.shared;
        if let Some(info) = shared.slot.take() {
            self.settle();
            return Some(info);
        }
        let deliverable = shared.held_mask() & !shared.mask.load(SeqCst);
        if deliverable == 0 {
            self.settle();
            return None;
        }
        self.block_all();
        let held = || shared.held(deliverable.trailing_zeros() as i32 + 1).and_then(Place::take);
        let taken = shared.slot.take().or_else(held);
        self.settle();
        taken
    }

    /// Forgets held signals and makes the kicker anew: a new process has neither.
    pub fn forget_held(&self) {
        for place in &self.shared.held {
            let _ = place.take();
        }
        self.shared.kicker.create();
        self.settle();
    }

    /// Takes the held signal among `set`, for `rt_sigtimedwait`.
    pub fn take_held(&self, set: u64) -> Option<Info> {
        let wanted = self.shared.held_mask() & set;
        (wanted != 0).then(|| self.shared.held(wanted.trailing_zeros() as i32 + 1).and_then(Place::take)).flatten()
    }

    /// Recomputes the alarm after something has been taken.
    fn settle(&self) {
        let shared = &*self.shared;
        shared.kicker.stop();
        shared.pending.store(0, SeqCst);
        shared.alarm.clear();
        if shared.slot.full.load(SeqCst) || shared.held_mask() & !shared.mask.load(SeqCst) != 0 {
            shared.announce();
        }
    }

    /// Runs a stubbed call until no mere kick keeps it out.
    fn attempt<T>(&self, mut call: impl FnMut(&AtomicU32) -> Result<T, Errno>) -> Result<T, Errno> {
        loop {
            let result = call(&self.shared.pending);
            if !matches!(&result, Err(error) if *error == NOT_ENTERED) {
                return result;
            }
            if self.shared.pending.fetch_and(!KICKED, SeqCst) & FILLED != 0 {
                return result;
            }
        }
    }
}

/// Makes a call that a signal may interrupt, on behalf of whatever guest thread runs here.
///
/// # Safety
/// Pointers among `args` must be what the kernel expects for call `number`, for as long as the call runs.
pub(crate) unsafe fn blocking_call(number: libc::c_long, args: &[usize; 6]) -> Result<usize, Errno> {
    let current = current::get();
    let nothing = AtomicU32::new(0);
    // SAFETY: whoever entered keeps the state alive until it leaves (`Thread::enter`).
    let pending = if current.is_null() { &nothing } else { unsafe { &(*current).pending } };
    // SAFETY: the caller vouches for the arguments.
    let result = unsafe { blocking::call_unless(pending, number, args) };
    if result == Err(NOT_ENTERED) {
        pending.fetch_and(!KICKED, SeqCst);
    }
    result
}

/// Blocks all signals of the calling thread and returns the mask it had: the one that the process inherited.
pub fn block_all() -> u64 {
    raw::swap_mask(KernelMask::new(!never_blocked())).unwrap_or(0)
}

/// Sets the calling thread's mask exactly, the signals of [`never_blocked`] included: before an `exec`.
pub fn set_exact_mask(mask: u64) {
    let _ = raw::set_mask(KernelMask::new(mask));
}

/// Signals that are pending for the calling thread in the kernel.
pub fn pending() -> Result<u64, Errno> {
    raw::pending()
}

/// Waits for a signal of `set` to become pending and takes it (`rt_sigtimedwait`); `timeout` is seconds and nanoseconds.
pub fn timed_wait(set: u64, timeout: Option<(i64, i64)>) -> Result<Info, Errno> {
    raw::timed_wait(set, timeout)
}

/// `kill(2)`. Numbers that the host does not have are `EINVAL`.
pub fn kill(pid: i32, signal: i32) -> Result<(), Errno> {
    raw::send(libc::SYS_kill, &[pid], signal)
}

/// `tkill(2)`.
pub fn tkill(tid: i32, signal: i32) -> Result<(), Errno> {
    raw::send(libc::SYS_tkill, &[tid], signal)
}

/// `tgkill(2)`.
pub fn tgkill(pid: i32, tid: i32, signal: i32) -> Result<(), Errno> {
    raw::send(libc::SYS_tgkill, &[pid, tid], signal)
}

/// `rt_sigqueueinfo(2)`.
pub fn queue(pid: i32, signal: i32, info: &Info) -> Result<(), Errno> {
    raw::queue(libc::SYS_rt_sigqueueinfo, &[pid], signal, info)
}

/// `rt_tgsigqueueinfo(2)`.
pub fn queue_thread(pid: i32, tid: i32, signal: i32, info: &Info) -> Result<(), Errno> {
    raw::queue(libc::SYS_rt_tgsigqueueinfo, &[pid, tid], signal, info)
}

/// `pidfd_send_signal(2)`.
pub fn queue_descriptor(fd: i32, signal: i32, info: Option<&Info>, flags: u32) -> Result<(), Errno> {
    raw::queue_descriptor(fd, signal, info, flags)
}

/// Makes thread `tid` of this process come out of the kernel and look at its attention bits.
pub fn kick(tid: i32) {
    let info = Info::kick();
    // A child that borrows the memory is a process of its own.
    if queue_thread(crate::process::pid(), tid, KICK, &info) == Err(Errno(libc::ESRCH)) {
        let _ = queue_thread(tid, tid, KICK, &info);
    }
}

/// Creates or changes a `signalfd` for `set`.
pub fn descriptor(fd: i32, set: u64, nonblocking: bool, close_on_exec: bool) -> Result<i32, Errno> {
    raw::descriptor(fd, set, nonblocking, close_on_exec)
}

/// Ends the process by the default action of `signal`, without a core image of blink; for signals that stop, returns after
/// the process was continued.
pub fn default_action(signal: i32) {
    raw::default_action(signal);
}
