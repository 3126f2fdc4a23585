// All threads of a process change their user and group together: the C library has each one make the call, by a signal of its own.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_barrier_t start, changed;
static int ids[4];

static void *look(void *place) {
    pthread_barrier_wait(&start);
    pthread_barrier_wait(&changed);
    // The kernel's answer for this thread, not the library's for the process.
    *(int *)place = syscall(SYS_getegid) * 10000 + syscall(SYS_geteuid);
    return 0;
}

int main(void) {
    pthread_t threads[4];
    int group = getegid(), user = geteuid(), root = user == 0;
    pthread_barrier_init(&start, 0, 5);
    pthread_barrier_init(&changed, 0, 5);
    for (int i = 0; i < 4; i++) pthread_create(threads + i, 0, look, ids + i);
    pthread_barrier_wait(&start);
    printf("%d\n", setresgid(-1, root ? 7 : group, -1));
    printf("%d\n", setresuid(-1, root ? 1000 : user, -1));
    pthread_barrier_wait(&changed);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
    for (int i = 0; i < 4; i++) printf("%d\n", ids[i] == (root ? 71000 : group * 10000 + user));
    // Back, as the saved ids allow.
    printf("%d %d\n", setresuid(-1, user, -1), setresgid(-1, group, -1));
    return 0;
}
