//! The x87 unit (SDM Vol. 1 chapter 8): its state, and the one wrapper around all of its instructions.
//!
//! [`prepare`] chooses a handler. Instructions that compute are [`Operation`](operation::Operation)s on registers, or take an
//! operand from memory ([`transfer`]); their wrapper looks for a pending exception, touches memory, notes the addresses of
//! instruction and operand, and lets them change the state. Stack faults and exceptions are answered in [`X87`], once.
//! [`control`] has what the manual calls control instructions. The MMX registers are the significands of the registers.
//!
//! Where the manual leaves a bit undefined (C0 to C3 most of all), it is what the CPU does that the tests compare with.

mod control;
mod environment;
mod operation;
mod transfer;

use crate::chain::Run;
use crate::inst::{Form, Inst};
use crate::state::Cpu;
use crate::stop::{Flow, Trap};
use isa::Instruction;
use softfloat::{Env, F80, Flags};

/// Bits of the status word.
pub(crate) const STACK_FAULT: u16 = 1 << 6;
/// An unmasked exception is pending ("ES"); B is its copy.
pub(crate) const SUMMARY: u16 = 1 << 7;
pub(crate) const BUSY: u16 = 1 << 15;
pub(crate) const C0: u16 = 1 << 8;
pub(crate) const C1: u16 = 1 << 9;
pub(crate) const C2: u16 = 1 << 10;
pub(crate) const C3: u16 = 1 << 14;
const TOP: u16 = 7 << 11;
/// The six exceptions, in both words.
const EXCEPTIONS: u16 = 63;

/// State of the x87 unit; the MMX registers are the significands of its registers.
#[derive(Clone, Debug)]
pub struct X87 {
    /// Physical registers: significand, and sign with exponent.
    pub registers: [(u64, u16); 8],
    pub control: u16,
    /// Status word; its bits 11 to 13 are the top of the stack.
    pub status: u16,
    /// One bit a physical register: it is not empty.
    pub valid: u8,
    /// Of the last instruction that was not a control instruction: the low 11 bits of its opcode, its address, its operand's.
    pub opcode: u16,
    pub ip: u64,
    pub data: u64,
    /// Selectors to `ip` and `data`.
    pub code_selector: u16,
    pub data_selector: u16,
}

impl Default for X87 {
    fn default() -> X87 {
        X87 {
            registers: [(0, 0); 8],
            control: 0x37f,
            status: 0,
            valid: 0,
            opcode: 0,
            ip: 0,
            data: 0,
            code_selector: 0,
            data_selector: 0,
        }
    }
}

/// What a stack fault of a masked IE leaves to do: deliver the indefinite.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fault {
    /// IE is masked.
    Masked,
    /// Nothing is to be written.
    Unmasked,
}

impl X87 {
    pub fn top(&self) -> u8 {
        (self.status >> 11 & 7) as u8
    }

    fn set_top(&mut self, top: u8) {
        self.status = self.status & !TOP | u16::from(top & 7) << 11;
    }

    fn slot(&self, i: u8) -> usize {
        usize::from(self.top().wrapping_add(i) & 7)
    }

    /// ST(i), whether empty or not.
    pub fn st(&self, i: u8) -> F80 {
        let (significand, sign_exponent) = self.registers[self.slot(i)];
        F80::new(sign_exponent, significand)
    }

    pub fn is_empty(&self, i: u8) -> bool {
        self.valid >> self.slot(i) & 1 == 0
    }

    fn set_st(&mut self, i: u8, value: F80) {
        let slot = self.slot(i);
        self.registers[slot] = (value.significand, value.sign_exponent);
        self.valid |= 1 << slot;
    }

    fn free(&mut self, i: u8) {
        self.valid &= !(1 << self.slot(i));
    }

    #[inline(never)]
    fn pop(&mut self) {
        self.free(0);
        self.set_top(self.top().wrapping_add(1));
    }

    /// Makes room and puts a value on top; the caller knows that there is room, or that none is needed.
    #[inline(never)]
    fn push(&mut self, value: F80) {
        self.set_top(self.top().wrapping_sub(1));
        self.set_st(0, value);
    }

    #[inline(never)]
    fn env(&self) -> Env {
        Env::from_control_word(self.control)
    }

    fn is_masked(&self, flags: Flags) -> bool {
        self.control & u16::from(flags.bits()) == u16::from(flags.bits())
    }

    /// Sets exception bits, and the summary where one of them is not masked.
    fn signal(&mut self, bits: u16) {
        self.status |= bits;
        self.summarise();
    }

    /// Makes ES and B what the exceptions and masks say.
    pub(crate) fn summarise(&mut self) {
        if self.status & !self.control & EXCEPTIONS != 0 {
            self.status |= SUMMARY | BUSY;
        } else {
            self.status &= !(SUMMARY | BUSY);
        }
    }

    fn set_c1(&mut self, is_set: bool) {
        self.status = self.status & !C1 | if is_set { C1 } else { 0 };
    }

    fn set_conditions(&mut self, bits: u16) {
        self.status = self.status & !(C0 | C1 | C2 | C3) | bits;
    }

    /// An empty register was to be read.
    #[inline(never)]
    fn underflow(&mut self) -> Fault {
        self.set_c1(false);
        self.stack_fault()
    }

    /// A register that is in use was to be pushed into.
    #[inline(never)]
    fn overflow(&mut self) -> Fault {
        self.set_c1(true);
        self.stack_fault()
    }

    fn stack_fault(&mut self) -> Fault {
        self.signal(STACK_FAULT | u16::from(Flags::IE.bits()));
        if self.is_masked(Flags::IE) { Fault::Masked } else { Fault::Unmasked }
    }

    /// Takes over what an operation raised; `false` means that its result must not be written.
    #[inline(never)]
    fn finish(&mut self, env: &Env) -> bool {
        let raised = env.raised();
        self.set_c1(env.rounded_up && raised.contains(Flags::PE));
        self.signal(raised.bits().into());
        self.is_masked(raised & Flags::PRE)
    }

    /// Is an unmasked exception pending?
    pub(crate) fn is_waiting(&self) -> bool {
        self.status & SUMMARY != 0
    }

    /// As FNINIT.
    pub fn initialise(&mut self) {
        *self = X87 { registers: self.registers, ..X87::default() };
    }
}

impl Cpu {
    /// What every instruction of the unit but a few begins with: a pending exception is taken.
    #[inline(always)]
    fn wait(&mut self) -> Flow {
        if self.x87.is_waiting() { self.raise(Trap::X87) } else { Ok(()) }
    }

    /// Notes what instruction it is.
    #[inline(never)]
    fn note(&mut self, inst: &Inst) {
        self.x87.opcode = inst.form.0;
        self.x87.ip = inst.imm;
        self.x87.code_selector = self.selectors[crate::state::Segment::Cs as usize];
    }

    /// Notes instruction and memory operand.
    #[inline(never)]
    fn note_operand(&mut self, inst: &Inst) {
        self.note(inst);
        self.x87.data = self.offset(inst);
        self.x87.data_selector = self.selectors[usize::from(inst.src) % 6];
    }
}

/// The handler of an x87 instruction. From here on `form` is the opcode, `imm` the instruction's address, `dst` the register
/// operand other than ST(0), `src` the segment of the memory operand.
pub(crate) fn prepare(i: &Instruction, inst: &mut Inst, ip: u64) -> Option<Run> {
    let run =
        control::handler(i).or_else(|| if i.has_memory() { transfer::handler(i) } else { operation::handler(i) })?;
    inst.dst = i.modrm & 7;
    inst.src = i.memory.segment as u8;
    inst.imm = ip;
    inst.form = Form(u16::from(i.opcode & 7) << 8 | u16::from(i.modrm));
    Some(run)
}
