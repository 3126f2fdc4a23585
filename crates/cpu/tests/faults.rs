//! The law of faults: an instruction that faults has not happened. Every row with operands at places that fault leaves
//! registers, flags, vectors, x87 and memory as they were; on every host.

mod support;

use isa::{Mode, Op, ROWS};
use support::case::Stop;
use support::compare::{listing, report};
use support::encode::{Encoder, is_string};
use support::engine::Engine;
use support::random::Random;
use support::state::{FX, MXCSR, WORDS};

/// Fewer where another CPU is emulated.
const STATES: u64 = if cfg!(target_arch = "x86_64") { 60 } else { 15 };

#[test]
fn a_fault_changes_nothing() {
    let encoder = Encoder::new(Mode::Bits64);
    let mut engine = Engine::new();
    let (mut faults, mut rows_that_fault, mut failed) = (0, 0, Vec::new());
    for (row, form) in ROWS.iter().enumerate() {
        let mut has_faulted = false;
        for n in 0..STATES {
            let mut random = Random::keyed(row as u64 ^ 0xfa17 << 32, n);
            let Some((mut case, instruction)) = support::generate::case(&encoder, row, &mut random) else {
                continue;
            };
            // A repeated string instruction commits what it has done before the fault.
            if is_string(form.op) && instruction.repeat() != isa::Repeat::None {
                case.state.0[1] = 1;
            }
            let before = case.entry();
            let outcome = engine.run(&case);
            let Stop::Exception { vector, .. } = outcome.stop else {
                continue;
            };
            // Interrupts, breakpoints and the end of the case are no faults.
            if matches!(vector, 1 | 3 | 4) || matches!(form.op, Op::Int) {
                continue;
            }
            // A fetch that fails at the target of a branch, or at the end of the page.
            if outcome.state.get(support::state::RIP) != case.at {
                continue;
            }
            faults += 1;
            has_faulted = true;
            let is_allowed = |i: usize| match vector {
                // An unmasked SSE exception sets its flags first; a conversion to MMX has made the transition.
                19 => i == MXCSR || i == FX || (i > MXCSR && i < support::state::XMM),
                _ => false,
            };
            let changed = (0..WORDS).any(|i| before.0[i] != outcome.state.0[i] && !is_allowed(i));
            if changed || !outcome.changes.is_empty() {
                failed.push(report(&format!("row {row}"), &case, &outcome, &outcome));
                break;
            }
        }
        rows_that_fault += u32::from(has_faulted);
    }
    assert!(failed.is_empty(), "{} rows changed something before they faulted:\n{}", failed.len(), failed.concat());
    assert!(rows_that_fault > 600, "only {rows_that_fault} rows met a fault");
    println!("{faults} faults in {rows_that_fault} rows");
}

#[test]
fn a_string_instruction_faults_with_its_registers_at_the_element() {
    // `rep movsq` that runs into a hole after two of its elements.
    let mut case = support::case::Case::new(&[0xf3, 0x48, 0xa5]);
    case.state.0[1] = 5;
    case.state.0[6] = 0x1002_0100;
    case.state.0[7] = 0x1002_2000 - 16;
    let outcome = Engine::new().run(&case);
    assert_eq!(outcome.stop, Stop::Exception { vector: 14, error: 6, address: 0x1002_2000 }, "{}", listing(&case));
    assert_eq!([outcome.state.0[1], outcome.state.0[6], outcome.state.0[7]], [3, 0x1002_0110, 0x1002_2000]);
    assert_eq!(outcome.state.get(support::state::RIP), case.at);
}
