// not under qemu: several options are unknown
// What prctl sets, and who inherits it.
#include "check.h"
#include <sys/prctl.h>
#include <sys/auxv.h>
#include <pthread.h>
#include <elf.h>
static char name[100];

static const char *get(void)
{
    memset(name, 'x', 99);
    prctl(PR_GET_NAME, name);
    return name;
}

static void file(const char *f)
{
    char b[4096];
    int fd = open(f, 0), n = read(fd, b, 4095);
    close(fd);
    if (n >= 0) {
        b[n] = 0;
        fputs(b, stdout);
    }
}

static void line(const char *f, const char *k)
{
    char b[200];
    FILE *o = fopen(f, "r");
    while (o && fgets(b, 200, o)) if (!strncmp(b, k, strlen(k))) fputs(b, stdout);
    if (o) fclose(o);
}

static void *other(void *p)
{
    T(prctl(PR_SET_NAME, "other thread name"));
    puts(get());
    file("/proc/thread-self/comm");
    char f[100];
    sprintf(f, "/proc/self/task/%d/comm", gettid());
    file(f);
    pthread_setname_np(pthread_self(), "again");
    puts(get());
    return 0;
}

int main(int c, char **v)
{
    close_range(3, ~0U, 0);
    pthread_t p;
    int x = 0;
    T(prctl(PR_SET_NAME, "a name longer than fifteen"));
    puts(get());
    SHOW(name[15]);
    SHOW(name[16]);
    file("/proc/self/comm");
    line("/proc/self/status", "Name");
    T(prctl(PR_SET_NAME, BAD));
    T(prctl(PR_GET_NAME, BAD));
    T(prctl(PR_SET_NAME, ""));
    file("/proc/self/comm");
    T(prctl(PR_SET_NAME, "x\ny\tz"));
    file("/proc/self/comm");
    line("/proc/self/status", "Name");
    pthread_create(&p, 0, other, 0);
    pthread_join(p, 0);
    file("/proc/self/comm");
    int fd = open("/proc/self/comm", O_WRONLY);
    T(write(fd, "written by file", 15));
    puts(get());
    T(prctl(PR_GET_PDEATHSIG, &x));
    SHOW(x);
    T(prctl(PR_SET_PDEATHSIG, SIGUSR1));
    T(prctl(PR_GET_PDEATHSIG, &x));
    SHOW(x);
    T(prctl(PR_SET_PDEATHSIG, 65));
    T(prctl(PR_SET_PDEATHSIG, -1));
    T(prctl(PR_GET_PDEATHSIG, BAD));
    if (!fork()) {
        prctl(PR_GET_PDEATHSIG, &x);
        SHOW(x);
        fflush(stdout);
        _exit(0);
    }
    wait(0);
    T(prctl(PR_SET_PDEATHSIG, 0));
    int q[2];
    pipe(q);
    if (!fork()) {
        if (!fork()) {
            prctl(PR_SET_PDEATHSIG, SIGTERM);
            char ch = 'r';
            sigset_t s;
            sigemptyset(&s);
            sigaddset(&s, SIGTERM);
            sigprocmask(SIG_BLOCK, &s, 0);
            write(q[1], &ch, 1);
            siginfo_t i;
            int r = sigwaitinfo(&s, &i);
            printf("parent died: %d %d\n", r, i.si_code);
            fflush(stdout);
            _exit(0);
        }
        char ch;
        read(q[0], &ch, 1);
        _exit(0);
    }
    wait(0);
    close(q[1]);
    char ch;
    while (read(q[0], &ch, 1) > 0);
    T(prctl(PR_GET_CHILD_SUBREAPER, &x));
    SHOW(x);
    T(prctl(PR_SET_CHILD_SUBREAPER, 1));
    T(prctl(PR_GET_CHILD_SUBREAPER, &x));
    SHOW(x);
    if (!fork()) {
        prctl(PR_GET_CHILD_SUBREAPER, &x);
        SHOW(x);
        if (!fork()) {
            while (getppid() != (int)atoi(getenv("TOP") ? getenv("TOP") : "0") && getppid() == 0);
            usleep(1000);
            _exit(5);
        }
        fflush(stdout);
        _exit(3);
    }
    int st, n = 0, sum = 0;
    while (wait(&st) > 0) {
        n++;
        sum += WEXITSTATUS(st);
    }
    SHOW(n);
    SHOW(sum);
    T(prctl(PR_SET_CHILD_SUBREAPER, 0));
    T(prctl(PR_GET_KEEPCAPS));
    T(prctl(PR_SET_KEEPCAPS, 1));
    T(prctl(PR_GET_KEEPCAPS));
    T(prctl(PR_SET_KEEPCAPS, 2));
    T(prctl(PR_SET_KEEPCAPS, 0));
    T(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    T(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    T(prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0));
    if (!fork()) {
        T(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
        T(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
        line("/proc/self/status", "NoNewPrivs");
        fflush(stdout);
        _exit(0);
    }
    wait(0);
    T(prctl(PR_GET_DUMPABLE));
    T(prctl(PR_SET_DUMPABLE, 0));
    T(prctl(PR_GET_DUMPABLE));
    T(prctl(PR_SET_DUMPABLE, 2));
    T(prctl(PR_SET_DUMPABLE, 1));
    T(prctl(PR_GET_TIMING));
    T(prctl(PR_SET_TIMING, 1));
    T(prctl(PR_GET_SECCOMP));
    T(prctl(PR_GET_TSC, &x));
    SHOW(x);
    T(prctl(PR_GET_TIMERSLACK));
    T(prctl(PR_SET_TIMERSLACK, 1234));
    T(prctl(PR_GET_TIMERSLACK));
    T(prctl(PR_SET_TIMERSLACK, 0));
    T(prctl(PR_GET_TIMERSLACK));
    T(prctl(PR_CAPBSET_READ, 0));
    T(prctl(PR_CAPBSET_READ, 99));
    T(prctl(PR_GET_SECUREBITS));
    T(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 0, 0, 0));
    T(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
    T(prctl(PR_CAP_AMBIENT, 9, 0, 0, 0));
    T(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
    T(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
    T(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
    T(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0));
    T(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
    T(prctl(PR_GET_SPECULATION_CTRL, 0, 0, 0, 0) >= 0);
    T(prctl(PR_GET_SPECULATION_CTRL, 77, 0, 0, 0));
    T(prctl(PR_SET_PTRACER, 0));
    T(prctl(PR_GET_FPEMU, &x));
    T(prctl(PR_GET_FPEXC, &x));
    T(prctl(PR_GET_UNALIGN, &x));
    T(prctl(PR_GET_ENDIAN, &x));
    T(prctl(PR_SET_IO_FLUSHER, 0, 0, 0, 0));
    T(prctl(PR_GET_IO_FLUSHER, 0, 0, 0, 0));
    T(prctl(PR_SVE_GET_VL));
    T(prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0));
    T(prctl(PR_SCHED_CORE, 0, 0, 0, 0));
    T(prctl(65, 0, 0, 0, 0));
    T(prctl(66, 0, 0, 0, 0));
    T(prctl(69, 0, 0, 0, 0));
    T(prctl(70, 0, 0, 0, 0));
    T(prctl(71, 0, 0, 0, 0));
    T(prctl(12345, 0, 0, 0, 0));
    T(prctl(PR_TASK_PERF_EVENTS_DISABLE));
    T(prctl(68, 0, 0, 0, 0));
    T(prctl(PR_SET_SYSCALL_USER_DISPATCH, 0, 0, 0, 0));
    unsigned long a[100];
    long got = prctl(0x41555856, a, sizeof a, 0, 0);
    int same = 1;
    for (int i = 0; i < got / 16 && a[2 * i]; i++) same &= getauxval(a[2 * i]) == a[2 * i + 1];
    SHOW(same);
    T(prctl(0x41555856, a, 16, 0, 0) == got);
    T(prctl(0x41555856, a, 16, 1, 0));
    T(prctl(0x41555856, BAD, 16, 0, 0));
    char *m = mmap(0, 65536, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    T(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, m + 4096, 8192, "my area"));
    T(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, m + 8192, 8192, "other"));
    T(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, m, 65536, 0));
    T(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, m + 1, 65536, "x"));
    T(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, m, 0, "x"));
    T(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, m, 1, "["));
    T(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, 4096, 4096, "x"));
    T(prctl(PR_SET_VMA, 1, m, 4096, "x"));
    T(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, m, 4096, BAD));
    char big[200];
    memset(big, 'n', 200);
    big[80] = 0;
    T(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, m, 4096, big));
    big[79] = 0;
    T(prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, m, 1, big));
    return 0;
}
