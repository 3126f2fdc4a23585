//! Recorded cases with what the CPU made of them, in few bytes: hosts that are not x86-64 replay these.
//!
//! A file is the magic, then one case after the other. Numbers are LEB128 or [`compact`] words, states are lists of the
//! words that differ: the input from [`baseline`], the result from the input.

use super::case::{Bytes, CODE, Case, DATA, Outcome, PAGE, Stop};
use super::native::Native;
use super::random::mix;
use super::state::{ST, State, WORDS, XMM, YMMH};

pub const MAGIC: &[u8; 8] = b"cpuvec01";

/// The state that registers have where a case does not care: no zeros, so that a use of the wrong register shows.
pub fn baseline() -> State {
    let mut state = State::initial();
    for i in (0..16).chain(XMM..YMMH) {
        state.0[i] = mix(i as u64) | 1 << 62; // not an address
    }
    state.0[4] = 0x1002_0800;
    state
}

/// Puts every word that does not matter back to the baseline, and drops memory that does not matter, as the CPU itself
/// tells: where the outcome stays the same in everything else.
pub fn simplify(native: &mut Native, cases: &mut [Case], outcomes: &mut [Outcome]) {
    let base = baseline();
    for word in (0..16).chain(ST..YMMH) {
        let trials: Vec<Case> = cases
            .iter()
            .map(|case| {
                let mut trial = case.clone();
                trial.state.0[word] = base.0[word];
                trial
            })
            .collect();
        let results = native.run(&trials);
        for (n, (trial, result)) in trials.into_iter().zip(results).enumerate() {
            if has_same_effect(&cases[n], &outcomes[n], &trial, &result, Some(word)) {
                cases[n] = trial;
                outcomes[n] = result;
            }
        }
    }
    let trials: Vec<Case> = cases.iter().map(|case| Case { patches: Vec::new(), ..case.clone() }).collect();
    let results = native.run(&trials);
    for (n, (trial, result)) in trials.into_iter().zip(results).enumerate() {
        if has_same_effect(&cases[n], &outcomes[n], &trial, &result, None) {
            cases[n] = trial;
            outcomes[n] = result;
        }
    }
}

fn has_same_effect(case: &Case, outcome: &Outcome, trial: &Case, result: &Outcome, word: Option<usize>) -> bool {
    outcome.stop == result.stop
        && outcome.changes == result.changes
        && (0..WORDS).all(|i| {
            if Some(i) == word {
                // It must have been left alone both times.
                outcome.state.0[i] == case.entry().0[i] && result.state.0[i] == trial.entry().0[i]
            } else {
                outcome.state.0[i] == result.state.0[i]
            }
        })
}

pub fn write(out: &mut Vec<u8>, case: &Case, outcome: &Outcome) {
    leb(out, case.at - CODE);
    leb(out, case.code.len() as u64);
    out.extend(&case.code);
    words(out, &baseline(), &case.state);
    bytes(out, &case.patches);
    match outcome.stop {
        Stop::Exception { vector, error, address } => {
            out.push(vector);
            if vector != 3 {
                leb(out, error.into());
            }
            if vector == 14 {
                leb(out, address);
            }
        }
        Stop::Syscall => out.push(0xfd),
        Stop::Timeout => out.push(0xfe),
        Stop::Died => out.push(0xff),
    }
    words(out, &case.entry(), &outcome.state);
    bytes(out, &outcome.changes);
}

pub fn read(input: &mut &[u8]) -> (Case, Outcome) {
    let at = CODE + take_leb(input);
    let length = take_leb(input) as usize;
    let code = split(input, length).to_vec();
    let mut state = take_words(input, baseline());
    state.0[super::state::RIP] = at;
    let patches = take_bytes(input);
    let case = Case { code, at, state, patches };
    let stop = match split(input, 1)[0] {
        0xfd => Stop::Syscall,
        0xfe => Stop::Timeout,
        0xff => Stop::Died,
        vector => {
            let error = if vector == 3 { 0 } else { take_leb(input) as u32 };
            let address = if vector == 14 { take_leb(input) } else { 0 };
            Stop::Exception { vector, error, address }
        }
    };
    let state = take_words(input, case.entry());
    let changes = take_bytes(input);
    (case, Outcome { stop, state, changes })
}

fn split<'a>(input: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (head, rest) = input.split_at(length);
    *input = rest;
    head
}

fn leb(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn take_leb(input: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = split(input, 1)[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}

/// A word as its number of significant bytes (with 16 added if the rest is ones) and those bytes.
fn compact(out: &mut Vec<u8>, value: u64) {
    let is_negative = (value as i64) < 0;
    let magnitude = if is_negative { !value } else { value };
    let count = 8 - magnitude.leading_zeros() as usize / 8;
    out.push(count as u8 | if is_negative { 0x10 } else { 0 });
    out.extend(&value.to_le_bytes()[..count]);
}

fn take_compact(input: &mut &[u8]) -> u64 {
    let head = split(input, 1)[0];
    let count = (head & 15) as usize;
    let mut bytes = if head & 0x10 != 0 { [0xff; 8] } else { [0; 8] };
    bytes[..count].copy_from_slice(split(input, count));
    u64::from_le_bytes(bytes)
}

fn words(out: &mut Vec<u8>, from: &State, to: &State) {
    let differ = |i: &usize| from.0[*i] != to.0[*i] && !(*i == super::state::RIP && from.0[*i] == 0);
    let list: Vec<usize> = (0..WORDS).filter(differ).collect();
    out.push(list.len() as u8);
    for i in list {
        out.push(i as u8);
        compact(out, to.0[i].wrapping_sub(from.0[i]));
    }
}

fn take_words(input: &mut &[u8], mut state: State) -> State {
    for _ in 0..split(input, 1)[0] {
        let i = split(input, 1)[0] as usize;
        state.0[i] = state.0[i].wrapping_add(take_compact(input));
    }
    state
}

fn bytes(out: &mut Vec<u8>, list: &Bytes) {
    leb(out, list.len() as u64);
    for (address, bytes) in list {
        let page =
            DATA.iter().position(|(page, _)| address.wrapping_sub(*page) < PAGE).expect("an address in a data page");
        leb(out, (address % PAGE) * DATA.len() as u64 + page as u64);
        leb(out, bytes.len() as u64);
        out.extend(bytes);
    }
}

fn take_bytes(input: &mut &[u8]) -> Bytes {
    (0..take_leb(input))
        .map(|_| {
            let place = take_leb(input);
            let (offset, page) = (place / DATA.len() as u64, place % DATA.len() as u64);
            let length = take_leb(input) as usize;
            (DATA[page as usize].0 + offset, split(input, length).to_vec())
        })
        .collect()
}
