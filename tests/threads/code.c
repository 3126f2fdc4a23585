// Code that one thread writes and others run: written directly, by way of mprotect, through a second mapping, by a system call, and
// mapped anew. What is published after it was written is what runs.
#include "threads.h"
#include <cpuid.h>
#include <fcntl.h>

#define CALLERS 4
#define SLOTS 8
static long rounds;
static atomic_long version;
static struct { atomic_long seen; char pad[56]; } callers[CALLERS];
static char *code, *written;
typedef long (*Function)(long);

// mov $value, %eax; add %edi, %eax; ret
static void function(char *into, int value) {
  char bytes[8] = {(char)0xb8, value, value >> 8, value >> 16, value >> 24, 0x01, (char)0xf8, (char)0xc3};
  memcpy(into, bytes, 8);
}

enum { DIRECT, STRINGS, PROTECT, SECOND, READ, REMAP, REPLACE, VECTORS, WAYS };
static int way, pipe_ends[2], file;
static long slot_size;
// Where version v lies: slots take turns, some of them across pages.
static long place(long v) { return v % SLOTS * slot_size; }

static void put(long v) {
  char bytes[8];
  char *to = written + place(v);
  function(bytes, (int)v * 3);
  switch (way) {
    case DIRECT: case SECOND: memcpy(to, bytes, 8); break;
    case STRINGS: {
      char *from = bytes;
      long n = 8;
      __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
      break;
    }
    case VECTORS: {
      char whole[16];
      memcpy(whole, bytes, 8), memset(whole + 8, 0x90, 8);
      __asm__ volatile("movdqu %1, %%xmm0\n movdqu %%xmm0, %0" : "=m"(*(char(*)[16])to) : "m"(whole) : "xmm0", "memory");
      break;
    }
    case PROTECT:
      mprotect(written, 8192, PROT_READ | PROT_WRITE);
      memcpy(to, bytes, 8);
      mprotect(written, 8192, PROT_READ | PROT_EXEC);
      break;
    case READ:
      CHECK(write(pipe_ends[1], bytes, 8) == 8);
      CHECK(read(pipe_ends[0], to, 8) == 8);
      break;
    case REMAP: {
      char *fresh = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      memcpy(fresh + place(v), bytes, 8);
      mprotect(fresh, 8192, PROT_READ | PROT_EXEC);
      CHECK(mremap(fresh, 8192, 8192, MREMAP_MAYMOVE | MREMAP_FIXED, written) == written);
      break;
    }
    case REPLACE:
      CHECK(mmap(written, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == written);
      memcpy(to, bytes, 8);
      break;
  }
}

static void *caller(void *me) {
  long v = 0;
  uint64_t state = (long)me + 1;
  while (v < rounds) {
    long now;
    for (int n = 0; (now = atomic_load(&version)) == v; n++)
      if (n > 100) sched_yield();
    v = now;
    unsigned a = 0, b, c = 0, d;
    __cpuid(a, a, b, c, d);
    for (int i = next(&state) % 3; i >= 0; i--) {
      long result = ((Function)(code + place(v)))(i);
      CHECK(result == (int)v * 3 + i, "way %d: %ld, not %d", way, result, (int)v * 3 + i);
    }
    atomic_store(&callers[(long)me].seen, v);
  }
  return 0;
}
static void *writer(void *argument) {
  for (long v = 1; v <= rounds; v++) {
    put(v);
    atomic_store(&version, v);
    for (int i = 0; i < CALLERS; i++)
      for (int n = 0; atomic_load(&callers[i].seen) < v; n++)
        if (n > 100) sched_yield();
  }
  return 0;
}
static void *both(void *me) { return (long)me == CALLERS ? writer(0) : caller(me); }

// A constant that changes while others run the instruction: each sees the old one or a new one, never less than what was published.
static void *reader(void *me) {
  long calls = 0;
  while (atomic_load(&version) < rounds) {
    long least = atomic_load(&version);
    unsigned a = 0, b, c = 0, d;
    __cpuid(a, a, b, c, d);
    long found = ((Function)code)(0);
    long most = atomic_load(&version) + 1;
    CHECK(found >= least && found <= most, "%ld <= %ld <= %ld", least, found, most);
    if (++calls % 16 == 0) sched_yield();
  }
  return 0;
}
static void *changer(void *me) {
  if ((long)me) return reader(me);
  for (long v = 1; v <= rounds; v++) {
    // The constant is aligned: it changes at once.
    *(volatile int *)(code + 8) = v;
    atomic_store(&version, v);
    if (v % 4 == 0) sched_yield();
  }
  return 0;
}

// Every thread writes and runs functions of its own in one page, beside those of the others.
static void *own(void *me) {
  for (long i = 0; i < rounds; i++) {
    char *at = code + (long)me * 64;
    function(at, i);
    unsigned a = 0, b, c = 0, d;
    __cpuid(a, a, b, c, d);
    long result = ((Function)at)(5);
    CHECK(result == i + 5, "own: %ld, not %ld", result, i + 5);
  }
  return 0;
}

int main(int argc, char **argv) {
  rounds = scale(argc, argv, 40);
  pipe(pipe_ends);
  for (way = 0; way < WAYS; way++) {
    code = written = mmap(0, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (way == SECOND) {
      file = memfd_create("code", 0);
      ftruncate(file, 8192);
      code = mmap(0, 8192, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
      written = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    }
    for (int layout = 0; layout < 2; layout++) {
      // Close together, or so that one lies across the pages.
      slot_size = layout ? 1023 : 64;
      atomic_store(&version, 0);
      for (int i = 0; i < CALLERS; i++) atomic_store(&callers[i].seen, 0);
      together(CALLERS + 1, both);
    }
  }
  code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  code += 7, function(code, 0), code -= 7, memset(code, 0x90, 7);
  atomic_store(&version, 0);
  together(CALLERS, changer);
  code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  together(THREADS, own);
  return finish("code");
}
