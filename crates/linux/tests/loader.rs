//! The loader's pure half: what is read out of files, and that no file whatsoever makes it panic.

use linux::Errno;
use linux::loader::elf::{Placement, Plan, Segment};
use linux::loader::refusal::Part;
use linux::loader::{Files, Found, Kind, LoadError, Refusal, ape, elf, find, script};
use std::collections::HashMap;

/// One row of a program header table.
#[derive(Clone, Copy)]
struct Row {
    kind: u32,
    flags: u32,
    offset: u64,
    address: u64,
    file_size: u64,
    memory_size: u64,
    align: u64,
}

const LOAD: u32 = 1;
const INTERP: u32 = 3;
const GNU_STACK: u32 = 0x6474_e551;

fn load(flags: u32, offset: u64, address: u64, file_size: u64, memory_size: u64) -> Row {
    Row { kind: LOAD, flags, offset, address, file_size, memory_size, align: 4096 }
}

/// An ELF file of `size` bytes with these program headers behind its file header.
fn image(kind: u16, entry: u64, rows: &[Row], size: usize) -> Vec<u8> {
    let mut file = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    file.extend(kind.to_le_bytes());
    file.extend(62u16.to_le_bytes());
    file.extend(1u32.to_le_bytes());
    file.extend(entry.to_le_bytes());
    file.extend(64u64.to_le_bytes());
    file.extend(0u64.to_le_bytes());
    file.extend(0u32.to_le_bytes());
    for field in [64, 56, rows.len() as u16, 64, 0, 0] {
        file.extend(field.to_le_bytes());
    }
    assert_eq!(file.len(), 64);
    for row in rows {
        file.extend(row.kind.to_le_bytes());
        file.extend(row.flags.to_le_bytes());
        for field in [row.offset, row.address, row.address, row.file_size, row.memory_size, row.align] {
            file.extend(field.to_le_bytes());
        }
    }
    file.resize(size.max(file.len()), 0);
    file
}

fn hello() -> Vec<u8> {
    image(2, 0x40_1000, &[load(5, 0, 0x40_0000, 0x2000, 0x2000), load(6, 0x2010, 0x40_3010, 0x100, 0x5000)], 0x2110)
}

fn plan(file: &[u8]) -> Result<Plan, Refusal> {
    elf::plan(file)
}

#[test]
fn a_static_program_becomes_a_plan() {
    let plan = plan(&hello()).unwrap();
    assert_eq!(plan.placement, Placement::Fixed);
    assert_eq!(plan.entry, 0x40_1000);
    assert_eq!(plan.headers, 0x40_0040);
    assert_eq!(plan.header_count, 2);
    assert_eq!(plan.interpreter, None);
    assert!(!plan.executable_stack);
    assert_eq!((plan.start(), plan.end(), plan.total_size()), (0x40_0000, 0x40_8010, 0x8010));
    assert_eq!((plan.code(), plan.data()), ((0x40_0000, 0x40_2000), (0x40_3010, 0x40_3110)));
    let second = Segment {
        address: 0x40_3010,
        offset: 0x2010,
        file_size: 0x100,
        memory_size: 0x5000,
        read: true,
        write: true,
        execute: false,
    };
    assert_eq!(plan.segments[1], second);
    assert_eq!(second.protection(), 3);
}

#[test]
fn os_abi_version_and_section_headers_do_not_matter() {
    let mut file = hello();
    file[6..16].fill(9);
    file[20..24].fill(0xff);
    file[40..48].fill(0xff);
    file[58..64].fill(0xff);
    assert_eq!(plan(&file), plan(&hello()));
}

#[test]
fn the_stack_and_alignment_headers_count() {
    let stack = Row { kind: GNU_STACK, flags: 7, ..load(0, 0, 0, 0, 0) };
    let big = Row { align: 0x20_0000, ..load(4, 0, 0, 0x100, 0x100) };
    let odd = Row { align: 0x30_0000, ..load(6, 0x1000, 0x1000, 0x100, 0x100) };
    let plan = plan(&image(3, 0, &[stack, big, odd], 0x1100)).unwrap();
    assert!(plan.executable_stack);
    assert_eq!((plan.placement, plan.alignment), (Placement::Anywhere, 0x20_0000));
}

#[test]
fn bad_elf_files_are_refused_by_name() {
    let with = |at: usize, bytes: &[u8]| {
        let mut file = hello();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        plan(&file).unwrap_err()
    };
    let machine = |machine| Refusal::Machine { machine, big_endian: false };
    assert_eq!(with(0, b"\x7fELX"), Refusal::NotElf);
    assert_eq!(with(4, &[1]), Refusal::Class(1));
    assert_eq!(with(5, &[0]), Refusal::ByteOrder(0));
    assert_eq!(with(18, &[183]), machine(183));
    assert_eq!(with(16, &[1]), Refusal::Type(1));
    assert_eq!(with(16, &[4]), Refusal::Type(4));
    assert_eq!(with(54, &[55]), Refusal::ProgramHeaderSize(55));
    assert_eq!(with(56, &[0]), Refusal::ProgramHeaderCount(0));
    assert_eq!(with(56, &[0x93, 4]), Refusal::ProgramHeaderCount(0x493));
    assert_eq!(with(32, &[0, 0x40]), Refusal::Truncated(Part::ProgramHeaders));
    assert_eq!(with(39, &[0x80]), Refusal::Truncated(Part::ProgramHeaders));
    assert_eq!(plan(&hello()[..63]), Err(Refusal::Truncated(Part::Header)));
    assert_eq!(plan(&hello()[..100]), Err(Refusal::Truncated(Part::ProgramHeaders)));
    assert_eq!(plan(&hello()[..0x1000]), Err(Refusal::Truncated(Part::Segment)));
    assert_eq!(plan(&hello()[..0x2001]).map(|_| ()), Ok(()), "the rest of the last page may be missing");
    let one = |row| plan(&image(2, 0, &[row], 0x3000)).unwrap_err();
    assert_eq!(one(load(5, 0, 0x40_0000, 0x2000, 0x1000)), Refusal::SegmentSizes(0x40_0000));
    assert_eq!(one(load(5, 0x10, 0x40_0000, 0x20, 0x20)), Refusal::SegmentMisaligned(0x40_0000));
    assert_eq!(one(load(5, 0, 0x7fff_ffff_f000, 0, 0)), Refusal::SegmentTooHigh(0x7fff_ffff_f000));
    assert_eq!(one(load(5, 0, 0x40_0000, 1, u64::MAX)), Refusal::SegmentTooHigh(0x40_0000));
    assert_eq!(one(load(5, 0, u64::MAX - 4095, 1, 1)), Refusal::SegmentTooHigh(u64::MAX - 4095));
    assert_eq!(one(load(5, u64::MAX - 4095, 0x40_0000, 4096, 4096)), Refusal::Truncated(Part::Segment));
    assert_eq!(one(load(5, 0, 0x40_0000, 0, 0)), Refusal::NoSegments);
    let overlap = [load(5, 0, 0x40_0000, 0x1801, 0x1801), load(6, 0x1800, 0x40_1800, 0x100, 0x100)];
    assert_eq!(plan(&image(2, 0, &overlap, 0x2000)), Err(Refusal::SegmentsOverlap(0x40_0000, 0x40_1800)));
    let share = [load(5, 0, 0x40_0000, 0x1800, 0x1800), load(6, 0x1800, 0x40_1800, 0x100, 0x100)];
    assert!(plan(&image(2, 0, &share, 0x2000)).is_ok(), "segments may share pages");
}

/// A file system of byte vectors; a path that ends in `!` may not be executed.
#[derive(Default)]
struct Disk(HashMap<Vec<u8>, Vec<u8>>);

impl Disk {
    fn with(mut self, path: &str, file: impl Into<Vec<u8>>) -> Disk {
        self.0.insert(path.as_bytes().to_vec(), file.into());
        self
    }
}

struct Bytes(Vec<u8>);

impl elf::Source for Bytes {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Errno> {
        self.0[..].read_at(offset, buffer)
    }

    fn size(&self) -> u64 {
        self.0.len() as u64
    }
}

impl Files for Disk {
    type File = Bytes;

    fn open(&self, path: &[u8]) -> Result<Bytes, Refusal> {
        match self.0.get(path) {
            Some(_) if path.ends_with(b"!") => Err(Refusal::Permission),
            Some(file) => Ok(Bytes(file.clone())),
            None => Err(Refusal::Open(Errno::ENOENT)),
        }
    }
}

fn run(disk: &Disk, path: &str, argv: &[&str]) -> Result<Found<Bytes>, LoadError> {
    let argv: Vec<Vec<u8>> = argv.iter().map(|word| word.as_bytes().to_vec()).collect();
    find(disk, path.as_bytes(), &argv)
}

fn words(found: &Found<Bytes>) -> Vec<String> {
    found.argv.iter().map(|word| String::from_utf8(word.clone()).unwrap()).collect()
}

/// Path refused, what the line for the user says, errno, exit status.
fn refused(disk: &Disk, path: &str, line: &str, errno: Errno, status: i32) {
    let error = run(disk, path, &[path]).err().unwrap_or_else(|| panic!("{path} runs"));
    assert_eq!(error.to_string(), line);
    assert_eq!((error.errno(), error.status()), (errno, status), "{path}");
}

#[test]
fn scripts_run_their_interpreter() {
    let disk = Disk::default()
        .with("/bin/sh", hello())
        .with("plain", "#!/bin/sh\necho")
        .with("argument", "#! \t/bin/sh \t -a b  c \t\necho")
        .with("nested", "#!argument x\n")
        .with("empty", "#!/bin/sh -x");
    assert_eq!(words(&run(&disk, "plain", &["a0", "1", "2"]).unwrap()), ["/bin/sh", "plain", "1", "2"]);
    assert_eq!(words(&run(&disk, "argument", &["a0"]).unwrap()), ["/bin/sh", "-a b  c", "argument"]);
    let nested = ["/bin/sh", "-a b  c", "argument", "x", "nested", "1"];
    assert_eq!(words(&run(&disk, "nested", &["a0", "1"]).unwrap()), nested);
    assert_eq!(words(&run(&disk, "empty", &[]).unwrap()), ["/bin/sh", "-x", "empty"]);
    assert_eq!(run(&disk, "nested", &[]).unwrap().program.path, b"/bin/sh");
}

#[test]
fn the_first_line_is_read_by_the_kernels_rules() {
    let line = |text: &[u8]| {
        let mut file = b"#!".to_vec();
        file.extend(text);
        script::parse(&file).ok().map(|line| (line.interpreter, line.argument))
    };
    let some =
        |name: &str, argument: Option<&str>| Some((name.as_bytes().to_vec(), argument.map(|a| a.as_bytes().to_vec())));
    assert_eq!(line(b"/a\n"), some("/a", None));
    assert_eq!(line(b"  /a  \n"), some("/a", None));
    assert_eq!(line(b"/a b\r\n"), some("/a", Some("b\r")));
    assert_eq!(line(b"/a\0b c\n"), some("/a", None));
    assert_eq!(line(b"/a b\0c\n"), some("/a", Some("b")));
    assert_eq!(line(b"/a"), some("/a", None));
    assert_eq!(line(b"/a "), some("/a", Some("")), "an unfinished line keeps its blank: an empty argument");
    assert_eq!(line(b""), some("", None));
    assert_eq!(line(b"\n"), None);
    assert_eq!(line(b" \t \n"), None);
    // A path that fills the buffer may be cut off; an argument may.
    assert_eq!(line(&[b'a'; 300]), None);
    assert_eq!(line(&[b' '; 300]), None);
    let long = [b"/a ".as_slice(), &[b'b'; 300]].concat();
    assert_eq!(line(&long), some("/a", Some(&"b".repeat(250))));
    let exact = [[b'a'; 253].as_slice(), b"\n"].concat();
    assert_eq!(line(&exact), some(&"a".repeat(253), None));
    assert_eq!(line(&[b'a'; 253]), some(&"a".repeat(253), None));
    assert_eq!(line(&[b'a'; 254]), None);
}

#[test]
fn chains_of_scripts_end_after_five() {
    let chain = |count: usize| {
        let mut disk = Disk::default().with("s0", hello());
        for i in 1..=count {
            disk = disk.with(&format!("s{i}"), format!("#!s{}\n", i - 1));
        }
        run(&disk, &format!("s{count}"), &["x"]).map(|found| words(&found))
    };
    assert_eq!(chain(5).unwrap(), ["s0", "s1", "s2", "s3", "s4", "s5"]);
    assert_eq!(chain(6).unwrap_err().errno(), Errno::ELOOP);
    let disk = Disk::default().with("a", "#!b\n").with("b", "#!a\n");
    refused(&disk, "a", "a: too many levels of #! interpreters (more than 5)", Errno::ELOOP, 126);
}

#[test]
fn what_cannot_be_run_gets_one_clear_line() {
    let mut arm = hello();
    arm[18] = 183;
    let mut big = hello();
    (big[5], big[18], big[19]) = (2, 0, 22);
    let mut dynamic =
        image(3, 0, &[load(5, 0, 0, 0x200, 0x200), Row { kind: INTERP, ..load(4, 0x100, 0, 4, 4) }], 0x200);
    dynamic[0x100..0x104].copy_from_slice(b"/ld\0");
    let disk = Disk::default()
        .with("arm", arm.clone())
        .with("big", big)
        .with("empty", "")
        .with("text", "echo hello\n")
        .with("dos", "MZ\0\0")
        .with("cut", &hello()[..20])
        .with("secret!", hello())
        .with("lost", "#!/no/such\n")
        .with("secrets", "#!secret!\n")
        .with("line", "#!\n")
        .with("dyn", dynamic.clone());
    refused(&disk, "none", "none: no such file or directory", Errno::ENOENT, 127);
    refused(&disk, "arm", "arm: not an x86-64 program (machine is AArch64)", Errno::ENOEXEC, 126);
    refused(&disk, "big", "big: not an x86-64 program (machine is S/390, big-endian)", Errno::ENOEXEC, 126);
    refused(&disk, "empty", "empty: not a program (the file is empty)", Errno::ENOEXEC, 126);
    refused(&disk, "text", "text: not a program (neither ELF nor APE, and no #! line)", Errno::ENOEXEC, 126);
    refused(&disk, "dos", "dos: not a Linux program (a DOS or Windows executable)", Errno::ENOEXEC, 126);
    refused(&disk, "cut", "cut: truncated: its ELF header reaches beyond the end of the file", Errno::ENOEXEC, 126);
    refused(&disk, "secret!", "secret!: no permission to execute it (chmod +x)", Errno::EACCES, 126);
    refused(&disk, "lost", "lost: bad interpreter /no/such: no such file or directory", Errno::ENOENT, 127);
    let line = "secrets: bad interpreter secret!: no permission to execute it (chmod +x)";
    refused(&disk, "secrets", line, Errno::EACCES, 126);
    refused(&disk, "line", "line: bad #! line (no interpreter in its first 256 bytes)", Errno::ENOEXEC, 126);
    refused(&disk, "dyn", "dyn: its interpreter /ld: no such file or directory", Errno::ENOENT, 127);
    let line = "dyn: its interpreter /ld: not an x86-64 program (machine is AArch64)";
    refused(&disk.with("/ld", arm), "dyn", line, Errno::ELIBBAD, 126);
    let whole = Disk::default().with("/ld", hello()).with("dyn", dynamic);
    assert_eq!(run(&whole, "dyn", &["dyn"]).unwrap().interpreter.unwrap().path, b"/ld");
}

/// Writes an ELF header the way an APE's shell script does.
fn printf(header: &[u8], plain: bool) -> String {
    let escape = |(i, &byte): (usize, &u8)| match byte {
        b'A'..=b'Z' | b'a'..=b'z' if plain => char::from(byte).to_string(),
        _ if header.get(i + 1).is_some_and(u8::is_ascii_digit) => format!("\\{byte:03o}"),
        _ => format!("\\{byte:o}"),
    };
    format!("printf '{}' >&7\n", header.iter().enumerate().map(escape).collect::<String>())
}

fn ape_file(magic: &str, statements: &str, body: &[u8]) -> Vec<u8> {
    let mut file = format!("{magic}\n'\n#'\"\no=$0\n{statements}exec \"$o\" \"$@\"\n").into_bytes();
    assert!(file.len() < 4096);
    file.resize(4096, 0);
    file.extend(body);
    file
}

#[test]
fn an_ape_is_run_by_the_header_that_its_script_prints() {
    // Program headers at 4096; text and data share a page, the text is writable.
    let rows = [load(7, 0x1000, 0x40_1000, 0x1800, 0x1800), load(6, 0x2800, 0x40_2800, 0x100, 0x1000)];
    let mut whole = image(2, 0x40_1100, &rows, 0x1900);
    whole[7] = 9; // FreeBSD
    whole[32..40].copy_from_slice(&0x1000u64.to_le_bytes());
    let header = whole[..64].to_vec();
    let body = whole[64..].to_vec();
    let mut arm = header.clone();
    arm[18] = 183;
    for magic in ["MZqFpD='", "jartsr='", "APEDBG='"] {
        for plain in [false, true] {
            let one = ape_file(magic, &printf(&header, plain), &body);
            let fat = ape_file(magic, &(printf(&arm, plain) + &printf(&header, plain)), &body);
            for file in [one, fat] {
                let disk = Disk::default().with("ape", file);
                let found = run(&disk, "ape", &["ape"]).unwrap();
                assert_eq!((found.kind, found.program.plan.segments.len()), (Kind::Ape, 2));
                assert_eq!((found.program.plan.entry, found.program.plan.headers), (0x40_1100, 0x40_1000));
            }
        }
    }
    let disk = Disk::default()
        .with("none", ape_file("MZqFpD='", "", &body))
        .with("arm", ape_file("MZqFpD='", &printf(&arm, true), &body))
        .with("short", ape_file("MZqFpD='", &printf(&header[..63], true), &body));
    let line = "none: not an x86-64 program (an APE whose first 8 KiB print no x86-64 ELF header)";
    refused(&disk, "none", line, Errno::ENOEXEC, 126);
    refused(&disk, "short", &line.replace("none:", "short:"), Errno::ENOEXEC, 126);
    refused(&disk, "arm", "arm: not an x86-64 program (machine is AArch64)", Errno::ENOEXEC, 126);
}

#[test]
fn the_header_must_be_printed_within_eight_kib() {
    let header = &hello()[..64];
    let mut file = b"MZqFpD='\n".to_vec();
    file.resize(ape::SCAN_SIZE - printf(header, false).len(), b'\n');
    file.extend(printf(header, false).bytes());
    assert_eq!(ape::find_header(&file).as_ref().map(|h| &h[..]), Ok(header));
    file.insert(20, b'\n');
    assert!(ape::find_header(&file).is_ok(), "only the redirection behind it is beyond");
    for _ in 0..8 {
        file.insert(20, b'\n');
    }
    assert_eq!(ape::find_header(&file), Err(Refusal::ApeWithoutElf));
}

/// xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// Changed, cut and mixed files: each is loaded or refused, none panics. The plan keeps what it promises.
#[test]
fn no_file_makes_the_loader_panic() {
    let header = &hello()[..64];
    let dynamic = image(3, 0, &[load(5, 0, 0, 0x200, 0x200), Row { kind: INTERP, ..load(4, 0x100, 0, 4, 4) }], 0x200);
    let ape = ape_file("MZqFpD='", &printf(header, true), &hello());
    let seeds = [hello(), dynamic, ape, b"#!/bin/sh -x\n".to_vec(), b"#! a".to_vec()];
    const EDGES: [u64; 12] = [0, 1, 7, 56, 4095, 4096, 0xffff, 1 << 31, 1 << 47, (1 << 63) - 1, 1 << 63, u64::MAX];
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut loaded = 0;
    for _ in 0..60_000 {
        let mut file = seeds[random.below(seeds.len())].clone();
        let focus = file.len().min(256);
        for _ in 0..random.below(6) {
            let at = random.below(focus);
            match random.below(4) {
                0 => file[at] ^= 1 << random.below(8),
                1 => file[at] = random.next() as u8,
                2 => {
                    let value = EDGES[random.below(EDGES.len())].to_le_bytes();
                    let at = at & !7;
                    let end = (at + 8).min(file.len());
                    file[at..end].copy_from_slice(&value[..end - at]);
                }
                _ => file.truncate(random.below(file.len() + 1).max(1)),
            }
            if file.len() < focus {
                break;
            }
        }
        let disk = Disk::default().with("f", file).with("/ld", hello()).with("/bin/sh", hello());
        match run(&disk, "f", &["f", "x"]) {
            Err(error) => {
                assert!(!error.to_string().contains('\n'));
                assert!(matches!(error.status(), 126 | 127));
            }
            Ok(found) => {
                loaded += 1;
                let plan = found.program.plan;
                assert!(plan.end() <= elf::TASK_SIZE && plan.start() <= plan.end() && plan.alignment.is_power_of_two());
                assert!(plan.segments.iter().all(|s| s.file_size <= s.memory_size));
            }
        }
    }
    assert!(loaded > 1000, "{loaded}");
}
