//! What a directory contains, as text: what a program did to its files is compared too.

use std::fs::{self, FileType};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// One line per file below `dir`: kind, mode, links, size and contents. Times are left out, since they vary.
pub fn describe(dir: &Path) -> String {
    let mut text = String::new();
    walk(dir, "", &mut text);
    text
}

fn walk(dir: &Path, prefix: &str, text: &mut String) {
    let Ok(entries) = fs::read_dir(dir) else {
        text.push_str(&format!("{prefix}: unreadable\n"));
        return;
    };
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let path = entry.path();
        let Ok(data) = fs::symlink_metadata(&path) else { continue };
        let kind = data.file_type();
        text.push_str(&format!("{name} {} {:o}", letter(kind), data.permissions().mode() & 0o7777));
        if kind.is_file() {
            let contents = fs::read(&path).unwrap_or_default();
            let mut hash = DefaultHasher::new();
            contents.hash(&mut hash);
            text.push_str(&format!(" links {} size {} hash {:x}", data.nlink(), data.len(), hash.finish()));
        } else if kind.is_symlink() {
            let to = fs::read_link(&path).unwrap_or_default();
            text.push_str(&format!(" -> {}", to.display()));
        }
        text.push('\n');
        if kind.is_dir() {
            walk(&path, &format!("{name}/"), text);
        }
    }
}

fn letter(kind: FileType) -> char {
    match kind {
        kind if kind.is_dir() => 'd',
        kind if kind.is_symlink() => 'l',
        kind if kind.is_fifo() => 'p',
        kind if kind.is_socket() => 's',
        kind if kind.is_char_device() => 'c',
        kind if kind.is_block_device() => 'b',
        _ => '-',
    }
}

/// Copies a directory of test inputs; every file gets the same old time and plain permissions (scripts and programs
/// may be executed), so that listings are equal from run to run.
pub fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let fail = |error: std::io::Error| format!("copying {} to {}: {error}", from.display(), to.display());
    fs::create_dir_all(to).map_err(fail)?;
    for entry in fs::read_dir(from).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let target = to.join(entry.file_name());
        if entry.file_type().map_err(fail)?.is_dir() {
            copy(&entry.path(), &target)?;
            continue;
        }
        fs::write(&target, fs::read(entry.path()).map_err(fail)?).map_err(fail)?;
        let is_script = target.extension().is_some_and(|ending| ending == "sh");
        let is_program = entry.metadata().map_err(fail)?.permissions().mode() & 0o100 != 0;
        let mode = if is_script || is_program { 0o755 } else { 0o644 };
        fs::set_permissions(&target, fs::Permissions::from_mode(mode)).map_err(fail)?;
        age(&target).map_err(fail)?;
    }
    fs::set_permissions(to, fs::Permissions::from_mode(0o755)).map_err(fail)?;
    age(to).map_err(fail)
}

fn age(path: &Path) -> std::io::Result<()> {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    fs::File::open(path)?.set_modified(time)
}

/// Removes a directory whatever its permissions became.
pub fn remove(dir: &Path) {
    if fs::remove_dir_all(dir).is_err() {
        unlock(dir);
        let _ = fs::remove_dir_all(dir);
    }
}

fn unlock(dir: &Path) {
    let _ = fs::set_permissions(dir, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            unlock(&entry.path());
        }
    }
}
