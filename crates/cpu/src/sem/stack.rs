//! Pushes, pops and frames (SDM Vol. 2B PUSH, POP; Vol. 2A ENTER, LEAVE).

use super::{calls, meanings};
use crate::arith::Arith;
use crate::flags;
use crate::size::Size;
use crate::state::{RBP, RSP};

meanings! {
    /// The value is read before `rsp` changes, so that PUSH RSP pushes the old one.
    Push(s, inst) {
        let size = s.size(inst);
        let value = s.source_as(inst, size)?;
        s.push(size, value)
    }
    /// POP of a register: POP RSP ends with the value that was popped.
    Pop(s, inst) {
        let size = s.size(inst);
        let top = s.register(RSP, Size::B8);
        let value = s.load(top, size)?;
        let step = s.constant(size.bytes());
        let above = s.value(Arith::Add, Size::B8, top, step);
        s.set_register(RSP, Size::B8, above);
        s.set_register(inst.dst, size, value);
        Ok(())
    }
    Leave(s, inst) {
        let size = s.size(inst);
        let frame = s.register(RBP, Size::B8);
        let value = s.load(frame, size)?;
        let step = s.constant(size.bytes());
        let above = s.value(Arith::Add, Size::B8, frame, step);
        s.set_register(RSP, Size::B8, above);
        s.set_register(RBP, size, value);
        Ok(())
    }
}

/// Flags that PUSHF shows but POPF in user mode cannot change are fixed; VM and RF are pushed as zero.
const POPPED: u64 = flags::STATUS | flags::TF | flags::DF | flags::NT | flags::AC | flags::ID;

calls! {
    /// POP of memory: an address with `rsp` is taken after the increment.
    PopMemory(cpu, inst) {
        let size = inst.form.size();
        let top = cpu.get(RSP);
        let value = cpu.load(top, size)?;
        cpu.set64(RSP, top.wrapping_add(size.bytes()));
        let stored = cpu.store(cpu.address(inst), size, value);
        if stored.is_err() {
            cpu.set64(RSP, top);
        }
        stored
    }
    Pushf(cpu, inst) {
        let size = inst.form.operand_size();
        let value = cpu.rflags() & !flags::RF;
        let top = cpu.get(RSP).wrapping_sub(size.bytes());
        cpu.store(top, size, size.cut(value))?;
        cpu.set64(RSP, top);
        Ok(())
    }
    /// The 16-bit form keeps AC and ID.
    Popf(cpu, inst) {
        let size = inst.form.operand_size();
        let top = cpu.get(RSP);
        let value = cpu.load(top, size)?;
        cpu.set64(RSP, top.wrapping_add(size.bytes()));
        let changed = size.cut(POPPED);
        let new = cpu.rflags() & !changed | value & changed;
        cpu.set_rflags(new);
        // Single stepping and alignment checks begin with the next instruction, which may be in this block.
        if new & (flags::TF | flags::AC) != 0 { cpu.leave(crate::stop::Exit::Stepped) } else { Ok(()) }
    }
    /// The second immediate, the nesting level, lies in `disp`.
    Enter(cpu, inst) {
        let size = inst.form.operand_size();
        let (room, level) = (inst.imm & 0xffff, inst.disp & 31);
        let (stack, frame) = (cpu.get(RSP), cpu.get(RBP));
        let bytes = size.bytes();
        let new_frame = stack.wrapping_sub(bytes);
        let lowest = new_frame.wrapping_sub(level * bytes);
        // Everything in the order of the CPU, and at last the byte at the new top, which it probes for writing.
        // DEVIATION: the CPU leaves in memory what it has pushed before a fault.
        cpu.memory.probe(new_frame, bytes, memory::Access::Write)?;
        for n in 1..=level {
            if n < level {
                cpu.memory.probe(frame.wrapping_sub(n * bytes), bytes, memory::Access::Read)?;
            }
            cpu.memory.probe(new_frame.wrapping_sub(n * bytes), bytes, memory::Access::Write)?;
        }
        cpu.memory.probe(lowest.wrapping_sub(room), 1, memory::Access::Write)?;
        cpu.store(new_frame, size, size.cut(frame))?;
        for n in 1..=level {
            let value = if n < level { cpu.load(frame.wrapping_sub(n * bytes), size)? } else { size.cut(new_frame) };
            cpu.store(new_frame.wrapping_sub(n * bytes), size, value)?;
        }
        cpu.set(RBP, size, new_frame);
        cpu.set64(RSP, lowest.wrapping_sub(room));
        Ok(())
    }
}
