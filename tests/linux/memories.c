// not paged: the addresses of another guest are known to its own blink alone.
// not under qemu: the memory of its processes is its own
// Reading the memory of a child.
#include "check.h"
static char word[16] = "parent";

int main(void)
{
    close_range(3, ~0U, 0);
    int p[2], q[2];
    pipe(p);
    pipe(q);
    char *m = mmap(0, 16384, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(m + 8192, 4096);
    int c = fork();
    if (!c) {
        strcpy(word, "child");
        memset(m, 'c', 8192);
        mprotect(m + 4096, 4096, PROT_NONE);
        write(p[1], "x", 1);
        char x;
        read(q[0], &x, 1);
        _exit(0);
    }
    char x;
    read(p[0], &x, 1);
    char b[64] = "", d[16384];
    struct iovec l[3] = {{b, 16}}, r[3] = {{word, 16}};
    T(process_vm_readv(c, l, 1, r, 1, 0));
    puts(b);
    puts(word);
    l[0].iov_len = 3;
    l[1] = (struct iovec){b + 10, 13};
    T(process_vm_readv(c, l, 2, r, 1, 0));
    printf("%.3s %s\n", b, b + 10);
    l[0] = (struct iovec){d, sizeof d};
    r[0] = (struct iovec){m, 4096};
    T(process_vm_readv(c, l, 1, r, 1, 0));
    SHOW(d[0]);
    r[0].iov_len = 8192;
    T(process_vm_readv(c, l, 1, r, 1, 0));
    r[0] = (struct iovec){m + 8192, 8192};
    T(process_vm_readv(c, l, 1, r, 1, 0));
    r[0] = (struct iovec){m + 12288, 4096};
    T(process_vm_readv(c, l, 1, r, 1, 0));
    SHOW(d[0]);
    r[0] = (struct iovec){word, 8};
    r[1] = (struct iovec){BAD, 8};
    r[2] = (struct iovec){word, 8};
    T(process_vm_readv(c, l, 1, r, 3, 0));
    r[0] = (struct iovec){BAD, 8};
    T(process_vm_readv(c, l, 1, r, 3, 0));
    r[0] = (struct iovec){KERNEL, 8};
    T(process_vm_readv(c, l, 1, r, 3, 0));
    l[0].iov_base = BAD;
    r[0] = (struct iovec){word, 8};
    T(process_vm_readv(c, l, 1, r, 1, 0));
    l[0] = (struct iovec){b, 16};
    T(process_vm_readv(c, l, 1, r, 1, 1));
    T(process_vm_readv(c, l, 1, r, 0, 0));
    T(process_vm_readv(c, l, 0, r, 1, 0));
    T(process_vm_readv(c, BAD, 1, r, 1, 0));
    T(process_vm_readv(c, l, 1, BAD, 1, 0));
    T(process_vm_readv(1 << 22, l, 1, r, 1, 0));
    T(process_vm_readv(c, l, 2000, r, 1, 0));
    T(process_vm_readv(getpid(), l, 1, r, 1, 0));
    puts(b);
    l[0] = (struct iovec){"written", 8};
    T(process_vm_writev(getpid(), l, 1, r, 1, 0));
    puts(word);
    write(q[1], "x", 1);
    wait(0);
    return 0;
}
