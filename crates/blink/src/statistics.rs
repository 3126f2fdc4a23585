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
    let _ = writeln!(text, "memory: {}", if task.process.mm.is_linear() { "linear" } else { "paged" });
    if let Ok(usage) = host::identity::rusage(0) {
        let _ = writeln!(text, "user seconds: {}.{:06}", usage[0], usage[1]);
        let _ = writeln!(text, "system seconds: {}.{:06}", usage[2], usage[3]);
        let _ = writeln!(text, "peak kilobytes: {}", usage[4]);
        let _ = writeln!(text, "page faults: {}", usage[8] + usage[9]);
    }
    host::log::write_all(2, text.as_bytes());
}
