// not on 32 bits: the kernel has no TFD_IOC_SET_TICKS for 32-bit programs.
// not under qemu: TFD_IOC_SET_TICKS and EPOLLEXCLUSIVE are not all there
// epoll in all its modes, eventfd, timerfd, select.
#include "check.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <sys/signalfd.h>
#include <sys/inotify.h>
#include <sys/select.h>

static void show(int e, int t)
{
    struct epoll_event v[10];
    int n = epoll_wait(e, v, 10, t);
    printf("%d:", n);
    for (int i = 0; i < n; i++) printf(" %x/%d", v[i].events, v[i].data.fd);
    puts("");
    fflush(stdout);
}

static int add(int e, int fd, int ev)
{
    struct epoll_event v = {ev, {.fd = fd}};
    return epoll_ctl(e, EPOLL_CTL_ADD, fd, &v);
}

static int mod(int e, int fd, int ev)
{
    struct epoll_event v = {ev, {.fd = fd}};
    return epoll_ctl(e, EPOLL_CTL_MOD, fd, &v);
}

int main(void)
{
    close_range(3, ~0U, 0);
    in_new_directory();
    char c[64];
    int e = epoll_create1(0), p[2];
    pipe(p);
    T(add(e, p[0], EPOLLIN | EPOLLET));
    show(e, 0);
    write(p[1], "a", 1);
    show(e, 0);
    show(e, 0);
    write(p[1], "b", 1);
    show(e, 0);
    show(e, 0);
    T(mod(e, p[0], EPOLLIN | EPOLLET));
    show(e, 0);
    T(mod(e, p[0], EPOLLIN));
    show(e, 0);
    show(e, 0);
    T(mod(e, p[0], EPOLLIN | EPOLLONESHOT));
    show(e, 0);
    show(e, 0);
    write(p[1], "c", 1);
    show(e, 0);
    T(mod(e, p[0], EPOLLIN | EPOLLONESHOT));
    show(e, 0);
    show(e, 0);
    T(add(e, p[0], EPOLLIN));
    T(add(e, p[1], EPOLLOUT));
    show(e, 0);
    T(epoll_ctl(e, EPOLL_CTL_DEL, p[1], 0));
    T(epoll_ctl(e, EPOLL_CTL_DEL, p[1], 0));
    T(mod(e, p[1], EPOLLOUT));
    T(add(e, e, EPOLLIN));
    T(add(p[0], e, EPOLLIN));
    T(add(e, -1, EPOLLIN));
    T(add(-1, e, EPOLLIN));
    T(epoll_ctl(e, 7, p[1], 0));
    T(epoll_ctl(e, EPOLL_CTL_ADD, p[1], 0));
    T(epoll_ctl(e, EPOLL_CTL_ADD, p[1], BAD));
    T(epoll_ctl(e, EPOLL_CTL_DEL, p[1], BAD));
    int f = open("f", O_CREAT | O_RDWR, 0600);
    T(add(e, f, EPOLLIN));
    int d = open(".", O_RDONLY);
    T(add(e, d, EPOLLIN));
    // dup and close
    int q[2];
    pipe(q);
    int k = dup(q[0]);
    T(add(e, q[0], EPOLLIN));
    write(q[1], "x", 1);
    close(q[0]);
    show(e, 0);
    T(epoll_ctl(e, EPOLL_CTL_DEL, q[0], 0));
    close(k);
    show(e, 0);
    // hang up, error
    pipe(q);
    T(add(e, q[0], 0));
    T(add(e, q[1], 0));
    show(e, 0);
    close(q[1]);
    show(e, 0);
    T(mod(e, q[0], EPOLLIN | EPOLLRDHUP));
    show(e, 0);
    close(q[0]);
    show(e, 0);
    pipe(q);
    add(e, q[1], EPOLLOUT);
    close(q[0]);
    show(e, 0);
    close(q[1]);
    int s[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, s);
    T(add(e, s[0], EPOLLIN | EPOLLRDHUP | EPOLLOUT));
    show(e, 0);
    shutdown(s[1], SHUT_WR);
    show(e, 0);
    close(s[1]);
    show(e, 0);
    close(s[0]);
    // exclusive
    int ev = eventfd(0, EFD_NONBLOCK);
    T(add(e, ev, EPOLLIN | EPOLLEXCLUSIVE));
    T(mod(e, ev, EPOLLIN));
    T(mod(e, ev, EPOLLIN | EPOLLEXCLUSIVE));
    T(epoll_ctl(e, EPOLL_CTL_DEL, ev, 0));
    T(add(e, ev, EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT));
    T(add(e, ev, EPOLLIN | EPOLLEXCLUSIVE | EPOLLRDHUP));
    T(add(e, ev, EPOLLIN | EPOLLET | EPOLLOUT));
    show(e, 0);
    eventfd_write(ev, 1);
    show(e, 0);
    show(e, 0);
    eventfd_write(ev, 0xfffffffffffffffdULL);
    show(e, 0);
    // nested
    int e2 = epoll_create1(EPOLL_CLOEXEC);
    T(add(e2, e, EPOLLIN));
    show(e2, 0);
    T(add(e, e2, EPOLLIN));
    T(add(e2, e2, EPOLLIN));
    T(add(e, p[0], EPOLLIN | EPOLLEXCLUSIVE));
    T(mod(e, p[0], EPOLLIN));
    show(e2, 0);
    int e3 = epoll_create1(0), e4 = epoll_create1(0), e5 = epoll_create1(0), e6 = epoll_create1(0);
    T(add(e3, e2, EPOLLIN));
    T(add(e4, e3, EPOLLIN));
    T(add(e5, e4, EPOLLIN));
    T(add(e6, e5, EPOLLIN));
    T(add(e6, e, EPOLLIN | EPOLLEXCLUSIVE));
    show(e5, 0);
    close(e);
    show(e2, 0);
    struct pollfd pf[3] = {{e2, POLLIN}, {p[0], POLLIN | POLLOUT}, {99, POLLIN}};
    T(poll(pf, 3, 0));
    printf("%x %x %x\n", pf[0].revents, pf[1].revents, pf[2].revents);
    e = epoll_create1(0);
    T(add(e, p[0], EPOLLIN | EPOLLWAKEUP));
    T(epoll_wait(e, (void *)c, 0, 0));
    T(epoll_wait(e, (void *)c, -1, 0));
    T(epoll_wait(e, BAD, 1, 0));
    T(epoll_wait(e, KERNEL, 1, 0));
    T(epoll_wait(p[0], (void *)c, 1, 0));
    T(epoll_wait(-1, (void *)c, 1, 0));
    T(epoll_create(0));
    T(epoll_create(-1));
    T(epoll_create1(1));
    struct timespec ts = {0, -1};
    T(syscall(SYS_epoll_pwait2, e, c, 1, &ts, 0, 0));
    ts.tv_nsec = 1;
    T(syscall(SYS_epoll_pwait2, e, c, 1, &ts, 0, 0));
    T(syscall(SYS_epoll_pwait, e, c, 1, 0, c, 3));
    T(syscall(SYS_epoll_pwait, e, c, 1, 0, BAD, 8));
    // order and fairness: many ready, few asked
    int pp[6][2];
    e = epoll_create1(0);
    for (int i = 0; i < 6; i++) {
        pipe(pp[i]);
        add(e, pp[i][0], EPOLLIN);
        write(pp[i][1], "x", 1);
    }
    struct epoll_event v[2];
    for (int i = 0; i < 5; i++) {
        int n = epoll_wait(e, v, 2, 0);
        printf("%d %d %d\n", n, v[0].data.fd, v[1].data.fd);
    }
    // eventfd
    ev = eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC);
    unsigned long w;
    T(read(ev, &w, 8));
    SHOW(w);
    T(read(ev, &w, 7));
    T(read(ev, &w, 100));
    T(read(ev, &w, 8));
    T(read(ev, &w, 8));
    w = -1;
    T(write(ev, &w, 8));
    w = -2;
    T(write(ev, &w, 8));
    w = 1;
    T(write(ev, &w, 8));
    T(write(ev, &w, 4));
    T(write(ev, &w, 16));
    T(eventfd(0, 8));
    T(lseek(ev, 0, 0));
    T(pread(ev, &w, 8, 0));
    T(fcntl(ev, F_GETFL));
    struct stat st;
    T(fstat(ev, &st));
    printf("%o\n", st.st_mode);
    // timerfd
    int t = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    T(read(t, &w, 8));
    struct itimerspec it = {{0, 0}, {0, 1}}, old;
    T(timerfd_settime(t, 0, &it, 0));
    pf[0] = (struct pollfd){t, POLLIN};
    T(poll(pf, 1, 5000));
    T(read(t, &w, 4));
    T(read(t, &w, 8));
    SHOW(w);
    T(read(t, &w, 8));
    it.it_value.tv_nsec = 1000000000;
    T(timerfd_settime(t, 0, &it, 0));
    it = (struct itimerspec){{0}, {1000, 5}};
    T(timerfd_settime(t, 0, &it, &old));
    SHOW(old.it_value.tv_sec);
    T(timerfd_gettime(t, &old));
    SHOW(old.it_value.tv_sec > 500);
    it = (struct itimerspec){{5, 6}, {0}};
    T(timerfd_settime(t, 0, &it, &old));
    T(timerfd_gettime(t, &old));
    SHOW(old.it_interval.tv_sec);
    T(poll(pf, 1, 0));
    T(timerfd_settime(t, 8, &it, &old));
    T(timerfd_settime(t, 0, BAD, &old));
    T(timerfd_settime(p[0], 0, &it, &old));
    T(timerfd_gettime(ev, &old));
    T(timerfd_create(77, 0));
    T(timerfd_create(CLOCK_MONOTONIC, 1));
    T(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0));
    OK(timerfd_create(CLOCK_BOOTTIME, 0));
    OK(timerfd_create(CLOCK_TAI, 0));
    OK(timerfd_create(CLOCK_BOOTTIME_ALARM, 0));
    t = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
    it = (struct itimerspec){{0}, {1000, 0}};
    T(timerfd_settime(t, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &it, 0));
    T(poll((struct pollfd[]){{t, POLLIN}}, 1, 5000));
    T(read(t, &w, 8));
    SHOW(w);
    it.it_interval.tv_sec = 100000000;
    T(timerfd_settime(t, TFD_TIMER_ABSTIME, &it, 0));
    T(read(t, &w, 8));
    SHOW(w > 1);
    T(ioctl(t, 0x40085400, &w));
    w = 5;
    T(ioctl(t, 0x40085400, &w));
    T(read(t, &w, 8));
    SHOW(w);
    // select
    fd_set r;
    FD_ZERO(&r);
    FD_SET(p[0], &r);
    FD_SET(ev, &r);
    struct timeval tv = {0, 0};
    T(select(64, &r, 0, 0, &tv));
    SHOW(FD_ISSET(p[0], &r));
    SHOW(FD_ISSET(ev, &r));
    FD_SET(60, &r);
    T(select(64, &r, 0, 0, &tv));
    tv.tv_usec = 1000001;
    FD_ZERO(&r);
    T(select(64, &r, 0, 0, &tv));
    tv = (struct timeval){-1, 0};
    T(select(64, &r, 0, 0, &tv));
    T(select(-1, &r, 0, 0, 0));
    tv = (struct timeval){0};
    T(select(1000000, &r, 0, 0, &tv));
    remove_directory();
    return 0;
}
