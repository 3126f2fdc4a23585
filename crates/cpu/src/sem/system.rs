//! What asks the machine itself, and what user code may not do.

use super::calls;
use crate::chain::Any;
use crate::cpuid;
use crate::exec::Exec;
use crate::flags::{CF, Flags};
use crate::inst::Places;
use crate::sem::Sem;
use crate::size::Size;
use crate::state::{RAX, RBX, RCX, RDX, Segment};
use crate::stop::Trap;

/// User selectors of Linux: 64-bit code, data, 32-bit code.
const USER_SELECTORS: [u16; 3] = [0x33, 0x2b, 0x23];

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
        let selector = Exec::<Any>::new(cpu).source_as(inst, Size::B2)? as u16;
        let limit = match selector | 3 {
            0x33 | 0x2b | 0x23 => Some(0xffff_ffff),
            _ => None,
        };
        if let Some(limit) = limit {
            cpu.set(inst.dst, inst.form.size(), limit);
        }
        cpu.flags = cpu.flags.with_zero(limit.is_some());
        Ok(())
    }
    Lar(cpu, inst) {
        let selector = Exec::<Any>::new(cpu).source_as(inst, Size::B2)? as u16;
        let rights = match selector | 3 {
            0x33 => Some(0xa0_fb00),
            0x2b => Some(0xc0_f300),
            0x23 => Some(0xc0_fb00),
            _ => None,
        };
        if let Some(rights) = rights {
            cpu.set(inst.dst, inst.form.size(), rights);
        }
        cpu.flags = cpu.flags.with_zero(rights.is_some());
        Ok(())
    }
    Verr(cpu, inst) {
        let selector = Exec::<Any>::new(cpu).source_as(inst, Size::B2)? as u16;
        cpu.flags = cpu.flags.with_zero(USER_SELECTORS.contains(&(selector | 3)));
        Ok(())
    }
    Verw(cpu, inst) {
        let selector = Exec::<Any>::new(cpu).source_as(inst, Size::B2)? as u16;
        cpu.flags = cpu.flags.with_zero(selector | 3 == 0x2b);
        Ok(())
    }
}

fn is_canonical(address: u64) -> bool {
    (((address << 16) as i64) >> 16) as u64 == address
}

/// Loads a segment register as Linux's descriptor table allows: null or a user segment, whose base is zero.
fn load_segment(cpu: &mut crate::state::Cpu, number: u8, selector: u16) -> crate::stop::Flow {
    let is_null = selector & !3 == 0;
    let is_stack = number == Segment::Ss as u8;
    let is_allowed = match selector | 3 {
        0x2b => selector & 3 == 3 || !is_stack,
        0x33 | 0x23 => !is_stack,
        _ => is_null && !is_stack,
    };
    if !is_allowed {
        return cpu.raise(Trap::GeneralProtection { code: (selector & !3) as u32 });
    }
    cpu.selectors[number as usize % 6] = selector;
    match number {
        4 => cpu.set_fs_base(0),
        5 => cpu.set_gs_base(0),
        _ => {}
    }
    Ok(())
}
