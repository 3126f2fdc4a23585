//! From bytes to an instruction: prefixes, map and opcode, the row, its operands. SDM Vol. 2 chapter 2, APM Vol. 3 chapter 1.
//!
//! Everything that selects a row is put into one 16-bit key ([`crate::forms::key`]); a row fits if the key agrees with its value
//! under its mask. So LOCK, unused VEX.vvvv, ModRM.mod and modes need no code of their own.
//
//!
//! What is refused and accepted was compared with an AMD Zen 5, encoding by encoding.

// DEVIATION: In 64-bit mode 66 makes near branches 16 bits wide and REX.W does not widen far pointers, as on AMD's CPUs. On Intel's 66
// is ignored there and REX.W makes them 64 bits wide.
// DEVIATION: VPERMQ and VPERMPD with VEX.W0 are refused, as the manuals say. A Zen 5 executes them as if W were 1.

use crate::forms::kind::Kind;
use crate::forms::{MAP_VEX, ROWS, Row, SizeRule, candidates, key};
use crate::inst::{DecodeError, IndexKind, Instruction, Mem, Mode, Operand, Prefixes, Repeat, Segment, Width};
use crate::op::MAX_OPERANDS;

/// Longest instruction.
pub const MAX_LENGTH: usize = 15;

/// Decodes the instruction at the start of `bytes`; what follows it does not matter. [`DecodeError::Short`] if `bytes` ends before the
/// instruction does.
pub fn decode(bytes: &[u8], mode: Mode) -> Result<Instruction, DecodeError> {
    let window = &bytes[..bytes.len().min(MAX_LENGTH)];
    match Decoder::new(window, mode).instruction() {
        Err(DecodeError::Short) if window.len() == MAX_LENGTH => Err(DecodeError::TooLong),
        result => result,
    }
}

const REX_W: u8 = 8;
const REX_R: u8 = 4;
const REX_X: u8 = 2;
const REX_B: u8 = 1;

struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
    mode: Mode,
    prefixes: Prefixes,
    /// FS or GS, or outside 64-bit mode any segment.
    segment: Option<Segment>,
    modrm: u8,
    opcode: u8,
    vvvv: u8,
    long: bool,
    operand_size: Width,
    address_size: Width,
    memory: Mem,
}

impl<'a> Decoder<'a> {
    #[inline]
    fn new(bytes: &'a [u8], mode: Mode) -> Decoder<'a> {
        Decoder {
            bytes,
            at: 0,
            mode,
            prefixes: Prefixes::default(),
            segment: None,
            modrm: 0,
            opcode: 0,
            vvvv: 0,
            long: false,
            operand_size: Width::W32,
            address_size: Width::W32,
            memory: Mem::NONE,
        }
    }

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
    fn is64(&self) -> bool {
        self.mode == Mode::Bits64
    }

    #[inline]
    fn rex(&self, bit: u8) -> bool {
        self.prefixes.rex & bit != 0
    }

    fn instruction(mut self) -> Result<Instruction, DecodeError> {
        let map = self.prefixes_and_opcode()?;
        let row_number = self.row(map)?;
        let row = &ROWS[row_number as usize];
        self.sizes(row);
        if row.mask & row.value & (key::PF2 | key::PF3) != 0 {
            self.prefixes.repeat = Repeat::None;
        }
        self.memory.segment = self.segment.unwrap_or(Segment::Ds);
        self.memory.overridden = self.segment.is_some();

        let mut operands = [Operand::None; MAX_OPERANDS];
        for (operand, kind) in operands.iter_mut().zip(row.kinds) {
            if kind == Kind::None {
                break;
            }
            *operand = self.operand(kind)?;
        }
        let instruction = Instruction {
            op: row.op,
            row: row_number,
            len: self.at as u8,
            opcode: self.opcode,
            modrm: self.modrm,
            mode: self.mode,
            operand_size: self.operand_size,
            address_size: self.address_size,
            prefixes: self.prefixes,
            long: self.long,
            operands,
            memory: self.memory,
        };
        if self.memory.index_kind != IndexKind::Gpr && gather_overlaps(&instruction) {
            return Err(DecodeError::Invalid);
        }
        Ok(instruction)
    }

    /// Reads up to and with the opcode; the result is the map.
    #[inline]
    fn prefixes_and_opcode(&mut self) -> Result<usize, DecodeError> {
        let opcode = loop {
            let byte = self.byte()?;
            match byte {
                0x26 => self.segment_prefix(Segment::Es),
                0x2e => self.segment_prefix(Segment::Cs),
                0x36 => self.segment_prefix(Segment::Ss),
                0x3e => self.segment_prefix(Segment::Ds),
                0x64 => self.segment_prefix(Segment::Fs),
                0x65 => self.segment_prefix(Segment::Gs),
                0x66 => self.prefixes.operand_size = true,
                0x67 => self.prefixes.address_size = true,
                0xf0 => self.prefixes.lock = true,
                0xf2 => self.prefixes.repeat = Repeat::F2,
                0xf3 => self.prefixes.repeat = Repeat::F3,
                0x40..=0x4f if self.is64() => {
                    self.prefixes.rex = byte;
                    continue;
                }
                _ => break byte,
            }
            // REX counts only right before the opcode.
            self.prefixes.rex = 0;
        };
        self.opcode = opcode;
        match opcode {
            0x0f => {
                self.opcode = self.byte()?;
                match self.opcode {
                    0x38 => {
                        self.opcode = self.byte()?;
                        Ok(2)
                    }
                    0x3a => {
                        self.opcode = self.byte()?;
                        Ok(3)
                    }
                    _ => Ok(1),
                }
            }
            0xc4 | 0xc5 | 0x62 => {
                let next = *self.bytes.get(self.at).ok_or(DecodeError::Short)?;
                if !self.is64() && next < 0xc0 {
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
        if !self.is64() || segment >= Segment::Fs {
            self.segment = Some(segment);
        }
        self.prefixes.segment = self.segment.or(Some(segment));
    }

    fn vex(&mut self, first: u8) -> Result<usize, DecodeError> {
        let p = &self.prefixes;
        if p.lock || p.operand_size || p.repeat != Repeat::None || p.rex != 0 {
            return Err(DecodeError::Invalid);
        }
        self.prefixes.vex = true;
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
            if second & 0x20 == 0 && self.is64() {
                rex |= REX_B;
            }
            let last = self.byte()?;
            if last & 0x80 != 0 {
                rex |= REX_W;
            }
            (second as usize & 0x1f, last & 0x7f)
        };
        self.prefixes.rex = rex;
        self.vvvv = !last >> 3 & 15;
        self.long = last & 4 != 0;
        match last & 3 {
            1 => self.prefixes.operand_size = true,
            2 => self.prefixes.repeat = Repeat::F3,
            3 => self.prefixes.repeat = Repeat::F2,
            _ => {}
        }
        if !(1..=3).contains(&map) {
            return Err(DecodeError::Invalid);
        }
        self.opcode = self.byte()?;
        Ok(MAP_VEX + map)
    }

    /// Finds the row.
    #[inline]
    fn row(&mut self, map: usize) -> Result<u16, DecodeError> {
        let candidates = candidates(map, self.opcode);
        let first = *candidates.first().ok_or(DecodeError::Invalid)?;
        let mut key = 0;
        if ROWS[first as usize].has_modrm() {
            self.modrm = self.byte()?;
            key |= (self.modrm as u16 & 7) << key::RM_SHIFT | (self.modrm as u16 >> 3 & 7) << key::REG_SHIFT;
            if self.modrm >= 0xc0 {
                key |= key::REGISTER;
            }
        }
        let p = &self.prefixes;
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
        if self.long {
            key |= key::L;
        }
        if self.is64() {
            key |= key::MODE64;
        }
        if p.lock {
            key |= key::LOCK;
            if self.modrm >= 0xc0 {
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
        self.address_size = match (self.mode, self.prefixes.address_size) {
            (Mode::Bits64, false) => W64,
            (Mode::Bits32, false) | (Mode::Bits16 | Mode::Bits64, true) => W32,
            (Mode::Bits16, false) | (Mode::Bits32, true) => W16,
        };
        let w = self.rex(REX_W) && self.is64();
        let small = self.prefixes.operand_size != (self.mode == Mode::Bits16);
        let normal = if small { W16 } else { W32 };
        self.operand_size = match row.size_rule() {
            SizeRule::Byte => W8,
            SizeRule::W | SizeRule::Normal if w => W64,
            SizeRule::W => W32,
            SizeRule::NoW if w => W32,
            SizeRule::Default64 if self.is64() && (w || !small) => W64,
            SizeRule::Force64 if self.is64() => W64,
            SizeRule::ModeSize if self.is64() => W64,
            SizeRule::ModeSize => W32,
            SizeRule::Normal | SizeRule::Default64 | SizeRule::Force64 | SizeRule::NoW => normal,
        };
    }

    #[inline]
    fn reg(&self) -> u8 {
        self.modrm >> 3 & 7 | if self.rex(REX_R) { 8 } else { 0 }
    }

    #[inline]
    fn rm(&self) -> u8 {
        self.modrm & 7 | if self.rex(REX_B) { 8 } else { 0 }
    }

    #[inline]
    fn is_register(&self) -> bool {
        self.modrm >= 0xc0
    }

    #[inline]
    fn gpr8(&self, number: u8) -> Operand {
        if self.prefixes.rex == 0 && number >= 4 {
            Operand::GprHigh(number - 4)
        } else {
            Operand::Gpr { number, width: Width::W8 }
        }
    }

    /// 32 bits, or 64 with W.
    #[inline]
    fn w_size(&self) -> Width {
        if self.rex(REX_W) && self.is64() { Width::W64 } else { Width::W32 }
    }

    #[inline]
    fn mode_size(&self) -> Width {
        if self.is64() { Width::W64 } else { Width::W32 }
    }

    /// The operand size, but at most 32 bits.
    #[inline]
    fn z_size(&self) -> Width {
        if self.operand_size == Width::W16 { Width::W16 } else { Width::W32 }
    }

    /// VEX.L: 1 for 16 bytes, 2 for 32.
    #[inline]
    fn vectors(&self) -> u16 {
        1 + self.long as u16
    }

    #[inline]
    fn vector(&self, number: u8) -> Operand {
        if self.long { Operand::Ymm(number) } else { Operand::Xmm(number) }
    }

    /// `E`: a general register, or memory of `bytes`.
    #[inline]
    fn gpr_or_memory(&mut self, width: Width, bytes: u16) -> Result<Operand, DecodeError> {
        if self.is_register() { Ok(Operand::Gpr { number: self.rm(), width }) } else { self.memory(bytes) }
    }

    fn xmm_or_memory(&mut self, bytes: u16) -> Result<Operand, DecodeError> {
        if self.is_register() { Ok(Operand::Xmm(self.rm())) } else { self.memory(bytes) }
    }

    fn mmx_or_memory(&mut self, bytes: u16) -> Result<Operand, DecodeError> {
        if self.is_register() { Ok(Operand::Mmx(self.modrm & 7)) } else { self.memory(bytes) }
    }

    fn operand(&mut self, kind: Kind) -> Result<Operand, DecodeError> {
        use Kind as K;
        use Operand::*;
        use Width::*;
        let size = self.operand_size;
        let bytes = size.bytes() as u16;
        let gpr = |number, width| Ok(Gpr { number, width });
        match kind {
            K::None => Ok(None),
            K::Al => gpr(0, W8),
            K::Cl => gpr(1, W8),
            K::Ax => gpr(0, W16),
            K::Dx => gpr(2, W16),
            K::Av => gpr(0, size),
            K::Az => gpr(0, self.z_size()),
            K::One => Ok(Imm { value: 1, width: W8 }),
            K::Es => Ok(Seg(Segment::Es)),
            K::Cs => Ok(Seg(Segment::Cs)),
            K::Ss => Ok(Seg(Segment::Ss)),
            K::Ds => Ok(Seg(Segment::Ds)),
            K::Fs => Ok(Seg(Segment::Fs)),
            K::Gs => Ok(Seg(Segment::Gs)),
            K::St0 => Ok(St(0)),
            K::Sti => Ok(St(self.modrm & 7)),
            K::Zb => Ok(self.gpr8(self.opcode_register())),
            K::Zv => gpr(self.opcode_register(), size),

            K::Eb if self.is_register() => Ok(self.gpr8(self.rm())),
            K::Eb => self.memory(1),
            K::Ew => self.gpr_or_memory(W16, 2),
            K::Ed => self.gpr_or_memory(W32, 4),
            K::Eq => self.gpr_or_memory(W64, 8),
            K::Ev => self.gpr_or_memory(size, bytes),
            K::Ey => self.gpr_or_memory(self.w_size(), self.w_size().bytes() as u16),
            K::Ez => self.gpr_or_memory(self.z_size(), self.z_size().bytes() as u16),
            K::Er => self.gpr_or_memory(self.mode_size(), self.mode_size().bytes() as u16),
            K::EvMw => self.gpr_or_memory(size, 2),
            K::EyMb => self.gpr_or_memory(self.w_size(), 1),
            K::EyMw => self.gpr_or_memory(self.w_size(), 2),
            K::EyMd => self.gpr_or_memory(self.w_size(), 4),
            K::Gb => Ok(self.gpr8(self.reg())),
            K::Gw => gpr(self.reg(), W16),
            K::Gd => gpr(self.reg(), W32),
            K::Gv => gpr(self.reg(), size),
            K::Gy => gpr(self.reg(), self.w_size()),
            K::Gz => gpr(self.reg(), self.z_size()),
            K::Gr => gpr(self.reg(), self.mode_size()),
            K::Ga => gpr(self.reg(), self.address_size),
            K::By => gpr(self.vvvv_register(), self.w_size()),
            K::Rd => gpr(self.rm(), W32),
            K::Rv => gpr(self.rm(), size),
            K::Ry => gpr(self.rm(), self.w_size()),
            K::Rr | K::Rsystem => gpr(self.rm(), self.mode_size()),
            K::Ra => gpr(self.rm(), self.address_size),

            K::M => self.memory(0),
            K::Mb => self.memory(1),
            K::Mw => self.memory(2),
            K::Md => self.memory(4),
            K::Mq => self.memory(8),
            K::Mt => self.memory(10),
            K::Mdq => self.memory(16),
            K::Mx => self.memory(16 * self.vectors()),
            K::Mv => self.memory(bytes),
            K::My => self.memory(self.w_size().bytes() as u16),
            K::Mp => self.memory(2 + bytes),
            K::Ma => self.memory(2 * self.z_size().bytes() as u16),
            K::Ms => self.memory(if self.is64() { 10 } else { 6 }),
            K::Menv => self.memory(if size == W16 { 14 } else { 28 }),
            K::Msave => self.memory(if size == W16 { 94 } else { 108 }),
            K::M64 => self.memory(64),
            K::M512 => self.memory(512),
            K::Vm4x => self.vector_memory(4, self.long),
            K::Vm8x => self.vector_memory(8, self.long),
            K::Vm8dq => self.vector_memory(8, false),
            K::Ob => self.offset(1),
            K::Ov => self.offset(bytes),
            K::Xb => Ok(StringSource { bytes: 1 }),
            K::Xv => Ok(StringSource { bytes: bytes as u8 }),
            K::Xz => Ok(StringSource { bytes: self.z_size().bytes() as u8 }),
            K::Yb => Ok(StringDestination { bytes: 1 }),
            K::Yv => Ok(StringDestination { bytes: bytes as u8 }),
            K::Yz => Ok(StringDestination { bytes: self.z_size().bytes() as u8 }),
            K::Xlat => {
                (self.memory.base, self.memory.index) = (Some(3), Some(0));
                Ok(Mem { bytes: 1 })
            }

            K::Sw => self.segment_register(),
            K::Cr => self.control_register(),
            K::Dr if self.rex(REX_R) => Err(DecodeError::Invalid),
            K::Dr => Ok(Debug(self.reg())),

            K::Ib => Ok(Imm { value: self.byte()? as u64, width: W8 }),
            K::Ibs => {
                let value = self.byte()? as i8 as u64;
                Ok(Imm { value: cut(value, size), width: size })
            }
            K::Iw => Ok(Imm { value: self.take16()? as u64, width: W16 }),
            K::Iz if size == W16 => Ok(Imm { value: self.take16()? as u64, width: W16 }),
            K::Iz => {
                let value = self.take32()? as i32 as u64;
                Ok(Imm { value: cut(value, size), width: size })
            }
            K::Iv if size == W16 => Ok(Imm { value: self.take16()? as u64, width: W16 }),
            K::Iv if size == W64 => Ok(Imm { value: self.take64()?, width: W64 }),
            K::Iv => Ok(Imm { value: self.take32()? as u64, width: W32 }),
            K::Jb => Ok(Rel(self.byte()? as i8 as i64)),
            K::Jz if size == W16 => Ok(Rel(self.take16()? as i16 as i64)),
            K::Jz => Ok(Rel(self.take32()? as i32 as i64)),
            K::Ap => {
                let offset = if size == W16 { self.take16()? as u32 } else { self.take32()? };
                Ok(Far { selector: self.take16()?, offset })
            }

            K::Pq => Ok(Mmx(self.modrm >> 3 & 7)),
            K::Nq => Ok(Mmx(self.modrm & 7)),
            K::Qq => self.mmx_or_memory(8),
            K::Qd => self.mmx_or_memory(4),
            K::Vx => Ok(self.vector(self.reg())),
            K::Vdq => Ok(Xmm(self.reg())),
            K::Hx => Ok(self.vector(self.vvvv_register())),
            K::Hdq => Ok(Xmm(self.vvvv_register())),
            K::Lx => {
                let number = self.byte()? >> 4;
                Ok(self.vector(if self.is64() { number } else { number & 7 }))
            }
            K::Ux => Ok(self.vector(self.rm())),
            K::Udq => Ok(Xmm(self.rm())),
            K::Wx if self.is_register() => Ok(self.vector(self.rm())),
            K::Wx => self.memory(16 * self.vectors()),
            K::Wdq => self.xmm_or_memory(16),
            K::Wq => self.xmm_or_memory(8),
            K::Wd => self.xmm_or_memory(4),
            K::Ww => self.xmm_or_memory(2),
            K::Wb => self.xmm_or_memory(1),
            K::Whx => self.xmm_or_memory(8 * self.vectors()),
            K::Wqx => self.xmm_or_memory(4 * self.vectors()),
            K::Wox => self.xmm_or_memory(2 * self.vectors()),
            K::Wddup if self.is_register() => Ok(self.vector(self.rm())),
            K::Wddup => self.memory(if self.long { 32 } else { 8 }),
        }
    }

    #[inline]
    fn opcode_register(&self) -> u8 {
        self.opcode & 7 | if self.rex(REX_B) { 8 } else { 0 }
    }

    /// Outside 64-bit mode the top bit of VEX.vvvv means nothing.
    #[inline]
    fn vvvv_register(&self) -> u8 {
        if self.is64() { self.vvvv } else { self.vvvv & 7 }
    }

    fn segment_register(&mut self) -> Result<Operand, DecodeError> {
        let number = self.modrm >> 3 & 7;
        let load_cs = self.opcode == 0x8e && number == 1;
        match Segment::ALL.get(number as usize) {
            Some(&segment) if !load_cs => Ok(Operand::Seg(segment)),
            _ => Err(DecodeError::Invalid),
        }
    }

    fn control_register(&mut self) -> Result<Operand, DecodeError> {
        match (self.reg(), self.prefixes.lock) {
            // LOCK makes CR0 CR8, so that it can be reached outside 64-bit mode: APM Vol. 3, MOV CRn.
            (0, true) => Ok(Operand::Control(8)),
            (number @ (0 | 2 | 3 | 4 | 8), false) => Ok(Operand::Control(number)),
            _ => Err(DecodeError::Invalid),
        }
    }

    fn offset(&mut self, bytes: u16) -> Result<Operand, DecodeError> {
        self.memory.disp = match self.address_size {
            Width::W16 => self.take16()? as i64,
            Width::W64 => self.take64()? as i64,
            _ => self.take32()? as i64,
        };
        self.memory.disp_bytes = self.address_size.bytes() as u8;
        Ok(Operand::Mem { bytes })
    }

    fn vector_memory(&mut self, bytes: u16, long: bool) -> Result<Operand, DecodeError> {
        if self.address_size == Width::W16 || self.modrm & 7 != 4 {
            return Err(DecodeError::Invalid);
        }
        self.memory.index_kind = if long { IndexKind::Ymm } else { IndexKind::Xmm };
        self.memory(bytes)
    }

    /// Reads the memory operand that ModRM begins.
    #[inline]
    fn memory(&mut self, bytes: u16) -> Result<Operand, DecodeError> {
        if self.address_size == Width::W16 {
            self.memory16()?;
        } else {
            self.memory32()?;
        }
        if self.segment.is_none() && matches!(self.memory.base, Some(4 | 5)) {
            self.memory.segment = Segment::Ss;
        }
        Ok(Operand::Mem { bytes })
    }

    fn memory16(&mut self) -> Result<(), DecodeError> {
        const BX: Option<u8> = Some(3);
        const BP: Option<u8> = Some(5);
        const SI: Option<u8> = Some(6);
        const DI: Option<u8> = Some(7);
        let m = self.modrm;
        let (base, index) =
            [(BX, SI), (BX, DI), (BP, SI), (BP, DI), (SI, None), (DI, None), (BP, None), (BX, None)][m as usize & 7];
        if m & 0xc7 == 6 {
            self.memory.disp = self.take16()? as i16 as i64;
            self.memory.disp_bytes = 2;
            return Ok(());
        }
        (self.memory.base, self.memory.index) = (base, index);
        match m >> 6 {
            1 => (self.memory.disp, self.memory.disp_bytes) = (self.byte()? as i8 as i64, 1),
            2 => (self.memory.disp, self.memory.disp_bytes) = (self.take16()? as i16 as i64, 2),
            _ => {}
        }
        Ok(())
    }

    #[inline]
    fn memory32(&mut self) -> Result<(), DecodeError> {
        let mode = self.modrm >> 6;
        let mut wide = mode == 2;
        if self.modrm & 7 == 4 {
            let sib = self.byte()?;
            self.memory.scale = 1 << (sib >> 6);
            let index = sib >> 3 & 7 | if self.rex(REX_X) { 8 } else { 0 };
            if index != 4 || self.memory.index_kind != IndexKind::Gpr {
                self.memory.index = Some(index);
            }
            if mode == 0 && sib & 7 == 5 {
                wide = true;
            } else {
                self.memory.base = Some(sib & 7 | if self.rex(REX_B) { 8 } else { 0 });
            }
        } else if self.modrm & 0xc7 == 5 {
            wide = true;
            self.memory.ip_relative = self.is64();
        } else {
            self.memory.base = Some(self.rm());
        }
        if wide {
            (self.memory.disp, self.memory.disp_bytes) = (self.take32()? as i32 as i64, 4);
        } else if mode == 1 {
            (self.memory.disp, self.memory.disp_bytes) = (self.byte()? as i8 as i64, 1);
        }
        Ok(())
    }
}

/// `value` cut to `width`.
#[inline]
fn cut(value: u64, width: Width) -> u64 {
    match width {
        Width::W8 => value as u8 as u64,
        Width::W16 => value as u16 as u64,
        Width::W32 => value as u32 as u64,
        Width::W64 => value,
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
