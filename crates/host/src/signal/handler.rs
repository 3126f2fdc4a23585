//! Blink's one signal handler. It allocates nothing, locks nothing, logs nothing.

use super::current;
use super::info::Info;
use super::native;
use super::raw::{self, KernelMask};
use super::{Disposition, FAULTS, KICK, KICKED, SIGBUS, SIGSEGV, Shared, bit, never_blocked};
use crate::blocking::leave_window;
use core::sync::atomic::Ordering::SeqCst;

/// What the kernel calls for every handled signal, on the thread's alternate stack with all signals blocked.
pub(super) extern "C" fn handle(host_signal: libc::c_int, info: *mut u8, context: *mut libc::ucontext_t) {
    let signal = raw::number(host_signal);
    // SAFETY: the kernel passes a whole siginfo and the context to return to, ours alone while we run.
    let (raw_info, context) = unsafe { (&*info.cast::<[u8; 128]>(), &mut *context) };
    let info = Info::from_host(raw_info, signal);
    if info.code() > 0 && bit(signal) & FAULTS != 0 {
        if !native::divert(context, true) {
            fault(signal, &info);
        }
        return;
    }
    sent(signal, &info, context);
    native::divert(context, false);
}

/// A signal that somebody sent, or a kick.
fn sent(signal: i32, info: &Info, context: &mut libc::ucontext_t) {
    let current = current::get();
    if current.is_null() {
        // A thread that is no guest thread (any more) blocks everything; what still comes is a kick that was late.
        return;
    }
    // SAFETY: whoever entered keeps the state alive until it leaves (`Thread::enter`).
    let shared = unsafe { &*current };
    if signal == KICK && info.is_kick() {
        shared.pending.fetch_or(KICKED, SeqCst);
        raw::move_out(context, leave_window);
        return;
    }
    if bit(signal) & never_blocked() != 0 {
        return own(shared, signal, info, context);
    }
    if shared.slot.fill(info) {
        announce(shared, context);
    }
}

/// A fault of blink itself: a page of a mapped file that vanished is the guest's fault, anything else ours.
///
/// DEVIATION: the access that hit the hole reads zeros and goes on; the guest's SIGBUS comes at the end of its block.
fn fault(signal: i32, info: &Info) {
    if signal == SIGBUS && crate::mapping::patch_hole(info.u64(16) as usize) {
        let current = current::get();
        // SAFETY: as in `handle`.
        if let Some(shared) = unsafe { current.as_ref() }
            && shared.held(signal).is_some_and(|place| place.fill(info))
        {
            shared.announce();
        }
        return;
    }
    if signal == SIGBUS || signal == SIGSEGV {
        raw::complain(b"blink: internal error: memory fault in blink itself\n");
    }
    // The instruction runs again and the host does what it does on a fault.
    let _ = raw::set_action(signal, Disposition::Default, Default::default());
}

/// A signal that somebody sent and that the host's mask could not hold back.
fn own(shared: &Shared, signal: i32, info: &Info, context: &mut libc::ucontext_t) {
    let disposition = shared.dispositions.get(signal);
    let is_blocked = shared.mask.load(SeqCst) & bit(signal) != 0;
    match disposition {
        Disposition::Ignore if !is_blocked => {}
        Disposition::Default if !is_blocked => raw::default_action(signal),
        _ if is_blocked => {
            if shared.held(signal).is_some_and(|place| place.fill(info)) {
                // A call that waits for just this signal is to look again.
                shared.pending.fetch_or(KICKED, SeqCst);
                raw::move_out(context, leave_window);
            }
        }
        Disposition::Handle | Disposition::Default | Disposition::Ignore => {
            if shared.slot.fill(info) {
                announce(shared, context);
            } else if shared.held(signal).is_some_and(|place| place.fill(info)) {
                shared.announce();
            }
        }
    }
}

/// The slot has been filled: everything else waits, and the thread does not wait in the kernel.
fn announce(shared: &Shared, context: &mut libc::ucontext_t) {
    shared.announce();
    raw::set_context_mask(context, KernelMask::new(!never_blocked()));
    raw::move_out(context, leave_window);
}
