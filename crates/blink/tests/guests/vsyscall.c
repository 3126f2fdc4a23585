/* Calls the three entries of the vsyscall page, and jumps into it in ways that it answers with SIGSEGV. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>

typedef long Call(void *, void *, void *);
#define AT(offset) ((Call *)(0xffffffffff600000 + (offset)))

static sigjmp_buf back;

static void handler(int signal, siginfo_t *info, void *context) {
  const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  int is_page = registers[REG_RIP] < 0;
  printf("signal %d code %d address %p rip %llx error %llx\n", signal, info->si_code, info->si_addr,
         is_page ? registers[REG_RIP] : 0, registers[REG_ERR]);
  siglongjmp(back, 1);
}

int main(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSEGV, &action, 0);
  long now = AT(0x400)(0, 0, 0);
  printf("time: %d\n", labs(now - time(0)) < 2);
  struct timeval tv = {0, 0};
  long result = AT(0)(&tv, 0, 0);
  printf("gettimeofday: %ld %d\n", result, labs(tv.tv_sec - time(0)) < 2);
  unsigned cpu = 99999, node = 99999;
  result = AT(0x800)(&cpu, &node, 0);
  printf("getcpu: %ld %d %d\n", result, cpu < 9999, node < 9999);
  if (!sigsetjmp(back, 1)) AT(0x404)(0, 0, 0);
  if (!sigsetjmp(back, 1)) AT(0xc00)(0, 0, 0);
  if (!sigsetjmp(back, 1)) AT(0x400)((void *)16, 0, 0);
  if (!sigsetjmp(back, 1)) AT(0)((void *)0x800000000000, 0, 0);
  if (!sigsetjmp(back, 1)) printf("%d\n", *(volatile char *)AT(0));
  if (!sigsetjmp(back, 1)) AT(0x1000)(0, 0, 0);
  return 0;
}
