//! The x86 instruction set, once: operations, encodings, decoder, listing. Reads no memory, knows no CPU state.
//!
//! - [`op`]: [`Op`], one variant for each operation, and [`for_each_op!`], the list with mnemonic, operand access,
//!   effect on the flags and CPUID feature. Consumers expand it with a macro of their own, so that a missing meaning
//!   does not compile.
//! - [`column`]: what the columns of that list say.
//! - [`forms`]: [`Row`] and [`ROWS`], one row for each encoding in the manual's notation.
//! - [`inst`]: [`Instruction`] with its [`Operand`]s and [`Mem`], what everybody reads.
//! - [`decode`]: bytes to [`Instruction`] in the three modes, everything up to x86-64-v3.
//! - [`list`]: [`Instruction`] to AT&T syntax.
//! - [`document`]: the tables as a page for people.
//! - [`sample`]: a row back to encodings, for generators of tests.
//!
//! What is an operation of its own, where a mnemonic has two meanings or a meaning several mnemonics:
//!
//! - The condition-coded families are `Jcc`, `Setcc`, `Cmovcc`; [`Instruction::condition`] tells which.
//! - String instructions are `Movs Cmps Stos Lods Scas Ins Outs`, their width is `operand_size`, their operands are
//!   [`Operand::StringSource`] and [`Operand::StringDestination`]. `Movsd` and `Cmpsd` are the SSE2 ones.
//! - By operand size: `Cbw` (cbw cwde cdqe), `Cwd` (cwd cdq cqo), `Pusha`, `Popa`, `Pushf`, `Popf`, `Iret`; by address
//!   size: `Jrcxz` (jcxz jecxz jrcxz), `Loop`, `Loope`, `Loopne`. With REX.W: `Fxsave` (fxsave64), `Xsave`, ...; see
//!   `operand_size == W64`.
//! - `Imul` is the one-operand form (rDX:rAX), `Imul2` `dst *= src`, `Imul3` `dst = src * imm`.
//! - `Call Jmp Ret` are near, `CallFar JmpFar RetFar` far. `MovSeg`, `PushSeg`, `PopSeg`, `MovCr`, `MovDr` are the
//!   moves of such registers; `Mov` is all the others, moffs and immediates included.
//! - MMX and SSE forms share an operation (`Paddb` on `Mmx` or `Xmm` operands), VEX forms have their own (`Vpaddb`;
//!   128 and 256 bits by [`Instruction::long`]). `Movd` moves 32 bits, `Movq` 64, between vector and general registers
//!   or memory alike.
//! - `Shl` has the alias /6, `Nop` all forms of nop except `Pause` and `Endbr32`/`Endbr64`.
//! - x87: register forms show both operands (`Fadd` St, St), memory forms one; `Fcom`, `Fucom`... show `St0, St(i)`.
//! - Implicit operands that Intel syntax does not show (rDX:rAX of `Mul`, the stack, XMM0 of `Pblendvb`, `[rDI]` of
//!   `Maskmovq`) are not operands.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod column;
pub mod decode;
pub mod document;
pub mod forms;
pub mod inst;
pub mod list;
pub mod op;
pub mod sample;

pub use column::{Access, Feature, Flags, MAX_OPERANDS, flag};
pub use decode::{MAX_LENGTH, decode, decode_into};
pub use forms::{ROWS, Row};
pub use inst::{DecodeError, Flow, IndexKind, Instruction, Mem, Mode, Operand, Prefixes, Repeat, Segment, Width};
pub use list::list;
pub use op::Op;
