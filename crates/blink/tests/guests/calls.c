/* Makes random system calls with random arguments, as nobody and in its own directory. Calls that end the program, take its memory
   away or could harm others are left out. Arguments: seed, count. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static uint64_t state;
static char *buffer, *readonly, *edge;

static uint64_t number(void) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545f4914f6cdd1dull;
}

static uint64_t argument(void) {
  switch (number() % 14) {
    case 0: return 0;
    case 1: return number() % 8;
    case 2: return number() % 256;
    case 3: return number();
    case 4: return -1;
    case 5: return -100;
    case 6: return (uint64_t)buffer + number() % 4096;
    case 7: return (uint64_t)buffer + number() % 512 * 8;
    case 8: return (uint64_t)readonly;
    case 9: return (uint64_t)edge - number() % 64;
    case 10: return 1ull << number() % 64;
    case 11: return (1ull << number() % 64) - 1;
    case 12: return 0x7ffffffff000 - number() % 16;
    default: return number() % 4096;
  }
}

static const short left_out[] = {
    SYS_exit, SYS_exit_group, SYS_fork, SYS_vfork, SYS_clone, 435, SYS_kill, SYS_tkill, SYS_tgkill, SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo, SYS_pidfd_send_signal, SYS_pause, SYS_rt_sigsuspend, SYS_rt_sigreturn, SYS_munmap, SYS_mremap,
    SYS_mprotect, 329, SYS_brk, SYS_mmap, SYS_madvise, 440, SYS_remap_file_pages, SYS_shmat, SYS_mlockall, SYS_execve,
    SYS_execveat, SYS_arch_prctl, SYS_reboot, SYS_setrlimit, SYS_prlimit64, SYS_ptrace, SYS_rt_sigaction, SYS_setsid,
    SYS_vhangup, SYS_seccomp, SYS_kexec_load, SYS_personality, SYS_shmctl, SYS_semctl, SYS_msgctl, SYS_mq_unlink, SYS_keyctl,
    SYS_add_key, SYS_request_key, SYS_process_vm_readv, SYS_process_vm_writev, SYS_truncate, SYS_ftruncate, SYS_sync};

static int is_left_out(int call) {
  for (unsigned i = 0; i < sizeof left_out / sizeof *left_out; i++)
    if (left_out[i] == call) return 1;
  return call >= 335 && call < 424;
}

static void wake(int signal) { (void)signal; }

int main(int argc, char **argv) {
  if (getuid() == 0 && (setgroups(0, 0) || setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))) return 2;
  static const char *paths[] = {"file", "/proc/self/maps", ".", "/proc/self/fd", "none/x", "/dev/null", "/"};
  state = strtoull(argv[1], 0, 10) * 0x9e3779b97f4a7c15ull + 1;
  int count = atoi(argv[2]);
  buffer = mmap(0, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  readonly = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  edge = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(edge + 4096, 4096);
  edge += 4096;
  int out = dup(1);
  for (int i = 1; i < 65; i++)
    if (i != SIGSEGV && i != SIGBUS && i != SIGILL && i != SIGFPE && i != SIGTRAP) signal(i, SIG_IGN);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = wake;
  sigaction(SIGALRM, &action, 0);
  while (count--) {
    int call;
    do call = number() % 462;
    while (is_left_out(call));
    for (int i = 0; i < 64; i++) ((uint64_t *)buffer)[number() % 512] = argument();
    if (number() % 2) strcpy(buffer + number() % 4000, paths[number() % 7]);
    uint64_t a[6];
    for (int i = 0; i < 6; i++) a[i] = argument();
    /* Every 10 ms, so that nothing waits for ever. */
    ualarm(10000, 10000);
    syscall(call, a[0], a[1], a[2], a[3], a[4], a[5]);
    ualarm(0, 0);
    sigaction(SIGALRM, &action, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, 0);
  }
  if (write(out, "done\n", 5) != 5) write(1, "done\n", 5);
  return 0;
}
