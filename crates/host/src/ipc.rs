//! POSIX message queues and System V semaphores and message queues. Shared memory is the address space's business.

use crate::call::{blocking, call};
use crate::errno::Errno;
use crate::nr;
use crate::time::Time;
use alloc::vec::Vec;
use core::ffi::CStr;

fn optional<T>(value: Option<&T>) -> usize {
    value.map_or(0, |value| value as *const T as usize)
}

/// The name behind a slash: the C library passes the rest of such a string, and some emulators of the call look back.
fn slashed(name: &CStr) -> Vec<u8> {
    let mut text = vec![b'/'];
    text.extend_from_slice(name.to_bytes_with_nul());
    text
}

/// man 3 mq_open: attributes are flags, most messages, message size, current messages.
pub fn mq_open(name: &CStr, flags: u32, mode: u32, attributes: Option<[i64; 4]>) -> Result<i32, Errno> {
    let raw = attributes.map(native_attributes);
    let flags = crate::generic::to_host_open(flags) as usize;
    let name = slashed(name);
    // SAFETY: name and attributes live over the call.
    Ok(unsafe { call(libc::SYS_mq_open, [name[1..].as_ptr() as usize, flags, mode as usize, optional(raw.as_ref())]) }?
        as i32)
}

fn native_attributes(values: [i64; 4]) -> [isize; 8] {
    let mut raw = [0isize; 8];
    for (slot, value) in raw.iter_mut().zip(values) {
        *slot = isize::try_from(value).unwrap_or(isize::MAX);
    }
    // The flags hold O_NONBLOCK.
    raw[0] = crate::generic::to_host_open(values[0] as u32) as isize;
    raw
}

pub fn mq_unlink(name: &CStr) -> Result<(), Errno> {
    let name = slashed(name);
    // SAFETY: the name lives over the call.
    unsafe { call(libc::SYS_mq_unlink, [name[1..].as_ptr() as usize]) }.map(drop)
}

pub fn mq_send(queue: i32, message: &[u8], priority: u32, deadline: Option<Time>) -> Result<(), Errno> {
    let args =
        [queue as usize, message.as_ptr() as usize, message.len(), priority as usize, optional(deadline.as_ref())];
    // SAFETY: message and deadline live over the call.
    unsafe { blocking(nr::MQ_TIMEDSEND, args) }.map(drop)
}

/// The message's length and priority.
pub fn mq_receive(queue: i32, into: &mut [u8], deadline: Option<Time>) -> Result<(usize, u32), Errno> {
    let mut priority = 0u32;
    let args = [
        queue as usize,
        into.as_mut_ptr() as usize,
        into.len(),
        &raw mut priority as usize,
        optional(deadline.as_ref()),
    ];
    // SAFETY: buffer, priority and deadline live over the call.
    let n = unsafe { blocking(nr::MQ_TIMEDRECEIVE, args) }?;
    Ok((n, priority))
}

/// How a queue tells of a message: `SIGEV_SIGNAL` 0, `SIGEV_NONE` 1, `SIGEV_THREAD` 2 (a cookie for a socket of the C library).
#[derive(Clone, Copy, Debug)]
pub struct Notification {
    pub how: i32,
    /// A signal of the host, or the socket.
    pub number: i32,
    pub value: u64,
    pub cookie: [u8; 32],
}

/// man 3 mq_notify; `None` takes the registration back.
pub fn mq_notify(queue: i32, notification: Option<&Notification>) -> Result<(), Errno> {
    const THREAD: i32 = 2;
    let mut raw = [0usize; 64 / size_of::<usize>()];
    let mut pointer = 0;
    if let Some(notification) = notification {
        raw[0] = match notification.how {
            THREAD => notification.cookie.as_ptr() as usize,
            _ => crate::signal::values::to_host(notification.value),
        };
        // Two ints follow the union of pointer and int.
        let mut bytes = Vec::with_capacity(8);
        bytes.extend_from_slice(&notification.number.to_ne_bytes());
        bytes.extend_from_slice(&notification.how.to_ne_bytes());
        for (word, chunk) in raw[1..].iter_mut().zip(bytes.chunks_exact(size_of::<usize>())) {
            let mut native = [0; size_of::<usize>()];
            native.copy_from_slice(chunk);
            *word = usize::from_ne_bytes(native);
        }
        pointer = raw.as_ptr() as usize;
    }
    // SAFETY: event and cookie live over the call, and the kernel copies both.
    unsafe { call(libc::SYS_mq_notify, [queue as usize, pointer]) }.map(drop)
}

/// man 3 mq_getattr, mq_setattr: the attributes before.
pub fn mq_attributes(queue: i32, new: Option<[i64; 4]>) -> Result<[i64; 4], Errno> {
    let raw = new.map(native_attributes);
    let mut old = [0isize; 8];
    // SAFETY: both structures live over the call.
    unsafe { call(libc::SYS_mq_getsetattr, [queue as usize, optional(raw.as_ref()), old.as_mut_ptr() as usize]) }?;
    let flags = crate::generic::from_host_open(old[0] as u32);
    Ok([i64::from(flags), old[1] as i64, old[2] as i64, old[3] as i64])
}

/// System V calls, through the C library since some CPUs have only the `ipc` multiplexer.
pub fn semget(key: i32, count: i32, flags: i32) -> Result<i32, Errno> {
    // SAFETY: integers only.
    crate::errno::check(unsafe { libc::semget(key, count, flags) })
}

/// man 2 semtimedop: operations as (number, operation, flags), and how long to wait at most.
pub fn semop(id: i32, operations: &[(u16, i16, i16)], limit: Option<Time>) -> Result<(), Errno> {
    #[repr(C)]
    struct Operation(u16, i16, i16);
    let raw: Vec<Operation> =
        operations.iter().map(|&(number, change, flags)| Operation(number, change, flags)).collect();
    let args = [id as usize, raw.as_ptr() as usize, raw.len(), optional(limit.as_ref())];
    #[cfg(not(any(
        target_arch = "s390x",
        target_arch = "powerpc64",
        target_arch = "mips64",
        target_arch = "sparc64"
    )))]
    // SAFETY: operations and limit live over the call.
    return unsafe { blocking(nr::SEMTIMEDOP, args) }.map(drop);
    // These had only the multiplexer until Linux 5.1 gave the call one number for all of them.
    #[cfg(any(target_arch = "s390x", target_arch = "powerpc64", target_arch = "mips64", target_arch = "sparc64"))]
    // SAFETY: as above.
    return unsafe { blocking(392, args) }.map(drop);
}

/// `semctl` commands whose argument is a number or nothing: GETVAL, SETVAL, GETPID, GETNCNT, GETZCNT, IPC_RMID.
pub fn semctl(id: i32, number: i32, command: i32, value: i32) -> Result<i32, Errno> {
    if ![0, 11, 12, 14, 15, 16].contains(&command) {
        return Err(Errno::EINVAL);
    }
    // The argument is a union as wide as a pointer, with the int at its start.
    let mut union = [0; size_of::<usize>()];
    union[..4].copy_from_slice(&value.to_ne_bytes());
    // SAFETY: these commands take an int or nothing.
    crate::errno::check(unsafe { libc::semctl(id, number, command, usize::from_ne_bytes(union)) })
}

/// `SETALL`.
pub fn semctl_set_all(id: i32, values: &[u16]) -> Result<(), Errno> {
    // SAFETY: the caller made the array as long as the set.
    crate::errno::check(unsafe { libc::semctl(id, 0, 17, values.as_ptr()) }).map(drop)
}

/// `GETALL` for a set of `count` semaphores.
pub fn semctl_get_all(id: i32, count: usize) -> Result<Vec<u16>, Errno> {
    let mut values = vec![0u16; count.max(65536)];
    // SAFETY: no set is larger than the array.
    crate::errno::check(unsafe { libc::semctl(id, 0, 13, values.as_mut_ptr()) })?;
    values.truncate(count);
    Ok(values)
}

/// What `IPC_STAT` says of any System V object.
#[derive(Clone, Copy, Debug, Default)]
pub struct Permissions {
    pub key: i32,
    pub uid: u32,
    pub gid: u32,
    pub creator_uid: u32,
    pub creator_gid: u32,
    pub mode: u32,
    pub sequence: u16,
}

fn permissions(raw: &libc::ipc_perm) -> Permissions {
    Permissions {
        key: raw.__key,
        uid: raw.uid,
        gid: raw.gid,
        creator_uid: raw.cuid,
        creator_gid: raw.cgid,
        mode: raw.mode as u32,
        sequence: raw.__seq as u16,
    }
}

/// Permissions, times of the last operation and change, number of semaphores.
pub type SetStatus = (Permissions, i64, i64, u64);

/// `IPC_STAT`, `SEM_STAT` or `SEM_STAT_ANY` of a set of semaphores.
pub fn semctl_stat(id: i32, command: i32) -> Result<(i32, SetStatus), Errno> {
    if ![2, 18, 20].contains(&command) {
        return Err(Errno::EINVAL);
    }
    // SAFETY: all-zero is a valid semid_ds.
    let mut raw: libc::semid_ds = unsafe { core::mem::zeroed() };
    // SAFETY: the structure lives over the call.
    let result = crate::errno::check(unsafe { libc::semctl(id, 0, command, &mut raw) })?;
    Ok((result, (permissions(&raw.sem_perm), raw.sem_otime as i64, raw.sem_ctime as i64, raw.sem_nsems as u64)))
}

/// `IPC_SET` of a set of semaphores.
pub fn semctl_set(id: i32, uid: u32, gid: u32, mode: u32) -> Result<(), Errno> {
    // SAFETY: all-zero is a valid semid_ds.
    let mut raw: libc::semid_ds = unsafe { core::mem::zeroed() };
    raw.sem_perm.uid = uid;
    raw.sem_perm.gid = gid;
    raw.sem_perm.mode = mode as _;
    // SAFETY: the structure lives over the call.
    crate::errno::check(unsafe { libc::semctl(id, 0, libc::IPC_SET, &mut raw) }).map(drop)
}

pub fn msgget(key: i32, flags: i32) -> Result<i32, Errno> {
    // SAFETY: integers only.
    crate::errno::check(unsafe { libc::msgget(key, flags) })
}

/// man 2 msgsnd. A type beyond the host's long is refused.
pub fn msgsnd(id: i32, kind: i64, data: &[u8], flags: i32) -> Result<(), Errno> {
    let Ok(kind) = isize::try_from(kind) else {
        crate::log::line(&format!("message of type {kind:#x}, which this host has no room for: EINVAL"));
        return Err(Errno(libc::EINVAL));
    };
    let mut raw = Vec::with_capacity(size_of::<usize>() + data.len());
    raw.extend_from_slice(&kind.to_ne_bytes());
    raw.extend_from_slice(data);
    // SAFETY: type and data live over the call.
    crate::errno::check(unsafe { libc::msgsnd(id, raw.as_ptr().cast(), data.len(), flags) }).map(drop)
}

/// man 2 msgrcv: type and data.
pub fn msgrcv(id: i32, room: usize, kind: i64, flags: i32) -> Result<(i64, Vec<u8>), Errno> {
    let word = size_of::<usize>();
    let mut raw = vec![0u8; word + room];
    // SAFETY: the buffer has `room` bytes behind the type.
    let n = unsafe {
        libc::msgrcv(id, raw.as_mut_ptr().cast(), room, kind.clamp(isize::MIN as i64, isize::MAX as i64) as _, flags)
    };
    let n = crate::errno::check_size(n as isize)?;
    let mut native = [0; size_of::<usize>()];
    native.copy_from_slice(&raw[..word]);
    Ok((isize::from_ne_bytes(native) as i64, raw[word..word + n].to_vec()))
}

/// `msgctl(IPC_RMID)`.
pub fn msg_remove(id: i32) -> Result<(), Errno> {
    // SAFETY: this command takes no buffer.
    crate::errno::check(unsafe { libc::msgctl(id, libc::IPC_RMID, core::ptr::null_mut()) }).map(drop)
}

/// Permissions, times, counts, process ids.
pub type QueueStatus = (Permissions, [i64; 3], [u64; 3], [i32; 2]);

/// What `msgctl(IPC_STAT)` says: permissions, then send, receive and change times, bytes, messages, most bytes, last pids.
pub fn msg_stat(id: i32, command: i32) -> Result<(i32, QueueStatus), Errno> {
    if ![2, 11, 13].contains(&command) {
        return Err(Errno::EINVAL);
    }
    // SAFETY: all-zero is a valid msqid_ds.
    let mut raw: libc::msqid_ds = unsafe { core::mem::zeroed() };
    // SAFETY: the structure lives over the call.
    let result = crate::errno::check(unsafe { libc::msgctl(id, command, &mut raw) })?;
    let status = (
        permissions(&raw.msg_perm),
        [raw.msg_stime as i64, raw.msg_rtime as i64, raw.msg_ctime as i64],
        [raw.__msg_cbytes as u64, raw.msg_qnum as u64, raw.msg_qbytes as u64],
        [raw.msg_lspid, raw.msg_lrpid],
    );
    Ok((result, status))
}

/// `IPC_SET` of a queue.
pub fn msg_set(id: i32, uid: u32, gid: u32, mode: u32, bytes: u64) -> Result<(), Errno> {
    // SAFETY: all-zero is a valid msqid_ds.
    let mut raw: libc::msqid_ds = unsafe { core::mem::zeroed() };
    raw.msg_perm.uid = uid;
    raw.msg_perm.gid = gid;
    raw.msg_perm.mode = mode as _;
    raw.msg_qbytes = libc::msglen_t::try_from(bytes).unwrap_or(libc::msglen_t::MAX);
    // SAFETY: the structure lives over the call.
    crate::errno::check(unsafe { libc::msgctl(id, libc::IPC_SET, &mut raw) }).map(drop)
}

pub fn shmget(key: i32, size: u64, flags: i32) -> Result<i32, Errno> {
    let size = usize::try_from(size).map_err(|_| Errno(libc::EINVAL))?;
    // SAFETY: integers only.
    crate::errno::check(unsafe { libc::shmget(key, size, flags) })
}

/// What `shmctl(IPC_STAT)` says.
#[derive(Clone, Copy, Debug, Default)]
pub struct SegmentStatus {
    pub permissions: Permissions,
    pub size: u64,
    /// Of the last attach, detach and change.
    pub times: [i64; 3],
    /// Of the creator and of who attached or detached last.
    pub pids: [i32; 2],
    pub attached: u64,
}

/// `shmctl` with `IPC_STAT`, `SHM_STAT` or `SHM_STAT_ANY`: the call's result and the status.
pub fn shm_stat(id: i32, command: i32) -> Result<(i32, SegmentStatus), Errno> {
    if ![2, 13, 15].contains(&command) {
        return Err(Errno::EINVAL);
    }
    // SAFETY: all-zero is a valid shmid_ds.
    let mut raw: libc::shmid_ds = unsafe { core::mem::zeroed() };
    // SAFETY: the structure lives over the call.
    let result = crate::errno::check(unsafe { libc::shmctl(id, command, &mut raw) })?;
    let status = SegmentStatus {
        permissions: permissions(&raw.shm_perm),
        size: raw.shm_segsz as u64,
        times: [raw.shm_atime as i64, raw.shm_dtime as i64, raw.shm_ctime as i64],
        pids: [raw.shm_cpid, raw.shm_lpid],
        attached: raw.shm_nattch as u64,
    };
    Ok((result, status))
}

/// `shmctl` with `IPC_SET`: owner and mode.
pub fn shm_set(id: i32, uid: u32, gid: u32, mode: u32) -> Result<(), Errno> {
    // SAFETY: all-zero is a valid shmid_ds.
    let mut raw: libc::shmid_ds = unsafe { core::mem::zeroed() };
    raw.shm_perm.uid = uid;
    raw.shm_perm.gid = gid;
    raw.shm_perm.mode = mode as _;
    // SAFETY: the structure lives over the call.
    crate::errno::check(unsafe { libc::shmctl(id, libc::IPC_SET, &mut raw) }).map(drop)
}

/// `shmctl` with `IPC_RMID`, `SHM_LOCK` or `SHM_UNLOCK`.
pub fn shm_control(id: i32, command: i32) -> Result<(), Errno> {
    if ![0, 11, 12].contains(&command) {
        return Err(Errno::EINVAL);
    }
    // SAFETY: these commands take no buffer.
    crate::errno::check(unsafe { libc::shmctl(id, command, core::ptr::null_mut()) }).map(drop)
}

/// Which family of System V objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Memory,
    Semaphores,
    Queues,
}

/// `IPC_INFO` (`usage` false) and `SHM_INFO`, `SEM_INFO`, `MSG_INFO`: the call's result and the structure's words, ints for semaphores and queues,
/// longs for memory.
pub fn info(family: Family, usage: bool) -> Result<(i32, [i64; 10]), Errno> {
    let mut longs = [0usize; 16];
    let pointer = longs.as_mut_ptr();
    let command = |number| if usage { number } else { 3 };
    // SAFETY: no information structure is longer than 16 longs.
    let result = crate::errno::check(unsafe {
        match family {
            Family::Memory => libc::shmctl(0, command(14), pointer.cast()),
            Family::Semaphores => libc::semctl(0, 0, command(19), pointer),
            Family::Queues => libc::msgctl(0, command(12), pointer.cast()),
        }
    })?;
    let bytes: Vec<u8> = longs.iter().flat_map(|word| word.to_ne_bytes()).collect();
    let int = |at: usize| i64::from(i32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]));
    let words = match family {
        // The first field of the usage is an int and its padding.
        Family::Memory => core::array::from_fn(|i| if usage && i == 0 { int(0) } else { longs[i] as i64 }),
        _ => core::array::from_fn(|i| int(i * 4)),
    };
    Ok((result, words))
}
