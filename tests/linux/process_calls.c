// The less usual calls about processes: clone3, pidfds, unshare, copying of memory, thread ids, exit of the last thread.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHOW(call) \
  do { \
    errno = 0; \
    long r_ = (call); \
    printf("%s = %ld %s\n", #call, r_, r_ < 0 ? strerrorname_np(errno) : ""); \
  } while (0)

static void on(int s) { write(1, "handled\n", 8); }

static long clone3(struct clone_args *a, size_t size) { return syscall(SYS_clone3, a, size); }

int main(void) {
  setvbuf(stdout, 0, _IONBF, 0);
  int status, pidfd = -1;
  pid_t parent_tid = 0;
  struct clone_args a = {.flags = CLONE_PIDFD | CLONE_PARENT_SETTID, .pidfd = (uintptr_t)&pidfd, .parent_tid = (uintptr_t)&parent_tid, .exit_signal = SIGCHLD};
  pid_t p = clone3(&a, sizeof a);
  if (!p) _exit(5);
  struct pollfd f = {pidfd, POLLIN, 0};
  printf("clone3 %d %d", p > 0 && parent_tid == p, pidfd >= 0);
  printf(" poll %d", poll(&f, 1, 2000));
  siginfo_t i;
  printf(" waitid %d", waitid(P_PIDFD, pidfd, &i, WEXITED));
  printf(" status %d pid %d\n", i.si_status, i.si_pid == p);
  SHOW(syscall(SYS_pidfd_send_signal, pidfd, 0, 0, 0));
  close(pidfd);

  signal(SIGUSR1, on);
  struct clone_args b = {.flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD};
  p = clone3(&b, sizeof b);
  if (!p) raise(SIGUSR1), _exit(1);
  waitpid(p, &status, 0), printf("clear sighand: %#x\n", status);
  struct clone_args c = {.flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD};
  c.stack_size = 16384, c.stack = (uintptr_t)mmap(0, c.stack_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  SHOW(clone3(&c, 63));
  SHOW(clone3(&c, 5000));
  SHOW(clone3((void *)8, 88));
  c.flags |= 1ull << 40;
  SHOW(clone3(&c, sizeof c));
  c.flags = CLONE_THREAD;
  SHOW(clone3(&c, sizeof c));
  c.flags = CLONE_DETACHED;
  SHOW(clone3(&c, sizeof c));
  c.flags = 0, c.stack_size = 0;
  SHOW(clone3(&c, sizeof c));
  c.stack_size = 16384, c.exit_signal = 65;
  SHOW(clone3(&c, sizeof c));

  p = fork();
  if (!p) for (;;) pause();
  pidfd = syscall(SYS_pidfd_open, p, 0);
  printf("pidfd_open %d\n", pidfd >= 0);
  SHOW(syscall(SYS_pidfd_open, p, 12345));
  SHOW(syscall(SYS_pidfd_open, 0, 0));
  SHOW(syscall(SYS_pidfd_open, -1, 0));
  SHOW(syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, 0, 0));
  waitpid(p, &status, 0), printf("status %#x\n", status);
  SHOW(syscall(SYS_pidfd_send_signal, pidfd, SIGTERM, 0, 0));
  close(pidfd);

  char from[64] = "copied across the border", to[64] = "";
  struct iovec local[2] = {{to, 10}, {to + 10, 54}}, remote[1] = {{from, 25}};
  SHOW(process_vm_readv(getpid(), local, 2, remote, 1, 0));
  printf("%s\n", to);
  remote[0].iov_base = to, from[0] = 'C';
  local[0].iov_base = from, local[0].iov_len = 7, remote[0].iov_len = 100;
  SHOW(process_vm_writev(getpid(), local, 1, remote, 1, 0));
  printf("%s\n", to);
  remote[0].iov_base = (void *)16;
  SHOW(process_vm_readv(getpid(), local, 1, remote, 1, 0));
  SHOW(process_vm_readv(getpid(), local, 1, remote, 1, 1));
  SHOW(process_vm_readv(999999999, local, 1, remote, 1, 0));

  SHOW(syscall(SYS_pidfd_getfd, 1, 0, 0));
  pidfd = syscall(SYS_pidfd_open, getpid(), 0);
  SHOW(syscall(SYS_pidfd_getfd, pidfd, 1, 0) > pidfd);
  SHOW(syscall(SYS_pidfd_getfd, pidfd, 12345, 0));
  SHOW(setns(1, 0));
  SHOW(setns(-1, CLONE_NEWNS));
  SHOW(unshare(CLONE_FILES | CLONE_FS));
  SHOW(unshare(CLONE_VM));
  SHOW(unshare(CLONE_SIGHAND | CLONE_THREAD));
  SHOW(unshare(0x1));
  SHOW(syscall(SYS_set_tid_address, 0) == getpid());
  SHOW(syscall(SYS_set_robust_list, 0, 23));
  SHOW(syscall(SYS_set_robust_list, 0, 24));
  SHOW(setpgid(999999999, 0));
  SHOW(setpgid(0, 999999999));
  SHOW(setpgid(-1, 0));
  SHOW(getpgid(999999999));
  SHOW(getsid(999999999));
  SHOW(kill(999999999, 0));
  SHOW(kill(-999999999, 0));
  SHOW(syscall(SYS_tgkill, getpid(), 999999999, 0));
  SHOW(syscall(SYS_tgkill, -1, 1, 0));
  SHOW(syscall(SYS_tkill, -1, 0));
  SHOW(syscall(SYS_rt_sigqueueinfo, 1, 10, 8));
  siginfo_t forged = {.si_signo = SIGUSR1, .si_code = SI_USER};
  SHOW(syscall(SYS_rt_sigqueueinfo, getppid(), SIGUSR1, &forged));
  SHOW(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &forged));
  SHOW(waitpid(999999999, 0, 0));
  SHOW(waitid(99, 0, &i, WEXITED));
  SHOW(waitid(P_ALL, 0, &i, 0));
  SHOW(waitid(P_ALL, 0, &i, WEXITED | 0x100));
  SHOW(syscall(SYS_wait4, INT32_MIN, 0, 0, 0));
  SHOW(syscall(SYS_restart_syscall));
  SHOW(syscall(SYS_rseq, 0, 0, 0, 0) < 0);
  p = fork();
  if (!p) syscall(SYS_exit, 0x1234);
  waitpid(p, &status, 0), printf("exit %#x\n", status);
  // A bad frame kills.
  p = fork();
  if (!p) __asm__ volatile("xor %%esp, %%esp\n mov $15, %%eax\n syscall" ::: "memory");
  waitpid(p, &status, 0), printf("sigreturn %#x\n", status & 0x7f);
  // No room for a frame kills too.
  p = fork();
  if (!p) {
    signal(SIGSEGV, on);
    __asm__ volatile("mov $64, %%esp\n push %%rax" ::: "memory");
  }
  waitpid(p, &status, 0), printf("no stack %#x\n", status & 0x7f);
  // A blocked fault kills.
  p = fork();
  if (!p) {
    sigset_t all;
    sigfillset(&all), sigprocmask(SIG_BLOCK, &all, 0);
    signal(SIGSEGV, on);
    *(volatile int *)8 = 1;
  }
  waitpid(p, &status, 0), printf("blocked %#x\n", status & 0x7f);
  p = fork();
  if (!p) {
    signal(SIGFPE, SIG_IGN);
    __asm__ volatile("xor %%ecx, %%ecx\n div %%ecx" ::: "eax", "ecx", "edx");
  }
  waitpid(p, &status, 0), printf("ignored %#x\n", status & 0x7f);
  // A handler without a restorer cannot return.
  p = fork();
  if (!p) {
    struct { void (*handler)(int); unsigned long flags; void *restorer; unsigned long mask; } ka = {on};
    syscall(SYS_rt_sigaction, SIGUSR2, &ka, 0, 8);
    raise(SIGUSR2);
    _exit(0);
  }
  waitpid(p, &status, 0), printf("no restorer %#x\n", status & 0x7f);
  return 0;
}
