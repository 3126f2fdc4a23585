// Calls that install a mask for their own time: what is pending comes at once, and the old mask is back afterwards.
// not under qemu: it never blocks SIGSEGV.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static volatile int count;
static void line(const char *when, const sigset_t *set) {
  printf(" %s:", when);
  for (int i = 1; i < 65; i++)
    if (sigismember(set, i)) printf("%d,", i);
}
static void on(int s, siginfo_t *i, void *c) {
  sigset_t now;
  sigprocmask(SIG_BLOCK, 0, &now);
  count++;
  printf(" [%d", s), line("in", &now), line("saved", &((ucontext_t *)c)->uc_sigmask), printf("]");
}

static void end(const char *name, long r) {
  sigset_t now;
  int e = errno;
  sigprocmask(SIG_BLOCK, 0, &now);
  printf(" %s %ld %s", name, r, r < 0 ? strerrorname_np(e) : ""), line("after", &now);
  printf("\n");
}

int main(void) {
  setvbuf(stdout, 0, _IOLBF, 0);
  struct sigaction a = {.sa_sigaction = on, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigaction(SIGUSR1, &a, 0), sigaction(SIGUSR2, &a, 0), sigaction(SIGSEGV, &a, 0);
  sigset_t blocked, none, one;
  sigemptyset(&none), sigemptyset(&blocked), sigemptyset(&one);
  sigaddset(&blocked, SIGUSR1), sigaddset(&blocked, SIGUSR2), sigaddset(&blocked, SIGSEGV), sigaddset(&one, SIGUSR2), sigaddset(&one, SIGSEGV);
  sigprocmask(SIG_SETMASK, &blocked, 0);
  int p[2];
  pipe(p);
  struct pollfd f = {p[0], POLLIN, 0};
  struct timespec t = {5, 0}, zero = {0, 0};
  int e = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN};
  epoll_ctl(e, EPOLL_CTL_ADD, p[0], &event);
  for (int round = 0; round < 3; round++) {
    int signal = round == 1 ? SIGSEGV : SIGUSR1;
    const sigset_t *mask = round == 2 ? &one : &none;
    kill(getpid(), signal), end("ppoll", ppoll(&f, 1, &t, mask));
    kill(getpid(), signal), end("pselect", pselect(0, 0, 0, 0, &t, mask));
    kill(getpid(), signal), end("epoll_pwait", epoll_pwait(e, &event, 1, 5000, mask));
    kill(getpid(), signal), end("sigsuspend", sigsuspend(mask));
    kill(getpid(), signal), end("ppoll now", ppoll(&f, 1, &zero, mask));
  }
  kill(getpid(), SIGUSR1), kill(getpid(), SIGUSR2), end("two", ppoll(&f, 1, &t, &none));
  kill(getpid(), SIGUSR1), kill(getpid(), SIGUSR2), end("one", ppoll(&f, 1, &t, &one));
  end("the other", ppoll(&f, 1, &t, &none));
  // Ready before the signal counts.
  write(p[1], "x", 1);
  kill(getpid(), SIGUSR1), end("ready", ppoll(&f, 1, &t, &none));
  end("ready", ppoll(&f, 1, &t, &none));
  kill(getpid(), SIGUSR1), end("ready", pselect(p[0] + 1, 0, 0, 0, &zero, &none));
  end("no mask", ppoll(&f, 1, &t, 0));
  errno = 0;
  end("size", syscall(SYS_ppoll, &f, 1, &t, &none, 4));
  end("fault", syscall(SYS_ppoll, &f, 1, &t, 8, 8));
  char c;
  read(p[0], &c, 1);
  // From another process, again and again.
  count = 0;
  pid_t child = fork();
  if (!child) {
    for (int i = 0; i < 100; i++) kill(getppid(), SIGUSR2), usleep(200);
    _exit(0);
  }
  FILE *was = stdout;
  stdout = fopen("/dev/null", "w");
  int interrupted = 0;
  while (waitpid(child, 0, WNOHANG) == 0) {
    t.tv_sec = 0, t.tv_nsec = 1000000;
    interrupted += ppoll(&f, 1, &t, &none) < 0;
  }
  stdout = was;
  printf("handled %d interrupted %d\n", count > 0 && count <= 100, interrupted > 0 && interrupted <= count);
  return 0;
}
