// Thousands of threads: made and joined, detached, made by threads, ended in every way, and many at once.
#include "threads.h"
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>

static long rounds;
static atomic_long started, ended;
static __thread long local = 41;
static pthread_key_t key;
static void gone(void *value) { atomic_fetch_add(&ended, (long)value); }

static void *simple(void *argument) {
  atomic_fetch_add(&started, 1);
  local++;
  CHECK(local == 42, "%ld", local);
  pthread_setspecific(key, (void *)1);
  if ((long)argument % 3 == 0) pthread_exit(argument);
  return argument;
}
static void *maker(void *me) {
  for (long i = 0; i < rounds; i++) {
    pthread_t thread;
    void *result;
    if (pthread_create(&thread, 0, simple, (void *)i)) { CHECK(0, "create"); return 0; }
    pthread_join(thread, &result);
    CHECK(result == (void *)i);
  }
  return 0;
}

static atomic_int left;
static void *detached(void *argument) {
  atomic_fetch_sub(&left, 1);
  return 0;
}

// All there at once, then gone.
#define CROWD 100
static pthread_barrier_t barrier;
static void *crowd(void *argument) {
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  return 0;
}

// A thread made by clone itself: where its number is stored, and cleared.
static atomic_int child_number, raw_done;
static char raw_stack[65536] __attribute__((aligned(16)));
static int spare = 999;
static long raw_thread(void *stack_top, long shares) {
  long flags = 0x100 | 0x800 | 0x10000 | 0x100000 | 0x200000 | shares, result;
  register long r10 __asm__("r10") = (long)&child_number;
  register long r8 __asm__("r8") = 0;
  __asm__ volatile(
      "syscall\n test %%rax, %%rax\n jnz 1f\n"
      "mov %8, %%edi\n mov $3, %%eax\n syscall\n lock incl %6\n xor %%edi, %%edi\n mov $60, %%eax\n syscall\n hlt\n1:"
      : "=a"(result) : "0"(56l), "D"(flags), "S"(stack_top), "d"(&child_number), "r"(r10), "m"(raw_done), "r"(r8), "m"(spare) : "rcx", "r11", "memory");
  return result;
}

int main(int argc, char **argv) {
  rounds = scale(argc, argv, 20);
  pthread_key_create(&key, gone);
  together(4, maker);
  CHECK(started == 4 * rounds && ended == started, "%ld %ld", started, ended);

  pthread_attr_t attributes;
  pthread_attr_init(&attributes), pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, 65536);
  for (long i = 0; i < rounds; i++) {
    pthread_t thread;
    atomic_fetch_add(&left, 1);
    while (pthread_create(&thread, &attributes, detached, 0) == EAGAIN) sched_yield();
    if (i % 16 == 0) while (left) sched_yield();
  }
  while (left) sched_yield();

  for (long i = 0; i < (rounds + 99) / 100; i++) {
    pthread_t threads[CROWD];
    pthread_barrier_init(&barrier, 0, CROWD + 1);
    for (int k = 0; k < CROWD; k++) CHECK(!pthread_create(&threads[k], 0, crowd, 0));
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    for (int k = 0; k < CROWD; k++) pthread_join(threads[k], 0);
  }

  // Some containers let nobody stop sharing.
  pid_t pid = fork();
  if (pid == 0) _exit(unshare(CLONE_FILES | CLONE_FS | CLONE_SYSVSEM) != 0);
  int may_have_own = outcome(pid) == 0;
  for (long i = 1; i <= rounds; i++) {
    child_number = 0;
    // It closes a descriptor, which is the process's unless it has descriptors of its own.
    int own_files = may_have_own && i % 3 == 0, own_others = may_have_own;
    spare = dup(0);
    long number = raw_thread(raw_stack + sizeof raw_stack, (own_files ? 0 : 0x400) | (own_others && i % 5 == 0 ? 0 : 0x40000) | (own_others && i % 7 == 0 ? 0 : 0x200));
    CHECK(number > 0, "%ld", number);
    // Waits as pthread_join does: for the kernel to clear the word.
    for (int now; (now = child_number);) {
      CHECK(now == number, "%d, not %ld", now, number);
      syscall(SYS_futex, &child_number, FUTEX_WAIT, now, 0, 0, 0);
    }
    CHECK(raw_done == i, "%d", raw_done);
    CHECK((close(spare) == 0) == own_files, "the descriptor of round %ld", i);
  }
  return finish("making");
}
