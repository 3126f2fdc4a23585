//! The listing: an instruction in AT&T syntax, in the dialect of GNU `as` and as iced-x86's GAS formatter spells it.
//!
//! Most mnemonics are Intel's with operands turned round. What differs is in `mnemonic.rs`: suffixes where memory
//! leaves the size open, the names that AT&T changed, and pseudo-operations that swallow an immediate.

mod mnemonic;

use core::fmt::{Result, Write};

use crate::forms::kind::Kind;
use crate::inst::{IndexKind, Instruction, Mem, Mode, Operand, Repeat, Segment, Width};
use crate::op::{MAX_OPERANDS, Op};

/// Writes `i`, which stands at address `ip`, without a line end.
pub fn list(i: &Instruction, ip: u64, out: &mut dyn Write) -> Result {
    Lister { i, ip, out }.instruction()
}

const LEGACY_8: [&str; 16] =
    ["al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "r8b", "r9b", "r10b", "r11b", "r12b", "r13b", "r14b", "r15b"];
const STEMS: [&str; 8] = ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"];
const HIGH: [&str; 4] = ["ah", "ch", "dh", "bh"];
const SEGMENTS: [&str; 6] = ["es", "cs", "ss", "ds", "fs", "gs"];

struct Lister<'a> {
    i: &'a Instruction,
    ip: u64,
    out: &'a mut dyn Write,
}

/// The operand size that needs no mention in this mode, for what has 32-bit default in 64-bit mode.
fn default_size(mode: Mode) -> Width {
    if mode == Mode::Bits16 { Width::W16 } else { Width::W32 }
}

/// The same for addresses and the stack.
fn native_size(mode: Mode) -> Width {
    match mode {
        Mode::Bits16 => Width::W16,
        Mode::Bits32 => Width::W32,
        Mode::Bits64 => Width::W64,
    }
}

impl Lister<'_> {
    fn instruction(mut self) -> Result {
        self.prefixes()?;
        let skip = self.mnemonic()?;
        self.operands(skip)
    }

    fn text(&mut self, text: &str) -> Result {
        self.out.write_str(text)
    }

    // ---- Prefixes ----

    fn prefixes(&mut self) -> Result {
        self.size_prefixes()?;
        let i = self.i;
        let p = &i.prefixes;
        if hidden_memory(i.op) && self.segment_shown(Segment::Ds) {
            self.text(SEGMENTS[p.segment.unwrap_or(Segment::Ds) as usize])?;
            self.text(" ")?;
        }
        let elision = elides_lock(i);
        if elision {
            self.text(if p.repeat == Repeat::F2 { "xacquire " } else { "xrelease " })?;
        }
        if p.lock && i.row().lockable() {
            self.text("lock ")?;
        }
        if self.notrack() {
            self.text("notrack ")?;
        }
        let near = matches!(i.op, Op::Jcc | Op::Jmp | Op::Call | Op::Ret) && i.opcode != 0xeb;
        match (i.repeat(), p.repeat) {
            (_, Repeat::F2) if near => self.text("bnd "),
            (Repeat::F3, _) if matches!(i.op, Op::Cmps | Op::Scas) => self.text("repe "),
            (Repeat::F3, _) => self.text("rep "),
            (Repeat::F2, _) => self.text("repne "),
            (_, Repeat::F3) if i.op == Op::Ret && i.operands[0] == Operand::None => self.text("rep "),
            _ => Ok(()),
        }
    }

    fn size_prefixes(&mut self) -> Result {
        let i = self.i;
        let direct = matches!(i.operands[0], Operand::Rel(_));
        let odd_size = i.operand_size != native_size(i.mode);
        match i.op {
            Op::Jcc if odd_size => self.data_prefix()?,
            Op::Jmp if direct && odd_size => self.data_prefix()?,
            Op::Loop | Op::Loope | Op::Loopne | Op::Jrcxz if odd_size => self.text(".byte 0x66; ")?,
            Op::Getsec if i.operand_size == Width::W64 => self.text("rex.w ")?,
            _ => {}
        }
        let moffs = i.op == Op::Mov && (0xa0..=0xa3).contains(&i.opcode);
        if (moffs || hidden_address(i.op)) && i.address_size != native_size(i.mode) {
            self.text(if i.address_size == Width::W16 { "addr16 " } else { "addr32 " })?;
        }
        Ok(())
    }

    fn data_prefix(&mut self) -> Result {
        self.text(if self.i.operand_size == Width::W16 { "data16 " } else { "data32 " })
    }

    fn notrack(&self) -> bool {
        matches!(self.i.op, Op::Jmp | Op::Call)
            && !matches!(self.i.operands[0], Operand::Rel(_))
            && self.i.prefixes.segment == Some(Segment::Ds)
    }

    /// Does the listing show the segment prefix, where `default` is the segment without one?
    fn segment_shown(&self, default: Segment) -> bool {
        match self.i.prefixes.segment {
            None => false,
            Some(segment) if self.i.mode == Mode::Bits64 => segment >= Segment::Fs,
            Some(segment) => segment != default,
        }
    }

    // ---- Operands ----

    fn operands(&mut self, skip: usize) -> Result {
        let i = self.i;
        let mut order = [Operand::None; MAX_OPERANDS + 1];
        let mut count = i.operand_count() - skip;
        order[..count].copy_from_slice(&i.operands[..count]);
        if i.op == Op::Nop && i.opcode == 0x90 && i.operand_size != default_size(i.mode) {
            let accumulator = Operand::Gpr { number: 0, width: i.operand_size };
            (order[0], order[1], count) = (accumulator, accumulator, 2);
        }
        if matches!(i.op, Op::Pblendvb | Op::Blendvps | Op::Blendvpd | Op::Sha256rnds2) {
            (order[2], count) = (Operand::Xmm(0), 3);
        }
        if i.op == Op::Imul3 && order[0] == order[1] {
            order[1] = order[2];
            count = 2;
        }
        match i.op {
            // Only ST(i) is shown, and not even that where it is ST(1).
            Op::Fcom | Op::Fcomp | Op::Fucom | Op::Fucomp | Op::Fxch if count == 2 => {
                (order[0], count) = (order[1], 1);
                if order[0] == Operand::St(1) {
                    count = 0;
                }
            }
            Op::Faddp | Op::Fmulp | Op::Fsubp | Op::Fsubrp | Op::Fdivp | Op::Fdivrp if order[0] == Operand::St(1) => {
                count = 0;
            }
            _ => {}
        }
        if !matches!(i.op, Op::Enter | Op::Bound) {
            order[..count].reverse();
        }
        for (n, operand) in order[..count].iter().enumerate() {
            self.text(if n == 0 { " " } else { "," })?;
            // The ST(0) that the form implies is `%st`; one that is encoded as ST(i) is `%st(0)`.
            let implied = if i.row().kinds[0] == Kind::St0 { 1 } else { 0 };
            self.operand(*operand, count == 2 && n == implied)?;
        }
        Ok(())
    }

    fn operand(&mut self, operand: Operand, plain_top: bool) -> Result {
        let i = self.i;
        if matches!(i.op, Op::Jmp | Op::Call) && !matches!(operand, Operand::Rel(_))
            || matches!(i.op, Op::JmpFar | Op::CallFar) && matches!(operand, Operand::Mem { .. })
        {
            self.text("*")?;
        }
        match operand {
            Operand::None => Ok(()),
            Operand::Gpr { number, width } => {
                self.text("%")?;
                let width = match i.op {
                    Op::Lldt | Op::Ltr | Op::Verr | Op::Verw | Op::Lmsw => Width::W16,
                    _ => width,
                };
                self.gpr(number, width)
            }
            Operand::GprHigh(number) => {
                self.text("%")?;
                self.text(HIGH[number as usize & 3])
            }
            Operand::Seg(segment) => {
                self.text("%")?;
                self.text(SEGMENTS[segment as usize])
            }
            Operand::Control(number) => self.numbered("%cr", number),
            Operand::Debug(number) => self.numbered("%dr", number),
            Operand::Mmx(number) => self.numbered("%mm", number),
            Operand::Xmm(number) => self.numbered("%xmm", number),
            Operand::Ymm(number) => self.numbered("%ymm", number),
            Operand::St(_) if plain_top => self.text("%st"),
            Operand::St(number) => {
                self.numbered("%st(", number)?;
                self.text(")")
            }
            Operand::Mem { .. } => self.memory(),
            Operand::StringSource { .. } => self.string_memory(6, i.memory.segment),
            Operand::StringDestination { .. } => self.string_memory(7, Segment::Es),
            Operand::Imm { value, .. } => {
                self.text("$")?;
                self.number(value)
            }
            Operand::Rel(displacement) => {
                let target = self.ip.wrapping_add(i.len as u64).wrapping_add(displacement as u64);
                let width = match (i.op, i.mode) {
                    (Op::Xbegin, Mode::Bits64) => Width::W64,
                    (Op::Xbegin, _) => Width::W32,
                    _ => i.operand_size,
                };
                self.address(cut(target, width), width)
            }
            Operand::Far { selector, offset } => {
                self.text("$")?;
                self.address(selector as u64, Width::W16)?;
                self.text(",$")?;
                self.address(offset as u64, i.operand_size)
            }
        }
    }

    fn gpr(&mut self, number: u8, width: Width) -> Result {
        let number = number as usize & 15;
        if width == Width::W8 {
            return self.text(LEGACY_8[number]);
        }
        if number < 8 {
            self.text(match width {
                Width::W64 => "r",
                Width::W32 => "e",
                _ => "",
            })?;
            return self.text(STEMS[number]);
        }
        self.numbered("r", number as u8)?;
        self.text(match width {
            Width::W64 => "",
            Width::W32 => "d",
            _ => "w",
        })
    }

    fn numbered(&mut self, stem: &str, number: u8) -> Result {
        self.text(stem)?;
        if number >= 10 {
            self.text("1")?;
        }
        self.out.write_char((b'0' + number % 10) as char)
    }

    /// Decimal below ten, else hexadecimal.
    fn number(&mut self, value: u64) -> Result {
        if value < 10 {
            return self.out.write_char((b'0' + value as u8) as char);
        }
        self.hexadecimal(value, (64 - value.leading_zeros()).div_ceil(4))
    }

    /// All digits of `width`.
    fn address(&mut self, value: u64, width: Width) -> Result {
        if value < 10 { self.number(value) } else { self.hexadecimal(value, width.bytes() * 2) }
    }

    fn hexadecimal(&mut self, value: u64, digits: u32) -> Result {
        self.text("0x")?;
        for n in (0..digits).rev() {
            self.out.write_char(char::from(b"0123456789ABCDEF"[(value >> (4 * n)) as usize & 15]))?;
        }
        Ok(())
    }

    fn segment(&mut self, shown: Segment, default: Segment) -> Result {
        if self.i.op != Op::Lea && self.segment_shown(default) {
            self.text("%")?;
            self.text(SEGMENTS[shown as usize])?;
            self.text(":")?;
        }
        Ok(())
    }

    fn string_memory(&mut self, register: u8, segment: Segment) -> Result {
        self.segment(segment, Segment::Ds)?;
        self.text("(%")?;
        self.gpr(register, self.i.address_size)?;
        self.text(")")
    }

    fn memory(&mut self) -> Result {
        let i = self.i;
        let m: &Mem = &i.memory;
        let default = if matches!(m.base, Some(4 | 5)) { Segment::Ss } else { Segment::Ds };
        if !(self.notrack() && (i.mode == Mode::Bits64 || default == Segment::Ds)) {
            self.segment(m.segment, default)?;
        }
        if m.ip_relative {
            let target = self.ip.wrapping_add(i.len as u64).wrapping_add(m.disp as u64);
            return self.number(cut(target, i.address_size));
        }
        let index = if i.op == Op::Xlat { None } else { m.index };
        if m.base.is_none() && index.is_none() {
            return self.number(cut(m.disp as u64, i.address_size));
        }
        if m.disp != 0 {
            if m.disp < 0 {
                self.text("-")?;
            }
            self.number(m.disp.unsigned_abs())?;
        }
        self.text("(")?;
        if let Some(base) = m.base {
            self.text("%")?;
            self.gpr(base, i.address_size)?;
        }
        if let Some(index) = index {
            self.text(",")?;
            match m.index_kind {
                IndexKind::Gpr => {
                    self.text("%")?;
                    self.gpr(index, i.address_size)?;
                }
                IndexKind::Xmm => self.numbered("%xmm", index)?,
                IndexKind::Ymm => self.numbered("%ymm", index)?,
            }
        }
        match (m.scale, index) {
            (1, _) => {}
            (scale, Some(_)) => {
                self.text(",")?;
                self.number(scale as u64)?;
            }
            // A scale that scales nothing.
            (_, None) => self.text(",")?,
        }
        self.text(")")
    }
}

/// Uses memory in a segment without an operand that shows it.
fn hidden_memory(op: Op) -> bool {
    use Op::*;
    matches!(op, Monitor | Monitorx | Clzero | Umonitor | Maskmovq | Maskmovdqu | Vmaskmovdqu)
}

/// Uses an address without an operand that shows its size.
fn hidden_address(op: Op) -> bool {
    use Op::*;
    hidden_memory(op) && op != Umonitor || matches!(op, Vmrun | Vmload | Vmsave | Invlpga | Invlpgb)
}

/// F2 and F3 before a locked instruction (XCHG needs no LOCK, nor does a store with F3) are hints of lock elision.
fn elides_lock(i: &Instruction) -> bool {
    if !matches!(i.operands[0], Operand::Mem { .. }) {
        return false;
    }
    match i.prefixes.repeat {
        Repeat::None => false,
        _ if i.op == Op::Xchg => true,
        Repeat::F3 if i.op == Op::Mov => matches!(i.opcode, 0x88 | 0x89 | 0xc6 | 0xc7),
        _ => i.prefixes.lock && i.row().lockable() && i.op != Op::Cmpxchg16b,
    }
}

fn cut(value: u64, width: Width) -> u64 {
    match width {
        Width::W8 => value as u8 as u64,
        Width::W16 => value as u16 as u64,
        Width::W32 => value as u32 as u64,
        Width::W64 => value,
    }
}
