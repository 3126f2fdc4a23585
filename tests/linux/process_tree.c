// fork, exec, wait, vfork, posix_spawn, groups and sessions, orphans, exit statuses.
// not under qemu: vfork is a plain fork, strings of the environment without `=` are dropped, and SIGSEGV and SIGBUS are never blocked or ignored.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static char *self;

static const char *status_text(int status) {
  static char text[64];
  if (WIFEXITED(status)) sprintf(text, "exit %d", WEXITSTATUS(status));
  else if (WIFSIGNALED(status)) sprintf(text, "signal %d core %d", WTERMSIG(status), 0);
  else if (WIFSTOPPED(status)) sprintf(text, "stopped %d", WSTOPSIG(status));
  else if (WIFCONTINUED(status)) sprintf(text, "continued");
  else sprintf(text, "%#x", status);
  return text;
}

static int hypervisor(void) {
  unsigned a = 0x40000000, b, c, d;
  __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
  char name[13] = "";
  memcpy(name, &b, 4), memcpy(name + 4, &c, 4), memcpy(name + 8, &d, 4);
  return !strcmp(name, "GenuineBlink");
}

static int as_child(int argc, char **argv) {
  const char *what = argv[1];
  if (!strcmp(what, "args")) {
    for (int i = 0; i < argc; i++) printf("[%s]", strncmp(argv[i], "/tmp/process_tree.", 18) ? argv[i] : "script");
    for (int i = 0; environ[i]; i++) printf("{%s}", environ[i]);
    printf("\n");
  } else if (!strcmp(what, "signals")) {
    sigset_t set;
    sigprocmask(SIG_BLOCK, 0, &set);
    for (int i = 1; i < 65; i++) {
      struct sigaction a;
      if (i != 32 && i != 33 && !sigaction(i, 0, &a) && a.sa_handler != SIG_DFL) printf("%d:%d ", i, a.sa_handler == SIG_IGN);
      if (sigismember(&set, i)) printf("blocked:%d ", i);
    }
    printf("\n");
  } else if (!strcmp(what, "fds")) {
    for (int i = 0; i < 100; i++)
      if (fcntl(i, F_GETFD) >= 0) printf("%d ", i);
    printf("\n");
  } else if (!strcmp(what, "name")) {
    char name[16];
    prctl(PR_GET_NAME, name);
    printf("%s\n", name);
  } else if (!strcmp(what, "parent")) {
    // A grandchild runs in the same engine.
    execl("/proc/self/exe", self, "grandchild", atoi(argv[2]) == hypervisor() ? "same" : "different", NULL);
  } else if (!strcmp(what, "grandchild")) {
    printf("%s\n", argv[2]);
  }
  fflush(stdout);
  return 17;
}

static void run(const char *name, char *const argv[], char *const envp[]) {
  fflush(stdout);
  pid_t p = fork();
  if (!p) {
    execve(self, argv, envp);
    printf("execve: %s\n", strerrorname_np(errno));
    fflush(stdout);
    _exit(1);
  }
  int status;
  waitpid(p, &status, 0);
  printf("%s: %s\n", name, status_text(status));
}

static int vfork_value;

static int clone_main(void *argument) {
  vfork_value = 5;
  _exit((long)argument);
}

int main(int argc, char **argv) {
  self = argv[0];
  setvbuf(stdout, 0, _IOFBF, 65536);
  if (argc > 1) return as_child(argc, argv);

  // Statuses.
  for (int i = 0; i < 3; i++) {
    fflush(stdout);
    pid_t p = fork();
    if (!p) _exit(i == 1 ? 300 : i);
    int status;
    struct rusage usage;
    pid_t r = wait4(p, &status, 0, &usage);
    printf("exit: %d %s\n", r == p, status_text(status));
  }
  printf("no child: %d %s\n", wait(0), strerrorname_np(errno));
  printf("bad options: %d %s\n", waitpid(-1, 0, 0x100), strerrorname_np(errno));

  // A tree.
  fflush(stdout);
  int sum = 0;
  for (int i = 0; i < 5; i++) {
    pid_t p = fork();
    if (!p) {
      int status, n = 1;
      for (int j = 0; j < i; j++)
        if (!fork()) _exit(1);
      while (wait(&status) > 0) n += WEXITSTATUS(status);
      _exit(n);
    }
  }
  int status;
  while (wait(&status) > 0) sum += WEXITSTATUS(status);
  printf("tree: %d\n", sum);

  // Memory is private, shared mappings are shared.
  int *shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), private = 1;
  fflush(stdout);
  pid_t p = fork();
  if (!p) *shared = 2, private = 2, _exit(0);
  waitpid(p, 0, 0);
  printf("memory: %d %d\n", *shared, private);

  // waitid.
  fflush(stdout);
  p = fork();
  if (!p) _exit(9);
  siginfo_t info;
  memset(&info, 0xff, sizeof info);
  int r = waitid(P_PID, p, &info, WEXITED | WNOWAIT);
  printf("waitid: %d signo %d errno %d code %d pid %d status %d\n", r, info.si_signo, info.si_errno, info.si_code, info.si_pid == p, info.si_status);
  r = waitid(P_ALL, 0, &info, WEXITED);
  printf("waitid: %d code %d\n", r, info.si_code);
  p = fork();
  if (!p) for (;;) pause();
  memset(&info, 0xff, sizeof info);
  r = waitid(P_PID, p, &info, WEXITED | WNOHANG);
  printf("waitid: %d signo %d code %d pid %d status %d\n", r, info.si_signo, info.si_code, info.si_pid, info.si_status);
  kill(p, SIGSTOP), waitpid(p, &status, WUNTRACED), printf("%s\n", status_text(status));
  kill(p, SIGCONT), waitpid(p, &status, WCONTINUED), printf("%s\n", status_text(status));
  kill(p, SIGKILL), waitid(P_PID, p, &info, WEXITED);
  printf("killed: code %d status %d\n", info.si_code, info.si_status);

  // exec.
  run("args", (char *[]){"zero", "args", "two words", "", NULL}, (char *[]){"A=1", "B", "", "C=x y", NULL});
  run("no environment", (char *[]){"zero", "args", NULL}, (char *[]){NULL});
  run("null environment", (char *[]){"zero", "args", NULL}, NULL);
  signal(SIGUSR1, SIG_IGN), signal(SIGBUS, SIG_IGN), signal(SIGSTKFLT, SIG_IGN), signal(SIGHUP, (void (*)(int))run);
  sigset_t set;
  sigemptyset(&set), sigaddset(&set, SIGSEGV), sigaddset(&set, SIGTERM), sigaddset(&set, SIGSTKFLT), sigaddset(&set, 50);
  sigprocmask(SIG_SETMASK, &set, 0);
  run("signals", (char *[]){"zero", "signals", NULL}, NULL);
  sigemptyset(&set), sigprocmask(SIG_SETMASK, &set, 0);
  signal(SIGUSR1, SIG_DFL), signal(SIGBUS, SIG_DFL), signal(SIGSTKFLT, SIG_DFL), signal(SIGHUP, SIG_DFL);
  int keep = open("/dev/null", O_RDONLY), cloexec = open("/dev/null", O_RDONLY | O_CLOEXEC);
  run("descriptors", (char *[]){"zero", "fds", NULL}, NULL);
  close(keep), close(cloexec);
  run("name", (char *[]){"zero", "name", NULL}, NULL);
  run("engine", (char *[]){"zero", "parent", hypervisor() ? "1" : "0", NULL}, NULL);

  // Failures.
  struct { const char *path; } bad[] = {{"/nonexistent"}, {"/etc"}, {"/etc/passwd"}, {"/etc/passwd/x"}, {""}, {"/dev/null"}};
  for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
    r = execl(bad[i].path, "x", NULL);
    printf("exec %s: %d %s\n", bad[i].path, r, strerrorname_np(errno));
  }
  char junk[] = "/tmp/process_tree.XXXXXX";
  int fd = mkstemp(junk);
  write(fd, "junk", 4), fchmod(fd, 0755);
  printf("exec busy: %d %s\n", execl(junk, "x", NULL), strerrorname_np(errno));
  close(fd);
  printf("exec junk: %d %s\n", execl(junk, "x", NULL), strerrorname_np(errno));
  fd = open(junk, O_WRONLY | O_TRUNC);
  dprintf(fd, "#!%s args\n", argv[0]);
  close(fd);
  fflush(stdout);
  p = fork();
  if (!p) execve(junk, (char *[]){"zero", "one", NULL}, (char *[]){NULL}), _exit(1);
  waitpid(p, &status, 0), printf("script: %s\n", status_text(status));
  // The path of the script is different each time.
  unlink(junk);
  fd = open(argv[0], O_RDONLY | O_CLOEXEC);
  fflush(stdout);
  p = fork();
  if (!p) fexecve(fd, (char *[]){"zero", "args", NULL}, (char *[]){NULL}), _exit(1);
  waitpid(p, &status, 0), printf("fexecve: %s\n", status_text(status));

  // vfork and posix_spawn.
  p = vfork();
  if (!p) vfork_value = 3, _exit(4);
  waitpid(p, &status, 0), printf("vfork: %d %s\n", vfork_value, status_text(status));
  fflush(stdout);
  p = vfork();
  if (!p) {
    execve(self, (char *[]){"vforked", "args", NULL}, (char *[]){NULL});
    _exit(1);
  }
  waitpid(p, &status, 0), printf("vfork exec: %s\n", status_text(status));
  p = vfork();
  if (!p) {
    vfork_value = execl("/nonexistent", "x", NULL) ? errno : 0;
    _exit(5);
  }
  waitpid(p, &status, 0), printf("vfork failed: %s %s\n", strerrorname_np(vfork_value), status_text(status));
  p = vfork();
  if (!p) kill(getpid(), SIGKILL);
  waitpid(p, &status, 0), printf("vfork killed: %s\n", status_text(status));
  r = posix_spawn(&p, "/nonexistent", 0, 0, (char *[]){"x", NULL}, environ);
  printf("posix_spawn: %s\n", strerrorname_np(r));
  fflush(stdout);
  r = posix_spawnp(&p, self, 0, 0, (char *[]){"spawned", "args", NULL}, (char *[]){"E=1", NULL});
  waitpid(p, &status, 0), printf("posix_spawn: %d %s\n", r, status_text(status));
  fflush(stdout);
  FILE *pipe = popen("echo through a shell; exit 3", "r");
  char line[64] = "";
  fgets(line, sizeof line, pipe);
  status = pclose(pipe);
  printf("popen: %s%s\n", line, status_text(status));
  fflush(stdout);
  printf("system: %d\n", WEXITSTATUS(system("exit 6")));
  static char stack[65536];
  p = clone(clone_main, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)8);
  waitpid(p, &status, 0), printf("clone: %d %s\n", vfork_value, status_text(status));
  p = clone(clone_main, stack + sizeof stack, SIGCHLD, (void *)9);
  waitpid(p, &status, 0), printf("clone: %s\n", status_text(status));

  // Flags that do not go together.
  printf("clone flags: %ld %s\n", syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0), strerrorname_np(errno));
  printf("clone flags: %ld %s\n", syscall(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0), strerrorname_np(errno));
  printf("clone3 size: %ld %s\n", syscall(SYS_clone3, 0, 8), strerrorname_np(errno));
  pid_t tid = 0;
  fflush(stdout);
  p = syscall(SYS_clone, CLONE_CHILD_SETTID | CLONE_PARENT_SETTID | SIGCHLD, 0, &tid, &tid, 0);
  if (!p) _exit(tid == getpid() ? 10 : 11);
  waitpid(p, &status, 0), printf("settid: %d %s\n", tid == p, status_text(status));
  printf("tid %d\n", gettid() == getpid());

  // Groups and sessions.
  fflush(stdout);
  p = fork();
  if (!p) {
    printf("group %d", getpgrp() == getpid());
    printf(" %d", setpgid(0, 0));
    printf(" %d %d", getpgrp() == getpid(), getpgid(0) == getpid());
    printf(" setsid %d %s", setsid(), strerrorname_np(errno));
    printf(" sid %d\n", getsid(0) == getsid(getppid()));
    fflush(stdout);
    pid_t q = fork();
    if (!q) {
      printf("setsid %d %d\n", setsid() == getpid(), getsid(0) == getpid());
      fflush(stdout);
      _exit(0);
    }
    waitpid(q, 0, 0);
    _exit(0);
  }
  waitpid(p, 0, 0);

  // An orphan is adopted.
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  int pipes[2];
  (void)!pipe2(pipes, 0);
  fflush(stdout);
  p = fork();
  if (!p) {
    pid_t q = fork();
    if (!q) {
      while (getppid() == atoi("0")) {}
      char c;
      read(pipes[0], &c, 1);
      _exit(21);
    }
    _exit(20);
  }
  waitpid(p, &status, 0), printf("%s, ", status_text(status));
  write(pipes[1], "x", 1);
  wait(&status), printf("adopted: %s\n", status_text(status));
  return 0;
}
