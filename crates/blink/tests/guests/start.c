/* Prints what a program finds at its start, in terms that do not depend on where things were placed: compared with the native run.
   Built with -static or -static-pie and -Wl,-e,first. */
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

uint64_t saved[24];
extern const char __ehdr_start[], _end[], __executable_start[];
void first(void);

__asm__(".text\n"
        ".globl first\n"
        ".type first, @function\n"
        "first:\n"
        "  pushfq\n"
        "  popq saved+160(%rip)\n"
        "  movq %rax, saved+0(%rip)\n"
        "  movq %rcx, saved+8(%rip)\n"
        "  movq %rdx, saved+16(%rip)\n"
        "  movq %rbx, saved+24(%rip)\n"
        "  movq %rsp, saved+32(%rip)\n"
        "  movq %rbp, saved+40(%rip)\n"
        "  movq %rsi, saved+48(%rip)\n"
        "  movq %rdi, saved+56(%rip)\n"
        "  movq %r8, saved+64(%rip)\n"
        "  movq %r9, saved+72(%rip)\n"
        "  movq %r10, saved+80(%rip)\n"
        "  movq %r11, saved+88(%rip)\n"
        "  movq %r12, saved+96(%rip)\n"
        "  movq %r13, saved+104(%rip)\n"
        "  movq %r14, saved+112(%rip)\n"
        "  movq %r15, saved+120(%rip)\n"
        "  stmxcsr saved+128(%rip)\n"
        "  fnstcw saved+136(%rip)\n"
        "  fnstsw saved+138(%rip)\n"
        "  movw %cs, saved+144(%rip)\n"
        "  movw %ss, saved+146(%rip)\n"
        "  movw %ds, saved+148(%rip)\n"
        "  movw %es, saved+150(%rip)\n"
        "  movw %fs, saved+152(%rip)\n"
        "  movw %gs, saved+154(%rip)\n"
        "  movdqu %xmm0, saved+168(%rip)\n"
        "  jmp _start\n");

static char data_before_bss[100] = "data";
static char bss[20000];

static uint64_t aux(const ElfW(auxv_t) * auxv, uint64_t type) {
  for (; auxv->a_type; auxv++)
    if (auxv->a_type == type) return auxv->a_un.a_val;
  return 0;
}

int main(int argc, char **argv, char **envp) {
  static const char *names[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
  uint64_t *stack = (uint64_t *)saved[4];
  const uint16_t *words = (const uint16_t *)saved;
  for (int i = 0; i < 16; i++)
    if (i != 4) printf("%s=%lx\n", names[i], saved[i]);
  printf("rsp%%16=%lx flags=%lx mxcsr=%x fcw=%x fsw=%x\n", saved[4] % 16, saved[20], (unsigned)saved[16], words[68], words[69]);
  printf("cs=%x ss=%x ds=%x es=%x fs=%x gs=%x\n", words[72], words[73], words[74], words[75], words[76], words[77]);
  printf("xmm0=%lx:%lx\n", saved[22], saved[21]);

  printf("argc=%lu\n", stack[0]);
  char **args = (char **)(stack + 1);
  char **env = args + stack[0] + 1;
  const char *at = args[0];
  for (uint64_t i = 0; i < stack[0]; i++) {
    printf("argv[%lu]=%s follows=%d\n", i, args[i], args[i] == at);
    at += strlen(at) + 1;
  }
  printf("end=%p\n", (void *)args[stack[0]]);
  char **e = env;
  for (; *e; e++) {
    printf("env %s follows=%d\n", *e, *e == at);
    at += strlen(at) + 1;
  }
  const ElfW(auxv_t) *auxv = (void *)(e + 1), *a = auxv;
  for (; a->a_type; a++) {
    switch (a->a_type) {
      case AT_SYSINFO_EHDR: case 27: case 28: continue;
      case AT_PHDR: printf("PHDR=ehdr+%lx\n", a->a_un.a_val - (uint64_t)__ehdr_start); break;
      case AT_ENTRY: printf("ENTRY=first+%lx\n", a->a_un.a_val - (uint64_t)first); break;
      case AT_EXECFN: printf("EXECFN=%s follows=%d\n", (char *)a->a_un.a_val, (char *)a->a_un.a_val == at); break;
      case AT_PLATFORM: printf("PLATFORM=%s place=%lx\n", (char *)a->a_un.a_val, (a->a_un.a_val + 7) % 16); break;
      case AT_RANDOM: printf("RANDOM before platform by %lx\n", aux(auxv, AT_PLATFORM) - a->a_un.a_val); break;
      case AT_HWCAP: printf("HWCAP has sse2: %lx\n", a->a_un.a_val >> 26 & 1); break;
      case AT_MINSIGSTKSZ: printf("MINSIGSTKSZ > 500: %d\n", a->a_un.a_val > 500); break;
      case AT_HWCAP2: printf("HWCAP2\n"); break;
      default: printf("aux %lu = %lx\n", a->a_type, a->a_un.a_val);
    }
  }
  uint64_t path = aux(auxv, AT_EXECFN);
  uint64_t top = path + strlen((char *)path) + 1 + 8;
  printf("top=%lx zeros=%lx\n", top % 4096, *(uint64_t *)(top - 8));
  uint64_t strings = (uint64_t)args[0], random = aux(auxv, AT_RANDOM), end = (uint64_t)(a + 1);
  printf("gap small: %d, table close: %d\n", strings - (random + 23) < 8192 + 16, random - end < 16);
  printf("random differs: %d\n", ((uint64_t *)random)[0] != ((uint64_t *)random)[1]);
  printf("stack above the program: %d below 2^47: %d\n", top > (uint64_t)_end, top < 0x800000000000);

  uint64_t brk = (uint64_t)sbrk(0), image = ((uint64_t)_end + 4095) & ~4095ul;
  printf("brk below the stack: %d at a page: %lx\n", brk < top, ((uint64_t)sbrk(0) - brk) % 4096);
  struct rlimit limit;
  getrlimit(RLIMIT_STACK, &limit);
  printf("stack limit %lx\n", (uint64_t)limit.rlim_cur);
  int sum = 0;
  for (unsigned i = 0; i < sizeof bss; i++) sum += bss[i];
  for (char *p = (char *)_end; (uint64_t)p % 4096; p++) sum += *p;
  printf("data=%s bss sum=%d\n", data_before_bss, sum);

  /* The program's own lines of maps, relative to its start. */
  free(malloc(100));
  FILE *f = fopen("/proc/self/maps", "r");
  char line[512], name[256] = "";
  int has_stack = 0, has_heap = 0;
  /* Linux keeps a mapping apart that was writable once; only what is mapped counts here. */
  uint64_t from = 0, to = 0, first_offset = 0;
  char kind[300] = "";
  while (f && fgets(line, sizeof line, f)) {
    uint64_t start, stop, offset;
    char rights[8], device[16];
    unsigned long inode;
    name[0] = 0;
    if (sscanf(line, "%lx-%lx %7s %lx %15s %lu %255s", &start, &stop, rights, &offset, device, &inode, name) < 6) continue;
    if (start >= (uint64_t)__ehdr_start && stop <= image) {
      char *slash = strrchr(name, '/');
      char now[300];
      snprintf(now, sizeof now, "%s %s%s", rights, inode ? "inode " : "", slash ? slash + 1 : name);
      if (!inode) continue; /* zeros may be one with the heap */
      if (start == to && !strcmp(now, kind) && (!inode || offset == first_offset + to - from)) {
        to = stop;
        continue;
      }
      if (to) printf("map +%lx-+%lx %lx %s\n", from - (uint64_t)__ehdr_start, to - (uint64_t)__ehdr_start, first_offset, kind);
      from = start, to = stop, first_offset = offset;
      strcpy(kind, now);
    }
    if (!strcmp(name, "[stack]")) {
      has_stack = 1;
      printf("stack %s end=top: %d\n", rights, stop == top);
    }
    if (!strcmp(name, "[heap]")) {
      has_heap = 1;
      printf("heap %s holds brk: %d\n", rights, start <= brk && brk <= stop);
    }
  }
  if (to) printf("map +%lx-+%lx %lx %s\n", from - (uint64_t)__ehdr_start, to - (uint64_t)__ehdr_start, first_offset, kind);
  printf("stack=%d heap=%d\n", has_stack, has_heap);
  char exe[512] = "";
  if (readlink("/proc/self/exe", exe, sizeof exe - 1) < 0) perror("readlink");
  printf("exe=%s\n", exe);
  f = fopen("/proc/self/cmdline", "r");
  int c, count = 0;
  while (f && (c = getc(f)) != EOF) count++;
  printf("cmdline %d bytes\n", count);
  return 0;
}
