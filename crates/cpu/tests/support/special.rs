//! What single operations need to be tried with: counts that end, divisions that fit, strings that match, selectors.

use super::case::{CODE, Case, DATA, PAGE};
use super::encode::set_relative;
use super::generate::{RAX, RBP, RCX, RDI, RDX, RSI, RSP, effective, patch, segment_base, target};
use super::random::Random;
use super::state::{DF, FLAGS, FS, GS};
use isa::{Instruction, Op, Operand, Segment, Width};

/// Where a jump may go: int3 bytes before the case, rarely somewhere without code.
pub fn destination(random: &mut Random) -> u64 {
    match random.below(12) {
        0 => DATA[0].0 + random.below(PAGE),
        1 => target(1, random),
        2 => random.integer(),
        3 => CODE + 2 * PAGE + random.below(4),
        _ => CODE + 0x10 + random.below(0x700),
    }
}

/// A count for REP and LOOP: rarely more than a page.
fn count(random: &mut Random) -> u64 {
    match random.below(40) {
        0..=5 => 0,
        6..=9 => 1,
        10 => random.below(6000),
        11 => random.integer(),
        _ => random.below(40),
    }
}

/// What single operations need to be more than a fault.
pub fn special(case: &mut Case, bytes: &mut Vec<u8>, i: &mut Instruction, random: &mut Random) {
    let destination_register = match i.operands[0] {
        Operand::Gpr { number, .. } => Some(number as usize),
        _ => None,
    };
    match i.op {
        Op::Div | Op::Idiv if !random.one_in(3) => divisible(case, i, random),
        Op::Shl | Op::Shr | Op::Sar | Op::Rol | Op::Ror | Op::Rcl | Op::Rcr | Op::Shld | Op::Shrd
            if random.one_in(2) && i.memory.base != Some(1) && i.memory.index != Some(1) =>
        {
            let high = case.state.0[RCX] & !0xff;
            case.state.0[RCX] = high | random.below(72);
        }
        Op::Cmpxchg if random.one_in(2) => {
            if let Some(register) = destination_register {
                case.state.0[register] = case.state.0[RAX];
            }
        }
        Op::Movs | Op::Cmps | Op::Stos | Op::Lods | Op::Scas => string(case, i, random),
        Op::Ins | Op::Outs => case.state.0[RCX] = count(random),
        Op::Maskmovq | Op::Maskmovdqu => {
            let mut wanted = target(16, random);
            if wanted >> 40 != 0 {
                wanted &= !15; // the CPU takes it in parts
            }
            if i.memory.overridden && wanted >> 40 == 0 {
                let word = if i.memory.segment == Segment::Fs { FS } else { GS };
                case.state.0[word] = random.below(0x2000_0000);
            }
            case.state.0[RDI] = wanted.wrapping_sub(segment_base(case, i));
            if random.one_in(8) {
                // Nothing selected: no fault, says the manual, unless it does.
                for n in 0..16 {
                    let value = case.state.xmm(n);
                    case.state.set_xmm(n, [value[0] & !0x8080_8080_8080_8080, value[1] & !0x8080_8080_8080_8080]);
                }
            }
        }
        Op::Jrcxz | Op::Loop | Op::Loope | Op::Loopne => {
            case.state.0[RCX] = random.below(3) | if random.one_in(3) { random.word() << 32 } else { 0 };
            branch(case, bytes, i, random);
        }
        Op::Jcc => branch(case, bytes, i, random),
        Op::Jmp | Op::Call => {
            if let Some(register) = destination_register {
                case.state.0[register] = destination(random);
            }
            branch(case, bytes, i, random);
        }
        Op::Ret => {
            let at = case.state.0[RSP];
            let to = destination(random);
            patch(case, at, &to.to_le_bytes());
        }
        Op::Leave => {
            case.state.0[RBP] = target(8, random);
            let (at, word) = (case.state.0[RBP], random.word());
            patch(case, at, &word.to_le_bytes());
        }
        // Negative numbers mean something to kernels that restart system calls.
        Op::Syscall | Op::Int => case.state.0[RAX] &= 0xffff_ffff,
        Op::Enter => case.state.0[RBP] = target(8, random),
        Op::RetFar | Op::Iret => {
            let size = i.operand_size.bytes() as usize;
            let stack_top = target(8, random);
            let values = [
                destination(random),
                code_selector(random),
                random.integer(),
                if random.one_in(2) { stack_top } else { random.integer() },
                if random.one_in(6) { selector(random) } else { 0x2b },
            ];
            let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()[..size].to_vec()).collect();
            let at = case.state.0[RSP];
            patch(case, at, &bytes);
        }
        Op::CallFar | Op::JmpFar | Op::Lss | Op::Lfs | Op::Lgs => {
            let size = if i.operand_size == Width::W16 { 2 } else { 4 };
            let selector =
                if matches!(i.op, Op::CallFar | Op::JmpFar) { code_selector(random) } else { selector(random) };
            let mut bytes = destination(random).to_le_bytes()[..size].to_vec();
            bytes.extend(&selector.to_le_bytes()[..2]);
            let at = effective(case, i);
            patch(case, at, &bytes);
        }
        Op::Lar | Op::Lsl | Op::Verr | Op::Verw => {
            if i.has_memory() {
                let at = effective(case, i);
                patch(case, at, &[0x2b, 0]);
            }
            for register in 0..16 {
                if i.memory.base != Some(register) && i.memory.index != Some(register) && register != 4 {
                    // The limit of the segment 7Bh is the number of the processor.
                    case.state.0[register as usize] = match selector(random) {
                        value if value & 0xfff8 == 0x78 => 0x2b,
                        value => value,
                    };
                }
            }
        }
        Op::Popf => {
            let at = case.state.0[RSP];
            let value = random.integer();
            patch(case, at, &value.to_le_bytes());
        }
        Op::PopSeg => {
            let at = case.state.0[RSP];
            let value = selector(random);
            patch(case, at, &value.to_le_bytes());
        }
        Op::MovSeg => {
            for register in 0..16 {
                if i.memory.base != Some(register) && i.memory.index != Some(register) && register != 4 {
                    case.state.0[register as usize] = selector(random);
                }
            }
            if i.has_memory() {
                let (at, value) = (effective(case, i), selector(random));
                patch(case, at, &value.to_le_bytes()[..2]);
            }
        }
        Op::Wrfsbase | Op::Wrgsbase => {
            if let Some(register) = destination_register.filter(|_| random.one_in(2)) {
                case.state.0[register] = random.word() >> 17;
            }
        }
        Op::Pcmpestri | Op::Pcmpestrm => {
            for register in [RAX, RDX] {
                let taken = [i.memory.base, i.memory.index].contains(&Some(register as u8));
                if !taken && !random.one_in(4) {
                    case.state.0[register] = random.below(40).wrapping_sub(20);
                }
            }
            alphabet(case, random);
        }
        Op::Pcmpistri | Op::Pcmpistrm => alphabet(case, random),
        Op::Fscale | Op::Fprem | Op::Fprem1 if random.one_in(2) => {
            // Exponents near each other, or a small integer as the scale.
            let (significand, _) = random.extended();
            let exponent = 0x3fff + random.below(12) as u16;
            case.state.set_st(1, significand | 1 << 63, exponent | (random.word() as u16) & 0x8000);
            if random.one_in(2) {
                let exponent = 0x3fff + random.below(80) as u16;
                case.state.set_st(0, random.word() | 1 << 63, exponent | (random.word() as u16) & 0x8000);
            }
        }
        _ => {}
    }
}

/// Few different bytes, so that strings match.
fn alphabet(case: &mut Case, random: &mut Random) {
    if random.one_in(4) {
        return;
    }
    let letters = [0, 0x61, 0x62, 0x7a, 0x80, 0xff, 0x61, 0x62];
    for n in 0..16 {
        let letters = &letters[usize::from(random.one_in(2))..];
        let mut value = [0; 2];
        for word in &mut value {
            for _ in 0..8 {
                *word = *word << 8 | random.pick(letters);
            }
        }
        case.state.set_xmm(n, value);
    }
}

/// A selector for a far transfer: never that of 32-bit code, from which the harness does not come back as it went.
fn code_selector(random: &mut Random) -> u64 {
    match random.below(8) {
        0 => match selector(random) {
            value if value & 0xfffc == 0x20 => 0x33,
            value => value,
        },
        1 => random.pick(&[0x30, 0x32, 0x31, 0x10, 0x18, 0x28]),
        _ => 0x33 | if random.one_in(2) { random.word() << 16 } else { 0 },
    }
}

fn selector(random: &mut Random) -> u64 {
    match random.below(6) {
        0 => random.integer(),
        n => [0, 0x2b, 0x33, 3, 0x2a][n as usize - 1] | if random.one_in(2) { random.word() << 16 } else { 0 },
    }
}

/// Points a direct branch at int3 bytes, and never into the case itself.
fn branch(case: &mut Case, bytes: &mut Vec<u8>, i: &mut Instruction, random: &mut Random) {
    let Operand::Rel(displacement) = i.operands[0] else {
        return;
    };
    let end = case.at + u64::from(i.len);
    let wanted = match random.below(3) {
        0 => Some(end.wrapping_add(random.below(60))),
        1 => Some(CODE + 0x10 + random.below(0x700)),
        _ => None,
    };
    if let Some(wanted) = wanted
        && set_relative(bytes, i, wanted.wrapping_sub(end) as i64)
    {
        return;
    }
    // 16-bit targets too are kept out of the case.
    if (-20..0).contains(&displacement) {
        set_relative(bytes, i, 4);
    }
}

/// Pointers, count and equal contents for a string instruction.
fn string(case: &mut Case, i: &Instruction, random: &mut Random) {
    let size = u64::from(i.operand_size.bytes());
    if i.memory.overridden {
        let word = if i.memory.segment == Segment::Fs { FS } else { GS };
        case.state.0[word] = if random.one_in(2) { 0 } else { random.below(0x2000_0000) };
    }
    let base = segment_base(case, i);
    let mut source = target(size, random);
    if base != 0 && source >> 40 != 0 {
        source = DATA[0].0 + 0x400;
    }
    let destination = match random.below(4) {
        0 => source.wrapping_add(random.below(40)).wrapping_sub(20),
        _ => target(size, random),
    };
    let junk = |random: &mut Random| {
        if i.address_size == Width::W32 && random.one_in(2) { random.word() << 32 } else { 0 }
    };
    case.state.0[RSI] = source.wrapping_sub(base) ^ junk(random);
    case.state.0[RDI] = destination ^ junk(random);
    case.state.0[RCX] = count(random) ^ junk(random);
    if random.one_in(4) {
        case.state.0[FLAGS] |= DF;
    }
    if matches!(i.op, Op::Cmps | Op::Scas) && !random.one_in(4) {
        let length = random.index(64) + 1;
        let text: Vec<u8> = match i.op {
            Op::Cmps => (0..length).map(|_| random.word() as u8).collect(),
            _ => case.state.0[RAX].to_le_bytes()[..size as usize].repeat(length / size as usize + 1),
        };
        let at = |start: u64| {
            if case.state.0[FLAGS] & DF != 0 { start.wrapping_sub(text.len() as u64).wrapping_add(size) } else { start }
        };
        let (first, second) = (at(source), at(destination));
        patch(case, first, &text);
        patch(case, second, &text);
    }
}

/// A dividend whose quotient fits.
fn divisible(case: &mut Case, i: &Instruction, random: &mut Random) {
    let bits = i.operand_size.bits();
    let mask = if bits == 64 { u64::MAX } else { (1 << bits) - 1 };
    let divisor = match i.operands[0] {
        Operand::Gpr { number, .. } => case.state.0[number as usize],
        Operand::GprHigh(number) => case.state.0[number as usize] >> 8,
        _ => {
            let address = effective(case, i);
            (0..8).map(|n| u64::from(case.byte(address.wrapping_add(n))) << (8 * n)).sum()
        }
    } & mask;
    if divisor == 0 {
        return;
    }
    let quotient = random.integer() & mask;
    let dividend = if i.op == Op::Div {
        u128::from(quotient) * u128::from(divisor) + u128::from(random.word() % divisor)
    } else {
        let extend = |value: u64| i128::from((value << (64 - bits)) as i64 >> (64 - bits));
        let rest = i128::from(random.word() % extend(divisor).unsigned_abs() as u64);
        let product = extend(quotient) * extend(divisor);
        (if product < 0 { product - rest } else { product + rest }) as u128
    };
    let keep = |case: &mut Case, register: usize, value: u64| {
        let taken = [i.memory.base, i.memory.index].contains(&Some(register as u8));
        if !taken {
            let old = case.state.0[register];
            case.state.0[register] = if bits == 64 { value } else { old & !mask | value & mask };
        }
    };
    if bits == 8 {
        let old = case.state.0[RAX];
        case.state.0[RAX] = old & !0xffff | (dividend as u64) & 0xffff;
    } else {
        keep(case, RAX, dividend as u64);
        keep(case, RDX, (dividend >> bits) as u64);
    }
}

/// Operations whose result the state before does not determine, or that reach what the harness cannot give back.
pub fn is_excluded(op: Op) -> Option<&'static str> {
    Some(match op {
        Op::Rdtsc | Op::Rdtscp | Op::Rdrand | Op::Rdseed | Op::Rdpid | Op::Rdpru => "not determined by the state",
        Op::Cpuid | Op::Xgetbv => "describes the CPU",
        Op::Int1 => "reported differently under hypervisors",
        Op::Sysenter | Op::Sysexit | Op::Sysret => "system",
        _ => return None,
    })
}
