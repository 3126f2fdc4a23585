//! Blocks of decoded instructions, found by guest address; one cache a thread.
//!
//! A block is valid as long as the epochs of the pages that its bytes lie in are what they were when it was decoded. Whoever
//! changes code raises the pages' epochs and the `Code` attention of every thread; the loop answers by beginning a new
//! generation, in which each block is looked at once before it runs again. Block numbers stay valid for ever, so that links
//! between blocks need no care: a stale block is decoded anew in its place.

use crate::inst::Inst;
use crate::lower::lower;
use crate::state::Cpu;
use crate::stop::Trap;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use isa::{DecodeError, Instruction, Mode};

/// Instructions in a block at most.
const LONGEST: usize = 64;
/// Entries of the direct-mapped table in front of the hash table: what indirect jumps need.
const RECENT: usize = 4096;
/// Blocks before the cache is emptied.
const MOST_BLOCKS: usize = 1 << 18;

pub type BlockId = u32;
const NONE: BlockId = BlockId::MAX;
/// An address that control cannot reach.
const NOWHERE: u64 = 1 << 63;

pub struct Block {
    pub start: u64,
    /// Address behind the last instruction.
    pub end: u64,
    pub insts: Box<[Inst]>,
    /// The last two successors.
    next: [(u64, BlockId); 2],
    /// The generation in which the block was last known to be valid.
    checked: u32,
    /// Epochs of the first and the last page.
    epochs: [u32; 2],
    /// Where the pages may change without notice (shared mappings): the bytes to compare.
    source: Option<Box<[u8]>>,
}

pub struct Cache {
    pub mode: Mode,
    blocks: Vec<Block>,
    /// Open addressing: block numbers by start address; the length is a power of two.
    table: Vec<BlockId>,
    recent: Box<[(u64, BlockId)]>,
    generation: u32,
    /// Blocks decoded so far, for statistics.
    pub decoded: u64,
}

impl Default for Cache {
    fn default() -> Cache {
        Cache::new(Mode::Bits64)
    }
}

impl Cache {
    pub fn new(mode: Mode) -> Cache {
        Cache {
            mode,
            blocks: Vec::new(),
            table: vec![NONE; 1024],
            recent: vec![(NOWHERE, NONE); RECENT].into(),
            generation: 1,
            decoded: 0,
        }
    }

    /// Code may have changed somewhere: every block is looked at before it runs again.
    pub fn begin_generation(&mut self) {
        self.generation = self.generation.wrapping_add(1);
    }

    #[inline(always)]
    pub fn block(&self, id: BlockId) -> &Block {
        &self.blocks[id as usize]
    }

    #[inline(always)]
    pub(crate) fn is_fresh(&self, id: BlockId) -> bool {
        self.blocks[id as usize].checked == self.generation
    }

    /// The block after block `from`: first by the two successors that it remembers.
    #[inline(always)]
    pub(crate) fn follow(&mut self, cpu: &mut Cpu, from: BlockId) -> Result<BlockId, Trap> {
        let block = &self.blocks[from as usize];
        if block.next[0].0 == cpu.ip {
            return Ok(block.next[0].1);
        }
        if block.next[1].0 == cpu.ip {
            return Ok(block.next[1].1);
        }
        self.follow_slowly(cpu, from)
    }

    #[inline(never)]
    fn follow_slowly(&mut self, cpu: &mut Cpu, from: BlockId) -> Result<BlockId, Trap> {
        let blocks = self.blocks.len();
        let to = self.find(cpu)?;
        if self.blocks.len() >= blocks {
            let block = &mut self.blocks[from as usize];
            block.next = [(cpu.ip, to), block.next[0]];
        }
        Ok(to)
    }

    /// The block at `cpu.ip`, decoded if need be.
    pub(crate) fn find(&mut self, cpu: &mut Cpu) -> Result<BlockId, Trap> {
        let slot = (cpu.ip ^ cpu.ip >> 12) as usize % RECENT;
        let (address, id) = self.recent[slot];
        if address == cpu.ip {
            return Ok(id);
        }
        let id = match self.look_up(cpu.ip) {
            Some(id) => id,
            None => {
                if self.blocks.len() >= MOST_BLOCKS {
                    self.clear();
                }
                let block = self.decode(cpu)?;
                self.insert(block)
            }
        };
        self.recent[slot] = (cpu.ip, id);
        Ok(id)
    }

    /// Makes sure that a block of an earlier generation still is what memory holds.
    #[cold]
    #[inline(never)]
    pub(crate) fn check(&mut self, cpu: &mut Cpu, id: BlockId) -> Result<(), Trap> {
        let block = &self.blocks[id as usize];
        let is_same = epochs(cpu, block.start, block.end) == block.epochs
            && match &block.source {
                None => true,
                Some(source) => {
                    let mut bytes = vec![0; source.len()];
                    cpu.memory.load_bytes(block.start, &mut bytes).is_ok() && bytes[..] == source[..]
                }
            };
        if !is_same {
            cpu.ip = block.start;
            self.blocks[id as usize] = self.decode(cpu)?;
        }
        // A block whose source must be compared stays stale for ever.
        if self.blocks[id as usize].source.is_none() {
            self.blocks[id as usize].checked = self.generation;
        }
        Ok(())
    }

    fn clear(&mut self) {
        self.blocks.clear();
        self.table.fill(NONE);
        self.recent.fill((NOWHERE, NONE));
    }

    fn look_up(&self, address: u64) -> Option<BlockId> {
        let mask = self.table.len() - 1;
        let mut slot = hash(address) & mask;
        loop {
            match self.table[slot] {
                NONE => return None,
                id if self.blocks[id as usize].start == address => return Some(id),
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    fn insert(&mut self, block: Block) -> BlockId {
        let id = self.blocks.len() as BlockId;
        self.blocks.push(block);
        if self.blocks.len() * 2 > self.table.len() {
            self.table = vec![NONE; self.table.len() * 2];
            for id in 0..self.blocks.len() as BlockId {
                self.place(id);
            }
        } else {
            self.place(id);
        }
        id
    }

    fn place(&mut self, id: BlockId) {
        let mask = self.table.len() - 1;
        let mut slot = hash(self.blocks[id as usize].start) & mask;
        while self.table[slot] != NONE {
            slot = (slot + 1) & mask;
        }
        self.table[slot] = id;
    }

    /// Decodes the block at `cpu.ip`. It ends with a control transfer, at the end of its page, or before an instruction that
    /// cannot be fetched, which faults when control comes there.
    fn decode(&mut self, cpu: &mut Cpu) -> Result<Block, Trap> {
        self.decoded += 1;
        let start = cpu.ip;
        let mut insts = Vec::with_capacity(16);
        let mut ip = start;
        // The epochs are read before the bytes: a change in between makes the block stale, never wrong.
        let here = cpu.memory.code_epoch(start);
        let next_page = cpu.memory.code_epoch((start | 0xfff).wrapping_add(1));
        loop {
            match self.instruction(cpu, ip) {
                Ok((inst, ends_block)) => {
                    insts.push(inst);
                    ip = ip.wrapping_add(inst.len as u64);
                    if ends_block || insts.len() == LONGEST || ip & !0xfff != start & !0xfff {
                        break;
                    }
                }
                Err(trap) if insts.is_empty() => return Err(trap),
                Err(_) => break,
            }
        }
        let source = cpu.memory.is_code_volatile(start).then(|| {
            let mut bytes = vec![0; ip.wrapping_sub(start) as usize];
            let loaded = cpu.memory.load_bytes(start, &mut bytes);
            debug_assert!(loaded.is_ok());
            bytes.into()
        });
        Ok(Block {
            start,
            end: ip,
            insts: insts.into(),
            next: [(NOWHERE, NONE); 2],
            checked: if source.is_some() { self.generation.wrapping_sub(1) } else { self.generation },
            epochs: [here, if is_one_page(start, ip) { here } else { next_page }],
            source,
        })
    }

    /// Decodes one instruction; the second result tells whether it ends its block.
    fn instruction(&self, cpu: &mut Cpu, ip: u64) -> Result<(Inst, bool), Trap> {
        let mut bytes = [0; 15];
        let count = cpu.memory.fetch(ip, &mut bytes);
        let mut decoded = Instruction::BLANK;
        match isa::decode_into(&bytes[..count], self.mode, &mut decoded) {
            Ok(()) => Ok((lower(&decoded, ip), decoded.ends_block())),
            Err(DecodeError::Short) if count < 15 => Err(Trap::PageFault(cpu.memory.fault())),
            Err(DecodeError::Short | DecodeError::TooLong) => Err(Trap::GeneralProtection { code: 0 }),
            Err(DecodeError::Invalid | DecodeError::Evex) => Err(Trap::InvalidOpcode),
        }
    }
}

/// Does a block lie in one page?
fn is_one_page(start: u64, end: u64) -> bool {
    start & !0xfff == end.wrapping_sub(1) & !0xfff
}

/// Epochs of the pages of a block's first and last byte.
fn epochs(cpu: &mut Cpu, start: u64, end: u64) -> [u32; 2] {
    [cpu.memory.code_epoch(start), cpu.memory.code_epoch(end.wrapping_sub(1))]
}

fn hash(address: u64) -> usize {
    (address.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize
}
