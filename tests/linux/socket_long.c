// Messages longer than a list of segments can name when guest memory lies in pages: one call still takes all of it.
#include "check.h"
#include <sys/wait.h>

enum { LENGTH = 6000007 };
static char out[LENGTH], in[LENGTH + 4096];

// A child sends, so that neither waits for the other's room.
static void exchange(int kind, struct msghdr *from, struct msghdr *to)
{
    int s[2]; T(socketpair(AF_UNIX, kind, 0, s));
    pid_t p = fork();
    if (!p) {
        close(s[1]);
        ssize_t n = from ? sendmsg(s[0], from, 0) : send(s[0], out, LENGTH, 0);
        _exit(n == LENGTH ? 1 : n < 0 && errno == EMSGSIZE ? 2 : 3);
    }
    close(s[0]); memset(in, 0, sizeof in);
    T(to ? recvmsg(s[1], to, MSG_WAITALL) : recv(s[1], in, sizeof in, MSG_WAITALL));
    SHOW(memcmp(in, out, LENGTH) == 0); SHOW(in[LENGTH]);
    int status; waitpid(p, &status, 0); SHOW(WEXITSTATUS(status)); close(s[1]);
}

int main(void)
{
    for (int i = 0; i < LENGTH; i += 509) memset(out + i, i / 509 * 7, i + 509 < LENGTH ? 509 : LENGTH - i);
    exchange(SOCK_STREAM, 0, 0);
    struct iovec from[3] = {{out, 4500001}, {out + 4500001, 7}, {out + 4500008, LENGTH - 4500008}};
    struct iovec to[2] = {{in, 5000000}, {in + 5000000, LENGTH - 5000000}};
    exchange(SOCK_STREAM, &(struct msghdr){.msg_iov = from, .msg_iovlen = 3}, &(struct msghdr){.msg_iov = to, .msg_iovlen = 2});
    // Too long for one datagram: the other side sees the end.
    exchange(SOCK_SEQPACKET, 0, 0);
    // A small message into a long buffer.
    int s[2]; T(socketpair(AF_UNIX, SOCK_DGRAM, 0, s)); T(send(s[0], out, 1000, 0)); memset(in, 0, 2000); T(recv(s[1], in, sizeof in, 0)); SHOW(!memcmp(in, out, 1000)); SHOW(in[1000]); T(send(s[0], out, LENGTH, 0));
    return 0;
}
