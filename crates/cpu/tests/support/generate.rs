//! States for an instruction: edge and random values where the instruction reads, addresses that work and that fault.

use super::case::{CODE, Case, DATA, PAGE, Protection};
use super::encode::{Encoder, is_string, set_displacement, set_relative};
use super::random::Random;
use super::state::{AC, DF, FLAGS, FS, FX, GS, RIP, STATUS, State};
use isa::{Feature, Instruction, Mode, Op, Operand, Segment, Width};

pub const RAX: usize = 0;
pub const RCX: usize = 1;
pub const RDX: usize = 2;
pub const RSP: usize = 4;
pub const RBP: usize = 5;
pub const RSI: usize = 6;
pub const RDI: usize = 7;

/// What the instruction computes on, as far as that decides which values to try.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Domain {
    Integer,
    X87,
    Mmx,
    Vector,
}

pub fn domain(i: &Instruction) -> Domain {
    let mnemonic = i.op.mnemonic();
    let feature = i.row().feature();
    if matches!(i.op, Op::Fxsave | Op::Fxrstor)
        || feature == Feature::Fpu
        || mnemonic.starts_with('f')
        || i.op == Op::Wait
    {
        return Domain::X87;
    }
    if i.operands.iter().any(|o| matches!(o, Operand::Mmx(_))) || matches!(i.op, Op::Emms) {
        return Domain::Mmx;
    }
    if i.operands.iter().any(|o| matches!(o, Operand::Xmm(_) | Operand::Ymm(_)))
        || matches!(feature, Feature::Sse | Feature::Sse2 | Feature::Avx | Feature::Avx2)
    {
        return Domain::Vector;
    }
    Domain::Integer
}

/// One random case of the row, or `None` where an encoding was not found.
pub fn case(encoder: &Encoder, row: usize, random: &mut Random) -> Option<(Case, Instruction)> {
    let (bytes, instruction) = encoder.sample(row, random)?;
    Some(state_for(bytes, instruction, random))
}

/// A random state for the given instruction; addresses in its bytes may change.
pub fn state_for(mut bytes: Vec<u8>, mut i: Instruction, random: &mut Random) -> (Case, Instruction) {
    let mut case = Case::new(&bytes);
    let length = u64::from(i.len);
    let hole = CODE + 2 * PAGE;
    case.at = match random.below(40) {
        0 | 1 => hole - length,
        2 => CODE + PAGE - 1 - random.below(length),
        _ => CODE + 0x800 + random.below(64),
    };
    let domain = domain(&i);
    fill_registers(&mut case.state, domain, &i, random);
    if i.has_memory() {
        aim(&mut case, &mut bytes, &mut i, random);
    }
    special(&mut case, &mut bytes, &mut i, random);
    case.code = bytes;
    if random.one_in(100) && length > 1 && !matches!(i.op, Op::Ud0 | Op::Ud1) {
        // Cut off by the end of the page.
        let kept = 1 + random.below(length - 1);
        case.at = hole - kept;
        case.code.truncate(kept as usize);
    }
    case.state.0[RIP] = case.at;
    (case, i)
}

fn fill_registers(state: &mut State, domain: Domain, i: &Instruction, random: &mut Random) {
    for register in 0..16 {
        state.0[register] = random.integer();
    }
    if random.one_in(6) {
        let (from, to) = (random.index(16), random.index(16));
        state.0[to] = state.0[from];
    }
    state.0[RSP] = target(8, random);
    state.0[FLAGS] = 0x202
        | random.word() & STATUS
        | if random.one_in(8) { DF } else { 0 }
        | if random.one_in(20) { 1 << 21 } else { 0 }
        | if random.one_in(100) && is_alignment_checked(i) { AC } else { 0 };
    match domain {
        Domain::Integer => {
            if random.one_in(16) {
                fill_vectors(state, i, random);
            }
        }
        Domain::Vector => {
            fill_vectors(state, i, random);
            if i.op.mnemonic().contains("2dq") || i.op.mnemonic().contains("dq2") {
                fill_x87(state, Domain::Mmx, random);
            }
        }
        Domain::X87 => {
            fill_x87(state, domain, random);
            if matches!(i.op, Op::Fxsave | Op::Fxrstor) {
                fill_vectors(state, i, random);
            }
        }
        Domain::Mmx => {
            fill_x87(state, domain, random);
            fill_vectors(state, i, random);
        }
    }
}

/// Operations whose alignment checks can be compared: Linux emulates some, ENTER pushes before it faults.
fn is_alignment_checked(i: &Instruction) -> bool {
    use Op::*;
    i.row().feature() < Feature::Avx && !matches!(i.op, Enter | Sgdt | Sidt | Smsw | Sldt | Str)
}

/// Fills everything, for streams of mixed instructions.
pub fn fill_all(state: &mut State, i: &Instruction, random: &mut Random) {
    fill_registers(state, Domain::Integer, i, random);
    state.0[FLAGS] &= !AC;
    fill_x87(state, Domain::X87, random);
    fill_vectors(state, i, random);
}

/// The element type that floating-point mnemonics name as their source.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Element {
    Single,
    Double,
    Integer,
    Any,
}

fn element(i: &Instruction) -> Element {
    let m = i.op.mnemonic();
    let m = m.strip_prefix('v').unwrap_or(m);
    if m.starts_with("cvt") {
        return if m.contains("ps2") || m.contains("ss2") {
            Element::Single
        } else if m.contains("pd2") || m.contains("sd2") {
            Element::Double
        } else {
            Element::Integer
        };
    }
    if m.starts_with('p') && !m.ends_with("ps") {
        return Element::Integer;
    }
    if m.ends_with("ps") || m.ends_with("ss") {
        Element::Single
    } else if m.ends_with("pd") || m.ends_with("sd") {
        Element::Double
    } else {
        Element::Any
    }
}

fn vector(element: Element, random: &mut Random) -> [u64; 2] {
    match element {
        _ if random.one_in(12) => random.vector(),
        Element::Single => [random.singles(), random.singles()],
        Element::Double => [random.double(), random.double()],
        Element::Integer => [random.integer(), random.integer()],
        Element::Any => random.vector(),
    }
}

fn fill_vectors(state: &mut State, i: &Instruction, random: &mut Random) {
    let element = element(i);
    for n in 0..16 {
        let value = vector(element, random);
        state.set_xmm(n, value);
        if i.row().feature() >= Feature::Avx || random.one_in(8) {
            let value = vector(element, random);
            state.set_ymm_high(n, value);
        }
    }
    // Pairs that compare equal or nearly so, cancel, or are ordered only by sign.
    if random.one_in(4) {
        for n in 0..16 {
            if random.one_in(2) {
                let mut value = state.xmm(random.index(16));
                let tweak = random.pick(&[0, 0, 1 << 63, 1 << 63 | 1 << 31, 1, 1 << 32, 0x20_0000_0000]);
                value[0] ^= tweak;
                value[1] ^= if random.one_in(2) { tweak } else { 0 };
                state.set_xmm(n, value);
            }
        }
    }
    let mut mxcsr = 0x1f80;
    if random.one_in(4) {
        mxcsr = (random.word() as u32) & 0x1f80;
    }
    if random.one_in(2) {
        mxcsr |= (random.word() as u32) & 0x3f;
    }
    if random.one_in(2) {
        mxcsr |= (random.word() as u32) & 0x6000;
    }
    if random.one_in(5) {
        mxcsr |= 0x40;
    }
    if random.one_in(5) {
        mxcsr |= 0x8000;
    }
    state.set_mxcsr(mxcsr);
}

/// The x87 state: mostly full of interesting numbers, exceptions mostly masked.
fn fill_x87(state: &mut State, domain: Domain, random: &mut Random) {
    for n in 0..8 {
        if domain == Domain::Mmx && !random.one_in(4) {
            let value = random.integer();
            state.set_st(n, value, if random.one_in(2) { 0xffff } else { random.word() as u16 });
        } else {
            let (significand, sign_exponent) = random.extended();
            state.set_st(n, significand, sign_exponent);
        }
    }
    if random.one_in(5) {
        let (from, to) = (random.index(2), random.index(8));
        let sign = random.pick(&[0, 0x8000]);
        let (s, e) = (state.0[super::state::ST + 2 * from], state.0[super::state::ST + 2 * from + 1] as u16);
        state.set_st(to, s ^ random.pick(&[0, 0, 1]), e ^ sign);
    }
    let mut control = 0x37f;
    if random.one_in(2) {
        control = control & !0xf00 | (random.word() as u16) & 0xf00;
    }
    if random.one_in(4) {
        control = control & !0x3f | (random.word() as u16) & 0x3f;
    }
    if random.one_in(16) {
        control ^= 0x1000;
    }
    let mut status = (random.word() as u16) & 0x7f00;
    if random.one_in(4) {
        status |= (random.word() as u16) & 0x7f;
        if random.one_in(2) {
            status &= control & 0x3f | 0xffc0;
        }
    }
    if domain == Domain::Mmx && random.one_in(2) {
        status &= 0x7f;
    }
    if status & !control & 0x3f != 0 {
        status |= 0x8080;
    }
    state.set_fcw(control);
    state.set_fsw(status);
    state.set_ftw(match random.below(8) {
        0 => 0,
        1 | 2 => random.word() as u8,
        _ => 0xff,
    });
}

/// An address for an access of `size` bytes: mostly good, sometimes at an edge of what is mapped.
pub fn target(size: u64, random: &mut Random) -> u64 {
    let size = if size == 0 { 16 } else { size };
    let near = |edge: u64, random: &mut Random| edge - random.below(size + 1);
    match random.below(50) {
        0..=19 => DATA[0].0 + 0x200 + random.below(0x1800 / size) * size,
        20..=29 => DATA[0].0 + 0x200 + random.below(0x1800 - size),
        30 | 31 => DATA[3].0 + random.below(PAGE / size) * size,
        32..=35 => near(DATA[1].0, random),               // across two good pages
        36..=38 => near(DATA[1].0 + PAGE, random),        // into a hole
        39 => DATA[0].0.wrapping_sub(random.below(size)), // out of a hole
        40 | 41 => DATA[2].0 + random.below(PAGE - size), // read-only
        42 => near(DATA[3].0, random),                    // from read-only
        43 => near(DATA[4].0, random),                    // into read-only
        44 => DATA[5].0 + random.below(PAGE),             // no access
        45 => near(DATA[2].0, random),                    // from a hole into read-only
        46 => near(0x8000_0000_0000, random),             // the end of the canonical addresses
        47 => random.pick(&[0, 0x1003_0000, 0xffff_8000_0000_0000, 0x8000_0000_0000_0000, u64::MAX - 3, u64::MAX]),
        48 => DATA[6].0 + 0x100 + random.below(PAGE - 0x100 - size.min(0x800)),
        _ => near(DATA[6].0 + PAGE, random),
    }
}

/// Is [address, address + length) in data pages that the harness can patch?
fn is_data(address: u64, length: u64) -> bool {
    length > 0
        && [address, address.wrapping_add(length - 1)]
            .iter()
            .all(|a| DATA.iter().any(|(page, _)| a.wrapping_sub(*page) < PAGE))
        && length <= PAGE
}

/// Puts bytes into memory before the case, as far as they lie in data pages.
pub fn patch(case: &mut Case, address: u64, bytes: &[u8]) {
    let mut i = 0;
    while i < bytes.len() {
        let at = address.wrapping_add(i as u64);
        let page_rest = (PAGE - at % PAGE) as usize;
        let n = page_rest.min(bytes.len() - i);
        if is_data(at, n as u64) && DATA.iter().any(|(p, r)| *p == at & !(PAGE - 1) && *r != Protection::None) {
            case.patches.push((at, bytes[i..i + n].to_vec()));
        }
        i += n;
    }
}

/// Linear address of the memory operand in the state of the case.
pub fn effective(case: &Case, i: &Instruction) -> u64 {
    let m = &i.memory;
    let mut address = m.disp as u64;
    if m.ip_relative {
        address = address.wrapping_add(case.at + u64::from(i.len));
    }
    if let Some(base) = m.base {
        address = address.wrapping_add(case.state.0[base as usize]);
    }
    if let Some(index) = m.index {
        let index = if i.op == Op::Xlat { case.state.0[RAX] & 0xff } else { case.state.0[index as usize] };
        address = address.wrapping_add(index.wrapping_mul(u64::from(m.scale)));
    }
    if i.address_size == Width::W32 {
        address &= 0xffff_ffff;
    }
    address.wrapping_add(segment_base(case, i))
}

fn segment_base(case: &Case, i: &Instruction) -> u64 {
    match i.memory.segment {
        Segment::Fs if i.memory.overridden => case.state.0[FS],
        Segment::Gs if i.memory.overridden => case.state.0[GS],
        _ => 0,
    }
}

fn operand_bytes(i: &Instruction) -> u64 {
    let bytes = i.operands.iter().find_map(|o| match o {
        Operand::Mem { bytes } => Some(u64::from(*bytes)),
        _ => None,
    });
    match (i.op, bytes) {
        (Op::Fxsave | Op::Fxrstor, _) => 512,
        (Op::Fldenv | Op::Fnstenv, _) => 28,
        (Op::Frstor | Op::Fnsave, _) => 108,
        (_, Some(bytes)) => bytes,
        _ => 0,
    }
}

/// Chooses the registers (or displacement) of the memory operand so that it lies somewhere interesting.
fn aim(case: &mut Case, bytes: &mut Vec<u8>, i: &mut Instruction, random: &mut Random) {
    let size = operand_bytes(i);
    let mut wanted = target(size, random);
    if size == 10 && wanted >> 16 == 0x7fff_ffff {
        wanted = DATA[0].0 + 0x400; // accessed in two parts, of which the first decides
    }
    let bit_register = bit_offset_register(i);
    if matches!(i.op, Op::Fxsave | Op::Fxrstor) && !random.one_in(8) {
        wanted &= !15;
    }
    if i.memory.overridden {
        let word = if i.memory.segment == Segment::Fs { FS } else { GS };
        // With a base whose sum is canonical and whose offset is not, CPUs differ.
        case.state.0[word] = match random.below(4) {
            _ if wanted >> 40 != 0 || bit_register.is_some() => 0,
            0 => random.word() >> 17,
            1 => wanted & 0x7fff_ffff_f000,
            2 => 0,
            _ => random.below(0x2000_0000),
        };
    }
    let m = i.memory;
    let base = segment_base(case, i);
    let mut left = wanted.wrapping_sub(base).wrapping_sub(m.disp as u64);
    if i.op == Op::Xlat {
        case.state.0[3] = left.wrapping_sub(case.state.0[RAX] & 0xff);
    } else if m.ip_relative || m.base.is_none() && m.index.is_none() {
        let from = if m.ip_relative { case.at + u64::from(i.len) } else { 0 };
        let displacement = wanted.wrapping_sub(base).wrapping_sub(from) as i64;
        let fits = m.disp_bytes == 8 || i64::from(displacement as i32) == displacement;
        if fits {
            set_displacement(bytes, i, displacement);
        }
    } else {
        let scale = u64::from(m.scale);
        match (m.base, m.index) {
            (Some(b), Some(x)) if b != x => {
                let index = match random.below(4) {
                    0 => random.integer(),
                    1 => 0u64.wrapping_sub(random.below(100)),
                    _ => random.below(100),
                };
                case.state.0[x as usize] = index;
                case.state.0[b as usize] = left.wrapping_sub(index.wrapping_mul(scale));
            }
            (Some(b), Some(_)) => case.state.0[b as usize] = left / (scale + 1),
            (Some(b), None) => case.state.0[b as usize] = left,
            (None, Some(x)) => {
                left &= !(scale - 1);
                case.state.0[x as usize] = left / scale;
            }
            (None, None) => {}
        }
        // Bits that an address size of 32 bits cuts off.
        if i.address_size == Width::W32
            && random.one_in(2)
            && let Some(b) = m.base
            && m.index != m.base
        {
            case.state.0[b as usize] ^= random.word() << 32;
        }
    }
    if let Some(register) = bit_register
        && !random.one_in(10)
    {
        let offset = match random.below(3) {
            0 => random.below(64),
            1 => random.below(0x2000),
            _ => 0u64.wrapping_sub(random.below(0x1000)),
        };
        if m.base != Some(register) && m.index != Some(register) {
            case.state.0[register as usize] = offset;
        }
    }
    let address = effective(case, i);
    let content = content(i, size, case, random);
    patch(case, address, &content);
}

/// The register that BT and its kind add to the address.
fn bit_offset_register(i: &Instruction) -> Option<u8> {
    match (i.op, i.operands[1]) {
        (Op::Bt | Op::Bts | Op::Btr | Op::Btc, Operand::Gpr { number, .. }) => Some(number),
        _ => None,
    }
}

/// What lies in the memory operand.
fn content(i: &Instruction, size: u64, case: &Case, random: &mut Random) -> Vec<u8> {
    let mut out = Vec::new();
    let mnemonic = i.op.mnemonic();
    let float = mnemonic.starts_with('f') && !mnemonic.starts_with("fi") && !mnemonic.starts_with("fx");
    match (i.op, size) {
        (Op::Ldmxcsr, _) => {
            let keep = if random.one_in(6) { u64::MAX } else { 0xffff };
            out.extend(((random.integer() & keep) as u32).to_le_bytes());
        }
        (Op::Fld | Op::Fst | Op::Fstp, 10) => extended(&mut out, random),
        (Op::Fbld, _) => {
            for _ in 0..10 {
                let byte = random.word() as u8;
                let (high, low) = (byte >> 4, byte & 15);
                out.push(if random.one_in(12) { byte } else { high.min(9) << 4 | low.min(9) });
            }
            if random.one_in(2) {
                out[9] &= 0x80;
            }
        }
        (Op::Fldenv | Op::Frstor, _) => {
            let mut state = State::initial();
            fill_x87(&mut state, Domain::X87, random);
            let words = if i.operand_size == Width::W16 { 2 } else { 4 };
            let tags = random.word() as u16;
            for value in [state.fcw(), state.fsw(), tags, random.word() as u16, random.word() as u16, 0, 0] {
                out.extend_from_slice(&u32::from(value).to_le_bytes()[..words]);
            }
            for _ in 0..8 {
                extended(&mut out, random);
            }
            if random.one_in(4) {
                let at = random.index(out.len());
                out[at] = random.word() as u8;
            }
        }
        (Op::Fxrstor, _) => {
            let mut state = State::initial();
            fill_x87(&mut state, Domain::X87, random);
            fill_vectors(&mut state, i, random);
            out.extend(state.fxsave());
            if random.one_in(5) {
                let at = random.index(40);
                out[at] = random.word() as u8;
            }
        }
        (_, 4) if float => out.extend(random.single().to_le_bytes()),
        (_, 8) if float => out.extend(random.double().to_le_bytes()),
        (Op::Cmpxchg, _) if random.one_in(2) => out.extend(case.state.0[RAX].to_le_bytes()),
        (Op::Cmpxchg8b, _) if random.one_in(2) => {
            out.extend((case.state.0[RAX] as u32).to_le_bytes());
            out.extend((case.state.0[RDX] as u32).to_le_bytes());
        }
        (Op::Cmpxchg16b, _) if random.one_in(2) => {
            out.extend(case.state.0[RAX].to_le_bytes());
            out.extend(case.state.0[RDX].to_le_bytes());
        }
        (Op::Jmp | Op::Call, _) => out.extend(destination(random).to_le_bytes()),
        (_, 0..=8) if domain(i) == Domain::Integer => out.extend(random.integer().to_le_bytes()),
        _ => {
            let element = element(i);
            for _ in 0..size.max(16).div_ceil(16) {
                for word in vector(element, random) {
                    out.extend(word.to_le_bytes());
                }
            }
            // What lies there may be equal to a register.
            if random.one_in(6) {
                out.clear();
                for word in case.state.xmm(random.index(16)) {
                    out.extend(word.to_le_bytes());
                }
            }
        }
    }
    if size != 0 {
        out.truncate(size as usize);
    }
    out
}

fn extended(out: &mut Vec<u8>, random: &mut Random) {
    let (significand, sign_exponent) = random.extended();
    out.extend(significand.to_le_bytes());
    out.extend(sign_exponent.to_le_bytes());
}

/// Where a jump may go: int3 bytes before the case, rarely somewhere without code.
fn destination(random: &mut Random) -> u64 {
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
fn special(case: &mut Case, bytes: &mut Vec<u8>, i: &mut Instruction, random: &mut Random) {
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
                random.integer() & !0x100,
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
            for register in 0..16 {
                if i.memory.base != Some(register) && i.memory.index != Some(register) && register != 4 {
                    case.state.0[register as usize] = selector(random);
                }
            }
        }
        Op::Popf => {
            let at = case.state.0[RSP];
            let value = random.integer() & !0x100;
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
    // FIXME: alignment checks of string instructions with a segment base or an address size.
    if i.memory.overridden || i.address_size != Width::W64 {
        case.state.0[FLAGS] &= !AC;
    }
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

pub fn uses_vectors(i: &Instruction) -> bool {
    domain(i) != Domain::Integer
}

pub fn mode_of(mode: Mode) -> u64 {
    match mode {
        Mode::Bits64 => 0x33,
        _ => 0x23,
    }
}

/// The first word of the floating-point image, for callers that print it.
pub const FIRST_FLOAT: usize = FX;

pub fn is_repeated(i: &Instruction) -> bool {
    is_string(i.op) && i.repeat() != isa::Repeat::None
}
