//! Waiting for children: `man 2 wait4`, `man 2 waitid`.

use crate::abi::flags::{IdType, WaitOptions};
use crate::abi::{Rusage, SigInfo, Timeval};
use crate::errno::Errno;
use crate::task::Task;
use crate::user::UserMut;
use host::process::Usage;

/// `struct rusage` of the guest.
pub fn rusage(usage: &Usage) -> Rusage {
    let time = |(tv_sec, tv_usec)| Timeval { tv_sec, tv_usec };
    let [maxrss, ixrss, idrss, isrss, minflt, majflt, nswap, inblock, oublock, msgsnd, msgrcv, nsignals, nvcsw, nivcsw] =
        usage.counters;
    Rusage {
        ru_utime: time(usage.user),
        ru_stime: time(usage.system),
        ru_maxrss: maxrss,
        ru_ixrss: ixrss,
        ru_idrss: idrss,
        ru_isrss: isrss,
        ru_minflt: minflt,
        ru_majflt: majflt,
        ru_nswap: nswap,
        ru_inblock: inblock,
        ru_oublock: oublock,
        ru_msgsnd: msgsnd,
        ru_msgrcv: msgrcv,
        ru_nsignals: nsignals,
        ru_nvcsw: nvcsw,
        ru_nivcsw: nivcsw,
    }
}

/// man 2 wait4.
pub fn wait4(
    task: &mut Task,
    pid: i32,
    wstatus: UserMut<i32>,
    options: WaitOptions,
    usage: UserMut<Rusage>,
) -> Result<u64, Errno> {
    let (pid, status, used) =
        host::process::wait4(pid, options.0).map_err(|error| Errno::from(error).restart_as(Errno::RESTARTSYS))?;
    if pid > 0 {
        wstatus.write_optional(task, &status)?;
        usage.write_optional(task, &rusage(&used))?;
    }
    Ok(pid as u64)
}

/// man 2 waitid.
pub fn waitid(
    task: &mut Task,
    idtype: IdType,
    id: i32,
    infop: UserMut<SigInfo>,
    options: WaitOptions,
    usage: UserMut<Rusage>,
) -> Result<u64, Errno> {
    const P_PIDFD: i32 = 3;
    let id = if idtype.0 == P_PIDFD { crate::user::visible(id) } else { id };
    let (info, used) = match host::process::waitid(idtype.0, id, options.0) {
        Ok(found) => found,
        Err(error) => {
            // Even then the members are written, as zero.
            if !infop.is_null() {
                write_info(task, infop.address, &[0; 128])?;
            }
            return Err(Errno::from(error).restart_as(Errno::RESTARTSYS));
        }
    };
    if info.is_some() {
        usage.write_optional(task, &rusage(&used))?;
    }
    if !infop.is_null() {
        write_info(task, infop.address, &info.unwrap_or_default().0)?;
    }
    Ok(0)
}

/// The kernel writes the members that it fills, and nothing between and behind them.
fn write_info(task: &mut Task, address: u64, raw: &[u8; 128]) -> Result<(), Errno> {
    task.store(address, &raw[..12])?;
    task.store(address.wrapping_add(16), &raw[16..28])
}
