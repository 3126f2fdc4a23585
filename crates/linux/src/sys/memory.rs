//! Mappings: [`AddressSpace`](crate::mm::AddressSpace) does the work (man 2 mmap, munmap, mprotect, mremap, brk, madvise, mlock).

use super::Answer;
use crate::abi::flags::{Advice, MapFlags, MsyncFlags, Prot, RemapFlags};
use crate::errno::Errno;
use crate::lend::is_user;
use crate::mm::calls::{Flags, Prot as Rights};
use crate::task::Task;
use crate::user::{Address, Fd, Hex, UserBuf};

pub fn mmap(task: &mut Task, addr: Address, length: u64, prot: Prot, flags: MapFlags, fd: Fd, offset: Hex) -> Answer {
    task.process.mm.mmap(addr.0, length, Rights(prot.0), Flags(flags.0), fd.0, offset.0)
}

/// From this length on, memory is given back to the host at once.
const RELEASED: u64 = 1 << 20;

pub fn munmap(task: &mut Task, addr: Address, length: u64) -> Answer {
    let result = task.process.mm.munmap(addr.0, length);
    // Handles would keep large host mappings of the paged form alive.
    if length >= RELEASED && !task.process.mm.is_linear() {
        task.cpu.memory.release();
    }
    result
}

pub fn mprotect(task: &mut Task, addr: Address, length: u64, prot: Prot) -> Answer {
    task.process.mm.mprotect(addr.0, length, Rights(prot.0))
}

/// man 2 pkey_mprotect: without keys only 0 is one.
pub fn pkey_mprotect(task: &mut Task, addr: Address, length: u64, prot: Prot, pkey: i32) -> Answer {
    if matches!(pkey, -1 | 0) {
        return mprotect(task, addr, length, prot);
    }
    // The range is looked at before the key, of which there is only 0.
    match addr.0 & 4095 {
        0 if length == 0 => Ok(0),
        0 if addr.0.checked_add(length.wrapping_add(4095) & !4095).is_none_or(|end| end <= addr.0) => {
            Err(Errno::ENOMEM)
        }
        _ => Err(Errno::EINVAL),
    }
}

/// man 2 pkey_alloc: the guest's CPU has no protection keys.
pub fn pkey_alloc(_task: &mut Task, flags: u64, access_rights: u64) -> Answer {
    if flags != 0 || access_rights & !3 != 0 { Err(Errno::EINVAL) } else { Err(Errno::ENOSPC) }
}

pub fn pkey_free(_task: &mut Task, _pkey: i32) -> Answer {
    Err(Errno::EINVAL)
}

pub fn brk(task: &mut Task, addr: Address) -> Answer {
    Ok(task.process.mm.brk(addr.0))
}

pub fn mremap(
    task: &mut Task,
    old_address: Address,
    old_size: u64,
    new_size: u64,
    flags: RemapFlags,
    new_address: Address,
) -> Answer {
    task.process.mm.mremap(old_address.0, old_size, new_size, flags.0, new_address.0)
}

pub fn madvise(task: &mut Task, addr: Address, length: u64, advice: Advice) -> Answer {
    task.process.mm.madvise(addr.0, length, advice.0)
}

pub fn msync(task: &mut Task, addr: Address, length: u64, flags: MsyncFlags) -> Answer {
    task.process.mm.msync(addr.0, length, flags.0)
}

pub fn mincore(task: &mut Task, addr: Address, length: u64, vec: UserBuf) -> Answer {
    let count = length.div_ceil(4096);
    if addr.0 & 4095 == 0 && is_user(addr.0, length) && !is_user(vec.0, count) {
        return Err(Errno::EFAULT);
    }
    let pages = task.process.mm.mincore(addr.0, length)?;
    vec.write(task, &pages)?;
    Ok(0)
}

pub fn mlock(task: &mut Task, addr: Address, len: u64) -> Answer {
    limit_locked(addr.0, len)?;
    task.process.mm.mlock(addr.0, len)
}

pub fn mlock2(task: &mut Task, addr: Address, len: u64, flags: i32) -> Answer {
    const MLOCK_ONFAULT: i32 = 1;
    match flags {
        0 => mlock(task, addr, len),
        // Nothing is brought in, so it need not be readable.
        MLOCK_ONFAULT => {
            limit_locked(addr.0, len)?;
            task.process.mm.munlock(addr.0, len)
        }
        _ => Err(Errno::EINVAL),
    }
}

/// What a process without the privilege may lock.
fn limit_locked(address: u64, length: u64) -> Result<(), Errno> {
    const CAP_IPC_LOCK: u32 = 14;
    const MEMLOCK: u32 = 8;
    if host::identity::has_capability(CAP_IPC_LOCK) {
        return Ok(());
    }
    let [soft, _] = host::identity::prlimit(0, MEMLOCK, None)?;
    if soft == 0 {
        return Err(Errno::EPERM);
    }
    let bytes = length.wrapping_add(address & 4095).wrapping_add(4095) & !4095;
    if bytes > soft { Err(Errno::ENOMEM) } else { Ok(()) }
}

pub fn munlock(task: &mut Task, addr: Address, len: u64) -> Answer {
    task.process.mm.munlock(addr.0, len)
}

/// man 2 mlockall: `MCL_CURRENT`, `MCL_FUTURE`, `MCL_ONFAULT`, the last not alone. Nothing is pinned.
pub fn mlockall(_task: &mut Task, flags: i32) -> Answer {
    if flags == 0 || flags & !7 != 0 || flags == 4 { Err(Errno::EINVAL) } else { Ok(0) }
}

pub fn munlockall(_task: &mut Task) -> Answer {
    Ok(0)
}
