// String functions of all lengths and alignments, near the end of a page too.
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
static unsigned long sum;
static void add(long v) { sum = sum * 1099511628211ul + (unsigned long)v; }
static int sign(int v) { return (v > 0) - (v < 0); }
int main(void) {
  char *pages = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(pages + 2 * 4096, 4096, PROT_NONE);
  char *end = pages + 2 * 4096;
  for (int n = 0; n < 300; n++) {
    char *s = end - n - 1;
    for (int i = 0; i < n; i++) s[i] = 'a' + i % 26;
    s[n] = 0;
    add(strlen(s)), add(strnlen(s, 50));
    add(strchr(s, 'z') ? strchr(s, 'z') - s : -1), add(strrchr(s, 'a') ? strrchr(s, 'a') - s : -1);
    add(memchr(s, 'q', n) ? (char *)memchr(s, 'q', n) - s : -1), add(0);
    add(strcspn(s, "xyz")), add(strspn(s, "abcdef")), add(strpbrk(s, "mno") ? 1 : 0);
    char copy[400];
    for (int a = 0; a < 16; a += 5) {
      strcpy(copy + a, s), add(sign(strcmp(copy + a, s))), add(sign(memcmp(copy + a, s, n)));
      if (n > 3) copy[a + n - 2] ^= 1, add(sign(strcmp(copy + a, s))), add(sign(strncmp(copy + a, s, n - 2))), add(sign(memcmp(copy + a, s, n)));
      strncpy(copy + a, s, n / 2), add(copy[a + n / 3]);
      memmove(copy + a + 3, copy + a, n / 2), memmove(copy + a, copy + a + 5, n / 2);
      for (int i = 0; i < n; i++) add(copy[a + i]);
      memset(copy + a, n, n), add(copy[a]), add(stpcpy(copy + a, s) - copy);
      add(strstr(s, "xyzab") ? strstr(s, "xyzab") - s : -1), add(memmem(s, n, "cd", 2) ? 1 : 0);
    }
  }
  printf("%016lx\n", sum);
  char text[] = "one, two;three  four", *save;
  for (char *t = strtok_r(text, ", ;", &save); t; t = strtok_r(0, ", ;", &save)) printf("<%s>", t);
  printf("\n%d %d %d\n", sign(strcasecmp("HeLLo", "hEllP")), sign(strverscmp("a10", "a9")), sign(strcoll("a", "b")));
  char *d = strdup("duplicate");
  strcat(d = realloc(d, 100), " text");
  printf("%s %s %s\n", d, strerror(2), strsignal(11));
  for (int c = 0; c < 128; c++) add(!isalpha(c) * 2 + !isdigit(c) * 4 + !isspace(c) * 8 + !ispunct(c) * 16 + !isxdigit(c) + toupper(c));
  char fry[] = "swap";
  printf("%s %d %s\n", "x", ffs(0x80), basename("/a/b/c"));
  puts(fry);
  return 0;
}
