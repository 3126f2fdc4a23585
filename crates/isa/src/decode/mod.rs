//! From bytes to an instruction: prefixes, map and opcode, the row, and in [`operand`] what follows. SDM Vol. 2
//! chapter 2, APM Vol. 3 chapter 1.
//!
//! Everything that selects a row is put into one 16-bit key ([`crate::forms::key`]); a row fits if the key agrees with
//! its value under its mask. So LOCK, unused VEX.vvvv, ModRM.mod and modes need no code of their own.
//!
//! Where makers differ, this is what AMD's CPUs do: `tests/against_cpu.rs` compares validity and length, encoding by
//! encoding.

// DEVIATION: In 64-bit mode 66 makes near branches 16 bits wide and REX.W does not widen far pointers, as on AMD's
// CPUs. On Intel's 66 is ignored there and REX.W makes them 64 bits wide.
// DEVIATION: VPERMQ and VPERMPD with VEX.W0 are refused, as the manuals say. A Zen 5 executes them as if W were 1.

mod operand;

use crate::forms::kind::Kind;
use crate::forms::{MAP_VEX, ROWS, Row, SizeRule, candidates, key};
use crate::inst::{DecodeError, IndexKind, Instruction, Mode, Operand, Repeat, Segment, Width};

/// Longest instruction.
pub const MAX_LENGTH: usize = 15;

/// Decodes the instruction at the start of `bytes`; what follows it does not matter. [`DecodeError::Short`] if `bytes`
/// ends before the instruction does.
pub fn decode(bytes: &[u8], mode: Mode) -> Result<Instruction, DecodeError> {
    let mut instruction = Instruction::BLANK;
    decode_into(bytes, mode, &mut instruction)?;
    Ok(instruction)
}

/// As [`decode`], without a copy of the result, which is a third of the time. After an error `instruction` holds
/// nothing of use.
pub fn decode_into(bytes: &[u8], mode: Mode, instruction: &mut Instruction) -> Result<(), DecodeError> {
    let window = &bytes[..bytes.len().min(MAX_LENGTH)];
    *instruction = Instruction::BLANK;
    instruction.mode = mode;
    let mut decoder =
        Decoder { bytes: window, at: 0, is64: mode == Mode::Bits64, vvvv: 0, segment: None, i: instruction };
    match decoder.instruction() {
        Err(DecodeError::Short) if window.len() == MAX_LENGTH => Err(DecodeError::TooLong),
        result => result,
    }
}

/// Legacy prefixes, one bit for each byte.
const PREFIXES: [u32; 8] = {
    let list = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3];
    let (mut bits, mut i) = ([0; 8], 0);
    while i < list.len() {
        bits[list[i] >> 5] |= 1 << (list[i] & 31);
        i += 1;
    }
    bits
};

#[inline(always)]
fn is_prefix(byte: u8, is64: bool) -> bool {
    is64 && byte & 0xf0 == 0x40 || PREFIXES[byte as usize >> 5] >> (byte & 31) & 1 != 0
}

const REX_W: u8 = 8;
const REX_R: u8 = 4;
const REX_X: u8 = 2;
const REX_B: u8 = 1;

struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
    is64: bool,
    vvvv: u8,
    /// FS or GS, or outside 64-bit mode any segment.
    segment: Option<Segment>,
    /// The result, built in place.
    i: &'a mut Instruction,
}

impl Decoder<'_> {
    #[inline]
    fn byte(&mut self) -> Result<u8, DecodeError> {
        let byte = *self.bytes.get(self.at).ok_or(DecodeError::Short)?;
        self.at += 1;
        Ok(byte)
    }

    #[inline]
    fn take<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let bytes = self.bytes.get(self.at..self.at + N).ok_or(DecodeError::Short)?;
        self.at += N;
        let mut array = [0; N];
        array.copy_from_slice(bytes);
        Ok(array)
    }

    #[inline]
    fn take16(&mut self) -> Result<u16, DecodeError> {
        Ok(u16::from_le_bytes(self.take()?))
    }

    #[inline]
    fn take32(&mut self) -> Result<u32, DecodeError> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    #[inline]
    fn take64(&mut self) -> Result<u64, DecodeError> {
        Ok(u64::from_le_bytes(self.take()?))
    }

    #[inline]
    fn rex(&self, bit: u8) -> bool {
        self.i.prefixes.rex & bit != 0
    }

    fn instruction(&mut self) -> Result<(), DecodeError> {
        let map = self.prefixes_and_opcode()?;
        let row_number = self.row(map)?;
        let row = &ROWS[row_number as usize];
        self.i.op = row.op;
        self.i.row = row_number;
        self.sizes(row);
        if row.mask & row.value & (key::PF2 | key::PF3) != 0 {
            self.i.prefixes.repeat = Repeat::None;
        }
        if let Some(segment) = self.segment {
            self.i.memory.segment = segment;
            self.i.memory.overridden = true;
        }
        for (n, kind) in row.kinds.into_iter().enumerate() {
            if kind == Kind::None {
                break;
            }
            self.operand(n, kind)?;
        }
        self.i.len = self.at as u8;
        if self.i.memory.index_kind != IndexKind::Gpr && gather_overlaps(self.i) {
            return Err(DecodeError::Invalid);
        }
        Ok(())
    }

    /// Reads up to and with the opcode; the result is the map.
    #[inline]
    fn prefixes_and_opcode(&mut self) -> Result<usize, DecodeError> {
        let opcode = loop {
            let byte = self.byte()?;
            if !is_prefix(byte, self.is64) {
                break byte;
            }
            match byte {
                0x26 => self.segment_prefix(Segment::Es),
                0x2e => self.segment_prefix(Segment::Cs),
                0x36 => self.segment_prefix(Segment::Ss),
                0x3e => self.segment_prefix(Segment::Ds),
                0x64 => self.segment_prefix(Segment::Fs),
                0x65 => self.segment_prefix(Segment::Gs),
                0x66 => self.i.prefixes.operand_size = true,
                0x67 => self.i.prefixes.address_size = true,
                0xf0 => self.i.prefixes.lock = true,
                0xf2 => self.i.prefixes.repeat = Repeat::F2,
                0xf3 => self.i.prefixes.repeat = Repeat::F3,
                _ => {
                    self.i.prefixes.rex = byte;
                    continue;
                }
            }
            // REX counts only right before the opcode.
            self.i.prefixes.rex = 0;
        };
        self.i.opcode = opcode;
        match opcode {
            0x0f => {
                self.i.opcode = self.byte()?;
                match self.i.opcode {
                    0x38 => {
                        self.i.opcode = self.byte()?;
                        Ok(2)
                    }
                    0x3a => {
                        self.i.opcode = self.byte()?;
                        Ok(3)
                    }
                    _ => Ok(1),
                }
            }
            0xc4 | 0xc5 | 0x62 => {
                let next = *self.bytes.get(self.at).ok_or(DecodeError::Short)?;
                if !self.is64 && next < 0xc0 {
                    return Ok(0); // LES, LDS, BOUND
                }
                if opcode == 0x62 {
                    return Err(DecodeError::Evex);
                }
                self.vex(opcode)
            }
            _ => Ok(0),
        }
    }

    fn segment_prefix(&mut self, segment: Segment) {
        if !self.is64 || segment >= Segment::Fs {
            self.segment = Some(segment);
        }
        self.i.prefixes.segment = self.segment.or(Some(segment));
    }

    fn vex(&mut self, first: u8) -> Result<usize, DecodeError> {
        let p = &self.i.prefixes;
        if p.lock || p.operand_size || p.repeat != Repeat::None || p.rex != 0 {
            return Err(DecodeError::Invalid);
        }
        self.i.prefixes.vex = true;
        let mut rex = 0x40;
        let second = self.byte()?;
        if second & 0x80 == 0 {
            rex |= REX_R;
        }
        let (map, last) = if first == 0xc5 {
            (1, second & 0x7f)
        } else {
            if second & 0x40 == 0 {
                rex |= REX_X;
            }
            // Outside 64-bit mode there is no B, and R and X are 1 or this is LES.
            if second & 0x20 == 0 && self.is64 {
                rex |= REX_B;
            }
            let last = self.byte()?;
            if last & 0x80 != 0 {
                rex |= REX_W;
            }
            (second as usize & 0x1f, last & 0x7f)
        };
        self.i.prefixes.rex = rex;
        self.vvvv = !last >> 3 & 15;
        self.i.long = last & 4 != 0;
        match last & 3 {
            1 => self.i.prefixes.operand_size = true,
            2 => self.i.prefixes.repeat = Repeat::F3,
            3 => self.i.prefixes.repeat = Repeat::F2,
            _ => {}
        }
        if !(1..=3).contains(&map) {
            return Err(DecodeError::Invalid);
        }
        self.i.opcode = self.byte()?;
        Ok(MAP_VEX + map)
    }

    /// Finds the row.
    #[inline]
    fn row(&mut self, map: usize) -> Result<u16, DecodeError> {
        let candidates = candidates(map, self.i.opcode);
        let first = *candidates.first().ok_or(DecodeError::Invalid)?;
        let mut key = 0;
        if ROWS[first as usize].has_modrm() {
            self.i.modrm = self.byte()?;
            key |= (self.i.modrm as u16 & 7) << key::RM_SHIFT | (self.i.modrm as u16 >> 3 & 7) << key::REG_SHIFT;
            if self.i.modrm >= 0xc0 {
                key |= key::REGISTER;
            }
        }
        let p = &self.i.prefixes;
        if p.operand_size {
            key |= key::P66;
        }
        match p.repeat {
            Repeat::None => {}
            Repeat::F3 => key |= key::PF3,
            Repeat::F2 => key |= key::PF2,
        }
        if p.rex & REX_W != 0 {
            key |= key::W;
        }
        if self.i.long {
            key |= key::L;
        }
        if self.is64 {
            key |= key::MODE64;
        }
        if p.lock {
            key |= key::LOCK;
            if self.i.modrm >= 0xc0 {
                key |= key::LOCK_REGISTER;
            }
        }
        if if p.vex { self.vvvv != 0 } else { p.rex & REX_B != 0 } {
            key |= key::VVVV_OR_B;
        }
        for &number in candidates {
            let row = &ROWS[number as usize];
            if (key ^ row.value) & row.mask == 0 {
                return Ok(number);
            }
        }
        Err(DecodeError::Invalid)
    }

    #[inline]
    fn sizes(&mut self, row: &Row) {
        use Width::*;
        self.i.address_size = match (self.i.mode, self.i.prefixes.address_size) {
            (Mode::Bits64, false) => W64,
            (Mode::Bits32, false) | (Mode::Bits16 | Mode::Bits64, true) => W32,
            (Mode::Bits16, false) | (Mode::Bits32, true) => W16,
        };
        let w = self.rex(REX_W) && self.is64;
        let small = self.i.prefixes.operand_size != (self.i.mode == Mode::Bits16);
        let normal = if small { W16 } else { W32 };
        self.i.operand_size = match row.size_rule() {
            SizeRule::Byte => W8,
            SizeRule::W | SizeRule::Normal if w => W64,
            SizeRule::W => W32,
            SizeRule::NoW if w => W32,
            SizeRule::Default64 if self.is64 && (w || !small) => W64,
            SizeRule::Force64 if self.is64 => W64,
            SizeRule::ModeSize if self.is64 => W64,
            SizeRule::ModeSize => W32,
            SizeRule::Normal | SizeRule::Default64 | SizeRule::Force64 | SizeRule::NoW => normal,
        };
    }
}

/// Destination, index and mask of a gather must be three registers.
fn gather_overlaps(i: &Instruction) -> bool {
    let number = |o| match o {
        Operand::Xmm(n) | Operand::Ymm(n) => Some(n),
        _ => None,
    };
    let (destination, mask, index) = (number(i.operands[0]), number(i.operands[2]), i.memory.index);
    destination == mask || destination == index || mask == index
}
