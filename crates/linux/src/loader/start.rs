//! Starts a program in a fresh address space: finds it, maps it, builds its stack, and says what the CPU begins with.

use super::find::{Found, Kind, find};
use super::map::{self, Layout, Randomness, Space};
use super::open::{GuestFiles, ProgramFile};
use super::refusal::{LoadError, Refusal};
use crate::Errno;
use crate::root::Root;
use crate::stack::{self, Contents, Facts};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use host::identity;

/// What is to be started.
#[derive(Clone, Debug, Default)]
pub struct ProgramSpec {
    /// The path as the user or the guest gave it: AT_EXECFN, and what a script finds as its own name.
    pub path: Vec<u8>,
    pub argv: Vec<Vec<u8>>,
    pub envp: Vec<Vec<u8>>,
    /// Soft limit of the stack's size, in bytes.
    pub stack_limit: u64,
    /// AT_FLAGS.
    pub flags: u64,
    /// What AT_RANDOM points at.
    pub random: [u8; 16],
    /// Where position-independent programs go: [`map::DYNAMIC_BASE`] in an address space of Linux's size.
    pub dynamic_base: u64,
    /// Random numbers for the layout: program, heap, gap on the stack. `None`: the fixed layout.
    pub layout: Option<[u64; 3]>,
    /// Size of the largest signal frame.
    pub signal_frame_size: u64,
    pub hwcap: u64,
    pub hwcap2: u64,
}

/// A program that is ready to run: all other registers are zero.
#[derive(Debug)]
pub struct Start {
    pub ip: u64,
    pub sp: u64,
    pub layout: Layout,
    /// Absolute path of the file that was loaded: of a script, its interpreter.
    pub exe: Vec<u8>,
    /// The arguments, with what `#!` lines put before them.
    pub argv: Vec<Vec<u8>>,
    pub arguments: Range<u64>,
    pub environment: Range<u64>,
    /// The auxiliary vector's bytes.
    pub auxv: Vec<u8>,
    pub kind: Kind,
}

/// Loads `spec` into `space`, in which nothing is mapped yet.
pub fn start(space: &impl Space<ProgramFile>, spec: &ProgramSpec) -> Result<Start, LoadError> {
    let found = find(&GuestFiles::new(Arc::new(Root::host())), &spec.path, &spec.argv)?;
    start_found(space, spec, &found)
}

/// As [`start`], for a program that was opened by other means.
pub fn start_found(
    space: &impl Space<ProgramFile>,
    spec: &ProgramSpec,
    found: &Found<ProgramFile>,
) -> Result<Start, LoadError> {
    load(space, spec, found).map_err(|refusal| LoadError { path: spec.path.clone(), refusal })
}

fn load(space: &impl Space<ProgramFile>, spec: &ProgramSpec, found: &Found<ProgramFile>) -> Result<Start, Refusal> {
    stack::check_size(&found.argv, &spec.envp, &spec.path, spec.stack_limit).map_err(|_| Refusal::TooBig)?;
    let random = match spec.layout {
        Some([base, brk, _]) => Randomness { dynamic_base: spec.dynamic_base, base, brk: Some(brk) },
        None => Randomness { dynamic_base: spec.dynamic_base, ..Randomness::default() },
    };
    // As in Linux, the stack is there before the program.
    let cannot = |address| move |errno: Errno| Refusal::Map { what: "the stack", address, errno };
    let top = space.map_stack(found.program.plan.executable_stack).map_err(cannot(0))?;
    let layout = map::load(space, found, random)?;
    let ids = |three: Result<[u32; 3], host::Errno>| {
        three.map_or((0, 0), |[real, effective, _]| (real.into(), effective.into()))
    };
    let (uid, euid) = ids(identity::getresuid());
    let (gid, egid) = ids(identity::getresgid());
    let facts = Facts {
        headers: layout.headers,
        header_count: layout.header_count.into(),
        base: layout.base,
        entry: layout.entry,
        flags: spec.flags,
        uid,
        euid,
        gid,
        egid,
        secure: false,
        hwcap: spec.hwcap,
        hwcap2: spec.hwcap2,
        signal_frame_size: spec.signal_frame_size,
        random: spec.random,
    };
    let gap = spec.layout.map_or(0, |numbers| numbers[2] % 8192);
    let contents = Contents { argv: &found.argv, envp: &spec.envp, path: &spec.path, facts: &facts, top, gap };
    let image = stack::build(&contents);
    space.store(image.sp, &image.bytes).map_err(cannot(image.sp))?;
    Ok(Start {
        ip: layout.ip,
        sp: image.sp,
        exe: found.program.file.absolute_path(&found.program.path),
        argv: found.argv.clone(),
        arguments: image.arguments,
        environment: image.environment,
        auxv: image.auxv.iter().flat_map(|row| [row.0.to_le_bytes(), row.1.to_le_bytes()].concat()).collect(),
        kind: found.kind,
        layout,
    })
}
