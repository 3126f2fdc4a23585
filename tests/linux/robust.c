// not under qemu: it keeps no robust lists
// Robust lists when threads and processes end and execute programs.
#include "check.h"
#include <linux/futex.h>
#include <pthread.h>
struct lock {
    struct robust_list list;
    int word;
}
;
static struct {
    struct robust_list_head head;
    struct lock l[6];
}
*r;

static void take(int last)
{
    r->head.futex_offset = offsetof(struct lock, word);
    r->head.list_op_pending = 0;
    r->head.list.next = &r->l[0].list;
    for (int i = 0; i < 6; i++) {
        r->l[i].list.next = i == last ? &r->head.list : &r->l[i + 1].list;
        r->l[i].word = gettid();
    }
    r->l[2].word |= FUTEX_WAITERS;
    r->l[3].word = 1;
    syscall(SYS_set_robust_list, &r->head, sizeof r->head);
}

static void show(const char *how)
{
    printf("%s:", how);
    for (int i = 0; i < 6; i++) printf(" %x%s", r->l[i].word & ~FUTEX_TID_MASK, r->l[i].word & FUTEX_TID_MASK ? "t" : "");
    puts("");
    fflush(stdout);
}

static void *thread(void *p)
{
    take(3);
    if (p == (void *)1) syscall(SYS_exit, 0);
    if (p == (void *)2) pthread_exit(0);
    return 0;
}

int main(int c, char **v)
{
    if (c > 1) {
        return 7;
    }
    r = mmap(0, 4096, 3, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int st;
    if (!fork()) {
        take(5);
        _exit(0);
    }
    wait(&st);
    show("exit");
    if (!fork()) {
        take(5);
        syscall(SYS_exit, 0);
    }
    wait(&st);
    show("thread exit");
    if (!fork()) {
        take(4);
        execl("/proc/self/exe", "a", "b", (void *)0);
    }
    wait(&st);
    SHOW(st >> 8);
    show("exec");
    if (!fork()) {
        take(4);
        execl("/nonexistent", "a", "b", (void *)0);
        show("failed exec");
        r->head.list.next = &r->head.list;
        _exit(0);
    }
    wait(&st);
    show("after");
    if (!fork()) {
        take(5);
        r->head.list_op_pending = &r->l[5].list;
        r->head.list.next = &r->head.list;
        _exit(0);
    }
    wait(&st);
    show("pending");
    if (!fork()) {
        take(5);
        r->head.list_op_pending = &r->l[5].list;
        r->head.list.next = &r->head.list;
        r->l[5].word = 0;
        _exit(0);
    }
    wait(&st);
    show("pending nobody");
    if (!fork()) {
        take(5);
        r->l[1].list.next = (void *)16;
        _exit(0);
    }
    wait(&st);
    show("broken");
    if (!fork()) {
        take(5);
        r->l[5].list.next = &r->l[0].list;
        _exit(0);
    }
    wait(&st);
    show("circle");
    if (!fork()) {
        take(5);
        r->head.futex_offset = 3;
        _exit(0);
    }
    wait(&st);
    show("bad offset");
    if (!fork()) {
        take(5);
        r->l[0].list.next = (void *)((long)&r->l[1].list | 1);
        _exit(0);
    }
    wait(&st);
    show("pi");
    if (!fork()) {
        take(5);
        if (!fork()) _exit(0);
        wait(0);
        show("child exits");
        r->head.list.next = &r->head.list;
        _exit(0);
    }
    wait(&st);
    for (long i = 0; i < 3; i++) if (!fork()) {
        pthread_t p;
        pthread_create(&p, 0, thread, (void *)i);
        pthread_join(p, 0);
        show("thread");
        r->head.list.next = &r->head.list;
        _exit(0);
    } else wait(&st);
    T(syscall(SYS_set_robust_list, 0, 23));
    T(syscall(SYS_set_robust_list, 16, 24));
    void *h;
    size_t n;
    T(syscall(SYS_get_robust_list, 0, &h, &n));
    SHOW(h);
    SHOW(n);
    T(syscall(SYS_get_robust_list, 1 << 22, &h, &n));
    T(syscall(SYS_get_robust_list, 0, 16, &n));
    T(syscall(SYS_get_robust_list, -1, &h, &n));
    // mutexes of the C library
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&a, 1);
    pthread_mutex_t *m = mmap(0, 4096, 3, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutex_init(m, &a);
    for (int i = 0; i < 2; i++) {
        if (!fork()) {
            SHOW(pthread_mutex_lock(m));
            fflush(stdout);
            if (i == 0) _exit(0);
            execl("/proc/self/exe", "a", "b", (void *)0);
        }
        wait(0);
        SHOW(pthread_mutex_lock(m));
        SHOW(pthread_mutex_consistent(m));
        SHOW(pthread_mutex_unlock(m));
        fflush(stdout);
    }
    pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
    pthread_mutex_init(m, &a);
    {
        if (!fork()) {
            SHOW(pthread_mutex_lock(m));
            fflush(stdout);
            _exit(0);
        }
        wait(0);
        SHOW(pthread_mutex_lock(m));
        SHOW(pthread_mutex_consistent(m));
        SHOW(pthread_mutex_unlock(m));
        fflush(stdout);
    }
    return 0;
}
