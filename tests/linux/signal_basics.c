// Handlers, masks, siginfo, alternate stack, nesting, edited contexts, pending signals.
// not under qemu: signals above 62 or so cannot be sent.
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static char text[4096];
static void note(const char *what) { strcat(text, what), strcat(text, " "); }
static void flush(const char *name) {
  printf("%s: %s\n", name, text);
  text[0] = 0;
}

static void mask_text(const char *when) {
  sigset_t set;
  char line[256] = "";
  sigprocmask(SIG_BLOCK, 0, &set);
  for (int i = 1; i < 65; i++)
    if (sigismember(&set, i)) sprintf(line + strlen(line), "%d,", i);
  strcat(text, when), strcat(text, "="), strcat(text, line), strcat(text, " ");
}

static void on_usr1(int s) { note("usr1"), mask_text("mask"); }
static void on_usr2(int s) { note("usr2"), mask_text("mask"); }
static void nested(int s) {
  note("in");
  if (s == SIGUSR1) raise(SIGUSR2);
  note("out");
}

static void info(int s, siginfo_t *i, void *c) {
  ucontext_t *uc = c;
  char line[256];
  sprintf(line, "[%d code %d pid %d uid %d value %d flags %#lx]", i->si_signo, i->si_code, i->si_pid == getpid(), i->si_uid == getuid(),
          i->si_code == SI_QUEUE ? i->si_value.sival_int : -1, uc->uc_flags & ~1ul);
  strcat(text, line);
}

static void edit(int s, siginfo_t *i, void *c) {
  ucontext_t *uc = c;
  uc->uc_mcontext.gregs[REG_RAX] = 42;
  uc->uc_mcontext.gregs[REG_RIP] += 2;
  uc->uc_mcontext.gregs[REG_EFL] |= 1;
  uc->uc_mcontext.fpregs->_xmm[7].element[0] = 0x12345678;
  sigaddset(&uc->uc_sigmask, SIGHUP);
}

static char stack[16384];
static void on_stack(int s, siginfo_t *i, void *c) {
  char here;
  stack_t now;
  ucontext_t *uc = c;
  char line[200];
  sigaltstack(0, &now);
  sprintf(line, "[onstack %d flags %d saved %d,%d,%d]", &here >= stack && &here < stack + sizeof stack, now.ss_flags,
          uc->uc_stack.ss_sp == stack, uc->uc_stack.ss_flags, (int)uc->uc_stack.ss_size);
  strcat(text, line);
  stack_t other = {.ss_sp = malloc(8192), .ss_size = 8192};
  sprintf(line, "[set inside %d]", sigaltstack(&other, 0) ? errno : 0);
  strcat(text, line);
}

static void check_alignment(int s, siginfo_t *i, void *c) {
  uintptr_t frame = (uintptr_t)__builtin_frame_address(0) + 8;
  char line[200];
  ucontext_t *uc = c;
  sprintf(line, "[frame %lu uc %lu fp %lu info %ld order %d]", frame & 15, (uintptr_t)uc & 15, (uintptr_t)uc->uc_mcontext.fpregs & 63,
          (long)((char *)i - (char *)uc), (uintptr_t)uc->uc_mcontext.fpregs > (uintptr_t)i);
  strcat(text, line);
  sprintf(line, "[cs %lx]", (long)uc->uc_mcontext.gregs[REG_CSGSFS]);
  strcat(text, line);
  unsigned short cw;
  unsigned mxcsr;
  __asm__ volatile("fnstcw %0\n stmxcsr %1" : "=m"(cw), "=m"(mxcsr));
  sprintf(line, "[cw %x mxcsr %x]", cw, mxcsr);
  strcat(text, line);
}

static void set(int s, void (*f)(int), int flags) {
  struct sigaction a = {.sa_handler = f, .sa_flags = flags};
  sigaction(s, &a, 0);
}
static void set3(int s, void (*f)(int, siginfo_t *, void *), int flags) {
  struct sigaction a = {.sa_sigaction = f, .sa_flags = flags | SA_SIGINFO};
  sigaction(s, &a, 0);
}

int main(void) {
  set(SIGUSR1, on_usr1, 0);
  set(SIGUSR2, on_usr2, SA_NODEFER);
  raise(SIGUSR1), raise(SIGUSR2), mask_text("after"), flush("basic");

  struct sigaction a = {.sa_handler = on_usr1};
  sigaddset(&a.sa_mask, SIGTERM), sigaddset(&a.sa_mask, SIGKILL), sigaddset(&a.sa_mask, 40);
  sigaction(SIGUSR1, &a, 0);
  raise(SIGUSR1), flush("sa_mask");

  set(SIGUSR1, nested, 0), set(SIGUSR2, nested, 0);
  raise(SIGUSR1), flush("nested");

  // Two pending signals: the lower is taken first, so its handler runs last.
  sigset_t both, old, pending;
  sigemptyset(&both), sigaddset(&both, SIGUSR1), sigaddset(&both, SIGUSR2), sigaddset(&both, SIGSEGV), sigaddset(&both, SIGSTKFLT);
  set(SIGUSR1, on_usr1, 0), set(SIGUSR2, on_usr2, 0);
  sigprocmask(SIG_BLOCK, &both, &old);
  raise(SIGUSR2), raise(SIGUSR1), raise(SIGUSR1);
  sigpending(&pending);
  printf("pending %d %d %d\n", sigismember(&pending, SIGUSR1), sigismember(&pending, SIGUSR2), sigismember(&pending, SIGHUP));
  sigprocmask(SIG_SETMASK, &old, 0), flush("two at once");

  set(SIGSEGV, on_usr1, 0), set(SIGSTKFLT, on_usr2, 0);
  sigprocmask(SIG_BLOCK, &both, &old);
  kill(getpid(), SIGSEGV), kill(getpid(), SIGSTKFLT);
  note("blocked");
  sigpending(&pending);
  printf("pending %d %d\n", sigismember(&pending, SIGSEGV), sigismember(&pending, SIGSTKFLT));
  sigprocmask(SIG_UNBLOCK, &both, 0), mask_text("after"), flush("never blocked on the host");
  kill(getpid(), SIGSEGV), flush("sent segv");
  set(SIGSEGV, SIG_IGN, 0), kill(getpid(), SIGSEGV), flush("ignored segv");
  set(SIGBUS, SIG_IGN, 0), kill(getpid(), SIGBUS), flush("ignored bus");
  set(SIGSEGV, SIG_DFL, 0), set(SIGBUS, SIG_DFL, 0);

  set3(SIGUSR1, info, 0), set3(SIGRTMIN + 3, info, 0);
  raise(SIGUSR1), kill(getpid(), SIGUSR1);
  union sigval value = {.sival_int = 77};
  sigqueue(getpid(), SIGUSR1, value);
  sigset_t rt;
  sigemptyset(&rt), sigaddset(&rt, SIGRTMIN + 3);
  sigprocmask(SIG_BLOCK, &rt, 0);
  for (int i = 1; i < 4; i++) value.sival_int = i, sigqueue(getpid(), SIGRTMIN + 3, value);
  sigprocmask(SIG_UNBLOCK, &rt, 0), flush("siginfo");

  // Waiting for signals.
  sigprocmask(SIG_BLOCK, &rt, 0);
  siginfo_t got;
  value.sival_int = 5, sigqueue(getpid(), SIGRTMIN + 3, value);
  int s = sigwaitinfo(&rt, &got);
  printf("sigwaitinfo %d value %d code %d\n", s - SIGRTMIN, got.si_value.sival_int, got.si_code);
  struct timespec brief = {0, 1000000};
  s = sigtimedwait(&rt, &got, &brief);
  printf("sigtimedwait %d errno %d\n", s, errno);
  struct timespec bad = {0, 1000000000};
  s = sigtimedwait(&rt, &got, &bad);
  printf("sigtimedwait %d errno %d\n", s, errno);

  // A handler that edits what it returns to.
  set3(SIGILL, edit, 0);
  long rax, flags;
  unsigned x7;
  __asm__ volatile("xor %%eax, %%eax\n clc\n ud2\n pushfq\n pop %1\n movd %%xmm7, %2" : "=a"(rax), "=r"(flags), "=r"(x7) : : "xmm7", "cc");
  printf("edited rax %ld carry %ld xmm7 %x ", rax, flags & 1, x7);
  mask_text("mask"), flush("edit");
  sigset_t none;
  sigemptyset(&none), sigprocmask(SIG_SETMASK, &none, 0);

  set3(SIGUSR1, check_alignment, 0);
  unsigned short cw = 0x27f, cw2;
  unsigned mxcsr = 0x9fc0, mxcsr2;
  __asm__ volatile("fldcw %0\n ldmxcsr %1" : : "m"(cw), "m"(mxcsr));
  raise(SIGUSR1);
  __asm__ volatile("fnstcw %0\n stmxcsr %1" : "=m"(cw2), "=m"(mxcsr2));
  mxcsr = 0x1f80, cw = 0x37f;
  __asm__ volatile("fldcw %0\n ldmxcsr %1" : : "m"(cw), "m"(mxcsr));
  printf("restored %x %x\n", cw2, mxcsr2), flush("frame");

  // The alternate stack.
  stack_t alt = {.ss_sp = stack, .ss_size = sizeof stack}, was;
  printf("altstack %d", sigaltstack(&alt, &was));
  printf(" was flags %d size %zu\n", was.ss_flags, was.ss_size);
  set3(SIGUSR1, on_stack, SA_ONSTACK);
  raise(SIGUSR1), flush("altstack");
  set3(SIGUSR1, on_stack, 0);
  raise(SIGUSR1), flush("not on it");
  alt.ss_flags = SS_ONSTACK | (1 << 31);
  printf("autodisarm %d\n", sigaltstack(&alt, 0));
  set3(SIGUSR1, on_stack, SA_ONSTACK);
  raise(SIGUSR1), flush("autodisarm");
  sigaltstack(0, &was);
  printf("after: %d flags %#x\n", was.ss_sp == stack, was.ss_flags);
  alt.ss_size = 2047, alt.ss_flags = 0;
  printf("small %d", sigaltstack(&alt, 0) ? errno : 0);
  alt.ss_size = 4096, alt.ss_flags = 64;
  printf(" flags %d", sigaltstack(&alt, 0) ? errno : 0);
  alt.ss_flags = SS_DISABLE;
  printf(" off %d", sigaltstack(&alt, 0));
  sigaltstack(0, &was);
  printf(" now %d %p %zu\n", was.ss_flags, was.ss_sp, was.ss_size);

  // Raw calls.
  struct { void *handler; unsigned long flags; void *restorer; unsigned long mask; } ka = {SIG_IGN, ~0ul, 0, ~0ul}, kb;
  for (int i = 32; i <= 33; i++) {
    printf("action %d: %ld", i, syscall(SYS_rt_sigaction, i, &ka, 0, 8));
    syscall(SYS_rt_sigaction, i, 0, &kb, 8);
    printf(" %p %#lx %#lx\n", kb.handler, kb.flags, kb.mask);
  }
  printf("bad: %ld", syscall(SYS_rt_sigaction, 65, &ka, 0, 8));
  printf(" %d %ld", errno, syscall(SYS_rt_sigaction, 9, &ka, 0, 8));
  printf(" %d %ld", errno, syscall(SYS_rt_sigaction, 9, 0, &kb, 8));
  printf(" %ld", syscall(SYS_rt_sigaction, 10, &ka, 0, 4));
  printf(" %d %ld", errno, syscall(SYS_rt_sigaction, 10, 8, 0, 8));
  printf(" %d %ld %d\n", errno, syscall(SYS_rt_sigprocmask, 7, &ka, 0, 8), errno);
  printf("kill 65: %d %d\n", kill(getpid(), 65), errno);
  printf("kill 0: %d\n", kill(getpid(), 0));

  // SA_RESETHAND.
  set(SIGUSR1, on_usr1, SA_RESETHAND);
  raise(SIGUSR1), flush("resethand");
  struct sigaction left;
  sigaction(SIGUSR1, 0, &left);
  printf("left %d flags %#x\n", left.sa_handler == SIG_DFL, left.sa_flags & ~0x4000000);
  fflush(stdout);
  pid_t child = fork();
  if (!child) {
    set(SIGUSR1, on_usr1, SA_RESETHAND);
    raise(SIGUSR1), raise(SIGUSR1);
    _exit(1);
  }
  int status;
  waitpid(child, &status, 0);
  printf("child status %#x\n", status);
  int deadly[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGKILL, SIGTERM, SIGSTKFLT, SIGRTMAX, SIGPIPE, SIGALRM, SIGSYS};
  for (unsigned i = 0; i < sizeof deadly / sizeof *deadly; i++) {
    fflush(stdout);
    child = fork();
    if (!child) {
      signal(deadly[i], SIG_DFL);
      kill(getpid(), deadly[i]);
      for (;;) pause();
    }
    waitpid(child, &status, 0);
    printf("died of %d: %d %d\n", deadly[i], WIFSIGNALED(status), WTERMSIG(status));
  }
  return 0;
}
