//! Moves, extensions, conditional moves and sets, address computation.

use super::{Sem, calls, meanings};
use crate::arith::Arith;
use crate::size::Size;
use crate::state::{RAX, RBX, RDX};

meanings! {
    Mov(s, inst) {
        let value = s.source(inst)?;
        s.write(inst, value)
    }
    Movzx8(s, inst) {
        let value = s.source_as(inst, Size::B1)?;
        s.write(inst, value)
    }
    Movzx16(s, inst) {
        let value = s.source_as(inst, Size::B2)?;
        s.write(inst, value)
    }
    Movsx8(s, inst) {
        let value = s.source_as(inst, Size::B1)?;
        let value = s.sign_extend(Size::B1, value);
        s.write(inst, value)
    }
    Movsx16(s, inst) {
        let value = s.source_as(inst, Size::B2)?;
        let value = s.sign_extend(Size::B2, value);
        s.write(inst, value)
    }
    Movsx32(s, inst) {
        let value = s.source_as(inst, Size::B4)?;
        let value = s.sign_extend(Size::B4, value);
        s.write(inst, value)
    }
    Lea(s, inst) {
        let (size, address) = (s.size(inst), s.offset(inst));
        s.set_register(inst.dst, size, address);
        Ok(())
    }
    /// CBW, CWDE, CDQE by operand size.
    Cbw(s, inst) {
        let size = s.size(inst);
        let half = match size { Size::B2 => Size::B1, Size::B4 => Size::B2, _ => Size::B4 };
        let value = s.register(RAX, half);
        let value = s.sign_extend(half, value);
        s.set_register(RAX, size, value);
        Ok(())
    }
    /// CWD, CDQ, CQO by operand size.
    Cwd(s, inst) {
        let size = s.size(inst);
        let value = s.register(RAX, size);
        let value = s.sign_extend(size, value);
        let places = s.constant(63);
        let value = s.value(Arith::Sar, Size::B8, value, places);
        s.set_register(RDX, size, value);
        Ok(())
    }
}

/// CMOVcc. The source is read in any case, and a 32-bit form clears the upper half in any case.
pub struct Cmovcc<const CONDITION: u8>;
impl<const C: u8> super::Meaning for Cmovcc<C> {
    #[inline(always)]
    fn apply<S: Sem>(s: &mut S, inst: &crate::inst::Inst) -> Result<(), S::Stop> {
        let size = s.size(inst);
        let new = s.source(inst)?;
        let old = s.register(inst.dst, size);
        let condition = s.condition(C);
        let value = s.select(condition, new, old);
        s.set_register(inst.dst, size, value);
        Ok(())
    }
}

/// SETcc.
pub struct Setcc<const CONDITION: u8>;
impl<const C: u8> super::Meaning for Setcc<C> {
    #[inline(always)]
    fn apply<S: Sem>(s: &mut S, inst: &crate::inst::Inst) -> Result<(), S::Stop> {
        let condition = s.condition(C);
        let value = s.from_bool(condition);
        s.write(inst, value)
    }
}

calls! {
    /// AL = the byte at rBX + AL.
    Xlatb(cpu, inst) {
        let offset = cpu.get(RBX).wrapping_add(cpu.get(RAX) & 0xff);
        let offset = match inst.addressing >> 2 & 3 {
            0 => offset,
            1 => offset as u32 as u64,
            _ => offset as u16 as u64,
        };
        let value = cpu.load(cpu.linear(inst, offset), Size::B1)?;
        cpu.set(RAX, Size::B1, value);
        Ok(())
    }
    /// A move that bypasses the caches is a move.
    Movnti(cpu, inst) {
        let size = inst.form.size();
        cpu.store(cpu.address(inst), size, size.cut(cpu.get(inst.src)))
    }
}
