// not under qemu: operations on the second word and robust lists are its own
// Futexes: every operation on a second word, errors, waiters in other processes.
#include "check.h"
#include <linux/futex.h>
#include <pthread.h>

static int f(int *a, int op, long v, void *t, int *b, unsigned v3)
{
    return syscall(SYS_futex, a, op, v, t, b, v3);
}
static int a, b;
static int started;

static void *waiter(void *p)
{
    __sync_fetch_and_add(&started, 1);
    while (f(p, FUTEX_WAIT_PRIVATE, *(volatile int *)p, 0, 0, 0) && errno == EAGAIN);
    return 0;
}


int main(void)
{
    close_range(3, ~0U, 0);
    // wake_op: every operation and comparison, without waiters
    for (int op = 0; op < 16; op++) for (int cmp = 0; cmp < 16; cmp++) {
        int x = 5, y = 6;
        for (int arg = 0; arg < 2; arg++) {
            y = 6;
            int r = f(&x, FUTEX_WAKE_OP, 1, (void *)1, &y, FUTEX_OP(op, arg ? 3 : 0xfff, cmp, arg ? 6 : 0xffa));
            printf("%d/%d %d %d %s\n", op, cmp, r, y, r < 0 ? strerrorname_np(errno) : "");
        }
    }
    // the comparison decides about the second
    int x = 0;
    T(f(&x, FUTEX_WAKE_OP, 0, (void *)0, (int *)BAD, 0));
    T(f((int *)BAD, FUTEX_WAKE_OP, 0, (void *)0, &x, 0));
    T(f((int *)((char *)&x + 1), FUTEX_WAKE_OP, 0, 0, &x, 0));
    T(f(&x, FUTEX_WAKE_OP, 0, 0, (int *)((char *)&x + 2), 0));
    T(f(&x, FUTEX_WAIT, 1, 0, 0, 0));
    struct timespec t = {0, 1000000};
    T(f(&x, FUTEX_WAIT, 0, &t, 0, 0));
    t.tv_nsec = 1000000000;
    T(f(&x, FUTEX_WAIT, 0, &t, 0, 0));
    t = (struct timespec){-1, 0};
    T(f(&x, FUTEX_WAIT, 0, &t, 0, 0));
    T(f(&x, FUTEX_WAIT, 0, BAD, 0, 0));
    T(f((int *)BAD, FUTEX_WAIT, 0, 0, 0, 0));
    T(f((int *)BAD, FUTEX_WAKE, 1, 0, 0, 0));
    T(f((int *)BAD, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0));
    T(f((int *)3, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0));
    T(f((int *)KERNEL, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0));
    T(f(&x, FUTEX_WAIT_BITSET, 0, 0, 0, 0));
    T(f(&x, FUTEX_WAKE_BITSET, 0, 0, 0, 0));
    clock_gettime(CLOCK_REALTIME, &t);
    T(f(&x, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &t, 0, ~0));
    clock_gettime(CLOCK_MONOTONIC, &t);
    T(f(&x, FUTEX_WAIT_BITSET, 0, &t, 0, ~0));
    T(f(&x, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 1, &t, 0, ~0));
    t = (struct timespec){0, 1};
    T(f(&x, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 0, &t, 0, ~0));
    T(f(&x, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 0, &t, 0, ~0));
    T(f(&x, FUTEX_CMP_REQUEUE | FUTEX_CLOCK_REALTIME, 0, 0, &b, 0));
    T(f(&x, FUTEX_FD, 0, 0, 0, 0));
    for (int op = 13; op < 20; op++) T(f(&x, op, 0, 0, 0, 0));
    T(f(&x, 1 << 20, 0, 0, 0, 0));
    T(f(&x, FUTEX_REQUEUE, 1, (void *)1, &b, 0));
    T(f(&x, FUTEX_REQUEUE, -1, (void *)1, &b, 0));
    T(f(&x, FUTEX_REQUEUE, 1, (void *)-1, &b, 0));
    T(f(&x, FUTEX_CMP_REQUEUE, 1, (void *)1, &b, 0));
    T(f(&x, FUTEX_CMP_REQUEUE, 1, (void *)1, &b, 1));
    T(f(&x, FUTEX_CMP_REQUEUE, 1, (void *)1, (int *)BAD, 0));
    T(f(&x, FUTEX_CMP_REQUEUE, 1, (void *)1, &x, 0));
    T(f(&x, FUTEX_WAKE, 0, 0, 0, 0));
    T(f(&x, FUTEX_WAKE, -5, 0, 0, 0));
    // priority inheritance
    T(f(&x, FUTEX_LOCK_PI, 0, 0, 0, 0));
    SHOW(x == gettid());
    T(f(&x, FUTEX_LOCK_PI, 0, 0, 0, 0));
    T(f(&x, FUTEX_TRYLOCK_PI, 0, 0, 0, 0));
    T(f(&x, FUTEX_UNLOCK_PI, 0, 0, 0, 0));
    SHOW(x);
    T(f(&x, FUTEX_UNLOCK_PI, 0, 0, 0, 0));
    T(f(&x, FUTEX_TRYLOCK_PI, 0, 0, 0, 0));
    T(f(&x, FUTEX_UNLOCK_PI, 0, 0, 0, 0));
    x = 1 << 22;
    T(f(&x, FUTEX_LOCK_PI, 0, 0, 0, 0));
    x = 0;
    T(f(&x, 13, 0, 0, 0, 0));
    T(f(&x, FUTEX_UNLOCK_PI, 0, 0, 0, 0));
    x = FUTEX_OWNER_DIED;
    T(f(&x, FUTEX_LOCK_PI, 0, 0, 0, 0));
    printf("%x\n", x & ~FUTEX_TID_MASK);
    T(f(&x, FUTEX_UNLOCK_PI, 0, 0, 0, 0));
    x = 0;
    T(f(&x, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &b, 0));
    T(f(&x, FUTEX_CMP_REQUEUE_PI, 2, (void *)1, &b, 0));
    T(f(&x, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &x, 0));
    t = (struct timespec){0, 1};
    T(f(&x, FUTEX_WAIT_REQUEUE_PI, 0, &t, &b, 0));
    T(f(&x, FUTEX_WAIT_REQUEUE_PI, 0, &t, &x, 0));
    // waiters are woken by the second word
    pthread_t p[4];
    void *r;
    for (int i = 0; i < 4; i++) pthread_create(p + i, 0, waiter, i < 2 ? &a : &b);
    while (__atomic_load_n(&started, __ATOMIC_SEQ_CST) < 4) sched_yield();
    b = 10;
    int n = 0, got;
    while (n < 4) {
        got = f(&a, FUTEX_WAKE_OP_PRIVATE, 10, (void *)10, &b, FUTEX_OP(FUTEX_OP_ADD, 1, FUTEX_OP_CMP_GE, 10));
        if (got < 0) break;
        n += got;
        usleep(1000);
    }
    SHOW(n);
    for (int i = 0; i < 4; i++) {
        pthread_join(p[i], &r);
        SHOW(r);
    }
    // shared between processes at different addresses
    int fd = memfd_create("m", 0);
    ftruncate(fd, 4096);
    int *m = mmap(0, 4096, 3, MAP_SHARED, fd, 0), *w = mmap(0, 4096, 3, MAP_SHARED, fd, 0);
    if (!fork()) {
        int *mine = mmap(0, 4096, 3, MAP_SHARED, fd, 0);
        int k;
        while ((k = f(mine, FUTEX_WAKE, 1, 0, 0, 0)) == 0) usleep(1000);
        _exit(k);
    }
    T(f(w, FUTEX_WAIT, 0, 0, 0, 0));
    int st;
    wait(&st);
    SHOW(WEXITSTATUS(st));
    // private words are told apart
    t = (struct timespec){0, 50000000};
    if (!fork()) {
        for (int i = 0; i < 20; i++) {
            f(m, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
            usleep(1000);
        }
        _exit(0);
    }
    T(f(m, FUTEX_WAIT_PRIVATE, 0, &t, 0, 0));
    wait(0);
    // timeouts of infinite length

    return 0;
}
