// Where paths lead in a root: run after chroot and with blink's -C.
#include "../linux/check.h"
#include <linux/openat2.h>
#include <dirent.h>
#include <sys/inotify.h>
#include <sys/un.h>

static long o2(int d, const char *p, unsigned long flags, unsigned long resolve)
{
    struct open_how h = {.flags = flags, .resolve = resolve};
    return syscall(SYS_openat2, d, p, &h, sizeof h);
}
// What is open now, by its number among what was made, since there may be no procfs.
static const char *made[] = {"/", "/d", "/d/e", "/d/f"};
static struct stat known[4];

static void where(long fd)
{
    struct stat s;
    if (fd < 0) {
        printf("%s\n", strerrorname_np(errno));
        return;
    }
    fstat(fd, &s);
    // What is made anew may have another number.
    for (int i = 0; i < 4; i++)
        if (stat(made[i], known + i)) known[i].st_ino = 0;
    int i = 0;
    while (i < 4 && known[i].st_ino != s.st_ino) i++;
    printf("%s\n", i < 4 ? made[i] : S_ISLNK(s.st_mode) ? "a link" : "another");
    close(fd);
}

int main(int c, char **v)
{
    mkdir("/d", 0755);
    mkdir("/d/e", 0755);
    close(open("/d/f", O_CREAT | O_RDWR, 0644));
    symlink("/d/f", "/abs");
    symlink("d/f", "/rel");
    symlink("../d/e/../f", "/d/up");
    symlink("/", "/d/root");
    symlink("..", "/d/parent");
    symlink("loop", "/loop");
    symlink("nowhere", "/dangling");
    symlink("/d", "/dirlink");
    const char *paths[] = {"/", "/d", "/d/f", "d/f", "/abs", "/rel", "/d/up", "/d/root/d/f", "/d/parent/d/f", "/loop", "/dangling", "/dangling/x", "/../../d/f", "../../../d/f", "/d/..", "/d/../..", "/d/f/", "/d/f/..", "/d/e/", "/d/e/.", "/dirlink/f", "/dirlink/", "/d//f", "//d/f", "", "/d/nothing", "/d/nothing/", "/d/nothing/x", ".", "..", "/.", "/..", "/abs/", "/d/root", "/d/parent/.."};
    unsigned long resolves[] = {0, RESOLVE_NO_SYMLINKS, RESOLVE_NO_MAGICLINKS, RESOLVE_BENEATH, RESOLVE_IN_ROOT, RESOLVE_NO_XDEV, RESOLVE_BENEATH | RESOLVE_IN_ROOT, 0x100};
    T(chdir("/"));
    int d = open("/d", O_PATH | O_DIRECTORY);
    for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *p = paths[i];
        struct stat s;
        printf("%s: stat %d", p, stat(p, &s) ? -errno : s.st_mode >> 12);
        printf(" lstat %d", lstat(p, &s) ? -errno : s.st_mode >> 12);
        char t[300];
        int n = readlink(p, t, 299);
        printf(" readlink %d %.*s", n < 0 ? -errno : n, n < 0 ? 0 : n, t);
        printf(" access %d open ", access(p, R_OK) ? -errno : 0);
        where(open(p, O_RDONLY));
        for (unsigned k = 0; k < 8; k++) for (int b = 0; b < 2; b++) {
            printf("  %lx %s: ", resolves[k], b ? "d" : "cwd");
            where(o2(b ? d : AT_FDCWD, p, O_PATH, resolves[k]));
        }
        printf("  nofollow ");
        where(open(p, O_RDONLY | O_NOFOLLOW));
        printf("  create ");
        where(open(p, O_RDWR | O_CREAT | O_EXCL, 0600));
        printf("  at d ");
        where(openat(d, p, O_PATH));
        printf("  d/parent relative ");
        where(openat(d, "../d/up", O_PATH));
        printf("  mkdir %d rmdir %d unlink %d link %d rename %d\n", mkdir(p, 0700) ? -errno : 0, rmdir(p) ? -errno : 0, strcmp(p, "/d/f") && strcmp(p, "d/f") && strcmp(p, "/d//f") && strcmp(p, "//d/f") && strcmp(p, "/abs") && strcmp(p, "/rel") && strcmp(p, "/d/up") && strcmp(p, "/loop") && !strstr(p, "d/f") && strcmp(p, "/dangling") && strcmp(p, "/d/root") && strcmp(p, "/dirlink") ? unlink(p) ? -errno : 0 : 0, link(p, "/linked") ? -errno : (unlink("/linked"), 0), rename(p, "/d/nothing/x") ? -errno : 0);
        fflush(stdout);
        unlink("/nowhere");
        mkdir("/d/e", 0755);
    }
    // chdir and getcwd
    char b[300];
    T(chdir("/d/e"));
    puts(getcwd(b, 300));
    T(chdir(".."));
    puts(getcwd(b, 300));
    T(chdir("../../.."));
    puts(getcwd(b, 300));
    T(chdir("/d/root/d/parent/d/e"));
    puts(getcwd(b, 300));
    T(fchdir(d));
    puts(getcwd(b, 300));
    T(chdir("/"));
    // directories can be sought
    for (int i = 0; i < 40; i++) {
        snprintf(b, 300, "/d/e/%02d", i);
        close(open(b, O_CREAT, 0600));
    }
    DIR *D = opendir("/d/e");
    int n = 0;
    long at[100];
    char names[100][8];
    struct dirent *e;
    while ((at[n] = telldir(D), e = readdir(D))) snprintf(names[n++], 8, "%.7s", e->d_name);
    SHOW(n);
    int wrong = 0;
    for (int i = n - 1; i >= 0; i -= 3) {
        seekdir(D, at[i]);
        e = readdir(D);
        wrong += !e || strcmp(e->d_name, names[i]);
    }
    SHOW(wrong);
    rewinddir(D);
    int m = 0;
    while (readdir(D)) m++;
    SHOW(m);
    closedir(D);
    // sockets by path, inotify by path
    int s = socket(AF_UNIX, SOCK_STREAM, 0), k = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un a = {AF_UNIX, "/d/sock"};
    T(bind(s, (void *)&a, sizeof a));
    T(listen(s, 1));
    strcpy(a.sun_path, "/dirlink/sock");
    T(connect(k, (void *)&a, sizeof a));
    socklen_t l = sizeof a;
    T(getpeername(k, (void *)&a, &l));
    printf("%.*s %d\n", (int)l - 2, a.sun_path, l);
    l = sizeof a;
    T(getsockname(s, (void *)&a, &l));
    printf("%s\n", a.sun_path);
    struct stat st;
    T(stat("/d/sock", &st));
    printf("%o\n", st.st_mode >> 12);
    int w = inotify_init1(IN_NONBLOCK);
    T(inotify_add_watch(w, "/dirlink", IN_CREATE | IN_DELETE));
    T(inotify_add_watch(w, "/dirlink", IN_DONT_FOLLOW | IN_ATTRIB));
    T(inotify_add_watch(w, "/dirlink/f", IN_ONLYDIR | IN_ATTRIB));
    T(inotify_add_watch(w, "/nothing", IN_ATTRIB));
    close(open("/d/new", O_CREAT, 0600));
    unlink("/d/new");
    T(n = read(w, b, 300));
    for (int i = 0; i < n;) {
        struct inotify_event *q = (void *)(b + i);
        printf("%d %x %s\n", q->wd, q->mask, q->len ? q->name : "");
        i += sizeof *q + q->len;
    }
    // Once more, if that is allowed.
    T(chroot("/d"));
    T(chdir("/"));
    puts(getcwd(b, 300));
    T(access("/f", R_OK));
    T(access("/../../f", R_OK));
    T(access("/abs", R_OK));
    T(chdir(".."));
    puts(getcwd(b, 300));
    return 0;
}
