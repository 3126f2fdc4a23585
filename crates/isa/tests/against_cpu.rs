//! Validity and length of encodings against the CPU itself: what it answers with #UD must be refused, and nothing else.
//!
//! A systematic sweep over prefixes, maps, opcodes and ModRM bytes, of which `cargo test` tries a part and
//! `BLINK_LONG=1` all. Runs on AMD's CPUs under x86-64 Linux with a C compiler, since the decoder follows them where
//! makers differ.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use isa::{DecodeError, Feature, Mode, Op, decode};

#[test]
fn the_cpu_accepts_what_decodes_in_64_bit_mode() {
    sweep(Mode::Bits64, "64");
}

#[test]
fn the_cpu_accepts_what_decodes_in_32_bit_mode() {
    sweep(Mode::Bits32, "32");
}

#[test]
fn the_cpu_accepts_what_decodes_in_16_bit_mode() {
    sweep(Mode::Bits16, "16");
}

fn sweep(mode: Mode, name: &str) {
    let Some(program) = build(name) else {
        eprintln!("no comparison with the CPU on this host");
        return;
    };
    let every = if std::env::var_os("BLINK_LONG").is_some() { 1 } else { 83 };
    let cases: Vec<_> = candidates(mode).into_iter().step_by(every).collect();
    let Some(answers) = run(&program, name, mode, &cases) else {
        eprintln!("no comparison with the CPU: this host does not let a program trace its child");
        return;
    };
    let mut different = Vec::new();
    for (case, answer) in cases.iter().zip(answers.bytes()) {
        let ours = decode(case, mode);
        let expected = if ours.is_ok() { b'v' } else { b'u' };
        if answer != expected && !is_known(case, &ours.map(|i| (i.op, i.row().feature()))) {
            different.push(format!("{case:02x?}: {:?}, CPU {}", ours.map(|i| (i.op, i.len)), answer as char));
        }
    }
    println!("{} encodings in {name}-bit mode, {} different", cases.len(), different.len());
    assert!(different.is_empty(), "{}", different[..different.len().min(50)].join("\n"));
}

/// Differences that are right.
fn is_known(case: &[u8; 15], ours: &Result<(Op, Feature), DecodeError>) -> bool {
    use Feature::*;
    match ours {
        // #UD outside the mode they are for, with the feature switched off, or on a CPU of another maker.
        Ok((Op::Rsm, _)) => true,
        Ok((_, feature)) => matches!(
            feature,
            Vmx | Smx
                | Enqcmd
                | CetSs
                | Ptwrite
                | Waitpkg
                | Rtm
                | Serialize
                | Tsxldtrk
                | Invlpgb
                | Monitor
                | Rdpru
                | Pku
                | Smap
        ),
        Err(_) => match case {
            // Instructions on opmask registers belong to AVX-512.
            [0xc4, map, _, opcode, ..] if map & 31 == 1 => matches!(opcode, 0x41..=0x4b | 0x90..=0x93 | 0x98 | 0x99),
            // Opmask again, and the DEVIATION at VPERMQ and VPERMPD.
            [0xc4, map, _, opcode, ..] if map & 31 == 3 => matches!(opcode, 0x00 | 0x01 | 0x30..=0x33),
            // The hypervisor answers VMCALL, VMGEXIT and TLBSYNC with prefixes.
            _ => case.windows(3).any(|w| matches!(w, [0x0f, 0x01, 0xc1 | 0xd9 | 0xff])),
        },
    }
}

/// Compiles the program that asks the CPU, where it can.
fn build(name: &str) -> Option<PathBuf> {
    let vendor = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) || !vendor.contains("AuthenticAMD") {
        return None;
    }
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("sweep{name}"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/native/sweep.c");
    let status = Command::new("cc").args(["-O1", "-o"]).arg(&program).arg(source).status().ok()?;
    status.success().then_some(program)
}

/// The CPU's answers; `None` where tracing is forbidden.
fn run(program: &Path, bits: &str, mode: Mode, cases: &[[u8; 15]]) -> Option<String> {
    let mut child = Command::new(program)
        .arg(bits)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program was just built");
    let mut input = child.stdin.take().expect("piped");
    let mut records = Vec::new();
    for case in cases {
        records.extend_from_slice(case);
        records.push(decode(case, mode).map_or(0, |i| i.len));
    }
    let writer = std::thread::spawn(move || input.write_all(&records));
    let mut answers = String::new();
    child.stdout.take().expect("piped").read_to_string(&mut answers).expect("answers are letters");
    let written = writer.join().expect("the writer does not panic");
    let status = child.wait().expect("the program was started");
    if answers.is_empty() && status.code() == Some(3) {
        return None;
    }
    written.expect("the program reads all");
    assert_eq!(answers.len(), cases.len(), "the program died");
    Some(answers)
}

/// Prefixes, maps, opcodes and ModRM bytes in all combinations, then bytes that make small displacements. Without
/// system calls, and without what ends in them.
fn candidates(mode: Mode) -> Vec<[u8; 15]> {
    let mut all = Vec::new();
    let mut fill = 0u32;
    let mut put = |beginning: &[&[u8]]| {
        let mut case = [0; 15];
        let mut at = 0;
        for part in beginning {
            case[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        }
        for byte in &mut case[at..] {
            fill = fill.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = (fill >> 24) as u8 & 0x3f;
        }
        if !leaves(&case, mode) {
            all.push(case);
        }
    };
    let modrm = |m: &u8| m >> 6 == 3 || m & 7 == 0 || m & 7 == 4 || m & 0xc7 == 5;
    for prefix in [&[][..], &[0x66], &[0xf3], &[0xf2], &[0x66, 0xf3], &[0xf0], &[0x67]] {
        for rex in [&[][..], &[0x48]] {
            if mode != Mode::Bits64 && !rex.is_empty() {
                continue;
            }
            for map in [&[][..], &[0x0f], &[0x0f, 0x38], &[0x0f, 0x3a]] {
                for opcode in 0..=255 {
                    for modrm in (0..=255).filter(modrm) {
                        put(&[prefix, rex, map, &[opcode, modrm]]);
                    }
                }
            }
        }
    }
    for last in 0..=255u8 {
        // W, L and pp in full; vvvv unused and two registers.
        if matches!(last >> 3 & 15, 15 | 14 | 7) {
            for map in 0..5 {
                for opcode in 0..=255 {
                    for modrm in [0x00, 0x0c, 0x14, 0x38, 0x45, 0xc0, 0xca, 0xd1, 0xdb, 0xe4, 0xed, 0xf6, 0xff] {
                        put(&[&[0xc4, 0xe0 | map, last, opcode, modrm]]);
                    }
                }
            }
        }
    }
    all
}

/// System calls and traps, EVEX, and what is only a prefix of something.
fn leaves(case: &[u8; 15], mode: Mode) -> bool {
    match decode(case, mode) {
        Ok(i) => matches!(
            i.op,
            Op::Syscall
                | Op::Sysenter
                | Op::Int
                | Op::Int3
                | Op::Int1
                | Op::Into
                | Op::Hlt
                | Op::Ud0
                | Op::Ud1
                | Op::Ud2
        ),
        Err(DecodeError::Invalid) => false,
        Err(_) => true,
    }
}
