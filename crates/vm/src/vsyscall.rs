//! The vsyscall page: three entry points at fixed addresses in the kernel's half, which the kernel answers when a program jumps
//! there (`arch/x86/entry/vsyscall/vsyscall_64.c`, mode `xonly`).

use crate::fault;
use cpu::{RAX, RDI, RSI, RSP, Trap};
use linux::signal::Fault;
use linux::{Errno, Task, table};
use memory::Access;

const PAGE: u64 = 0xffff_ffff_ff60_0000;
/// `gettimeofday`, `time`, `getcpu`, 1 KiB apart: the call, and the bytes that it writes by its two arguments.
const CALLS: [(u64, [u64; 2]); 3] = [(96, [16, 8]), (201, [8, 0]), (309, [4, 4])];

/// What a jump into the page came to.
pub(crate) enum Answer {
    /// It was none.
    NotOurs,
    /// The call is made and returned from.
    Done,
    /// The program dies of it, unless it handles the signal.
    Fault(Fault),
}

/// Answers `trap` if it was a jump into the page.
pub(crate) fn emulate(task: &mut Task, trap: Trap) -> Answer {
    match trap {
        Trap::PageFault(fault)
            if fault.access == Access::Fetch && fault.address & !0xfff == PAGE && fault.address == task.cpu.ip => {}
        _ => return Answer::NotOurs,
    }
    match call(task) {
        Ok(()) => Answer::Done,
        Err(fault) => Answer::Fault(fault),
    }
}

#[allow(clippy::result_large_err, reason = "made once in a program's life")]
fn call(task: &mut Task) -> Result<(), Fault> {
    let place = task.cpu.ip - PAGE;
    let row = CALLS.get((place / 0x400) as usize).filter(|_| place.is_multiple_of(0x400));
    let Some((number, sizes)) = row else { return Err(fault::forced(task)) };
    let sp = task.cpu.get(RSP);
    let mut caller = [0; 8];
    if task.load(sp, &mut caller).is_err() {
        return Err(fault::forced(task));
    }
    let arguments = [task.cpu.get(RDI), task.cpu.get(RSI)];
    for (&address, &size) in arguments.iter().zip(sizes) {
        if size > 0 && address > fault::TASK_SIZE - size {
            return Err(fault::beyond_user_space(address));
        }
    }
    let Some(run) = table::find(*number).and_then(|row| row.run) else { return Err(fault::forced(task)) };
    let value = match run(task, &[arguments[0], arguments[1], 0, 0, 0, 0]) {
        Ok(value) => value,
        // A bad pointer is a fault here, not an error.
        Err(Errno::EFAULT) => return Err(fault::forced(task)),
        Err(error) => error.to_register(),
    };
    task.cpu.set64(RAX, value);
    task.cpu.set64(RSP, sp.wrapping_add(8));
    task.cpu.ip = u64::from_le_bytes(caller);
    Ok(())
}
