//! Instruction bytes for each row of the table, found by asking the decoder.
//!
//! Every prefix, opcode and ModRM byte is decoded once; what names a row becomes one of its templates. A random
//! encoding of a row is a template with other register bits, displacement, prefixes, as long as the decoder still says
//! that it is that row.

use super::random::Random;
use isa::{Instruction, Mode, Op, Operand, ROWS};

/// Where the bytes of an opcode go.
#[derive(Clone, Copy)]
enum Map {
    /// Nothing, 0F, 0F 38, 0F 3A.
    Legacy(&'static [u8]),
    /// C4 with this map number.
    Vex(u8),
}

#[derive(Clone, Copy)]
struct Template {
    map: Map,
    /// 0, 66, F3, F2.
    prefix: u8,
    opcode: u8,
    /// With room for variation: only where one was tried.
    modrm: u8,
    /// REX bits that it needs; for VEX forms only W counts.
    rex: u8,
    /// VEX.L
    long: bool,
}

pub struct Encoder {
    templates: Vec<Vec<Template>>,
    mode: Mode,
}

const PREFIXES: [u8; 4] = [0, 0x66, 0xf3, 0xf2];
/// Templates kept for a row.
const ENOUGH: usize = 48;

impl Encoder {
    pub fn new(mode: Mode) -> Encoder {
        let mut encoder = Encoder { templates: vec![Vec::new(); ROWS.len()], mode };
        // The same for everybody: which templates a row has must not depend on the seed.
        let mut random = Random::new(1);
        let maps: [&'static [u8]; 4] = [&[], &[0x0f], &[0x0f, 0x38], &[0x0f, 0x3a]];
        let mut seen = vec![0u64; ROWS.len()];
        for prefix in PREFIXES {
            for rex in [0, 0x48, 0x41] {
                if rex != 0 && mode != Mode::Bits64 {
                    continue;
                }
                for map in maps {
                    for opcode in 0..=255u8 {
                        if map.is_empty() && is_prefix(opcode, mode) || map == [0x0f] && matches!(opcode, 0x38 | 0x3a) {
                            continue;
                        }
                        for modrm in 0..=255u8 {
                            let template = Template { map: Map::Legacy(map), prefix, opcode, modrm, rex, long: false };
                            let plain = encoder.consider(template, &mut random, &mut seen);
                            if !plain {
                                // No ModRM: the rest is an immediate.
                                break;
                            }
                        }
                    }
                }
            }
        }
        if mode == Mode::Bits64 {
            for map in 1..=3 {
                for prefix in PREFIXES {
                    for (rex, long) in [(0, false), (0x48, false), (0, true), (0x48, true)] {
                        for opcode in 0..=255u8 {
                            // Each reg field, with a memory form and two register forms.
                            for modrm in (0..=255u8).filter(|m| matches!(m & 0xc7, 0x01 | 0x04 | 0xc0 | 0xc3)) {
                                let template = Template { map: Map::Vex(map), prefix, opcode, modrm, rex, long };
                                encoder.consider(template, &mut random, &mut seen);
                            }
                        }
                    }
                }
            }
        }
        encoder
    }

    /// Notes the template if it names a row. Says whether ModRM matters.
    fn consider(&mut self, template: Template, random: &mut Random, seen: &mut [u64]) -> bool {
        let bytes =
            assemble(template, &[], 0, template.modrm, 15, &[0x24, 0x10, 0x20, 0x30, 0x40, 0, 0, 0, 0, 0], self.mode);
        let Ok(instruction) = isa::decode(&bytes, self.mode) else {
            return true;
        };
        let row = instruction.row as usize;
        seen[row] += 1;
        let list = &mut self.templates[row];
        if list.len() < ENOUGH {
            list.push(template);
        } else if random.below(seen[row]) < ENOUGH as u64 {
            list[random.index(ENOUGH)] = template;
        }
        let opcode_length = match template.map {
            Map::Legacy(map) => map.len() + 1,
            Map::Vex(_) => return true,
        };
        let prefixes = usize::from(template.prefix != 0) + usize::from(template.rex != 0);
        instruction.modrm != 0 || template.modrm == 0 && instruction.len as usize > prefixes + opcode_length
    }

    /// Rows that no bytes name in this mode.
    pub fn is_empty(&self, row: usize) -> bool {
        self.templates[row].is_empty()
    }

    /// A random encoding of the row.
    pub fn sample(&self, row: usize, random: &mut Random) -> Option<(Vec<u8>, Instruction)> {
        let templates = &self.templates[row];
        if templates.is_empty() {
            return None;
        }
        for attempt in 0..20 {
            let template = random.pick(templates);
            let (mut extra, mut rex, mut modrm) = (Vec::new(), 0, template.modrm);
            if attempt < 15 {
                let string = is_string(ROWS[row].op);
                if random.one_in(12) {
                    extra.push(random.pick(&[0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65]));
                }
                if random.one_in(if string { 4 } else { 10 }) {
                    extra.push(random.pick(&[0x64, 0x65]));
                }
                if random.one_in(10) {
                    extra.push(0x67);
                }
                if random.one_in(12) {
                    extra.push(0x66);
                }
                if random.one_in(if string { 2 } else { 24 }) {
                    extra.push(random.pick(&[0xf2, 0xf3]));
                }
                if random.one_in(10) {
                    extra.push(0xf0);
                }
                for i in (1..extra.len()).rev() {
                    extra.swap(i, random.index(i + 1));
                }
                if self.mode == Mode::Bits64 {
                    rex = match random.below(3) {
                        0 => 0,
                        _ => 0x40 | (random.word() & 7) as u8,
                    };
                }
                if modrm >> 6 != 3 {
                    // Any addressing of the same reg field; rather without an absolute address.
                    modrm = modrm & 0x38 | (random.word() & 0xc7) as u8;
                    if modrm >> 6 == 3 {
                        modrm &= 0x7f;
                    }
                    if modrm & 0xc7 == 5 && !random.one_in(3) {
                        modrm ^= 1;
                    }
                } else {
                    modrm = modrm & 0xf8 | (random.word() & 7) as u8;
                }
                if random.one_in(2) {
                    modrm = modrm & 0xc7 | (random.word() & 0x38) as u8;
                }
            }
            let tail: Vec<u8> = if random.one_in(3) {
                (0..10).map(|_| random.pick(&[0, 1, 7, 8, 0x10, 0x1f, 0x20, 0x3f, 0x40, 0x7f, 0x80, 0xff])).collect()
            } else {
                (0..10).map(|_| random.word() as u8).collect()
            };
            let vvvv = if random.one_in(2) { 15 } else { random.below(16) as u8 };
            let mut bytes = assemble(template, &extra, rex, modrm, vvvv, &tail, self.mode);
            bytes.truncate(15);
            if let Ok(instruction) = isa::decode(&bytes, self.mode)
                && instruction.row as usize == row
            {
                bytes.truncate(instruction.len as usize);
                return Some((bytes, instruction));
            }
        }
        None
    }
}

fn assemble(template: Template, extra: &[u8], rex: u8, modrm: u8, vvvv: u8, tail: &[u8], mode: Mode) -> Vec<u8> {
    let mut bytes = extra.to_vec();
    match template.map {
        Map::Legacy(map) => {
            if template.prefix != 0 {
                bytes.push(template.prefix);
            }
            let rex = rex | template.rex;
            if rex != 0 && mode == Mode::Bits64 {
                bytes.push(rex);
            }
            bytes.extend(map);
        }
        Map::Vex(map) => {
            let pp = PREFIXES.iter().position(|p| *p == template.prefix).unwrap() as u8;
            // R, X, B are stored inverted, and so is vvvv: 15 is register 0 or none.
            bytes.extend([
                0xc4,
                (!rex & 7) << 5 | map,
                template.rex << 4 & 0x80 | vvvv << 3 | u8::from(template.long) << 2 | pp,
            ]);
        }
    }
    bytes.push(template.opcode);
    bytes.push(modrm);
    bytes.extend(tail);
    bytes
}

fn is_prefix(byte: u8, mode: Mode) -> bool {
    matches!(byte, 0x26 | 0x2e | 0x36 | 0x3e | 0x64..=0x67 | 0xf0 | 0xf2 | 0xf3 | 0x0f)
        || mode == Mode::Bits64 && matches!(byte, 0x40..=0x4f)
}

pub fn is_string(op: Op) -> bool {
    matches!(op, Op::Movs | Op::Cmps | Op::Stos | Op::Lods | Op::Scas | Op::Ins | Op::Outs)
}

/// Writes another displacement into the instruction; says whether the decoder agrees.
pub fn set_displacement(bytes: &mut Vec<u8>, instruction: &mut Instruction, displacement: i64) -> bool {
    let width = instruction.memory.disp_bytes as usize;
    if width == 0 {
        return false;
    }
    replace(bytes, instruction, width, displacement, |i| i.memory.disp)
}

/// Writes another branch displacement into the instruction.
pub fn set_relative(bytes: &mut Vec<u8>, instruction: &mut Instruction, displacement: i64) -> bool {
    let relative = |i: &Instruction| match i.operands[0] {
        Operand::Rel(value) => value,
        _ => i64::MIN,
    };
    [4, 1].into_iter().any(|width| replace(bytes, instruction, width, displacement, relative))
}

fn replace(
    bytes: &mut Vec<u8>,
    instruction: &mut Instruction,
    width: usize,
    value: i64,
    get: impl Fn(&Instruction) -> i64,
) -> bool {
    for at in (1..=bytes.len().saturating_sub(width)).rev() {
        let mut trial = bytes.clone();
        trial[at..at + width].copy_from_slice(&value.to_le_bytes()[..width]);
        if let Ok(decoded) = isa::decode(&trial, instruction.mode)
            && decoded.row == instruction.row
            && decoded.len == instruction.len
            && get(&decoded) == value
            && decoded.operands.iter().zip(&instruction.operands).all(|(a, b)| a == b || matches!(a, Operand::Rel(_)))
        {
            *bytes = trial;
            *instruction = decoded;
            return true;
        }
    }
    false
}
