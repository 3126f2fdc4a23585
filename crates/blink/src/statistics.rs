//! `-Z`: what the run did, as `key: value` lines at exit.

use alloc::string::String;
use core::fmt::Write;
use core::sync::atomic::Ordering::Relaxed;
use linux::process::Process;

/// Writes the lines to standard error, if the process was asked for them. They count the threads that have ended.
pub fn print(process: &Process) {
    if !process.options.statistics {
        return;
    }
    let mut text = String::new();
    let elapsed = host::time::now().saturating_sub(process.started);
    let instructions = process.counts.instructions.load(Relaxed);
    let is_translated = process.mm.is_translated();
    // Nobody counts what the host's CPU runs.
    let counted = if is_translated { "instructions interpreted" } else { "instructions" };
    let _ = writeln!(text, "{counted}: {instructions}");
    let _ = writeln!(text, "seconds: {}.{:06}", elapsed.seconds, elapsed.nanoseconds / 1000);
    let micros = elapsed.seconds as u64 * 1_000_000 + elapsed.nanoseconds as u64 / 1000;
    if let Some(tenths) = (instructions * 10).checked_div(micros)
        && !is_translated
    {
        let _ = writeln!(text, "million instructions per second: {}.{}", tenths / 10, tenths % 10);
    }
    let _ = writeln!(text, "blocks decoded and translated: {}", process.counts.blocks.load(Relaxed));
    let _ = writeln!(text, "system calls: {}", process.counts.calls.load(Relaxed));
    let _ = writeln!(text, "memory: {}", if process.mm.is_linear() { "linear" } else { "paged" });
    if let Ok(usage) = host::identity::rusage(0) {
        let _ = writeln!(text, "user seconds: {}.{:06}", usage[0], usage[1]);
        let _ = writeln!(text, "system seconds: {}.{:06}", usage[2], usage[3]);
        let _ = writeln!(text, "peak kilobytes: {}", usage[4]);
        let _ = writeln!(text, "page faults: {}", usage[8] + usage[9]);
    }
    host::log::write_all(2, text.as_bytes());
}
