//! Jumps, calls, returns, loops, interrupts, and the way into the kernel.

use super::{Meaning, Sem, calls, meanings};
use crate::arith::Arith;
use crate::chain::Any;
use crate::exec::Exec;
use crate::inst::Inst;
use crate::size::Size;
use crate::state::{Cpu, R11, RCX, RSP};
use crate::stop::{Exit, Flow, Trap};

impl Cpu {
    /// An indirect jump: a target outside the canonical addresses is a fault of the jump itself.
    #[inline(always)]
    pub(crate) fn jump(&mut self, target: u64) -> Flow {
        if (((target << 16) as i64) >> 16) as u64 != target {
            return self.protection();
        }
        self.ip = target;
        Ok(())
    }

    /// Raises an exception whose saved `ip` is behind the instruction.
    fn interrupt(&mut self, trap: Trap) -> Flow {
        self.leave(Exit::Trap(trap))
    }
}

meanings! {
    /// A direct jump; the target is known.
    Jump(s, inst) {
        let target = s.constant(inst.imm);
        s.jump(target)
    }
    JumpTo(s, inst) {
        let target = s.source_as(inst, Size::B8)?;
        s.jump(target)
    }
    /// A direct call. (A target is canonical: it is within 2 GiB of code that ran, the edge aside, where the fetch faults.)
    Call(s, inst) {
        let next = s.next_ip();
        s.push(Size::B8, next)?;
        let target = s.constant(inst.imm);
        s.jump(target)
    }
    /// RET, and RET n, whose immediate is the number of bytes to drop.
    Ret(s, inst) {
        let top = s.register(RSP, Size::B8);
        let target = s.load(top, Size::B8)?;
        s.jump(target)?;
        let step = s.constant(8 + (inst.imm & 0xffff));
        let above = s.value(Arith::Add, Size::B8, top, step);
        s.set_register(RSP, Size::B8, above);
        Ok(())
    }
}

/// Jcc; the condition is a constant, so that each has a branch predictor entry of its own.
pub struct Jcc<const CONDITION: u8>;
impl<const C: u8> Meaning for Jcc<C> {
    #[inline(always)]
    fn apply<S: Sem>(s: &mut S, inst: &Inst) -> Result<(), S::Stop> {
        let condition = s.condition(C);
        s.jump_if(condition, inst.imm);
        Ok(())
    }
}

calls! {
    CallTo(cpu, inst) {
        let target = Exec::<Any>::new(cpu).source_as(inst, Size::B8)?;
        let next = cpu.ip;
        let top = cpu.get(RSP).wrapping_sub(8);
        cpu.memory.probe(top, 8, memory::Access::Write)?;
        cpu.jump(target)?;
        let stored = cpu.store(top, Size::B8, next);
        if stored.is_err() {
            cpu.ip = next;
            return stored;
        }
        cpu.set64(RSP, top);
        Ok(())
    }
    /// With an operand size below 64 bits: AMD's CPUs honour the prefix 66 on near branches in 64-bit mode (APM Vol. 3, Intel's
    /// do not), and other modes have nothing else.
    JumpToNarrow(cpu, inst) {
        let size = inst.form.operand_size();
        cpu.ip = Exec::<Any>::new(cpu).source_as(inst, size)?;
        Ok(())
    }
    CallNarrow(cpu, inst) {
        let (size, next) = (inst.form.operand_size(), cpu.ip);
        Exec::<Any>::new(cpu).push(size, size.cut(next))?;
        cpu.ip = inst.imm;
        Ok(())
    }
    CallToNarrow(cpu, inst) {
        let (size, next) = (inst.form.operand_size(), cpu.ip);
        let target = Exec::<Any>::new(cpu).source_as(inst, size)?;
        Exec::<Any>::new(cpu).push(size, size.cut(next))?;
        cpu.ip = target;
        Ok(())
    }
    RetNarrow(cpu, inst) {
        let (size, top) = (inst.form.operand_size(), cpu.get(RSP));
        cpu.ip = cpu.load(top, size)?;
        cpu.set64(RSP, top.wrapping_add(size.bytes()).wrapping_add(inst.imm & 0xffff));
        Ok(())
    }
    Loop(cpu, inst) { repeat(cpu, inst, true) }
    Loope(cpu, inst) {
        let goes_on = cpu.flags.zero();
        repeat(cpu, inst, goes_on)
    }
    Loopne(cpu, inst) {
        let goes_on = !cpu.flags.zero();
        repeat(cpu, inst, goes_on)
    }
    /// JCXZ, JECXZ, JRCXZ by address size.
    Jrcxz(cpu, inst) {
        if counter_size(inst).cut(cpu.get(RCX)) == 0 {
            cpu.ip = inst.imm;
        }
        Ok(())
    }

    /// `rcx` gets the return address, `r11` the flags.
    Syscall(cpu, _inst) {
        let flags = cpu.rflags();
        cpu.set64(RCX, cpu.ip);
        cpu.set64(R11, flags);
        cpu.leave(Exit::Syscall)
    }
    Int3(cpu, _inst) { cpu.interrupt(Trap::Breakpoint) }
    Int1(cpu, _inst) { cpu.interrupt(Trap::IceBreakpoint) }
    /// Linux's gates for user code are those of INT3 and INTO, and that of 32-bit system calls.
    Int(cpu, inst) {
        match inst.imm as u8 {
            3 => cpu.interrupt(Trap::Breakpoint),
            4 => cpu.interrupt(Trap::Overflow),
            vector => cpu.raise(Trap::Interrupt(vector)),
        }
    }
    Into(cpu, _inst) {
        if cpu.flags.overflow() { cpu.interrupt(Trap::Overflow) } else { Ok(()) }
    }
}

/// The register that loops and string instructions count with.
pub fn counter_size(inst: &Inst) -> Size {
    match inst.addressing >> 2 & 3 {
        0 => Size::B8,
        1 => Size::B4,
        _ => Size::B2,
    }
}

fn repeat(cpu: &mut Cpu, inst: &Inst, goes_on: bool) -> Flow {
    let size = counter_size(inst);
    let left = size.cut(cpu.get(RCX).wrapping_sub(1));
    cpu.set(RCX, size, left);
    if left != 0 && goes_on {
        cpu.ip = inst.imm;
    }
    Ok(())
}
