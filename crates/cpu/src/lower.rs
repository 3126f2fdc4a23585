//! From the decoder's instruction to the interpreter's: operands become register numbers, places and a handler.

use crate::handlers;
use crate::inst::{Form, HIGH, Inst, Places, Rep, ZERO};
use crate::size::Size;
use isa::{Instruction, Mode, Op, Operand, Repeat, Width};

/// The interpreter's form of an instruction at `ip`.
pub fn lower(i: &Instruction, ip: u64) -> Inst {
    let next = ip.wrapping_add(i.len as u64);
    let mut inst = Inst {
        run: handlers::undefined(),
        disp: i.memory.disp as u64,
        imm: 1,
        dst: ZERO,
        src: ZERO,
        base: i.memory.base.unwrap_or(ZERO),
        index: i.memory.index.unwrap_or(ZERO),
        addressing: addressing(i),
        len: i.len,
        form: Form(0),
    };
    if i.memory.ip_relative {
        inst.disp = next.wrapping_add(inst.disp);
    }
    let operands = if is_source_only(i.op) {
        [Operand::None, i.operands[0], Operand::None]
    } else {
        [i.operands[0], i.operands[1], i.operands[2]]
    };
    let [first, second, third] = operands;
    inst.dst = register(first);
    inst.src = register(second);
    let places = match (first, second) {
        (Operand::Mem { .. }, Operand::Imm { .. } | Operand::None) => Places::MemImm,
        (Operand::Mem { .. }, _) => Places::MemReg,
        (_, Operand::Mem { .. }) => Places::RegMem,
        (_, Operand::Imm { .. } | Operand::None) => Places::RegImm,
        _ => Places::RegReg,
    };
    let mut immediates = i.operands.iter().filter_map(|operand| immediate(*operand, next, i.operand_size));
    if let Some(value) = immediates.next() {
        inst.imm = value;
    }
    if i.op == Op::Enter {
        inst.disp = immediates.next().unwrap_or(0);
    }
    if matches!(i.op, Op::Ret | Op::RetFar) && i.operands[0] == Operand::None {
        inst.imm = 0;
    }
    let operand_size = size_of(i.operand_size);
    let size = width(first).unwrap_or(operand_size);
    let source = width(second).unwrap_or(size);
    inst.form =
        Form::new(if is_source_only(i.op) { width(second).unwrap_or(operand_size) } else { size }, source, places)
            .with_lock(i.prefixes.lock)
            .with_rep(match i.repeat() {
                Repeat::None => Rep::None,
                Repeat::F3 => Rep::Equal,
                Repeat::F2 => Rep::NotEqual,
            })
            .with_count_in_cl(matches!(third, Operand::Gpr { .. }))
            .with_operand_size(operand_size);
    if i.op == Op::Push && matches!(second, Operand::Imm { .. }) {
        inst.form = Form::new(operand_size, operand_size, places).with_operand_size(operand_size);
    }
    handlers::prepare(i, &mut inst, ip);
    inst
}

/// Operations whose only operand is read.
fn is_source_only(op: Op) -> bool {
    use Op::*;
    matches!(op, Push | Jmp | Call | Mul | Imul | Div | Idiv | Verr | Verw)
}

fn size_of(width: Width) -> Size {
    Size::from_bytes(width.bytes() as u64)
}

/// Width of an integer operand.
fn width(operand: Operand) -> Option<Size> {
    match operand {
        Operand::Gpr { width, .. } => Some(size_of(width)),
        Operand::GprHigh(_) => Some(Size::B1),
        Operand::Mem { bytes: bytes @ (1 | 2 | 4 | 8) } => Some(Size::from_bytes(bytes as u64)),
        Operand::StringSource { bytes } | Operand::StringDestination { bytes } => Some(Size::from_bytes(bytes as u64)),
        _ => None,
    }
}

fn register(operand: Operand) -> u8 {
    match operand {
        Operand::Gpr { number, .. } => number,
        Operand::GprHigh(number) => HIGH + number,
        Operand::Seg(segment) => segment as u8,
        Operand::Mmx(n)
        | Operand::Xmm(n)
        | Operand::Ymm(n)
        | Operand::St(n)
        | Operand::Control(n)
        | Operand::Debug(n) => n,
        _ => ZERO,
    }
}

/// The value of an immediate, or the target of a branch.
fn immediate(operand: Operand, next: u64, operand_size: Width) -> Option<u64> {
    match operand {
        Operand::Imm { value, .. } => Some(value),
        Operand::Rel(displacement) => {
            let target = next.wrapping_add(displacement as u64);
            Some(size_of(operand_size).cut(target))
        }
        _ => None,
    }
}

/// Scale, address size, and the segment base to add: in 64-bit mode only those of FS and GS.
fn addressing(i: &Instruction) -> u8 {
    let scale = i.memory.scale.max(1).trailing_zeros() as u8;
    let address_size = match i.address_size {
        Width::W64 => 0,
        Width::W32 => 1,
        _ => 2,
    };
    let segment = i.memory.segment as u8 + 1;
    let is_flat = i.mode == Mode::Bits64 && segment <= 4;
    scale | address_size << 2 | if is_flat { 0 } else { segment << 4 }
}
