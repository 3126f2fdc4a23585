// The library of tls.c that is there from the start.
#include <stdio.h>

#include "tls.h"

static __thread int value = 1000;
static __thread char zero[3000];
int *in_library(void) { return zero[2999] ? NULL : &value; }

static int plain(int x) { return x * 2; }
static int fast(int x) { return x + x; }
static int (*choose(void))(int) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse2") ? fast : plain;
}
int chosen(int) __attribute__((ifunc("choose")));

const char *name(void) { return "the library's own name"; }

__attribute__((constructor)) static void begin(void) { puts("constructor"); }
__attribute__((destructor)) static void end(void) { puts("destructor"); }
