//! Making and ending processes and threads, and what they are called: `man 2 clone`, `man 2 fork`, `man 2 exit`, `man 2 setpgid`.
//!
//! A guest process is a host process and a guest thread a host thread. Three kinds of `clone` are told apart by their flags:
//! a thread (`CLONE_THREAD`), a child that borrows the memory while the parent waits (`CLONE_VM | CLONE_VFORK`), and a
//! fork.

use crate::abi::IoVec;
use crate::abi::flags::{CloneFlags, OpenFlags};
use crate::errno::Errno;
use crate::process::Process;
use crate::signal::{AltStack, TaskSignals};
use crate::task::{Restart, RobustList, Task};
use crate::user::{Address, Fd, Hex, UserMut, UserPtr};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::Ordering::SeqCst;
use cpu::RSP;
use host::process::Forked;
use memory::Memory;

const CSIGNAL: u64 = 0xff;
const CLONE_VM: u64 = 0x100;
const CLONE_FS: u64 = 0x200;
const CLONE_FILES: u64 = 0x400;
const CLONE_SIGHAND: u64 = 0x800;
const CLONE_PIDFD: u64 = 0x1000;
const CLONE_VFORK: u64 = 0x4000;
const CLONE_PARENT: u64 = 0x8000;
const CLONE_THREAD: u64 = 0x1_0000;
const CLONE_NEWNS: u64 = 0x2_0000;
const CLONE_SYSVSEM: u64 = 0x4_0000;
const CLONE_SETTLS: u64 = 0x8_0000;
const CLONE_PARENT_SETTID: u64 = 0x10_0000;
const CLONE_CHILD_CLEARTID: u64 = 0x20_0000;
const CLONE_DETACHED: u64 = 0x40_0000;
const CLONE_CHILD_SETTID: u64 = 0x100_0000;
const CLONE_NEWUSER: u64 = 0x1000_0000;
const CLONE_NEWPID: u64 = 0x2000_0000;
const CLONE_CLEAR_SIGHAND: u64 = 0x1_0000_0000;
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// What the parent may hand to the host's kernel as it is: how the child shares what blink keeps nothing of.
const CLONE_HOST: u64 = 0xffff_ffff
    & !(CLONE_VM | CLONE_SIGHAND | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID);

/// `struct kernel_clone_args`.
#[derive(Clone, Copy, Debug, Default)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    /// The new stack pointer, or 0 for the parent's.
    stack: u64,
    tls: u64,
}

impl CloneArgs {
    fn has(&self, flag: u64) -> bool {
        self.flags & flag != 0
    }

    /// The rules of `copy_process`.
    fn check(&self) -> Result<(), Errno> {
        let is_bad = self.flags & (CLONE_NEWNS | CLONE_FS) == CLONE_NEWNS | CLONE_FS
            || self.flags & (CLONE_NEWUSER | CLONE_FS) == CLONE_NEWUSER | CLONE_FS
            || self.has(CLONE_THREAD) && !self.has(CLONE_SIGHAND)
            || self.has(CLONE_SIGHAND) && !self.has(CLONE_VM)
            || self.has(CLONE_THREAD) && self.has(CLONE_NEWUSER | CLONE_NEWPID)
            || self.has(CLONE_PIDFD) && self.has(CLONE_DETACHED)
            || self.has(CLONE_CLEAR_SIGHAND) && self.has(CLONE_SIGHAND);
        if is_bad { Err(Errno::EINVAL) } else { Ok(()) }
    }
}

/// man 2 fork.
pub fn fork(task: &mut Task) -> Result<u64, Errno> {
    spawn(task, &CloneArgs { exit_signal: 17, ..CloneArgs::default() })
}

/// man 2 vfork.
pub fn vfork(task: &mut Task) -> Result<u64, Errno> {
    spawn(task, &CloneArgs { flags: CLONE_VM | CLONE_VFORK, exit_signal: 17, ..CloneArgs::default() })
}

/// man 2 clone.
pub fn clone(
    task: &mut Task,
    flags: CloneFlags,
    stack: Address,
    parent_tid: UserMut<i32>,
    child_tid: UserMut<i32>,
    tls: Hex,
) -> Result<u64, Errno> {
    let args = CloneArgs {
        // The upper half is ignored, as the kernel does.
        flags: flags.0 & 0xffff_ffff & !CSIGNAL,
        pidfd: parent_tid.address,
        child_tid: child_tid.address,
        parent_tid: parent_tid.address,
        exit_signal: flags.0 & CSIGNAL,
        stack: stack.0,
        tls: tls.0,
    };
    if args.has(CLONE_PIDFD) && args.has(CLONE_PARENT_SETTID) {
        return Err(Errno::EINVAL);
    }
    spawn(task, &args)
}

/// man 2 clone3.
pub fn clone3(task: &mut Task, cl_args: Address, size: u64) -> Result<u64, Errno> {
    const FIRST_SIZE: u64 = 64;
    const KNOWN_SIZE: usize = 88;
    if size > 4096 {
        return Err(Errno::E2BIG);
    }
    if size < FIRST_SIZE {
        return Err(Errno::EINVAL);
    }
    let mut raw = vec![0; (size as usize).max(KNOWN_SIZE)];
    task.load(cl_args.0, &mut raw[..size as usize])?;
    if raw[KNOWN_SIZE..].iter().any(|&byte| byte != 0) {
        return Err(Errno::E2BIG);
    }
    let word = |i: usize| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&raw[8 * i..8 * i + 8]);
        u64::from_le_bytes(bytes)
    };
    let (stack, stack_size, set_tid, set_tid_size) = (word(5), word(6), word(8), word(9));
    let args = CloneArgs {
        flags: word(0),
        pidfd: word(1),
        child_tid: word(2),
        parent_tid: word(3),
        exit_signal: word(4),
        stack: stack.wrapping_add(stack_size),
        tls: word(7),
    };
    const KNOWN_FLAGS: u64 = 0xffff_ffff | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP;
    if args.flags & !KNOWN_FLAGS != 0
        || args.has(CLONE_DETACHED | CSIGNAL)
        || args.exit_signal > 64
        || (args.has(CLONE_THREAD | CLONE_PARENT) && args.exit_signal != 0)
        || (stack == 0) != (stack_size == 0)
        || (set_tid == 0) != (set_tid_size == 0)
    {
        return Err(Errno::EINVAL);
    }
    if set_tid != 0 || args.has(CLONE_INTO_CGROUP) {
        host::log::line("clone3 with set_tid or CLONE_INTO_CGROUP is not supported: EINVAL");
        return Err(Errno::EINVAL);
    }
    spawn(task, &args)
}

fn spawn(task: &mut Task, args: &CloneArgs) -> Result<u64, Errno> {
    args.check()?;
    // As the kernel: a signal that is waiting comes first.
    task.signals.thread.block_all();
    let result = if task.signals.thread.is_pending() {
        Err(Errno::RESTARTNOINTR)
    } else if args.has(CLONE_THREAD) {
        thread(task, args)
    } else if !args.has(CLONE_VM) {
        forked(task, args)
    } else if args.has(CLONE_VFORK) && !host::process::SHARES_MEMORY {
        forked(task, &CloneArgs { flags: args.flags & !(CLONE_VM | CLONE_VFORK), ..*args })
    } else if args.has(CLONE_VFORK) {
        borrowing(task, args)
    } else {
        host::log::line("clone with CLONE_VM but neither CLONE_THREAD nor CLONE_VFORK is not supported: ENOSYS");
        Err(Errno::ENOSYS)
    };
    let mask = task.signals.mask();
    task.signals.thread.settle_mask(mask);
    result
}

/// Puts the child's registers and numbers where the flags say. Runs in the child, on its own memory.
fn settle_child(task: &mut Task, args: &CloneArgs) {
    if args.stack != 0 {
        task.cpu.set64(RSP, args.stack);
    }
    if args.has(CLONE_SETTLS) {
        task.cpu.set_fs_base(args.tls);
    }
    if args.has(CLONE_CLEAR_SIGHAND) {
        task.process.signals.clear_handlers();
    }
    task.clear_child_tid = if args.has(CLONE_CHILD_CLEARTID) { args.child_tid } else { 0 };
    task.robust_list = RobustList::default();
    task.restart = Restart::None;
    if args.has(CLONE_CHILD_SETTID) {
        let _ = task.store(args.child_tid, &task.tid.to_le_bytes());
    }
}

/// What the parent of a new process notes.
fn settle_parent(task: &mut Task, args: &CloneArgs, pid: i32, pidfd: i32) -> u64 {
    if args.has(CLONE_PARENT_SETTID) {
        let _ = task.store(args.parent_tid, &pid.to_le_bytes());
    }
    if args.has(CLONE_PIDFD) {
        let _ = task.store(args.pidfd, &pidfd.to_le_bytes());
    }
    pid as u64
}

fn forked(task: &mut Task, args: &CloneArgs) -> Result<u64, Errno> {
    const SIGCHLD: u64 = 17;
    let flags = args.flags & CLONE_HOST | args.exit_signal;
    // The C library's fork is the one after which a child of many threads can allocate.
    let is_plain = flags == SIGCHLD || flags == SIGCHLD | CLONE_PIDFD && task.process.threads.load(SeqCst) > 1;
    let mut pidfd = -1;
    // No thread is to be in the middle of anything. Locks in their order: actions, root, areas, marks of code, threads, log.
    let process = task.process.clone();
    let (actions, root) = (process.signals.hold(), process.root.lock());
    let forked = process.mm.fork(
        task.cpu.memory.attention_handle(),
        || if is_plain { host::process::fork() } else { host::process::clone_process(flags, &mut pidfd) },
        |forked| matches!(forked, Ok(Forked::Child)),
    );
    drop((actions, root));
    match forked? {
        Forked::Parent(pid) => {
            if is_plain && args.has(CLONE_PIDFD) {
                pidfd = host::identity::pidfd_open(pid, 0).map_or(-1, |fd| fd as i32);
            }
            Ok(settle_parent(task, args, pid, pidfd))
        }
        Forked::Child => {
            task.tid = host::process::tid();
            task.process.threads.store(1, SeqCst);
            task.process.highest_descriptor.store(0, SeqCst);
            task.signals.thread.forget_held();
            settle_child(task, args);
            Ok(0)
        }
    }
}

/// A child that shares the memory while this thread waits. It gets its own `Task` and its own copy of what exec and signals
/// change; both belong to this thread, which takes them back when the child has ended or executed a program.
fn borrowing(task: &mut Task, args: &CloneArgs) -> Result<u64, Errno> {
    let flags = args.flags & CLONE_HOST | args.exit_signal;
    let process = Arc::new(task.process.borrow());
    let mut child = Box::new(child_task(task, process, task.signals.altstack));
    // The same memory has the same code: no need to look at it again.
    core::mem::swap(&mut child.engine, &mut task.engine);
    let mut pidfd = -1;
    let run = task.process.hooks.run;
    let limits = task.process.mm.limits();
    let mut is_done = false;
    let pid = host::process::vfork(flags, &mut pidfd, || {
        child.tid = host::process::tid();
        child.signals.thread.resume();
        settle_child(&mut child, args);
        if args.has(CLONE_PARENT_SETTID) {
            let _ = child.store(args.parent_tid, &child.tid.to_le_bytes());
        }
        child.cpu.set64(cpu::RAX, 0);
        let mask = child.signals.mask();
        child.signals.thread.settle_mask(mask);
        run(&mut child);
        is_done = true;
        child.exited.unwrap_or(0)
    });
    task.signals.thread.resume();
    // The child may have set its own before it executed a program.
    task.process.mm.set_limits(limits);
    if !is_done && pid.is_ok() && !child.process.is_executing.load(SeqCst) {
        // Killed in the middle of something: what it held may be half changed.
        // But nobody may wait for it.
        child.cpu.memory.leave_guest();
        core::mem::forget(child);
    } else {
        core::mem::swap(&mut child.engine, &mut task.engine);
    }
    let pid = pid?;
    if args.has(CLONE_PIDFD) {
        let _ = task.store(args.pidfd, &pidfd.to_le_bytes());
    }
    Ok(pid as u64)
}

/// A new task with this one's registers and mask.
fn child_task(task: &mut Task, process: Arc<Process>, altstack: AltStack) -> Task {
    let memory = Memory::new_outside(task.cpu.memory.backing().clone());
    let cpu = task.cpu.fork(memory);
    let mut child = Task::new(cpu, task.engine.sibling(), process, 0, task.signals.mask());
    child.signals = TaskSignals {
        altstack,
        trap_number: task.signals.trap_number,
        error_code: task.signals.error_code,
        cr2: task.signals.cr2,
        ..child.signals
    };
    child
}

fn thread(task: &mut Task, args: &CloneArgs) -> Result<u64, Errno> {
    // The host's threads share everything; what this one is not to share it gets a copy of.
    let own = !args.flags & (CLONE_FS | CLONE_FILES | CLONE_SYSVSEM);
    let mut child = child_task(task, task.process.clone(), AltStack::default());
    child.cpu.set64(cpu::RAX, 0);
    let (args, run) = (*args, task.process.hooks.run);
    task.process.threads.fetch_add(1, SeqCst);
    task.process.signals.note_reserved();
    let started = host::thread::spawn(move |ready| {
        child.process.signals.restore_reserved();
        if own != 0 && host::identity::unshare(own as usize).is_err() {
            // Dropping `ready` says so.
            return;
        }
        child.tid = ready.tid;
        if args.has(CLONE_PARENT_SETTID) {
            let _ = child.store(args.parent_tid, &ready.tid.to_le_bytes());
        }
        settle_child(&mut child, &args);
        // Both find the number in its place from here on.
        ready.go_on();
        child.signals.thread.enter();
        run(&mut child);
        end_thread(child);
    });
    match started {
        Ok(tid) => Ok(tid as u64),
        Err(_) => {
            task.process.signals.restore_reserved();
            task.process.threads.fetch_sub(1, SeqCst);
            Err(Errno::EAGAIN)
        }
    }
}

/// The end of a thread that is not the main one: its host thread goes away when this returns.
fn end_thread(mut task: Task) {
    task.process.counts.add(&task);
    if task.exits_group {
        (task.process.hooks.ending)(&task.process);
        host::process::exit_group(task.exited.unwrap_or(0));
    }
    leave(&mut task);
}

/// What the kernel does for the others when a thread ends: the cleared thread id.
pub fn leave(task: &mut Task) {
    task.signals.thread.leave();
    let address = core::mem::take(&mut task.clear_child_tid);
    if address != 0 && task.store(address, &[0; 4]).is_ok() {
        let _ = super::futex::wake_all(task, address);
    }
}

/// man 2 exit: of this thread alone.
pub fn exit(task: &mut Task, status: i32) -> Result<u64, Errno> {
    // A signal of the process that this thread has taken from the kernel would be lost with it.
    task.signals.thread.block_all();
    if task.signals.thread.is_pending() {
        let mask = task.signals.mask();
        task.signals.thread.settle_mask(mask);
        return Err(Errno::RESTARTNOINTR);
    }
    super::futex::exit_robust_list(task);
    task.exited = Some(status & 0xff);
    // The status of the process is that of the last thread to end. Before anybody can learn that this one has ended.
    task.exits_group = task.process.threads.fetch_sub(1, SeqCst) == 1;
    Ok(0)
}

/// man 2 exit_group.
pub fn exit_group(task: &mut Task, status: i32) -> Result<u64, Errno> {
    super::futex::exit_robust_list(task);
    task.exited = Some(status & 0xff);
    task.exits_group = true;
    Ok(0)
}

pub fn getpid(_task: &mut Task) -> Result<u64, Errno> {
    Ok(host::process::pid() as u64)
}

pub fn gettid(task: &mut Task) -> Result<u64, Errno> {
    Ok(task.tid as u64)
}

pub fn getppid(_task: &mut Task) -> Result<u64, Errno> {
    Ok(host::process::parent() as u64)
}

/// man 2 getpgid.
pub fn getpgid(_task: &mut Task, pid: i32) -> Result<u64, Errno> {
    Ok(host::process::group(pid)? as u64)
}

pub fn getpgrp(_task: &mut Task) -> Result<u64, Errno> {
    Ok(host::process::group(0)? as u64)
}

/// man 2 setpgid.
pub fn setpgid(_task: &mut Task, pid: i32, pgid: i32) -> Result<u64, Errno> {
    Ok(host::process::set_group(pid, pgid)? as u64)
}

/// man 2 getsid.
pub fn getsid(_task: &mut Task, pid: i32) -> Result<u64, Errno> {
    Ok(host::process::session(pid)? as u64)
}

/// man 2 setsid.
pub fn setsid(_task: &mut Task) -> Result<u64, Errno> {
    Ok(host::process::set_session()? as u64)
}

/// man 2 set_tid_address.
pub fn set_tid_address(task: &mut Task, tidptr: UserMut<i32>) -> Result<u64, Errno> {
    task.clear_child_tid = tidptr.address;
    Ok(task.tid as u64)
}

/// man 2 unshare.
pub fn unshare(task: &mut Task, flags: CloneFlags) -> Result<u64, Errno> {
    const ALONE: u64 = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;
    if flags.0 & ALONE != 0 && task.process.threads.load(SeqCst) > 1 {
        return Err(Errno::EINVAL);
    }
    // The host's process may have threads that the guest does not know of.
    super::answer(host::identity::unshare((flags.0 & !ALONE) as usize))
}

/// man 2 setns.
pub fn setns(_task: &mut Task, fd: Fd, nstype: CloneFlags) -> Result<u64, Errno> {
    super::answer(host::identity::setns(fd.0, nstype.0 as i32))
}

/// man 2 pidfd_open.
pub fn pidfd_open(_task: &mut Task, pid: i32, flags: OpenFlags) -> Result<u64, Errno> {
    super::answer(host::identity::pidfd_open(pid, flags.0))
}

/// man 2 pidfd_getfd.
pub fn pidfd_getfd(_task: &mut Task, pidfd: Fd, targetfd: i32, flags: u32) -> Result<u64, Errno> {
    super::answer(host::identity::pidfd_getfd(pidfd.0, targetfd, flags))
}

/// Which way `process_vm_*` copies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Copy {
    FromRemote,
    ToRemote,
}

/// man 2 process_vm_readv.
pub fn process_vm_readv(
    task: &mut Task,
    pid: i32,
    local_iov: UserPtr<IoVec>,
    liovcnt: u64,
    remote_iov: UserPtr<IoVec>,
    riovcnt: u64,
    flags: u64,
) -> Result<u64, Errno> {
    copy_memory(task, pid, (local_iov, liovcnt), (remote_iov, riovcnt), flags, Copy::FromRemote)
}

/// man 2 process_vm_readv.
pub fn process_vm_writev(
    task: &mut Task,
    pid: i32,
    local_iov: UserPtr<IoVec>,
    liovcnt: u64,
    remote_iov: UserPtr<IoVec>,
    riovcnt: u64,
    flags: u64,
) -> Result<u64, Errno> {
    copy_memory(task, pid, (local_iov, liovcnt), (remote_iov, riovcnt), flags, Copy::ToRemote)
}

fn copy_memory(
    task: &mut Task,
    pid: i32,
    local: (UserPtr<IoVec>, u64),
    remote: (UserPtr<IoVec>, u64),
    flags: u64,
    way: Copy,
) -> Result<u64, Errno> {
    const UIO_MAXIOV: u64 = 1024;
    if flags != 0 {
        return Err(Errno::EINVAL);
    }
    let local: Vec<IoVec> = crate::lend::vectors(task, local.0, local.1)?
        .into_iter()
        .map(|(iov_base, iov_len)| IoVec { iov_base, iov_len })
        .collect();
    if local.iter().all(|piece| piece.iov_len == 0) {
        return Ok(0);
    }
    if remote.1 > UIO_MAXIOV {
        return Err(Errno::EINVAL);
    }
    let remote = remote.0.read_array(task, remote.1)?;
    if remote.iter().any(|piece| (piece.iov_len as i64) < 0) {
        return Err(Errno::EINVAL);
    }
    if remote.iter().all(|piece| piece.iov_len == 0) {
        return Ok(0);
    }
    if pid <= 0 {
        return Err(Errno::ESRCH);
    }
    if pid != task.tid && pid != host::process::pid() {
        host::signal::kill(pid, 0)?;
        if way == Copy::FromRemote && task.process.mm.is_linear() && crate::procfs::is_blink(pid) {
            return read_other(task, pid, &local, &remote);
        }
        // DEVIATION: the memory of another process is blink's: only its own blink knows the guest's where it is paged, and what of it
        // is code that has been decoded. So it is read in the linear form only, and never written.
        host::log::line("process_vm_readv and process_vm_writev do not reach this process: EPERM");
        return Err(Errno::EPERM);
    }
    let mut pieces = pages(&remote);
    let mut done = 0;
    let mut source = pages(&local);
    let (mut here, mut there) = (source.next(), pieces.next());
    while let (Some((local_at, local_left)), Some((remote_at, remote_left))) = (here, there) {
        let count = local_left.min(remote_left);
        let mut bytes = vec![0; count as usize];
        let copied = match way {
            Copy::FromRemote => task.load(remote_at, &mut bytes).and_then(|()| task.store(local_at, &bytes)),
            Copy::ToRemote => task.load(local_at, &mut bytes).and_then(|()| task.store(remote_at, &bytes)),
        };
        if copied.is_err() {
            return if done == 0 { Err(Errno::EFAULT) } else { Ok(done) };
        }
        done += count;
        let advance = |at: u64, left: u64| (left > count).then_some((at.wrapping_add(count), left - count));
        here = advance(local_at, local_left).or_else(|| source.next());
        there = advance(remote_at, remote_left).or_else(|| pieces.next());
    }
    Ok(done)
}

/// Reads the memory of a guest whose addresses are the host's too.
fn read_other(task: &mut Task, pid: i32, local: &[IoVec], remote: &[IoVec]) -> Result<u64, Errno> {
    let mm = task.process.mm.clone();
    // What lies elsewhere is the other blink's own.
    let remote: Vec<(u64, u64)> = remote
        .iter()
        .map(|piece| (piece.iov_base, piece.iov_len))
        .take_while(|&(start, length)| mm.may_hold(start, length))
        .collect();
    if remote.is_empty() {
        return Err(Errno::EFAULT);
    }
    let local: Vec<(u64, u64)> = local.iter().map(|piece| (piece.iov_base, piece.iov_len)).collect();
    let read = |segments: &host::io::Segments| host::process::read_memory(pid, segments, &remote);
    Ok(crate::lend::lend(task, &local, memory::Access::Write, read)? as u64)
}

/// The pieces of a list of ranges that lie in one page each.
fn pages(ranges: &[IoVec]) -> impl Iterator<Item = (u64, u64)> + use<> {
    let ranges = ranges.to_vec();
    ranges.into_iter().flat_map(|range| {
        let mut at = range.iov_base;
        let mut left = range.iov_len;
        core::iter::from_fn(move || {
            let count = left.min(4096 - (at & 4095));
            let piece = (count > 0).then_some((at, count));
            at = at.wrapping_add(count);
            left -= count;
            piece
        })
    })
}
