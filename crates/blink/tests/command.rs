//! The command line from outside: help, version, mistakes, and files that cannot be run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn blink() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blink"));
    command.env_remove("BLINK_LOG_FILENAME");
    command
}

/// A fresh directory for one test.
fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("command-{name}"));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn run(arguments: &[&str]) -> Output {
    blink().args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// An ELF header and nothing else.
fn header(machine: u8, kind: u8) -> Vec<u8> {
    let mut file = vec![0; 64];
    file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    (file[16], file[18], file[20]) = (kind, machine, 1);
    (file[32], file[52], file[54]) = (64, 64, 56);
    file
}

#[test]
fn help_and_version_go_to_standard_output() {
    for option in ["-h", "--help", "-mh"] {
        let output = run(&[option]);
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).starts_with("Usage: blink [-hvejmsZ0] [-C ROOT] [-L LOG] PROGRAM [ARG...]\n"));
        assert!(output.stderr.is_empty());
    }
    for option in ["-v", "--version"] {
        let output = run(&[option]);
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).starts_with(&format!("blink {} (", env!("CARGO_PKG_VERSION"))));
    }
}

#[test]
fn a_bad_command_line_is_status_48_with_reason_and_usage() {
    for (arguments, reason) in [
        (&["-x", "a"][..], "blink: unknown option -x\nUsage: blink "),
        (&["--nope"], "blink: unknown option --nope\nUsage: blink "),
        (&[], "blink: no program given\nUsage: blink "),
        (&["-L"], "blink: option -L needs a file name\nUsage: blink "),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(48));
        assert!(text(&output.stderr).starts_with(reason), "{}", text(&output.stderr));
        assert!(output.stdout.is_empty());
    }
}

/// Both forms say the same one line; nothing goes to standard output.
fn refused(program: &Path, reason: &str, status: i32) {
    for form in [&[][..], &["-m"]] {
        let output = blink().args(form).arg(program).output().unwrap();
        assert_eq!(text(&output.stderr), format!("blink: {}: {reason}\n", program.display()));
        assert_eq!(output.status.code(), Some(status), "{}", program.display());
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn what_cannot_be_run_gets_one_line_and_a_shells_status() {
    let directory = directory("refused");
    let file = |name: &str, bytes: &[u8]| {
        let path = directory.join(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    refused(&directory.join("missing"), "no such file or directory", 127);
    refused(&directory, "is a directory", 126);
    refused(&file("plain", b"").join("x"), "not a directory", 126);
    refused(&file("empty", b""), "not a program (the file is empty)", 126);
    refused(&file("text", b"echo\n"), "not a program (neither ELF nor APE, and no #! line)", 126);
    refused(&file("arm", &header(183, 2)), "not an x86-64 program (machine is AArch64)", 126);
    refused(&file("object", &header(62, 1)), "not a program (an object file that is not linked yet)", 126);
    refused(&file("headless", &header(62, 2)), "not a program (no program headers)", 126);
    refused(&file("cut", &header(62, 2)[..40]), "truncated: its ELF header reaches beyond the end of the file", 126);
    refused(&file("dos", b"MZ\x90\x00"), "not a Linux program (a DOS or Windows executable)", 126);
    refused(&file("lost", b"#!/no/such/file\n"), "bad interpreter /no/such/file: no such file or directory", 127);
    let (first, second) = (directory.join("first"), directory.join("second"));
    file("first", format!("#!{}\n", second.display()).as_bytes());
    file("second", format!("#!{}\n", first.display()).as_bytes());
    refused(&first, "too many levels of #! interpreters (more than 5)", 126);
    let secret = file("secret", &header(62, 2));
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    refused(&secret, "no permission to execute it (chmod +x)", 126);
}

#[test]
fn a_name_without_slash_is_looked_up() {
    let directory = directory("path");
    let path = directory.join("prog.com");
    fs::write(&path, header(183, 2)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    for name in ["prog.com", "prog"] {
        let output = blink().arg(name).env("PATH", &directory).current_dir("/").output().unwrap();
        let line = format!("blink: {}: not an x86-64 program (machine is AArch64)\n", path.display());
        assert_eq!(text(&output.stderr), line);
    }
    let output = blink().arg("prog").env("PATH", "/").current_dir("/").output().unwrap();
    assert_eq!(
        (text(&output.stderr).as_str(), output.status.code()),
        ("blink: prog: no such file or directory\n", Some(127))
    );
}

#[test]
fn the_program_may_be_told_its_name_and_the_log_where_to_go() {
    let directory = directory("log");
    let hello = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/hello");
    let log = directory.join("log");
    let plain = blink().args(["-m", "--"]).arg(&hello).arg("one").output().unwrap();
    assert_eq!(text(&plain.stdout).lines().next(), Some("hello, world"));
    assert!(plain.stderr.is_empty());
    let traced = blink().args(["-sL"]).arg(&log).args(["-0", "--"]).arg(&hello).args(["name", "one"]).output().unwrap();
    assert_eq!((&traced.stdout, &traced.stderr), (&plain.stdout, &plain.stderr));
    let lines = fs::read_to_string(&log).unwrap();
    assert!(lines.lines().any(|line| line.contains("] write(1, \"hello, world\\n\"")), "{lines}");
    let shown = blink().arg("-s").arg(&hello).output().unwrap();
    assert!(text(&shown.stderr).contains("] write(1, "));
    let counted = blink().arg("-jZ").arg(&hello).output().unwrap();
    assert!(text(&counted.stderr).starts_with("instructions: "), "{}", text(&counted.stderr));
}
