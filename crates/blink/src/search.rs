//! Where the program is that the user named: as it stands, in `$PATH`, and either with `.com` behind it, as the original does.

use alloc::vec::Vec;

/// `$PATH` where there is none.
const DEFAULT_PATH: &[u8] = b"/usr/local/bin:/bin:/usr/bin";

/// The path to load for the word `name`. What is nowhere comes back as it is, so that the loader says why.
pub fn find(name: &[u8], path: Option<&[u8]>, is_program: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let with_com = || [name, b".com"].concat();
    let plain = candidates(name, path);
    let suffixed = if has_dos_suffix(name) { Vec::new() } else { candidates(&with_com(), path) };
    plain.into_iter().chain(suffixed).find(|path| is_program(path)).unwrap_or_else(|| name.to_vec())
}

fn candidates(name: &[u8], path: Option<&[u8]>) -> Vec<Vec<u8>> {
    let mut all = vec![name.to_vec()];
    if !name.is_empty() && !name.contains(&b'/') {
        for directory in path.unwrap_or(DEFAULT_PATH).split(|&byte| byte == b':') {
            let mut path = directory.to_vec();
            if !path.is_empty() && !path.ends_with(b"/") {
                path.push(b'/');
            }
            path.extend(name);
            all.push(path);
        }
    }
    all
}

fn has_dos_suffix(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    [&b".com"[..], b".exe", b".com.dbg"].iter().any(|suffix| name.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_looked_up_here_then_in_path_then_with_com() {
        let files: &[&str] = &["here", "/bin/here", "/bin/sh", "/opt/x.com", "./y.com", "/bin/z.exe"];
        let find = |name: &str| {
            let found = find(name.as_bytes(), Some(b"/opt/:/bin::/none"), |path| {
                files.iter().any(|file| file.as_bytes() == path)
            });
            String::from_utf8(found).unwrap()
        };
        for (name, path) in [
            ("here", "here"),
            ("sh", "/bin/sh"),
            ("./sh", "./sh"),
            ("x", "/opt/x.com"),
            ("./y", "./y.com"),
            ("z.exe", "/bin/z.exe"),
            ("z", "z"),
            ("", ""),
        ] {
            assert_eq!(find(name), path, "{name}");
        }
    }
}
