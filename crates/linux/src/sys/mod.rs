//! The handlers, one file per concern.

pub mod attribute;
pub mod dir;
pub mod event;
pub mod exec;
pub mod fcntl;
pub mod file;
pub mod futex;
pub mod identity;
pub mod io;
pub mod ioctl;
pub mod ipc;
pub mod layout;
pub mod limits;
pub mod memory;
pub mod netlink;
pub mod pipe;
pub mod poll;
pub mod prctl;
pub mod process;
pub mod schedule;
pub mod signal;
pub mod socket;
pub mod stat;
pub mod system;
pub mod time;
pub mod timer;
pub mod wait;

use crate::errno::Errno;
use crate::user::Fd;

/// What a handler returns.
pub type Answer = Result<u64, Errno>;

/// A host call whose result is the guest's.
pub fn answer(result: Result<usize, host::Errno>) -> Answer {
    Ok(result.map(|value| value as u64)?)
}

/// A host call that returns nothing.
pub fn done(result: Result<(), host::Errno>) -> Answer {
    Ok(result.map(|()| 0)?)
}

/// `EBADF` unless `fd` is open, and for more than its place (`O_PATH`).
pub fn must_be_open(fd: Fd) -> Result<(), Errno> {
    const F_GETOWN: i32 = 9;
    host::file::fcntl(fd.0, F_GETOWN, 0)?;
    Ok(())
}

/// `EBADF` unless `fd` is open, be it for its place alone.
pub fn must_exist(fd: Fd) -> Result<(), Errno> {
    const F_GETFD: i32 = 1;
    host::file::fcntl(fd.0, F_GETFD, 0)?;
    Ok(())
}

/// A host call that returns a descriptor.
pub fn descriptor(result: Result<i32, host::Errno>) -> Answer {
    Ok(result.map(|fd| fd as u64)?)
}
