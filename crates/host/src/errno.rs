//! The host's error numbers, and their Linux asm-generic numbers (which x86-64 uses).

/// An error number of the host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Errno(pub i32);

impl Errno {
    pub const EINTR: Errno = Errno(libc::EINTR);
    pub const EBADF: Errno = Errno(libc::EBADF);
    pub const EFAULT: Errno = Errno(libc::EFAULT);
    pub const EINVAL: Errno = Errno(libc::EINVAL);
    pub const EMFILE: Errno = Errno(libc::EMFILE);
    pub const ENOENT: Errno = Errno(libc::ENOENT);
    pub const ENOMEM: Errno = Errno(libc::ENOMEM);
    pub const ENOSYS: Errno = Errno(libc::ENOSYS);
    pub const EAGAIN: Errno = Errno(libc::EAGAIN);
    pub const EOVERFLOW: Errno = Errno(libc::EOVERFLOW);

    /// The calling thread's `errno`.
    pub fn last() -> Errno {
        // SAFETY: the C library's `errno` of this thread.
        Errno(unsafe { *errno_location() })
    }

    /// The asm-generic Linux number. An error that Linux does not have becomes `EIO`.
    pub fn generic(self) -> i32 {
        if cfg!(all(
            target_os = "linux",
            not(any(target_arch = "mips", target_arch = "mips64", target_arch = "sparc64"))
        )) {
            return self.0;
        }
        // EAGAIN and EWOULDBLOCK, ENOTSUP and EOPNOTSUPP may or may not be one number: the first row that matches wins.
        TABLE.iter().find(|(host, _)| *host == self.0).map_or(5, |(_, generic)| *generic)
    }
}

#[cfg(any(target_os = "linux", target_os = "l4re", target_os = "hurd"))]
use libc::__errno_location as errno_location;

#[cfg(any(target_os = "macos", target_os = "ios", target_os = "freebsd"))]
use libc::__error as errno_location;

#[cfg(any(target_os = "android", target_os = "netbsd", target_os = "openbsd"))]
use libc::__errno as errno_location;

/// The result of a C function: -1 means `errno`.
pub(crate) fn check(result: libc::c_int) -> Result<i32, Errno> {
    if result == -1 { Err(Errno::last()) } else { Ok(result) }
}

/// As [`check`], for functions that return a size.
#[allow(dead_code, reason = "used by the modules that transfer data")]
pub(crate) fn check_size(result: isize) -> Result<usize, Errno> {
    if result == -1 { Err(Errno::last()) } else { Ok(result as usize) }
}

/// Host number, asm-generic number: what POSIX names (others exist only on Linux, where most CPUs need no table).
#[rustfmt::skip]
const TABLE: &[(i32, i32)] = &[
    (libc::EPERM, 1), (libc::ENOENT, 2), (libc::ESRCH, 3), (libc::EINTR, 4), (libc::EIO, 5), (libc::ENXIO, 6), (libc::E2BIG, 7),
    (libc::ENOEXEC, 8), (libc::EBADF, 9), (libc::ECHILD, 10), (libc::EAGAIN, 11), (libc::EWOULDBLOCK, 11), (libc::ENOMEM, 12),
    (libc::EACCES, 13), (libc::EFAULT, 14), (libc::ENOTBLK, 15), (libc::EBUSY, 16), (libc::EEXIST, 17), (libc::EXDEV, 18),
    (libc::ENODEV, 19), (libc::ENOTDIR, 20), (libc::EISDIR, 21), (libc::EINVAL, 22), (libc::ENFILE, 23), (libc::EMFILE, 24),
    (libc::ENOTTY, 25), (libc::ETXTBSY, 26), (libc::EFBIG, 27), (libc::ENOSPC, 28), (libc::ESPIPE, 29), (libc::EROFS, 30),
    (libc::EMLINK, 31), (libc::EPIPE, 32), (libc::EDOM, 33), (libc::ERANGE, 34), (libc::EDEADLK, 35), (libc::ENAMETOOLONG, 36),
    (libc::ENOLCK, 37), (libc::ENOSYS, 38), (libc::ENOTEMPTY, 39), (libc::ELOOP, 40), (libc::ENOMSG, 42), (libc::EIDRM, 43),
    (libc::EPROTO, 71), (libc::EBADMSG, 74), (libc::EOVERFLOW, 75), (libc::EILSEQ, 84), (libc::EUSERS, 87), (libc::ENOTSOCK, 88),
    (libc::EDESTADDRREQ, 89), (libc::EMSGSIZE, 90), (libc::EPROTOTYPE, 91), (libc::ENOPROTOOPT, 92), (libc::EPROTONOSUPPORT, 93),
    (libc::ESOCKTNOSUPPORT, 94), (libc::EOPNOTSUPP, 95), (libc::ENOTSUP, 95), (libc::EPFNOSUPPORT, 96), (libc::EAFNOSUPPORT, 97),
    (libc::EADDRINUSE, 98), (libc::EADDRNOTAVAIL, 99), (libc::ENETDOWN, 100), (libc::ENETUNREACH, 101), (libc::ENETRESET, 102),
    (libc::ECONNABORTED, 103), (libc::ECONNRESET, 104), (libc::ENOBUFS, 105), (libc::EISCONN, 106), (libc::ENOTCONN, 107),
    (libc::ESHUTDOWN, 108), (libc::ETOOMANYREFS, 109), (libc::ETIMEDOUT, 110), (libc::ECONNREFUSED, 111), (libc::EHOSTDOWN, 112),
    (libc::EHOSTUNREACH, 113), (libc::EALREADY, 114), (libc::EINPROGRESS, 115), (libc::ESTALE, 116), (libc::EDQUOT, 122),
    (libc::ECANCELED, 125), (libc::EOWNERDEAD, 130), (libc::ENOTRECOVERABLE, 131),
];
