//! man 2 fcntl, every command of Linux 6.

use super::{Answer, answer, must_be_open};
use crate::abi::consts::*;
use crate::abi::flags::FcntlCommand;
use crate::abi::{Abi, FOwnerEx, Flock};
use crate::errno::Errno;
use crate::task::Task;
use crate::user::{Address, Fd, UserMut, UserPtr};
use core::sync::atomic::Ordering::Relaxed;
use host::file::{self, Lock, LockCommand};
use host::signal::{host_number, number};

const F_DUPFD: i32 = 0;
const F_GETFD: i32 = 1;
const F_SETFD: i32 = 2;
const F_GETFL: i32 = 3;
const F_SETFL: i32 = 4;
const F_GETLK: i32 = 5;
const F_SETLK: i32 = 6;
const F_SETLKW: i32 = 7;
const F_SETOWN: i32 = 8;
const F_GETOWN: i32 = 9;
const F_SETSIG: i32 = 10;
const F_GETSIG: i32 = 11;
const F_SETOWN_EX: i32 = 15;
const F_GETOWN_EX: i32 = 16;
const F_GETOWNER_UIDS: i32 = 17;
const F_OFD_GETLK: i32 = 36;
const F_OFD_SETLK: i32 = 37;
const F_OFD_SETLKW: i32 = 38;
const F_SETLEASE: i32 = 1024;
const F_GETLEASE: i32 = 1025;
const F_NOTIFY: i32 = 1026;
const F_DUPFD_QUERY: i32 = 1027;
const F_CREATED_QUERY: i32 = 1028;
const F_DUPFD_CLOEXEC: i32 = 1030;
const F_SETPIPE_SZ: i32 = 1031;
const F_GETPIPE_SZ: i32 = 1032;
const F_ADD_SEALS: i32 = 1033;
const F_GET_SEALS: i32 = 1034;
const F_GET_RW_HINT: i32 = 1035;
const F_SET_RW_HINT: i32 = 1036;
const F_GET_FILE_RW_HINT: i32 = 1037;
const F_SET_FILE_RW_HINT: i32 = 1038;

pub fn fcntl(task: &mut Task, fd: Fd, cmd: FcntlCommand, arg: Address) -> Answer {
    let argument = arg.0;
    let plain = |argument: usize| answer(file::fcntl(fd.0, cmd.0, argument));
    match cmd.0 {
        F_DUPFD | F_DUPFD_CLOEXEC => {
            // It never lands on one of our own numbers by itself: they are taken.
            let duplicate = file::fcntl(fd.0, cmd.0, argument as u32 as usize)?;
            task.process.highest_descriptor.fetch_max(duplicate as i32, Relaxed);
            Ok(duplicate as u64)
        }
        F_GETFD | F_GETOWN | F_GETLEASE | F_GETPIPE_SZ | F_GET_SEALS => plain(0),
        F_SETFD | F_SETOWN | F_SETLEASE | F_NOTIFY | F_SETPIPE_SZ | F_ADD_SEALS => plain(argument as u32 as usize),
        F_DUPFD_QUERY | F_CREATED_QUERY => plain(crate::user::visible(argument as i32) as usize),
        F_GETFL => Ok(u64::from(file::open_flags(fd.0)?)),
        F_SETFL => {
            file::set_open_flags(fd.0, argument as u32 & (O_APPEND | O_ASYNC | O_DIRECT | O_NOATIME | O_NONBLOCK))?;
            Ok(0)
        }
        F_GETSIG => answer(file::fcntl(fd.0, cmd.0, 0)).map(|signal| number(signal as i32) as u64),
        F_SETSIG => plain(host_signal(argument)?),
        F_GETLK | F_OFD_GETLK | F_SETLK | F_OFD_SETLK | F_SETLKW | F_OFD_SETLKW => lock(task, fd, cmd.0, argument),
        F_GETOWN_EX => {
            let [kind, pid] = file::owner(fd.0)?;
            UserMut::new(argument).write(task, &FOwnerEx { r#type: kind, pid })?;
            Ok(0)
        }
        F_SETOWN_EX => {
            let owner: FOwnerEx = UserPtr::new(argument).read(task)?;
            file::set_owner(fd.0, [owner.r#type, owner.pid])?;
            Ok(0)
        }
        F_GETOWNER_UIDS => {
            let ids = file::owner_uids(fd.0)?;
            UserMut::new(argument).write(task, &ids)?;
            Ok(0)
        }
        F_GET_RW_HINT | F_GET_FILE_RW_HINT => {
            let mut hint = 0;
            file::fcntl_word(fd.0, cmd.0, &mut hint)?;
            UserMut::new(argument).write(task, &hint)?;
            Ok(0)
        }
        F_SET_RW_HINT | F_SET_FILE_RW_HINT => {
            let mut hint = UserPtr::new(argument).read(task)?;
            file::fcntl_word(fd.0, cmd.0, &mut hint)?;
            Ok(0)
        }
        _ => {
            // The descriptor is looked at first; then the command is unknown, to Linux too.
            must_be_open(fd)?;
            Err(Errno::EINVAL)
        }
    }
}

/// A signal's number on the host; 0 stays.
fn host_signal(number: u64) -> Result<usize, Errno> {
    if number == 0 {
        return Ok(0);
    }
    host_number(number as i32).map(|number| number as usize).ok_or(Errno::EINVAL)
}

/// Record locks, of the process and of the open file description.
fn lock(task: &mut Task, fd: Fd, command: i32, address: u64) -> Answer {
    let guest: Flock = match UserPtr::new(address).read(task) {
        Ok(lock) => lock,
        Err(error) => {
            must_be_open(fd)?;
            return Err(error);
        }
    };
    let mut lock = Lock {
        kind: guest.l_type,
        whence: guest.l_whence,
        start: guest.l_start,
        length: guest.l_len,
        pid: guest.l_pid,
    };
    let command = match command {
        F_GETLK => LockCommand::Get,
        F_SETLK => LockCommand::Set,
        F_SETLKW => LockCommand::SetWait,
        F_OFD_GETLK => LockCommand::OfdGet,
        F_OFD_SETLK => LockCommand::OfdSet,
        _ => LockCommand::OfdSetWait,
    };
    file::lock(fd.0, command, &mut lock).map_err(|error| Errno::from(error).restart_as(Errno::RESTARTSYS))?;
    if matches!(command, LockCommand::Get | LockCommand::OfdGet) {
        // The padding between and behind the members stays as it was.
        let mut before = [0; Flock::SIZE];
        task.load(address, &mut before)?;
        let answer = Flock {
            l_type: lock.kind,
            l_whence: lock.whence,
            l_start: lock.start,
            l_len: lock.length,
            l_pid: lock.pid,
        };
        let mut raw = [0; Flock::SIZE];
        answer.encode(&mut raw);
        raw[4..8].copy_from_slice(&before[4..8]);
        raw[28..].copy_from_slice(&before[28..]);
        task.store(address, &raw)?;
    }
    Ok(0)
}
