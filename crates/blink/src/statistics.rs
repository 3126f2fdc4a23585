//! `-Z`: what the run did, as `key: value` lines at exit.

use linux::Task;
use std::fmt::Write;

/// Writes the lines to standard error.
pub fn print(task: &Task, started: host::time::Time) {
    let mut text = String::new();
    let elapsed = host::time::now().saturating_sub(started);
    let _ = writeln!(text, "instructions: {}", task.cpu.icount);
    let _ = writeln!(text, "seconds: {}.{:06}", elapsed.seconds, elapsed.nanoseconds / 1000);
    let micros = elapsed.seconds as f64 * 1e6 + elapsed.nanoseconds as f64 / 1e3;
    if micros > 0.0 {
        let _ = writeln!(text, "million instructions per second: {:.1}", task.cpu.icount as f64 / micros);
    }
    host::log::write_all(2, text.as_bytes());
}
