// What the programs here share. Each checks itself, and prints one line that is the same on every machine and in every run.
// The first argument says how much is done: 1 when it is missing.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 16

static atomic_long wrongs;

// Says what is wrong, a few times, and lets the program go on.
#define CHECK(condition, ...)                                   \
  do {                                                          \
    if (!(condition) && atomic_fetch_add(&wrongs, 1) < 5) {     \
      printf("%s:%d: %s: ", __FILE_NAME__, __LINE__, #condition); \
      printf("" __VA_ARGS__), puts("");                         \
    }                                                           \
  } while (0)

#ifndef __FILE_NAME__
#define __FILE_NAME__ __FILE__
#endif

__attribute__((unused)) static long scale(int argc, char **argv, long unit) {
  return unit * (argc > 1 ? atol(argv[1]) : 1);
}

// xorshift: every thread has its own.
__attribute__((unused)) static uint64_t next(uint64_t *state) {
  *state ^= *state << 13, *state ^= *state >> 7, *state ^= *state << 17;
  return *state;
}

// A moment of random length: sometimes none, sometimes the processor is given away.
__attribute__((unused)) static void moment(uint64_t *state) {
  uint64_t r = next(state);
  if (r % 8 == 0) sched_yield();
  for (volatile int i = 0; i < (int)(r >> 8) % 200; i++) {}
}

// Runs `body` on so many threads, each with its number, and waits for them.
__attribute__((unused)) static void together(int count, void *(*body)(void *)) {
  pthread_t threads[count];
  for (long i = 0; i < count; i++) {
    int error = pthread_create(&threads[i], 0, body, (void *)i);
    if (error) printf("pthread_create: %s\n", strerror(error)), exit(3);
  }
  for (int i = 0; i < count; i++) pthread_join(threads[i], 0);
}

// For programs that abort on purpose.
__attribute__((unused)) static void leave_no_core(void) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

__attribute__((unused)) static int finish(const char *name) {
  long count = atomic_load(&wrongs);
  if (count == 0)
    printf("%s: good\n", name);
  else
    printf("%s: %ld wrong\n", name, count);
  return count != 0;
}

// The exit status of a child, or 1000 and its signal.
__attribute__((unused)) static int outcome(pid_t child) {
  int status;
  if (waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}
