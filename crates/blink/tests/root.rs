//! `-C ROOT` and `BLINK_OVERLAYS`: what a script meets in a root of its own, under blink and, where that is allowed, after the
//! host's `chroot`.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use xtask::places;

const BLINK: &str = env!("CARGO_BIN_EXE_blink");

/// One test at a time: a program that another thread has just written cannot be run as long as a child forked meanwhile has it open.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A new root with busybox, links that lead upwards, to absolute places and in circles; `None` without a static busybox.
fn root(name: &str) -> Option<PathBuf> {
    let busybox = places::find_busybox()?;
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("root-{name}"));
    let _ = fs::remove_dir_all(&root);
    for directory in ["bin", "etc", "proc", "dev", "sys", "tmp", "sub/deep"] {
        fs::create_dir_all(root.join(directory)).unwrap();
    }
    fs::copy(busybox, root.join("bin/busybox")).unwrap();
    for applet in ["cat", "chroot", "cp", "ls", "ln", "mkdir", "mv", "readlink", "realpath", "rm", "sh"] {
        symlink("/bin/busybox", root.join("bin").join(applet)).unwrap();
    }
    fs::write(root.join("etc/here"), "inside\n").unwrap();
    symlink("/etc/here", root.join("absolute")).unwrap();
    symlink("../../../../etc/here", root.join("sub/upwards")).unwrap();
    symlink("/sub", root.join("tmp/s")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    let script = root.join("bin/script");
    fs::write(&script, "#!/bin/sh\necho script \"$0\" \"$1\"\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    Some(root)
}

const SCRIPT: &str = r#"
cat /absolute /sub/upwards ../../etc/here
cd /tmp/s/deep; pwd; pwd -P; cat ../upwards ../../absolute
cd ../../../..; pwd; echo *
readlink /absolute; readlink -f /sub/upwards; realpath /tmp/s/deep/..
echo new > /tmp/s/file; cat /sub/file; mv /tmp/s/file /tmp/; cat /tmp/file; rm /tmp/file
mkdir /tmp/s/d1 /tmp/s/d2/; ls /sub; rm -r /sub/d1 /tmp/s/d2/
cat /loop
ln -s /etc/later /tmp/dangling; echo through > /tmp/dangling; cat /etc/later; rm /tmp/dangling /etc/later
/bin/script x; script y
cat /nothing/x; cat /etc/here/x; ls /absolute/
cd /etc; cat here ../etc/here; cd /; ls -d /../../etc
"#;

const EXPECTED: &str = "\
inside
inside
inside
/tmp/s/deep
/sub/deep
inside
inside
/
absolute bin dev etc loop proc sub sys tmp
/etc/here
/etc/here
/sub
new
new
d1
d2
deep
upwards
cat: can't open '/loop': Too many levels of symbolic links
through
script /bin/script x
script /bin/script y
cat: can't open '/nothing/x': No such file or directory
cat: can't open '/etc/here/x': Not a directory
ls: /absolute/: Not a directory
inside
inside
/../../etc
";

/// The applet `sh` with a script as its last argument, both streams in one text.
fn shell(command: &mut Command, script: &str) -> String {
    let script = format!("exec 2>&1\n{script}");
    text(command.args(["/bin/sh", "-c", &script]))
}

fn text(command: &mut Command) -> String {
    let command = command.env_clear().env("PATH", "/bin:/usr/bin:/usr/sbin").stdin(Stdio::null());
    let Output { stdout, stderr, .. } = command.output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr))
}

/// blink with `-C root`.
fn within(root: &Path, form: &str) -> Command {
    let mut command = Command::new(BLINK);
    command.arg("-C").arg(root).arg(form);
    command
}

#[test]
fn a_root_is_all_there_is() {
    let _turn = turn();
    let Some(root) = root("all") else { return };
    for form in ["--", "-j", "-m"] {
        assert_eq!(shell(&mut within(&root, form), SCRIPT), EXPECTED, "{form}");
    }
    // Only for who may.
    let natively = Command::new("/usr/sbin/chroot").arg(&root).args(["/bin/sh", "-c", "exit 7"]).status();
    if cfg!(all(target_arch = "x86_64", target_os = "linux")) && natively.is_ok_and(|status| status.code() == Some(7)) {
        assert_eq!(shell(Command::new("/usr/sbin/chroot").arg(&root), SCRIPT), EXPECTED, "natively");
    }
}

#[test]
fn procfs_speaks_of_the_root() {
    let _turn = turn();
    let Some(root) = root("proc") else { return };
    let script = "readlink /proc/self/exe; readlink /proc/self/root; cd /tmp/s; readlink /proc/self/cwd
        echo /proc/self/root/*; cat /proc/self/cwd/upwards; cat < /dev/null
        while read range rights rest; do case $rest in *busybox) echo ${rest##* }; break; esac; done < /proc/self/maps
        cd /proc; cd ..; pwd; cd /proc/self/fd; cd ../..; pwd";
    let expected = "/bin/busybox\n/\n/sub\n/proc/self/root/absolute /proc/self/root/bin /proc/self/root/dev /proc/self/root/etc \
        /proc/self/root/loop /proc/self/root/proc /proc/self/root/sub /proc/self/root/sys /proc/self/root/tmp\ninside\n\
        /bin/busybox\n/\n/proc\n";
    assert_eq!(shell(&mut within(&root, "-j"), script), expected);
}

#[test]
fn chroot_works_inside() {
    let _turn = turn();
    let Some(root) = root("chroot") else { return };
    let script = "mkdir -p /new/bin; cp /bin/busybox /new/bin/sh; chroot /new /bin/sh -c 'cd ..; pwd; echo * /bin/*'";
    let found = shell(&mut within(&root, "-j"), script);
    // As on the host, it is a privilege.
    let refused = "chroot: can't change root directory to '/new': Operation not permitted\n";
    assert!(found == "/\nbin /bin/sh\n" || found == refused, "{found}");
}

#[test]
fn overlays_are_tried_in_order() {
    let _turn = turn();
    let Some(root) = root("overlays") else { return };
    fs::write(root.join("etc/blink-overlay-test"), "overlay\n").unwrap();
    symlink("/etc/blink-overlay-test", root.join("tmp/blink-overlay-link")).unwrap();
    let busybox = places::find_busybox().unwrap();
    let cat = |overlays: Option<&str>, path: &str| {
        let mut command = Command::new(BLINK);
        if let Some(overlays) = overlays {
            command.args(["-C", overlays]);
        }
        text(command.arg(&busybox).args(["cat", path]))
    };
    let root = root.to_str().unwrap();
    let missing = "cat: can't open '/etc/blink-overlay-test': No such file or directory\n";
    assert_eq!(cat(None, "/etc/blink-overlay-test"), missing);
    assert_eq!(cat(Some(""), "/etc/blink-overlay-test"), missing);
    for overlays in [format!(":{root}"), format!("{root}:")] {
        assert_eq!(cat(Some(&overlays), "/etc/blink-overlay-test"), "overlay\n", "{overlays}");
        assert_eq!(cat(Some(&overlays), "/tmp/blink-overlay-link"), "overlay\n", "{overlays}");
    }
    let mut command = Command::new(BLINK);
    command.env_clear().env("BLINK_OVERLAYS", root).args(["/bin/busybox", "cat", "/etc/here"]);
    assert_eq!(command.output().unwrap().stdout, b"inside\n");
    let refused = Command::new(BLINK).args(["-C", "/nonexistent/root", "x"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(48));
    assert_eq!(refused.stderr, b"blink: cannot use /nonexistent/root as the root: No such file or directory\n");
}

/// Every call on paths of all kinds, `openat2` with what it forbids, sockets and watches by path: natively after `chroot`, for who
/// may, and with `-C`.
#[test]
fn paths_lead_where_they_lead_after_chroot() {
    let _turn = turn();
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let program = directory.join("root-paths-program");
    let source = places::root().join("tests/root/paths.c");
    let built = Command::new("gcc").args(["-static", "-O1", "-w", "-o"]).arg(&program).arg(source).status();
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) || !built.is_ok_and(|status| status.success()) {
        return;
    }
    let root = directory.join("root-paths");
    let run = |command: &mut Command| {
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).unwrap();
        fs::copy(&program, root.join("program")).unwrap();
        text(command.arg("/program"))
    };
    let natively = run(Command::new("/usr/sbin/chroot").arg(&root));
    if !natively.contains("chdir(\"/\") = 0") {
        println!("chroot is not allowed here: {natively}");
        return;
    }
    for form in ["-j", "-m"] {
        let ours = run(&mut within(&root, form));
        let wrong = ours.lines().zip(natively.lines()).find(|(ours, natively)| ours != natively);
        assert!(ours == natively, "{form}: {wrong:?}");
    }
}
