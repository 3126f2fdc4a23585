//! Programs built here, run natively and under blink, in both forms of memory: what they print and how they end must be the same.
//!
//! Only on x86-64 Linux with a C compiler: elsewhere there is no oracle.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use xtask::run::{self, Captured, End};

const BLINK: &str = env!("CARGO_BIN_EXE_blink");

/// Protection against hanging for ever.
const PATIENCE: Duration = Duration::from_secs(600);

/// A fresh directory for one test.
fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("programs-{name}"));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// Compiles a guest program; `None` where there is no compiler.
fn build(directory: &Path, source: &str, output: &str, flags: &[&str]) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests").join(source);
    let output = directory.join(output);
    let mut command = Command::new("gcc");
    command.args(["-O1", "-fno-omit-frame-pointer"]).args(flags).arg("-o").arg(&output).arg(source);
    match command.status() {
        Ok(status) => assert!(status.success(), "gcc failed"),
        Err(_) => return None,
    }
    Some(output)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs with a small environment of its own, in `directory`.
fn run(directory: &Path, words: &[&str]) -> Captured {
    let mut command = Command::new(words[0]);
    command
        .args(&words[1..])
        .env_clear()
        .env("A", "1")
        .env("B", "two words")
        .env("PATH", "/bin")
        .current_dir(directory);
    run::capture(&command, PATIENCE).unwrap()
}

/// The output natively and in every form.
fn compare(directory: &Path, words: &[&str]) {
    let native = run(directory, words);
    for form in ["--", "-j", "-m"] {
        let ours = run(directory, &[&[BLINK, form], words].concat());
        assert_eq!(text(&ours.stdout), text(&native.stdout), "{form} {words:?}: {}", text(&ours.stderr));
        assert_eq!(ours.end, native.end, "{form} {words:?}: {}", text(&ours.stderr));
    }
}

#[test]
fn a_program_finds_at_its_start_what_linux_gives_it() {
    let directory = directory("start");
    for (name, flags) in [("static", "-static"), ("pie", "-static-pie"), ("fixed", "-static -Wl,-z,noseparate-code")] {
        let flags: Vec<&str> = flags.split(' ').chain(["-Wl,-e,first"]).collect();
        let Some(_) = build(&directory, "start.c", name, &flags) else { return };
        let path = format!("./{name}");
        compare(&directory, &[&path]);
        compare(&directory, &[&path, "", "a b", &"x".repeat(5000)]);
        compare(&directory, &[directory.join(name).to_str().unwrap(), "1"]);
    }
}

#[test]
fn scripts_give_their_interpreter_the_arguments_that_linux_gives() {
    let directory = directory("script");
    let Some(_) = build(&directory, "start.c", "start", &["-static", "-Wl,-e,first"]) else { return };
    let script = |name: &str, text: &str| {
        let path = directory.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    script("plain", "#!./start\n");
    script("argument", "#! ./start \t one argument\t \nrest");
    script("open", "#!./start ");
    script("nested", "#!./argument x\n");
    for name in ["./plain", "./argument", "./open", "./nested"] {
        compare(&directory, &[name]);
        compare(&directory, &[name, "1", "2"]);
    }
}

#[test]
fn the_vsyscall_page_answers() {
    let directory = directory("vsyscall");
    let Some(_) = build(&directory, "vsyscall.c", "vsyscall", &["-static"]) else { return };
    // Kernels may be built or booted without the page.
    if run(&directory, &["./vsyscall"]).stdout.starts_with(b"time: 1") {
        compare(&directory, &["./vsyscall"]);
    }
}

#[test]
fn a_program_sees_itself_in_proc_and_not_blink() {
    let directory = directory("proc");
    let Some(_) = build(&directory, "proc.c", "proc", &["-static", "-w"]) else { return };
    compare(&directory, &["./proc"]);
    compare(&directory, &["./proc", "x", "y z"]);
}

/// A guest may do whatever it likes: it ends, or dies of a signal of its own, but blink never fails.
#[test]
fn random_system_calls_never_break_blink() {
    let directory = directory("calls");
    let Some(program) = build(&directory, "calls.c", "calls", &["-static", "-w"]) else { return };
    let mut finished = 0;
    for seed in 1..=6 {
        for form in ["--", "-j", "-m"] {
            let place = directory.join(format!("{seed}{form}"));
            fs::create_dir(&place).unwrap();
            fs::set_permissions(&place, fs::Permissions::from_mode(0o777)).unwrap();
            let ours = run(&place, &[BLINK, form, program.to_str().unwrap(), &seed.to_string(), "1500"]);
            let report = text(&ours.stderr);
            assert!(!report.contains("internal error"), "seed {seed} {form}: {report}");
            assert!(
                ours.end == End::Code(0) || report.starts_with("blink: "),
                "seed {seed} {form}: {:?} {report}",
                ours.end
            );
            finished += usize::from(ours.stdout.ends_with(b"done\n"));
        }
    }
    assert!(finished > 6, "{finished}");
}

#[test]
fn execve_says_of_bad_files_what_linux_says() {
    let directory = directory("execs");
    let Some(program) = build(&directory, "execs.c", "execs", &["-static", "-w"]) else { return };
    let program = program.to_str().unwrap();
    let outputs = [("natively", &[][..]), ("plain", &[BLINK]), ("-j", &[BLINK, "-j"]), ("-m", &[BLINK, "-m"])].map(
        |(name, words)| {
            let place = directory.join(name);
            fs::create_dir(&place).unwrap();
            run(&place, &[words, &[program]].concat())
        },
    );
    assert!(text(&outputs[0].stdout).contains("ETXTBSY"), "{}", text(&outputs[0].stdout));
    for ours in &outputs[1..] {
        assert_eq!(text(&ours.stdout), text(&outputs[0].stdout), "{}", text(&ours.stderr));
        assert_eq!(ours.end, outputs[0].end);
    }
}

/// Makes an APE of an ELF file: a script that prints the header, then the ELF file with all offsets moved.
fn ape(elf: &[u8], magic: &str) -> Vec<u8> {
    const SHIFT: u64 = 8192;
    let mut body = elf.to_vec();
    let word = |body: &[u8], at: usize| u64::from_le_bytes(body[at..at + 8].try_into().unwrap());
    let add = |body: &mut Vec<u8>, at: usize| {
        let value = word(body, at) + SHIFT;
        body[at..at + 8].copy_from_slice(&value.to_le_bytes());
    };
    let (table, count) = (word(&body, 32) as usize, usize::from(body[56]));
    for i in 0..count {
        add(&mut body, table + i * 56 + 8);
    }
    add(&mut body, 32);
    body[7] = 9;
    let printed = |header: &[u8]| header.iter().map(|byte| format!("\\{byte:03o}")).collect::<String>();
    let mut arm = body[..64].to_vec();
    arm[18] = 183;
    let script = format!(
        "{magic}\n'\nprintf '{}' >a\nprintf '{}' >b\nexit 1\n",
        printed(&arm),
        printed(&body[..64]).replace("\\105\\114\\106", "ELF")
    );
    let mut file = script.into_bytes();
    file.resize(SHIFT as usize, 0);
    file.extend(body);
    file
}

#[test]
fn an_ape_runs_as_the_elf_file_inside_it() {
    let directory = directory("ape");
    let Some(path) = build(&directory, "start.c", "start", &["-static", "-Wl,-e,first"]) else { return };
    let inner = directory.join("inner");
    fs::create_dir(&inner).unwrap();
    for magic in ["MZqFpD='", "jartsr='", "APEDBG='"] {
        let file = inner.join("start");
        fs::write(&file, ape(&fs::read(&path).unwrap(), magic)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        let native = run(&directory, &["./start", "x"]);
        for form in ["--", "-j", "-m"] {
            let ours = run(&inner, &[BLINK, form, "./start", "x"]);
            // Until it shows the offsets of its mappings.
            let head = |output: &Captured| text(&output.stdout).split("\nmap ").next().unwrap().to_string();
            assert_eq!(head(&ours), head(&native), "{}", text(&ours.stderr));
            assert_eq!(ours.end, End::Code(0));
        }
    }
}

#[test]
fn a_fatal_fault_is_reported_and_blink_dies_of_its_signal() {
    let directory = directory("crash");
    let Some(_) = build(&directory, "crash.c", "crash", &["-static"]) else { return };
    for (how, signal, reason) in [
        ("null", 11, "SIGSEGV: nothing is mapped at 0x10 (tried to read there, at rip 0x"),
        ("write", 11, "SIGSEGV: no right to write at 0x"),
        ("divide", 8, "SIGFPE: division by zero"),
        ("ud2", 4, "SIGILL: "),
        ("noncanonical", 11, "SIGSEGV: general protection fault"),
        ("hlt", 11, "SIGSEGV: general protection fault"),
        ("jump", 11, "SIGSEGV: no right to execute at 0x"),
    ] {
        for form in ["--", "-j", "-m"] {
            let ours = run(&directory, &[BLINK, form, "./crash", how]);
            let report = text(&ours.stderr);
            assert_eq!(ours.end, End::Signal(signal), "{how}: {report}");
            assert!(report.starts_with("blink: ") && report.contains(reason), "{how}: {report}");
            if how != "jump" {
                for part in ["crash_here+0x", "middle+0x", "main+0x", "\n> ", "  rax ", "  code in "] {
                    assert!(report.contains(part), "{how} {part}: {report}");
                }
            }
        }
    }
    for (how, signal) in [("abort", 6), ("term", 15)] {
        let ours = run(&directory, &[BLINK, "./crash", how]);
        assert_eq!((ours.end, text(&ours.stderr).as_str()), (End::Signal(signal), ""), "{how}");
    }
}
