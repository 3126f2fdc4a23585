//! man 2 ioctl: what terminals, files, block devices, sockets and network interfaces answer.
//!
//! [`host::terminal`] has the table of requests. One that is not in it answers `ENOTTY`, as a device without it would, and
//! leaves a line in the log.

use super::{Answer, answer, must_be_open};
use crate::abi::consts::O_CLOEXEC;
use crate::errno::Errno;
use crate::task::Task;
use crate::user::{Address, Fd, IoctlRequest, UserMut, UserPtr};
use host::terminal::{self, Field, Shape};

const SIOCGIFCONF: u32 = 0x8912;
const TIOCGPTPEER: u32 = 0x5441;
const FICLONE: u32 = 0x4004_9409;

pub fn ioctl(task: &mut Task, fd: Fd, request: IoctlRequest, arg: Address) -> Answer {
    // Any request: the descriptor is looked at first, and one that is only a path takes none.
    must_be_open(fd)?;
    match request.0 {
        SIOCGIFCONF => return interfaces(task, fd, arg.0),
        TIOCGPTPEER => {
            let flags = host::generic::to_host_open(arg.0 as u32 & (3 | 0o400 | 0o4000 | O_CLOEXEC));
            return answer(terminal::ioctl_value(fd.0, request.0, flags as usize));
        }
        FICLONE => return answer(terminal::ioctl_value(fd.0, request.0, crate::user::visible(arg.0 as i32) as usize)),
        _ => {}
    }
    match terminal::find(request.0) {
        Some((_, Shape::Value)) => answer(terminal::ioctl_value(fd.0, request.0, arg.0 as usize)),
        Some((_, Shape::In(fields))) => structure(task, fd, request.0, arg.0, fields, true, false),
        Some((_, Shape::Out(fields))) => structure(task, fd, request.0, arg.0, fields, false, true),
        Some((_, Shape::InOut(fields))) => structure(task, fd, request.0, arg.0, fields, true, true),
        None => {
            host::log::line(&format!("unsupported ioctl({}, {:#x}, {:#x}): ENOTTY", fd.0, request.0, arg.0));
            Err(Errno::ENOTTY)
        }
    }
}

/// A request whose argument is a structure: converted on its way in and out.
fn structure(
    task: &mut Task,
    fd: Fd,
    request: u32,
    address: u64,
    fields: &[Field],
    reads: bool,
    writes: bool,
) -> Answer {
    let (guest_size, host_size) = terminal::sizes(fields);
    let mut guest = vec![0; guest_size];
    let mut native = vec![0; host_size];
    if reads {
        if task.load(address, &mut guest).is_err() {
            return Err(Errno::EFAULT);
        }
        terminal::convert(fields, &guest, &mut native, false);
    }
    let result = terminal::ioctl(fd.0, request, &mut native)?;
    if writes {
        terminal::convert(fields, &native, &mut guest, true);
        task.store(address, &guest)?;
    }
    Ok(result as u64)
}

/// `struct ifconf { int ifc_len; char *ifc_buf; }` with entries of 40 bytes, of which a 32-bit host's have 32.
fn interfaces(task: &mut Task, fd: Fd, address: u64) -> Answer {
    const ENTRY: usize = 40;
    let length: i32 = UserPtr::new(address).read(task)?;
    let buffer: u64 = UserPtr::new(address + 8).read(task)?;
    let used = if buffer == 0 {
        terminal::interface_count(fd.0)? * ENTRY
    } else {
        let list = terminal::interfaces(fd.0, length.max(0) as usize / ENTRY)?;
        for (index, (name, socket_address)) in list.iter().enumerate() {
            let mut entry = [0u8; ENTRY];
            entry[..16].copy_from_slice(name);
            let mut converted = *socket_address;
            super::socket::swap_address(&mut converted);
            entry[16..32].copy_from_slice(&converted);
            task.store(buffer.wrapping_add((index * ENTRY) as u64), &entry)?;
        }
        list.len() * ENTRY
    };
    UserMut::new(address).write(task, &(used as i32))?;
    Ok(0)
}
