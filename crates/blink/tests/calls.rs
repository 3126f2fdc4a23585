//! Random system calls: chains of them end no blink, hang none, and reach none of its memory. Longer: `cargo xtask suite fuzz`.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use std::path::Path;

use xtask::calls;

const BLINK: &str = env!("CARGO_BIN_EXE_blink");

#[test]
fn random_calls_do_no_harm() {
    let Some(program) = calls::build(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap() else { return };
    let tally = calls::fuzz(Path::new(BLINK), &program, 1, 30, 60).unwrap();
    assert_eq!(tally.failed, 0, "the last call of the chain is above");
}

#[test]
fn blinks_own_memory_is_out_of_reach() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reach");
    std::fs::create_dir_all(&directory).unwrap();
    let Some(program) = calls::build(&directory).unwrap() else { return };
    match calls::reach(Path::new(BLINK), &program, 1, 1).unwrap() {
        Some(tally) => assert_eq!(tally.failed, 0, "what was reached is above"),
        None => println!("this system does not tell what mappings blink has"),
    }
}
