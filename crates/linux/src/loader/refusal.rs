//! Why a file cannot be run: for the guest as an errno, for a person as one line, for a shell as an exit status.

use crate::Errno;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Which part of a file is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Header,
    ProgramHeaders,
    InterpreterName,
    Segment,
}

/// One reason. The path of the program itself stands in the message of [`LoadError`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Opening failed with this Linux errno.
    Open(Errno),
    /// Reading failed with this Linux errno.
    Read(Errno),
    Directory,
    /// A pipe, a device or a socket.
    NotRegular,
    /// No execute permission, or a file system mounted `noexec`.
    Permission,
    Empty,
    /// Neither ELF nor script nor APE.
    Unknown,
    /// Not UTF-8-like text and not a program, but DOS: `MZ` without an ELF header inside.
    Dos,
    /// An APE without a `printf` of an x86-64 ELF header.
    ApeWithoutElf,
    NotElf,
    Truncated(Part),
    Class(u8),
    ByteOrder(u8),
    Machine {
        machine: u16,
        big_endian: bool,
    },
    Type(u16),
    ProgramHeaderSize(u16),
    ProgramHeaderCount(u16),
    NoSegments,
    SegmentTooHigh(u64),
    SegmentSizes(u64),
    SegmentMisaligned(u64),
    SegmentsOverlap(u64, u64),
    /// The `PT_INTERP` segment holds no path.
    InterpreterName,
    /// The ELF interpreter at this path is refused.
    Interpreter(Vec<u8>, Box<Refusal>),
    /// The first line of the script names no interpreter, or one cut off after 256 bytes.
    ScriptLine,
    /// The interpreter of a script at this path is refused.
    ScriptInterpreter(Vec<u8>, Box<Refusal>),
    /// More than five scripts that interpret each other.
    ScriptLoop,
    /// Arguments and environment exceed the limit.
    TooBig,
    /// The address space did not take the image: what, at which address, and the Linux errno.
    Map {
        what: &'static str,
        address: u64,
        errno: Errno,
    },
}

impl Refusal {
    /// The error with which Linux's `execve` answers; for a late one, the error that Linux keeps to itself.
    pub fn errno(&self) -> Errno {
        use Refusal::*;
        match self {
            Open(errno) | Read(errno) => *errno,
            Directory | NotRegular | Permission => Errno::EACCES,
            ScriptInterpreter(_, inner) => inner.errno(),
            // What is found but is no interpreter is ELIBBAD, except where it cannot be opened at all.
            Interpreter(_, inner) => match **inner {
                Open(_) | Read(_) | Directory | NotRegular | Permission => inner.errno(),
                Truncated(Part::Header) | Empty => Errno::EIO,
                _ => Errno::ELIBBAD,
            },
            ScriptLoop => Errno::ELOOP,
            TooBig => Errno::E2BIG,
            Map { errno, .. } => *errno,
            SegmentTooHigh(_) | SegmentSizes(_) | SegmentMisaligned(_) | SegmentsOverlap(..) => Errno::EINVAL,
            Truncated(Part::InterpreterName) => Errno::EIO,
            _ => Errno::ENOEXEC,
        }
    }

    /// Linux notices this only when the old program is gone: `execve` succeeds, and the new program is killed by SIGSEGV.
    pub fn is_late(&self) -> bool {
        use Refusal::*;
        match self {
            SegmentTooHigh(_)
            | SegmentSizes(_)
            | SegmentMisaligned(_)
            | SegmentsOverlap(..)
            | NoSegments
            | Map { .. } => true,
            Truncated(part) => *part == Part::Segment,
            Interpreter(_, inner) | ScriptInterpreter(_, inner) => inner.is_late(),
            _ => false,
        }
    }

    /// Exit status as a shell's: 127 if something was not found, else 126.
    pub fn status(&self) -> i32 {
        if self.errno() == Errno::ENOENT { 127 } else { 126 }
    }
}

/// A program that cannot be run, and why. `Display` gives the line for a person, without `blink: ` and newline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    pub path: Vec<u8>,
    pub refusal: Refusal,
}

impl LoadError {
    pub fn errno(&self) -> Errno {
        self.refusal.errno()
    }

    pub fn status(&self) -> i32 {
        self.refusal.status()
    }

    pub fn is_late(&self) -> bool {
        self.refusal.is_late()
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", Name(&self.path), self.refusal)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Refusal::*;
        match self {
            Open(errno) => f.write_str(&describe(*errno)),
            Read(errno) => write!(f, "cannot be read ({})", describe(*errno)),
            Directory => f.write_str("is a directory"),
            NotRegular => f.write_str("not a regular file"),
            Permission => f.write_str("no permission to execute it (chmod +x)"),
            Empty => f.write_str("not a program (the file is empty)"),
            Unknown => f.write_str("not a program (neither ELF nor APE, and no #! line)"),
            Dos => f.write_str("not a Linux program (a DOS or Windows executable)"),
            ApeWithoutElf => f.write_str("not an x86-64 program (an APE whose first 8 KiB print no x86-64 ELF header)"),
            NotElf => f.write_str("not an ELF file"),
            Truncated(part) => write!(
                f,
                "truncated: its {} beyond the end of the file",
                match part {
                    Part::Header => "ELF header reaches",
                    Part::ProgramHeaders => "program headers reach",
                    Part::InterpreterName => "interpreter's name reaches",
                    Part::Segment => "segments reach",
                }
            ),
            Class(1) => f.write_str("not an x86-64 program (32-bit ELF class)"),
            Class(class) => write!(f, "not an x86-64 program (ELF class {class})"),
            ByteOrder(order) => write!(f, "not an x86-64 program (ELF byte order {order})"),
            Machine { machine, big_endian } => {
                f.write_str("not an x86-64 program (machine is ")?;
                match machine_name(*machine) {
                    Some(name) => f.write_str(name)?,
                    None => write!(f, "number {machine}")?,
                }
                f.write_str(if *big_endian { ", big-endian)" } else { ")" })
            }
            Type(1) => f.write_str("not a program (an object file that is not linked yet)"),
            Type(4) => f.write_str("not a program (a core dump)"),
            Type(kind) => write!(f, "not a program (ELF type {kind})"),
            ProgramHeaderSize(size) => write!(f, "broken ELF file (program headers of {size} bytes, not 56)"),
            ProgramHeaderCount(0) => f.write_str("not a program (no program headers)"),
            ProgramHeaderCount(count) => write!(f, "broken ELF file ({count} program headers)"),
            NoSegments => f.write_str("not a program (nothing to load in it)"),
            SegmentTooHigh(at) => {
                write!(f, "broken ELF file (the segment at {at:#x} reaches beyond the address space)")
            }
            SegmentSizes(at) => {
                write!(f, "broken ELF file (the segment at {at:#x} is larger in the file than in memory)")
            }
            SegmentMisaligned(at) => {
                write!(f, "broken ELF file (the segment at {at:#x} lies at another place of its page in the file)")
            }
            SegmentsOverlap(a, b) => write!(f, "broken ELF file (the segments at {a:#x} and {b:#x} overlap)"),
            InterpreterName => f.write_str("broken ELF file (its PT_INTERP holds no path)"),
            Interpreter(path, inner) => write!(f, "its interpreter {}: {inner}", Name(path)),
            ScriptLine => f.write_str("bad #! line (no interpreter in its first 256 bytes)"),
            ScriptInterpreter(path, inner) => match **inner {
                // The chain of scripts is told once.
                ScriptLoop | ScriptInterpreter(..) => write!(f, "{inner}"),
                _ => write!(f, "bad interpreter {}: {inner}", Name(path)),
            },
            ScriptLoop => f.write_str("too many levels of #! interpreters (more than 5)"),
            TooBig => f.write_str("argument list too long"),
            Map { what, address, errno } => write!(f, "cannot map {what} at {address:#x} ({})", describe(*errno)),
        }
    }
}

/// A path for a message: bytes that would disturb a terminal become `?`.
struct Name<'a>(&'a [u8]);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for letter in chunk.valid().chars() {
                fmt::Write::write_char(f, if letter.is_control() { '?' } else { letter })?;
            }
            if !chunk.invalid().is_empty() {
                f.write_str("?")?;
            }
        }
        Ok(())
    }
}

/// The text of an error number, without a capital letter.
fn describe(errno: Errno) -> String {
    let text = errno.text();
    text[..1].to_ascii_lowercase() + &text[1..]
}

/// Names of `e_machine` that people meet.
fn machine_name(machine: u16) -> Option<&'static str> {
    Some(match machine {
        0 => "none",
        2 | 18 | 43 => "SPARC",
        3 | 6 => "80386",
        4 => "68000",
        8 | 10 => "MIPS",
        15 => "PA-RISC",
        20 => "PowerPC",
        21 => "PowerPC64",
        22 => "S/390",
        40 => "Arm",
        42 => "SuperH",
        50 => "Itanium",
        62 => "x86-64",
        183 => "AArch64",
        243 => "RISC-V",
        247 => "BPF",
        258 => "LoongArch",
        0x9026 => "Alpha",
        _ => return None,
    })
}
