// not under qemu: fcntl knows no F_GET_RW_HINT, openat2 does not check the flags, F_GETFL always says O_LARGEFILE.
#include "check.h"
#include <linux/openat2.h>
#include <sys/file.h>

static void flags(int fd) { T(fcntl(fd, F_GETFL)); T(fcntl(fd, F_GETFD)); }

int main(void)
{
    in_new_directory();
    umask(022);
    struct stat s;
    int fd = T(open("a", O_RDWR | O_CREAT | O_EXCL, 0666));
    flags(fd);
    T(open("a", O_RDWR | O_CREAT | O_EXCL, 0666));
    T(open("missing", O_RDONLY));
    T(open("a/b", O_RDONLY));
    T(open("", O_RDONLY));
    T(open(".", O_WRONLY));
    T(open("a", O_DIRECTORY));
    T(open(".", O_RDONLY | O_DIRECTORY | O_CREAT, 0600));
    T(symlink("a", "link")); T(symlink("loop", "loop")); T(symlink("missing", "dangling"));
    T(open("link", O_NOFOLLOW)); T(open("loop", O_RDONLY)); T(open("dangling", O_RDONLY));
    T(open("dangling", O_CREAT | O_EXCL | O_RDWR, 0600));
    int path = T(open("link", O_PATH | O_NOFOLLOW)); flags(path); T(fstat(path, &s)); T(S_ISLNK(s.st_mode));
    char text[100] = "";
    T(readlinkat(path, "", text, sizeof text));
    T(read(path, text, 1)); T(fchmod(path, 0600)); T(close(path));
    T(openat(99, "a", O_RDONLY)); T(openat(fd, "a", O_RDONLY)); T(openat(99, "/dev/null", O_RDONLY) >= 0);
    int dir = T(open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)); flags(dir);
    int at = T(openat(dir, "b", O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_SYNC, 0751)); flags(at);
    T(fstat(at, &s)); SHOW(s.st_mode); SHOW(s.st_nlink); SHOW(s.st_size); SHOW(s.st_blksize);
    T(fcntl(at, F_SETFL, O_RDWR | O_APPEND)); flags(at);
    T(fcntl(at, F_SETFL, 0)); flags(at);
    T(fcntl(at, F_SETFD, 1)); flags(at);
    int tmp = open(".", O_TMPFILE | O_RDWR, 0600); OK(tmp); if (tmp >= 0) { flags(tmp); T(fstat(tmp, &s)); SHOW(s.st_nlink); }
    T(syscall(SYS_open, BAD, O_RDONLY)); T(syscall(SYS_open, KERNEL, O_RDONLY)); T(syscall(SYS_open, 0, O_RDONLY));
    char *name = malloc(5000); memset(name, 'n', 5000); name[4999] = 0;
    T(open(name, O_RDONLY)); name[4095] = 0; T(open(name, O_RDONLY)); name[256] = 0; T(open(name, O_RDONLY)); name[255] = 0; T(open(name, O_RDONLY));
    memset(name, '/', 4200); name[4096] = 0; T(open(name, O_RDONLY)); name[4095] = 0; T(open(name, O_RDONLY) >= 0);
    T(open("a", 0xffffff & ~O_PATH & ~O_TMPFILE & ~O_CREAT & ~O_TRUNC & ~O_DIRECT & ~3) >= 0);
    T(open("a", 3) >= 0);
    T(creat("c", 07777)); T(stat("c", &s)); SHOW(s.st_mode);

    struct open_how how = {.flags = O_RDWR | O_CREAT, .mode = 0640};
    OK(syscall(SYS_openat2, dir, "d", &how, sizeof how));
    how.flags = O_RDONLY; T(syscall(SYS_openat2, dir, "d", &how, sizeof how));
    how.mode = 0; how.resolve = RESOLVE_BENEATH; T(syscall(SYS_openat2, dir, "../x", &how, sizeof how));
    how.resolve = RESOLVE_NO_SYMLINKS; T(syscall(SYS_openat2, dir, "link", &how, sizeof how));
    how.resolve = 1 << 20; T(syscall(SYS_openat2, dir, "link", &how, sizeof how));
    how.resolve = 0; how.flags = 1L << 40; T(syscall(SYS_openat2, dir, "link", &how, sizeof how));
    T(syscall(SYS_openat2, dir, "link", &how, 8)); T(syscall(SYS_openat2, dir, "link", BAD, sizeof how));

    // Numbers.
    T(dup2(fd, 50)); T(dup2(fd, fd)); T(dup2(99, 99)); T(dup2(99, 60)); T(dup2(fd, -1)); T(dup3(fd, fd, 0)); T(dup3(fd, 51, O_CLOEXEC)); flags(51);
    T(dup3(fd, 52, O_NONBLOCK)); T(fcntl(fd, F_DUPFD, 70)); T(fcntl(fd, F_DUPFD_CLOEXEC, 70)); flags(71); T(fcntl(fd, F_DUPFD, -1));
    T(fcntl(fd, F_DUPFD, 1 << 30)); T(fcntl(99, F_GETFD)); T(fcntl(fd, 12345)); T(fcntl(99, 12345)); T(dup(99));
    T(close_range(50, 80, 0)); T(fcntl(51, F_GETFD)); T(close_range(80, 50, 0)); T(close_range(50, 80, 64)); T(close(99)); T(close(-1));
    struct rlimit limit; T(getrlimit(RLIMIT_NOFILE, &limit));
    struct rlimit few = {40, limit.rlim_max}; T(setrlimit(RLIMIT_NOFILE, &few));
    int last = -1, count = 0; for (int i; (i = dup(fd)) >= 0; count++) last = i; T(dup(fd)); SHOW(last); 
    T(dup2(fd, 40)); T(dup2(fd, 39)); T(fcntl(fd, F_DUPFD, 40)); T(close_range(20, ~0u, 0)); T(setrlimit(RLIMIT_NOFILE, &limit));
    struct rlimit most = {limit.rlim_max, limit.rlim_max}; T(setrlimit(RLIMIT_NOFILE, &most));
    // Every number above ours is free for the guest.
    int used = 0; for (int i = 100; i < 5000; i++) used += fcntl(i, F_GETFD) >= 0; SHOW(used);
    int failed = 0; for (int i = 100; i < 5000; i++) failed += dup2(fd, i) != i; SHOW(failed);
    T(close_range(100, 6000, 0));

    // Length.
    T(ftruncate(fd, 5000)); T(fstat(fd, &s)); SHOW(s.st_size); SHOW(s.st_blocks); T(ftruncate(fd, -1)); T(truncate("a", -1)); T(truncate("missing", 0)); T(truncate(".", 0)); T(truncate("a", 10));
    T(syscall(SYS_truncate, BAD, 0)); T(ftruncate(dir, 0)); T(ftruncate(99, 0));
    T(fallocate(fd, 0, 0, 10000)); T(fstat(fd, &s)); SHOW(s.st_size); T(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 20000)); T(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
    T(fallocate(fd, 0, -1, 10)); T(fallocate(fd, 0, 0, 0)); T(fallocate(fd, 0x400, 0, 1)); T(fallocate(99, 0, 0, 1)); T(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED)); T(posix_fadvise(fd, 0, 0, 99)); T(posix_fadvise(99, 0, 0, 0));
    T(readahead(fd, 0, 100)); T(readahead(99, 0, 100)); T(sync_file_range(fd, 0, 0, 0)); T(sync_file_range(fd, 0, 0, 99)); T(fsync(fd)); T(fdatasync(fd)); T(fsync(99)); T(syncfs(fd)); T(syncfs(99));

    // Locks.
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 20};
    T(fcntl(fd, F_SETLK, &lock));
    fflush(stdout);
    if (!fork()) {
        struct flock probe = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 100};
        T(fcntl(fd, F_GETLK, &probe)); SHOW(probe.l_type); SHOW(probe.l_start); SHOW(probe.l_len); SHOW(probe.l_pid == getppid());
        T(fcntl(fd, F_SETLK, &probe)); probe.l_start = 30; T(fcntl(fd, F_SETLK, &probe));
        T(fcntl(fd, F_OFD_GETLK, &probe)); probe.l_pid = 0; T(fcntl(fd, F_OFD_SETLK, &probe));
        _exit(0);
    }
    wait(0);
    lock.l_type = F_UNLCK; T(fcntl(fd, F_SETLKW, &lock)); lock.l_type = 9; T(fcntl(fd, F_SETLK, &lock)); T(syscall(SYS_fcntl, fd, F_SETLK, BAD)); T(syscall(SYS_fcntl, 99, F_SETLK, BAD));
    T(flock(fd, LOCK_EX)); int other = open("a", O_RDWR); T(flock(other, LOCK_EX | LOCK_NB)); T(flock(fd, LOCK_UN)); T(flock(other, LOCK_SH | LOCK_NB)); T(flock(other, 77)); T(flock(99, LOCK_SH));

    // Owners, signals, leases, hints.
    int p[2]; T(pipe(p)); T(fcntl(p[0], F_SETOWN, getpid())); T(fcntl(p[0], F_GETOWN) == getpid()); T(fcntl(p[0], F_SETSIG, SIGUSR1)); T(fcntl(p[0], F_GETSIG)); T(fcntl(p[0], F_SETSIG, 99));
    struct f_owner_ex owner = {F_OWNER_PID, 0}; T(fcntl(p[0], F_GETOWN_EX, &owner)); SHOW(owner.type); T(owner.pid == getpid()); owner.type = 77; T(fcntl(p[0], F_SETOWN_EX, &owner));
    T(fcntl(other, F_GETLEASE)); uint64_t hint = 7; T(fcntl(fd, F_GET_RW_HINT, &hint)); SHOW(hint); hint = 2; T(fcntl(fd, F_SET_RW_HINT, &hint)); T(fcntl(fd, F_GET_RW_HINT, &hint)); SHOW(hint);
    int memory = T(memfd_create("name", MFD_ALLOW_SEALING)); T(fcntl(memory, F_GET_SEALS)); T(ftruncate(memory, 100)); T(fcntl(memory, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_WRITE)); T(write(memory, "a", 1)); T(ftruncate(memory, 200)); T(ftruncate(memory, 50)); T(fcntl(fd, F_GET_SEALS));
    T(memfd_create("x", 0x10000)); T(syscall(SYS_memfd_create, BAD, 0)); memset(name, 'm', 300); name[249] = 0; T(memfd_create(name, 0) >= 0); name[249] = 'm'; name[250] = 0; T(memfd_create(name, 0));
    remove_directory();
    return 0;
}
