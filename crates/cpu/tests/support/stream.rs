//! Random streams of 1 to 30 instructions: what one leaves behind is what the next one meets. Registers that address memory
//! are loaded right before, forward branches skip an instruction.

use super::case::{CODE, Case, DATA};
use super::encode::{Encoder, is_string};
use super::generate::{self, Domain, domain};
use super::random::Random;
use super::special;
use super::state::{DF, FLAGS};
use isa::{Instruction, Op, Operand, ROWS, Width};

/// Bytes of code at most: the harness takes 255.
const LONGEST: usize = 240;

/// Rows that streams are made of.
pub fn rows(encoder: &Encoder, is_covered: impl Fn(usize) -> bool) -> Vec<usize> {
    (0..ROWS.len())
        .filter(|row| {
            let op = ROWS[*row].op;
            !encoder.is_empty(*row) && special::is_excluded(op).is_none() && !is_unsuited(op) && is_covered(*row)
        })
        .collect()
}

/// What leaves the stream, or faults nearly always.
fn is_unsuited(op: Op) -> bool {
    use Op::*;
    matches!(
        op,
        Jmp | Call
            | Ret
            | Loop
            | Loope
            | Loopne
            | Jrcxz
            | Int
            | Int1
            | Int3
            | Into
            | Syscall
            | Hlt
            | Ud0
            | Ud1
            | Ud2
            | In
            | Out
            | Ins
            | Outs
            | Cli
            | Sti
            | MovSeg
            | PopSeg
            | Xlat
            | Enter
            | Leave
            | Popf
            | Ldmxcsr
            | Fldenv
            | Frstor
            | Fxrstor
            | Fldcw
            | Wrfsbase
            | Wrgsbase
            | MovCr
            | MovDr
    )
}

pub fn case(encoder: &Encoder, rows: &[usize], random: &mut Random) -> Case {
    let mut case = Case::new(&[]);
    let mut filler = None;
    let length = 1 + random.index(30);
    let mut pending_skip: Option<usize> = None;
    for _ in 0..length {
        let Some((bytes, i)) = encoder.sample(random.pick(rows), random) else {
            continue;
        };
        let mut piece = Vec::new();
        let Some(bytes) = prepare(&mut piece, bytes, i, random) else {
            continue;
        };
        if i.op == Op::Jcc {
            // Skips what comes next, whatever its length.
            if case.code.len() + 2 > LONGEST || pending_skip.is_some() {
                continue;
            }
            case.code.extend([0x70 | i.condition(), 0]);
            pending_skip = Some(case.code.len());
            continue;
        }
        if i.prefixes.lock && !ROWS[i.row as usize].lockable() {
            continue;
        }
        piece.extend(bytes);
        if case.code.len() + piece.len() > LONGEST {
            break;
        }
        case.code.extend(&piece);
        if filler.is_none() || random.one_in(4) {
            filler = Some(i);
        }
        if let Some(at) = pending_skip.take() {
            case.code[at - 1] = (case.code.len() - at) as u8;
        }
    }
    if case.code.is_empty() {
        case.code.push(0x90);
    }
    let filler = filler.unwrap_or_else(|| isa::decode(&[0x90, 0, 0, 0], isa::Mode::Bits64).expect("nop"));
    generate::fill_all(&mut case.state, &filler, random);
    case.state.0[FLAGS] &= !DF;
    case.at = CODE + 0x800 + random.below(0x700);
    case
}

/// Emits loads of the registers that the instruction addresses with.
fn prepare(piece: &mut Vec<u8>, mut bytes: Vec<u8>, mut i: Instruction, random: &mut Random) -> Option<Vec<u8>> {
    let good = |random: &mut Random| {
        (DATA[0].0 + 0x400 + random.below(0xc00) / 16 * 16 + if random.one_in(3) { random.below(16) } else { 0 }) as u32
    };
    let load = |piece: &mut Vec<u8>, register: u8, value: u32| {
        if register >= 8 {
            piece.push(0x41);
        }
        piece.push(0xb8 | register & 7);
        piece.extend(value.to_le_bytes());
    };
    if is_string(i.op) {
        load(piece, 6, good(random));
        load(piece, 7, good(random));
        if i.repeat() != isa::Repeat::None {
            load(piece, 1, random.below(20) as u32);
        }
        if i.memory.overridden {
            return None;
        }
        return Some(bytes);
    }
    if matches!(i.op, Op::Push | Op::Pop | Op::Pushf | Op::PushSeg) {
        load(piece, 4, good(random) & !7);
    }
    if matches!(i.op, Op::Maskmovq | Op::Maskmovdqu) {
        load(piece, 7, good(random));
    }
    if matches!(i.op, Op::Div | Op::Idiv) && random.one_in(2) {
        // A dividend that is likely to fit.
        load(piece, 0, random.integer() as u32 & 0x7f);
        load(piece, 2, 0);
    }
    if i.has_memory() {
        let m = i.memory;
        if m.overridden {
            return None; // bases are zero
        }
        if matches!(i.op, Op::Bt | Op::Bts | Op::Btr | Op::Btc)
            && let Operand::Gpr { number, .. } = i.operands[1]
        {
            load(piece, number, random.below(0x800) as u32);
        }
        let mut wanted = u64::from(good(random));
        if matches!(domain(&i), Domain::Vector) || matches!(i.op, Op::Fxsave) {
            wanted &= !15;
        }
        match (m.base, m.index) {
            (Some(b), Some(x)) if b != x && x != 4 => {
                let index = random.below(16);
                load(piece, x, index as u32);
                load(piece, b, wanted.wrapping_sub(m.disp as u64).wrapping_sub(index * u64::from(m.scale)) as u32);
            }
            (Some(b), None) => load(piece, b, wanted.wrapping_sub(m.disp as u64) as u32),
            (None, None) if !m.ip_relative && m.disp_bytes == 4 && i.address_size == Width::W64 => {
                if !super::encode::set_displacement(&mut bytes, &mut i, wanted as i64) {
                    return None;
                }
            }
            _ => return None,
        }
        // The sum must not need bits above 32 that the load cleared.
        if m.disp != 0 && wanted.wrapping_sub(m.disp as u64) >> 32 != 0 && i.address_size == Width::W64 {
            return None;
        }
    }
    Some(bytes)
}
