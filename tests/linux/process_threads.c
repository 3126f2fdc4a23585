// Threads: start, join, mutexes, conditions, thread-local storage, signals to threads, exit, fork and exec from threads.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static long counter;
static atomic_long atomic_counter;
static __thread int local = 5;
static int turn;

static void *count(void *argument) {
  for (int i = 0; i < 2000; i++) {
    pthread_mutex_lock(&mutex);
    counter++;
    pthread_mutex_unlock(&mutex);
    atomic_counter++;
  }
  local += (long)argument;
  return (void *)(long)local;
}

static void *ping(void *argument) {
  long me = (long)argument;
  for (int i = 0; i < 500; i++) {
    pthread_mutex_lock(&mutex);
    while (turn != me) pthread_cond_wait(&condition, &mutex);
    turn = !me;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
  }
  return 0;
}

static atomic_int who;
static void on_usr1(int s) { who = gettid(); }
static void *wait_for_signal(void *argument) {
  *(pid_t *)argument = gettid();
  sem_t *none = 0;
  (void)none;
  while (!who) usleep(1000);
  return (void *)(long)(who == gettid());
}
static void *exit_thread(void *argument) { pthread_exit((void *)77); }
static void *sleep_forever(void *argument) {
  for (;;) pause();
}
static void *cancelled(void *argument) {
  for (;;) sleep(1);
}
static void *alone(void *argument) {
  usleep(20000);
  printf("last thread\n");
  fflush(stdout);
  return 0;
}
static void *last(void *argument) {
  usleep(20000);
  syscall(SYS_exit, 42);
  return 0;
}
static void *exits(void *argument) { exit(31); }
static void *executes(void *argument) {
  execl("/proc/self/exe", "exec", "child", NULL);
  return 0;
}
static void *spinner(void *argument) {
  volatile long *stop = argument;
  while (!*stop) {}
  return 0;
}

static void status(const char *name, pid_t p) {
  int st;
  waitpid(p, &st, 0);
  printf("%s: %s %d\n", name, WIFEXITED(st) ? "exit" : "signal", WIFEXITED(st) ? WEXITSTATUS(st) : WTERMSIG(st));
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc > 1) return printf("executed, pid is tid %d\n", getpid() == gettid()), 32;
  pthread_t threads[8];
  for (long i = 0; i < 8; i++) pthread_create(&threads[i], 0, count, (void *)i);
  long sum = 0;
  for (int i = 0; i < 8; i++) {
    void *result;
    pthread_join(threads[i], &result);
    sum += (long)result;
  }
  printf("counter %ld atomic %ld locals %ld mine %d\n", counter, (long)atomic_counter, sum, local);
  for (long i = 0; i < 2; i++) pthread_create(&threads[i], 0, ping, (void *)i);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], 0);
  printf("turns %d\n", turn);

  signal(SIGUSR1, on_usr1);
  pid_t tid = 0;
  pthread_create(&threads[0], 0, wait_for_signal, &tid);
  while (!*(volatile pid_t *)&tid) usleep(1000);
  pthread_kill(threads[0], SIGUSR1);
  void *result;
  pthread_join(threads[0], &result);
  printf("signalled itself %ld, another %d\n", (long)result, tid != getpid());

  pthread_create(&threads[0], 0, exit_thread, 0);
  pthread_join(threads[0], &result);
  printf("pthread_exit %ld\n", (long)result);
  pthread_create(&threads[0], 0, cancelled, 0);
  usleep(1000);
  pthread_cancel(threads[0]);
  pthread_join(threads[0], &result);
  printf("cancelled %d\n", result == PTHREAD_CANCELED);

  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  t.tv_nsec += 30000000;
  if (t.tv_nsec > 999999999) t.tv_sec++, t.tv_nsec -= 1000000000;
  pthread_mutex_lock(&mutex);
  printf("timedwait %d\n", pthread_cond_timedwait(&condition, &mutex, &t));
  pthread_mutex_unlock(&mutex);

  pthread_mutexattr_t attribute;
  pthread_mutexattr_init(&attribute);
  pthread_mutexattr_setpshared(&attribute, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attribute, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_t *shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_mutex_init(shared, &attribute);
  fflush(stdout);
  pid_t p = fork();
  if (!p) pthread_mutex_lock(shared), _exit(0);
  status("locks and dies", p);
  printf("robust %d\n", pthread_mutex_lock(shared) == EOWNERDEAD);

  // Mappings come and go under a running thread.
  long stop = 0;
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], 0, spinner, &stop);
  for (int i = 0; i < 300; i++) {
    char *m = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    m[i] = 1, mprotect(m, 4096, PROT_READ), munmap(m, 65536);
  }
  for (int i = 0; i < 20; i++) {
    p = fork();
    if (!p) _exit(getpid() == gettid() ? i : 99);
    int st;
    waitpid(p, &st, 0);
    if (WEXITSTATUS(st) != i) printf("fork %d: %#x\n", i, st);
  }
  *(volatile long *)&stop = 1;
  for (int i = 0; i < 2; i++) pthread_join(threads[i], 0);
  printf("mapped\n");
  fflush(stdout);

  struct { const char *name; void *(*function)(void *); } ends[] = {{"exit from a thread", exits}, {"exec from a thread", executes}};
  for (int i = 0; i < 2; i++) {
    if (!(p = fork())) {
      for (int j = 1; j < 4; j++) pthread_create(&threads[j], 0, sleep_forever, 0);
      pthread_create(&threads[0], 0, ends[i].function, 0);
      pthread_join(threads[0], 0);
      _exit(1);
    }
    status(ends[i].name, p);
  }
  if (!(p = fork())) pthread_create(&threads[0], 0, alone, 0), pthread_exit(0);
  status("main thread ends first", p);
  if (!(p = fork())) pthread_create(&threads[0], 0, last, 0), syscall(SYS_exit, 41);
  status("the last thread's status counts", p);
  if (!(p = fork())) {
    for (int j = 0; j < 4; j++) pthread_create(&threads[j], 0, sleep_forever, 0);
    usleep(1000);
    return 33;
  }
  status("main returns", p);
  if (!(p = fork())) {
    for (int j = 0; j < 4; j++) pthread_create(&threads[j], 0, sleep_forever, 0);
    usleep(1000), abort();
  }
  status("abort", p);
  if (!(p = fork())) {
    for (int j = 0; j < 2; j++) pthread_create(&threads[j], 0, spinner, &(long){0});
    if (!fork()) {
      pthread_create(&threads[0], 0, exit_thread, 0);
      pthread_join(threads[0], &result);
      _exit((long)result);
    }
    int st;
    wait(&st);
    _exit(WEXITSTATUS(st));
  }
  status("fork with threads", p);
  for (int i = 0; i < 100; i++) pthread_create(&threads[0], 0, exit_thread, 0), pthread_join(threads[0], 0);
  printf("many\n");
  return 0;
}
