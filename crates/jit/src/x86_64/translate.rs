//! A trace of guest instructions to host instructions, by copying.
//!
//! A trace goes on behind conditional branches and calls, and ends with an unconditional transfer, with an instruction that leaves, or
//! where code begins that is translated already. Its item list says which host bytes belong to which guest instruction, so that a thread
//! that was interrupted anywhere can be put at an instruction ([`super::recover`]).

use super::arena::{Arena, STUB};
use super::gate::{JUMPS, SAVED_RCX, WANTED};
use super::select::{Selector, Way};
use alloc::vec::Vec;
use isa::{Instruction, Mode};

/// Guest instructions in a trace at most, where it does not have to go on for a few more.
const LONGEST: usize = 48;

/// What an item is. Its first byte is the kind and the guest's length; all but copies have the host's length in a second one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    /// The guest's bytes, an operand perhaps changed.
    Copy = 0x00,
    /// Anywhere in it, the instruction has not happened.
    Whole = 0x10,
    /// A direct call: a push, whose length is a third byte, and a jump.
    Call = 0x20,
    /// RCX is saved by the first instruction, and lost from then on.
    Indirect = 0x30,
    /// The same, and a push before the last [`TAIL`] bytes.
    IndirectCall = 0x40,
    /// The same, and a pop by the second instruction.
    Return = 0x50,
    /// RCX is counted down by the first instruction.
    Loop = 0x60,
    /// The way in for an indirect branch: control has come to `wanted`, and RCX is saved.
    Proof = 0x70,
}

impl Kind {
    pub fn of(byte: u8) -> Kind {
        use Kind::*;
        [Copy, Whole, Call, Indirect, IndirectCall, Return, Loop, Proof][usize::from(byte >> 4 & 7)]
    }
}

/// Bytes of [`jump_to_wanted`].
pub const TAIL: usize = 9 + 3 + 8;
/// Bytes of the store that saves RCX.
pub const SAVE: usize = 9;

/// A way out of a trace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// To a guest address; `site` is the field of the branch, 0 if there is none to change.
    Branch { target: u64, site: usize },
    /// Behind a `syscall`.
    Syscall { next: u64 },
    /// To an instruction that the interpreter is to run.
    Step { ip: u64 },
}

/// What the translation of a trace makes beside code.
#[derive(Default)]
pub struct Made {
    pub items: Vec<u8>,
    /// Guest addresses of the beginnings of straight pieces, and the host's.
    pub entries: Vec<(u64, usize)>,
    /// Return points: guest address, and the host address of the proof in front of it.
    pub returns: Vec<(u64, usize)>,
    /// Where the stubs are, one after the other, and the number of the first one's exit.
    pub stubs: usize,
    pub first_exit: usize,
    /// The guest address behind the last instruction.
    pub end: u64,
}

/// What the translation asks of the cache.
pub trait Known {
    /// Host address of the code for a guest address, if there is any.
    fn find(&self, guest: u64) -> Option<usize>;
}

/// Translates from `guest` on, whose bytes are `bytes`. `None` if not even one instruction is there.
pub fn trace(
    code: &mut Arena,
    exits: &mut Vec<Exit>,
    known: &dyn Known,
    selector: &mut Selector,
    guest: u64,
    bytes: &[u8],
) -> Option<Made> {
    let mut t = Trace { selector, code, exits, made: Made::default(), pending: Vec::new(), known, ip: guest };
    t.made.entries.push((guest, t.code.next));
    let mut i = Instruction::BLANK;
    let mut at = 0;
    let mut is_start = true;
    for count in 1.. {
        // A piece that is there already, or as much as a trace should have.
        if !is_start && t.is_entry() && t.known.find(t.ip).is_some() || count > LONGEST {
            t.jump_away(t.ip);
            break;
        }
        if isa::decode_into(&bytes[at..], Mode::Bits64, &mut i).is_err() {
            if is_start {
                return None;
            }
            // Whatever is wrong there shows when control comes there.
            t.jump_away(t.ip);
            break;
        }
        is_start = false;
        let length = usize::from(i.len);
        let goes_on = t.instruction(&i, &bytes[at..at + length]);
        at += length;
        t.ip = guest.wrapping_add(at as u64);
        if !goes_on {
            break;
        }
    }
    t.finish();
    Some(t.made)
}

struct Trace<'a> {
    selector: &'a mut Selector,
    code: &'a mut Arena,
    exits: &'a mut Vec<Exit>,
    made: Made,
    /// Branches to what is not translated yet: field and guest address.
    pending: Vec<(usize, u64)>,
    known: &'a dyn Known,
    /// The instruction's address.
    ip: u64,
}

impl Trace<'_> {
    /// Is here the beginning of a straight piece?
    fn is_entry(&self) -> bool {
        self.made.entries.last().is_some_and(|&(guest, _)| guest == self.ip)
    }

    /// Translates one instruction; true if the trace goes on behind it.
    fn instruction(&mut self, i: &Instruction, bytes: &[u8]) -> bool {
        let next = self.ip.wrapping_add(bytes.len() as u64);
        let start = self.code.next;
        match self.selector.way(i, self.ip) {
            Way::Copy => {
                self.code.put(bytes);
                if i.memory.ip_relative && i.has_memory() {
                    let target = next.wrapping_add(i.memory.disp as u64);
                    let Some(field) = relative(self.code.next, target) else {
                        self.code.next = start;
                        return self.step();
                    };
                    self.fill(start + usize::from(i.memory.disp_at), field);
                }
                self.made.items.push(Kind::Copy as u8 | i.len);
                true
            }
            Way::Step => self.step(),
            Way::Syscall => {
                self.leave(Exit::Syscall { next });
                self.item(Kind::Whole, i.len, start);
                false
            }
            Way::Jcc { condition, target } => {
                self.branch(&[0x0f, 0x80 | condition], target);
                self.item(Kind::Whole, i.len, start);
                self.made.entries.push((next, self.code.next));
                true
            }
            Way::Short { target, counts } => {
                // They have 8 bits only. Taken: over the jump that goes on behind.
                self.code.put(&bytes[..bytes.len() - 1]);
                self.code.put(&[2]);
                let over = self.code.next;
                self.code.put(&[0xeb, 0]);
                self.branch(&[0xe9], target);
                let distance = (self.code.next - over - 2) as u8;
                // SAFETY: just written.
                unsafe { ((over + 1) as *mut u8).write(distance) };
                self.item(if counts { Kind::Loop } else { Kind::Whole }, i.len, start);
                self.made.entries.push((next, self.code.next));
                true
            }
            Way::Jump { target } => {
                self.branch(&[0xe9], target);
                self.item(Kind::Whole, i.len, start);
                false
            }
            Way::Call { target } if target == next => {
                // Only to learn where it is.
                self.push(next);
                self.item(Kind::Whole, i.len, start);
                true
            }
            Way::Call { target } => {
                self.push(next);
                let pushed = self.code.next - start;
                self.branch(&[0xe9], target);
                self.item(Kind::Call, i.len, start);
                self.made.items.push(pushed as u8);
                self.proof(next);
                true
            }
            Way::IndirectJump => {
                if !self.load_target(i, bytes, next) {
                    self.code.next = start;
                    return self.step();
                }
                self.jump_to_wanted();
                self.item(Kind::Indirect, i.len, start);
                false
            }
            Way::IndirectCall => {
                if !self.load_target(i, bytes, next) {
                    self.code.next = start;
                    return self.step();
                }
                self.push(next);
                self.jump_to_wanted();
                self.item(Kind::IndirectCall, i.len, start);
                self.proof(next);
                true
            }
            Way::Return => {
                self.save_rcx();
                self.code.put(&[0x59]); // pop rcx
                self.jump_to_wanted();
                self.item(Kind::Return, i.len, start);
                false
            }
        }
    }

    fn item(&mut self, kind: Kind, length: u8, start: usize) {
        self.made.items.push(kind as u8 | length);
        self.made.items.push((self.code.next - start) as u8);
    }

    /// The interpreter is to run the instruction.
    fn step(&mut self) -> bool {
        let start = self.code.next;
        self.leave(Exit::Step { ip: self.ip });
        self.item(Kind::Whole, 0, start);
        false
    }

    fn leave(&mut self, exit: Exit) {
        let number = self.exits.len() as u32;
        self.exits.push(exit);
        self.code.put_stub(number);
    }

    /// Ends the trace with a jump to `target`.
    fn jump_away(&mut self, target: u64) {
        // A piece that begins here is elsewhere.
        self.made.entries.pop_if(|entry| entry.0 == target);
        let start = self.code.next;
        self.branch(&[0xe9], target);
        self.item(Kind::Whole, 0, start);
    }

    /// A direct branch, to the code if there is any within reach, else to a stub.
    fn branch(&mut self, opcode: &[u8], target: u64) {
        if let Some(host) = self.known.find(target)
            && relative(self.code.next + opcode.len() + 4, host as u64).is_some()
        {
            return self.code.put_relative(opcode, host);
        }
        self.code.align_field(opcode.len());
        self.code.put(opcode);
        self.pending.push((self.code.next, target));
        self.code.put(&[0; 4]);
    }

    fn fill(&mut self, at: usize, field: i32) {
        // SAFETY: inside what was written just now.
        unsafe { (at as *mut i32).write_unaligned(field) };
    }

    fn save_rcx(&mut self) {
        self.code.put_gs(&[0x65, 0x48, 0x89, 0x0c, 0x25], SAVED_RCX); // mov gs:[saved_rcx], rcx
    }

    /// Pushes a guest address by one store, which a return loads at once, and without touching flags.
    fn push(&mut self, value: u64) {
        if value >> 31 == 0 {
            self.code.put(&[0x68]); // push imm32
            self.code.put(&(value as u32).to_le_bytes());
        } else {
            self.code.in_cold(|code| {
                code.align(8);
                code.put(&value.to_le_bytes());
            });
            let constant = self.code.cold - 8;
            self.code.put_relative(&[0xff, 0x35], constant); // push [rip + constant]
        }
    }

    /// Saves RCX and loads the operand of FF /2 or /4 into it; false if the operand is out of reach.
    fn load_target(&mut self, i: &Instruction, bytes: &[u8], next: u64) -> bool {
        self.save_rcx();
        let Some(opcode) = bytes.iter().position(|&byte| byte == 0xff) else { return false };
        let rex = bytes[..opcode].iter().copied().find(|byte| byte & 0xf0 == 0x40).unwrap_or(0x40);
        if bytes[..opcode].contains(&0x64) {
            self.code.put(&[0x64]);
        }
        if bytes[..opcode].contains(&0x67) {
            self.code.put(&[0x67]);
        }
        self.code.put(&[rex | 8, 0x8b, bytes[opcode + 1] & !0x38 | 0x08]); // mov rcx, operand
        self.code.put(&bytes[opcode + 2..]);
        if i.memory.ip_relative && i.has_memory() {
            let target = next.wrapping_add(i.memory.disp as u64);
            let Some(field) = relative(self.code.next, target) else { return false };
            self.fill(self.code.next - 4, field);
        }
        true
    }

    /// Jumps to the guest address in RCX, which is saved.
    fn jump_to_wanted(&mut self) {
        self.code.put_gs(&[0x65, 0x48, 0x89, 0x0c, 0x25], WANTED); // mov gs:[wanted], rcx
        self.code.put(&[0x0f, 0xb7, 0xc9]); // movzx ecx, cx
        self.code.put_gs(&[0x65, 0xff, 0x24, 0xcd], JUMPS); // jmp gs:[rcx * 8 + jumps]
    }

    /// The way in for the return behind a call.
    fn proof(&mut self, guest: u64) {
        let start = self.code.next;
        proof(self.code, guest);
        self.item(Kind::Proof, 0, start);
        self.made.returns.push((guest, start));
        self.made.entries.push((guest, self.code.next));
    }

    /// The stubs of the branches that have no target yet.
    fn finish(&mut self) {
        self.made.end = self.ip;
        self.made.stubs = self.code.cold;
        self.made.first_exit = self.exits.len();
        for (site, target) in core::mem::take(&mut self.pending) {
            let number = self.exits.len() as u32;
            // It may be a piece of this trace.
            let own = self.made.entries.iter().find(|entry| entry.0 == target);
            if let Some(&(_, host)) = own {
                Arena::patch(site, host);
                continue;
            }
            self.exits.push(Exit::Branch { target, site });
            let stub = self.code.in_cold(|code| code.put_stub(number));
            Arena::patch(site, stub);
        }
        debug_assert!((self.code.cold - self.made.stubs).is_multiple_of(STUB));
    }
}

/// Goes on if `wanted` is `guest`, with RCX restored; else to the second look-up. Leaves the flags alone.
pub fn proof(code: &mut Arena, guest: u64) {
    code.put_gs(&[0x65, 0x48, 0x8b, 0x0c, 0x25], WANTED); // mov rcx, gs:[wanted]
    let low = guest as i32;
    code.put(&[0x48, 0x8d, 0x89]); // lea rcx, [rcx - low]
    code.put(&low.wrapping_neg().to_le_bytes());
    let rest = guest.wrapping_add(low.wrapping_neg() as i64 as u64);
    if rest != 0 {
        code.put(&[0xc4, 0xe3, 0xfb, 0xf0, 0xc9, 32]); // rorx rcx, rcx, 32
        code.put(&[0x48, 0x8d, 0x89]);
        code.put(&(rest.rotate_right(32) as i32).wrapping_neg().to_le_bytes());
    }
    code.put(&[0xe3, 5]); // jrcxz over the jump
    code.put_relative(&[0xe9], code.miss());
    code.put_gs(&[0x65, 0x48, 0x8b, 0x0c, 0x25], SAVED_RCX); // mov rcx, gs:[saved_rcx]
}

/// The distance from the end of an instruction to an address.
fn relative(end: usize, target: u64) -> Option<i32> {
    i32::try_from(target.wrapping_sub(end as u64) as i64).ok()
}
