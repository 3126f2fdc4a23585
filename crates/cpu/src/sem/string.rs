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

/// Does the comparison that just set the flags end the repetition?
fn is_over(cpu: &Cpu, inst: &Inst) -> bool {
    match inst.form.rep() {
        Rep::None => true,
        Rep::Equal => !cpu.flags.zero(),
        Rep::NotEqual => cpu.flags.zero(),
    }
}

calls! {
    Movs(cpu, inst) {
        repeat(cpu, inst, |cpu, count| {
            let s = Strings::of(cpu, inst);
            let (from, to) = (s.source(cpu, inst), s.destination(cpu));
            let count = count
                .min(s.in_page(from))
                .min(s.in_page(to))
                .min(s.before_wrap(cpu.get(RSI)))
                .min(s.before_wrap(cpu.get(RDI)));
            if s.is_forward() && count > 1 {
                let bytes = (count * s.size.bytes()) as usize;
                // An element that was written is read again only if the destination lies shortly behind the source.
                let distance = to.wrapping_sub(from);
                if distance == 0 || distance >= bytes as u64 {
                    let mut buffer = [0; CHUNK as usize];
                    cpu.memory.load_bytes(from, &mut buffer[..bytes])?;
                    cpu.memory.store_bytes(to, &buffer[..bytes])?;
                    s.advance(cpu, RSI, count);
                    s.advance(cpu, RDI, count);
                    return Ok((count, false));
                }
            }
            one_by_one(cpu, &s, count, |cpu, n| {
                let at = s.step.wrapping_mul(n);
                let value = cpu.load(from.wrapping_add(at), s.size)?;
                cpu.store(to.wrapping_add(at), s.size, value)
            }, &[RSI, RDI])
        })
    }

    Stos(cpu, inst) {
        repeat(cpu, inst, |cpu, count| {
            let s = Strings::of(cpu, inst);
            let to = s.destination(cpu);
            let value = s.size.cut(cpu.get(RAX));
            let count = count.min(s.in_page(to)).min(s.before_wrap(cpu.get(RDI)));
            if s.is_forward() && count > 1 {
                let bytes = (count * s.size.bytes()) as usize;
                let mut buffer = [0; CHUNK as usize];
                let element = value.to_le_bytes();
                for slot in buffer[..bytes].chunks_exact_mut(s.size.bytes() as usize) {
                    slot.copy_from_slice(&element[..s.size.bytes() as usize]);
                }
                cpu.memory.store_bytes(to, &buffer[..bytes])?;
                s.advance(cpu, RDI, count);
                return Ok((count, false));
            }
            one_by_one(cpu, &s, count, |cpu, n| {
                cpu.store(to.wrapping_add(s.step.wrapping_mul(n)), s.size, value)
            }, &[RDI])
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
            for done in 0..count {
                let (from, to) = (s.source(cpu, inst), s.destination(cpu));
                let loaded = cpu.load(from, s.size).and_then(|a| Ok((a, cpu.load(to, s.size)?)));
                let (a, b) = match loaded {
                    Ok(pair) => pair,
                    // What is done is committed first; the next round meets the fault again.
                    Err(_) if done > 0 => return Ok((done, false)),
                    Err(stop) => return Err(stop),
                };
                cpu.flags = Flags::of_sub(s.size, a, b, a.wrapping_sub(b));
                s.advance(cpu, RSI, 1);
                s.advance(cpu, RDI, 1);
                if is_over(cpu, inst) {
                    return Ok((done + 1, true));
                }
            }
            Ok((count, false))
        })
    }

    Scas(cpu, inst) {
        repeat(cpu, inst, |cpu, count| {
            let s = Strings::of(cpu, inst);
            let a = s.size.cut(cpu.get(RAX));
            for done in 0..count {
                let b = match cpu.load(s.destination(cpu), s.size) {
                    Ok(b) => b,
                    Err(_) if done > 0 => return Ok((done, false)),
                    Err(stop) => return Err(stop),
                };
                cpu.flags = Flags::of_sub(s.size, a, b, a.wrapping_sub(b));
                s.advance(cpu, RDI, 1);
                if is_over(cpu, inst) {
                    return Ok((done + 1, true));
                }
            }
            Ok((count, false))
        })
    }
}

/// Element by element, where they overlap or run backwards: what is done before a fault is committed.
fn one_by_one(
    cpu: &mut Cpu,
    s: &Strings,
    count: u64,
    mut element: impl FnMut(&mut Cpu, u64) -> Flow,
    pointers: &[u8],
) -> Result<(u64, bool), Stop> {
    let mut done = 0;
    let mut outcome = Ok(());
    while done < count {
        outcome = element(cpu, done);
        if outcome.is_err() {
            break;
        }
        done += 1;
    }
    if done == 0 {
        outcome?;
    }
    for pointer in pointers {
        s.advance(cpu, *pointer, done);
    }
    Ok((done, false))
}
