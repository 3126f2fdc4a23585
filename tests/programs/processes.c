// fork, wait, pipes, exec of itself, groups, exit statuses, vfork and posix_spawn, environment.
// emulated: musl musl-pie
// qemu makes a plain fork of the vfork by which glibc's posix_spawn hears of a missing program.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
// Two values, the first one first: the order in which arguments are evaluated is the compiler's.
#define SHOW(a, b) do { long a_ = (long)(a), b_ = (long)(b); printf("%ld %ld\n", a_, b_); } while (0)
extern char **environ;
static void show(const char *what, int status) {
  if (WIFEXITED(status)) printf("%s exit %d\n", what, WEXITSTATUS(status));
  else if (WIFSIGNALED(status)) printf("%s signal %d\n", what, WTERMSIG(status));
  else if (WIFSTOPPED(status)) printf("%s stopped %d\n", what, WSTOPSIG(status));
  else if (WIFCONTINUED(status)) printf("%s continued\n", what);
}
int main(int argc, char **argv) {
  setvbuf(stdout, 0, _IOLBF, 0);
  if (argc > 1 && !strcmp(argv[1], "child")) {
    printf("argv %s %s %s env %s\n", argv[1], argv[2], argv[3], getenv("MARK"));
    unsigned a = 0x40000000, b, c, d;
    __asm__("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
    return 23;
  }
  int status, p[2];
  pid_t pid;
  fflush(stdout);
  for (int code = 0; code < 256; code += 51) {
    if ((pid = fork()) == 0) _exit(code);
    printf("%d ", waitpid(pid, &status, 0) == pid);
    show("fork", status);
  }
  int signals[] = {SIGTERM, SIGKILL, SIGABRT, SIGSEGV, SIGPIPE, SIGUSR2};
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  for (int i = 0; i < 6; i++) {
    if ((pid = fork()) == 0) { raise(signals[i]); _exit(0); }
    waitpid(pid, &status, 0), show("raise", status);
  }
  pipe(p);
  if ((pid = fork()) == 0) {
    close(p[0]);
    for (int i = 0; i < 20000; i++) dprintf(p[1], "%d\n", i);
    _exit(0);
  }
  close(p[1]);
  FILE *f = fdopen(p[0], "r");
  long sum = 0, v;
  while (fscanf(f, "%ld", &v) == 1) sum += v;
  fclose(f), waitpid(pid, &status, 0);
  printf("sum %ld\n", sum);
  setenv("MARK", "set", 1), putenv("OTHER=1"), unsetenv("OTHER");
  if ((pid = fork()) == 0) {
    execl("/proc/self/exe", argv[0], "child", "a b", "", (char *)0);
    _exit(99);
  }
  waitpid(pid, &status, 0), show("exec", status);
  if ((pid = vfork()) == 0) { execl("/nonexistent/program", "x", (char *)0); _exit(errno); }
  waitpid(pid, &status, 0), show("vfork", status);
  char *args[] = {argv[0], "child", "spawned", "here", 0};
  int failure = posix_spawn(&pid, "/proc/self/exe", 0, 0, args, environ);
  waitpid(pid, &status, 0), show("spawn", status);
  printf("spawn %d\n", failure);
  printf("spawn missing %d\n", posix_spawn(&pid, "/nonexistent", 0, 0, args, environ));
  // It ends when it has been seen to go on.
  int go[2];
  pipe(go);
  if ((pid = fork()) == 0) {
    char end;
    close(go[1]), raise(SIGSTOP), read(go[0], &end, 1);
    _exit(5);
  }
  close(go[0]);
  waitpid(pid, &status, WUNTRACED), show("stop", status);
  kill(pid, SIGCONT), waitpid(pid, &status, WCONTINUED), show("cont", status);
  close(go[1]);
  siginfo_t info;
  memset(&info, 0, sizeof info);
  printf("waitid %d", waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
  printf(" %d %d %d %d\n", info.si_signo, info.si_code, info.si_status, info.si_pid == pid);
  waitpid(pid, &status, 0), show("end", status);
  SHOW(waitpid(-1, &status, 0), errno == ECHILD);
  SHOW(waitpid(-1, &status, WNOHANG), errno == ECHILD);
  printf("%d %d %d\n", getpgrp() == getpgid(0), getsid(0) > 0, getppid() > 0);
  if ((pid = fork()) == 0) { printf("%d %d\n", setsid() == getpid(), setpgid(0, 0)); _exit(0); }
  waitpid(pid, &status, 0);
  if ((pid = fork()) == 0) {
    pid_t inner = fork();
    if (inner == 0) _exit(7);
    waitpid(inner, &status, 0);
    _exit(WEXITSTATUS(status) + 1);
  }
  waitpid(pid, &status, 0), show("nested", status);
  int fd = open("words", O_RDONLY), fd2 = open("words", O_RDONLY | O_CLOEXEC);
  char c;
  read(fd, &c, 1);
  if ((pid = fork()) == 0) { read(fd, &c, 1); _exit(c); }
  waitpid(pid, &status, 0), read(fd, &c, 1);
  printf("shared offset %d %c %d\n", WEXITSTATUS(status), c, fd2 - fd);
  printf("system %d\n", system(0) != 0);
  FILE *q = fopen("/proc/self/cmdline", "r");
  char line[500] = {0};
  size_t n = fread(line, 1, 499, q);
  printf("cmdline ends %d\n", n > 0 && line[n - 1] == 0);
  for (int i = 0; i < 50; i++) {
    if ((pid = fork()) == 0) _exit(i);
    waitpid(pid, &status, 0);
    if (WEXITSTATUS(status) != i) puts("wrong");
  }
  return 3;
}
