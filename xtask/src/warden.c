// Runs one program for a test, and leaves nothing of it behind.
//
//   warden PROGRAM [ARG...]
//
// The program finds nothing of whoever runs the tests: it is in a session without a terminal and leads a process group,
// no signal is ignored or blocked, there are no descriptors but 0 to 2, and nothing is to be read from standard input.
// The warden's own standard input is its order: its end says to kill the program and all its descendants, and a byte
// before that says to do so when the program has ended. The warden then ends as the program did.
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

static pid_t program;
static int has_ended, status;

static void on_child(int signal) {}

static void start(char **words) {
  setpgid(0, 0);
  for (int s = 1; s < NSIG; s++) signal(s, SIG_DFL);
  sigset_t none;
  sigemptyset(&none), sigprocmask(SIG_SETMASK, &none, 0);
  umask(022);
  close(0);
  open("/dev/null", O_RDONLY);
  long limit = sysconf(_SC_OPEN_MAX);
#ifdef __linux__
  DIR *open_ones = opendir("/proc/self/fd");
  for (struct dirent *e; open_ones && (e = readdir(open_ones));) {
    int fd = atoi(e->d_name);
    if (fd > 2 && fd != dirfd(open_ones)) close(fd);
  }
  if (open_ones) closedir(open_ones), limit = 0;
#endif
  for (int fd = 3; fd < limit && fd < 4096; fd++) close(fd);
  execvp(words[0], words);
  dprintf(2, "warden: %s: %s\n", words[0], strerror(errno));
  _exit(127);
}

// Takes in who has ended. Returns whether anybody is left.
static int reap(void) {
  for (;;) {
    int how;
    pid_t p = waitpid(-1, &how, WNOHANG);
    if (p <= 0) return p == 0;
    if (p == program) has_ended = 1, status = how;
  }
}

static pid_t parent_of(const char *number) {
  char name[64], text[512];
  snprintf(name, sizeof name, "/proc/%s/stat", number);
  FILE *file = fopen(name, "r");
  if (!file) return 0;
  size_t n = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[n] = 0;
  // The name before it may contain anything.
  char *end = strrchr(text, ')');
  int parent = 0;
  if (end) sscanf(end, ") %*c %d", &parent);
  return parent;
}

static void kill_children(void) {
  if (!has_ended) kill(-program, SIGKILL);
  DIR *all = opendir("/proc");
  for (struct dirent *e; all && (e = readdir(all));)
    if (isdigit((unsigned char)*e->d_name) && parent_of(e->d_name) == getpid()) kill(atoi(e->d_name), SIGKILL);
  if (all) closedir(all);
}

int main(int argc, char **argv) {
  if (argc < 2) return 127;
  setsid();
#ifdef __linux__
  // Who loses its parent becomes a child of the warden.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
#endif
  sigset_t all, but_children;
  sigfillset(&all), sigprocmask(SIG_BLOCK, &all, 0);
  but_children = all, sigdelset(&but_children, SIGCHLD);
  struct sigaction action = {.sa_handler = on_child};
  sigaction(SIGCHLD, &action, 0);
  program = fork();
  if (program < 0) return 127;
  if (program == 0) start(argv + 1);
  int null = open("/dev/null", O_RDWR);
  dup2(null, 1), dup2(null, 2);
  if (null > 2) close(null);

  struct pollfd order = {0, POLLIN, 0};
  int may_end = 0;
  while (reap(), !(has_ended && may_end)) {
    if (ppoll(&order, 1, 0, &but_children) <= 0) continue;
    char c;
    ssize_t n = read(0, &c, 1);
    if (n == 0 || n < 0 && errno != EINTR) break;
    if (n > 0) may_end = 1;
  }
  // What may not be killed, since it has other rights, is left after a while.
  for (int round = 0; round < 100 && reap(); round++) {
    kill_children();
    struct timespec moment = {0, 100000000};
    ppoll(0, 0, &moment, &but_children);
  }
  if (has_ended && WIFSIGNALED(status)) {
    struct rlimit nothing = {0, 0};
    setrlimit(RLIMIT_CORE, &nothing);
    signal(WTERMSIG(status), SIG_DFL);
    sigset_t none;
    sigemptyset(&none), sigprocmask(SIG_SETMASK, &none, 0);
    raise(WTERMSIG(status));
  }
  return has_ended ? WEXITSTATUS(status) : 127;
}
