// The library of tls.c that is loaded while its threads run.
#include <stdio.h>

static __thread int value = 50;
static __thread char zero[70000];
int *late(void) { return zero[69999] ? NULL : &value; }

__attribute__((destructor)) static void end(void) { puts("late library's destructor"); }
