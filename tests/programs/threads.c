// Threads: mutexes, condition variables, atomics, thread-local storage, keys, cancellation, once, barriers.
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ready = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_barrier_t barrier;
static pthread_key_t key;
static sem_t semaphore;
static long plain, turn;
static atomic_long counted;
static __thread int local = 5;
static void first(void) { puts("once"); }
static void drop(void *p) { atomic_fetch_add(&counted, (long)p); }
static void *work(void *arg) {
  long me = (long)arg;
  local += me;
  pthread_once(&once, first);
  pthread_setspecific(key, (void *)1000000L);
  for (int i = 0; i < 10000; i++) {
    pthread_mutex_lock(&lock);
    plain++;
    pthread_mutex_unlock(&lock);
    atomic_fetch_add(&counted, 1);
  }
  pthread_barrier_wait(&barrier);
  pthread_mutex_lock(&lock);
  while (turn != me) pthread_cond_wait(&ready, &lock);
  printf("thread %ld local %d\n", me, local);
  turn++;
  pthread_cond_broadcast(&ready);
  pthread_mutex_unlock(&lock);
  sem_post(&semaphore);
  return (void *)(me * me);
}
static void *forever(void *arg) {
  for (;;) usleep(1000);
  return 0;
}
static void *mapper(void *arg) {
  for (int i = 0; i < 200; i++) {
    char *p = malloc(200000);
    memset(p, i, 200000);
    if (p[199999] != (char)i) puts("wrong");
    free(p);
  }
  return 0;
}
static atomic_int handled;
static void handler(int s) { atomic_fetch_add(&handled, 1); }
int main(void) {
  pthread_t t[4];
  sem_init(&semaphore, 0, 0), pthread_key_create(&key, drop), pthread_barrier_init(&barrier, 0, 4);
  for (long i = 0; i < 4; i++) pthread_create(&t[i], 0, work, (void *)i);
  long sum = 0;
  for (int i = 0; i < 4; i++) {
    void *r;
    pthread_join(t[i], &r);
    sum += (long)r;
  }
  int posts;
  sem_getvalue(&semaphore, &posts);
  printf("%ld %ld %ld local %d posts %d\n", plain, (long)counted, sum, local, posts);
  pthread_create(&t[0], 0, forever, 0);
  pthread_cancel(t[0]);
  void *r;
  pthread_join(t[0], &r);
  printf("cancelled %d\n", r == PTHREAD_CANCELED);
  for (int i = 0; i < 3; i++) pthread_create(&t[i], 0, mapper, 0);
  for (int i = 0; i < 3; i++) pthread_join(t[i], 0);
  signal(SIGUSR1, handler);
  pthread_create(&t[0], 0, forever, 0);
  pthread_kill(t[0], SIGUSR1);
  while (!handled) usleep(1000);
  printf("handled %d\n", handled);
  struct timespec soon;
  clock_gettime(CLOCK_REALTIME, &soon);
  soon.tv_nsec += 20000000;
  if (soon.tv_nsec >= 1000000000) soon.tv_nsec -= 1000000000, soon.tv_sec++;
  pthread_mutex_lock(&lock);
  printf("timed wait %d\n", pthread_cond_timedwait(&ready, &lock, &soon));
  pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
  int a = pthread_rwlock_rdlock(&rw), b = pthread_rwlock_tryrdlock(&rw), c = pthread_rwlock_trywrlock(&rw);
  printf("%d %d %d\n", a, b, c);
  exit(6);
}
