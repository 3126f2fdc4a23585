//! Alignment checks: what EFLAGS.AC asks for in user mode, where Linux sets CR0.AM (SDM Vol. 3A section 7.15, interrupt 17).
//!
//! The handlers know nothing of them. While AC is set, the engine runs one instruction at a time and looks at its operands
//! before; that nearly no program sets it is what makes this cheap. An exception that comes first is left to the
//! instruction itself: #UD, #MF, what is privileged, addresses that are not canonical, and page faults of an earlier operand.

use crate::handlers;
use crate::inst::Inst;
use crate::sem::flow::counter_size;
use crate::state::{Cpu, RBP, RCX, RDI, RSI, RSP};
use isa::{Access, Feature, Instruction, Mode, Op, Operand, Repeat, Width};

/// What is known after an operand.
enum Check {
    /// It is aligned and accessible.
    Good,
    Misaligned,
    /// The instruction raises another exception.
    Other,
}

/// Does the instruction at `ip` touch memory at an address that is no multiple of the size?
pub(crate) fn is_misaligned(cpu: &mut Cpu, mode: Mode) -> bool {
    let mut bytes = [0; 15];
    let count = cpu.memory.fetch(cpu.ip, &mut bytes);
    let Ok(i) = isa::decode(&bytes[..count], mode) else {
        return false;
    };
    if is_privileged(i.op) || waits(&i) && cpu.x87.is_waiting() || !handlers::is_implemented(&i) {
        return false;
    }
    matches!(check(cpu, &i), Check::Misaligned)
}

fn check(cpu: &mut Cpu, i: &Instruction) -> Check {
    use Op::*;
    let inst = crate::lower::lower(i, cpu.ip);
    let stack = |cpu: &mut Cpu| implicit(cpu, i);
    let order: [&dyn Fn(&mut Cpu) -> Check; 2] = match i.op {
        Pop => [&stack, &|cpu| explicit(cpu, i, &inst)],
        _ => [&|cpu| explicit(cpu, i, &inst), &stack],
    };
    for operand in order {
        match operand(cpu) {
            Check::Good => {}
            other => return other,
        }
    }
    Check::Good
}

/// By the memory operands that the instruction names, sources first.
fn explicit(cpu: &mut Cpu, i: &Instruction, inst: &Inst) -> Check {
    let access = i.row().access();
    let is_empty = i.repeat() != Repeat::None && counter_size(inst).cut(cpu.get(RCX)) == 0;
    // Only string instructions have two: MOVS is written as it is assigned.
    let order = if i.op == Op::Movs { [1, 0, 2, 3] } else { [0, 1, 2, 3] };
    for n in order {
        let (operand, access) = (i.operands[n], access[n]);
        let (address, bytes) = match operand {
            Operand::Mem { bytes } if access != Access::N => {
                let offset = cpu.offset(inst).wrapping_add(bit_word(cpu, i));
                (cpu.linear(inst, counter_size(inst).cut(offset)), bytes as u64)
            }
            Operand::StringSource { bytes } if !is_empty => {
                (cpu.linear(inst, counter_size(inst).cut(cpu.get(RSI))), bytes as u64)
            }
            Operand::StringDestination { bytes } if !is_empty => (counter_size(inst).cut(cpu.get(RDI)), bytes as u64),
            _ => continue,
        };
        match look_at(cpu, address, first_part(i, bytes), alignment(i, bytes), access) {
            Check::Good => {}
            other => return other,
        }
    }
    if matches!(i.op, Op::Maskmovq | Op::Maskmovdqu) {
        let address = cpu.linear(inst, counter_size(inst).cut(cpu.get(RDI)));
        // Sixteen bytes are two times eight.
        return look_at(cpu, address, 8, 8, Access::W);
    }
    Check::Good
}

/// How far from its operand BT with a register reaches.
fn bit_word(cpu: &Cpu, i: &Instruction) -> u64 {
    use Op::*;
    match (i.op, i.operands[1]) {
        (Bt | Bts | Btr | Btc, Operand::Gpr { number, width }) => {
            let (bits, bytes) = (width.bits(), width.bytes() as i64);
            let offset = (cpu.get(number) << (64 - bits)) as i64 >> (64 - bits);
            (offset.div_euclid(bits.into()) * bytes) as u64
        }
        _ => 0,
    }
}

/// By the stack, at the operand size.
fn implicit(cpu: &mut Cpu, i: &Instruction) -> Check {
    use Op::*;
    let bytes = match i.operand_size {
        Width::W8 => 1,
        width => width.bytes() as u64,
    };
    let (address, access) = match i.op {
        Pop | Popf | PopSeg | Ret => (cpu.get(RSP), Access::R),
        // They begin with the selector, and with the flags.
        RetFar => (cpu.get(RSP).wrapping_add(bytes), Access::R),
        Iret => (cpu.get(RSP).wrapping_add(2 * bytes), Access::R),
        Push | Pushf | PushSeg | Call | Enter => (cpu.get(RSP).wrapping_sub(bytes), Access::W),
        Leave => (cpu.get(RBP), Access::R),
        _ => return Check::Good,
    };
    look_at(cpu, address, bytes, bytes, access)
}

fn look_at(cpu: &mut Cpu, address: u64, bytes: u64, alignment: u64, access: Access) -> Check {
    let last = address.wrapping_add(bytes.max(1) - 1);
    if !memory::is_canonical(address) || !memory::is_canonical(last) {
        return Check::Other;
    }
    if !address.is_multiple_of(alignment) {
        return Check::Misaligned;
    }
    let access = if access == Access::R { memory::Access::Read } else { memory::Access::Write };
    if cpu.memory.probe(address, bytes, access).is_err() { Check::Other } else { Check::Good }
}

/// The bytes that the CPU reads or writes first, on which the exception depends.
fn first_part(i: &Instruction, bytes: u64) -> u64 {
    use Op::*;
    let is_narrow = i.operand_size == Width::W16;
    match i.op {
        // The words of the image; the offset of a far pointer.
        Fldenv | Fnstenv | Frstor | Fnsave | Lss | Lfs | Lgs | JmpFar | CallFar => {
            if is_narrow {
                2
            } else {
                4
            }
        }
        // With a 16-bit destination too.
        Movsxd => 4,
        _ if bytes == 10 => 8,
        _ => bytes,
    }
}

/// What the address of an operand must be a multiple of.
fn alignment(i: &Instruction, bytes: u64) -> u64 {
    match first_part(i, bytes) {
        16.. if faults_itself(i) => 1,
        16.. => 16,
        8.. => 8,
        4.. => 4,
        2.. => 2,
        _ => 1,
    }
}

/// Packed operands of legacy SSE instructions are #GP where they are misaligned, but for those that may be so.
fn faults_itself(i: &Instruction) -> bool {
    use Op::*;
    let may_be_misaligned =
        matches!(i.op, Movups | Movupd | Movdqu | Lddqu | Pcmpestri | Pcmpestrm | Pcmpistri | Pcmpistrm)
            || i.row().feature() == Feature::Sha;
    !may_be_misaligned
}

/// What user code may not do whatever its operands.
fn is_privileged(op: Op) -> bool {
    use Op::*;
    matches!(op, Ins | Outs | Lgdt | Lidt | Lldt | Ltr | Lmsw | Invlpg)
}

/// Does it report a pending exception of the x87 unit?
fn waits(i: &Instruction) -> bool {
    use Op::*;
    let is_control = matches!(i.op, Fnstenv | Fnsave | Fnstcw | Fnstsw | Fnclex | Fninit);
    (i.row().feature() == Feature::Fpu || i.op == Fisttp) && !is_control
        || i.operands.iter().any(|o| matches!(o, Operand::Mmx(_)))
}
