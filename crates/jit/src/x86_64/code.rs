//! What has been translated, shared by all threads under one lock: entries by guest address, traces by host address and by page.
//!
//! Code that is forgotten stays where it is until everything goes at once; jumps are written over its entries. For each guest address
//! there is at most one *cell*, a jump by a word, to which all its forgotten entries lead, so that nobody has to know who jumps
//! there: the word is the way to a stub that leaves, and to the new code once there is some.

use super::arena::{Arena, CELL, MARGIN, REACH, SIZE, STUB};
use super::features::Features;
use super::gate::{self, State};
use super::select::Selector;
use super::translate::{self, Exit, Kind, Known, SAVE, TAIL};
use crate::Space;
use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

const RCX: usize = 1;
const RAX: usize = 0;
const RDX: usize = 2;
const RSP: usize = 4;
/// Length of `syscall`.
const SYSCALL: u64 = 2;

/// Code for one guest address.
struct Entry {
    guest: u64,
    /// Where direct branches go; 0 if there is no code.
    direct: usize,
    /// Where indirect branches go, which come with the target in the state; 0 where none has come yet.
    proof: usize,
    /// Where forgotten code leads to; 0 if none has been forgotten.
    cell: usize,
}

/// Entries by guest address, in an open table.
struct Entries {
    list: Vec<Entry>,
    /// Numbers of entries, each with some bits of the address's hash, so that few others are looked at.
    table: Vec<(u32, u32)>,
}

const NONE: (u32, u32) = (0, u32::MAX);

impl Entries {
    fn new() -> Entries {
        Entries { list: Vec::new(), table: vec![NONE; 4096] }
    }

    /// Where the entry is or belongs, and its tag.
    fn slot(&self, guest: u64) -> (usize, u32) {
        let mask = self.table.len() - 1;
        let hash = guest.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let (mut slot, tag) = ((hash >> 32) as usize & mask, (hash >> 16) as u32);
        loop {
            match self.table[slot] {
                NONE => return (slot, tag),
                (found, number) if found == tag && self.list[number as usize].guest == guest => return (slot, tag),
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    fn get(&self, guest: u64) -> Option<&Entry> {
        self.list.get(self.table[self.slot(guest).0].1 as usize)
    }

    /// The entry's number, made if need be.
    fn number(&mut self, guest: u64) -> u32 {
        let (slot, tag) = self.slot(guest);
        if self.table[slot] != NONE {
            return self.table[slot].1;
        }
        let number = self.list.len() as u32;
        self.list.push(Entry { guest, direct: 0, proof: 0, cell: 0 });
        self.table[slot] = (tag, number);
        if self.list.len() * 2 > self.table.len() {
            self.table = vec![NONE; self.table.len() * 2];
            for number in 0..self.list.len() as u32 {
                let (slot, tag) = self.slot(self.list[number as usize].guest);
                self.table[slot] = (tag, number);
            }
        }
        number
    }
}

impl Known for Entries {
    fn find(&self, guest: u64) -> Option<usize> {
        self.get(guest).map(|entry| entry.direct).filter(|&direct| direct != 0)
    }
}

/// A piece of hot code.
struct Trace {
    guest: u64,
    host: usize,
    /// Where its items begin in the pool's.
    items: usize,
    stubs: usize,
    first_exit: usize,
    /// Numbers of its entries in the pool's list.
    entries: Range<usize>,
}

/// An arena and what is in it, in the order of addresses.
struct Pool {
    arena: Arena,
    traces: Vec<Trace>,
    items: Vec<u8>,
    entries: Vec<u32>,
    /// Stubs and cells outside of traces, and the exits that they stand for.
    loose: Vec<(usize, usize)>,
}

impl Pool {
    /// A stub of its own for an exit.
    fn stub(&mut self, exits: &mut Vec<Exit>, exit: Exit) -> usize {
        let number = exits.len();
        exits.push(exit);
        let at = self.arena.in_cold(|code| code.put_stub(number as u32));
        self.loose.push((at, number));
        at
    }

    fn trace_end(&self, n: usize) -> usize {
        self.traces.get(n + 1).map_or(self.arena.next, |next| next.host)
    }
}

/// Why there is no code for an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lack {
    /// Everything must be forgotten first.
    Full,
    /// The interpreter is to go on.
    Hopeless,
    /// The guest's code has changed meanwhile: read it again.
    Changed,
}

/// Guest code as it was read: its pages with their epochs, and bytes.
pub struct Source<'a> {
    pub pages: &'a [(u64, u32)],
    pub bytes: &'a [u8],
}

pub struct Code {
    pools: Vec<Pool>,
    /// Neighbourhoods, of [`REACH`] bytes, in which there is no room for an arena.
    barren: Vec<u64>,
    entries: Entries,
    pub exits: Vec<Exit>,
    /// Pool and number of the traces with instructions in a page.
    pages: BTreeMap<u64, Vec<(u32, u32)>>,
    selector: Selector,
    /// Counts how often everything was forgotten.
    pub generation: u32,
}

impl Code {
    pub fn new(features: Features) -> Code {
        Code {
            pools: Vec::new(),
            barren: Vec::new(),
            entries: Entries::new(),
            exits: Vec::new(),
            pages: BTreeMap::new(),
            selector: Selector::new(features),
            generation: 0,
        }
    }

    pub fn find(&self, guest: u64) -> Option<usize> {
        self.entries.find(guest)
    }

    fn pool_near(&mut self, space: &dyn Space, guest: u64) -> Option<usize> {
        if let Some(n) = self.pools.iter().position(|pool| pool.arena.reaches(guest)) {
            return Some(n);
        }
        if self.barren.contains(&(guest / REACH)) {
            return None;
        }
        let Some(memory) = space.take_for_code(guest, SIZE as u64, REACH) else {
            self.barren.push(guest / REACH);
            return None;
        };
        let arena = Arena::new(memory);
        self.pools.push(Pool { arena, traces: Vec::new(), items: Vec::new(), entries: Vec::new(), loose: Vec::new() });
        Some(self.pools.len() - 1)
    }

    /// Translates from `guest` on. Also the return points that were made: guest address, and the way in for returns.
    pub fn translate(
        &mut self,
        space: &dyn Space,
        guest: u64,
        source: &Source,
        returns: &mut Vec<(u64, usize)>,
    ) -> Result<usize, Lack> {
        // Another thread may have been faster.
        if let Some(direct) = self.find(guest) {
            return Ok(direct);
        }
        if source.pages.iter().any(|&(page, epoch)| space.code_epoch(page) != epoch) {
            return Err(Lack::Changed);
        }
        let n = self.pool_near(space, guest).ok_or(Lack::Hopeless)?;
        let pool = &mut self.pools[n];
        if pool.arena.is_full() {
            return Err(Lack::Full);
        }
        let host = pool.arena.next;
        let made =
            translate::trace(&mut pool.arena, &mut self.exits, &self.entries, &mut self.selector, guest, source.bytes)
                .ok_or(Lack::Hopeless)?;
        let first = pool.entries.len();
        for (address, direct) in made.entries {
            let number = self.entries.number(address);
            let entry = &mut self.entries.list[number as usize];
            if entry.direct != 0 {
                continue;
            }
            entry.direct = direct;
            if entry.cell != 0 {
                Arena::set_cell(entry.cell, direct);
            }
            pool.entries.push(number);
        }
        for &(address, proof) in &made.returns {
            let number = self.entries.number(address);
            let entry = &mut self.entries.list[number as usize];
            if entry.proof == 0 && (host..pool.arena.next).contains(&entry.direct) {
                entry.proof = proof;
            }
            returns.push((address, proof));
        }
        let number = pool.traces.len() as u32;
        pool.traces.push(Trace {
            guest,
            host,
            items: pool.items.len(),
            stubs: made.stubs,
            first_exit: made.first_exit,
            entries: first..pool.entries.len(),
        });
        pool.items.extend(made.items);
        for page in (guest >> 12..=made.end.wrapping_sub(1) >> 12).map(|page| page << 12) {
            self.pages.entry(page).or_default().push((n as u32, number));
        }
        Ok(host)
    }

    /// The way in for indirect branches to an address that has code.
    pub fn proof(&mut self, guest: u64) -> Option<usize> {
        let number = self.entries.number(guest);
        let entry = &mut self.entries.list[number as usize];
        if entry.direct == 0 {
            return None;
        }
        if entry.proof == 0 {
            let pool = self.pools.iter_mut().find(|pool| pool.arena.range().contains(&entry.direct))?;
            if pool.arena.is_full() {
                return None;
            }
            let code = &mut pool.arena;
            let host = code.next;
            translate::proof(code, guest);
            code.put_relative(&[0xe9], entry.direct);
            entry.proof = host;
            pool.traces.push(Trace {
                guest,
                host,
                items: pool.items.len(),
                stubs: code.cold,
                first_exit: self.exits.len(),
                entries: pool.entries.len()..pool.entries.len(),
            });
            pool.items.extend([Kind::Proof as u8, (code.next - host) as u8]);
        }
        Some(entry.proof)
    }

    /// Sends the branch of an exit to the code for its target.
    pub fn link(&mut self, number: u32, direct: usize) {
        if let Some(Exit::Branch { site, .. }) = self.exits.get_mut(number as usize)
            && *site != 0
        {
            Arena::patch(*site, direct);
        }
    }

    /// Has anything been translated from the pages of the range?
    pub fn has_any(&self, range: &Range<u64>) -> bool {
        self.pages.range(range.clone()).next().is_some()
    }

    /// Forgets what was translated from the pages of the range, or everything if there is no room for the stubs. All threads are outside.
    pub fn forget(&mut self, range: &Range<u64>) {
        while let Some((&page, _)) = self.pages.range(range.clone()).next() {
            for (pool, trace) in self.pages.remove(&page).unwrap_or_default() {
                if self.pools[pool as usize].arena.cold + MARGIN / 4 > self.pools[pool as usize].arena.range().end {
                    return self.clear();
                }
                self.forget_trace(pool as usize, trace as usize);
            }
        }
    }

    fn forget_trace(&mut self, pool: usize, trace: usize) {
        let pool = &mut self.pools[pool];
        let host = pool.traces[trace].host..pool.trace_end(trace);
        for at in pool.traces[trace].entries.clone() {
            let entry = &mut self.entries.list[pool.entries[at] as usize];
            if !host.contains(&entry.direct) {
                continue;
            }
            let stub = pool.stub(&mut self.exits, Exit::Branch { target: entry.guest, site: 0 });
            if entry.cell == 0 {
                let number = pool.loose.last().map_or(0, |last| last.1);
                pool.arena.in_cold(|code| {
                    code.align(8);
                    code.put_cell(stub);
                });
                entry.cell = pool.arena.cold - CELL;
                pool.loose.push((entry.cell, number));
            } else {
                Arena::set_cell(entry.cell, stub);
            }
            Arena::overwrite_with_jump(entry.direct, entry.cell);
            if entry.proof != 0 {
                Arena::overwrite_with_jump(entry.proof, pool.arena.miss());
            }
            (entry.direct, entry.proof) = (0, 0);
        }
    }

    /// Forgets everything. All threads are outside.
    pub fn clear(&mut self) {
        for pool in &mut self.pools {
            pool.arena.clear();
            pool.traces.clear();
            pool.items.clear();
            pool.entries.clear();
            pool.loose.clear();
        }
        self.entries = Entries::new();
        self.exits.clear();
        self.pages.clear();
        self.generation = self.generation.wrapping_add(1);
    }

    /// Puts a thread that was interrupted at `pc` at a guest instruction: its address.
    pub fn recover(&self, pc: usize, state: &mut State) -> Option<u64> {
        let [miss, rax, rdx] = gate::miss_ranges();
        if rax.contains(&pc) {
            state.registers[RAX] = state.saved_rax;
        }
        if rdx.contains(&pc) {
            state.registers[RDX] = state.saved_rdx;
        }
        // No page of the table of jumps is filled before it is needed.
        if pc == 0 || miss.contains(&pc) {
            state.registers[RCX] = state.saved_rcx;
            return Some(state.wanted);
        }
        let pool = self.pools.iter().find(|pool| pool.arena.range().contains(&pc))?;
        let arena = &pool.arena;
        if pc < arena.miss() {
            return self.exit_address(state.exit as usize);
        }
        let n = pool.traces.partition_point(|trace| trace.host <= pc).checked_sub(1);
        match n {
            _ if arena.is_cold(pc) => self.in_cold(pool, pc),
            None => {
                state.registers[RCX] = state.saved_rcx;
                Some(state.wanted)
            }
            Some(n) => in_trace(pool, n, pc, state),
        }
    }

    /// Where a thread is that has not yet taken an exit.
    fn exit_address(&self, number: usize) -> Option<u64> {
        Some(match *self.exits.get(number)? {
            Exit::Branch { target, .. } => target,
            Exit::Syscall { next } => next.wrapping_sub(SYSCALL),
            Exit::Step { ip } => ip,
        })
    }

    fn in_cold(&self, pool: &Pool, pc: usize) -> Option<u64> {
        let trace = pool.traces[..pool.traces.partition_point(|trace| trace.stubs <= pc)].last();
        let loose = pool.loose[..pool.loose.partition_point(|loose| loose.0 <= pc)].last();
        match (trace, loose) {
            (Some(trace), loose) if loose.is_none_or(|loose| loose.0 < trace.stubs) => {
                self.exit_address(trace.first_exit + (pc - trace.stubs) / STUB)
            }
            (_, Some(loose)) => self.exit_address(loose.1),
            _ => None,
        }
    }
}

fn in_trace(pool: &Pool, n: usize, pc: usize, state: &mut State) -> Option<u64> {
    let trace = &pool.traces[n];
    let end = pool.traces.get(n + 1).map_or(pool.items.len(), |next| next.items);
    let mut items = pool.items[trace.items..end].iter().copied();
    let (mut ip, mut host) = (trace.guest, trace.host);
    while let Some(first) = items.next() {
        let (kind, length) = (Kind::of(first), u64::from(first & 15));
        let host_length = match kind {
            Kind::Copy => length as usize,
            _ => usize::from(items.next()?),
        };
        let pushed = if kind == Kind::Call { usize::from(items.next()?) } else { 0 };
        if pc < host + host_length {
            let offset = pc - host;
            let r = &mut state.registers;
            match kind {
                Kind::Copy | Kind::Whole => {}
                Kind::Call if offset >= pushed => r[RSP] = r[RSP].wrapping_add(8),
                Kind::Call => {}
                Kind::Loop if offset > 0 => r[RCX] = r[RCX].wrapping_add(1),
                Kind::Loop => {}
                Kind::Indirect | Kind::IndirectCall | Kind::Return if offset == 0 => {}
                Kind::Indirect => r[RCX] = state.saved_rcx,
                Kind::IndirectCall => {
                    r[RCX] = state.saved_rcx;
                    if offset >= host_length - TAIL {
                        r[RSP] = r[RSP].wrapping_add(8);
                    }
                }
                Kind::Return => {
                    r[RCX] = state.saved_rcx;
                    if offset > SAVE {
                        r[RSP] = r[RSP].wrapping_sub(8);
                    }
                }
                Kind::Proof => {
                    r[RCX] = state.saved_rcx;
                    ip = state.wanted;
                }
            }
            return Some(ip);
        }
        host += host_length;
        ip = ip.wrapping_add(length);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::ptr::NonNull;
    use host::mapping::Scratch;

    /// Memory that is never run: what is looked at is where things are.
    struct Anywhere(Scratch);

    impl Space for Anywhere {
        fn take_for_code(&self, _: u64, _: u64, _: u64) -> Option<NonNull<u8>> {
            Some(self.0.start())
        }
        fn code_epoch(&self, _: u64) -> u32 {
            7
        }
    }

    // SAFETY: nobody but the test that made it has it.
    unsafe impl Sync for Anywhere {}

    fn space() -> (Anywhere, u64) {
        let space = Anywhere(Scratch::new(SIZE).unwrap());
        let near = space.0.start().as_ptr() as u64 - 0x100_0000;
        (space, near & !0xfff)
    }

    fn state() -> Scratch {
        Scratch::new(size_of::<State>()).unwrap()
    }

    #[allow(clippy::mut_from_ref, reason = "memory of a test's own")]
    fn state_of(memory: &Scratch) -> &mut State {
        // SAFETY: zeros are a state, and the tests use it one at a time.
        unsafe { &mut *memory.start().cast::<State>().as_ptr() }
    }

    /// Translates bytes at `guest`; where the code is.
    fn translate(code: &mut Code, space: &Anywhere, guest: u64, bytes: &[u8]) -> Range<usize> {
        let source = Source { pages: &[(guest & !0xfff, 7)], bytes };
        let start = code.translate(space, guest, &source, &mut Vec::new()).unwrap();
        start..code.pools[0].arena.next
    }

    #[rustfmt::skip]
    const BYTES: &[u8] = &[
        0x48, 0x01, 0xd8,                         // 0: add %rbx, %rax
        0x74, 0xfb,                               // 3: je 0
        0x48, 0x8b, 0x05, 0x10, 0, 0, 0,          // 5: mov 16(%rip), %rax
        0xe8, 0x20, 0, 0, 0,                      // 12: call
        0xff, 0xd1,                               // 17: call *%rcx
        0xe2, 0xeb,                               // 19: loop 0
        0xff, 0x23,                               // 21: jmp *(%rbx)
    ];
    const STARTS: [u64; 7] = [0, 3, 5, 12, 17, 19, 21];

    #[test]
    fn every_host_address_is_at_a_guest_instruction() {
        let (space, guest) = space();
        let mut code = Code::new(Features::of_host());
        let range = translate(&mut code, &space, guest, BYTES);
        let memory = state();
        let mut last = guest;
        for pc in range.clone() {
            let state = state_of(&memory);
            (state.wanted, state.saved_rcx) = (guest + 0x999, 5);
            let ip = code.recover(pc, state).unwrap_or_else(|| panic!("{pc:#x} of {range:x?}"));
            // Behind calls control may have come back.
            if ip == guest + 0x999 {
                assert_eq!(state.registers[RCX], 5);
                continue;
            }
            assert!(STARTS.contains(&(ip - guest)) && ip >= last, "{:#x} at {:#x}", ip - guest, pc - range.start);
            last = ip;
        }
        assert_eq!(last, guest + 21);
        assert!(code.recover(range.end + SIZE, state_of(&memory)).is_none());
    }

    #[test]
    fn what_is_half_done_is_taken_back() {
        let (space, guest) = space();
        let mut code = Code::new(Features::of_host());
        // ret
        let range = translate(&mut code, &space, guest, &[0xc3]);
        let memory = state();
        let at = |offset: usize| {
            let state = state_of(&memory);
            (state.registers[RSP], state.registers[RCX], state.saved_rcx) = (0x1008, 1, 2);
            assert_eq!(code.recover(range.start + offset, state), Some(guest));
            (state.registers[RSP], state.registers[RCX])
        };
        assert_eq!(at(0), (0x1008, 1));
        assert_eq!(at(SAVE), (0x1008, 2));
        assert_eq!(at(SAVE + 1), (0x1000, 2));
        assert_eq!(at(SAVE + 1 + 9), (0x1000, 2));
        // call: pushed, not yet jumped.
        let guest = guest + 0x100;
        let range = translate(&mut code, &space, guest, &[0xe8, 0x20, 0, 0, 0]);
        let state = state_of(&memory);
        state.registers[RSP] = 0x1000;
        assert_eq!(code.recover(range.start, state), Some(guest));
        assert_eq!(state.registers[RSP], 0x1000);
        let push = if guest >> 31 == 0 { 5 } else { 6 };
        assert_eq!(code.recover(range.start + push, state), Some(guest));
        assert_eq!(state.registers[RSP], 0x1008);
    }

    #[test]
    fn forgotten_code_leads_to_the_new_code() {
        let (space, guest) = space();
        let mut code = Code::new(Features::of_host());
        let old = translate(&mut code, &space, guest, &[0x90, 0xc3]);
        assert_eq!(code.find(guest), Some(old.start));
        code.forget(&(guest..guest + 0x1000));
        assert_eq!(code.find(guest), None);
        // SAFETY: code in the arena, which begins with a jump over 4 bytes, to a cell.
        let (opcode, distance) =
            unsafe { ((old.start as *const u8).read(), ((old.start + 1) as *const i32).read_unaligned()) };
        assert_eq!(opcode, 0xe9);
        let cell = old.start.wrapping_add_signed(distance as isize + 5);
        // SAFETY: the word of the cell.
        let word = || unsafe { ((cell + 8) as *const u64).read() } as usize;
        assert_eq!(code.recover(word(), state_of(&state())), Some(guest), "a stub");
        let new = translate(&mut code, &space, guest, &[0x90, 0x90, 0xc3]);
        assert_eq!(word(), new.start);
        assert_eq!(code.find(guest), Some(new.start));
    }

    #[test]
    fn code_that_has_changed_is_read_again() {
        let (space, guest) = space();
        let source = Source { pages: &[(guest, 6)], bytes: &[0xc3] };
        assert_eq!(
            Code::new(Features::of_host()).translate(&space, guest, &source, &mut Vec::new()),
            Err(Lack::Changed)
        );
        let source = Source { pages: &[(guest, 7)], bytes: &[0x0f] };
        assert_eq!(
            Code::new(Features::of_host()).translate(&space, guest, &source, &mut Vec::new()),
            Err(Lack::Hopeless)
        );
    }
}
