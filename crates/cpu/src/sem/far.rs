//! Far transfers inside 64-bit user mode (SDM Vol. 2A CALL, IRET, JMP; Vol. 2B RET), and the selectors that a program may
//! load: those of Linux's descriptor table. Far pointers have offsets of at most 32 bits, as on AMD's CPUs.
//!
//! DEVIATION: the 32-bit code segment (selector 0x23) exists, but nobody can run there: a transfer to it is #GP.

use super::calls;
use crate::flags;
use crate::inst::Inst;
use crate::size::Size;
use crate::state::{Cpu, RSP, Segment};
use crate::stop::{Exit, Flow, Stop, Trap};
use memory::Access;

/// Selectors of Linux's descriptor table as `selector | 3`: code of 64 and of 32 bits, data, and the segment whose limit is
/// the number of the processor.
pub const CODE: u16 = 0x33;
pub const CODE32: u16 = 0x23;
pub const DATA: u16 = 0x2b;
pub const PROCESSOR: u16 = 0x7b;

calls! {
    /// JMP through a far pointer in memory.
    Jmp(cpu, inst) {
        let (selector, target) = pointer(cpu, inst)?;
        check_code(cpu, selector | 3, selector)?;
        cpu.ip = target;
        Ok(())
    }
    Call(cpu, inst) { call(cpu, inst, inst.form.operand_size()) }
    /// With REX.W: what is pushed is wider than what is read.
    CallWide(cpu, inst) { call(cpu, inst, Size::B8) }
    Ret(cpu, inst) {
        let (size, top) = (inst.form.operand_size(), cpu.get(RSP));
        let selector = cpu.load(top.wrapping_add(size.bytes()), size)? as u16;
        let target = cpu.load(top, size)?;
        let above = top.wrapping_add(2 * size.bytes()).wrapping_add(inst.imm & 0xffff);
        if selector & 3 != CODE & 3 {
            // A return to another privilege level, which looks for a stack there before it is refused.
            load_aligned(cpu, above.wrapping_add(size.bytes()), size)?;
            load_aligned(cpu, above, size)?;
        }
        check_code(cpu, selector, selector)?;
        cpu.jump(target)?;
        cpu.set64(RSP, above);
        Ok(())
    }
    /// Always pops five values in 64-bit mode.
    Iret(cpu, inst) {
        if cpu.system_flags & flags::NT != 0 {
            return cpu.protection();
        }
        let (size, top) = (inst.form.operand_size(), cpu.get(RSP));
        let mut values = [0; 5];
        // The order of the CPU, which begins with the flags.
        for n in [2, 1, 0, 4, 3] {
            values[n] = cpu.load(top.wrapping_add(n as u64 * size.bytes()), size)?;
        }
        let [target, selector, new_flags, stack, stack_selector] = values;
        check_code(cpu, selector as u16, selector as u16)?;
        if !memory::is_canonical(target) {
            return cpu.protection();
        }
        if stack_selector as u16 != DATA {
            return refuse(cpu, stack_selector as u16);
        }
        cpu.ip = target;
        cpu.set64(RSP, stack);
        cpu.selectors[Segment::Ss as usize] = DATA;
        let changed = size.cut(flags::STATUS | flags::TF | flags::DF | flags::NT | flags::AC | flags::ID);
        let new = cpu.rflags() & !changed | new_flags & changed;
        cpu.set_rflags(new);
        if new & (flags::TF | flags::AC) != 0 { cpu.leave(Exit::Stepped) } else { Ok(()) }
    }
    Lss(cpu, inst) { load_pointer(cpu, inst, Segment::Ss) }
    Lfs(cpu, inst) { load_pointer(cpu, inst, Segment::Fs) }
    Lgs(cpu, inst) { load_pointer(cpu, inst, Segment::Gs) }
}

/// What EFLAGS.AC asks for where an instruction comes to it late; `align` knows the first accesses.
fn check_alignment(cpu: &mut Cpu, address: u64, size: Size) -> Flow {
    let is_checked = cpu.system_flags & flags::AC != 0 && memory::is_canonical(address);
    if is_checked && !address.is_multiple_of(size.bytes()) { cpu.raise(Trap::AlignmentCheck) } else { Ok(()) }
}

fn load_aligned(cpu: &mut Cpu, address: u64, size: Size) -> Result<u64, Stop> {
    check_alignment(cpu, address, size)?;
    cpu.load(address, size)
}

/// Selector and offset of the far pointer in memory.
fn pointer(cpu: &mut Cpu, inst: &Inst) -> Result<(u16, u64), Stop> {
    let (address, size) = (cpu.address(inst), pointer_size(inst));
    let offset = cpu.load(address, size)?;
    let selector = cpu.load(address.wrapping_add(size.bytes()), Size::B2)?;
    Ok((selector as u16, offset))
}

fn pointer_size(inst: &Inst) -> Size {
    if inst.form.operand_size() == Size::B2 { Size::B2 } else { Size::B4 }
}

fn load_pointer(cpu: &mut Cpu, inst: &Inst, segment: Segment) -> Flow {
    let (selector, offset) = pointer(cpu, inst)?;
    load_segment(cpu, segment as u8, selector)?;
    cpu.set(inst.dst, pointer_size(inst), offset);
    Ok(())
}

fn call(cpu: &mut Cpu, inst: &Inst, size: Size) -> Flow {
    let (selector, target) = pointer(cpu, inst)?;
    check_code(cpu, selector | 3, selector)?;
    let upper = cpu.get(RSP).wrapping_sub(size.bytes());
    let top = upper.wrapping_sub(size.bytes());
    check_alignment(cpu, upper, size)?;
    cpu.memory.probe(upper, size.bytes(), Access::Write)?;
    cpu.memory.probe(top, size.bytes(), Access::Write)?;
    let next = cpu.ip;
    cpu.store(upper, size, CODE as u64)?;
    cpu.store(top, size, size.cut(next))?;
    cpu.set64(RSP, top);
    cpu.ip = target;
    Ok(())
}

/// Is the selector that of 64-bit user code? For a return it must ask for the rights of user mode, for a jump it may ask for
/// more, which it does not get.
fn check_code(cpu: &mut Cpu, effective: u16, selector: u16) -> Flow {
    if effective == CODE { Ok(()) } else { refuse(cpu, selector) }
}

fn refuse(cpu: &mut Cpu, selector: u16) -> Flow {
    cpu.raise(Trap::GeneralProtection { code: (selector & !3) as u32 })
}

/// Loads a segment register: null, or a user segment, whose base is zero.
pub fn load_segment(cpu: &mut Cpu, number: u8, selector: u16) -> Flow {
    let is_allowed = match number == Segment::Ss as u8 {
        true => selector == DATA,
        false => selector & !3 == 0 || matches!(selector | 3, CODE | CODE32 | DATA | PROCESSOR),
    };
    if !is_allowed {
        return refuse(cpu, selector);
    }
    cpu.selectors[number as usize % 6] = selector;
    match number {
        4 => cpu.set_fs_base(0),
        5 => cpu.set_gs_base(0),
        _ => {}
    }
    Ok(())
}
