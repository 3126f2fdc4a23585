//! The structures of the x86-64 ABI (`arch/x86/include/uapi/asm`, `include/uapi/linux`), by offset.

use crate::abi_struct;
use crate::trace::structs as show;

abi_struct! {
    /// `struct stat`, man 3 stat.
    pub struct Stat(144) as show::stat {
        0 st_dev: u64, 8 st_ino: u64, 16 st_nlink: u64, 24 st_mode: u32, 28 st_uid: u32, 32 st_gid: u32, 40 st_rdev: u64,
        48 st_size: i64, 56 st_blksize: i64, 64 st_blocks: i64, 72 st_atime: i64, 80 st_atime_nsec: u64, 88 st_mtime: i64,
        96 st_mtime_nsec: u64, 104 st_ctime: i64, 112 st_ctime_nsec: u64,
    }
    /// `struct statx_timestamp`.
    pub struct StatxTimestamp(16) { 0 tv_sec: i64, 8 tv_nsec: u32 }
    /// `struct statx`, man 2 statx.
    pub struct Statx(256) as show::statx {
        0 stx_mask: u32, 4 stx_blksize: u32, 8 stx_attributes: u64, 16 stx_nlink: u32, 20 stx_uid: u32, 24 stx_gid: u32,
        28 stx_mode: u16, 32 stx_ino: u64, 40 stx_size: u64, 48 stx_blocks: u64, 56 stx_attributes_mask: u64,
        64 stx_atime: StatxTimestamp, 80 stx_btime: StatxTimestamp, 96 stx_ctime: StatxTimestamp, 112 stx_mtime: StatxTimestamp,
        128 stx_rdev_major: u32, 132 stx_rdev_minor: u32, 136 stx_dev_major: u32, 140 stx_dev_minor: u32, 144 stx_mnt_id: u64,
        152 stx_dio_mem_align: u32, 156 stx_dio_offset_align: u32, 160 stx_subvol: u64,
        168 stx_atomic_write_unit_min: u32, 172 stx_atomic_write_unit_max: u32, 176 stx_atomic_write_segments_max: u32,
        180 stx_dio_read_offset_align: u32,
    }
    /// `struct statfs`, man 2 statfs.
    pub struct Statfs(120) as show::statfs {
        0 f_type: i64, 8 f_bsize: i64, 16 f_blocks: u64, 24 f_bfree: u64, 32 f_bavail: u64, 40 f_files: u64, 48 f_ffree: u64,
        56 f_fsid: [i32; 2], 64 f_namelen: i64, 72 f_frsize: i64, 80 f_flags: i64,
    }
    pub struct Timespec(16) { 0 tv_sec: i64, 8 tv_nsec: i64 }
    pub struct Timeval(16) { 0 tv_sec: i64, 8 tv_usec: i64 }
    pub struct Timezone(8) { 0 tz_minuteswest: i32, 4 tz_dsttime: i32 }
    pub struct Itimerval(32) { 0 it_interval: Timeval, 16 it_value: Timeval }
    pub struct Itimerspec(32) { 0 it_interval: Timespec, 16 it_value: Timespec }
    pub struct Utimbuf(16) { 0 actime: i64, 8 modtime: i64 }
    pub struct Tms(32) { 0 tms_utime: i64, 8 tms_stime: i64, 16 tms_cutime: i64, 24 tms_cstime: i64 }
    /// `struct rusage`, man 2 getrusage.
    pub struct Rusage(144) {
        0 ru_utime: Timeval, 16 ru_stime: Timeval, 32 ru_maxrss: i64, 40 ru_ixrss: i64, 48 ru_idrss: i64, 56 ru_isrss: i64,
        64 ru_minflt: i64, 72 ru_majflt: i64, 80 ru_nswap: i64, 88 ru_inblock: i64, 96 ru_oublock: i64, 104 ru_msgsnd: i64,
        112 ru_msgrcv: i64, 120 ru_nsignals: i64, 128 ru_nvcsw: i64, 136 ru_nivcsw: i64,
    }
    pub struct Rlimit(16) as show::rlimit { 0 rlim_cur: u64, 8 rlim_max: u64 }
    /// `struct sysinfo`, man 2 sysinfo.
    pub struct Sysinfo(112) as show::sysinfo {
        0 uptime: i64, 8 loads: [u64; 3], 32 totalram: u64, 40 freeram: u64, 48 sharedram: u64, 56 bufferram: u64,
        64 totalswap: u64, 72 freeswap: u64, 80 procs: u16, 88 totalhigh: u64, 96 freehigh: u64, 104 mem_unit: u32,
    }
    /// `struct new_utsname`.
    pub struct Utsname(390) {
        0 sysname: [u8; 65], 65 nodename: [u8; 65], 130 release: [u8; 65], 195 version: [u8; 65], 260 machine: [u8; 65],
        325 domainname: [u8; 65],
    }
    pub struct PollFd(8) as show::pollfd { 0 fd: i32, 4 events: u16, 6 revents: u16 }
    /// `struct epoll_event` is packed on x86-64 only.
    pub struct EpollEvent(12) as show::epoll_event { 0 events: u32, 4 data: u64 }
    pub struct IoVec(16) as show::iovec { 0 iov_base: u64, 8 iov_len: u64 }
    /// `struct user_msghdr`.
    pub struct MsgHdr(56) {
        0 msg_name: u64, 8 msg_namelen: i32, 16 msg_iov: u64, 24 msg_iovlen: u64, 32 msg_control: u64, 40 msg_controllen: u64,
        48 msg_flags: u32,
    }
    pub struct MmsgHdr(64) { 0 msg_hdr: MsgHdr, 56 msg_len: u32 }
    /// `struct cmsghdr`; the data follows, padded to 8 bytes.
    pub struct CmsgHdr(16) { 0 cmsg_len: u64, 8 cmsg_level: i32, 12 cmsg_type: i32 }
    /// The kernel's `struct sigaction`: 64 signals in one word.
    pub struct SigAction(32) as show::sigaction { 0 sa_handler: u64, 8 sa_flags: u64, 16 sa_restorer: u64, 24 sa_mask: u64 }
    pub struct SigSet(8) as show::sigset { 0 sig: u64 }
    /// `siginfo_t`; the union starts at 16 and is decoded by its users.
    pub struct SigInfo(128) as show::siginfo { 0 si_signo: i32, 4 si_errno: i32, 8 si_code: i32, 16 fields: [u64; 14] }
    pub struct StackT(24) as show::stack { 0 ss_sp: u64, 8 ss_flags: i32, 16 ss_size: u64 }
    pub struct SigEvent(64) { 0 sigev_value: u64, 8 sigev_signo: i32, 12 sigev_notify: i32, 16 sigev_notify_thread_id: i32 }
    /// The sixth argument of `pselect6`.
    pub struct SigMaskArgument(16) { 0 ss: u64, 8 ss_len: u64 }
    pub struct Sembuf(6) { 0 sem_num: u16, 2 sem_op: i16, 4 sem_flg: i16 }
    pub struct MqAttr(64) { 0 mq_flags: i64, 8 mq_maxmsg: i64, 16 mq_msgsize: i64, 24 mq_curmsgs: i64 }
    pub struct CapHeader(8) { 0 version: u32, 4 pid: i32 }
    pub struct CapData(12) { 0 effective: u32, 4 permitted: u32, 8 inheritable: u32 }
    /// `struct timex`, man 2 adjtimex.
    pub struct Timex(208) {
        0 modes: u32, 8 offset: i64, 16 freq: i64, 24 maxerror: i64, 32 esterror: i64, 40 status: i32, 48 constant: i64,
        56 precision: i64, 64 tolerance: i64, 72 time: Timeval, 88 tick: i64, 96 ppsfreq: i64, 104 jitter: i64, 112 shift: i32,
        120 stabil: i64, 128 jitcnt: i64, 136 calcnt: i64, 144 errcnt: i64, 152 stbcnt: i64, 160 tai: i32,
    }
    pub struct OpenHow(24) { 0 flags: u64, 8 mode: u64, 16 resolve: u64 }
    pub struct Flock(32) { 0 l_type: i16, 2 l_whence: i16, 8 l_start: i64, 16 l_len: i64, 24 l_pid: i32 }
    pub struct FOwnerEx(8) { 0 r#type: i32, 4 pid: i32 }
    /// The kernel's `struct termios` (`TCGETS`).
    pub struct Termios(36) as show::termios { 0 c_iflag: u32, 4 c_oflag: u32, 8 c_cflag: u32, 12 c_lflag: u32, 16 c_line: u8, 17 c_cc: [u8; 19] }
    /// `struct termios2` (`TCGETS2`).
    pub struct Termios2(44) {
        0 c_iflag: u32, 4 c_oflag: u32, 8 c_cflag: u32, 12 c_lflag: u32, 16 c_line: u8, 17 c_cc: [u8; 19], 36 c_ispeed: u32,
        40 c_ospeed: u32,
    }
    pub struct Winsize(8) as show::winsize { 0 ws_row: u16, 2 ws_col: u16, 4 ws_xpixel: u16, 6 ws_ypixel: u16 }
    pub struct Linger(8) { 0 l_onoff: i32, 4 l_linger: i32 }
    pub struct Ucred(12) { 0 pid: i32, 4 uid: u32, 8 gid: u32 }
    /// `struct robust_list_head`.
    pub struct RobustListHead(24) { 0 list: u64, 8 futex_offset: i64, 16 list_op_pending: u64 }
    pub struct IpcPerm(48) { 0 key: i32, 4 uid: u32, 8 gid: u32, 12 cuid: u32, 16 cgid: u32, 20 mode: u32, 24 seq: u16 }
    pub struct ShmidDs(112) {
        0 shm_perm: IpcPerm, 48 shm_segsz: u64, 56 shm_atime: i64, 64 shm_dtime: i64, 72 shm_ctime: i64, 80 shm_cpid: i32,
        84 shm_lpid: i32, 88 shm_nattch: u64,
    }
    pub struct SemidDs(104) { 0 sem_perm: IpcPerm, 48 sem_otime: i64, 64 sem_ctime: i64, 80 sem_nsems: u64 }
    pub struct MsqidDs(120) {
        0 msg_perm: IpcPerm, 48 msg_stime: i64, 56 msg_rtime: i64, 64 msg_ctime: i64, 72 msg_cbytes: u64, 80 msg_qnum: u64,
        88 msg_qbytes: u64, 96 msg_lspid: i32, 100 msg_lrpid: i32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::Abi;

    #[test]
    fn structures_round_trip_at_their_offsets() {
        let mut raw = [0; 12];
        EpollEvent { events: 1, data: 0x0102_0304_0506_0708 }.encode(&mut raw);
        assert_eq!(raw, [1, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(EpollEvent::decode(&raw).data, 0x0102_0304_0506_0708);
        let mut text = String::new();
        Timespec { tv_sec: -1, tv_nsec: 7 }.describe(&mut text);
        assert_eq!(text, "{tv_sec=-1, tv_nsec=7}");
    }
}
