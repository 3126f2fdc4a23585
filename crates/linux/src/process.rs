//! A guest process: what its threads share beside memory, and how blink was asked to run it.

use crate::mm::AddressSpace;
use std::sync::Arc;

/// How the command line asked for this run; inherited by children over `execve`.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `-s` given so often: 0 no trace, 1 calls with their results, 2 at entry too.
    pub trace: u8,
    /// `-m`: the paged address space even where the linear one works.
    pub paged: bool,
    /// `-Z`.
    pub statistics: bool,
}

/// What all threads of a guest process share.
pub struct Process {
    pub mm: Arc<AddressSpace>,
    pub options: Options,
    /// Absolute path of the program: what `/proc/self/exe` reads.
    pub exe: Vec<u8>,
    /// Argument vector at start, for `/proc/self/cmdline`.
    pub arguments: Vec<Vec<u8>>,
    /// Environment at start, for `/proc/self/environ`.
    pub environment: Vec<Vec<u8>>,
    /// The auxiliary vector's bytes, for `/proc/self/auxv` and `PR_GET_AUXV`.
    pub auxv: Vec<u8>,
    /// Signal actions and what else threads share of signals.
    pub signals: crate::signal::ProcessSignals,
}
