//! The same answers on every host: digests of results and flags over seeded operands, recorded where the other tests compared
//! this code with the real CPU. `SOFTFLOAT_RECORD=1` prints the table.

mod common;

use common::{Random, edges, random, random80, values};
use softfloat::*;

struct Digest(u64);

impl Digest {
    fn add(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }

    fn add80(&mut self, x: F80) {
        self.add(x.significand);
        self.add(x.sign_exponent.into());
    }
}

fn environment(r: &mut Random) -> Env {
    let masks = if r.below(4) == 0 { r.below(64) } else { 63 };
    Env::from_mxcsr(((masks << 7) | ((r.next() & 0xe060) ^ (r.below(4) << 13))) as u32)
}

fn digest64(op: fn(&mut Env, u64, u64, u64) -> u64, fraction: u32, width: u32) -> u64 {
    let (mut r, mut digest) = (Random(fraction.into()), Digest(0));
    let edges = edges(fraction, width);
    let one = |r: &mut Random, digest: &mut Digest, a, b, c| {
        let mut env = environment(r);
        let result = op(&mut env, a, b, c);
        digest.add(if env.is_unmasked() { 0 } else { result });
        // PE may have been given.
        digest.add((env.raised() | Flags::PE).0.into());
    };
    for &a in &edges {
        for &b in &edges {
            one(&mut r, &mut digest, a, b, edges[(a ^ b) as usize % edges.len()]);
        }
    }
    for _ in 0..20_000 {
        let [a, b, c] = std::array::from_fn(|_| random(&mut r, fraction, width));
        one(&mut r, &mut digest, a, b, c);
    }
    digest.0
}

fn digest80(op: fn(&mut Env, F80, F80, &mut Digest)) -> u64 {
    let (mut r, mut digest) = (Random(80), Digest(0));
    let one = |r: &mut Random, digest: &mut Digest, a, b| {
        let mut env =
            Env::from_control_word((r.below(16) << 8 | if r.below(4) == 0 { r.below(64) } else { 63 }) as u16);
        op(&mut env, a, b, digest);
        digest.add(env.flags.0.into());
    };
    for a in values() {
        for b in values() {
            one(&mut r, &mut digest, a, b);
        }
    }
    for _ in 0..20_000 {
        let (a, b) = (random80(&mut r), random80(&mut r));
        one(&mut r, &mut digest, a, b);
    }
    digest.0
}

macro_rules! sse {
    ($($name:ident: |$env:ident, $a:ident, $b:ident, $c:ident| $ours:expr;)*) => {
        &[$(
            (concat!(stringify!($name), " f32"), || digest64(|$env, a, b, c| {
                let ($a, $b, $c) = (F32(a as u32), F32(b as u32), F32(c as u32));
                let _ = ($b, $c);
                Bits::bits($ours)
            }, 23, 8)),
            (concat!(stringify!($name), " f64"), || digest64(|$env, a, b, c| {
                let ($a, $b, $c) = (F64(a), F64(b), F64(c));
                let _ = ($b, $c);
                Bits::bits($ours)
            }, 52, 11)),
        )*]
    };
}

trait Bits {
    fn bits(self) -> u64;
}

impl Bits for F32 {
    fn bits(self) -> u64 {
        self.0.into()
    }
}

impl Bits for F64 {
    fn bits(self) -> u64 {
        self.0
    }
}

impl Bits for i64 {
    fn bits(self) -> u64 {
        self as u64
    }
}

impl Bits for Option<std::cmp::Ordering> {
    fn bits(self) -> u64 {
        self.map_or(3, |order| order as u64 & 3)
    }
}

type Row = (&'static str, fn() -> u64);

const SSE: &[Row] = sse! {
    add: |env, a, b, c| add(env, a, b);
    sub: |env, a, b, c| sub(env, a, b);
    mul: |env, a, b, c| mul(env, a, b);
    div: |env, a, b, c| div(env, a, b);
    sqrt: |env, a, b, c| sqrt(env, a);
    fma: |env, a, b, c| fma(env, a, b, c, false, false);
    min: |env, a, b, c| min(env, a, b);
    max: |env, a, b, c| max(env, a, b);
    compare: |env, a, b, c| compare(env, a, b, Nans::Quiet);
    round: |env, a, b, c| round_to_integral(env, a, env.rounding, true);
    to_single: |env, a, b, c| convert::<_, F32>(env, a);
    to_double: |env, a, b, c| convert::<_, F64>(env, a);
    to_32: |env, a, b, c| to_signed(env, a, 32, env.rounding);
    to_64: |env, a, b, c| to_signed(env, a, 64, env.rounding);
};

macro_rules! x87 {
    ($($name:literal: |$env:ident, $a:ident, $b:ident, $digest:ident| $ours:expr;)*) => {
        &[$(($name, || digest80(|$env, $a, $b, $digest| { let _ = $b; $ours })),)*]
    };
}

const X87: &[Row] = x87! {
    "add f80": |env, a, b, d| d.add80(add(env, a, b));
    "sub f80": |env, a, b, d| d.add80(sub(env, a, b));
    "mul f80": |env, a, b, d| d.add80(mul(env, a, b));
    "div f80": |env, a, b, d| d.add80(div(env, a, b));
    "sqrt f80": |env, a, b, d| d.add80(sqrt(env, a));
    "scale": |env, a, b, d| d.add80(scale(env, a, b));
    "remainder": |env, a, b, d| {
        let result = remainder(env, a, b, Quotient::Nearest);
        d.add80(result.value);
        d.add(result.quotient.into());
    };
    "extract": |env, a, b, d| {
        let (x, y) = extract(env, a);
        d.add80(x);
        d.add80(y);
    };
    "store": |env, a, b, d| d.add(store::<F64>(env, a).0);
    "decimal": |env, a, b, d| {
        let bytes = to_decimal(env, a);
        d.add80(from_decimal(env, bytes));
    };
    "f2xm1": |env, a, b, d| d.add80(exp2_minus_1(env, a));
    "fyl2x": |env, a, b, d| d.add80(y_log2_x(env, a, b));
    "fyl2xp1": |env, a, b, d| d.add80(y_log2_x_plus_1(env, a, b));
    "fpatan": |env, a, b, d| d.add80(arc_tangent_of(env, a, b));
    "fsincos": |env, a, b, d| {
        let (x, y) = sine_cosine(env, a).unwrap_or_default();
        d.add80(x);
        d.add80(y);
    };
    "fptan": |env, a, b, d| d.add80(tangent(env, a).unwrap_or_default().0);
};

const RECORDED: &[(&str, u64)] = &[
    ("add f32", 0x6f415e08e1d8fb12),
    ("add f64", 0xdd14476f7b89da94),
    ("sub f32", 0x289f4b7e8ab20e3c),
    ("sub f64", 0x88fcab5d47d96dc4),
    ("mul f32", 0xebeb585ab868a814),
    ("mul f64", 0x9a912f360e998f50),
    ("div f32", 0x1c233f4d71ccdc7b),
    ("div f64", 0x0bf9abd5d831f19a),
    ("sqrt f32", 0x2a2699c9a2740ff3),
    ("sqrt f64", 0x56fdb8995ce20351),
    ("fma f32", 0x57d8e7934035eb5e),
    ("fma f64", 0x42a0277a5bea0d6b),
    ("min f32", 0xf7218757f0a833d7),
    ("min f64", 0xd55d1cfd4ab4289b),
    ("max f32", 0x570a0d73e9739638),
    ("max f64", 0x0ba4562207c02c3d),
    ("compare f32", 0x04eb235710b9dbd1),
    ("compare f64", 0x3cb55fde86f8a572),
    ("round f32", 0xedbc3cf1246efa06),
    ("round f64", 0x742645e65b4b4ff4),
    ("to_single f32", 0x1948159e5421e507),
    ("to_single f64", 0x6e12b44b86bcf3c0),
    ("to_double f32", 0x225495263919aaa6),
    ("to_double f64", 0x9ddc9f60de7c9cbb),
    ("to_32 f32", 0x194ce84ce4f025ce),
    ("to_32 f64", 0x176c91964b9fbfb2),
    ("to_64 f32", 0x90fd5cd9dca23a1d),
    ("to_64 f64", 0xcb851ee263d3c335),
    ("add f80", 0xbb297cc0ca4f0617),
    ("sub f80", 0xfa8ebaf0c8151d8f),
    ("mul f80", 0xbd1e1449794af8d4),
    ("div f80", 0x2580488d01b00789),
    ("sqrt f80", 0xbf40eaf97a245f94),
    ("scale", 0xf8a46c2e47f6977d),
    ("remainder", 0xbd1e4f56fe228ca8),
    ("extract", 0x0a255d7a3daa0293),
    ("store", 0x74bfecf12e87dc01),
    ("decimal", 0x65e7ab7f1c977b0c),
    ("f2xm1", 0x64a4658183b20568),
    ("fyl2x", 0x677bed4a33e8f560),
    ("fyl2xp1", 0x062d86ebef5f2ce7),
    ("fpatan", 0x035a27f1cad0223f),
    ("fsincos", 0x495da57be729e804),
    ("fptan", 0x29e7b3c8c24f7434),
];

#[test]
fn answers_are_the_same_on_every_host() {
    let rows: Vec<_> = SSE.iter().chain(X87).map(|(name, digest)| (*name, digest())).collect();
    if std::env::var_os("SOFTFLOAT_RECORD").is_some() {
        rows.iter().for_each(|(name, digest)| println!("    (\"{name}\", {digest:#018x}),"));
    }
    assert_eq!(rows, RECORDED);
}
