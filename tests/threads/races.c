// A signal against a blocking call, at every moment: none is lost, whether it comes from a thread, for a thread or the process, or from
// another process. A lost one hangs.
#include "threads.h"
#include <linux/futex.h>
#include <poll.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <time.h>

static long rounds;
struct Shared { atomic_long asked, sent; atomic_int receiver, kind; };
static struct Shared *shared;

static atomic_long handled;
static int ends[2], epoll_fd, signal_fd;
static atomic_int word;
static sem_t semaphore;
static sigjmp_buf back;
static void count(int signal) { atomic_fetch_add(&handled, 1); }
static void write_byte(int signal) { write(ends[1], "x", 1), atomic_fetch_add(&handled, 1); }
static void set_word(int signal) { atomic_store(&word, 1), atomic_fetch_add(&handled, 1); }
static void post(int signal) { sem_post(&semaphore), atomic_fetch_add(&handled, 1); }
static void jump(int signal) { atomic_fetch_add(&handled, 1), siglongjmp(back, 1); }

enum { SUSPEND, PPOLL, PSELECT, EPOLL, TIMEDWAIT, TRAP, SIGNALFD, READ, RESTARTED, FUTEX, SEMAPHORE, SLEEP, PAUSE, CHILD, POLL_AGAIN, KINDS };

static void on(int signal, void (*handler)(int), int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigaction(signal, &action, 0);
}
// The signal that is sent: one that a CPU's fault might cause too, for once.
static int sent_signal(void) { return shared->kind == TRAP ? SIGTRAP : SIGUSR1; }
static void masked(int how) {
  sigset_t set;
  sigemptyset(&set), sigaddset(&set, sent_signal());
  pthread_sigmask(how, &set, 0);
}

static void receive(int kind, long before) {
  sigset_t open, only;
  sigemptyset(&only), sigaddset(&only, sent_signal());
  pthread_sigmask(SIG_SETMASK, 0, &open), sigdelset(&open, SIGUSR1);
  struct pollfd nothing = {ends[0], POLLIN};
  struct epoll_event event;
  struct timespec ages = {1000, 0};
  fd_set set;
  siginfo_t info;
  struct signalfd_siginfo read_info;
  char byte;
  switch (kind) {
    // The mask lets it through during the call only.
    case SUSPEND: CHECK(sigsuspend(&open) == -1 && errno == EINTR); break;
    case PPOLL: CHECK(ppoll(&nothing, 1, &ages, &open) == -1 && errno == EINTR); break;
    case PSELECT:
      FD_ZERO(&set);
      FD_SET(ends[0], &set);
      CHECK(pselect(ends[0] + 1, &set, 0, 0, &ages, &open) == -1 && errno == EINTR);
      break;
    case EPOLL: CHECK(epoll_pwait(epoll_fd, &event, 1, -1, &open) == -1 && errno == EINTR); break;
    // It is taken without a handler.
    case TIMEDWAIT: case TRAP: CHECK(sigtimedwait(&only, &info, &ages) == sent_signal()); return;
    case SIGNALFD: CHECK(read(signal_fd, &read_info, sizeof read_info) == sizeof read_info && read_info.ssi_signo == SIGUSR1); return;
    // It may come at any moment, and its handler sees to it that the call ends.
    case READ: case RESTARTED: {
      long n = read(ends[0], &byte, 1);
      if (n < 0) {
        CHECK(errno == EINTR && kind == READ);
        n = read(ends[0], &byte, 1);
      }
      CHECK(n == 1);
      break;
    }
    case FUTEX:
      while (!atomic_load(&word)) syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
      atomic_store(&word, 0);
      break;
    case SEMAPHORE: while (sem_wait(&semaphore)) CHECK(errno == EINTR); break;
    case SLEEP: if (!sigsetjmp(back, 1)) masked(SIG_UNBLOCK), nanosleep(&ages, 0); break;
    case PAUSE: if (!sigsetjmp(back, 1)) { masked(SIG_UNBLOCK); for (;;) pause(); } break;
    case CHILD: if (!sigsetjmp(back, 1)) { masked(SIG_UNBLOCK); for (;;) waitpid(-1, 0, 0); } break;
    case POLL_AGAIN: if (!sigsetjmp(back, 1)) { masked(SIG_UNBLOCK); for (;;) ppoll(&nothing, 1, 0, 0); } break;
  }
  CHECK(handled == before + 1, "kind %d: %ld handled", kind, handled - before);
}

static void prepare(int kind) {
  void (*handler)(int) = count;
  if (kind == READ || kind == RESTARTED) handler = write_byte;
  if (kind == FUTEX) handler = set_word;
  if (kind == SEMAPHORE) handler = post;
  if (kind >= SLEEP) handler = jump;
  on(SIGUSR1, handler, kind == RESTARTED ? SA_RESTART : 0);
}

// Waits for the request, takes a moment, sends.
static void send_all(void (*send)(void), uint64_t state) {
  for (long i = 1;; i++) {
    long asked;
    for (int n = 0; (asked = atomic_load(&shared->asked)) < i && asked >= 0; n++)
      if (n > 200) sched_yield();
    if (asked < 0) return;
    moment(&state);
    send();
    atomic_store(&shared->sent, i);
  }
}
static pid_t process;
static void to_thread(void) { syscall(SYS_tgkill, process, shared->receiver, sent_signal()); }
static void to_process(void) { kill(process, sent_signal()); }
static void queued(void) { union sigval value = {.sival_int = 5}; sigqueue(process, sent_signal(), value); }
static void *sender(void *send) {
  sigset_t set;
  sigfillset(&set), pthread_sigmask(SIG_BLOCK, &set, 0);
  send_all(send, 77);
  return 0;
}

static void run(void) {
  uint64_t state = 12345;
  shared->receiver = gettid();
  for (int kind = 0; kind < KINDS; kind++) {
    shared->kind = kind;
    prepare(kind);
    masked(kind <= SIGNALFD ? SIG_BLOCK : SIG_UNBLOCK);
    for (long i = 0; i < rounds; i++) {
      if (kind >= SLEEP) masked(SIG_BLOCK);
      long before = handled, number = atomic_fetch_add(&shared->asked, 1) + 1;
      moment(&state);
      receive(kind, before);
      for (int n = 0; atomic_load(&shared->sent) < number; n++)
        if (n > 200) sched_yield();
    }
  }
  masked(SIG_BLOCK);
  atomic_store(&shared->asked, -1000000000);
}

int main(int argc, char **argv) {
  rounds = scale(argc, argv, 60);
  process = getpid();
  shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pipe(ends), sem_init(&semaphore, 0, 0);
  epoll_fd = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, ends[0], &event);
  sigset_t set;
  sigemptyset(&set), sigaddset(&set, SIGUSR1);
  signal_fd = signalfd(-1, &set, 0);
  // So that waitpid has somebody to wait for.
  pid_t sleeper = fork();
  // It goes with its parent, whatever becomes of that.
  if (sleeper == 0) for (prctl(PR_SET_PDEATHSIG, SIGKILL);;) pause();
  void (*sends[])(void) = {to_thread, to_process, queued};
  for (int i = 0; i < 3; i++) {
    pthread_t thread;
    atomic_store(&shared->asked, 0), atomic_store(&shared->sent, 0);
    pthread_create(&thread, 0, sender, sends[i]);
    run();
    pthread_join(thread, 0);
  }
  atomic_store(&shared->asked, 0), atomic_store(&shared->sent, 0);
  pid_t other = fork();
  if (other == 0) send_all(to_process, 99), _exit(0);
  run();
  CHECK(outcome(other) == 0);
  kill(sleeper, SIGKILL);
  CHECK(outcome(sleeper) == 1000 + SIGKILL);
  return finish("races");
}
