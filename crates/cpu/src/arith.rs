//! Integer arithmetic with flags: what every engine must agree on, one arm an operation (SDM Vol. 2).
//!
//! Values come in cut to their size; results may have bits beyond it, which the write drops.

use crate::flags::Flags;
use crate::size::Size;

/// An operation of two integers with its flags: a *fat* operation, which no engine takes apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arith {
    Add,
    Adc,
    Sub,
    Sbb,
    And,
    Or,
    Xor,
    /// ADD 1 and SUB 1 without the carry flag; the second operand is 1.
    Inc,
    Dec,
    Neg,
    Not,
    /// The second operand, no flags.
    Move,
    Shl,
    Shr,
    Sar,
    Rol,
    Ror,
    Rcl,
    Rcr,
    Imul,
    Bts,
    Btr,
    Btc,
}

/// Result and flags of `a op b`, the flags before being `old`.
#[inline(always)]
pub fn compute(op: Arith, size: Size, a: u64, b: u64, old: Flags) -> (u64, Flags) {
    match op {
        Arith::Add => {
            let sum = a.wrapping_add(b);
            (sum, Flags::of_add(size, a, b, sum))
        }
        Arith::Adc => {
            let sum = a.wrapping_add(b).wrapping_add(old.carry() as u64);
            (sum, Flags::of_add(size, a, b, sum))
        }
        Arith::Sub => {
            let difference = a.wrapping_sub(b);
            (difference, Flags::of_sub(size, a, b, difference))
        }
        Arith::Sbb => {
            let difference = a.wrapping_sub(b).wrapping_sub(old.carry() as u64);
            (difference, Flags::of_sub(size, a, b, difference))
        }
        Arith::And => (a & b, Flags::of_logic(size, a & b)),
        Arith::Or => (a | b, Flags::of_logic(size, a | b)),
        Arith::Xor => (a ^ b, Flags::of_logic(size, a ^ b)),
        Arith::Inc => {
            let sum = a.wrapping_add(1);
            (sum, Flags::of_add(size, a, 1, sum).with_carry(old.carry()))
        }
        Arith::Dec => {
            let difference = a.wrapping_sub(1);
            (difference, Flags::of_sub(size, a, 1, difference).with_carry(old.carry()))
        }
        Arith::Neg => {
            let negated = a.wrapping_neg();
            (negated, Flags::of_sub(size, 0, a, negated))
        }
        Arith::Not => (!a, old),
        Arith::Move => (b, old),
        Arith::Shl => shift(size, b, a, old, |count| {
            let carry = (a as u128) << count >> size.bits() & 1 != 0;
            let result = a << count;
            (result, carry, carry ^ size.sign(result))
        }),
        Arith::Shr => {
            shift(size, b, a, old, |count| (a >> count, a >> (count - 1) & 1 != 0, count == 1 && size.sign(a)))
        }
        Arith::Sar => shift(size, b, a, old, |count| {
            let wide = size.extend(a) as i64;
            ((wide >> count) as u64, wide >> (count - 1) & 1 != 0, false)
        }),
        Arith::Rol => rotate(size, b, a, old, |count| {
            let turn = count & (size.bits() - 1);
            let result = a << turn | a >> ((size.bits() - turn) & (size.bits() - 1));
            let carry = result & 1 != 0;
            (result, carry, carry ^ size.sign(result))
        }),
        Arith::Ror => rotate(size, b, a, old, |count| {
            let turn = count & (size.bits() - 1);
            let result = a >> turn | a << ((size.bits() - turn) & (size.bits() - 1));
            let (top, second) = (size.sign(result), result >> (size.bits() - 2) & 1 != 0);
            (result, top, top ^ second)
        }),
        Arith::Rcl => rotate(size, b, a, old, |count| {
            let width = size.bits() + 1;
            let turn = count % width;
            let wide = (old.carry() as u128) << size.bits() | a as u128;
            let turned = wide << turn | wide >> (width - turn);
            let carry = turned >> size.bits() & 1 != 0;
            (turned as u64, carry, carry ^ size.sign(turned as u64))
        }),
        Arith::Rcr => rotate(size, b, a, old, |count| {
            let width = size.bits() + 1;
            let turn = count % width;
            let wide = (old.carry() as u128) << size.bits() | a as u128;
            let turned = wide >> turn | wide << (width - turn);
            let result = turned as u64;
            let carry = turned >> size.bits() & 1 != 0;
            (result, carry, size.sign(result) ^ (result >> (size.bits() - 2) & 1 != 0))
        }),
        Arith::Imul => {
            let wide = size.extend(a) as i64 as i128 * size.extend(b) as i64 as i128;
            let is_lost = wide != size.extend(wide as u64) as i64 as i128;
            // Zen leaves ZF, AF and PF as they were and SF too; all are undefined.
            (wide as u64, old.with(is_lost, is_lost))
        }
        Arith::Bts => bit(size, a, b, old, |mask| a | mask),
        Arith::Btr => bit(size, a, b, old, |mask| a & !mask),
        Arith::Btc => bit(size, a, b, old, |mask| a ^ mask),
    }
}

/// As [`compute`], out of line: for handlers that look their operands up.
#[inline(never)]
pub fn compute_any(op: Arith, size: Size, a: u64, b: u64, old: Flags) -> (u64, Flags) {
    compute(op, size, a, b, old)
}

/// The count of a shift or rotation: six bits for 64-bit operands, else five.
#[inline(always)]
pub fn count(size: Size, count: u64) -> u32 {
    count as u32 & if matches!(size, Size::B8) { 63 } else { 31 }
}

/// Shifts change nothing if the count is 0; `f` gives result, CF and OF. (AF is undefined; the CPU sets it.)
#[inline(always)]
fn shift(size: Size, by: u64, a: u64, old: Flags, f: impl FnOnce(u32) -> (u64, bool, bool)) -> (u64, Flags) {
    let count = count(size, by);
    if count == 0 {
        return (a, old);
    }
    let (result, carry, overflow) = f(count);
    (result, Flags::of_logic(size, result).with(carry, overflow).with_adjust(true))
}

/// Rotations change CF and OF only, and nothing if the count is 0.
#[inline(always)]
fn rotate(size: Size, by: u64, a: u64, old: Flags, f: impl FnOnce(u32) -> (u64, bool, bool)) -> (u64, Flags) {
    let count = count(size, by);
    if count == 0 {
        return (a, old);
    }
    let (result, carry, overflow) = f(count);
    (result, old.with(carry, overflow))
}

/// BT and its kind: CF is the bit that was there.
#[inline(always)]
fn bit(size: Size, a: u64, b: u64, old: Flags, f: impl FnOnce(u64) -> u64) -> (u64, Flags) {
    let place = b & (size.bits() as u64 - 1);
    (f(1 << place), old.with_carry(a >> place & 1 != 0))
}
