//! What asks the machine itself, and what user code may not do.

use super::calls;
use crate::chain::Any;
use crate::cpuid;
use crate::exec::Exec;
use crate::flags::{CF, Flags};
use crate::inst::{Inst, Places};
use crate::sem::Sem;
use crate::sem::far::{CODE, CODE32, DATA, PROCESSOR, load_segment};
use crate::size::Size;
use crate::state::{Cpu, RAX, RBX, RCX, RDX};
use crate::stop::{Flow, Stop, Trap};

/// What Linux shows to programs that ask for the system's registers (UMIP, `umip.c`): places of the descriptor tables, their
/// limits being 0, the lower half of CR0 (PE MP ET NE WP AM PG), and the task's selector.
const DESCRIPTORS: u64 = 0xffff_ffff_fffe_0000;
const INTERRUPTS: u64 = 0xffff_ffff_ffff_0000;
const CR0: u64 = 0x8005_0033;
const TASK: u64 = 0x40;

calls! {
    Nop(_cpu, _inst) { Ok(()) }
    /// Privileged, or I/O without permission.
    Privileged(cpu, _inst) { cpu.protection() }
    Undefined(cpu, _inst) { cpu.raise(Trap::InvalidOpcode) }
    /// Loads are acquiring and stores releasing; what a fence adds is that a store is seen before a later load.
    Fence(_cpu, _inst) {
        core::sync::atomic::fence(core::sync::atomic::Ordering::SeqCst);
        Ok(())
    }
    /// CLFLUSH and its kind touch their byte for reading.
    Touch(cpu, inst) {
        cpu.load(cpu.address(inst), Size::B1)?;
        Ok(())
    }

    Cpuid(cpu, _inst) {
        let registers = cpuid::leaf(cpu.get(RAX) as u32, cpu.get(RCX) as u32, &*cpu.environment);
        for (register, value) in [RAX, RBX, RCX, RDX].into_iter().zip(registers) {
            cpu.set(register, Size::B4, value as u64);
        }
        Ok(())
    }
    Rdtsc(cpu, _inst) {
        let now = cpu.environment.time_stamp();
        cpu.set(RAX, Size::B4, now);
        cpu.set(RDX, Size::B4, now >> 32);
        Ok(())
    }
    Rdtscp(cpu, _inst) {
        let (now, processor) = (cpu.environment.time_stamp(), cpu.environment.processor());
        cpu.set(RAX, Size::B4, now);
        cpu.set(RDX, Size::B4, now >> 32);
        cpu.set(RCX, Size::B4, processor as u64);
        Ok(())
    }
    Rdpid(cpu, inst) {
        let processor = cpu.environment.processor();
        cpu.set64(inst.dst, processor as u64);
        Ok(())
    }
    /// RDRAND and RDSEED: always there, so CF is set and the other flags are clear.
    Rdrand(cpu, inst) {
        let value = cpu.environment.random();
        cpu.set(inst.dst, inst.form.size(), value);
        cpu.flags = Flags::from_bits(CF);
        Ok(())
    }
    Rdfsbase(cpu, inst) {
        cpu.set(inst.dst, inst.form.size(), cpu.fs_base());
        Ok(())
    }
    Rdgsbase(cpu, inst) {
        cpu.set(inst.dst, inst.form.size(), cpu.gs_base());
        Ok(())
    }
    Wrfsbase(cpu, inst) {
        let base = inst.form.size().cut(cpu.get(inst.dst));
        if !is_canonical(base) {
            return cpu.protection();
        }
        cpu.set_fs_base(base);
        Ok(())
    }
    Wrgsbase(cpu, inst) {
        let base = inst.form.size().cut(cpu.get(inst.dst));
        if !is_canonical(base) {
            return cpu.protection();
        }
        cpu.set_gs_base(base);
        Ok(())
    }
    /// MOV from a segment register: to memory always 16 bits.
    MovFromSegment(cpu, inst) {
        let selector = cpu.selectors[inst.src as usize % 6] as u64;
        if inst.form.places() == Places::MemReg {
            return cpu.store(cpu.address(inst), Size::B2, selector);
        }
        cpu.set(inst.dst, inst.form.size(), selector);
        Ok(())
    }
    MovToSegment(cpu, inst) {
        let selector = Exec::<Any>::new(cpu).source_as(inst, Size::B2)? as u16;
        load_segment(cpu, inst.dst, selector)
    }
    PushSegment(cpu, inst) {
        let (size, selector) = (inst.form.operand_size(), cpu.selectors[inst.dst as usize % 6] as u64);
        Exec::<Any>::new(cpu).push(size, selector)
    }
    PopSegment(cpu, inst) {
        let size = inst.form.operand_size();
        let top = cpu.get(crate::state::RSP);
        let selector = cpu.load(top, size)? as u16;
        load_segment(cpu, inst.dst, selector)?;
        cpu.set64(crate::state::RSP, top.wrapping_add(size.bytes()));
        Ok(())
    }
    /// A reserved bit is a #GP.
    Ldmxcsr(cpu, inst) {
        let value = cpu.load(cpu.address(inst), Size::B4)? as u32;
        if value & !crate::state::MXCSR_MASK != 0 {
            return cpu.protection();
        }
        cpu.mxcsr = value;
        Ok(())
    }
    Stmxcsr(cpu, inst) { cpu.store(cpu.address(inst), Size::B4, cpu.mxcsr as u64) }

    /// Segment limits and access rights of the selectors that Linux gives to user code; ZF tells whether there is one.
    Lsl(cpu, inst) {
        let limit = match selector(cpu, inst)? | 3 {
            CODE | CODE32 | DATA => Some(0xffff_ffff),
            PROCESSOR => Some(cpu.environment.processor() as u64),
            _ => None,
        };
        answer(cpu, inst, limit)
    }
    Lar(cpu, inst) {
        let rights = match selector(cpu, inst)? | 3 {
            CODE => Some(0xaf_fb00),
            CODE32 => Some(0xcf_fb00),
            DATA => Some(0xcf_f300),
            PROCESSOR => Some(0x40_f500),
            _ => None,
        };
        answer(cpu, inst, rights)
    }
    Verr(cpu, inst) {
        let is_readable = matches!(selector(cpu, inst)? | 3, CODE | CODE32 | DATA | PROCESSOR);
        cpu.flags = cpu.flags.with_zero(is_readable);
        Ok(())
    }
    Verw(cpu, inst) {
        let is_writable = selector(cpu, inst)? | 3 == DATA;
        cpu.flags = cpu.flags.with_zero(is_writable);
        Ok(())
    }

    Sgdt(cpu, inst) { show_table(cpu, inst, DESCRIPTORS) }
    Sidt(cpu, inst) { show_table(cpu, inst, INTERRUPTS) }
    Sldt(cpu, inst) { show(cpu, inst, 0) }
    Str(cpu, inst) { show(cpu, inst, TASK) }
    Smsw(cpu, inst) { show(cpu, inst, CR0) }

    /// A direct store; the memory operand is 4 or 8 bytes.
    Movdiri(cpu, inst) {
        let size = inst.form.source_size();
        cpu.store(cpu.address(inst), size, size.cut(cpu.get(inst.src)))
    }
    /// 64 bytes to where the register operand says, aligned, in ES.
    Movdir64b(cpu, inst) {
        let to = crate::sem::flow::counter_size(inst).cut(cpu.get(inst.dst));
        let mut line = [0; 64];
        cpu.memory.load_bytes(cpu.address(inst), &mut line)?;
        if !to.is_multiple_of(64) {
            return cpu.protection();
        }
        cpu.memory.store_bytes(to, &line)?;
        Ok(())
    }
    /// Clears the line of 64 bytes at `rAX`.
    Clzero(cpu, inst) {
        let offset = crate::sem::flow::counter_size(inst).cut(cpu.get(RAX));
        let address = cpu.linear(inst, offset) & !63;
        cpu.memory.store_bytes(address, &[0; 64])?;
        Ok(())
    }
}

fn selector(cpu: &mut Cpu, inst: &Inst) -> Result<u16, Stop> {
    Ok(Exec::<Any>::new(cpu).source_as(inst, Size::B2)? as u16)
}

fn answer(cpu: &mut Cpu, inst: &Inst, value: Option<u64>) -> Flow {
    if let Some(value) = value {
        cpu.set(inst.dst, inst.form.size(), value);
    }
    cpu.flags = cpu.flags.with_zero(value.is_some());
    Ok(())
}

fn show_table(cpu: &mut Cpu, inst: &Inst, base: u64) -> Flow {
    let mut bytes = [0; 10];
    bytes[2..].copy_from_slice(&base.to_le_bytes());
    let address = cpu.address(inst);
    cpu.memory.store_bytes(address, &bytes)?;
    Ok(())
}

/// To memory 16 bits; of a 32-bit register Linux keeps the upper half, which the CPU would clear.
fn show(cpu: &mut Cpu, inst: &Inst, value: u64) -> Flow {
    if inst.has_memory() {
        return cpu.store(cpu.address(inst), Size::B2, value & 0xffff);
    }
    let (size, old) = (inst.form.operand_size(), cpu.get(inst.dst));
    cpu.set64(inst.dst, old & !size.cut(u64::MAX) | size.cut(value));
    Ok(())
}

fn is_canonical(address: u64) -> bool {
    (((address << 16) as i64) >> 16) as u64 == address
}
