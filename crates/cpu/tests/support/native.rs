//! The driver of the native harness: compiles tests/native/harness.c on an x86-64 Linux host and feeds it batches.

use super::case::{Case, Outcome, Stop};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

pub struct Native {
    program: PathBuf,
    child: Child,
    /// How often the harness had to be started again.
    pub restarts: u32,
}

impl Native {
    /// Starts the harness; `None` on a host that is not x86-64 Linux or whose CPU or kernel lacks FSGSBASE.
    pub fn start() -> Option<Native> {
        if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
            return None;
        }
        // Undefined flags, approximations and a few prefixes are those of AMD's CPUs, which is what the engine follows.
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        if !info.contains("AuthenticAMD") && std::env::var_os("BLINK_ANY_CPU").is_none() {
            eprintln!("not an AMD CPU: nothing to compare with (BLINK_ANY_CPU=1 compares all the same)");
            return None;
        }
        let program = compile();
        let child = spawn(&program);
        let mut native = Native { program, child, restarts: 0 };
        // One nop proves that it works here (emulated hosts lack user dispatch).
        match native.try_run(&[Case::new(&[0x90])]) {
            Some(_) => Some(native),
            None => {
                eprintln!("the native harness does not run on this host");
                None
            }
        }
    }

    /// Sends a batch; the harness works while the caller does. Follow with [`Native::collect`].
    pub fn submit(&mut self, cases: &[Case]) -> bool {
        let mut body = Vec::with_capacity(cases.len() * 512 + 8);
        body.extend([0; 8]);
        for case in cases {
            case.write(&mut body);
        }
        let length = (body.len() - 8) as u32;
        body[..4].copy_from_slice(&length.to_le_bytes());
        body[4..8].copy_from_slice(&(cases.len() as u32).to_le_bytes());
        let pipe = self.child.stdin.as_mut().expect("a pipe");
        pipe.write_all(&body).and_then(|()| pipe.flush()).is_ok()
    }

    pub fn collect(&mut self, cases: &[Case]) -> Option<Vec<Outcome>> {
        let pipe = self.child.stdout.as_mut().expect("a pipe");
        let mut length = [0; 4];
        pipe.read_exact(&mut length).ok()?;
        let mut body = vec![0; u32::from_le_bytes(length) as usize];
        pipe.read_exact(&mut body).ok()?;
        let mut rest = &body[..];
        Some(cases.iter().map(|case| Outcome::read(&mut rest, case)).collect())
    }

    fn try_run(&mut self, cases: &[Case]) -> Option<Vec<Outcome>> {
        if !self.submit(cases) {
            return None;
        }
        self.collect(cases)
    }

    /// Runs a batch. A case that kills the harness is reported as [`Stop::Died`].
    pub fn run(&mut self, cases: &[Case]) -> Vec<Outcome> {
        self.submit(cases);
        self.finish(cases)
    }

    /// Collects a submitted batch, finding the culprit one by one if the harness died of it.
    pub fn finish(&mut self, cases: &[Case]) -> Vec<Outcome> {
        if let Some(outcomes) = self.collect(cases) {
            return outcomes;
        }
        self.restart();
        cases
            .iter()
            .map(|case| match self.try_run(core::slice::from_ref(case)) {
                Some(mut outcomes) => outcomes.remove(0),
                None => {
                    self.restart();
                    Outcome { stop: Stop::Died, state: case.entry(), changes: Vec::new() }
                }
            })
            .collect()
    }

    fn restart(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.child = spawn(&self.program);
        self.restarts += 1;
    }
}

impl Drop for Native {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn spawn(program: &PathBuf) -> Child {
    Command::new(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("starting {}: {error}", program.display()))
}

/// A number of its own for each call: the tests of one process run side by side.
fn serial() -> u32 {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

/// Compiles the harness into the target directory, once per content.
fn compile() -> PathBuf {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/native/harness.c");
    let text = std::fs::read(source).expect("tests/native/harness.c");
    let hash = text.iter().fold(0, |hash, byte| super::random::mix(hash ^ u64::from(*byte)));
    let directory = std::env::current_exe().expect("own path").parent().expect("a directory").join("native");
    let program = directory.join(format!("harness-{hash:016x}"));
    if program.exists() {
        return program;
    }
    std::fs::create_dir_all(&directory).expect("a directory beside the test binary");
    let partial = directory.join(format!("harness-{hash:016x}.{}.{}", std::process::id(), serial()));
    let compiler = std::env::var("HOST_CC").unwrap_or_else(|_| "gcc".into());
    let status = Command::new(&compiler)
        .args(["-O2", "-Wall", "-fno-stack-protector", "-mfsgsbase", "-o"])
        .args([partial.as_os_str(), source.as_ref()])
        .status()
        .unwrap_or_else(|error| panic!("running {compiler} for the native harness: {error} (apt install gcc)"));
    assert!(status.success(), "{compiler} failed on {source}");
    std::fs::rename(&partial, &program).expect("renaming the harness");
    program
}
