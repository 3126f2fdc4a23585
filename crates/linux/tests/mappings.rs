//! The rules of mappings against the machine: the same random operations on the kernel's own address space (`mappings.c`) and on
//! ours in both forms, comparing every result, the areas, the bytes, and the faults of accesses to every page.
//!
//! `BLINK_SEEDS=FIRST..LAST` runs other seeds than the few of the test.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use linux::mm::AddressSpace;
use linux::mm::calls::{Flags, Prot};
use memory::{Cause, Memory};
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

const PAGE: u64 = 4096;
const ARENA: u64 = 0x2000_0000_0000;
const PAGES: u64 = 24;
const OPERATIONS: usize = 150;

#[test]
fn the_linear_form_follows_the_kernels_rules() {
    check("linear", AddressSpace::linear(8 << 20, [0; 2]).expect("a window"));
}

#[test]
fn the_paged_form_follows_the_kernels_rules() {
    check("paged", AddressSpace::paged(8 << 20));
}

fn check(form: &str, space: AddressSpace) {
    let space = Arc::new(space);
    let seeds = std::env::var("BLINK_SEEDS").ok().and_then(|text| {
        let (first, last) = text.split_once("..")?;
        Some(first.parse().ok()?..last.parse().ok()?)
    });
    for seed in seeds.unwrap_or(1..13u64) {
        let operations = Generator(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1).operations();
        let native = native(form, &operations);
        let mut ours = Ours::new(form, &space);
        let mut starts = Vec::new();
        for (number, (operation, wanted)) in operations.iter().zip(native.lines()).enumerate() {
            if is_divided(operation, &starts) {
                break;
            }
            starts = area_starts(wanted);
            let wanted = &wanted.replace('>', "");
            let got = ours.perform(operation);
            let before: Vec<&String> = operations[..number].iter().rev().take(12).rev().collect();
            assert_eq!(split(&got), split(wanted), "seed {seed}, operation {number}: {operation}\nafter {before:#?}");
        }
        // Some operations reach beyond the arena.
        space.munmap(ARENA, 4 * PAGES * PAGE).expect("the arena");
    }
}

/// First pages of the kernel's areas, which it marks by `>`.
fn area_starts(line: &str) -> Vec<u64> {
    line.split('|').filter_map(|page| page.strip_prefix('>')?.split(' ').next()).map(hexadecimal).collect()
}

/// Does the kernel keep several areas where `mremap` wants one? It joins neighbours by rules (`anon_vma`, accounting, advice) that no
/// program can rely on, so ours may have one there. Nothing after such an operation can be compared.
fn is_divided(operation: &str, starts: &[u64]) -> bool {
    let words: Vec<&str> = operation.split(' ').collect();
    if words[0] != "mremap" {
        return false;
    }
    let (from, length) = (hexadecimal(words[1]), hexadecimal(words[2]));
    let Some(from) = from.checked_sub(ARENA) else { return false };
    let last = from.saturating_add(length.saturating_sub(1)) / PAGE;
    starts.iter().any(|start| (from / PAGE + 1..=last).contains(start))
}

fn hexadecimal(digits: &str) -> u64 {
    u64::from_str_radix(digits, 16).expect("a number")
}

fn split(line: &str) -> Vec<&str> {
    line.split('|').collect()
}

/// The file that is mapped: five pages and a half.
fn data_file(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mapped-{name}"));
    let bytes: Vec<u8> = (0..PAGE * 11 / 2).map(|i| (i / 8 * 31 + i) as u8).collect();
    fs::write(&path, bytes).expect("a file");
    path
}

fn native(form: &str, operations: &[String]) -> String {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mappings");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mappings.c");
        let status = Command::new("gcc").args(["-O1", "-o"]).arg(&path).arg(source).status().expect("gcc");
        assert!(status.success(), "gcc failed");
        path
    });
    let file = data_file(&format!("native-{form}"));
    let mut child = Command::new(program)
        .args([format!("{ARENA}"), format!("{PAGES}")])
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the oracle");
    let input = operations.join("\n") + "\n";
    let mut pipe = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || pipe.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("an answer");
    writer.join().expect("no panic").expect("all written");
    assert!(output.status.success(), "{:?}", output.status);
    String::from_utf8(output.stdout).expect("text").replace("mapped-native", "mapped-ours")
}

struct Ours {
    space: Arc<AddressSpace>,
    memory: Memory,
    files: [File; 3],
}

impl Ours {
    fn new(form: &str, space: &Arc<AddressSpace>) -> Ours {
        let path = data_file(&format!("ours-{form}"));
        let open = |read, write| OpenOptions::new().read(read).write(write).open(&path).expect("a file");
        let memory = Memory::new_outside(space.clone());
        Ours { space: space.clone(), memory, files: [open(true, true), open(true, false), open(false, true)] }
    }

    fn perform(&mut self, operation: &str) -> String {
        let mut words = operation.split(' ');
        let name = words.next().expect("a name");
        let mut a = [0u64; 6];
        for (slot, word) in a.iter_mut().zip(words) {
            *slot = u64::from_str_radix(word, 16).expect("a number");
        }
        let mut text = String::new();
        let space = self.space.clone();
        let result = match name {
            "mmap" => {
                let fd = if a[4] == 0 { -1 } else { self.files[a[4] as usize - 1].as_raw_fd() };
                let result = space.mmap(a[0], a[1], Prot(a[2] as u32), Flags(a[3] as u32), fd, a[5]);
                if let Ok(address) = result
                    && !is_inside(address)
                {
                    space.munmap(address, a[1]).expect("it was mapped");
                }
                result
            }
            "munmap" => space.munmap(a[0], a[1]),
            "mprotect" => space.mprotect(a[0], a[1], Prot(a[2] as u32)),
            "mremap" => {
                let result = space.mremap(a[0], a[1], a[2], a[3] as u32, a[4]);
                if let Ok(address) = result
                    && !is_inside(address)
                {
                    self.load(address, &mut text);
                    self.load(address + a[2] - 8, &mut text);
                    space.munmap(address, a[2]).expect("it was mapped");
                }
                result
            }
            "madvise" => space.madvise(a[0], a[1], a[2] as i32),
            "msync" => space.msync(a[0], a[1], a[2] as u32),
            "mincore" => space.mincore(a[0], a[1]).map(|_| 0),
            "mlock" => space.mlock(a[0], a[1]),
            "munlock" => space.munlock(a[0], a[1]),
            "store" => {
                let done = self.memory.store_bytes(a[0], &a[1].to_le_bytes());
                self.outcome(done.map(|()| "ok".to_owned()), &mut text);
                Ok(0)
            }
            "truncate" => {
                space.truncating(|| self.files[0].set_len(a[0])).map(|()| 0).map_err(|_| linux::Errno::EINVAL)
            }
            "pwrite" => {
                self.files[0].write_at(&a[1].to_le_bytes(), a[0]).map(|n| n as u64).map_err(|_| linux::Errno::EINVAL)
            }
            _ => panic!("unknown operation {name}"),
        };
        text.push_str(" = ");
        match result {
            Err(errno) => write!(text, "-{}", errno.0),
            Ok(value) if value > 4096 => write!(text, "{}", address(value)),
            Ok(value) => write!(text, "{value}"),
        }
        .expect("a string");
        self.state(&mut text);
        text
    }

    fn state(&mut self, text: &mut String) {
        for line in self.space.maps().lines() {
            let mut words = line.split_ascii_whitespace();
            let (start, end) = words.next().and_then(|range| range.split_once('-')).expect("a range");
            let number = |digits| u64::from_str_radix(digits, 16).expect("a number");
            let (start, end) = (number(start), number(end));
            let (rights, offset) = (words.next().expect("rights"), number(words.next().expect("an offset")));
            let name: Vec<&str> = words.skip(2).collect();
            let name = name.join(" ");
            let name = name.rsplit('/').next().expect("a name");
            for page in (start.max(ARENA)..end.min(ARENA + PAGES * PAGE)).step_by(PAGE as usize) {
                let offset = if name.is_empty() || name.starts_with('[') { 0 } else { offset + page - start };
                write!(text, "|{:x} {rights} {offset:x} {name}", (page - ARENA) / PAGE).expect("a string");
                self.load(page, text);
                self.load(page + PAGE - 4, text);
            }
        }
    }

    fn load(&mut self, address: u64, text: &mut String) {
        let mut bytes = [0; 8];
        let done = self.memory.load_bytes(address, &mut bytes);
        self.outcome(done.map(|()| format!("{:x}", u64::from_le_bytes(bytes))), text);
    }

    fn outcome(&self, done: Result<String, memory::Faulted>, text: &mut String) {
        let fault = self.memory.fault();
        match done {
            Ok(value) => write!(text, " {value}"),
            Err(_) => {
                let (signal, code) = match fault.cause {
                    Cause::Unmapped => (11, 1),
                    Cause::Protected => (11, 2),
                    Cause::Bus => (7, 2),
                    other => panic!("{other:?}"),
                };
                write!(text, " !{signal}.{code}@{}", self::address(fault.address))
            }
        }
        .expect("a string");
    }
}

fn is_inside(address: u64) -> bool {
    (ARENA..ARENA + PAGES * PAGE).contains(&address)
}

fn address(address: u64) -> String {
    if is_inside(address) { format!("+{:x}", address - ARENA) } else { "elsewhere".into() }
}

/// Random operations, from a seed.
struct Generator(u64);

impl Generator {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u64) as usize]
    }

    fn operations(&mut self) -> Vec<String> {
        (0..OPERATIONS).map(|_| self.operation()).collect()
    }

    /// An address in the arena; now and then not a page's.
    fn address(&mut self) -> u64 {
        let odd = if self.one_in(30) { self.below(PAGE) } else { 0 };
        ARENA + self.below(PAGES) * PAGE + odd
    }

    /// A length that does not leave the arena from `address`, mostly whole pages.
    fn length(&mut self, address: u64) -> u64 {
        if self.one_in(40) {
            return self.of(&[0, u64::MAX, u64::MAX - PAGE, 1 << 47, (1 << 47) - PAGE, 1 << 63]);
        }
        let most = ((ARENA + PAGES * PAGE - address) / PAGE).clamp(1, 7);
        let odd = if self.one_in(6) { self.below(PAGE) } else { 0 };
        (1 + self.below(most)) * PAGE - odd
    }

    fn operation(&mut self) -> String {
        let address = self.address();
        let length = self.length(address);
        match self.below(20) {
            0..=5 => self.mmap(address, length),
            6 | 7 => format!("munmap {address:x} {length:x}"),
            8..=10 => {
                let rights = self.rights();
                let odd = if self.one_in(20) { self.of(&[8, 16, 1 << 24, 1 << 25, 3 << 24]) } else { 0 };
                // With PROT_GROWSDOWN the next area counts, which must not be the oracle's own.
                let length = if odd >= 1 << 24 { length.min(PAGE) } else { length };
                format!("mprotect {address:x} {length:x} {:x}", rights | odd)
            }
            11 | 12 => self.mremap(address, length),
            13 | 14 => {
                let advice =
                    self.of(&[0, 1, 2, 3, 4, 4, 4, 4, 5, 7, 8, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23, 24, 99]);
                // Advice passes over holes: it must not reach the oracle's own memory.
                let length = if (1 << 20..u64::MAX - PAGE).contains(&length) { u64::MAX } else { length };
                format!("madvise {address:x} {length:x} {advice:x}")
            }
            15 => match self.below(4) {
                0 => format!("msync {address:x} {length:x} {:x}", self.below(9)),
                1 => format!("mincore {address:x} {length:x}"),
                2 => format!("mlock {address:x} {length:x}"),
                _ => format!("munlock {address:x} {length:x}"),
            },
            16 if self.one_in(3) => format!("truncate {:x}", self.below(8 * PAGE)),
            16 if self.one_in(2) => format!("pwrite {:x} {:x}", self.below(4 * PAGE), self.next()),
            _ => {
                let at = if self.one_in(3) { address | 0xffc } else { address + self.below(64) * 8 };
                format!("store {at:x} {:x}", self.next())
            }
        }
    }

    fn rights(&mut self) -> u64 {
        self.of(&[0, 1, 1, 3, 3, 3, 3, 2, 4, 5, 7])
    }

    fn mmap(&mut self, address: u64, length: u64) -> String {
        let rights = self.rights();
        let kind = self.of(&[1, 2, 2, 2, 3, 0]);
        let kind = if self.one_in(3) { 2 } else { kind };
        let place = self.of(&[0x10, 0x10, 0x10, 0x10_0000, 0x11_0000 & 0x10_0010, 0]);
        let file = if self.one_in(2) { 0 } else { 1 + self.below(3) };
        let anonymous = if file == 0 && !self.one_in(20) { 0x20 } else { 0 };
        let offset = if self.one_in(25) { self.of(&[1, 1 << 40, u64::MAX & !0xfff]) } else { self.below(6) * PAGE };
        let more = if self.one_in(6) { self.of(&[0x100, 0x4000, 0x8000, 0x2_0000, 0x800, 0x40]) } else { 0 };
        format!("mmap {address:x} {length:x} {rights:x} {:x} {file:x} {offset:x}", kind | place | anonymous | more)
    }

    fn mremap(&mut self, address: u64, length: u64) -> String {
        let to = self.address();
        let from = if self.one_in(2) { address } else { to };
        let new = self.length(from);
        let flags = self.of(&[0, 1, 1, 3, 3, 3, 5, 7, 2, 4, 8]);
        let old = if self.one_in(8) { 0 } else { length };
        format!("mremap {address:x} {old:x} {new:x} {flags:x} {to:x}")
    }
}
