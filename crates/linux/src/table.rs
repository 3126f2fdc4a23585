//! Every system call of x86-64 Linux, one row each.
//!
//! A row is `number name(argument: type, ...) [= handler] [, "note"];`. From the rows come dispatch, the conversion of
//! arguments, the trace, `docs/syscalls.md` and the list of calls without a test. A row without a handler answers `ENOSYS`
//! and leaves a line in the log. Arguments after the ones named are ignored, as the kernel does.

use crate::abi::flags::*;
use crate::abi::*;
use crate::errno::Errno;
use crate::sys::*;
use crate::task::Task;
use crate::trace::Kind;
use crate::user::*;

/// A handler behind the conversion of its arguments.
pub type Run = fn(&mut Task, &[u64; 6]) -> Result<u64, Errno>;

/// What one system call is.
#[derive(Debug)]
pub struct Row {
    pub number: u16,
    pub name: &'static str,
    /// How the arguments are shown, in order.
    pub arguments: &'static [Kind],
    /// `None`: not supported.
    pub run: Option<Run>,
}

/// What only the documentation says of a row, apart from it, so that programs do without.
#[derive(Debug)]
pub struct Remark {
    /// The arguments as written, a comma behind each.
    pub signature: &'static str,
    /// What differs from Linux, or nothing.
    pub note: &'static str,
}

/// The row of call `number`.
pub fn find(number: u64) -> Option<&'static Row> {
    let index = *INDEX.get(usize::try_from(number).ok()?)?;
    ROWS.get(index as usize)
}

const NONE: u16 = u16::MAX;
static INDEX: [u16; 512] = {
    let mut index = [NONE; 512];
    let mut i = 0;
    while i < ROWS.len() {
        let number = ROWS[i].number as usize;
        assert!(index[number] == NONE, "two rows have one number");
        index[number] = i as u16;
        i += 1;
    }
    index
};

macro_rules! calls {
    ($($number:literal $name:ident($($arg:ident: $ty:ty),*) $(= $handler:path)? $(, $note:literal)?;)*) => {
        /// All rows, ascending.
        pub static ROWS: &[Row] = &[$(Row {
            number: $number,
            name: stringify!($name),
            arguments: &[$(<$ty as Argument>::KIND),*],
            run: calls!(@run ($($handler)?) ($($arg: $ty),*)),
        }),*];

        /// A remark for each row.
        pub static REMARKS: &[Remark] = &[$(Remark {
            signature: concat!($(stringify!($arg), ": ", stringify!($ty), ", "),*),
            note: concat!($($note)?),
        }),*];
    };
    (@run () ($($arg:ident: $ty:ty),*)) => { None };
    (@run ($handler:path) ($($arg:ident: $ty:ty),*)) => {
        Some(|task: &mut Task, registers: &[u64; 6]| {
            #[allow(unused_mut, reason = "calls without arguments")]
            let mut registers = registers.iter();
            $(let $arg = <$ty as Argument>::from_register(*registers.next().unwrap_or(&0));)*
            let _ = registers;
            $handler(task, $($arg),*)
        })
    };
}

#[rustfmt::skip]
calls! {
      0 read(fd: Fd, buf: UserBuf, count: u64) = io::read;
      1 write(fd: Fd, buf: UserSlice, count: u64) = io::write;
      2 open(path: UserStr, flags: OpenFlags, mode: Mode) = file::open;
      3 close(fd: Fd) = file::close;
      4 stat(path: UserStr, statbuf: UserMut<Stat>) = stat::stat;
      5 fstat(fd: Fd, statbuf: UserMut<Stat>) = stat::fstat;
      6 lstat(path: UserStr, statbuf: UserMut<Stat>) = stat::lstat;
      7 poll(fds: UserMut<PollFd>, nfds: u32, timeout: i32) = poll::poll;
      8 lseek(fd: Fd, offset: i64, whence: Whence) = io::lseek;
      9 mmap(addr: Address, length: u64, prot: Prot, flags: MapFlags, fd: Fd, offset: Hex) = memory::mmap;
     10 mprotect(addr: Address, length: u64, prot: Prot) = memory::mprotect;
     11 munmap(addr: Address, length: u64) = memory::munmap;
     12 brk(addr: Address) = memory::brk;
     13 rt_sigaction(signum: Signal, act: UserPtr<SigAction>, oldact: UserMut<SigAction>, sigsetsize: u64) = signal::rt_sigaction;
     14 rt_sigprocmask(how: SigHow, set: UserPtr<SigSet>, oldset: UserMut<SigSet>, sigsetsize: u64) = signal::rt_sigprocmask;
     15 rt_sigreturn() = signal::rt_sigreturn;
     16 ioctl(fd: Fd, request: IoctlRequest, arg: Address) = ioctl::ioctl;
     17 pread64(fd: Fd, buf: UserBuf, count: u64, offset: i64) = io::pread64;
     18 pwrite64(fd: Fd, buf: UserSlice, count: u64, offset: i64) = io::pwrite64;
     19 readv(fd: Fd, iov: UserPtr<IoVec>, iovcnt: u64) = io::readv;
     20 writev(fd: Fd, iov: UserPtr<IoVec>, iovcnt: u64) = io::writev;
     21 access(path: UserStr, mode: AccessMode) = stat::access;
     22 pipe(pipefd: UserMut<[i32; 2]>) = pipe::pipe;
     23 select(nfds: i32, readfds: FdSet, writefds: FdSet, exceptfds: FdSet, timeout: UserMut<Timeval>) = poll::select;
     24 sched_yield() = schedule::sched_yield;
     25 mremap(old_address: Address, old_size: u64, new_size: u64, flags: RemapFlags, new_address: Address) = memory::mremap;
     26 msync(addr: Address, length: u64, flags: MsyncFlags) = memory::msync;
     27 mincore(addr: Address, length: u64, vec: UserBuf) = memory::mincore;
     28 madvise(addr: Address, length: u64, advice: Advice) = memory::madvise;
     29 shmget(key: i32, size: u64, shmflg: Octal) = ipc::shmget;
     30 shmat(shmid: i32, shmaddr: Address, shmflg: Octal) = ipc::shmat;
     31 shmctl(shmid: i32, cmd: i32, buf: Address) = ipc::shmctl;
     32 dup(oldfd: Fd) = file::dup;
     33 dup2(oldfd: Fd, newfd: i32) = file::dup2;
     34 pause() = signal::pause;
     35 nanosleep(req: UserPtr<Timespec>, rem: UserMut<Timespec>) = time::nanosleep;
     36 getitimer(which: ItimerWhich, curr_value: UserMut<Itimerval>) = timer::getitimer;
     37 alarm(seconds: u32) = timer::alarm;
     38 setitimer(which: ItimerWhich, new_value: UserPtr<Itimerval>, old_value: UserMut<Itimerval>) = timer::setitimer;
     39 getpid() = process::getpid;
     40 sendfile(out_fd: Fd, in_fd: Fd, offset: UserMut<i64>, count: u64) = io::sendfile;
     41 socket(domain: SocketFamily, r#type: SocketType, protocol: i32) = socket::socket;
     42 connect(sockfd: Fd, addr: SockAddr, addrlen: u32) = socket::connect;
     43 accept(sockfd: Fd, addr: SockAddrMut, addrlen: UserMut<i32>) = socket::accept;
     44 sendto(sockfd: Fd, buf: UserSlice, len: u64, flags: MsgFlags, dest_addr: SockAddr, addrlen: u32) = socket::sendto;
     45 recvfrom(sockfd: Fd, buf: UserBuf, len: u64, flags: MsgFlags, src_addr: SockAddrMut, addrlen: UserMut<i32>) = socket::recvfrom;
     46 sendmsg(sockfd: Fd, msg: UserPtr<MsgHdr>, flags: MsgFlags) = socket::sendmsg;
     47 recvmsg(sockfd: Fd, msg: UserMut<MsgHdr>, flags: MsgFlags) = socket::recvmsg;
     48 shutdown(sockfd: Fd, how: ShutdownHow) = socket::shutdown;
     49 bind(sockfd: Fd, addr: SockAddr, addrlen: u32) = socket::bind;
     50 listen(sockfd: Fd, backlog: i32) = socket::listen;
     51 getsockname(sockfd: Fd, addr: SockAddrMut, addrlen: UserMut<i32>) = socket::getsockname;
     52 getpeername(sockfd: Fd, addr: SockAddrMut, addrlen: UserMut<i32>) = socket::getpeername;
     53 socketpair(domain: SocketFamily, r#type: SocketType, protocol: i32, sv: UserMut<[i32; 2]>) = socket::socketpair;
     54 setsockopt(sockfd: Fd, level: SocketLevel, optname: i32, optval: UserSlice, optlen: i32) = socket::setsockopt;
     55 getsockopt(sockfd: Fd, level: SocketLevel, optname: i32, optval: Address, optlen: UserMut<i32>) = socket::getsockopt;
     56 clone(flags: CloneFlags, stack: Address, parent_tid: UserMut<i32>, child_tid: UserMut<i32>, tls: Hex) = process::clone;
     57 fork() = process::fork;
     58 vfork() = process::vfork;
     59 execve(pathname: UserStr, argv: StringArray, envp: StringArray) = exec::execve;
     60 exit(status: i32) = process::exit;
     61 wait4(pid: i32, wstatus: UserMut<i32>, options: WaitOptions, rusage: UserMut<Rusage>) = wait::wait4;
     62 kill(pid: i32, sig: Signal) = signal::kill;
     63 uname(buf: UserMut<Utsname>) = system::uname;
     64 semget(key: i32, nsems: i32, semflg: Octal) = ipc::semget;
     65 semop(semid: i32, sops: UserPtr<Sembuf>, nsops: u64) = ipc::semop;
     66 semctl(semid: i32, semnum: i32, cmd: i32, arg: Address) = ipc::semctl;
     67 shmdt(shmaddr: Address) = ipc::shmdt;
     68 msgget(key: i32, msgflg: Octal) = ipc::msgget;
     69 msgsnd(msqid: i32, msgp: Address, msgsz: u64, msgflg: Octal) = ipc::msgsnd;
     70 msgrcv(msqid: i32, msgp: Address, msgsz: u64, msgtyp: i64, msgflg: Octal) = ipc::msgrcv;
     71 msgctl(msqid: i32, cmd: i32, buf: Address) = ipc::msgctl;
     72 fcntl(fd: Fd, cmd: FcntlCommand, arg: Address) = fcntl::fcntl;
     73 flock(fd: Fd, operation: FlockOperation) = file::flock;
     74 fsync(fd: Fd) = file::fsync;
     75 fdatasync(fd: Fd) = file::fdatasync;
     76 truncate(path: UserStr, length: i64) = file::truncate;
     77 ftruncate(fd: Fd, length: i64) = file::ftruncate;
     78 getdents(fd: Fd, dirp: UserBuf, count: u32) = dir::getdents;
     79 getcwd(buf: UserBuf, size: u64) = dir::getcwd;
     80 chdir(path: UserStr) = dir::chdir;
     81 fchdir(fd: Fd) = dir::fchdir;
     82 rename(oldpath: UserStr, newpath: UserStr) = dir::rename;
     83 mkdir(pathname: UserStr, mode: Mode) = dir::mkdir;
     84 rmdir(pathname: UserStr) = dir::rmdir;
     85 creat(pathname: UserStr, mode: Mode) = file::creat;
     86 link(oldpath: UserStr, newpath: UserStr) = dir::link;
     87 unlink(pathname: UserStr) = dir::unlink;
     88 symlink(target: UserStr, linkpath: UserStr) = dir::symlink;
     89 readlink(pathname: UserStr, buf: UserBuf, bufsiz: i32) = dir::readlink;
     90 chmod(pathname: UserStr, mode: Mode) = attribute::chmod;
     91 fchmod(fd: Fd, mode: Mode) = attribute::fchmod;
     92 chown(pathname: UserStr, owner: u32, group: u32) = attribute::chown;
     93 fchown(fd: Fd, owner: u32, group: u32) = attribute::fchown;
     94 lchown(pathname: UserStr, owner: u32, group: u32) = attribute::lchown;
     95 umask(mask: Mode) = attribute::umask;
     96 gettimeofday(tv: UserMut<Timeval>, tz: UserMut<Timezone>) = time::gettimeofday;
     97 getrlimit(resource: Resource, rlim: UserMut<Rlimit>) = limits::getrlimit;
     98 getrusage(who: RusageWho, usage: UserMut<Rusage>) = limits::getrusage;
     99 sysinfo(info: UserMut<Sysinfo>) = system::sysinfo;
    100 times(buf: UserMut<Tms>) = time::times;
    101 ptrace(request: i64, pid: i32, addr: Address, data: Address);
    102 getuid() = identity::getuid;
    103 syslog(r#type: i32, buf: UserBuf, len: i32) = system::syslog;
    104 getgid() = identity::getgid;
    105 setuid(uid: u32) = identity::setuid;
    106 setgid(gid: u32) = identity::setgid;
    107 geteuid() = identity::geteuid;
    108 getegid() = identity::getegid;
    109 setpgid(pid: i32, pgid: i32) = process::setpgid;
    110 getppid() = process::getppid;
    111 getpgrp() = process::getpgrp;
    112 setsid() = process::setsid;
    113 setreuid(ruid: u32, euid: u32) = identity::setreuid;
    114 setregid(rgid: u32, egid: u32) = identity::setregid;
    115 getgroups(size: i32, list: UserMut<u32>) = identity::getgroups;
    116 setgroups(size: i32, list: UserPtr<u32>) = identity::setgroups;
    117 setresuid(ruid: u32, euid: u32, suid: u32) = identity::setresuid;
    118 getresuid(ruid: UserMut<u32>, euid: UserMut<u32>, suid: UserMut<u32>) = identity::getresuid;
    119 setresgid(rgid: u32, egid: u32, sgid: u32) = identity::setresgid;
    120 getresgid(rgid: UserMut<u32>, egid: UserMut<u32>, sgid: UserMut<u32>) = identity::getresgid;
    121 getpgid(pid: i32) = process::getpgid;
    122 setfsuid(fsuid: u32) = identity::setfsuid;
    123 setfsgid(fsgid: u32) = identity::setfsgid;
    124 getsid(pid: i32) = process::getsid;
    125 capget(hdrp: UserMut<CapHeader>, datap: UserMut<CapData>) = identity::capget;
    126 capset(hdrp: UserMut<CapHeader>, datap: UserPtr<CapData>) = identity::capset;
    127 rt_sigpending(set: UserMut<SigSet>, sigsetsize: u64) = signal::rt_sigpending;
    128 rt_sigtimedwait(set: UserPtr<SigSet>, info: UserMut<SigInfo>, timeout: UserPtr<Timespec>, sigsetsize: u64) = signal::rt_sigtimedwait;
    129 rt_sigqueueinfo(tgid: i32, sig: Signal, info: UserPtr<SigInfo>) = signal::rt_sigqueueinfo;
    130 rt_sigsuspend(mask: UserPtr<SigSet>, sigsetsize: u64) = signal::rt_sigsuspend;
    131 sigaltstack(ss: UserPtr<StackT>, old_ss: UserMut<StackT>) = signal::sigaltstack;
    132 utime(filename: UserStr, times: UserPtr<Utimbuf>) = attribute::utime;
    133 mknod(pathname: UserStr, mode: Mode, dev: Hex) = dir::mknod;
    134 uselib(library: UserStr);
    135 personality(persona: Hex) = identity::personality;
    136 ustat(dev: u32, ubuf: Address) = stat::ustat;
    137 statfs(path: UserStr, buf: UserMut<Statfs>) = stat::statfs;
    138 fstatfs(fd: Fd, buf: UserMut<Statfs>) = stat::fstatfs;
    139 sysfs(option: i32, arg1: Address, arg2: Address) = system::sysfs;
    140 getpriority(which: i32, who: i32) = limits::getpriority;
    141 setpriority(which: i32, who: i32, prio: i32) = limits::setpriority;
    142 sched_setparam(pid: i32, param: UserPtr<i32>) = schedule::sched_setparam;
    143 sched_getparam(pid: i32, param: UserMut<i32>) = schedule::sched_getparam;
    144 sched_setscheduler(pid: i32, policy: i32, param: UserPtr<i32>) = schedule::sched_setscheduler;
    145 sched_getscheduler(pid: i32) = schedule::sched_getscheduler;
    146 sched_get_priority_max(policy: i32) = schedule::sched_get_priority_max;
    147 sched_get_priority_min(policy: i32) = schedule::sched_get_priority_min;
    148 sched_rr_get_interval(pid: i32, tp: UserMut<Timespec>) = schedule::sched_rr_get_interval;
    149 mlock(addr: Address, len: u64) = memory::mlock;
    150 munlock(addr: Address, len: u64) = memory::munlock;
    151 mlockall(flags: i32) = memory::mlockall;
    152 munlockall() = memory::munlockall;
    153 vhangup() = system::vhangup;
    154 modify_ldt(func: i32, ptr: Address, bytecount: u64) = system::modify_ldt;
    155 pivot_root(new_root: UserStr, put_old: UserStr) = dir::pivot_root;
    156 _sysctl(args: Address);
    157 prctl(option: PrctlOption, arg2: Hex, arg3: Hex, arg4: Hex, arg5: Hex) = prctl::prctl;
    158 arch_prctl(code: ArchPrctlCode, addr: Address) = prctl::arch_prctl;
    159 adjtimex(buf: UserMut<Timex>) = time::adjtimex;
    160 setrlimit(resource: Resource, rlim: UserPtr<Rlimit>) = limits::setrlimit;
    161 chroot(path: UserStr) = dir::chroot;
    162 sync() = file::sync;
    163 acct(filename: UserStr) = file::acct;
    164 settimeofday(tv: UserPtr<Timeval>, tz: UserPtr<Timezone>) = time::settimeofday;
    165 mount(source: UserStr, target: UserStr, filesystemtype: UserStr, mountflags: Hex, data: Address) = dir::mount;
    166 umount2(target: UserStr, flags: i32) = dir::umount2;
    167 swapon(path: UserStr, swapflags: i32) = dir::swapon;
    168 swapoff(path: UserStr) = dir::swapoff;
    169 reboot(magic: Hex, magic2: Hex, cmd: Hex, arg: Address) = system::reboot;
    170 sethostname(name: UserSlice, len: i32) = system::sethostname;
    171 setdomainname(name: UserSlice, len: i32) = system::setdomainname;
    172 iopl(level: i32);
    173 ioperm(from: u64, num: u64, turn_on: i32);
    174 create_module(name: Address, size: u64);
    175 init_module(module_image: Address, len: u64, param_values: Address);
    176 delete_module(name: Address, flags: i32);
    177 get_kernel_syms(table: Address);
    178 query_module(name: Address, which: i32, buf: Address, bufsize: u64, ret: Address);
    179 quotactl(cmd: i32, special: Address, id: i32, addr: Address);
    180 nfsservctl(cmd: i32, argp: Address, resp: Address);
    181 getpmsg();
    182 putpmsg();
    183 afs_syscall();
    184 tuxcall();
    185 security();
    186 gettid() = process::gettid;
    187 readahead(fd: Fd, offset: i64, count: u64) = file::readahead;
    188 setxattr(path: UserStr, name: UserStr, value: UserSlice, size: u64, flags: i32) = attribute::setxattr;
    189 lsetxattr(path: UserStr, name: UserStr, value: UserSlice, size: u64, flags: i32) = attribute::lsetxattr;
    190 fsetxattr(fd: Fd, name: UserStr, value: UserSlice, size: u64, flags: i32) = attribute::fsetxattr;
    191 getxattr(path: UserStr, name: UserStr, value: UserBuf, size: u64) = attribute::getxattr;
    192 lgetxattr(path: UserStr, name: UserStr, value: UserBuf, size: u64) = attribute::lgetxattr;
    193 fgetxattr(fd: Fd, name: UserStr, value: UserBuf, size: u64) = attribute::fgetxattr;
    194 listxattr(path: UserStr, list: UserBuf, size: u64) = attribute::listxattr;
    195 llistxattr(path: UserStr, list: UserBuf, size: u64) = attribute::llistxattr;
    196 flistxattr(fd: Fd, list: UserBuf, size: u64) = attribute::flistxattr;
    197 removexattr(path: UserStr, name: UserStr) = attribute::removexattr;
    198 lremovexattr(path: UserStr, name: UserStr) = attribute::lremovexattr;
    199 fremovexattr(fd: Fd, name: UserStr) = attribute::fremovexattr;
    200 tkill(tid: i32, sig: Signal) = signal::tkill;
    201 time(tloc: UserMut<i64>) = time::time;
    202 futex(uaddr: Address, futex_op: FutexOp, val: u32, timeout: Address, uaddr2: Address, val3: u32) = futex::futex;
    203 sched_setaffinity(pid: i32, cpusetsize: u64, mask: Address) = schedule::sched_setaffinity;
    204 sched_getaffinity(pid: i32, cpusetsize: u64, mask: Address) = schedule::sched_getaffinity;
    205 set_thread_area(u_info: Address);
    206 io_setup(nr_events: u32, ctx_idp: Address);
    207 io_destroy(ctx_id: Address);
    208 io_getevents(ctx_id: Address, min_nr: i64, nr: i64, events: Address, timeout: Address);
    209 io_submit(ctx_id: Address, nr: i64, iocbpp: Address);
    210 io_cancel(ctx_id: Address, iocb: Address, result: Address);
    211 get_thread_area(u_info: Address);
    212 lookup_dcookie(cookie: u64, buffer: Address, len: u64);
    213 epoll_create(size: i32) = event::epoll_create;
    214 epoll_ctl_old();
    215 epoll_wait_old();
    216 remap_file_pages(addr: Address, size: u64, prot: Prot, pgoff: u64, flags: MapFlags);
    217 getdents64(fd: Fd, dirp: UserBuf, count: u32) = dir::getdents64;
    218 set_tid_address(tidptr: UserMut<i32>) = process::set_tid_address;
    219 restart_syscall() = time::restart_syscall;
    220 semtimedop(semid: i32, sops: UserPtr<Sembuf>, nsops: u64, timeout: UserPtr<Timespec>) = ipc::semtimedop;
    221 fadvise64(fd: Fd, offset: i64, len: i64, advice: i32) = file::fadvise64;
    222 timer_create(clockid: ClockId, sevp: UserPtr<SigEvent>, timerid: UserMut<i32>) = timer::timer_create;
    223 timer_settime(timerid: i32, flags: TimerFlags, new_value: UserPtr<Itimerspec>, old_value: UserMut<Itimerspec>) = timer::timer_settime;
    224 timer_gettime(timerid: i32, curr_value: UserMut<Itimerspec>) = timer::timer_gettime;
    225 timer_getoverrun(timerid: i32) = timer::timer_getoverrun;
    226 timer_delete(timerid: i32) = timer::timer_delete;
    227 clock_settime(clockid: ClockId, tp: UserPtr<Timespec>) = time::clock_settime;
    228 clock_gettime(clockid: ClockId, tp: UserMut<Timespec>) = time::clock_gettime;
    229 clock_getres(clockid: ClockId, res: UserMut<Timespec>) = time::clock_getres;
    230 clock_nanosleep(clockid: ClockId, flags: TimerFlags, request: UserPtr<Timespec>, remain: UserMut<Timespec>) = time::clock_nanosleep;
    231 exit_group(status: i32) = process::exit_group;
    232 epoll_wait(epfd: Fd, events: UserMut<EpollEvent>, maxevents: i32, timeout: i32) = event::epoll_wait;
    233 epoll_ctl(epfd: Fd, op: EpollOp, fd: Fd, event: UserPtr<EpollEvent>) = event::epoll_ctl;
    234 tgkill(tgid: i32, tid: i32, sig: Signal) = signal::tgkill;
    235 utimes(filename: UserStr, times: UserPtr<[Timeval; 2]>) = attribute::utimes;
    236 vserver();
    237 mbind(addr: Address, len: u64, mode: i32, nodemask: Address, maxnode: u64, flags: u32);
    238 set_mempolicy(mode: i32, nodemask: Address, maxnode: u64);
    239 get_mempolicy(mode: Address, nodemask: Address, maxnode: u64, addr: Address, flags: u64);
    240 mq_open(name: UserStr, oflag: OpenFlags, mode: Mode, attr: UserPtr<MqAttr>) = ipc::mq_open;
    241 mq_unlink(name: UserStr) = ipc::mq_unlink;
    242 mq_timedsend(mqdes: Fd, msg_ptr: UserSlice, msg_len: u64, msg_prio: u32, abs_timeout: UserPtr<Timespec>) = ipc::mq_timedsend;
    243 mq_timedreceive(mqdes: Fd, msg_ptr: UserBuf, msg_len: u64, msg_prio: UserMut<u32>, abs_timeout: UserPtr<Timespec>) = ipc::mq_timedreceive;
    244 mq_notify(mqdes: Fd, sevp: UserPtr<SigEvent>) = ipc::mq_notify;
    245 mq_getsetattr(mqdes: Fd, newattr: UserPtr<MqAttr>, oldattr: UserMut<MqAttr>) = ipc::mq_getsetattr;
    246 kexec_load(entry: Address, nr_segments: u64, segments: Address, flags: u64);
    247 waitid(idtype: IdType, id: i32, infop: UserMut<SigInfo>, options: WaitOptions, rusage: UserMut<Rusage>) = wait::waitid;
    248 add_key(r#type: UserStr, description: UserStr, payload: UserSlice, plen: u64, keyring: i32);
    249 request_key(r#type: UserStr, description: UserStr, callout_info: UserStr, dest_keyring: i32);
    250 keyctl(operation: i32, arg2: Hex, arg3: Hex, arg4: Hex, arg5: Hex);
    251 ioprio_set(which: i32, who: i32, ioprio: i32) = limits::ioprio_set;
    252 ioprio_get(which: i32, who: i32) = limits::ioprio_get;
    253 inotify_init() = event::inotify_init;
    254 inotify_add_watch(fd: Fd, pathname: UserStr, mask: InotifyMask) = dir::inotify_add_watch;
    255 inotify_rm_watch(fd: Fd, wd: i32) = dir::inotify_rm_watch;
    256 migrate_pages(pid: i32, maxnode: u64, old_nodes: Address, new_nodes: Address);
    257 openat(dirfd: DirFd, path: UserStr, flags: OpenFlags, mode: Mode) = file::openat;
    258 mkdirat(dirfd: DirFd, pathname: UserStr, mode: Mode) = dir::mkdirat;
    259 mknodat(dirfd: DirFd, pathname: UserStr, mode: Mode, dev: Hex) = dir::mknodat;
    260 fchownat(dirfd: DirFd, pathname: UserStr, owner: u32, group: u32, flags: AtFlags) = attribute::fchownat;
    261 futimesat(dirfd: DirFd, pathname: UserStr, times: UserPtr<[Timeval; 2]>) = attribute::futimesat;
    262 newfstatat(dirfd: DirFd, pathname: UserStr, statbuf: UserMut<Stat>, flags: AtFlags) = stat::newfstatat;
    263 unlinkat(dirfd: DirFd, pathname: UserStr, flags: UnlinkFlags) = dir::unlinkat;
    264 renameat(olddirfd: DirFd, oldpath: UserStr, newdirfd: DirFd, newpath: UserStr) = dir::renameat;
    265 linkat(olddirfd: DirFd, oldpath: UserStr, newdirfd: DirFd, newpath: UserStr, flags: AtFlags) = dir::linkat;
    266 symlinkat(target: UserStr, newdirfd: DirFd, linkpath: UserStr) = dir::symlinkat;
    267 readlinkat(dirfd: DirFd, pathname: UserStr, buf: UserBuf, bufsiz: i32) = dir::readlinkat;
    268 fchmodat(dirfd: DirFd, pathname: UserStr, mode: Mode) = attribute::fchmodat;
    269 faccessat(dirfd: DirFd, pathname: UserStr, mode: AccessMode) = stat::faccessat;
    270 pselect6(nfds: i32, readfds: FdSet, writefds: FdSet, exceptfds: FdSet, timeout: UserMut<Timespec>, sigmask: UserPtr<SigMaskArgument>) = poll::pselect6;
    271 ppoll(fds: UserMut<PollFd>, nfds: u32, tmo_p: UserMut<Timespec>, sigmask: UserPtr<SigSet>, sigsetsize: u64) = poll::ppoll;
    272 unshare(flags: CloneFlags) = process::unshare;
    273 set_robust_list(head: Address, len: u64) = futex::set_robust_list;
    274 get_robust_list(pid: i32, head_ptr: UserMut<u64>, len_ptr: UserMut<u64>) = futex::get_robust_list;
    275 splice(fd_in: Fd, off_in: UserMut<i64>, fd_out: Fd, off_out: UserMut<i64>, len: u64, flags: SpliceFlags) = io::splice;
    276 tee(fd_in: Fd, fd_out: Fd, len: u64, flags: SpliceFlags) = io::tee;
    277 sync_file_range(fd: Fd, offset: i64, nbytes: i64, flags: u32) = file::sync_file_range;
    278 vmsplice(fd: Fd, iov: UserPtr<IoVec>, nr_segs: u64, flags: SpliceFlags) = io::vmsplice;
    279 move_pages(pid: i32, count: u64, pages: Address, nodes: Address, status: Address, flags: i32);
    280 utimensat(dirfd: DirFd, pathname: UserStr, times: UserPtr<[Timespec; 2]>, flags: AtFlags) = attribute::utimensat;
    281 epoll_pwait(epfd: Fd, events: UserMut<EpollEvent>, maxevents: i32, timeout: i32, sigmask: UserPtr<SigSet>, sigsetsize: u64) = event::epoll_pwait;
    282 signalfd(fd: Fd, mask: UserPtr<SigSet>, sizemask: u64) = signal::signalfd;
    283 timerfd_create(clockid: ClockId, flags: TimerfdFlags) = event::timerfd_create;
    284 eventfd(initval: u32) = event::eventfd;
    285 fallocate(fd: Fd, mode: FallocateMode, offset: i64, len: i64) = file::fallocate;
    286 timerfd_settime(fd: Fd, flags: TimerFlags, new_value: UserPtr<Itimerspec>, old_value: UserMut<Itimerspec>) = event::timerfd_settime;
    287 timerfd_gettime(fd: Fd, curr_value: UserMut<Itimerspec>) = event::timerfd_gettime;
    288 accept4(sockfd: Fd, addr: SockAddrMut, addrlen: UserMut<i32>, flags: SocketFlags) = socket::accept4;
    289 signalfd4(fd: Fd, mask: UserPtr<SigSet>, sizemask: u64, flags: SignalfdFlags) = signal::signalfd4;
    290 eventfd2(initval: u32, flags: EventfdFlags) = event::eventfd2;
    291 epoll_create1(flags: EpollFlags) = event::epoll_create1;
    292 dup3(oldfd: Fd, newfd: i32, flags: PipeFlags) = file::dup3;
    293 pipe2(pipefd: UserMut<[i32; 2]>, flags: PipeFlags) = pipe::pipe2;
    294 inotify_init1(flags: InotifyFlags) = event::inotify_init1;
    295 preadv(fd: Fd, iov: UserPtr<IoVec>, iovcnt: u64, pos_l: u64, pos_h: u64) = io::preadv;
    296 pwritev(fd: Fd, iov: UserPtr<IoVec>, iovcnt: u64, pos_l: u64, pos_h: u64) = io::pwritev;
    297 rt_tgsigqueueinfo(tgid: i32, tid: i32, sig: Signal, info: UserPtr<SigInfo>) = signal::rt_tgsigqueueinfo;
    298 perf_event_open(attr: Address, pid: i32, cpu: i32, group_fd: i32, flags: Hex);
    299 recvmmsg(sockfd: Fd, msgvec: UserMut<MmsgHdr>, vlen: u32, flags: MsgFlags, timeout: UserMut<Timespec>) = socket::recvmmsg;
    300 fanotify_init(flags: u32, event_f_flags: u32);
    301 fanotify_mark(fanotify_fd: Fd, flags: u32, mask: Hex, dirfd: DirFd, pathname: UserStr);
    302 prlimit64(pid: i32, resource: Resource, new_limit: UserPtr<Rlimit>, old_limit: UserMut<Rlimit>) = limits::prlimit64;
    303 name_to_handle_at(dirfd: DirFd, pathname: UserStr, handle: Address, mount_id: UserMut<i32>, flags: AtFlags) = dir::name_to_handle_at;
    304 open_by_handle_at(mount_fd: DirFd, handle: Address, flags: OpenFlags) = dir::open_by_handle_at;
    305 clock_adjtime(clk_id: ClockId, buf: UserMut<Timex>) = time::clock_adjtime;
    306 syncfs(fd: Fd) = file::syncfs;
    307 sendmmsg(sockfd: Fd, msgvec: UserMut<MmsgHdr>, vlen: u32, flags: MsgFlags) = socket::sendmmsg;
    308 setns(fd: Fd, nstype: CloneFlags) = process::setns;
    309 getcpu(cpu: UserMut<u32>, node: UserMut<u32>, tcache: Address) = schedule::getcpu;
    310 process_vm_readv(pid: i32, local_iov: UserPtr<IoVec>, liovcnt: u64, remote_iov: UserPtr<IoVec>, riovcnt: u64, flags: u64) = process::process_vm_readv, "with paged memory other processes answer EPERM";
    311 process_vm_writev(pid: i32, local_iov: UserPtr<IoVec>, liovcnt: u64, remote_iov: UserPtr<IoVec>, riovcnt: u64, flags: u64) = process::process_vm_writev, "other processes answer EPERM";
    312 kcmp(pid1: i32, pid2: i32, r#type: i32, idx1: u64, idx2: u64) = system::kcmp;
    313 finit_module(fd: Fd, param_values: Address, flags: i32);
    314 sched_setattr(pid: i32, attr: Address, flags: u32) = schedule::sched_setattr;
    315 sched_getattr(pid: i32, attr: Address, size: u32, flags: u32) = schedule::sched_getattr;
    316 renameat2(olddirfd: DirFd, oldpath: UserStr, newdirfd: DirFd, newpath: UserStr, flags: RenameFlags) = dir::renameat2;
    317 seccomp(operation: u32, flags: u32, args: Address) = prctl::seccomp;
    318 getrandom(buf: UserBuf, buflen: u64, flags: RandomFlags) = io::getrandom;
    319 memfd_create(name: UserStr, flags: MemfdFlags) = file::memfd_create;
    320 kexec_file_load(kernel_fd: Fd, initrd_fd: Fd, cmdline_len: u64, cmdline: Address, flags: u64);
    321 bpf(cmd: i32, attr: Address, size: u32);
    322 execveat(dirfd: DirFd, pathname: UserStr, argv: StringArray, envp: StringArray, flags: AtFlags) = exec::execveat;
    323 userfaultfd(flags: OpenFlags);
    324 membarrier(cmd: i32, flags: u32, cpu_id: i32) = schedule::membarrier;
    325 mlock2(addr: Address, len: u64, flags: i32) = memory::mlock2;
    326 copy_file_range(fd_in: Fd, off_in: UserMut<i64>, fd_out: Fd, off_out: UserMut<i64>, len: u64, flags: u32) = io::copy_file_range;
    327 preadv2(fd: Fd, iov: UserPtr<IoVec>, iovcnt: u64, pos_l: i64, pos_h: u64, flags: RwFlags) = io::preadv2;
    328 pwritev2(fd: Fd, iov: UserPtr<IoVec>, iovcnt: u64, pos_l: i64, pos_h: u64, flags: RwFlags) = io::pwritev2;
    329 pkey_mprotect(addr: Address, length: u64, prot: Prot, pkey: i32) = memory::pkey_mprotect;
    330 pkey_alloc(flags: u64, access_rights: u64) = memory::pkey_alloc;
    331 pkey_free(pkey: i32) = memory::pkey_free;
    332 statx(dirfd: DirFd, pathname: UserStr, flags: AtFlags, mask: StatxMask, statxbuf: UserMut<Statx>) = stat::statx;
    333 io_pgetevents(ctx_id: Address, min_nr: i64, nr: i64, events: Address, timeout: Address, sig: Address);
    334 rseq(rseq: Address, rseq_len: u32, flags: i32, sig: u32) = system::absent_rseq, "always ENOSYS: a critical section cannot be restarted between emulated instructions";
    424 pidfd_send_signal(pidfd: Fd, sig: Signal, info: UserPtr<SigInfo>, flags: u32) = signal::pidfd_send_signal;
    425 io_uring_setup(entries: u32, p: Address);
    426 io_uring_enter(fd: Fd, to_submit: u32, min_complete: u32, flags: u32, sig: Address, sigsz: u64);
    427 io_uring_register(fd: Fd, opcode: u32, arg: Address, nr_args: u32);
    428 open_tree(dirfd: DirFd, path: UserStr, flags: u32);
    429 move_mount(from_dirfd: DirFd, from_pathname: UserStr, to_dirfd: DirFd, to_pathname: UserStr, flags: u32);
    430 fsopen(fs_name: UserStr, flags: u32);
    431 fsconfig(fd: Fd, cmd: u32, key: UserStr, value: Address, aux: i32);
    432 fsmount(fs_fd: Fd, flags: u32, attr_flags: u32);
    433 fspick(dirfd: DirFd, path: UserStr, flags: u32);
    434 pidfd_open(pid: i32, flags: OpenFlags) = process::pidfd_open;
    435 clone3(cl_args: Address, size: u64) = process::clone3;
    436 close_range(first: u32, last: u32, flags: CloseRangeFlags) = file::close_range;
    437 openat2(dirfd: DirFd, path: UserStr, how: UserPtr<OpenHow>, size: u64) = file::openat2;
    438 pidfd_getfd(pidfd: Fd, targetfd: i32, flags: u32) = process::pidfd_getfd;
    439 faccessat2(dirfd: DirFd, pathname: UserStr, mode: AccessMode, flags: AtFlags) = stat::faccessat2;
    440 process_madvise(pidfd: Fd, iov: UserPtr<IoVec>, vlen: u64, advice: Advice, flags: u32);
    441 epoll_pwait2(epfd: Fd, events: UserMut<EpollEvent>, maxevents: i32, timeout: UserPtr<Timespec>, sigmask: UserPtr<SigSet>, sigsetsize: u64) = event::epoll_pwait2;
    442 mount_setattr(dirfd: DirFd, path: UserStr, flags: u32, uattr: Address, usize: u64);
    443 quotactl_fd(fd: Fd, cmd: u32, id: i32, addr: Address);
    444 landlock_create_ruleset(attr: Address, size: u64, flags: u32);
    445 landlock_add_rule(ruleset_fd: Fd, rule_type: i32, rule_attr: Address, flags: u32);
    446 landlock_restrict_self(ruleset_fd: Fd, flags: u32);
    447 memfd_secret(flags: u32);
    448 process_mrelease(pidfd: Fd, flags: u32);
    449 futex_waitv(waiters: Address, nr_futexes: u32, flags: u32, timeout: Address, clockid: ClockId);
    450 set_mempolicy_home_node(start: Address, len: u64, home_node: u64, flags: u64);
    451 cachestat(fd: Fd, cstat_range: Address, cstat: Address, flags: u32);
    452 fchmodat2(dirfd: DirFd, pathname: UserStr, mode: Mode, flags: AtFlags) = attribute::fchmodat2;
    453 map_shadow_stack(addr: Address, size: u64, flags: u32);
    454 futex_wake(uaddr: Address, mask: Hex, nr: i32, flags: u32);
    455 futex_wait(uaddr: Address, val: u64, mask: Hex, flags: u32, timeout: Address, clockid: ClockId);
    456 futex_requeue(waiters: Address, flags: u32, nr_wake: i32, nr_requeue: i32);
    457 statmount(req: Address, buf: Address, bufsize: u64, flags: u32);
    458 listmount(req: Address, mnt_ids: Address, nr_mnt_ids: u64, flags: u32);
    459 lsm_get_self_attr(attr: u32, ctx: Address, size: Address, flags: u32);
    460 lsm_set_self_attr(attr: u32, ctx: Address, size: u32, flags: u32);
    461 lsm_list_modules(ids: Address, size: Address, flags: u32);
    462 mseal(addr: Address, len: u64, flags: u64);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_up_to_462_has_a_row() {
        for number in (0..335).chain(424..463) {
            assert!(find(number).is_some(), "{number}");
        }
        assert!(find(335).is_none() && find(u64::MAX).is_none());
    }
}
