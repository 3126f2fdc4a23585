// Between processes: mutexes, condition variables, semaphores and barriers in memory that each of them has at another address, robust
// mutexes whose owners die in every way, and mutexes with priority inheritance.
#include "threads.h"
#include <linux/futex.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>

#define PROCESSES 4
static long rounds;

struct Shared {
  pthread_mutex_t mutex, robust, heir;
  pthread_cond_t turns;
  pthread_barrier_t barrier;
  pthread_rwlock_t rw;
  sem_t semaphore;
  long count, turn, left, right;
  atomic_int inside, ready, serials, wrong;
  atomic_uint word;
};
// In which ways the owner of a robust mutex dies: all, or those after which it is not the kernel that must tell. A `p` says that the
// host has no priority inheritance: its kernel would look for thread numbers in its own byte order.
static const char *ways = "012345";
static int has_priorities = 1;
static int file;
static struct Shared *map(void) { return mmap(0, sizeof(struct Shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0); }
// Another mapping than the parent's.
static struct Shared *map_elsewhere(long me) {
  mmap(0, 4096 * (me + 1), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return map();
}

static int child(long me, struct Shared *inherited) {
  struct Shared *s = map_elsewhere(me);
  if (s == inherited) return 9;
  for (long i = 0; i < rounds; i++) {
    pthread_mutex_lock(&s->mutex), s->count++, pthread_mutex_unlock(&s->mutex);
    pthread_mutex_lock(&s->heir), s->left++, pthread_mutex_unlock(&s->heir);
    sem_wait(&s->semaphore);
    CHECK(atomic_fetch_add(&s->inside, 1) < 2);
    atomic_fetch_sub(&s->inside, 1);
    sem_post(&s->semaphore);
    if (i % 4 == me) pthread_rwlock_wrlock(&s->rw), s->right += 2, pthread_rwlock_unlock(&s->rw);
    else pthread_rwlock_rdlock(&s->rw), pthread_rwlock_unlock(&s->rw);
    if (i % 8 == 0) {
      pthread_mutex_lock(&s->mutex);
      while (s->turn % PROCESSES != me) pthread_cond_wait(&s->turns, &s->mutex);
      s->turn++;
      pthread_cond_broadcast(&s->turns);
      pthread_mutex_unlock(&s->mutex);
    }
    if (i % 16 == 0 && pthread_barrier_wait(&s->barrier) == PTHREAD_BARRIER_SERIAL_THREAD) atomic_fetch_add(&s->serials, 1);
  }
  return wrongs != 0;
}

// An owner dies, in several ways; the next one is told.
static void *dying_thread(void *shared) {
  pthread_mutex_lock(&((struct Shared *)shared)->robust);
  return 0;
}
static void *blocked_owner(void *shared) {
  struct Shared *s = shared;
  pthread_mutex_lock(&s->robust);
  atomic_store(&s->ready, 1);
  for (;;) pause();
}
static void die(struct Shared *s, int how, char *self) {
  pthread_t thread;
  switch (how) {
    case 0: pthread_mutex_lock(&s->robust); _exit(0);
    case 1: pthread_mutex_lock(&s->robust); syscall(SYS_exit, 0); break;
    case 2: pthread_mutex_lock(&s->robust); raise(SIGKILL); break;
    case 3: pthread_mutex_lock(&s->robust); abort(); break;
    case 4: pthread_mutex_lock(&s->robust); execl("/proc/self/exe", self, "exec", (char *)0); _exit(8);
    // Another thread owns it, blocked, when the process ends.
    case 5:
      pthread_create(&thread, 0, blocked_owner, s);
      while (!atomic_load(&s->ready)) sched_yield();
      _exit(0);
  }
}
static void robust_mutexes_tell(struct Shared *s, char *self) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  for (long i = 0; i < rounds / 10; i++) {
    pthread_mutex_init(&s->robust, &attributes);
    atomic_store(&s->ready, 0);
    int how = ways[i % strlen(ways)] - '0';
    pid_t pid = fork();
    if (pid == 0) die(s, how, self), _exit(7);
    // Half of the time somebody waits already.
    int error = 0;
    if (i % 12 < 6) outcome(pid);
    else while ((error = pthread_mutex_trylock(&s->robust)) == 0) pthread_mutex_unlock(&s->robust), sched_yield();
    if (error != EOWNERDEAD) error = pthread_mutex_lock(&s->robust);
    CHECK(error == EOWNERDEAD, "how %d: %s", how, strerror(error));
    pthread_mutex_consistent(&s->robust);
    CHECK(!pthread_mutex_unlock(&s->robust));
    if (i % 12 >= 6) outcome(pid);

    pthread_t thread;
    pthread_create(&thread, 0, dying_thread, s);
    pthread_join(thread, 0);
    error = pthread_mutex_trylock(&s->robust);
    CHECK(error == EOWNERDEAD, "thread: %s", strerror(error));
    // Unlocked without being made consistent: lost for ever.
    pthread_mutex_unlock(&s->robust);
    CHECK(pthread_mutex_lock(&s->robust) == ENOTRECOVERABLE);
  }
}

// Priority inheritance: the kernel owns the word.
static pthread_mutex_t heir;
static long inherited;
static void *inheriting(void *me) {
  for (long i = 0; i < rounds; i++) {
    pthread_mutex_lock(&heir);
    inherited++;
    if (i % 32 == 0) sched_yield();
    pthread_mutex_unlock(&heir);
  }
  return 0;
}
static atomic_uint pi;
static void *raw_inheriting(void *me) {
  for (long i = 0; i < rounds / 4; i++) {
    unsigned zero = 0, self = gettid();
    if (!atomic_compare_exchange_strong(&pi, &zero, self))
      CHECK(syscall(SYS_futex, &pi, FUTEX_LOCK_PI, 0, 0, 0, 0) == 0, "%s", strerror(errno));
    CHECK((pi & FUTEX_TID_MASK) == self);
    inherited++;
    unsigned mine = self;
    if (!atomic_compare_exchange_strong(&pi, &mine, 0))
      CHECK(syscall(SYS_futex, &pi, FUTEX_UNLOCK_PI, 0, 0, 0, 0) == 0, "%s", strerror(errno));
  }
  return 0;
}
static void *held(void *barrier) {
  pthread_mutex_lock(&heir);
  pthread_barrier_wait(barrier);
  pthread_barrier_wait(barrier);
  pthread_mutex_unlock(&heir);
  return 0;
}
static atomic_uint from;
static void *requeued(void *argument) {
  CHECK(syscall(SYS_futex, &from, FUTEX_WAIT_REQUEUE_PI, 0, 0, &pi, 0) == 0, "%s", strerror(errno));
  CHECK((pi & FUTEX_TID_MASK) == gettid());
  unsigned mine = gettid();
  if (!atomic_compare_exchange_strong(&pi, &mine, 0)) syscall(SYS_futex, &pi, FUTEX_UNLOCK_PI, 0, 0, 0, 0);
  return 0;
}
static void priorities_are_inherited(void) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes), pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
  pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
  CHECK(!pthread_mutex_init(&heir, &attributes));
  together(8, inheriting);
  CHECK(inherited == 8 * rounds, "%ld", inherited);
  CHECK(pthread_mutex_unlock(&heir) == EPERM);
  pthread_mutex_lock(&heir);
  CHECK(pthread_mutex_lock(&heir) == EDEADLK);
  pthread_mutex_unlock(&heir);
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, 0, 2);
  pthread_t thread;
  pthread_create(&thread, 0, held, &barrier);
  pthread_barrier_wait(&barrier);
  CHECK(pthread_mutex_trylock(&heir) == EBUSY);
  struct timespec past = {1, 0};
  CHECK(pthread_mutex_timedlock(&heir, &past) == ETIMEDOUT);
  pthread_barrier_wait(&barrier);
  pthread_join(thread, 0);
  inherited = 0;
  together(8, raw_inheriting);
  CHECK(inherited == rounds / 4 * 8, "%ld", inherited);
  CHECK(syscall(SYS_futex, &pi, FUTEX_UNLOCK_PI, 0, 0, 0, 0) == -1 && errno == EPERM, "%s", strerror(errno));
  CHECK(syscall(SYS_futex, &pi, FUTEX_TRYLOCK_PI, 0, 0, 0, 0) == 0 && pi == gettid());
  CHECK(syscall(SYS_futex, &pi, FUTEX_LOCK_PI, 0, 0, 0, 0) == -1 && errno == EDEADLK, "%s", strerror(errno));
  CHECK(syscall(SYS_futex, &pi, FUTEX_UNLOCK_PI, 0, 0, 0, 0) == 0 && pi == 0);
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) pthread_create(&threads[i], 0, requeued, 0);
  for (long moved = 0, now; moved < 3; moved += now) {
    now = syscall(SYS_futex, &from, FUTEX_CMP_REQUEUE_PI, 1, 1000, &pi, 0);
    CHECK(now >= 0, "%s", strerror(errno));
    if (now < 0) break;
    sched_yield();
  }
  for (int i = 0; i < 3; i++) pthread_join(threads[i], 0);
  CHECK(pi == 0);
}

int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "exec")) return 0;
  rounds = scale(argc, argv, 120);
  if (argc > 2) ways = argv[2];
  if (*ways == 'p') ways++, has_priorities = 0;
  leave_no_core();
  file = memfd_create("shared", 0);
  CHECK(!ftruncate(file, sizeof(struct Shared)));
  struct Shared *s = map();
  pthread_mutexattr_t mutexes, heirs;
  pthread_condattr_t conditions;
  pthread_barrierattr_t barriers;
  pthread_rwlockattr_t rws;
  pthread_mutexattr_init(&mutexes), pthread_mutexattr_setpshared(&mutexes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_init(&heirs), pthread_mutexattr_setpshared(&heirs, PTHREAD_PROCESS_SHARED);
  if (has_priorities) pthread_mutexattr_setprotocol(&heirs, PTHREAD_PRIO_INHERIT);
  pthread_condattr_init(&conditions), pthread_condattr_setpshared(&conditions, PTHREAD_PROCESS_SHARED);
  pthread_barrierattr_init(&barriers), pthread_barrierattr_setpshared(&barriers, PTHREAD_PROCESS_SHARED);
  pthread_rwlockattr_init(&rws), pthread_rwlockattr_setpshared(&rws, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(&s->mutex, &mutexes), pthread_mutex_init(&s->heir, &heirs);
  pthread_cond_init(&s->turns, &conditions), pthread_barrier_init(&s->barrier, &barriers, PROCESSES);
  pthread_rwlock_init(&s->rw, &rws), sem_init(&s->semaphore, 1, 2);
  pid_t pids[PROCESSES];
  for (long me = 0; me < PROCESSES; me++)
    if ((pids[me] = fork()) == 0) _exit(child(me, s));
  for (int me = 0; me < PROCESSES; me++) {
    int status = outcome(pids[me]);
    CHECK(status == 0, "%d", status);
  }
  CHECK(s->count == rounds * PROCESSES && s->left == rounds * PROCESSES, "%ld %ld", s->count, s->left);
  CHECK(s->turn == (rounds + 7) / 8 * PROCESSES && s->serials == (rounds + 15) / 16, "%ld %d", s->turn, s->serials);
  robust_mutexes_tell(s, argv[0]);
  if (has_priorities) priorities_are_inherited();
  return finish("shared");
}
