//! Memory for translated code within reach of a neighbourhood of guest code.
//!
//! What runs again and again grows from the start, stubs and constants from the middle, so that hot code lies together. Nothing is
//! given back but all at once. Invariant: only the holder of the translator's lock writes, and what other threads may be running is
//! changed by one aligned store only ([`Arena::patch`]), unless all of them are outside.

use super::gate;
use core::ops::Range;
use core::ptr::NonNull;

pub const SIZE: usize = 64 << 20;
/// Guest code farther away has another arena: branches and operands reach 2 GiB.
pub const REACH: u64 = 0x6000_0000;
/// No trace needs more, in either half.
pub const MARGIN: usize = 16 << 10;
/// Bytes of a stub that leaves with an exit's number.
pub const STUB: usize = 17;
/// Bytes of a jump by a word that follows, which is aligned.
pub const CELL: usize = 16;
/// Bytes of a jump to anywhere.
const FAR_JUMP: usize = 14;

pub struct Arena {
    start: usize,
    /// Where the next hot byte goes.
    pub next: usize,
    /// Where the next cold byte goes.
    pub cold: usize,
}

// SAFETY: the memory is reached through the owner only.
unsafe impl Send for Arena {}

impl Arena {
    /// The memory at `start`, [`SIZE`] bytes that may be written and run, for ever.
    pub fn new(start: NonNull<u8>) -> Arena {
        let mut arena = Arena { start: start.as_ptr() as usize, next: 0, cold: 0 };
        arena.clear();
        gate::announce(arena.start + SIZE);
        arena
    }

    /// Forgets all code; no thread runs any.
    pub fn clear(&mut self) {
        self.next = self.start;
        self.cold = self.start + SIZE / 2;
        self.put_far_jump(gate::leave());
        self.put_far_jump(gate::miss());
    }

    /// Jumps to the gate, in reach.
    pub fn leave(&self) -> usize {
        self.start
    }

    pub fn miss(&self) -> usize {
        self.start + FAR_JUMP
    }

    pub fn reaches(&self, guest: u64) -> bool {
        (self.start as u64).abs_diff(guest) < REACH
    }

    pub fn range(&self) -> Range<usize> {
        self.start..self.start + SIZE
    }

    pub fn is_cold(&self, pc: usize) -> bool {
        pc >= self.start + SIZE / 2
    }

    pub fn is_full(&self) -> bool {
        self.next + MARGIN > self.start + SIZE / 2 || self.cold + MARGIN > self.start + SIZE
    }

    pub fn put(&mut self, bytes: &[u8]) {
        // SAFETY: inside the arena: whoever begins a trace has looked at `is_full`.
        unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), self.next as *mut u8, bytes.len()) };
        self.next += bytes.len();
    }

    /// An instruction whose last four bytes are the distance to `target`.
    pub fn put_relative(&mut self, opcode: &[u8], target: usize) {
        self.put(opcode);
        self.put(&distance(self.next + 4, target).to_le_bytes());
    }

    /// An instruction with an absolute address relative to `gs`.
    pub fn put_gs(&mut self, opcode: &[u8], offset: u32) {
        self.put(opcode);
        self.put(&offset.to_le_bytes());
    }

    fn put_far_jump(&mut self, target: usize) {
        self.put(&[0xff, 0x25, 0, 0, 0, 0]); // jmp [rip]
        self.put(&(target as u64).to_le_bytes());
    }

    /// NOPs, so that the field `ahead` bytes from here can be changed by one store.
    pub fn align_field(&mut self, ahead: usize) {
        const NOPS: [&[u8]; 4] = [&[], &[0x90], &[0x66, 0x90], &[0x0f, 0x1f, 0x00]];
        let at = (self.next + ahead) % 8;
        if at > 4 {
            self.put(NOPS[8 - at]);
        }
    }

    /// Leaves with the exit's number.
    pub fn put_stub(&mut self, number: u32) {
        self.put_gs(&[0x65, 0xc7, 0x04, 0x25], gate::EXIT); // mov dword gs:[exit], number
        self.put(&number.to_le_bytes());
        self.put_relative(&[0xe9], self.leave());
    }

    /// Writes with the cold part in place of the hot one; returns where that begins.
    pub fn in_cold(&mut self, write: impl FnOnce(&mut Arena)) -> usize {
        let here = self.cold;
        core::mem::swap(&mut self.next, &mut self.cold);
        write(self);
        core::mem::swap(&mut self.next, &mut self.cold);
        here
    }

    /// Sends the branch with the field at `site` to `target`, if it reaches. Other threads may be running there.
    pub fn patch(site: usize, target: usize) {
        let Ok(distance) = i32::try_from(target as i64 - (site as i64 + 4)) else { return };
        debug_assert!(site % 8 <= 4, "one store");
        // SAFETY: the site is a field in an arena; it lies in one aligned word of 8 bytes, so that the CPU stores it at once.
        unsafe { (site as *mut i32).write_unaligned(distance) };
    }

    /// Writes a jump over code that nobody is in, and that nobody can come to meanwhile.
    pub fn overwrite_with_jump(at: usize, target: usize) {
        let mut jump = [0xe9, 0, 0, 0, 0];
        jump[1..].copy_from_slice(&distance(at + 5, target).to_le_bytes());
        // SAFETY: `at` is the beginning of translated code of that length at least, and all threads are outside.
        unsafe { core::ptr::copy_nonoverlapping(jump.as_ptr(), at as *mut u8, jump.len()) };
    }

    /// Changes the target of a [`Cell`](Self::put_cell).
    pub fn set_cell(cell: usize, target: usize) {
        // SAFETY: a cell of an arena, whose word is aligned: one store.
        unsafe { ((cell + 8) as *mut u64).write_volatile(target as u64) };
    }

    /// A jump by an aligned word that follows it.
    pub fn put_cell(&mut self, target: usize) {
        self.put(&[0xff, 0x25, 2, 0, 0, 0, 0x66, 0x90]); // jmp [rip + 2]
        self.put(&(target as u64).to_le_bytes());
    }

    pub fn align(&mut self, to: usize) {
        self.next = self.next.next_multiple_of(to);
    }
}

/// The distance for an instruction that ends at `from`. Within an arena it always fits.
fn distance(from: usize, target: usize) -> i32 {
    let distance = target as i64 - from as i64;
    debug_assert!(i32::try_from(distance).is_ok(), "in reach");
    distance as i32
}
