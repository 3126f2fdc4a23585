// Signals of threads: masks and pending sets of each, who takes what is for the process, the order of real-time signals, what a
// signalfd reads, and storms between threads that end.
#include "threads.h"
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>

#define RT(n) (SIGRTMIN + (n))
static long rounds;
static pid_t process;

static void mask(int how, int count, const int *signals) {
  sigset_t set;
  sigemptyset(&set);
  for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
  pthread_sigmask(how, &set, 0);
}
static void block_all(void) {
  sigset_t set;
  sigfillset(&set), pthread_sigmask(SIG_SETMASK, &set, 0);
}
static void on(int signal, void (*handler)(int, siginfo_t *, void *)) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
  sigfillset(&action.sa_mask);
  sigaction(signal, &action, 0);
}
static int queue_to(pid_t tid, int signal, int value) {
  siginfo_t info = {0};
  info.si_code = SI_QUEUE, info.si_pid = process, info.si_uid = getuid(), info.si_value.sival_int = value;
  return syscall(SYS_rt_tgsigqueueinfo, process, tid, signal, &info);
}

// Lower numbers first, and each number in the order in which it was sent.
static int seen_signal[200], seen_value[200];
static atomic_int seen;
static void note(int signal, siginfo_t *info, void *context) {
  int i = atomic_fetch_add(&seen, 1);
  if (i < 200) seen_signal[i] = signal, seen_value[i] = info->si_value.sival_int;
}
static void check_order(const char *how) {
  CHECK(seen == 30, "%s: %d", how, seen);
  for (int i = 1; i < 30; i++) {
    CHECK(seen_signal[i] >= seen_signal[i - 1], "%s: %d after %d", how, seen_signal[i], seen_signal[i - 1]);
    if (seen_signal[i] == seen_signal[i - 1]) CHECK(seen_value[i] > seen_value[i - 1], "%s", how);
  }
}
static void send_mixed(int to_thread) {
  seen = 0;
  for (int i = 0; i < 10; i++)
    for (int n = 2; n >= 0; n--) {
      union sigval value = {.sival_int = i};
      // The room for queued signals is the user's, who may do other things.
      while (to_thread ? queue_to(gettid(), RT(n), i) : sigqueue(process, RT(n), value)) {
        CHECK(errno == EAGAIN, "%s", strerror(errno));
        sched_yield();
      }
    }
}
static void *in_order(void *argument) {
  int signals[] = {RT(0), RT(1), RT(2)};
  for (int to_thread = 0; to_thread < 2; to_thread++) {
    // All at once, when they are let through.
    send_mixed(to_thread);
    mask(SIG_UNBLOCK, 3, signals), mask(SIG_BLOCK, 3, signals);
    // The frames are put one on the other: the last number runs first; so sort by number.
    for (int i = 0; i < 30; i++)
      for (int k = i; k > 0 && seen_signal[k - 1] > seen_signal[k]; k--) {
        int s = seen_signal[k], v = seen_value[k];
        seen_signal[k] = seen_signal[k - 1], seen_value[k] = seen_value[k - 1], seen_signal[k - 1] = s, seen_value[k - 1] = v;
      }
    check_order("handlers");
    send_mixed(to_thread);
    sigset_t set;
    sigemptyset(&set), sigaddset(&set, RT(0)), sigaddset(&set, RT(1)), sigaddset(&set, RT(2));
    struct timespec none = {0, 0};
    siginfo_t info;
    while (sigtimedwait(&set, &info, &none) > 0) note(info.si_signo, &info, 0);
    check_order("sigtimedwait");
    send_mixed(to_thread);
    int fd = signalfd(-1, &set, SFD_NONBLOCK);
    struct signalfd_siginfo many[7];
    for (long n; (n = read(fd, many, sizeof many)) > 0;)
      for (int i = 0; i < n / (long)sizeof *many; i++) {
        seen_signal[seen] = many[i].ssi_signo, seen_value[seen] = many[i].ssi_int;
        seen++;
      }
    close(fd);
    check_order("signalfd");
  }
  return 0;
}

// What is sent to a thread runs on that thread only; what it blocks waits there.
static __thread int mine;
static atomic_int tids[THREADS], got[THREADS], wrong_thread, go;
static __thread long me_here;
static void for_me(int signal, siginfo_t *info, void *context) {
  if (info->si_value.sival_int != me_here) atomic_fetch_add(&wrong_thread, 1);
  atomic_fetch_add(&got[me_here], 1);
}
static pthread_barrier_t barrier;
static void *addressed(void *me) {
  int rt = RT(5);
  me_here = (long)me;
  atomic_store(&tids[me_here], gettid());
  mask(me_here % 2 ? SIG_UNBLOCK : SIG_BLOCK, 1, &rt);
  pthread_barrier_wait(&barrier);
  uint64_t state = me_here + 1;
  for (long i = 0; i < rounds; i++) {
    long to = next(&state) % THREADS;
    // The queue may be full of what blocked threads have not taken.
    while (queue_to(tids[to], rt, to) && errno == EAGAIN) mask(SIG_UNBLOCK, 1, &rt), sched_yield();
    if (i % 16 == 0) mask(i % 32 ? SIG_BLOCK : SIG_UNBLOCK, 1, &rt);
  }
  pthread_barrier_wait(&barrier);
  mask(SIG_UNBLOCK, 1, &rt);
  pthread_barrier_wait(&barrier);
  mask(SIG_BLOCK, 1, &rt);
  return 0;
}

// What is sent to the process is taken by some thread, each exactly once, also while threads end.
static atomic_long taken;
static void take(int signal, siginfo_t *info, void *context) { atomic_fetch_add(&taken, 1); }
static void *brief(void *me) {
  int rt = RT(6);
  mask(SIG_UNBLOCK, 1, &rt);
  for (volatile int i = 0; i < 100; i++) {}
  // Ends with the signal let through.
  return 0;
}
static atomic_int sending;
static void *sends(void *argument) {
  for (long i = 0; i < rounds * 4; i++) {
    union sigval value = {0};
    while (sigqueue(process, RT(6), value) && errno == EAGAIN) sched_yield();
    if (i % 4 == 0) sched_yield();
  }
  atomic_store(&sending, 0);
  return 0;
}
static void *waits(void *argument) {
  sigset_t set;
  sigemptyset(&set), sigaddset(&set, RT(6));
  struct timespec some = {0, 2000000};
  // The blocked and the brief ones compete.
  while (atomic_load(&sending) || atomic_load(&taken) < rounds * 4)
    if (sigtimedwait(&set, 0, &some) > 0) atomic_fetch_add(&taken, 1);
  return 0;
}
static void everything_is_taken(void) {
  pthread_t sender, waiter, threads[4];
  atomic_store(&sending, 1);
  pthread_create(&sender, 0, sends, 0), pthread_create(&waiter, 0, waits, 0);
  while (atomic_load(&sending)) {
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], 0, brief, 0);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
  }
  pthread_join(sender, 0), pthread_join(waiter, 0);
  CHECK(taken == rounds * 4, "%ld of %ld", taken, rounds * 4);
}

// A fault is its own thread's, also where all others block it.
static __thread int faults;
static void fault(int signal, siginfo_t *info, void *context) {
  faults++;
  ((long *)context)[2 + 3 + 16] += 2;  // Behind the two bytes of ud2.
}
static void *faulting(void *me) {
  int ill = SIGILL;
  mask(SIG_UNBLOCK, 1, &ill);
  for (int i = 0; i < 50; i++) __asm__ volatile("ud2");
  CHECK(faults == 50, "%d", faults);
  return 0;
}

int main(int argc, char **argv) {
  rounds = scale(argc, argv, 200);
  process = getpid();
  block_all();
  for (int n = 0; n < 3; n++) on(RT(n), note);
  on(RT(5), for_me), on(RT(6), take), on(SIGILL, fault);
  for (long i = 0; i < (rounds + 39) / 40; i++) together(1, in_order);
  pthread_barrier_init(&barrier, 0, THREADS);
  together(THREADS, addressed);
  long sum = 0;
  for (int i = 0; i < THREADS; i++) sum += got[i];
  CHECK(sum == rounds * THREADS && wrong_thread == 0, "%ld of %ld, %d astray", sum, rounds * THREADS, wrong_thread);
  everything_is_taken();
  together(4, faulting);
  return finish("queues");
}
