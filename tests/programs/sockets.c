// Sockets on the loopback interface and between processes; select, poll, epoll, eventfd.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#define TRY(e) do { errno = 0; long r_ = (long)(e); printf("%s = %ld errno %d\n", #e, r_, errno); } while (0)
int main(void) {
  setvbuf(stdout, 0, _IOLBF, 0);
  signal(SIGPIPE, SIG_IGN);
  int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  TRY(bind(server, (void *)&a, sizeof a));
  TRY(listen(server, 5));
  socklen_t size = sizeof a;
  TRY(getsockname(server, (void *)&a, &size));
  printf("%s %d %d\n", inet_ntoa(a.sin_addr), a.sin_port != 0, size);
  if (fork() == 0) {
    int c = socket(AF_INET, SOCK_STREAM, 0);
    connect(c, (void *)&a, sizeof a);
    for (int i = 0; i < 1000; i++) dprintf(c, "message %d\n", i);
    shutdown(c, SHUT_WR);
    char b[100];
    int n = read(c, b, 100);
    printf("client got %.*s", n, b);
    _exit(0);
  }
  struct sockaddr_in peer;
  int c = accept4(server, (void *)&peer, &size, SOCK_CLOEXEC);
  printf("%s %d\n", inet_ntoa(peer.sin_addr), size);
  char buffer[65536];
  long total = 0, n;
  while ((n = recv(c, buffer, sizeof buffer, 0)) > 0) total += n;
  printf("received %ld\n", total);
  send(c, "thanks\n", 7, MSG_NOSIGNAL), close(c), wait(0);
  int value;
  size = sizeof value;
  TRY(getsockopt(server, SOL_SOCKET, SO_TYPE, &value, &size));
  printf("%d\n", value);
  TRY(getsockopt(server, SOL_SOCKET, SO_ERROR, &value, &size));
  TRY(setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one));
  TRY(fcntl(server, F_SETFL, O_NONBLOCK));
  TRY(accept(server, 0, 0));
  struct sockaddr_in nobody = {.sin_family = AF_INET, .sin_port = htons(1), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int d = socket(AF_INET, SOCK_STREAM, 0);
  TRY(connect(d, (void *)&nobody, sizeof nobody));
  TRY(connect(server, (void *)&nobody, 3));
  TRY(socket(99, SOCK_STREAM, 0));
  int u1 = socket(AF_INET, SOCK_DGRAM, 0), u2 = socket(AF_INET, SOCK_DGRAM, 0);
  a.sin_port = 0;
  bind(u1, (void *)&a, sizeof a), size = sizeof a, getsockname(u1, (void *)&a, &size);
  TRY(sendto(u2, "datagram", 8, 0, (void *)&a, sizeof a));
  TRY(recvfrom(u1, buffer, 100, 0, (void *)&peer, &size));
  TRY(sendto(u2, "datagram", 8, 0, (void *)&a, sizeof a));
  TRY(recv(u1, buffer, 3, MSG_TRUNC));
  int p[2];
  TRY(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
  struct iovec v = {"with fd", 7};
  char control[CMSG_SPACE(sizeof(int))] = {0};
  struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *h = CMSG_FIRSTHDR(&m);
  h->cmsg_level = SOL_SOCKET, h->cmsg_type = SCM_RIGHTS, h->cmsg_len = CMSG_LEN(sizeof(int));
  int fd = open("words", O_RDONLY);
  memcpy(CMSG_DATA(h), &fd, sizeof fd);
  TRY(sendmsg(p[0], &m, 0));
  v.iov_base = buffer, v.iov_len = 100;
  memset(control, 0, sizeof control);
  TRY(recvmsg(p[1], &m, 0));
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
  printf("%zd %.5s\n", read(fd, buffer, 5), buffer);
  struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "socket"};
  int us = socket(AF_UNIX, SOCK_STREAM, 0);
  TRY(bind(us, (void *)&un, sizeof un));
  TRY(listen(us, 1));
  int uc = socket(AF_UNIX, SOCK_STREAM, 0);
  TRY(connect(uc, (void *)&un, sizeof un));
  struct ucred cred;
  size = sizeof cred;
  TRY(getsockopt(uc, SOL_SOCKET, SO_PEERCRED, &cred, &size));
  printf("%d\n", cred.pid == getpid());
  int pipes[2];
  pipe2(pipes, O_NONBLOCK);
  TRY(read(pipes[0], buffer, 1));
  struct pollfd fds[3] = {{pipes[0], POLLIN}, {pipes[1], POLLOUT}, {99, POLLIN}};
  TRY(poll(fds, 3, 100));
  printf("%x %x %x\n", fds[0].revents, fds[1].revents, fds[2].revents);
  TRY(poll(fds, 1, 10));
  write(pipes[1], "abc", 3);
  TRY(poll(fds, 1, -1));
  fd_set r;
  FD_ZERO(&r);
  FD_SET(pipes[0], &r);
  FD_SET(p[0], &r);
  struct timeval t = {1, 0};
  TRY(select(100, &r, 0, 0, &t));
  printf("%d %d\n", FD_ISSET(pipes[0], &r) != 0, FD_ISSET(p[0], &r) != 0);
  TRY(ioctl(pipes[0], FIONREAD, &value));
  printf("%d\n", value);
  int e = epoll_create1(0);
  struct epoll_event ev = {.events = EPOLLIN, .data.u64 = 0x123456789abcdef}, out[4];
  TRY(epoll_ctl(e, EPOLL_CTL_ADD, pipes[0], &ev));
  TRY(epoll_ctl(e, EPOLL_CTL_ADD, pipes[0], &ev));
  TRY(epoll_wait(e, out, 4, 100));
  printf("%x %lx\n", out[0].events, (long)out[0].data.u64);
  close(pipes[1]), read(pipes[0], buffer, 100);
  TRY(epoll_wait(e, out, 4, 100));
  printf("%x\n", out[0].events);
  int ef = eventfd(3, EFD_NONBLOCK);
  unsigned long count = 4;
  TRY(write(ef, &count, 8));
  TRY(read(ef, &count, 8));
  printf("%lu\n", count);
  TRY(read(ef, &count, 8));
  pipe(pipes), close(pipes[0]);
  TRY(write(pipes[1], "x", 1));
  struct in6_addr six;
  char text[100];
  inet_pton(AF_INET6, "fe80::1:2", &six), puts(inet_ntop(AF_INET6, &six, text, 100));
  return 0;
}
