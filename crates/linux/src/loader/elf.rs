//! ELF images: from the bytes of a header to a [`Plan`] of what must be mapped where. Pure: nothing is opened or mapped here.
//!
//! The rules are those of `fs/binfmt_elf.c` of Linux 6.18; `man 5 elf` names the fields. What Linux only finds out after the old
//! program is gone is marked late ([`Refusal::is_late`]): an `execve` of such a file succeeds and the new program dies.

use super::refusal::{Part, Refusal};
use crate::Errno;
use alloc::vec::Vec;
use fields::*;

/// Little-endian fields out of byte slices that are known to be long enough.
mod fields {
    pub fn u16_at(bytes: &[u8], at: usize) -> u16 {
        u16::from_le_bytes([bytes[at], bytes[at + 1]])
    }

    pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
        u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
    }

    pub fn u64_at(bytes: &[u8], at: usize) -> u64 {
        u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
    }
}

/// Size of an ELF-64 file header.
pub const HEADER_SIZE: usize = 64;
/// Size of one ELF-64 program header, the only `e_phentsize` that Linux accepts.
pub const PROGRAM_HEADER_SIZE: usize = 56;
/// Guest addresses of user space lie below this (`TASK_SIZE_MAX` with four-level paging).
pub const TASK_SIZE: u64 = 0x7fff_ffff_f000;
/// `PATH_MAX`, the longest name of an interpreter.
const PATH_MAX: u64 = 4096;
const PAGE: u64 = 4096;
/// `e_machine` of x86-64.
pub const EM_X86_64: u16 = 62;

const ET_EXEC: u16 = 2;
const ET_DYN: u16 = 3;
const PT_LOAD: u32 = 1;
const PT_INTERP: u32 = 3;
const PT_GNU_STACK: u32 = 0x6474_e551;
const PF_X: u32 = 1;
const PF_W: u32 = 2;
const PF_R: u32 = 4;

/// Something whose bytes can be read by position: an open file, or a slice in tests.
pub trait Source {
    /// Reads at `offset` until `buffer` is full or the end is reached; returns the count. Errors are the guest's numbers.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Errno>;
    /// Bytes in the file.
    fn size(&self) -> u64;
}

impl Source for [u8] {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Errno> {
        let Some(rest) = usize::try_from(offset).ok().and_then(|offset| self.get(offset..)) else { return Ok(0) };
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn size(&self) -> u64 {
        self.len() as u64
    }
}

/// Where the image may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// `ET_EXEC`: at the addresses of the file.
    Fixed,
    /// `ET_DYN`: anywhere, at a multiple of the alignment.
    Anywhere,
}

/// One `PT_LOAD` segment, checked: `file_size <= memory_size`, the end lies below [`TASK_SIZE`], and offset and address are
/// congruent within a page unless `file_size` is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Address of the first byte, before the load bias.
    pub address: u64,
    pub offset: u64,
    pub file_size: u64,
    pub memory_size: u64,
    pub read: bool,
    pub write: bool,
    pub execute: bool,
}

impl Segment {
    pub fn end(&self) -> u64 {
        self.address + self.memory_size
    }

    /// First address behind the bytes that come from the file.
    pub fn file_end(&self) -> u64 {
        self.address + self.file_size
    }

    /// `PROT_READ | PROT_WRITE | PROT_EXEC` as Linux numbers them.
    pub fn protection(&self) -> u32 {
        u32::from(self.read) | u32::from(self.write) << 1 | u32::from(self.execute) << 2
    }
}

/// What an ELF file asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub placement: Placement,
    /// In the order of the file, which is the order in which Linux maps them.
    pub segments: Vec<Segment>,
    /// `e_entry`, before the load bias.
    pub entry: u64,
    /// Address of the program headers before the load bias, 0 if no segment holds them.
    pub headers: u64,
    /// `e_phnum`.
    pub header_count: u16,
    /// Path in `PT_INTERP`, without its NUL.
    pub interpreter: Option<Vec<u8>>,
    /// `PT_GNU_STACK` asks for an executable stack.
    pub executable_stack: bool,
    /// Largest `p_align` of a segment that is a power of two, at least a page.
    pub alignment: u64,
}

impl Plan {
    /// Lowest mapped address, at a page's start.
    pub fn start(&self) -> u64 {
        self.segments.iter().map(|s| s.address).min().unwrap_or(0) & !(PAGE - 1)
    }

    /// End of the highest segment's memory, where `brk` begins. Not rounded.
    pub fn end(&self) -> u64 {
        self.segments.iter().map(Segment::end).max().unwrap_or(0)
    }

    /// Bytes from the lowest page to the end of the highest segment (`total_mapping_size`).
    pub fn total_size(&self) -> u64 {
        self.end() - self.start()
    }

    /// `mm->start_code` and `end_code`, before the bias: executable segments only.
    pub fn code(&self) -> (u64, u64) {
        let code = || self.segments.iter().filter(|s| s.execute);
        (code().map(|s| s.address).min().unwrap_or(0), code().map(Segment::file_end).max().unwrap_or(0))
    }

    /// `mm->start_data` and `end_data`, before the bias: Linux takes the highest start and the highest end of all segments.
    pub fn data(&self) -> (u64, u64) {
        let all = || self.segments.iter();
        (all().map(|s| s.address).max().unwrap_or(0), all().map(Segment::file_end).max().unwrap_or(0))
    }
}

/// Reads the ELF file that `file` is.
pub fn plan(file: &(impl Source + ?Sized)) -> Result<Plan, Refusal> {
    let mut header = [0; HEADER_SIZE];
    let count = file.read_at(0, &mut header).map_err(Refusal::Read)?;
    if count < HEADER_SIZE {
        return Err(Refusal::Truncated(Part::Header));
    }
    plan_with_header(file, &header)
}

/// Makes the plan of an image whose file header is `header`, wherever that was found; all else is read from `file`.
pub fn plan_with_header(file: &(impl Source + ?Sized), header: &[u8; HEADER_SIZE]) -> Result<Plan, Refusal> {
    let placement = check_header(header)?;
    let (offset, entry_size, count) = (u64_at(header, 32), u16_at(header, 54), u16_at(header, 56));
    if usize::from(entry_size) != PROGRAM_HEADER_SIZE {
        return Err(Refusal::ProgramHeaderSize(entry_size));
    }
    let size = usize::from(count) * PROGRAM_HEADER_SIZE;
    if size == 0 || size > 65536 {
        return Err(Refusal::ProgramHeaderCount(count));
    }
    let mut table = vec![0; size];
    if offset > i64::MAX as u64 || file.read_at(offset, &mut table).map_err(Refusal::Read)? < size {
        return Err(Refusal::Truncated(Part::ProgramHeaders));
    }
    let mut plan = Plan {
        placement,
        segments: Vec::new(),
        entry: u64_at(header, 24),
        headers: 0,
        header_count: count,
        interpreter: None,
        executable_stack: false,
        alignment: PAGE,
    };
    for row in table.chunks_exact(PROGRAM_HEADER_SIZE) {
        match u32_at(row, 0) {
            // Linux reads the first one and ignores the rest.
            PT_INTERP if plan.interpreter.is_none() => plan.interpreter = Some(interpreter(file, row)?),
            PT_GNU_STACK => plan.executable_stack = u32_at(row, 4) & PF_X != 0,
            _ => {}
        }
    }
    for row in table.chunks_exact(PROGRAM_HEADER_SIZE).filter(|row| u32_at(row, 0) == PT_LOAD) {
        let segment = segment(row, file.size())?;
        let align = u64_at(row, 48);
        if align.is_power_of_two() {
            plan.alignment = plan.alignment.max(align);
        }
        if segment.offset <= offset && offset < segment.offset.saturating_add(segment.file_size) {
            plan.headers = offset - segment.offset + segment.address;
        }
        plan.segments.push(segment);
    }
    check_segments(&plan)?;
    Ok(plan)
}

/// Checks what the file header says about itself. `EI_OSABI` and `e_version` do not matter, as on Linux.
///
/// DEVIATION: Linux looks at `e_machine` alone; a wrong class or byte order is refused here by its name, since such a file cannot
/// mean what it says.
fn check_header(header: &[u8; HEADER_SIZE]) -> Result<Placement, Refusal> {
    if header[..4] != *b"\x7fELF" {
        return Err(Refusal::NotElf);
    }
    if header[5] == 2 {
        return Err(Refusal::Machine { machine: u16::from_be_bytes([header[18], header[19]]), big_endian: true });
    }
    let machine = u16_at(header, 18);
    if machine != EM_X86_64 {
        return Err(Refusal::Machine { machine, big_endian: false });
    }
    if header[4] != 2 {
        return Err(Refusal::Class(header[4]));
    }
    if header[5] != 1 {
        return Err(Refusal::ByteOrder(header[5]));
    }
    match u16_at(header, 16) {
        ET_EXEC => Ok(Placement::Fixed),
        ET_DYN => Ok(Placement::Anywhere),
        kind => Err(Refusal::Type(kind)),
    }
}

fn interpreter(file: &(impl Source + ?Sized), row: &[u8]) -> Result<Vec<u8>, Refusal> {
    let (offset, size) = (u64_at(row, 8), u64_at(row, 32));
    if !(2..=PATH_MAX).contains(&size) {
        return Err(Refusal::InterpreterName);
    }
    let mut name = vec![0; size as usize];
    if offset > i64::MAX as u64 || file.read_at(offset, &mut name).map_err(Refusal::Read)? < name.len() {
        return Err(Refusal::Truncated(Part::InterpreterName));
    }
    if name.pop() != Some(0) {
        return Err(Refusal::InterpreterName);
    }
    if let Some(end) = name.iter().position(|&byte| byte == 0) {
        name.truncate(end);
    }
    Ok(name)
}

fn segment(row: &[u8], file_size: u64) -> Result<Segment, Refusal> {
    let flags = u32_at(row, 4);
    let segment = Segment {
        offset: u64_at(row, 8),
        address: u64_at(row, 16),
        file_size: u64_at(row, 32),
        memory_size: u64_at(row, 40),
        read: flags & PF_R != 0,
        write: flags & PF_W != 0,
        execute: flags & PF_X != 0,
    };
    if segment.address >= TASK_SIZE || segment.memory_size > TASK_SIZE - segment.address {
        return Err(Refusal::SegmentTooHigh(segment.address));
    }
    if segment.file_size > segment.memory_size {
        return Err(Refusal::SegmentSizes(segment.address));
    }
    if segment.file_size > 0 {
        if segment.offset % PAGE != segment.address % PAGE {
            return Err(Refusal::SegmentMisaligned(segment.address));
        }
        // Linux maps what is not there and the program dies of SIGBUS when it gets there. Only whole missing pages count: the
        // rest of the last page is zeros on Linux too.
        let end = segment.offset.checked_add(segment.file_size).ok_or(Refusal::Truncated(Part::Segment))?;
        if (end - 1) / PAGE > file_size.saturating_sub(1) / PAGE || file_size == 0 {
            return Err(Refusal::Truncated(Part::Segment));
        }
    }
    Ok(segment)
}

/// Segments may share pages, but not bytes.
///
/// DEVIATION: Linux maps the later over the earlier, page by page, so that which bytes win depends on the page size.
fn check_segments(plan: &Plan) -> Result<(), Refusal> {
    let mut sorted: Vec<&Segment> = plan.segments.iter().filter(|s| s.memory_size > 0).collect();
    if sorted.is_empty() {
        return Err(Refusal::NoSegments);
    }
    sorted.sort_by_key(|s| s.address);
    for pair in sorted.windows(2) {
        if pair[0].end() > pair[1].address {
            return Err(Refusal::SegmentsOverlap(pair[0].address, pair[1].address));
        }
    }
    Ok(())
}
