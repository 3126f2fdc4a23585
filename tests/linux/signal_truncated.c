// A mapped file is cut by another process.
// not under qemu-s390x: the halves of si_addr are exchanged in a SIGBUS.
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile int code;
static void on_bus(int s, siginfo_t *i, void *c) {
  code = i->si_code;
  siglongjmp(back, 1);
}

int main(void) {
  struct sigaction a = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO};
  sigaction(SIGBUS, &a, 0);
  char name[] = "/tmp/signal_truncated.XXXXXX";
  int fd = mkstemp(name);
  unlink(name);
  ftruncate(fd, 8192);
  volatile char *m = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  m[0] = 1, m[4096] = 2;
  int sum = 0;
  pid_t p = fork();
  if (!p) ftruncate(fd, 4096), _exit(0);
  waitpid(p, 0, 0);
  if (!sigsetjmp(back, 1)) {
    sum = m[4096];
    for (volatile int i = 0; i < 1000; i++) {}
    printf("no signal %d\n", sum);
  } else {
    printf("bus error code %d, the other page holds %d\n", code, m[0]);
  }
  signal(SIGBUS, SIG_DFL);
  fflush(stdout);
  p = fork();
  if (!p) {
    ftruncate(fd, 8192);
    m = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    m[4096] = 3;
    if (!fork()) ftruncate(fd, 0), _exit(0);
    wait(0);
    sum = m[4096];
    for (volatile int i = 0; i < 1000; i++) {}
    _exit(0);
  }
  int status;
  waitpid(p, &status, 0);
  printf("died of %d\n", WTERMSIG(status));
  return 0;
}
