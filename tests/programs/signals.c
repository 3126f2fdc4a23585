// Handlers, masks, siginfo, the alternate stack, restarts, edited contexts, faults with their addresses.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
static volatile int got[65];
static void count(int s) { got[s]++; }
static char *page;
static void fault(int s, siginfo_t *i, void *context) {
  ucontext_t *u = context;
  long at = (long)((char *)i->si_addr - page);
  printf("signal %d code %d ", s, i->si_code);
  if ((long)i->si_addr == u->uc_mcontext.gregs[REG_RIP]) printf("at rip");
  else if (at >= 0 && at < 65536) printf("page + %ld", at);
  else printf("%p", i->si_addr);
  printf(" trap %lld error %lld\n", u->uc_mcontext.gregs[REG_TRAPNO], u->uc_mcontext.gregs[REG_ERR]);
  fflush(stdout);
  if (s == SIGSEGV && i->si_addr >= (void *)page && i->si_addr < (void *)(page + 4096)) mprotect(page, 4096, PROT_READ | PROT_WRITE);
  else u->uc_mcontext.gregs[REG_RIP] = u->uc_mcontext.gregs[REG_RBX];
}
static void info(int s, siginfo_t *i, void *c) {
  printf("signal %d code %d pid %d value %d\n", s, i->si_code, i->si_pid == getpid() || i->si_pid == getppid() || i->si_pid > 0, i->si_value.sival_int);
}
static void on_stack(int s, siginfo_t *i, void *c) {
  stack_t now;
  sigaltstack(0, &now);
  printf("on alternate stack %d\n", now.ss_flags == SS_ONSTACK && (char *)&now > (char *)now.ss_sp && (char *)&now < (char *)now.ss_sp + now.ss_size);
}
static void edit(int s, siginfo_t *i, void *context) {
  ucontext_t *u = context;
  u->uc_mcontext.gregs[REG_R12] = 4711;
  u->uc_mcontext.gregs[REG_EFL] |= 1;
  u->uc_mcontext.fpregs->_xmm[5].element[0] = 0x3f800000;
}
// Runs an instruction that faults; the handler jumps behind it, to the address in rbx.
#define FAULT(text, ...) __asm__ volatile("lea 1f(%%rip), %%rbx\n" text "\n1:" : : __VA_ARGS__ : "rbx", "rax", "rdx", "rcx", "memory")
static void act(int s, void (*f)(int, siginfo_t *, void *), int flags) {
  struct sigaction a = {.sa_sigaction = f, .sa_flags = SA_SIGINFO | flags};
  sigaction(s, &a, 0);
}
int main(void) {
  setvbuf(stdout, 0, _IOLBF, 0);
  signal(SIGUSR1, count), signal(SIGUSR2, count);
  sigset_t set, old, pending;
  sigemptyset(&set), sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, &old);
  raise(SIGUSR1), raise(SIGUSR1), raise(SIGUSR2);
  sigpending(&pending);
  printf("%d %d %d\n", got[SIGUSR1], got[SIGUSR2], sigismember(&pending, SIGUSR1));
  sigprocmask(SIG_SETMASK, &old, 0);
  printf("%d %d\n", got[SIGUSR1], got[SIGUSR2]);
  page = mmap(0, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(page + 4096, 4096);
  act(SIGSEGV, fault, 0), act(SIGBUS, fault, 0), act(SIGILL, fault, 0), act(SIGFPE, fault, 0), act(SIGTRAP, fault, 0);
  // Read first: the error code tells whether the page was there.
  (void)*(volatile char *)page;
  ((volatile char *)page)[100] = 1, puts("restarted after mprotect");
  FAULT("movl $1, (%0)", "r"(page + 4096 + 8));
  FAULT("movq (%0), %%rax", "r"(page + 4096 - 3));
  FAULT("ud2", "r"(0));
  FAULT("xor %%edx, %%edx; xor %%ecx, %%ecx; mov $1, %%eax; div %%ecx", "r"(0));
  FAULT("int3; nop", "r"(0));
  FAULT("hlt", "r"(0));
  FAULT("mov %0, %%rax; movq (%%rax), %%rax", "r"(0x8000000000000000));
  FAULT("movaps (%0), %%xmm0", "r"(page + 8));
  FAULT("int $0x55", "r"(0));
  union sigval value = {.sival_int = 99};
  act(SIGRTMIN, info, 0), act(SIGUSR1, info, 0), act(SIGCHLD, info, SA_RESTART);
  sigqueue(getpid(), SIGRTMIN, value), kill(getpid(), SIGUSR1), raise(SIGUSR1);
  if (fork() == 0) _exit(4);
  int status;
  while (wait(&status) < 0 && errno == EINTR) {}
  printf("child %d\n", WEXITSTATUS(status));
  signal(SIGCHLD, SIG_DFL);
  stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
  printf("sigaltstack %d\n", sigaltstack(&stack, 0));
  act(SIGUSR2, on_stack, SA_ONSTACK), raise(SIGUSR2);
  act(SIGUSR1, edit, 0);
  unsigned long r12, flags;
  float x5;
  __asm__ volatile("mov $39, %%eax; syscall; mov %%eax, %%edi; mov $10, %%esi; mov $62, %%eax; xor %%r12d, %%r12d; pxor %%xmm5, %%xmm5; clc; syscall; pushf; pop %1; mov %%r12, %0; movss %%xmm5, %2"
                   : "=r"(r12), "=r"(flags), "=m"(x5) : : "rax", "rdi", "rsi", "rcx", "r11", "r12", "xmm5", "memory", "cc");
  printf("edited %lu %lu %g\n", r12, flags & 1, x5);
  signal(SIGALRM, count);
  struct itimerval timer = {.it_value = {0, 50000}};
  setitimer(ITIMER_REAL, &timer, 0);
  char c;
  int p[2];
  pipe(p);
  siginterrupt(SIGALRM, 1);
  long result = read(p[0], &c, 1);
  printf("read %ld errno %d\n", result, errno);
  siginterrupt(SIGALRM, 0);
  setitimer(ITIMER_REAL, &timer, 0);
  if (fork() == 0) { usleep(200000); write(p[1], "x", 1); _exit(0); }
  printf("restarted read %zd", read(p[0], &c, 1));
  printf(" alarms %d\n", got[SIGALRM]);
  setitimer(ITIMER_REAL, &timer, 0);
  struct timespec rest = {0}, ask = {5, 0};
  int r = nanosleep(&ask, &rest);
  printf("nanosleep %d %d %d\n", r, errno, rest.tv_sec == 4);
  setitimer(ITIMER_REAL, &timer, 0);
  result = pause();
  printf("pause %ld %d\n", result, errno);
  sigemptyset(&set), sigaddset(&set, SIGUSR2), sigprocmask(SIG_BLOCK, &set, 0);
  sigqueue(getpid(), SIGUSR2, value);
  siginfo_t i;
  result = sigwaitinfo(&set, &i);
  printf("sigwaitinfo %ld %d\n", result, i.si_value.sival_int);
  struct timespec zero = {0, 1000000};
  result = sigtimedwait(&set, &i, &zero);
  printf("sigtimedwait %ld %d\n", result, errno);
  struct sigaction a = {.sa_handler = count, .sa_flags = SA_RESETHAND | SA_NODEFER}, was;
  sigaction(SIGHUP, &a, 0), raise(SIGHUP), sigaction(SIGHUP, 0, &was);
  printf("reset %d\n", was.sa_handler == SIG_DFL);
  result = sigaction(SIGKILL, &a, 0), printf("%ld %d\n", result, errno);
  result = kill(getpid(), 65), printf("%ld %d\n", result, errno);
  fflush(stdout);
  signal(SIGSEGV, SIG_DFL);
  *(volatile int *)0 = 0;
  return 0;
}
