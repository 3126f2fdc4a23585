// Calls that the C library has no more use for, made directly; and which of several mistakes a call tells of.
// not under qemu: it looks at buffers before descriptors, and crashes itself in sendmsg with flags that it does not know.
#include "check.h"
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/sem.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <utime.h>

#define S(name, ...) T(syscall(SYS_##name, ##__VA_ARGS__))
#define KERNEL_SPACE ((void *)-4096)

static void old_calls(void)
{
    struct stat status;
    int fd = open("file", O_CREAT | O_RDWR, 0640), pair[2];
    S(fstat, fd, &status), SHOW(status.st_mode);
    symlink("file", "link");
    S(lstat, "link", &status), SHOW(S_ISLNK(status.st_mode));
    S(lstat, "nothing", &status), S(lstat, "link", BAD), S(fstat, -1, &status);
    S(pipe, pair), SHOW(write(pair[1], "x", 1)), S(pipe, BAD);
    S(eventfd, 3), S(signalfd, -1, &(long){ 1 << 9 }, 8), S(signalfd, -1, &(long){ 0 }, 7), S(signalfd, 0, &(long){ 0 }, 8);
    S(utime, "file", &(struct utimbuf){ 5, 6 }), stat("file", &status), SHOW(status.st_atime), SHOW(status.st_mtime);
    S(utime, "nothing", 0), S(utime, "file", BAD);
    S(mknod, "fifo", S_IFIFO | 0600, 0), S(mknod, "fifo", S_IFIFO | 0600, 0), S(mknod, "plain", 0600, 0), S(mknod, "odd", 0170000, 0);
    S(mknod, "directory", S_IFDIR | 0700, 0);
    S(faccessat, AT_FDCWD, "file", R_OK), S(faccessat, AT_FDCWD, "file", 8), S(faccessat, -1, "file", R_OK);
    struct rlimit limit;
    getrlimit(RLIMIT_CORE, &limit), limit.rlim_cur = 0;
    S(setrlimit, RLIMIT_CORE, &limit), S(setrlimit, 99, &limit), S(setrlimit, RLIMIT_CORE, BAD);
    limit.rlim_cur = 2, limit.rlim_max = 1, S(setrlimit, RLIMIT_NOFILE, &limit);
    int set = semget(IPC_PRIVATE, 1, 0600);
    S(semop, set, (&(struct sembuf){ 0, 3, 0 }), 1L), S(semop, set, (&(struct sembuf){ 0, -4, IPC_NOWAIT }), 1L);
    S(semop, set, (&(struct sembuf){ 7, 1, 0 }), 1L), S(semop, set, BAD, 1L), S(semop, set, BAD, 0L), S(semop, -1, BAD, 1L);
    S(semop, set, (&(struct sembuf){ 0, 1, 0 }), 0x100000001), S(semop, set, BAD, 501L), semctl(set, 0, IPC_RMID);
    S(adjtimex, BAD), OK(syscall(SYS_adjtimex, &(struct timex){ 0 }));
    pid_t child = syscall(SYS_fork);
    if (!child) _exit(7);
    int how;
    waitpid(child, &how, 0), SHOW(WEXITSTATUS(how));
    child = fork();
    if (!child) setresuid(65534, 65534, 65534), _exit(syscall(SYS_vhangup) == -1 && errno == EPERM);
    waitpid(child, &how, 0), SHOW(WEXITSTATUS(how));
    close(fd);
}

static void memory(void)
{
    char *area = mmap((void *)0x30000000, 0x8000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char there[8];
    memset(area, 1, 0x8000);
    S(mincore, area, 0x3000L, there), SHOW(there[0] & 1), S(mincore, area + 1, 1L, there), S(mincore, area, 0x3000L, KERNEL_SPACE);
    S(mincore, area, 0L, KERNEL_SPACE), S(mincore, KERNEL_SPACE, 4096L, there), S(mincore, area + 0x10000, 4096L, there);
    S(msync, area, 0x1000L, MS_SYNC), S(msync, area, 0x1000L, MS_SYNC | MS_ASYNC), S(msync, area + 1, 1L, MS_SYNC), S(msync, area, 4096L, 64);
    S(msync, area + 0x10000, 4096L, MS_ASYNC);
    S(mlock, area, 0x1000L), S(mlock, area + 0x10000, 1L), S(munlock, area, 0x1000L);
    mprotect(area, 0x1000, PROT_NONE), S(mlock2, area, 0x1000L, 1), S(mlock2, area, 0x1000L, 2), S(mlock, area, 0x1000L);
    S(mremap, area + 0x2000, 0x1000L, 0x800L, 0), S(mremap, area + 1, 0x1000L, 0x1000L, 0), S(mremap, area, 0x1000L, 0L, 0);
    S(mremap, area, 0x1000L, 0x2000L, 8), S(pkey_mprotect, area, 0x1000L, PROT_READ, -1), S(pkey_mprotect, area, 0x1000L, PROT_READ, 5);
    S(pkey_mprotect, area, -1L, PROT_READ, 5), S(pkey_mprotect, area, 0L, PROT_READ, 5);
}

static void files(void)
{
    int fd = open("file", O_RDWR), path = open("file", O_PATH), pair[2], poll = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, 0);
    pipe(pair);
    write(fd, "0123456789", 10);
    struct iovec good = { (char[8]){ 0 }, 8 }, many[2] = { { BAD, -1 }, { 0, 0 } };
    S(read, poll, KERNEL_SPACE, 10L), S(read, timer, KERNEL_SPACE, 4L), S(write, timer, KERNEL_SPACE, 8L), S(read, fd, KERNEL_SPACE, 10L);
    S(read, path, KERNEL_SPACE, 10L), S(read, pair[1], KERNEL_SPACE, 1L), S(pread64, pair[0], KERNEL_SPACE, 1L, 0L), S(pread64, fd, BAD, 1L, -1L);
    S(pwrite64, 99, KERNEL_SPACE, 1L, 0L), S(readv, poll, BAD, 2L), S(readv, fd, BAD, 0x100000001), S(readv, fd, &good, 0x100000001);
    S(readv, fd, many, 2L), S(readv, fd, &good, 1025L), S(preadv, pair[0], BAD, 1L, 0L, 0L), S(pwritev, path, many, 2L, 0L, 0L);
    S(preadv2, pair[0], BAD, 1L, 5L, 0L, 0), S(pwritev, fd, many, 1L, 0L, 0L), S(preadv, fd, BAD, 1L, -1L, -1L);
    S(splice, fd, BAD, pair[1], 0, 0L, 0), S(splice, fd, BAD, pair[1], 0, 1L, 16), S(splice, 99, BAD, pair[1], 0, 1L, 0);
    S(splice, pair[0], BAD, fd, 0, 1L, 0), S(splice, fd, BAD, pair[1], 0, 1L, 0), S(splice, fd, 0, fd, 0, 1L, 0);
    S(copy_file_range, 99, BAD, fd, 0, 1L, 0), S(copy_file_range, fd, BAD, fd, 0, 1L, 0), S(vmsplice, fd, &good, 1L, 0), S(vmsplice, fd, &good, 0L, 0);
    S(vmsplice, fd, BAD, 1L, 0), S(vmsplice, path, &good, 1L, 0), S(vmsplice, fd, &good, 1L, 16);
    S(fcntl, path, F_GETLK, BAD), S(fcntl, path, 999, 0), S(fcntl, fd, 999, 0), S(fcntl, -1, 999, 0);
    S(link, "nothing", BAD), S(symlink, "", BAD), S(mknodat, AT_FDCWD, BAD, 0170000, 0), S(renameat2, AT_FDCWD, BAD, AT_FDCWD, "x", 8);
    S(renameat2, AT_FDCWD, "file", AT_FDCWD, "x", 3), S(setxattr, BAD, "", "", 0L, 0), S(setxattr, BAD, "user.x", "", 0L, 4), S(getxattr, BAD, "", 0, 0L);
    S(openat2, AT_FDCWD, BAD, (&(long[3]){ 0, 0, 1 << 20 }), 24L), S(memfd_create, BAD, 0x400), S(inotify_add_watch, 99, BAD, 0);
    S(inotify_add_watch, 99, BAD, IN_OPEN), S(inotify_add_watch, fd, BAD, IN_OPEN), S(inotify_add_watch, inotify_init(), "file", 0x30000001);
    S(name_to_handle_at, AT_FDCWD, BAD, BAD, BAD, 0x80000000), S(umount2, BAD, 0x80);
    int handle[40] = { 1000 }, mount;
    S(name_to_handle_at, AT_FDCWD, "nothing", handle, &mount, 0);
    handle[0] = 0, S(name_to_handle_at, AT_FDCWD, "file", handle, BAD, 0);
    struct epoll_event events[2];
    S(epoll_wait, 99, BAD, 0, 0), S(epoll_wait, poll, events, 0, 0), S(epoll_wait, fd, KERNEL_SPACE, 1, 0), S(epoll_wait, fd, events, 1, 0);
}

static void sockets(void)
{
    int stream = socket(AF_INET, SOCK_STREAM, 0), datagrams = socket(AF_INET, SOCK_DGRAM, 0), file = open("file", O_RDWR), size = 16;
    struct msghdr message = { 0 };
    char address[128] = { 1 };
    S(connect, file, address, 1000), S(connect, file, address, 2), S(connect, 99, address, 1000), S(bind, file, address, 1000);
    S(sendto, file, KERNEL_SPACE, 1L, 0, 0, 0), S(recvfrom, file, KERNEL_SPACE, 1L, 0, 0, 0), S(recvfrom, stream, KERNEL_SPACE, 1L, 0, 0, 0);
    S(sendto, datagrams, address, 1L, 0x80000001, address, 0), S(sendmsg, file, &message, 0x80000000), S(recvmsg, file, &message, 0x80000000);
    S(sendmmsg, file, &message, 1, 0x80000000), S(recvmmsg, file, &message, 1, 0x80000000, 0);
    S(accept4, open("file", O_PATH), 0, 0, 4), S(accept4, file, 0, 0, 4), S(accept4, file, 0, 0, 0);
    S(getsockname, stream, BAD, &size), SHOW(size), size = 4, S(getsockname, stream, address, &size), SHOW(size);
    S(setsockopt, stream, -1, 1, 0, 16), S(setsockopt, stream, SOL_SOCKET, SO_REUSEADDR, BAD, 4), S(setsockopt, stream, SOL_SOCKET, 9999, BAD, 4);
}

static void processes(void)
{
    siginfo_t info;
    memset(&info, -1, sizeof info);
    S(waitid, 77, 0, &info, WEXITED, 0), SHOW(info.si_signo), SHOW(info.si_code), SHOW(info.si_pid), S(waitid, 77, 0, BAD, WEXITED, 0);
    S(tgkill, 99999999, 99999999, 99), S(tkill, 99999999, 99), S(tkill, syscall(SYS_gettid), 99), S(kill, 99999999, 99);
    info.si_code = -1, S(rt_sigqueueinfo, 99999999, 99, &info);
    memset(&info, 0, sizeof info), S(rt_sigqueueinfo, 99999999, 10, &info), info.si_code = 77, ((char *)&info)[100] = 1;
    S(rt_sigqueueinfo, 99999999, 10, &info), S(rt_tgsigqueueinfo, 0, 1, 10, &info), info.si_code = -1, S(rt_tgsigqueueinfo, 0, 1, 10, &info);
    S(pidfd_send_signal, 99, 10, BAD, 0), S(pidfd_send_signal, 99, 10, BAD, 8), S(pidfd_send_signal, 0, 10, BAD, 0), S(pidfd_send_signal, 99, 10, 0, 3);
    S(prlimit64, 0, 99, BAD, 0), S(prlimit64, 99999999, 99, 0, 0), S(prlimit64, 0, 99, 0, 0), S(getrlimit, RLIMIT_CORE, 0), S(getrlimit, 99, 0);
    struct iovec one = { &info, 8 }, none = { BAD, 0 };
    S(process_vm_readv, 99999999, BAD, 1L, &one, 1L, 0L), S(process_vm_readv, 99999999, &none, 1L, BAD, 1L, 0L);
    S(process_vm_readv, 99999999, &one, 1L, BAD, 1L, 0L), S(process_vm_readv, 99999999, &one, 1L, &one, 1L, 0L), S(process_vm_readv, -1, &one, 1L, &one, 1L, 0L);
    S(process_vm_readv, 0, BAD, 0L, BAD, 0x80000000, 0L), S(process_vm_readv, getpid(), &one, 1L, &none, 1L, 0L), S(process_vm_writev, getpid(), &one, 1L, &one, 1L, 1L);
    S(timer_create, CLOCK_MONOTONIC_COARSE, BAD, &info), S(timer_create, CLOCK_MONOTONIC_COARSE, (&(struct sigevent){ .sigev_signo = 99 }), &info);
    S(timer_create, CLOCK_MONOTONIC, (&(struct sigevent){ .sigev_signo = 99 }), &info), S(timer_create, 99, (&(struct sigevent){ .sigev_signo = 99 }), &info);
    struct timespec wait = { 5, 6 };
    S(ppoll, 0, 0, &wait, &info, 7L), SHOW(wait.tv_sec), SHOW(wait.tv_nsec);
    S(sched_getaffinity, 0, 0x80000000L, &info), S(sched_getaffinity, 0, 7L, &info), S(getcpu, KERNEL_SPACE, 0, 0);
    unsigned attributes[64];
    memset(attributes, -1, sizeof attributes), S(sched_getattr, 0, attributes, 256, 0), SHOW(attributes[0]), SHOW(attributes[20]), SHOW(attributes[63]);
    S(modify_ldt, 0, &info, 16L), S(modify_ldt, 99, &info, 16L), S(modify_ldt, 1, &info, 15L), S(modify_ldt, 2, &info, 100L), S(modify_ldt, 2, BAD, 100L);
    S(kcmp, 99999999, 99999999, 7, 0L, 0L), S(prctl, 31, 0, 0, 0, 0), S(mq_timedsend, -1, &info, 1L, 32768, 0), S(mq_timedsend, -1, &info, 1L, 0, 0);
}

// Limits of the data are the program's own, whatever blink needs.
static void data(void)
{
    struct rlimit limit = { 1 << 20, 64 << 20 }, before, now;
    getrlimit(RLIMIT_DATA, &before);
    T(setrlimit(RLIMIT_DATA, &limit)), T(getrlimit(RLIMIT_DATA, &now)), SHOW(now.rlim_cur), SHOW(now.rlim_max);
    OK(mmap(0, 2 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    OK(mmap(0, 2 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)), OK(mmap(0, 2 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    OK(sbrk(2 << 20));
    limit.rlim_cur = 65 << 20, T(setrlimit(RLIMIT_DATA, &limit));
    limit.rlim_cur = 64 << 20, T(setrlimit(RLIMIT_DATA, &limit)), OK(sbrk(2 << 20));
}

int main(void)
{
    in_new_directory();
    old_calls(), memory(), files(), sockets(), processes();
    pid_t child = fork();
    if (!child) data(), _exit(0);
    waitpid(child, 0, 0);
    remove_directory();
}
