//! The decoder, the listing and the columns of the tables against iced-x86. The long run is `examples/against_iced.rs`.

mod oracle;

use isa::sample::{Place, sample};
use isa::{DecodeError, Mode, ROWS, decode};
use oracle::strings::Random;
use oracle::tally::Tally;
use oracle::{Oracle, Verdict, iced_decode};

/// Differences, cut to what one wants to read.
fn report(differences: Vec<String>) {
    let all = differences.len();
    assert!(all == 0, "{all} differences:\n{}", differences[..all.min(50)].join("\n"));
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

/// A million strings, or with `BLINK_LONG=1` two hundred; `BLINK_SEED` and `BLINK_COUNT` say otherwise.
#[test]
fn random_and_damaged_strings_decode_alike() {
    let seed = setting("BLINK_SEED").unwrap_or(1);
    let usual = if std::env::var_os("BLINK_LONG").is_some() { 200_000_000 } else { 1_000_000 };
    let tally = Tally::run(seed, setting("BLINK_COUNT").unwrap_or(usual));
    println!("{tally}");
    report(tally.differences);
}

#[test]
fn every_row_decodes_alike_and_has_the_right_columns() {
    let (mut random, mut oracle) = (Random(2), Oracle::new());
    let mut factory = iced_x86::InstructionInfoFactory::new();
    let mut differences = Vec::new();
    for row in 0..ROWS.len() as u16 {
        let mut shown = 0;
        for mode in Mode::ALL {
            let mut samples = 0;
            for _ in 0..60 {
                let Some((encoded, ours)) = sample(row, mode, Place::Any, &mut || random.next()) else { break };
                samples += 1;
                let mut bytes = [0x90; 15];
                bytes[..encoded.bytes().len()].copy_from_slice(encoded.bytes());
                let found = match oracle.compare(&bytes, mode) {
                    Verdict::Same => oracle::rows::difference(&ours, &iced_decode(&bytes, mode), &mut factory),
                    Verdict::Different(text) => Some(text),
                    Verdict::Explained(_) if ours.op == isa::Op::Xchg => None,
                    other => Some(format!("{other:?}")),
                };
                if let Some(text) = found
                    && shown < 2
                {
                    shown += 1;
                    differences.push(format!(
                        "{} {:?} {mode:?} {:02x?}: {text}",
                        isa::forms::notation(row),
                        ours.op,
                        encoded.bytes()
                    ));
                }
            }
            if (samples > 0) != ROWS[row as usize].valid_in(mode) {
                differences.push(format!("{} {mode:?}: {samples} samples", isa::forms::notation(row)));
            }
        }
    }
    report(differences);
}

#[test]
fn the_beginning_of_an_instruction_is_short_and_its_end_does_not_matter() {
    let mut random = Random(3);
    for row in 0..ROWS.len() as u16 {
        for mode in Mode::ALL {
            let Some((encoded, whole)) = sample(row, mode, Place::Any, &mut || random.next()) else { continue };
            let bytes = encoded.bytes();
            for end in 0..bytes.len() {
                assert_eq!(decode(&bytes[..end], mode), Err(DecodeError::Short), "{bytes:02x?} {mode:?} cut to {end}");
            }
            assert_eq!(decode(bytes, mode), Ok(whole));
        }
    }
}

#[test]
fn sixteen_bytes_are_too_long_and_fifteen_are_not() {
    let prefixed = |n: usize| {
        let mut bytes = vec![0x66; n];
        bytes.push(0x90);
        bytes
    };
    assert_eq!(decode(&prefixed(14), Mode::Bits64).map(|i| i.len), Ok(15));
    assert_eq!(decode(&prefixed(15), Mode::Bits64), Err(DecodeError::TooLong));
    assert_eq!(decode(&[0x66; 40], Mode::Bits64), Err(DecodeError::TooLong));
    assert_eq!(decode(&[0x66; 14], Mode::Bits64), Err(DecodeError::Short));
    assert_eq!(decode(&[], Mode::Bits64), Err(DecodeError::Short));
}

#[test]
fn evex_is_recognised() {
    // vaddps %zmm2,%zmm1,%zmm0
    let bytes = [0x62, 0xf1, 0x74, 0x48, 0x58, 0xc2];
    assert_eq!(decode(&bytes, Mode::Bits64), Err(DecodeError::Evex));
    assert_eq!(decode(&bytes, Mode::Bits32), Err(DecodeError::Evex));
    // bound %eax,(%ecx)
    assert_eq!(decode(&[0x62, 0x01], Mode::Bits32).map(|i| i.op), Ok(isa::Op::Bound));
}
