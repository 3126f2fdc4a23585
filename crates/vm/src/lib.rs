//! Joins the engine and the personality: the run loop and what its exits mean.
//!
//! [`run`] is the loop of one guest thread. A system call goes to `linux::dispatch`, an exception of the CPU becomes a guest
//! signal in exactly one place ([`fault`]), and attention bits are answered between blocks.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod engine;
mod fault;
mod vsyscall;

use cpu::{Exit, Trap};
use linux::Task;
use linux::process::{Hooks, Process};
use linux::signal::Info;
use memory::attention;
use vsyscall::Answer;

/// What `linux` needs of this crate; `report` tells a person of a fault that the guest dies of, `refused` the log of an instruction
/// that the engine does not know; `ending` is called where another thread than the first ends the process.
pub fn hooks(report: fn(&mut Task, &Info), refused: fn(&mut Task), ending: fn(&Process)) -> Hooks {
    Hooks { run, report, refused, ending }
}

/// Runs a guest thread until it has asked to end: `task.exited` is set then.
pub fn run(task: &mut Task) {
    while task.exited.is_none() {
        // Outside the engine nobody waits for this thread, which may block in a call.
        match task.engine.run(&mut task.cpu) {
            Exit::Syscall => linux::dispatch(task),
            Exit::Trap(trap) => {
                if trap == Trap::InvalidOpcode && host::log::is_on() {
                    (task.process.hooks.refused)(task);
                }
                let fault = match vsyscall::emulate(task, trap) {
                    Answer::NotOurs => fault::convert(task, trap),
                    Answer::Done => None,
                    Answer::Fault(fault) => Some(fault),
                };
                if let Some(fault) = fault {
                    linux::signal::fault(task, &fault);
                }
            }
            Exit::Attention => attend(task),
            Exit::Stepped => {}
        }
    }
}

/// Answers the attention bits.
fn attend(task: &mut Task) {
    let bits = task.cpu.memory.attend();
    if bits & attention::CODE != 0 {
        task.engine.begin_generation();
    }
    if bits & attention::SIGNAL != 0 {
        linux::signal::deliver_pending(task);
    }
}

/// Runs the main thread of a program whose task is ready, and returns the exit status of the process. If only the main
/// thread ends, the others go on, and this does not return.
pub fn run_main(task: &mut Task) -> i32 {
    host::process::limit_core_image();
    task.signals.thread.enter();
    run(task);
    let status = task.exited.unwrap_or(0);
    task.process.counts.add(task);
    if task.exits_group {
        return status;
    }
    linux::sys::process::leave(task);
    host::process::exit_thread(status)
}
