// not under qemu: most options are unknown or cut to one int, and ancillary data that do not fit are written behind the buffer.
#include "check.h"
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>

static void option(int fd, int level, int name)
{
    int value = -1; socklen_t size = sizeof value;
    T(getsockopt(fd, level, name, &value, &size)); SHOW(value); SHOW(size);
}

int main(void)
{
    in_new_directory();
    char buffer[1000];
    T(socket(AF_INET, SOCK_STREAM, 99)); T(socket(77, SOCK_STREAM, 0)); T(socket(AF_INET, 77, 0)); T(socket(AF_UNIX, SOCK_STREAM | 0x100, 0));
    int s[2]; T(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, s)); T(fcntl(s[0], F_GETFD)); T(fcntl(s[0], F_GETFL)); T(recv(s[0], buffer, 10, 0)); T(send(s[1], "hello", 5, 0)); T(recv(s[0], buffer, 10, MSG_PEEK)); T(recv(s[0], buffer, 2, 0)); T(recv(s[0], buffer, 10, MSG_DONTWAIT)); T(socketpair(AF_INET, SOCK_STREAM, 0, s)); T(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, BAD));
    T(send(s[1], "x", 1, MSG_OOB)); T(syscall(SYS_sendto, s[1], BAD, 10, 0, 0, 0)); T(syscall(SYS_sendto, -1, BAD, 10, 0, 0, 0)); T(syscall(SYS_recvfrom, s[0], BAD, 10, MSG_DONTWAIT, 0, 0)); T(send(open("/dev/null", O_RDWR), "x", 1, 0));
    T(shutdown(s[1], SHUT_WR)); T(recv(s[0], buffer, 10, 0)); T(shutdown(s[1], 77)); signal(SIGPIPE, SIG_IGN); T(send(s[1], "x", 1, 0)); T(send(s[1], "x", 1, MSG_NOSIGNAL));

    // Unix addresses.
    int u = T(socket(AF_UNIX, SOCK_DGRAM, 0)), u2 = T(socket(AF_UNIX, SOCK_DGRAM, 0)); struct sockaddr_un a = {AF_UNIX, "one"}, b = {AF_UNIX, "two"}, got; socklen_t size;
    T(bind(u, (void *)&a, sizeof a)); T(bind(u, (void *)&a, sizeof a)); T(bind(u2, (void *)&a, sizeof a)); T(bind(u2, (void *)&b, offsetof(struct sockaddr_un, sun_path) + 4)); size = sizeof got; memset(&got, 0x55, sizeof got); T(getsockname(u2, (void *)&got, &size)); SHOW(size); SHOW(got.sun_family); puts(got.sun_path);
    size = 4; memset(&got, 0x55, sizeof got); T(getsockname(u2, (void *)&got, &size)); SHOW(size); SHOW(got.sun_path[2]); size = -1; T(getsockname(u2, (void *)&got, &size)); T(getpeername(u2, (void *)&got, &size)); T(sendto(u, "datagram", 8, 0, (void *)&b, sizeof b)); size = sizeof got; T(recvfrom(u2, buffer, 4, 0, (void *)&got, &size)); puts(got.sun_path); SHOW(size); T(sendto(u, "datagram", 8, 0, (void *)&b, sizeof b)); T(recvfrom(u2, buffer, 4, MSG_TRUNC, 0, 0)); T(connect(u, (void *)&b, sizeof b)); T(send(u, "c", 1, 0)); struct sockaddr_un c = {AF_UNIX, "three"}; T(connect(u, (void *)&c, sizeof c)); T(syscall(SYS_connect, u, BAD, 10)); T(syscall(SYS_connect, u, &c, 1000)); T(connect(u, (void *)&c, 0)); T(syscall(SYS_bind, 99, BAD, 10));
    struct sockaddr_un abstract = {AF_UNIX, "\0blink-test"}; int l = T(socket(AF_UNIX, SOCK_STREAM, 0)); snprintf(abstract.sun_path + 1, 50, "blink-%d", getpid()); socklen_t al = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(abstract.sun_path + 1); T(bind(l, (void *)&abstract, al)); T(listen(l, 5)); int cl = T(socket(AF_UNIX, SOCK_STREAM, 0)); T(connect(cl, (void *)&abstract, al)); size = sizeof got; int ac = T(accept4(l, (void *)&got, &size, SOCK_CLOEXEC)); SHOW(size); T(fcntl(ac, F_GETFD)); T(accept4(l, 0, 0, 77)); T(fcntl(l, F_SETFL, O_NONBLOCK)); T(accept(l, 0, 0)); T(accept(cl, 0, 0)); T(listen(u, 5));
    struct ucred cred; size = sizeof cred; T(getsockopt(ac, SOL_SOCKET, SO_PEERCRED, &cred, &size)); SHOW(cred.pid == getpid()); SHOW(cred.uid == getuid()); SHOW(size);

    // Descriptors and credentials travel.
    int pair[2]; T(socketpair(AF_UNIX, SOCK_STREAM, 0, pair)); int one = 1; T(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof one));
    union { char raw[200]; struct cmsghdr align; } control; struct iovec v = {"fd", 2}; struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control.raw, .msg_controllen = CMSG_SPACE(8)}; struct cmsghdr *h = CMSG_FIRSTHDR(&m); h->cmsg_level = SOL_SOCKET; h->cmsg_type = SCM_RIGHTS; h->cmsg_len = CMSG_LEN(8); int *fds = (int *)CMSG_DATA(h); fds[0] = l; fds[1] = u; T(sendmsg(pair[0], &m, 0));
    memset(&control, 0, sizeof control); char data[10]; struct iovec rv = {data, 10}; struct msghdr rm = {.msg_iov = &rv, .msg_iovlen = 1, .msg_control = control.raw, .msg_controllen = sizeof control.raw}; T(recvmsg(pair[1], &rm, MSG_CMSG_CLOEXEC)); SHOW(rm.msg_controllen); SHOW(rm.msg_flags); for (h = CMSG_FIRSTHDR(&rm); h; h = CMSG_NXTHDR(&rm, h)) { printf("level %d type %d len %zu\n", h->cmsg_level, h->cmsg_type, h->cmsg_len); if (h->cmsg_type == SCM_RIGHTS) { fds = (int *)CMSG_DATA(h); T(fcntl(fds[0], F_GETFD)); T(fcntl(fds[1], F_GETFD)); } else { struct ucred *k = (void *)CMSG_DATA(h); SHOW(k->pid == getpid()); } }
    memcpy(control.raw, &(struct cmsghdr){CMSG_LEN(8), SOL_SOCKET, SCM_RIGHTS}, 16); ((int *)(control.raw + 16))[0] = l; ((int *)(control.raw + 16))[1] = u;
    T(sendmsg(pair[0], &m, 0)); rm.msg_controllen = 20; T(recvmsg(pair[1], &rm, 0)); SHOW(rm.msg_controllen); SHOW(rm.msg_flags); fds = (int *)CMSG_DATA((struct cmsghdr *)control.raw);
    h = CMSG_FIRSTHDR(&m); memcpy(control.raw, &(struct cmsghdr){CMSG_LEN(4), SOL_SOCKET, SCM_RIGHTS}, 16); *(int *)(control.raw + 16) = 99; m.msg_controllen = CMSG_SPACE(4); T(sendmsg(pair[0], &m, 0)); m.msg_controllen = 5; T(sendmsg(pair[0], &m, 0)); m.msg_control = 0; m.msg_controllen = 0; m.msg_iovlen = 2000; T(sendmsg(pair[0], &m, 0)); T(syscall(SYS_sendmsg, pair[0], BAD, 0)); T(syscall(SYS_recvmsg, pair[0], BAD, MSG_DONTWAIT));
    struct mmsghdr mm[3]; struct iovec mv[3] = {{"aa", 2}, {"bbb", 3}, {"c", 1}}; memset(mm, 0, sizeof mm); int dg[2]; T(socketpair(AF_UNIX, SOCK_DGRAM, 0, dg)); for (int i = 0; i < 3; i++) { mm[i].msg_hdr.msg_iov = mv + i; mm[i].msg_hdr.msg_iovlen = 1; } T(sendmmsg(dg[0], mm, 3, 0)); SHOW(mm[1].msg_len); char parts[3][10]; for (int i = 0; i < 3; i++) { mv[i].iov_base = parts[i]; mv[i].iov_len = 10; } T(recvmmsg(dg[1], mm, 3, MSG_DONTWAIT, 0)); SHOW(mm[0].msg_len); SHOW(mm[2].msg_len); T(recvmmsg(dg[1], mm, 3, MSG_DONTWAIT, 0));

    // TCP on the loopback.
    int t = T(socket(AF_INET, SOCK_STREAM, 0)); T(setsockopt(t, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one)); struct sockaddr_in in = {AF_INET, 0, {htonl(INADDR_LOOPBACK)}}, peer; T(bind(t, (void *)&in, sizeof in)); size = sizeof in; T(getsockname(t, (void *)&in, &size)); SHOW(in.sin_port != 0); T(listen(t, 3)); int k = T(socket(AF_INET, SOCK_STREAM, 0)); T(connect(k, (void *)&in, sizeof in)); size = sizeof peer; int sv = T(accept(t, (void *)&peer, &size)); SHOW(peer.sin_family); puts(inet_ntoa(peer.sin_addr)); T(write(k, "request", 7)); T(read(sv, buffer, 100)); T(send(sv, "urgent", 6, MSG_OOB)); int mark = -1; T(ioctl(k, SIOCATMARK, &mark)); T(connect(k, (void *)&in, sizeof in)); T(getpeername(k, (void *)&peer, &size)); SHOW(peer.sin_port == in.sin_port); T(getpeername(t, (void *)&peer, &size));
    option(t, SOL_SOCKET, SO_TYPE); option(t, SOL_SOCKET, SO_ACCEPTCONN); option(t, SOL_SOCKET, SO_REUSEADDR); option(t, SOL_SOCKET, SO_ERROR); option(t, SOL_SOCKET, SO_DOMAIN); option(t, SOL_SOCKET, SO_PROTOCOL); option(k, IPPROTO_TCP, TCP_NODELAY); T(setsockopt(k, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one)); option(k, IPPROTO_TCP, TCP_NODELAY); option(k, IPPROTO_IP, IP_TTL); option(k, 77, 1); option(k, SOL_SOCKET, 9999);
    struct timeval tv = {0, 30000}, tv2; T(setsockopt(sv, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv)); size = sizeof tv2; T(getsockopt(sv, SOL_SOCKET, SO_RCVTIMEO, &tv2, &size)); SHOW(tv2.tv_usec >= 28000); SHOW(size); T(recv(sv, buffer, 10, 0)); struct linger linger = {1, 5}; T(setsockopt(k, SOL_SOCKET, SO_LINGER, &linger, sizeof linger)); memset(&linger, 0, sizeof linger); size = sizeof linger; T(getsockopt(k, SOL_SOCKET, SO_LINGER, &linger, &size)); SHOW(linger.l_linger); T(setsockopt(k, SOL_SOCKET, SO_KEEPALIVE, &one, 1)); T(syscall(SYS_setsockopt, k, SOL_SOCKET, SO_KEEPALIVE, BAD, 4)); T(syscall(SYS_setsockopt, 99, SOL_SOCKET, SO_KEEPALIVE, BAD, 4)); T(setsockopt(k, SOL_SOCKET, SO_KEEPALIVE, &one, -1)); int big = 50000; T(setsockopt(k, SOL_SOCKET, SO_RCVBUF, &big, sizeof big)); option(k, SOL_SOCKET, SO_RCVBUF); char cc[16] = ""; size = sizeof cc; T(getsockopt(k, IPPROTO_TCP, TCP_CONGESTION, cc, &size)); SHOW(strlen(cc) > 2); struct tcp_info info; size = sizeof info; T(getsockopt(k, IPPROTO_TCP, TCP_INFO, &info, &size)); SHOW(info.tcpi_state); 
    in.sin_port = htons(1); int n = T(socket(AF_INET, SOCK_STREAM, 0)); T(connect(n, (void *)&in, sizeof in)); in.sin_family = 77; T(connect(n, (void *)&in, sizeof in)); T(connect(n, (void *)&in, 3));
    int six = socket(AF_INET6, SOCK_STREAM, 0); OK(six); if (six >= 0) { struct sockaddr_in6 i6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback}; if (!bind(six, (void *)&i6, sizeof i6)) { size = sizeof i6; T(getsockname(six, (void *)&i6, &size)); SHOW(size); SHOW(i6.sin6_scope_id); option(six, IPPROTO_IPV6, IPV6_V6ONLY); } }
    int nl = T(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)); struct sockaddr_nl na = {AF_NETLINK}; T(bind(nl, (void *)&na, sizeof na)); size = sizeof na; T(getsockname(nl, (void *)&na, &size)); SHOW(na.nl_family); SHOW(na.nl_pid != 0);
    struct ifreq ifr; memset(&ifr, 0, sizeof ifr); strcpy(ifr.ifr_name, "lo"); T(ioctl(t, SIOCGIFFLAGS, &ifr)); SHOW(ifr.ifr_flags & IFF_LOOPBACK); T(ioctl(t, SIOCGIFADDR, &ifr)); puts(inet_ntoa(((struct sockaddr_in *)&ifr.ifr_addr)->sin_addr)); T(ioctl(t, SIOCGIFMTU, &ifr)); SHOW(ifr.ifr_mtu); T(ioctl(t, SIOCGIFINDEX, &ifr)); SHOW(ifr.ifr_ifindex); strcpy(ifr.ifr_name, "nope0"); T(ioctl(t, SIOCGIFFLAGS, &ifr)); struct ifconf ic = {sizeof buffer, {buffer}}; T(ioctl(t, SIOCGIFCONF, &ic)); SHOW(ic.ifc_len % 40); SHOW(((struct ifreq *)buffer)->ifr_name[0]); ic.ifc_buf = 0; T(ioctl(t, SIOCGIFCONF, &ic)); SHOW(ic.ifc_len >= 40);
    remove_directory();
    return 0;
}
