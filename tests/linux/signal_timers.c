// Timers, signalfd, siginfo of children and timers, races of SIGCHLD with sigsuspend, signals under load.
// not under qemu: SA_NOCLDSTOP and SA_NOCLDWAIT are dropped.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t count, code, value, status, pid_ok, overrun_ok;
static void on(int s, siginfo_t *i, void *c) {
  count++, code = i->si_code;
  if (s == SIGCHLD) status = i->si_status, pid_ok = i->si_pid;
  else value = i->si_value.sival_int;
}
static void catch(int s, int flags) {
  struct sigaction a = {.sa_sigaction = on, .sa_flags = SA_SIGINFO | flags};
  sigaction(s, &a, 0);
  count = 0;
}
// Waits for a signal that was blocked before it was asked for.
static void wait_for(int s) {
  sigset_t set;
  sigprocmask(SIG_BLOCK, 0, &set), sigdelset(&set, s);
  while (!count) sigsuspend(&set);
}
static void block(int how, int s) {
  sigset_t set;
  sigemptyset(&set), sigaddset(&set, s), sigprocmask(how, &set, 0);
}
static void nap(int ms) {
  struct timespec t = {0, ms * 1000000L};
  while (nanosleep(&t, &t) && errno == EINTR) {}
}

int main(void) {
  setvbuf(stdout, 0, _IOLBF, 0);
  catch(SIGALRM, 0);
  struct itimerval t = {{0, 0}, {0, 10000}}, old;
  block(SIG_BLOCK, SIGALRM);
  setitimer(ITIMER_REAL, &t, 0);
  wait_for(SIGALRM), block(SIG_UNBLOCK, SIGALRM);
  printf("itimer: %d code %d\n", count, code);
  printf("alarm: %d", alarm(100));
  printf(" %d", alarm(50));
  printf(" %d", alarm(0));
  printf(" %d\n", alarm(0));
  t.it_value.tv_sec = 1000, t.it_interval.tv_sec = 5;
  setitimer(ITIMER_REAL, &t, 0), getitimer(ITIMER_REAL, &old);
  printf("getitimer: %ld %ld\n", old.it_value.tv_sec, old.it_interval.tv_sec);
  t.it_value.tv_usec = 1000000;
  printf("bad: %d %d\n", setitimer(ITIMER_REAL, &t, 0), errno);
  printf("bad: %d %d\n", setitimer(7, &old, 0), errno);
  memset(&t, 0, sizeof t), setitimer(ITIMER_REAL, &t, &old);
  printf("old: %ld\n", old.it_value.tv_sec);
  // Processor time: a busy loop is interrupted.
  catch(SIGVTALRM, 0);
  t.it_value.tv_usec = 30000;
  setitimer(ITIMER_VIRTUAL, &t, 0);
  while (!count) {}
  printf("virtual: %d\n", count);

  catch(SIGRTMIN, 0);
  timer_t id;
  struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 33};
  printf("timer_create: %d\n", timer_create(CLOCK_MONOTONIC, &e, &id));
  struct itimerspec s = {{0, 0}, {0, 5000000}}, left;
  block(SIG_BLOCK, SIGRTMIN);
  timer_settime(id, 0, &s, 0);
  wait_for(SIGRTMIN);
  printf("timer: %d code %d value %d\n", count, code, value);
  sigset_t set, none;
  sigemptyset(&none), sigemptyset(&set), sigaddset(&set, SIGRTMIN), sigprocmask(SIG_BLOCK, &set, 0);
  s.it_interval.tv_nsec = 1000000, timer_settime(id, 0, &s, 0);
  nap(50);
  siginfo_t info;
  sigwaitinfo(&set, &info);
  printf("overrun: %d %d\n", info.si_overrun > 10, timer_getoverrun(id) > 10);
  timer_gettime(id, &left);
  printf("interval %ld\n", left.it_interval.tv_nsec);
  printf("delete: %d", timer_delete(id));
  printf(" %d %d\n", timer_delete(id), errno);
  e.sigev_signo = 65;
  printf("bad: %d %d\n", timer_create(CLOCK_MONOTONIC, &e, &id), errno);
  e.sigev_notify = SIGEV_NONE;
  printf("none: %d\n", timer_create(CLOCK_MONOTONIC, &e, &id));

  // Children.
  catch(SIGCHLD, 0);
  sigemptyset(&set), sigaddset(&set, SIGCHLD), sigprocmask(SIG_BLOCK, &set, 0);
  pid_t p = fork();
  if (!p) _exit(7);
  while (!count) sigsuspend(&none);
  printf("child: code %d status %d pid %d\n", code, status, pid_ok == p);
  waitpid(p, 0, 0);
  int n = 0;
  for (int i = 0; i < 200; i++) {
    count = 0;
    p = fork();
    if (!p) _exit(i & 127);
    while (!count) sigsuspend(&none);
    int st;
    n += waitpid(p, &st, 0) == p && WEXITSTATUS(st) == (i & 127) && status == (i & 127);
  }
  printf("races: %d\n", n);
  sigprocmask(SIG_UNBLOCK, &set, 0);
  catch(SIGCHLD, SA_NOCLDSTOP | SA_RESTART);
  p = fork();
  if (!p) for (;;) pause();
  int st;
  kill(p, SIGSTOP), waitpid(p, &st, WUNTRACED);
  printf("nocldstop: %d\n", count);
  catch(SIGCHLD, SA_RESTART);
  kill(p, SIGCONT), waitpid(p, &st, WCONTINUED);
  while (!count) nap(1);
  printf("continued: %d code %d status %d\n", count, code, status);
  kill(p, SIGTERM), waitpid(p, &st, 0);
  while (count < 2) nap(1);
  printf("killed: code %d status %d\n", code, status);
  catch(SIGCHLD, SA_NOCLDWAIT);
  p = fork();
  if (!p) _exit(1);
  while (!count) nap(1);
  printf("nocldwait: %d %d\n", waitpid(p, 0, 0), errno);
  signal(SIGCHLD, SIG_IGN);
  p = fork();
  if (!p) _exit(1);
  printf("ignored: %d %d\n", waitpid(p, 0, 0), errno);
  signal(SIGCHLD, SIG_DFL);

  // signalfd.
  sigemptyset(&set), sigaddset(&set, SIGUSR1), sigaddset(&set, SIGRTMIN + 1), sigprocmask(SIG_BLOCK, &set, 0);
  int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  struct signalfd_siginfo f;
  printf("signalfd: %zd %d\n", read(fd, &f, sizeof f), errno);
  union sigval v = {.sival_int = 91};
  raise(SIGUSR1), sigqueue(getpid(), SIGRTMIN + 1, v);
  struct pollfd pf = {fd, POLLIN, 0};
  printf("poll %d\n", poll(&pf, 1, 1000));
  while (read(fd, &f, sizeof f) == sizeof f) printf("got %u code %d value %d pid %d\n", f.ssi_signo, f.ssi_code, f.ssi_int, f.ssi_pid == (unsigned)getpid());
  printf("bad: %d %d\n", signalfd(fd, &set, 12345), errno);

  // Many signals while the program works and calls.
  catch(SIGALRM, SA_RESTART);
  t.it_value.tv_usec = t.it_interval.tv_usec = 500;
  setitimer(ITIMER_REAL, &t, 0);
  unsigned long sum = 0;
  char buffer[64];
  while (count < 300) {
    for (int i = 0; i < 1000; i++) sum = sum * 31 + i;
    snprintf(buffer, sizeof buffer, "%lu %g", sum, (double)sum);
    if (getppid() == 0) break;
  }
  memset(&t, 0, sizeof t), setitimer(ITIMER_REAL, &t, 0);
  printf("many: %d\n", count >= 300);
  // Every queued signal arrives.
  catch(SIGRTMIN + 2, 0);
  v.sival_int = 1;
  p = fork();
  if (!p) {
    for (int i = 0; i < 500; i++) while (sigqueue(getppid(), SIGRTMIN + 2, v)) {}
    _exit(0);
  }
  while (waitpid(p, 0, 0) < 0 && errno == EINTR) {}
  nap(5);
  printf("queued: %d\n", count);
  return 0;
}
