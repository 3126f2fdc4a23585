//! Small C programs of our own, in the builds that people ship programs in.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// How a C program is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Build {
    Glibc,
    GlibcPie,
    GlibcDynamic,
    Musl,
    MuslPie,
    MuslDynamic,
}

impl Build {
    pub const ALL: [Build; 6] =
        [Build::Glibc, Build::GlibcPie, Build::GlibcDynamic, Build::Musl, Build::MuslPie, Build::MuslDynamic];

    /// The name that stands in a program's `// builds:` line.
    pub fn name(self) -> &'static str {
        match self {
            Build::Glibc => "glibc",
            Build::GlibcPie => "glibc-pie",
            Build::GlibcDynamic => "glibc-dynamic",
            Build::Musl => "musl",
            Build::MuslPie => "musl-pie",
            Build::MuslDynamic => "musl-dynamic",
        }
    }
}

/// One source file and how it is built.
#[derive(Clone, Debug)]
pub struct Program {
    source: PathBuf,
    text: String,
    build: Build,
}

impl Program {
    pub fn new(source: &Path, build: Build) -> Result<Program, String> {
        let text = std::fs::read_to_string(source).map_err(|error| format!("{}: {error}", source.display()))?;
        Ok(Program { source: source.to_path_buf(), text, build })
    }

    /// `sort.c glibc`.
    pub fn name(&self) -> String {
        let file = self.source.file_name().unwrap_or_default();
        format!("{} {}", file.to_string_lossy(), self.build.name())
    }

    /// A program may name its builds in a line `// builds: glibc musl`; else it is for all of them.
    pub fn is_for(&self, build: Build) -> bool {
        match self.option("builds") {
            Some(names) => names.split(' ').any(|name| name == build.name()),
            None => true,
        }
    }

    /// A line `// emulated: no` says that emulators of other CPUs show through, `// emulated: musl` in which builds they do not.
    pub fn is_left_to_the_machine(&self) -> bool {
        self.option("emulated").is_some_and(|builds| builds.split(' ').all(|name| name != self.build.name()))
    }

    /// Arguments from a line `// args: a b`.
    pub fn args(&self) -> Vec<&str> {
        self.option("args").map(|args| args.split(' ').collect()).unwrap_or_default()
    }

    fn option(&self, name: &str) -> Option<&str> {
        let head = format!("// {name}: ");
        self.text.lines().find_map(|line| line.strip_prefix(head.as_str()))
    }

    /// The program's file. It is compiled once for each version of its source.
    pub fn binary(&self) -> Result<PathBuf, String> {
        let mut hash = DefaultHasher::new();
        (&self.text, self.build, VERSION).hash(&mut hash);
        let stem = self.source.file_stem().unwrap_or_default().to_string_lossy();
        let name = format!("{stem}-{}-{:016x}", self.build.name(), hash.finish());
        let dir = crate::places::cache("programs")?;
        let file = dir.join(&name);
        if !file.exists() {
            // Another thread or process may build the same one: rename is what makes it appear, whole.
            static COUNT: AtomicU32 = AtomicU32::new(0);
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let new = dir.join(format!("{name}.{}.{count}", std::process::id()));
            compile(&self.source, self.build, self.option("flags"), &new)?;
            std::fs::rename(&new, &file).map_err(|error| format!("{}: {error}", file.display()))?;
        }
        Ok(file)
    }
}

/// Changes when the flags below change.
const VERSION: u32 = 1;

/// Compiles one C file to a program.
pub fn compile(source: &Path, build: Build, flags: Option<&str>, output: &Path) -> crate::Outcome {
    let mut command = match build {
        Build::Glibc | Build::GlibcPie | Build::GlibcDynamic => Command::new("gcc"),
        Build::Musl | Build::MuslDynamic => Command::new("musl-gcc"),
        Build::MuslPie => return compile_musl_pie(source, flags, output),
    };
    command.args(["-O2", "-w", "-pthread"]);
    match build {
        Build::GlibcPie => command.arg("-static-pie"),
        Build::GlibcDynamic | Build::MuslDynamic => &mut command,
        _ => command.arg("-static"),
    };
    command.args(flags.into_iter().flat_map(|flags| flags.split(' ')));
    command.arg("-o").arg(output).arg(source).arg("-lm");
    quietly(&mut command)
}

/// musl's own gcc wrapper links no static-pie programs, so this names the start files itself.
fn compile_musl_pie(source: &Path, flags: Option<&str>, output: &Path) -> crate::Outcome {
    const DIR: &str = "/usr/lib/x86_64-linux-musl";
    let part = |name: &str| crate::run::first_line("gcc", &[&format!("-print-file-name={name}")]).unwrap_or_default();
    let mut command = Command::new("gcc");
    command.args(["-O2", "-w", "-fPIE", "-nostdinc", "-isystem", "/usr/include/x86_64-linux-musl", "-isystem"]);
    command.arg(part("include")).args(["-nostdlib", "-static-pie"]);
    command.args(flags.into_iter().flat_map(|flags| flags.split(' ')));
    command.args([format!("{DIR}/rcrt1.o"), format!("{DIR}/crti.o"), part("crtbeginS.o")]);
    command.arg(source).arg(format!("{DIR}/libc.a")).args([part("libgcc.a"), part("crtendS.o")]);
    command.arg(format!("{DIR}/crtn.o")).arg("-o").arg(output);
    quietly(&mut command)
}

/// Runs a compiler, whose words are shown only when it fails.
pub fn quietly(command: &mut Command) -> crate::Outcome {
    let name = format!("{command:?}");
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{name}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)))
}
