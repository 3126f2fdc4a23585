//! AES and SHA rounds (SDM Vol. 1 sections 12.13 and 12.14), and the bit fields of SSE4a (APM Vol. 4 EXTRQ, INSERTQ).
//!
//! The AES state is four columns of 32 bits, row 0 in the low byte of each. The S-box is computed when this is compiled.

use super::lanes::lane;
use crate::chain::{Run, call};
use crate::inst::Inst;
use crate::state::Cpu;
use crate::stop::Flow;
use isa::{Instruction, Op, Operand};

pub(super) fn handler(i: &Instruction, inst: &mut Inst) -> Option<Run> {
    let has_immediates = matches!(i.op, Op::Extrq | Op::Insertq)
        && i.operands.iter().any(|operand| matches!(operand, Operand::Imm { .. }));
    if has_immediates {
        // Length and index, as the register forms have them: bits 0-5 and 8-13.
        let immediates = i.operands.iter().filter_map(|operand| match operand {
            Operand::Imm { value, .. } => Some(value & 0xff),
            _ => None,
        });
        inst.imm = immediates.rev().fold(0, |field, value| field << 8 | value);
    }
    Some(match i.op {
        Op::Aesenc => call::<Aesenc>(),
        Op::Aesenclast => call::<Aesenclast>(),
        Op::Aesdec => call::<Aesdec>(),
        Op::Aesdeclast => call::<Aesdeclast>(),
        Op::Aesimc => call::<Aesimc>(),
        Op::Aeskeygenassist => call::<Aeskeygenassist>(),
        Op::Sha1rnds4 => call::<Sha1rnds4>(),
        Op::Sha1nexte => call::<Sha1nexte>(),
        Op::Sha1msg1 => call::<Sha1msg1>(),
        Op::Sha1msg2 => call::<Sha1msg2>(),
        Op::Sha256rnds2 => call::<Sha256rnds2>(),
        Op::Sha256msg1 => call::<Sha256msg1>(),
        Op::Sha256msg2 => call::<Sha256msg2>(),
        Op::Extrq if has_immediates => call::<ExtrqImmediate>(),
        Op::Extrq => call::<Extrq>(),
        Op::Insertq if has_immediates => call::<InsertqImmediate>(),
        Op::Insertq => call::<Insertq>(),
        _ => return None,
    })
}

fn binary(cpu: &mut Cpu, inst: &Inst, f: impl Fn(u128, u128) -> u128) -> Flow {
    let b = cpu.source128(inst)?;
    let value = f(cpu.xmm(inst.dst), b);
    cpu.set_xmm(inst.dst, value);
    Ok(())
}

/// SHA's operand in memory need not be aligned: Intel's manual asks for it, AMD's CPUs do not.
fn unaligned(cpu: &mut Cpu, inst: &Inst, f: impl Fn(u128, u128) -> u128) -> Flow {
    let b = if inst.has_memory() { cpu.load128(cpu.address(inst))? } else { cpu.xmm(inst.src) };
    let value = f(cpu.xmm(inst.dst), b);
    cpu.set_xmm(inst.dst, value);
    Ok(())
}

/// As the manual's pseudo-code of SHA names them: the highest lane first.
fn words(value: u128) -> [u32; 4] {
    [3, 2, 1, 0].map(|n| lane(value, 32, n) as u32)
}

fn from_words(words: [u32; 4]) -> u128 {
    words.into_iter().fold(0, |value, word| value << 32 | word as u128)
}

crate::sem::calls! {
    Aesenc(cpu, inst) { binary(cpu, inst, |state, key| each_column(substitute(state, &SBOX, 1), mix) ^ key) }
    Aesenclast(cpu, inst) { binary(cpu, inst, |state, key| substitute(state, &SBOX, 1) ^ key) }
    Aesdec(cpu, inst) { binary(cpu, inst, |state, key| each_column(substitute(state, &INVERSE, 3), unmix) ^ key) }
    Aesdeclast(cpu, inst) { binary(cpu, inst, |state, key| substitute(state, &INVERSE, 3) ^ key) }
    Aesimc(cpu, inst) { binary(cpu, inst, |_, b| each_column(b, unmix)) }
    Aeskeygenassist(cpu, inst) {
        binary(cpu, inst, |_, b| {
            let [x3, _, x1, _] = words(b).map(|x| u32::from_le_bytes(x.to_le_bytes().map(|byte| SBOX[byte as usize])));
            let constant = inst.imm as u32 & 0xff;
            from_words([x3.rotate_right(8) ^ constant, x3, x1.rotate_right(8) ^ constant, x1])
        })
    }

    Sha1rnds4(cpu, inst) {
        unaligned(cpu, inst, |a, b| {
            let ([mut a, mut b, mut c, mut d], mut e, w) = (words(a), 0u32, words(b));
            for word in w {
                let (f, constant) = match inst.imm & 3 {
                    0 => (choose(b, c, d), 0x5a82_7999),
                    1 => (b ^ c ^ d, 0x6ed9_eba1),
                    2 => (majority(b, c, d), 0x8f1b_bcdc),
                    _ => (b ^ c ^ d, 0xca62_c1d6u32),
                };
                let sum = [a.rotate_left(5), word, e, constant].into_iter().fold(f, u32::wrapping_add);
                (a, b, c, d, e) = (sum, a, b.rotate_left(30), c, d);
            }
            from_words([a, b, c, d])
        })
    }
    Sha1nexte(cpu, inst) {
        unaligned(cpu, inst, |a, b| {
            let ([a, ..], [e, x, y, z]) = (words(a), words(b));
            from_words([e.wrapping_add(a.rotate_left(30)), x, y, z])
        })
    }
    Sha1msg1(cpu, inst) {
        unaligned(cpu, inst, |a, b| {
            let ([w0, w1, w2, w3], [w4, w5, ..]) = (words(a), words(b));
            from_words([w2 ^ w0, w3 ^ w1, w4 ^ w2, w5 ^ w3])
        })
    }
    Sha1msg2(cpu, inst) {
        unaligned(cpu, inst, |a, b| {
            let ([a, b, c, d], [_, w13, w14, w15]) = (words(a), words(b));
            let w16 = (a ^ w13).rotate_left(1);
            from_words([w16, (b ^ w14).rotate_left(1), (c ^ w15).rotate_left(1), (d ^ w16).rotate_left(1)])
        })
    }
    /// Two rounds, with words and constants in XMM0.
    Sha256rnds2(cpu, inst) {
        let sums = cpu.xmm(0);
        unaligned(cpu, inst, |a, b| {
            let ([mut c, mut d, mut g, mut h], [mut a, mut b, mut e, mut f]) = (words(a), words(b));
            for n in 0..2 {
                let big1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
                let big0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
                let first = [big1, lane(sums, 32, n) as u32, h].into_iter().fold(choose(e, f, g), u32::wrapping_add);
                let second = majority(a, b, c).wrapping_add(big0);
                (b, c, d, f, g, h, e, a) = (a, b, c, e, f, g, first.wrapping_add(d), first.wrapping_add(second));
            }
            from_words([a, b, e, f])
        })
    }
    Sha256msg1(cpu, inst) {
        unaligned(cpu, inst, |a, b| {
            let ([w3, w2, w1, w0], [.., w4]) = (words(a), words(b));
            let small = |x: u32| x.rotate_right(7) ^ x.rotate_right(18) ^ x >> 3;
            from_words([(w3, w4), (w2, w3), (w1, w2), (w0, w1)].map(|(w, next)| w.wrapping_add(small(next))))
        })
    }
    Sha256msg2(cpu, inst) {
        unaligned(cpu, inst, |a, b| {
            let ([w3, w2, w1, w0], [w15, w14, ..]) = (words(a), words(b));
            let small = |x: u32| x.rotate_right(17) ^ x.rotate_right(19) ^ x >> 10;
            let (w16, w17) = (w0.wrapping_add(small(w14)), w1.wrapping_add(small(w15)));
            from_words([w3.wrapping_add(small(w17)), w2.wrapping_add(small(w16)), w17, w16])
        })
    }

    ExtrqImmediate(cpu, inst) { extract(cpu, inst, inst.imm) }
    Extrq(cpu, inst) { extract(cpu, inst, cpu.xmm(inst.src) as u64) }
    InsertqImmediate(cpu, inst) { insert(cpu, inst, inst.imm) }
    Insertq(cpu, inst) { insert(cpu, inst, (cpu.xmm(inst.src) >> 64) as u64) }
}

/// Length and index of a bit field; a length of 0 means 64.
fn field(control: u64) -> (u64, u32) {
    let (length, index) = (control as u32 & 63, (control >> 8) as u32 & 63);
    (if length == 0 { u64::MAX } else { (1 << length) - 1 }, index)
}

fn extract(cpu: &mut Cpu, inst: &Inst, control: u64) -> Flow {
    let (mask, index) = field(control);
    let value = cpu.xmm(inst.dst) as u64 >> index & mask;
    cpu.set_xmm(inst.dst, value as u128);
    Ok(())
}

fn insert(cpu: &mut Cpu, inst: &Inst, control: u64) -> Flow {
    let (mask, index) = field(control);
    let (old, new) = (cpu.xmm(inst.dst) as u64, cpu.xmm(inst.src) as u64);
    cpu.set_xmm(inst.dst, (old & !(mask << index) | (new & mask) << index) as u128);
    Ok(())
}

fn choose(x: u32, y: u32, z: u32) -> u32 {
    x & y ^ !x & z
}

fn majority(x: u32, y: u32, z: u32) -> u32 {
    x & y ^ x & z ^ y & z
}

/// ShiftRows and SubBytes: row `r` comes from the column that is `r * step` further.
fn substitute(state: u128, table: &[u8; 256], step: usize) -> u128 {
    let bytes = state.to_le_bytes();
    u128::from_le_bytes(core::array::from_fn(|n| table[bytes[(n + 4 * step * (n % 4)) % 16] as usize]))
}

fn each_column(state: u128, f: impl Fn(u32) -> u32) -> u128 {
    from_words(words(state).map(f))
}

/// Each byte times x in GF(2^8).
fn double(x: u32) -> u32 {
    (x & 0x7f7f_7f7f) << 1 ^ (x >> 7 & 0x0101_0101).wrapping_mul(0x1b)
}

/// MixColumns: 2, 3, 1, 1 times the bytes from each row on.
fn mix(x: u32) -> u32 {
    let pairs = x ^ x.rotate_right(8);
    double(pairs) ^ x.rotate_right(8) ^ pairs.rotate_right(16)
}

/// InvMixColumns, which is MixColumns after multiplying by 5, 0, 4, 0.
fn unmix(x: u32) -> u32 {
    mix(x ^ double(double(x ^ x.rotate_right(16))))
}

static SBOX: [u8; 256] = sbox();
static INVERSE: [u8; 256] = {
    let (sbox, mut inverse, mut n) = (sbox(), [0; 256], 0);
    while n < 256 {
        inverse[sbox[n] as usize] = n as u8;
        n += 1;
    }
    inverse
};

/// FIPS 197 section 5.1.1: inverses in GF(2^8), found by walking through the powers of 3 and of 1/3, then an affine map.
const fn sbox() -> [u8; 256] {
    let mut table = [0x63; 256];
    let (mut power, mut inverse) = (1u8, 1u8);
    loop {
        power ^= power << 1 ^ if power & 0x80 != 0 { 0x1b } else { 0 };
        inverse ^= inverse << 1;
        inverse ^= inverse << 2;
        inverse ^= inverse << 4;
        inverse ^= if inverse & 0x80 != 0 { 9 } else { 0 };
        let sum = inverse.rotate_left(1) ^ inverse.rotate_left(2) ^ inverse.rotate_left(3) ^ inverse.rotate_left(4);
        table[power as usize] = inverse ^ sum ^ 0x63;
        if power == 1 {
            return table;
        }
    }
}
