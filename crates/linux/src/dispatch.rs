//! From the `syscall` instruction to the handler and back: the only place that writes a call's result.

use crate::errno::Errno;
use crate::signal;
use crate::table::{self, Row};
use crate::task::Task;
use crate::trace;

const RAX: u8 = 0;
const RDX: u8 = 2;
const RSI: u8 = 6;
const RDI: u8 = 7;
const R8: u8 = 8;
const R9: u8 = 9;
const R10: u8 = 10;

/// Executes the system call that `task` stands behind (`Exit::Syscall`): number in `rax`, arguments in `rdi`, `rsi`, `rdx`,
/// `r10`, `r8`, `r9`. Afterwards the run loop looks at `task.exited`.
pub fn dispatch(task: &mut Task) {
    // The kernel sign-extends eax (arch/x86/entry/common.c).
    let number = task.cpu.get(RAX) as i32 as i64 as u64;
    let arguments = [RDI, RSI, RDX, R10, R8, R9].map(|register| task.cpu.get(register));
    task.calls += 1;
    task.call = Some(number);
    task.arguments = arguments;
    let row = table::find(number);
    let trace = task.process.options.trace;
    // A new program never comes back to tell.
    if trace > 1 || trace == 1 && row.is_some_and(|row| matches!(row.name, "execve" | "execveat")) {
        trace::entry(task, row, number, &arguments);
    }
    let result = match row {
        Some(Row { run: Some(run), .. }) => run(task, &arguments),
        _ => unsupported(task, row, number, &arguments),
    };
    if trace > 0 {
        trace::exit(task, row, number, &arguments, result);
    }
    finish(task, result);
}

/// Writes the result; restarts and signals are the signal code's business, which looks at `task.call` as the kernel looks
/// at `orig_ax`.
pub fn finish(task: &mut Task, result: Result<u64, Errno>) {
    let value = match result {
        Ok(value) => value,
        Err(error) => error.to_register(),
    };
    task.cpu.set64(RAX, value);
    signal::after_call(task, result);
}

/// A call that we lack: `ENOSYS`, and one line in the log.
fn unsupported(task: &mut Task, row: Option<&Row>, number: u64, arguments: &[u64; 6]) -> Result<u64, Errno> {
    let line = trace::call_line(task, row, number, arguments);
    host::log::line(&format!("unsupported system call {line}: ENOSYS"));
    Err(Errno::ENOSYS)
}
