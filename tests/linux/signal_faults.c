// What each fault of the CPU tells a handler: siginfo, trap number, error code, the address and the instruction pointer.
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile int got_signal, got_code;
static volatile uintptr_t got_address, got_ip, got_cr2;
static volatile long got_trap, got_error;
static volatile unsigned long got_flags;

static void handler(int signal, siginfo_t *info, void *context) {
  // The kernel leaves AC as it was, and the C library makes misaligned accesses.
  __asm__ volatile("pushfq\n andl $~0x40000, (%%rsp)\n popfq" ::: "memory", "cc");
  ucontext_t *uc = context;
  got_signal = signal;
  got_code = info->si_code;
  got_address = (uintptr_t)info->si_addr;
  got_ip = uc->uc_mcontext.gregs[REG_RIP];
  got_trap = uc->uc_mcontext.gregs[REG_TRAPNO];
  got_error = uc->uc_mcontext.gregs[REG_ERR];
  got_cr2 = uc->uc_mcontext.gregs[REG_CR2];
  got_flags = uc->uc_mcontext.gregs[REG_EFL];
  siglongjmp(back, 1);
}

static unsigned char *page;

// Runs code bytes at the start of a page; shows addresses relative to it.
static void run(const char *name, const char *code, size_t length, uintptr_t rdi, uintptr_t rsi) {
  memset(page, 0x90, 4096);
  memcpy(page, code, length);
  got_signal = 0;
  if (!sigsetjmp(back, 1)) {
    __asm__ volatile("pushq %%rbp\n push %%rbx\n mov %%rsp, %%rbp\n call *%0\n mov %%rbp, %%rsp\n pop %%rbx\n pop %%rbp"
                     :
                     : "r"(page), "D"(rdi), "S"(rsi)
                     : "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
    printf("%-22s no signal\n", name);
    return;
  }
  // The flags TF, DF and so on must not leak out of here.
  __asm__ volatile("cld");
  char where[32], at[32];
  uintptr_t base = (uintptr_t)page;
  if (got_address - base < 8192)
    snprintf(where, sizeof where, "page+%lu", got_address - base);
  else
    snprintf(where, sizeof where, "%#lx", got_address);
  if (got_ip - base < 8192)
    snprintf(at, sizeof at, "page+%lu", got_ip - base);
  else
    snprintf(at, sizeof at, "%#lx", got_ip);
  printf("%-22s %s code %d addr %s ip %s trap %ld err %ld\n", name, strsignal(got_signal), got_code, where, at, got_trap,
         got_error);
}

#define RUN(name, bytes, rdi, rsi) run(name, bytes, sizeof(bytes) - 1, (uintptr_t)(rdi), (uintptr_t)(rsi))

int main(void) {
  setvbuf(stdout, 0, _IOLBF, 0);
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  static char stack[65536];
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&alternate, 0);
  int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
  for (unsigned i = 0; i < 5; i++) sigaction(signals[i], &action, 0);
  page = mmap((void *)0x10000000, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  char *none = mmap((void *)0x20000000, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  none[0] = none[4096] = none[8192] = 1;
  mprotect(none + 4096, 4096, PROT_READ);
  mprotect(none + 8192, 4096, PROT_NONE);

  RUN("ret", "\xc3", 0, 0);
  RUN("load null", "\x48\x8b\x07\xc3", 0, 0);
  RUN("store null", "\x48\x89\x07\xc3", 0, 0);
  RUN("load 5", "\x48\x8b\x07\xc3", 5, 0);
  RUN("store read-only", "\x48\x89\x07\xc3", none + 4096, 0);
  RUN("add read-only", "\x48\x01\x07\xc3", none + 4096 + 8, 0);
  RUN("cross into read-only", "\x48\x89\x07\xc3", none + 4093, 0);
  RUN("load none", "\x48\x8b\x07\xc3", none + 8192, 0);
  RUN("store none", "\x48\x89\x07\xc3", none + 8200, 0);
  RUN("cross into none", "\x48\x8b\x07\xc3", none + 8189, 0);
  RUN("cross into unmapped", "\x48\x8b\x07\xc3", page + 8190, 0);
  RUN("load noncanonical", "\x48\x8b\x07\xc3", 0x800000000000, 0);
  RUN("store noncanonical", "\x48\x89\x07\xc3", 0xdead000000000000, 0);
  RUN("load kernel", "\x48\x8b\x07\xc3", 0xffffffff81000000, 0);
  RUN("store kernel", "\x48\x89\x07\xc3", 0xffff888000000000, 0);
  RUN("push noncanonical", "\x48\x89\xfc\x50\xc3", 0x800000000008, 0);
  RUN("rbp noncanonical", "\x48\x89\xfd\x48\x8b\x45\x00\xc3", 0x800000000000, 0);
  RUN("jump null", "\xff\xe7", 0, 0);
  RUN("jump no exec", "\xff\xe7", none, 0);
  RUN("call none", "\xff\xd7", none + 8192, 0);
  RUN("divide by zero", "\x31\xc9\xf7\xf1\xc3", 0, 0);
  RUN("divide overflow", "\xba\x01\x00\x00\x00\xb9\x01\x00\x00\x00\xf7\xf1\xc3", 0, 0);
  RUN("ud2", "\x90\x0f\x0b\xc3", 0, 0);
  RUN("invalid", "\x06\xc3", 0, 0);
  RUN("lock nop", "\xf0\x90\xc3", 0, 0);
  RUN("lock ret", "\xf0\xc3", 0, 0);
  RUN("int3", "\x90\xcc\xc3", 0, 0);
  RUN("int 3", "\x90\xcd\x03\xc3", 0, 0);
  RUN("int 4", "\xcd\x04\xc3", 0, 0);
  RUN("int 5", "\xcd\x05\xc3", 0, 0);
  RUN("int 0x21", "\x90\xcd\x21\xc3", 0, 0);
  RUN("hlt", "\xf4\xc3", 0, 0);
  RUN("cli", "\xfa\xc3", 0, 0);
  RUN("in", "\xe4\x60\xc3", 0, 0);
  RUN("out", "\xee\xc3", 0, 0);
  RUN("wrmsr", "\x0f\x30\xc3", 0, 0);
  RUN("mov cr0", "\x0f\x20\xc0\xc3", 0, 0);
  RUN("lgdt", "\x0f\x01\x17\xc3", page, 0);
  RUN("mov ss", "\xb8\x01\x00\x00\x00\x8e\xd0\xc3", 0, 0);
  RUN("mov es bad", "\xb8\xf8\xff\x00\x00\x8e\xc0\xc3", 0, 0);
  RUN("single step", "\x9c\x81\x0c\x24\x00\x01\x00\x00\x9d\x90\x90\xc3", 0, 0);
  RUN("movaps misaligned", "\x0f\x28\x07\xc3", page + 8, 0);
  RUN("movaps store", "\x0f\x29\x47\x04\xc3", page + 4096, 0);
  RUN("alignment check", "\x9c\x81\x0c\x24\x00\x00\x04\x00\x9d\x8b\x07\xc3", page + 4097, 0);
  RUN("sse divide", "\xc7\x07\x80\x1d\x00\x00\x0f\xae\x17\x0f\x57\xc0\xc7\x07\x00\x00\x80\x3f\xf3\x0f\x10\x0f\xf3\x0f\x5e\xc8\xc3",
      page + 4096, 0);
  RUN("sse invalid", "\xc7\x07\x00\x1f\x00\x00\x0f\xae\x17\x0f\x57\xc0\xf3\x0f\x5e\xc0\xc3", page + 4096, 0);
  RUN("sse inexact", "\xc7\x07\x80\x0f\x00\x00\x0f\xae\x17\x48\xb8\x01\x00\x00\x00\x00\x00\x00\x80\xf3\x48\x0f\x2a\xc0\xc3", page + 4096, 0);
  RUN("ldmxcsr reserved", "\xc7\x07\x00\x00\xff\xff\x0f\xae\x17\xc3", page + 4096, 0);
  RUN("x87 divide", "\xdb\xe3\x66\xc7\x07\x7b\x03\xd9\x2f\xd9\xe8\xd9\xee\xde\xf9\x90\x9b\xc3", page + 4096, 0);
  RUN("x87 invalid", "\xdb\xe3\x66\xc7\x07\x7e\x03\xd9\x2f\xd9\xc0\x90\x9b\xc3", page + 4096, 0);
  RUN("too long", "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x90\xc3", 0, 0);

  char name[] = "/tmp/signal_faults.XXXXXX";
  int fd = mkstemp(name);
  unlink(name);
  ftruncate(fd, 5000);
  char *file = mmap((void *)0x30000000, 16384, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
  RUN("file tail", "\x48\x8b\x07\xc3", file + 8184, 0);
  RUN("file end", "\x48\x8b\x07\xc3", file + 8192, 0);
  RUN("file end store", "\x48\x89\x07\xc3", file + 12288 + 7, 0);
  RUN("cross into end", "\x48\x8b\x07\xc3", file + 8188, 0);
  // Code at the end of a page, whose rest is not there.
  memcpy(page + 8190, "\x48\x8b", 2);
  got_signal = 0;
  if (!sigsetjmp(back, 1)) ((void (*)(void))(page + 8190))();
  printf("fetch across: %d code %d addr page+%lu ip page+%lu err %ld\n", got_signal, got_code, got_address - (uintptr_t)page,
         got_ip - (uintptr_t)page, got_error);
  return 0;
}
