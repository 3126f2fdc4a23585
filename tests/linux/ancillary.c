// not on 32 bits: the host cuts ancillary data that do not fit at another length.
// not under qemu: ancillary data that do not fit are written behind the buffer.
// Ancillary data of UNIX sockets: descriptors and credentials, cut at every length.
#include "check.h"
#include <sys/un.h>
#include <sys/time.h>

static int open_count(void)
{
    int n = 0;
    for (int i = 0; i < 64; i++) n += fcntl(i, F_GETFD) != -1;
    return n;
}
static int base;

static void send_fds(int s, int n)
{
    int fds[300];
    for (int i = 0; i < n; i++) fds[i] = 0;
    static char room[CMSG_SPACE(sizeof fds)];
    struct iovec v = {"x", 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = CMSG_SPACE(n * sizeof(int))};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(n * sizeof(int));
    memcpy(CMSG_DATA(c), fds, n * sizeof(int));
    T(sendmsg(s, &m, 0));
}

static void show(struct msghdr *m)
{
    printf("flags %x controllen %zu\n", m->msg_flags, m->msg_controllen);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        printf("  level %d type %d len %zu:", c->cmsg_level, c->cmsg_type, c->cmsg_len);
        if (c->cmsg_type == SCM_RIGHTS) for (unsigned i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / 4; i++) {
            int fd = ((int *)CMSG_DATA(c))[i];
            printf(" %d(%d)", fd - base, fcntl(fd, F_GETFD));
            close(fd);
        }
        else if (c->cmsg_type == SCM_CREDENTIALS) {
            struct ucred *u = (void *)CMSG_DATA(c);
            printf(" %d %d %d", u->pid == getpid() ? 1 : u->pid == getppid() ? 2 : u->pid, u->uid, u->gid);
        }
        printf("\n");
    }
    printf("open %d\n", open_count());
}

static void receive(int s, int controllen, int flags)
{
    char buf[16], room[2000];
    memset(room, 0xAA, sizeof room);
    struct iovec v = {buf, 16};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = controllen < 0 ? 0 : room, .msg_controllen = controllen < 0 ? 0 : controllen};
    if (T(recvmsg(s, &m, flags)) >= 0) show(&m);
    int touched = 0;
    for (unsigned i = controllen < 0 ? 0 : controllen; i < sizeof room; i++) touched += (unsigned char)room[i] != 0xAA;
    printf("behind %d\n", touched);
}

int main(void)
{
    int s[2];
    close_range(3, ~0U, 0);
    for (int type = 1; type <= 5; type += type == 2 ? 3 : 1) {
        T(socketpair(AF_UNIX, type, 0, s));
        base = s[0];
        printf("--- %d\n", type);
        for (int room = -1; room <= 48; room++) {
            send_fds(s[0], 3);
            receive(s[1], room, 0);
        }
        send_fds(s[0], 1);
        receive(s[1], 100, MSG_CMSG_CLOEXEC);
        send_fds(s[0], 253);
        receive(s[1], 1500, MSG_CMSG_CLOEXEC);
        send_fds(s[0], 254);
        send_fds(s[0], 0);
        receive(s[1], 100, MSG_DONTWAIT);
        // limit on open files
        struct rlimit l, old;
        getrlimit(RLIMIT_NOFILE, &old);
        l = old;
        l.rlim_cur = s[1] + 3;
        setrlimit(RLIMIT_NOFILE, &l);
        send_fds(s[0], 5);
        receive(s[1], 100, 0);
        setrlimit(RLIMIT_NOFILE, &old);
        // peek gives duplicates
        send_fds(s[0], 2);
        receive(s[1], 100, MSG_PEEK);
        receive(s[1], 100, 0);
        // credentials
        int one = 1;
        T(setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &one, 4));
        T(send(s[0], "a", 1, 0));
        receive(s[1], 100, 0);
        T(send(s[0], "a", 1, 0));
        receive(s[1], 20, 0);
        T(send(s[0], "a", 1, 0));
        receive(s[1], 16, 0);
        T(send(s[0], "a", 1, 0));
        receive(s[1], 12, 0);
        T(send(s[0], "a", 1, 0));
        receive(s[1], 28, 0);
        send_fds(s[0], 2);
        receive(s[1], 100, 0);
        send_fds(s[0], 2);
        receive(s[1], 40, 0);
        send_fds(s[0], 2);
        receive(s[1], 32, 0);
        send_fds(s[0], 2);
        receive(s[1], 52, 0);
        T(send(s[0], "a", 1, 0));
        T(send(s[0], "b", 1, 0));
        receive(s[1], 100, 0);
        receive(s[1], 100, MSG_DONTWAIT);
        // explicit credentials
        struct ucred u[4] = {{getpid(), getuid(), getgid()}, {getppid(), getuid(), getgid()}, {999999, 0, 0}, {getpid(), 12345, 3}};
        for (int i = 0; i < 4; i++) {
            char room[CMSG_SPACE(sizeof *u)];
            struct iovec v = {"y", 1};
            struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
            struct cmsghdr *c = CMSG_FIRSTHDR(&m);
            c->cmsg_level = SOL_SOCKET;
            c->cmsg_type = SCM_CREDENTIALS;
            c->cmsg_len = CMSG_LEN(sizeof *u);
            memcpy(CMSG_DATA(c), u + i, sizeof *u);
            if (T(sendmsg(s[0], &m, 0)) == 1) receive(s[1], 100, MSG_DONTWAIT);
            c->cmsg_len = CMSG_LEN(4);
            T(sendmsg(s[0], &m, 0));
            c->cmsg_type = 77;
            T(sendmsg(s[0], &m, 0));
            c->cmsg_level = 41;
            T(sendmsg(s[0], &m, MSG_DONTWAIT));
            receive(s[1], 100, MSG_DONTWAIT);
            c->cmsg_len = 3;
            T(sendmsg(s[0], &m, 0));
            c->cmsg_len = 3000;
            T(sendmsg(s[0], &m, 0));
        }
        struct ucred p;
        socklen_t n = sizeof p;
        T(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &p, &n));
        printf("peer %d %d %d %u\n", p.pid == getpid(), p.uid, p.gid, n);
        n = 5;
        T(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &p, &n));
        printf("%u\n", n);
        // timestamps too
        T(setsockopt(s[1], SOL_SOCKET, SO_TIMESTAMP, &one, 4));
        if (type == 2) {
            T(send(s[0], "a", 1, 0));
            char room[200], b[4];
            struct iovec v = {b, 4};
            struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = 200};
            T(recvmsg(s[1], &m, 0));
            for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) printf("%d %d %zu\n", c->cmsg_level, c->cmsg_type, c->cmsg_len);
        }
        if (fork() == 0) {
            T(send(s[0], "c", 1, 0));
            _exit(0);
        }
        wait(0);
        {
            char room[200], b[4];
            struct iovec v = {b, 4};
            struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = 200};
            T(recvmsg(s[1], &m, 0));
            for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) if (c->cmsg_type == 2) printf("other pid %d\n", ((struct ucred *)CMSG_DATA(c))->pid != getpid());
        }
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
        T(setsockopt(s[1], SOL_SOCKET, SO_PASSPIDFD, &one, 4));
        T(send(s[0], "a", 1, 0));
        {
            char room[200], b[4];
            struct iovec v = {b, 4};
            struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = 200};
            T(recvmsg(s[1], &m, 0));
            for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) printf("%d %d %zu\n", c->cmsg_level, c->cmsg_type, c->cmsg_len);
        }
        close(s[0]);
        close(s[1]);
    }
    return 0;
}
