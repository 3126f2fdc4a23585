// Runs out of stack and dies of it; without the limit of a core dump.
// builds: glibc musl
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>
static int deep(int n) { volatile char frame[4000]; frame[n % 4000] = n; return n > 1000000000 ? 0 : deep(n + 1) + frame[n % 4000]; }
int main(void) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  write(1, "going down\n", 11);
  return deep(1);
}
