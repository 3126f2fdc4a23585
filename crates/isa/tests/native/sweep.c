// Tells what the CPU makes of byte strings as instructions: valid or #UD, and how long. x86-64 Linux.
//
// Input: records of 16 bytes, 15 of code and the expected length (0: refused). Output: one byte for each, see `verdict`.
// Argument: 64, 32 or 16, the mode; 16-bit code is in a segment of the local descriptor table.
//
// The code stands so that it ends at the end of a page with nothing behind. With all bytes of an instruction there, no
// fetch beyond the page happens; with one byte fewer, it does. A traced child executes it by one single step; its
// general registers point into scratch memory. System calls must not be among the strings.
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define END 0x10001000ul     // end of the page of code
#define SCRATCH 0x40000000ul // 1 MiB

static pid_t child;
static struct user_regs_struct home;

static void die(const char *why) {
    perror(why);
    exit(3);
}

static void start(void) {
    child = fork();
    if (child < 0) die("fork");
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
        mmap((void *)(END - 4096), 4096, PROT_READ | PROT_WRITE | PROT_EXEC, flags, -1, 0);
        mmap((void *)END, 4096, PROT_NONE, flags, -1, 0);
        mmap((void *)SCRATCH, 1 << 20, PROT_READ | PROT_WRITE, flags, -1, 0);
        struct user_desc code = {.base_addr = END - 4096, .limit = 0xfffff, .limit_in_pages = 1, .contents = 2};
        if (syscall(SYS_modify_ldt, 1, &code, sizeof code)) _exit(4);
        raise(SIGSTOP);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    if (!WIFSTOPPED(status)) die("modify_ldt");
    ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_EXITKILL);
    ptrace(PTRACE_GETREGS, child, 0, &home);
}

// Executes the first `length` bytes: 'u' #UD, 'f' a fetch behind them, 'v' anything else.
static char step(unsigned char *code, int length, int bits) {
    unsigned long at = END - length;
    struct iovec from = {code, length}, to = {(void *)at, length};
    if (process_vm_writev(child, &from, 1, &to, 1, 0) != length) die("process_vm_writev");
    struct user_regs_struct r = home;
    r.rax = r.rbx = r.rdx = r.rsi = r.rdi = r.rbp = r.rsp = SCRATCH + (1 << 19);
    r.r8 = r.r9 = r.r10 = r.r11 = r.r12 = r.r13 = r.r14 = r.r15 = SCRATCH + (1 << 19);
    r.rcx = 1; // repetitions
    r.rip = at;
    r.orig_rax = -1;
    r.eflags = 0x202;
    if (bits != 64) r.cs = bits == 32 ? 0x23 : 7, r.ss = r.ds = r.es = 0x2b;
    if (bits == 16) r.rip = at -= END - 4096;
    if (ptrace(PTRACE_SETREGS, child, 0, &r) || ptrace(PTRACE_SINGLESTEP, child, 0, 0)) die("ptrace");
    int status;
    waitpid(child, &status, 0);
    if (!WIFSTOPPED(status)) {
        start();
        return 'v';
    }
    if (WSTOPSIG(status) == SIGILL) return 'u';
    siginfo_t info;
    ptrace(PTRACE_GETSIGINFO, child, 0, &info);
    ptrace(PTRACE_GETREGS, child, 0, &r);
    return WSTOPSIG(status) == SIGSEGV && (unsigned long)info.si_addr == END && r.rip == at ? 'f' : 'v';
}

// 'u' refused; 'v' valid and of the expected length; 'l' longer; 's' shorter.
static char verdict(unsigned char *record, int bits) {
    int length = record[15];
    if (length == 0) return step(record, 15, bits) == 'u' ? 'u' : 'v';
    switch (step(record, length, bits)) {
    case 'u': return 'u';
    case 'f': return 'l';
    }
    return length > 1 && step(record, length - 1, bits) == 'v' ? 's' : 'v';
}

int main(int argc, char **argv) {
    int bits = argc > 1 ? atoi(argv[1]) : 64;
    start();
    unsigned char record[16];
    while (fread(record, 16, 1, stdin) == 1) putchar(verdict(record, bits));
    return 0;
}
