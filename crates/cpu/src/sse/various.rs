//! Masks, tests, sums of differences, carry-less products, EMMS.

use super::lanes::lane;
use super::swar::top_bits;
use crate::chain::{Run, call};
use crate::flags::{CF, Flags, ZF};
use crate::inst::Inst;
use crate::state::Cpu;
use crate::stop::Flow;
use isa::{Instruction, Op};

pub(super) fn handler(i: &Instruction, is_mmx: bool) -> Option<Run> {
    Some(match i.op {
        Op::Pmovmskb if is_mmx => call::<PmovmskbMmx>(),
        Op::Pmovmskb => call::<Pmovmskb>(),
        Op::Movmskps => call::<Movmskps>(),
        Op::Movmskpd => call::<Movmskpd>(),
        Op::Ptest => call::<Ptest>(),
        Op::Phminposuw => call::<Phminposuw>(),
        Op::Mpsadbw => call::<Mpsadbw>(),
        Op::Pclmulqdq => call::<Pclmulqdq>(),
        Op::Emms => call::<Emms>(),
        _ => return None,
    })
}

/// The top bit of each lane.
fn mask(value: u128, width: u32) -> u64 {
    (0..128 / width).fold(0, |result, n| result | (lane(value, width, n) >> (width - 1)) << n)
}

/// The product of polynomials over GF(2). With only each fifth bit set, of which there are thirteen, the sums of an ordinary
/// product stay in the gaps, and their lowest bits are what counts.
fn carry_less(a: u64, b: u64) -> u128 {
    const FIFTH: u64 = 0x1084_2108_4210_8421;
    const WIDE_FIFTH: u128 = 0x2108_4210_8421_0842_1084_2108_4210_8421;
    let part = |value: u64, n: usize| u128::from(value & FIFTH << n);
    (0..5).fold(0, |result, n| {
        let sums = (0..5).fold(0, |sums, k| sums ^ (part(a, k) * part(b, (n + 5 - k) % 5)));
        result | sums & WIDE_FIFTH << n
    })
}

fn binary(cpu: &mut Cpu, inst: &Inst, f: impl Fn(u128, u128) -> u128) -> Flow {
    let b = cpu.source128(inst)?;
    let value = f(cpu.xmm(inst.dst), b);
    cpu.set_xmm(inst.dst, value);
    Ok(())
}

crate::sem::calls! {
    Pmovmskb(cpu, inst) {
        let [low, high, ..] = cpu.xmm[inst.src as usize & 15];
        cpu.set64(inst.dst, top_bits(high) << 8 | top_bits(low));
        Ok(())
    }
    PmovmskbMmx(cpu, inst) {
        cpu.check_mmx()?;
        cpu.touch_mmx();
        cpu.set64(inst.dst, top_bits(cpu.mmx(inst.src)));
        Ok(())
    }
    Movmskps(cpu, inst) {
        cpu.set64(inst.dst, mask(cpu.xmm(inst.src), 32));
        Ok(())
    }
    Movmskpd(cpu, inst) {
        cpu.set64(inst.dst, mask(cpu.xmm(inst.src), 64));
        Ok(())
    }
    /// ZF: no common bit; CF: no bit of the source outside the destination.
    Ptest(cpu, inst) {
        let b = cpu.source128(inst)?;
        let a = cpu.xmm(inst.dst);
        cpu.flags = Flags::from_bits(if a & b == 0 { ZF } else { 0 } | if !a & b == 0 { CF } else { 0 });
        Ok(())
    }
    /// The smallest word and where it is first.
    Phminposuw(cpu, inst) {
        binary(cpu, inst, |_, b| {
            let (value, index) = (0..8).map(|n| (lane(b, 16, n), n)).min().unwrap_or((0, 0));
            (index as u128) << 16 | value as u128
        })
    }
    /// Eight sums of four absolute differences: bits 1-0 choose four bytes of the source, bit 2 where the destination starts.
    Mpsadbw(cpu, inst) {
        binary(cpu, inst, |a, b| {
            let (from, with) = ((inst.imm as u32 >> 2 & 1) * 4, (inst.imm as u32 & 3) * 4);
            (0..8).fold(0, |result, n| {
                let sum: u64 = (0..4).map(|k| lane(a, 8, from + n + k).abs_diff(lane(b, 8, with + k))).sum();
                result | (sum as u128) << (16 * n)
            })
        })
    }
    /// Bits 0 and 4 of the immediate choose the halves.
    Pclmulqdq(cpu, inst) {
        binary(cpu, inst, |a, b| carry_less(lane(a, 64, inst.imm as u32 & 1), lane(b, 64, inst.imm as u32 >> 4 & 1)))
    }
    Emms(cpu, _inst) {
        cpu.check_mmx()?;
        cpu.x87.status &= !0x3800;
        cpu.x87.valid = 0;
        Ok(())
    }
}
