//! Operands of both decoders side by side.

use iced_x86::{self as iced, OpKind, Register};
use isa::{IndexKind, Instruction, Mode, Op, Operand, Segment, Width};

/// What differs.
pub fn difference(ours: &Instruction, theirs: &iced::Instruction) -> Option<String> {
    // Iced counts the hidden [rDI] of MASKMOVQ as the first operand.
    let hidden = matches!(ours.op, Op::Maskmovq | Op::Maskmovdqu | Op::Vmaskmovdqu) as u32;
    let count = theirs.op_count() - hidden;
    if ours.operand_count() != count as usize {
        return Some(format!("{} operands, iced {count}", ours.operand_count()));
    }
    for (n, operand) in ours.operands.iter().enumerate().take(count as usize) {
        if let Some(text) = operand_difference(ours, theirs, *operand, n as u32 + hidden) {
            return Some(format!("operand {n} {operand:?}: {text}"));
        }
    }
    if ours.prefixes.lock != theirs.has_lock_prefix() && ours.op != Op::MovCr {
        return Some("lock".into());
    }
    let rep = ours.repeat() == isa::Repeat::F3;
    let repne = ours.repeat() == isa::Repeat::F2;
    if theirs.is_string_instruction() && (rep, repne) != (theirs.has_rep_prefix(), theirs.has_repne_prefix()) {
        return Some("repeat".into());
    }
    let condition = match theirs.condition_code() {
        iced::ConditionCode::None => None,
        code => Some(code as u8 - 1),
    };
    if matches!(ours.op, Op::Jcc | Op::Setcc | Op::Cmovcc) && condition != Some(ours.condition()) {
        return Some("condition".into());
    }
    None
}

fn operand_difference(ours: &Instruction, theirs: &iced::Instruction, operand: Operand, n: u32) -> Option<String> {
    let kind = theirs.op_kind(n);
    let differs = |different: bool, theirs: &dyn std::fmt::Debug| different.then(|| format!("iced {theirs:?}"));
    match operand {
        Operand::None => Some(format!("iced {kind:?}")),
        Operand::Imm { value, width } => {
            let value_differs = theirs.immediate(n) & mask(width) != value;
            differs(value_differs || value & !mask(width) != 0 || immediate_width(kind) != Some(width), &kind)
        }
        Operand::Rel(displacement) => {
            let target = theirs.near_branch_target();
            let width = match kind {
                OpKind::NearBranch16 => Width::W16,
                OpKind::NearBranch32 => Width::W32,
                _ => Width::W64,
            };
            let ours_target = theirs.next_ip().wrapping_add(displacement as u64) & mask(width);
            // XBEGIN's operand size is that of its displacement only.
            differs(target != ours_target || width != ours.operand_size && ours.op != Op::Xbegin, &kind)
        }
        Operand::Far { selector, offset } => {
            let theirs_offset =
                if kind == OpKind::FarBranch16 { theirs.far_branch16() as u32 } else { theirs.far_branch32() };
            differs(selector != theirs.far_branch_selector() || offset != theirs_offset, &kind)
        }
        Operand::Mem { bytes } => {
            differs(kind != OpKind::Memory, &kind).or_else(|| memory_difference(ours, theirs, bytes))
        }
        Operand::StringSource { bytes } => {
            let expected = [OpKind::MemorySegSI, OpKind::MemorySegESI, OpKind::MemorySegRSI][address_index(ours)];
            let segment = segment_register(ours.memory.segment) != theirs.memory_segment() && ours.mode != Mode::Bits64;
            differs(kind != expected || segment || theirs.memory_size().size() != bytes as usize, &kind)
        }
        Operand::StringDestination { bytes } => {
            let expected = [OpKind::MemoryESDI, OpKind::MemoryESEDI, OpKind::MemoryESRDI][address_index(ours)];
            differs(kind != expected || theirs.memory_size().size() != bytes as usize, &kind)
        }
        _ => {
            let mut register = theirs.op_register(n);
            if matches!(ours.op, Op::Arpl | Op::Tpause | Op::Umwait) && register.is_gpr() {
                // Iced names the register by operand size; the manuals say r16 and r32, and no more is used.
                register = match operand {
                    Operand::Gpr { width: Width::W16, .. } => Register::AX + register.number() as u32,
                    _ => Register::EAX + register.number() as u32,
                };
            }
            differs(kind != OpKind::Register || register != iced_register(operand), &register)
        }
    }
}

fn address_index(ours: &Instruction) -> usize {
    ours.address_size.bytes().trailing_zeros() as usize - 1
}

fn mask(width: Width) -> u64 {
    u64::MAX >> (64 - width.bits())
}

fn immediate_width(kind: OpKind) -> Option<Width> {
    match kind {
        OpKind::Immediate8 | OpKind::Immediate8_2nd => Some(Width::W8),
        OpKind::Immediate16 | OpKind::Immediate8to16 => Some(Width::W16),
        OpKind::Immediate32 | OpKind::Immediate8to32 => Some(Width::W32),
        OpKind::Immediate64 | OpKind::Immediate8to64 | OpKind::Immediate32to64 => Some(Width::W64),
        _ => None,
    }
}

fn memory_difference(ours: &Instruction, theirs: &iced::Instruction, bytes: u16) -> Option<String> {
    let m = &ours.memory;
    let size = theirs.memory_size();
    // Zero on one side: the manual leaves the size open (XSAVE), or nothing is accessed (LEA, NOP, prefetches).
    let theirs_bytes = size.size();
    if bytes as usize != theirs_bytes && bytes != 0 && theirs_bytes != 0 && !gathers(ours) {
        return Some(format!("{bytes} bytes, iced {theirs_bytes} ({size:?})"));
    }
    if gathers(ours) && bytes as usize != size.element_size() && bytes as usize != theirs_bytes {
        return Some(format!("{bytes} bytes, iced {size:?}"));
    }
    let gpr = |number| Operand::Gpr { number, width: ours.address_size };
    let base = match m.base {
        _ if m.ip_relative && ours.address_size == Width::W64 => Register::RIP,
        _ if m.ip_relative => Register::EIP,
        Some(number) => iced_register(gpr(number)),
        None => Register::None,
    };
    let index = match (m.index, m.index_kind) {
        (None, _) => Register::None,
        (Some(_), _) if ours.op == Op::Xlat => Register::AL,
        (Some(number), IndexKind::Gpr) => iced_register(gpr(number)),
        (Some(number), IndexKind::Xmm) => iced_register(Operand::Xmm(number)),
        (Some(number), IndexKind::Ymm) => iced_register(Operand::Ymm(number)),
    };
    if (base, index) != (theirs.memory_base(), theirs.memory_index()) {
        return Some(format!("{base:?} {index:?}, iced {:?} {:?}", theirs.memory_base(), theirs.memory_index()));
    }
    let scale = m.scale as u32;
    if scale != theirs.memory_index_scale() {
        return Some(format!("scale, iced {}", theirs.memory_index_scale()));
    }
    let address = if m.ip_relative { theirs.next_ip().wrapping_add(m.disp as u64) } else { m.disp as u64 };
    if (address ^ theirs.memory_displacement64()) & mask(ours.address_size) != 0 {
        return Some(format!("displacement, iced {:#x}", theirs.memory_displacement64()));
    }
    let ignored = ours.mode == Mode::Bits64 && m.segment < Segment::Fs && theirs.memory_segment() < Register::FS;
    if segment_register(m.segment) != theirs.memory_segment() && !ignored {
        return Some(format!("{:?}, iced {:?}", m.segment, theirs.memory_segment()));
    }
    None
}

fn gathers(ours: &Instruction) -> bool {
    ours.memory.index_kind != IndexKind::Gpr
}

fn segment_register(segment: Segment) -> Register {
    [Register::ES, Register::CS, Register::SS, Register::DS, Register::FS, Register::GS][segment as usize]
}

/// Iced's register for one of our operands.
fn iced_register(operand: Operand) -> Register {
    let plus = |first: Register, number: u8| first + number as u32;
    match operand {
        Operand::Gpr { number, width: Width::W8 } if number < 4 => plus(Register::AL, number),
        Operand::Gpr { number, width: Width::W8 } => plus(Register::SPL, number - 4),
        Operand::Gpr { number, width: Width::W16 } => plus(Register::AX, number),
        Operand::Gpr { number, width: Width::W32 } => plus(Register::EAX, number),
        Operand::Gpr { number, width: Width::W64 } => plus(Register::RAX, number),
        Operand::GprHigh(number) => plus(Register::AH, number),
        Operand::Seg(segment) => segment_register(segment),
        Operand::Control(number) => plus(Register::CR0, number),
        Operand::Debug(number) => plus(Register::DR0, number),
        Operand::Mmx(number) => plus(Register::MM0, number),
        Operand::Xmm(number) => plus(Register::XMM0, number),
        Operand::Ymm(number) => plus(Register::YMM0, number),
        Operand::St(number) => plus(Register::ST0, number),
        _ => Register::None,
    }
}
