//! Replays recorded cases with what a real CPU made of them, on every host.
//!
//! `tests/isa/vectors.bin` is written by `cargo run --release -p cpu --example against_cpu -- --record`.

mod support;

use support::compare::{Verdict, compare, report};
use support::engine::Engine;
use support::record;
use support::suite::tolerate;

#[test]
fn recorded_cases_have_the_recorded_outcomes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/isa/vectors.bin");
    let file = std::fs::read(path).expect("tests/isa/vectors.bin");
    let mut rest = file.strip_prefix(record::MAGIC).expect("a file of vectors");
    let mut engine = Engine::new();
    let (mut cases, mut failed, mut text) = (0, 0, String::new());
    while !rest.is_empty() {
        let (case, outcome) = record::read(&mut rest);
        let decoded = isa::decode(&case.code, isa::Mode::Bits64).ok();
        let undefined = decoded.map_or(0, |i| u64::from(i.row().flags().undefined));
        let ours = engine.run(&case);
        let ours = decoded.and_then(|i| tolerate(i.op, &outcome, &ours)).unwrap_or(ours);
        if compare(&outcome, &ours, undefined) == Verdict::Different {
            failed += 1;
            if failed <= 10 {
                text.push_str(&report(&format!("vector {cases}"), &case, &outcome, &ours));
            }
        }
        cases += 1;
    }
    assert!(failed == 0, "{failed} of {cases} recorded cases differ:\n{text}");
    println!("{cases} cases");
}
