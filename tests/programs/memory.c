// mmap, mprotect, mremap, brk, madvise, shared mappings, files, self-modifying code.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
// Two values, the first one first: the order in which arguments are evaluated is the compiler's.
#define SHOW(a, b) do { long a_ = (long)(a), b_ = (long)(b); printf("%ld %ld\n", a_, b_); } while (0)
static sigjmp_buf back;
static void bad(int s, siginfo_t *i, void *c) { siglongjmp(back, s * 100 + i->si_code); }
// Each tries an access and returns 0, or the signal times 100 plus its code.
#define TRY(type, name, access) \
  static __attribute__((noinline)) int name(volatile type *p) { \
    volatile int r = sigsetjmp(back, 1); \
    if (r == 0) r = access; \
    return r; \
  }
TRY(char, peek, (*p, 0))
TRY(char, poke, (*p = *p, 0))
TRY(void, call, ((int (*)(void))p)())
int main(void) {
  struct sigaction a = {.sa_sigaction = bad, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &a, 0), sigaction(SIGBUS, &a, 0), sigaction(SIGILL, &a, 0);
  const int rw = PROT_READ | PROT_WRITE, anon = MAP_PRIVATE | MAP_ANONYMOUS;
  char *p = mmap(0, 5 * 4096, rw, anon, -1, 0);
  memset(p, 'x', 5 * 4096);
  printf("%d\n", mprotect(p + 4096, 4096, PROT_READ));
  printf("%d %d %d\n", peek(p + 4096), poke(p + 4096), poke(p));
  printf("%d\n", mprotect(p + 8192, 4096, PROT_NONE));
  SHOW(peek(p + 8192), poke(p + 8192));
  printf("%d\n", munmap(p + 3 * 4096, 4096));
  SHOW(peek(p + 3 * 4096), peek(p + 4 * 4096));
  SHOW(munmap(p + 1, 4096), errno);
  printf("%d\n", mmap(p + 3 * 4096, 4096, rw, anon | MAP_FIXED_NOREPLACE, -1, 0) == p + 3 * 4096);
  SHOW(mmap(p, 4096, rw, anon | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED, errno);
  mmap(p, 4096, rw, anon | MAP_FIXED, -1, 0);
  SHOW(p[0], p[4 * 4096]);
  SHOW(mmap(0, 0, rw, anon, -1, 0) == MAP_FAILED, errno);
  SHOW(mmap(0, 4096, rw, MAP_PRIVATE, 99, 0) == MAP_FAILED, errno);
  char *big = mmap(0, 1ul << 40, PROT_NONE, anon | MAP_NORESERVE, -1, 0);
  printf("%d\n", big != MAP_FAILED);
  SHOW(mprotect(big + (1ul << 39), 4096, rw), poke(big + (1ul << 39)));
  munmap(big, 1ul << 40);
  char *m = mmap(0, 4096, rw, anon, -1, 0);
  strcpy(m, "moved");
  char *n = mremap(m, 4096, 100 * 4096, MREMAP_MAYMOVE);
  printf("%s %d\n", n, poke(n + 99 * 4096));
  n = mremap(n, 100 * 4096, 4096, 0);
  printf("%s %d\n", n, peek(n + 4096));
  SHOW(madvise(n, 4096, MADV_DONTNEED), n[0]);
  // The call itself: musl's sbrk refuses.
  char *before = (char *)syscall(SYS_brk, 0);
  SHOW(syscall(SYS_brk, before + 100000) == (long)(before + 100000), before[99999]);
  before[99999] = 1;
  SHOW(syscall(SYS_brk, before) == (long)before, syscall(SYS_brk, 0) == (long)before);
  syscall(SYS_brk, before + 100000);
  printf("%d\n", before[99999]);
  int fd = open("words", O_RDWR);
  char *f = mmap(0, 8192, PROT_READ, MAP_PRIVATE, fd, 0);
  printf("%.5s %d %d\n", f, f[200], peek(f + 4096));
  char *s = mmap(0, 4096, rw, MAP_SHARED, fd, 0);
  s[0] = 'A', msync(s, 4096, MS_SYNC);
  char c;
  pread(fd, &c, 1, 0), printf("%c %c\n", c, f[0]);
  char *w = mmap(0, 4096, rw, MAP_PRIVATE, fd, 0);
  w[1] = 'P', pread(fd, &c, 1, 1), printf("%c %c\n", c, w[1]);
  int *shared = mmap(0, 4096, rw, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (fork() == 0) { shared[5] = 42; w[2] = 'C'; _exit(0); }
  wait(0), printf("%d %c\n", shared[5], w[2]);
  unsigned char code[] = {0xb8, 1, 0, 0, 0, 0xc3};
  char *x = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, anon, -1, 0);
  for (int i = 0; i < 5; i++) {
    code[1] = i * 10, memcpy(x, code, 6);
    printf("%d ", call(x));
  }
  printf("%d\n", call(n));
  // Changes the next instruction of its own block: the immediate of the mov that follows.
  unsigned char smc[] = {0xc6, 0x05, 1, 0, 0, 0, 77, 0xb8, 5, 0, 0, 0, 0xc3};
  memcpy(x + 100, smc, sizeof smc), printf("%d\n", call(x + 100));
  mprotect(x, 4096, PROT_READ | PROT_WRITE), printf("%d\n", call(x));
  mprotect(x, 4096, PROT_READ | PROT_EXEC), printf("%d\n", call(x));
  int m2 = memfd_create("jit", 0);
  ftruncate(m2, 4096);
  char *wr = mmap(0, 4096, rw, MAP_SHARED, m2, 0), *ex = mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, m2, 0);
  for (int i = 0; i < 3; i++) code[1] = i + 100, memcpy(wr, code, 6), printf("%d ", call(ex));
  puts("");
  printf("%d\n", mlock(p, 4096) | munlock(p, 4096));
  unsigned char vec[5];
  SHOW(mincore(p, 4096, vec), mincore((void *)0x123456789000, 4096, vec) < 0 ? errno : 0);
  FILE *maps = fopen("/proc/self/maps", "r");
  char line[500], found[4] = "";
  int stack = 0, heap = 0;
  while (fgets(line, sizeof line, maps)) {
    unsigned long lo, hi;
    char perm[5];
    sscanf(line, "%lx-%lx %4s", &lo, &hi, perm);
    if ((unsigned long)x >= lo && (unsigned long)x < hi) printf("%s", perm);
    stack += strstr(line, "[stack]") && (unsigned long)&lo > lo && (unsigned long)&lo < hi;
  }
  printf(" stack %d\n", stack);
  printf("%d\n", peek((char *)0x7fffffffffff));
  return 0;
}
