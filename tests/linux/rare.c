// Calls that few programs make, most of them asked for what they must refuse.
#include "check.h"
#include <sys/syscall.h>
#include <sys/xattr.h>

// In a child, since what it gives up does not come back.
#define CHILD(...) do { fflush(stdout); if (!fork()) { __VA_ARGS__; exit(0); } int status; wait(&status); SHOW(status); } while (0)

int main(void)
{
    in_new_directory();
    char buffer[4096];
    close(T(creat("file", 0600))); T(symlink("file", "soft"));
    int here = T(open(".", O_RDONLY)), fd = T(open("file", O_RDWR));
    T(syscall(SYS_syslog, 99, buffer, 10)); T(syscall(SYS_syslog, 3, 0, 10)); T(syscall(SYS_syslog, 3, buffer, -1)); T(syscall(SYS_syslog, 10, 0, 0) > 0);
    CHILD(T(setgid(getgid())); T(setregid(-1, getgid())); T(setresgid(-1, -1, getgid())); T(syscall(SYS_setfsgid, -1) == getgid()); T(setuid(getuid())));
    CHILD(gid_t list[2] = {1, 2}; OK(syscall(SYS_setgroups, 2, list)); T(syscall(SYS_getgroups, 0, 0) >= 0); T(syscall(SYS_setgroups, -1, list)); T(syscall(SYS_setgroups, 2, BAD)); T(syscall(SYS_setgroups, 0, 0)));
    CHILD(if (getuid() == 0) { T(setresuid(1000, 1000, 1000)); T(setuid(0)); T(setresuid(0, 0, 0)); T(getuid()); T(creat("/refused", 0600)); T(kill(1, 0)); });
    T(syscall(SYS_ustat, 0xffff, buffer)); struct stat s; stat("/dev", &s); T(syscall(SYS_ustat, s.st_dev, buffer)); 
    T(syscall(SYS_sched_setparam, 0, 0)); int priority = 0; T(syscall(SYS_sched_setparam, 0, &priority)); priority = 5; T(syscall(SYS_sched_setparam, 0, &priority)); T(syscall(SYS_sched_setparam, -1, &priority));
    unsigned attr[14] = {0}; T(syscall(SYS_sched_getattr, 0, attr, sizeof attr, 0)); SHOW(attr[0]); SHOW(attr[1]); T(syscall(SYS_sched_getattr, 0, attr, 10, 0)); T(syscall(SYS_sched_getattr, 0, attr, sizeof attr, 1));
    T(mlockall(0)); T(mlockall(64)); T(syscall(SYS_munlockall)); char *page = mmap(0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); T(syscall(SYS_mlock2, page, 100, 0)); T(syscall(SYS_mlock2, page, 100, 7)); T(munlock(page, 100));
    T(syscall(SYS_pkey_mprotect, page, 4096, 1, -1)); T(syscall(SYS_pkey_free, 5)); T(syscall(SYS_pkey_alloc, 1, 0)); T(syscall(SYS_pkey_alloc, 0, 99));
    T(syscall(SYS_modify_ldt, 0, buffer, 100)); T(syscall(SYS_pivot_root, "missing", "file")); CHILD(T(chroot("missing")); T(chroot("file"));  if (getuid() == 0) { T(mkdir("root", 0700)); T(chroot("root")); T(chdir("/")); T(access("/proc", F_OK)); T(creat("inside", 0600)); T(syscall(SYS_getcwd, buffer, 100)); });
    sync(); T(acct("missing")); T(syscall(SYS_acct, BAD)); T(syscall(SYS_settimeofday, 0, 0)); struct timeval tv = {1, 1000000}; T(syscall(SYS_settimeofday, &tv, 0)); T(mount("none", "missing", "tmpfs", 0, 0)); T(mount("none", "file", "nonsense", 0, 0)); T(umount2("missing", 0)); T(umount2("file", 0)); T(umount2(".", 77)); T(syscall(SYS_swapon, "missing", 0)); T(syscall(SYS_swapoff, "missing")); T(syscall(SYS_reboot, 1, 2, 3, 0)); T(sethostname("x", -1)); T(syscall(SYS_sethostname, BAD, 3)); T(setdomainname("x", 100)); 
    T(lsetxattr("soft", "user.a", "b", 1, 0)); T(fsetxattr(fd, "user.a", "bc", 2, 0)); T(llistxattr("soft", buffer, 100)); T(flistxattr(fd, buffer, 100)); puts(buffer); T(lremovexattr("soft", "user.a")); T(fremovexattr(fd, "user.a")); T(fremovexattr(99, "user.a"));
    T(syscall(SYS_tkill, -1, 0)); T(syscall(SYS_tkill, getpid(), 0)); T(syscall(SYS_tgkill, getpid(), getpid(), 0)); T(syscall(SYS_tgkill, -1, getpid(), 0)); T(syscall(SYS_tkill, getpid(), 99)); T(syscall(SYS_restart_syscall)); struct timespec t = {0, 0}; T(syscall(SYS_clock_settime, CLOCK_MONOTONIC, &t)); t.tv_nsec = -1; T(syscall(SYS_clock_settime, CLOCK_REALTIME, &t));
    close(T(syscall(SYS_inotify_init))); T(renameat(here, "file", here, "file2")); T(symlinkat("x", here, "link2")); T(symlinkat("x", 99, "link2")); T(syscall(SYS_symlinkat, BAD, here, "l"));
    void *head; size_t length; T(syscall(SYS_get_robust_list, 0, &head, &length)); SHOW(length); T(syscall(SYS_get_robust_list, 0, BAD, &length)); siginfo_t info = {.si_code = SI_QUEUE}; signal(SIGUSR1, SIG_IGN); T(syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGUSR1, &info)); info.si_code = 1; T(syscall(SYS_rt_tgsigqueueinfo, getppid(), getppid(), SIGUSR1, &info)); T(syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGUSR1, BAD)); T(syscall(SYS_pidfd_send_signal, 99, 0, 0, 0)); 
    struct { unsigned size; int type; char raw[128]; } handle = {128}; int mount_id; OK(syscall(SYS_name_to_handle_at, here, "file2", &handle, &mount_id, 0)); handle.size = 0; T(syscall(SYS_name_to_handle_at, here, "file2", &handle, &mount_id, 0)); handle.size = 1000; T(syscall(SYS_name_to_handle_at, here, "file2", &handle, &mount_id, 0)); handle.size = 0; T(syscall(SYS_open_by_handle_at, here, &handle, 0)); T(syscall(SYS_seccomp, 99, 0, 0)); T(syscall(SYS_execveat, here, "missing", 0, 0, 0)); T(syscall(SYS_execveat, here, "file2", 0, 0, 77)); T(syscall(SYS_execveat, 99, "file2", 0, 0, 0));
    T(syscall(SYS_unshare, 0x200)); T(syscall(SYS_unshare, 1)); T(syscall(SYS_setns, 99, 0)); T(syscall(SYS_setns, fd, 0)); int pidfd = T(syscall(SYS_pidfd_open, getpid(), 0)); T(fcntl(pidfd, F_GETFD)); T(syscall(SYS_pidfd_open, -1, 0)); T(syscall(SYS_pidfd_open, getpid(), 77)); T(syscall(SYS_pidfd_getfd, pidfd, fd, 0)); T(syscall(SYS_pidfd_getfd, pidfd, 999, 0)); T(syscall(SYS_pidfd_send_signal, pidfd, 0, 0, 0)); T(syscall(SYS_kcmp, getpid(), getpid(), 0, fd, fd)); T(syscall(SYS_kcmp, getpid(), getpid(), 99, 0, 0)); T(syscall(SYS_kcmp, getpid(), getpid(), 0, 999, fd));
    struct iovec local[2] = {{buffer, 3}, {buffer + 10, 100}}, remote[2] = {{"abcdef", 6}, {BAD, 5}}; T(syscall(SYS_process_vm_readv, getpid(), local, 2, remote, 1, 0)); T(buffer[12]); T(syscall(SYS_process_vm_readv, getpid(), local, 2, remote, 2, 0)); T(syscall(SYS_process_vm_readv, getpid(), local, 2, remote + 1, 1, 0)); T(syscall(SYS_process_vm_writev, getpid(), remote, 1, local, 2, 0)); T(syscall(SYS_process_vm_readv, getpid(), local, 2, remote, 1, 7)); T(syscall(SYS_process_vm_readv, getpid(), local, 5000, remote, 1, 0));
    attr[0] = 48; T(syscall(SYS_sched_setattr, 0, attr, 0)); attr[0] = 5; T(syscall(SYS_sched_setattr, 0, attr, 0)); SHOW(attr[0]); attr[0] = 48; attr[1] = 99; T(syscall(SYS_sched_setattr, 0, attr, 0)); T(syscall(SYS_sched_setattr, -1, attr, 0)); T(syscall(SYS_sched_setattr, 0, 0, 0));
    T(syscall(SYS_uselib, "x")); T(syscall(SYS__sysctl, 0)); T(syscall(SYS_getpmsg)); T(syscall(SYS_vserver)); T(syscall(SYS_epoll_ctl_old)); T(syscall(SYS_create_module, "x", 1)); T(syscall(SYS_tuxcall));
    remove_directory();
    return 0;
}
