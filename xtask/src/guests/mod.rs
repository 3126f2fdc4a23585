//! The small programs under `guests/`: built from source, committed as binaries.
//!
//! The binaries are there so that the README's first command works on a host without an x86 compiler. Beside each
//! lies `NAME.expected`, what it prints when it is run as `NAME one 'two words'`, taken from the machine itself.

pub mod ape;
pub mod zip;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::programs::build::quietly;
use crate::{packages, places, run};

/// A guest program and how it is made.
#[derive(Clone, Copy, Debug)]
pub struct Guest {
    pub name: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// `NAME.c`, without a C library.
    Small,
    /// `ape.c` on musl, in a file of this shape.
    Ape(ape::Shape),
}

/// Every guest. Each of the APEs shows something that such files do.
pub const GUESTS: &[Guest] = &[
    Guest { name: "hello", kind: Kind::Small },
    Guest { name: "exec", kind: Kind::Small },
    Guest { name: "signal", kind: Kind::Small },
    Guest { name: "hello.ape", kind: Kind::Ape(ape::Shape::PLAIN) },
    Guest { name: "fat.ape", kind: Kind::Ape(ape::Shape { is_fat: true, ..ape::Shape::PLAIN }) },
    Guest {
        name: "jartsr.ape",
        kind: Kind::Ape(ape::Shape { magic: ape::Magic::Jartsr, pages: ape::Pages::Shared, ..ape::Shape::PLAIN }),
    },
    Guest {
        name: "apedbg.ape",
        kind: Kind::Ape(ape::Shape { magic: ape::Magic::Debug, pages: ape::Pages::Writable, ..ape::Shape::PLAIN }),
    },
];

/// The arguments that `NAME.expected` was made with.
pub const ARGS: [&str; 2] = ["one", "two words"];

impl Guest {
    /// The committed binary.
    pub fn file(&self) -> PathBuf {
        dir().join(self.name)
    }

    /// What it prints, with a last line that says how it ends.
    pub fn expected(&self) -> Result<String, String> {
        let file = dir().join(format!("{}.expected", self.name));
        fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))
    }

    /// Is it an Actually Portable Executable, which a kernel does not run as it is?
    pub fn is_ape(&self) -> bool {
        matches!(self.kind, Kind::Ape(_))
    }

    fn build(&self) -> Result<Vec<u8>, String> {
        match self.kind {
            Kind::Small => small(self.name),
            Kind::Ape(shape) => Ok(ape::wrap(&body(shape)?, shape)),
        }
    }
}

/// The directory of the guests.
pub fn dir() -> PathBuf {
    places::root().join("guests")
}

/// What a run of a guest looks like in `NAME.expected`.
pub fn transcript(captured: &run::Captured) -> String {
    let mut text = String::from_utf8_lossy(&captured.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&captured.stderr));
    text.push_str(&format!("[{:?}]\n", captured.end));
    text
}

/// `cargo xtask guests [--check]`.
pub fn main(args: &[String]) -> crate::Outcome {
    let is_check = args.iter().any(|arg| arg == "--check");
    packages::need(&["gcc", "libc6-dev", "musl-tools"])?;
    let here = compiler();
    let made_with = dir().join("COMPILER");
    if is_check && fs::read_to_string(&made_with).ok().as_ref() != Some(&here) {
        println!("guests were made with another compiler than the one here, which is {here}not compared");
        return Ok(());
    }
    for guest in GUESTS {
        let bytes = guest.build()?;
        if is_check {
            if fs::read(guest.file()).ok().as_ref() != Some(&bytes) {
                return Err(format!("guests/{} is not what its source makes: run `cargo xtask guests`", guest.name));
            }
            continue;
        }
        write_program(&guest.file(), &bytes)?;
        let text = transcript(&run_natively(guest, &ARGS)?);
        let file = dir().join(format!("{}.expected", guest.name));
        fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
        println!("{:<12} {:>6} bytes", guest.name, bytes.len());
    }
    if !is_check {
        fs::write(&made_with, here).map_err(|error| format!("{}: {error}", made_with.display()))?;
    }
    Ok(())
}

/// Runs a guest on this machine, which must be an x86-64 Linux. An APE runs as what it also is, a shell script; it
/// then turns itself into an ELF file, so that happens to a copy.
pub fn run_natively(guest: &Guest, args: &[&str]) -> Result<run::Captured, String> {
    let mut command = if guest.is_ape() {
        let copy = places::cache("guests")?.join(format!("{}-{}", guest.name, std::process::id()));
        let bytes = fs::read(guest.file()).map_err(|error| format!("{}: {error}", guest.file().display()))?;
        write_program(&copy, &bytes)?;
        let mut command = Command::new("sh");
        command.arg(copy);
        command
    } else {
        Command::new(guest.file())
    };
    run::capture(command.args(args).env_clear().env("PATH", "/usr/bin:/bin"), Duration::from_secs(30))
}

/// Writes an executable file.
pub fn write_program(file: &Path, bytes: &[u8]) -> crate::Outcome {
    let fail = |error: std::io::Error| format!("{}: {error}", file.display());
    fs::write(file, bytes).map_err(fail)?;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).map_err(fail)
}

/// The compiler, linker and C library whose work the committed binaries are.
fn compiler() -> String {
    let version = |program: &str| run::first_line(program, &["--version"]).unwrap_or_default();
    let output = Command::new("dpkg-query").args(["-W", "-f", "${Version}", "musl-dev"]).output();
    let musl = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    format!("{}\n{}\nmusl {musl}\n", version("gcc"), version("ld"))
}

/// Flags under which the same source makes the same few bytes.
const FLAGS: &[&str] = &[
    "-Os",
    "-static",
    "-no-pie",
    "-fno-pic",
    "-fno-stack-protector",
    "-fcf-protection=none",
    "-fno-asynchronous-unwind-tables",
    "-fno-ident",
    "-s",
    "-Wl,--build-id=none",
    "-Wl,-z,noseparate-code",
    "-Wl,-z,norelro",
    "-Wl,-z,noexecstack",
];

fn small(name: &str) -> Result<Vec<u8>, String> {
    let output = places::cache("guests")?.join(name);
    let mut command = Command::new("gcc");
    command.args(FLAGS).args(["-nostdlib", "-ffreestanding", "-o"]).arg(&output).arg(format!("{name}.c"));
    quietly(command.current_dir(dir()))?;
    fs::read(&output).map_err(|error| format!("{}: {error}", output.display()))
}

/// The ELF file inside an APE.
fn body(shape: ape::Shape) -> Result<Vec<u8>, String> {
    let cache = places::cache("guests")?;
    let (script, output) = (cache.join("ape.ld"), cache.join("ape.elf"));
    fs::write(&script, shape.linker_script()).map_err(|error| format!("{}: {error}", script.display()))?;
    let mut command = Command::new("musl-gcc");
    command.args(FLAGS).arg("-pthread").arg("-Wl,-z,max-page-size=4096").arg("-Wl,--no-warn-rwx-segments");
    if shape.pages == ape::Pages::Writable {
        command.arg("-DWRITABLE");
    }
    command.arg("-Wl,-T").arg(&script).arg("-o").arg(&output).arg("ape.c");
    quietly(command.current_dir(dir()))?;
    fs::read(&output).map_err(|error| format!("{}: {error}", output.display()))
}
