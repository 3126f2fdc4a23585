//! Users, groups, capabilities, scheduling, limits and the host's `prctl`. Raw calls: they act on the calling thread only.

use crate::call::call;
use crate::errno::{Errno, check};
use crate::nr;
use crate::raw::plain_calls;
use alloc::vec::Vec;

plain_calls! {
    fn getuid() = nr::GETUID;
    fn getgid() = nr::GETGID;
    fn geteuid() = nr::GETEUID;
    fn getegid() = nr::GETEGID;
    fn setuid(uid: u32) = nr::SETUID;
    fn setgid(gid: u32) = nr::SETGID;
    fn setreuid(real: u32, effective: u32) = nr::SETREUID;
    fn setregid(real: u32, effective: u32) = nr::SETREGID;
    fn setresuid(real: u32, effective: u32, saved: u32) = nr::SETRESUID;
    fn setresgid(real: u32, effective: u32, saved: u32) = nr::SETRESGID;
    fn setfsuid(uid: u32) = nr::SETFSUID;
    fn setfsgid(gid: u32) = nr::SETFSGID;
    fn getpriority(which: i32, who: i32) = libc::SYS_getpriority;
    fn setpriority(which: i32, who: i32, value: i32) = libc::SYS_setpriority;
    fn ioprio_get(which: i32, who: i32) = libc::SYS_ioprio_get;
    fn ioprio_set(which: i32, who: i32, value: i32) = libc::SYS_ioprio_set;
    fn sched_yield() = libc::SYS_sched_yield;
    fn sched_getscheduler(pid: i32) = libc::SYS_sched_getscheduler;
    fn sched_get_priority_max(policy: i32) = libc::SYS_sched_get_priority_max;
    fn sched_get_priority_min(policy: i32) = libc::SYS_sched_get_priority_min;
    fn personality(value: u32) = libc::SYS_personality;
    fn vhangup() = libc::SYS_vhangup;
    fn unshare(flags: usize) = libc::SYS_unshare;
    fn setns(fd: i32, kind: i32) = libc::SYS_setns;
    fn pidfd_open(pid: i32, flags: u32) = libc::SYS_pidfd_open;
    fn pidfd_getfd(pidfd: i32, fd: i32, flags: u32) = libc::SYS_pidfd_getfd;
    /// man 2 kcmp.
    fn kcmp(pid: i32, other: i32, kind: i32, index: usize, other_index: usize) = libc::SYS_kcmp;
    /// man 2 membarrier.
    fn membarrier(command: i32, flags: u32, cpu: i32) = libc::SYS_membarrier;
}

fn three(number: libc::c_long) -> Result<[u32; 3], Errno> {
    let mut ids = [0u32; 3];
    let [a, b, c] = &mut ids;
    // SAFETY: the kernel fills three ids.
    unsafe { call(number, [a as *mut u32 as usize, b as *mut u32 as usize, c as *mut u32 as usize]) }?;
    Ok(ids)
}

pub fn getresuid() -> Result<[u32; 3], Errno> {
    three(nr::GETRESUID)
}

pub fn getresgid() -> Result<[u32; 3], Errno> {
    three(nr::GETRESGID)
}

/// man 2 getgroups: all supplementary groups.
pub fn groups() -> Result<Vec<u32>, Errno> {
    let mut list = vec![0u32; 65536];
    // SAFETY: the list has the room that is named.
    let n = unsafe { call(nr::GETGROUPS, [list.len(), list.as_mut_ptr() as usize]) }?;
    list.truncate(n);
    Ok(list)
}

pub fn set_groups(list: &[u32]) -> Result<(), Errno> {
    // SAFETY: the list lives over the call.
    unsafe { call(nr::SETGROUPS, [list.len(), list.as_ptr() as usize]) }.map(drop)
}

/// man 2 capget: header (version, pid) as the kernel leaves it, and two sets of effective, permitted, inheritable.
pub fn capget(header: &mut [u32; 2], with_data: bool) -> Result<[u32; 6], Errno> {
    let mut data = [0u32; 6];
    let pointer = if with_data { data.as_mut_ptr() as usize } else { 0 };
    // SAFETY: header and data have the sizes of every version.
    unsafe { call(libc::SYS_capget, [header.as_mut_ptr() as usize, pointer]) }?;
    Ok(data)
}

/// True if the calling thread has a capability in its effective set.
pub fn has_capability(number: u32) -> bool {
    const VERSION_3: u32 = 0x2008_0522;
    let sets = capget(&mut [VERSION_3, 0], true);
    sets.is_ok_and(|sets| sets[number as usize / 32 * 3] & 1 << (number % 32) != 0)
}

pub fn capset(header: &mut [u32; 2], data: &[u32; 6]) -> Result<(), Errno> {
    // SAFETY: header and data have the sizes of every version.
    unsafe { call(libc::SYS_capset, [header.as_mut_ptr() as usize, data.as_ptr() as usize]) }.map(drop)
}

/// `prctl` with integer arguments; the caller passes options without pointers.
pub fn prctl(option: i32, arguments: [usize; 4]) -> Result<usize, Errno> {
    let [a, b, c, d] = arguments;
    if POINTER_OPTIONS.contains(&option) {
        return Err(Errno::EINVAL);
    }
    // SAFETY: options whose arguments are pointers are refused above.
    unsafe { call(libc::SYS_prctl, [option as usize, a, b, c, d]) }
}

/// `prctl` options that read or write memory of the caller.
const POINTER_OPTIONS: &[i32] =
    &[2, 5, 9, 11, 15, 16, 19, 22, 25, 35, 37, 40, 59, 0x53564d41, 0x41555856, 62, 63, 64, 71];

/// `prctl` options that store one int: `PR_GET_PDEATHSIG`, `PR_GET_TSC`, `PR_GET_CHILD_SUBREAPER`...
pub fn prctl_int(option: i32) -> Result<i32, Errno> {
    if ![2, 5, 9, 19, 25, 37].contains(&option) {
        return Err(Errno::EINVAL);
    }
    let mut value = 0i32;
    // SAFETY: these options store one int.
    unsafe { call(libc::SYS_prctl, [option as usize, &raw mut value as usize, 0, 0, 0]) }?;
    Ok(value)
}

/// `PR_SET_NAME` of the calling thread.
pub fn set_name(name: &[u8; 16]) -> Result<(), Errno> {
    // SAFETY: 16 bytes are what the kernel reads.
    unsafe { call(libc::SYS_prctl, [15, name.as_ptr() as usize, 0, 0, 0]) }.map(drop)
}

/// `PR_GET_NAME`.
pub fn name() -> Result<[u8; 16], Errno> {
    let mut name = [0u8; 16];
    // SAFETY: 16 bytes are what the kernel writes.
    unsafe { call(libc::SYS_prctl, [16, name.as_mut_ptr() as usize, 0, 0, 0]) }?;
    Ok(name)
}

/// man 2 sched_getaffinity: the mask as little-endian bytes, and its length as the kernel reports it.
pub fn affinity(pid: i32, room: usize) -> Result<Vec<u8>, Errno> {
    let mut words = vec![0usize; room.min(8192).div_ceil(size_of::<usize>())];
    let length = words.len() * size_of::<usize>();
    // SAFETY: the mask has the length that is named.
    let n = unsafe { call(libc::SYS_sched_getaffinity, [pid as usize, length, words.as_mut_ptr() as usize]) }?;
    Ok(words.iter().flat_map(|word| word.to_le_bytes()).take(n).collect())
}

pub fn set_affinity(pid: i32, mask: &[u8]) -> Result<(), Errno> {
    let words: Vec<usize> = mask
        .chunks(size_of::<usize>())
        .map(|chunk| chunk.iter().rev().fold(0, |word, byte| word << 8 | usize::from(*byte)))
        .collect();
    let length = mask.len();
    // SAFETY: the mask has at least the length that is named.
    unsafe { call(libc::SYS_sched_setaffinity, [pid as usize, length, words.as_ptr() as usize]) }.map(drop)
}

pub fn sched_getparam(pid: i32) -> Result<i32, Errno> {
    let mut priority = 0i32;
    // SAFETY: `struct sched_param` is one int.
    unsafe { call(libc::SYS_sched_getparam, [pid as usize, &raw mut priority as usize]) }?;
    Ok(priority)
}

pub fn sched_setparam(pid: i32, priority: i32) -> Result<(), Errno> {
    // SAFETY: `struct sched_param` is one int.
    unsafe { call(libc::SYS_sched_setparam, [pid as usize, &raw const priority as usize]) }.map(drop)
}

pub fn sched_setscheduler(pid: i32, policy: i32, priority: i32) -> Result<(), Errno> {
    // SAFETY: `struct sched_param` is one int.
    unsafe { call(libc::SYS_sched_setscheduler, [pid as usize, policy as usize, &raw const priority as usize]) }
        .map(drop)
}

pub fn sched_rr_get_interval(pid: i32) -> Result<crate::time::Time, Errno> {
    let mut time = crate::time::Time::default();
    // SAFETY: the time lives over the call.
    unsafe { call(nr::SCHED_RR_GET_INTERVAL, [pid as usize, &raw mut time as usize]) }?;
    Ok(time)
}

/// man 2 sched_getattr as words in host order; `struct sched_attr` is 56 bytes.
pub fn sched_getattr(pid: i32, size: u32, flags: u32) -> Result<[u64; 7], Errno> {
    let mut raw = [0u64; 7];
    // SAFETY: the structure has at least `size` bytes.
    unsafe {
        call(libc::SYS_sched_getattr, [pid as usize, raw.as_mut_ptr() as usize, size.min(56) as usize, flags as usize])
    }?;
    Ok(raw)
}

/// man 2 sched_setattr; the words are those of [`sched_getattr`].
pub fn sched_setattr(pid: i32, attributes: &[u64; 7], flags: u32) -> Result<(), Errno> {
    // SAFETY: the structure says its own size, which the caller keeps at 56 or less.
    unsafe { call(libc::SYS_sched_setattr, [pid as usize, attributes.as_ptr() as usize, flags as usize]) }.map(drop)
}

/// man 2 prlimit: limits are 64 bits everywhere; `u64::MAX` is no limit.
pub fn prlimit(pid: i32, resource: u32, new: Option<[u64; 2]>) -> Result<[u64; 2], Errno> {
    let mut old = [0u64; 2];
    let pointer = new.as_ref().map_or(0, |new| new.as_ptr() as usize);
    // SAFETY: both pairs live over the call.
    unsafe { call(libc::SYS_prlimit64, [pid as usize, resource as usize, pointer, old.as_mut_ptr() as usize]) }?;
    Ok(old)
}

/// man 2 getrusage: user and system time (seconds, microseconds), then the 14 counters from `ru_maxrss` on.
pub fn rusage(who: i32) -> Result<[i64; 18], Errno> {
    let mut raw = [0isize; 18];
    // SAFETY: `struct rusage` is 18 longs.
    unsafe { call(libc::SYS_getrusage, [who as usize, raw.as_mut_ptr() as usize]) }?;
    Ok(raw.map(|word| word as i64))
}

/// man 2 getcpu: CPU and node.
pub fn getcpu() -> Result<[u32; 2], Errno> {
    let mut pair = [0u32; 2];
    let [cpu, node] = &mut pair;
    // SAFETY: the kernel fills two ints.
    unsafe { call(libc::SYS_getcpu, [cpu as *mut u32 as usize, node as *mut u32 as usize, 0]) }?;
    Ok(pair)
}

/// Number of CPUs that the scheduler may use, at least 1.
pub fn cpus() -> usize {
    // SAFETY: no pointers.
    check(unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) } as libc::c_int).map_or(1, |n| n.max(1) as usize)
}
