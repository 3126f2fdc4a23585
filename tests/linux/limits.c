// not under qemu: its own memory counts, and limits of memory are forgotten.
// What limits of resources do.
#include "check.h"
static volatile int got;

static void on(int s)
{
    got = s;
}
static char big[70000];

int main(void)
{
    struct rlimit l, o;
    close_range(3, ~0U, 0);
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    in_new_directory();
    for (int i = 0; i < 18; i++) {
        struct rlimit a;
        T(getrlimit(i, &a));
    }
    l = (struct rlimit){100, 200};
    T(setrlimit(RLIMIT_FSIZE, &l));
    int f = open("f", O_CREAT | O_RDWR, 0600);
    T(write(f, big, 90));
    T(write(f, big, 90));
    T(write(f, big, 90));
    T(pwrite(f, big, 1, 100));
    T(pwrite(f, big, 10, 95));
    T(ftruncate(f, 101));
    T(ftruncate(f, 100));
    T(truncate("f", 5000));
    T(fallocate(f, 0, 0, 101));
    T(fallocate(f, 0, 0, 100));
    int g = memfd_create("m", 0);
    T(write(g, big, 200));
    int p[2];
    pipe(p);
    T(write(p[1], big, 1000));
    T(splice(p[0], 0, f, (loff_t[]){99}, 100, 0));
    T(splice(p[0], 0, f, (loff_t[]){100}, 100, 0));
    T(sendfile(f, g, (off_t[]){0}, 100));
    struct iovec v[2] = {{big, 60}, {big, 60}};
    T(lseek(f, 0, SEEK_SET));
    T(writev(f, v, 2));
    T(copy_file_range(g, (loff_t[]){0}, f, (loff_t[]){99}, 50, 0));
    T(copy_file_range(g, (loff_t[]){0}, f, (loff_t[]){100}, 50, 0));
    signal(SIGXFSZ, on);
    T(pwrite(f, big, 1, 100));
    SHOW(got);
    got = 0;
    T(ftruncate(f, 300));
    SHOW(got);
    got = 0;
    T(write(p[1], "a", 1));
    SHOW(got);
    if (!fork()) {
        signal(SIGXFSZ, SIG_DFL);
        pwrite(f, big, 1, 100);
        _exit(1);
    }
    int st;
    wait(&st);
    printf("%x\n", st & 0x7f);
    l = (struct rlimit){300, 200};
    T(setrlimit(RLIMIT_FSIZE, &l));
    l = (struct rlimit){100, 300};
    OK(setrlimit(RLIMIT_FSIZE, &l));
    l = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
    OK(setrlimit(RLIMIT_FSIZE, &l));
    // open files
    getrlimit(RLIMIT_NOFILE, &o);
    l = o;
    l.rlim_cur = 10;
    T(setrlimit(RLIMIT_NOFILE, &l));
    int n = 0;
    while (dup(0) >= 0) n++;
    SHOW(errno);
    SHOW(n);
    T(open("f", O_RDONLY));
    T(pipe(p));
    T(socket(AF_UNIX, 1, 0));
    T(dup2(0, 10));
    T(dup2(0, 9));
    T(fcntl(0, F_DUPFD, 10));
    T(fcntl(0, F_DUPFD, 9));
    close(9);
    T(pipe(p));
    T(sysconf(_SC_OPEN_MAX));
    struct pollfd pf[20] = {{0}};
    for (int i = 0; i < 20; i++) pf[i].fd = -1;
    T(poll(pf, 11, 0));
    T(poll(pf, 10, 0));
    l.rlim_cur = 3;
    T(setrlimit(RLIMIT_NOFILE, &l));
    T(write(8, "", 0));
    T(fcntl(8, F_GETFD));
    T(open("f", O_RDONLY));
    close(1 + 1);
    T(open("f", O_RDONLY));
    T(setrlimit(RLIMIT_NOFILE, &o));
    l.rlim_cur = l.rlim_max = 1UL << 40;
    T(setrlimit(RLIMIT_NOFILE, &l));
    // address space
    getrlimit(RLIMIT_AS, &o);
    l = o;
    l.rlim_cur = 200 << 20;
    T(setrlimit(RLIMIT_AS, &l));
    void *m = mmap(0, 400 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SHOW(m == MAP_FAILED ? errno : 0);
    m = mmap(0, 400 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    SHOW(m == MAP_FAILED ? errno : 0);
    m = mmap(0, 100 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SHOW(m == MAP_FAILED ? errno : 0);
    m = mremap(m, 100 << 20, 300 << 20, MREMAP_MAYMOVE);
    SHOW(m == MAP_FAILED ? errno : 0);
    T(malloc(300 << 20) == 0);
    T((long)sbrk(150 << 20) == -1);
    T(setrlimit(RLIMIT_AS, &o));
    getrlimit(RLIMIT_DATA, &o);
    l = o;
    l.rlim_cur = 1 << 20;
    T(setrlimit(RLIMIT_DATA, &l));
    T((long)sbrk(4 << 20) == -1);
    SHOW(errno);
    m = mmap(0, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SHOW(m == MAP_FAILED ? errno : 0);
    m = mmap(0, 4 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SHOW(m == MAP_FAILED ? errno : 0);
    T(mprotect(m, 4 << 20, PROT_READ | PROT_WRITE));
    m = mmap(0, 4 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    SHOW(m == MAP_FAILED ? errno : 0);
    T(setrlimit(RLIMIT_DATA, &o));
    // processes inherit
    l = (struct rlimit){77, 78};
    T(setrlimit(RLIMIT_MSGQUEUE, &l));
    fflush(stdout);
    system("ulimit -q; ulimit -Hq");
    // signals queued
    getrlimit(RLIMIT_SIGPENDING, &o);
    l = o;
    l.rlim_cur = 5;
    // stack
    getrlimit(RLIMIT_STACK, &o);
    printf("%ld\n", o.rlim_cur);
    l = o;
    l.rlim_cur = 1 << 20;
    T(setrlimit(RLIMIT_STACK, &l));
    fflush(stdout);
    system("ulimit -s");
    // core, nice, rtprio
    struct rlimit64 r;
    T(prlimit64(0, 99, 0, &r));
    T(prlimit64(getpid(), 3, 0, &r));
    T(prlimit64(1 << 22, 3, 0, &r));
    T(prlimit64(0, 3, (void *)16, &r));
    T(prlimit64(0, 3, 0, (void *)16));
    T(prlimit64(0, 3, 0, 0));
    pid_t c = fork();
    if (!c) {
        pause();
        _exit(0);
    }
    struct rlimit64 nw = {11, 12};
    T(prlimit64(c, RLIMIT_NOFILE, &nw, &r));
    T(prlimit64(c, RLIMIT_NOFILE, 0, &r));
    SHOW(r.rlim_cur);
    nw = (struct rlimit64){1 << 30, 2 << 29};
    OK(prlimit64(c, RLIMIT_AS, &nw, 0));
    T(prlimit64(c, RLIMIT_AS, 0, &r));
    SHOW(r.rlim_cur);
    kill(c, 9);
    wait(0);
    // CPU time
    c = fork();
    if (!c) {
        l = (struct rlimit){1, 5};
        setrlimit(RLIMIT_CPU, &l);
        signal(SIGXCPU, on);
        while (!got);
        SHOW(got);
        _exit(0);
    }
    wait(&st);
    SHOW(st);
    remove_directory();
    return 0;
}
