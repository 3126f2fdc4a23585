//! From an exception of the CPU to the signal that Linux makes of it (`arch/x86/kernel/traps.c`, `arch/x86/mm/fault.c`).

use cpu::Trap;
use host::signal::{SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP};
use linux::Task;
use linux::signal::{Fault, Info};
use memory::{Access, Cause};

const SI_KERNEL: i32 = 0x80;
const ILL_ILLOPN: i32 = 2;
const FPE_INTDIV: i32 = 1;
const FPE_FLTDIV: i32 = 3;
const FPE_FLTOVF: i32 = 4;
const FPE_FLTUND: i32 = 5;
const FPE_FLTRES: i32 = 6;
const FPE_FLTINV: i32 = 7;
const SEGV_MAPERR: i32 = 1;
const SEGV_ACCERR: i32 = 2;
const BUS_ADRALN: i32 = 1;
const BUS_ADRERR: i32 = 2;
const TRAP_BRKPT: i32 = 1;
const TRAP_TRACE: i32 = 2;

/// Page fault error code (SDM Vol. 3A 4.7).
const PF_PRESENT: u64 = 1;
const PF_WRITE: u64 = 2;
const PF_USER: u64 = 4;
const PF_FETCH: u64 = 16;

/// First address that is the kernel's.
pub(crate) const TASK_SIZE: u64 = 0x7fff_ffff_f000;

/// The exceptions' numbers (SDM Vol. 3A table 6-1).
const DE: u64 = 0;
const DB: u64 = 1;
const BP: u64 = 3;
const OF: u64 = 4;
const BR: u64 = 5;
const UD: u64 = 6;
const NM: u64 = 7;
const NP: u64 = 11;
const SS: u64 = 12;
const GP: u64 = 13;
const PF: u64 = 14;
const MF: u64 = 16;
const AC: u64 = 17;
const XF: u64 = 19;

/// Length of `int n`.
const INT_LENGTH: u64 = 2;

/// The signal for `trap`, or nothing if the kernel would just try the instruction again.
pub(crate) fn convert(task: &mut Task, trap: Trap) -> Option<Fault> {
    let ip = task.cpu.ip;
    let fault = match trap {
        Trap::PageFault(fault) => return Some(page_fault(task, fault)),
        Trap::GeneralProtection { code } => kernel(SIGSEGV, GP, code.into()),
        Trap::StackFault { code } => kernel(SIGBUS, SS, code.into()),
        Trap::SegmentNotPresent { code } => kernel(SIGBUS, NP, code.into()),
        Trap::DivideError => at(SIGFPE, FPE_INTDIV, ip, DE),
        Trap::InvalidOpcode => at(SIGILL, ILL_ILLOPN, ip, UD),
        Trap::DeviceNotAvailable => kernel(SIGSEGV, NM, 0),
        Trap::Bound => kernel(SIGSEGV, BR, 0),
        Trap::Debug => after(at(SIGTRAP, TRAP_TRACE, ip, DB)),
        Trap::IceBreakpoint => after(at(SIGTRAP, TRAP_BRKPT, ip, DB)),
        Trap::Breakpoint => after(kernel(SIGTRAP, BP, 0)),
        Trap::Overflow => after(kernel(SIGSEGV, OF, 0)),
        // The gates that a program may use: `ip` is to be behind the instruction.
        Trap::Interrupt(vector @ (3 | 4)) => {
            task.cpu.ip = ip.wrapping_add(INT_LENGTH);
            after(if vector == 3 { kernel(SIGTRAP, BP, 0) } else { kernel(SIGSEGV, OF, 0) })
        }
        Trap::Interrupt(vector) => {
            if vector == 0x80 {
                host::log::line("int 0x80: 32-bit system calls are not supported");
            }
            // The gate is the kernel's.
            kernel(SIGSEGV, GP, u64::from(vector) << 3 | 2)
        }
        Trap::AlignmentCheck => at(SIGBUS, BUS_ADRALN, 0, AC),
        Trap::X87 => {
            let unmasked = task.cpu.x87.status & !task.cpu.x87.control;
            at(SIGFPE, floating_point(unmasked.into())?, ip, MF)
        }
        Trap::Simd => {
            let mxcsr = task.cpu.mxcsr;
            at(SIGFPE, floating_point(!(mxcsr >> 7) & mxcsr)?, ip, XF)
        }
    };
    Some(fault)
}

/// A signal without a place.
fn kernel(signal: i32, trap_number: u64, error_code: u64) -> Fault {
    Fault { info: Info::new(signal, SI_KERNEL), trap_number, error_code, cr2: None, is_restartable: true }
}

/// SIGSEGV without a place or an exception of its own (`force_sig`).
pub(crate) fn forced(task: &Task) -> Fault {
    kernel(SIGSEGV, task.signals.trap_number, task.signals.error_code)
}

/// The page fault of a write to an address that is the kernel's.
pub(crate) fn beyond_user_space(address: u64) -> Fault {
    Fault { error_code: PF_USER | PF_WRITE, cr2: Some(address), ..at(SIGSEGV, SEGV_MAPERR, address, PF) }
}

/// A signal with `si_addr`.
fn at(signal: i32, code: i32, address: u64, trap_number: u64) -> Fault {
    let mut info = Info::new(signal, code);
    info.set_u64(16, address);
    Fault { info, trap_number, error_code: 0, cr2: None, is_restartable: true }
}

/// The instruction is complete.
fn after(fault: Fault) -> Fault {
    Fault { is_restartable: false, ..fault }
}

fn page_fault(task: &mut Task, fault: memory::Fault) -> Fault {
    let (signal, code) = match fault.cause {
        Cause::Bus => (SIGBUS, BUS_ADRERR),
        Cause::Protected => (SIGSEGV, SEGV_ACCERR),
        _ => (SIGSEGV, SEGV_MAPERR),
    };
    let mut error_code = PF_USER;
    match fault.access {
        Access::Read => {}
        Access::Write => error_code |= PF_WRITE,
        Access::Fetch => error_code |= PF_FETCH,
    }
    // A page with PROT_NONE has no present entry. DEVIATION: a page that was never touched has none either, and the CPU says
    // so; we do not know which pages were.
    let is_present = fault.address >= TASK_SIZE
        || (fault.cause == Cause::Protected && task.cpu.memory.probe(fault.address, 1, Access::Read).is_ok());
    if is_present {
        error_code |= PF_PRESENT;
    }
    let cr2 = Some(fault.address);
    Fault { error_code, cr2, ..at(signal, code, fault.address, PF) }
}

/// `si_code` for unmasked floating-point exceptions (`fpu__exception_code`).
fn floating_point(unmasked: u32) -> Option<i32> {
    Some(match unmasked {
        bits if bits & 0x01 != 0 => FPE_FLTINV,
        bits if bits & 0x04 != 0 => FPE_FLTDIV,
        bits if bits & 0x08 != 0 => FPE_FLTOVF,
        bits if bits & 0x12 != 0 => FPE_FLTUND,
        bits if bits & 0x20 != 0 => FPE_FLTRES,
        _ => return None,
    })
}
