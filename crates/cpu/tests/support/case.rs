//! A case (instruction bytes and the state before) and its outcome, in the form the native harness reads and writes.

use super::state::{RIP, State, WORDS};

/// Where the code pages lie; two of them, then a hole.
pub const CODE: u64 = 0x1000_0000;
pub const CODE_PAGES: u64 = 2;
pub const PAGE: u64 = 4096;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protection {
    ReadWrite,
    Read,
    None,
}

/// The data pages: address, rights. Everything else except the code pages is unmapped. As in harness.c.
pub const DATA: [(u64, Protection); 7] = [
    (0x1002_0000, Protection::ReadWrite),
    (0x1002_1000, Protection::ReadWrite),
    (0x1002_3000, Protection::Read),
    (0x1002_4000, Protection::ReadWrite),
    (0x1002_5000, Protection::Read),
    (0x1002_6000, Protection::None),
    (0x2345_1002_0000, Protection::ReadWrite),
];

/// The word that a data page holds at `address` where a case does not patch it (splitmix64 of the address).
pub fn background(address: u64) -> u64 {
    super::random::mix(address)
}

/// The byte that a data page holds at `address` before patches.
pub fn background_byte(address: u64) -> u8 {
    (background(address & !7) >> (8 * (address & 7))) as u8
}

pub type Bytes = Vec<(u64, Vec<u8>)>;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    pub code: Vec<u8>,
    pub at: u64,
    /// The rip in it is ignored: execution starts at `at`.
    pub state: State,
    /// What the data pages hold beside the background.
    pub patches: Bytes,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// Vector, error code, and for page faults the address. A case that runs to its end stops with vector 3, or with a
    /// page fault where the next byte to fetch lies in a hole.
    Exception { vector: u8, error: u32, address: u64 },
    /// A system call was about to be made.
    Syscall,
    /// It did not end.
    Timeout,
    /// The harness or engine did not survive it.
    Died,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    pub stop: Stop,
    pub state: State,
    pub changes: Bytes,
}

impl Case {
    pub fn new(code: &[u8]) -> Case {
        Case { code: code.to_vec(), at: CODE + 0x800, state: State::initial(), patches: Vec::new() }
    }

    /// Behind the last byte of the code.
    pub fn end(&self) -> u64 {
        self.at + self.code.len() as u64
    }

    /// The state with rip set.
    pub fn entry(&self) -> State {
        let mut state = self.state.clone();
        state.0[RIP] = self.at;
        state
    }

    /// The byte at a data address before the case runs.
    pub fn byte(&self, address: u64) -> u8 {
        for (start, bytes) in self.patches.iter().rev() {
            if let Some(byte) = address.checked_sub(*start).and_then(|i| bytes.get(i as usize)) {
                return *byte;
            }
        }
        background_byte(address)
    }

    pub fn write(&self, out: &mut Vec<u8>) {
        put(out, self.at);
        out.push(self.code.len() as u8);
        out.extend(&self.code);
        let mut initial = State::initial();
        initial.0[RIP] = self.at;
        put_words(out, &initial, &self.entry());
        put_bytes(out, &self.patches);
    }
}

impl Outcome {
    /// Reads one result of the harness for `case`.
    pub fn read(input: &mut &[u8], case: &Case) -> Outcome {
        let signal = take::<1>(input)[0];
        let vector = take::<1>(input)[0];
        let _si_code = take::<2>(input);
        let error = u32::from_le_bytes(take(input));
        let cr2 = u64::from_le_bytes(take(input));
        let state = take_words(input, &case.entry());
        let changes = take_bytes(input);
        let stop = match signal {
            // SIGPROF and SIGSYS.
            27 => Stop::Timeout,
            31 => Stop::Syscall,
            // The last page of user addresses is never mapped; some kernels that run as guests map something of theirs there.
            _ if vector == 14 && cr2 >> 12 == 0x7_ffff_ffff => {
                Stop::Exception { vector, error: error & !1, address: cr2 }
            }
            _ if vector == 14 => Stop::Exception { vector, error, address: cr2 },
            _ => Stop::Exception { vector, error, address: 0 },
        };
        Outcome { stop, state, changes }
    }

    pub fn ran_to_end(&self, case: &Case) -> bool {
        match self.stop {
            Stop::Exception { vector: 3, .. } => self.state.get(RIP) == case.end() + 1,
            Stop::Exception { vector: 14, address, .. } => {
                self.state.get(RIP) == case.end() && address == case.end() && case.end() == CODE + CODE_PAGES * PAGE
            }
            _ => false,
        }
    }
}

pub fn put(out: &mut Vec<u8>, value: u64) {
    out.extend(value.to_le_bytes());
}

pub fn take<const N: usize>(input: &mut &[u8]) -> [u8; N] {
    let (head, rest) = input.split_at(N);
    *input = rest;
    head.try_into().unwrap()
}

fn put_words(out: &mut Vec<u8>, from: &State, to: &State) {
    let mut mask = [0u64; 2];
    for i in 0..WORDS {
        if from.0[i] != to.0[i] {
            mask[i / 64] |= 1 << (i % 64);
        }
    }
    put(out, mask[0]);
    put(out, mask[1]);
    for i in 0..WORDS {
        if from.0[i] != to.0[i] {
            put(out, to.0[i]);
        }
    }
}

fn take_words(input: &mut &[u8], from: &State) -> State {
    let mut state = from.clone();
    let mask = [u64::from_le_bytes(take(input)), u64::from_le_bytes(take(input))];
    for i in 0..WORDS {
        if mask[i / 64] >> (i % 64) & 1 != 0 {
            state.0[i] = u64::from_le_bytes(take(input));
        }
    }
    state
}

fn put_bytes(out: &mut Vec<u8>, list: &Bytes) {
    out.extend((list.len() as u16).to_le_bytes());
    for (address, bytes) in list {
        put(out, *address);
        out.extend((bytes.len() as u16).to_le_bytes());
        out.extend(bytes);
    }
}

fn take_bytes(input: &mut &[u8]) -> Bytes {
    let count = u16::from_le_bytes(take(input));
    (0..count)
        .map(|_| {
            let address = u64::from_le_bytes(take(input));
            let length = u16::from_le_bytes(take(input)) as usize;
            let (bytes, rest) = input.split_at(length);
            *input = rest;
            (address, bytes.to_vec())
        })
        .collect()
}

/// The bytes in which two contents of a page differ, cut as harness.c does: gaps of less than ten equal bytes are included.
pub fn differences(page: u64, then: &[u8], now: &[u8], changes: &mut Bytes) {
    let mut i = 0;
    while i < now.len() {
        if now[i] == then[i] {
            i += 1;
            continue;
        }
        let mut end = i + 1;
        let mut same = 0;
        let mut j = end;
        while j < now.len() && same < 10 {
            if now[j] != then[j] {
                end = j + 1;
                same = 0;
            } else {
                same += 1;
            }
            j += 1;
        }
        changes.push((page + i as u64, now[i..end].to_vec()));
        i = end;
    }
}
