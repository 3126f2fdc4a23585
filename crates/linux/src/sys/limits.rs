//! Limits and usage (man 2 getrlimit, getrusage, getpriority, ioprio_set).

use super::{Answer, answer};
use crate::abi::flags::{Resource, RusageWho};
use crate::abi::{Rlimit, Rusage, Timeval};
use crate::errno::Errno;
use crate::task::Task;
use crate::user::{UserMut, UserPtr};
use host::identity;

pub fn getrlimit(task: &mut Task, resource: Resource, rlim: UserMut<Rlimit>) -> Answer {
    if rlim.is_null() {
        limit(task, 0, resource.0, None)?;
        return Err(Errno::EFAULT);
    }
    prlimit64(task, 0, resource, UserPtr::new(0), rlim)
}

pub fn setrlimit(task: &mut Task, resource: Resource, rlim: UserPtr<Rlimit>) -> Answer {
    let new = rlim.read(task)?;
    limit(task, 0, resource.0, Some([new.rlim_cur, new.rlim_max]))?;
    Ok(0)
}

pub fn prlimit64(
    task: &mut Task,
    pid: i32,
    resource: Resource,
    new_limit: UserPtr<Rlimit>,
    old_limit: UserMut<Rlimit>,
) -> Answer {
    let new = new_limit.read_optional(task)?.map(|new| [new.rlim_cur, new.rlim_max]);
    let [rlim_cur, rlim_max] = limit(task, pid, resource.0, new)?;
    old_limit.write_optional(task, &Rlimit { rlim_cur, rlim_max })?;
    Ok(0)
}

/// The host's limits are the guest's, but for the sizes of the address space and of the data, where what is blink's must not count.
fn limit(task: &Task, pid: i32, resource: u32, new: Option<[u64; 2]>) -> Result<[u64; 2], Errno> {
    const DATA: u32 = 2;
    const ADDRESS_SPACE: u32 = 9;
    const CAP_SYS_RESOURCE: u32 = 24;
    let mut limits = task.process.mm.limits();
    let kept = match resource {
        DATA => &mut limits.data,
        ADDRESS_SPACE => &mut limits.address_space,
        _ => return Ok(identity::prlimit(pid, resource, new)?),
    };
    if pid != 0 && pid != host::process::pid() {
        return Ok(identity::prlimit(pid, resource, new)?);
    }
    let old = match *kept {
        Some(limit) => limit,
        None => identity::prlimit(0, resource, None)?,
    };
    if let Some([soft, hard]) = new {
        if soft > hard {
            return Err(Errno::EINVAL);
        }
        if hard > old[1] && !identity::has_capability(CAP_SYS_RESOURCE) {
            return Err(Errno::EPERM);
        }
        *kept = Some([soft, hard]);
        task.process.mm.set_limits(limits);
    }
    Ok(old)
}

pub fn getrusage(task: &mut Task, who: RusageWho, usage: UserMut<Rusage>) -> Answer {
    let raw = identity::rusage(who.0)?;
    let answer = Rusage {
        ru_utime: Timeval { tv_sec: raw[0], tv_usec: raw[1] },
        ru_stime: Timeval { tv_sec: raw[2], tv_usec: raw[3] },
        ru_maxrss: raw[4],
        ru_ixrss: raw[5],
        ru_idrss: raw[6],
        ru_isrss: raw[7],
        ru_minflt: raw[8],
        ru_majflt: raw[9],
        ru_nswap: raw[10],
        ru_inblock: raw[11],
        ru_oublock: raw[12],
        ru_msgsnd: raw[13],
        ru_msgrcv: raw[14],
        ru_nsignals: raw[15],
        ru_nvcsw: raw[16],
        ru_nivcsw: raw[17],
    };
    usage.write(task, &answer)?;
    Ok(0)
}

pub fn getpriority(_task: &mut Task, which: i32, who: i32) -> Answer {
    answer(identity::getpriority(which, who))
}

pub fn setpriority(_task: &mut Task, which: i32, who: i32, prio: i32) -> Answer {
    answer(identity::setpriority(which, who, prio))
}

pub fn ioprio_get(_task: &mut Task, which: i32, who: i32) -> Answer {
    answer(identity::ioprio_get(which, who))
}

pub fn ioprio_set(_task: &mut Task, which: i32, who: i32, ioprio: i32) -> Answer {
    answer(identity::ioprio_set(which, who, ioprio))
}
