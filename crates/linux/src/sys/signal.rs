//! Signals: `man 2 sigaction` and its neighbours. What they mean is in [`crate::signal`].

use crate::abi::flags::{SigHow, SignalfdFlags};
use crate::abi::{SigAction, SigInfo, SigSet, StackT, Timespec};
use crate::errno::Errno;
use crate::signal::{self, AltStack, Info, UNBLOCKABLE, bit};
use crate::task::Task;
use crate::user::{Fd, Signal, UserMut, UserPtr};
use cpu::{RAX, RSP};
use host::signal::LAST;

/// Bytes of the kernel's signal set.
const SIGSET_SIZE: u64 = 8;

fn is_valid(signal: i32) -> bool {
    (1..=LAST).contains(&signal)
}

/// man 2 sigaction, as the kernel has it: every signal from 1 to 64.
pub fn rt_sigaction(
    task: &mut Task,
    signum: Signal,
    act: UserPtr<SigAction>,
    oldact: UserMut<SigAction>,
    sigsetsize: u64,
) -> Result<u64, Errno> {
    if sigsetsize != SIGSET_SIZE {
        return Err(Errno::EINVAL);
    }
    let new = act.read_optional(task)?;
    let signal = signum.0;
    if !is_valid(signal) || (new.is_some() && bit(signal) & UNBLOCKABLE != 0) {
        return Err(Errno::EINVAL);
    }
    // A signal that came before this call is delivered by the action that it came under.
    if task.signals.thread.is_pending() {
        return Err(Errno::RESTARTNOINTR);
    }
    let old = task.process.signals.action(signal);
    if let Some(new) = new {
        task.process.signals.set(signal, new)?;
        if new.sa_handler == signal::SIG_IGN {
            let _ = task.signals.thread.take_held(bit(signal));
        }
    }
    oldact.write_optional(task, &old)?;
    Ok(0)
}

/// man 2 sigprocmask.
pub fn rt_sigprocmask(
    task: &mut Task,
    how: SigHow,
    set: UserPtr<SigSet>,
    oldset: UserMut<SigSet>,
    sigsetsize: u64,
) -> Result<u64, Errno> {
    if sigsetsize != SIGSET_SIZE {
        return Err(Errno::EINVAL);
    }
    let old = task.signals.mask();
    if let Some(set) = set.read_optional(task)? {
        let set = set.sig & !UNBLOCKABLE;
        let mask = match how.0 {
            0 => old | set,
            1 => old & !set,
            2 => set,
            _ => return Err(Errno::EINVAL),
        };
        if mask != old {
            signal::set_mask(task, mask)?;
        }
    }
    oldset.write_optional(task, &SigSet { sig: old })?;
    Ok(0)
}

/// man 2 sigpending.
pub fn rt_sigpending(task: &mut Task, set: UserMut<SigSet>, sigsetsize: u64) -> Result<u64, Errno> {
    if sigsetsize > SIGSET_SIZE {
        return Err(Errno::EINVAL);
    }
    let pending = (host::signal::pending()? | task.signals.thread.held()) & task.signals.mask();
    task.store(set.address, &pending.to_le_bytes()[..sigsetsize as usize])?;
    Ok(0)
}

/// man 2 sigsuspend.
pub fn rt_sigsuspend(task: &mut Task, mask: UserPtr<SigSet>, sigsetsize: u64) -> Result<u64, Errno> {
    if sigsetsize != SIGSET_SIZE {
        return Err(Errno::EINVAL);
    }
    let mask = mask.read(task)?.sig & !UNBLOCKABLE;
    // What arrived under the old mask comes before.
    if task.signals.thread.is_pending() {
        return Err(Errno::RESTARTNOINTR);
    }
    task.signals.saved_mask = Some(task.signals.mask());
    Err(Errno::from(task.signals.thread.suspend(mask)).restart_as(Errno::RESTARTNOHAND))
}

/// man 2 pause.
pub fn pause(task: &mut Task) -> Result<u64, Errno> {
    let mask = task.signals.mask();
    Err(Errno::from(task.signals.thread.suspend(mask)).restart_as(Errno::RESTARTNOHAND))
}

/// man 2 sigtimedwait.
pub fn rt_sigtimedwait(
    task: &mut Task,
    set: UserPtr<SigSet>,
    info: UserMut<SigInfo>,
    timeout: UserPtr<Timespec>,
    sigsetsize: u64,
) -> Result<u64, Errno> {
    if sigsetsize != SIGSET_SIZE {
        return Err(Errno::EINVAL);
    }
    let set = set.read(task)?.sig & !UNBLOCKABLE;
    let timeout = timeout.read_optional(task)?;
    if let Some(time) = timeout
        && (time.tv_sec < 0 || !(0..1_000_000_000).contains(&time.tv_nsec))
    {
        return Err(Errno::EINVAL);
    }
    let taken = match task.signals.thread.take_held(set) {
        Some(taken) => taken,
        None => host::signal::timed_wait(set, timeout.map(|time| (time.tv_sec, time.tv_nsec)))?,
    };
    if !info.is_null() {
        task.store(info.address, &taken.0)?;
    }
    Ok(taken.signal() as u64)
}

fn read_info(task: &mut Task, signal: i32, info: UserPtr<SigInfo>) -> Result<Info, Errno> {
    let mut read = Info::default();
    task.load(info.address, &mut read.0)?;
    read.set_i32(0, signal);
    check_info(&read)?;
    Ok(read)
}

/// What the kernel does not know the layout of must end as its own structure does (`post_copy_siginfo_from_user`).
fn check_info(info: &Info) -> Result<(), Errno> {
    const KERNEL_SIZE: usize = 48;
    // SI_USER, and from SI_ASYNCNL to SI_QUEUE: all have members within the kernel's structure.
    let is_known = matches!(info.code(), -6..=0 | -60);
    if !is_known && info.0[KERNEL_SIZE..].iter().any(|&byte| byte != 0) { Err(Errno::E2BIG) } else { Ok(()) }
}

/// Only to itself may a process send what looks like the kernel's or `tkill`'s.
fn may_send(info: &Info, target: i32) -> Result<(), Errno> {
    const SI_TKILL: i32 = -6;
    let is_forged = info.code() >= 0 || info.code() == SI_TKILL;
    if is_forged && target != host::process::pid() { Err(Errno::EPERM) } else { Ok(()) }
}

/// man 2 rt_sigqueueinfo.
pub fn rt_sigqueueinfo(task: &mut Task, tgid: i32, sig: Signal, info: UserPtr<SigInfo>) -> Result<u64, Errno> {
    let info = read_info(task, sig.0, info)?;
    may_send(&info, tgid)?;
    check_target(sig, || host::signal::kill(tgid, 0))?;
    host::signal::queue(tgid, sig.0, &info)?;
    Ok(0)
}

/// man 2 rt_sigqueueinfo.
pub fn rt_tgsigqueueinfo(
    task: &mut Task,
    tgid: i32,
    tid: i32,
    sig: Signal,
    info: UserPtr<SigInfo>,
) -> Result<u64, Errno> {
    let info = read_info(task, sig.0, info)?;
    if tgid <= 0 || tid <= 0 {
        return Err(Errno::EINVAL);
    }
    may_send(&info, tid)?;
    host::signal::queue_thread(tgid, tid, sig.0, &info)?;
    Ok(0)
}

/// man 2 pidfd_send_signal.
pub fn pidfd_send_signal(
    task: &mut Task,
    pidfd: Fd,
    sig: Signal,
    info: UserPtr<SigInfo>,
    flags: u32,
) -> Result<u64, Errno> {
    // The descriptor is looked at before the signal.
    const VALID: u32 = 7;
    if flags & !VALID != 0 || flags.count_ones() > 1 {
        return Err(Errno::EINVAL);
    }
    if let Err(error) = host::signal::queue_descriptor(pidfd.0, 0, None, flags)
        && Errno::from(error) == Errno::EBADF
    {
        return Err(Errno::EBADF);
    }
    let info = match info.is_null() {
        true => None,
        false => {
            let mut read = Info::default();
            task.load(info.address, &mut read.0)?;
            if read.signal() != sig.0 {
                return Err(Errno::EINVAL);
            }
            Some(read)
        }
    };
    host::signal::queue_descriptor(pidfd.0, sig.0, info.as_ref(), flags)?;
    Ok(0)
}

/// A number that is no signal: whom it is for is looked at before what it is.
fn check_target<T>(signal: Signal, exists: impl FnOnce() -> Result<T, host::Errno>) -> Result<(), Errno> {
    if (0..=64).contains(&signal.0) {
        return Ok(());
    }
    match exists().map_err(Errno::from) {
        Err(Errno::ESRCH) => Err(Errno::ESRCH),
        _ => Err(Errno::EINVAL),
    }
}

/// man 2 kill.
pub fn kill(_task: &mut Task, pid: i32, sig: Signal) -> Result<u64, Errno> {
    check_target(sig, || host::signal::kill(pid, 0))?;
    host::signal::kill(pid, sig.0)?;
    Ok(0)
}

/// man 2 tkill.
pub fn tkill(_task: &mut Task, tid: i32, sig: Signal) -> Result<u64, Errno> {
    check_target(sig, || host::signal::tkill(tid, 0))?;
    host::signal::tkill(tid, sig.0)?;
    Ok(0)
}

/// man 2 tgkill.
pub fn tgkill(_task: &mut Task, tgid: i32, tid: i32, sig: Signal) -> Result<u64, Errno> {
    check_target(sig, || host::signal::tgkill(tgid, tid, 0))?;
    host::signal::tgkill(tgid, tid, sig.0)?;
    Ok(0)
}

/// man 2 sigaltstack.
pub fn sigaltstack(task: &mut Task, ss: UserPtr<StackT>, old_ss: UserMut<StackT>) -> Result<u64, Errno> {
    let new = ss.read_optional(task)?;
    let sp = task.cpu.get(RSP);
    let old = task.signals.altstack;
    if let Some(new) = new {
        signal::set_altstack(task, AltStack { sp: new.ss_sp, flags: new.ss_flags, size: new.ss_size })?;
    }
    let flags = old.status(sp) | old.flags & signal::SS_AUTODISARM;
    old_ss.write_optional(task, &StackT { ss_sp: old.sp, ss_flags: flags, ss_size: old.size })?;
    Ok(0)
}

/// man 2 sigreturn.
pub fn rt_sigreturn(task: &mut Task) -> Result<u64, Errno> {
    match signal::pop(task) {
        Ok(()) => {}
        Err(Errno::RESTARTNOINTR) => return Err(Errno::RESTARTNOINTR),
        Err(_) => {
            task.call = None;
            signal::force(task, &signal::kernel_info(host::signal::SIGSEGV));
        }
    }
    Ok(task.cpu.get(RAX))
}

/// man 2 signalfd.
pub fn signalfd4(
    task: &mut Task,
    fd: Fd,
    mask: UserPtr<SigSet>,
    sizemask: u64,
    flags: SignalfdFlags,
) -> Result<u64, Errno> {
    if sizemask != SIGSET_SIZE {
        return Err(Errno::EINVAL);
    }
    let mask = mask.read(task)?.sig;
    if flags.0 as u64 & !crate::abi::flags::known(&SignalfdFlags::NAMES) != 0 {
        return Err(Errno::EINVAL);
    }
    super::event::expect_signals();
    let (nonblocking, close_on_exec) = (flags.0 & 0o4000 != 0, flags.0 & 0o2000000 != 0);
    Ok(host::signal::descriptor(fd.0, mask, nonblocking, close_on_exec)? as u64)
}

/// man 2 signalfd.
pub fn signalfd(task: &mut Task, fd: Fd, mask: UserPtr<SigSet>, sizemask: u64) -> Result<u64, Errno> {
    signalfd4(task, fd, mask, sizemask, SignalfdFlags(0))
}
