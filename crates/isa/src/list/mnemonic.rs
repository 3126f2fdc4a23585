//! Mnemonics as AT&T has them.

use core::fmt::Error;

use super::{Lister, default_size, native_size};
use crate::inst::{Instruction, Mode, Operand, Segment, Width};
use crate::op::Op;

const CONDITIONS: [&str; 16] = ["o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"];
const COMPARISONS: [&str; 32] = [
    "eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord", "eq_uq", "nge", "ngt", "false", "neq_oq", "ge", "gt",
    "true", "eq_os", "lt_oq", "le_oq", "unord_s", "neq_us", "nlt_uq", "nle_uq", "ord_s", "eq_us", "nge_uq", "ngt_uq",
    "false_os", "neq_os", "ge_oq", "gt_oq", "true_us",
];
/// A name in two parts, the second often a suffix of size.
type Name = (&'static str, &'static str);

impl Lister<'_> {
    /// Writes the mnemonic; the result is how many operands, from the last, it has swallowed.
    pub(super) fn mnemonic(&mut self) -> Result<usize, Error> {
        match self.i.op {
            Op::Jcc => return self.conditional_jump(),
            Op::Cmpps | Op::Cmppd | Op::Cmpss | Op::Cmpsd => return self.comparison("cmp", 8),
            Op::Vcmpps | Op::Vcmppd | Op::Vcmpss | Op::Vcmpsd => return self.comparison("vcmp", 32),
            Op::Pclmulqdq | Op::Vpclmulqdq => return self.multiplication(),
            _ => {}
        }
        let (stem, suffix) =
            self.renamed().or_else(|| self.odd_size()).or_else(|| self.wide()).unwrap_or_else(|| self.by_memory());
        self.text(stem)?;
        self.text(suffix)?;
        let base_ten = matches!(self.i.op, Op::Aam | Op::Aad) && self.last_immediate() == Some(10);
        Ok(base_ten as usize)
    }

    /// With the hint that CS and DS prefixes are.
    fn conditional_jump(&mut self) -> Result<usize, Error> {
        self.text("j")?;
        self.text(CONDITIONS[self.i.condition() as usize])?;
        self.text(match self.i.prefixes.segment {
            Some(Segment::Cs) => ",pn",
            Some(Segment::Ds) => ",pt",
            _ => "",
        })?;
        Ok(0)
    }

    /// Where AT&T's name is not Intel's with a suffix.
    fn renamed(&self) -> Option<Name> {
        let i = self.i;
        let size = i.operand_size;
        let of_three = |names: [&'static str; 3], width: Width| names[width.bytes().trailing_zeros() as usize - 1];
        Some(match i.op {
            Op::Setcc | Op::Cmovcc => (i.op.mnemonic(), CONDITIONS[i.condition() as usize]),
            Op::Jrcxz => (of_three(["jcxz", "jecxz", "jrcxz"], i.address_size), ""),
            Op::Cbw => (of_three(["cbtw", "cwtl", "cltq"], size), ""),
            Op::Cwd => (of_three(["cwtd", "cltd", "cqto"], size), ""),
            Op::Nop if i.opcode == 0x90 && size == default_size(i.mode) => ("nop", ""),
            Op::Nop if i.opcode == 0x90 => ("xchg", ""),
            Op::Mov if is_movabs(i) => ("movabs", ""),
            Op::Movzx | Op::Movsx => extension(i),
            Op::Movsxd if size == Width::W64 => ("movslq", ""),
            Op::Wait => ("fwait", ""),
            Op::Xlat => ("xlat", ""),
            Op::Fstpnce => ("fstp", ""),
            Op::Shl if i.modrm >> 3 & 7 == 6 => ("sal", if i.has_memory() { letter(size) } else { "" }),
            _ => return None,
        })
    }

    /// Where a suffix tells an operand or address size that is not the mode's own.
    fn odd_size(&self) -> Option<Name> {
        use Op::*;
        let i = self.i;
        let size = i.operand_size;
        let unless = |usual: bool| if usual { "" } else { letter(size) };
        let far = unless(size == default_size(i.mode) && i.mode != Mode::Bits64);
        let native = unless(size == native_size(i.mode));
        let name = i.op.mnemonic();
        Some(match (i.op, i.operands[0]) {
            (CallFar, _) => ("lcall", far),
            (JmpFar, _) => ("ljmp", far),
            (RetFar, _) => ("lret", far),
            (Iret, _) => (name, far),
            (Push, Operand::Imm { .. }) | (Call, Operand::Rel(_)) => (name, native),
            (Pushf | Popf | PushSeg | PopSeg | Pusha | Popa | Enter | Leave | Ret, _) => (name, native),
            (Sgdt | Sidt | Lgdt | Lidt, _) => (name, native),
            (Loop | Loope | Loopne, _) if i.address_size != native_size(i.mode) => (name, letter(i.address_size)),
            (Sysret | Sysexit, _) if i.mode == Mode::Bits64 => (name, if size == Width::W64 { "q" } else { "l" }),
            (Fldenv | Fnstenv | Frstor | Fnsave, _) => match (size, i.mode) {
                (Width::W16, Mode::Bits32 | Mode::Bits64) => (name, "s"),
                (Width::W32, Mode::Bits16) => (name, "l"),
                _ => (name, ""),
            },
            _ => return None,
        })
    }

    /// Where Intel's manual, too, has another name with REX.W.
    fn wide(&self) -> Option<Name> {
        use Op::*;
        let name = self.i.op.mnemonic();
        let wide = self.i.operand_size == Width::W64;
        match self.i.op {
            Rdssp | Incssp | Wrss | Wruss => Some((name, if wide { "q" } else { "d" })),
            Fxsave | Fxrstor | Xsave | Xrstor | Xsaveopt | Xsavec | Xsaves | Xrstors if wide => Some((name, "64")),
            Pcmpestrm | Pcmpestri | Vpcmpestrm | Vpcmpestri if wide => Some((name, "q")),
            _ => None,
        }
    }

    /// Everything else: a suffix where only memory has a size.
    fn by_memory(&self) -> Name {
        use Op::*;
        let i = self.i;
        let name = self.x87_name();
        let size = letter(i.operand_size);
        let Some(bytes) = memory_bytes(i) else {
            // INSD and OUTSD move 4 bytes with REX.W, too.
            return match i.op {
                Ins | Outs if i.operand_size == Width::W64 => (name, "l"),
                Movs | Cmps | Ins | Outs => (name, size),
                _ => (name, ""),
            };
        };
        let suffix = match i.op {
            Push | Pop | Cvtsi2ss | Cvtsi2sd | Vcvtsi2ss | Vcvtsi2sd => size,
            Nop if i.operands[1] == Operand::None => size,
            Crc32 => byte_letter(bytes),
            Vcvtpd2ps | Vcvttpd2dq | Vcvtpd2dq => ["x", "y"][i.long as usize],
            _ if takes_suffix(i) => byte_letter(bytes),
            op => x87_suffix(op, bytes),
        };
        (name, suffix)
    }

    /// AT&T exchanges the names of FSUB and FSUBR, FDIV and FDIVR where ST(i) is the destination.
    fn x87_name(&self) -> &'static str {
        let i = self.i;
        if !matches!((i.operands[0], i.operands[1]), (Operand::St(_), Operand::St(0))) || i.opcode < 0xdc {
            return i.op.mnemonic();
        }
        match i.op {
            Op::Fsub => "fsubr",
            Op::Fsubr => "fsub",
            Op::Fdiv => "fdivr",
            Op::Fdivr => "fdiv",
            Op::Fsubp => "fsubrp",
            Op::Fsubrp => "fsubp",
            Op::Fdivp => "fdivrp",
            Op::Fdivrp => "fdivp",
            op => op.mnemonic(),
        }
    }

    fn last_immediate(&self) -> Option<u64> {
        match self.i.operands[self.i.operand_count() - 1] {
            Operand::Imm { value, .. } => Some(value),
            _ => None,
        }
    }

    fn comparison(&mut self, stem: &str, count: usize) -> Result<usize, Error> {
        let name = self.i.op.mnemonic();
        match self.last_immediate() {
            Some(value) if value < count as u64 => {
                self.text(stem)?;
                self.text(COMPARISONS[value as usize])?;
                self.text(&name[stem.len()..])?;
                Ok(1)
            }
            _ => {
                self.text(name)?;
                Ok(0)
            }
        }
    }

    fn multiplication(&mut self) -> Result<usize, Error> {
        let halves = match self.last_immediate() {
            Some(0x00) => "lqlq",
            Some(0x01) => "hqlq",
            Some(0x10) => "lqhq",
            Some(0x11) => "hqhq",
            _ => {
                self.text(self.i.op.mnemonic())?;
                return Ok(0);
            }
        };
        self.text(if self.i.op == Op::Pclmulqdq { "pclmul" } else { "vpclmul" })?;
        self.text(halves)?;
        self.text("dq")?;
        Ok(1)
    }
}

/// A 64-bit immediate or absolute address.
fn is_movabs(i: &Instruction) -> bool {
    match i.opcode {
        0xa0..=0xa3 => i.address_size == Width::W64,
        0xb8..=0xbf => i.operand_size == Width::W64,
        _ => false,
    }
}

/// MOVZX and MOVSX with the sizes of both operands; of equal sizes there is but one to tell.
fn extension(i: &Instruction) -> Name {
    let stem = match (i.op, i.opcode & 1 == 0, i.operand_size) {
        (Op::Movzx, true, _) => "movzb",
        (_, true, _) => "movsb",
        (Op::Movzx, false, Width::W16) => "movzx",
        (_, false, Width::W16) => "movsx",
        (Op::Movzx, false, _) => "movzw",
        (_, false, _) => "movsw",
    };
    (stem, letter(i.operand_size))
}

fn memory_bytes(i: &Instruction) -> Option<u16> {
    i.operands.iter().find_map(|o| match o {
        Operand::Mem { bytes } => Some(*bytes),
        _ => None,
    })
}

fn letter(width: Width) -> &'static str {
    match width {
        Width::W8 => "b",
        Width::W16 => "w",
        Width::W32 => "l",
        Width::W64 => "q",
    }
}

fn byte_letter(bytes: u16) -> &'static str {
    match bytes {
        1 => "b",
        2 => "w",
        4 => "l",
        8 => "q",
        _ => "",
    }
}

/// Does the size of a memory operand show in the mnemonic? It does where no register says it.
fn takes_suffix(i: &Instruction) -> bool {
    use Op::*;
    match i.op {
        Rol | Ror | Rcl | Rcr | Shl | Shr | Sar | Not | Neg | Mul | Imul | Div | Idiv | Inc | Dec | Call | Jmp
        | Ptwrite => true,
        Add | Or | Adc | Sbb | And | Sub | Xor | Cmp | Test | Mov | Bt | Bts | Btr | Btc => {
            matches!(i.operands[1], Operand::Imm { .. })
        }
        _ => false,
    }
}

fn x87_suffix(op: Op, bytes: u16) -> &'static str {
    use Op::*;
    match op {
        Fadd | Fmul | Fcom | Fcomp | Fsub | Fsubr | Fdiv | Fdivr | Fld | Fst | Fstp => match bytes {
            4 => "s",
            8 => "l",
            _ => "t",
        },
        Fiadd | Fimul | Ficom | Ficomp | Fisub | Fisubr | Fidiv | Fidivr | Fild | Fist | Fistp | Fisttp => {
            match bytes {
                2 => "s",
                4 => "l",
                _ => "ll",
            }
        }
        _ => "",
    }
}
