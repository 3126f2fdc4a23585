// Mappings that come, go and change their rights under threads that read, write and lock: every access finds what is mapped or faults,
// and once munmap or mprotect has returned, nobody uses what was there.
#include "threads.h"
#include <setjmp.h>
#include <signal.h>

#define PAGES 8
static long rounds;
static char *arena, *twin;
static atomic_int stop;
static __thread sigjmp_buf back;
static __thread volatile int guarded;
static atomic_long faults, touched;

static void fault(int signal, siginfo_t *info, void *context) {
  char *at = info->si_addr;
  if (!guarded || at < arena - 8 || at >= arena + PAGES * 4096) {
    CHECK(0, "signal %d at %p", signal, (void *)at);
    _exit(4);
  }
  atomic_fetch_add(&faults, 1);
  siglongjmp(back, 1);
}

// Each page holds its number in every word, or zeros.
static void *reader(void *me) {
  uint64_t state = (long)me + 1;
  while (!atomic_load(&stop)) {
    guarded = 1;
    if (!sigsetjmp(back, 1)) {
      for (int i = 0; i < 50; i++) {
        uint64_t r = next(&state);
        long page = r % PAGES, word = (r >> 8) % 512;
        uint64_t value = *(volatile uint64_t *)(arena + page * 4096 + word * 8);
        CHECK(value == 0 || value == (uint64_t)page + 1, "page %ld holds %lx", page, value);
        if ((r >> 20) % 8 == 0) {
          long offset = (r >> 8) % 511 * 8;
          char copy[64];
          memcpy(copy, arena + page * 4096 + (offset > 4032 ? 4032 : offset), 64);
        }
        atomic_fetch_add_explicit(&touched, 1, memory_order_relaxed);
      }
    }
    guarded = 0;
    sched_yield();
  }
  return 0;
}
// Locked operations across pages that change nothing.
static void *locker(void *me) {
  uint64_t state = (long)me + 1;
  while (!atomic_load(&stop)) {
    guarded = 1;
    if (!sigsetjmp(back, 1)) {
      for (int i = 0; i < 10; i++) {
        char *at = arena + (next(&state) % (PAGES - 1) + 1) * 4096 - 4;
        uint64_t none = 0;
        __asm__ volatile("lock addq %1, %0" : "+m"(*(uint64_t *)at) : "r"(none) : "memory");
      }
    }
    guarded = 0;
    sched_yield();
  }
  return 0;
}
static void fill(long page) {
  for (int i = 0; i < 512; i++) ((volatile uint64_t *)(arena + page * 4096))[i] = page + 1;
}
static void *mapper(void *argument) {
  uint64_t state = 4711;
  for (long i = 0; i < rounds || atomic_load(&touched) < 1000; i++) {
    long page = next(&state) % PAGES, count = next(&state) % (PAGES - page) + 1;
    char *at = arena + page * 4096;
    switch (next(&state) % 6) {
      case 0:
        munmap(at, count * 4096);
        if (i % 2) sched_yield();
        CHECK(mmap(at, count * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == at);
        for (long k = 0; k < count; k++) fill(page + k);
        break;
      case 1:
        mmap(at, count * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        for (long k = 0; k < count; k++) fill(page + k);
        break;
      case 2: mprotect(at, count * 4096, PROT_NONE), sched_yield(), mprotect(at, count * 4096, PROT_READ | PROT_WRITE); break;
      case 3: mprotect(at, count * 4096, PROT_READ), sched_yield(), mprotect(at, count * 4096, PROT_READ | PROT_WRITE); break;
      case 4:
        madvise(at, count * 4096, MADV_DONTNEED);
        for (long k = 0; k < count; k++) {
          CHECK(*(volatile uint64_t *)(at + k * 4096) == 0);
          fill(page + k);
        }
        break;
      case 5: {
        char *away = mremap(at, count * 4096, count * 4096, MREMAP_MAYMOVE | MREMAP_FIXED, twin);
        CHECK(away == twin);
        sched_yield();
        CHECK(mremap(twin, count * 4096, count * 4096, MREMAP_MAYMOVE | MREMAP_FIXED, at) == at);
        break;
      }
    }
  }
  atomic_store(&stop, 1);
  return 0;
}
static void *storm(void *me) {
  switch ((long)me) {
    case 0: return mapper(0);
    case 1: case 2: return locker(me);
    default: return reader(me);
  }
}

// Counters that others count up; what they counted before mprotect returned is there, and nothing comes after it.
static void *counter(void *me) {
  volatile uint64_t *mine = (uint64_t *)arena + (long)me * 8;
  uint64_t count = 0;
  while (!atomic_load(&stop)) {
    guarded = 1;
    if (!sigsetjmp(back, 1))
      for (int i = 0; i < 200; i++) {
        if ((long)me % 2) __asm__ volatile("lock incq %0" : "+m"(*mine));
        else *mine = ++count;
      }
    guarded = 0;
    sched_yield();
  }
  return 0;
}
static void *closer(void *argument) {
  volatile uint64_t *seen = (uint64_t *)twin;
  uint64_t before[THREADS];
  for (long i = 0; i < rounds; i++) {
    switch (i % 3) {
      case 0: mprotect(arena, 4096, PROT_READ); break;
      case 1: mprotect(arena, 4096, PROT_NONE); break;
      case 2: munmap(arena, 4096); break;
    }
    for (int k = 0; k < THREADS; k++) before[k] = seen[k * 8];
    for (volatile int n = 0; n < 300; n++) {}
    if (i % 8 == 0) sched_yield();
    for (int k = 0; k < THREADS; k++) CHECK(seen[k * 8] == before[k], "counter %d went on: %lu, %lu", k, before[k], seen[k * 8]);
    if (i % 3 == 2) CHECK(mmap(arena, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, *(int *)argument, 0) == arena);
    else mprotect(arena, 4096, PROT_READ | PROT_WRITE);
    sched_yield();
  }
  atomic_store(&stop, 1);
  return 0;
}
static int file;
static void *closing(void *me) { return (long)me == 8 ? closer(&file) : counter(me); }

// Threads that use mappings of their own while others make theirs.
static void *private_maps(void *me) {
  for (long i = 0; i < rounds / 4; i++) {
    long pages = (i + (long)me) % 5 + 1;
    uint64_t *p = mmap(0, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (long k = 0; k < pages; k++) {
      CHECK(p[k * 512] == 0 && p[k * 512 + 511] == 0, "not fresh");
      p[k * 512] = p[k * 512 + 511] = (uint64_t)me << 32 | i;
    }
    for (long k = 0; k < pages; k++) CHECK(p[k * 512] == ((uint64_t)me << 32 | i) && p[k * 512 + 511] == ((uint64_t)me << 32 | i));
    munmap(p, pages * 4096);
  }
  return 0;
}

int main(int argc, char **argv) {
  rounds = scale(argc, argv, 300);
  struct sigaction action = {.sa_sigaction = fault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, 0), sigaction(SIGBUS, &action, 0);
  // A page on each side, so that nobody else comes near.
  char *room = mmap(0, (4 * PAGES + 4) * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  arena = room + 4096, twin = room + (2 * PAGES + 1) * 4096;
  mmap(arena, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  together(8, storm);
  CHECK(touched > 0);
  munmap(arena, PAGES * 4096);

  file = memfd_create("counters", 0);
  ftruncate(file, 4096);
  mmap(arena, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0);
  twin = mmap(0, 4096, PROT_READ, MAP_SHARED, file, 0);
  atomic_store(&stop, 0);
  together(9, closing);
  together(8, private_maps);
  return finish("mappings");
}
