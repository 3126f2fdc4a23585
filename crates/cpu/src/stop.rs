//! Why the engine stops: inside a block (`Stop`), out of the engine (`Exit`), and the CPU's exceptions (`Trap`).

use core::num::NonZeroU64;

/// Why a block ended early; one register wide, so that handlers can jump to one another. Details lie in the `Cpu`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stop(NonZeroU64);

/// What a handler returns. An error means that nothing architectural has happened.
pub type Flow = Result<(), Stop>;

impl Stop {
    const fn new(kind: u64) -> Stop {
        match NonZeroU64::new(kind) {
            Some(kind) => Stop(kind),
            None => panic!("a stop has a kind"),
        }
    }

    /// A memory access failed: `cpu.memory.fault()` tells which.
    pub const FAULT: Stop = Stop::new(1);
    /// An exception: `cpu.trap` tells which; the instruction has not happened.
    pub const TRAP: Stop = Stop::new(2);
    /// The instruction is complete and leaves the engine: `cpu.exit` tells why.
    pub const EXIT: Stop = Stop::new(3);
    /// A repeated string instruction has committed a part and is to be started again.
    pub const AGAIN: Stop = Stop::new(4);
    /// A handler for known places cannot go on; the one for all forms takes over.
    pub(crate) const MISSED: Stop = Stop::new(5);
}

impl From<memory::Faulted> for Stop {
    #[inline(always)]
    fn from(_: memory::Faulted) -> Stop {
        Stop::FAULT
    }
}

/// The CPU's exceptions (SDM Vol. 3A table 6-1) as far as user mode sees them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trap {
    DivideError,
    /// Single step: the instruction before `ip` is complete.
    Debug,
    /// INT3: `ip` is behind it.
    Breakpoint,
    /// INTO: `ip` is behind it.
    Overflow,
    Bound,
    InvalidOpcode,
    DeviceNotAvailable,
    SegmentNotPresent {
        code: u32,
    },
    StackFault {
        code: u32,
    },
    GeneralProtection {
        code: u32,
    },
    PageFault(memory::Fault),
    /// #MF: an unmasked x87 exception is pending.
    X87,
    AlignmentCheck,
    /// #XM: an unmasked SSE exception; MXCSR has its flag.
    Simd,
    /// INT n: `ip` is behind it.
    Interrupt(u8),
    /// INT1 (ICEBP): `ip` is behind it.
    IceBreakpoint,
}

/// Why the engine returned to its personality.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// SYSCALL; `ip` is behind it, `rcx` and `r11` are set.
    Syscall,
    /// `ip` is at the instruction, of which nothing has happened, unless the trap says otherwise.
    Trap(Trap),
    /// Somebody raised an attention bit; `ip` is at the next instruction.
    Attention,
    /// The requested number of instructions has been done.
    Stepped,
}
