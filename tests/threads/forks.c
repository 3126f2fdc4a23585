// Processes in the middle of threads: fork, vfork, posix_spawn, exec by any thread, exit_group and exit by any thread, while the others
// allocate, map, lock, change signal actions, and make threads.
#include "threads.h"
#include <signal.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/prctl.h>

static long rounds;
static char *self;
static atomic_int stop;

static void handler(int signal) {}

// What others are in the middle of when a process is made.
static void *busy(void *me) {
  uint64_t state = (long)me + 1;
  while (!atomic_load(&stop)) {
    switch (next(&state) % 6) {
      case 0: {
        char *p = malloc(next(&state) % 200000 + 1);
        *p = 1;
        free(p);
        break;
      }
      case 1: {
        char *p = mmap(0, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        p[4096] = 1;
        mprotect(p, 4096, PROT_READ);
        munmap(p, 1 << 16);
        break;
      }
      case 2: {
        struct sigaction action = {.sa_handler = next(&state) % 2 ? handler : SIG_IGN};
        sigaction(SIGUSR1, &action, 0);
        break;
      }
      case 3: {
        char text[64];
        snprintf(text, sizeof text, "%lx %f", next(&state), 1.5);
        break;
      }
      case 4: close(open("/dev/null", 0)); break;
      case 5: sched_yield();
    }
  }
  return 0;
}

static void *nothing(void *argument) { return argument; }
// What a child does with all that its parent's threads were in the middle of.
static int in_child(void) {
  struct sigaction action = {.sa_handler = handler};
  if (sigaction(SIGUSR1, &action, 0)) return 1;
  raise(SIGUSR1);
  for (int i = 0; i < 20; i++) {
    char *p = malloc(1000 * i + 1);
    if (!p) return 2;
    memset(p, i, 1000 * i + 1);
    if (i % 2) free(p);
  }
  char *p = mmap(0, 1 << 29, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) return 3;
  p[1 << 28] = 1;
  munmap(p, 1 << 29);
  pthread_t thread;
  void *result = 0;
  if (pthread_create(&thread, 0, nothing, (void *)77)) return 4;
  pthread_join(thread, &result);
  return result == (void *)77 ? 33 : 5;
}

static void *exec_here(void *how) {
  execl("/proc/self/exe", self, "exec", how, (char *)0);
  return 0;
}
static void *exit_here(void *status) { _exit((long)status); }
static void *for_ever(void *argument) {
  for (volatile long i = 0;; i++) {}
}
static void *asleep(void *argument) {
  for (;;) pause();
}
static pthread_t first;
static void *last(void *argument) {
  pthread_join(first, 0);
  syscall(SYS_exit, 21);
  return 0;
}

// A process of several threads that ends in one way; the status is its answer.
static int several(int how) {
  pthread_t thread;
  for (int i = 0; i < 2; i++) pthread_create(&thread, 0, asleep, 0);
  if (how % 2) pthread_create(&thread, 0, for_ever, 0);
  switch (how) {
    case 0: case 1: pthread_create(&thread, 0, exit_here, (void *)34); pause(); break;
    case 2: case 3: _exit(35);
    case 4: case 5: pthread_create(&thread, 0, exec_here, "thread"); pause(); break;
    case 6: case 7: exec_here("main"); break;
    case 8: case 9: abort();
    case 10: case 11: kill(getpid(), SIGTERM); pause(); break;
    case 12: case 13: pthread_create(&thread, 0, exit_here, (void *)36); syscall(SYS_exit, 0); break;
  }
  return 1;
}
#define ENDINGS 14
static const int endings[ENDINGS] = {34, 34, 35, 35, 40, 40, 41, 41, 1000 + SIGABRT, 1000 + SIGABRT, 1000 + SIGTERM, 1000 + SIGTERM, 36, 36};

// In which ways processes are made: all, or some of them.
static const char *ways = "01234";

static void *forker(void *me) {
  uint64_t state = (long)me + 100;
  for (long i = 0; i < rounds; i++) {
    pid_t pid;
    int status, expected = 33;
    switch (ways[(i + (long)me) % strlen(ways)]) {
      case '0': case '1':
        if ((pid = fork()) == 0) _exit(in_child());
        break;
      case '2':
        if ((pid = vfork()) == 0) execl("/proc/self/exe", self, "exec", "vfork", (char *)0), _exit(9);
        expected = 42;
        break;
      case '3': {
        char *arguments[] = {self, "exec", "spawn", 0}, *environment[] = {0};
        CHECK(posix_spawn(&pid, "/proc/self/exe", 0, 0, arguments, environment) == 0);
        expected = 43;
        break;
      }
      case '4': {
        int how = next(&state) % ENDINGS;
        if ((pid = fork()) == 0) _exit(several(how));
        expected = endings[how];
        break;
      }
    }
    status = outcome(pid);
    CHECK(status == expected, "round %ld: %d, not %d", i, status, expected);
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 2 && !strcmp(argv[1], "exec")) {
    static const char *hows[] = {"thread", "main", "vfork", "spawn"};
    for (int i = 0; i < 4; i++)
      if (!strcmp(argv[2], hows[i])) return 40 + i;
    return 9;
  }
  self = argv[0];
  leave_no_core();
  if (argc > 2) ways = argv[2];
  rounds = scale(argc, argv, 8);
  pthread_t threads[4];
  for (long i = 0; i < 4; i++) pthread_create(&threads[i], 0, busy, (void *)i);
  together(4, forker);
  atomic_store(&stop, 1);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
  int result = finish("forks");
  fflush(stdout);
  // The status is that of the thread that ends last, and the first one may end first.
  if (!result) {
    first = pthread_self();
    pthread_create(&threads[0], 0, last, 0);
    syscall(SYS_exit, 5);
  }
  return result;
}
