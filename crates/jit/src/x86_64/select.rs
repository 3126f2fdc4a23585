//! How each instruction is translated.

use super::Features;
use cpu::handlers;
use isa::{Instruction, Mode, Op, Operand, ROWS, Repeat, Segment, Width};

/// The way of one instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// As it stands.
    Copy,
    /// The interpreter runs it.
    Step,
    Syscall,
    Jcc {
        condition: u8,
        target: u64,
    },
    /// JRCXZ, or LOOP, which `counts`.
    Short {
        target: u64,
        counts: bool,
    },
    Jump {
        target: u64,
    },
    Call {
        target: u64,
    },
    IndirectJump,
    IndirectCall,
    Return,
}

/// What a row of the table comes to, without control transfers.
const UNKNOWN: u8 = 0;
const COPIED: u8 = 1;
const STEPPED: u8 = 2;

/// Chooses ways; knows what it has found out of each row, with a memory operand and without.
pub struct Selector {
    rows: [[u8; 2]; ROWS.len()],
    features: Features,
}

impl Selector {
    pub const fn new(features: Features) -> Selector {
        Selector { rows: [[UNKNOWN; 2]; ROWS.len()], features }
    }

    /// The way of the instruction at `ip`.
    pub fn way(&mut self, i: &Instruction, ip: u64) -> Way {
        let target = || match i.operands[0] {
            Operand::Rel(distance) => Some(ip.wrapping_add(i.len.into()).wrapping_add(distance as u64)),
            _ => None,
        };
        // Narrow branches, and targets where no code can be, are for the interpreter.
        let is_wide = i.operand_size == Width::W64;
        let near = || target().filter(|target| is_wide && target >> 47 == 0);
        let is_gs = i.memory.segment == Segment::Gs && i.memory.overridden;
        match i.op {
            Op::Jcc => near().map_or(Way::Step, |target| Way::Jcc { condition: i.condition(), target }),
            Op::Jrcxz => near().map_or(Way::Step, |target| Way::Short { target, counts: false }),
            Op::Loop | Op::Loope | Op::Loopne => near()
                .filter(|_| i.address_size == Width::W64 && i.prefixes.repeat == Repeat::None)
                .map_or(Way::Step, |target| Way::Short { target, counts: true }),
            Op::Jmp if matches!(i.operands[0], Operand::Rel(_)) => {
                near().map_or(Way::Step, |target| Way::Jump { target })
            }
            Op::Call if matches!(i.operands[0], Operand::Rel(_)) => {
                near().map_or(Way::Step, |target| Way::Call { target })
            }
            Op::Jmp if is_wide && !is_gs => Way::IndirectJump,
            Op::Call if is_wide && !is_gs => Way::IndirectCall,
            Op::Ret if is_wide && i.operands[0] == Operand::None => Way::Return,
            Op::Jmp | Op::Call | Op::Ret => Way::Step,
            Op::Syscall => Way::Syscall,
            _ if is_gs => Way::Step,
            // EIP-relative.
            _ if i.memory.ip_relative && i.address_size != Width::W64 => Way::Step,
            _ => self.plain(i),
        }
    }

    fn plain(&mut self, i: &Instruction) -> Way {
        let known = &mut self.rows[usize::from(i.row)][usize::from(i.has_memory())];
        if *known == UNKNOWN {
            *known = if is_copied(i, &self.features) { COPIED } else { STEPPED };
        }
        if *known == COPIED { Way::Copy } else { Way::Step }
    }
}

/// May the host run the instruction in the guest's place?
fn is_copied(i: &Instruction, features: &Features) -> bool {
    use Op::*;
    debug_assert!(i.mode == Mode::Bits64);
    let is_own = match i.op {
        // They answer for the guest's machine, not for the host's.
        Cpuid | Rdtsc | Rdtscp | Rdpid | Rdrand | Rdseed | Rdgsbase | Wrgsbase | Xgetbv | Rdpmc => true,
        // Single steps and alignment checks are the interpreter's.
        Popf => true,
        // They show where code is.
        // DEVIATION: where code is translated, they and signal frames do not tell the address of the last x87 instruction.
        Fnstenv | Fnsave => true,
        // The guest has its own idea of segments and system registers.
        MovSeg | PushSeg | PopSeg | Lss | Lfs | Lgs | Lar | Lsl | Verr | Verw | Sgdt | Sidt | Sldt | Str | Smsw => true,
        _ => i.flow() != isa::Flow::Next,
    };
    !is_own && !is_privileged(i.op) && handlers::is_implemented(i) && features.have(i.row().feature())
}

/// What faults in user code whatever its operands: the interpreter says how.
fn is_privileged(op: Op) -> bool {
    use Op::*;
    matches!(
        op,
        Hlt | Cli
            | Sti
            | In
            | Out
            | Ins
            | Outs
            | MovCr
            | MovDr
            | Clts
            | Invd
            | Wbinvd
            | Wbnoinvd
            | Invlpg
            | Swapgs
            | Lgdt
            | Lidt
            | Lldt
            | Ltr
            | Lmsw
            | Rdmsr
            | Wrmsr
            | Sysret
            | Sysexit
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is known of a row holds for all of its instructions.
    #[test]
    fn a_row_and_a_memory_operand_decide() {
        let features = Features::of_host();
        let mut selector = Selector::new(features);
        let mut state = 1u64;
        let mut seen = 0;
        for _ in 0..2_000_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let mut bytes = [0; 15];
            bytes[..8].copy_from_slice(&state.to_le_bytes());
            bytes[8..].copy_from_slice(&state.rotate_left(29).to_le_bytes()[..7]);
            if state >> 60 & 3 == 0 {
                bytes[0] = 0x0f;
            }
            let Ok(i) = isa::decode(&bytes, Mode::Bits64) else { continue };
            let wanted = if is_copied(&i, &features) { Way::Copy } else { Way::Step };
            assert_eq!(selector.plain(&i), wanted, "{i:?}");
            seen += 1;
        }
        assert!(seen > 100_000, "{seen}");
    }

    #[test]
    fn what_the_host_must_not_answer_is_interpreted() {
        let mut selector = Selector::new(Features::of_host());
        for (bytes, way) in [
            (&[0x48, 0x01, 0xd8][..], Way::Copy),                     // add %rbx, %rax
            (&[0xf0, 0x0f, 0xb1, 0x0f], Way::Copy),                   // lock cmpxchg %ecx, (%rdi)
            (&[0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0], Way::Copy), // mov %fs:0, %rax
            (&[0x65, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0], Way::Step), // mov %gs:0, %rax
            (&[0x0f, 0xa2], Way::Step),                               // cpuid
            (&[0x0f, 0x31], Way::Step),                               // rdtsc
            (&[0x9d], Way::Step),                                     // popf
            (&[0xcc], Way::Step),                                     // int3
            (&[0xc5, 0xf8, 0x58, 0xc0], Way::Step),                   // vaddps, which CPUID does not promise
            (&[0x0f, 0x05], Way::Syscall),
            (&[0xf3, 0xc3], Way::Return),
            (&[0xc2, 8, 0], Way::Step), // ret $8
            (&[0x74, 0xfe], Way::Jcc { condition: 4, target: 0x1000 }),
            (&[0x66, 0xe9, 0, 0], Way::Step), // a narrow jump
            (&[0xe8, 0, 0, 0, 0], Way::Call { target: 0x1005 }),
            (&[0xff, 0xe0], Way::IndirectJump),
            (&[0x65, 0xff, 0x10], Way::Step), // call *%gs:(%rax)
            (&[0xe2, 0xfe], Way::Short { target: 0x1000, counts: true }),
            (&[0x67, 0xe2, 0xfd], Way::Step), // loop by ECX
        ] {
            let i = isa::decode(bytes, Mode::Bits64).unwrap();
            assert_eq!(selector.way(&i, 0x1000), way, "{bytes:x?}");
        }
    }
}
