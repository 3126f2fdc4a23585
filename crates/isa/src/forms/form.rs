//! One form in the manual's notation, and the constant functions that read it.
//!
//! ```text
//! form("66 0F 38 00 /r", Op::Pshufb, [Vx, Wx])
//! ```
//!
//! Notation (SDM Vol. 2 section 3.1.1), tokens separated by spaces:
//!
//! - `NP`: none of 66, F2, F3. `66`, `F2`, `F3` before the map: mandatory. `NFx`: neither F2 nor F3, `NF3`: not F3;
//!   `N66`: not 66. Without any of these the prefixes do not select the form.
//! - `REX.W`, `REX.W0`: W must be 1, 0. `REX.B`, `REX.B0` likewise.
//! - `0F`, `0F 38`, `0F 3A`: the map. `VEX.` with, separated by dots, `128 256 LZ LIG` (none: both lengths), `66 F2
//!   F3` (none: no prefix), `0F 0F38 0F3A`, `W0 W1 WIG`.
//! - The opcode; `50+r` stands for 50 to 57, `91+r` for 91 to 97. A second byte is a ModRM byte that belongs to the
//!   opcode, `C0+r` with any rm field.
//! - `/r`: a ModRM byte. `/0` to `/7`: its reg field belongs to the opcode.
//! - `ib iw iz iv cb cz ap mo /is4`: what follows; the operands say the same, so these are for the reader.
//!
//! Kinds of operands add what the manual leaves to them: memory or register only, VEX.vvvv unused.

use super::kind::Kind;
use crate::column::{Access, Feature, MAX_OPERANDS, PackedFlags, pack_access};
use crate::op::Op;

/// What the operand size of a form is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum SizeRule {
    /// Default of the mode, 66, REX.W.
    Normal,
    /// Bytes.
    Byte,
    /// In 64-bit mode 8 bytes, with 66 2 bytes; else as `Normal`.
    Default64,
    /// In 64-bit mode 8 bytes; else as `Normal`.
    Force64,
    /// As `Normal`, but with REX.W 4 bytes.
    NoW,
    /// 4 bytes, with W 8 bytes.
    W,
    /// 4 bytes, in 64-bit mode 8 bytes.
    ModeSize,
}

/// A row of the tables under `forms/`; exists at compile time only.
#[derive(Clone, Copy)]
pub struct Form {
    pub(super) notation: &'static str,
    pub(super) op: Op,
    pub(super) kinds: [Kind; MAX_OPERANDS],
    pub(super) flags: Option<PackedFlags>,
    pub(super) feature: Option<Feature>,
    pub(super) access: Option<u8>,
    pub(super) size: Option<SizeRule>,
    pub(super) lock: bool,
    pub(super) lock_is_cr8: bool,
    pub(super) register: bool,
    pub(super) only64: bool,
    pub(super) no64: bool,
    pub(super) otherwise: bool,
}

pub const fn form<const N: usize>(notation: &'static str, op: Op, operands: [Kind; N]) -> Form {
    let mut kinds = [Kind::None; MAX_OPERANDS];
    let mut i = 0;
    while i < N {
        kinds[i] = operands[i];
        i += 1;
    }
    Form {
        notation,
        op,
        kinds,
        flags: None,
        feature: None,
        access: None,
        size: None,
        lock: false,
        lock_is_cr8: false,
        register: false,
        only64: false,
        no64: false,
        otherwise: false,
    }
}

impl Form {
    /// May carry LOCK when its first operand is memory.
    pub const fn lock(mut self) -> Form {
        self.lock = true;
        self
    }

    /// Invalid in 64-bit mode.
    pub const fn no64(mut self) -> Form {
        self.no64 = true;
        self
    }

    /// Valid only in 64-bit mode.
    pub const fn only64(mut self) -> Form {
        self.only64 = true;
        self
    }

    /// The operand size is 8 bytes in 64-bit mode without REX.W.
    pub const fn default64(mut self) -> Form {
        self.size = Some(SizeRule::Default64);
        self
    }

    /// The operand size is 8 bytes in 64-bit mode whatever the prefixes.
    pub const fn force64(mut self) -> Form {
        self.size = Some(SizeRule::Force64);
        self
    }

    /// REX.W does not widen the operand.
    pub const fn no_w(mut self) -> Form {
        self.size = Some(SizeRule::NoW);
        self
    }

    /// LOCK does not lock but makes CR0 CR8.
    pub const fn lock_is_cr8(mut self) -> Form {
        self.lock_is_cr8 = true;
        self
    }

    /// ModRM.mod must be 3 though no operand says so.
    pub const fn register(mut self) -> Form {
        self.register = true;
        self
    }

    /// Effect on the flags where it differs from the operation's row.
    pub const fn flags(mut self, column: &str) -> Form {
        self.flags = Some(PackedFlags::parse(column));
        self
    }

    /// CPUID feature where it differs from the operation's row.
    pub const fn feature(mut self, feature: Feature) -> Form {
        self.feature = Some(feature);
        self
    }

    /// Operand access where it differs from the operation's row.
    pub const fn access<const N: usize>(mut self, access: [Access; N]) -> Form {
        self.access = Some(pack_access(&access));
        self
    }

    /// Takes what no other row with the same opcode claims.
    pub const fn otherwise(mut self) -> Form {
        self.otherwise = true;
        self
    }
}

/// Opcode maps 0, 0F, 0F 38, 0F 3A, then VEX 0F, 0F38, 0F3A: VEX map `m` is `MAP_VEX + m`.
pub(crate) const MAPS: usize = 7;
pub(crate) const MAP_VEX: usize = 3;

/// What decides between the rows of one opcode, one bit or field each.
pub(crate) mod key {
    /// ModRM.mod is 3.
    pub const REGISTER: u16 = 1 << 0;
    pub const REG: u16 = 7 << REG_SHIFT;
    pub const REG_SHIFT: u32 = 1;
    pub const RM: u16 = 7 << RM_SHIFT;
    pub const RM_SHIFT: u32 = 4;
    /// REX.W or VEX.W.
    pub const W: u16 = 1 << 7;
    /// VEX.L.
    pub const L: u16 = 1 << 8;
    pub const P66: u16 = 1 << 9;
    pub const PF3: u16 = 1 << 10;
    pub const PF2: u16 = 1 << 11;
    pub const MODE64: u16 = 1 << 12;
    pub const LOCK: u16 = 1 << 13;
    /// LOCK, and ModRM.mod is 3.
    pub const LOCK_REGISTER: u16 = 1 << 14;
    /// With VEX: vvvv is not 1111b. Else REX.B.
    pub const VVVV_OR_B: u16 = 1 << 15;
}

/// The encoding of a form.
#[derive(Clone, Copy)]
pub(super) struct Encoding {
    pub(super) map: u8,
    pub(super) opcode: u8,
    pub(super) last_opcode: u8,
    pub(super) modrm: bool,
    pub(super) mask: u16,
    pub(super) value: u16,
}

const fn hex(c: u8) -> u8 {
    match c {
        b'0'..=b'9' => c - b'0',
        b'A'..=b'F' => c - b'A' + 10,
        _ => panic!("not a hexadecimal digit"),
    }
}

const fn equal(notation: &[u8], start: usize, end: usize, text: &str) -> bool {
    let text = text.as_bytes();
    if end - start != text.len() {
        return false;
    }
    let mut i = 0;
    while i < text.len() {
        if notation[start + i] != text[i] {
            return false;
        }
        i += 1;
    }
    true
}

const fn token_end(notation: &[u8], start: usize, vex: bool) -> usize {
    let mut end = start;
    while end < notation.len() && notation[end] != b' ' && !(vex && notation[end] == b'.') {
        end += 1;
    }
    end
}

impl Form {
    pub(super) const fn encoding(&self) -> Encoding {
        let n = self.notation.as_bytes();
        let vex = n.len() > 4 && equal(n, 0, 4, "VEX.");
        let mut e = Encoding { map: 0, opcode: 0, last_opcode: 0, modrm: false, mask: 0, value: 0 };
        let (mut at, mut have_opcode, mut in_vex) = (0, false, false);
        if vex {
            (at, in_vex) = (4, true);
            e.map = MAP_VEX as u8;
            e.mask |= key::P66 | key::PF2 | key::PF3;
        }
        while at < n.len() {
            let end = token_end(n, at, in_vex);
            macro_rules! is {
                ($text:literal) => {
                    equal(n, at, end, $text)
                };
            }
            let prefix = !vex && e.map == 0;
            if in_vex {
                if is!("128") || is!("LZ") {
                    e.mask |= key::L;
                } else if is!("256") {
                    e.mask |= key::L;
                    e.value |= key::L;
                } else if is!("66") {
                    e.value |= key::P66;
                } else if is!("F2") {
                    e.value |= key::PF2;
                } else if is!("F3") {
                    e.value |= key::PF3;
                } else if is!("0F") {
                    e.map += 1;
                } else if is!("0F38") {
                    e.map += 2;
                } else if is!("0F3A") {
                    e.map += 3;
                } else if is!("W0") {
                    e.mask |= key::W;
                } else if is!("W1") {
                    e.mask |= key::W;
                    e.value |= key::W;
                } else if !is!("LIG") && !is!("WIG") {
                    panic!("{}", self.notation);
                }
                in_vex = end < n.len() && n[end] == b'.';
            } else if have_opcode {
                if n[at] == b'/' && !is!("/is4") {
                    assert!(end == at + 2 && !e.modrm);
                    e.modrm = true;
                    if n[at + 1] != b'r' {
                        e.mask |= key::REG;
                        e.value |= (hex(n[at + 1]) as u16) << key::REG_SHIFT;
                    }
                } else if n[at].is_ascii_uppercase() {
                    let byte = hex(n[at]) << 4 | hex(n[at + 1]);
                    assert!(byte >= 0xc0 && !e.modrm);
                    e.modrm = true;
                    e.mask |= key::REGISTER | key::REG;
                    e.value |= key::REGISTER | (byte as u16 >> 3 & 7) << key::REG_SHIFT;
                    if end == at + 2 {
                        e.mask |= key::RM;
                        e.value |= (byte as u16 & 7) << key::RM_SHIFT;
                    } else {
                        assert!(equal(n, at + 2, end, "+r") && byte & 7 == 0);
                    }
                } else if !(is!("ib") || is!("iw") || is!("iz") || is!("iv") || is!("cb") || is!("cz"))
                    && !(is!("ap") || is!("mo") || is!("/is4"))
                {
                    panic!("{}", self.notation);
                }
            } else if prefix && is!("NP") {
                e.mask |= key::P66 | key::PF2 | key::PF3;
            } else if prefix && is!("NFx") {
                e.mask |= key::PF2 | key::PF3;
            } else if prefix && is!("NF3") {
                e.mask |= key::PF3;
            } else if prefix && is!("N66") {
                e.mask |= key::P66;
            } else if prefix && is!("66") {
                e.mask |= key::P66 | key::PF2 | key::PF3;
                e.value |= key::P66;
            } else if prefix && is!("F2") {
                e.mask |= key::PF2 | key::PF3;
                e.value |= key::PF2;
            } else if prefix && is!("F3") {
                e.mask |= key::PF2 | key::PF3;
                e.value |= key::PF3;
            } else if is!("REX.W") {
                e.mask |= key::W;
                e.value |= key::W;
            } else if is!("REX.W0") {
                e.mask |= key::W;
            } else if is!("REX.B") {
                e.mask |= key::VVVV_OR_B;
                e.value |= key::VVVV_OR_B;
            } else if is!("REX.B0") {
                e.mask |= key::VVVV_OR_B;
            } else if prefix && is!("0F") {
                e.map = 1;
            } else if !vex && is!("38") && e.map == 1 {
                e.map = 2;
            } else if !vex && is!("3A") && e.map == 1 {
                e.map = 3;
            } else {
                have_opcode = true;
                if !n[at].is_ascii_hexdigit() || end < at + 2 {
                    panic!("{}", self.notation);
                }
                e.opcode = hex(n[at]) << 4 | hex(n[at + 1]);
                e.last_opcode = e.opcode;
                if end != at + 2 {
                    assert!(equal(n, at + 2, end, "+r"));
                    e.last_opcode |= 7;
                }
            }
            at = end + 1;
        }
        assert!(have_opcode);
        self.restrict(e, vex)
    }

    /// What operands and attributes say about the encoding.
    const fn restrict(&self, mut e: Encoding, vex: bool) -> Encoding {
        let (mut i, mut vvvv) = (0, false);
        while i < MAX_OPERANDS {
            let kind = self.kinds[i];
            if kind.memory_only() {
                e.mask |= key::REGISTER;
            }
            if kind.register_only() {
                e.mask |= key::REGISTER;
                e.value |= key::REGISTER;
            }
            vvvv |= kind.vvvv();
            i += 1;
        }
        if self.register {
            e.mask |= key::REGISTER;
            e.value |= key::REGISTER;
        }
        if vex && !vvvv {
            e.mask |= key::VVVV_OR_B;
        }
        if self.only64 || self.no64 {
            e.mask |= key::MODE64;
        }
        if self.only64 {
            e.value |= key::MODE64;
        }
        if !self.lock_is_cr8 {
            e.mask |= if self.lock { key::LOCK_REGISTER } else { key::LOCK };
        }
        e
    }

    pub(super) const fn size_rule(&self) -> SizeRule {
        if let Some(rule) = self.size {
            return rule;
        }
        let (mut i, mut byte, mut w, mut mode) = (0, false, false, false);
        while i < MAX_OPERANDS {
            let kind = self.kinds[i];
            if kind.operand_sized() {
                return SizeRule::Normal;
            }
            w |= kind.w_sized();
            mode |= kind.mode_sized();
            byte |= kind.byte();
            i += 1;
        }
        let e = self.encoding();
        if w || e.map > MAP_VEX as u8 || e.value & key::P66 != 0 {
            SizeRule::W
        } else if mode {
            SizeRule::ModeSize
        } else if byte {
            SizeRule::Byte
        } else {
            SizeRule::Normal
        }
    }
}
