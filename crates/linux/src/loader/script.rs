//! `#!` scripts by Linux's rules (`fs/binfmt_script.c`). Pure.
//!
//! Only the first 256 bytes count. The interpreter's path ends at a blank, a NUL or the line's end; what follows it, without the
//! blanks around it, is one single argument. A path that may be cut off at the end of those bytes is not run.

use super::refusal::Refusal;
use alloc::vec::Vec;

/// `BINPRM_BUF_SIZE`.
pub const BUFFER_SIZE: usize = 256;
/// A chain may hold this many scripts; one more is ELOOP.
pub const MAX_DEPTH: usize = 5;

/// The first line of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub interpreter: Vec<u8>,
    pub argument: Option<Vec<u8>>,
}

pub fn is_script(head: &[u8]) -> bool {
    head.starts_with(b"#!")
}

/// Parses the first bytes of a file that begins with `#!`.
pub fn parse(head: &[u8]) -> Result<Line, Refusal> {
    if !is_script(head) {
        return Err(Refusal::ScriptLine);
    }
    // The kernel's buffer is padded with NUL where the file is shorter, and its last byte is not looked at for blanks.
    let mut buffer = [0; BUFFER_SIZE];
    let count = head.len().min(BUFFER_SIZE);
    buffer[..count].copy_from_slice(&head[..count]);
    let last = BUFFER_SIZE - 1;

    let mut end = match buffer.iter().take_while(|&&byte| byte != 0).position(|&byte| byte == b'\n') {
        Some(newline) => newline,
        None => {
            let name = first(&buffer, 2..=last, |byte| !is_blank(byte)).ok_or(Refusal::ScriptLine)?;
            first(&buffer, name..=last, is_terminator).ok_or(Refusal::ScriptLine)?;
            last
        }
    };
    while is_blank(buffer[end - 1]) {
        end -= 1;
    }
    let name =
        first(&buffer, 2..=end, |byte| !is_blank(byte)).filter(|&name| name != end).ok_or(Refusal::ScriptLine)?;
    let separator = first(&buffer, name..=end, is_terminator);
    let argument = match separator {
        Some(at) if buffer[at] != 0 => first(&buffer, at..=end, |byte| !is_blank(byte)),
        _ => None,
    };
    // An argument that begins at the line's end is none.
    let argument = argument.filter(|&at| at < end).map(|at| text(&buffer[at..end]));
    Ok(Line { interpreter: text(&buffer[name..separator.unwrap_or(end)]), argument })
}

fn first(buffer: &[u8], mut range: core::ops::RangeInclusive<usize>, wanted: impl Fn(u8) -> bool) -> Option<usize> {
    range.find(|&at| wanted(buffer[at]))
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn is_terminator(byte: u8) -> bool {
    is_blank(byte) || byte == 0
}

/// Up to the first NUL, as a C string.
fn text(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().take_while(|&byte| byte != 0).collect()
}
