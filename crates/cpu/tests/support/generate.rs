//! States for an instruction: edge and random values where the instruction reads, addresses that work and that fault.

use super::case::{CODE, Case, DATA, PAGE, Protection};
use super::encode::{Encoder, set_displacement};
use super::random::Random;
use super::special::{destination, special};
use super::state::{AC, DF, FLAGS, FS, GS, RIP, STATUS, State, TF};
use isa::{Feature, Instruction, Op, Operand, Segment, Width};

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
        | if random.one_in(30) { TF } else { 0 }
        | if random.one_in(std::env::var("ACP").map_or(40, |v| v.parse().unwrap())) && is_alignment_checked(i) {
            AC
        } else {
            0
        };
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
    state.0[FLAGS] &= !(AC | TF);
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

pub fn segment_base(case: &Case, i: &Instruction) -> u64 {
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
    let bit_register = bit_offset_register(i);
    if matches!(i.op, Op::Fxsave | Op::Fxrstor) && !random.one_in(8) {
        wanted &= !15;
    }
    if i.memory.overridden {
        let word = if i.memory.segment == Segment::Fs { FS } else { GS };
        // With a base whose sum is canonical and whose offset is not, CPUs differ.
        case.state.0[word] = match random.below(4) {
            _ if wanted >> 40 != 0 || bit_register.is_some() => 0,
            // (A wide base with a short offset could meet the harness itself.)
            0 if i.address_size == Width::W64 => random.word() >> 17,
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
