//! Message queues, semaphores and shared memory (man 7 mq_overview, sysvipc). Attaching is the address space's business.

use super::{Answer, descriptor, done};
use crate::abi::consts::{O_CLOEXEC, O_DIRECT, O_NONBLOCK};
use crate::abi::flags::OpenFlags;
use crate::abi::{IpcPerm, MqAttr, MsqidDs, Sembuf, SemidDs, ShmidDs, SigEvent, Timespec};
use crate::errno::Errno;
use crate::task::Task;
use crate::user::{Address, Fd, Mode, Octal, UserBuf, UserMut, UserPtr, UserSlice, UserStr};
use alloc::vec::Vec;
use host::ipc::{self, Family, Notification, Permissions};
use host::time::Time;

/// The flags of `open` that `mq_open` hands on: those that it knows, and O_DIRECT, which a queue cannot.
const O_KNOWN: u32 = 0o303 | O_NONBLOCK | O_CLOEXEC | O_DIRECT;

/// Longest message of any queue.
const MESSAGE_MAX: u64 = 16 << 20;

fn attributes(value: &MqAttr) -> [i64; 4] {
    [value.mq_flags, value.mq_maxmsg, value.mq_msgsize, value.mq_curmsgs]
}

pub fn mq_open(task: &mut Task, name: UserStr, oflag: OpenFlags, mode: Mode, attr: UserPtr<MqAttr>) -> Answer {
    let attr = attr.read_optional(task)?;
    let name = name.read(task)?;
    let flags = oflag.0 & O_KNOWN;
    descriptor(ipc::mq_open(&name, flags, mode.0 & 0xffff, attr.as_ref().map(attributes)))
}

pub fn mq_unlink(task: &mut Task, name: UserStr) -> Answer {
    done(ipc::mq_unlink(&name.read(task)?))
}

fn deadline(task: &mut Task, time: UserPtr<Timespec>) -> Result<Option<Time>, Errno> {
    super::poll::timeout(time.read_optional(task)?)
}

pub fn mq_timedsend(
    task: &mut Task,
    mqdes: Fd,
    msg_ptr: UserSlice,
    msg_len: u64,
    msg_prio: u32,
    abs_timeout: UserPtr<Timespec>,
) -> Answer {
    const MQ_PRIO_MAX: u32 = 32768;
    let deadline = deadline(task, abs_timeout)?;
    if msg_prio >= MQ_PRIO_MAX {
        return Err(Errno::EINVAL);
    }
    // The queue refuses what is longer than its own limit, which no message of this size is below.
    let limit = ipc::mq_attributes(mqdes.0, None)?[2] as u64;
    if msg_len > limit {
        return Err(Errno::EMSGSIZE);
    }
    let message = msg_ptr.read(task, msg_len.min(MESSAGE_MAX))?;
    ipc::mq_send(mqdes.0, &message, msg_prio, deadline)
        .map_err(|error| Errno::from(error).restart_as(Errno::RESTARTSYS))?;
    Ok(0)
}

pub fn mq_timedreceive(
    task: &mut Task,
    mqdes: Fd,
    msg_ptr: UserBuf,
    msg_len: u64,
    msg_prio: UserMut<u32>,
    abs_timeout: UserPtr<Timespec>,
) -> Answer {
    let deadline = deadline(task, abs_timeout)?;
    let mut buffer = vec![0; msg_len.min(MESSAGE_MAX) as usize];
    let (n, priority) = ipc::mq_receive(mqdes.0, &mut buffer, deadline)
        .map_err(|error| Errno::from(error).restart_as(Errno::RESTARTSYS))?;
    msg_prio.write_optional(task, &priority)?;
    msg_ptr.write(task, &buffer[..n])?;
    Ok(n as u64)
}

/// man 3 mq_notify.
pub fn mq_notify(task: &mut Task, mqdes: Fd, sevp: UserPtr<SigEvent>) -> Answer {
    const SIGEV_SIGNAL: i32 = 0;
    const SIGEV_THREAD: i32 = 2;
    let Some(event) = sevp.read_optional(task)? else {
        return done(ipc::mq_notify(mqdes.0, None));
    };
    let mut notification =
        Notification { how: event.sigev_notify, number: event.sigev_signo, value: event.sigev_value, cookie: [0; 32] };
    match event.sigev_notify {
        SIGEV_SIGNAL => {
            notification.number = host::signal::host_number(event.sigev_signo).ok_or(Errno::EINVAL)?;
        }
        SIGEV_THREAD => {
            task.load(event.sigev_value, &mut notification.cookie)?;
            notification.number = crate::user::visible(event.sigev_signo);
        }
        _ => {}
    }
    done(ipc::mq_notify(mqdes.0, Some(&notification)))
}

pub fn mq_getsetattr(task: &mut Task, mqdes: Fd, newattr: UserPtr<MqAttr>, oldattr: UserMut<MqAttr>) -> Answer {
    let new = newattr.read_optional(task)?;
    if new.is_some_and(|new| new.mq_flags & !i64::from(O_NONBLOCK) != 0) {
        return Err(Errno::EINVAL);
    }
    let [mq_flags, mq_maxmsg, mq_msgsize, mq_curmsgs] = ipc::mq_attributes(mqdes.0, new.as_ref().map(attributes))?;
    oldattr.write_optional(task, &MqAttr { mq_flags, mq_maxmsg, mq_msgsize, mq_curmsgs })?;
    Ok(0)
}

pub fn semget(_task: &mut Task, key: i32, nsems: i32, semflg: Octal) -> Answer {
    descriptor(ipc::semget(key, nsems, semflg.0))
}

pub fn semop(task: &mut Task, semid: i32, sops: UserPtr<Sembuf>, nsops: u64) -> Answer {
    semtimedop(task, semid, sops, nsops, UserPtr::new(0))
}

pub fn semtimedop(
    task: &mut Task,
    semid: i32,
    sops: UserPtr<Sembuf>,
    nsops: u64,
    timeout: UserPtr<Timespec>,
) -> Answer {
    let limit = timeout.read_optional(task)?;
    // The kernel counts in 32 bits.
    let nsops = u64::from(nsops as u32);
    if nsops == 0 {
        return Err(Errno::EINVAL);
    }
    // SEMOPM
    if nsops > 500 {
        return Err(Errno::E2BIG);
    }
    let operations: Vec<_> =
        sops.read_array(task, nsops)?.iter().map(|op| (op.sem_num, op.sem_op, op.sem_flg)).collect();
    let limit = super::poll::timeout(limit)?;
    // EINTR even where the handler restarts calls (man 7 signal).
    done(ipc::semop(semid, &operations, limit))
}

fn permissions(of: &Permissions) -> IpcPerm {
    IpcPerm {
        key: of.key,
        uid: of.uid,
        gid: of.gid,
        cuid: of.creator_uid,
        cgid: of.creator_gid,
        mode: of.mode,
        seq: of.sequence,
    }
}

const IPC_RMID: i32 = 0;
const IPC_SET: i32 = 1;
const IPC_INFO: i32 = 3;
const SEM_STAT: i32 = 18;
const SEM_INFO: i32 = 19;
const SEM_STAT_ANY: i32 = 20;
const MSG_STAT: i32 = 11;
const MSG_INFO: i32 = 12;
const MSG_STAT_ANY: i32 = 13;
const SHM_LOCK: i32 = 11;
const SHM_UNLOCK: i32 = 12;
const SHM_STAT: i32 = 13;
const SHM_INFO: i32 = 14;
const SHM_STAT_ANY: i32 = 15;
const IPC_STAT: i32 = 2;
const GETPID: i32 = 11;
const GETVAL: i32 = 12;
const GETALL: i32 = 13;
const GETNCNT: i32 = 14;
const GETZCNT: i32 = 15;
const SETVAL: i32 = 16;
const SETALL: i32 = 17;

pub fn semctl(task: &mut Task, semid: i32, semnum: i32, cmd: i32, arg: Address) -> Answer {
    match cmd {
        IPC_RMID | GETPID | GETVAL | GETNCNT | GETZCNT | SETVAL => {
            descriptor(ipc::semctl(semid, semnum, cmd, arg.0 as i32))
        }
        IPC_STAT | SEM_STAT | SEM_STAT_ANY => {
            let (result, (perm, sem_otime, sem_ctime, sem_nsems)) = ipc::semctl_stat(semid, cmd)?;
            let answer = SemidDs { sem_perm: permissions(&perm), sem_otime, sem_ctime, sem_nsems };
            UserMut::new(arg.0).write(task, &answer)?;
            Ok(result as u64)
        }
        IPC_SET => {
            let new: SemidDs = UserPtr::new(arg.0).read(task)?;
            done(ipc::semctl_set(semid, new.sem_perm.uid, new.sem_perm.gid, new.sem_perm.mode))
        }
        GETALL => {
            let (_, (_, _, _, count)) = ipc::semctl_stat(semid, IPC_STAT)?;
            let values = ipc::semctl_get_all(semid, count as usize)?;
            UserMut::new(arg.0).write_array(task, &values)?;
            Ok(0)
        }
        SETALL => {
            let (_, (_, _, _, count)) = ipc::semctl_stat(semid, IPC_STAT)?;
            let values = UserPtr::<u16>::new(arg.0).read_array(task, count)?;
            done(ipc::semctl_set_all(semid, &values))
        }
        IPC_INFO | SEM_INFO => {
            // struct seminfo: ten ints.
            let (result, words) = ipc::info(Family::Semaphores, cmd == SEM_INFO)?;
            UserMut::new(arg.0).write(task, &words.map(|word| word as i32))?;
            Ok(result as u64)
        }
        _ => unsupported("semctl", cmd),
    }
}

fn unsupported(call: &str, command: i32) -> Answer {
    host::log::line(&format!("unsupported {call} command {command}: EINVAL"));
    Err(Errno::EINVAL)
}

pub fn msgget(_task: &mut Task, key: i32, msgflg: Octal) -> Answer {
    descriptor(ipc::msgget(key, msgflg.0))
}

pub fn msgsnd(task: &mut Task, msqid: i32, msgp: Address, msgsz: u64, msgflg: Octal) -> Answer {
    if msgsz > MESSAGE_MAX {
        return Err(Errno::EINVAL);
    }
    let kind: i64 = UserPtr::new(msgp.0).read(task)?;
    // The numbers are looked at before the text.
    if kind < 1 || msqid < 0 || msgsz > longest_message()? {
        return Err(Errno::EINVAL);
    }
    let mut data = vec![0; msgsz as usize];
    task.load(msgp.0.wrapping_add(8), &mut data)?;
    done(ipc::msgsnd(msqid, kind, &data, msgflg.0)).map_err(|error| error.restart_as(Errno::RESTARTNOHAND))
}

/// `/proc/sys/kernel/msgmax`, in `struct msginfo` behind `msgpool` and `msgmap`.
fn longest_message() -> Result<u64, Errno> {
    let (_, words) = ipc::info(Family::Queues, false)?;
    Ok(words[2] as u64)
}

pub fn msgrcv(task: &mut Task, msqid: i32, msgp: Address, msgsz: u64, msgtyp: i64, msgflg: Octal) -> Answer {
    if (msgsz as i64) < 0 {
        return Err(Errno::EINVAL);
    }
    let room = msgsz.min(MESSAGE_MAX) as usize;
    let (kind, data) = ipc::msgrcv(msqid, room, msgtyp, msgflg.0)
        .map_err(|error| Errno::from(error).restart_as(Errno::RESTARTNOHAND))?;
    UserMut::new(msgp.0).write(task, &kind)?;
    task.store(msgp.0.wrapping_add(8), &data)?;
    Ok(data.len() as u64)
}

pub fn msgctl(task: &mut Task, msqid: i32, cmd: i32, buf: Address) -> Answer {
    match cmd {
        IPC_RMID => done(ipc::msg_remove(msqid)),
        IPC_STAT | MSG_STAT | MSG_STAT_ANY => {
            let (result, (perm, times, counts, pids)) = ipc::msg_stat(msqid, cmd)?;
            let answer = MsqidDs {
                msg_perm: permissions(&perm),
                msg_stime: times[0],
                msg_rtime: times[1],
                msg_ctime: times[2],
                msg_cbytes: counts[0],
                msg_qnum: counts[1],
                msg_qbytes: counts[2],
                msg_lspid: pids[0],
                msg_lrpid: pids[1],
            };
            UserMut::new(buf.0).write(task, &answer)?;
            Ok(result as u64)
        }
        IPC_SET => {
            let new: MsqidDs = UserPtr::new(buf.0).read(task)?;
            done(ipc::msg_set(msqid, new.msg_perm.uid, new.msg_perm.gid, new.msg_perm.mode, new.msg_qbytes))
        }
        IPC_INFO | MSG_INFO => {
            // struct msginfo: seven ints and a short.
            let (result, words) = ipc::info(Family::Queues, cmd == MSG_INFO)?;
            let ints: [i32; 8] = core::array::from_fn(|i| words[i] as i32);
            UserMut::new(buf.0).write(task, &ints)?;
            Ok(result as u64)
        }
        _ => unsupported("msgctl", cmd),
    }
}

pub fn shmget(_task: &mut Task, key: i32, size: u64, shmflg: Octal) -> Answer {
    descriptor(ipc::shmget(key, size, shmflg.0))
}

pub fn shmat(task: &mut Task, shmid: i32, shmaddr: Address, shmflg: Octal) -> Answer {
    task.process.mm.shmat(shmid, shmaddr.0, shmflg.0)
}

pub fn shmdt(task: &mut Task, shmaddr: Address) -> Answer {
    let result = task.process.mm.shmdt(shmaddr.0);
    // Handles of its pages would keep the segment attached.
    task.cpu.memory.release();
    result
}

pub fn shmctl(task: &mut Task, shmid: i32, cmd: i32, buf: Address) -> Answer {
    match cmd {
        IPC_RMID | SHM_LOCK | SHM_UNLOCK => done(ipc::shm_control(shmid, cmd)),
        IPC_STAT | SHM_STAT | SHM_STAT_ANY => {
            let (result, status) = ipc::shm_stat(shmid, cmd)?;
            let answer = ShmidDs {
                shm_perm: permissions(&status.permissions),
                shm_segsz: status.size,
                shm_atime: status.times[0],
                shm_dtime: status.times[1],
                shm_ctime: status.times[2],
                shm_cpid: status.pids[0],
                shm_lpid: status.pids[1],
                shm_nattch: status.attached,
            };
            UserMut::new(buf.0).write(task, &answer)?;
            Ok(result as u64)
        }
        IPC_SET => {
            let new: ShmidDs = UserPtr::new(buf.0).read(task)?;
            done(ipc::shm_set(shmid, new.shm_perm.uid, new.shm_perm.gid, new.shm_perm.mode))
        }
        IPC_INFO => {
            // struct shminfo: five longs and four unused ones.
            let (result, words) = ipc::info(Family::Memory, false)?;
            let longs: [u64; 9] = core::array::from_fn(|i| if i < 5 { words[i] as u64 } else { 0 });
            UserMut::new(buf.0).write(task, &longs)?;
            Ok(result as u64)
        }
        SHM_INFO => {
            // struct shm_info: an int with padding and five longs.
            let (result, words) = ipc::info(Family::Memory, true)?;
            let longs: [u64; 6] = core::array::from_fn(|i| words[i] as u64);
            UserMut::new(buf.0).write(task, &longs)?;
            Ok(result as u64)
        }
        _ => unsupported("shmctl", cmd),
    }
}
