//! String instructions (SDM Vol. 2A CMPS, LODS, MOVS; Vol. 2B SCAS, STOS; REP/REPE/REPNE).
//!
//! A repetition runs in chunks that stay within a page on both sides, so that a chunk either happens or faults as a whole;
//! after each chunk the registers are committed, and between chunks a pending attention interrupts, with `ip` at the
//! instruction.

use super::calls;
use super::flow::counter_size;
use crate::flags::{DF, Flags, TF};
use crate::inst::{Inst, Rep};
use crate::size::Size;
use crate::state::{Cpu, RAX, RCX, RDI, RSI, Segment};
use crate::stop::{Flow, Stop};
use memory::Access;

/// Elements that one chunk has at most.
const CHUNK: u64 = 4096;

/// Where a chunk of a string instruction works.
struct Strings {
    size: Size,
    /// Width of the pointers and of the counter.
    address: Size,
    /// Bytes to the next element, as a wrapping number.
    step: u64,
}

impl Strings {
    fn of(cpu: &Cpu, inst: &Inst) -> Strings {
        let size = inst.form.size();
        let step = if cpu.system_flags & DF != 0 { size.bytes().wrapping_neg() } else { size.bytes() };
        Strings { size, address: counter_size(inst), step }
    }

    /// Linear address at the source pointer.
    fn source(&self, cpu: &Cpu, inst: &Inst) -> u64 {
        cpu.linear(inst, self.address.cut(cpu.get(RSI)))
    }

    /// Linear address at the destination pointer, always in ES.
    fn destination(&self, cpu: &Cpu) -> u64 {
        cpu.base(Segment::Es).wrapping_add(self.address.cut(cpu.get(RDI)))
    }

    fn advance(&self, cpu: &mut Cpu, pointer: u8, count: u64) {
        let value = cpu.get(pointer).wrapping_add(self.step.wrapping_mul(count));
        cpu.set(pointer, self.address, value);
    }

    /// Elements from `address` on that lie wholly in its page, in the direction of the string; at least one.
    fn in_page(&self, address: u64) -> u64 {
        let (offset, bytes) = (address & 0xfff, self.size.bytes());
        let count = if (self.step as i64) < 0 { (offset + bytes) / bytes } else { (0x1000 - offset) / bytes };
        count.max(1)
    }

    /// Elements before the pointer wraps at its width.
    fn before_wrap(&self, pointer: u64) -> u64 {
        let (value, bytes) = (self.address.cut(pointer), self.size.bytes());
        let count =
            if (self.step as i64) < 0 { value / bytes } else { self.address.cut(u64::MAX).wrapping_sub(value) / bytes };
        count.max(1)
    }

    fn is_forward(&self) -> bool {
        (self.step as i64) > 0
    }

    /// The lowest address of `count` elements of one page that begin at `address` in the direction of the string. A fault is
    /// that of the first.
    fn lowest(&self, cpu: &mut Cpu, address: u64, count: u64, access: Access) -> Result<u64, Stop> {
        if self.is_forward() {
            return Ok(address);
        }
        cpu.memory.probe(address, self.size.bytes(), access)?;
        Ok(address.wrapping_add(self.step.wrapping_mul(count - 1)))
    }
}

/// Runs `chunk(count)` until the counter is used up: `chunk` does at most `count` elements with their pointers and returns
/// how many, and whether the condition of a comparison ends the repetition.
fn repeat(cpu: &mut Cpu, inst: &Inst, mut chunk: impl FnMut(&mut Cpu, u64) -> Result<(u64, bool), Stop>) -> Flow {
    if inst.form.rep() == Rep::None {
        chunk(cpu, 1)?;
        return Ok(());
    }
    let size = counter_size(inst);
    // A single step is one element.
    let is_single = cpu.system_flags & TF != 0;
    let most = if is_single { 1 } else { CHUNK };
    loop {
        let left = size.cut(cpu.get(RCX));
        if left == 0 {
            // A 32-bit counter that was already zero keeps its upper half; otherwise it was cleared on the way.
            return Ok(());
        }
        let (done, is_over) = chunk(cpu, left.min(most))?;
        cpu.set(RCX, size, left - done);
        if is_over || left == done {
            return Ok(());
        }
        if is_single || cpu.memory.attention() != 0 {
            return Err(Stop::AGAIN);
        }
    }
}

/// Moves fewer bytes than this through a small buffer, which is quicker to clear.
const SMALL: u64 = 128;
/// Elements that are written and read again soon are moved one by one where they are nearer than this.
const NEAR: u64 = 16;

calls! {
    Movs(cpu, inst) {
        repeat(cpu, inst, |cpu, count| {
            let s = Strings::of(cpu, inst);
            let (from, to) = (s.source(cpu, inst), s.destination(cpu));
            let mut count = count
                .min(s.in_page(from))
                .min(s.in_page(to))
                .min(s.before_wrap(cpu.get(RSI)))
                .min(s.before_wrap(cpu.get(RDI)));
            // An element that was written is read again only if the destination lies shortly behind the source.
            let distance = if s.is_forward() { to.wrapping_sub(from) } else { from.wrapping_sub(to) };
            if distance >= NEAR && distance < count * s.size.bytes() {
                count = distance / s.size.bytes();
            }
            if count == 1 || distance != 0 && distance < NEAR {
                return one_by_one(cpu, &s, count, from, to);
            }
            let from = s.lowest(cpu, from, count, Access::Read)?;
            let to = s.lowest(cpu, to, count, Access::Write)?;
            match count * s.size.bytes() {
                bytes @ ..=SMALL => copy::<{ SMALL as usize }>(cpu, from, to, bytes)?,
                bytes => copy::<{ CHUNK as usize }>(cpu, from, to, bytes)?,
            }
            s.advance(cpu, RSI, count);
            s.advance(cpu, RDI, count);
            Ok((count, false))
        })
    }

    Stos(cpu, inst) {
        repeat(cpu, inst, |cpu, count| {
            let s = Strings::of(cpu, inst);
            let to = s.destination(cpu);
            let value = s.size.cut(cpu.get(RAX));
            let count = count.min(s.in_page(to)).min(s.before_wrap(cpu.get(RDI)));
            let to = s.lowest(cpu, to, count, Access::Write)?;
            match count * s.size.bytes() {
                _ if count == 1 => cpu.store(to, s.size, value)?,
                bytes @ ..=SMALL => fill::<{ SMALL as usize }>(cpu, to, bytes, s.size.repeated(value))?,
                bytes => fill::<{ CHUNK as usize }>(cpu, to, bytes, s.size.repeated(value))?,
            }
            s.advance(cpu, RDI, count);
            Ok((count, false))
        })
    }

    Lods(cpu, inst) {
        repeat(cpu, inst, |cpu, count| {
            let s = Strings::of(cpu, inst);
            let from = s.source(cpu, inst);
            let count = count.min(s.in_page(from)).min(s.before_wrap(cpu.get(RSI)));
            // Only the last element is kept, but a fault is one of the first.
            let mut value = cpu.load(from, s.size)?;
            if count > 1 {
                value = cpu.load(from.wrapping_add(s.step.wrapping_mul(count - 1)), s.size)?;
            }
            cpu.set(RAX, s.size, value);
            s.advance(cpu, RSI, count);
            Ok((count, false))
        })
    }

    Cmps(cpu, inst) {
        repeat(cpu, inst, |cpu, count| {
            let s = Strings::of(cpu, inst);
            let (from, to) = (s.source(cpu, inst), s.destination(cpu));
            let count = s
                .ahead(count)
                .min(s.in_page(from))
                .min(s.in_page(to))
                .min(s.before_wrap(cpu.get(RSI)))
                .min(s.before_wrap(cpu.get(RDI)));
            let a = load_ahead(cpu, &s, from, count)?;
            let b = load_ahead(cpu, &s, to, count)?;
            let (done, is_over) = compare(cpu, inst, &s, count, &a, &b);
            s.advance(cpu, RSI, done);
            s.advance(cpu, RDI, done);
            Ok((done, is_over))
        })
    }

    Scas(cpu, inst) {
        repeat(cpu, inst, |cpu, count| {
            let s = Strings::of(cpu, inst);
            let to = s.destination(cpu);
            let count = s.ahead(count).min(s.in_page(to)).min(s.before_wrap(cpu.get(RDI)));
            let a = [s.size.repeated(s.size.cut(cpu.get(RAX))); AHEAD / 8];
            let b = load_ahead(cpu, &s, to, count)?;
            let (done, is_over) = compare(cpu, inst, &s, count, &a, &b);
            s.advance(cpu, RDI, done);
            Ok((done, is_over))
        })
    }
}

/// Copies within one page on both sides, all of it or nothing.
fn copy<const N: usize>(cpu: &mut Cpu, from: u64, to: u64, bytes: u64) -> Flow {
    let mut buffer = [0; N];
    let part = &mut buffer[..bytes as usize];
    cpu.memory.load_bytes(from, part)?;
    cpu.memory.store_bytes(to, part)?;
    Ok(())
}

/// Fills a part of a page.
fn fill<const N: usize>(cpu: &mut Cpu, to: u64, bytes: u64, pattern: u64) -> Flow {
    let mut buffer = [0; N];
    buffer.as_chunks_mut::<8>().0.fill(pattern.to_le_bytes());
    cpu.memory.store_bytes(to, &buffer[..bytes as usize])?;
    Ok(())
}

/// Element by element, where they overlap: what is done before a fault is committed.
fn one_by_one(cpu: &mut Cpu, s: &Strings, count: u64, from: u64, to: u64) -> Result<(u64, bool), Stop> {
    let mut done = 0;
    while done < count {
        let at = s.step.wrapping_mul(done);
        let moved =
            cpu.load(from.wrapping_add(at), s.size).and_then(|value| cpu.store(to.wrapping_add(at), s.size, value));
        match moved {
            Err(stop) if done == 0 => return Err(stop),
            Err(_) => break,
            Ok(()) => done += 1,
        }
    }
    s.advance(cpu, RSI, done);
    s.advance(cpu, RDI, done);
    Ok((done, false))
}

/// Bytes that a comparison looks at together.
const AHEAD: usize = 64;
type Ahead = [u64; AHEAD / 8];

impl Strings {
    /// Elements of a comparison that are looked at together.
    fn ahead(&self, count: u64) -> u64 {
        count.min(AHEAD as u64 / self.size.bytes())
    }
}

/// The next elements, which lie in one page; the lowest comes first.
fn load_ahead(cpu: &mut Cpu, s: &Strings, address: u64, count: u64) -> Result<Ahead, Stop> {
    let mut bytes = [0; AHEAD];
    if count == 1 {
        return Ok([cpu.load(address, s.size)?; AHEAD / 8]);
    }
    let lowest = s.lowest(cpu, address, count, Access::Read)?;
    cpu.memory.load_bytes(lowest, &mut bytes[..(count * s.size.bytes()) as usize])?;
    let (words, _) = bytes.as_chunks::<8>();
    Ok(core::array::from_fn(|n| u64::from_le_bytes(words[n])))
}

/// Compares elements until one ends the repetition; the flags are those of the last. How many, and whether it ended.
fn compare(cpu: &mut Cpu, inst: &Inst, s: &Strings, count: u64, a: &Ahead, b: &Ahead) -> (u64, bool) {
    let (bits, ends_when_equal) = (s.size.bytes() as usize * 8, inst.form.rep() == Rep::NotEqual);
    let element = |words: &Ahead, n: usize| s.size.cut(words[n * bits / 64] >> (n * bits % 64));
    let mut done = 0;
    loop {
        let n = if s.is_forward() { done } else { count - 1 - done } as usize;
        let (x, y) = (element(a, n), element(b, n));
        done += 1;
        let is_over = (x == y) == ends_when_equal;
        if is_over || done == count {
            cpu.flags = Flags::of_sub(s.size, x, y, x.wrapping_sub(y));
            return (done, is_over);
        }
    }
}
