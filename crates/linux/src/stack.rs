//! The first contents of a program's stack: arguments, environment and auxiliary vector, as `create_elf_tables` of Linux 6.18
//! lays them out. Pure: makes bytes; the loader stores them.
//!
//! ```text
//! top     8 zero bytes, path of the file, environment strings, argument strings      (downwards; strings in ascending order)
//!         a random gap, "x86_64", 16 random bytes, up to 15 bytes of alignment
//!         auxiliary vector, NULL, environment pointers, NULL, argument pointers, argument count  <- rsp, a multiple of 16
//! ```

use crate::Errno;
use alloc::vec::Vec;

/// `MAX_ARG_STRLEN`: one string with its NUL may be this long.
const MAX_STRING: usize = 131_072;
/// `ARG_MAX`: so much is allowed whatever the stack's limit.
const MIN_LIMIT: u64 = 131_072;
/// Three quarters of the default stack limit: more is never allowed.
const MAX_LIMIT: u64 = 8 * 1024 * 1024 / 4 * 3;

/// What the auxiliary vector says besides addresses within the stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// `AT_PHDR`, `AT_PHNUM`: the program's headers in memory.
    pub headers: u64,
    pub header_count: u64,
    /// `AT_BASE`: load bias of the interpreter, 0 without one.
    pub base: u64,
    /// `AT_ENTRY`: of the program, not of its interpreter.
    pub entry: u64,
    /// `AT_FLAGS`: bit 0 if binfmt_misc was told to keep argv[0].
    pub flags: u64,
    pub uid: u64,
    pub euid: u64,
    pub gid: u64,
    pub egid: u64,
    pub secure: bool,
    /// `AT_HWCAP`: CPUID leaf 1, edx.
    pub hwcap: u64,
    /// `AT_HWCAP2`: bit 1 says that user space may execute WRFSBASE.
    pub hwcap2: u64,
    /// `AT_MINSIGSTKSZ`: the largest signal frame.
    pub signal_frame_size: u64,
    /// `AT_RANDOM` points at these.
    pub random: [u8; 16],
}

/// What the stack is made of.
#[derive(Debug)]
pub struct Contents<'a> {
    pub argv: &'a [Vec<u8>],
    pub envp: &'a [Vec<u8>],
    /// `AT_EXECFN`: the path that was given to `execve`.
    pub path: &'a [u8],
    pub facts: &'a Facts,
    /// End of the stack's mapping, a multiple of the page size.
    pub top: u64,
    /// Bytes of the random gap, 0 to 8191 (`arch_align_stack`).
    pub gap: u64,
}

/// The bytes from `sp` to the stack's top and what `/proc` needs to know of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    pub sp: u64,
    pub bytes: Vec<u8>,
    /// The argument strings, as `/proc/self/cmdline` shows them.
    pub arguments: core::ops::Range<u64>,
    pub environment: core::ops::Range<u64>,
    /// Pairs of type and value with AT_NULL, as `/proc/self/auxv` shows them.
    pub auxv: Vec<(u64, u64)>,
}

/// Checks arguments and environment against the limits of `execve` (`bprm_stack_limits`): E2BIG.
pub fn check_size(argv: &[Vec<u8>], envp: &[Vec<u8>], path: &[u8], stack_limit: u64) -> Result<(), Errno> {
    let limit = (stack_limit / 4).clamp(MIN_LIMIT, MAX_LIMIT);
    let count = argv.len().max(1) as u64 + envp.len() as u64;
    let mut left = limit.checked_sub(count * 8).filter(|&left| left > 0).ok_or(Errno::E2BIG)?;
    // The path is copied before the limit is counted from, but within the largest string.
    if path.len() >= MAX_STRING {
        return Err(Errno::E2BIG);
    }
    for string in argv.iter().chain(envp) {
        if string.len() >= MAX_STRING {
            return Err(Errno::E2BIG);
        }
        left = left.checked_sub(string.len() as u64 + 1).ok_or(Errno::E2BIG)?;
    }
    Ok(())
}

/// Lays everything out below `top`.
pub fn build(contents: &Contents) -> Image {
    let mut down = Down { top: contents.top, at: contents.top - 8 };
    let mut chunks: Vec<(u64, &[u8])> = Vec::with_capacity(contents.argv.len() + contents.envp.len() + 3);
    let mut push = |down: &mut Down, string| {
        let at = down.string(string);
        chunks.push((at, string));
        at
    };
    let path = push(&mut down, contents.path);
    let environment_end = down.at;
    let mut environment: Vec<u64> = contents.envp.iter().rev().map(|s| push(&mut down, s)).collect();
    let environment_start = down.at;
    let mut arguments: Vec<u64> = contents.argv.iter().rev().map(|s| push(&mut down, s)).collect();
    let arguments_start = down.at;
    environment.reverse();
    arguments.reverse();

    down.at = (down.at - contents.gap) & !15;
    let platform = push(&mut down, b"x86_64");
    down.at -= 16;
    let random = down.at;
    chunks.push((random, &contents.facts.random));

    let auxv = auxiliary_vector(contents.facts, random, path, platform);
    let words = 1 + arguments.len() + 1 + environment.len() + 1;
    let sp = (down.at - 16 * auxv.len() as u64 - 8 * words as u64) & !15;
    let mut bytes = vec![0; (contents.top - sp) as usize];
    for (at, string) in chunks {
        let at = (at - sp) as usize;
        bytes[at..at + string.len()].copy_from_slice(string);
    }
    let zero = [0];
    let argc = [arguments.len() as u64];
    let pointers = argc.iter().chain(&arguments).chain(&zero).chain(&environment).chain(&zero).copied();
    let table = pointers.chain(auxv.iter().flat_map(|&(kind, value)| [kind, value]));
    for (slot, word) in bytes.chunks_exact_mut(8).zip(table) {
        slot.copy_from_slice(&word.to_le_bytes());
    }
    Image {
        sp,
        bytes,
        arguments: arguments_start..environment_start,
        environment: environment_start..environment_end,
        auxv,
    }
}

/// A place that moves downwards.
struct Down {
    top: u64,
    at: u64,
}

impl Down {
    /// Room for a string and its NUL.
    fn string(&mut self, string: &[u8]) -> u64 {
        self.at -= string.len() as u64 + 1;
        debug_assert!(self.at < self.top);
        self.at
    }
}

/// In the kernel's order. AT_SYSINFO_EHDR and AT_RSEQ_* are absent: there is no vDSO, and rseq answers ENOSYS.
fn auxiliary_vector(facts: &Facts, random: u64, path: u64, platform: u64) -> Vec<(u64, u64)> {
    vec![
        (51, facts.signal_frame_size), // AT_MINSIGSTKSZ
        (16, facts.hwcap),             // AT_HWCAP
        (6, 4096),                     // AT_PAGESZ
        (17, 100),                     // AT_CLKTCK
        (3, facts.headers),            // AT_PHDR
        (4, 56),                       // AT_PHENT
        (5, facts.header_count),       // AT_PHNUM
        (7, facts.base),               // AT_BASE
        (8, facts.flags),              // AT_FLAGS
        (9, facts.entry),              // AT_ENTRY
        (11, facts.uid),               // AT_UID
        (12, facts.euid),              // AT_EUID
        (13, facts.gid),               // AT_GID
        (14, facts.egid),              // AT_EGID
        (23, u64::from(facts.secure)), // AT_SECURE
        (25, random),                  // AT_RANDOM
        (26, facts.hwcap2),            // AT_HWCAP2
        (31, path),                    // AT_EXECFN
        (15, platform),                // AT_PLATFORM
        (0, 0),                        // AT_NULL
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(list: &[&str]) -> Vec<Vec<u8>> {
        list.iter().map(|s| s.as_bytes().to_vec()).collect()
    }

    fn word(image: &Image, at: u64) -> u64 {
        let at = (at - image.sp) as usize;
        u64::from_le_bytes(image.bytes[at..at + 8].try_into().unwrap())
    }

    #[test]
    fn the_stack_is_laid_out_as_the_kernel_does() {
        let facts = Facts { random: *b"0123456789abcdef", entry: 0x401000, ..Facts::default() };
        let (argv, envp) = (strings(&["./a", "b c"]), strings(&["X=1"]));
        let top = 0x7fff_ffff_f000;
        let image = build(&Contents { argv: &argv, envp: &envp, path: b"./a", facts: &facts, top, gap: 0 });
        assert_eq!(image.sp % 16, 0);
        assert_eq!(image.sp + image.bytes.len() as u64, top);
        assert_eq!(image.environment, top - 16..top - 12);
        assert_eq!(image.arguments, top - 24..top - 16);
        assert_eq!(&image.bytes[image.bytes.len() - 24..], b"./a\0b c\0X=1\0./a\0\0\0\0\0\0\0\0\0");
        let words: Vec<u64> = (0..6).map(|i| word(&image, image.sp + 8 * i)).collect();
        assert_eq!(words, [2, top - 24, top - 20, 0, top - 16, 0]);
        assert_eq!(word(&image, image.sp + 48), 51);
        let find = |kind| image.auxv.iter().find(|row| row.0 == kind).unwrap().1;
        assert_eq!(find(31), top - 12);
        assert_eq!(find(15), ((top - 24) & !15) - 7);
        assert_eq!(find(25), find(15) - 16);
        assert_eq!(&image.bytes[(find(25) - image.sp) as usize..][..23], b"0123456789abcdefx86_64\0");
    }

    #[test]
    fn too_many_or_too_long_arguments_are_refused() {
        let limit = 8 << 20;
        assert_eq!(check_size(&[vec![b'x'; 131_071]], &[], b"/a", limit), Ok(()));
        assert_eq!(check_size(&[vec![b'x'; 131_072]], &[], b"/a", limit), Err(Errno::E2BIG));
        let many = vec![vec![b'x'; 1000]; 2000];
        assert_eq!(check_size(&many, &[], b"/a", limit), Ok(()));
        assert_eq!(check_size(&many, &many, b"/a", limit), Err(Errno::E2BIG));
        assert_eq!(check_size(&vec![Vec::new(); 16_000], &[], b"/a", 0), Err(Errno::E2BIG));
        assert_eq!(check_size(&vec![Vec::new(); 10_000], &[], b"/a", 0), Ok(()));
    }
}
