//! The system as a whole (man 2 uname, sysinfo, sethostname, syslog, reboot).

use super::{Answer, answer, done};
use crate::abi::{Sysinfo, Utsname};
use crate::errno::Errno;
use crate::task::Task;
use crate::user::{Address, Hex, UserBuf, UserMut, UserSlice, UserStr};
use alloc::vec::Vec;

/// man 2 uname. The machine is x86_64 and the system Linux, whatever the host is.
pub fn uname(task: &mut Task, buf: UserMut<Utsname>) -> Answer {
    let name = host::system::uname();
    let field = |text: &[u8]| {
        let mut raw = [0; 65];
        let n = text.len().min(64);
        raw[..n].copy_from_slice(&text[..n]);
        raw
    };
    let answer = Utsname {
        sysname: field(b"Linux"),
        nodename: field(&name.nodename),
        release: field(&name.release),
        version: field(&name.version),
        machine: field(machine()),
        domainname: field(&name.domainname),
    };
    buf.write(task, &answer)?;
    Ok(0)
}

/// `linux32` makes the kernel name another machine (`PER_LINUX32`, man 2 personality).
fn machine() -> &'static [u8] {
    const QUERY: u32 = 0xffff_ffff;
    const PER_MASK: usize = 0xff;
    const PER_LINUX32: usize = 8;
    match host::identity::personality(QUERY) {
        Ok(persona) if persona & PER_MASK == PER_LINUX32 => b"i686",
        _ => b"x86_64",
    }
}

pub fn sysinfo(task: &mut Task, info: UserMut<Sysinfo>) -> Answer {
    let host = host::system::info()?;
    let answer = Sysinfo {
        uptime: host.uptime,
        loads: host.loads,
        totalram: host.total_ram,
        freeram: host.free_ram,
        sharedram: host.shared_ram,
        bufferram: host.buffer_ram,
        totalswap: host.total_swap,
        freeswap: host.free_swap,
        procs: host.processes,
        totalhigh: 0,
        freehigh: 0,
        mem_unit: 1,
    };
    info.write(task, &answer)?;
    Ok(0)
}

fn host_name(task: &mut Task, name: UserSlice, length: i32) -> Result<Vec<u8>, Errno> {
    if !(0..=64).contains(&length) {
        return Err(Errno::EINVAL);
    }
    name.read(task, length as u64)
}

pub fn sethostname(task: &mut Task, name: UserSlice, len: i32) -> Answer {
    let name = host_name(task, name, len)?;
    done(host::system::sethostname(&name))
}

pub fn setdomainname(task: &mut Task, name: UserSlice, len: i32) -> Answer {
    let name = host_name(task, name, len)?;
    done(host::system::setdomainname(&name))
}

/// man 2 syslog: types 2, 3 and 4 read into the buffer.
pub fn syslog(task: &mut Task, kind: i32, buf: UserBuf, len: i32) -> Answer {
    if !(2..=4).contains(&kind) {
        return answer(host::system::syslog_control(kind, len));
    }
    if buf.0 == 0 || len < 0 {
        return Err(Errno::EINVAL);
    }
    let mut buffer = vec![0; (len as usize).min(1 << 22)];
    let n =
        host::system::syslog(kind, &mut buffer).map_err(|error| Errno::from(error).restart_as(Errno::RESTARTSYS))?;
    buf.write(task, &buffer[..n])?;
    Ok(n as u64)
}

pub fn reboot(_task: &mut Task, magic: Hex, magic2: Hex, cmd: Hex, _arg: Address) -> Answer {
    answer(host::system::reboot(magic.0 as u32, magic2.0 as u32, cmd.0 as u32))
}

pub fn vhangup(_task: &mut Task) -> Answer {
    answer(host::identity::vhangup())
}

/// man 2 sysfs, from `/proc/filesystems`.
pub fn sysfs(task: &mut Task, option: i32, arg1: Address, arg2: Address) -> Answer {
    let text = host::file::read_text(c"/proc/filesystems").map_err(|_| Errno::ENOSYS)?;
    let names: Vec<&str> = text.lines().filter_map(|line| line.split('\t').nth(1)).collect();
    match option {
        1 => {
            let name = UserStr(arg1.0).read(task)?;
            let found = names.iter().position(|known| known.as_bytes() == name.to_bytes());
            found.map(|index| index as u64).ok_or(Errno::EINVAL)
        }
        2 => {
            let name = names.get(arg1.0 as u32 as usize).ok_or(Errno::EINVAL)?;
            let mut bytes = name.as_bytes().to_vec();
            bytes.push(0);
            task.store(arg2.0, &bytes)?;
            Ok(0)
        }
        3 => Ok(names.len() as u64),
        _ => Err(Errno::EINVAL),
    }
}

/// man 2 modify_ldt: the guest's CPU has an empty table. Errors are 32 bits wide here, as the kernel has it.
pub fn modify_ldt(task: &mut Task, func: i32, ptr: Address, bytecount: u64) -> Answer {
    const READ: i32 = 0;
    const WRITE_OLD: i32 = 1;
    const READ_DEFAULT: i32 = 2;
    const WRITE: i32 = 0x11;
    const DESCRIPTION: u64 = 16;
    let narrow = |error: Errno| Ok(u64::from(error.0.wrapping_neg() as u32));
    match func {
        READ => Ok(0),
        READ_DEFAULT => {
            let length = bytecount.min(128);
            match task.store(ptr.0, &vec![0; length as usize]) {
                Ok(()) => Ok(length),
                Err(error) => narrow(error),
            }
        }
        WRITE_OLD | WRITE if bytecount != DESCRIPTION => narrow(Errno::EINVAL),
        WRITE_OLD | WRITE => {
            host::log::line(&format!("unsupported modify_ldt({func}): ENOSYS"));
            narrow(Errno::ENOSYS)
        }
        _ => narrow(Errno::ENOSYS),
    }
}

/// man 2 rseq: as a kernel without it. Every C library asks at its start, so the log says nothing.
pub fn absent_rseq(_task: &mut Task, _rseq: Address, _length: u32, _flags: i32, _signature: u32) -> Answer {
    Err(Errno::ENOSYS)
}

/// man 2 kcmp: comparisons of descriptors are by their numbers, which are the guest's; epoll slots hold a pointer.
pub fn kcmp(_task: &mut Task, pid1: i32, pid2: i32, kind: i32, idx1: u64, idx2: u64) -> Answer {
    const KCMP_EPOLL_TFD: i32 = 7;
    if kind == KCMP_EPOLL_TFD {
        const KCMP_VM: i32 = 1;
        host::identity::kcmp(pid1, pid2, KCMP_VM, 0, 0)?;
        host::log::line("unsupported kcmp(KCMP_EPOLL_TFD): EOPNOTSUPP");
        return Err(Errno::EOPNOTSUPP);
    }
    answer(host::identity::kcmp(pid1, pid2, kind, idx1 as usize, idx2 as usize))
}
