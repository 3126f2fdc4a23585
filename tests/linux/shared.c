// System V shared memory.
// not under qemu-s390x: the mode in struct ipc_perm is written as 16 bits.
#include "check.h"
#include <sys/shm.h>

int main(void)
{
    int id = shmget(IPC_PRIVATE, 10000, 0600); OK(id);
    T(shmget(IPC_PRIVATE, 0, 0600)); T(shmget(0x7a7a7a7a, 100, 0600));
    char *a = shmat(id, 0, 0); OK(a); char *b = shmat(id, 0, SHM_RDONLY); OK(b); SHOW(a != b); SHOW((long)a & 4095);
    strcpy(a, "shared"); puts(b);
    struct shmid_ds ds; T(shmctl(id, IPC_STAT, &ds)); SHOW(ds.shm_segsz); SHOW(ds.shm_nattch); SHOW(ds.shm_cpid == getpid()); SHOW(ds.shm_perm.mode);
    fflush(stdout);
    if (!fork()) { strcpy(a + 5000, "from the child"); SHOW(strcmp(b, "shared")); T(shmdt(b)); T(shmctl(id, IPC_STAT, &ds)); SHOW(ds.shm_nattch); exit(0); }
    wait(0); puts(b + 5000); T(shmctl(id, IPC_STAT, &ds)); SHOW(ds.shm_nattch);
    T(shmat(id, a, 0)); T(shmat(id, a + 1, 0)); T(shmat(id, 0, SHM_REMAP)); T(shmat(99999999, 0, 0)); T(shmat(id, b + 5, SHM_RND | SHM_REMAP) == b); strcpy(b, "written"); puts(a);
    T(shmdt(a + 4096)); T(shmdt(a + 1)); T(shmdt(a)); T(shmdt(a)); T(mprotect(b, 4096, PROT_READ)); T(munmap(b + 4096, 4096)); T(shmdt(b)); T(shmctl(id, IPC_STAT, &ds)); SHOW(ds.shm_nattch);
    ds.shm_perm.mode = 0400; T(shmctl(id, IPC_SET, &ds)); T(shmctl(id, IPC_STAT, &ds)); SHOW(ds.shm_perm.mode); T(shmctl(id, 77, &ds)); T(shmctl(id, IPC_RMID, 0)); T(shmctl(id, IPC_STAT, &ds)); T(shmat(id, 0, 0));
    struct shminfo info; OK(shmctl(0, IPC_INFO, (void *)&info)); SHOW(info.shmmni); SHOW(info.shmmin); struct shm_info use; OK(shmctl(0, SHM_INFO, (void *)&use));
    return 0;
}
