//! A short run of every row against the CPU; the long one is `cargo xtask suite cpu`.

mod support;

use isa::ROWS;
use support::suite::{Options, Suite};

#[test]
fn every_implemented_row_does_what_the_cpu_does() {
    let Some(mut suite) = Suite::new() else {
        return; // vectors.rs replays what a CPU has said
    };
    let options = Options { seed: 20, states: 60, pattern: String::new(), only: None, strict: false, reports: 1 };
    let (mut failed, mut cases) = (Vec::new(), 0);
    for row in 0..ROWS.len() {
        if let Some(result) = suite.row(row, &options) {
            cases += result.cases;
            if result.different > 0 && !result.is_unimplemented() {
                failed.push(format!("{} ({} of {})", result.example, result.different, result.cases));
            }
        }
    }
    assert!(failed.is_empty(), "{}\n{} rows differ: {failed:#?}", suite.reports, failed.len());
    println!("{cases} cases");
}
