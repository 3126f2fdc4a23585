// not on 32 bits: the host's limits of shared memory are words of 32 bits.
// not under qemu: the mode in struct ipc_perm is 16 bits on s390x, and shmat knows no SHM_REMAP
// System V semaphores, shared memory and message queues.
#include "check.h"
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/msg.h>
union semun {
    int val;
    void *buf;
    unsigned short *array;
    struct seminfo *info;
}
;

static void sem(int id)
{
    struct semid_ds d;
    memset(&d, 0xAA, sizeof d);
    T(semctl(id, 0, IPC_STAT, (union semun){.buf = &d}));
    printf("%lx %o %d %d %d %d nsems %ld otime %d ctime %d\n", d.sem_perm.__key == IPC_PRIVATE ? 0L : 1L, d.sem_perm.mode, d.sem_perm.uid, d.sem_perm.gid, d.sem_perm.cuid, d.sem_perm.cgid, d.sem_nsems, d.sem_otime > 0, d.sem_ctime > 0);
}

static void shm(int id)
{
    struct shmid_ds d;
    memset(&d, 0xAA, sizeof d);
    T(shmctl(id, IPC_STAT, &d));
    printf("%o %zu a %d d %d c %d cpid %d lpid %d n %ld\n", d.shm_perm.mode, d.shm_segsz, d.shm_atime > 0, d.shm_dtime > 0, d.shm_ctime > 0, d.shm_cpid == getpid(), d.shm_lpid == getpid(), d.shm_nattch);
}

static void msg(int id)
{
    struct msqid_ds d;
    memset(&d, 0xAA, sizeof d);
    T(msgctl(id, IPC_STAT, &d));
    printf("%o s %d r %d c %d bytes %lu n %lu max %lu ls %d lr %d\n", d.msg_perm.mode, d.msg_stime > 0, d.msg_rtime > 0, d.msg_ctime > 0, d.__msg_cbytes, d.msg_qnum, d.msg_qbytes, d.msg_lspid == getpid(), d.msg_lrpid == getpid());
}
static volatile int got;

static void on(int s)
{
    got = s;
}

int main(void)
{
    close_range(3, ~0U, 0);
    int id = semget(IPC_PRIVATE, 3, 0640);
    sem(id);
    unsigned short v[3] = {1, 2, 3};
    T(semctl(id, 0, SETALL, (union semun){.array = v}));
    memset(v, 0, 6);
    T(semctl(id, 0, GETALL, (union semun){.array = v}));
    printf("%d %d %d\n", v[0], v[1], v[2]);
    T(semctl(id, 1, GETVAL));
    T(semctl(id, 1, SETVAL, (union semun){.val = 32767}));
    T(semctl(id, 1, SETVAL, (union semun){.val = 32768}));
    T(semctl(id, 1, SETVAL, (union semun){.val = -1}));
    T(semctl(id, 3, GETVAL));
    T(semctl(id, -1, GETVAL));
    T(semctl(id, 1, GETPID) == getpid());
    T(semctl(id, 1, GETNCNT));
    T(semctl(id, 1, GETZCNT));
    T(semctl(id, 0, GETALL, (union semun){.array = BAD}));
    struct sembuf o[4] = {{0, -1, IPC_NOWAIT}, {1, -2, IPC_NOWAIT}, {2, 0, IPC_NOWAIT}};
    T(semop(id, o, 2));
    T(semop(id, o, 1));
    T(semop(id, o + 2, 1));
    o[2].sem_op = -3;
    T(semop(id, o + 2, 1));
    o[2].sem_op = 0;
    T(semop(id, o + 2, 1));
    o[2].sem_num = 3;
    T(semop(id, o + 2, 1));
    o[2].sem_op = 32767;
    o[2].sem_num = 2;
    T(semop(id, o + 2, 1));
    T(semop(id, o + 2, 1));
    T(semop(id, o, 0));
    T(semop(id, BAD, 1));
    T(semop(id, o, 501));
    T(semop(-1, o, 1));
    sem(id);
    struct timespec t = {0, 1000};
    o[0].sem_flg = 0;
    T(semtimedop(id, o, 1, &t));
    t.tv_nsec = -1;
    T(semtimedop(id, o, 1, &t));
    T(semtimedop(id, o, 1, BAD));
    // undo at exit, and on execution it stays
    T(semctl(id, 0, SETVAL, (union semun){.val = 5}));
    if (!fork()) {
        struct sembuf u[2] = {{0, -3, SEM_UNDO}, {2, 4, SEM_UNDO | IPC_NOWAIT}};
        T(semop(id, u, 1));
        SHOW(semctl(id, 0, GETVAL));
        fflush(stdout);
        _exit(0);
    }
    wait(0);
    SHOW(semctl(id, 0, GETVAL));
    if (!fork()) {
        struct sembuf u = {0, -2, SEM_UNDO};
        semop(id, &u, 1);
        char c[100];
        execl("/bin/true", "true", (void *)0);
        _exit(1);
    }
    wait(0);
    SHOW(semctl(id, 0, GETVAL));
    // waiting and removal
    signal(SIGUSR1, on);
    T(semctl(id, 0, SETVAL, (union semun){.val = 0}));
    int c = fork();
    if (!c) {
        struct sembuf u = {0, -1, 0};
        int r = semop(id, &u, 1);
        _exit(r == -1 && errno == EIDRM);
    }
    while (semctl(id, 0, GETNCNT) != 1) usleep(1000);
    SHOW(semctl(id, 0, GETZCNT));
    T(semctl(id, 0, IPC_RMID));
    int status;
    waitpid(c, &status, 0);
    SHOW(WEXITSTATUS(status));
    T(semctl(id, 0, IPC_STAT, (union semun){.buf = v}));
    T(semget(IPC_PRIVATE, 0, 0600));
    T(semget(IPC_PRIVATE, 40000, 0600));
    T(semget(0x7e570001, 1, 0));
    id = semget(0x7e570001, 2, IPC_CREAT | IPC_EXCL | 0600);
    T(semget(0x7e570001, 1, IPC_CREAT | IPC_EXCL | 0600));
    T(semget(0x7e570001, 1, 0) == id);
    T(semget(0x7e570001, 3, 0));
    struct semid_ds d;
    T(semctl(id, 0, IPC_STAT, (union semun){.buf = &d}));
    d.sem_perm.mode = 0644;
    T(semctl(id, 0, IPC_SET, (union semun){.buf = &d}));
    sem(id);
    T(semctl(id, 0, IPC_RMID));
    T(semctl(id, 0, 99));
    struct seminfo in;
    T(semctl(0, 0, IPC_INFO, (union semun){.info = &in}) >= 0);
    printf("%d %d %d %d %d\n", in.semmni, in.semmns, in.semmsl, in.semopm, in.semvmx);
    // shared memory
    id = shmget(IPC_PRIVATE, 5000, 0600);
    shm(id);
    char *p = shmat(id, 0, 0);
    T(p != (void *)-1);
    shm(id);
    p[4999] = 1;
    p[8191] = 2;
    T(shmctl(id, SHM_LOCK, 0));
    struct shmid_ds sd;
    T(shmctl(id, IPC_STAT, &sd));
    printf("%o\n", sd.shm_perm.mode);
    T(shmctl(id, SHM_UNLOCK, 0));
    char *r = shmat(id, 0, SHM_RDONLY);
    SHOW(r[4999]);
    T(mprotect(r, 4096, PROT_READ | PROT_WRITE));
    T(shmat(id, p + 1, 0));
    T(shmat(id, p + 1, SHM_RND));
    T(shmat(id, p, 0));
    T(shmat(id, p, SHM_REMAP) == p);
    SHOW(p[4999]);
    T(shmat(id, 0, SHM_REMAP));
    shm(id);
    if (!fork()) {
        shm(id);
        p[0] = 9;
        _exit(0);
    }
    wait(0);
    SHOW(r[0]);
    shm(id);
    T(shmctl(id, IPC_RMID, 0));
    shm(id);
    void *x = shmat(id, 0, 0);
    T(x != (void *)-1);
    shm(id);
    T(shmdt(x));
    T(shmdt(x));
    T(shmdt(p + 4096));
    T(munmap(p, 4096));
    shm(id);
    T(shmdt(p));
    T(shmdt(r));
    T(shmctl(id, IPC_STAT, &sd));
    T(shmget(IPC_PRIVATE, 0, 0600));
    T(shmget(IPC_PRIVATE, -1, 0600));
    T(shmget(0x7e570002, 10, 0));
    T(shmat(-1, 0, 0));
    T(shmat(id, 0, 0));
    T(shmdt(0));
    T(shmctl(-1, IPC_STAT, &sd));
    T(shmctl(id, 77, &sd));
    struct shminfo si;
    T(shmctl(0, IPC_INFO, (void *)&si) >= 0);
    printf("%lx %lx %lx %lx\n", si.shmmax, si.shmmin, si.shmmni, si.shmseg);
    id = shmget(IPC_PRIVATE, 4096, 0400);
    if (geteuid()) T(shmat(id, 0, 0));
    T(shmctl(id, IPC_RMID, 0));
    id = shmget(IPC_PRIVATE, 4096, 0700);
    p = shmat(id, 0, SHM_EXEC);
    shmctl(id, IPC_RMID, 0);
    p[0] = 0xb8;
    p[1] = 42;
    p[2] = p[3] = p[4] = 0;
    p[5] = 0xc3;
    SHOW(((int (*)(void))p)());
    // messages
    struct {
        long type;
        char text[100];
    }
    m = {3, "three"}, g;
    id = msgget(IPC_PRIVATE, 0600);
    msg(id);
    T(msgsnd(id, &m, 6, 0));
    m.type = 1;
    strcpy(m.text, "one");
    T(msgsnd(id, &m, 4, 0));
    m.type = 2;
    T(msgsnd(id, &m, 0, 0));
    msg(id);
    T(msgrcv(id, &g, 100, 7, IPC_NOWAIT));
    T(msgrcv(id, &g, 100, -2, IPC_NOWAIT));
    SHOW(g.type);
    T(msgrcv(id, &g, 3, 0, IPC_NOWAIT));
    T(msgrcv(id, &g, 3, 0, IPC_NOWAIT | MSG_NOERROR));
    SHOW(g.type);
    printf("%.3s\n", g.text);
    T(msgrcv(id, &g, 100, 0, 0));
    T(msgrcv(id, &g, 100, 0, IPC_NOWAIT));
    m.type = 0;
    T(msgsnd(id, &m, 1, 0));
    m.type = -1;
    T(msgsnd(id, &m, 1, 0));
    m.type = 1;
    T(msgsnd(id, &m, -1, 0));
    T(msgsnd(id, &m, 100000, 0));
    T(msgsnd(id, BAD, 1, 0));
    T(msgsnd(id, &m, 1, 0));
    T(msgrcv(id, BAD, 1, 0, 0));
    T(msgrcv(id, &g, -1, 0, 0));
    msg(id);
    for (int i = 1; i <= 4; i++) {
        m.type = i;
        m.text[0] = '0' + i;
        T(msgsnd(id, &m, 1, 0));
    }
    T(msgrcv(id, &g, 1, 2, MSG_COPY | IPC_NOWAIT));
    T(msgrcv(id, &g, 1, 9, MSG_COPY | IPC_NOWAIT));
    T(msgrcv(id, &g, 1, 0, MSG_COPY));
    T(msgrcv(id, &g, 1, 1, MSG_EXCEPT));
    SHOW(g.type);
    T(msgrcv(id, &g, 1, -9, 0));
    SHOW(g.type);
    struct msqid_ds md;
    msgctl(id, IPC_STAT, &md);
    md.msg_qbytes = 10;
    T(msgctl(id, IPC_SET, &md));
    static char big[9000];
    T(msgsnd(id, &m, 9, IPC_NOWAIT));
    T(msgsnd(id, &m, 3, IPC_NOWAIT));
    msg(id);
    T(msgctl(id, IPC_RMID, 0));
    T(msgctl(id, IPC_STAT, &md));
    struct msginfo mi;
    T(msgctl(0, IPC_INFO, (void *)&mi) >= 0);
    printf("%d %d %d\n", mi.msgmax, mi.msgmnb, mi.msgmni);
    return 0;
}
