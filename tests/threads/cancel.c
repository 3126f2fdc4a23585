// Cancellation: deferred in every kind of blocking call, asynchronous in a loop, in the middle of being made, and held off.
#include "threads.h"
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>

static int ends[2];
static sem_t never;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static atomic_int cleaned, begun;
static void clean(void *argument) { atomic_fetch_add(&cleaned, 1); }
static void clean_lock(void *argument) { pthread_mutex_unlock(&lock), clean(0); }

static void *blocked(void *kind) {
  char byte;
  struct pollfd poll_on = {ends[0], POLLIN};
  struct timespec long_time = {1000, 0};
  sigset_t set;
  sigemptyset(&set), sigaddset(&set, SIGUSR2);
  if ((long)kind == 6) {
    pthread_mutex_lock(&lock);
    pthread_cleanup_push(clean_lock, 0);
    atomic_fetch_add(&begun, 1);
    for (;;) pthread_cond_wait(&condition, &lock);
    pthread_cleanup_pop(0);
  }
  pthread_cleanup_push(clean, 0);
  atomic_fetch_add(&begun, 1);
  switch ((long)kind) {
    case 0: read(ends[0], &byte, 1); break;
    case 1: poll(&poll_on, 1, -1); break;
    case 2: nanosleep(&long_time, 0); break;
    case 3: sem_wait(&never); break;
    case 4: sigwait(&set, (int *)&long_time); break;
    case 5: for (;;) pthread_testcancel(), sched_yield();
    case 7:
      pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, 0);
      for (volatile long i = 0;; i++) {}
    case 8:
      pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, 0);
      for (int i = 0; i < 20; i++) sched_yield(), pthread_testcancel();
      pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, 0);
      for (;;) pause();
    case 9: waitpid(-1, 0, 0), pause(); break;
    case 10: for (;;) select(0, 0, 0, 0, 0);
  }
  pthread_cleanup_pop(0);
  return 0;
}
#define KINDS 11

int main(int argc, char **argv) {
  long rounds = scale(argc, argv, 20);
  uint64_t state = 88172645463325252ull;
  pipe(ends), sem_init(&never, 0, 0);
  pid_t sleeper = fork();
  // It goes with its parent, whatever becomes of that.
  if (sleeper == 0) for (prctl(PR_SET_PDEATHSIG, SIGKILL);;) pause();
  for (long i = 0; i < rounds; i++) {
    pthread_t threads[KINDS];
    for (long kind = 0; kind < KINDS; kind++) pthread_create(&threads[kind], 0, blocked, (void *)kind);
    // Sometimes at once, sometimes when all have begun.
    if (i % 2) while (begun < KINDS) sched_yield();
    for (int kind = 0; kind < KINDS; kind++) moment(&state), pthread_cancel(threads[kind]);
    for (int kind = 0; kind < KINDS; kind++) {
      void *result;
      pthread_join(threads[kind], &result);
      CHECK(result == PTHREAD_CANCELED, "kind %d", kind);
    }
    // A thread that is cancelled before it has begun cleans nothing.
    CHECK(cleaned == begun, "%d of %d", cleaned, begun);
    begun = cleaned = 0;
    CHECK(pthread_mutex_trylock(&lock) == 0);
    pthread_mutex_unlock(&lock);
  }
  kill(sleeper, SIGKILL);
  CHECK(outcome(sleeper) == 1000 + SIGKILL);
  return finish("cancel");
}
