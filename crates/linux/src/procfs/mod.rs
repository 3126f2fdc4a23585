//! `/proc` as the guest must see it: where the host would tell of blink, a text or a path made from the guest's truth.
//!
//! [`find`] answers for an absolute path without `.` and `..`; `path::resolve` asks it for every path that reaches `/proc`. What is
//! not named here is the host's. `man 5 proc`.

pub mod text;

use crate::signal::{SIG_DFL, SIG_IGN, bit};
use crate::task::Task;
use alloc::ffi::CString;
use alloc::string::String;
use alloc::vec::Vec;
use host::{file, identity, own, process};
pub use text::{Area, Layout, SignalSets};

/// What a path below `/proc` leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// Nothing of ours: the host's file.
    Host,
    /// A file with these contents, read-only. Its status is the host's file's, where the host has one.
    File(Vec<u8>),
    /// A symbolic link to this path.
    Link(Vec<u8>),
    /// A descriptor of blink itself: ENOENT.
    Missing,
    /// It would open blink itself: EACCES.
    Denied,
}

/// What `path` leads to for this task.
pub fn find(task: &mut Task, path: &[u8]) -> Node {
    let Some(rest) = path.strip_prefix(b"/proc/") else { return Node::Host };
    let mut parts = rest.split(|&byte| byte == b'/').filter(|part| !part.is_empty());
    let Some(first) = parts.next() else { return Node::Host };
    let parts: Vec<&[u8]> = parts.collect();
    match first {
        b"cpuinfo" if parts.is_empty() => Node::File(cpuinfo(task)),
        _ if is_self(task, first) => own_file(task, &parts),
        _ if number(first).is_some_and(|id| is_memory(&parts) && is_blink(id)) => Node::Denied,
        _ => Node::Host,
    }
}

/// What shows a process's memory itself, with or without `task/TID` before it.
fn is_memory(parts: &[&[u8]]) -> bool {
    let rest = match parts {
        [b"task", _, rest @ ..] => rest,
        all => all,
    };
    matches!(rest, [b"mem" | b"pagemap" | b"clear_refs" | b"numa_maps" | b"smaps_rollup"] | [b"map_files", ..])
}

/// Is the process of this number a blink too?
pub fn is_blink(process: i32) -> bool {
    let theirs = link(&format!("/proc/{process}/exe"));
    theirs.is_some() && theirs == link("/proc/self/exe")
}

/// Does any guest run this program now? Of another user's, nothing can be seen.
pub fn is_running(task: &Task, program: &file::Status) -> bool {
    let is_program = |path: Vec<u8>| {
        let status = CString::new(path).ok().and_then(|path| file::status_at(file::CWD, &path, 0).ok());
        status.is_some_and(|status| (status.device, status.inode) == (program.device, program.inode))
    };
    if own_program(task).is_some_and(|(device, inode)| (device, inode) == (program.device, program.inode)) {
        return true;
    }
    let Ok(directory) = file::open(file::CWD, c"/proc", 0o2200000, 0) else { return false };
    let mut is_found = false;
    while !is_found
        && let Ok(entries) = host::dir::entries(directory, 32768)
        && !entries.is_empty()
    {
        is_found = entries
            .iter()
            .filter(|entry| number(&entry.name).is_some_and(|id| id != process::pid() && is_blink(id)))
            .any(|entry| exe_of_other(task, &[b"/proc/", &entry.name[..]].concat()).is_some_and(is_program));
    }
    let _ = file::close(directory);
    is_found
}

/// Device and inode of the guest's own program, as it was mapped.
fn own_program(task: &Task) -> Option<((u32, u32), u64)> {
    let exe = &task.process.exe;
    areas(task).into_iter().find(|area| area.name == *exe).map(|area| (area.device, area.inode))
}

/// What the link `/proc/self/exe` says: the host's kernel knows where the mapped file has gone, or that it was removed.
pub fn exe_link(task: &Task) -> Vec<u8> {
    let mapped = own_program(task);
    let is_program = |area: &Area| mapped == Some((area.device, area.inode));
    match host_areas("self").into_iter().find(is_program) {
        Some(area) => task.process.root().name(area.name),
        None => task.process.exe.clone(),
    }
}

/// True if a directory at this path must not show the entry `name`: a descriptor of blink itself.
pub fn hides(task: &Task, directory: &[u8], name: &[u8]) -> bool {
    let Some(rest) = directory.strip_prefix(b"/proc/") else { return false };
    let mut parts = rest.split(|&byte| byte == b'/').filter(|part| !part.is_empty());
    parts.next().is_some_and(|first| is_self(task, first))
        && parts.next_back().is_some_and(|last| matches!(last, b"fd" | b"fdinfo"))
        && number(name).is_some_and(own::is_own)
}

/// `self`, `thread-self`, or the number of this process or of the calling thread.
fn is_self(task: &Task, name: &[u8]) -> bool {
    matches!(name, b"self" | b"thread-self") || number(name).is_some_and(|id| id == process::pid() || id == task.tid)
}

fn number(text: &[u8]) -> Option<i32> {
    core::str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}

/// A file below `/proc/self` or `/proc/self/task/TID`.
fn own_file(task: &mut Task, parts: &[&[u8]]) -> Node {
    let parts = match parts {
        [b"task", id, rest @ ..] if number(id).is_some() => rest,
        all => all,
    };
    match parts {
        [b"exe"] => Node::Link(task.process.exe.clone()),
        [b"maps"] => Node::File(own_maps(task).into_bytes()),
        [b"smaps"] => {
            let host = if task.process.mm.is_linear() { host_file("smaps") } else { None };
            Node::File(text::smaps(&String::from_utf8_lossy(&host.unwrap_or_default()), &areas(task)))
        }
        [b"cmdline"] => Node::File(command_line(task)),
        [b"environ"] => {
            let range = task.process.layout.environment.clone();
            Node::File(memory(task, range.start, range.end))
        }
        [b"auxv"] => Node::File(task.process.auxv.clone()),
        [b"stat"] => Node::File(text::stat(
            host_file("stat").as_deref(),
            &own_identity(task),
            &areas(task),
            &task.process.layout,
            &signals(task),
        )),
        [b"statm"] => Node::File(text::statm(host_file("statm").as_deref(), &areas(task), &task.process.layout)),
        [b"status"] => Node::File(text::status(
            host_file("status").as_deref(),
            &own_identity(task),
            &areas(task),
            &task.process.layout,
            &signals(task),
            task.process.descriptor_table_size(),
        )),
        [b"limits"] => match host_file("limits") {
            Some(text) => {
                let limits = task.process.mm.limits();
                let own = [("Max address space", limits.address_space), ("Max data size", limits.data)];
                Node::File(text::limits(&text, &own))
            }
            None => Node::Host,
        },
        [b"fd" | b"fdinfo", name, ..] if number(name).is_some_and(own::is_own) => Node::Missing,
        // DEVIATION: these would open the memory of blink itself. The same holds for other guests' processes.
        parts if is_memory(parts) => Node::Denied,
        _ => Node::Host,
    }
}

/// The argument strings as they are now: programs write their titles there. If the last one has lost its NUL, the text goes on
/// into the environment (`get_mm_cmdline`).
fn command_line(task: &mut Task) -> Vec<u8> {
    let layout = task.process.layout.clone();
    let mut text = memory(task, layout.arguments.start, layout.arguments.end);
    if text.last().is_some_and(|&last| last != 0) {
        text.extend(memory(task, layout.environment.start, layout.environment.end));
        let end = text.iter().position(|&byte| byte == 0).map_or(text.len(), |nul| nul + 1);
        text.truncate(end);
    }
    text
}

/// Guest memory from `start` to `end`, as far as it is readable.
fn memory(task: &mut Task, start: u64, end: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut at = start;
    while at < end {
        let count = (4096 - at % 4096).min(end - at);
        let mut page = vec![0; count as usize];
        if task.load(at, &mut page).is_err() {
            break;
        }
        bytes.extend(page);
        at += count;
    }
    bytes
}

/// The program of another guest, by its directory `/proc/PID`: `None` if it is no blink, or no guest's file can be seen in it.
///
/// The host shows every blink with the same program. What a blink has mapped beyond what all of them have is the guest's. In the linear
/// form the guest's addresses lie below blink's image, the program lowest; in the paged form the host places mappings downwards, the
/// program's first.
pub fn exe_of_other(task: &Task, directory: &[u8]) -> Option<Vec<u8>> {
    let own = link("/proc/self/exe")?;
    let directory = core::str::from_utf8(directory).ok()?;
    let pid = directory.strip_prefix("/proc/")?.split('/').next()?;
    if link(&format!("/proc/{pid}/exe"))? != own {
        return None;
    }
    let guest: Vec<Vec<u8>> = areas(task).into_iter().map(|area| area.name).collect();
    let is_ours = |area: &Area| !guest.contains(&area.name);
    let common: Vec<Vec<u8>> = host_areas("self").into_iter().filter(is_ours).map(|area| area.name).collect();
    let is_guests = |area: &Area| {
        let is_hosts = area.name == own || area.name == b"/etc/ld.so.cache" || common.contains(&area.name);
        area.name.starts_with(b"/") && !is_hosts
    };
    // A blink that was executed just now has loaded nothing yet: for its guest the program changed in one moment.
    for _ in 0..50 {
        let areas = host_areas(pid);
        let image = areas.iter().find(|area| area.name == own).map_or(0, |area| area.start);
        let mut candidates = areas.iter().filter(|area| is_guests(area));
        let is_linear = |area: &&Area| area.start < image;
        if let Some(area) = candidates.clone().find(is_linear).or_else(|| candidates.next_back()) {
            return Some(area.name.clone());
        }
        host::time::pause(1);
    }
    None
}

fn link(path: &str) -> Option<Vec<u8>> {
    file::readlinkat(file::CWD, &CString::new(path).ok()?, 4096).ok()
}

fn host_areas(process: &str) -> Vec<Area> {
    let text = read_host(&format!("/proc/{process}/maps")).unwrap_or_default();
    text::parse_maps(&String::from_utf8_lossy(&text))
}

/// `/proc/self/NAME` of the host.
fn host_file(name: &str) -> Option<Vec<u8>> {
    read_host(&format!("/proc/self/{name}"))
}

fn read_host(path: &str) -> Option<Vec<u8>> {
    let path = CString::new(path).ok()?;
    let fd = file::open(file::CWD, &path, 0o2000000, 0).ok()?;
    let mut text = Vec::new();
    let mut chunk = vec![0; 65536];
    loop {
        let mut segments = host::io::Segments::new();
        segments.push_mut(&mut chunk);
        match host::io::read(fd, &segments, host::io::Position::Current, 0) {
            Ok(0) | Err(_) => break,
            Ok(count) => text.extend(&chunk[..count]),
        }
    }
    let _ = file::close(fd);
    (!text.is_empty()).then_some(text)
}

/// What is mapped in the guest, in ascending order.
pub fn areas(task: &Task) -> Vec<Area> {
    text::parse_maps(&own_maps(task))
}

fn own_maps(task: &Task) -> String {
    task.process.root().rename_areas(task.process.mm.maps())
}

fn signals(task: &Task) -> SignalSets {
    let mut sets = SignalSets { blocked: task.signals.mask(), ..SignalSets::default() };
    for signal in 1..=64 {
        match task.process.signals.action(signal).sa_handler {
            SIG_DFL => {}
            SIG_IGN => sets.ignored |= bit(signal),
            _ => sets.caught |= bit(signal),
        }
    }
    sets
}

fn own_identity(task: &Task) -> text::Identity {
    let exe = &task.process.exe;
    let name = exe.rsplit(|&byte| byte == b'/').next().unwrap_or_default().to_vec();
    let pid = process::pid();
    text::Identity {
        pid,
        parent: process::parent(),
        group: process::group(0).unwrap_or(pid),
        session: process::session(0).unwrap_or(pid),
        name,
        uid: identity::getresuid().map_or(0, |ids| ids[0]),
        gid: identity::getresgid().map_or(0, |ids| ids[0]),
        threads: 1,
    }
}

/// What the host says of its own CPU, in kHz, else a round number.
fn host_kilohertz() -> u64 {
    let text = read_host("/proc/cpuinfo").unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().find(|line| line.starts_with("cpu MHz"));
    let number = line.and_then(|line| line.split(':').nth(1)).map(str::trim);
    number.and_then(|number| number.replace('.', "").parse().ok()).unwrap_or(1_000_000)
}

fn cpuinfo(task: &Task) -> Vec<u8> {
    let environment = task.cpu.environment.clone();
    let kilohertz = environment.time_stamp_frequency().map_or_else(host_kilohertz, |hz| hz / 1000);
    text::cpuinfo(identity::cpus(), kilohertz, |leaf, subleaf| cpu::cpuid::leaf(leaf, subleaf, &*environment))
}
