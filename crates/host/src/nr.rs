//! Numbers of host system calls that differ between word sizes: the calls with 64-bit time and 32-bit ids.

#![allow(dead_code, reason = "each module uses its share")]

use libc::c_long;

macro_rules! by_width {
    ($($name:ident = $wide:ident, $narrow:literal;)*) => {$(
        #[cfg(target_pointer_width = "64")]
        pub const $name: c_long = libc::$wide;
        /// The call with 64-bit time has one number on every 32-bit CPU.
        #[cfg(not(target_pointer_width = "64"))]
        pub const $name: c_long = $narrow;
    )*};
}

by_width! {
    CLOCK_GETTIME = SYS_clock_gettime, 403;
    CLOCK_SETTIME = SYS_clock_settime, 404;
    CLOCK_ADJTIME = SYS_clock_adjtime, 405;
    CLOCK_GETRES = SYS_clock_getres, 406;
    CLOCK_NANOSLEEP = SYS_clock_nanosleep, 407;
    TIMER_GETTIME = SYS_timer_gettime, 408;
    TIMER_SETTIME = SYS_timer_settime, 409;
    TIMERFD_GETTIME = SYS_timerfd_gettime, 410;
    TIMERFD_SETTIME = SYS_timerfd_settime, 411;
    UTIMENSAT = SYS_utimensat, 412;
    PSELECT6 = SYS_pselect6, 413;
    PPOLL = SYS_ppoll, 414;
    RECVMMSG = SYS_recvmmsg, 417;
    MQ_TIMEDSEND = SYS_mq_timedsend, 418;
    MQ_TIMEDRECEIVE = SYS_mq_timedreceive, 419;
    SCHED_RR_GET_INTERVAL = SYS_sched_rr_get_interval, 423;
}

macro_rules! by_ids {
    ($($name:ident = $plain:ident, $wide:ident;)*) => {$(
        #[cfg(not(any(target_arch = "x86", target_arch = "arm")))]
        pub const $name: c_long = libc::$plain;
        /// The plain number takes 16-bit ids here.
        #[cfg(any(target_arch = "x86", target_arch = "arm"))]
        pub const $name: c_long = libc::$wide;
    )*};
}

by_ids! {
    GETUID = SYS_getuid, SYS_getuid32;
    GETGID = SYS_getgid, SYS_getgid32;
    GETEUID = SYS_geteuid, SYS_geteuid32;
    GETEGID = SYS_getegid, SYS_getegid32;
    SETUID = SYS_setuid, SYS_setuid32;
    SETGID = SYS_setgid, SYS_setgid32;
    SETREUID = SYS_setreuid, SYS_setreuid32;
    SETREGID = SYS_setregid, SYS_setregid32;
    SETRESUID = SYS_setresuid, SYS_setresuid32;
    SETRESGID = SYS_setresgid, SYS_setresgid32;
    GETRESUID = SYS_getresuid, SYS_getresuid32;
    GETRESGID = SYS_getresgid, SYS_getresgid32;
    SETFSUID = SYS_setfsuid, SYS_setfsuid32;
    SETFSGID = SYS_setfsgid, SYS_setfsgid32;
    GETGROUPS = SYS_getgroups, SYS_getgroups32;
    SETGROUPS = SYS_setgroups, SYS_setgroups32;
    FCHOWN = SYS_fchown, SYS_fchown32;
}

#[cfg(all(
    target_pointer_width = "64",
    not(any(target_arch = "s390x", target_arch = "powerpc64", target_arch = "mips64", target_arch = "sparc64"))
))]
pub const SEMTIMEDOP: c_long = libc::SYS_semtimedop;
#[cfg(not(target_pointer_width = "64"))]
pub const SEMTIMEDOP: c_long = 420;

pub const FCHMODAT2: c_long = 452;
pub const EPOLL_PWAIT2: c_long = 441;
