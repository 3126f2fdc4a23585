// Single steps: the trap after each instruction with TF set, as a debugger inside the program sees them. String instructions
// trap after each element, MOV SS delays the trap, and floating-point exceptions come as SIGFPE with their codes.
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

static unsigned char *page;
static sigjmp_buf back;
static int limit;

static void handler(int number, siginfo_t *info, void *context)
{
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  struct _libc_fpstate *state = ((ucontext_t *)context)->uc_mcontext.fpregs;
  unsigned long long ip = registers[REG_RIP], address = (unsigned long long)info->si_addr;
  printf("  signal %d code %d trap %lld error %#llx at %+lld address %s flags %#llx rcx %lld fsw %#x mxcsr %#x\n", number,
       info->si_code, (long long)registers[REG_TRAPNO], (unsigned long long)registers[REG_ERR],
       (long long)(ip - (unsigned long long)page), address == ip ? "there" : address ? "elsewhere" : "0",
       (unsigned long long)registers[REG_EFL], (long long)registers[REG_RCX], state->swd, state->mxcsr);
  if (number != SIGTRAP || info->si_code == SI_KERNEL || --limit == 0)
    siglongjmp(back, 1);
}

// Runs the bytes with these flags, until something else than a single step stops them.
static void run(const char *name, const char *bytes, size_t count, unsigned long flags, unsigned long rcx)
{
  static char stack[4096], data[256];
  static const unsigned mxcsr = 0x1f80;
  printf("%s\n", name);
  memset(page, 0xcc, 4096);
  memcpy(page, bytes, count);
  memset(data, 7, sizeof data);
  limit = 12;
  if (sigsetjmp(back, 1) == 0)
    __asm__ volatile("lea 2048(%1), %%rsp; mov %2, %%rsi; lea 128(%2), %%rdi; mov $0x2b, %%eax; push %3; popfq; jmp *%0" ::
               "r"(page), "r"(stack), "r"(data), "r"(flags), "c"(rcx)
             : "memory", "rax", "rsi", "rdi", "cc");
  __asm__ volatile("cld; fninit; ldmxcsr %0" ::"m"(mxcsr));
  fflush(stdout);
}

#define STEPS(name, bytes, rcx) run(name, bytes, sizeof bytes - 1, 0x302, rcx)
#define TRAP(name, bytes) run(name, bytes, sizeof bytes - 1, 0x202, 0)

int main(void)
{
  static const int numbers[] = {SIGTRAP, SIGSEGV, SIGILL, SIGFPE, SIGBUS};
  stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigaltstack(&stack, 0);
  for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++)
    sigaction(numbers[i], &action, 0);
  page = mmap((void *)0x10000000, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

  STEPS("nop", "\x90\x90", 0);
  STEPS("jump, call and return", "\xeb\x00\xe8\x01\x00\x00\x00\xcc\x58\x90", 0);
  STEPS("loop", "\x90\xe2\xfd", 3);
  STEPS("rep movsb", "\xf3\xa4\x90", 3);
  STEPS("rep movsb of nothing", "\xf3\xa4\x90", 0);
  STEPS("repe cmpsb", "\xf3\xa6\x90", 3);
  STEPS("repne scasb", "\xf2\xae\x90", 3);
  STEPS("rep stosq backwards", "\xfd\xf3\x48\xab\xfc\x90", 2);
  STEPS("mov to ss", "\x8e\xd0\x90\x90", 0);
  STEPS("mov to ss twice", "\x8e\xd0\x8e\xd0\x90\x90", 0);
  STEPS("mov to ss and a string", "\x8e\xd0\xf3\xa4\x90", 3);
  STEPS("mov to ss and ud2", "\x8e\xd0\x0f\x0b", 0);
  STEPS("mov to ds", "\x8e\xd8\x90\x90", 0);
  STEPS("a system call", "\xb8\x6e\x00\x00\x00\x0f\x05\x90\x90", 0);
  STEPS("popf that ends it", "\x68\x02\x02\x00\x00\x9d\x90\x90", 0);
  STEPS("popf that keeps it", "\x68\x02\x03\x00\x00\x9d\x90\x90", 0);
  STEPS("a fault", "\x90\x0f\x0b", 0);
  STEPS("a division", "\x31\xc9\xf7\xf1", 0);
  STEPS("a breakpoint", "\x90\xcc", 0);

  TRAP("x87: invalid", "\xd9\x7e\x00\x66\x83\x66\x00\xc0\xd9\x6e\x00\xd9\xee\xd9\xee\xde\xf9\x9b");
  TRAP("x87: by zero", "\xd9\x7e\x00\x66\x83\x66\x00\xc0\xd9\x6e\x00\xd9\xe8\xd9\xee\xde\xf9\x9b");
  TRAP("x87: inexact", "\xd9\x7e\x00\x66\x83\x66\x00\xc0\xd9\x6e\x00\xd9\xe8\xd9\xeb\xde\xf9\xd9\xe8");
  TRAP("x87: stack", "\xd9\x7e\x00\x66\x83\x66\x00\xc0\xd9\x6e\x00\xd9\xc0\x9b");
  TRAP("x87: pending for MMX", "\xd9\x7e\x00\x66\x83\x66\x00\xc0\xd9\x6e\x00\xd9\xc0\x0f\x6f\xc1");
  TRAP("sse: by zero", "\x0f\xae\x1e\x80\x66\x01\xe0\x0f\xae\x16\xb8\x01\x00\x00\x00\xf3\x0f\x2a\xc0\x0f\x57\xc9\xf3\x0f\x5e\xc1");
  TRAP("sse: invalid, masked", "\x0f\xae\x1e\x80\x66\x01\xe0\x0f\xae\x16\x0f\x57\xc9\xf3\x0f\x5e\xc9");
  TRAP("sse: inexact", "\x0f\xae\x1e\x80\x66\x01\xe0\x0f\xae\x16\xb8\x03\x00\x00\x00\xf3\x0f\x2a\xc8\xb8\x01\x00\x00\x00\xf3\x0f\x2a\xc0\xf3\x0f\x5e\xc1");
  TRAP("mxcsr: a reserved bit", "\xc7\x06\x00\x00\x01\x00\x0f\xae\x16");
  return 0;
}
