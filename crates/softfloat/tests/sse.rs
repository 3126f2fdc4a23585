//! Every SSE operation against the real CPU: results, flags and traps, in all rounding modes, with DAZ and FTZ, masked and
//! unmasked.
#![cfg(target_arch = "x86_64")]

mod common;

use std::arch::asm;
use std::cmp::Ordering;
use std::sync::Once;

use common::{Random, edges, random};
use softfloat::*;

/// What the CPU made of it: the low quadword of the result, MXCSR's flags, and whether it trapped.
type Native = unsafe fn(u64, u64, u64, u32) -> (u64, u32, u64);
type Ours = fn(&mut Env, u64, u64, u64) -> u64;

/// A trapping instruction continues at the address in r8, with r9 set.
fn install_handler() {
    extern "C" fn handler(_: i32, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
        // SAFETY: the kernel passes a valid context.
        let registers = unsafe { &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs };
        registers[libc::REG_RIP as usize] = registers[libc::REG_R8 as usize];
        registers[libc::REG_R9 as usize] = 1;
    }
    static ONCE: Once = Once::new();
    // SAFETY: a plain installation of a handler that only changes the interrupted context.
    ONCE.call_once(|| unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO;
        libc::sigaction(libc::SIGFPE, &action, std::ptr::null_mut());
    });
}

macro_rules! native {
    ($text:expr) => {{
        unsafe fn run(a: u64, b: u64, c: u64, mxcsr: u32) -> (u64, u32, u64) {
            let mut result = a;
            let mut state = mxcsr;
            let plain = 0x1f80u32;
            let mut trapped = 0u64;
            // SAFETY: MXCSR is restored; a trap continues at label 2.
            unsafe {
                asm!(
                    "movq xmm0, rax", "movq xmm1, {b}", "movq xmm2, {c}",
                    "lea r8, [rip + 2f]", "ldmxcsr [{state}]",
                    $text,
                    "2:", "stmxcsr [{state}]", "ldmxcsr [{plain}]",
                    b = in(reg) b, c = in(reg) c, state = in(reg) &mut state, plain = in(reg) &plain,
                    inout("rax") result, out("r8") _, inout("r9") trapped,
                    out("xmm0") _, out("xmm1") _, out("xmm2") _,
                );
            }
            (result, state & 63, trapped)
        }
        run as Native
    }};
}

#[derive(Clone, Copy)]
enum Kind {
    Single,
    Double,
    Half,
    Integer,
    None,
}

impl Kind {
    fn edges(self) -> Vec<u64> {
        match self {
            Kind::Single => edges(23, 8),
            Kind::Double => edges(52, 11),
            Kind::Half => (0..0x10000).collect(),
            Kind::Integer => (0..64)
                .flat_map(|n| {
                    let x = 1u64 << n;
                    [
                        x,
                        x - 1,
                        x + 1,
                        x.wrapping_neg(),
                        x ^ 0x5555 << n,
                        x | x >> 24,
                        x | x >> 53,
                        x | x >> 25 | x >> 54,
                    ]
                })
                .collect(),
            Kind::None => vec![0],
        }
    }

    fn random(self, r: &mut Random) -> u64 {
        match self {
            Kind::Single => random(r, 23, 8),
            Kind::Double => random(r, 52, 11),
            Kind::Half => r.below(0x10000),
            Kind::Integer => r.fraction() >> r.below(64),
            Kind::None => 0,
        }
    }
}

struct Op {
    name: &'static str,
    operands: [Kind; 3],
    native: Native,
    ours: Ours,
}

fn check(op: &Op, mxcsr: u32, [a, b, c]: [u64; 3]) {
    // SAFETY: the handler is installed and the instruction only touches xmm0 to xmm2 and rax.
    let (result, flags, trapped) = unsafe { (op.native)(a, b, c, mxcsr) };
    // Without the shortcut over the host's arithmetic, and with it.
    for shortcut in [false, true] {
        let mut env = Env::from_mxcsr(mxcsr | u32::from(shortcut) << 5);
        let ours = (op.ours)(&mut env, a, b, c);
        let got = env.raised();
        let shortcut = env.flags.contains(Flags::PE) && shortcut && mxcsr & 1 << 12 != 0;
        let expected = Flags(flags as u8 | if shortcut { 32 } else { 0 });
        let got = if shortcut { got | Flags::PE } else { got };
        let same = got == expected && env.is_unmasked() == (trapped != 0) && (trapped != 0 || ours == result);
        assert!(
            same,
            "{} {a:#x} {b:#x} {c:#x} mxcsr {mxcsr:#x}: ours {ours:#x} {got:?} {}, native {result:#x} {expected:?} {}",
            op.name,
            env.is_unmasked(),
            trapped != 0,
        );
    }
}

fn run(ops: &[Op]) {
    install_handler();
    let rounds = std::env::var("SOFTFLOAT_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(60_000u64);
    let mut total = 0u64;
    for op in ops {
        let [first, second, third] = op.operands.map(Kind::edges);
        let binary = second.len() > 1;
        let mut r = Random(0x5eed ^ op.name.len() as u64);
        for &a in &first {
            for &b in &second {
                for config in 0..16u32 {
                    let mxcsr = 0x1f80 | (config & 3) << 13 | (config >> 2 & 1) << 6 | (config >> 3) << 15;
                    if third.len() == 1 {
                        check(op, mxcsr, [a, b, third[0]]);
                        total += 1;
                    } else {
                        // Three operands: a sample of the third, and of the environments.
                        if r.below(4) == 0 {
                            check(op, mxcsr, [a, b, third[r.below(third.len() as u64) as usize]]);
                            total += 1;
                        }
                    }
                }
                if !binary || r.below(8) == 0 {
                    let c = third[r.below(third.len() as u64) as usize];
                    check(op, r.next() as u32 & 0xffc0, [a, b, c]);
                    total += 1;
                }
            }
        }
        for n in 0..rounds {
            let values = op.operands.map(|k| k.random(&mut r));
            let config = r.next() as u32;
            check(op, if n % 16 == 0 { config & 0xffc0 } else { config & 0xe040 | 0x1f80 }, values);
        }
        total += rounds;
    }
    println!("{total} cases");
}

macro_rules! single {
    ($f:expr) => {
        |env, a, b, _| {
            let f: fn(&mut Env, F32, F32) -> F32 = $f;
            a & !0xffff_ffff | u64::from(f(env, F32(a as u32), F32(b as u32)).0)
        }
    };
}

macro_rules! double {
    ($f:expr) => {
        |env, a, b, _| {
            let f: fn(&mut Env, F64, F64) -> F64 = $f;
            f(env, F64(a), F64(b)).0
        }
    };
}

const SS: [Kind; 3] = [Kind::Single, Kind::Single, Kind::None];
const SD: [Kind; 3] = [Kind::Double, Kind::Double, Kind::None];
const UNARY_SS: [Kind; 3] = [Kind::Single, Kind::None, Kind::None];
const UNARY_SD: [Kind; 3] = [Kind::Double, Kind::None, Kind::None];

#[test]
fn arithmetic() {
    run(&[
        Op { name: "addss", operands: SS, native: native!("addss xmm0, xmm1\nmovq rax, xmm0"), ours: single!(add) },
        Op { name: "subss", operands: SS, native: native!("subss xmm0, xmm1\nmovq rax, xmm0"), ours: single!(sub) },
        Op { name: "mulss", operands: SS, native: native!("mulss xmm0, xmm1\nmovq rax, xmm0"), ours: single!(mul) },
        Op { name: "divss", operands: SS, native: native!("divss xmm0, xmm1\nmovq rax, xmm0"), ours: single!(div) },
        Op { name: "addsd", operands: SD, native: native!("addsd xmm0, xmm1\nmovq rax, xmm0"), ours: double!(add) },
        Op { name: "subsd", operands: SD, native: native!("subsd xmm0, xmm1\nmovq rax, xmm0"), ours: double!(sub) },
        Op { name: "mulsd", operands: SD, native: native!("mulsd xmm0, xmm1\nmovq rax, xmm0"), ours: double!(mul) },
        Op { name: "divsd", operands: SD, native: native!("divsd xmm0, xmm1\nmovq rax, xmm0"), ours: double!(div) },
        Op {
            name: "sqrtss",
            operands: UNARY_SS,
            native: native!("sqrtss xmm0, xmm0\nmovq rax, xmm0"),
            ours: single!(|env, a, _| sqrt(env, a)),
        },
        Op {
            name: "sqrtsd",
            operands: UNARY_SD,
            native: native!("sqrtsd xmm0, xmm0\nmovq rax, xmm0"),
            ours: double!(|env, a, _| sqrt(env, a)),
        },
    ]);
}

#[test]
fn minimum_and_maximum() {
    run(&[
        Op { name: "minss", operands: SS, native: native!("minss xmm0, xmm1\nmovq rax, xmm0"), ours: single!(min) },
        Op { name: "maxss", operands: SS, native: native!("maxss xmm0, xmm1\nmovq rax, xmm0"), ours: single!(max) },
        Op { name: "minsd", operands: SD, native: native!("minsd xmm0, xmm1\nmovq rax, xmm0"), ours: double!(min) },
        Op { name: "maxsd", operands: SD, native: native!("maxsd xmm0, xmm1\nmovq rax, xmm0"), ours: double!(max) },
    ]);
}

fn eflags(order: Option<Ordering>) -> u64 {
    match order {
        None => 0b111,
        Some(Ordering::Less) => 1,
        Some(Ordering::Equal) => 4,
        Some(Ordering::Greater) => 0,
    }
}

#[test]
fn comparisons() {
    macro_rules! flags_of {
        ($text:expr) => {{
            unsafe fn run(a: u64, b: u64, _: u64, mxcsr: u32) -> (u64, u32, u64) {
                let mut state = mxcsr;
                let plain = 0x1f80u32;
                let (out, mut trapped): (u64, u64);
                trapped = 0;
                // SAFETY: as in `native!`.
                unsafe {
                    asm!(
                        "movq xmm0, {a}", "movq xmm1, {b}",
                        "lea r8, [rip + 2f]", "ldmxcsr [{state}]",
                        $text,
                        "2:", "pushfq", "pop {out}", "stmxcsr [{state}]", "ldmxcsr [{plain}]",
                        a = in(reg) a, b = in(reg) b, state = in(reg) &mut state, plain = in(reg) &plain,
                        out = out(reg) out, out("r8") _, inout("r9") trapped, out("xmm0") _, out("xmm1") _,
                    );
                }
                (out & 1 | out >> 1 & 2 | out >> 4 & 4, state & 63, trapped)
            }
            run as Native
        }};
    }
    run(&[
        Op {
            name: "comiss",
            operands: SS,
            native: flags_of!("comiss xmm0, xmm1"),
            ours: |env, a, b, _| eflags(compare(env, F32(a as u32), F32(b as u32), Nans::Signal)),
        },
        Op {
            name: "ucomiss",
            operands: SS,
            native: flags_of!("ucomiss xmm0, xmm1"),
            ours: |env, a, b, _| eflags(compare(env, F32(a as u32), F32(b as u32), Nans::Quiet)),
        },
        Op {
            name: "comisd",
            operands: SD,
            native: flags_of!("comisd xmm0, xmm1"),
            ours: |env, a, b, _| eflags(compare(env, F64(a), F64(b), Nans::Signal)),
        },
        Op {
            name: "ucomisd",
            operands: SD,
            native: flags_of!("ucomisd xmm0, xmm1"),
            ours: |env, a, b, _| eflags(compare(env, F64(a), F64(b), Nans::Quiet)),
        },
    ]);
}

#[test]
fn conversions() {
    const INT: [Kind; 3] = [Kind::Integer, Kind::None, Kind::None];
    run(&[
        Op {
            name: "cvtss2sd",
            operands: UNARY_SS,
            native: native!("cvtss2sd xmm0, xmm0\nmovq rax, xmm0"),
            ours: |env, a, _, _| convert::<F32, F64>(env, F32(a as u32)).0,
        },
        Op {
            name: "cvtsd2ss",
            operands: UNARY_SD,
            native: native!("cvtsd2ss xmm0, xmm0\nmovd eax, xmm0"),
            ours: |env, a, _, _| convert::<F64, F32>(env, F64(a)).0.into(),
        },
        Op {
            name: "cvtss2si",
            operands: UNARY_SS,
            native: native!("cvtss2si eax, xmm0"),
            ours: |env, a, _, _| to_signed(env, F32(a as u32), 32, env.rounding) as u32 as u64,
        },
        Op {
            name: "cvtss2si 64",
            operands: UNARY_SS,
            native: native!("cvtss2si rax, xmm0"),
            ours: |env, a, _, _| to_signed(env, F32(a as u32), 64, env.rounding) as u64,
        },
        Op {
            name: "cvttss2si",
            operands: UNARY_SS,
            native: native!("cvttss2si eax, xmm0"),
            ours: |env, a, _, _| to_signed(env, F32(a as u32), 32, Rounding::Zero) as u32 as u64,
        },
        Op {
            name: "cvtsd2si",
            operands: UNARY_SD,
            native: native!("cvtsd2si eax, xmm0"),
            ours: |env, a, _, _| to_signed(env, F64(a), 32, env.rounding) as u32 as u64,
        },
        Op {
            name: "cvtsd2si 64",
            operands: UNARY_SD,
            native: native!("cvtsd2si rax, xmm0"),
            ours: |env, a, _, _| to_signed(env, F64(a), 64, env.rounding) as u64,
        },
        Op {
            name: "cvttsd2si 64",
            operands: UNARY_SD,
            native: native!("cvttsd2si rax, xmm0"),
            ours: |env, a, _, _| to_signed(env, F64(a), 64, Rounding::Zero) as u64,
        },
        Op {
            name: "cvtsi2ss",
            operands: INT,
            native: native!("cvtsi2ss xmm0, eax\nmovd eax, xmm0"),
            ours: |env, a, _, _| from_signed::<F32>(env, i64::from(a as i32)).0.into(),
        },
        Op {
            name: "cvtsi2ss 64",
            operands: INT,
            native: native!("cvtsi2ss xmm0, rax\nmovd eax, xmm0"),
            ours: |env, a, _, _| from_signed::<F32>(env, a as i64).0.into(),
        },
        Op {
            name: "cvtsi2sd",
            operands: INT,
            native: native!("cvtsi2sd xmm0, eax\nmovq rax, xmm0"),
            ours: |env, a, _, _| from_signed::<F64>(env, i64::from(a as i32)).0,
        },
        Op {
            name: "cvtsi2sd 64",
            operands: INT,
            native: native!("cvtsi2sd xmm0, rax\nmovq rax, xmm0"),
            ours: |env, a, _, _| from_signed::<F64>(env, a as i64).0,
        },
    ]);
}

#[test]
fn rounding_to_integral() {
    if !is_x86_feature_detected!("sse4.1") {
        return;
    }
    macro_rules! round {
        ($imm:literal, $mode:expr, $inexact:expr) => {
            run(&[
                Op {
                    name: concat!("roundss ", $imm),
                    operands: UNARY_SS,
                    native: native!(concat!("roundss xmm0, xmm0, ", $imm, "\nmovd eax, xmm0")),
                    ours: |env, a, _, _| {
                        let mode: fn(&Env) -> Rounding = $mode;
                        round_to_integral(env, F32(a as u32), mode(env), $inexact).0.into()
                    },
                },
                Op {
                    name: concat!("roundsd ", $imm),
                    operands: UNARY_SD,
                    native: native!(concat!("roundsd xmm0, xmm0, ", $imm, "\nmovq rax, xmm0")),
                    ours: |env, a, _, _| {
                        let mode: fn(&Env) -> Rounding = $mode;
                        round_to_integral(env, F64(a), mode(env), $inexact).0
                    },
                },
            ])
        };
    }
    round!("0", |_| Rounding::Nearest, true);
    round!("1", |_| Rounding::Down, true);
    round!("2", |_| Rounding::Up, true);
    round!("3", |_| Rounding::Zero, true);
    round!("4", |env| env.rounding, true);
    round!("8", |_| Rounding::Nearest, false);
    round!("12", |env| env.rounding, false);
}

#[test]
fn fused() {
    if !is_x86_feature_detected!("fma") {
        return;
    }
    // The digits name the operands of the product, then the addend; NaNs are taken in this order. xmm0 is operand 1.
    macro_rules! fused {
        ($name:literal, $product:literal, $addend:literal, |$a:ident, $b:ident, $c:ident| $x:ident, $y:ident, $z:ident) => {
            run(&[
                Op {
                    name: concat!($name, "sd"),
                    operands: [Kind::Double; 3],
                    native: native!(concat!($name, "sd xmm0, xmm1, xmm2\nmovq rax, xmm0")),
                    ours: |env, $a, $b, $c| fma(env, F64($x), F64($y), F64($z), $product, $addend).0,
                },
                Op {
                    name: concat!($name, "ss"),
                    operands: [Kind::Single; 3],
                    native: native!(concat!($name, "ss xmm0, xmm1, xmm2\nmovd eax, xmm0")),
                    ours: |env, $a, $b, $c| {
                        fma(env, F32($x as u32), F32($y as u32), F32($z as u32), $product, $addend).0.into()
                    },
                },
            ])
        };
    }
    fused!("vfmadd213", false, false, |a, b, c| b, a, c);
    fused!("vfmsub213", false, true, |a, b, c| b, a, c);
    fused!("vfnmadd213", true, false, |a, b, c| b, a, c);
    fused!("vfnmsub213", true, true, |a, b, c| b, a, c);
    fused!("vfmadd132", false, false, |a, b, c| a, c, b);
    fused!("vfmadd231", false, false, |a, b, c| b, c, a);
}

#[test]
fn half_precision() {
    if !is_x86_feature_detected!("f16c") {
        return;
    }
    run(&[
        Op {
            name: "vcvtph2ps",
            operands: [Kind::Half, Kind::None, Kind::None],
            native: native!("vcvtph2ps xmm0, xmm0\nmovd eax, xmm0"),
            ours: |env, a, _, _| from_half(env, F16(a as u16)).0.into(),
        },
        Op {
            name: "vcvtps2ph",
            operands: UNARY_SS,
            native: native!("vcvtps2ph xmm0, xmm0, 4\nmovd eax, xmm0\nmovzx eax, ax"),
            ours: |env, a, _, _| to_half(env, F32(a as u32), env.rounding).0.into(),
        },
    ]);
}

/// Lanes share one environment: an unmasked exception that is found before computing hides the others' results.
#[test]
fn lanes() {
    run(&[Op {
        name: "divpd",
        operands: [Kind::Double; 3],
        native: native!("movlhps xmm0, xmm2\nmovq xmm2, rax\nmovlhps xmm1, xmm2\ndivpd xmm0, xmm1\nmovq rax, xmm0"),
        ours: |env, a, b, c| {
            let low = div(env, F64(a), F64(b)).0;
            div(env, F64(c), F64(a));
            low
        },
    }]);
}
