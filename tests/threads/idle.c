// Threads that wait cost nothing: in all blocking calls together for a second, the process uses far less than a second of the processor.
#include "threads.h"
#include <linux/futex.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <time.h>

static int ends[2];
static sem_t semaphore;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER, held = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static atomic_int word;
static atomic_int waiting;
#define KINDS 9
static void *blocked(void *kind) {
  struct pollfd poll_on = {ends[0], POLLIN};
  struct epoll_event event;
  char byte;
  sigset_t set;
  sigemptyset(&set), sigaddset(&set, SIGUSR2);
  struct timespec ages = {1000, 0};
  atomic_fetch_add(&waiting, 1);
  for (;;) switch ((long)kind) {
    case 0: read(ends[0], &byte, 1); break;
    case 1: poll(&poll_on, 1, -1); break;
    case 2: epoll_wait(epoll_create1(0), &event, 1, -1); break;
    case 3: sem_wait(&semaphore); break;
    case 4: pthread_mutex_lock(&lock), pthread_cond_wait(&condition, &lock), pthread_mutex_unlock(&lock); break;
    case 5: pthread_mutex_lock(&held); break;
    case 6: syscall(SYS_futex, &word, FUTEX_WAIT, 0, 0, 0, 0); break;
    case 7: sigtimedwait(&set, 0, &ages); break;
    case 8: nanosleep(&ages, 0); break;
  }
}
static double now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}
int main(int argc, char **argv) {
  pipe(ends), sem_init(&semaphore, 0, 0);
  pthread_mutex_lock(&held);
  for (long kind = 0; kind < KINDS; kind++) {
    pthread_t thread;
    pthread_create(&thread, 0, blocked, (void *)kind);
  }
  while (waiting < KINDS) sched_yield();
  struct timespec some = {1, 0};
  double wall = now(CLOCK_MONOTONIC), used = now(CLOCK_PROCESS_CPUTIME_ID);
  nanosleep(&some, 0);
  used = now(CLOCK_PROCESS_CPUTIME_ID) - used, wall = now(CLOCK_MONOTONIC) - wall;
  // One thread that looked again and again would use most of a processor.
  CHECK(used < wall / 5 + 0.05, "%f s of %f s", used, wall);
  return finish("idle");
}
