// not under qemu: limits of memory are forgotten.
// Limits of memory outlive the execution of another program.
#include "check.h"

int main(int c, char **v)
{
    if (c > 1) {
        struct rlimit l;
        getrlimit(RLIMIT_AS, &l);
        printf("%ld %ld\n", l.rlim_cur, l.rlim_max);
        getrlimit(RLIMIT_DATA, &l);
        printf("%ld %ld\n", l.rlim_cur, l.rlim_max);
        void *m = mmap(0, 400 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        SHOW(m == MAP_FAILED ? errno : 0);
        m = mmap(0, 400 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        SHOW(m == MAP_FAILED ? errno : 0);
        return 0;
    }
    char s[300] = {0};
    readlink("/proc/self/exe", s, 299);
    setenv("SELF", s, 1);
    fflush(stdout);
    system("ulimit -v; ulimit -d; ulimit -v 300000; ulimit -v; $SELF x");
    fflush(stdout);
    if (!fork()) {
        struct rlimit l = {300 << 20, 400 << 20};
        setrlimit(RLIMIT_AS, &l);
        l = (struct rlimit){100 << 20, 400 << 20};
        setrlimit(RLIMIT_DATA, &l);
        execl("/proc/self/exe", "a", "b", (void*)0);
    }
    wait(0);
    if (!fork()) {
        struct rlimit l = {300 << 20, 400 << 20};
        setrlimit(RLIMIT_AS, &l);
        char b[400];
        sprintf(b, "%s x", s);
        system(b);
        _exit(0);
    }
    wait(0);
    return 0;
}
