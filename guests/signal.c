// Handlers with and without siginfo, masks, the alternate stack, edited contexts, an interrupted read.
#include "small.h"

struct action {
  void *handler;
  u64 flags;
  void *restorer;
  u64 mask;
};
struct info {
  int signal, error, code, pad;
  union { u64 address; struct { int pid, uid; } sender; } at;
};
// What lies behind the handler's third argument, up to the general registers.
struct context {
  u64 flags, link, stack[3];
  long r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags;
};
enum { HUP = 1, ILL = 4, FPE = 8, USR1 = 10, SEGV = 11, USR2 = 12, ALRM = 14, SIGINFO = 4, RESTORER = 0x04000000, ONSTACK = 0x08000000 };

__asm__("restore:\n\tmov $15, %eax\n\tsyscall\n");
extern char restore[];

static volatile int count[32];
static volatile long sent, faulted_at, was_on_stack;
static char other_stack[16384];

static void counting(int s) { count[s]++; }

static void telling(int s, struct info *info, struct context *context) {
  count[s]++;
  row("handler of", s), row("  code", info->code);
  row("  from itself", info->at.sender.pid == call(GETPID, 0, 0, 0, 0, 0, 0));
}

static void skipping(int s, struct info *info, struct context *context) {
  faulted_at = info->at.address;
  row("fault", s), row("  code", info->code);
  context->rip = context->rbx;
  context->r12 = 4711;
}

static void elsewhere(int s) {
  char here;
  was_on_stack = &here >= other_stack && &here < other_stack + sizeof other_stack;
}

static void on(int s, void *handler, u64 flags) {
  struct action a = {handler, flags | RESTORER, restore, 0};
  long r = call(RT_SIGACTION, s, (long)&a, 0, 8, 0, 0);
  if (r) row("rt_sigaction failed", r);
}

static void raise(int s) { call(KILL, call(GETPID, 0, 0, 0, 0, 0, 0), s, 0, 0, 0, 0); }

// Runs an instruction that faults; the handler continues behind it, and leaves its mark in r12.
#define FAULT(instruction, value) ({ \
  register long mark __asm__("r12") = 0; \
  __asm__ volatile("lea 1f(%%rip), %%rbx\n\t" instruction "\n1:" : "+r"(mark) : "r"((long)(value)) : "rax", "rbx", "rcx", "rdx", "memory"); \
  mark; })

void start(long *stack) {
  on(USR1, counting, 0), on(USR2, telling, SIGINFO);
  raise(USR1), raise(USR1), raise(USR2);
  row("handled", count[USR1] + 10 * count[USR2]);

  u64 set = 1ul << (USR1 - 1), old = 99;
  call(RT_SIGPROCMASK, 0, (long)&set, (long)&old, 8, 0, 0);
  row("mask before", old);
  raise(USR1), raise(USR1);
  row("handled while blocked", count[USR1]);
  call(RT_SIGPROCMASK, 1, (long)&set, 0, 8, 0, 0);
  row("handled after", count[USR1]);

  on(SEGV, skipping, SIGINFO), on(FPE, skipping, SIGINFO), on(ILL, skipping, SIGINFO);
  char *page = (char *)call(MMAP, 0, 4096, 1, 0x22, -1, 0);
  row("  context edited", FAULT("movb $1, 5(%1)", page));
  row("  at byte", faulted_at - (long)page);
  row("  context edited", FAULT("mov %1, %%rax; mov (%%rax), %%rax", 16));
  row("  at", faulted_at);
  row("  context edited", FAULT("xor %%ecx, %%ecx; xor %%edx, %%edx; div %%ecx", 0));
  row("  context edited", FAULT("ud2", 0));

  struct { void *sp; int flags; u64 size; } place = {other_stack, 0, sizeof other_stack};
  row("sigaltstack", call(SIGALTSTACK, (long)&place, 0, 0, 0, 0, 0));
  on(HUP, elsewhere, ONSTACK), raise(HUP);
  row("on the alternate stack", was_on_stack);

  int ends[2];
  char byte;
  long soon[4] = {0, 0, 0, 30000};
  on(ALRM, counting, 0);
  call(PIPE, (long)ends, 0, 0, 0, 0, 0);
  call(SETITIMER, 0, (long)soon, 0, 0, 0, 0);
  row("interrupted read", call(READ, ends[0], (long)&byte, 1, 0, 0, 0));
  row("alarms", count[ALRM]);

  struct action ignore = {(void *)1, 0, 0, 0};
  call(RT_SIGACTION, USR1, (long)&ignore, 0, 8, 0, 0);
  raise(USR1);
  row("ignored", count[USR1]);
  row("no handler for SIGKILL", call(RT_SIGACTION, 9, (long)&ignore, 0, 8, 0, 0));

  long pid = call(FORK, 0, 0, 0, 0, 0, 0);
  if (pid == 0) {
    struct action standard = {0, 0, 0, 0};
    call(RT_SIGACTION, HUP, (long)&standard, 0, 8, 0, 0);
    raise(HUP);
    end(0);
  }
  int status = 0;
  call(WAIT4, pid, (long)&status, 0, 0, 0, 0);
  row("child died of", status);
  end(0);
}
