// setjmp, sigsetjmp, atexit, variable arguments, recursion and large stack frames.
#include <alloca.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static jmp_buf here;
static sigjmp_buf there;
static int depth(int n) {
  char big[3000];
  memset(big, n, sizeof big);
  if (n == 0) longjmp(here, 77);
  return depth(n - 1) + big[n % 3000];
}
static double total(int n, ...) {
  va_list list;
  va_start(list, n);
  double t = 0;
  for (int i = 0; i < n; i++) t += i % 2 ? va_arg(list, int) : va_arg(list, double);
  va_end(list);
  return t;
}
static void last(void) { puts("last"); }
static void first(void) { puts("first"); }
static void handler(int s) { siglongjmp(there, s); }
static int ackermann(int m, int n) { return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1)); }
int main(void) {
  atexit(last), atexit(first);
  volatile int count = 0;
  int r = setjmp(here);
  if (r == 0) depth(1000);
  count++;
  printf("%d %d\n", r, count);
  if (count < 3) longjmp(here, 0);
  signal(SIGUSR1, handler), signal(SIGSEGV, handler), signal(SIGFPE, handler);
  if ((r = sigsetjmp(there, 1)) == 0) raise(SIGUSR1);
  printf("signal %d\n", r);
  sigset_t mask;
  sigprocmask(0, 0, &mask);
  printf("%d\n", sigismember(&mask, SIGUSR1));
  if ((r = sigsetjmp(there, 1)) == 0) *(volatile int *)8 = 1;
  printf("signal %d\n", r);
  volatile int zero = 0;
  if ((r = sigsetjmp(there, 1)) == 0) printf("%d\n", 1 / zero);
  printf("signal %d\n", r);
  printf("%g\n", total(6, 1.5, 2, 2.5, 3, 3.5, 4));
  printf("%d\n", ackermann(2, 9));
  char *p = alloca(100000);
  memset(p, 'x', 99999), p[99999] = 0;
  printf("%zu\n", strlen(p));
  exit(9);
}
