// What every test here uses: a call is printed with its result or the name of its error, so that the same program run natively
// and under blink must print the same.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long checked(const char *file, int line, const char *text, long result)
{
    int error = errno;
    (void)file;
    if (result == -1)
        printf("%d %s = %s\n", line, text, strerrorname_np(error) ? strerrorname_np(error) : "?");
    else
        printf("%d %s = %ld\n", line, text, result);
    fflush(stdout);
    errno = error;
    return result;
}

// Prints the result.
#define T(call) (errno = 0, checked(__FILE__, __LINE__, #call, (long)(call)))
// Prints only whether it worked: for numbers that differ from run to run.
#define OK(call) (errno = 0, checked(__FILE__, __LINE__, #call, ((long)(call)) == -1 ? -1 : 0))
#define SHOW(value) (printf("%d %s: %ld\n", __LINE__, #value, (long)(value)), fflush(stdout))
#define BAD ((void *)16)
#define KERNEL ((void *)0xffff888000000000)

// An empty directory of our own, current from now on.
__attribute__((unused)) static void in_new_directory(void)
{
    static char name[] = "/tmp/blink-test-XXXXXX";
    if (!mkdtemp(name) || chdir(name)) {
        perror(name);
        exit(99);
    }
}
__attribute__((unused)) static void remove_directory(void)
{
    char name[PATH_MAX], command[PATH_MAX + 16];
    if (getcwd(name, sizeof name) && !strncmp(name, "/tmp/blink-test-", 16)) {
        chdir("/");
        snprintf(command, sizeof command, "rm -rf %s", name);
        if (system(command)) exit(98);
    }
}
