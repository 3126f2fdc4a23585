//! Encodings of a given row, for tests: the way back from the table to bytes.
//!
//! [`sample`] makes one encoding; the caller chooses where the r/m operand is and supplies random numbers, which
//! decide everything else: registers, optional prefixes (operand size, REX.W where it does not select the row),
//! addressing, immediates.

use crate::decode::{MAX_LENGTH, decode};
use crate::forms::kind::Kind;
use crate::forms::{MAP_VEX, ROWS, key, place};
use crate::inst::{Instruction, Mode};

/// Where the r/m operand shall be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// Register or memory, any addressing form.
    Any,
    /// A register.
    Register,
    /// Memory, any addressing form.
    Memory,
    /// Memory at `[base + disp]` with a 32-bit displacement, where `base` is a general register. Rows whose memory has
    /// a vector index get index register `index`. In 64- and 32-bit addressing only.
    At { base: u8, disp: i32, index: u8 },
}

/// The bytes of one instruction.
#[derive(Clone, Copy, Debug)]
pub struct Encoded {
    bytes: [u8; MAX_LENGTH],
    length: usize,
}

impl Encoded {
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    fn push(&mut self, byte: u8) {
        if self.length < MAX_LENGTH {
            self.bytes[self.length] = byte;
            self.length += 1;
        }
    }
}

/// An encoding of row `row` with its decoded form, or `None` if the row has none in this mode and place. `random`
/// returns any 64 bits. Immediates and displacements that are not fixed by `at` are random; [`Instruction`] says where
/// they are.
pub fn sample(row: u16, mode: Mode, at: Place, random: &mut dyn FnMut() -> u64) -> Option<(Encoded, Instruction)> {
    let r = &ROWS[row as usize];
    let fixed_register = r.mask & key::REGISTER != 0;
    let is_register = r.value & key::REGISTER != 0;
    // MOV CRn ignores ModRM.mod.
    let takes_memory = r.has_modrm() && !r.kinds.contains(&Kind::Rsystem) && !(fixed_register && is_register);
    match at {
        Place::Register if fixed_register && !is_register => return None,
        Place::Memory | Place::At { .. } if !takes_memory => return None,
        _ => {}
    }
    // Random choices may run into what no key says (overlapping gather registers, CR1): try again.
    (0..64).find_map(|_| {
        let encoded = attempt(row, mode, at, random);
        match decode(encoded.bytes(), mode) {
            Ok(i) if i.row == row && i.len as usize <= encoded.length => {
                Some((Encoded { length: i.len as usize, ..encoded }, i))
            }
            _ => None,
        }
    })
}

/// One try. The result has random bytes behind the instruction.
fn attempt(row: u16, mode: Mode, at: Place, random: &mut dyn FnMut() -> u64) -> Encoded {
    let r = &ROWS[row as usize];
    let (map, first) = place(row);
    let vex = map as usize > MAP_VEX;
    let mut e = Encoded { bytes: [0; MAX_LENGTH], length: 0 };
    let mut one_in = |n: u64| random().is_multiple_of(n);
    // A bit of the key: as the row wants it, else set once in `n` times.
    let mut bit = |bit: u16, n: u64| if r.mask & bit != 0 { r.value & bit != 0 } else { one_in(n) };

    let prefix66 = bit(key::P66, 4);
    let prefix_f3 = bit(key::PF3, 16);
    let prefix_f2 = bit(key::PF2, 16) && !prefix_f3;
    let w = bit(key::W, 3);
    let long = bit(key::L, 2);
    let b = if vex { bit(0, 2) } else { bit(key::VVVV_OR_B, 2) };
    let register = match at {
        _ if r.mask & key::REGISTER != 0 => r.value & key::REGISTER != 0,
        Place::Any => bit(key::REGISTER, 2),
        place => place == Place::Register,
    };
    let lock = r.lockable() && !register && r.has_modrm() && bit(0, 4);
    let plain = bit(0, 2);
    let address_size = matches!(at, Place::Any | Place::Memory) && bit(0, 12);

    let vector_index = r.kinds.iter().any(|k| matches!(k, Kind::Vm4x | Kind::Vm8x | Kind::Vm8dq));
    let mut rex = if plain { 0 } else { random() as u8 & 7 };
    rex = rex & !1 | b as u8 | (w as u8) << 3;
    if let Place::At { base, index, .. } = at {
        let x = if vector_index { index >> 3 & 1 } else { 0 };
        rex = rex & !3 | base >> 3 & 1 | x << 1;
    }

    if lock {
        e.push(0xf0);
    }
    if address_size {
        e.push(0x67);
    }
    if !vex {
        if prefix66 {
            e.push(0x66);
        }
        if prefix_f3 {
            e.push(0xf3);
        }
        if prefix_f2 {
            e.push(0xf2);
        }
        if mode == Mode::Bits64 && (rex != 0 || !plain) {
            e.push(0x40 | rex);
        }
        match map {
            1 => e.push(0x0f),
            2 | 3 => {
                e.push(0x0f);
                e.push(if map == 2 { 0x38 } else { 0x3a });
            }
            _ => {}
        }
    } else {
        let vvvv = if r.mask & key::VVVV_OR_B != 0 { 15 } else { random() as u8 & 15 };
        let pp = if prefix66 { 1 } else { 0 } | if prefix_f3 { 2 } else { 0 } | if prefix_f2 { 3 } else { 0 };
        if mode != Mode::Bits64 {
            rex &= 8;
        }
        let last = vvvv << 3 | (long as u8) << 2 | pp;
        if map as usize == MAP_VEX + 1 && rex & !4 == 0 && plain {
            e.push(0xc5);
            e.push((!rex & 4) << 5 | last);
        } else {
            e.push(0xc4);
            e.push((!rex & 7) << 5 | (map - MAP_VEX as u8));
            e.push((rex & 8) << 4 | last);
        }
    }
    let low = r.kinds.iter().any(|k| matches!(k, Kind::Zb | Kind::Zv));
    e.push(if low { first & !7 | (random() as u8 & 7).max(first & 7) } else { first });

    if r.has_modrm() {
        let field = |mask: u16, shift: u32, any: u8| {
            if r.mask & mask != 0 { ((r.value & mask) >> shift) as u8 } else { any & 7 }
        };
        let reg = field(key::REG, key::REG_SHIFT, random() as u8);
        let rm = field(key::RM, key::RM_SHIFT, random() as u8);
        match at {
            _ if register => e.push(0xc0 | reg << 3 | rm),
            Place::At { base, disp, index } => {
                e.push(0x84 | reg << 3);
                let index = if vector_index { index & 7 } else { 4 };
                e.push(index << 3 | base & 7);
                for byte in disp.to_le_bytes() {
                    e.push(byte);
                }
            }
            _ => e.push((random() as u8 % 3) << 6 | reg << 3 | if vector_index { 4 } else { rm }),
        }
    }
    while e.length < MAX_LENGTH {
        e.push(random() as u8);
    }
    e
}
