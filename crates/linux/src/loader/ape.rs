//! Actually Portable Executables: DOS program, shell script and ELF file at once. Pure.
//!
//! The file begins as a shell assignment that is a DOS header too, and within its first 8 KiB the script writes an ELF header with
//! `printf '\177ELF...'`, in octal escapes and plain characters. A fat file holds one such statement for each machine. The program
//! headers that this ELF header speaks of lie in the file as it is.

use super::elf::{EM_X86_64, HEADER_SIZE};
use super::refusal::Refusal;

/// The statements must lie within this many bytes from the start of the file.
pub const SCAN_SIZE: usize = 8192;

/// The three ways in which such a file begins: a program, one that only Unix runs, and one for the debugger.
const MAGICS: [&[u8]; 3] = [b"MZqFpD='", b"jartsr='", b"APEDBG='"];

pub fn is_ape(head: &[u8]) -> bool {
    MAGICS.iter().any(|magic| head.starts_with(magic))
}

/// Finds the x86-64 ELF header in `head`, the first [`SCAN_SIZE`] bytes of the file or all of a shorter one.
pub fn find_header(head: &[u8]) -> Result<[u8; HEADER_SIZE], Refusal> {
    let head = &head[..head.len().min(SCAN_SIZE)];
    let mut other = None;
    for at in 0..head.len() {
        let Some(text) = statement(&head[at..]) else { continue };
        let Some(header) = unescape(text) else { continue };
        if header[..4] != *b"\x7fELF" {
            continue;
        }
        let machine = u16::from_le_bytes([header[18], header[19]]);
        if machine == EM_X86_64 && header[4] == 2 && header[5] == 1 {
            return Ok(header);
        }
        other.get_or_insert(machine);
    }
    Err(match other {
        Some(machine) if machine != EM_X86_64 => Refusal::Machine { machine, big_endian: false },
        _ => Refusal::ApeWithoutElf,
    })
}

/// If `bytes` begin with `printf '`, what follows the quotation mark.
fn statement(bytes: &[u8]) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(b"printf")?;
    let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    if blanks == 0 {
        return None;
    }
    rest[blanks..].strip_prefix(b"'")
}

/// The first bytes that `printf` makes of `text` up to the closing quotation mark, `None` if they are fewer than a header.
fn unescape(text: &[u8]) -> Option<[u8; HEADER_SIZE]> {
    let mut header = [0; HEADER_SIZE];
    let mut rest = text;
    for byte in &mut header {
        (*byte, rest) = unescape_one(rest)?;
    }
    Some(header)
}

/// One byte of output and the rest of the text (POSIX printf(1): at most three octal digits).
fn unescape_one(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [b'\'', ..] | [] => None,
        [b'\\', b'0'..=b'7', ..] => {
            let digits = text[1..].iter().take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
            let value =
                text[1..=digits].iter().fold(0, |value: u8, digit| value.wrapping_mul(8).wrapping_add(digit - b'0'));
            Some((value, &text[1 + digits..]))
        }
        [b'\\', letter, rest @ ..] => {
            let value = match letter {
                b'\\' => b'\\',
                b'a' => 7,
                b'b' => 8,
                b't' => 9,
                b'n' => 10,
                b'v' => 11,
                b'f' => 12,
                b'r' => 13,
                _ => return Some((b'\\', &text[1..])),
            };
            Some((value, rest))
        }
        [b'%', b'%', rest @ ..] => Some((b'%', rest)),
        [byte, rest @ ..] => Some((*byte, rest)),
    }
}
