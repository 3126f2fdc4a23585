#include "check.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

static volatile int signals;
static void count(int s) { (void)s; signals++; }
static long since(struct timespec *from) { struct timespec now; clock_gettime(CLOCK_MONOTONIC, &now); return (now.tv_sec - from->tv_sec) * 1000 + (now.tv_nsec - from->tv_nsec) / 1000000; }

int main(void)
{
    in_new_directory();
    int p[2], q[2];
    struct timespec start;
    T(pipe(p)); T(pipe(q));
    struct pollfd f[4] = {{p[0], POLLIN, 0}, {p[1], POLLOUT, 0}, {99, POLLIN, 0}, {-1, POLLIN, 0}};
    T(poll(f, 4, 0)); for (int i = 0; i < 4; i++) SHOW(f[i].revents);
    T(write(p[1], "a", 1)); T(poll(f, 1, -1)); SHOW(f[0].revents); T(poll(0, 0, 10)); T(syscall(SYS_poll, BAD, 1, 0)); T(syscall(SYS_poll, f, 1 << 30, 0));
    close(q[1]); f[0].fd = q[0]; T(poll(f, 1, 0)); SHOW(f[0].revents);
    struct timespec t = {0, 20000000}, bad = {0, 1000000000}; sigset_t mask; sigemptyset(&mask);
    f[0].fd = p[1]; f[0].events = POLLIN; T(syscall(SYS_ppoll, f, 1, &t, 0, 8)); SHOW(t.tv_sec == 0 && t.tv_nsec == 0); T(syscall(SYS_ppoll, f, 1, &bad, 0, 8)); T(syscall(SYS_ppoll, f, 1, &t, &mask, 4)); T(syscall(SYS_ppoll, f, 1, &t, BAD, 8)); T(syscall(SYS_ppoll, f, 1, BAD, 0, 8));

    fd_set r, w, e; FD_ZERO(&r); FD_ZERO(&w); FD_ZERO(&e); FD_SET(p[0], &r); FD_SET(p[1], &w); struct timeval tv = {1, 0};
    T(select(p[1] + 1, &r, &w, &e, &tv)); SHOW(FD_ISSET(p[0], &r) != 0); SHOW(FD_ISSET(p[1], &w) != 0); SHOW(tv.tv_sec == 0 || tv.tv_usec == 0);
    dup2(0, 150); FD_ZERO(&r); FD_SET(151, &r); T(select(152, &r, 0, 0, &tv)); close(150); FD_ZERO(&r); FD_SET(90, &r); T(select(91, &r, 0, 0, &tv)); T(select(-1, 0, 0, 0, &tv)); tv.tv_sec = -1; T(syscall(SYS_select, 0, 0, 0, 0, &tv)); tv.tv_sec = 0; tv.tv_usec = 20000; clock_gettime(CLOCK_MONOTONIC, &start); T(select(0, 0, 0, 0, &tv)); SHOW(since(&start) >= 20); SHOW(tv.tv_usec); T(syscall(SYS_select, 5, BAD, 0, 0, 0));
    struct { void *set; size_t size; } pair = {&mask, 8}; t.tv_nsec = 1000; T(syscall(SYS_pselect6, 0, 0, 0, 0, &t, &pair)); pair.size = 3; T(syscall(SYS_pselect6, 0, 0, 0, 0, &t, &pair)); pair.set = 0; T(syscall(SYS_pselect6, 0, 0, 0, 0, &t, &pair)); T(syscall(SYS_pselect6, 0, 0, 0, 0, &bad, 0));

    // Interrupted.
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART}; sigaction(SIGALRM, &action, 0);
    struct itimerval it = {{0, 0}, {0, 30000}}; setitimer(ITIMER_REAL, &it, 0); T(poll(0, 0, 1000)); SHOW(signals);
    setitimer(ITIMER_REAL, &it, 0); tv.tv_sec = 5; tv.tv_usec = 0; T(select(0, 0, 0, 0, &tv)); SHOW(signals); SHOW(tv.tv_sec);
    setitimer(ITIMER_REAL, &it, 0); t.tv_sec = 5; t.tv_nsec = 0; struct timespec rem = {0, 0}; T(nanosleep(&t, &rem)); SHOW(signals); SHOW(rem.tv_sec);
    setitimer(ITIMER_REAL, &it, 0); T(pause()); SHOW(signals);
    sigset_t block; sigemptyset(&block); sigaddset(&block, SIGALRM); sigprocmask(SIG_BLOCK, &block, 0); setitimer(ITIMER_REAL, &it, 0); T(poll(0, 0, 100)); SHOW(signals); t.tv_sec = 5; T(ppoll(0, 0, &t, &mask)); SHOW(signals); sigset_t now; sigprocmask(SIG_BLOCK, 0, &now); SHOW(sigismember(&now, SIGALRM)); sigprocmask(SIG_UNBLOCK, &block, 0);

    // epoll.
    int ep = T(epoll_create1(EPOLL_CLOEXEC)); T(epoll_create1(7)); T(epoll_create(0)); close(T(epoll_create(1)));
    struct epoll_event event = {EPOLLIN, {.u64 = 0x1122334455667788}}, events[8];
    T(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &event)); T(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &event)); T(epoll_ctl(ep, EPOLL_CTL_ADD, 99, &event)); T(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &event)); T(epoll_ctl(p[0], EPOLL_CTL_ADD, p[1], &event)); T(epoll_ctl(ep, 9, p[0], &event)); T(syscall(SYS_epoll_ctl, ep, EPOLL_CTL_MOD, p[0], BAD)); T(epoll_ctl(ep, EPOLL_CTL_ADD, open("/", O_RDONLY), &event));
    memset(events, 0, sizeof events); T(epoll_wait(ep, events, 8, 0)); SHOW(events[0].events); SHOW(events[0].data.u64); T(epoll_wait(ep, events, 0, 0)); T(epoll_wait(p[0], events, 1, 0)); T(syscall(SYS_epoll_wait, ep, BAD, 1, 0)); event.events = EPOLLIN | EPOLLET | EPOLLONESHOT; T(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &event)); T(epoll_wait(ep, events, 8, 0)); T(epoll_wait(ep, events, 8, 0)); T(epoll_ctl(ep, EPOLL_CTL_DEL, p[0], 0)); T(epoll_ctl(ep, EPOLL_CTL_DEL, p[0], 0));
    setitimer(ITIMER_REAL, &it, 0); T(epoll_pwait(ep, events, 8, 1000, &mask)); SHOW(signals); t.tv_sec = 0; t.tv_nsec = 1000; T(syscall(441, ep, events, 8, &t, 0, 8)); T(epoll_pwait(ep, events, 8, 0, &block));

    int ev = T(eventfd(3, EFD_NONBLOCK)); uint64_t v = 0; T(read(ev, &v, 8)); SHOW(v); T(read(ev, &v, 8)); v = 5; T(write(ev, &v, 8)); v = -1; T(write(ev, &v, 8)); T(read(ev, &v, 4)); T(eventfd(0, 77)); ev = T(eventfd(2, EFD_SEMAPHORE | EFD_CLOEXEC)); T(read(ev, &v, 8)); SHOW(v); T(read(ev, &v, 8)); T(fcntl(ev, F_GETFD));

    int tfd = T(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)); struct itimerspec its = {{0, 5000000}, {0, 10000000}}, old; T(timerfd_settime(tfd, 0, &its, &old)); SHOW(old.it_value.tv_nsec); T(read(tfd, &v, 8)); usleep(30000); T(read(tfd, &v, 8)); SHOW(v >= 3); T(timerfd_gettime(tfd, &old)); SHOW(old.it_interval.tv_nsec); T(timerfd_create(77, 0)); T(timerfd_create(0, 77)); its.it_value.tv_nsec = 1000000000; T(timerfd_settime(tfd, 0, &its, 0)); T(timerfd_settime(p[0], 0, &its, 0)); T(syscall(SYS_timerfd_settime, tfd, 0, BAD, 0)); its.it_value.tv_sec = 0; its.it_value.tv_nsec = 1; T(timerfd_settime(tfd, TFD_TIMER_ABSTIME, &its, 0)); usleep(1000); OK(read(tfd, &v, 8));

    int in = T(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)); T(inotify_init1(77)); int wd = T(inotify_add_watch(in, ".", IN_CREATE | IN_DELETE | IN_MOVE)); close(creat("made", 0600)); rename("made", "moved"); unlink("moved"); char buffer[4096]; long n = T(read(in, buffer, sizeof buffer)); for (long at = 0; at < n;) { struct inotify_event *i = (void *)(buffer + at); printf("wd %d mask %x name %s len %u same cookie %d\n", i->wd == wd, i->mask, i->len ? i->name : "", i->len, i->cookie != 0); at += sizeof *i + i->len; } T(read(in, buffer, 4)); T(inotify_rm_watch(in, wd)); T(inotify_rm_watch(in, wd)); T(inotify_add_watch(in, "missing", IN_CREATE)); T(inotify_add_watch(in, ".", 0)); T(inotify_add_watch(p[0], ".", IN_CREATE));

    sigset_t usr; sigemptyset(&usr); sigaddset(&usr, SIGUSR1); sigprocmask(SIG_BLOCK, &usr, 0); int sfd = T(signalfd(-1, &usr, SFD_NONBLOCK)); struct signalfd_siginfo si; T(read(sfd, &si, sizeof si)); kill(getpid(), SIGUSR1); T(read(sfd, &si, sizeof si)); SHOW(si.ssi_signo); SHOW(si.ssi_pid == (unsigned)getpid()); SHOW(si.ssi_code); T(read(sfd, &si, 4)); T(signalfd(-1, &usr, 77)); T(signalfd(p[0], &usr, 0));
    remove_directory();
    return 0;
}
