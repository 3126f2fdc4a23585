//! Addition, subtraction, logic, comparison, and the compare-and-exchange family (SDM Vol. 2A-2C).

use super::{Sem, calls, meanings};
use crate::arith::Arith;
use crate::chain::Any;
use crate::exec::Exec;
use crate::flags::Flags;
use crate::inst::{Inst, Places};
use crate::size::Size;
use crate::state::{Cpu, RAX, RBX, RCX, RDX};
use crate::stop::Stop;

#[inline(always)]
fn binary<S: Sem>(s: &mut S, inst: &Inst, op: Arith) -> Result<(), S::Stop> {
    let value = s.source(inst)?;
    s.update(inst, op, value)
}

#[inline(always)]
fn unary<S: Sem>(s: &mut S, inst: &Inst, op: Arith) -> Result<(), S::Stop> {
    let one = s.constant(1);
    s.update(inst, op, one)
}

/// CMP and TEST: flags only.
#[inline(always)]
fn compare<S: Sem>(s: &mut S, inst: &Inst, op: Arith) -> Result<(), S::Stop> {
    let b = s.source(inst)?;
    let a = s.destination(inst)?;
    let size = s.size(inst);
    s.flagged(op, size, a, b);
    Ok(())
}

meanings! {
    Add(s, inst) { binary(s, inst, Arith::Add) }
    Adc(s, inst) { binary(s, inst, Arith::Adc) }
    Sub(s, inst) { binary(s, inst, Arith::Sub) }
    Sbb(s, inst) { binary(s, inst, Arith::Sbb) }
    And(s, inst) { binary(s, inst, Arith::And) }
    Or(s, inst) { binary(s, inst, Arith::Or) }
    Xor(s, inst) { binary(s, inst, Arith::Xor) }
    Cmp(s, inst) { compare(s, inst, Arith::Sub) }
    Test(s, inst) { compare(s, inst, Arith::And) }
    Inc(s, inst) { unary(s, inst, Arith::Inc) }
    Dec(s, inst) { unary(s, inst, Arith::Dec) }
    Neg(s, inst) { unary(s, inst, Arith::Neg) }
    Not(s, inst) { unary(s, inst, Arith::Not) }
}

/// Reads the destination, with write intent where it is memory.
fn destination(cpu: &mut Cpu, inst: &Inst, size: Size) -> Result<u64, Stop> {
    match inst.form.places() {
        Places::MemReg | Places::MemImm => cpu.load_for_update(cpu.address(inst), size),
        _ => Ok(cpu.get_any(inst.dst, size)),
    }
}

calls! {
    /// The destination gets the sum, the source what was there.
    Xadd(cpu, inst) {
        let size = inst.form.size();
        let addend = cpu.get_any(inst.src, size);
        loop {
            let old = destination(cpu, inst, size)?;
            let sum = size.cut(old.wrapping_add(addend));
            if inst.form.is_locked() {
                if cpu.compare_exchange(cpu.address(inst), size, old, sum)?.is_err() {
                    continue;
                }
                cpu.set_any(inst.src, size, old);
            } else if inst.has_memory() {
                cpu.store(cpu.address(inst), size, sum)?;
                cpu.set_any(inst.src, size, old);
            } else {
                cpu.set_any(inst.src, size, old);
                cpu.set_any(inst.dst, size, sum);
            }
            cpu.flags = Flags::of_add(size, old, addend, sum);
            return Ok(());
        }
    }

    /// If the destination is the accumulator it becomes the source, else the accumulator becomes the destination.
    Cmpxchg(cpu, inst) {
        let size = inst.form.size();
        let (expected, new) = (size.cut(cpu.get(RAX)), cpu.get_any(inst.src, size));
        let old = if inst.form.is_locked() {
            match cpu.compare_exchange(cpu.address(inst), size, expected, new)? {
                Ok(old) | Err(old) => old,
            }
        } else {
            let old = destination(cpu, inst, size)?;
            if inst.has_memory() {
                cpu.store(cpu.address(inst), size, if old == expected { new } else { old })?;
            } else if old == expected {
                cpu.set_any(inst.dst, size, new);
            }
            old
        };
        if old != expected {
            cpu.set(RAX, size, old);
        }
        cpu.flags = Flags::of_sub(size, expected, old, expected.wrapping_sub(old));
        Ok(())
    }

    Cmpxchg8b(cpu, inst) {
        let pair = |high: u64, low: u64| high << 32 | low as u32 as u64;
        let expected = pair(cpu.get(RDX), cpu.get(RAX));
        let new = pair(cpu.get(RCX), cpu.get(RBX));
        let outcome = cpu.compare_exchange(cpu.address(inst), Size::B8, expected, new)?;
        if let Err(old) = outcome {
            cpu.set(RAX, Size::B4, old);
            cpu.set(RDX, Size::B4, old >> 32);
        }
        cpu.flags = cpu.flags.with_zero(outcome.is_ok());
        Ok(())
    }

    Cmpxchg16b(cpu, inst) {
        let address = cpu.address(inst);
        if address & 15 != 0 {
            return cpu.protection();
        }
        let expected = [cpu.get(RAX), cpu.get(RDX)];
        let new = [cpu.get(RBX), cpu.get(RCX)];
        let outcome = cpu.memory.compare_exchange16(address, expected, new)?;
        if let Err([low, high]) = outcome {
            cpu.set64(RAX, low);
            cpu.set64(RDX, high);
        }
        cpu.flags = cpu.flags.with_zero(outcome.is_ok());
        Ok(())
    }

    /// Exchange with memory is locked without the prefix.
    Xchg(cpu, inst) {
        let size = inst.form.size();
        match inst.form.places() {
            Places::RegReg => {
                let (a, b) = (cpu.get_any(inst.dst, size), cpu.get_any(inst.src, size));
                cpu.set_any(inst.dst, size, b);
                cpu.set_any(inst.src, size, a);
            }
            places => {
                let register = if places == Places::RegMem { inst.dst } else { inst.src };
                let (address, new) = (cpu.address(inst), cpu.get_any(register, size));
                let mut old = cpu.load_for_update(address, size)?;
                while let Err(other) = cpu.compare_exchange(address, size, old, new)? {
                    old = other;
                }
                cpu.set_any(register, size, old);
            }
        }
        Ok(())
    }

    /// ADCX and ADOX: a carry chain of its own in CF or OF.
    Adcx(cpu, inst) {
        let size = inst.form.size();
        let b = Exec::<Any>::new(cpu).source(inst)?;
        let a = cpu.get_any(inst.dst, size);
        let (sum, carry) = add_carry(size, a, b, cpu.flags.carry());
        cpu.set_any(inst.dst, size, sum);
        cpu.flags = cpu.flags.with_carry(carry);
        Ok(())
    }
    Adox(cpu, inst) {
        let size = inst.form.size();
        let b = Exec::<Any>::new(cpu).source(inst)?;
        let a = cpu.get_any(inst.dst, size);
        let (sum, overflow) = add_carry(size, a, b, cpu.flags.overflow());
        cpu.set_any(inst.dst, size, sum);
        cpu.flags = cpu.flags.with(cpu.flags.carry(), overflow);
        Ok(())
    }
}

fn add_carry(size: Size, a: u64, b: u64, carry: bool) -> (u64, bool) {
    let sum = a as u128 + b as u128 + carry as u128;
    (sum as u64, sum >> size.bits() & 1 != 0)
}
