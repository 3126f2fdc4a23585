//! Any bytes, all modes: the decoder answers, and what it says about the length holds.
#![no_main]

use isa::{DecodeError, Mode, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for mode in [Mode::Bits16, Mode::Bits32, Mode::Bits64] {
        match decode(bytes, mode) {
            Ok(instruction) => {
                let length = usize::from(instruction.len);
                assert!((1..=15).contains(&length) && length <= bytes.len());
                assert!(decode(&bytes[..length], mode).is_ok(), "the bytes of an instruction are enough to decode it");
                assert!(decode(&bytes[..length - 1], mode).is_err(), "a part of an instruction is none");
            }
            Err(DecodeError::Short) => assert!(bytes.len() < 15),
            Err(_) => {}
        }
    }
});
