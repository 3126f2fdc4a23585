//! Compares our outcome with the oracle's and prints what differs.

use super::case::{Bytes, Case, Outcome, Stop};
use super::state::{FLAGS, RIP, WORDS, flag_names, word_name};
use core::fmt::Write;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    Same,
    /// Only flags differ, and only such that the rows declare undefined.
    UndefinedFlags,
    Different,
}

/// `undefined` are the flags that the instructions of the case leave undefined.
pub fn compare(oracle: &Outcome, ours: &Outcome, undefined: u64) -> Verdict {
    if oracle == ours {
        return Verdict::Same;
    }
    if oracle.stop != ours.stop || bytes_of(&oracle.changes) != bytes_of(&ours.changes) {
        return Verdict::Different;
    }
    let mut flags_only = true;
    for i in 0..WORDS {
        if oracle.state.0[i] != ours.state.0[i] {
            flags_only &= i == FLAGS && (oracle.state.0[i] ^ ours.state.0[i]) & !undefined == 0;
        }
    }
    if flags_only { Verdict::UndefinedFlags } else { Verdict::Different }
}

/// The changed bytes one by one, however they were cut into runs.
fn bytes_of(changes: &Bytes) -> Vec<(u64, u8)> {
    changes
        .iter()
        .flat_map(|(address, bytes)| bytes.iter().enumerate().map(|(i, byte)| (address.wrapping_add(i as u64), *byte)))
        .collect()
}

/// The listing of the case's code, one instruction a line.
pub fn listing(case: &Case) -> String {
    let mut text = String::new();
    let mut rest = &case.code[..];
    let mut at = case.at;
    while !rest.is_empty() {
        match isa::decode(rest, isa::Mode::Bits64) {
            Ok(i) => {
                let (head, tail) = rest.split_at(i.len as usize);
                let _ = writeln!(text, "  {at:x}: {:32} {}", hex(head), super::list(&i, at));
                rest = tail;
                at += u64::from(i.len);
            }
            Err(error) => {
                let _ = writeln!(text, "  {at:x}: {:32} {error:?}", hex(rest));
                break;
            }
        }
    }
    text
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ")
}

pub fn stop_text(stop: Stop) -> String {
    match stop {
        Stop::Exception { vector, error, address } => {
            let name = match vector {
                0 => "#DE",
                1 => "#DB",
                3 => "breakpoint",
                6 => "#UD",
                11 => "#NP",
                12 => "#SS",
                13 => "#GP",
                14 => "#PF",
                16 => "#MF",
                17 => "#AC",
                19 => "#XM",
                _ => "exception",
            };
            format!("{name} (vector {vector}, error {error:#x}, address {address:#x})")
        }
        other => format!("{other:?}"),
    }
}

/// Everything that a person needs to see why they differ.
pub fn report(title: &str, case: &Case, oracle: &Outcome, ours: &Outcome) -> String {
    let mut text = format!("--- {title}\n{}", listing(case));
    let mark = |same: bool| if same { ' ' } else { '*' };
    let _ = writeln!(
        text,
        "{} stop: cpu {}  ours {}",
        mark(oracle.stop == ours.stop),
        stop_text(oracle.stop),
        stop_text(ours.stop)
    );
    let entry = case.entry();
    let mnemonics = listing(case);
    let _ = writeln!(text, "  {:16} {:>18} {:>18} {:>18}", "", "before", "cpu", "ours");
    for i in 0..WORDS {
        let (before, theirs, mine) = (entry.0[i], oracle.state.0[i], ours.state.0[i]);
        let is_same = before == theirs && theirs == mine;
        let is_named = i < 16 && mnemonics.contains(&format!("%{}", word_name(i)));
        if is_same && before == 0 && !is_named {
            continue;
        }
        let _ = write!(text, "{} {:16} {before:18x} {theirs:18x} {mine:18x}", mark(theirs == mine), word_name(i));
        if i == FLAGS {
            let _ = write!(text, "  {} {} {}", flag_names(before), flag_names(theirs), flag_names(mine));
        }
        if i == RIP && theirs == case.end() + 1 {
            text.push_str("  (ran to the end)");
        }
        text.push('\n');
    }
    for (address, bytes) in &case.patches {
        let _ = writeln!(text, "  memory before  {address:x}: {}", hex(bytes));
    }
    let same = bytes_of(&oracle.changes) == bytes_of(&ours.changes);
    for (who, changes) in [("cpu ", &oracle.changes), ("ours", &ours.changes)] {
        for (address, bytes) in changes {
            let _ = writeln!(text, "{} memory {who}    {address:x}: {}", mark(same), hex(bytes));
        }
    }
    text
}
