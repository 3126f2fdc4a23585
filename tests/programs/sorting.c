// qsort, bsearch, lists and hash tables over the allocator.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int up(const void *a, const void *b) { return *(int *)a < *(int *)b ? -1 : *(int *)a > *(int *)b; }
static int text(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }
struct node { struct node *next; int key; char name[20]; };
int main(void) {
  static int v[5000];
  unsigned x = 12345;
  for (int i = 0; i < 5000; i++) v[i] = (x = x * 1664525 + 1013904223) >> 8;
  qsort(v, 5000, sizeof *v, up);
  unsigned sum = 0;
  for (int i = 0; i < 5000; i++) {
    if (i && v[i - 1] > v[i]) puts("wrong order");
    sum = sum * 31 + v[i];
  }
  printf("%u %d %d\n", sum, v[0], v[4999]);
  int key = v[1234];
  printf("%ld\n", (long)((int *)bsearch(&key, v, 5000, sizeof *v, up) - v));
  char *words[] = {"pear", "apple", "fig", "kiwi", "banana", "date"};
  qsort(words, 6, sizeof *words, text);
  for (int i = 0; i < 6; i++) printf("%s ", words[i]);
  puts("");
  struct node *table[64] = {0};
  for (int i = 0; i < 2000; i++) {
    struct node *n = malloc(sizeof *n + i % 97);
    n->key = (x = x * 1664525 + 1013904223) >> 16;
    sprintf(n->name, "n%d", i);
    n->next = table[n->key % 64];
    table[n->key % 64] = n;
  }
  for (int b = 0, deepest = 0; b < 64; b++) {
    int depth = 0;
    for (struct node *n = table[b]; n; depth++) {
      struct node *next = n->next;
      if (n->key % 64 != b) puts("wrong bucket");
      free(n);
      n = next;
    }
    if (depth > deepest) deepest = depth;
    if (b == 63) printf("deepest %d\n", deepest);
  }
  void *blocks[300] = {0};
  for (int i = 0; i < 20000; i++) {
    int at = (x = x * 1664525 + 1013904223) >> 20 & 255;
    size_t size = (x >> 8 & 0xfff) * (i % 50 == 0 ? 100 : 1) + 1;
    if (i % 3) blocks[at] = realloc(blocks[at], size), memset(blocks[at], at, size);
    else free(blocks[at]), blocks[at] = 0;
  }
  for (int i = 0; i < 300; i++)
    if (blocks[i] && *(unsigned char *)blocks[i] != i) puts("corrupt");
  char *z = calloc(1000, 1000);
  for (int i = 0; i < 1000000; i += 4096)
    if (z[i]) puts("not zero");
  void *aligned = 0;
  printf("%d %d\n", posix_memalign(&aligned, 4096, 100), (int)((unsigned long)aligned % 4096));
  puts("done");
  return 0;
}
