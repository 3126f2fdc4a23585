//! The 80-bit operations against the real CPU: results, status word and unmasked responses, in all rounding modes and
//! precisions.
#![cfg(target_arch = "x86_64")]

mod common;

use std::arch::asm;
use std::cmp::Ordering;

use common::{Random, edges, random, random80, values};
use softfloat::*;

/// What `FNSAVE` shows afterwards, in 32-bit format, and the memory operand.
struct After {
    status: u16,
    st: [F80; 8],
    memory: [u8; 16],
}

type Native = unsafe fn(&[u8; 32], u16, &mut [u8; 16], &mut [u8; 108]);

/// Runs one instruction with st(1) and st(0) loaded and `{m}` naming a memory operand.
macro_rules! native {
    ($text:expr) => {{
        unsafe fn run(registers: &[u8; 32], control: u16, memory: &mut [u8; 16], image: &mut [u8; 108]) {
            // SAFETY: FNSAVE leaves the unit initialised and empty, without pending exceptions.
            unsafe {
                asm!(
                    "fninit", "fld tbyte ptr [{r} + 16]", "fld tbyte ptr [{r}]", "fldcw word ptr [{c}]",
                    $text,
                    "fnsave [{i}]",
                    r = in(reg) registers, c = in(reg) &control, i = in(reg) image, m = in(reg) memory, out("rax") _,
                    out("st(0)") _, out("st(1)") _, out("st(2)") _, out("st(3)") _,
                    out("st(4)") _, out("st(5)") _, out("st(6)") _, out("st(7)") _,
                );
            }
        }
        run as Native
    }};
    // Without a memory operand.
    (@ $text:expr) => { native!(concat!($text, "\n/* {m} */")) };
}

fn on_cpu(native: Native, a: F80, b: F80, control: u16, memory: [u8; 16]) -> After {
    let mut registers = [0; 32];
    registers[..10].copy_from_slice(&a.to_bytes());
    registers[16..26].copy_from_slice(&b.to_bytes());
    let (mut image, mut memory) = ([0; 108], memory);
    // SAFETY: see `native!`.
    unsafe { native(&registers, control, &mut memory, &mut image) };
    let st = std::array::from_fn(|n| F80::from_bytes(image[28 + n * 10..][..10].try_into().unwrap()));
    After { status: u16::from_le_bytes([image[4], image[5]]), st, memory }
}

/// C1, C2, C3, C0 as this crate's operation tells them; C1 only counts where it is defined.
struct Outcome {
    st: Vec<F80>,
    memory: Option<Vec<u8>>,
    conditions: u16,
    condition_mask: u16,
}

impl Outcome {
    fn st0(value: F80) -> Outcome {
        Outcome { st: vec![value], memory: None, conditions: 0, condition_mask: 0 }
    }

    fn memory(bytes: &[u8]) -> Outcome {
        Outcome { st: vec![], memory: Some(bytes.to_vec()), conditions: 0, condition_mask: 0 }
    }
}

struct Op {
    name: &'static str,
    native: Native,
    ours: fn(&mut Env, F80, F80, [u8; 16]) -> Outcome,
    /// Number of registers that matter: one or two.
    operands: u32,
    memory: fn(&mut Random) -> u64,
}

fn check(op: &Op, a: F80, b: F80, control: u16, memory: [u8; 16]) {
    let native = on_cpu(op.native, a, b, control, memory);
    let mut env = Env::from_control_word(control);
    let ours = (op.ours)(&mut env, a, b, memory);
    let trapped_before = !((env.flags & Flags::PRE) - env.masks).is_empty();
    let raised = env.raised();
    let mut fault = String::new();
    if u16::from(raised.0) != native.status & 63 {
        fault += " flags";
    }
    if !trapped_before {
        if raised.contains(Flags::PE) && u16::from(env.rounded_up) != native.status >> 9 & 1 {
            fault += " C1";
        }
        if (native.status ^ ours.conditions) & ours.condition_mask != 0 {
            fault += " conditions";
        }
        for (n, value) in ours.st.iter().enumerate() {
            if native.st[n] != *value {
                fault += " result";
            }
        }
    }
    if let Some(bytes) = &ours.memory {
        let stored = if env.is_unmasked() && !((env.flags - Flags::PE) - env.masks).is_empty() {
            &memory[..bytes.len()]
        } else {
            &bytes[..]
        };
        if native.memory[..bytes.len()] != *stored {
            fault += " memory";
        }
    }
    assert!(
        fault.is_empty(),
        "{}: wrong{fault}: a {a:x?} b {b:x?} control {control:#x} memory {memory:x?}: ours {:x?} {:x?} {raised:?} up {} {:#x}, native {:x?} {:x?} status {:#x}",
        op.name,
        ours.st,
        ours.memory,
        env.rounded_up,
        ours.conditions,
        &native.st[..2],
        native.memory,
        native.status,
    );
}

fn run(ops: &[Op]) {
    let rounds = std::env::var("SOFTFLOAT_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(60_000u64);
    let values = values();
    let mut total = 0u64;
    for op in ops {
        let mut r = Random(0x87 + op.name.len() as u64);
        let words = |r: &mut Random| {
            let mut memory = [0u8; 16];
            memory[..8].copy_from_slice(&(op.memory)(r).to_le_bytes());
            memory[8..].copy_from_slice(&r.next().to_le_bytes());
            memory
        };
        let control = |r: &mut Random| {
            let masks = if r.below(3) == 0 { r.below(64) } else { 63 };
            (r.below(16) << 8 | masks) as u16
        };
        for &a in &values {
            for n in 0..if op.operands == 2 { values.len() } else { 200 } {
                let control = control(&mut r);
                let memory = words(&mut r);
                check(op, a, values[n % values.len()], control, memory);
                total += 1;
            }
        }
        for _ in 0..rounds {
            let (a, mut b) = (random80(&mut r), random80(&mut r));
            if r.below(8) == 0 {
                b = F80::new(a.sign_exponent ^ (r.below(2) as u16) << 15, a.significand.wrapping_add(r.below(3)));
            }
            let control = control(&mut r);
            let memory = words(&mut r);
            check(op, a, b, control, memory);
            total += 1;
        }
    }
    println!("{total} cases");
}

const NONE: fn(&mut Random) -> u64 = |_| 0;

fn f32_operand(r: &mut Random) -> u64 {
    let edges = edges(23, 8);
    if r.below(2) == 0 { edges[r.below(edges.len() as u64) as usize] } else { random(r, 23, 8) }
}

fn f64_operand(r: &mut Random) -> u64 {
    let edges = edges(52, 11);
    if r.below(2) == 0 { edges[r.below(edges.len() as u64) as usize] } else { random(r, 52, 11) }
}

fn low32(memory: [u8; 16]) -> F32 {
    F32(u32::from_le_bytes(memory[..4].try_into().unwrap()))
}

fn low64(memory: [u8; 16]) -> F64 {
    F64(u64::from_le_bytes(memory[..8].try_into().unwrap()))
}

#[test]
fn arithmetic() {
    macro_rules! op {
        ($name:literal, $text:literal, |$env:ident, $a:ident, $b:ident| $ours:expr, $operands:literal) => {
            Op {
                name: $name,
                native: native!(@ $text),
                ours: |$env, $a, $b, _| {
                    let _ = $b;
                    Outcome::st0($ours)
                },
                operands: $operands,
                memory: NONE,
            }
        };
    }
    run(&[
        op!("fadd", "fadd st(0), st(1)", |env, a, b| add(env, a, b), 2),
        op!("fsub", "fsub st(0), st(1)", |env, a, b| sub(env, a, b), 2),
        op!("fsubr", "fsubr st(0), st(1)", |env, a, b| sub(env, b, a), 2),
        op!("fmul", "fmul st(0), st(1)", |env, a, b| mul(env, a, b), 2),
        op!("fdiv", "fdiv st(0), st(1)", |env, a, b| div(env, a, b), 2),
        op!("fdivr", "fdivr st(0), st(1)", |env, a, b| div(env, b, a), 2),
        op!("fsqrt", "fsqrt", |env, a, b| sqrt(env, a), 1),
        op!("frndint", "frndint", |env, a, b| round_to_integral(env, a, env.rounding, true), 1),
    ]);
}

#[test]
fn memory_operands() {
    run(&[
        Op {
            name: "fadd m32",
            native: native!("fadd dword ptr [{m}]"),
            ours: |env, a, _, m| {
                let m = widen(env, low32(m));
                Outcome::st0(add(env, a, m))
            },
            operands: 1,
            memory: f32_operand,
        },
        Op {
            name: "fmul m64",
            native: native!("fmul qword ptr [{m}]"),
            ours: |env, a, _, m| {
                let m = widen(env, low64(m));
                Outcome::st0(mul(env, a, m))
            },
            operands: 1,
            memory: f64_operand,
        },
        Op {
            name: "fdivr m64",
            native: native!("fdivr qword ptr [{m}]"),
            ours: |env, a, _, m| {
                let m = widen(env, low64(m));
                Outcome::st0(div(env, m, a))
            },
            operands: 1,
            memory: f64_operand,
        },
        Op {
            name: "fld m32",
            native: native!("fld dword ptr [{m}]"),
            ours: |env, _, _, m| Outcome::st0(convert(env, low32(m))),
            operands: 1,
            memory: f32_operand,
        },
        Op {
            name: "fld m64",
            native: native!("fld qword ptr [{m}]"),
            ours: |env, _, _, m| Outcome::st0(convert(env, low64(m))),
            operands: 1,
            memory: f64_operand,
        },
        Op {
            name: "fbld",
            native: native!("fbld [{m}]"),
            ours: |env, _, _, m| Outcome::st0(from_decimal(env, m[..10].try_into().unwrap())),
            operands: 1,
            memory: |r| if r.below(2) == 0 { r.fraction() } else { r.next() & 0x7777_7777_7777_7777 },
        },
    ]);
}

#[test]
fn stores() {
    run(&[
        Op {
            name: "fst m32",
            native: native!("fst dword ptr [{m}]"),
            ours: |env, a, _, _| Outcome::memory(&store::<F32>(env, a).0.to_le_bytes()),
            operands: 1,
            memory: NONE,
        },
        Op {
            name: "fst m64",
            native: native!("fst qword ptr [{m}]"),
            ours: |env, a, _, _| Outcome::memory(&store::<F64>(env, a).0.to_le_bytes()),
            operands: 1,
            memory: NONE,
        },
        Op {
            name: "fist m16",
            native: native!("fist word ptr [{m}]"),
            ours: |env, a, _, _| Outcome::memory(&(to_signed(env, a, 16, env.rounding) as i16).to_le_bytes()),
            operands: 1,
            memory: NONE,
        },
        Op {
            name: "fist m32",
            native: native!("fist dword ptr [{m}]"),
            ours: |env, a, _, _| Outcome::memory(&(to_signed(env, a, 32, env.rounding) as i32).to_le_bytes()),
            operands: 1,
            memory: NONE,
        },
        Op {
            name: "fistp m64",
            native: native!("fistp qword ptr [{m}]"),
            ours: |env, a, _, _| Outcome::memory(&to_signed(env, a, 64, env.rounding).to_le_bytes()),
            operands: 1,
            memory: NONE,
        },
        Op {
            name: "fisttp m32",
            native: native!("fisttp dword ptr [{m}]"),
            ours: |env, a, _, _| Outcome::memory(&(to_signed(env, a, 32, Rounding::Zero) as i32).to_le_bytes()),
            operands: 1,
            memory: NONE,
        },
        Op {
            name: "fbstp",
            native: native!("fbstp [{m}]"),
            ours: |env, a, _, _| Outcome::memory(&to_decimal(env, a)),
            operands: 1,
            memory: NONE,
        },
    ]);
}

fn conditions(order: Option<Ordering>) -> Outcome {
    let conditions = match order {
        None => 0x4500,
        Some(Ordering::Less) => 0x100,
        Some(Ordering::Equal) => 0x4000,
        Some(Ordering::Greater) => 0,
    };
    Outcome { st: vec![], memory: None, conditions, condition_mask: 0x4700 }
}

#[test]
fn comparisons() {
    run(&[
        Op {
            name: "fcom",
            native: native!(@ "fcom st(1)"),
            ours: |env, a, b, _| conditions(compare(env, a, b, Nans::Signal)),
            operands: 2,
            memory: NONE,
        },
        Op {
            name: "fucom",
            native: native!(@ "fucom st(1)"),
            ours: |env, a, b, _| conditions(compare(env, a, b, Nans::Quiet)),
            operands: 2,
            memory: NONE,
        },
        Op {
            name: "fcom m64",
            native: native!("fcom qword ptr [{m}]"),
            ours: |env, a, _, m| {
                let m = widen(env, low64(m));
                conditions(compare(env, a, m, Nans::Signal))
            },
            operands: 1,
            memory: f64_operand,
        },
        Op {
            name: "fxam",
            native: native!(@ "fxam"),
            ours: |_, a, _, _| {
                let class = a.class() as u16;
                let conditions =
                    (class & 1) << 8 | (class >> 1 & 1) << 10 | (class >> 2) << 14 | (a.sign_exponent >> 15) << 9;
                Outcome { st: vec![a], memory: None, conditions, condition_mask: 0x4700 }
            },
            operands: 1,
            memory: NONE,
        },
    ]);
}

fn remainder_outcome(env: &mut Env, a: F80, b: F80, kind: Quotient) -> Outcome {
    let Remainder { value, quotient, partial } = remainder(env, a, b, kind);
    let q = u16::from(quotient);
    let conditions = (q & 1) << 9 | (q >> 1 & 1) << 14 | (q >> 2) << 8 | u16::from(partial) << 10;
    let condition_mask = if partial { 0x400 } else { 0x4700 };
    Outcome { st: vec![value], memory: None, conditions, condition_mask }
}

#[test]
fn remainder_scale_and_extract() {
    run(&[
        Op {
            name: "fxtract",
            native: native!(@ "fxtract"),
            ours: |env, a, _, _| {
                let (exponent, significand) = extract(env, a);
                Outcome { st: vec![significand, exponent], memory: None, conditions: 0, condition_mask: 0 }
            },
            operands: 1,
            memory: NONE,
        },
        Op {
            name: "fscale",
            native: native!(@ "fscale"),
            ours: |env, a, b, _| Outcome::st0(scale(env, a, b)),
            operands: 2,
            memory: NONE,
        },
        Op {
            name: "fprem",
            native: native!(@ "fprem"),
            ours: |env, a, b, _| remainder_outcome(env, a, b, Quotient::Truncated),
            operands: 2,
            memory: NONE,
        },
        Op {
            name: "fprem1",
            native: native!(@ "fprem1"),
            ours: |env, a, b, _| remainder_outcome(env, a, b, Quotient::Nearest),
            operands: 2,
            memory: NONE,
        },
    ]);
}

type Pushed = Option<(F80, Option<F80>)>;

struct Function {
    name: &'static str,
    native: Native,
    /// st(0) and, where the instruction pushes, st(1).
    ours: fn(&mut Env, F80, F80) -> Pushed,
    operands: u32,
}

/// How far two numbers are apart, in units of the last place, as far as that makes sense.
fn distance(a: F80, b: F80) -> u64 {
    let line = |x: F80| {
        let magnitude = i128::from(x.sign_exponent & 0x7fff) << 63 | i128::from(x.significand & !(1 << 63));
        if x.is_negative() { -magnitude } else { magnitude }
    };
    u64::try_from(line(a).abs_diff(line(b))).unwrap_or(u64::MAX)
}

/// The CPU does not always round correctly; so the last place may differ, but the special operands and flags may not.
#[test]
fn transcendentals() {
    macro_rules! function {
        ($name:literal, $operands:literal, |$env:ident, $a:ident, $b:ident| $ours:expr) => {
            Function {
                name: $name,
                native: native!(@ $name),
                ours: |$env, $a, $b| {
                    let _ = $b;
                    $ours
                },
                operands: $operands,
            }
        };
    }
    let functions = [
        function!("f2xm1", 1, |env, a, b| Some((exp2_minus_1(env, a), None))),
        function!("fyl2x", 2, |env, a, b| Some((y_log2_x(env, b, a), None))),
        function!("fyl2xp1", 2, |env, a, b| Some((y_log2_x_plus_1(env, b, a), None))),
        function!("fpatan", 2, |env, a, b| Some((arc_tangent_of(env, b, a), None))),
        function!("fsin", 1, |env, a, b| sine(env, a).map(|x| (x, None))),
        function!("fcos", 1, |env, a, b| cosine(env, a).map(|x| (x, None))),
        function!("fsincos", 1, |env, a, b| sine_cosine(env, a).map(|(x, y)| (y, Some(x)))),
        function!("fptan", 1, |env, a, b| tangent(env, a).map(|(x, y)| (y, Some(x)))),
    ];
    let rounds = std::env::var("SOFTFLOAT_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000u64);
    let values = values();
    let verbose = std::env::var_os("SOFTFLOAT_VERBOSE").is_some();
    for f in &functions {
        let mut r = Random(0x7a + f.name.len() as u64);
        let (mut total, mut same, mut close, mut wrong, mut c1) = (0u64, 0u64, 0u64, 0u64, 0u64);
        let mut try_one = |a: F80, b: F80, control: u16| {
            let native = on_cpu(f.native, a, b, control, [0; 16]);
            let mut env = Env::from_control_word(control);
            let ours = (f.ours)(&mut env, a, b);
            let status = native.status;
            let raised = u16::from(env.raised().0);
            total += 1;
            let stopped = !((env.flags & Flags::PRE) - env.masks).is_empty();
            let apart = match ours {
                None => u64::from(status & 0x400 == 0 || native.st[0] != a) * 1000,
                Some(_) if stopped => 0,
                Some((x, y)) => distance(x, native.st[0]).max(y.map_or(0, |y| distance(y, native.st[1]))),
            };
            same += u64::from(apart == 0);
            close += u64::from(apart == 1);
            let up = u16::from(env.rounded_up) << 9;
            c1 += u64::from(apart == 0 && !stopped && raised & 32 != 0 && up != status & 0x200);
            if apart > 1 || raised != status & 63 {
                wrong += 1;
                if !verbose || wrong < 12 {
                    println!(
                        "{} a {a:x?} b {b:x?} control {control:#x}: ours {ours:x?} {raised:#x}, native {:x?} {status:#x}",
                        f.name,
                        &native.st[..2]
                    );
                }
                assert!(verbose, "see the line above");
            }
        };
        for &a in &values {
            for &b in values.iter().take(if f.operands == 2 { values.len() } else { 20 }) {
                let masks = if r.below(3) == 0 { r.below(64) } else { 63 };
                try_one(a, b, (r.below(16) << 8 | masks) as u16);
            }
        }
        for _ in 0..rounds {
            let (mut a, b) = (random80(&mut r), random80(&mut r));
            if r.below(2) == 0 {
                a = F80::new(a.sign_exponent & 0x8000 | (0x3ff0 + r.below(20)) as u16, 1 << 63 | r.next());
            }
            try_one(a, b, (r.below(16) << 8 | 63) as u16);
        }
        assert!(same > total / 100 * 88, "{}: only {same} of {total} equal", f.name);
        println!("{}: {total} cases, {same} equal, {close} one unit apart, {c1} differ in C1, {wrong} wrong", f.name);
    }
}

#[test]
fn constants() {
    macro_rules! constant {
        ($text:literal, $constant:expr) => {
            for control in 0..16 {
                let native = on_cpu(native!(@ $text), F80::ZERO, F80::ZERO, control << 8 | 63, [0; 16]);
                let ours = $constant.rounded(Rounding::from_bits(u32::from(control) >> 2));
                assert_eq!(native.st[0], ours, "{} {control:#x}", $text);
                assert_eq!(native.status & 0x3f, 0);
            }
        };
    }
    constant!("fldz", Constant::Zero);
    constant!("fld1", Constant::One);
    constant!("fldl2t", Constant::Log2Ten);
    constant!("fldl2e", Constant::Log2E);
    constant!("fldpi", Constant::Pi);
    constant!("fldlg2", Constant::Log10Two);
    constant!("fldln2", Constant::LnTwo);
}
