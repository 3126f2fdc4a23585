//! Alignment checks: what EFLAGS.AC asks for in user mode, where Linux sets CR0.AM (SDM Vol. 3A section 7.15, interrupt 17).
//!
//! The handlers know nothing of them. While AC is set, the engine runs one instruction at a time and looks at its operands
//! before; that nearly no program sets it is what makes this cheap.

use crate::state::{Cpu, RBP, RDI, RSI, RSP};
use isa::{Access, Instruction, Mode, Op, Operand, Repeat, Width};

/// Does the instruction at `ip` touch memory at an address that is no multiple of the size?
pub(crate) fn is_misaligned(cpu: &mut Cpu, mode: Mode) -> bool {
    let mut bytes = [0; 15];
    let count = cpu.memory.fetch(cpu.ip, &mut bytes);
    isa::decode(&bytes[..count], mode).is_ok_and(|i| explicit(cpu, &i) || implicit(cpu, &i))
}

/// By the memory operands that the instruction names.
fn explicit(cpu: &Cpu, i: &Instruction) -> bool {
    let access = i.row().access();
    let is_empty = i.repeat() != Repeat::None && cpu.get(crate::state::RCX) == 0;
    i.operands.iter().zip(access).any(|(operand, access)| match *operand {
        Operand::Mem { bytes } if access != Access::N && !faults_itself(i, bytes) => {
            let inst = crate::lower::lower(i, cpu.ip);
            // A far pointer of 16 and 16 bits is two words.
            let is_far = matches!(i.op, Op::Lss | Op::Lfs | Op::Lgs | Op::JmpFar | Op::CallFar);
            is_odd(cpu.address(&inst), if is_far && bytes == 4 { 2 } else { bytes as u64 })
        }
        Operand::StringSource { bytes } => !is_empty && is_odd(cpu.get(RSI), bytes as u64),
        Operand::StringDestination { bytes } => !is_empty && is_odd(cpu.get(RDI), bytes as u64),
        _ => false,
    })
}

/// By the stack, at the operand size.
fn implicit(cpu: &Cpu, i: &Instruction) -> bool {
    use Op::*;
    let register = match i.op {
        Push | Pop | Pushf | Popf | PushSeg | PopSeg | Call | Ret | CallFar | RetFar | Iret | Enter => RSP,
        Leave => RBP,
        _ => return false,
    };
    let bytes = match i.operand_size {
        Width::W8 => 1,
        width => width.bytes() as u64,
    };
    is_odd(cpu.get(register), bytes)
}

/// Packed operands of legacy SSE instructions are #GP where they are misaligned, but for those that may be so.
fn faults_itself(i: &Instruction, bytes: u16) -> bool {
    use Op::*;
    let may_be_misaligned =
        matches!(i.op, Movups | Movupd | Movdqu | Lddqu | Pcmpestri | Pcmpestrm | Pcmpistri | Pcmpistrm)
            || i.row().feature() == isa::Feature::Sha;
    bytes >= 16 && !may_be_misaligned
}

fn is_odd(address: u64, bytes: u64) -> bool {
    let alignment = match bytes {
        16.. => 16,
        8.. => 8,
        4.. => 4,
        2.. => 2,
        _ => 1,
    };
    !address.is_multiple_of(alignment)
}
