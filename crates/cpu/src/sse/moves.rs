//! Moves of vectors and of parts of them (SDM Vol. 2B MOV...).

use super::{Plain, Source};
use crate::chain::{Run, call, short};
use crate::inst::{Inst, Places};
use crate::size::Size;
use crate::state::{Cpu, RDI};
use crate::stop::Flow;
use isa::{Instruction, Op, Operand};

pub(super) fn handler(i: &Instruction, is_mmx: bool, inst: &Inst) -> Option<Run> {
    if inst.is_plainly_addressed()
        && !is_mmx
        && let Some(run) = plain(i)
    {
        return Some(run);
    }
    let is_load = matches!(i.operands[1], Operand::Mem { .. });
    let is_store = matches!(i.operands[0], Operand::Mem { .. });
    let is_from_gpr = matches!(i.operands[1], Operand::Gpr { .. });
    let is_to_gpr = matches!(i.operands[0], Operand::Gpr { .. });
    Some(match i.op {
        Op::Movaps | Op::Movapd | Op::Movdqa if is_load => call::<LoadAligned>(),
        Op::Movntdqa => call::<LoadAligned>(),
        Op::Movaps | Op::Movapd | Op::Movdqa if is_store => call::<StoreAligned>(),
        Op::Movntps | Op::Movntpd => call::<StoreAligned>(),
        Op::Movntdq => call::<StoreAligned>(),
        Op::Movups | Op::Movupd | Op::Movdqu | Op::Lddqu if is_load => call::<Load>(),
        Op::Movups | Op::Movupd | Op::Movdqu if is_store => call::<Store>(),
        Op::Movaps | Op::Movapd | Op::Movdqa | Op::Movups | Op::Movupd | Op::Movdqu => call::<Copy>(),

        Op::Movss if is_load => call::<LoadSingle>(),
        Op::Movss if is_store => call::<StoreSingle>(),
        Op::Movss => call::<MergeSingle>(),
        Op::Movsd if is_load => call::<LoadLow>(),
        Op::Movsd if is_store => call::<StoreLow>(),
        Op::Movsd => call::<MergeLow>(),
        Op::Movlps | Op::Movlpd if is_store => call::<StoreLow>(),
        Op::Movlps | Op::Movlpd => call::<MergeLow>(),
        Op::Movhps | Op::Movhpd if is_store => call::<StoreHigh>(),
        Op::Movhps | Op::Movhpd => call::<LoadHigh>(),
        Op::Movhlps => call::<HighToLow>(),
        Op::Movlhps => call::<LowToHigh>(),
        Op::Movntss => call::<StoreSingle>(),
        Op::Movntsd => call::<StoreLow>(),

        Op::Movd if is_mmx && is_store => call::<StoreMmx32>(),
        Op::Movd if is_mmx && is_to_gpr => call::<Mmx32ToGpr>(),
        Op::Movd if is_mmx => call::<ToMmx32>(),
        Op::Movd if is_store => call::<StoreSingle>(),
        Op::Movd if is_to_gpr => call::<Xmm32ToGpr>(),
        Op::Movd if is_load => call::<LoadSingle>(),
        Op::Movd => call::<GprToXmm32>(),
        Op::Movq if is_mmx && is_store => call::<StoreMmx>(),
        Op::Movq if is_mmx && is_to_gpr => call::<MmxToGpr>(),
        Op::Movq if is_mmx && is_from_gpr => call::<GprToMmx>(),
        Op::Movq if is_mmx => call::<ToMmx>(),
        Op::Movq if is_store => call::<StoreLow>(),
        Op::Movq if is_to_gpr => call::<XmmToGpr>(),
        Op::Movq if is_from_gpr => call::<GprToXmm>(),
        Op::Movq => call::<LoadLow>(),
        Op::Movntq => call::<StoreMmx>(),
        Op::Movq2dq => call::<MmxToXmm>(),
        Op::Movdq2q => call::<XmmToMmx>(),
        Op::Maskmovq => call::<Maskmovq>(),
        Op::Maskmovdqu => call::<Maskmovdqu>(),
        _ => return None,
    })
}

/// The most frequent moves from and to memory that is plainly addressed.
fn plain(i: &Instruction) -> Option<Run> {
    use Op::*;
    let is_load = matches!(i.operands[1], Operand::Mem { .. });
    let is_store = matches!(i.operands[0], Operand::Mem { .. });
    Some(match i.op {
        Movaps | Movapd | Movdqa if is_load => short::<LoadAlignedPlain>(),
        Movaps | Movapd | Movdqa if is_store => short::<StoreAlignedPlain>(),
        Movups | Movupd | Movdqu if is_load => short::<LoadPlain>(),
        Movups | Movupd | Movdqu if is_store => short::<StorePlain>(),
        Movsd | Movq if is_load => short::<LoadLowPlain>(),
        Movsd | Movq | Movlps | Movlpd if is_store => short::<StoreLowPlain>(),
        Movss | Movd if is_load => short::<LoadSinglePlain>(),
        Movss | Movd if is_store => short::<StoreSinglePlain>(),
        _ => return None,
    })
}

/// Writes the bytes whose mask byte has its top bit set at `rDI`. All bytes must be writable, chosen or not: the manuals
/// leave it open, and the CPU does it so.
fn masked_store(cpu: &mut Cpu, inst: &Inst, value: &[u8], mask: &[u8]) -> Flow {
    let offset = super::super::sem::flow::counter_size(inst).cut(cpu.get(RDI));
    let address = cpu.linear(inst, offset);
    let chosen = |n: &usize| mask[*n] & 0x80 != 0;
    cpu.memory.probe(address, value.len() as u64, memory::Access::Write)?;
    for n in (0..value.len()).filter(chosen) {
        cpu.store(address.wrapping_add(n as u64), Size::B1, value[n] as u64)?;
    }
    Ok(())
}

crate::sem::shorts! {
    LoadAlignedPlain(cpu, inst) of LoadAligned {
        let [low, high] = Plain::load(cpu, inst)?;
        let register = &mut cpu.xmm[inst.dst as usize & 15];
        (register[0], register[1]) = (low, high);
        Some(())
    }
    LoadPlain(cpu, inst) of Load {
        let [low, high] = cpu.memory.load16_hit(cpu.plain_address(inst))?;
        let register = &mut cpu.xmm[inst.dst as usize & 15];
        (register[0], register[1]) = (low, high);
        Some(())
    }
    StoreAlignedPlain(cpu, inst) of StoreAligned {
        let address = cpu.plain_address(inst);
        let [low, high, ..] = cpu.xmm[inst.src as usize & 15];
        if address & 15 == 0 { cpu.memory.store16_hit(address, [low, high]) } else { None }
    }
    StorePlain(cpu, inst) of Store {
        let [low, high, ..] = cpu.xmm[inst.src as usize & 15];
        cpu.memory.store16_hit(cpu.plain_address(inst), [low, high])
    }
    LoadLowPlain(cpu, inst) of LoadLow {
        let value = Plain::load_low(cpu, inst, Size::B8)?;
        let register = &mut cpu.xmm[inst.dst as usize & 15];
        (register[0], register[1]) = (value, 0);
        Some(())
    }
    LoadSinglePlain(cpu, inst) of LoadSingle {
        let value = Plain::load_low(cpu, inst, Size::B4)?;
        let register = &mut cpu.xmm[inst.dst as usize & 15];
        (register[0], register[1]) = (value, 0);
        Some(())
    }
    StoreLowPlain(cpu, inst) of StoreLow {
        cpu.memory.store_hit::<8>(cpu.plain_address(inst), cpu.xmm[inst.src as usize & 15][0])
    }
    StoreSinglePlain(cpu, inst) of StoreSingle {
        cpu.memory.store_hit::<4>(cpu.plain_address(inst), cpu.xmm[inst.src as usize & 15][0] & 0xffff_ffff)
    }
}

crate::sem::calls! {
    LoadAligned(cpu, inst) {
        let value = cpu.load_aligned(inst)?;
        cpu.set_xmm(inst.dst, value);
        Ok(())
    }
    StoreAligned(cpu, inst) {
        let address = cpu.address(inst);
        // MOVNTQ's operand is 8 bytes in an MMX register and needs no alignment; it has a handler of its own.
        if address & 15 != 0 {
            return cpu.protection();
        }
        cpu.store128(address, cpu.xmm(inst.src))
    }
    Load(cpu, inst) {
        let value = cpu.load128(cpu.address(inst))?;
        cpu.set_xmm(inst.dst, value);
        Ok(())
    }
    Store(cpu, inst) { cpu.store128(cpu.address(inst), cpu.xmm(inst.src)) }
    Copy(cpu, inst) {
        let value = cpu.xmm(inst.src);
        cpu.set_xmm(inst.dst, value);
        Ok(())
    }

    LoadSingle(cpu, inst) {
        let value = cpu.load(cpu.address(inst), Size::B4)?;
        cpu.set_xmm(inst.dst, value as u128);
        Ok(())
    }
    StoreSingle(cpu, inst) { cpu.store(cpu.address(inst), Size::B4, cpu.xmm(inst.src) as u32 as u64) }
    MergeSingle(cpu, inst) {
        let value = cpu.xmm(inst.dst) & !0xffff_ffff | cpu.xmm(inst.src) & 0xffff_ffff;
        cpu.set_xmm(inst.dst, value);
        Ok(())
    }
    /// From memory or a register, with zeros above.
    LoadLow(cpu, inst) {
        let value = cpu.source_low(inst, Size::B8)?;
        cpu.set_xmm(inst.dst, value as u128);
        Ok(())
    }
    StoreLow(cpu, inst) { cpu.store(cpu.address(inst), Size::B8, cpu.xmm(inst.src) as u64) }
    /// From memory or a register; the upper half stays.
    MergeLow(cpu, inst) {
        let value = cpu.source_low(inst, Size::B8)?;
        cpu.xmm[inst.dst as usize & 15][0] = value;
        Ok(())
    }
    StoreHigh(cpu, inst) { cpu.store(cpu.address(inst), Size::B8, (cpu.xmm(inst.src) >> 64) as u64) }
    LoadHigh(cpu, inst) {
        let value = cpu.load(cpu.address(inst), Size::B8)?;
        cpu.xmm[inst.dst as usize & 15][1] = value;
        Ok(())
    }
    HighToLow(cpu, inst) {
        cpu.xmm[inst.dst as usize & 15][0] = cpu.xmm[inst.src as usize & 15][1];
        Ok(())
    }
    LowToHigh(cpu, inst) {
        cpu.xmm[inst.dst as usize & 15][1] = cpu.xmm[inst.src as usize & 15][0];
        Ok(())
    }

    GprToXmm32(cpu, inst) {
        let value = cpu.get(inst.src) as u32;
        cpu.set_xmm(inst.dst, value as u128);
        Ok(())
    }
    GprToXmm(cpu, inst) {
        let value = cpu.get(inst.src);
        cpu.set_xmm(inst.dst, value as u128);
        Ok(())
    }
    Xmm32ToGpr(cpu, inst) {
        cpu.set(inst.dst, Size::B4, cpu.xmm(inst.src) as u64);
        Ok(())
    }
    XmmToGpr(cpu, inst) {
        cpu.set64(inst.dst, cpu.xmm(inst.src) as u64);
        Ok(())
    }

    ToMmx32(cpu, inst) {
        cpu.check_mmx()?;
        let value = if inst.has_memory() { cpu.load(cpu.address(inst), Size::B4)? } else { cpu.get(inst.src) as u32 as u64 };
        cpu.touch_mmx();
        cpu.set_mmx(inst.dst, value);
        Ok(())
    }
    ToMmx(cpu, inst) {
        cpu.check_mmx()?;
        let value = cpu.source_mmx(inst)?;
        cpu.touch_mmx();
        cpu.set_mmx(inst.dst, value);
        Ok(())
    }
    GprToMmx(cpu, inst) {
        cpu.check_mmx()?;
        let value = cpu.get(inst.src);
        cpu.touch_mmx();
        cpu.set_mmx(inst.dst, value);
        Ok(())
    }
    Mmx32ToGpr(cpu, inst) {
        cpu.check_mmx()?;
        cpu.touch_mmx();
        cpu.set(inst.dst, Size::B4, cpu.mmx(inst.src));
        Ok(())
    }
    MmxToGpr(cpu, inst) {
        cpu.check_mmx()?;
        cpu.touch_mmx();
        cpu.set64(inst.dst, cpu.mmx(inst.src));
        Ok(())
    }
    StoreMmx32(cpu, inst) {
        cpu.check_mmx()?;
        cpu.store(cpu.address(inst), Size::B4, cpu.mmx(inst.src) as u32 as u64)?;
        cpu.touch_mmx();
        Ok(())
    }
    StoreMmx(cpu, inst) {
        cpu.check_mmx()?;
        if inst.form.places() == Places::MemReg {
            cpu.store(cpu.address(inst), Size::B8, cpu.mmx(inst.src))?;
        }
        cpu.touch_mmx();
        Ok(())
    }
    MmxToXmm(cpu, inst) {
        cpu.check_mmx()?;
        cpu.touch_mmx();
        let value = cpu.mmx(inst.src);
        cpu.set_xmm(inst.dst, value as u128);
        Ok(())
    }
    XmmToMmx(cpu, inst) {
        cpu.check_mmx()?;
        cpu.touch_mmx();
        let value = cpu.xmm(inst.src) as u64;
        cpu.set_mmx(inst.dst, value);
        Ok(())
    }
    Maskmovq(cpu, inst) {
        cpu.check_mmx()?;
        let (value, mask) = (cpu.mmx(inst.dst).to_le_bytes(), cpu.mmx(inst.src).to_le_bytes());
        masked_store(cpu, inst, &value, &mask)?;
        cpu.touch_mmx();
        Ok(())
    }
    Maskmovdqu(cpu, inst) {
        let (value, mask) = (cpu.xmm(inst.dst).to_le_bytes(), cpu.xmm(inst.src).to_le_bytes());
        masked_store(cpu, inst, &value, &mask)
    }
}
