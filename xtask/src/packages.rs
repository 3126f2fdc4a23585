//! Sees to the Debian packages that the tests use.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Installs what is missing of `packages`. Says plainly what to do where that is impossible.
pub fn need(packages: &[&str]) -> crate::Outcome {
    if !crate::places::has_command("dpkg-query") {
        return Err(format!("this system has no dpkg: install by hand what Debian calls {}", packages.join(", ")));
    }
    let missing: Vec<&str> = packages.iter().copied().filter(|name| !is_installed(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("installing {}", missing.join(" "));
    if install(&missing).is_ok() {
        return Ok(());
    }
    // The lists may be old or not there at all.
    let _ = apt(&["update"]);
    install(&missing).map_err(|error| format!("{error}\ninstall them as root: apt-get install {}", missing.join(" ")))
}

/// The files of a package that cannot be installed beside others, in a directory of their own.
pub fn unpack(name: &str) -> Result<PathBuf, String> {
    let dir = crate::places::cache("packages")?.join(name);
    if dir.exists() {
        return Ok(dir);
    }
    // What is unpacked by halves is not taken for the package: rename is what makes it appear.
    let new = dir.with_extension(std::process::id().to_string());
    std::fs::create_dir_all(&new).map_err(|error| format!("{}: {error}", new.display()))?;
    let download = || crate::run::show(Command::new("apt-get").args(["-q", "download", name]).current_dir(&new));
    if download().is_err() {
        let _ = apt(&["update"]);
        download()?;
    }
    let mut entries = std::fs::read_dir(&new).map_err(|error| format!("{}: {error}", new.display()))?.flatten();
    let file = entries.next().ok_or(format!("apt-get download {name} left no file"))?.path();
    crate::run::show(Command::new("dpkg").arg("-x").arg(&file).arg(&new))?;
    std::fs::rename(&new, &dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    Ok(dir)
}

/// Is this package there, fully?
pub fn is_installed(name: &str) -> bool {
    let output = Command::new("dpkg-query").args(["-W", "-f", "${db:Status-Status}", name]).output();
    output.is_ok_and(|output| output.stdout == b"installed")
}

fn install(names: &[&str]) -> crate::Outcome {
    let mut args = vec!["install", "-y", "--no-install-recommends"];
    args.extend(names);
    apt(&args)
}

fn apt(args: &[&str]) -> crate::Outcome {
    let is_root = crate::run::first_line("id", &["-u"]).is_some_and(|id| id == "0");
    let mut command = if is_root { Command::new("apt-get") } else { Command::new("sudo") };
    if !is_root {
        command.args(["-n", "apt-get"]);
    }
    command.args(["-o", "DPkg::Lock::Timeout=600"]).args(args);
    command.env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null()).stdin(Stdio::null());
    crate::run::show(&mut command)
}
