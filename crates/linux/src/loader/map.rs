//! Maps the plan of a program and of its interpreter into an address space, and finds the place of `brk`.
//!
//! The order and the arithmetic are those of `load_elf_binary` of Linux 6.18: segments in the order of the file, each from its page's
//! start to the end of its last page in the file, later ones over earlier ones; zeros from there to the end of its memory. Generic over
//! [`Space`], so that tests see every step.

use super::elf::{Placement, Plan, Segment};
use super::find::{Found, Image};
use super::refusal::Refusal;
use crate::Errno;
use alloc::boxed::Box;
use core::ops::Range;

const PAGE: u64 = 4096;
const WRITE: u32 = 2;
const EXECUTE: u32 = 4;

/// Two thirds of the address space: where position-independent programs go (`ELF_ET_DYN_BASE`).
pub const DYNAMIC_BASE: u64 = 0x5555_5555_4000;
/// `brk` begins up to so many bytes behind the program.
const BRK_RANGE: u64 = 1 << 30;
/// Nothing is placed below (`vm.mmap_min_addr`).
const LOWEST: u64 = 0x1_0000;
/// Bits of randomness of a position-independent program, in pages (`mmap_rnd_bits`).
const RANDOM_BITS: u32 = 28;

/// Where a mapping goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The address space chooses.
    Anywhere,
    /// There and nowhere else, and only if nothing is there (`MAP_FIXED_NOREPLACE`).
    Free(u64),
    /// There, over whatever is there (`MAP_FIXED`).
    Over(u64),
}

/// The address space that the loader fills. All addresses, lengths and offsets are multiples of 4096.
pub trait Space<F> {
    /// Maps private pages: of `file` from an offset, or zeros. `protection` is `PROT_*` of Linux.
    fn map(&self, at: At, length: u64, protection: u32, file: Option<(&F, u64)>) -> Result<u64, Errno>;
    fn unmap(&self, address: u64, length: u64) -> Result<(), Errno>;
    /// Writes into pages that were mapped writable.
    fn store(&self, address: u64, bytes: &[u8]) -> Result<(), Errno>;
    /// Maps the stack; returns its end.
    fn map_stack(&self, executable: bool) -> Result<u64, Errno>;
}

/// The random numbers of one start, 0 for the fixed layout.
#[derive(Clone, Copy, Debug)]
pub struct Randomness {
    /// Where position-independent programs go before anything is added.
    pub dynamic_base: u64,
    /// For the base of a position-independent program.
    pub base: u64,
    /// For the start of `brk`; `None` puts it right behind the program.
    pub brk: Option<u64>,
}

impl Default for Randomness {
    fn default() -> Randomness {
        Randomness { dynamic_base: DYNAMIC_BASE, base: 0, brk: None }
    }
}

/// Where everything lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// What was added to the program's addresses.
    pub bias: u64,
    /// Where execution begins: in the interpreter if there is one.
    pub ip: u64,
    /// Entry point of the program itself.
    pub entry: u64,
    /// Address of the program headers, 0 if they are in no segment.
    pub headers: u64,
    pub header_count: u16,
    /// Load bias of the interpreter, 0 without one (`AT_BASE`).
    pub base: u64,
    /// First address of the heap.
    pub brk: u64,
    pub code: Range<u64>,
    pub data: Range<u64>,
    pub executable_stack: bool,
}

/// Maps program and interpreter.
pub fn load<F>(space: &impl Space<F>, found: &Found<F>, random: Randomness) -> Result<Layout, Refusal> {
    let plan = &found.program.plan;
    let is_loader = found.interpreter.is_none();
    let bias = program_bias(space, plan, is_loader, random)?;
    map_image(space, &found.program, bias)?;

    let entry = plan.entry.wrapping_add(bias);
    let (mut ip, mut base) = (entry, 0);
    if let Some(image) = &found.interpreter {
        base = anywhere(space, &image.plan)
            .and_then(|base| map_image(space, image, base).map(|()| base))
            .map_err(|refusal| Refusal::Interpreter(image.path.clone(), Box::new(refusal)))?;
        ip = image.plan.entry.wrapping_add(base);
    }
    let shift = |range: (u64, u64)| range.0.wrapping_add(bias)..range.1.wrapping_add(bias);
    Ok(Layout {
        bias,
        ip,
        entry,
        headers: if plan.headers == 0 { 0 } else { plan.headers.wrapping_add(bias) },
        header_count: plan.header_count,
        base,
        brk: brk_start(plan, bias, is_loader, random),
        code: shift(plan.code()),
        data: shift(plan.data()),
        executable_stack: plan.executable_stack,
    })
}

/// Programs with an interpreter go to two thirds of the address space; what is a loader itself, out of their way.
fn program_bias<F>(space: &impl Space<F>, plan: &Plan, is_loader: bool, random: Randomness) -> Result<u64, Refusal> {
    if plan.placement == Placement::Fixed {
        return Ok(0);
    }
    if is_loader {
        return anywhere(space, plan);
    }
    // Linux kills the program where the place is taken. Parts of blink itself may lie there, so others are tried.
    for attempt in 0..8 {
        let pages = random.base.wrapping_mul(2 * attempt + 1) & ((1 << RANDOM_BITS) - 1);
        let base = (random.dynamic_base + pages * PAGE + attempt * (BRK_RANGE << 4)) & !(plan.alignment - 1);
        if is_free(space, plan, base) {
            return Ok(base.wrapping_sub(plan.start()));
        }
    }
    anywhere(space, plan)
}

/// A bias with which the whole image fits where the address space likes it.
fn anywhere<F>(space: &impl Space<F>, plan: &Plan) -> Result<u64, Refusal> {
    if plan.placement == Placement::Fixed {
        return Ok(0);
    }
    let failed = |errno| Refusal::Map { what: "the program", address: 0, errno };
    let size = round_up(plan.total_size());
    let base = space.map(At::Anywhere, size, 0, None).map_err(failed)?;
    space.unmap(base, size).map_err(failed)?;
    let aligned = base & !(plan.alignment - 1);
    if aligned == base || is_free(space, plan, aligned) {
        return Ok(aligned.wrapping_sub(plan.start()));
    }
    // Below lies something else: take enough to find an aligned address within.
    let room = size.checked_add(plan.alignment).ok_or(failed(Errno::ENOMEM))?;
    let base = space.map(At::Anywhere, room, 0, None).map_err(failed)?;
    space.unmap(base, room).map_err(failed)?;
    Ok(((base + plan.alignment - 1) & !(plan.alignment - 1)).wrapping_sub(plan.start()))
}

fn is_free<F>(space: &impl Space<F>, plan: &Plan, base: u64) -> bool {
    let size = round_up(plan.total_size());
    // A huge alignment leads to the lowest pages, which stay empty.
    if base < LOWEST {
        return false;
    }
    match space.map(At::Free(base), size, 0, None) {
        Ok(_) => space.unmap(base, size).is_ok(),
        Err(_) => false,
    }
}

fn map_image<F>(space: &impl Space<F>, image: &Image<F>, bias: u64) -> Result<(), Refusal> {
    for (i, segment) in image.plan.segments.iter().enumerate() {
        let address = segment.address.wrapping_add(bias);
        map_segment(space, &image.file, segment, address, i == 0).map_err(|errno| Refusal::Map {
            what: "the segment",
            address,
            errno,
        })?;
    }
    Ok(())
}

/// `elf_load`: the pages of the file, zeros in the rest of the last one, and pages of zeros.
fn map_segment<F>(space: &impl Space<F>, file: &F, segment: &Segment, address: u64, first: bool) -> Result<(), Errno> {
    let start = address & !(PAGE - 1);
    let at = |address| if first { At::Free(address) } else { At::Over(address) };
    let mut zeros = start;
    if segment.file_size > 0 {
        let file_end = address + segment.file_size;
        zeros = round_up(file_end);
        let offset = segment.offset - (address - start);
        space.map(at(start), zeros - start, segment.protection(), Some((file, offset)))?;
        // What cannot be written stays as it is in the file.
        if segment.memory_size > segment.file_size && zeros > file_end && segment.protection() & WRITE != 0 {
            space.store(file_end, &vec![0; (zeros - file_end) as usize])?;
        }
    }
    let end = round_up(address + segment.memory_size);
    if segment.memory_size > segment.file_size && end > zeros {
        let protection = 3 | segment.protection() & EXECUTE;
        let at = if segment.file_size > 0 { At::Over(zeros) } else { at(zeros) };
        space.map(at, end - zeros, protection, None)?;
    }
    Ok(())
}

fn brk_start(plan: &Plan, bias: u64, is_loader: bool, random: Randomness) -> u64 {
    // A loader lies among the mappings, where the heap could not grow.
    let moved = plan.placement == Placement::Anywhere && is_loader;
    // Two thirds of the address space are not a multiple of the page size: the heap begins behind them.
    let start = if moved { random.dynamic_base + PAGE } else { round_up(plan.end().wrapping_add(bias)) };
    match random.brk {
        None => start,
        Some(number) => {
            let start = if moved { start } else { start + PAGE };
            start + (number % (BRK_RANGE / PAGE)) * PAGE
        }
    }
}

fn round_up(address: u64) -> u64 {
    (address + PAGE - 1) & !(PAGE - 1)
}
