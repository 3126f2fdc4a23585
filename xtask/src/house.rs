//! The rules of the house, as checks over the source tree. `tests/house.rs` makes each a test.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::places;

/// What each crate may depend on: crates of the workspace, and third-party ones. Dev-dependencies are free.
/// ARCHITECTURE.md draws the same table; [`layering_of_page`] keeps the two equal.
pub const LAYERS: &[(&str, &[&str], &[&str])] = &[
    ("isa", &[], &[]),
    ("softfloat", &[], &[]),
    ("memory", &[], &[]),
    ("cpu", &["isa", "softfloat", "memory"], &[]),
    ("host", &["memory"], &["libc"]),
    ("jit", &["isa", "cpu", "memory", "host"], &[]),
    ("linux", &["cpu", "memory", "host"], &[]),
    ("vm", &["cpu", "memory", "host", "jit", "linux"], &[]),
    ("blink", &["vm", "linux", "cpu", "memory", "host", "isa", "softfloat"], &["lexopt"]),
];

/// The crates that may say `unsafe`.
pub const UNSAFE: &[&str] = &["memory", "host", "jit"];

/// Dependencies that the table does not allow, and crates that it does not know.
pub fn layering() -> Vec<String> {
    let mut wrong = Vec::new();
    for dir in crates() {
        let name = name_of(&dir);
        let Some((_, inner, outer)) = LAYERS.iter().find(|(layer, ..)| *layer == name) else {
            wrong.push(format!("crates/{name} has no row in the layering table"));
            continue;
        };
        let manifest = read(&dir.join("Cargo.toml"));
        for dependency in dependencies(&manifest) {
            if !inner.contains(&dependency.as_str()) && !outer.contains(&dependency.as_str()) {
                wrong.push(format!("crates/{name} must not depend on {dependency}"));
            }
        }
    }
    wrong
}

/// Rows of the crate list in ARCHITECTURE.md that say something else than [`LAYERS`].
/// A row looks like `  cpu/   registers, ...   no_std + alloc (isa softfloat memory)`.
pub fn layering_of_page() -> Vec<String> {
    let page = read(&places::root().join("ARCHITECTURE.md"));
    let mut drawn: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in page.lines() {
        let Some((name, rest)) = row.trim_start().split_once("/ ") else { continue };
        if !row.starts_with("  ") || !LAYERS.iter().any(|(layer, ..)| *layer == name) {
            continue;
        }
        let list = rest.trim_end().strip_suffix(')').and_then(|rest| rest.rsplit_once('(')).map(|(_, list)| list);
        let list = list.unwrap_or_default().split([' ', ',']).filter(|word| !word.is_empty());
        drawn.insert(name.to_string(), list.map(String::from).collect());
    }
    let mut wrong = Vec::new();
    for (name, inner, _) in LAYERS.iter().filter(|(name, ..)| *name != "blink") {
        let inner: BTreeSet<String> = inner.iter().map(ToString::to_string).collect();
        match drawn.get(*name) {
            None => wrong.push(format!("ARCHITECTURE.md does not list {name}")),
            Some(list) if *list != inner => {
                wrong.push(format!("ARCHITECTURE.md says {name} may use {list:?}, the test allows {inner:?}"));
            }
            Some(_) => {}
        }
    }
    wrong
}

/// The names under `[dependencies]`, `[build-dependencies]` and their target-specific forms.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_listed = false;
    for row in manifest.lines().map(str::trim) {
        if let Some(section) = row.strip_prefix('[').and_then(|row| row.strip_suffix(']')) {
            // A table of its own: [dependencies.name].
            if let Some((head, name)) = section.rsplit_once("dependencies.") {
                if !head.ends_with("dev-") {
                    names.push(name.to_string());
                }
                is_listed = false;
                continue;
            }
            is_listed = section.ends_with("dependencies") && !section.ends_with("dev-dependencies");
            continue;
        }
        if is_listed && !row.is_empty() && !row.starts_with('#') {
            let end = row.find([' ', '.', '=']).unwrap_or(row.len());
            names.push(row[..end].trim_matches('"').to_string());
        }
    }
    names
}

/// Crates whose root does not forbid `unsafe` although they are none of [`UNSAFE`].
pub fn forbidden_unsafe() -> Vec<String> {
    let mut wrong = Vec::new();
    for dir in crates().into_iter().chain([places::root().join("xtask")]) {
        if UNSAFE.contains(&name_of(&dir).as_str()) {
            continue;
        }
        for root in ["src/lib.rs", "src/main.rs"] {
            let file = dir.join(root);
            let text = read(&file);
            // `host::main!` makes the symbol that the C runtime calls, which is unsafe in the eyes of the compiler:
            // a root that contains nothing else needs no lint.
            let is_only_entry = text.contains("host::main!(") && text.lines().count() < 8 && !text.contains("unsafe");
            if file.exists() && !is_only_entry && !text.contains("#![forbid(unsafe_code)]") {
                wrong.push(format!("{} lacks #![forbid(unsafe_code)]", shown(&file)));
            }
        }
    }
    wrong
}

/// `unsafe` blocks without a `SAFETY:` comment close above, in the crates that may have them.
pub fn unexplained_unsafe() -> Vec<String> {
    let mut wrong = Vec::new();
    for dir in crates().into_iter().filter(|dir| UNSAFE.contains(&name_of(dir).as_str())) {
        for file in sources(&dir.join("src"), &["rs"]) {
            let text = read(&file);
            let rows: Vec<&str> = text.lines().collect();
            for (number, row) in rows.iter().enumerate() {
                let code = row.split("//").next().unwrap_or_default();
                let is_block = code.contains("unsafe {") || code.contains("unsafe impl");
                if is_block && !is_explained(&rows, number) {
                    wrong.push(format!("{}:{}: no SAFETY comment", shown(&file), number + 1));
                }
            }
        }
    }
    wrong
}

/// Does a SAFETY comment stand on the row or among the comments and statement heads right above it?
fn is_explained(rows: &[&str], number: usize) -> bool {
    const REACH: usize = 12;
    let first = number.saturating_sub(REACH);
    rows[first..=number].iter().any(|row| row.contains("SAFETY") || row.contains("# Safety"))
}

/// Files that name a place of one particular machine.
pub fn machine_paths() -> Vec<String> {
    // Put together here, so that this file does not name them.
    let places: Vec<String> = [["/wo", "rk/"], ["/ho", "me/"], ["/ro", "ot/."], ["/tmp/tar", "get-"], ["fa", "rm-"]]
        .iter()
        .map(|parts| parts.concat())
        .collect();
    let mut wrong = Vec::new();
    for file in everything() {
        let Ok(bytes) = fs::read(&file) else { continue };
        for place in &places {
            if contains(&bytes, place.as_bytes()) {
                wrong.push(format!("{} contains {place}", shown(&file)));
            }
        }
    }
    wrong
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    let Some(first) = part.first() else { return true };
    let starts = bytes.iter().enumerate().filter(|(_, byte)| *byte == first).map(|(at, _)| at);
    starts.into_iter().any(|at| bytes[at..].starts_with(part))
}

/// Files without a `//!` that says what they are for.
pub fn undocumented_modules() -> Vec<String> {
    let mut wrong = Vec::new();
    for dir in crates().into_iter().chain([places::root().join("xtask")]) {
        for file in sources(&dir.join("src"), &["rs"]) {
            if !read(&file).lines().any(|row| row.starts_with("//!")) {
                wrong.push(format!("{} has no module documentation", shown(&file)));
            }
        }
    }
    wrong
}

/// The `DEVIATION:` comments of the tree, as the page `docs/deviations.md`.
pub fn deviations() -> String {
    let mut page = String::from(
        "# Known deviations\n\nWhere blink knowingly differs from Linux or from the CPU. Written by `cargo xtask docs` from the\n\
         `DEVIATION:` comments in the sources; a test keeps it current.\n",
    );
    let mut count = 0;
    for dir in crates() {
        for file in sources(&dir.join("src"), &["rs"]) {
            let text = read(&file);
            let mut notes = Vec::new();
            let mut rows = text.lines().map(str::trim).peekable();
            while let Some(row) = rows.next() {
                let Some(start) = comment(row).and_then(|row| row.strip_prefix("DEVIATION:")) else { continue };
                let mut note = start.trim().to_string();
                while let Some(more) = rows.peek().and_then(|row| comment(row)) {
                    if more.is_empty() || more.starts_with("DEVIATION:") {
                        break;
                    }
                    note.push(' ');
                    note.push_str(more);
                    rows.next();
                }
                notes.push(note);
            }
            if !notes.is_empty() {
                page.push_str(&format!("\n## {}\n\n", shown(&file)));
                for note in &notes {
                    page.push_str(&format!("- {note}\n"));
                }
                count += notes.len();
            }
        }
    }
    if count == 0 {
        page.push_str("\nNone is marked.\n");
    }
    page
}

/// The words of a row that is a comment and nothing else.
fn comment(row: &str) -> Option<&str> {
    let row = row.strip_prefix("//")?;
    Some(row.trim_start_matches(['/', '!']).trim())
}

/// The directories of the product's crates.
pub fn crates() -> Vec<PathBuf> {
    let dir = places::root().join("crates");
    let mut dirs: Vec<PathBuf> = match fs::read_dir(&dir) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(_) => Vec::new(),
    };
    dirs.retain(|dir| dir.join("Cargo.toml").exists());
    dirs.sort();
    dirs
}

/// All files below a directory with one of these endings, sorted.
fn sources(dir: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    collect(dir, &mut files);
    files.retain(|file| file.extension().is_some_and(|e| endings.iter().any(|ending| e == *ending)));
    files.sort();
    files
}

/// Every file of the project; build directories, version control and fuzzing corpora are left out.
fn everything() -> Vec<PathBuf> {
    let mut files = Vec::new();
    collect(&places::root(), &mut files);
    files.sort();
    files
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let Ok(kind) = entry.file_type() else { continue };
        // In a second working tree `.git` is a file.
        if kind.is_dir() {
            let is_left_out = ["target", ".git", "corpus", "artifacts"].iter().any(|skipped| name == *skipped);
            if !is_left_out {
                collect(&path, files);
            }
        } else if kind.is_file() && name != ".git" {
            files.push(path);
        }
    }
}

fn name_of(dir: &Path) -> String {
    dir.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn shown(file: &Path) -> String {
    file.strip_prefix(places::root()).unwrap_or(file).display().to_string()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_dependency_is_seen() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\nb = { path = \"b\" }\n\n\
                        [target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"\n[dependencies.c]\npath = \"c\"\n\
                        [dev-dependencies]\nd = \"1\"\n[dev-dependencies.e]\nversion = \"1\"\n";
        assert_eq!(dependencies(manifest), ["a", "b", "libc", "c"]);
    }

    #[test]
    fn a_machine_path_is_found_anywhere_in_a_file() {
        assert!(contains(b"\0xx//a/b", b"/a/b"));
        assert!(!contains(b"/a/c", b"/a/b"));
    }
}
