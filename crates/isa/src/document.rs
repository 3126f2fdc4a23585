//! `docs/instructions.md`, written from the tables.

use core::fmt::{Result, Write};

use crate::forms::kind::Kind;
use crate::forms::{ROWS, Row, group, notation};
use crate::inst::Mode;
use crate::op::{Flags, Op, flag};

/// Writes the page.
pub fn document(out: &mut dyn Write) -> Result {
    writeln!(
        out,
        "# Instructions\n\n\
         Every form that the decoder knows: {} rows of {} operations. Written from `crates/isa/src/op.rs` and\n\
         `crates/isa/src/forms/` by `cargo xtask docs`; a test keeps it current. Whether an operation is executed is another\n\
         matter: CPUID promises only what is.\n\n\
         - *Encoding* is the manual's notation (SDM Vol. 2 section 3.1.1); a VEX form without `128`, `256`, `LIG` or `LZ` has both lengths.\n\
         - *Operands* stand in Intel's order. `16/32/64` is by operand size, `xmm/ymm` by vector length, what stands in\n  \
         parentheses is for 64-bit mode or for the longer vector.\n\
         - *Modes*: 16-, 32- and 64-bit code. *Lock*: may carry LOCK with a memory destination.\n\
         - *Flags* is the effect on o d i s z a p c: `m` by the result, `0`, `1`, `u` undefined, `t` tested, `x` tested and modified.",
        ROWS.len(),
        Op::COUNT
    )?;
    let mut shown = "";
    for (number, row) in ROWS.iter().enumerate() {
        let number = number as u16;
        if group(number) != shown {
            shown = group(number);
            writeln!(
                out,
                "\n## {shown}\n\n| encoding | instruction | operands | modes | lock | flags | feature |\n|---|---|---|---|---|---|---|"
            )?;
        }
        form(out, number, row)?;
    }
    Ok(())
}

fn form(out: &mut dyn Write, number: u16, row: &Row) -> Result {
    let condition = if matches!(row.op, Op::Jcc | Op::Setcc | Op::Cmovcc) { "cc" } else { "" };
    write!(out, "| `{}` | {}{condition} | ", notation(number), row.op.mnemonic())?;
    for (n, kind) in row.kinds.iter().take_while(|k| **k != Kind::None).enumerate() {
        write!(out, "{}{}", if n == 0 { "" } else { ", " }, kind.text())?;
    }
    out.write_str(" | ")?;
    let mut separator = "";
    for (mode, text) in [(Mode::Bits16, "16"), (Mode::Bits32, "32"), (Mode::Bits64, "64")] {
        if row.valid_in(mode) {
            write!(out, "{separator}{text}")?;
            separator = " ";
        }
    }
    write!(out, " | {} | ", if row.lockable() { "yes" } else { "" })?;
    effect(out, row.flags())?;
    writeln!(out, " | {:?} |", row.feature())
}

/// The effect column, or nothing where no flag is concerned.
fn effect(out: &mut dyn Write, flags: Flags) -> Result {
    use flag::*;
    if flags == Flags::default() {
        return Ok(());
    }
    out.write_char('`')?;
    for bit in [OF, DF, IF, SF, ZF, AF, PF, CF] {
        let has = |mask: u32| mask & bit != 0;
        out.write_char(match () {
            () if has(flags.tested) && has(flags.modified) => 'x',
            () if has(flags.tested) => 't',
            () if has(flags.modified) => 'm',
            () if has(flags.cleared) => '0',
            () if has(flags.set) => '1',
            () if has(flags.undefined) => 'u',
            () => '.',
        })?;
    }
    out.write_char('`')
}
