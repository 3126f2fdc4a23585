//! Byte strings that no row would give: prefixes in any number and order, REX where it does not count, other opcodes, cut off
//! and changed bytes. Most of what the decoder and the engine say about them is #UD, #GP or a length.

use super::case::{CODE, Case};
use super::encode::Encoder;
use super::generate;
use super::random::Random;
use super::special;
use isa::{Feature, Instruction, Mode, Op, ROWS};

const PREFIXES: [u8; 16] =
    [0x66, 0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65, 0x40, 0x48, 0x4f, 0x41];

/// A random string, and what the decoder takes it for; `None` where there is nothing to compare.
pub fn case(encoder: &Encoder, random: &mut Random) -> Option<(Case, Option<Instruction>)> {
    let (mut bytes, _) = encoder.sample(random.index(ROWS.len()), random)?;
    for _ in 0..random.below(4) {
        let at = random.index(bytes.len());
        match random.below(8) {
            0..=3 => bytes.insert(if random.one_in(3) { at } else { 0 }, random.pick(&PREFIXES)),
            4 => bytes[at] ^= 1 << random.below(8),
            5 => bytes[at] = random.word() as u8,
            6 => bytes.insert(at, random.word() as u8),
            _ => _ = bytes.remove(at),
        }
        if bytes.is_empty() {
            return None;
        }
    }
    // Up to the limit of 15 bytes and beyond.
    if random.one_in(20) {
        let count = 17usize.saturating_sub(bytes.len()).saturating_sub(random.index(4));
        let prefix = random.pick(&PREFIXES[..12]);
        bytes.splice(0..0, std::iter::repeat_n(prefix, count));
    }
    let mut padded = bytes.clone();
    padded.extend([0xcc; 16]);
    match isa::decode(&padded, Mode::Bits64) {
        Ok(i) => {
            if !is_compared(&i) {
                return None;
            }
            bytes = padded[..i.len as usize].to_vec();
            let (mut case, i) = generate::state_for(bytes, i, random);
            if i.memory.overridden && random.one_in(2) {
                case.state.0[super::state::FS] = 0;
                case.state.0[super::state::GS] = 0;
            }
            Some((case, Some(i)))
        }
        Err(_) => {
            // What the CPU may know and we do not: EVEX, VEX, XOP.
            let opcode = bytes.iter().find(|byte| !PREFIXES.contains(byte) && **byte & 0xf0 != 0x40)?;
            // The hypervisor answers VMCALL, VMGEXIT and TLBSYNC with prefixes.
            let is_call = bytes.windows(3).any(|w| matches!(w, [0x0f, 0x01, 0xc1 | 0xd9 | 0xff]));
            if matches!(opcode, 0x62 | 0xc4 | 0xc5 | 0x8f) || is_call {
                return None;
            }
            // The CPU looks at the whole length first, which may meet the limit or a missing page; we do not know it.
            if bytes.len() > 6 {
                return None;
            }
            let mut case = Case::new(&bytes);
            case.at = CODE + 0x900;
            Some((case, None))
        }
    }
}

/// Not what the CPU does with means of its own, or the kernel; nor what the row's own generator must arrange.
fn is_compared(i: &Instruction) -> bool {
    use Op::*;
    special::is_excluded(i.op).is_none()
        && i.row().feature() < Feature::Avx
        && !matches!(i.op, Int | Sgdt | Sidt | Smsw | Sldt | Str | Enter | JmpFar | CallFar | RetFar | Iret)
}
