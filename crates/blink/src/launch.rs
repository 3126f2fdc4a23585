//! From an order to the exit status: the log, the address space, the program in it, the first task, the run.

use crate::environment::{Machine, random};
use crate::options::Options;
use crate::{report, search, statistics};
use alloc::ffi::CString;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32};
use host::file::{self, CWD};
use host::own;
use host::park::FUTEX;
use host::start::{Start, auxiliary};
use linux::loader::open::ProgramFile;
use linux::loader::start::start_found;
use linux::loader::{Files, GuestFiles, LoadError, ProgramSpec, Refusal, find};
use linux::mm::{AddressSpace, Limits};
use linux::process::{Counts, Options as RunOptions, Process};
use linux::procfs::Layout;
use linux::root::Root;
use linux::signal::ProcessSignals;
use linux::sys::exec::{OpenedFiles, State};
use linux::{Errno, Task};
use memory::Lock;

const SIGSEGV: i32 = 11;

/// The original's: what the host does not have may lie below `o`.
const DEFAULT_ROOT: &[u8] = b":o";

/// What is to be run, whoever asked for it.
#[derive(Debug, Default)]
pub struct Order {
    path: Vec<u8>,
    argv: Vec<Vec<u8>>,
    envp: Vec<Vec<u8>>,
    options: RunOptions,
    /// The program's file, where it is open already.
    file: Option<i32>,
    /// A guest's `execve`, whose old program is gone.
    is_exec: bool,
    /// The limits that a guest had which executed this program.
    limits: Limits,
    /// What `/` is, if not the host's.
    root: Option<Arc<Root>>,
}

impl Order {
    /// What the command line asks for. The error is one line for the user.
    pub fn from_options(options: Options, envp: Vec<Vec<u8>>) -> Result<Order, String> {
        let variable = |name: &str| {
            let found = envp.iter().find_map(|entry| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
            found.map(<[u8]>::to_vec)
        };
        let mut words = options.words;
        let name = words[0].clone();
        if options.argv0 {
            words.remove(0);
        }
        let log = options.log.or_else(|| variable("BLINK_LOG_FILENAME").filter(|path| !path.is_empty()));
        let log = log.map(absolute);
        let list = options.root.or_else(|| variable("BLINK_OVERLAYS"));
        let root =
            Root::from_list(list.as_deref().unwrap_or(DEFAULT_ROOT)).and_then(|root| root.enter().map(|()| root));
        let root = root.map_err(|error| {
            format!("cannot use {} as the root: {}", list.unwrap_or_default().escape_ascii(), error.text())
        })?;
        let root = Arc::new(root);
        let files = GuestFiles::new(root.clone());
        Ok(Order {
            path: search::find(&name, variable("PATH").as_deref(), |path| files.open(path).is_ok()),
            argv: words,
            options: RunOptions {
                trace: options.trace,
                paged: options.paged,
                interpret: options.no_jit,
                statistics: options.statistics,
                // A trace that nobody would see is of no use.
                log_to_stderr: options.log_to_stderr || (options.trace > 0 && log.is_none()),
                root: root.list(),
                log,
            },
            envp,
            root: Some(root),
            ..Order::default()
        })
    }

    /// What the host's kernel asks for where blink is registered with binfmt_misc and the flag P (keep argv[0]), perhaps O (open the
    /// file). The kernel says so in its auxiliary vector; the arguments are then path, argv[0] and the rest, without options.
    pub fn from_binfmt(start: &mut Start) -> Option<Order> {
        const AT_EXECFD: u64 = 2;
        const AT_FLAGS: u64 = 8;
        const PRESERVE_ARGV0: u64 = 1;
        if auxiliary(AT_FLAGS) & PRESERVE_ARGV0 == 0 || start.arguments.len() < 3 {
            return None;
        }
        let file = i32::try_from(auxiliary(AT_EXECFD)).ok().filter(|&fd| fd > 0);
        let path = start.arguments[1].clone();
        let argv = start.arguments.split_off(2);
        Some(Order { path, argv, envp: core::mem::take(&mut start.environment), file, ..Order::default() })
    }

    /// What the former program of this process asked for by `execve`.
    pub fn from_state(state: State, start: Start) -> Order {
        Order {
            path: state.path,
            argv: start.arguments,
            envp: start.environment,
            options: state.options,
            limits: state.limits,
            file: Some(state.file),
            is_exec: true,
            root: None,
        }
    }
}

/// Makes a path independent of later changes of the working directory.
fn absolute(path: Vec<u8>) -> Vec<u8> {
    match host::dir::current() {
        Ok(mut whole) if !path.starts_with(b"/") => {
            whole.push(b'/');
            whole.extend(path);
            whole
        }
        _ => path,
    }
}

/// Runs the program: the exit status of the process.
pub fn launch(order: Order) -> i32 {
    let is_exec = order.is_exec;
    let started = host::time::now();
    open_log(&order.options);
    if let Err(error) = host::process::hold_program() {
        host::log::line(&format!("cannot open blink's own program file: {}", Errno::from(error).text()));
    }
    let mut task = match prepare(order, started) {
        Ok(task) => task,
        Err(error) => {
            host::log::write_all(2, format!("blink: {error}\n").as_bytes());
            host::log::line(&error.to_string());
            // Linux finds such faults when the old program is gone, and kills the new one.
            if is_exec && error.is_late() {
                host::signal::default_action(SIGSEGV);
            }
            return error.status();
        }
    };
    let status = vm::run_main(&mut task);
    statistics::print(&task.process);
    // At once: other threads are at work, and nothing of ours needs the C library's farewell.
    host::process::exit_group(status)
}

/// Opens the places that log lines go to.
fn open_log(options: &RunOptions) {
    const APPEND: u32 = 0o1 | 0o100 | 0o2000 | 0o2000000;
    if let Some(path) = &options.log {
        let opened = CString::new(path.clone())
            .map_err(|_| host::Errno::EINVAL)
            .and_then(|path| file::open(CWD, &path, APPEND, 0o644));
        match opened.and_then(own::adopt) {
            Ok(log) => host::log::add(log),
            Err(error) => {
                let path = String::from_utf8_lossy(path);
                let line = format!("blink: cannot open the log {path}: {}\n", Errno::from(error).text());
                host::log::write_all(2, line.as_bytes());
            }
        }
    }
    if options.log_to_stderr {
        // A copy, so that the log stays where it was when the guest moves its own descriptor. None if it is closed.
        if let Ok(copy) = file::dup(2).and_then(|copy| own::adopt(copy as i32)) {
            host::log::add(copy);
        }
    }
}

/// Loads the program and makes its first task.
fn prepare(order: Order, started: host::time::Time) -> Result<Task, LoadError> {
    let failed = |refusal| LoadError { path: order.path.clone(), refusal };
    let mut name = order.path.clone();
    let root = match (&order.root, &order.options.root) {
        (Some(root), _) => root.clone(),
        (None, Some(list)) => Arc::new(Root::from_list(list).map_err(|error| failed(Refusal::Open(error)))?),
        (None, None) => Arc::new(Root::host()),
    };
    let found = match order.file {
        Some(fd) => {
            let file = ProgramFile::from_fd(fd).map_err(failed)?;
            if is_descriptor_path(&name) {
                name = file.absolute_path(&name);
            }
            find(&OpenedFiles::new(file, root.clone()), &order.path, &order.argv)?
        }
        None => find(&GuestFiles::new(root.clone()), &order.path, &order.argv)?,
    };
    let limits = take_limits(order.limits);
    let stack_limit = stack_limit();
    let bytes: [u8; 56] = random();
    let numbers: [u64; 7] = core::array::from_fn(|i| u64::from_le_bytes(core::array::from_fn(|k| bytes[8 * i + k])));
    let mut spec = ProgramSpec {
        path: order.path.clone(),
        argv: order.argv.clone(),
        envp: order.envp.clone(),
        stack_limit,
        flags: 0,
        random: core::array::from_fn(|i| bytes[40 + i]),
        layout: None,
        dynamic_base: 0,
        signal_frame_size: SIGNAL_FRAME_SIZE,
        hwcap: cpu::cpuid::HWCAP,
        hwcap2: cpu::cpuid::HWCAP2,
    };
    let mut attempt = |mm: AddressSpace, layout: Option<[u64; 3]>| {
        let mm = Arc::new(mm);
        spec.layout = layout;
        spec.dynamic_base = mm.layout().dynamic_base;
        start_found(&mm, &spec, &found).map(|start| (mm, start))
    };
    let is_random = is_layout_random();
    let place = |number| if is_random { number } else { 0 };
    let linear = if order.options.paged {
        None
    } else {
        AddressSpace::linear(stack_limit, [place(numbers[0]), place(numbers[1])])
    };
    let (mm, start) = match linear {
        Some(mm) => match attempt(mm, is_random.then_some([numbers[2], numbers[3], numbers[4]])) {
            // The program wants addresses that are not to be had from the host.
            Err(LoadError { refusal: Refusal::Map { .. }, .. }) => attempt(AddressSpace::paged(stack_limit), None)?,
            other => other?,
        },
        None => attempt(AddressSpace::paged(stack_limit), None)?,
    };
    drop(found);
    mm.set_limits(limits);
    // It has its part in the handlers of signals, which are not installed yet.
    let engine = vm::engine::choose(&mm, !order.options.interpret);
    let brk = mm.heap_start(start.layout.brk);
    mm.set_brk_start(brk);
    host::process::set_name(name.rsplit(|&byte| byte == b'/').next().unwrap_or_default());

    let mask = host::signal::block_all();
    let process = Process {
        mm: mm.clone(),
        options: order.options.clone(),
        exe: root.name(start.exe),
        arguments: start.argv,
        environment: order.envp.clone(),
        auxv: start.auxv,
        layout: Layout {
            code: start.layout.code,
            data: start.layout.data,
            brk,
            stack: start.sp,
            arguments: start.arguments,
            environment: start.environment,
        },
        signals: ProcessSignals::start(),
        threads: AtomicU32::new(1),
        started,
        counts: Counts::default(),
        is_executing: AtomicBool::new(false),
        highest_descriptor: AtomicI32::new(0),
        root: Lock::new(root, &FUTEX),
        hooks: vm::hooks(report::report, report::refused, statistics::print),
    };
    let mut cpu = cpu::Cpu::new(mm.clone(), Arc::new(Machine));
    cpu.ip = start.ip;
    cpu.set64(cpu::RSP, start.sp);
    Ok(Task::new(cpu, engine, Arc::new(process), host::process::tid(), mask))
}

/// `/dev/fd/N`, as `execveat` with an empty path calls its file: the process is then named after the file itself (Linux 6.14).
fn is_descriptor_path(path: &[u8]) -> bool {
    path.strip_prefix(b"/dev/fd/").is_some_and(|rest| !rest.is_empty() && rest.iter().all(u8::is_ascii_digit))
}

/// The largest signal frame: `rt_sigframe` with FXSAVE's 512 bytes and the padding that the kernel counts (`get_sigframe_size`).
const SIGNAL_FRAME_SIZE: u64 = (440u64 + 15 + 512 + 63).div_ceil(16) * 16;

/// Limits of address space and data are the guest's alone: blink's own memory must not count. `known` are those that the guest had
/// before it executed this program.
fn take_limits(known: Limits) -> Limits {
    const DATA: u32 = 2;
    const ADDRESS_SPACE: u32 = 9;
    let take = |resource| {
        let [soft, hard] = host::identity::prlimit(0, resource, None).ok().filter(|[soft, _]| *soft != u64::MAX)?;
        let _ = host::identity::prlimit(0, resource, Some([hard, hard]));
        Some([soft, hard])
    };
    let (address_space, data) = (take(ADDRESS_SPACE), take(DATA));
    Limits { address_space: known.address_space.or(address_space), data: known.data.or(data) }
}

/// Soft limit of the stack's size in bytes.
fn stack_limit() -> u64 {
    const RLIMIT_STACK: u32 = 3;
    host::identity::prlimit(0, RLIMIT_STACK, None).map_or(8 << 20, |limit| limit[0])
}

/// `setarch -R` holds for the guest too.
fn is_layout_random() -> bool {
    const ASK: u32 = 0xffff_ffff;
    const ADDR_NO_RANDOMIZE: usize = 0x004_0000;
    host::identity::personality(ASK).map_or(true, |persona| persona & ADDR_NO_RANDOMIZE == 0)
}

/// Can this build map guest addresses at themselves?
pub fn has_linear() -> bool {
    cfg!(target_pointer_width = "64")
}
