//! Flag words in the numbering of x86-64 Linux, which this crate's interface uses everywhere, and the host's.
//!
//! Most CPUs share the asm-generic numbers; Arm and PowerPC permute four `open` flags, MIPS has numbers of its own.

/// `(x86-64, host)` pairs of the `open` flags that differ somewhere.
#[rustfmt::skip]
const OPEN: &[(u32, u32)] = &[
    (0o100, libc::O_CREAT as u32), (0o200, libc::O_EXCL as u32), (0o400, libc::O_NOCTTY as u32), (0o1000, libc::O_TRUNC as u32),
    (0o2000, libc::O_APPEND as u32), (0o4000, libc::O_NONBLOCK as u32), (0o10000, libc::O_DSYNC as u32),
    (0o20000, libc::O_ASYNC as u32), (0o40000, libc::O_DIRECT as u32), (0o100000, LARGEFILE),
    (0o200000, libc::O_DIRECTORY as u32), (0o400000, libc::O_NOFOLLOW as u32), (0o1000000, libc::O_NOATIME as u32),
    (0o2000000, libc::O_CLOEXEC as u32), (0o4000000, (libc::O_SYNC & !libc::O_DSYNC) as u32), (0o10000000, libc::O_PATH as u32),
    (0o20000000, (libc::O_TMPFILE & !libc::O_DIRECTORY) as u32),
];

/// The kernel's `O_LARGEFILE`; C libraries of 64-bit hosts define it as 0.
const LARGEFILE: u32 = if cfg!(any(target_arch = "arm", target_arch = "aarch64")) {
    0o400000
} else if cfg!(any(target_arch = "powerpc", target_arch = "powerpc64")) {
    0o200000
} else if cfg!(any(target_arch = "mips", target_arch = "mips64")) {
    0o20000
} else {
    0o100000
};

/// Host flags of `open` and `fcntl(F_SETFL)`; bits that Linux does not know stay (the kernel ignores or refuses them).
pub fn to_host_open(generic: u32) -> u32 {
    let mut host = generic & 3;
    let mut rest = generic & !3;
    for &(ours, theirs) in OPEN {
        if generic & ours != 0 {
            host |= theirs;
            rest &= !ours;
        }
    }
    // Unknown bits must not become known ones on a host with other numbers.
    host | (rest & !OPEN.iter().fold(3, |all, (_, theirs)| all | theirs))
}

/// The x86-64 flags from the host's.
pub fn from_host_open(host: u32) -> u32 {
    let mut generic = host & 3;
    for &(ours, theirs) in OPEN {
        if host & theirs != 0 {
            generic |= ours;
        }
    }
    generic
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_flags_round_trip() {
        for &(generic, host) in OPEN {
            assert_eq!(host.count_ones(), 1, "{generic:o}");
            assert_eq!(to_host_open(generic), host);
            assert_eq!(from_host_open(host), generic);
        }
        if cfg!(target_arch = "x86_64") {
            assert_eq!(to_host_open(0o37777777), 0o37777777);
        }
    }
}
