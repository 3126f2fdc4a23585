/* Dies in the way that its argument names, three calls deep. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static volatile int zero, seven = 7;

__attribute__((noinline)) static int crash_here(const char *how) {
  static char page[8192] __attribute__((aligned(4096)));
  if (!strcmp(how, "null")) return *(volatile int *)16;
  if (!strcmp(how, "write")) {
    mprotect(page, 4096, PROT_READ);
    page[5] = 1;
  }
  if (!strcmp(how, "divide")) return seven / zero;
  if (!strcmp(how, "ud2")) __asm__ volatile("ud2");
  if (!strcmp(how, "noncanonical")) return *(volatile int *)0x1000000000000000;
  if (!strcmp(how, "hlt")) __asm__ volatile("hlt");
  if (!strcmp(how, "jump")) ((void (*)(void))page)();
  if (!strcmp(how, "abort")) abort();
  if (!strcmp(how, "term")) raise(SIGTERM);
  return 0;
}

__attribute__((noinline)) int middle(const char *how) { return crash_here(how) + 1; }

int main(int argc, char **argv) {
  (void)argc;
  return middle(argv[1]) + 1;
}
