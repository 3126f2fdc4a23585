//! System calls with all kinds of arguments: `cargo xtask suite calls` compares each with the real machine, `cargo xtask suite fuzz`
//! makes chains of them and looks for a blink that ends or hangs. The program is `tests/calls/calls.c`.
//!
//! What the arguments of a call mean is read from the table of calls, so that a new row is tried by itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::places;
use crate::report::Tally;

/// Calls that would end or stop the process that makes them, change the machine for others, or send signals around.
const LEFT_OUT: &str = "exit exit_group fork vfork clone clone3 pause rt_sigreturn rt_sigsuspend rt_sigaction reboot kexec_load \
    kexec_file_load swapon swapoff sethostname setdomainname settimeofday clock_settime adjtimex clock_adjtime mount umount2 pivot_root \
    init_module finit_module delete_module create_module vhangup iopl ioperm acct quotactl sync syncfs vserver execve execveat \
    futex set_robust_list ptrace kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_send_signal unshare setns seccomp bpf \
    perf_event_open io_uring_setup userfaultfd fanotify_init syslog";

/// What no two runs have in common: times, process numbers, what the machine does besides.
const VARYING: &str = "getrusage times time gettimeofday clock_gettime sysinfo getrandom getpid gettid getppid getpgrp set_tid_address \
    brk getcpu getsid getpgid statfs fstatfs ustat shmget semget msgget shmctl semctl msgctl get_robust_list select pselect6 ppoll";

/// The letter of an argument for `calls.c`.
fn kind(call: &str, name: &str, kind: &str) -> char {
    let pointer = kind.starts_with("UserMut") || kind.starts_with("UserPtr");
    match (name, kind) {
        _ if kind.contains("IoVec") => 'v',
        _ if pointer && ["Timespec", "Timeval", "Itimer", "Utimbuf"].iter().any(|time| kind.contains(time)) => 't',
        _ if kind.contains("MsgHdr") => 'M',
        // Waiting without end is no test.
        ("timeout", "i32") if call.contains("poll") || call.contains("epoll") => '0',
        ("status" | "pid" | "tid" | "tgid" | "who", "i32") => 'P',
        (
            "ruid" | "euid" | "suid" | "uid" | "rgid" | "egid" | "sgid" | "gid" | "owner" | "group" | "fsuid" | "fsgid",
            _,
        ) => 'u',
        ("sigsetsize" | "sizemask", _) => '8',
        (_, "Fd") => 'f',
        (_, "DirFd") => 'd',
        (_, "UserStr") => 'p',
        (_, "UserBuf" | "UserSlice") => 'b',
        (_, "SockAddr" | "SockAddrMut") => 'a',
        (_, "Signal") => 'S',
        (_, "ClockId") => 'c',
        (_, "OpenFlags") => 'O',
        (_, "Mode") => 'm',
        (_, "Advice") => 'V',
        (_, "FcntlCommand") => 'F',
        (_, "IoctlRequest") => 'I',
        (_, "PrctlOption") => 'R',
        (_, "SocketFamily") => 'y',
        (_, "SocketType") => 'Y',
        (_, "SocketLevel") => 'L',
        (_, "FdSet" | "StringArray" | "Address") => 's',
        _ if pointer => 's',
        ("flags", _) => 'o',
        _ if kind.contains("Flags") || kind.contains("Options") => 'o',
        (
            "count" | "len" | "length" | "size" | "bufsiz" | "addrlen" | "optlen" | "buflen" | "cpusetsize",
            "u64" | "u32" | "i32",
        ) => 'l',
        (_, "i64") => 'x',
        _ => 'n',
    }
}

/// Calls on address ranges, which must leave the program itself alone.
const ON_AREAS: &[(&str, &str)] = &[
    ("mmap", "AGngfx"),
    ("munmap", "AG"),
    ("mprotect", "AGn"),
    ("mremap", "AGGnA"),
    ("msync", "AGn"),
    ("mincore", "AGb"),
    ("madvise", "AGV"),
    ("mlock", "AG"),
    ("mlock2", "AGn"),
    ("munlock", "AG"),
    ("pkey_mprotect", "AGnn"),
    ("remap_file_pages", "AGnno"),
    ("mbind", "AGnsnn"),
    ("mseal", "AGo"),
    ("brk", "b"),
    ("shmat", "nAn"),
    ("shmdt", "A"),
    // 0x1001 to 0x1004 would take the thread's own memory away.
    ("arch_prctl", "ns"),
];

/// `rows.inc`: number, name and kinds of each call of the table that is tried.
fn rows() -> Result<String, String> {
    let path = places::root().join("crates/linux/src/table.rs");
    let table = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut rows = String::new();
    for line in table.lines() {
        let Some((number, rest)) = line.trim().split_once(' ') else { continue };
        let (Ok(number), Some((name, rest))) = (number.parse::<u16>(), rest.split_once('(')) else { continue };
        if LEFT_OUT.split_whitespace().any(|left_out| left_out == name) {
            continue;
        }
        let Some((arguments, _)) = rest.split_once(')') else { continue };
        let special = ON_AREAS.iter().find(|(known, _)| *known == name);
        let kinds = match special {
            Some((_, kinds)) => (*kinds).to_owned(),
            None => {
                arguments.split(", ").filter_map(|one| one.split_once(": ")).map(|(n, k)| kind(name, n, k)).collect()
            }
        };
        rows.push_str(&format!("{{ {number}, \"{name}\", \"{kinds}\" }},\n"));
    }
    if rows.is_empty() { Err("no calls in the table".into()) } else { Ok(rows) }
}

/// Builds the program in `directory`; `None` where there is no compiler.
pub fn build(directory: &Path) -> Result<Option<PathBuf>, String> {
    fs::write(directory.join("rows.inc"), rows()?).map_err(|error| error.to_string())?;
    let program = directory.join("calls");
    let mut command = Command::new("gcc");
    command.args(["-static", "-O1", "-w", "-I"]).arg(directory).arg("-o").arg(&program);
    match command.arg(places::root().join("tests/calls/calls.c")).status() {
        Ok(status) if status.success() => Ok(Some(program)),
        Ok(_) => Err("gcc failed on calls.c".into()),
        Err(_) => Ok(None),
    }
}

/// Runs the program, under blink if `blink` says so, in a new directory.
pub fn run(blink: Option<(&Path, &str)>, program: &Path, arguments: &[&str]) -> Result<Output, String> {
    let mut command = match blink {
        Some((blink, form)) => {
            let mut command = Command::new(blink);
            command.arg(form).arg(program);
            command
        }
        None => Command::new(program),
    };
    let directory = scratch();
    let output = command
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("CALLS_DIR", &directory)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string());
    let _ = fs::remove_dir_all(&directory);
    output
}

/// A name below a directory that everyone may use, since the program gives its rights away.
fn scratch() -> PathBuf {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    PathBuf::from(format!("/tmp/blink-calls-{}-{}", std::process::id(), COUNT.fetch_add(1, Relaxed)))
}

/// Compares every call natively and under blink: `count` of each. What differs between two runs of the machine itself is not looked at.
pub fn compare(blink: &Path, program: &Path, seed: u64, count: u32, only: Option<&str>) -> Result<Tally, String> {
    let (seed, count) = (seed.to_string(), count.to_string());
    let mut arguments = vec!["compare", &seed, &count];
    arguments.extend(only);
    let lines = |output: Output| -> Vec<String> {
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    };
    let natively = lines(run(None, program, &arguments)?);
    let again = lines(run(None, program, &arguments)?);
    let mut tally = Tally::default();
    for form in ["-j", "-m"] {
        let ours = lines(run(Some((blink, form)), program, &arguments)?);
        if ours.len() != natively.len() {
            println!("{form}: {} lines, natively {}", ours.len(), natively.len());
            tally.count(false);
        }
        for ((line, again), ours) in natively.iter().zip(&again).zip(&ours) {
            let name = line.split('(').next().unwrap_or_default();
            let varies = line != again || VARYING.split_whitespace().any(|varying| varying == name);
            if varies || is_unsupported(ours) {
                continue;
            }
            tally.count(line == ours);
            if line != ours {
                println!("{line}\n    {form}: {}", ours.split_once(" = ").map_or("", |(_, result)| result));
            }
        }
    }
    Ok(tally)
}

/// blink answers what it does not have with ENOSYS, which is another list.
fn is_unsupported(line: &str) -> bool {
    line.ends_with("= ENOSYS")
}

/// Chains of random calls for `seconds`, at most `most` of them, in both forms of memory.
pub fn fuzz(blink: &Path, program: &Path, seed: u64, seconds: u32, most: u32) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for form in ["-j", "-m"] {
        let output =
            run(Some((blink, form)), program, &["fuzz", &seed.to_string(), &seconds.to_string(), &most.to_string()])?;
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        let is_good = output.status.success() && text == "0 wrong\n" && !errors.contains("panicked");
        println!("fuzz {form}, seed {seed}: {}", errors.lines().last().unwrap_or("no word"));
        if !is_good {
            println!("{}\n{text}{errors}", output.status);
        }
        tally.count(is_good);
    }
    Ok(tally)
}
