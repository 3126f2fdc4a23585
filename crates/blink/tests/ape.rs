//! Actually Portable Executables: what is said about them, one test a statement. `guests.rs` runs the committed
//! ones; these change such files and look at what becomes of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use xtask::guests::{self, ARGS, ape};
use xtask::run::{self, Captured, End};

const BLINK: &str = env!("CARGO_BIN_EXE_blink");
/// Protection against hanging for ever.
const LIMIT: Duration = Duration::from_secs(120);

fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("ape-{name}"));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn guest(name: &str) -> Vec<u8> {
    fs::read(guests::dir().join(name)).unwrap()
}

fn expected(name: &str) -> String {
    guests::GUESTS.iter().find(|guest| guest.name == name).unwrap().expected().unwrap()
}

fn capture(command: &mut Command) -> Captured {
    run::capture(command.env_clear().env("PATH", "/usr/bin:/bin"), LIMIT).unwrap()
}

/// Runs a file with these contents in both forms of memory; they must agree.
fn run_bytes(test: &str, bytes: &[u8]) -> Captured {
    let file = directory(test).join("program.ape");
    guests::write_program(&file, bytes).unwrap();
    let linear = capture(Command::new(BLINK).arg(&file).args(ARGS));
    let paged = capture(Command::new(BLINK).arg("-m").arg(&file).args(ARGS));
    assert_eq!(linear, paged, "{test}");
    assert_eq!(fs::read(&file).unwrap(), bytes, "the file is as it was");
    linear
}

fn assert_runs(test: &str, bytes: &[u8], like: &str) {
    assert_eq!(guests::transcript(&run_bytes(test, bytes)), expected(like), "{test}");
}

/// Refused like a shell would: status 126, and one line on standard error.
fn assert_refused(test: &str, bytes: &[u8]) -> String {
    let captured = run_bytes(test, bytes);
    let text = String::from_utf8_lossy(&captured.stderr).into_owned();
    assert_eq!(captured.end, End::Code(126), "{test}: {text}");
    assert_eq!(captured.stdout, b"", "{test}");
    assert_eq!(text.lines().count(), 1, "{test}: {text}");
    text
}

fn find(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).position(|window| window == part).expect("the file contains it")
}

/// The body of `printf '...'` for x86-64: where it starts and ends.
fn statement(bytes: &[u8]) -> std::ops::Range<usize> {
    let start = find(bytes, b"printf '\\177ELF") + b"printf '".len();
    start..start + bytes[start..].iter().position(|byte| *byte == b'\'').unwrap()
}

/// The header that a statement writes.
fn header(bytes: &[u8]) -> Vec<u8> {
    let mut header = Vec::new();
    let mut rest = &bytes[statement(bytes)];
    while let Some((first, mut more)) = rest.split_first() {
        let mut byte = *first;
        if byte == b'\\' {
            let digits = more.iter().take(3).take_while(|digit| (b'0'..b'8').contains(*digit)).count();
            byte = more[..digits].iter().fold(0u8, |value, digit| value.wrapping_mul(8).wrapping_add(digit - b'0'));
            more = &more[digits..];
        }
        header.push(byte);
        rest = more;
    }
    header
}

/// The file with another text between the quotes of the statement. What is behind it keeps its place.
fn with_statement(bytes: &[u8], text: &str) -> Vec<u8> {
    let old = statement(bytes);
    let mut file = bytes[..old.start].to_vec();
    file.extend(text.as_bytes());
    file.extend(&bytes[old.end..]);
    // The script is followed by line feeds up to the body: take away or add some of them.
    let body = 0x2000;
    if text.len() >= old.len() {
        let more = text.len() - old.len();
        file.drain(body..body + more);
    } else {
        let less = old.len() - text.len();
        file.splice(body - less..body - less, std::iter::repeat_n(b'\n', less));
    }
    assert_eq!(file.len(), bytes.len());
    file
}

#[test]
fn all_three_beginnings_are_known() {
    for (name, magic) in
        [("hello.ape", "MZqFpD='"), ("jartsr.ape", "jartsr='"), ("apedbg.ape", "APEDBG='"), ("fat.ape", "MZqFpD='")]
    {
        let bytes = guest(name);
        assert!(bytes.starts_with(magic.as_bytes()));
        assert_runs(&format!("beginning-{name}"), &bytes, name);
    }
}

#[test]
fn another_beginning_is_not_an_ape() {
    for (n, magic) in [&b"MZqFpD=\""[..], b"MZxFpD='", b"jartsrX'"].iter().enumerate() {
        let mut bytes = guest("hello.ape");
        bytes[..8].copy_from_slice(magic);
        assert_refused(&format!("other-beginning-{n}"), &bytes);
    }
}

#[test]
fn a_fat_file_has_its_x86_64_header_taken() {
    let bytes = guest("fat.ape");
    let first = header(&bytes);
    assert_eq!(first[18], 183, "the first header is the one for aarch64");
    assert_runs("fat", &bytes, "fat.ape");
}

#[test]
fn a_file_for_other_machines_only_is_refused() {
    let bytes = guest("hello.ape");
    let mut other = header(&bytes);
    other[18] = 183;
    let text = assert_refused("other-machine", &with_statement(&bytes, &ape::escape(&other)));
    assert!(text.contains("x86-64"), "{text}");
}

#[test]
fn octal_escapes_have_one_to_three_digits() {
    let bytes = guest("hello.ape");
    let header = header(&bytes);
    let long: String = header.iter().map(|byte| format!("\\{byte:03o}")).collect();
    // The statement is known by its beginning, so that stays as it is written everywhere.
    let long = long.replacen("\\177\\105\\114\\106", "\\177ELF", 1);
    assert_runs("long-escapes", &with_statement(&bytes, &long), "hello.ape");
    assert_runs("short-escapes", &with_statement(&bytes, &ape::escape(&header)), "hello.ape");
}

#[test]
fn a_header_shorter_than_an_elf_header_is_refused() {
    let bytes = guest("hello.ape");
    let short = ape::escape(&header(&bytes)[..40]);
    assert_refused("short-header", &with_statement(&bytes, &short));
}

#[test]
fn the_header_stands_in_the_first_8_kib() {
    let bytes = guest("hello.ape");
    let at = find(&bytes, b"printf '\\177ELF");
    let mut far = bytes[..at].to_vec();
    far.resize(0x2000, b'\n');
    far.extend(&bytes[at..]);
    assert_refused("far-header", &far);
}

#[test]
fn a_file_without_a_header_is_refused() {
    let bytes = guest("hello.ape");
    let at = find(&bytes, b"printf '\\177ELF");
    let mut without = bytes.clone();
    without[at..at + 6].copy_from_slice(b"nothin");
    assert_refused("no-header", &without);
    assert_refused("only-beginning", &bytes[..0x40]);
}

#[test]
fn the_os_of_the_header_does_not_matter() {
    let bytes = guest("hello.ape");
    let mut header = header(&bytes);
    assert_eq!(header[7], 9, "our own say FreeBSD");
    for os in [0, 3, 6, 12] {
        header[7] = os;
        assert_runs(&format!("os-{os}"), &with_statement(&bytes, &ape::escape(&header)), "hello.ape");
    }
}

#[test]
fn program_headers_outside_the_file_are_refused() {
    let bytes = guest("hello.ape");
    for (name, place) in [("far", bytes.len() as u64 + 4096), ("huge", u64::MAX - 8), ("end", bytes.len() as u64 - 8)] {
        let mut header = header(&bytes);
        header[32..40].copy_from_slice(&place.to_le_bytes());
        assert_refused(&format!("headers-{name}"), &with_statement(&bytes, &ape::escape(&header)));
    }
}

#[test]
fn a_truncated_file_is_refused_or_dies_of_its_missing_pages() {
    let bytes = guest("hello.ape");
    for length in [9, 0x100, 0x1000, 0x2000, 0x2020] {
        assert_refused(&format!("truncated-{length}"), &bytes[..length]);
    }
}

#[test]
fn it_finds_itself_by_a_relative_path_and_through_a_link() {
    let dir = directory("paths");
    fs::create_dir(dir.join("bin")).unwrap();
    guests::write_program(&dir.join("bin/program"), &guest("hello.ape")).unwrap();
    std::os::unix::fs::symlink("bin/program", dir.join("link")).unwrap();
    for path in ["bin/program", "./bin/program", "bin/../bin//program", "link"] {
        let captured = capture(Command::new(BLINK).arg(path).args(ARGS).current_dir(&dir));
        assert_eq!(guests::transcript(&captured), expected("hello.ape"), "{path}");
    }
    let mut command = Command::new(BLINK);
    command.arg("program").args(ARGS).env_clear().env("PATH", dir.join("bin"));
    let captured = run::capture(&command, LIMIT).unwrap();
    assert_eq!(guests::transcript(&captured), expected("hello.ape"), "found in PATH");
}

#[test]
fn a_guest_can_run_one_by_execve() {
    let dir = directory("execve");
    guests::write_program(&dir.join("program"), &guest("fat.ape")).unwrap();
    for form in [&[][..], &["-m"]] {
        let mut command = Command::new(BLINK);
        command.args(form).arg(guests::dir().join("exec")).args(["run", "./program"]).args(ARGS);
        let captured = capture(command.current_dir(&dir));
        assert_eq!(guests::transcript(&captured), expected("fat.ape"), "{form:?}");
    }
}

#[test]
fn one_that_has_turned_into_an_elf_file_runs_as_before() {
    let bytes = guest("hello.ape");
    let header = header(&bytes);
    let mut elf = bytes.clone();
    elf[..header.len()].copy_from_slice(&header);
    assert_runs("assimilated", &elf, "hello.ape");
}

#[test]
fn a_read_only_file_runs() {
    use std::os::unix::fs::PermissionsExt;
    let file = directory("read-only").join("program");
    guests::write_program(&file, &guest("jartsr.ape")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o555)).unwrap();
    let captured = capture(Command::new(BLINK).arg(&file).args(ARGS));
    assert_eq!(guests::transcript(&captured), expected("jartsr.ape"));
}
