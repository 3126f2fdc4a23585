//! The names that `-v` prints; and how a release is linked: it aborts on a panic and unwinds nothing, so that its tables of stack frames,
//! a tenth of the file, are left out.

use std::env::var;
use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    for (name, cfg) in [("HOST_OS", "CARGO_CFG_TARGET_OS"), ("HOST_CPU", "CARGO_CFG_TARGET_ARCH")] {
        println!("cargo:rustc-env={name}={}", var(cfg).unwrap_or_default());
    }
    let is = |name: &str, value: &str| var(name).is_ok_and(|found| found == value);
    let uses_gnu_ld = is("CARGO_CFG_TARGET_OS", "linux") && is("PROFILE", "release");
    let Some(out) = var("OUT_DIR").ok().map(PathBuf::from).filter(|_| uses_gnu_ld && !is("DEBUG", "true")) else {
        return;
    };
    let script = out.join("frames.ld");
    let text = "SECTIONS { /DISCARD/ : { *(.eh_frame) *(.eh_frame_hdr) *(.gcc_except_table*) } } INSERT AFTER .text;\n";
    if std::fs::write(&script, text).is_ok() {
        println!("cargo:rustc-link-arg-bins=-Wl,-T,{}", script.display());
    }
}
