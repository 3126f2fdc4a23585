//! The columns of the tables against iced: effect on the flags, access to the operands, CPUID feature, flow.

use iced_x86::{self as iced, CpuidFeature, FlowControl, InstructionInfoFactory, OpAccess, RflagsBits};
use isa::forms::kind::Kind;
use isa::{Access, Feature, Flags, Flow, Instruction, Op, Operand, Row, Width, flag};

/// What differs between the row of `ours` and what iced says about `theirs`.
pub fn difference(
    ours: &Instruction,
    theirs: &iced::Instruction,
    factory: &mut InstructionInfoFactory,
) -> Option<String> {
    let row = ours.row();
    flags_difference(ours, theirs)
        .or_else(|| access_difference(ours, row, theirs, factory))
        .or_else(|| feature_difference(row, theirs))
        .or_else(|| flow_difference(ours, theirs))
}

fn flags_difference(ours: &Instruction, theirs: &iced::Instruction) -> Option<String> {
    const NAMES: [(u32, u32); 8] = [
        (RflagsBits::OF, flag::OF),
        (RflagsBits::DF, flag::DF),
        (RflagsBits::IF, flag::IF),
        (RflagsBits::SF, flag::SF),
        (RflagsBits::ZF, flag::ZF),
        (RflagsBits::AF, flag::AF),
        (RflagsBits::PF, flag::PF),
        (RflagsBits::CF, flag::CF),
    ];
    let translate = |theirs: u32| NAMES.iter().filter(|(t, _)| theirs & t != 0).map(|(_, o)| o).sum::<u32>();
    let theirs_flags = Flags {
        tested: translate(theirs.rflags_read()),
        modified: translate(theirs.rflags_written()),
        cleared: translate(theirs.rflags_cleared()),
        set: translate(theirs.rflags_set()),
        undefined: translate(theirs.rflags_undefined()),
    };
    let flags = ours.flags();
    if knows_better(ours) || flags == theirs_flags {
        return None;
    }
    Some(format!("flags {flags:x?}, iced {theirs_flags:x?}"))
}

/// Iced looks at operands where our rows speak of the form: a register with itself, a count of zero or one.
fn knows_better(ours: &Instruction) -> bool {
    let zeroing = ours.operands[0] == ours.operands[1] && matches!(ours.op, Op::Xor | Op::Sub | Op::Sbb);
    zeroing || count(ours).is_some_and(|count| count <= 1)
}

/// By how much a shift or rotate by an immediate really moves.
fn count(ours: &Instruction) -> Option<u64> {
    let imm = ours.operands.iter().skip(1).find_map(|o| match o {
        Operand::Imm { value, .. } => Some(value & if ours.operand_size == Width::W64 { 63 } else { 31 }),
        _ => None,
    })?;
    match (ours.op, ours.operand_size) {
        _ if ours.row().kinds[1] == Kind::One => None,
        (Op::Rcl | Op::Rcr, Width::W8) => Some(imm % 9),
        (Op::Rcl | Op::Rcr, Width::W16) => Some(imm % 17),
        (Op::Rol | Op::Ror | Op::Rcl | Op::Rcr | Op::Shl | Op::Shr | Op::Sar | Op::Shld | Op::Shrd, _) => Some(imm),
        _ => None,
    }
}

fn access_difference(
    ours: &Instruction,
    row: &Row,
    theirs: &iced::Instruction,
    factory: &mut InstructionInfoFactory,
) -> Option<String> {
    let hidden = matches!(ours.op, Op::Maskmovq | Op::Maskmovdqu | Op::Vmaskmovdqu) as u32;
    let info = factory.info(theirs);
    for (n, access) in row.access().iter().enumerate().take(ours.operand_count()) {
        let theirs_access = match info.op_access(n as u32 + hidden) {
            OpAccess::Read | OpAccess::CondRead => Access::R,
            OpAccess::Write | OpAccess::CondWrite => Access::W,
            OpAccess::ReadWrite | OpAccess::ReadCondWrite => Access::RW,
            OpAccess::None | OpAccess::NoMemAccess => Access::N,
        };
        // A register with itself: iced knows that XOR and the like do not read it.
        let same =
            ours.operands[..ours.operand_count()].iter().enumerate().any(|(a, x)| ours.operands[..a].contains(x));
        // CMOVcc of 32 bits zeroes the upper half in any case.
        if *access != theirs_access && !same && ours.op != Op::Cmovcc {
            return Some(format!("operand {n}: {access:?}, iced {theirs_access:?}"));
        }
    }
    None
}

fn feature_difference(row: &Row, theirs: &iced::Instruction) -> Option<String> {
    let features = theirs.cpuid_features();
    let main = match features {
        // Several: the one that is not just the vector encoding.
        [CpuidFeature::FPU, other] | [other, CpuidFeature::AVX] | [CpuidFeature::AVX, other] => *other,
        [first, ..] => *first,
        [] => return Some("iced knows no feature".into()),
    };
    let name = match main {
        CpuidFeature::INTEL8086
        | CpuidFeature::INTEL186
        | CpuidFeature::INTEL286
        | CpuidFeature::INTEL386
        | CpuidFeature::INTEL486
        | CpuidFeature::X64
        | CpuidFeature::MULTIBYTENOP
        | CpuidFeature::CPUID
        | CpuidFeature::PAUSE
        | CpuidFeature::RDPMC
        | CpuidFeature::SMM => "base".into(),
        CpuidFeature::FPU287 | CpuidFeature::FPU387 => "fpu".into(),
        CpuidFeature::CLFSH => "clflush".into(),
        CpuidFeature::SKINIT_or_SVM => "svm".into(),
        CpuidFeature::HLE_or_RTM => "rtm".into(),
        CpuidFeature::PREFETCHITI => "prefetchi".into(),
        other => format!("{other:?}").to_lowercase().replace('_', ""),
    };
    let ours: Feature = row.feature();
    let ours = format!("{ours:?}").to_lowercase();
    (ours != name).then(|| format!("feature {ours}, iced {name}"))
}

fn flow_difference(ours: &Instruction, theirs: &iced::Instruction) -> Option<String> {
    let flow = ours.flow();
    let same = match theirs.flow_control() {
        FlowControl::Next => flow == Flow::Next || flow == Flow::System,
        FlowControl::UnconditionalBranch | FlowControl::IndirectBranch => {
            flow == if ours.op == Op::JmpFar { Flow::System } else { Flow::Jump }
        }
        FlowControl::ConditionalBranch => flow == Flow::Conditional,
        FlowControl::Call | FlowControl::IndirectCall => flow == Flow::Call || flow == Flow::System,
        FlowControl::Return => flow == Flow::Return || flow == Flow::System,
        FlowControl::XbeginXabortXend => true,
        FlowControl::Interrupt | FlowControl::Exception => flow == Flow::System,
    };
    (!same).then(|| format!("flow {flow:?}, iced {:?}", theirs.flow_control()))
}
