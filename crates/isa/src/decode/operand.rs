//! Operands: registers, immediates and memory, kind by kind.

use super::{Decoder, REX_B, REX_R, REX_W, REX_X};
use crate::forms::kind::Kind;
use crate::inst::{DecodeError, IndexKind, Operand, Segment, Width};

impl Decoder<'_> {
    #[inline]
    fn reg(&self) -> u8 {
        self.i.modrm >> 3 & 7 | if self.rex(REX_R) { 8 } else { 0 }
    }

    #[inline]
    fn rm(&self) -> u8 {
        self.i.modrm & 7 | if self.rex(REX_B) { 8 } else { 0 }
    }

    #[inline]
    fn is_register(&self) -> bool {
        self.i.modrm >= 0xc0
    }

    #[inline]
    fn gpr8(&self, number: u8) -> Operand {
        if self.i.prefixes.rex == 0 && number >= 4 {
            Operand::GprHigh(number - 4)
        } else {
            Operand::Gpr { number, width: Width::W8 }
        }
    }

    /// 32 bits, or 64 with W.
    #[inline]
    fn w_size(&self) -> Width {
        if self.rex(REX_W) && self.is64 { Width::W64 } else { Width::W32 }
    }

    #[inline]
    fn mode_size(&self) -> Width {
        if self.is64 { Width::W64 } else { Width::W32 }
    }

    /// The operand size, but at most 32 bits.
    #[inline]
    fn z_size(&self) -> Width {
        if self.i.operand_size == Width::W16 { Width::W16 } else { Width::W32 }
    }

    /// VEX.L: 1 for 16 bytes, 2 for 32.
    #[inline]
    fn vectors(&self) -> u16 {
        1 + self.i.long as u16
    }

    #[inline]
    fn vector(&self, number: u8) -> Operand {
        if self.i.long { Operand::Ymm(number) } else { Operand::Xmm(number) }
    }

    /// Stores operand `n`.
    #[inline(always)]
    fn put(&mut self, n: usize, operand: Operand) -> Result<(), DecodeError> {
        self.i.operands[n] = operand;
        Ok(())
    }

    #[inline(always)]
    fn put_gpr(&mut self, n: usize, number: u8, width: Width) -> Result<(), DecodeError> {
        self.put(n, Operand::Gpr { number, width })
    }

    #[inline(always)]
    fn put_imm(&mut self, n: usize, value: u64, width: Width) -> Result<(), DecodeError> {
        self.put(n, Operand::Imm { value, width })
    }

    /// `E`: a general register, or memory of `bytes`.
    #[inline(always)]
    fn gpr_or_memory(&mut self, n: usize, width: Width, bytes: u16) -> Result<(), DecodeError> {
        if self.is_register() { self.put_gpr(n, self.rm(), width) } else { self.memory(n, bytes) }
    }

    fn xmm_or_memory(&mut self, n: usize, bytes: u16) -> Result<(), DecodeError> {
        if self.is_register() { self.put(n, Operand::Xmm(self.rm())) } else { self.memory(n, bytes) }
    }

    fn mmx_or_memory(&mut self, n: usize, bytes: u16) -> Result<(), DecodeError> {
        if self.is_register() { self.put(n, Operand::Mmx(self.i.modrm & 7)) } else { self.memory(n, bytes) }
    }

    /// Decodes operand `n` of the row: reads what it takes of the bytes.
    pub(super) fn operand(&mut self, n: usize, kind: Kind) -> Result<(), DecodeError> {
        use Kind as K;
        use Operand::*;
        use Width::*;
        let size = self.i.operand_size;
        let bytes = size.bytes() as u16;
        match kind {
            K::None => Ok(()),
            K::Al => self.put_gpr(n, 0, W8),
            K::Cl => self.put_gpr(n, 1, W8),
            K::Ax => self.put_gpr(n, 0, W16),
            K::Dx => self.put_gpr(n, 2, W16),
            K::Av => self.put_gpr(n, 0, size),
            K::Az => self.put_gpr(n, 0, self.z_size()),
            K::One => self.put_imm(n, 1, W8),
            K::Es => self.put(n, Seg(Segment::Es)),
            K::Cs => self.put(n, Seg(Segment::Cs)),
            K::Ss => self.put(n, Seg(Segment::Ss)),
            K::Ds => self.put(n, Seg(Segment::Ds)),
            K::Fs => self.put(n, Seg(Segment::Fs)),
            K::Gs => self.put(n, Seg(Segment::Gs)),
            K::St0 => self.put(n, St(0)),
            K::Sti => self.put(n, St(self.i.modrm & 7)),
            K::Zb => self.put(n, self.gpr8(self.opcode_register())),
            K::Zv => self.put_gpr(n, self.opcode_register(), size),

            K::Eb if self.is_register() => self.put(n, self.gpr8(self.rm())),
            K::Eb => self.memory(n, 1),
            K::Ew => self.gpr_or_memory(n, W16, 2),
            K::Ed => self.gpr_or_memory(n, W32, 4),
            K::Eq => self.gpr_or_memory(n, W64, 8),
            K::Ev => self.gpr_or_memory(n, size, bytes),
            K::Ey => self.gpr_or_memory(n, self.w_size(), self.w_size().bytes() as u16),
            K::Ez => self.gpr_or_memory(n, self.z_size(), self.z_size().bytes() as u16),
            K::Er => self.gpr_or_memory(n, self.mode_size(), self.mode_size().bytes() as u16),
            K::EvMw => self.gpr_or_memory(n, size, 2),
            K::EyMb => self.gpr_or_memory(n, self.w_size(), 1),
            K::EyMw => self.gpr_or_memory(n, self.w_size(), 2),
            K::EyMd => self.gpr_or_memory(n, self.w_size(), 4),
            K::Gb => self.put(n, self.gpr8(self.reg())),
            K::Gw => self.put_gpr(n, self.reg(), W16),
            K::Gd => self.put_gpr(n, self.reg(), W32),
            K::Gv => self.put_gpr(n, self.reg(), size),
            K::Gy => self.put_gpr(n, self.reg(), self.w_size()),
            K::Gz => self.put_gpr(n, self.reg(), self.z_size()),
            K::Gr => self.put_gpr(n, self.reg(), self.mode_size()),
            K::Ga => self.put_gpr(n, self.reg(), self.i.address_size),
            K::By => self.put_gpr(n, self.vvvv_register(), self.w_size()),
            K::Rd => self.put_gpr(n, self.rm(), W32),
            K::Rv => self.put_gpr(n, self.rm(), size),
            K::Ry => self.put_gpr(n, self.rm(), self.w_size()),
            K::Rr | K::Rsystem => self.put_gpr(n, self.rm(), self.mode_size()),
            K::Ra => self.put_gpr(n, self.rm(), self.i.address_size),

            K::M => self.memory(n, 0),
            K::Mb => self.memory(n, 1),
            K::Mw => self.memory(n, 2),
            K::Md => self.memory(n, 4),
            K::Mq => self.memory(n, 8),
            K::Mt => self.memory(n, 10),
            K::Mdq => self.memory(n, 16),
            K::Mx => self.memory(n, 16 * self.vectors()),
            K::Mv => self.memory(n, bytes),
            K::My => self.memory(n, self.w_size().bytes() as u16),
            K::Mp => self.memory(n, 2 + bytes),
            K::Ma => self.memory(n, 2 * self.z_size().bytes() as u16),
            K::Ms => self.memory(n, if self.is64 { 10 } else { 6 }),
            K::Menv => self.memory(n, if size == W16 { 14 } else { 28 }),
            K::Msave => self.memory(n, if size == W16 { 94 } else { 108 }),
            K::M64 => self.memory(n, 64),
            K::M512 => self.memory(n, 512),
            K::Vm4x => self.vector_memory(n, 4, self.i.long),
            K::Vm8x => self.vector_memory(n, 8, self.i.long),
            K::Vm8dq => self.vector_memory(n, 8, false),
            K::Ob => self.offset(n, 1),
            K::Ov => self.offset(n, bytes),
            K::Xb => self.put(n, StringSource { bytes: 1 }),
            K::Xv => self.put(n, StringSource { bytes: bytes as u8 }),
            K::Xz => self.put(n, StringSource { bytes: self.z_size().bytes() as u8 }),
            K::Yb => self.put(n, StringDestination { bytes: 1 }),
            K::Yv => self.put(n, StringDestination { bytes: bytes as u8 }),
            K::Yz => self.put(n, StringDestination { bytes: self.z_size().bytes() as u8 }),
            K::Xlat => {
                (self.i.memory.base, self.i.memory.index) = (Some(3), Some(0));
                self.put(n, Mem { bytes: 1 })
            }

            K::Sw => self.segment_register(n),
            K::Cr => self.control_register(n),
            K::Dr if self.rex(REX_R) => Err(DecodeError::Invalid),
            K::Dr => self.put(n, Debug(self.reg())),

            K::Ib => {
                let value = self.byte()? as u64;
                self.put_imm(n, value, W8)
            }
            K::Ibs => {
                let value = self.byte()? as i8 as u64;
                self.put_imm(n, cut(value, size), size)
            }
            K::Iw => {
                let value = self.take16()? as u64;
                self.put_imm(n, value, W16)
            }
            K::Iz if size == W16 => {
                let value = self.take16()? as u64;
                self.put_imm(n, value, W16)
            }
            K::Iz => {
                let value = self.take32()? as i32 as u64;
                self.put_imm(n, cut(value, size), size)
            }
            K::Iv if size == W16 => {
                let value = self.take16()? as u64;
                self.put_imm(n, value, W16)
            }
            K::Iv if size == W64 => {
                let value = self.take64()?;
                self.put_imm(n, value, W64)
            }
            K::Iv => {
                let value = self.take32()? as u64;
                self.put_imm(n, value, W32)
            }
            K::Jb => {
                let displacement = self.byte()? as i8 as i64;
                self.put(n, Rel(displacement))
            }
            K::Jz => {
                let displacement =
                    if size == W16 { self.take16()? as i16 as i64 } else { self.take32()? as i32 as i64 };
                self.put(n, Rel(displacement))
            }
            K::Ap => {
                let offset = if size == W16 { self.take16()? as u32 } else { self.take32()? };
                let selector = self.take16()?;
                self.put(n, Far { selector, offset })
            }

            K::Pq => self.put(n, Mmx(self.i.modrm >> 3 & 7)),
            K::Nq => self.put(n, Mmx(self.i.modrm & 7)),
            K::Qq => self.mmx_or_memory(n, 8),
            K::Qd => self.mmx_or_memory(n, 4),
            K::Vx => self.put(n, self.vector(self.reg())),
            K::Vdq => self.put(n, Xmm(self.reg())),
            K::Hx => self.put(n, self.vector(self.vvvv_register())),
            K::Hdq => self.put(n, Xmm(self.vvvv_register())),
            K::Lx => {
                let number = self.byte()? >> 4;
                self.put(n, self.vector(if self.is64 { number } else { number & 7 }))
            }
            K::Ux => self.put(n, self.vector(self.rm())),
            K::Udq => self.put(n, Xmm(self.rm())),
            K::Wx if self.is_register() => self.put(n, self.vector(self.rm())),
            K::Wx => self.memory(n, 16 * self.vectors()),
            K::Wdq => self.xmm_or_memory(n, 16),
            K::Wq => self.xmm_or_memory(n, 8),
            K::Wd => self.xmm_or_memory(n, 4),
            K::Ww => self.xmm_or_memory(n, 2),
            K::Wb => self.xmm_or_memory(n, 1),
            K::Whx => self.xmm_or_memory(n, 8 * self.vectors()),
            K::Wqx => self.xmm_or_memory(n, 4 * self.vectors()),
            K::Wox => self.xmm_or_memory(n, 2 * self.vectors()),
            K::Wddup if self.is_register() => self.put(n, self.vector(self.rm())),
            K::Wddup => self.memory(n, if self.i.long { 32 } else { 8 }),
        }
    }

    #[inline]
    fn opcode_register(&self) -> u8 {
        self.i.opcode & 7 | if self.rex(REX_B) { 8 } else { 0 }
    }

    /// Outside 64-bit mode the top bit of VEX.vvvv means nothing.
    #[inline]
    fn vvvv_register(&self) -> u8 {
        if self.is64 { self.vvvv } else { self.vvvv & 7 }
    }

    fn segment_register(&mut self, n: usize) -> Result<(), DecodeError> {
        let number = self.i.modrm >> 3 & 7;
        let load_cs = self.i.opcode == 0x8e && number == 1;
        match Segment::ALL.get(number as usize) {
            Some(&segment) if !load_cs => self.put(n, Operand::Seg(segment)),
            _ => Err(DecodeError::Invalid),
        }
    }

    fn control_register(&mut self, n: usize) -> Result<(), DecodeError> {
        match (self.reg(), self.i.prefixes.lock) {
            // LOCK makes CR0 CR8, so that it can be reached outside 64-bit mode: APM Vol. 3, MOV CRn.
            (0, true) => self.put(n, Operand::Control(8)),
            (number @ (0 | 2 | 3 | 4 | 8), false) => self.put(n, Operand::Control(number)),
            _ => Err(DecodeError::Invalid),
        }
    }

    fn offset(&mut self, n: usize, bytes: u16) -> Result<(), DecodeError> {
        self.i.memory.disp = match self.i.address_size {
            Width::W16 => self.take16()? as i64,
            Width::W64 => self.take64()? as i64,
            _ => self.take32()? as i64,
        };
        self.i.memory.disp_bytes = self.i.address_size.bytes() as u8;
        self.put(n, Operand::Mem { bytes })
    }

    fn vector_memory(&mut self, n: usize, bytes: u16, long: bool) -> Result<(), DecodeError> {
        if self.i.address_size == Width::W16 || self.i.modrm & 7 != 4 {
            return Err(DecodeError::Invalid);
        }
        self.i.memory.index_kind = if long { IndexKind::Ymm } else { IndexKind::Xmm };
        self.memory(n, bytes)
    }

    /// Reads the memory operand that ModRM begins.
    #[inline]
    fn memory(&mut self, n: usize, bytes: u16) -> Result<(), DecodeError> {
        if self.i.address_size == Width::W16 {
            self.memory16()?;
        } else {
            self.memory32()?;
        }
        if self.segment.is_none() && matches!(self.i.memory.base, Some(4 | 5)) {
            self.i.memory.segment = Segment::Ss;
        }
        self.put(n, Operand::Mem { bytes })
    }

    fn memory16(&mut self) -> Result<(), DecodeError> {
        const BX: Option<u8> = Some(3);
        const BP: Option<u8> = Some(5);
        const SI: Option<u8> = Some(6);
        const DI: Option<u8> = Some(7);
        let m = self.i.modrm;
        let (base, index) =
            [(BX, SI), (BX, DI), (BP, SI), (BP, DI), (SI, None), (DI, None), (BP, None), (BX, None)][m as usize & 7];
        if m & 0xc7 == 6 {
            self.i.memory.disp = self.take16()? as i16 as i64;
            self.i.memory.disp_bytes = 2;
            return Ok(());
        }
        (self.i.memory.base, self.i.memory.index) = (base, index);
        match m >> 6 {
            1 => (self.i.memory.disp, self.i.memory.disp_bytes) = (self.byte()? as i8 as i64, 1),
            2 => (self.i.memory.disp, self.i.memory.disp_bytes) = (self.take16()? as i16 as i64, 2),
            _ => {}
        }
        Ok(())
    }

    #[inline]
    fn memory32(&mut self) -> Result<(), DecodeError> {
        let mode = self.i.modrm >> 6;
        let mut wide = mode == 2;
        if self.i.modrm & 7 == 4 {
            let sib = self.byte()?;
            self.i.memory.scale = 1 << (sib >> 6);
            let index = sib >> 3 & 7 | if self.rex(REX_X) { 8 } else { 0 };
            if index != 4 || self.i.memory.index_kind != IndexKind::Gpr {
                self.i.memory.index = Some(index);
            }
            if mode == 0 && sib & 7 == 5 {
                wide = true;
            } else {
                self.i.memory.base = Some(sib & 7 | if self.rex(REX_B) { 8 } else { 0 });
            }
        } else if self.i.modrm & 0xc7 == 5 {
            wide = true;
            self.i.memory.ip_relative = self.is64;
        } else {
            self.i.memory.base = Some(self.rm());
        }
        if wide {
            self.i.memory.disp_at = self.at as u8;
            (self.i.memory.disp, self.i.memory.disp_bytes) = (self.take32()? as i32 as i64, 4);
        } else if mode == 1 {
            (self.i.memory.disp, self.i.memory.disp_bytes) = (self.byte()? as i8 as i64, 1);
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
