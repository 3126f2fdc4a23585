// not paged: the host's kernel cannot walk the lists.
// not under qemu: it keeps no robust lists
// Robust lists of threads that are killed with their process.
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
    syscall(SYS_set_robust_list, &r->head, sizeof r->head);
}

static void show(const char *how)
{
    printf("%s:", how);
    for (int i = 0; i < 6; i++) printf(" %x%s", r->l[i].word & ~FUTEX_TID_MASK, r->l[i].word & FUTEX_TID_MASK ? "t" : "");
    puts("");
    fflush(stdout);
}
static pthread_barrier_t ready;

static void *killed(void *p)
{
    take(5);
    pthread_barrier_wait(&ready);
    pause();
    return 0;
}

int main(void)
{
    close_range(3, ~0U, 0);
    r = mmap(0, 4096, 3, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int st;
    if (!fork()) {
        take(4);
        kill(getpid(), 9);
    }
    wait(&st);
    show("kill");
    if (!fork()) {
        take(4);
        abort();
    }
    wait(&st);
    show("abort");
    if (!fork()) {
        pthread_t p;
        pthread_barrier_init(&ready, 0, 2);
        pthread_create(&p, 0, killed, 0);
        pthread_barrier_wait(&ready);
        _exit(0);
    }
    wait(&st);
    show("exit_group of another");
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&a, 1);
    pthread_mutex_t *m = mmap(0, 4096, 3, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 2; i++) {
        if (i) pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
        pthread_mutex_init(m, &a);
        if (!fork()) {
            SHOW(pthread_mutex_lock(m));
            kill(getpid(), 9);
        }
        wait(0);
        SHOW(pthread_mutex_lock(m));
        SHOW(pthread_mutex_consistent(m));
        SHOW(pthread_mutex_unlock(m));
        fflush(stdout);
    }
    return 0;
}
