//! Where things lie: the workspace, its build directory, and the programs that tests use.

use std::path::{Path, PathBuf};

/// The root of the workspace.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("xtask lies in the workspace").to_path_buf()
}

/// Cargo's build directory.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// A directory below the build directory, made if it is not there.
pub fn cache(name: &str) -> Result<PathBuf, String> {
    let dir = target().join(name);
    std::fs::create_dir_all(&dir).map_err(|error| format!("making {}: {error}", dir.display()))?;
    Ok(dir)
}

/// Does a command of this name exist on the path?
pub fn has_command(name: &str) -> bool {
    find_command(name).is_some()
}

/// The file that a command of this name would run.
pub fn find_command(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}

/// Is this an x86-64 Linux host, where guest programs run natively and are their own oracle?
pub fn is_oracle() -> bool {
    cfg!(all(target_os = "linux", target_arch = "x86_64"))
}

/// A static x86-64 busybox, if the machine has one.
pub fn find_busybox() -> Option<PathBuf> {
    let mut candidates = vec![PathBuf::from("/bin/busybox"), PathBuf::from("/usr/bin/busybox")];
    candidates.extend(find_command("busybox"));
    candidates.into_iter().find(|file| is_static_amd64(file))
}

/// An ELF file for x86-64 without an interpreter.
fn is_static_amd64(file: &Path) -> bool {
    const PT_INTERP: u32 = 3;
    let Ok(bytes) = std::fs::read(file) else { return false };
    if bytes.len() < 64 || bytes[..4] != *b"\x7fELF" || bytes[18] != 62 {
        return false;
    }
    let start = u64::from_le_bytes(bytes[32..40].try_into().expect("8 bytes")) as usize;
    let count = usize::from(u16::from_le_bytes([bytes[56], bytes[57]]));
    (0..count).all(|n| match bytes.get(start + 56 * n..start + 56 * n + 4) {
        Some(kind) => kind != PT_INTERP.to_le_bytes(),
        None => false,
    })
}
