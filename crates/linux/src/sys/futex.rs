//! Futexes: `man 2 futex`. The host's futexes on the host memory behind the guest's words.

use crate::abi::flags::FutexOp;
use crate::abi::{Abi, Timespec};
use crate::errno::Errno;
use crate::lend::is_user;
use crate::task::{Restart, RobustList, Task};
use crate::user::{Address, UserMut, UserPtr};
use host::time::Time;
use memory::{Access, GuestRange};

const FUTEX_WAIT: i32 = 0;
const FUTEX_WAKE: i32 = 1;
const FUTEX_REQUEUE: i32 = 3;
const FUTEX_CMP_REQUEUE: i32 = 4;
const FUTEX_WAKE_OP: i32 = 5;
const FUTEX_LOCK_PI: i32 = 6;
const FUTEX_UNLOCK_PI: i32 = 7;
const FUTEX_TRYLOCK_PI: i32 = 8;
const FUTEX_WAIT_BITSET: i32 = 9;
const FUTEX_WAKE_BITSET: i32 = 10;
const FUTEX_WAIT_REQUEUE_PI: i32 = 11;
const FUTEX_CMP_REQUEUE_PI: i32 = 12;
const FUTEX_LOCK_PI2: i32 = 13;
const PRIVATE_FLAG: i32 = 128;
const CLOCK_REALTIME_FLAG: i32 = 256;
const ANY: u32 = u32::MAX;

const OWNER_DIED: u32 = 0x4000_0000;
const WAITERS: u32 = 0x8000_0000;
const TID_MASK: u32 = 0x3fff_ffff;

fn word(task: &mut Task, address: u64, access: Access) -> Result<GuestRange, Errno> {
    if address & 3 != 0 {
        return Err(Errno::EINVAL);
    }
    task.cpu.memory.range(address, 4, access).map_err(|_| Errno::EFAULT)
}

/// man 2 futex.
pub fn futex(
    task: &mut Task,
    uaddr: Address,
    futex_op: FutexOp,
    val: u32,
    timeout: Address,
    uaddr2: Address,
    val3: u32,
) -> Result<u64, Errno> {
    let operation = futex_op.0 & !(PRIVATE_FLAG | CLOCK_REALTIME_FLAG);
    let flags = futex_op.0 & PRIVATE_FLAG;
    let has_time =
        matches!(operation, FUTEX_WAIT | FUTEX_WAIT_BITSET | FUTEX_LOCK_PI | FUTEX_LOCK_PI2 | FUTEX_WAIT_REQUEUE_PI);
    // Whatever the manual page says of FUTEX_WAIT.
    let takes_clock = matches!(operation, FUTEX_WAIT_BITSET | FUTEX_LOCK_PI2 | FUTEX_WAIT_REQUEUE_PI);
    if futex_op.0 & CLOCK_REALTIME_FLAG != 0 && !takes_clock {
        return Err(Errno::ENOSYS);
    }
    let time = if has_time && timeout.0 != 0 { Some(read_time(task, timeout.0)?) } else { None };
    let limit = timeout.0 as u32;
    let result = match operation {
        FUTEX_WAIT | FUTEX_WAIT_BITSET => {
            let bitset = if operation == FUTEX_WAIT { ANY } else { val3 };
            // A relative time becomes a deadline, so that the call can be restarted.
            let deadline = match time {
                Some(time) if operation == FUTEX_WAIT => Some(host::time::now().saturating_add(time)),
                other => other,
            };
            let operation = FUTEX_WAIT_BITSET | flags | futex_op.0 & CLOCK_REALTIME_FLAG;
            return wait(task, uaddr.0, operation, val, bitset, deadline);
        }
        FUTEX_WAKE | FUTEX_WAKE_BITSET => {
            let word = match word(task, uaddr.0, Access::Read) {
                // A private word is known by its address alone; nobody waits where nothing is mapped.
                Err(Errno::EFAULT) if flags != 0 && is_user(uaddr.0, 4) => {
                    return if (operation, val3) == (FUTEX_WAKE_BITSET, 0) { Err(Errno::EINVAL) } else { Ok(0) };
                }
                word => word?,
            };
            host::futex::wake(&word, operation | flags, val, val3)
        }
        FUTEX_WAIT_REQUEUE_PI if cfg!(target_endian = "little") => {
            let first = word(task, uaddr.0, Access::Read)?;
            let second = word(task, uaddr2.0, Access::Write)?;
            let result = host::futex::wait_requeue(&first, futex_op.0, val, time.as_ref(), &second);
            return result
                .map(|count| count as u64)
                .map_err(|error| Errno::from(error).restart_as(Errno::RESTARTNOINTR));
        }
        FUTEX_REQUEUE | FUTEX_CMP_REQUEUE => {
            return requeue(task, [uaddr.0, uaddr2.0], operation | flags, val, limit, val3);
        }
        FUTEX_CMP_REQUEUE_PI if cfg!(target_endian = "little") => {
            return requeue(task, [uaddr.0, uaddr2.0], operation | flags, val, limit, val3);
        }
        FUTEX_WAKE_OP => return wake_op(task, uaddr.0, flags, val, limit, uaddr2.0, val3),
        FUTEX_LOCK_PI | FUTEX_LOCK_PI2 | FUTEX_UNLOCK_PI | FUTEX_TRYLOCK_PI if cfg!(target_endian = "little") => {
            let word = word(task, uaddr.0, Access::Write)?;
            let result = host::futex::priority(&word, futex_op.0, val, time.as_ref());
            return result
                .map(|count| count as u64)
                .map_err(|error| Errno::from(error).restart_as(Errno::RESTARTNOINTR));
        }
        _ => {
            host::log::line(&format!("futex operation {operation} is not supported: ENOSYS"));
            return Err(Errno::ENOSYS);
        }
    };
    Ok(result? as u64)
}

/// All kinds of requeuing: `count` are woken, and `limit` others wait on the second word from then on.
fn requeue(task: &mut Task, words: [u64; 2], operation: i32, count: u32, limit: u32, value: u32) -> Result<u64, Errno> {
    let first = word(task, words[0], Access::Read)?;
    let second = word(task, words[1], Access::Write)?;
    Ok(host::futex::requeue(&first, operation, count, limit, &second, value)? as u64)
}

fn read_time(task: &mut Task, address: u64) -> Result<Time, Errno> {
    let time = UserPtr::<Timespec>::new(address).read(task)?;
    if time.tv_sec < 0 || !(0..1_000_000_000).contains(&time.tv_nsec) {
        return Err(Errno::EINVAL);
    }
    Ok(Time { seconds: time.tv_sec, nanoseconds: time.tv_nsec })
}

/// Waits, also on behalf of `restart_syscall`. `operation` is `FUTEX_WAIT_BITSET` with its flags, the deadline absolute.
pub fn wait(
    task: &mut Task,
    address: u64,
    operation: i32,
    value: u32,
    bitset: u32,
    deadline: Option<Time>,
) -> Result<u64, Errno> {
    let word = word(task, address, Access::Read)?;
    let error = match host::futex::wait(&word, operation, value, deadline.as_ref(), bitset) {
        Ok(_) => return Ok(0),
        Err(error) => Errno::from(error),
    };
    if error != Errno::EINTR {
        return Err(error);
    }
    if deadline.is_none() {
        return Err(Errno::RESTARTSYS);
    }
    task.restart = Restart::Futex { address, value, operation, bitset, deadline };
    Err(Errno::RESTART_RESTARTBLOCK)
}

fn wake_op(
    task: &mut Task,
    address: u64,
    flags: i32,
    count: u32,
    count_other: u32,
    other: u64,
    change: u32,
) -> Result<u64, Errno> {
    let first = word(task, address, Access::Read)?;
    let second = word(task, other, Access::Write)?;
    if cfg!(target_endian = "little") {
        return Ok(host::futex::wake_op(&first, FUTEX_WAKE_OP | flags, count, count_other, &second, change)? as u64);
    }
    let (kind, comparison) = (change >> 28 & 7, change >> 24 & 15);
    let mut operand = (change << 8) as i32 >> 20;
    if change >> 31 != 0 {
        operand = 1 << (operand & 31);
    }
    let old = loop {
        let old = UserPtr::<u32>::new(other).read(task)?;
        let new = match kind {
            0 => operand as u32,
            1 => old.wrapping_add(operand as u32),
            2 => old | operand as u32,
            3 => old & !(operand as u32),
            4 => old ^ operand as u32,
            _ => return Err(Errno::ENOSYS),
        };
        let swapped = task.cpu.memory.compare_exchange::<4>(other, old.into(), new.into());
        if swapped.map_err(|_| Errno::EFAULT)?.is_ok() {
            break old as i32;
        }
    };
    let against = (change << 20) as i32 >> 20;
    let holds = match comparison {
        0 => old == against,
        1 => old != against,
        2 => old < against,
        3 => old <= against,
        4 => old > against,
        5 => old >= against,
        _ => return Err(Errno::ENOSYS),
    };
    let mut woken = host::futex::wake(&first, FUTEX_WAKE | flags, count, 0)?;
    if holds {
        woken += host::futex::wake(&second, FUTEX_WAKE | flags, count_other, 0)?;
    }
    Ok(woken as u64)
}

/// Wakes everybody who waits for a thread's end.
pub fn wake_all(task: &mut Task, address: u64) -> Result<(), Errno> {
    let word = word(task, address, Access::Read)?;
    // Whoever waits may have said that the word is private or not: these are two different queues of the host.
    host::futex::wake(&word, FUTEX_WAKE, i32::MAX as u32, 0)?;
    host::futex::wake(&word, FUTEX_WAKE | PRIVATE_FLAG, i32::MAX as u32, 0)?;
    Ok(())
}

/// man 2 set_robust_list.
pub fn set_robust_list(task: &mut Task, head: Address, len: u64) -> Result<u64, Errno> {
    if len != 24 {
        return Err(Errno::EINVAL);
    }
    let is_host = task.process.mm.is_linear() && host::futex::set_robust_list(head.0);
    task.robust_list = RobustList { head: head.0, is_host };
    Ok(0)
}

/// man 2 get_robust_list.
pub fn get_robust_list(task: &mut Task, pid: i32, head_ptr: UserMut<u64>, len_ptr: UserMut<u64>) -> Result<u64, Errno> {
    if pid != 0 && pid != task.tid {
        if host::signal::tkill(pid, 0).is_err_and(|error| Errno::from(error) != Errno::EPERM) {
            return Err(Errno::ESRCH);
        }
        host::log::line("get_robust_list of another thread is not supported: EPERM");
        return Err(Errno::EPERM);
    }
    let head = task.robust_list.head;
    len_ptr.write(task, &24)?;
    head_ptr.write(task, &head)?;
    Ok(0)
}

/// Marks the robust futexes of a thread that ends (`exit_robust_list` of the kernel).
///
/// DEVIATION: with paged memory, and on big-endian and 32-bit hosts, a thread that is killed together with its process marks nothing
/// for other processes. Elsewhere the host's kernel does it.
pub fn exit_robust_list(task: &mut Task) {
    const LIMIT: u32 = 2048;
    let RobustList { head, is_host } = core::mem::take(&mut task.robust_list);
    if is_host {
        // The list may be another thread's by the time that this one ends on the host.
        host::futex::set_robust_list(0);
    }
    if head == 0 {
        return;
    }
    let read = |task: &mut Task, address: u64| -> Option<u64> {
        let mut raw = [0; u64::SIZE];
        task.load(address, &mut raw).ok()?;
        Some(u64::from_le_bytes(raw))
    };
    let (Some(first), Some(offset), Some(pending)) =
        (read(task, head), read(task, head.wrapping_add(8)), read(task, head.wrapping_add(16)))
    else {
        return;
    };
    let mut entry = first;
    for _ in 0..LIMIT {
        let address = entry & !PRIORITY;
        if address == head {
            break;
        }
        let next = read(task, address);
        if address != pending & !PRIORITY {
            mark_dead(task, address.wrapping_add(offset), entry & PRIORITY != 0, Held::Surely);
        }
        match next {
            Some(next) => entry = next,
            None => break,
        }
    }
    if pending != 0 {
        mark_dead(task, (pending & !PRIORITY).wrapping_add(offset), pending & PRIORITY != 0, Held::Perhaps);
    }
}

/// The bit of an entry's address that says that the futex is one with priority inheritance.
const PRIORITY: u64 = 1;

/// Does a thread hold the futex of an entry, or was it about to take it or to give it back (`list_op_pending`)?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    Surely,
    Perhaps,
}

/// `handle_futex_death` of the kernel.
fn mark_dead(task: &mut Task, address: u64, has_priority: bool, held: Held) {
    if address & 3 != 0 {
        return;
    }
    while let Ok(value) = UserPtr::<u32>::new(address).read(task) {
        if held == Held::Perhaps && !has_priority && value & TID_MASK == 0 {
            // It has been given back, and the wake may be missing.
            return wake_next(task, address);
        }
        if value & TID_MASK != task.tid as u32 {
            return;
        }
        let new = value & WAITERS | OWNER_DIED;
        match task.cpu.memory.compare_exchange::<4>(address, value.into(), new.into()) {
            // Who waits for one with priority inheritance is woken by the host's kernel.
            Ok(Ok(_)) if has_priority || value & WAITERS == 0 => return,
            Ok(Ok(_)) => return wake_next(task, address),
            Ok(Err(_)) => {}
            Err(_) => return,
        }
    }
}

fn wake_next(task: &mut Task, address: u64) {
    if let Ok(word) = word(task, address, Access::Read) {
        let _ = host::futex::wake(&word, FUTEX_WAKE, 1, 0);
        let _ = host::futex::wake(&word, FUTEX_WAKE | PRIVATE_FLAG, 1, 0);
    }
}
