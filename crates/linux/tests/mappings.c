// The machine's answer to the operations that mappings.rs generates: each line of standard input is one operation, each line of
// standard output its result and the state of the arena after it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
static unsigned long arena, pages;
static sigjmp_buf back;
static siginfo_t seen;

static void caught(int number, siginfo_t *info, void *context) {
    seen = *info;
    seen.si_signo = number;
    siglongjmp(back, 1);
}

static void say_address(unsigned long address) {
    if (address >= arena && address < arena + pages * PAGE) printf("+%lx", address - arena);
    else printf("elsewhere");
}

static void say_fault(void) {
    printf(" !%d.%d@", seen.si_signo, seen.si_code);
    say_address((unsigned long)seen.si_addr);
}

static void load(unsigned long address) {
    if (sigsetjmp(back, 1)) { say_fault(); return; }
    unsigned long value = *(volatile unsigned long *)address;
    printf(" %lx", value);
}

static void store(unsigned long address, unsigned long value) {
    if (sigsetjmp(back, 1)) { say_fault(); return; }
    *(volatile unsigned long *)address = value;
    printf(" ok");
}

static void state(void) {
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[8192];
    unsigned long at = arena;
    while (fgets(line, sizeof line, maps)) {
        unsigned long start, end, offset;
        char rights[8], path[4096] = "";
        sscanf(line, "%lx-%lx %7s %lx %*s %*s %4095[^\n]", &start, &end, rights, &offset, path);
        if (end <= arena || start >= arena + pages * PAGE) continue;
        char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
        for (unsigned long page = start < arena ? arena : start; page < end && page < arena + pages * PAGE; page += PAGE) {
            printf("|%s%lx %s %lx %s", page == start ? ">" : "", (page - arena) / PAGE, rights, *name && *name != '[' ? offset + page - start : 0, name);
            load(page);
            load(page + PAGE - 4);
        }
    }
    fclose(maps);
}

int main(int argc, char **argv) {
    arena = strtoul(argv[1], 0, 0);
    pages = strtoul(argv[2], 0, 0);
    int files[4] = {-1, open(argv[3], O_RDWR), open(argv[3], O_RDONLY), open(argv[3], O_WRONLY)};
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = caught;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, 0);
    sigaction(SIGBUS, &action, 0);
    char line[512];
    while (fgets(line, sizeof line, stdin)) {
        char name[16];
        unsigned long a[6] = {0};
        sscanf(line, "%15s %lx %lx %lx %lx %lx %lx", name, a, a + 1, a + 2, a + 3, a + 4, a + 5);
        long result = 0;
        if (!strcmp(name, "mmap")) {
            result = syscall(SYS_mmap, a[0], a[1], a[2], a[3], files[a[4]], a[5]);
            if (result != -1 && ((unsigned long)result < arena || (unsigned long)result >= arena + pages * PAGE)) {
                syscall(SYS_munmap, result, a[1]);
            }
        } else if (!strcmp(name, "munmap")) result = syscall(SYS_munmap, a[0], a[1]);
        else if (!strcmp(name, "mprotect")) result = syscall(SYS_mprotect, a[0], a[1], a[2]);
        else if (!strcmp(name, "mremap")) {
            result = syscall(SYS_mremap, a[0], a[1], a[2], a[3], a[4]);
            if (result != -1 && ((unsigned long)result < arena || (unsigned long)result >= arena + pages * PAGE)) {
                load(result);
                load(result + a[2] - 8);
                syscall(SYS_munmap, result, a[2]);
            }
        } else if (!strcmp(name, "madvise")) result = syscall(SYS_madvise, a[0], a[1], a[2]);
        else if (!strcmp(name, "msync")) result = syscall(SYS_msync, a[0], a[1], a[2]);
        else if (!strcmp(name, "mincore")) { static unsigned char all[4096]; result = syscall(SYS_mincore, a[0], a[1], all); }
        else if (!strcmp(name, "mlock")) { result = syscall(SYS_mlock, a[0], a[1]); int e = errno; syscall(SYS_munlock, arena, pages * PAGE); for (unsigned long p = 0; p < pages; p++) syscall(SYS_munlock, arena + p * PAGE, PAGE); errno = e; }
        else if (!strcmp(name, "munlock")) result = syscall(SYS_munlock, a[0], a[1]);
        else if (!strcmp(name, "store")) store(a[0], a[1]);
        else if (!strcmp(name, "truncate")) result = ftruncate(files[1], a[0]);
        else if (!strcmp(name, "pwrite")) result = pwrite(files[1], &a[1], 8, a[0]);
        else return 2;
        printf(" = ");
        if (result == -1) printf("-%d", errno);
        else if (result > 4096) say_address(result);
        else printf("%ld", result);
        state();
        putchar('\n');
    }
    return 0;
}
