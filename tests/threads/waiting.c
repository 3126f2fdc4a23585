// A mutex, a condition variable and a once of our own on futexes: a queue of waiters, each with a semaphore of its own, and at most one
// designated waiter that has been woken and has not got the mutex yet.
#include "threads.h"
#include <linux/futex.h>
#include <time.h>

static long futex(atomic_uint *word, int operation, unsigned value, const struct timespec *time) {
  return syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, time, 0, ~0u);
}

// A binary semaphore: 1 when something is there to be taken.
static void take(atomic_uint *semaphore) {
  unsigned one = 1;
  while (!atomic_compare_exchange_strong(semaphore, &one, 0)) {
    futex(semaphore, FUTEX_WAIT, 0, 0);
    one = 1;
  }
}
// Until the time of the monotonic clock: 0 if it has passed.
static int take_until(atomic_uint *semaphore, const struct timespec *deadline) {
  unsigned one = 1;
  while (!atomic_compare_exchange_strong(semaphore, &one, 0)) {
    if (futex(semaphore, FUTEX_WAIT_BITSET, 0, deadline) && errno == ETIMEDOUT) {
      one = 1;
      return atomic_compare_exchange_strong(semaphore, &one, 0);
    }
    one = 1;
  }
  return 1;
}
static void give(atomic_uint *semaphore) {
  atomic_store(semaphore, 1);
  futex(semaphore, FUTEX_WAKE, 1, 0);
}

struct Waiter {
  struct Waiter *next;
  atomic_uint semaphore;
};
struct Queue { struct Waiter *first, **last; };
static void append(struct Queue *queue, struct Waiter *waiter) {
  waiter->next = 0;
  if (!queue->first) queue->last = &queue->first;
  *queue->last = waiter, queue->last = &waiter->next;
}
static struct Waiter *pop(struct Queue *queue) {
  struct Waiter *waiter = queue->first;
  if (waiter) queue->first = waiter->next;
  return waiter;
}
static int withdraw(struct Queue *queue, struct Waiter *waiter) {
  for (struct Waiter **at = &queue->first; *at; at = &(*at)->next) {
    if (*at != waiter) continue;
    *at = waiter->next;
    if (!*at) queue->last = at;
    return 1;
  }
  return 0;
}

enum { HELD = 1, SPIN = 2, WAITING = 4, DESIGNATED = 8 };
struct Mutex {
  atomic_uint word;
  struct Queue queue;
};
static void lock(struct Mutex *mutex) {
  unsigned old = 0, clear = 0;
  if (atomic_compare_exchange_strong(&mutex->word, &old, HELD)) return;
  struct Waiter self = {0};
  for (;;) {
    old = atomic_load(&mutex->word);
    if (!(old & HELD)) {
      if (atomic_compare_exchange_strong(&mutex->word, &old, (old | HELD) & ~clear)) return;
    } else if (!(old & SPIN)) {
      if (!atomic_compare_exchange_strong(&mutex->word, &old, (old | SPIN | WAITING) & ~clear)) continue;
      append(&mutex->queue, &self);
      atomic_fetch_and(&mutex->word, ~SPIN);
      take(&self.semaphore);
      clear = DESIGNATED;
    } else {
      sched_yield();
    }
  }
}
static void unlock(struct Mutex *mutex) {
  unsigned old = HELD;
  if (atomic_compare_exchange_strong(&mutex->word, &old, 0)) return;
  for (;;) {
    old = atomic_load(&mutex->word);
    CHECK(old & HELD);
    if (!(old & WAITING) || old & DESIGNATED) {
      if (atomic_compare_exchange_strong(&mutex->word, &old, old & ~HELD)) return;
    } else if (!(old & SPIN)) {
      if (!atomic_compare_exchange_strong(&mutex->word, &old, (old & ~HELD) | SPIN | DESIGNATED)) continue;
      struct Waiter *waiter = pop(&mutex->queue);
      atomic_fetch_and(&mutex->word, mutex->queue.first ? ~SPIN : ~(SPIN | WAITING));
      give(&waiter->semaphore);
      return;
    } else {
      sched_yield();
    }
  }
}

struct Condition {
  atomic_uint spin;
  struct Queue queue;
};
static void hold(atomic_uint *spin) { while (atomic_exchange(spin, 1)) sched_yield(); }
// True if somebody signalled.
static int wait_on(struct Condition *condition, struct Mutex *mutex, const struct timespec *deadline) {
  struct Waiter self = {0};
  int signalled = 1;
  hold(&condition->spin), append(&condition->queue, &self), atomic_store(&condition->spin, 0);
  unlock(mutex);
  if (!deadline) {
    take(&self.semaphore);
  } else if (!take_until(&self.semaphore, deadline)) {
    hold(&condition->spin);
    signalled = !withdraw(&condition->queue, &self);
    atomic_store(&condition->spin, 0);
    // Whoever has taken us off the queue is about to give.
    if (signalled) take(&self.semaphore);
  }
  lock(mutex);
  return signalled;
}
static int wake_one(struct Condition *condition) {
  hold(&condition->spin);
  struct Waiter *waiter = pop(&condition->queue);
  atomic_store(&condition->spin, 0);
  if (waiter) give(&waiter->semaphore);
  return waiter != 0;
}

static long rounds;
static struct Mutex mutex;
static long count;
static void *counting(void *me) {
  uint64_t state = (long)me + 1;
  for (long i = 0; i < rounds; i++) {
    lock(&mutex);
    count++;
    if (next(&state) % 64 == 0) sched_yield();
    unlock(&mutex);
  }
  return 0;
}

static struct Condition filled, emptied;
static long slots, put_in, taken_out;
static void *passing(void *me) {
  uint64_t state = (long)me + 9;
  for (long i = 0; i < rounds / 2; i++) {
    lock(&mutex);
    if ((long)me % 2) {
      while (slots == 2) wait_on(&emptied, &mutex, 0);
      slots++, put_in++;
      wake_one(&filled);
    } else {
      while (slots == 0) {
        struct timespec soon;
        clock_gettime(CLOCK_MONOTONIC, &soon);
        soon.tv_nsec += next(&state) % 100000;
        if (soon.tv_nsec >= 1000000000) soon.tv_nsec -= 1000000000, soon.tv_sec++;
        wait_on(&filled, &mutex, next(&state) % 4 ? 0 : &soon);
      }
      slots--, taken_out++;
      wake_one(&emptied);
    }
    unlock(&mutex);
  }
  return 0;
}

// 0 not begun, 1 somebody is at it, 2 done.
struct Once { atomic_uint state; struct Mutex mutex; struct Condition done; };
static void once(struct Once *once, void (*make)(void *), void *argument) {
  if (atomic_load_explicit(&once->state, memory_order_acquire) == 2) return;
  lock(&once->mutex);
  if (atomic_load(&once->state) == 0) {
    atomic_store(&once->state, 1);
    unlock(&once->mutex);
    make(argument);
    lock(&once->mutex);
    atomic_store_explicit(&once->state, 2, memory_order_release);
    while (wake_one(&once->done)) {}
  }
  while (atomic_load(&once->state) != 2) wait_on(&once->done, &once->mutex, 0);
  unlock(&once->mutex);
}
#define ONCES 300
static struct Once onces[ONCES];
static long values[ONCES];
static void make(void *value) {
  sched_yield();
  ++*(long *)value;
}
static void *all_onces(void *me) {
  uint64_t state = (long)me + 2;
  for (int i = 0; i < ONCES; i++) {
    once(&onces[i], make, &values[i]);
    CHECK(values[i] == 1, "%ld", values[i]);
    if (next(&state) % 32 == 0) sched_yield();
  }
  return 0;
}

int main(int argc, char **argv) {
  rounds = scale(argc, argv, 500);
  together(THREADS, counting);
  CHECK(count == rounds * THREADS, "%ld", count);
  together(THREADS, passing);
  CHECK(put_in == taken_out && slots == 0 && put_in == rounds / 2 * THREADS / 2, "%ld %ld", put_in, taken_out);
  for (long i = 0; i < (rounds + 499) / 500 && i < 100; i++) {
    memset(onces, 0, sizeof onces), memset(values, 0, sizeof values);
    together(THREADS, all_onces);
    for (int k = 0; k < ONCES; k++) CHECK(values[k] == 1, "%ld", values[k]);
  }
  return finish("waiting");
}
