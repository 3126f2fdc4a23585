//! Which handler runs which operation.
//!
//! Operations that matter for speed get handlers compiled for their size and the places of their operands; all others share
//! one handler for all their forms.

use crate::chain::{self, Run, call, general, special};
use crate::inst::{HIGH, Inst, Places};
use crate::sem::{Meaning, alu, bit, far, flags, flow, moves, mul, shift, stack, string, system};
use crate::size::Size;
use crate::{sse, x87};
use isa::{Instruction, Op, Operand, Repeat, Width};
use memory::is_canonical;

/// The handler of what is not an instruction, or has no meaning yet: #UD.
pub fn undefined() -> Run {
    call::<system::Undefined>()
}

/// Is the operation executed, or answered with #UD for want of a meaning? CPUID promises a feature only if all of its
/// operations are.
pub fn is_implemented(i: &Instruction) -> bool {
    let mut inst = crate::lower::lower(i, 0);
    prepare_known(i, &mut inst, 0)
}

/// Gives the instruction its handler.
pub(crate) fn prepare(i: &Instruction, inst: &mut Inst, ip: u64) {
    if !prepare_known(i, inst, ip) {
        inst.run = undefined();
    }
}

fn prepare_known(i: &Instruction, inst: &mut Inst, ip: u64) -> bool {
    let run = integer(i, inst).or_else(|| x87::prepare(i, inst, ip)).or_else(|| sse::prepare(i, inst));
    if let Some(run) = run {
        inst.run = run;
    }
    run.is_some()
}

/// May a handler for known places run it? Those have plain addresses, no LOCK and no high byte registers.
fn is_plain(inst: &Inst) -> bool {
    !inst.form.is_locked() && inst.dst < HIGH && inst.src < HIGH && (!inst.has_memory() || inst.is_plainly_addressed())
}

/// All sizes and places.
fn hot<M: Meaning>(inst: &Inst) -> Run {
    if is_plain(inst) { special::<M>(inst.form.size(), inst.form.places()) } else { general::<M>() }
}

/// 32 and 64 bits only.
fn wide<M: Meaning>(inst: &Inst) -> Run {
    use chain::one;
    if !is_plain(inst) {
        return general::<M>();
    }
    match (inst.form.size(), inst.form.places()) {
        (Size::B4, Places::RegReg) => one::<M, 2, 0>(),
        (Size::B4, Places::RegMem) => one::<M, 2, 1>(),
        (Size::B4, Places::RegImm) => one::<M, 2, 2>(),
        (Size::B8, Places::RegReg) => one::<M, 3, 0>(),
        (Size::B8, Places::RegMem) => one::<M, 3, 1>(),
        (Size::B8, Places::RegImm) => one::<M, 3, 2>(),
        _ => general::<M>(),
    }
}

/// 32 and 64 bits in memory as well.
fn wide_memory<M: Meaning>(inst: &Inst) -> Run {
    use chain::one;
    match (inst.form.size(), inst.form.places()) {
        (Size::B4, Places::MemReg) if is_plain(inst) => one::<M, 2, 3>(),
        (Size::B4, Places::MemImm) if is_plain(inst) => one::<M, 2, 4>(),
        (Size::B8, Places::MemReg) if is_plain(inst) => one::<M, 3, 3>(),
        (Size::B8, Places::MemImm) if is_plain(inst) => one::<M, 3, 4>(),
        _ => wide::<M>(inst),
    }
}

/// Registers of 8 bits only.
fn byte<M: Meaning>(inst: &Inst) -> Run {
    match (inst.form.size(), inst.form.places()) {
        (Size::B1, Places::RegImm) if is_plain(inst) => chain::one::<M, 0, 2>(),
        _ => general::<M>(),
    }
}

/// A handler for each condition.
macro_rules! by_condition {
    ($condition:expr, $kind:ident, $family:ident, $inst:expr) => {
        match $condition {
            0 => $kind::<$family<0>>($inst),
            1 => $kind::<$family<1>>($inst),
            2 => $kind::<$family<2>>($inst),
            3 => $kind::<$family<3>>($inst),
            4 => $kind::<$family<4>>($inst),
            5 => $kind::<$family<5>>($inst),
            6 => $kind::<$family<6>>($inst),
            7 => $kind::<$family<7>>($inst),
            8 => $kind::<$family<8>>($inst),
            9 => $kind::<$family<9>>($inst),
            10 => $kind::<$family<10>>($inst),
            11 => $kind::<$family<11>>($inst),
            12 => $kind::<$family<12>>($inst),
            13 => $kind::<$family<13>>($inst),
            14 => $kind::<$family<14>>($inst),
            _ => $kind::<$family<15>>($inst),
        }
    };
}

fn plain<M: Meaning>(_: &Inst) -> Run {
    general::<M>()
}

/// General instructions.
fn integer(i: &Instruction, inst: &Inst) -> Option<Run> {
    use flow::Jcc;
    use moves::{Cmovcc, Setcc};
    let is_direct = matches!(i.operands[0], Operand::Rel(_));
    let is_to_memory = matches!(i.operands[0], Operand::Mem { .. });
    let is_narrow = i.operand_size != Width::W64;
    let is_to_segment = matches!(i.operands[0], Operand::Seg(_));
    Some(match i.op {
        Op::Add => hot::<alu::Add>(inst),
        Op::Sub => hot::<alu::Sub>(inst),
        Op::And => hot::<alu::And>(inst),
        Op::Or => hot::<alu::Or>(inst),
        Op::Xor => hot::<alu::Xor>(inst),
        Op::Cmp => hot::<alu::Cmp>(inst),
        Op::Test => hot::<alu::Test>(inst),
        Op::Adc => wide::<alu::Adc>(inst),
        Op::Sbb => wide::<alu::Sbb>(inst),
        Op::Inc => wide_memory::<alu::Inc>(inst),
        Op::Dec => wide_memory::<alu::Dec>(inst),
        Op::Neg => wide::<alu::Neg>(inst),
        Op::Not => wide::<alu::Not>(inst),
        Op::Xadd => call::<alu::Xadd>(),
        Op::Cmpxchg => call::<alu::Cmpxchg>(),
        Op::Cmpxchg8b => call::<alu::Cmpxchg8b>(),
        Op::Cmpxchg16b => call::<alu::Cmpxchg16b>(),
        Op::Xchg => call::<alu::Xchg>(),
        Op::Adcx => call::<alu::Adcx>(),
        Op::Adox => call::<alu::Adox>(),

        Op::Shl => wide::<shift::Shl>(inst),
        Op::Shr => wide::<shift::Shr>(inst),
        Op::Sar => wide::<shift::Sar>(inst),
        Op::Rol => wide::<shift::Rol>(inst),
        Op::Ror => wide::<shift::Ror>(inst),
        Op::Rcl => general::<shift::Rcl>(),
        Op::Rcr => general::<shift::Rcr>(),
        Op::Shld => call::<shift::Shld>(),
        Op::Shrd => call::<shift::Shrd>(),

        Op::Imul2 => wide::<mul::Imul>(inst),
        Op::Imul3 => wide::<mul::ImulImmediate>(inst),
        Op::Mul => call::<mul::Mul>(),
        Op::Imul => call::<mul::ImulWide>(),
        Op::Div => call::<mul::Div>(),
        Op::Idiv => call::<mul::Idiv>(),

        Op::Bt => call::<bit::Bt>(),
        Op::Bts => call::<bit::Bts>(),
        Op::Btr => call::<bit::Btr>(),
        Op::Btc => call::<bit::Btc>(),
        Op::Bsf => call::<bit::Bsf>(),
        Op::Bsr => call::<bit::Bsr>(),
        Op::Tzcnt => call::<bit::Tzcnt>(),
        Op::Lzcnt => call::<bit::Lzcnt>(),
        Op::Popcnt => call::<bit::Popcnt>(),
        Op::Bswap => call::<bit::Bswap>(),
        Op::Movbe => call::<bit::Movbe>(),
        Op::Crc32 => call::<bit::Crc32>(),

        Op::Mov => hot::<moves::Mov>(inst),
        Op::Movzx if inst.form.source_size() == Size::B1 => wide::<moves::Movzx8>(inst),
        Op::Movzx => wide::<moves::Movzx16>(inst),
        Op::Movsx if inst.form.source_size() == Size::B1 => wide::<moves::Movsx8>(inst),
        Op::Movsx => wide::<moves::Movsx16>(inst),
        // With a 16-bit destination too the CPU reads four bytes.
        Op::Movsxd => wide::<moves::Movsx32>(inst),
        Op::Lea => lea(inst),
        Op::Cbw => general::<moves::Cbw>(),
        Op::Cwd => general::<moves::Cwd>(),
        Op::Cmovcc => by_condition!(i.condition(), wide, Cmovcc, inst),
        Op::Setcc => by_condition!(i.condition(), byte, Setcc, inst),
        Op::Xlat => call::<moves::Xlatb>(),
        Op::Movnti => call::<moves::Movnti>(),

        Op::Push => wide::<stack::Push>(inst),
        Op::Pop if is_to_memory => call::<stack::PopMemory>(),
        Op::Pop => wide::<stack::Pop>(inst),
        Op::Leave if inst.form.size() == Size::B8 => chain::one::<stack::Leave, 3, 2>(),
        Op::Leave => general::<stack::Leave>(),
        Op::Enter => call::<stack::Enter>(),
        Op::Pushf => call::<stack::Pushf>(),
        Op::Popf => call::<stack::Popf>(),

        Op::Jmp if is_direct && is_canonical(inst.imm) => chain::one::<flow::Jump, 3, 2>(),
        Op::Jmp if is_direct => general::<flow::Jump>(),
        Op::Jmp if is_narrow => call::<flow::JumpToNarrow>(),
        Op::Jmp => wide::<flow::JumpTo>(inst),
        Op::Jcc => by_condition!(i.condition(), plain, Jcc, inst),
        Op::Call if is_direct && is_narrow => call::<flow::CallNarrow>(),
        Op::Call if is_narrow => call::<flow::CallToNarrow>(),
        Op::Call if is_direct && is_canonical(inst.imm) => chain::one::<flow::Call, 3, 2>(),
        Op::Call if is_direct => general::<flow::Call>(),
        Op::Call => call::<flow::CallTo>(),
        Op::Ret if is_narrow => call::<flow::RetNarrow>(),
        Op::Ret => chain::one::<flow::Ret, 3, 2>(),
        Op::Loop => call::<flow::Loop>(),
        // The last of F2 and F3 decides, whatever the opcode; no manual says so.
        Op::Loope | Op::Loopne => match i.prefixes.repeat {
            Repeat::F3 => call::<flow::Loope>(),
            Repeat::F2 => call::<flow::Loopne>(),
            Repeat::None if i.op == Op::Loope => call::<flow::Loope>(),
            Repeat::None => call::<flow::Loopne>(),
        },
        Op::Jrcxz => call::<flow::Jrcxz>(),
        Op::Syscall => call::<flow::Syscall>(),
        Op::Int3 => call::<flow::Int3>(),
        Op::Int1 => call::<flow::Int1>(),
        Op::Int => call::<flow::Int>(),

        Op::Movs => call::<string::Movs>(),
        Op::Cmps => call::<string::Cmps>(),
        Op::Stos => call::<string::Stos>(),
        Op::Lods => call::<string::Lods>(),
        Op::Scas => call::<string::Scas>(),

        Op::Clc => call::<flags::Clc>(),
        Op::Stc => call::<flags::Stc>(),
        Op::Cmc => call::<flags::Cmc>(),
        Op::Cld => call::<flags::Cld>(),
        Op::Std => call::<flags::Std>(),
        Op::Lahf => call::<flags::Lahf>(),
        Op::Sahf => call::<flags::Sahf>(),

        Op::Nop | Op::Pause | Op::Endbr32 | Op::Endbr64 => call::<system::Nop>(),
        Op::Prefetch | Op::Prefetchw | Op::Prefetchwt1 | Op::Prefetchnta => call::<system::Nop>(),
        Op::Prefetcht0 | Op::Prefetcht1 | Op::Prefetcht2 | Op::Prefetchit0 | Op::Prefetchit1 => call::<system::Nop>(),
        // Without shadow stacks RDSSP is a hint without effect.
        Op::Cldemote | Op::Rdssp => call::<system::Nop>(),
        Op::Lfence | Op::Mfence | Op::Sfence => call::<system::Fence>(),
        Op::Clflush | Op::Clflushopt | Op::Clwb => call::<system::Touch>(),
        Op::Cpuid => call::<system::Cpuid>(),
        Op::Rdtsc => call::<system::Rdtsc>(),
        Op::Rdtscp => call::<system::Rdtscp>(),
        Op::Rdpid => call::<system::Rdpid>(),
        Op::Rdrand | Op::Rdseed => call::<system::Rdrand>(),
        Op::Rdfsbase => call::<system::Rdfsbase>(),
        Op::Rdgsbase => call::<system::Rdgsbase>(),
        Op::Wrfsbase => call::<system::Wrfsbase>(),
        Op::Wrgsbase => call::<system::Wrgsbase>(),
        Op::MovSeg if is_to_segment => call::<system::MovToSegment>(),
        Op::MovSeg => call::<system::MovFromSegment>(),
        Op::PushSeg => call::<system::PushSegment>(),
        Op::PopSeg => call::<system::PopSegment>(),
        Op::Ldmxcsr => call::<system::Ldmxcsr>(),
        Op::Stmxcsr => call::<system::Stmxcsr>(),
        Op::JmpFar => call::<far::Jmp>(),
        Op::CallFar if i.prefixes.rex & 8 != 0 => call::<far::CallWide>(),
        Op::CallFar => call::<far::Call>(),
        Op::RetFar => call::<far::Ret>(),
        Op::Iret => call::<far::Iret>(),
        Op::Lss => call::<far::Lss>(),
        Op::Lfs => call::<far::Lfs>(),
        Op::Lgs => call::<far::Lgs>(),
        Op::Sgdt => call::<system::Sgdt>(),
        Op::Sidt => call::<system::Sidt>(),
        Op::Sldt => call::<system::Sldt>(),
        Op::Str => call::<system::Str>(),
        Op::Smsw => call::<system::Smsw>(),
        Op::Movdiri => call::<system::Movdiri>(),
        Op::Movdir64b => call::<system::Movdir64b>(),
        Op::Clzero => call::<system::Clzero>(),
        Op::Lsl => call::<system::Lsl>(),
        Op::Lar => call::<system::Lar>(),
        Op::Verr => call::<system::Verr>(),
        Op::Verw => call::<system::Verw>(),
        Op::Ud0 | Op::Ud1 | Op::Ud2 => call::<system::Undefined>(),
        Op::Hlt | Op::Cli | Op::Sti | Op::In | Op::Out | Op::Ins | Op::Outs | Op::Rdpmc => call::<system::Privileged>(),
        Op::MovCr | Op::MovDr | Op::Clts | Op::Invd | Op::Wbinvd | Op::Wbnoinvd | Op::Invlpg | Op::Swapgs => {
            call::<system::Privileged>()
        }
        Op::Lgdt | Op::Lidt | Op::Lldt | Op::Ltr | Op::Lmsw | Op::Rdmsr | Op::Wrmsr | Op::Sysret | Op::Sysexit => {
            call::<system::Privileged>()
        }
        _ => return None,
    })
}

fn lea(inst: &Inst) -> Run {
    match (inst.form.size(), inst.addressing >> 2 & 3) {
        (Size::B4, 0) => chain::one::<moves::Lea, 2, 1>(),
        (Size::B8, 0) => chain::one::<moves::Lea, 3, 1>(),
        _ => general::<moves::Lea>(),
    }
}
