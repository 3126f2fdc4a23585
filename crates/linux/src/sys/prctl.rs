//! man 2 prctl and arch_prctl.

use super::{Answer, answer};
use crate::abi::flags::{ArchPrctlCode, PrctlOption};
use crate::errno::Errno;
use crate::lend::is_user;
use crate::task::Task;
use crate::user::{Address, Hex, UserMut, UserStr};
use host::identity;
use host::signal::{host_number, number};

const PR_SET_PDEATHSIG: i32 = 1;
const PR_GET_PDEATHSIG: i32 = 2;
const PR_GET_TIMING: i32 = 13;
const PR_SET_TIMING: i32 = 14;
const PR_SET_NAME: i32 = 15;
const PR_GET_NAME: i32 = 16;
const PR_GET_SECCOMP: i32 = 21;
const PR_SET_SECCOMP: i32 = 22;
const PR_GET_TSC: i32 = 25;
const PR_SET_TSC: i32 = 26;
const PR_SET_MM: i32 = 35;
const PR_GET_CHILD_SUBREAPER: i32 = 37;
const PR_GET_TID_ADDRESS: i32 = 40;
const PR_SET_SYSCALL_USER_DISPATCH: i32 = 59;
const PR_SET_MDWE: i32 = 65;
const PR_GET_MDWE: i32 = 66;
const PR_SET_VMA: i32 = 0x5356_4d41;
const PR_GET_AUXV: i32 = 0x4155_5856;

/// Options of integers that the host carries out for the guest's process: dumpable, keepcaps, securebits, the bounding set,
/// timer slack, performance events, machine checks, child subreaper, no_new_privs, huge pages, ambient capabilities, speculation,
/// I/O flusher, memory merge, ptracer.
#[rustfmt::skip]
const PASSED: &[i32] = &[
    3, 4, 7, 8, 23, 24, 27, 28, 29, 30, 31, 32, 33, 34, 36, 38, 39, 41, 42, 47, 52, 53, 57, 58, 67, 68, 0x5961_6d61,
];

pub fn prctl(task: &mut Task, option: PrctlOption, arg2: Hex, arg3: Hex, arg4: Hex, arg5: Hex) -> Answer {
    match option.0 {
        PR_SET_PDEATHSIG => {
            if arg2.0 > 64 {
                return Err(Errno::EINVAL);
            }
            let signal = if arg2.0 == 0 { 0 } else { host_number(arg2.0 as i32).ok_or(Errno::EINVAL)? };
            answer(identity::prctl(PR_SET_PDEATHSIG, [signal as usize, 0, 0, 0]))
        }
        PR_GET_PDEATHSIG => {
            let signal = identity::prctl_int(PR_GET_PDEATHSIG)?;
            UserMut::new(arg2.0).write(task, &if signal == 0 { 0 } else { number(signal) })?;
            Ok(0)
        }
        PR_GET_TIMING => Ok(0),
        PR_SET_TIMING => {
            if arg2.0 == 0 {
                Ok(0)
            } else {
                Err(Errno::EINVAL)
            }
        }
        PR_SET_NAME => set_name(task, arg2.0),
        PR_GET_NAME => {
            let name = identity::name()?;
            task.store(arg2.0, &name)?;
            Ok(0)
        }
        // Filters would see blink's own calls; a program that asks learns that the kernel was built without.
        PR_GET_SECCOMP => Ok(0),
        PR_SET_SECCOMP => Err(Errno::EINVAL),
        PR_GET_TSC => {
            const PR_TSC_ENABLE: i32 = 1;
            UserMut::new(arg2.0).write(task, &PR_TSC_ENABLE)?;
            Ok(0)
        }
        PR_SET_TSC => {
            if arg2.0 == 1 {
                Ok(0)
            } else {
                Err(Errno::EINVAL)
            }
        }
        PR_SET_MM => {
            if identity::geteuid() == Ok(0) {
                unsupported(option, arg2, Errno::EINVAL)
            } else {
                Err(Errno::EPERM)
            }
        }
        PR_GET_CHILD_SUBREAPER => {
            let value = identity::prctl_int(PR_GET_CHILD_SUBREAPER)?;
            UserMut::new(arg2.0).write(task, &value)?;
            Ok(0)
        }
        PR_GET_TID_ADDRESS => {
            let address = task.clear_child_tid;
            UserMut::new(arg2.0).write(task, &address)?;
            Ok(0)
        }
        // Both are off; that is all there is.
        PR_SET_SYSCALL_USER_DISPATCH | PR_SET_MDWE if [arg2, arg3, arg4, arg5].iter().all(|word| word.0 == 0) => Ok(0),
        PR_GET_MDWE if [arg2, arg3, arg4, arg5].iter().all(|word| word.0 == 0) => Ok(0),
        PR_SET_VMA => set_area_name(task, arg2.0, arg3.0, arg4.0, arg5.0),
        PR_GET_AUXV => {
            if arg4.0 != 0 || arg5.0 != 0 {
                return Err(Errno::EINVAL);
            }
            let auxv = task.process.auxv.clone();
            let length = auxv.len().min(arg3.0.min(usize::MAX as u64) as usize);
            task.store(arg2.0, &auxv[..length])?;
            Ok(auxv.len() as u64)
        }
        passed if PASSED.contains(&passed) => {
            // Longs that do not fit a narrow host's are no value of these options.
            let words = [arg2, arg3, arg4, arg5].map(|word| word.0 as usize);
            answer(identity::prctl(passed, words))
        }
        _ => unsupported(option, arg2, Errno::EINVAL),
    }
}

fn unsupported(option: PrctlOption, arg2: Hex, error: Errno) -> Answer {
    host::log::line(&format!("unsupported prctl({}, {:#x}): {error:?}", option.0, arg2.0));
    Err(error)
}

/// The name is cut at 15 bytes.
fn set_name(task: &mut Task, address: u64) -> Answer {
    let mut name = [0u8; 16];
    for (index, byte) in name[..15].iter_mut().enumerate() {
        let mut one = [0];
        task.load(address.wrapping_add(index as u64), &mut one)?;
        if one[0] == 0 {
            break;
        }
        *byte = one[0];
    }
    identity::set_name(&name)?;
    Ok(0)
}

/// `PR_SET_VMA_ANON_NAME`.
///
/// DEVIATION: the name, which would show in `maps` only, is checked and forgotten.
fn set_area_name(task: &mut Task, what: u64, start: u64, length: u64, name: u64) -> Answer {
    // Kernels are built with it or without: the host names nothing in a range of nothing.
    if what != 0 || identity::prctl(PR_SET_VMA, [0; 4]).is_err() {
        return Err(Errno::EINVAL);
    }
    if name != 0 {
        let name = UserStr(name).read_limited(task, 80, Errno::EINVAL)?;
        if name.to_bytes().iter().any(|byte| !(0x20..0x7f).contains(byte) || b"\\`$[]".contains(byte)) {
            return Err(Errno::EINVAL);
        }
    }
    let end = length.checked_add(4095).and_then(|length| start.checked_add(length & !4095));
    if start & 4095 != 0 || end.is_none() { Err(Errno::EINVAL) } else { Ok(0) }
}

const ARCH_SET_GS: i32 = 0x1001;
const ARCH_SET_FS: i32 = 0x1002;
const ARCH_GET_FS: i32 = 0x1003;
const ARCH_GET_GS: i32 = 0x1004;
const ARCH_GET_CPUID: i32 = 0x1011;
const ARCH_SET_CPUID: i32 = 0x1012;
const ARCH_GET_XCOMP_SUPP: i32 = 0x1021;
const ARCH_GET_XCOMP_PERM: i32 = 0x1022;
const ARCH_REQ_XCOMP_PERM: i32 = 0x1023;

/// x87 and SSE: what XSAVE of the guest's CPU can hold.
const XCOMP: u64 = 3;

pub fn arch_prctl(task: &mut Task, code: ArchPrctlCode, addr: Address) -> Answer {
    match code.0 {
        ARCH_SET_FS | ARCH_SET_GS => {
            if !is_user(addr.0, 1) {
                return Err(Errno::EPERM);
            }
            task.set_base(if code.0 == ARCH_SET_FS { Base::Fs } else { Base::Gs }, addr.0);
            Ok(0)
        }
        ARCH_GET_FS | ARCH_GET_GS => {
            let base = task.base(if code.0 == ARCH_GET_FS { Base::Fs } else { Base::Gs });
            UserMut::new(addr.0).write(task, &base)?;
            Ok(0)
        }
        ARCH_GET_CPUID => Ok(1),
        ARCH_SET_CPUID => {
            if addr.0 == 1 {
                Ok(0)
            } else {
                Err(Errno::ENODEV)
            }
        }
        ARCH_GET_XCOMP_SUPP | ARCH_GET_XCOMP_PERM => {
            UserMut::new(addr.0).write(task, &XCOMP)?;
            Ok(0)
        }
        ARCH_REQ_XCOMP_PERM => match addr.0 {
            0..=1 => Ok(0),
            _ => Err(Errno::EOPNOTSUPP),
        },
        _ => Err(Errno::EINVAL),
    }
}

/// Which base `arch_prctl` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    Fs,
    Gs,
}

impl Task {
    fn base(&self, base: Base) -> u64 {
        self.cpu.base(match base {
            Base::Fs => cpu::Segment::Fs,
            Base::Gs => cpu::Segment::Gs,
        })
    }
    fn set_base(&mut self, base: Base, value: u64) {
        let segment = match base {
            Base::Fs => cpu::Segment::Fs,
            Base::Gs => cpu::Segment::Gs,
        };
        self.cpu.set_base(segment, value);
    }
}

/// man 2 seccomp: as a kernel without filters.
pub fn seccomp(_task: &mut Task, operation: u32, flags: u32, _args: Address) -> Answer {
    host::log::line(&format!("unsupported seccomp({operation}, {flags:#x}): EINVAL"));
    Err(Errno::EINVAL)
}
