// not under qemu: /proc/self/maps is made anew at each opening, whatever the flags; the name in /proc/self/stat is the emulator's.
#include "check.h"
#include <dirent.h>
#include <linux/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <utime.h>

static int compare(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }

static void list(int fd, int old)
{
    char raw[700], *names[300];
    int count = 0, n;
    lseek(fd, 0, SEEK_SET);
    while ((n = syscall(old ? SYS_getdents : SYS_getdents64, fd, raw, sizeof raw)) > 0)
        for (int at = 0; at < n;) {
            unsigned short size = *(unsigned short *)(raw + at + 16);
            char text[300];
            snprintf(text, sizeof text, "%s type %d", raw + at + (old ? 18 : 19), old ? raw[at + size - 1] : raw[at + 18]);
            names[count++] = strdup(text);
            at += size;
        }
    SHOW(n);
    qsort(names, count, sizeof *names, compare);
    for (int i = 0; i < count; i++) puts(names[i]);
}

int main(void)
{
    in_new_directory();
    umask(0);
    struct stat s, s2;
    T(mkdir("d", 0755)); T(mkdir("d", 0755)); T(mkdir("x/y", 0755)); T(mkdir("", 0755)); T(mkdir("d/e/", 01777)); T(stat("d/e", &s)); SHOW(s.st_mode);
    T(syscall(SYS_mkdir, BAD, 0)); T(rmdir("d")); T(rmdir("missing")); T(rmdir("d/e/.")); T(rmdir("d/e/..")); T(rmdir("d/e"));
    int dir = T(open("d", O_RDONLY | O_DIRECTORY)); T(mkdirat(dir, "f", 0700)); T(mkdirat(99, "f", 0700)); T(unlinkat(dir, "f", 0)); T(unlinkat(dir, "f", AT_REMOVEDIR)); T(unlinkat(dir, "f", 77));
    close(T(creat("file", 0644))); T(unlink("d")); T(unlink("missing")); T(unlink("file/")); T(link("file", "hard")); T(link("file", "hard")); T(link("missing", "h2")); T(link("d", "h2")); T(stat("file", &s)); SHOW(s.st_nlink); T(stat("hard", &s2)); SHOW(s.st_ino == s2.st_ino);
    T(symlink("file", "soft")); T(symlink("", "s2")); T(symlink("file", "soft")); T(lstat("soft", &s)); SHOW(s.st_mode); SHOW(s.st_size); T(linkat(AT_FDCWD, "soft", AT_FDCWD, "h3", 0)); T(lstat("h3", &s)); SHOW(S_ISLNK(s.st_mode)); T(linkat(AT_FDCWD, "soft", AT_FDCWD, "h4", AT_SYMLINK_FOLLOW)); T(lstat("h4", &s)); SHOW(S_ISREG(s.st_mode)); T(linkat(AT_FDCWD, "soft", AT_FDCWD, "h5", 77));
    char text[100] = ""; T(readlink("soft", text, 100)); puts(text); T(readlink("soft", text, 2)); T(readlink("file", text, 2)); T(readlink("soft", text, 0)); T(syscall(SYS_readlink, "soft", text, -1)); T(syscall(SYS_readlink, "soft", BAD, 10)); T(readlink("missing", text, 10)); T(readlink("soft/", text, 10));
    T(rename("file", "file2")); T(rename("missing", "x")); T(rename("d", "file2")); T(rename("file2", "d")); T(mkdir("d2", 0700)); T(rename("d", "d2")); T(rename("d2", "d2/sub")); T(renameat2(AT_FDCWD, "file2", AT_FDCWD, "hard", RENAME_NOREPLACE)); T(renameat2(AT_FDCWD, "file2", AT_FDCWD, "d2", RENAME_EXCHANGE)); T(renameat2(AT_FDCWD, "file2", AT_FDCWD, "d2", 99)); T(renameat2(AT_FDCWD, "file2", AT_FDCWD, "d2", RENAME_EXCHANGE));
    T(mknod("fifo", S_IFIFO | 0640, 0)); T(stat("fifo", &s)); SHOW(s.st_mode); T(mknod("reg", 0600, 0)); T(mknod("bad", 0170000, 0)); T(mknodat(99, "n", 0600, 0)); T(mknod("sock", S_IFSOCK | 0777, 0)); T(mknod("file2", 0600, 0));
    int here = open(".", O_RDONLY); list(here, 0); list(here, 1); T(syscall(SYS_getdents64, here, text, 1)); T(lseek(here, 0, SEEK_SET)); T(syscall(SYS_getdents64, here, text, 1)); T(syscall(SYS_getdents64, here, BAD, 4096)); T(syscall(SYS_getdents64, 99, text, 100)); close(T(open("file2", O_RDONLY))); T(syscall(SYS_getdents64, open("file2", O_RDONLY), text, 100));

    // Where we are.
    char cwd[PATH_MAX]; T(chdir("d2")); long n = syscall(SYS_getcwd, cwd, sizeof cwd); SHOW(n == (long)strlen(cwd) + 1); T(syscall(SYS_getcwd, cwd, 3)); T(syscall(SYS_getcwd, BAD, 4096)); T(chdir("..")); T(chdir("file2")); T(chdir("missing")); T(fchdir(dir)); T(fchdir(99)); T(fchdir(open("../file2", O_RDONLY))); T(chdir("..")); T(syscall(SYS_chdir, BAD));
    T(mkdir("gone", 0700)); T(chdir("gone")); T(rmdir("../gone")); T(syscall(SYS_getcwd, cwd, sizeof cwd)); T(creat("x", 0600)); T(fchdir(here));

    // Looking.
    T(syscall(SYS_stat, "file2", BAD)); T(syscall(SYS_stat, BAD, &s)); T(stat("", &s)); T(fstat(99, &s)); T(fstatat(here, "", &s, 0)); T(fstatat(here, "", &s, AT_EMPTY_PATH)); SHOW(S_ISDIR(s.st_mode)); T(fstatat(here, "soft", &s, AT_SYMLINK_NOFOLLOW)); T(fstatat(here, "soft", &s, 77)); T(fstatat(99, "soft", &s, 0)); T(fstatat(99, "/", &s, 0));
    T(stat("/dev/null", &s)); SHOW(major(s.st_rdev)); SHOW(minor(s.st_rdev)); SHOW(s.st_mode); SHOW(s.st_size); SHOW(s.st_blocks);
    struct statx x; memset(&x, 0xee, sizeof x); T(statx(AT_FDCWD, "file2", 0, STATX_BASIC_STATS | STATX_BTIME, &x)); SHOW(x.stx_mask & STATX_BASIC_STATS); SHOW(x.stx_mode); SHOW(x.stx_size); SHOW(x.stx_nlink); stat("file2", &s); SHOW(x.stx_ino == s.st_ino); SHOW(makedev(x.stx_dev_major, x.stx_dev_minor) == s.st_dev); SHOW(x.stx_mtime.tv_sec == s.st_mtim.tv_sec); SHOW(x.stx_mtime.tv_nsec == s.st_mtim.tv_nsec); SHOW(x.__spare3[5]);
    T(statx(AT_FDCWD, "file2", AT_STATX_SYNC_TYPE, 0, &x)); T(statx(AT_FDCWD, "file2", 0, 0x80000000, &x)); T(statx(AT_FDCWD, "file2", 7, 0, &x)); T(statx(here, "", AT_EMPTY_PATH, STATX_TYPE, &x)); SHOW(S_ISDIR(x.stx_mode)); T(syscall(SYS_statx, AT_FDCWD, "file2", 0, 0, BAD));
    T(access("file2", F_OK)); T(access("file2", 8)); T(access("missing", F_OK)); T(access("file2", R_OK | W_OK)); T(access("d2", X_OK)); T(syscall(SYS_faccessat2, AT_FDCWD, "file2", R_OK, AT_EACCESS)); T(syscall(SYS_faccessat2, AT_FDCWD, "soft", F_OK, AT_SYMLINK_NOFOLLOW)); T(syscall(SYS_faccessat2, AT_FDCWD, "soft", F_OK, 77)); T(syscall(SYS_access, BAD, 0));
    struct statfs f; T(statfs("/proc", &f)); SHOW(f.f_type); SHOW(f.f_bsize); SHOW(f.f_namelen); T(statfs("missing", &f)); T(fstatfs(here, &f)); SHOW(f.f_type); SHOW(f.f_blocks > f.f_bfree); T(fstatfs(99, &f)); T(syscall(SYS_statfs, "/", BAD));

    // Changing.
    T(chmod("file2", 04711)); T(stat("file2", &s)); SHOW(s.st_mode); T(chmod("file2", 0200000644)); T(stat("file2", &s)); SHOW(s.st_mode); T(chmod("missing", 0)); T(fchmod(here, 0700)); T(fchmod(99, 0)); T(fchmodat(here, "file2", 0600, 0)); T(syscall(SYS_fchmodat, here, "", 0600)); T(syscall(452, here, "soft", 0600, AT_SYMLINK_NOFOLLOW)); T(syscall(452, here, "soft", 0600, 77));
    T(chown("file2", -1, -1)); T(chown("file2", getuid(), getgid())); T(lchown("soft", -1, -1)); T(chown("missing", -1, -1)); T(fchown(99, -1, -1)); T(fchownat(here, "", -1, -1, AT_EMPTY_PATH)); T(fchownat(here, "", -1, -1, 0)); T(fchownat(here, "file2", -1, -1, 77));
    struct timespec t[2] = {{100, 5}, {200, 7}}; T(utimensat(here, "file2", t, 0)); stat("file2", &s); SHOW(s.st_atim.tv_sec); SHOW(s.st_atim.tv_nsec); SHOW(s.st_mtim.tv_sec); SHOW(s.st_mtim.tv_nsec);
    t[0].tv_nsec = UTIME_OMIT; t[1].tv_sec = -5; T(utimensat(here, "file2", t, 0)); stat("file2", &s); SHOW(s.st_atim.tv_sec); SHOW(s.st_mtim.tv_sec); t[1].tv_nsec = 1000000000; T(utimensat(here, "file2", t, 0)); t[1].tv_nsec = UTIME_OMIT; T(utimensat(here, "missing", t, 0)); t[1].tv_nsec = 0; T(utimensat(here, "missing", t, 0)); T(utimensat(here, "file2", 0, 77)); T(syscall(SYS_utimensat, here, 0, t, 0)); T(syscall(SYS_utimensat, here, 0, t, AT_SYMLINK_NOFOLLOW)); T(syscall(SYS_utimensat, here, "file2", BAD, 0)); T(utimensat(here, "soft", t, AT_SYMLINK_NOFOLLOW)); T(syscall(SYS_utimensat, AT_FDCWD, 0, t, 0));
    struct utimbuf u = {1, 2}; T(utime("file2", &u)); stat("file2", &s); SHOW(s.st_atime); SHOW(s.st_mtime); struct timeval v[2] = {{3, 4}, {5, 6}}; T(utimes("file2", v)); stat("file2", &s); SHOW(s.st_atim.tv_nsec); v[0].tv_usec = 1000000; T(syscall(SYS_utimes, "file2", v)); T(syscall(SYS_futimesat, here, "file2", v)); v[0].tv_usec = 0; T(syscall(SYS_futimesat, here, 0, v)); T(syscall(SYS_futimesat, here, "file2", v));
    T(umask(027)); T(umask(07777)); T(umask(0));
    char value[64]; T(setxattr("file2", "user.name", "value", 5, 0)); T(getxattr("file2", "user.name", value, 64)); T(getxattr("file2", "user.name", value, 2)); T(getxattr("file2", "user.name", 0, 0)); T(getxattr("file2", "user.none", value, 64)); T(setxattr("file2", "user.name", "v", 1, XATTR_CREATE)); T(setxattr("file2", "user.none", "v", 1, XATTR_REPLACE)); T(setxattr("file2", "", "v", 1, 0)); T(setxattr("file2", "user.name", "v", 1, 77)); T(listxattr("file2", value, 64)); T(listxattr("file2", value, 1)); T(fgetxattr(99, "user.name", value, 1)); T(lgetxattr("soft", "user.name", value, 64)); T(removexattr("file2", "user.name")); T(removexattr("file2", "user.name")); T(syscall(SYS_getxattr, "file2", BAD, value, 64)); T(syscall(SYS_setxattr, "file2", "user.a", BAD, 4, 0)); T(setxattr("file2", "user.big", value, 70000, 0)); T(setxattr("file2", "nonsense", "v", 1, 0));

    // /proc is ours.
    T(access("/proc/self/exe", X_OK)); T(stat("/proc/self/exe", &s)); SHOW(s.st_size > 100000); SHOW(S_ISREG(s.st_mode)); n = readlink("/proc/self/exe", cwd, sizeof cwd); cwd[n > 0 ? n : 0] = 0; char *base = strrchr(cwd, '/'); puts(base ? base : "?"); int exe = T(open("/proc/self/exe", O_RDONLY)); T(fstat(exe, &s2)); SHOW(s.st_ino == s2.st_ino); unsigned char magic[4]; T(read(exe, magic, 4)); SHOW(magic[0]); T(lstat("/proc/self/exe", &s)); SHOW(S_ISLNK(s.st_mode)); T(chdir("/proc/self")); n = readlink("exe", cwd, sizeof cwd); cwd[n > 0 ? n : 0] = 0; base = strrchr(cwd, '/'); puts(base ? base : "?"); T(fchdir(here));
    char small[200]; FILE *proc = fopen("/proc/self/cmdline", "r"); n = proc ? fread(small, 1, sizeof small - 1, proc) : 0; small[n] = 0; base = strrchr(small, '/'); puts(base ? base : small); if (proc) fclose(proc);
    T(open("/proc/self/maps", O_WRONLY)); T(open("/proc/self/maps", O_RDONLY | O_DIRECTORY)); T(readlink("/proc/self/maps", small, 10)); OK(open("/proc/self/status", O_RDONLY | O_CLOEXEC)); T(open("/proc/self/nothing", O_RDONLY));
    proc = fopen("/proc/self/stat", "r"); int pid = 0; char comm[64], state; if (proc && fscanf(proc, "%d %63s %c", &pid, comm, &state) == 3) { SHOW(pid == getpid()); puts(comm); printf("%c\n", state); }
    remove_directory();
    return 0;
}
