//! What the handler must know of translated code, which runs with the guest's `fs` base.
//!
//! Contract: while a thread runs translated code, or is on its way into or out of it, its `gs` base is not 0, and the word there is
//! the host's `fs` base; everywhere else the `gs` base is 0. So the handler finds the C library's thread, and asks the translator
//! where an interrupted thread is to go on.

/// Where a thread that was interrupted at `pc` is to go on; `None` if `is_fault` and that place is not translated code.
pub type Divert = fn(pc: usize, is_fault: bool) -> Option<usize>;

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub use x86_64::{divert, enable, entry, is_possible};

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod x86_64 {
    use super::Divert;
    use crate::signal::handler::handle;
    use crate::signal::{NEVER_BLOCKED, OWN, bit};
    use crate::start::auxiliary;
    use core::sync::atomic::AtomicPtr;
    use core::sync::atomic::Ordering::{Relaxed, SeqCst};

    const AT_HWCAP2: u64 = 26;
    const HWCAP2_FSGSBASE: u64 = 2;

    static DIVERT: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

    fn installed() -> Option<Divert> {
        let hook = DIVERT.load(Relaxed);
        // SAFETY: only `enable` sets it, to a function of this type.
        (!hook.is_null()).then(|| unsafe { core::mem::transmute::<*mut (), Divert>(hook) })
    }

    /// May programs set `fs` and `gs` here?
    pub fn is_possible() -> bool {
        auxiliary(AT_HWCAP2) & HWCAP2_FSGSBASE != 0
    }

    /// Prepares the handlers that are installed from now on for translated code, where that [is possible](is_possible).
    pub fn enable(hook: Divert) {
        DIVERT.store(hook as *mut (), SeqCst);
        NEVER_BLOCKED.store(OWN.into_iter().fold(0, |mask, signal| mask | bit(signal)), SeqCst);
    }

    /// The handler for translated code.
    pub fn entry() -> Option<usize> {
        installed().map(|_| blink_signal_entry as *const () as usize)
    }

    /// Makes an interrupted thread leave translated code. False if it ran none.
    pub fn divert(context: &mut libc::ucontext_t, is_fault: bool) -> bool {
        let Some(hook) = installed() else { return false };
        let gs: u64;
        // SAFETY: `enable` has made sure that the instruction is there; it reads a register.
        unsafe { core::arch::asm!("rdgsbase {}", out(reg) gs, options(nomem, nostack, preserves_flags)) };
        if gs == 0 {
            return false;
        }
        let pc = &mut context.uc_mcontext.gregs[libc::REG_RIP as usize];
        match hook(*pc as usize, is_fault) {
            Some(to) => {
                *pc = to as i64;
                true
            }
            None => false,
        }
    }

    unsafe extern "C" {
        fn blink_signal_entry();
    }

    // The C library's thread pointer for the time of the handler.
    core::arch::global_asm!(
        ".pushsection .text.blink_signal_entry, \"ax\", @progbits",
        ".globl blink_signal_entry",
        ".hidden blink_signal_entry",
        "blink_signal_entry:",
        "rdgsbase rax",
        "test rax, rax",
        "jz {handle}",
        "push rbx",
        "rdfsbase rbx",
        "mov rax, gs:[0]",
        "wrfsbase rax",
        "call {handle}",
        "wrfsbase rbx",
        "pop rbx",
        "ret",
        ".popsection",
        handle = sym handle,
    );
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
mod none {
    pub fn entry() -> Option<usize> {
        None
    }

    pub fn divert(_: &mut libc::ucontext_t, _: bool) -> bool {
        false
    }
}
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub use none::{divert, entry};
