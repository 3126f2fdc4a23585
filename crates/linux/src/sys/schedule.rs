//! Scheduling (man 7 sched).

use super::{Answer, answer};
use crate::abi::{Abi, Timespec};
use crate::errno::Errno;
use crate::task::Task;
use crate::user::{Address, UserMut, UserPtr};
use host::identity;

pub fn sched_yield(_task: &mut Task) -> Answer {
    answer(identity::sched_yield())
}

pub fn sched_getscheduler(_task: &mut Task, pid: i32) -> Answer {
    answer(identity::sched_getscheduler(pid))
}

pub fn sched_setscheduler(task: &mut Task, pid: i32, policy: i32, param: UserPtr<i32>) -> Answer {
    if param.is_null() || pid < 0 || policy < 0 {
        return Err(Errno::EINVAL);
    }
    let priority = param.read(task)?;
    identity::sched_setscheduler(pid, policy, priority)?;
    Ok(0)
}

pub fn sched_getparam(task: &mut Task, pid: i32, param: UserMut<i32>) -> Answer {
    if param.is_null() || pid < 0 {
        return Err(Errno::EINVAL);
    }
    let priority = identity::sched_getparam(pid)?;
    param.write(task, &priority)?;
    Ok(0)
}

pub fn sched_setparam(task: &mut Task, pid: i32, param: UserPtr<i32>) -> Answer {
    if param.is_null() || pid < 0 {
        return Err(Errno::EINVAL);
    }
    let priority = param.read(task)?;
    identity::sched_setparam(pid, priority)?;
    Ok(0)
}

pub fn sched_get_priority_max(_task: &mut Task, policy: i32) -> Answer {
    answer(identity::sched_get_priority_max(policy))
}

pub fn sched_get_priority_min(_task: &mut Task, policy: i32) -> Answer {
    answer(identity::sched_get_priority_min(policy))
}

pub fn sched_rr_get_interval(task: &mut Task, pid: i32, tp: UserMut<Timespec>) -> Answer {
    let time = identity::sched_rr_get_interval(pid)?;
    tp.write(task, &Timespec { tv_sec: time.seconds, tv_nsec: time.nanoseconds })?;
    Ok(0)
}

pub fn sched_getaffinity(task: &mut Task, pid: i32, cpusetsize: u64, mask: Address) -> Answer {
    // Whole longs only, as the kernel has it.
    let length = cpusetsize as u32 as usize;
    if length & 7 != 0 || (length as u32).wrapping_mul(8) < identity::cpus() as u32 {
        return Err(Errno::EINVAL);
    }
    let mut bits = identity::affinity(pid, length)?;
    let used = bits.len().next_multiple_of(8);
    bits.resize(used, 0);
    task.store(mask.0, &bits)?;
    Ok(used as u64)
}

pub fn sched_setaffinity(task: &mut Task, pid: i32, cpusetsize: u64, mask: Address) -> Answer {
    let mut bits = vec![0; (cpusetsize as u32 as usize).min(8192)];
    task.load(mask.0, &mut bits)?;
    identity::set_affinity(pid, &bits)?;
    Ok(0)
}

/// man 2 sched_getattr: `struct sched_attr` of 56 bytes.
pub fn sched_getattr(task: &mut Task, pid: i32, attr: Address, size: u32, flags: u32) -> Answer {
    if !(48..=4096).contains(&size) || flags != 0 || attr.0 == 0 {
        return Err(Errno::EINVAL);
    }
    let raw = identity::sched_getattr(pid, size, flags)?;
    let bytes = attributes_to_guest(&raw);
    let length = u32::decode(&bytes[..4]).min(56) as usize;
    // What the kernel does not know is zero.
    let mut answer = bytes[..length].to_vec();
    answer.resize(size as usize, 0);
    task.store(attr.0, &answer)?;
    Ok(0)
}

/// `struct sched_attr`: size and policy, flags, nice and priority, three times, two clamps. Words 0, 2 and 6 are pairs of 32 bits.
fn attributes_to_guest(raw: &[u64; 7]) -> [u8; 56] {
    let mut bytes = [0u8; 56];
    for (index, (word, field)) in raw.iter().zip(bytes.chunks_exact_mut(8)).enumerate() {
        if matches!(index, 0 | 2 | 6) {
            for (half, out) in word.to_ne_bytes().chunks_exact(4).zip(field.chunks_exact_mut(4)) {
                u32::from_ne_bytes([half[0], half[1], half[2], half[3]]).encode(out);
            }
        } else {
            word.encode(field);
        }
    }
    bytes
}

/// man 2 sched_setattr.
pub fn sched_setattr(task: &mut Task, pid: i32, attr: Address, flags: u32) -> Answer {
    if attr.0 == 0 || pid < 0 || flags != 0 {
        return Err(Errno::EINVAL);
    }
    const FIRST: u32 = 48;
    const KNOWN: usize = 56;
    let size = match crate::user::UserMut::<u32>::new(attr.0).read(task)? {
        0 => FIRST,
        size => size,
    };
    if !(FIRST..=4096).contains(&size) {
        crate::user::UserMut::<u32>::new(attr.0).write(task, &(KNOWN as u32))?;
        return Err(Errno::E2BIG);
    }
    let mut bytes = vec![0; size as usize];
    task.load(attr.0, &mut bytes)?;
    if bytes.iter().skip(KNOWN).any(|&byte| byte != 0) {
        crate::user::UserMut::<u32>::new(attr.0).write(task, &(KNOWN as u32))?;
        return Err(Errno::E2BIG);
    }
    bytes.resize(KNOWN, 0);
    let mut raw = [0u64; 7];
    for (index, (word, field)) in raw.iter_mut().zip(bytes.chunks_exact(8)).enumerate() {
        *word = if matches!(index, 0 | 2 | 6) {
            let mut native = [0; 8];
            native[..4].copy_from_slice(&u32::decode(&field[..4]).to_ne_bytes());
            native[4..].copy_from_slice(&u32::decode(&field[4..]).to_ne_bytes());
            u64::from_ne_bytes(native)
        } else {
            u64::decode(field)
        };
    }
    // The kernel reads as much as the size says.
    let mut head = raw[0].to_ne_bytes();
    head[..4].copy_from_slice(&(size.min(KNOWN as u32)).to_ne_bytes());
    raw[0] = u64::from_ne_bytes(head);
    identity::sched_setattr(pid, &raw, flags)?;
    Ok(0)
}

pub fn getcpu(task: &mut Task, cpu: UserMut<u32>, node: UserMut<u32>, _tcache: Address) -> Answer {
    let [this, its_node] = identity::getcpu()?;
    // Both are tried before either fails.
    let written = cpu.write_optional(task, &this);
    node.write_optional(task, &its_node).and(written)?;
    Ok(0)
}

/// man 2 membarrier: the guest's threads are the host's.
pub fn membarrier(_task: &mut Task, cmd: i32, flags: u32, cpu_id: i32) -> Answer {
    answer(identity::membarrier(cmd, flags, cpu_id))
}
