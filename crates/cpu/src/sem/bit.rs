//! Single bits, scans and counts (SDM Vol. 2A BSF, BSR, BT; Vol. 2B LZCNT, POPCNT; Vol. 2C TZCNT).

use super::{Sem, calls};
use crate::arith::{Arith, compute};
use crate::chain::Any;
use crate::exec::Exec;
use crate::flags::Flags;
use crate::inst::{Inst, Places};
use crate::size::Size;
use crate::state::Cpu;
use crate::stop::{Flow, Stop};

/// Address and bit number of a bit string in memory: a register counts bits from the operand, in both directions.
fn place(cpu: &mut Cpu, inst: &Inst, size: Size) -> (u64, u64) {
    if inst.form.places() == Places::MemImm {
        return (cpu.address(inst), inst.imm);
    }
    let number = size.extend(cpu.get(inst.src)) as i64;
    let bytes = (number >> size.bits().trailing_zeros()).wrapping_mul(size.bytes() as i64);
    let offset = cpu.offset(inst).wrapping_add(bytes as u64);
    let offset = match inst.addressing >> 2 & 3 {
        0 => offset,
        1 => offset as u32 as u64,
        _ => offset as u16 as u64,
    };
    (cpu.linear(inst, offset), number as u64)
}

fn test_and(cpu: &mut Cpu, inst: &Inst, op: Arith) -> Flow {
    let size = inst.form.size();
    match inst.form.places() {
        Places::MemReg | Places::MemImm => {
            let (address, number) = place(cpu, inst, size);
            loop {
                let old = cpu.load_for_update(address, size)?;
                let (new, flags) = compute(op, size, old, number, cpu.flags);
                if !inst.form.is_locked() {
                    cpu.store(address, size, new)?;
                } else if cpu.compare_exchange(address, size, old, size.cut(new))?.is_err() {
                    continue;
                }
                cpu.flags = flags;
                return Ok(());
            }
        }
        _ => {
            let number = Exec::<Any>::new(cpu).source(inst)?;
            Exec::<Any>::new(cpu).update(inst, op, number)
        }
    }
}

fn source(cpu: &mut Cpu, inst: &Inst) -> Result<(Size, u64), Stop> {
    let value = Exec::<Any>::new(cpu).source(inst)?;
    Ok((inst.form.size(), value))
}

calls! {
    Bt(cpu, inst) {
        let size = inst.form.size();
        let (value, number) = match inst.form.places() {
            Places::MemReg | Places::MemImm => {
                let (address, number) = place(cpu, inst, size);
                (cpu.load(address, size)?, number)
            }
            _ => (cpu.get(inst.dst), Exec::<Any>::new(cpu).source(inst)?),
        };
        let bit = value >> (number & (size.bits() as u64 - 1)) & 1;
        cpu.flags = cpu.flags.with_carry(bit != 0);
        Ok(())
    }
    Bts(cpu, inst) { test_and(cpu, inst, Arith::Bts) }
    Btr(cpu, inst) { test_and(cpu, inst, Arith::Btr) }
    Btc(cpu, inst) { test_and(cpu, inst, Arith::Btc) }

    /// A source of zero leaves the destination as it was (AMD's manual says so, and Intel's CPUs do it).
    Bsf(cpu, inst) {
        let (size, value) = source(cpu, inst)?;
        scanned(cpu, inst, size, value, value.trailing_zeros() as u64)
    }
    Bsr(cpu, inst) {
        let (size, value) = source(cpu, inst)?;
        scanned(cpu, inst, size, value, 63u32.wrapping_sub(value.leading_zeros()) as u64)
    }
    Tzcnt(cpu, inst) {
        let (size, value) = source(cpu, inst)?;
        let count = value.trailing_zeros().min(size.bits());
        set_count(cpu, inst, size, value, count)
    }
    Lzcnt(cpu, inst) {
        let (size, value) = source(cpu, inst)?;
        let count = value.leading_zeros() - (64 - size.bits());
        set_count(cpu, inst, size, value, count)
    }
    /// All flags but ZF are cleared.
    Popcnt(cpu, inst) {
        let (size, value) = source(cpu, inst)?;
        cpu.set(inst.dst, size, value.count_ones() as u64);
        cpu.flags = Flags::from_bits(if value == 0 { crate::flags::ZF } else { 0 });
        Ok(())
    }
    Bswap(cpu, inst) {
        let value = cpu.get(inst.dst);
        match inst.form.size() {
            Size::B8 => cpu.set64(inst.dst, value.swap_bytes()),
            Size::B4 => cpu.set(inst.dst, Size::B4, (value as u32).swap_bytes() as u64),
            // Undefined: the CPU gives zero.
            _ => cpu.set(inst.dst, Size::B2, 0),
        }
        Ok(())
    }
    Movbe(cpu, inst) {
        let (size, value) = source(cpu, inst)?;
        let swapped = value.swap_bytes() >> (64 - size.bits());
        Exec::<Any>::new(cpu).write(inst, swapped)
    }
    /// CRC-32C, bit-reflected (SDM Vol. 2A CRC32).
    Crc32(cpu, inst) {
        let size = inst.form.source_size();
        let value = Exec::<Any>::new(cpu).source_as(inst, size)?;
        let mut crc = cpu.get(inst.dst) as u32;
        for byte in &value.to_le_bytes()[..size.bytes() as usize] {
            crc = crc >> 8 ^ CRC32C[(crc as u8 ^ byte) as usize];
        }
        cpu.set64(inst.dst, crc as u64);
        Ok(())
    }
}

/// What CRC-32C makes of each byte.
static CRC32C: [u32; 256] = {
    let mut table = [0; 256];
    let mut n = 0;
    while n < 256 * 8 {
        let crc: u32 = if n % 8 == 0 { n as u32 / 8 } else { table[n / 8] };
        table[n / 8] = crc >> 1 ^ if crc & 1 != 0 { 0x82f6_3b78 } else { 0 };
        n += 1;
    }
    table
};

/// ZF: the source is zero. The other flags are undefined; Zen clears them and sets PF by the result.
fn scanned(cpu: &mut Cpu, inst: &Inst, size: Size, value: u64, index: u64) -> Flow {
    if value == 0 {
        cpu.flags = Flags::of_logic(size, 0);
    } else {
        cpu.set(inst.dst, size, index);
        cpu.flags = Flags::of_logic(Size::B8, 0x100 | index);
    }
    Ok(())
}

/// CF: the source is zero; ZF: the count is. Of the undefined ones, Zen keeps OF and clears the rest.
fn set_count(cpu: &mut Cpu, inst: &Inst, size: Size, value: u64, count: u32) -> Flow {
    cpu.set(inst.dst, size, count as u64);
    let overflow = cpu.flags.overflow();
    cpu.flags = Flags::from_bits(if count == 0 { crate::flags::ZF } else { 0 }).with(value == 0, overflow);
    Ok(())
}
