// Mutexes of every kind, condition variables, barriers, semaphores, read-write locks, spin locks and once, sixteen threads at a time.
#include "threads.h"
#include <semaphore.h>
#include <time.h>

static long rounds;

static pthread_mutex_t mutexes[4];
static long counts[4];
static void *with_mutexes(void *me) {
  uint64_t state = (long)me + 1;
  for (long i = 0; i < rounds; i++) {
    int which = next(&state) % 4;
    if (which == 3 && next(&state) % 2) {
      while (pthread_mutex_trylock(&mutexes[3])) sched_yield();
    } else {
      pthread_mutex_lock(&mutexes[which]);
    }
    if (which == 1) pthread_mutex_lock(&mutexes[1]), counts[1]++, pthread_mutex_unlock(&mutexes[1]);
    counts[which]++;
    pthread_mutex_unlock(&mutexes[which]);
    __atomic_fetch_add(&counts[0], 0, __ATOMIC_RELAXED);
  }
  return 0;
}
static void mutexes_keep_others_out(void) {
  static const int kinds[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_ADAPTIVE_NP};
  long expected[4] = {0};
  for (int i = 0; i < 4; i++) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes), pthread_mutexattr_settype(&attributes, kinds[i]);
    pthread_mutex_init(&mutexes[i], &attributes);
  }
  for (long me = 0; me < THREADS; me++) {
    uint64_t state = me + 1;
    for (long i = 0; i < rounds; i++) {
      int which = next(&state) % 4;
      if (which == 3) next(&state);
      expected[which] += which == 1 ? 2 : 1;
    }
  }
  together(THREADS, with_mutexes);
  for (int i = 0; i < 4; i++) CHECK(counts[i] == expected[i], "mutex %d: %ld of %ld", i, counts[i], expected[i]);
}

// A ring of four places between eight who put and eight who take.
static pthread_mutex_t ring_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER, not_empty = PTHREAD_COND_INITIALIZER;
static long ring[4], ring_count, put_sum, taken_sum;
static void *with_ring(void *me) {
  long id = (long)me;
  uint64_t state = id + 7;
  for (long i = 0; i < rounds / 4; i++) {
    pthread_mutex_lock(&ring_lock);
    if (id % 2) {
      while (ring_count == 4) pthread_cond_wait(&not_full, &ring_lock);
      long value = next(&state) >> 8;
      ring[ring_count++] = value, put_sum += value;
      pthread_cond_signal(&not_empty);
      pthread_mutex_unlock(&ring_lock);
    } else {
      while (ring_count == 0) {
        struct timespec soon;
        clock_gettime(CLOCK_REALTIME, &soon);
        soon.tv_nsec += 50000;
        if (soon.tv_nsec >= 1000000000) soon.tv_nsec -= 1000000000, soon.tv_sec++;
        if (i % 8) pthread_cond_wait(&not_empty, &ring_lock);
        else pthread_cond_timedwait(&not_empty, &ring_lock, &soon);
      }
      taken_sum += ring[--ring_count];
      pthread_mutex_unlock(&ring_lock);
      pthread_cond_signal(&not_full);
    }
  }
  return 0;
}

// Everybody takes a turn: a broadcast each time.
static long turn;
static pthread_cond_t turns = PTHREAD_COND_INITIALIZER;
static void *in_turn(void *me) {
  for (long i = 0; i < rounds / 40; i++) {
    pthread_mutex_lock(&ring_lock);
    while (turn % THREADS != (long)me) pthread_cond_wait(&turns, &ring_lock);
    turn++;
    pthread_cond_broadcast(&turns);
    pthread_mutex_unlock(&ring_lock);
  }
  return 0;
}

static pthread_barrier_t barrier;
static long steps[THREADS];
static atomic_long serials;
static void *at_barrier(void *me) {
  for (long i = 0; i < rounds / 20; i++) {
    steps[(long)me] = i;
    if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) atomic_fetch_add(&serials, 1);
    for (int other = 0; other < THREADS; other++) CHECK(steps[other] == i, "%d is at %ld, not %ld", other, steps[other], i);
    pthread_barrier_wait(&barrier);
  }
  return 0;
}

static sem_t semaphore;
static atomic_int inside;
static void *with_semaphore(void *me) {
  for (long i = 0; i < rounds; i++) {
    if (i % 16 == 0) while (sem_trywait(&semaphore)) sched_yield();
    else sem_wait(&semaphore);
    int now = atomic_fetch_add(&inside, 1) + 1;
    CHECK(now <= 3, "%d inside", now);
    atomic_fetch_sub(&inside, 1);
    sem_post(&semaphore);
  }
  return 0;
}

static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static long left, right;
static void *with_rwlock(void *me) {
  uint64_t state = (long)me + 3;
  for (long i = 0; i < rounds; i++) {
    if (next(&state) % 4 == 0) {
      pthread_rwlock_wrlock(&rw);
      left++, right++;
    } else {
      pthread_rwlock_rdlock(&rw);
      CHECK(left == right, "%ld and %ld", left, right);
    }
    pthread_rwlock_unlock(&rw);
  }
  return 0;
}

static pthread_spinlock_t spin;
static long spun;
static void *with_spinlock(void *me) {
  for (long i = 0; i < rounds / 4; i++) {
    while (pthread_spin_trylock(&spin)) sched_yield();
    spun++;
    pthread_spin_unlock(&spin);
  }
  return 0;
}

#define ONCES 200
static pthread_once_t onces[ONCES];
static long made[ONCES];
static int which_once;
static void make(void) { sched_yield(), made[which_once]++; }
static void *with_once(void *me) {
  for (int i = 0; i < ONCES; i++) {
    pthread_barrier_wait(&barrier);
    which_once = i;
    pthread_barrier_wait(&barrier);
    pthread_once(&onces[i], make);
    CHECK(made[i] == 1, "made %ld times", made[i]);
  }
  return 0;
}

int main(int argc, char **argv) {
  rounds = scale(argc, argv, 400);
  mutexes_keep_others_out();
  together(THREADS, with_ring);
  CHECK(put_sum == taken_sum && ring_count == 0);
  together(THREADS, in_turn);
  CHECK(turn == rounds / 40 * THREADS, "%ld", turn);
  pthread_barrier_init(&barrier, 0, THREADS);
  together(THREADS, at_barrier);
  CHECK(serials == rounds / 20, "%ld", serials);
  sem_init(&semaphore, 0, 3);
  together(THREADS, with_semaphore);
  together(THREADS, with_rwlock);
  CHECK(left == right);
  pthread_spin_init(&spin, 0);
  together(THREADS, with_spinlock);
  CHECK(spun == rounds / 4 * THREADS, "%ld", spun);
  for (int i = 0; i < ONCES; i++) onces[i] = (pthread_once_t)PTHREAD_ONCE_INIT;
  together(THREADS, with_once);
  return finish("locks");
}
