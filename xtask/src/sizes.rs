//! Sizes of the product: the release profile, and the tiny one with the core libraries rebuilt for size.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::places;

/// A build of blink.
pub struct Built {
    pub name: String,
    pub file: PathBuf,
    pub bytes: u64,
}

/// `cargo xtask sizes`.
pub fn main(_args: &[String]) -> crate::Outcome {
    for built in all()? {
        println!("{}", line(&built));
    }
    Ok(())
}

/// One row of the report.
pub fn line(built: &Built) -> String {
    format!("{:<44} {:>9} bytes", built.name, built.bytes)
}

/// Builds the profiles that this machine's toolchain can build.
pub fn all() -> Result<Vec<Built>, String> {
    Ok(vec![release()?, tiny()?])
}

/// `blink` in the release profile.
pub fn release() -> Result<Built, String> {
    let mut command = cargo();
    command.args(["build", "--quiet", "--release", "-p", "blink"]);
    crate::run::show(&mut command)?;
    built("release", places::target().join("release/blink"))
}

/// The smallest blink: with a nightly toolchain and its sources, `core` and `alloc` are rebuilt without formatting and unwinding.
pub fn tiny() -> Result<Built, String> {
    let host = crate::run::first_line("rustc", &["--print", "host-tuple"]).ok_or("rustc does not run")?;
    if has_nightly_sources() {
        let mut command = cargo();
        command.arg("+nightly").env_remove("RUSTC").env_remove("CARGO").env_remove("RUSTUP_TOOLCHAIN");
        command.args(["build", "--quiet", "--profile", "tiny", "-p", "blink", "--target", &host]);
        command.args(["-Zbuild-std=core,alloc", "-Zbuild-std-features=optimize_for_size"]);
        command.env("RUSTFLAGS", "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none");
        command.stderr(Stdio::null());
        if crate::run::show(&mut command).is_ok() {
            let file = places::target().join(&host).join("tiny/blink");
            return built("tiny (nightly, core rebuilt, immediate-abort)", file);
        }
        println!("tiny: `core` could not be rebuilt with this nightly, so it stays as it comes");
    }
    let mut command = cargo();
    command.args(["build", "--quiet", "--profile", "tiny", "-p", "blink"]);
    crate::run::show(&mut command)?;
    built("tiny (core as it comes)", places::target().join("tiny/blink"))
}

fn has_nightly_sources() -> bool {
    let output = Command::new("rustc").args(["+nightly", "--print", "sysroot"]).env_remove("RUSTUP_TOOLCHAIN").output();
    let Ok(output) = output else { return false };
    let root = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    output.status.success() && root.join("lib/rustlib/src/rust/library/std").is_dir()
}

fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(places::root());
    command
}

fn built(name: &str, file: PathBuf) -> Result<Built, String> {
    let data = fs::metadata(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(Built { name: name.to_string(), file, bytes: data.len() })
}
