//! The names that `-v` prints; and how a release is linked, to be small.

use std::env::var;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for (name, cfg) in [("HOST_OS", "CARGO_CFG_TARGET_OS"), ("HOST_CPU", "CARGO_CFG_TARGET_ARCH")] {
        println!("cargo:rustc-env={name}={}", var(cfg).unwrap_or_default());
    }
    let is = |name: &str, value: &str| var(name).is_ok_and(|found| found == value);
    if !is("CARGO_CFG_TARGET_OS", "linux") || !is("PROFILE", "release") || is("DEBUG", "true") {
        return;
    }
    if let Some(out) = var("OUT_DIR").ok().map(PathBuf::from) {
        leave_out_frames(&out.join("frames.ld"));
    }
    pack_relocations();
}

/// A release aborts on a panic and unwinds nothing: its tables of stack frames, a tenth of the file, are left out.
fn leave_out_frames(script: &Path) {
    let text = "SECTIONS { /DISCARD/ : { *(.eh_frame) *(.eh_frame_hdr) *(.gcc_except_table*) } } INSERT AFTER .text;\n";
    if std::fs::write(script, text).is_ok() {
        println!("cargo:rustc-link-arg-bins=-Wl,-T,{}", script.display());
    }
}

/// The addresses in tables are adjusted when the program is loaded. A list of 24 bytes for each of them is a bitmap instead (`DT_RELR`)
/// where the C library that we link with understands it: glibc does since 2.36, and says so by a version of that name.
fn pack_relocations() {
    let linker = var("RUSTC_LINKER").unwrap_or("cc".into());
    let answer = Command::new(linker).arg("-print-file-name=libc.so.6").output();
    let Ok(name) = answer.map(|answer| String::from_utf8_lossy(&answer.stdout).trim().to_string()) else { return };
    let version = b"GLIBC_ABI_DT_RELR";
    if std::fs::read(name).is_ok_and(|library| library.windows(version.len()).any(|bytes| bytes == version)) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
