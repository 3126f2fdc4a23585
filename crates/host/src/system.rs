//! What the host says of itself, and the calls that change the whole system.

use crate::call::call;
use crate::errno::{Errno, check};
use alloc::vec::Vec;
use core::ffi::CStr;

/// The parts of `uname` that a guest may be told.
#[derive(Clone, Debug, Default)]
pub struct Names {
    pub nodename: Vec<u8>,
    pub release: Vec<u8>,
    pub version: Vec<u8>,
    pub domainname: Vec<u8>,
}

/// man 2 uname.
pub fn uname() -> Names {
    // SAFETY: all-zero is a valid utsname.
    let mut raw: libc::utsname = unsafe { core::mem::zeroed() };
    // SAFETY: `raw` lives over the call.
    if unsafe { libc::uname(&mut raw) } != 0 {
        return Names::default();
    }
    // SAFETY: the kernel ends every field with NUL.
    let text = |field: &[libc::c_char]| unsafe { CStr::from_ptr(field.as_ptr()) }.to_bytes().to_vec();
    Names {
        nodename: text(&raw.nodename),
        release: text(&raw.release),
        version: text(&raw.version),
        domainname: text(&raw.domainname),
    }
}

/// man 2 sysinfo, all in bytes (`mem_unit` applied).
#[derive(Clone, Copy, Debug, Default)]
pub struct Info {
    pub uptime: i64,
    pub loads: [u64; 3],
    pub total_ram: u64,
    pub free_ram: u64,
    pub shared_ram: u64,
    pub buffer_ram: u64,
    pub total_swap: u64,
    pub free_swap: u64,
    pub processes: u16,
}

pub fn info() -> Result<Info, Errno> {
    // SAFETY: all-zero is a valid sysinfo.
    let mut raw: libc::sysinfo = unsafe { core::mem::zeroed() };
    // SAFETY: `raw` lives over the call.
    check(unsafe { libc::sysinfo(&mut raw) })?;
    let unit = u64::from(raw.mem_unit.max(1));
    let bytes = |value: libc::c_ulong| value as u64 * unit;
    Ok(Info {
        uptime: raw.uptime as i64,
        loads: raw.loads.map(|load| load as u64),
        total_ram: bytes(raw.totalram),
        free_ram: bytes(raw.freeram),
        shared_ram: bytes(raw.sharedram),
        buffer_ram: bytes(raw.bufferram),
        total_swap: bytes(raw.totalswap),
        free_swap: bytes(raw.freeswap),
        processes: raw.procs,
    })
}

/// man 2 sethostname.
pub fn sethostname(name: &[u8]) -> Result<(), Errno> {
    // SAFETY: the name lives over the call.
    unsafe { call(libc::SYS_sethostname, [name.as_ptr() as usize, name.len()]) }.map(drop)
}

/// man 2 setdomainname.
pub fn setdomainname(name: &[u8]) -> Result<(), Errno> {
    // SAFETY: the name lives over the call.
    unsafe { call(libc::SYS_setdomainname, [name.as_ptr() as usize, name.len()]) }.map(drop)
}

/// man 2 syslog; the buffer is for the types that read.
pub fn syslog(kind: i32, buffer: &mut [u8]) -> Result<usize, Errno> {
    // SAFETY: the buffer lives over the call.
    unsafe { crate::call::blocking(libc::SYS_syslog, [kind as usize, buffer.as_mut_ptr() as usize, buffer.len()]) }
}

/// man 2 syslog for the types whose length is a number.
pub fn syslog_control(kind: i32, value: i32) -> Result<usize, Errno> {
    if matches!(kind, 2..=4) {
        return Err(Errno::EINVAL);
    }
    // SAFETY: these types take no buffer.
    unsafe { call(libc::SYS_syslog, [kind as usize, 0, value as usize]) }
}

/// man 2 reboot with the commands that take no string.
pub fn reboot(magic: u32, magic2: u32, command: u32) -> Result<usize, Errno> {
    // RESTART2 alone reads its argument.
    if command == 0xa1b2_c3d4 {
        return Err(Errno::EINVAL);
    }
    // SAFETY: integers only.
    unsafe { call(libc::SYS_reboot, [magic as usize, magic2 as usize, command as usize, 0]) }
}
