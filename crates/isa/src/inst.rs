//! The decoded instruction: what [`crate::decode`] returns and everybody else reads.

use crate::column::{Flags, MAX_OPERANDS, flag};
use crate::forms::{ROWS, Row};
use crate::op::Op;

/// The mode that the code segment selects.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Mode {
    Bits16,
    Bits32,
    Bits64,
}

impl Mode {
    pub const ALL: [Mode; 3] = [Mode::Bits16, Mode::Bits32, Mode::Bits64];
}

/// Width of an operand or an address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Width {
    W8 = 1,
    W16 = 2,
    W32 = 4,
    W64 = 8,
}

impl Width {
    pub const fn bytes(self) -> u32 {
        self as u32
    }

    pub const fn bits(self) -> u32 {
        self as u32 * 8
    }
}

/// Why bytes are not an instruction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DecodeError {
    /// All bytes are the beginning of an instruction; more are needed.
    Short,
    /// #UD.
    Invalid,
    /// More than 15 bytes: #GP.
    TooLong,
    /// An EVEX prefix (AVX-512): recognised, not supported. #UD.
    Evex,
}

/// Segment registers by their numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Segment {
    Es,
    Cs,
    Ss,
    Ds,
    Fs,
    Gs,
}

impl Segment {
    pub const ALL: [Segment; 6] = [Segment::Es, Segment::Cs, Segment::Ss, Segment::Ds, Segment::Fs, Segment::Gs];
}

/// The last of the F2 and F3 prefixes, unless it is part of the opcode.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Repeat {
    #[default]
    None,
    /// F3: REP, REPE.
    F3,
    /// F2: REPNE.
    F2,
}

/// The prefixes as they were written. What they mean is in the other fields of [`Instruction`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Prefixes {
    /// F0.
    pub lock: bool,
    /// F2 or F3 where it is not part of the opcode. On string instructions it repeats; see [`Instruction::repeat`].
    pub repeat: Repeat,
    /// 66 was given (also where it is part of the opcode).
    pub operand_size: bool,
    /// 67 was given.
    pub address_size: bool,
    /// The last segment prefix, before any rule that ignores it.
    pub segment: Option<Segment>,
    /// The REX byte, 0 without one; with VEX the R, X, B and W bits that it stands for.
    pub rex: u8,
    /// C4 or C5.
    pub vex: bool,
}

/// What the index register of a memory operand is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum IndexKind {
    #[default]
    Gpr,
    /// A gather's vector of indices.
    Xmm,
    Ymm,
}

/// The memory operand: `segment:[base + index * scale + disp]`, cut to the instruction's `address_size`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Mem {
    /// The segment that applies: overridden or the default of the base register. In 64-bit mode only FS and GS matter.
    pub segment: Segment,
    /// A prefix chose `segment` (in 64-bit mode only FS and GS count).
    pub overridden: bool,
    /// Register number 0 to 15.
    pub base: Option<u8>,
    /// Register number 0 to 15; a vector register where `index_kind` says so. For XLAT it is AL (zero-extended).
    pub index: Option<u8>,
    pub index_kind: IndexKind,
    /// 1, 2, 4 or 8.
    pub scale: u8,
    /// Sign-extended from its size in the instruction; a `moffs` address as it stands.
    pub disp: i64,
    /// Bytes that `disp` takes in the instruction: 0, 1, 2, 4 or 8.
    pub disp_bytes: u8,
    /// Where in the instruction a `disp` of 4 bytes is.
    pub disp_at: u8,
    /// `disp` is relative to the end of the instruction.
    pub ip_relative: bool,
}

impl Mem {
    pub const NONE: Mem = Mem {
        segment: Segment::Ds,
        overridden: false,
        base: None,
        index: None,
        index_kind: IndexKind::Gpr,
        scale: 1,
        disp: 0,
        disp_bytes: 0,
        disp_at: 0,
        ip_relative: false,
    };
}

/// One operand.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Operand {
    #[default]
    None,
    /// General register 0 to 15, its low `width` bytes.
    Gpr {
        number: u8,
        width: Width,
    },
    /// AH, CH, DH, BH as 0 to 3: bits 15..8 of that general register.
    GprHigh(u8),
    Seg(Segment),
    /// CR0 to CR15 (only existing ones).
    Control(u8),
    Debug(u8),
    Mmx(u8),
    Xmm(u8),
    Ymm(u8),
    /// ST(i).
    St(u8),
    /// [`Instruction::memory`]; `bytes` is how much is accessed there (0: only an address, or a size the manual leaves
    /// open).
    Mem {
        bytes: u16,
    },
    /// `segment:[rSI]` of a string instruction; the segment is in [`Instruction::memory`], the width of rSI is
    /// `address_size`.
    StringSource {
        bytes: u8,
    },
    /// `ES:[rDI]` of a string instruction.
    StringDestination {
        bytes: u8,
    },
    /// An immediate as it takes part in the operation: extended from its encoding as the manual says, then cut to
    /// `width`, so that `value < 2^width`. `add $-1, r32` has 0xffff_ffff and W32 in both encodings; counts, vectors and
    /// the like, which are not extended, have W8.
    Imm {
        value: u64,
        width: Width,
    },
    /// Displacement from the end of the instruction to the target of a near branch; the sum is cut to `operand_size`.
    Rel(i64),
    /// Far pointer in the instruction.
    Far {
        selector: u16,
        offset: u32,
    },
}

/// A decoded instruction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Instruction {
    pub op: Op,
    /// Index into [`ROWS`].
    pub row: u16,
    /// Bytes, 1 to 15.
    pub len: u8,
    /// The last opcode byte.
    pub opcode: u8,
    /// The ModRM byte, 0 without one.
    pub modrm: u8,
    pub mode: Mode,
    /// The effective operand size: default of the mode, 66, REX.W, and the form's own rule (`push` in 64-bit mode has
    /// W64). `W8` for forms on bytes.
    pub operand_size: Width,
    /// The effective address size, also that of the count and pointers of string instructions, LOOP and JRCXZ.
    pub address_size: Width,
    pub prefixes: Prefixes,
    /// VEX.L: 256 bits.
    pub long: bool,
    /// In Intel order, the destination first; `None` at the end.
    pub operands: [Operand; MAX_OPERANDS],
    /// The memory operand, if an operand is `Mem` (or `StringSource`: segment only).
    pub memory: Mem,
}

/// How an instruction ends or continues a straight line of code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Flow {
    /// Goes on behind itself (or faults).
    Next,
    /// Jcc, LOOPcc, JRCXZ.
    Conditional,
    /// Near jump, direct or indirect.
    Jump,
    Call,
    Return,
    /// Far transfers, interrupts, SYSCALL and what else leaves for the system, HLT, and what changes how code is
    /// decoded or fetched (MOV CR, loads of CS).
    System,
}

impl Instruction {
    /// What the decoder starts from; not an instruction (its length is 0).
    pub const BLANK: Instruction = Instruction {
        op: Op::Nop,
        row: 0,
        len: 0,
        opcode: 0,
        modrm: 0,
        mode: Mode::Bits64,
        operand_size: Width::W32,
        address_size: Width::W32,
        prefixes: Prefixes {
            lock: false,
            repeat: Repeat::None,
            operand_size: false,
            address_size: false,
            segment: None,
            rex: 0,
            vex: false,
        },
        long: false,
        operands: [Operand::None; MAX_OPERANDS],
        memory: Mem::NONE,
    };

    pub fn row(&self) -> &'static Row {
        &ROWS[self.row as usize]
    }

    /// The condition of `Jcc`, `Setcc` and `Cmovcc`, 0 to 15 as in the low bits of the opcode (o no b ae e ne be a s
    /// ns p np l ge le g).
    pub const fn condition(&self) -> u8 {
        self.opcode & 15
    }

    /// Effect on the flags, of which a condition tests only its own. Shifts by a count that may be zero and repeated
    /// string instructions may leave all of them alone.
    pub fn flags(&self) -> Flags {
        use flag::*;
        let mut flags = self.row().flags();
        if matches!(self.op, Op::Jcc | Op::Setcc | Op::Cmovcc) {
            flags.tested = [OF, CF, ZF, CF | ZF, SF, PF, SF | OF, ZF | SF | OF][self.condition() as usize >> 1];
        }
        flags
    }

    /// How a string instruction repeats; `None` for everything else, whatever its prefixes.
    pub fn repeat(&self) -> Repeat {
        match self.op {
            Op::Movs | Op::Cmps | Op::Stos | Op::Lods | Op::Scas | Op::Ins | Op::Outs => self.prefixes.repeat,
            _ => Repeat::None,
        }
    }

    /// How many operands there are.
    pub fn operand_count(&self) -> usize {
        self.operands.iter().position(|o| *o == Operand::None).unwrap_or(MAX_OPERANDS)
    }

    pub fn has_memory(&self) -> bool {
        self.operands.iter().any(|o| matches!(o, Operand::Mem { .. }))
    }

    pub fn flow(&self) -> Flow {
        use Op::*;
        match self.op {
            Jcc | Loop | Loope | Loopne | Jrcxz | Xbegin => Flow::Conditional,
            Jmp => Flow::Jump,
            Call => Flow::Call,
            Ret => Flow::Return,
            CallFar | JmpFar | RetFar | Iret | Int | Int1 | Int3 | Into | Syscall | Sysret | Sysenter | Sysexit
            | Hlt | Ud0 | Ud1 | Ud2 | MovCr | Rsm | Xabort | Vmcall | Vmlaunch | Vmresume | Vmrun | Vmmcall | Lmsw
            | Getsec | Skinit => Flow::System,
            _ => Flow::Next,
        }
    }

    /// Is it the last one of a block?
    pub fn ends_block(&self) -> bool {
        self.flow() != Flow::Next
    }
}
