//! Processes of the host: making them, ending them, waiting for them, and their identity.
//!
//! A guest process is a host process. `fork` is the C library's, so that its own locks are right in the child; [`vfork`] and
//! [`clone_process`] are the kernel's. Statuses hold Linux signal numbers.

use crate::call::{blocking, call};
use crate::errno::Errno;
use crate::log;
use crate::once::Once;
use crate::own::{self, Own};
use crate::signal::{self, Info};
use alloc::ffi::CString;
use alloc::vec::Vec;
use core::ffi::CStr;

/// Which side of a fork this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forked {
    Parent(i32),
    Child,
}

/// `fork(2)`: the child has this thread alone. Signals are blocked, and stay blocked on both sides.
pub fn fork() -> Result<Forked, Errno> {
    let _locks = (log::hold(), signal::values::hold());
    // SAFETY: the child goes on in the same interpreter loop; the C library keeps its own state usable there.
    match unsafe { libc::fork() } {
        -1 => Err(Errno::last()),
        0 => Ok(Forked::Child),
        pid => Ok(Forked::Parent(pid)),
    }
}

/// `clone(2)` without `CLONE_VM`: a fork with other flags, made by the kernel directly. `pidfd` receives a descriptor if
/// `CLONE_PIDFD` is among the flags.
///
/// The C library knows nothing of it: with other threads its allocator may be locked in the child.
pub fn clone_process(flags: u64, pidfd: &mut i32) -> Result<Forked, Errno> {
    let _locks = (log::hold(), signal::values::hold());
    let args = [flags as usize, 0, &raw mut *pidfd as usize, 0, 0];
    // SAFETY: without CLONE_VM and with no new stack this is a fork; the kernel writes at most the descriptor.
    // On s390x the stack comes first.
    let result = unsafe {
        if cfg!(target_arch = "s390x") {
            call(libc::SYS_clone, [args[1], args[0], args[2], 0, 0])
        } else {
            call(libc::SYS_clone, args)
        }
    };
    match result? {
        0 => Ok(Forked::Child),
        pid => Ok(Forked::Parent(pid as i32)),
    }
}

/// Bytes of the host stack of a child that shares memory.
const STACK: usize = 1 << 20;

/// `clone(CLONE_VM | CLONE_VFORK | flags)`: runs `child` in a new process that shares this one's memory, on a stack of its
/// own, while the calling thread waits until it has ended or executed a program. `child`'s result is its exit status.
/// All signals of the calling thread are blocked by the caller, and so they are in the child.
pub fn vfork<F: FnOnce() -> i32>(flags: u64, pidfd: &mut i32, child: F) -> Result<i32, Errno> {
    extern "C" fn enter<F: FnOnce() -> i32>(argument: *mut libc::c_void) -> libc::c_int {
        // SAFETY: the parent passes its `Option<F>`, which lives until the parent goes on: after this child has ended.
        let child = unsafe { &mut *argument.cast::<Option<F>>() }.take();
        exit_group(child.map_or(127, |child| child()))
    }
    let stack = Stack::new(STACK)?;
    let mut child = Some(child);
    let flags = flags as i32 | libc::CLONE_VM | libc::CLONE_VFORK;
    // SAFETY: the stack is ours until the call returns, which is when the child does not use it any more; CLONE_VFORK
    // keeps the calling thread, whose thread-local state the child shares, from running meanwhile.
    let pid = unsafe {
        libc::clone(enter::<F>, stack.top(), flags, (&raw mut child).cast(), &raw mut *pidfd, 0usize, 0usize)
    };
    if pid == -1 { Err(Errno::last()) } else { Ok(pid) }
}

/// A stack with a guard page below.
struct Stack {
    base: *mut libc::c_void,
    size: usize,
}

impl Stack {
    fn new(size: usize) -> Result<Stack, Errno> {
        const GUARD: usize = 64 << 10;
        let size = size + GUARD;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        // SAFETY: a new mapping at a place of the kernel's choice.
        let base = unsafe { libc::mmap(core::ptr::null_mut(), size, libc::PROT_NONE, flags, -1, 0) };
        if base == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        let stack = Stack { base, size };
        // SAFETY: inside the mapping just made.
        let result = unsafe { libc::mprotect(base.byte_add(GUARD), size - GUARD, libc::PROT_READ | libc::PROT_WRITE) };
        if result == -1 { Err(Errno::last()) } else { Ok(stack) }
    }

    fn top(&self) -> *mut libc::c_void {
        // SAFETY: the end of the mapping.
        unsafe { self.base.byte_add(self.size) }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours and nobody runs on it any more.
        unsafe { libc::munmap(self.base, self.size) };
    }
}

/// Ends the process and all its threads.
pub fn exit_group(status: i32) -> ! {
    loop {
        // SAFETY: ends the process; nothing of ours needs destructors.
        let _ = unsafe { call(libc::SYS_exit_group, [status as usize]) };
    }
}

/// Ends the calling thread alone, without the C library's knowledge: for the main thread, whose end is not that of the
/// process.
pub fn exit_thread(status: i32) -> ! {
    loop {
        // SAFETY: the main thread's stack and thread-local state are never freed.
        let _ = unsafe { call(libc::SYS_exit, [status as usize]) };
    }
}

/// Resource usage as the kernel counts it: user and system time in seconds and microseconds, then the fourteen counters of
/// `struct rusage`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub user: (i64, i64),
    pub system: (i64, i64),
    pub counters: [i64; 14],
}

type RawUsage = [libc::c_long; 18];

impl Usage {
    #[allow(clippy::unnecessary_cast, clippy::useless_conversion, reason = "the type differs by host")]
    fn new(raw: &RawUsage) -> Usage {
        let at = |i: usize| i64::from(raw[i]);
        Usage { user: (at(0), at(1)), system: (at(2), at(3)), counters: core::array::from_fn(|i| at(i + 4)) }
    }
}

/// `wait4(2)`: the child (0: none yet with `WNOHANG`), its status, its usage. `options` are Linux's.
pub fn wait4(pid: i32, options: u32) -> Result<(i32, i32, Usage), Errno> {
    let mut status = 0i32;
    let mut raw: RawUsage = [0; 18];
    let args = [pid as usize, &raw mut status as usize, options as usize, raw.as_mut_ptr() as usize];
    // SAFETY: the kernel writes a status and a struct rusage of longs.
    let pid = unsafe { blocking(libc::SYS_wait4, args) }?;
    Ok((pid as i32, guest_status(status), Usage::new(&raw)))
}

/// Puts Linux numbers for the host's into a wait status.
fn guest_status(status: i32) -> i32 {
    match status & 0x7f {
        0 => status,
        // Stopped: the signal is in the second byte. 0xffff means continued.
        0x7f if status != 0xffff => status & !0xff00 | signal::number(status >> 8 & 0xff) << 8,
        0x7f => status,
        number => status & !0x7f | signal::number(number),
    }
}

/// `waitid(2)`: what happened, or `None` with `WNOHANG` and nothing to tell, and the usage.
pub fn waitid(kind: i32, id: i32, options: u32) -> Result<(Option<Info>, Usage), Errno> {
    let mut raw_info = [0u8; 128];
    let mut raw: RawUsage = [0; 18];
    let args =
        [kind as usize, id as usize, raw_info.as_mut_ptr() as usize, options as usize, raw.as_mut_ptr() as usize];
    // SAFETY: the kernel writes a siginfo and a struct rusage of longs.
    unsafe { blocking(libc::SYS_waitid, args) }?;
    let is_empty = raw_info[..4] == [0; 4];
    let info = Info::from_host(&raw_info, signal::SIGCHLD);
    Ok(((!is_empty).then_some(info), Usage::new(&raw)))
}

/// The process id, asked of the kernel.
pub fn pid() -> i32 {
    // SAFETY: no arguments.
    unsafe { call(libc::SYS_getpid, [0; 1]) }.unwrap_or(0) as i32
}

pub fn parent() -> i32 {
    // SAFETY: no arguments.
    unsafe { libc::getppid() }
}

/// The thread id.
pub fn tid() -> i32 {
    // SAFETY: no arguments.
    unsafe { call(libc::SYS_gettid, [0; 1]) }.unwrap_or(0) as i32
}

/// A call of numbers only.
fn numbers<const N: usize>(number: libc::c_long, args: [i32; N]) -> Result<i32, Errno> {
    // SAFETY: the calls made here take no pointers.
    unsafe { call(number, args.map(|arg| arg as usize)) }.map(|result| result as i32)
}

pub fn group(pid: i32) -> Result<i32, Errno> {
    numbers(libc::SYS_getpgid, [pid])
}

pub fn set_group(pid: i32, group: i32) -> Result<i32, Errno> {
    numbers(libc::SYS_setpgid, [pid, group])
}

pub fn session(pid: i32) -> Result<i32, Errno> {
    numbers(libc::SYS_getsid, [pid])
}

pub fn set_session() -> Result<i32, Errno> {
    numbers(libc::SYS_setsid, [0])
}

/// Sets the calling thread's name as the kernel shows it (`comm`): 15 bytes at most.
pub fn set_name(name: &[u8]) {
    let mut raw = [0u8; 16];
    let length = name.len().min(15);
    raw[..length].copy_from_slice(&name[..length]);
    // SAFETY: the kernel reads a NUL-terminated string of at most 16 bytes.
    let _ = unsafe { call(libc::SYS_prctl, [libc::PR_SET_NAME as usize, raw.as_ptr() as usize, 0, 0, 0]) };
}

/// blink's own program file, held from the start: it can be executed from inside a chroot and after it was replaced.
static PROGRAM: Once<Own> = Once::new();

/// Opens blink's own program file for [`exec_self`]. To be called at start.
pub fn hold_program() -> Result<(), Errno> {
    let open = |path: &CStr| {
        // SAFETY: a C string.
        let fd = unsafe { libc::open(path.as_ptr(), libc::O_PATH | libc::O_CLOEXEC) };
        if fd == -1 { Err(Errno::last()) } else { Ok(fd) }
    };
    let fd = open(c"/proc/self/exe").or_else(|error| {
        // Without /proc: the path that the kernel executed, which is right unless the directory was changed since.
        // SAFETY: AT_EXECFN is a C string that lives as long as the process, or 0.
        let path = unsafe { libc::getauxval(libc::AT_EXECFN) } as *const libc::c_char;
        // SAFETY: as above.
        if path.is_null() { Err(error) } else { open(unsafe { CStr::from_ptr(path) }) }
    })?;
    let own = own::adopt(fd)?;
    PROGRAM.get_or_make(|| own);
    Ok(())
}

/// True if this is blink's own program file, by its device and inode.
pub fn is_program(device: (u32, u32), inode: u64) -> bool {
    static ID: Once<Option<((u32, u32), u64)>> = Once::new();
    let find = || {
        let status = crate::file::status(PROGRAM.get()?.number()).ok()?;
        Some((status.device, status.inode))
    };
    *ID.get_or_make(find) == Some((device, inode))
}

/// Keeps the memory of blink out of the core image that a signal from outside may cause: it would be of no use and may be huge.
pub fn limit_core_image() {
    const CORE: u32 = 4;
    if crate::identity::prlimit(0, CORE, None).is_ok_and(|limit| limit[0] != 0) {
        let _ = crate::file::write_whole(c"/proc/self/coredump_filter", b"0");
    }
}

/// Words that go before blink when it starts itself anew: the emulator of a build that is tried under one, which the kernel cannot
/// execute by itself. Set when such a build is made (`cargo xtask hosts` does); absent from all others.
const RUNNER: Option<&str> = option_env!("BLINK_RUNNER");

/// Can a child share this process's memory? Under that emulator it gets a copy, and must be told as after any fork.
pub const SHARES_MEMORY: bool = RUNNER.is_none();

/// The command line `RUNNER -0 ARGV0 BLINK ARGUMENT...`, as qemu-user takes it.
fn under_runner(runner: &str, arguments: &[CString]) -> Option<Vec<CString>> {
    let (first, rest) = arguments.split_first()?;
    let mut line: Vec<CString> = runner.split(' ').filter_map(|word| CString::new(word).ok()).collect();
    let program = crate::file::readlinkat(libc::AT_FDCWD, c"/proc/self/exe", 4096).ok()?;
    line.extend([c"-0".into(), first.clone(), CString::new(program).ok()?]);
    line.extend_from_slice(rest);
    Some(line)
}

/// The vectors of a program that is to be executed: C strings, and the pointers to them with a null pointer at the end.
#[derive(Debug)]
pub struct Execution {
    strings: Vec<CString>,
    arguments: Vec<usize>,
    environment: Vec<usize>,
}

impl Execution {
    pub fn new(arguments: Vec<CString>, environment: Vec<CString>) -> Execution {
        let pointers = |strings: &[CString]| -> Vec<usize> {
            strings.iter().map(|string| string.as_ptr() as usize).chain([0]).collect()
        };
        let line = RUNNER.and_then(|runner| under_runner(runner, &arguments));
        let arguments = line.unwrap_or(arguments);
        let mut execution =
            Execution { arguments: pointers(&arguments), environment: pointers(&environment), strings: arguments };
        // The strings stay where they are when their owners move.
        execution.strings.extend(environment);
        execution
    }
}

/// Replaces the process by blink itself, started anew with signal mask `mask`, which counts from then on. Returns only to tell
/// why not; the mask is `mask` then.
pub fn exec_self(execution: &Execution, mask: u64) -> Errno {
    let Some(program) = PROGRAM.get() else { return Errno::ENOENT };
    let args = [
        program.number() as usize,
        c"".as_ptr() as usize,
        execution.arguments.as_ptr() as usize,
        execution.environment.as_ptr() as usize,
        libc::AT_EMPTY_PATH as usize,
    ];
    signal::set_exact_mask(mask);
    if RUNNER.is_some() {
        let (words, environment) = (execution.arguments.as_ptr().cast(), execution.environment.as_ptr().cast());
        // SAFETY: as below.
        unsafe { libc::execve(execution.arguments[0] as *const libc::c_char, words, environment) };
        return Errno::last();
    }
    // SAFETY: vectors of C strings with a null pointer at their end, all owned by `execution`, which outlives the call.
    match unsafe { call(libc::SYS_execveat, args) } {
        Err(error) => error,
        Ok(_) => Errno::ENOSYS,
    }
}

/// Reads another process's memory at `from`, addresses and lengths there (`man 2 process_vm_readv`).
pub fn read_memory(pid: i32, into: &crate::io::Segments, from: &[(u64, u64)]) -> Result<usize, Errno> {
    let from: Vec<libc::iovec> = from
        .iter()
        .map(|&(base, length)| libc::iovec { iov_base: base as usize as *mut libc::c_void, iov_len: length as usize })
        .collect();
    let into = into.list();
    let (local, remote) = (into.as_ptr() as usize, from.as_ptr() as usize);
    // SAFETY: what is written is lent by `Segments`; what is read is the other process's.
    unsafe { call(libc::SYS_process_vm_readv, [pid as usize, local, into.len(), remote, from.len(), 0]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_keep_their_shape() {
        assert_eq!(guest_status(0x300), 0x300);
        assert_eq!(guest_status(9), 9);
        assert_eq!(guest_status(0x137f), 0x137f);
        assert_eq!(guest_status(0xffff), 0xffff);
        assert_eq!(guest_status(0x8b), 0x8b);
    }

    #[test]
    fn a_child_that_shares_memory_leaves_its_mark() {
        let mut mark = 0;
        let mut pidfd = -1;
        let old = signal::block_all();
        let pid = vfork(libc::SIGCHLD as u64, &mut pidfd, || {
            mark = 7;
            3
        });
        signal::set_exact_mask(old);
        let pid = pid.unwrap();
        assert_eq!(mark, 7);
        assert_eq!(wait4(pid, 0).map(|(pid, status, _)| (pid, status)), Ok((pid, 0x300)));
    }
}
