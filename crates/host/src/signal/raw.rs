//! The host kernel's signal calls, made directly: libc hides signals 32 and 33 and some masks.

use super::handler::handle;
use super::info::Info;
use super::native;
use super::{ChildFlags, Disposition};
use crate::blocking;
use crate::call::call;
use crate::errno::Errno;
use core::sync::atomic::AtomicU32;

/// Linux number, host number: where they differ by host. Real-time signals have the same numbers on every Linux.
#[rustfmt::skip]
const NUMBERS: &[(i32, i32)] = &[
    (1, libc::SIGHUP), (2, libc::SIGINT), (3, libc::SIGQUIT), (4, libc::SIGILL), (5, libc::SIGTRAP), (6, libc::SIGABRT),
    (7, libc::SIGBUS), (8, libc::SIGFPE), (9, libc::SIGKILL), (10, libc::SIGUSR1), (11, libc::SIGSEGV), (12, libc::SIGUSR2),
    (13, libc::SIGPIPE), (14, libc::SIGALRM), (15, libc::SIGTERM), (17, libc::SIGCHLD), (18, libc::SIGCONT),
    (19, libc::SIGSTOP), (20, libc::SIGTSTP), (21, libc::SIGTTIN), (22, libc::SIGTTOU), (23, libc::SIGURG),
    (24, libc::SIGXCPU), (25, libc::SIGXFSZ), (26, libc::SIGVTALRM), (27, libc::SIGPROF), (28, libc::SIGWINCH),
    (29, libc::SIGIO), (31, libc::SIGSYS),
    #[cfg(all(target_os = "linux", not(any(target_arch = "mips", target_arch = "mips64"))))]
    (16, libc::SIGSTKFLT),
    // MIPS has SIGEMT where others have SIGBUS, and no SIGSTKFLT.
    #[cfg(any(target_arch = "mips", target_arch = "mips64"))]
    (16, 7),
    #[cfg(target_os = "linux")]
    (30, libc::SIGPWR),
];

/// The numbers agree on this host.
const SAME: bool = cfg!(all(target_os = "linux", not(any(target_arch = "mips", target_arch = "mips64"))));

/// The host's number of Linux signal `signal`.
pub fn host_number(signal: i32) -> Option<i32> {
    if SAME || signal == 0 || (32..=64).contains(&signal) && cfg!(target_os = "linux") {
        return (0..=64).contains(&signal).then_some(signal);
    }
    NUMBERS.iter().find(|(linux, _)| *linux == signal).map(|(_, host)| *host)
}

/// The Linux number of the host's signal. Runs in signal handlers.
pub fn number(host_signal: i32) -> i32 {
    if SAME {
        return host_signal;
    }
    NUMBERS.iter().find(|(_, host)| *host == host_signal).map_or(host_signal, |(linux, _)| *linux)
}

const WORD_BITS: usize = libc::c_ulong::BITS as usize;
/// Words of the kernel's `sigset_t`; MIPS has 128 signals.
const WORDS: usize = if cfg!(any(target_arch = "mips", target_arch = "mips64")) { 128 } else { 64 } / WORD_BITS;

/// The host kernel's `sigset_t`.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(super) struct KernelMask([libc::c_ulong; WORDS]);

impl KernelMask {
    /// From a mask in Linux numbering.
    pub fn new(mask: u64) -> KernelMask {
        let mut words = [0; WORDS];
        let mut set = |host: i32| words[(host as usize - 1) / WORD_BITS] |= 1 << ((host as usize - 1) % WORD_BITS);
        if SAME {
            for (i, word) in words.iter_mut().enumerate() {
                *word = (mask >> (i * WORD_BITS)) as libc::c_ulong;
            }
        } else {
            (1..=64).filter(|signal| mask & super::bit(*signal) != 0).filter_map(host_number).for_each(&mut set);
        }
        KernelMask(words)
    }

    fn get(&self) -> u64 {
        #[allow(clippy::unnecessary_cast, reason = "the type differs by host")]
        if SAME {
            return self.0.iter().enumerate().fold(0, |mask, (i, word)| mask | (*word as u64) << (i * WORD_BITS));
        }
        let has = |host: i32| self.0[(host as usize - 1) / WORD_BITS] >> ((host as usize - 1) % WORD_BITS) & 1 != 0;
        (1..=64)
            .filter(|signal| host_number(*signal).is_some_and(has))
            .fold(0, |mask, signal| mask | super::bit(signal))
    }
}

const MASK_BYTES: usize = size_of::<KernelMask>();

/// Whether the kernel's `sigaction` has a restorer member (`SA_RESTORER` in the CPU's `asm/signal.h`).
const HAS_RESTORER: bool = !cfg!(any(target_arch = "riscv64", target_arch = "riscv32", target_arch = "loongarch64"));

/// The kernel's `struct sigaction`, as words: handler, flags, restorer where there is one, mask.
#[derive(Clone, Copy)]
#[repr(C)]
struct KernelAction([usize; 3 + WORDS]);

const MASK_AT: usize = if HAS_RESTORER { 3 } else { 2 };

#[cfg(target_arch = "x86_64")]
mod restorer {
    unsafe extern "C" {
        #[link_name = "blink_signal_return"]
        pub(super) fn signal_return();
    }
    core::arch::global_asm!(
        ".pushsection .text.blink_signal_return, \"ax\", @progbits",
        ".globl blink_signal_return",
        ".hidden blink_signal_return",
        "blink_signal_return:",
        "mov eax, 15",
        "syscall",
        ".popsection",
    );
}

/// x86-64 kernels do not return from handlers by themselves.
fn restorer() -> (usize, libc::c_ulong) {
    #[cfg(target_arch = "x86_64")]
    return (restorer::signal_return as *const () as usize, 0x0400_0000);
    #[cfg(not(target_arch = "x86_64"))]
    (0, 0)
}

/// Sets the host's action. Handlers run on the alternate stack with everything blocked and interrupt system calls.
pub(super) fn set_action(signal: i32, disposition: Disposition, child: ChildFlags) -> Result<(), Errno> {
    let host = host_number(signal).ok_or(Errno::EINVAL)?;
    let mut action = KernelAction([0; 3 + WORDS]);
    let mut flags = 0;
    if child.no_stop {
        flags |= libc::SA_NOCLDSTOP as libc::c_ulong;
    }
    if child.no_wait {
        flags |= libc::SA_NOCLDWAIT as libc::c_ulong;
    }
    action.0[0] = match disposition {
        Disposition::Default => libc::SIG_DFL,
        Disposition::Ignore => libc::SIG_IGN,
        Disposition::Handle => {
            let (address, flag) = restorer();
            if HAS_RESTORER {
                action.0[2] = address;
            }
            flags |= (libc::SA_SIGINFO | libc::SA_ONSTACK) as libc::c_ulong | flag;
            native::entry().unwrap_or(handle as *const () as usize)
        }
    };
    action.0[1] = flags as usize;
    for (word, value) in action.0[MASK_AT..].iter_mut().zip(KernelMask::new(!super::never_blocked()).0) {
        *word = value as usize;
    }
    // SAFETY: a whole kernel sigaction lives for the call; the handler and restorer are functions of the right kind.
    unsafe { call(libc::SYS_rt_sigaction, [host as usize, action.0.as_ptr() as usize, 0, MASK_BYTES]) }?;
    Ok(())
}

/// The host's action.
pub(super) fn action(signal: i32) -> Result<Disposition, Errno> {
    let host = host_number(signal).ok_or(Errno::EINVAL)?;
    let mut action = KernelAction([0; 3 + WORDS]);
    // SAFETY: the kernel writes one sigaction into one of that size.
    unsafe { call(libc::SYS_rt_sigaction, [host as usize, 0, action.0.as_mut_ptr() as usize, MASK_BYTES]) }?;
    Ok(match action.0[0] {
        libc::SIG_DFL => Disposition::Default,
        libc::SIG_IGN => Disposition::Ignore,
        _ => Disposition::Handle,
    })
}

pub(super) fn set_mask(mask: KernelMask) -> Result<(), Errno> {
    // SAFETY: the kernel reads one mask.
    unsafe { call(libc::SYS_rt_sigprocmask, [libc::SIG_SETMASK as usize, &raw const mask as usize, 0, MASK_BYTES]) }?;
    Ok(())
}

/// Sets the mask and returns the old one.
pub(super) fn swap_mask(mask: KernelMask) -> Result<u64, Errno> {
    let mut old = KernelMask::new(0);
    let args = [libc::SIG_SETMASK as usize, &raw const mask as usize, &raw mut old as usize, MASK_BYTES];
    // SAFETY: the kernel reads one mask and writes one.
    unsafe { call(libc::SYS_rt_sigprocmask, args) }?;
    Ok(old.get())
}

/// Sets the mask unless `pending`; without a stub, everything is blocked for the moment of the look.
pub(super) fn set_mask_unless(pending: &AtomicU32, mask: &KernelMask) -> Result<(), Errno> {
    if !blocking::HAS_STUB {
        set_mask(KernelMask::new(!super::never_blocked()))?;
    }
    let args = [libc::SIG_SETMASK as usize, mask as *const KernelMask as usize, 0, MASK_BYTES, 0, 0];
    // SAFETY: the kernel reads one mask.
    unsafe { blocking::call_unless(pending, libc::SYS_rt_sigprocmask, &args) }?;
    Ok(())
}

pub(super) fn suspend_unless(pending: &AtomicU32, mask: &KernelMask) -> Result<(), Errno> {
    let args = [mask as *const KernelMask as usize, MASK_BYTES, 0, 0, 0, 0];
    // SAFETY: the kernel reads one mask.
    unsafe { blocking::call_unless(pending, libc::SYS_rt_sigsuspend, &args) }?;
    Ok(())
}

pub(super) fn pending() -> Result<u64, Errno> {
    let mut mask = KernelMask::new(0);
    // SAFETY: the kernel writes one mask.
    unsafe { call(libc::SYS_rt_sigpending, [&raw mut mask as usize, MASK_BYTES]) }?;
    Ok(mask.get())
}

/// The time64 form of the call, which 32-bit hosts have beside the old one.
const TIMED_WAIT: libc::c_long = if WORD_BITS == 32 { 421 } else { libc::SYS_rt_sigtimedwait };

pub(super) fn timed_wait(set: u64, timeout: Option<(i64, i64)>) -> Result<Info, Errno> {
    let mask = KernelMask::new(set);
    let time = timeout.map(|(seconds, nanoseconds)| [seconds, nanoseconds]);
    let time = time.as_ref().map_or(0, |time| time.as_ptr() as usize);
    let mut raw = [0u8; 128];
    let args = [&raw const mask as usize, raw.as_mut_ptr() as usize, time, MASK_BYTES, 0, 0];
    // SAFETY: the kernel reads a mask and a 64-bit timespec and writes a siginfo.
    let host = unsafe { super::blocking_call(TIMED_WAIT, &args) }?;
    Ok(Info::from_host(&raw, number(host as i32)))
}

/// A call that ends in a signal number.
pub(super) fn send(call_number: libc::c_long, target: &[i32], signal: i32) -> Result<(), Errno> {
    let host = host_number(signal).ok_or(Errno::EINVAL)?;
    let mut args = [0; 4];
    for (arg, value) in args.iter_mut().zip(target.iter().chain([&host])) {
        *arg = *value as usize;
    }
    // SAFETY: no pointers.
    unsafe { call(call_number, args) }?;
    Ok(())
}

/// A call that ends in a signal number and a siginfo.
pub(super) fn queue(call_number: libc::c_long, target: &[i32], signal: i32, info: &Info) -> Result<(), Errno> {
    let host = host_number(signal).ok_or(Errno::EINVAL)?;
    let raw = info.to_host(host);
    let mut args = [0; 4];
    for (arg, value) in args.iter_mut().zip(target.iter().chain([&host])) {
        *arg = *value as usize;
    }
    args[target.len() + 1] = raw.as_ptr() as usize;
    // SAFETY: the kernel reads one siginfo.
    unsafe { call(call_number, args) }?;
    Ok(())
}

pub(super) fn queue_descriptor(fd: i32, signal: i32, info: Option<&Info>, flags: u32) -> Result<(), Errno> {
    let host = host_number(signal).ok_or(Errno::EINVAL)?;
    let raw = info.map(|info| info.to_host(host));
    let pointer = raw.as_ref().map_or(0, |raw| raw.as_ptr() as usize);
    // SAFETY: the kernel reads one siginfo or none.
    unsafe { call(libc::SYS_pidfd_send_signal, [fd as usize, host as usize, pointer, flags as usize]) }?;
    Ok(())
}

pub(super) fn descriptor(fd: i32, set: u64, nonblocking: bool, close_on_exec: bool) -> Result<i32, Errno> {
    let mask = KernelMask::new(set);
    let mut flags = 0;
    if nonblocking {
        flags |= libc::SFD_NONBLOCK;
    }
    if close_on_exec {
        flags |= libc::SFD_CLOEXEC;
    }
    let args = [fd as usize, &raw const mask as usize, MASK_BYTES, flags as usize];
    // SAFETY: the kernel reads one mask.
    Ok(unsafe { call(libc::SYS_signalfd4, args) }? as i32)
}

/// Signals whose default action writes a core image.
const CORE: [i32; 10] = [3, 4, 5, 6, 7, 8, 11, 24, 25, 31];

pub(super) fn default_action(signal: i32) {
    let Some(host) = host_number(signal) else { return };
    // SAFETY: numbers only.
    unsafe {
        if CORE.contains(&signal) {
            // An image of blink would be of no use and may be huge.
            let _ = call(libc::SYS_prctl, [libc::PR_SET_DUMPABLE as usize, 0, 0, 0, 0]);
        }
        let _ = set_action(signal, Disposition::Default, ChildFlags::default());
        let pid = call(libc::SYS_getpid, [0; 1]).unwrap_or(0);
        let tid = call(libc::SYS_gettid, [0; 1]).unwrap_or(0);
        let _ = call(libc::SYS_tgkill, [pid, tid, host as usize]);
        let old = swap_mask(KernelMask::new(!super::bit(signal)));
        // Stopped and continued, or the first process of a container, which no signal of its own ends.
        if !matches!(signal, 17 | 18 | 19..=23 | 28) {
            let _ = call(libc::SYS_exit_group, [128 + signal as usize]);
        }
        if let Ok(old) = old {
            let _ = set_mask(KernelMask::new(old));
        }
    }
}

/// An alternate stack for blink's handler on the calling thread; valid until [`drop_stack`].
pub(super) fn install_stack(stack: &mut [u8]) {
    let new = libc::stack_t { ss_sp: stack.as_mut_ptr().cast(), ss_flags: 0, ss_size: stack.len() };
    // SAFETY: the caller keeps the memory until it takes the stack away.
    unsafe { libc::sigaltstack(&new, core::ptr::null_mut()) };
}

pub(super) fn drop_stack() {
    let none = libc::stack_t { ss_sp: core::ptr::null_mut(), ss_flags: libc::SS_DISABLE, ss_size: 0 };
    // SAFETY: taking the stack away needs no memory.
    unsafe { libc::sigaltstack(&none, core::ptr::null_mut()) };
}

/// Changes the mask that the handler's return sets.
pub(super) fn set_context_mask(context: &mut libc::ucontext_t, mask: KernelMask) {
    // SAFETY: the kernel's mask is the beginning of libc's, which is not smaller.
    unsafe { (&raw mut context.uc_sigmask).cast::<KernelMask>().write_unaligned(mask) };
}

/// Passes the program counter through `change`.
pub(super) fn move_out(context: &mut libc::ucontext_t, change: fn(usize) -> usize) {
    #[cfg(target_arch = "x86_64")]
    let pc = &mut context.uc_mcontext.gregs[libc::REG_RIP as usize];
    #[cfg(target_arch = "x86")]
    let pc = &mut context.uc_mcontext.gregs[libc::REG_EIP as usize];
    #[cfg(target_arch = "aarch64")]
    let pc = &mut context.uc_mcontext.pc;
    #[cfg(target_arch = "arm")]
    let pc = &mut context.uc_mcontext.arm_pc;
    #[cfg(target_arch = "s390x")]
    let pc = &mut context.uc_mcontext.psw.addr;
    #[cfg(target_arch = "riscv64")]
    let pc = &mut context.uc_mcontext.__gregs[0];
    #[cfg(not(any(
        target_arch = "x86_64",
        target_arch = "x86",
        target_arch = "aarch64",
        target_arch = "arm",
        target_arch = "s390x",
        target_arch = "riscv64"
    )))]
    let pc = {
        let _ = (context, change);
        return;
    };
    #[allow(unreachable_code, clippy::unnecessary_cast, reason = "the type differs by host")]
    {
        *pc = change(*pc as usize) as _;
    }
}

/// Writes a line for a person from inside a handler.
pub(super) fn complain(message: &[u8]) {
    // SAFETY: a valid buffer.
    unsafe { libc::write(2, message.as_ptr().cast(), message.len()) };
}
