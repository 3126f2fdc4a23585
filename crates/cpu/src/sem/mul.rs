//! Multiplication and division; flags that the manual leaves undefined are as on Zen (SDM Vol. 2A IMUL, DIV, IDIV; Vol. 2B MUL).

use super::{Sem, calls, meanings};
use crate::arith::{Arith, compute};
use crate::chain::Any;
use crate::exec::Exec;
use crate::flags::Flags;
use crate::inst::Inst;
use crate::size::Size;
use crate::state::{Cpu, RAX, RDX};
use crate::stop::{Flow, Stop, Trap};

meanings! {
    /// The form with two operands.
    Imul(s, inst) {
        let value = s.source(inst)?;
        s.update(inst, Arith::Imul, value)
    }
    /// The form with three: register = source x immediate.
    ImulImmediate(s, inst) {
        let (size, a) = (s.size(inst), s.source(inst)?);
        let b = s.constant(size.cut(inst.imm));
        let product = s.flagged(Arith::Imul, size, a, b);
        s.set_register(inst.dst, size, product);
        Ok(())
    }
}

calls! {
    /// The forms with one operand: rdx:rax = rax x source.
    Mul(cpu, inst) {
        let (size, b) = operand(cpu, inst)?;
        let wide = size.cut(cpu.get(RAX)) as u128 * b as u128;
        set_wide(cpu, size, wide);
        let is_lost = wide >> size.bits() != 0;
        cpu.flags = cpu.flags.with(is_lost, is_lost);
        Ok(())
    }
    ImulWide(cpu, inst) {
        let (size, b) = operand(cpu, inst)?;
        let wide = size.extend(cpu.get(RAX)) as i64 as i128 * size.extend(b) as i64 as i128;
        set_wide(cpu, size, wide as u128);
        let is_lost = wide != size.extend(wide as u64) as i64 as i128;
        cpu.flags = cpu.flags.with(is_lost, is_lost);
        Ok(())
    }
    Div(cpu, inst) {
        let (size, divisor) = operand(cpu, inst)?;
        let dividend = wide(cpu, size);
        if divisor == 0 || (dividend / divisor as u128) >> size.bits() != 0 {
            return cpu.raise(Trap::DivideError);
        }
        set_quotient(cpu, size, (dividend / divisor as u128) as u64, (dividend % divisor as u128) as u64)
    }
    Idiv(cpu, inst) {
        let (size, divisor) = operand(cpu, inst)?;
        let divisor = size.extend(divisor) as i64 as i128;
        let unused = 128 - 2 * size.bits();
        let dividend = (wide(cpu, size) << unused) as i128 >> unused;
        let quotient = if divisor == 0 { None } else { dividend.checked_div(divisor) };
        match quotient {
            Some(quotient) if quotient == size.extend(quotient as u64) as i64 as i128 => {
                set_quotient(cpu, size, quotient as u64, (dividend % divisor) as u64)
            }
            _ => cpu.raise(Trap::DivideError),
        }
    }
}

fn operand(cpu: &mut Cpu, inst: &Inst) -> Result<(Size, u64), Stop> {
    let value = Exec::<Any>::new(cpu).source(inst)?;
    Ok((inst.form.size(), value))
}

/// AX for bytes, else rdx:rax.
fn wide(cpu: &Cpu, size: Size) -> u128 {
    match size {
        Size::B1 => cpu.get(RAX) as u16 as u128,
        _ => (size.cut(cpu.get(RDX)) as u128) << size.bits() | size.cut(cpu.get(RAX)) as u128,
    }
}

fn set_wide(cpu: &mut Cpu, size: Size, value: u128) {
    if size == Size::B1 {
        cpu.set(RAX, Size::B2, value as u64);
    } else {
        cpu.set(RAX, size, value as u64);
        cpu.set(RDX, size, (value >> size.bits()) as u64);
    }
}

/// All flags are undefined; Zen keeps CF and OF, sets AF and clears the rest.
fn set_quotient(cpu: &mut Cpu, size: Size, quotient: u64, remainder: u64) -> Flow {
    if size == Size::B1 {
        cpu.set(RAX, Size::B2, quotient & 0xff | remainder << 8 & 0xff00);
    } else {
        cpu.set(RAX, size, quotient);
        cpu.set(RDX, size, remainder);
    }
    let (carry, overflow) = (cpu.flags.carry(), cpu.flags.overflow());
    cpu.flags = Flags::of_logic(Size::B8, 0x101).with(carry, overflow).with_adjust(true);
    Ok(())
}

calls! {
    /// Decimal adjustments, of the 16 and 32-bit modes.
    Aam(cpu, inst) {
        let base = inst.imm & 0xff;
        if base == 0 {
            return cpu.raise(Trap::DivideError);
        }
        let al = cpu.get(RAX) & 0xff;
        cpu.set(RAX, Size::B2, ((al / base) << 8) | (al % base));
        cpu.flags = Flags::of_logic(Size::B1, al % base);
        Ok(())
    }
    Aad(cpu, inst) {
        let ax = cpu.get(RAX);
        let al = (ax & 0xff).wrapping_add((ax >> 8 & 0xff).wrapping_mul(inst.imm)) & 0xff;
        cpu.set(RAX, Size::B2, al);
        cpu.flags = compute(Arith::Or, Size::B1, al, 0, cpu.flags).1;
        Ok(())
    }
}
