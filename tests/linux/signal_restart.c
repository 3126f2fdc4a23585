// Which calls go on after a handler, with and without SA_RESTART, and which answer EINTR.
// not under qemu: SO_RCVTIMEO is never told, so that calls are restarted which have a time limit.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// What the process that makes the calls tells the one that sends it signals: which call it is in, and how many have arrived.
static volatile struct { int call, count; } *shared;
static int fds[2];
static int child;
static void on_alarm(int s) {
  // The second signal gives what the call waits for.
  if (++shared->count == 2) {
    if (child) kill(child, SIGKILL), child = 0;
    write(fds[1], "x", 1);
  }
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void start(int flags, int call) {
  struct sigaction a = {.sa_handler = on_alarm, .sa_flags = flags};
  sigaction(SIGALRM, &a, 0);
  shared->count = 0;
  errno = 0;
  shared->call = call;
}

// Has the process been asleep for a while?
static int is_asleep(pid_t pid) {
  char name[40], text[200], state;
  snprintf(name, sizeof name, "/proc/%d/stat", pid);
  for (int i = 0; i < 4; i++) {
    int fd = open(name, O_RDONLY);
    int size = read(fd, text, sizeof text - 1);
    close(fd);
    text[size > 0 ? size : 0] = 0;
    if (sscanf(text, "%*d (%*[^)]) %c", &state) != 1 || state != 'S') return 0;
    usleep(5000);
  }
  return 1;
}

// Sends up to two signals to each call, each when the process sleeps in it.
static void disturb(pid_t pid) {
  while (shared->call >= 0) {
    int call = shared->call;
    for (int sent = 0; call > 0 && sent < 2 && shared->call == call; sent++) {
      while (shared->call == call && !is_asleep(pid)) {}
      if (shared->call != call) break;
      kill(pid, SIGALRM);
      while (shared->call == call && shared->count <= sent) usleep(1000);
    }
    usleep(1000);
  }
}

static char buf[64];
static long do_read(void) { return read(fds[0], buf, 1); }
static long do_readv(void) { return recv(fds[0], buf, 1, 0); }
static long do_poll(void) {
  struct pollfd p = {fds[0], POLLIN, 0};
  return poll(&p, 1, -1);
}
static long do_poll_time(void) {
  struct pollfd p = {fds[0], POLLIN, 0};
  return poll(&p, 1, 60000);
}
static long do_ppoll(void) {
  struct pollfd p = {fds[0], POLLIN, 0};
  struct timespec t = {60, 0};
  sigset_t none;
  sigemptyset(&none);
  return ppoll(&p, 1, &t, &none);
}
static long do_select(void) {
  fd_set set;
  FD_ZERO(&set);
  FD_SET(fds[0], &set);
  struct timeval t = {60, 0};
  return select(fds[0] + 1, &set, 0, 0, &t);
}
static long do_epoll(void) {
  int e = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN};
  epoll_ctl(e, EPOLL_CTL_ADD, fds[0], &event);
  long r = epoll_wait(e, &event, 1, 60000);
  int save = errno;
  close(e);
  errno = save;
  return r;
}
static long do_wait(void) {
  if (!child) {
    child = fork();
    if (!child)
    for (;;) pause();
  }
  int status;
  return waitpid(-1, &status, 0) > 0;
}
static long do_waitid(void) {
  child = fork();
  if (!child)
    for (;;) pause();
  siginfo_t i;
  int r = waitid(P_ALL, 0, &i, WEXITED);
  return r ? r : i.si_status;
}
static long do_pause(void) { return pause(); }
static long do_nanosleep(void) {
  struct timespec t = {60, 0}, left = {99, 9};
  long r = nanosleep(&t, &left);
  return r ? (left.tv_sec < 60 && left.tv_sec > 5 ? -2 : -3) : 0;
}
static long do_clock_nanosleep(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  t.tv_sec += 60;
  return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, 0);
}
static int word;
static long do_futex(void) { return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &(struct timespec){60, 0}, 0, 0); }
static long do_futex_bitset(void) { return syscall(SYS_futex, &word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 0, &(struct timespec){now() + 60, 0}, 0, 1); }
static long do_sigtimedwait(void) {
  sigset_t s;
  sigemptyset(&s), sigaddset(&s, SIGUSR1);
  return sigtimedwait(&s, 0, &(struct timespec){60, 0});
}
static long do_sigsuspend(void) {
  sigset_t s;
  sigemptyset(&s);
  return sigsuspend(&s);
}
static long do_accept(void) {
  int s = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un { unsigned short f; char p[108]; } a = {AF_UNIX, "\0blink-test-restart"};
  snprintf(a.p + 1, 100, "restart-%d-%d", getpid(), shared->count);
  bind(s, (void *)&a, sizeof a), listen(s, 1);
  struct timeval t = {60, 0};
  setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
  long r = accept(s, 0, 0);
  int save = errno;
  close(s);
  errno = save;
  return r;
}
static long do_flock(void) {
  static char name[] = "/tmp/signal_restart.XXXXXX";
  int a = mkstemp(name);
  int b = open(name, O_RDWR);
  unlink(name), strcpy(name + strlen(name) - 6, "XXXXXX");
  flock(a, LOCK_EX);
  child = fork();
  if (!child) {
    close(b);
    for (;;) pause();
  }
  close(a);
  long r = flock(b, LOCK_EX);
  int save = errno;
  close(b);
  errno = save;
  return r;
}
static long do_write(void) {
  int p[2];
  pipe(p);
  fcntl(p[1], F_SETPIPE_SZ, 4096);
  static char big[10000];
  long r = write(p[1], big, sizeof big);
  close(p[0]), close(p[1]);
  return r;
}

static struct { const char *name; long (*call)(void); int restarts; } calls[] = {
    {"read", do_read, 1}, {"poll", do_poll, 0}, {"poll with time", do_poll_time, 0}, {"ppoll", do_ppoll, 0}, {"select", do_select, 0},
    {"epoll_wait", do_epoll, 0}, {"wait4", do_wait, 1}, {"waitid", do_waitid, 1}, {"pause", do_pause, 0}, {"nanosleep", do_nanosleep, 0},
    {"clock_nanosleep", do_clock_nanosleep, 0}, {"futex", do_futex, 0}, {"futex bitset", do_futex_bitset, 0}, {"sigtimedwait", do_sigtimedwait, 0},
    {"sigsuspend", do_sigsuspend, 0}, {"accept with time", do_accept, 0}, {"flock", do_flock, 1}, {"write", do_write, 0},
};

int main(void) {
  setvbuf(stdout, 0, _IOLBF, 0);
  shared = mmap(0, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t caller = fork();
  if (caller) {
    disturb(caller);
    waitpid(caller, 0, 0);
    return 0;
  }
  for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++)
    for (int restart = 0; restart < 2; restart++) {
      pipe(fds);
      start(restart ? SA_RESTART : 0, 2 * i + restart + 1);
      long r = calls[i].call();
      int e = errno, count = shared->count;
      shared->call = 0;
      // One more signal may be on its way.
      signal(SIGALRM, SIG_IGN);
      if (child) kill(child, SIGKILL), child = 0;
      while (waitpid(-1, 0, 0) > 0) {}
      printf("%-16s %-10s %ld %s, signals %s\n", calls[i].name, restart ? "SA_RESTART" : "", r, r < 0 ? strerrorname_np(e) : "",
             count == 0 ? "0" : count == 1 ? "1" : "more");
      close(fds[0]), close(fds[1]);
    }
  shared->call = -1;
  // No handler: stopped and continued calls go on.
  signal(SIGALRM, SIG_DFL);
  int p[2];
  pipe(p);
  fflush(stdout);
  pid_t c = fork();
  if (!c) {
    double t = now();
    long r = usleep(100000);
    int e1 = errno;
    t = now() - t;
    char b;
    long r2 = read(p[0], &b, 1);
    struct pollfd f = {p[0], POLLIN, 0};
    long r3 = poll(&f, 1, 150);
    printf("sleep %ld %d read %ld poll %ld\n", r, t > 0.09, r2, r3);
    (void)e1;
    return 0;
  }
  for (int i = 0; i < 6; i++) {
    usleep(25000);
    kill(c, SIGSTOP);
    int status;
    waitpid(c, &status, WUNTRACED);
    if (i == 4) write(p[1], "y", 1);
    kill(c, SIGCONT);
    waitpid(c, &status, WCONTINUED);
  }
  waitpid(c, 0, 0);
  // An ignored signal does not disturb.
  signal(SIGALRM, SIG_IGN);
  struct itimerval t = {{0, 5000}, {0, 5000}};
  setitimer(ITIMER_REAL, &t, 0);
  printf("ignored: %d\n", usleep(50000));
  return 0;
}
