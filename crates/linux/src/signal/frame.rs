//! The frame that a handler finds on its stack, and the way back (`struct rt_sigframe`, `arch/x86/kernel/signal_64.c`).
//!
//! CPUID promises no XSAVE, so the floating-point state is the 512 bytes of FXSAVE without an extended header, and
//! `uc_flags` lacks `UC_FP_XSTATE`, as on a CPU of that kind.
//!
//! | offset | what                          |
//! |-------:|-------------------------------|
//! |      0 | return address: the restorer  |
//! |      8 | `uc_flags`, `uc_link`         |
//! |     24 | `uc_stack`                    |
//! |     48 | `sigcontext`, 256 bytes       |
//! |    304 | `uc_sigmask`                  |
//! |    312 | `siginfo`, 128 bytes          |

use super::action::{SA_ONSTACK, SA_RESTORER, SA_SIGINFO};
use super::{AltStack, Info, SS_AUTODISARM, UNBLOCKABLE};
use crate::abi::SigAction;
use crate::errno::Errno;
use crate::task::Task;
use cpu::{Cpu, R8, R9, R10, R11, R12, R13, R14, R15, RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP};

const UC: usize = 8;
const STACK: usize = UC + 16;
const CONTEXT: usize = UC + 40;
const SIGMASK: usize = CONTEXT + 256;
const SIGINFO: usize = SIGMASK + 8;
const FRAME: usize = SIGINFO + 128;

/// Bytes of the FXSAVE area.
const FPSTATE: usize = 512;
/// Bytes below the stack pointer that belong to the running function (System V ABI).
const RED_ZONE: u64 = 128;

const UC_SIGCONTEXT_SS: u64 = 2;
const UC_STRICT_RESTORE_SS: u64 = 4;

const USER_CS: u16 = 0x33;
const USER_SS: u16 = 0x2b;

/// The flags that a handler may change: AC, OF, DF, TF, SF, ZF, AF, PF, CF and RF.
const FIX_EFLAGS: u64 = 1 << 18 | 1 << 11 | 1 << 10 | 1 << 8 | 1 << 7 | 1 << 6 | 1 << 4 | 1 << 2 | 1 | 1 << 16;
/// DF, RF and TF are clear in a handler.
const HANDLER_CLEARS: u64 = 1 << 10 | 1 << 16 | 1 << 8;

/// The general registers in the order of `struct sigcontext`, before `rip` and `eflags`.
const REGISTERS: [u8; 16] = [R8, R9, R10, R11, R12, R13, R14, R15, RDI, RSI, RBP, RBX, RDX, RAX, RCX, RSP];
// Offsets inside the sigcontext.
const IP: usize = 128;
const FLAGS: usize = 136;
const SELECTORS: usize = 144;
const ERROR: usize = 152;
const TRAP: usize = 160;
const OLD_MASK: usize = 168;
const CR2: usize = 176;
const FPSTATE_AT: usize = 184;

/// Where frame and floating-point state go (`get_sigframe`), or nothing if the alternate stack has no room.
fn place(sp: u64, altstack: &AltStack, flags: u64) -> Option<(u64, u64)> {
    let is_nested = altstack.is_in_use(sp);
    let mut top = sp.wrapping_sub(RED_ZONE);
    let is_entering = flags & SA_ONSTACK != 0 && altstack.status(top) == 0;
    if is_entering {
        top = altstack.sp.wrapping_add(altstack.size);
    }
    let fpstate = top.wrapping_sub(FPSTATE as u64) & !63;
    let frame = (fpstate.wrapping_sub(FRAME as u64) & !15).wrapping_sub(8);
    ((!is_nested && !is_entering) || altstack.contains(frame)).then_some((frame, fpstate))
}

/// Writes the frame and points the registers at the handler. `mask` is what `rt_sigreturn` will restore.
pub(super) fn push(task: &mut Task, info: &Info, action: &SigAction, mask: u64) -> Result<(), Errno> {
    let altstack = task.signals.altstack;
    let (frame, fpstate) = place(task.cpu.get(RSP), &altstack, action.sa_flags).ok_or(Errno::EFAULT)?;
    if action.sa_flags & SA_RESTORER == 0 {
        return Err(Errno::EFAULT);
    }
    let state = task.cpu.fxsave();
    task.store(fpstate, &state)?;
    let mut raw = [0u8; FRAME];
    put(&mut raw, 0, action.sa_restorer);
    put(&mut raw, UC, UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS);
    put(&mut raw, STACK, altstack.sp);
    put(&mut raw, STACK + 8, altstack.flags as u32 as u64);
    put(&mut raw, STACK + 16, altstack.size);
    let cpu = &task.cpu;
    for (i, register) in REGISTERS.iter().enumerate() {
        put(&mut raw, CONTEXT + 8 * i, cpu.get(*register));
    }
    put(&mut raw, CONTEXT + IP, cpu.ip);
    put(&mut raw, CONTEXT + FLAGS, cpu.rflags());
    let selectors = u64::from(USER_CS) | u64::from(USER_SS) << 48;
    put(&mut raw, CONTEXT + SELECTORS, selectors);
    put(&mut raw, CONTEXT + ERROR, task.signals.error_code);
    put(&mut raw, CONTEXT + TRAP, task.signals.trap_number);
    put(&mut raw, CONTEXT + OLD_MASK, mask);
    put(&mut raw, CONTEXT + CR2, task.signals.cr2);
    put(&mut raw, CONTEXT + FPSTATE_AT, fpstate);
    put(&mut raw, SIGMASK, mask);
    let mut length = SIGINFO;
    if action.sa_flags & SA_SIGINFO != 0 {
        raw[SIGINFO..].copy_from_slice(&info.0);
        length = FRAME;
    }
    task.store(frame, &raw[..length])?;

    let cpu = &mut task.cpu;
    cpu.set64(RDI, info.signal() as u64);
    cpu.set64(RAX, 0);
    cpu.set64(RSI, frame + SIGINFO as u64);
    cpu.set64(RDX, frame + UC as u64);
    cpu.set64(RSP, frame);
    cpu.ip = action.sa_handler;
    cpu.set_rflags(cpu.rflags() & !HANDLER_CLEARS);
    clear_vectors(cpu);
    if altstack.flags & SS_AUTODISARM != 0 {
        task.signals.altstack = AltStack::default();
    }
    Ok(())
}

/// `rt_sigreturn`: restores what the frame at `rsp` holds. `EFAULT` if the frame is not one; registers may be half restored then,
/// as in the kernel.
pub fn pop(task: &mut Task) -> Result<(), Errno> {
    let frame = task.cpu.get(RSP).wrapping_sub(8);
    let mut raw = [0u8; SIGINFO];
    task.load(frame, &mut raw)?;
    // First, since a signal that is waiting must see everything as it is.
    super::set_mask(task, get(&raw, SIGMASK) & !UNBLOCKABLE)?;
    task.call = None;
    let cpu = &mut task.cpu;
    for (i, register) in REGISTERS.iter().enumerate() {
        cpu.set64(*register, get(&raw, CONTEXT + 8 * i));
    }
    cpu.ip = get(&raw, CONTEXT + IP);
    let flags = get(&raw, CONTEXT + FLAGS);
    cpu.set_rflags(cpu.rflags() & !FIX_EFLAGS | flags & FIX_EFLAGS);
    let selectors = get(&raw, CONTEXT + SELECTORS);
    if selectors as u16 | 3 != USER_CS {
        // DEVIATION: there is no 32-bit mode to return to; the kernel would enter it.
        host::log::line(&format!("rt_sigreturn to code segment {:#x}: only 64-bit code runs here", selectors as u16));
        return Err(Errno::EFAULT);
    }
    restore_vectors(task, get(&raw, CONTEXT + FPSTATE_AT))?;
    let _ = set_altstack(
        task,
        AltStack { sp: get(&raw, STACK), flags: get(&raw, STACK + 8) as i32, size: get(&raw, STACK + 16) },
    );
    Ok(())
}

fn restore_vectors(task: &mut Task, address: u64) -> Result<(), Errno> {
    if address == 0 {
        clear_vectors(&mut task.cpu);
        return Ok(());
    }
    let mut state = [0; FPSTATE];
    task.load(address, &mut state)?;
    // FXRSTOR faults on a misaligned image and on reserved bits of MXCSR, and the kernel gives up.
    if address & 15 != 0 {
        return Err(Errno::EFAULT);
    }
    task.cpu.fxrstor(&state).map_err(|_| Errno::EFAULT)
}

/// The floating-point state of a new program.
fn clear_vectors(cpu: &mut Cpu) {
    cpu.take_back();
    cpu.x87 = Default::default();
    cpu.mxcsr = cpu::state::MXCSR_DEFAULT;
    cpu.xmm = [[0; 4]; 16];
}

/// Smallest alternate stack (`MINSIGSTKSZ`).
const MINIMUM: u64 = 2048;

/// Installs an alternate stack (`do_sigaltstack`).
pub fn set_altstack(task: &mut Task, new: AltStack) -> Result<(), Errno> {
    use super::{SS_DISABLE, SS_ONSTACK};
    let current = task.signals.altstack;
    if current.is_in_use(task.cpu.get(RSP)) {
        return Err(Errno::EPERM);
    }
    let mode = new.flags & !SS_AUTODISARM;
    if mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0 {
        return Err(Errno::EINVAL);
    }
    let mut stack = new;
    if mode == SS_DISABLE {
        stack.sp = 0;
        stack.size = 0;
    } else if stack.size < MINIMUM {
        return Err(Errno::ENOMEM);
    }
    task.signals.altstack = stack;
    Ok(())
}

fn put(raw: &mut [u8], at: usize, value: u64) {
    raw[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

fn get(raw: &[u8], at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&raw[at..at + 8]);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_lies_below_the_red_zone_and_is_aligned_as_at_a_call() {
        let (frame, fpstate) = place(0x7fff_ffff_e008, &AltStack::default(), 0).unwrap();
        assert_eq!(fpstate & 63, 0);
        assert_eq!(frame & 15, 8);
        assert!(fpstate + FPSTATE as u64 <= 0x7fff_ffff_e008 - 128);
        assert!(frame + FRAME as u64 <= fpstate);
        assert_eq!(FRAME, 440);
    }

    #[test]
    fn the_alternate_stack_is_used_once_and_may_be_too_small() {
        let stack = AltStack { sp: 0x10000, flags: 0, size: 8192 };
        let (frame, _) = place(0x7fff_ffff_e000, &stack, SA_ONSTACK).unwrap();
        assert!(stack.contains(frame));
        let (nested, _) = place(frame, &stack, SA_ONSTACK).unwrap();
        assert!(stack.contains(nested) && nested < frame);
        assert_eq!(place(0x10200, &stack, SA_ONSTACK), None);
    }
}
