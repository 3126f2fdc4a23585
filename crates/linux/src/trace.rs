//! The system call trace (`-s`): lines that read like strace's.
//!
//! A line is `name(arguments) = result`. Each argument's type says how it is shown ([`Kind`]): flags by name, strings quoted, the
//! common structures by field. What the call writes is shown after it has; at entry (`-s -s`) it is an address.

pub mod structs;

use crate::abi::Abi;
use crate::abi::flags::{FlagNames, Names, names};
use crate::errno::Errno;
use crate::table::Row;
use crate::task::Task;
use crate::user::{StringArray, UserStr};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

/// How an argument is shown; every argument type names its kind.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Int,
    Uint,
    Long,
    Size,
    Hex,
    Octal,
    Address,
    Signal,
    DirFd,
    Ioctl,
    /// Bytes read by the call; the next argument is their length.
    BytesIn,
    /// Bytes written by the call; the result is their length.
    BytesOut,
    Path,
    Strings,
    /// A socket address read by the call; the next argument is its length.
    SockAddr,
    /// A socket address written by the call; the next argument points to its length.
    SockAddrMut,
    /// A set of descriptors; the first argument bounds it.
    FdSet,
    /// A structure that the call reads.
    In {
        size: usize,
        describe: fn(&[u8], &mut String),
    },
    /// A structure that the call writes.
    Out {
        size: usize,
        describe: fn(&[u8], &mut String),
    },
    Flags {
        names: &'static FlagNames,
        bytes: usize,
    },
}

/// When a line is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moment {
    Entry,
    /// After the call, with its result.
    Done(Result<u64, Errno>),
}

/// The line at a call's entry.
pub fn entry(task: &mut Task, row: Option<&Row>, number: u64, arguments: &[u64; 6]) {
    let line = format(task, row, number, arguments, Moment::Entry);
    host::log::line(&format!("{line} ..."));
}

/// The line when a call is done.
pub fn exit(task: &mut Task, row: Option<&Row>, number: u64, arguments: &[u64; 6], result: Result<u64, Errno>) {
    let mut line = format(task, row, number, arguments, Moment::Done(result));
    // strace aligns the results.
    while line.len() < 39 {
        line.push(' ');
    }
    line.push_str(" = ");
    describe_result(row.map_or("", |row| row.name), result, &mut line);
    host::log::line(&line);
}

/// `name(arguments)` without a result.
pub fn call_line(task: &mut Task, row: Option<&Row>, number: u64, arguments: &[u64; 6]) -> String {
    format(task, row, number, arguments, Moment::Entry)
}

/// The result as strace has it: `-1 ENOENT (No such file or directory)`, addresses in base 16.
pub fn describe_result(name: &str, result: Result<u64, Errno>, out: &mut String) {
    let _ = match result {
        Ok(value) if matches!(name, "mmap" | "brk" | "mremap" | "shmat") => write!(out, "{value:#x}"),
        Ok(_) if matches!(name, "exit" | "exit_group") => write!(out, "?"),
        Ok(value) => write!(out, "{}", value as i64),
        Err(error) if error.is_restart() => write!(out, "? {error:?} (To be restarted)"),
        Err(error) => write!(out, "-1 {error:?} ({})", error.text()),
    };
}

fn format(task: &mut Task, row: Option<&Row>, number: u64, arguments: &[u64; 6], moment: Moment) -> String {
    let mut line = String::new();
    let Some(row) = row else {
        let _ = write!(line, "syscall_{number:#x}(");
        for (i, value) in arguments.iter().enumerate() {
            let _ = write!(line, "{}{value:#x}", if i > 0 { ", " } else { "" });
        }
        line.push(')');
        return line;
    };
    line.push_str(row.name);
    line.push('(');
    let shown = shown_arguments(row, arguments);
    for (i, kind) in row.arguments.iter().take(shown).enumerate() {
        if i > 0 {
            line.push_str(", ");
        }
        if row.name == "wait4" && i == 1 && matches!(moment, Moment::Done(Ok(1..))) && arguments[1] != 0 {
            let mut status = [0; 4];
            if task.load(arguments[1], &mut status).is_ok() {
                structs::wait_status(u32::decode(&status), &mut line);
                continue;
            }
        }
        if matches!((row.name, i), ("execve", 2) | ("execveat", 3)) {
            environment(task, arguments[i], &mut line);
            continue;
        }
        if row.name == "prctl" && i == 1 && is_name(arguments[0], moment) {
            string(task, arguments[1], &mut line);
            continue;
        }
        if row.name == "ioctl" && i == 2 {
            ioctl_argument(task, arguments, moment, &mut line);
            continue;
        }
        argument(task, row.name, *kind, i, arguments, moment, &mut line);
    }
    line.push(')');
    line
}

/// `open` has a mode only where it creates.
fn shown_arguments(row: &Row, arguments: &[u64; 6]) -> usize {
    const CREATES: u64 = 0o20000100;
    match row.name {
        "open" if arguments[1] & CREATES == 0 => 2,
        "openat" if arguments[2] & CREATES == 0 => 3,
        "prctl" if matches!(arguments[0], 15 | 16) => 2,
        _ => row.arguments.len(),
    }
}

fn argument(
    task: &mut Task,
    name: &str,
    kind: Kind,
    index: usize,
    arguments: &[u64; 6],
    moment: Moment,
    out: &mut String,
) {
    let value = arguments[index];
    let next = arguments.get(index + 1).copied().unwrap_or(0);
    let _ = match kind {
        Kind::Int => write!(out, "{}", value as i32),
        Kind::Uint => write!(out, "{}", value as u32),
        Kind::Long => write!(out, "{}", value as i64),
        Kind::Size => write!(out, "{value}"),
        Kind::Hex if value == 0 => write!(out, "0"),
        Kind::Hex => write!(out, "{value:#x}"),
        Kind::Octal => write!(out, "{}{:o}", if value as u32 == 0 { "" } else { "0" }, value as u32),
        Kind::Address => return address(value, out),
        Kind::Signal => return signal(value as i32, out),
        Kind::DirFd if value as i32 == -100 => write!(out, "AT_FDCWD"),
        Kind::DirFd => write!(out, "{}", value as i32),
        Kind::Ioctl => match host::terminal::find(value as u32) {
            Some((request, _)) => write!(out, "{request}"),
            None => write!(out, "{:#x}", value as u32),
        },
        Kind::BytesIn => return bytes(task, value, next, out),
        Kind::BytesOut => match moment {
            Moment::Done(Ok(length)) => return bytes(task, value, length.min(next), out),
            _ => return address(value, out),
        },
        Kind::Path => return string(task, value, out),
        Kind::Strings => return strings(task, value, out),
        Kind::SockAddr => return socket_address(task, value, next, out),
        Kind::SockAddrMut => {
            let mut length = [0; 4];
            match moment {
                Moment::Done(Ok(_)) if value != 0 && task.load(next, &mut length).is_ok() => {
                    return socket_address(task, value, u64::from(u32::decode(&length)), out);
                }
                _ => return address(value, out),
            }
        }
        Kind::FdSet => return set(task, value, arguments[0], out),
        Kind::In { size, describe } => {
            return structure(task, value, size, describe, count(name, index, arguments, moment), out);
        }
        Kind::Out { size, describe } => match moment {
            Moment::Done(Ok(_)) => {
                return structure(task, value, size, describe, count(name, index, arguments, moment), out);
            }
            _ => return address(value, out),
        },
        Kind::Flags { names, bytes } => return flags(value, names, bytes, out),
    };
}

/// `PR_SET_NAME`, and `PR_GET_NAME` once it has answered.
fn is_name(option: u64, moment: Moment) -> bool {
    option == 15 || option == 16 && matches!(moment, Moment::Done(Ok(_)))
}

/// The argument of an `ioctl` by its request: a number, an int, a terminal's settings or size.
fn ioctl_argument(task: &mut Task, arguments: &[u64; 6], moment: Moment, out: &mut String) {
    use host::terminal::{Field, Shape};
    let value = arguments[2];
    let known = host::terminal::find(arguments[1] as u32);
    let is_done = matches!(moment, Moment::Done(Ok(_)));
    let (fields, shows) = match known {
        Some((_, Shape::Value)) => {
            let _ = write!(out, "{}", value as i32);
            return;
        }
        Some((_, Shape::In(fields))) => (fields, true),
        Some((_, Shape::Out(fields) | Shape::InOut(fields))) => (fields, is_done),
        None => return address(value, out),
    };
    if !shows {
        return address(value, out);
    }
    match (known.map(|(name, _)| name), fields) {
        (_, [Field::I32]) => {
            let mut raw = [0; 4];
            if task.load(value, &mut raw).is_err() {
                return address(value, out);
            }
            let _ = write!(out, "[{}]", i32::decode(&raw));
        }
        (Some("TIOCGWINSZ" | "TIOCSWINSZ"), _) => show::<crate::abi::Winsize>(task, value, out),
        (Some("TCGETS" | "TCSETS" | "TCSETSW" | "TCSETSF"), _) => show::<crate::abi::Termios>(task, value, out),
        _ => address(value, out),
    }
}

fn show<T: Abi>(task: &mut Task, at: u64, out: &mut String) {
    match crate::user::UserPtr::<T>::new(at).read(task) {
        Ok(value) => value.describe(out),
        Err(_) => address(at, out),
    }
}

/// How many structures an argument points to: the calls on lists say it in another argument or in their result.
fn count(name: &str, index: usize, arguments: &[u64; 6], moment: Moment) -> u64 {
    match (name, index, moment) {
        ("readv" | "writev" | "preadv" | "pwritev" | "preadv2" | "pwritev2" | "vmsplice", 1, _) => arguments[2],
        ("poll" | "ppoll", 0, _) => u64::from(arguments[1] as u32),
        ("semop" | "semtimedop", 1, _) => arguments[2],
        ("epoll_wait" | "epoll_pwait" | "epoll_pwait2", 1, Moment::Done(Ok(ready))) => ready,
        _ => 1,
    }
}

fn address(value: u64, out: &mut String) {
    let _ = if value == 0 { write!(out, "NULL") } else { write!(out, "{value:#x}") };
}

static SIGNALS: Names = names!(
    1 HUP 2 INT 3 QUIT 4 ILL 5 TRAP 6 ABRT 7 BUS 8 FPE 9 KILL 10 USR1 11 SEGV 12 USR2 13 PIPE 14 ALRM 15 TERM
    16 STKFLT 17 CHLD 18 CONT 19 STOP 20 TSTP 21 TTIN 22 TTOU 23 URG 24 XCPU 25 XFSZ 26 VTALRM 27 PROF 28 WINCH 29 IO 30 PWR 31 SYS
);

/// `SIGHUP` to `SIGSYS`, then `SIGRTMIN` and `SIGRT_n`.
pub fn signal(number: i32, out: &mut String) {
    let _ = match number {
        1..=31 => write!(out, "SIG{}", SIGNALS.of(number as u64).unwrap_or_default()),
        32 => write!(out, "SIGRTMIN"),
        33..=64 => write!(out, "SIGRT_{}", number - 32),
        _ => write!(out, "{number}"),
    };
}

/// Longest string that is shown.
const SHOWN: usize = 32;

fn bytes(task: &mut Task, at: u64, length: u64, out: &mut String) {
    let mut raw = vec![0; length.min(SHOWN as u64 + 1) as usize];
    if at == 0 || task.load(at, &mut raw).is_err() {
        return address(at, out);
    }
    quote(&raw, out);
}

fn string(task: &mut Task, at: u64, out: &mut String) {
    match UserStr(at).read(task) {
        Ok(text) if at != 0 => quote_whole(text.to_bytes(), out),
        _ => address(at, out),
    }
}

fn strings(task: &mut Task, at: u64, out: &mut String) {
    let Ok(list) = StringArray(at).read(task, 1 << 21) else { return address(at, out) };
    out.push('[');
    for (i, text) in list.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        if i == SHOWN {
            out.push_str("...");
            break;
        }
        quote(text.to_bytes(), out);
    }
    out.push(']');
}

/// `0x7ffe1234 /* 23 vars */`.
fn environment(task: &mut Task, at: u64, out: &mut String) {
    address(at, out);
    if let Ok(list) = StringArray(at).read(task, 1 << 21)
        && at != 0
    {
        let _ = write!(out, " /* {} var{} */", list.len(), if list.len() == 1 { "" } else { "s" });
    }
}

fn structure(task: &mut Task, at: u64, size: usize, describe: fn(&[u8], &mut String), count: u64, out: &mut String) {
    if at == 0 {
        return address(at, out);
    }
    let shown = count.min(16);
    let mut raw = vec![0; size * shown as usize];
    if task.load(at, &mut raw).is_err() {
        return address(at, out);
    }
    if count == 1 {
        return describe(&raw, out);
    }
    out.push('[');
    for (i, item) in raw.chunks_exact(size).enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        describe(item, out);
    }
    out.push_str(if shown < count { ", ...]" } else { "]" });
}

/// The descriptors in a set: `[0 3]`.
fn set(task: &mut Task, at: u64, count: u64, out: &mut String) {
    let mut raw = vec![0u8; (count.min(1024) as usize).div_ceil(64) * 8];
    if at == 0 || task.load(at, &mut raw).is_err() {
        return address(at, out);
    }
    out.push('[');
    let members = (0..count.min(1024) as usize).filter(|fd| raw[fd / 8] >> (fd % 8) & 1 != 0);
    for (i, fd) in members.enumerate() {
        let _ = write!(out, "{}{fd}", if i > 0 { " " } else { "" });
    }
    out.push(']');
}

fn socket_address(task: &mut Task, at: u64, length: u64, out: &mut String) {
    let mut raw = vec![0; length.min(128) as usize];
    if at == 0 || raw.len() < 2 || task.load(at, &mut raw).is_err() {
        return address(at, out);
    }
    let port = |raw: &[u8]| u16::from_be_bytes([raw[2], raw[3]]);
    let _ = match u16::from_le_bytes([raw[0], raw[1]]) {
        1 => {
            out.push_str("{sa_family=AF_UNIX, sun_path=");
            match &raw[2..] {
                [0, name @ ..] => {
                    out.push('@');
                    quote(name, out);
                }
                path => {
                    let end = path.iter().position(|&b| b == 0).unwrap_or(path.len());
                    quote(&path[..end], out);
                }
            }
            write!(out, "}}")
        }
        2 if raw.len() >= 8 => write!(
            out,
            "{{sa_family=AF_INET, sin_port=htons({}), sin_addr=inet_addr(\"{}.{}.{}.{}\")}}",
            port(&raw),
            raw[4],
            raw[5],
            raw[6],
            raw[7]
        ),
        10 if raw.len() >= 24 => {
            let mut octets = [0; 16];
            octets.copy_from_slice(&raw[8..24]);
            let ip = core::net::Ipv6Addr::from(octets);
            write!(out, "{{sa_family=AF_INET6, sin6_port=htons({}), sin6_addr=\"{ip}\"}}", port(&raw))
        }
        family => write!(out, "{{sa_family={family}, ...}}"),
    };
}

/// `O_RDONLY|O_CLOEXEC`: the enumerated part, then bits; what has no name in base 16.
pub fn flags(value: u64, names: &FlagNames, bytes: usize, out: &mut String) {
    let width = if bytes == 4 { 0xffff_ffff } else { u64::MAX };
    let value = value & width;
    let mask = names.mask & width;
    let mut parts: Vec<String> = Vec::new();
    let is_only_value = names.bits.numbers.is_empty();
    match names.values.of(value & mask) {
        Some(name) if mask != 0 && (value & mask != 0 || mask == width || names_zero(names)) => parts.push(name.into()),
        _ if mask != 0 && value & mask != 0 => parts.push(format!("{:#x}", value & mask)),
        _ => {}
    }
    if !is_only_value {
        let mut rest = value & !mask;
        for (bit, name) in names.bits.iter() {
            if rest & bit == bit && bit != 0 {
                parts.push(name.into());
                rest &= !bit;
            }
        }
        if rest != 0 {
            parts.push(format!("{rest:#x}"));
        }
    }
    if parts.is_empty() {
        match names.values.of(0) {
            Some(name) => out.push_str(name),
            None => out.push('0'),
        }
        return;
    }
    out.push_str(&parts.join("|"));
}

/// Is 0 among the names of the enumerated part, as `O_RDONLY` is?
fn names_zero(names: &FlagNames) -> bool {
    names.values.numbers.first() == Some(&0)
}

/// A C string literal, shortened as strace does.
pub fn quote(bytes: &[u8], out: &mut String) {
    quote_limited(bytes, SHOWN, out);
}

/// A C string literal, in full: paths.
fn quote_whole(bytes: &[u8], out: &mut String) {
    quote_limited(bytes, usize::MAX, out);
}

fn quote_limited(bytes: &[u8], limit: usize, out: &mut String) {
    out.push('"');
    let shown = &bytes[..bytes.len().min(limit)];
    for (i, &byte) in shown.iter().enumerate() {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b'\r' => out.push_str("\\r"),
            0x0b => out.push_str("\\v"),
            0x0c => out.push_str("\\f"),
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            0x20..=0x7e => out.push(byte as char),
            // An octal escape must not swallow a digit that follows.
            _ if shown.get(i + 1).is_some_and(u8::is_ascii_digit) => {
                let _ = write!(out, "\\{byte:03o}");
            }
            _ => {
                let _ = write!(out, "\\{byte:o}");
            }
        }
    }
    out.push('"');
    if bytes.len() > limit {
        out.push_str("...");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::flags::{AccessMode, MapFlags, OpenFlags, Prot, SocketType, Whence};

    fn shown(value: u64, names: &FlagNames) -> String {
        let mut out = String::new();
        flags(value, names, 4, &mut out);
        out
    }

    #[test]
    fn flags_read_like_the_manual() {
        assert_eq!(shown(0, &OpenFlags::NAMES), "O_RDONLY");
        assert_eq!(shown(0o2000101, &OpenFlags::NAMES), "O_WRONLY|O_CREAT|O_CLOEXEC");
        assert_eq!(shown(0o4010002, &OpenFlags::NAMES), "O_RDWR|O_SYNC");
        assert_eq!(shown(0, &AccessMode::NAMES), "F_OK");
        assert_eq!(shown(5, &AccessMode::NAMES), "R_OK|X_OK");
        assert_eq!(shown(0x22, &MapFlags::NAMES), "MAP_PRIVATE|MAP_ANONYMOUS");
        assert_eq!(shown(3, &Prot::NAMES), "PROT_READ|PROT_WRITE");
        assert_eq!(shown(2, &Whence::NAMES), "SEEK_END");
        assert_eq!(shown(9, &Whence::NAMES), "0x9");
        assert_eq!(shown(0o2000001, &SocketType::NAMES), "SOCK_STREAM|SOCK_CLOEXEC");
    }

    #[test]
    fn strings_are_c_literals() {
        let mut out = String::new();
        quote(b"a\n\"\x01\x012\xff", &mut out);
        assert_eq!(out, "\"a\\n\\\"\\1\\0012\\377\"");
        out.clear();
        quote(&[b'x'; 40], &mut out);
        assert_eq!(out, format!("\"{}\"...", "x".repeat(32)));
    }

    #[test]
    fn results_name_the_error() {
        let mut out = String::new();
        describe_result("open", Err(Errno::ENOENT), &mut out);
        assert_eq!(out, "-1 ENOENT (No such file or directory)");
        out.clear();
        describe_result("mmap", Ok(0x7000), &mut out);
        assert_eq!(out, "0x7000");
    }
}
