//! The command line of blink: options, the log, finding and starting the program, what is printed when it dies.
//!
//! [`run`] is called by the C `main`. A blink that another blink executed for a guest's `execve` finds its orders in the environment
//! instead of the arguments (`linux::sys::exec`).
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

#[macro_use]
extern crate alloc;

mod environment;
mod launch;
mod options;
mod report;
mod search;
mod statistics;
mod symbols;

use alloc::string::String;
use core::fmt::{Display, Write};
use core::panic::Location;
use host::log::write_all;
use host::start::Start;
use launch::Order;
use linux::sys::exec::State;
use options::Options;

/// The C `main` of `blink`: the process's exit status.
pub fn run(mut start: Start) -> i32 {
    if let Some(state) = State::take(&mut start.environment) {
        return launch::launch(Order::from_state(state, start));
    }
    if let Some(order) = Order::from_binfmt(&mut start) {
        return launch::launch(order);
    }
    let options = match Options::parse(start.arguments.get(1..).unwrap_or_default()) {
        Ok(options) => options,
        Err(reason) => {
            write_all(2, format!("blink: {reason}\n{}", options::HELP).as_bytes());
            return options::USAGE_STATUS;
        }
    };
    if options.help {
        write_all(1, options::HELP.as_bytes());
        return 0;
    }
    if options.version {
        write_all(1, version().as_bytes());
        return 0;
    }
    match Order::from_options(options, start.environment) {
        Ok(order) => launch::launch(order),
        Err(reason) => {
            write_all(2, format!("blink: {reason}\n").as_bytes());
            options::USAGE_STATUS
        }
    }
}

/// What `-v` prints.
fn version() -> String {
    let mut text = String::new();
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    let endian = if cfg!(target_endian = "little") { "little-endian" } else { "big-endian" };
    let width = usize::BITS;
    let _ = writeln!(text, "blink {} ({profile} build)", env!("CARGO_PKG_VERSION"));
    let _ = writeln!(text, "host: {} {}, {width}-bit, {endian}", env!("HOST_OS"), env!("HOST_CPU"));
    let _ = match vm::engine::why_interpreted() {
        None => writeln!(text, "engine: translator (-j: interpreter)"),
        Some(reason) => writeln!(text, "engine: interpreter, since {reason}"),
    };
    let _ = writeln!(
        text,
        "guest: x86-64 Linux, memory {}",
        if launch::has_linear() { "linear or paged (-m)" } else { "paged" }
    );
    text
}

/// Tells of a bug of blink itself, in one line.
pub fn panicked(what: &dyn Display, place: Option<&Location>) {
    let place = place.map_or(String::new(), |at| format!(" at {}:{}", at.file(), at.line()));
    write_all(2, format!("blink: internal error{place}: {what}\n").as_bytes());
}
