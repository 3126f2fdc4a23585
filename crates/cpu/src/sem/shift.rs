//! Shifts and rotations, and the double shifts (SDM Vol. 2B SAL/SAR/SHL/SHR, RCL/RCR/ROL/ROR, SHLD, SHRD).

use super::{Sem, calls, meanings};
use crate::arith::{self, Arith};
use crate::flags::Flags;
use crate::inst::{Inst, Places};
use crate::size::Size;
use crate::state::{Cpu, RCX};
use crate::stop::Flow;

/// The count is a byte: CL, an immediate, or 1.
#[inline(always)]
fn shift<S: Sem>(s: &mut S, inst: &Inst, op: Arith) -> Result<(), S::Stop> {
    let count = s.source_as(inst, Size::B1)?;
    s.update(inst, op, count)
}

meanings! {
    Shl(s, inst) { shift(s, inst, Arith::Shl) }
    Shr(s, inst) { shift(s, inst, Arith::Shr) }
    Sar(s, inst) { shift(s, inst, Arith::Sar) }
    Rol(s, inst) { shift(s, inst, Arith::Rol) }
    Ror(s, inst) { shift(s, inst, Arith::Ror) }
    Rcl(s, inst) { shift(s, inst, Arith::Rcl) }
    Rcr(s, inst) { shift(s, inst, Arith::Rcr) }
}

calls! {
    Shld(cpu, inst) { double(cpu, inst, true, |size, a, b, count| {
        let wide = wide(size, a, b);
        let shifted = wide << count;
        let carry = wide >> (2 * size.bits() - count) & 1 != 0;
        ((shifted >> size.bits()) as u64, carry)
    }) }
    Shrd(cpu, inst) { double(cpu, inst, false, |size, a, b, count| {
        let wide = wide(size, b, a);
        ((wide >> count) as u64, wide >> (count - 1) & 1 != 0)
    }) }
}

fn wide(size: Size, high: u64, low: u64) -> u128 {
    (high as u128) << size.bits() | low as u128
}

fn double(cpu: &mut Cpu, inst: &Inst, is_left: bool, f: fn(Size, u64, u64, u32) -> (u64, bool)) -> Flow {
    let size = inst.form.size();
    let by = if inst.form.count_is_in_cl() { cpu.get(RCX) } else { inst.imm };
    let count = arith::count(size, by);
    let is_memory = matches!(inst.form.places(), Places::MemReg | Places::MemImm);
    let a = if is_memory { cpu.load_for_update(cpu.address(inst), size)? } else { cpu.get_any(inst.dst, size) };
    let b = cpu.get_any(inst.src, size);
    if count == 0 {
        // A 32-bit register is written all the same.
        if is_memory {
            return cpu.store(cpu.address(inst), size, a);
        }
        cpu.set_any(inst.dst, size, a);
        return Ok(());
    }
    // Undefined for 16-bit operands, where the CPU shifts the second operand in twice.
    let more = count.saturating_sub(size.bits());
    let (result, carry) = if more > 0 { (f(size, b, b, more).0, false) } else { f(size, a, b, count) };
    let result = size.cut(result);
    if is_memory {
        cpu.store(cpu.address(inst), size, result)?;
    } else {
        cpu.set_any(inst.dst, size, result);
    }
    // Defined where the count is 1; for the others the CPU goes on by the same rule.
    let overflow = if is_left {
        carry ^ (count < size.bits() && size.sign(result))
    } else {
        size.sign(result) ^ (result >> (size.bits() - 2) & 1 != 0)
    };
    cpu.flags = Flags::of_logic(size, result).with(carry, overflow).with_adjust(true);
    Ok(())
}
