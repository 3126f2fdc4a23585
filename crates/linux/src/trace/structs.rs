//! How strace shows the structures whose fields are flags, sets or shorthands.

use super::{flags, quote, signal};
use crate::abi::flags::{FlagNames, names};
use crate::abi::{
    EpollEvent, IoVec, PollFd, Rlimit, SigAction, SigInfo, SigSet, StackT, Stat, Statfs, Statx, Sysinfo, Termios,
    Winsize,
};
use alloc::string::String;
use core::fmt::Write;

/// `S_IFREG|0644`.
pub fn mode(value: u32, out: &mut String) {
    let kind = match value & 0o170000 {
        0o140000 => "S_IFSOCK",
        0o120000 => "S_IFLNK",
        0o100000 => "S_IFREG",
        0o060000 => "S_IFBLK",
        0o040000 => "S_IFDIR",
        0o020000 => "S_IFCHR",
        0o010000 => "S_IFIFO",
        _ => "",
    };
    if !kind.is_empty() {
        out.push_str(kind);
        out.push('|');
    }
    for (bit, name) in [(0o4000, "S_ISUID|"), (0o2000, "S_ISGID|"), (0o1000, "S_ISVTX|")] {
        if value & bit != 0 {
            out.push_str(name);
        }
    }
    let _ = write!(out, "0{:03o}", value & 0o777);
}

/// `makedev(0x1, 0x3)`.
fn device(value: u64, out: &mut String) {
    let major = (value >> 8 & 0xfff) | (value >> 32 & !0xfff);
    let minor = (value & 0xff) | (value >> 12 & !0xff);
    let _ = write!(out, "makedev({major:#x}, {:#x})", minor as u32);
}

pub fn stat(value: &Stat, out: &mut String) {
    out.push_str("{st_mode=");
    mode(value.st_mode, out);
    match value.st_mode & 0o170000 {
        0o020000 | 0o060000 => {
            out.push_str(", st_rdev=");
            device(value.st_rdev, out);
        }
        _ => {
            let _ = write!(out, ", st_size={}", value.st_size);
        }
    }
    out.push_str(", ...}");
}

pub fn statx(value: &Statx, out: &mut String) {
    let _ = write!(out, "{{stx_mask={:#x}, stx_attributes={:#x}, stx_mode=", value.stx_mask, value.stx_attributes);
    mode(u32::from(value.stx_mode), out);
    let _ = write!(out, ", stx_size={}, ...}}", value.stx_size);
}

pub fn statfs(value: &Statfs, out: &mut String) {
    let name = match value.f_type {
        0xef53 => "EXT2_SUPER_MAGIC",
        0x0102_1994 => "TMPFS_MAGIC",
        0x9fa0 => "PROC_SUPER_MAGIC",
        0x6265_6572 => "SYSFS_MAGIC",
        0x794c_7630 => "OVERLAYFS_SUPER_MAGIC",
        0x9123_683e => "BTRFS_SUPER_MAGIC",
        0x5846_5342 => "XFS_SUPER_MAGIC",
        0x1cd1 => "DEVPTS_SUPER_MAGIC",
        _ => "",
    };
    let _ = match name {
        "" => write!(out, "{{f_type={:#x}", value.f_type),
        name => write!(out, "{{f_type={name}"),
    };
    let _ = write!(
        out,
        ", f_bsize={}, f_blocks={}, f_bfree={}, f_bavail={}, f_files={}, f_ffree={}, f_namelen={}, f_frsize={}, f_flags={:#x}}}",
        value.f_bsize,
        value.f_blocks,
        value.f_bfree,
        value.f_bavail,
        value.f_files,
        value.f_ffree,
        value.f_namelen,
        value.f_frsize,
        value.f_flags
    );
}

pub fn sysinfo(value: &Sysinfo, out: &mut String) {
    let _ = write!(
        out,
        "{{uptime={}, loads={:?}, totalram={}, freeram={}, sharedram={}, bufferram={}, totalswap={}, freeswap={}, procs={}, \
         totalhigh={}, freehigh={}, mem_unit={}}}",
        value.uptime,
        value.loads,
        value.totalram,
        value.freeram,
        value.sharedram,
        value.bufferram,
        value.totalswap,
        value.freeswap,
        value.procs,
        value.totalhigh,
        value.freehigh,
        value.mem_unit
    );
}

/// `8192*1024`, `RLIM64_INFINITY`.
fn limit(value: u64, out: &mut String) {
    let _ = match value {
        u64::MAX => write!(out, "RLIM64_INFINITY"),
        _ if value > 1024 && value.is_multiple_of(1024) => write!(out, "{}*1024", value / 1024),
        _ => write!(out, "{value}"),
    };
}

pub fn rlimit(value: &Rlimit, out: &mut String) {
    out.push_str("{rlim_cur=");
    limit(value.rlim_cur, out);
    out.push_str(", rlim_max=");
    limit(value.rlim_max, out);
    out.push('}');
}

const POLL: FlagNames = FlagNames {
    mask: 0,
    values: names!(),
    bits: names!(
        1 POLLIN 2 POLLPRI 4 POLLOUT 8 POLLERR 0x10 POLLHUP 0x20 POLLNVAL 0x40 POLLRDNORM 0x80 POLLRDBAND
        0x100 POLLWRNORM 0x200 POLLWRBAND 0x2000 POLLRDHUP
    ),
};

pub fn pollfd(value: &PollFd, out: &mut String) {
    let _ = write!(out, "{{fd={}", value.fd);
    if value.fd >= 0 {
        out.push_str(", events=");
        flags(u64::from(value.events), &POLL, 4, out);
        if value.revents != 0 {
            out.push_str(", revents=");
            flags(u64::from(value.revents), &POLL, 4, out);
        }
    }
    out.push('}');
}

const EPOLL: FlagNames = FlagNames {
    mask: 0,
    values: names!(),
    bits: names!(
        1 EPOLLIN 2 EPOLLPRI 4 EPOLLOUT 8 EPOLLERR 0x10 EPOLLHUP 0x40 EPOLLRDNORM 0x80 EPOLLRDBAND
        0x100 EPOLLWRNORM 0x200 EPOLLWRBAND 0x2000 EPOLLRDHUP 0x10000000 EPOLLEXCLUSIVE
        0x20000000 EPOLLWAKEUP 0x40000000 EPOLLONESHOT 0x80000000 EPOLLET
    ),
};

pub fn epoll_event(value: &EpollEvent, out: &mut String) {
    out.push_str("{events=");
    flags(u64::from(value.events), &EPOLL, 4, out);
    let data = value.data;
    let _ = write!(out, ", data={{u32={}, u64={data}}}}}", data as u32);
}

pub fn iovec(value: &IoVec, out: &mut String) {
    let _ = write!(out, "{{iov_base={:#x}, iov_len={}}}", value.iov_base, value.iov_len);
}

/// `[INT CHLD]`, and `~[...]` where most are in.
fn set(bits: u64, out: &mut String) {
    let inverted = bits.count_ones() > 32;
    let shown = if inverted { !bits } else { bits };
    out.push_str(if inverted { "~[" } else { "[" });
    let mut first = true;
    for number in (1..=64).filter(|number| shown >> (number - 1) & 1 != 0) {
        if !core::mem::take(&mut first) {
            out.push(' ');
        }
        let mut name = String::new();
        signal(number, &mut name);
        out.push_str(name.strip_prefix("SIG").unwrap_or(&name));
    }
    out.push(']');
}

pub fn sigset(value: &SigSet, out: &mut String) {
    set(value.sig, out);
}

const SA: FlagNames = FlagNames {
    mask: 0,
    values: names!(),
    bits: names!(
        0x0400_0000 SA_RESTORER 0x0800_0000 SA_ONSTACK 0x1000_0000 SA_RESTART 0x4000_0000 SA_NODEFER
        0x8000_0000 SA_RESETHAND 1 SA_NOCLDSTOP 2 SA_NOCLDWAIT 4 SA_SIGINFO
    ),
};

pub fn sigaction(value: &SigAction, out: &mut String) {
    out.push_str("{sa_handler=");
    let _ = match value.sa_handler {
        0 => write!(out, "SIG_DFL"),
        1 => write!(out, "SIG_IGN"),
        handler => write!(out, "{handler:#x}"),
    };
    out.push_str(", sa_mask=");
    set(value.sa_mask, out);
    out.push_str(", sa_flags=");
    flags(value.sa_flags, &SA, 8, out);
    if value.sa_flags & 0x0400_0000 != 0 {
        let _ = write!(out, ", sa_restorer={:#x}", value.sa_restorer);
    }
    out.push('}');
}

pub fn siginfo(value: &SigInfo, out: &mut String) {
    out.push_str("{si_signo=");
    signal(value.si_signo, out);
    let code = match value.si_code {
        0 => "SI_USER",
        0x80 => "SI_KERNEL",
        -1 => "SI_QUEUE",
        -2 => "SI_TIMER",
        -6 => "SI_TKILL",
        1 if value.si_signo == 17 => "CLD_EXITED",
        2 if value.si_signo == 17 => "CLD_KILLED",
        3 if value.si_signo == 17 => "CLD_DUMPED",
        5 if value.si_signo == 17 => "CLD_STOPPED",
        6 if value.si_signo == 17 => "CLD_CONTINUED",
        _ => "",
    };
    let _ = match code {
        "" => write!(out, ", si_code={:#x}", value.si_code),
        name => write!(out, ", si_code={name}"),
    };
    let (pid, uid) = (value.fields[0] as u32, (value.fields[0] >> 32) as u32);
    if value.si_code <= 0 || value.si_signo == 17 {
        let _ = write!(out, ", si_pid={pid}, si_uid={uid}");
    }
    if value.si_signo == 17 && value.si_code > 0 {
        let _ = write!(out, ", si_status={}", value.fields[1] as i32);
    }
    out.push('}');
}

pub fn stack(value: &StackT, out: &mut String) {
    let _ = write!(out, "{{ss_sp={:#x}, ss_flags=", value.ss_sp);
    let _ = match value.ss_flags {
        1 => write!(out, "SS_ONSTACK"),
        2 => write!(out, "SS_DISABLE"),
        other => write!(out, "{other:#x}"),
    };
    let _ = write!(out, ", ss_size={}}}", value.ss_size);
}

pub fn termios(value: &Termios, out: &mut String) {
    let _ = write!(
        out,
        "{{c_iflag={:#x}, c_oflag={:#x}, c_cflag={:#x}, c_lflag={:#x}, ...}}",
        value.c_iflag, value.c_oflag, value.c_cflag, value.c_lflag
    );
}

pub fn winsize(value: &Winsize, out: &mut String) {
    let _ = write!(
        out,
        "{{ws_row={}, ws_col={}, ws_xpixel={}, ws_ypixel={}}}",
        value.ws_row, value.ws_col, value.ws_xpixel, value.ws_ypixel
    );
}

/// `[{WIFEXITED(s) && WEXITSTATUS(s) == 1}]`.
pub fn wait_status(status: u32, out: &mut String) {
    let number = status & 0x7f;
    match (status & 0xff, number) {
        (0x7f, _) if status >> 8 != 0xff => {
            out.push_str("[{WIFSTOPPED(s) && WSTOPSIG(s) == ");
            signal((status >> 8 & 0xff) as i32, out);
            out.push_str("}]");
        }
        _ if status == 0xffff => out.push_str("[{WIFCONTINUED(s)}]"),
        (_, 0) => {
            let _ = write!(out, "[{{WIFEXITED(s) && WEXITSTATUS(s) == {}}}]", status >> 8 & 0xff);
        }
        _ => {
            out.push_str("[{WIFSIGNALED(s) && WTERMSIG(s) == ");
            signal(number as i32, out);
            out.push_str(if status & 0x80 != 0 { " && WCOREDUMP(s)}]" } else { "}]" });
        }
    }
}

/// A name among the arguments, such as that of a new thread.
pub fn name(bytes: &[u8], out: &mut String) {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    quote(&bytes[..end], out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown<T>(show: fn(&T, &mut String), value: &T) -> String {
        let mut out = String::new();
        show(value, &mut out);
        out
    }

    #[test]
    fn structures_read_like_straces() {
        let file = Stat { st_mode: 0o104755, st_size: 9, ..Stat::default() };
        assert_eq!(shown(stat, &file), "{st_mode=S_IFREG|S_ISUID|0755, st_size=9, ...}");
        let null = Stat { st_mode: 0o020006, st_rdev: 0x103, ..Stat::default() };
        assert_eq!(shown(stat, &null), "{st_mode=S_IFCHR|0006, st_rdev=makedev(0x1, 0x3), ...}");
        let stack_size = Rlimit { rlim_cur: 8 << 20, rlim_max: u64::MAX };
        assert_eq!(shown(rlimit, &stack_size), "{rlim_cur=8192*1024, rlim_max=RLIM64_INFINITY}");
        assert_eq!(shown(sigset, &SigSet { sig: 1 << 16 | 2 }), "[INT CHLD]");
        assert_eq!(shown(sigset, &SigSet { sig: !(1 << 8) }), "~[KILL]");
        let restart = SigAction { sa_handler: 1, sa_flags: 0x1400_0000, sa_restorer: 0x40, sa_mask: 0 };
        assert_eq!(
            shown(sigaction, &restart),
            "{sa_handler=SIG_IGN, sa_mask=[], sa_flags=SA_RESTORER|SA_RESTART, sa_restorer=0x40}"
        );
        let ready = PollFd { fd: 3, events: 1, revents: 0x11 };
        assert_eq!(shown(pollfd, &ready), "{fd=3, events=POLLIN, revents=POLLIN|POLLHUP}");
        let mut out = String::new();
        wait_status(0x100, &mut out);
        assert_eq!(out, "[{WIFEXITED(s) && WEXITSTATUS(s) == 1}]");
    }
}
