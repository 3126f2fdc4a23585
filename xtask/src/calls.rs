//! System calls with all kinds of arguments: `cargo xtask suite calls` compares each with the real machine, `cargo xtask suite fuzz`
//! makes chains of them and looks for a blink that ends or hangs, and for one whose own memory can be reached. The program is
//! `tests/calls/calls.c`.
//!
//! What the arguments of a call mean is read from the table of calls, so that a new row is tried by itself.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command, Output, Stdio};

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
    let directory = scratch();
    let output =
        command(blink, program, arguments, &directory).stdin(Stdio::null()).output().map_err(|error| error.to_string());
    let _ = fs::remove_dir_all(&directory);
    output
}

fn command(blink: Option<(&Path, &str)>, program: &Path, arguments: &[&str], directory: &Path) -> Command {
    let mut command = match blink {
        Some((blink, form)) => {
            let mut command = Command::new(blink);
            command.arg(form).arg(program);
            command
        }
        None => Command::new(program),
    };
    command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin").env("CALLS_DIR", directory);
    command
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
    for form in ["--", "-j", "-m"] {
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
    for form in ["--", "-j", "-m"] {
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

/// What a program could reach of the memory whose addresses it was told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reached {
    /// How many addresses there were, and accesses to them by instructions, calls and mappings.
    pub addresses: u64,
    pub tries: u64,
    /// Accesses that did not end as if nothing were there.
    pub by_instructions: u64,
    pub by_calls: u64,
    pub by_mapping: u64,
    /// Bytes of the canary that are not what they were.
    pub changed: u64,
}

/// blink's own memory, tried from a guest in both forms of memory: its mappings, as the host tells them, and a canary among them. `None`
/// where the host does not tell.
///
/// That the test would see a leak is seen natively, where the program is told of a canary in its own memory.
pub fn reach(blink: &Path, program: &Path, seed: u64, count: u32) -> Result<Option<Tally>, String> {
    let mut tally = Tally::default();
    let Some(own) = reach_in(None, program, seed, count)? else { return Ok(None) };
    println!("reach natively, seed {seed}: {own:?}");
    tally.count(own.by_instructions > 0 && own.by_calls > 0 && own.changed > 0);
    for form in ["-j", "-m"] {
        let Some(seen) = reach_in(Some((blink, form)), program, seed, count)? else { return Ok(None) };
        println!("reach {form}, seed {seed}: {seen:?}");
        tally.count(seen.by_instructions + seen.by_calls + seen.by_mapping + seen.changed == 0);
    }
    Ok(Some(tally))
}

fn reach_in(blink: Option<(&Path, &str)>, program: &Path, seed: u64, count: u32) -> Result<Option<Reached>, String> {
    let directory = scratch();
    let canary = canary(seed);
    let (number, rounds) = (seed.to_string(), count.to_string());
    let own = if blink.is_none() { "own" } else { "others" };
    let mut command = command(blink, program, &["reach", &number, &rounds, own], &directory);
    command.env("CANARY", &canary).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let pipes = child.stdin.take().zip(child.stdout.take()).ok_or("the pipes are there")?;
    let seen = look_on(pipes, child.id(), canary.as_bytes(), blink.is_none());
    // The pipes are closed: the program ends, if it has not.
    let status = child.wait().map_err(|error| error.to_string())?;
    let _ = fs::remove_dir_all(&directory);
    match seen {
        Ok(Some(_)) if !status.success() => Err(format!("{own}: {status}")),
        other => other,
    }
}

/// Bytes that are nowhere else.
fn canary(seed: u64) -> String {
    const WORDS: usize = 1024;
    let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
    let word = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        format!("{state:016x}")
    };
    (0..WORDS).map(word).collect()
}

fn look_on(
    (mut stdin, stdout): (ChildStdin, ChildStdout),
    pid: u32,
    canary: &[u8],
    is_own: bool,
) -> Result<Option<Reached>, String> {
    let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
    if lines.next().as_deref() != Some("ready") {
        return Err("the program does not begin".into());
    }
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    let Ok(memory) = File::open(format!("/proc/{pid}/mem")) else { return Ok(None) };
    let areas: Vec<(u64, u64)> = maps.lines().filter_map(readable).collect();
    let canaries: Vec<u64> = areas.iter().flat_map(|area| find(&memory, *area, canary)).collect();
    if canaries.is_empty() {
        return Err("the canary is nowhere".into());
    }
    let before = contents(&memory, &canaries, canary.len());
    let mut addresses: Vec<u64> = canaries.iter().flat_map(|at| [at + 100, at + canary.len() as u64 / 2]).collect();
    if !is_own {
        addresses.extend(areas.iter().flat_map(|(start, end)| [*start, ((start + end) / 2) & !7, end - 64]));
    }
    // A page that nobody has.
    let is_free = |at: &u64| areas.iter().all(|(start, end)| *end + 0x10_0000 < *at || *at + 0x10_0000 < *start);
    let hole = (0..).map(|i| 0x6000_1234_5000 + (i << 24)).find(is_free).ok_or("no hole")?;
    let mut question = format!("{hole:x} {}\n", addresses.len());
    addresses.iter().for_each(|at| question.push_str(&format!("{at:x}\n")));
    stdin.write_all(question.as_bytes()).and_then(|()| stdin.flush()).map_err(|error| error.to_string())?;
    let mut told = Vec::new();
    for line in lines {
        let Some((addresses, rest)) = line.split_once(" addresses, ") else {
            told.push(line);
            continue;
        };
        if !is_own {
            told.iter().for_each(|line| println!("{line}"));
        }
        let numbers: Vec<u64> = rest.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let [tries, by_instructions, by_calls, by_mapping] = numbers[..] else { return Err(line) };
        let after = contents(&memory, &canaries, canary.len());
        let changed = before.iter().zip(&after).filter(|(before, after)| before != after).count() as u64;
        let addresses = addresses.parse().map_err(|_| line.clone())?;
        return Ok(Some(Reached { addresses, tries, by_instructions, by_calls, by_mapping, changed }));
    }
    Err("the program does not end well".into())
}

/// Start and end of a line of `maps`, if it can be read and is the user's.
fn readable(line: &str) -> Option<(u64, u64)> {
    let (range, rest) = line.split_once(' ')?;
    let (start, end) = range.split_once('-')?;
    let (start, end) = (u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?);
    (rest.starts_with('r') && end < 1 << 47 && !rest.contains("[vvar")).then_some((start, end))
}

/// Where the canary lies in an area.
fn find(memory: &File, (start, end): (u64, u64), canary: &[u8]) -> Vec<u64> {
    const MOST: u64 = 1 << 28;
    let mut bytes = vec![0; (end - start).min(MOST) as usize];
    if memory.read_exact_at(&mut bytes, start).is_err() {
        return Vec::new();
    }
    let places = bytes.windows(32).enumerate().filter(|(_, bytes)| *bytes == &canary[..32]).map(|(at, _)| at);
    places.filter(|&at| bytes[at..].starts_with(canary)).map(|at| start + at as u64).collect()
}

fn contents(memory: &File, places: &[u64], length: usize) -> Vec<u8> {
    let mut all = vec![0; places.len() * length];
    for (part, place) in all.chunks_mut(length).zip(places) {
        // What cannot be read any more has changed.
        let _ = memory.read_exact_at(part, *place);
    }
    all
}
