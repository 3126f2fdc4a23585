//! The lines of tests/isa/*.ins (the format is described in tests/isa/README.md): parsing, and writing expectations.

use super::case::{Case, Outcome, Stop};
use super::compare::hex;
use super::state::{FLAGS, FS, FX, GS, RIP, ST, State, WORDS, XMM, YMMH, word_name};

/// Flags by the names that lines use.
const FLAG_NAMES: [(&str, u32); 11] = [
    ("cf", 0),
    ("pf", 2),
    ("af", 4),
    ("zf", 6),
    ("sf", 7),
    ("tf", 8),
    ("df", 10),
    ("of", 11),
    ("nt", 14),
    ("ac", 18),
    ("id", 21),
];

pub struct Line {
    pub number: usize,
    pub bytes: Vec<u8>,
    pub listing: String,
    /// The inputs as written.
    pub before: String,
    /// The expectations as written.
    pub after: String,
}

/// Splits a file into its lines; comments and empty lines are `Err` with their text.
pub fn parse_file(text: &str) -> Vec<Result<Line, String>> {
    text.lines()
        .enumerate()
        .map(|(index, line)| {
            if line.is_empty() || line.starts_with('#') {
                return Err(line.to_string());
            }
            Ok(parse_line(index + 1, line).unwrap_or_else(|why| panic!("line {}: {why}: {line}", index + 1)))
        })
        .collect()
}

fn parse_line(number: usize, line: &str) -> Result<Line, &'static str> {
    let rest = line.strip_prefix('[').ok_or("no [")?;
    let (bytes, rest) = rest.split_once(']').ok_or("no ]")?;
    let bytes = bytes
        .split_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16))
        .collect::<Result<_, _>>()
        .map_err(|_| "the bytes are not hexadecimal")?;
    let rest = rest.trim_start().strip_prefix('"').ok_or("no listing")?;
    let (listing, rest) = rest.split_once('"').ok_or("the listing does not end")?;
    let rest = rest.trim_end().strip_suffix(';').ok_or("no ; at the end")?;
    let (before, after) = rest.split_once("=>").ok_or("no =>")?;
    Ok(Line { number, bytes, listing: listing.into(), before: before.trim().into(), after: after.trim().into() })
}

impl Line {
    /// The case that the inputs describe. Registers are zero, `rsp` lies in the middle of a good page.
    pub fn case(&self) -> Case {
        let mut case = Case::new(&self.bytes);
        case.state.0[4] = 0x1002_0800;
        for item in self.before.split_whitespace() {
            let (name, value) = item.split_once('=').unwrap_or_else(|| panic!("line {}: {item}", self.number));
            if let Some(address) = name.strip_prefix('[') {
                let address = u64::from_str_radix(address.trim_end_matches(']'), 16).expect("an address");
                let bytes = unhex(value);
                super::generate::patch(&mut case, address, &bytes);
            } else {
                set(&mut case.state, name, value).unwrap_or_else(|| panic!("line {}: {item}", self.number));
            }
        }
        // An exception that is pending and not masked shows in the summary bits.
        if case.state.fsw() & !case.state.fcw() & 0x3f != 0 {
            let status = case.state.fsw() | 0x8080;
            case.state.set_fsw(status);
        }
        case
    }

    /// The expectation written back as text, from an outcome.
    pub fn describe(case: &Case, outcome: &Outcome) -> String {
        let entry = case.entry();
        let mut items = Vec::new();
        match outcome.stop {
            Stop::Exception { vector: 3, .. } if outcome.ran_to_end(case) => {}
            Stop::Exception { vector: 3, .. } => {
                items.push(format!("rip={:#x}", outcome.state.get(RIP).wrapping_sub(1)));
            }
            Stop::Exception { vector, error, address } => {
                items.push(match vector {
                    14 => format!("#PF({address:#x},{error})"),
                    0 => "#DE".into(),
                    1 => "#DB".into(),
                    6 => "#UD".into(),
                    12 => format!("#SS({error})"),
                    13 => format!("#GP({error})"),
                    16 => "#MF".into(),
                    17 => "#AC".into(),
                    19 => "#XM".into(),
                    _ => format!("#{vector}({error})"),
                });
                if outcome.state.get(RIP) != case.at {
                    items.push(format!("rip={:#x}", outcome.state.get(RIP)));
                }
            }
            Stop::Syscall => items.push("syscall".into()),
            Stop::Timeout => items.push("endless".into()),
            Stop::Died => items.push("died".into()),
        }
        for i in 0..WORDS {
            let (old, new) = (entry.0[i], outcome.state.0[i]);
            match i {
                RIP => {}
                FLAGS => {
                    for (name, bit) in FLAG_NAMES {
                        if (old ^ new) >> bit & 1 != 0 {
                            items.push(format!("{name}={}", new >> bit & 1));
                        }
                    }
                }
                FX => {
                    let fields = [("fcw", 0, 0xffff), ("fsw", 16, 0xffff), ("ftw", 32, 0xff), ("fop", 48, 0xffff)];
                    for (name, shift, mask) in fields {
                        if (old ^ new) >> shift & mask != 0 {
                            items.push(format!("{name}={:#x}", new >> shift & mask));
                        }
                    }
                }
                _ if (ST..XMM).contains(&i) || (XMM..YMMH).contains(&i) => {
                    // Pairs, written at their first word.
                    let pair = |s: &State, i: usize| [s.0[i], s.0[i + 1]];
                    if (i - ST).is_multiple_of(2) && pair(&entry, i) != pair(&outcome.state, i) {
                        let [low, high] = pair(&outcome.state, i);
                        items.push(if i < XMM {
                            format!("st{}={:#06x}:{low:016x}", (i - ST) / 2, high as u16)
                        } else {
                            format!("xmm{}={:#x}", (i - XMM) / 2, u128::from(high) << 64 | u128::from(low))
                        });
                    }
                }
                _ if old != new => items.push(match i {
                    FS => format!("fsbase={new:#x}"),
                    GS => format!("gsbase={new:#x}"),
                    _ => format!("{}={new:#x}", word_name(i)),
                }),
                _ => {}
            }
        }
        for (address, bytes) in &outcome.changes {
            items.push(format!("[{address:x}]={}", hex(bytes).replace(' ', "")));
        }
        items.join(" ")
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).expect("hexadecimal bytes"))
        .collect()
}

fn number(text: &str) -> Option<u128> {
    match text.strip_prefix("0x") {
        Some(digits) => u128::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

fn set(state: &mut State, name: &str, text: &str) -> Option<()> {
    if let Some(index) = super::state::GPR_NAMES.iter().position(|n| *n == name) {
        state.0[index] = number(text)? as u64;
    } else if let Some((_, bit)) = FLAG_NAMES.iter().find(|(n, _)| *n == name) {
        state.0[FLAGS] = state.0[FLAGS] & !(1 << bit) | (number(text)? as u64 & 1) << bit;
    } else if let Some(n) = name.strip_prefix("xmm") {
        let value = number(text)?;
        state.set_xmm(n.parse().ok()?, [value as u64, (value >> 64) as u64]);
    } else if let Some(n) = name.strip_prefix("st") {
        let n: usize = n.parse().ok()?;
        let (sign_exponent, significand) = text.split_once(':')?;
        state.set_st(n, u64::from_str_radix(significand, 16).ok()?, number(sign_exponent)? as u16);
        let tags = (state.0[FX] >> 32) as u8 | 1 << n;
        state.set_ftw(tags);
    } else if let Some(n) = name.strip_prefix("mm") {
        let n: usize = n.parse().ok()?;
        state.set_st(n, number(text)? as u64, 0xffff);
        let tags = (state.0[FX] >> 32) as u8 | 1 << n;
        state.set_ftw(tags);
    } else {
        let value = number(text)? as u64;
        match name {
            "mxcsr" => state.set_mxcsr(value as u32),
            "fcw" => state.set_fcw(value as u16),
            "fsw" => state.set_fsw(value as u16),
            "ftw" => state.set_ftw(value as u8),
            "fsbase" => state.0[FS] = value,
            "gsbase" => state.0[GS] = value,
            _ => return None,
        }
    }
    Some(())
}
