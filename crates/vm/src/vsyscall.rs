//! The vsyscall page: three entry points at fixed addresses in the kernel's half, which the kernel answers when a program jumps
//! there (`arch/x86/entry/vsyscall/vsyscall_64.c`, mode `xonly`).

use cpu::{RAX, RSP, Trap};
use linux::Task;
use memory::Access;

const PAGE: u64 = 0xffff_ffff_ff60_0000;
/// `gettimeofday`, `time`, `getcpu`, 1 KiB apart.
const CALLS: [u64; 3] = [96, 201, 309];

/// True if `trap` was a jump to an entry point, which has been answered: the call is made and returned from.
pub(crate) fn emulate(task: &mut Task, trap: Trap) -> bool {
    let Trap::PageFault(fault) = trap else { return false };
    if fault.access != Access::Fetch || fault.address & !0xc00 != PAGE || fault.address != task.cpu.ip {
        return false;
    }
    let Some(&call) = CALLS.get((fault.address >> 10 & 3) as usize) else { return false };
    let sp = task.cpu.get(RSP);
    let mut caller = [0; 8];
    if task.load(sp, &mut caller).is_err() {
        return false;
    }
    task.cpu.ip = u64::from_le_bytes(caller);
    task.cpu.set64(RSP, sp.wrapping_add(8));
    task.cpu.set64(RAX, call);
    linux::dispatch(task);
    true
}
