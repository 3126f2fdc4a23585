// not under qemu: siginfo of queued signals is cut
// Queued signals in their order, sigtimedwait, signalfd.
#include "check.h"
#include <sys/signalfd.h>
#include <pthread.h>
static int order[200], many;
static long values[200];

static void on(int s, siginfo_t *i, void *c)
{
    if (many < 200) {
        order[many] = s - SIGRTMIN;
        values[many++] = i->si_code * 1000 + i->si_value.sival_int;
    }
}

static void handler(int s, int flags)
{
    struct sigaction a = {.sa_sigaction = on, .sa_flags = SA_SIGINFO | flags};
    sigfillset(&a.sa_mask);
    sigaction(s, &a, 0);
}

static void dump(void)
{
    for (int i = 0; i < many; i++) printf("%d:%ld ", order[i], values[i]);
    puts("");
    fflush(stdout);
    many = 0;
}

int main(void)
{
    close_range(3, ~0U, 0);
    sigset_t all, none, old;
    sigfillset(&all);
    sigemptyset(&none);
    for (int i = 0; i < 6; i++) handler(SIGRTMIN + i, 0);
    handler(SIGUSR1, 0);
    handler(SIGHUP, 0);
    sigprocmask(SIG_BLOCK, &all, 0);
    for (int i = 0; i < 20; i++) sigqueue(getpid(), SIGRTMIN + (i * 7) % 6, (union sigval){i});
    sigqueue(getpid(), SIGUSR1, (union sigval){77});
    sigqueue(getpid(), SIGUSR1, (union sigval){78});
    kill(getpid(), SIGHUP);
    kill(getpid(), SIGRTMIN + 1);
    raise(SIGRTMIN + 1);
    tgkill(getpid(), gettid(), SIGRTMIN + 2);
    pthread_sigqueue(pthread_self(), SIGRTMIN, (union sigval){99});
    sigset_t p;
    sigpending(&p);
    for (int i = 1; i < 65; i++) if (sigismember(&p, i)) printf("%d ", i);
    puts("");
    sigprocmask(SIG_UNBLOCK, &all, 0);
    dump();
    // one at a time by sigtimedwait: lowest number first, thread's before the process's
    sigprocmask(SIG_BLOCK, &all, 0);
    sigqueue(getpid(), SIGRTMIN + 3, (union sigval){1});
    sigqueue(getpid(), SIGRTMIN + 3, (union sigval){2});
    sigqueue(getpid(), SIGRTMIN, (union sigval){3});
    pthread_sigqueue(pthread_self(), SIGRTMIN + 3, (union sigval){4});
    kill(getpid(), SIGUSR1);
    sigset_t w = all;
    siginfo_t i;
    struct timespec t = {0, 0};
    int s;
    while ((s = sigtimedwait(&w, &i, &t)) > 0) printf("%d %d %d %d\n", s, i.si_code, i.si_value.sival_int, i.si_pid == getpid());
    SHOW(errno);
    T(sigtimedwait(&w, &i, (struct timespec[]){{0, -1}}));
    T(syscall(SYS_rt_sigtimedwait, BAD, 0, &t, 8));
    T(syscall(SYS_rt_sigtimedwait, &w, 0, &t, 4));
    raise(SIGUSR1);
    T(syscall(SYS_rt_sigtimedwait, &w, BAD, &t, 8));
    T(syscall(SYS_rt_sigtimedwait, &w, 0, &t, 8));
    // the limit of queued signals
    struct rlimit l, o;
    getrlimit(RLIMIT_SIGPENDING, &o);
    l = o;
    l.rlim_cur = 0;
    setrlimit(RLIMIT_SIGPENDING, &l);
    T(sigqueue(getpid(), SIGRTMIN, (union sigval){5}));
    T(sigqueue(getpid(), SIGUSR2, (union sigval){5}));
    T(kill(getpid(), SIGRTMIN + 1));
    setrlimit(RLIMIT_SIGPENDING, &o);
    while ((s = sigtimedwait(&w, &i, &t)) > 0) printf("%d %d %d\n", s, i.si_code, i.si_value.sival_int);
    // rt_sigqueueinfo checks
    siginfo_t q = {0};
    q.si_code = SI_USER;
    T(syscall(SYS_rt_sigqueueinfo, getpid(), SIGRTMIN, &q));
    if (!fork()) {
        T(syscall(SYS_rt_sigqueueinfo, getppid(), SIGRTMIN, &q));
        q.si_code = SI_TKILL;
        T(syscall(SYS_rt_sigqueueinfo, getppid(), SIGRTMIN, &q));
        q.si_code = SI_KERNEL;
        T(syscall(SYS_rt_sigqueueinfo, getppid(), SIGRTMIN, &q));
        q.si_code = -60;
        q.si_int = 12;
        T(syscall(SYS_rt_sigqueueinfo, getppid(), SIGRTMIN, &q));
        T(syscall(SYS_rt_tgsigqueueinfo, getppid(), getppid(), SIGRTMIN, &q));
        _exit(0);
    }
    wait(0);
    while ((s = sigtimedwait(&w, &i, &t)) > 0) printf("%d %d %d\n", s, i.si_code, s == SIGCHLD ? i.si_status : i.si_int);
    T(syscall(SYS_rt_sigqueueinfo, getpid(), 65, &q));
    T(syscall(SYS_rt_sigqueueinfo, getpid(), 0, &q));
    T(syscall(SYS_rt_sigqueueinfo, getpid(), 10, BAD));
    T(syscall(SYS_rt_sigqueueinfo, 1 << 22, 10, &q));
    T(syscall(SYS_rt_tgsigqueueinfo, -1, 5, 10, &q));
    T(tgkill(getpid(), 1 << 22, 0));
    T(tgkill(1, getpid(), 0));
    T(kill(1 << 22, 0));
    T(kill(getpid(), 65));
    T(kill(getpid(), -1));
    T(kill(-(1 << 22), 0));
    // signalfd
    int f = signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC);
    struct signalfd_siginfo g[3];
    T(read(f, g, sizeof *g));
    T(read(f, g, 5));
    pid_t c = fork();
    if (!c) _exit(9);
    struct pollfd pf = {f, POLLIN};
    T(poll(&pf, 1, -1));
    T(read(f, g, sizeof g));
    printf("%d %d %d %d %d\n", g->ssi_signo, g->ssi_code, g->ssi_pid == c, g->ssi_status, g->ssi_uid == getuid());
    wait(0);
    c = fork();
    if (!c) {
        raise(SIGSTOP);
        kill(getpid(), SIGKILL);
    }
    T(poll(&pf, 1, -1));
    T(read(f, g, sizeof g));
    printf("%d %d %d\n", g->ssi_signo, g->ssi_code, g->ssi_status);
    kill(c, SIGCONT);
    int st;
    T(poll(&pf, 1, -1));
    T(waitpid(c, &st, 0) == c);
    while (read(f, g, sizeof *g) > 0) printf("%d\n", g->ssi_signo);
    sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_ptr = (void *)0x123456789abcdef});
    sigqueue(getpid(), SIGRTMIN, (union sigval){-3});
    kill(getpid(), SIGTERM);
    raise(SIGUSR1);
    T(read(f, g, sizeof g));
    for (int k = 0; k < 3; k++) printf("%d %d %x %llx %d\n", g[k].ssi_signo, g[k].ssi_code, g[k].ssi_int, (long long)g[k].ssi_ptr, g[k].ssi_pid == getpid());
    T(read(f, g, sizeof g));
    printf("%d\n", g->ssi_signo);
    timer_t tm;
    struct sigevent se = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 4, .sigev_value.sival_int = 321};
    timer_create(CLOCK_MONOTONIC, &se, &tm);
    struct itimerspec it = {{0}, {0, 1}};
    timer_settime(tm, 0, &it, 0);
    T(poll(&pf, 1, -1));
    T(read(f, g, sizeof g));
    printf("%d %d %x %d %d\n", g->ssi_signo, g->ssi_code, g->ssi_int, g->ssi_overrun, g->ssi_tid == 0);
    sigset_t u;
    sigemptyset(&u);
    sigaddset(&u, SIGUSR1);
    T(signalfd(f, &u, 0) == f);
    raise(SIGUSR2);
    T(read(f, g, sizeof g));
    raise(SIGUSR1);
    T(read(f, g, sizeof g));
    T(signalfd(0, &u, 0));
    T(signalfd(-1, &u, 5));
    T(syscall(SYS_signalfd4, -1, &u, 4, 0));
    T(syscall(SYS_signalfd4, -1, BAD, 8, 0));
    T(signalfd(99, &u, 0));
    char link[64], text[64];
    snprintf(link, 64, "/proc/self/fd/%d", f);
    text[readlink(link, text, 63)] = 0;
    puts(text);
    // handlers nest by mask: SA_NODEFER
    sigprocmask(SIG_SETMASK, &none, 0);
    dump();
    return 0;
}
