//! What a person is told when the guest dies of a fault: reason, place, code around it, registers, mapping, backtrace.
//!
//! One block of text, made at once, so that the lines of two processes do not mix.

use crate::symbols::Symbols;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;
use cpu::{RBP, RSP};
use host::signal::Info;
use isa::{Instruction, Mode, Op, decode};
use linux::Task;
use linux::loader::open::ProgramFile;
use linux::procfs::{self, Area};

const SIGILL: i32 = 4;
const SIGTRAP: i32 = 5;
const SIGBUS: i32 = 7;
const SIGFPE: i32 = 8;
const SIGSEGV: i32 = 11;
/// Files larger than this are not searched for symbols.
const SYMBOL_FILE_LIMIT: u64 = 256 << 20;
const FRAMES: usize = 32;

/// Writes the report to standard error and to the log.
pub fn report(task: &mut Task, info: &Info) {
    let text = describe(task, info);
    if host::log::is_on() {
        for line in text.lines() {
            host::log::line(line);
        }
    }
    if !task.process.options.log_to_stderr {
        host::log::write_all(2, text.as_bytes());
    }
}

/// One line in the log for an instruction that the engine does not know, even if the guest handles the signal.
pub fn refused(task: &mut Task) {
    let what = unknown_instruction(task);
    host::log::line(&format!("SIGILL at {:#x}: {what}", task.cpu.ip));
}

fn describe(task: &mut Task, info: &Info) -> String {
    let areas = procfs::areas(task);
    let mut places = Places { areas: &areas, files: BTreeMap::new() };
    let ip = task.cpu.ip;
    let mut text = String::new();
    let exe = String::from_utf8_lossy(&task.process.exe).into_owned();
    let _ = writeln!(text, "blink: {exe}: {}", reason(task, info));
    listing(&mut text, task, &mut places);
    registers(&mut text, task);
    if info.signal() == SIGSEGV || info.signal() == SIGBUS {
        match areas.iter().find(|area| (area.start..area.end).contains(&address(info))) {
            Some(area) => {
                let _ = write!(
                    text,
                    "  address in {}",
                    String::from_utf8_lossy(&procfs::text::maps(core::slice::from_ref(area)))
                );
            }
            None => neighbours(&mut text, &areas, address(info)),
        }
    }
    if let Some(area) = areas.iter().find(|area| (area.start..area.end).contains(&ip)) {
        let _ = write!(text, "  code in {}", String::from_utf8_lossy(&procfs::text::maps(core::slice::from_ref(area))));
    }
    backtrace(&mut text, task, &mut places);
    text
}

/// `si_addr`.
fn address(info: &Info) -> u64 {
    u64::from_le_bytes(core::array::from_fn(|i| info.0[16 + i]))
}

fn reason(task: &mut Task, info: &Info) -> String {
    const PAGE_FAULT: u64 = 14;
    let at = address(info);
    let error = task.signals.error_code;
    let verb = match error {
        _ if task.signals.trap_number != PAGE_FAULT => "access",
        _ if error & 16 != 0 => "execute",
        _ if error & 2 != 0 => "write",
        _ => "read",
    };
    let ip = task.cpu.ip;
    match (info.signal(), info.code()) {
        (SIGSEGV, 1) => format!("SIGSEGV: nothing is mapped at {at:#x} (tried to {verb} there, at rip {ip:#x})"),
        (SIGSEGV, 2) => format!("SIGSEGV: no right to {verb} at {at:#x} (at rip {ip:#x})"),
        (SIGSEGV, _) => {
            format!("SIGSEGV: general protection fault at rip {ip:#x} (address not canonical, or privileged)")
        }
        (SIGBUS, 1) => format!("SIGBUS: misaligned access at rip {ip:#x}"),
        (SIGBUS, 2) => format!("SIGBUS: {at:#x} lies beyond the end of the mapped file (at rip {ip:#x})"),
        (SIGBUS, _) => format!("SIGBUS at rip {ip:#x}"),
        (SIGILL, _) => format!("SIGILL: {} at rip {ip:#x}", unknown_instruction(task)),
        (SIGFPE, 1) => format!("SIGFPE: division by zero, or its quotient is too large, at rip {ip:#x}"),
        (SIGFPE, _) => format!("SIGFPE: floating-point exception at rip {ip:#x}"),
        (SIGTRAP, _) => format!("SIGTRAP: breakpoint or single step at rip {ip:#x}"),
        (signal, code) => format!("signal {signal} (code {code}) at rip {ip:#x}"),
    }
}

fn unknown_instruction(task: &mut Task) -> String {
    let bytes = code(task, task.cpu.ip, 15);
    match decode(&bytes, Mode::Bits64) {
        Ok(instruction) if matches!(instruction.op, Op::Ud0 | Op::Ud1 | Op::Ud2) => {
            "undefined on purpose (`ud`)".into()
        }
        Ok(instruction) => format!("the instruction `{}` is not supported", listed(&instruction, task.cpu.ip)),
        Err(error) => {
            let shown: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("no valid instruction ({error:?}) in [{}]", shown.join(" "))
        }
    }
}

fn listed(instruction: &Instruction, ip: u64) -> String {
    let mut text = String::new();
    let _ = isa::list(instruction, ip, &mut text);
    text
}

/// Up to `count` bytes of code from `address`.
fn code(task: &mut Task, address: u64, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    if task.load(address, &mut bytes).is_ok() {
        return bytes;
    }
    let rest = (4096 - address % 4096).min(count as u64) as usize;
    bytes.truncate(rest);
    if task.load(address, &mut bytes).is_ok() { bytes } else { Vec::new() }
}

/// A few instructions before `rip` and behind it.
fn listing(text: &mut String, task: &mut Task, places: &mut Places) {
    let ip = task.cpu.ip;
    let Some((start, before)) = instructions_before(task, ip) else {
        let _ = writeln!(text, "> {ip:16x}  (not readable)");
        return;
    };
    let mut at = start;
    let mut behind = 0;
    while behind < 5 {
        let bytes = code(task, at, 15);
        let (length, shown) = match decode(&bytes, Mode::Bits64) {
            Ok(instruction) => (u64::from(instruction.len), listed(&instruction, at)),
            Err(_) => match bytes.first() {
                Some(byte) => (1, format!(".byte {byte:#04x}")),
                None => break,
            },
        };
        let mark = if at == ip { '>' } else { ' ' };
        let _ = writeln!(text, "{mark} {at:16x}  {shown:<40} {}", places.name(at));
        at = at.wrapping_add(length);
        behind += u32::from(at > ip || before == 0);
    }
}

/// Where to begin listing so that a sequence of instructions ends exactly at `ip`, and how many there are: at most four.
fn instructions_before(task: &mut Task, ip: u64) -> Option<(u64, usize)> {
    if code(task, ip, 1).is_empty() {
        return None;
    }
    let from = ip.wrapping_sub(32);
    let bytes = code(task, from, 32);
    if bytes.len() < 32 {
        return Some((ip, 0));
    }
    // The longest run that meets `ip` is most likely the true one.
    for start in 0..32 {
        let mut boundaries = vec![start];
        let mut at = start;
        while at < 32 {
            match decode(&bytes[at..], Mode::Bits64) {
                Ok(instruction) => at += usize::from(instruction.len),
                Err(_) => break,
            }
            boundaries.push(at);
        }
        if at == 32 {
            let first = boundaries.len().saturating_sub(5);
            return Some((from.wrapping_add(boundaries[first] as u64), boundaries.len() - 1 - first));
        }
    }
    Some((ip, 0))
}

fn registers(text: &mut String, task: &Task) {
    const NAMES: [&str; 16] =
        ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"];
    const FLAGS: [(u32, &str); 9] =
        [(0, "CF"), (2, "PF"), (4, "AF"), (6, "ZF"), (7, "SF"), (8, "TF"), (10, "DF"), (11, "OF"), (18, "AC")];
    for (i, name) in NAMES.iter().enumerate() {
        let end = if i % 4 == 3 { "\n" } else { "" };
        let _ = write!(text, "  {name:>3} {:016x}{end}", task.cpu.get(i as u8));
    }
    let flags = task.cpu.rflags();
    let set: Vec<&str> = FLAGS.iter().filter(|flag| flags >> flag.0 & 1 != 0).map(|flag| flag.1).collect();
    let _ = writeln!(
        text,
        "  rip {:016x}   fs {:016x}   gs {:016x}  flags {flags:x} [{}]",
        task.cpu.ip,
        task.cpu.fs_base(),
        task.cpu.gs_base(),
        set.join(" ")
    );
}

/// For an address in no area: what lies below and above.
fn neighbours(text: &mut String, areas: &[Area], address: u64) {
    let below = areas.iter().rev().find(|area| area.end <= address);
    let above = areas.iter().find(|area| area.start > address);
    let _ = write!(text, "  address {address:#x} is in no mapping");
    for (area, word) in [(below, "behind"), (above, "before")] {
        if let Some(area) = area {
            let name =
                if area.name.is_empty() { "anonymous memory".into() } else { String::from_utf8_lossy(&area.name) };
            let _ = write!(text, ", {word} {:x}-{:x} ({name})", area.start, area.end);
        }
    }
    text.push('\n');
}

/// Follows the frame pointers, as far as they lead upwards.
fn backtrace(text: &mut String, task: &mut Task, places: &mut Places) {
    let _ = writeln!(text, "  backtrace by frame pointers:");
    let _ = writeln!(text, "    {:16x} {}", task.cpu.ip, places.name(task.cpu.ip));
    let (mut frame, sp) = (task.cpu.get(RBP), task.cpu.get(RSP));
    if !(sp..sp.saturating_add(64 << 20)).contains(&frame) {
        return;
    }
    for _ in 0..FRAMES {
        let mut words = [0; 16];
        if !frame.is_multiple_of(8) || task.load(frame, &mut words).is_err() {
            return;
        }
        let word = |at: usize| u64::from_le_bytes(core::array::from_fn(|i| words[at + i]));
        let (next, back) = (word(0), word(8));
        if !places.is_code(back) {
            return;
        }
        let _ = writeln!(text, "    {back:16x} {}", places.name(back.wrapping_sub(1)));
        if next <= frame {
            return;
        }
        frame = next;
    }
}

/// Names of code addresses, with the symbol tables read so far.
struct Places<'a> {
    areas: &'a [Area],
    files: BTreeMap<Vec<u8>, Symbols>,
}

impl Places<'_> {
    fn area(&self, address: u64) -> Option<&Area> {
        self.areas.iter().find(|area| (area.start..area.end).contains(&address))
    }

    fn is_code(&self, address: u64) -> bool {
        self.area(address).is_some_and(|area| area.protection & 4 != 0)
    }

    /// `function+0x12 (file)`, as far as it is known.
    fn name(&mut self, address: u64) -> String {
        let Some(area) = self.area(address).filter(|area| !area.name.is_empty()).cloned() else { return String::new() };
        let file =
            String::from_utf8_lossy(area.name.rsplit(|&byte| byte == b'/').next().unwrap_or_default()).into_owned();
        if !area.name.starts_with(b"/") {
            return file;
        }
        let symbols =
            self.files.entry(area.name.clone()).or_insert_with(|| match ProgramFile::open_to_read(&area.name) {
                Some(program) => Symbols::read(&program.contents(SYMBOL_FILE_LIMIT)),
                None => Symbols::default(),
            });
        let bias = symbols.bias(area.start, area.offset).unwrap_or(0);
        match symbols.find(address.wrapping_sub(bias)) {
            Some((name, distance)) => format!("{}+{distance:#x} ({file})", String::from_utf8_lossy(name)),
            None => format!("({file})"),
        }
    }
}
