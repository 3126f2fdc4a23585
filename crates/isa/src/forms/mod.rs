//! The forms: how each operation is written. The tables are in the files of this folder; here they become the rows
//! that the decoder searches, and its index.

mod form;
pub mod kind;

mod alu;
mod avx;
mod bit;
mod bmi;
mod flags;
mod flow;
mod fma;
mod mmx;
mod moves;
mod mul;
mod shift;
mod sse;
mod stack;
mod string;
mod system;
mod virtual_machine;
mod x87;

pub use form::SizeRule;
pub(crate) use form::{MAP_VEX, MAPS, key};

use crate::column::{Access, Feature, Flags, MAX_OPERANDS, PackedFlags, unpack_access};
use crate::op::Op;
use form::Form;
use kind::Kind;

/// Name and rows of each table.
const TABLES: &[(&str, &[Form])] = &[
    ("alu", alu::FORMS),
    ("mul", mul::FORMS),
    ("shift", shift::FORMS),
    ("bit", bit::FORMS),
    ("moves", moves::FORMS),
    ("stack", stack::FORMS),
    ("flow", flow::FORMS),
    ("string", string::FORMS),
    ("flags", flags::FORMS),
    ("system", system::FORMS),
    ("virtual", virtual_machine::FORMS),
    ("bmi", bmi::FORMS),
    ("x87", x87::FORMS),
    ("mmx", mmx::FORMS),
    ("sse", sse::FORMS),
    ("avx", avx::FORMS),
    ("fma", fma::FORMS),
];

/// One form of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub op: Op,
    pub(crate) mask: u16,
    pub(crate) value: u16,
    pub kinds: [Kind; MAX_OPERANDS],
    feature: Feature,
    access: u8,
    /// 0: those of the operation; else one more than the index into `OTHER_FLAGS`.
    flags: u8,
    attributes: u8,
}

const SIZE_RULE: u8 = 7;
const MODRM: u8 = 1 << 3;
const LOCK: u8 = 1 << 4;
/// Only 64-bit mode can encode it: the row says so, or wants REX.W or REX.B.
const ONLY64: u8 = 1 << 5;

/// Number of rows.
pub const ROW_COUNT: usize = count_rows();

/// All forms, in the order of [`crate::Instruction::row`].
pub static ROWS: [Row; ROW_COUNT] = rows();

impl Row {
    /// CPUID feature of this form.
    pub fn feature(&self) -> Feature {
        self.feature
    }

    /// Effect of this form on the flags. Condition-coded forms test only what their condition needs.
    pub fn flags(&self) -> Flags {
        match self.flags {
            0 => self.op.flags(),
            n => OTHER_FLAGS[n as usize - 1].unpack(),
        }
    }

    /// Access of this form to its operands.
    pub fn access(&self) -> [Access; MAX_OPERANDS] {
        unpack_access(self.access)
    }

    /// May carry LOCK when its first operand is memory.
    pub fn lockable(&self) -> bool {
        self.attributes & LOCK != 0
    }

    pub fn has_modrm(&self) -> bool {
        self.attributes & MODRM != 0
    }

    pub fn size_rule(&self) -> SizeRule {
        use SizeRule::*;
        const RULES: [SizeRule; 8] = [Normal, Byte, Default64, Force64, NoW, W, ModeSize, Normal];
        RULES[(self.attributes & SIZE_RULE) as usize]
    }

    /// Can the row be encoded in this mode?
    pub fn valid_in(&self, mode: crate::Mode) -> bool {
        let refused = if mode == crate::Mode::Bits64 {
            self.mask & !self.value & key::MODE64 != 0
        } else {
            self.attributes & ONLY64 != 0
        };
        !refused
    }
}

/// The manual's notation of row `row`, for documents and tests; a program that does not call this does not contain the
/// texts.
pub fn notation(row: u16) -> &'static str {
    NOTATIONS[row as usize]
}

/// The table that row `row` stands in: `"alu"`, `"shift"`, ...
pub fn group(row: u16) -> &'static str {
    let mut first = 0;
    for (name, table) in TABLES {
        first += table.len();
        if (row as usize) < first {
            return name;
        }
    }
    ""
}

/// Map and first opcode of row `row`, for the generator of encodings.
pub(crate) fn place(row: u16) -> (u8, u8) {
    PLACES[row as usize]
}

static NOTATIONS: [&str; ROW_COUNT] = {
    let mut notations = [""; ROW_COUNT];
    let (mut t, mut n) = (0, 0);
    while t < TABLES.len() {
        let mut i = 0;
        while i < TABLES[t].1.len() {
            notations[n] = TABLES[t].1[i].notation;
            (i, n) = (i + 1, n + 1);
        }
        t += 1;
    }
    notations
};

static PLACES: [(u8, u8); ROW_COUNT] = {
    let mut places = [(0, 0); ROW_COUNT];
    let mut n = 0;
    while n < ROW_COUNT {
        places[n] = (ENCODINGS[n].map, ENCODINGS[n].opcode);
        n += 1;
    }
    places
};

const fn count_rows() -> usize {
    let (mut t, mut n) = (0, 0);
    while t < TABLES.len() {
        n += TABLES[t].1.len();
        t += 1;
    }
    n
}

static ALL_FORMS: [Form; ROW_COUNT] = {
    let mut all = [alu::FORMS[0]; ROW_COUNT];
    let (mut t, mut n) = (0, 0);
    while t < TABLES.len() {
        let mut i = 0;
        while i < TABLES[t].1.len() {
            all[n] = TABLES[t].1[i];
            (i, n) = (i + 1, n + 1);
        }
        t += 1;
    }
    all
};

static ENCODINGS: [form::Encoding; ROW_COUNT] = {
    let mut all = [ALL_FORMS[0].encoding(); ROW_COUNT];
    let mut n = 0;
    while n < ROW_COUNT {
        all[n] = ALL_FORMS[n].encoding();
        n += 1;
    }
    all
};

/// Effects on the flags that forms have instead of their operation's.
static OTHER_FLAGS: [PackedFlags; 3] =
    [PackedFlags::parse("m......m"), PackedFlags::parse("m......x"), PackedFlags::parse("m..mmumm")];

const fn other_flags(flags: PackedFlags) -> u8 {
    let mut i = 0;
    while i < OTHER_FLAGS.len() {
        if OTHER_FLAGS[i].same(flags) {
            return i as u8 + 1;
        }
        i += 1;
    }
    panic!("add the effect to OTHER_FLAGS")
}

const fn rows() -> [Row; ROW_COUNT] {
    const fn row(f: &Form, e: &form::Encoding) -> Row {
        let modrm = if e.modrm { MODRM } else { 0 };
        let lock = if f.lock { LOCK } else { 0 };
        let rex = (e.map as usize) <= MAP_VEX && e.mask & e.value & (key::W | key::VVVV_OR_B) != 0;
        let only64 = if f.only64 || rex { ONLY64 } else { 0 };
        Row {
            op: f.op,
            mask: e.mask,
            value: e.value,
            kinds: f.kinds,
            feature: match f.feature {
                Some(feature) => feature,
                None => f.op.const_feature(),
            },
            access: match f.access {
                Some(access) => access,
                None => f.op.const_access(),
            },
            flags: match f.flags {
                Some(flags) => other_flags(flags),
                None => 0,
            },
            attributes: f.size_rule() as u8 | modrm | lock | only64,
        }
    }
    let mut rows = [row(&ALL_FORMS[0], &ENCODINGS[0]); ROW_COUNT];
    let mut n = 0;
    while n < ROW_COUNT {
        rows[n] = row(&ALL_FORMS[n], &ENCODINGS[n]);
        n += 1;
    }
    rows
}

const BUCKETS: usize = MAPS * 256;

/// How many rows each opcode of each map has, and in all.
static COUNTS: ([u16; BUCKETS], usize) = {
    let (mut counts, mut all, mut n) = ([0; BUCKETS], 0, 0);
    while n < ROW_COUNT {
        let e = &ENCODINGS[n];
        let mut opcode = e.opcode as usize;
        while opcode <= e.last_opcode as usize {
            counts[e.map as usize * 256 + opcode] += 1;
            (opcode, all) = (opcode + 1, all + 1);
        }
        n += 1;
    }
    (counts, all)
};

/// The index: for opcode `o` of map `m`, `CANDIDATES[START[m * 256 + o]..START[m * 256 + o + 1]]` are the rows to try,
/// in this order.
static START: [u16; BUCKETS + 1] = INDEX.0;
static CANDIDATES: [u16; COUNTS.1] = INDEX.1;

static INDEX: ([u16; BUCKETS + 1], [u16; COUNTS.1]) = {
    let mut start = [0; BUCKETS + 1];
    let mut b = 0;
    while b < BUCKETS {
        start[b + 1] = start[b] + COUNTS.0[b];
        b += 1;
    }
    let mut candidates = [0; COUNTS.1];
    let mut filled = [0; BUCKETS];
    // Those that take what is left come last.
    let mut pass = 0;
    while pass < 2 {
        let mut n = 0;
        while n < ROW_COUNT {
            let e = &ENCODINGS[n];
            if ALL_FORMS[n].otherwise == (pass == 1) {
                let mut opcode = e.opcode as usize;
                while opcode <= e.last_opcode as usize {
                    let bucket = e.map as usize * 256 + opcode;
                    let (first, mut other) = (start[bucket] as usize, 0);
                    while other < filled[bucket] {
                        let o = candidates[first + other] as usize;
                        if conflict(o, n) {
                            panic!("{}", ALL_FORMS[n].notation);
                        }
                        other += 1;
                    }
                    candidates[first + filled[bucket]] = n as u16;
                    filled[bucket] += 1;
                    opcode += 1;
                }
            }
            n += 1;
        }
        pass += 1;
    }
    (start, candidates)
};

/// Do two rows of one opcode claim one encoding?
const fn conflict(a: usize, b: usize) -> bool {
    let (x, y) = (&ENCODINGS[a], &ENCODINGS[b]);
    assert!(x.modrm == y.modrm, "rows of one opcode differ in whether there is a ModRM byte");
    (x.value ^ y.value) & x.mask & y.mask == 0 && ALL_FORMS[a].otherwise == ALL_FORMS[b].otherwise
}

/// The rows to try for an opcode, most particular first.
#[inline]
pub(crate) fn candidates(map: usize, opcode: u8) -> &'static [u16] {
    let bucket = map * 256 + opcode as usize;
    &CANDIDATES[START[bucket] as usize..START[bucket + 1] as usize]
}
