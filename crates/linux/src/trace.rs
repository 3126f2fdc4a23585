//! The system call trace (`-s`): lines that read like strace's.

use crate::abi::flags::FlagNames;
use crate::errno::Errno;
use crate::table::Row;
use crate::task::Task;
use std::fmt::Write;

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
    SockAddr,
    SockAddrMut,
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

/// The line at a call's entry.
pub fn entry(task: &mut Task, row: Option<&Row>, number: u64, arguments: &[u64; 6]) {
    let line = call_line(task, row, number, arguments);
    host::log::line(&format!("{line} ..."));
}

/// The line when a call is done.
pub fn exit(task: &mut Task, row: Option<&Row>, number: u64, arguments: &[u64; 6], result: Result<u64, Errno>) {
    let mut line = call_line(task, row, number, arguments);
    match result {
        Ok(value) => {
            let _ = write!(line, " = {}", value as i64);
        }
        Err(error) => {
            let _ = write!(line, " = -1 {error:?} ({})", error.text());
        }
    }
    host::log::line(&line);
}

/// `name(arguments)` without a result.
pub fn call_line(_task: &mut Task, row: Option<&Row>, number: u64, arguments: &[u64; 6]) -> String {
    let mut line = String::new();
    match row {
        Some(row) => {
            line.push_str(row.name);
            line.push('(');
            for (i, (_, value)) in row.arguments.iter().zip(arguments).enumerate() {
                if i > 0 {
                    line.push_str(", ");
                }
                let _ = write!(line, "{value:#x}");
            }
        }
        None => {
            let _ = write!(line, "syscall_{number:#x}(");
            for (i, value) in arguments.iter().enumerate() {
                let _ = write!(line, "{}{value:#x}", if i > 0 { ", " } else { "" });
            }
        }
    }
    line.push(')');
    line
}

/// A C string literal, shortened to 32 bytes as strace does.
pub fn quote(bytes: &[u8], out: &mut String) {
    const SHOWN: usize = 32;
    out.push('"');
    for &byte in bytes.iter().take(SHOWN) {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b'\r' => out.push_str("\\r"),
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            0x20..=0x7e => out.push(byte as char),
            _ => {
                let _ = write!(out, "\\{byte:o}");
            }
        }
    }
    out.push('"');
    if bytes.len() > SHOWN {
        out.push_str("...");
    }
}
