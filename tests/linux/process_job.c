// Job control on a terminal: a shell of a few lines starts jobs that are stopped, continued, read and write from the background.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int master;
static char seen[8192];
static int used;

// Reads more from the terminal.
static void take(void) {
  int n = read(master, seen + used, sizeof seen - 1 - used);
  // Nobody may have the terminal open for a moment.
  if (n <= 0) usleep(1000);
  else used += n;
  seen[used] = 0;
}

// Drops what the terminal showed until the end of `what`.
static void drop(const char *what) {
  char *end = strstr(seen, what) + strlen(what);
  memmove(seen, end, strlen(end) + 1), used = strlen(seen);
}

// Reads the terminal until `what` has been seen.
static void expect(const char *what) {
  while (!strstr(seen, what)) take();
  drop(what);
  printf("saw %s\n", what);
}

// Reads the terminal until both have been seen, in any order.
static void expect_both(const char *a, const char *b) {
  while (!strstr(seen, a) || !strstr(seen, b)) take();
  char *first = strstr(seen, a), *second = strstr(seen, b);
  drop(first < second ? b : a);
  printf("saw %s and %s\n", a, b);
}

static void foreground(pid_t group) {
  sigset_t set, old;
  sigemptyset(&set), sigaddset(&set, SIGTTOU), sigprocmask(SIG_BLOCK, &set, &old);
  tcsetpgrp(0, group);
  sigprocmask(SIG_SETMASK, &old, 0);
}

static pid_t job(void (*body)(void), int in_foreground) {
  pid_t p = fork();
  if (!p) {
    setpgid(0, 0);
    if (in_foreground) foreground(getpgrp());
    signal(SIGTTIN, SIG_DFL), signal(SIGTTOU, SIG_DFL), signal(SIGTSTP, SIG_DFL), signal(SIGINT, SIG_DFL);
    body();
    _exit(0);
  }
  setpgid(p, p);
  if (in_foreground) foreground(p);
  return p;
}

static void report(const char *name, pid_t p) {
  int status;
  pid_t r = waitpid(p, &status, WUNTRACED | WCONTINUED);
  // A job that goes on keeps the terminal.
  if (!WIFCONTINUED(status)) foreground(getpgrp());
  printf("%s %d: ", name, r == p);
  if (WIFSTOPPED(status)) printf("stopped by %d\n", WSTOPSIG(status));
  else if (WIFCONTINUED(status)) printf("continued\n");
  else if (WIFSIGNALED(status)) printf("killed by %d\n", WTERMSIG(status));
  else printf("exit %d\n", WEXITSTATUS(status));
  fflush(stdout);
}

static void sleeper(void) {
  printf("sleeping\n"), fflush(stdout);
  for (;;) pause();
}
static void looper(void) {
  printf("looping\n"), fflush(stdout);
  for (volatile long i = 0;; i++) {}
}
static void on_int(int s) {
  write(1, "interrupted\n", 12);
  _exit(3);
}
static void catcher(void) {
  signal(SIGINT, on_int);
  printf("catching\n"), fflush(stdout);
  for (;;) pause();
}
static void on_stop(int s) {
  write(1, "stopping\n", 9);
  signal(SIGTSTP, SIG_DFL), raise(SIGTSTP);
  write(1, "back\n", 5);
}
static void polite(void) {
  struct sigaction a = {.sa_handler = on_stop, .sa_flags = SA_RESTART | SA_NODEFER};
  sigaction(SIGTSTP, &a, 0);
  printf("polite\n"), fflush(stdout);
  char line[64];
  int n = read(0, line, sizeof line);
  printf("read %.*s", n, line), fflush(stdout);
  _exit(4);
}
static void reader(void) {
  char line[64];
  int n = read(0, line, sizeof line);
  printf("background read %.*s", n, line), fflush(stdout);
  _exit(5);
}
static void writer(void) {
  struct termios t;
  tcgetattr(0, &t);
  t.c_lflag |= TOSTOP;
  write(1, "first\n", 6);
  tcsetattr(0, TCSANOW, &t);
  write(1, "second\n", 7);
  char line[64];
  read(0, line, sizeof line);
  _exit(6);
}

static int shell(void) {
  signal(SIGTTIN, SIG_IGN), signal(SIGTTOU, SIG_IGN), signal(SIGTSTP, SIG_IGN), signal(SIGINT, SIG_IGN);
  printf("shell %d %d %d\n", getsid(0) == getpid(), tcgetpgrp(0) == getpid(), isatty(0)), fflush(stdout);
  report("sleeper", job(sleeper, 1));
  pid_t p = job(sleeper, 1);
  report("sleeper", p);
  kill(-p, SIGCONT), report("sleeper", p);
  foreground(p), printf("fg\n"), fflush(stdout);
  report("sleeper", p);
  report("looper", job(looper, 1));
  report("catcher", job(catcher, 1));
  p = job(polite, 1);
  report("polite", p);
  foreground(p), kill(-p, SIGCONT), report("polite", p);
  report("polite", p);
  p = job(reader, 0);
  report("reader", p);
  foreground(p), kill(-p, SIGCONT), report("reader", p);
  report("reader", p);
  p = job(writer, 0);
  report("writer", p);
  foreground(p), kill(-p, SIGCONT), report("writer", p);
  report("writer", p);
  return 0;
}

int main(void) {
  // Whoever started this may ignore or block what the terminal sends: a shell does for what it runs in the background.
  for (int s = 1; s < NSIG; s++) signal(s, SIG_DFL);
  sigset_t none;
  sigemptyset(&none), sigprocmask(SIG_SETMASK, &none, 0);
  setvbuf(stdout, 0, _IOLBF, 0);
  master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  grantpt(master), unlockpt(master);
  const char *name = ptsname(master);
  pid_t p = fork();
  if (!p) {
    setsid();
    int tty = open(name, O_RDWR);
    ioctl(tty, TIOCSCTTY, 0);
    struct termios t;
    tcgetattr(tty, &t);
    t.c_lflag &= ~ECHO;
    tcsetattr(tty, TCSANOW, &t);
    dup2(tty, 0), dup2(tty, 1), dup2(tty, 2);
    if (tty > 2) close(tty);
    exit(shell());
  }
  expect("shell 1 1 1");
  expect("sleeping"), write(master, "\x03", 1);
  expect("killed by 2"), expect("sleeping"), write(master, "\x1a", 1);
  expect("stopped by 20"), expect("continued"), expect("fg"), write(master, "\x1c", 1);
  expect("killed by 3"), expect("looping"), write(master, "\x03", 1);
  expect("killed by 2"), expect("catching"), write(master, "\x03", 1);
  expect("interrupted"), expect("exit 3");
  expect("polite"), write(master, "\x1a", 1);
  expect("stopping"), expect("stopped by 20"), expect_both("back", "continued"), write(master, "line\n", 5);
  expect("read line"), expect("exit 4");
  expect("stopped by 21"), expect("continued"), write(master, "again\n", 6);
  expect("background read again"), expect("exit 5");
  expect("first"), expect("stopped by 22"), expect_both("second", "continued"), write(master, "end\n", 4);
  expect("exit 6");
  int status;
  waitpid(p, &status, 0);
  printf("shell exit %d\n", WEXITSTATUS(status));
  // The end of a session leader hangs its terminal up.
  p = fork();
  if (!p) {
    setsid();
    int tty = open(name, O_RDWR);
    close(master);
    signal(SIGHUP, SIG_DFL);
    write(tty, "ready\n", 6);
    for (;;) pause();
  }
  expect("ready");
  close(master);
  waitpid(p, &status, 0);
  printf("hangup %d\n", WTERMSIG(status));
  return 0;
}
