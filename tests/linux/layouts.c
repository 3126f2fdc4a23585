// Payloads that the kernel lays out by word size and byte order: socket options, ancillary messages, events, values of signals.
// not under qemu: most socket options and ancillary messages are unknown or unconverted, and timers tell another number than their own.
#include "check.h"
#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <linux/filter.h>
#include <linux/net_tstamp.h>
#include <linux/tcp.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#define LOOPBACK 1
#define WIDE ((void *)0x7fff123456789abc)

static struct sockaddr_in local(int fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    OK(bind(fd, (void *)&address, sizeof address));
    OK(getsockname(fd, (void *)&address, &size));
    return address;
}

static void tcp(void)
{
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in address = local(listener);
    T(listen(listener, 1));
    int from = socket(AF_INET, SOCK_STREAM, 0);
    T(connect(from, (void *)&address, sizeof address));
    int to = accept(listener, 0, 0);
    char buffer[16];
    T(write(from, "hello", 5));
    T(recv(to, buffer, 5, MSG_WAITALL));
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    T(getsockopt(to, IPPROTO_TCP, TCP_INFO, &info, &size));
    SHOW(size);
    SHOW(info.tcpi_state);
    SHOW(info.tcpi_options);
    SHOW(info.tcpi_snd_wscale);
    SHOW(info.tcpi_rcv_wscale);
    SHOW(info.tcpi_delivery_rate_app_limited);
    SHOW(info.tcpi_snd_mss);
    SHOW(info.tcpi_pmtu);
    SHOW(info.tcpi_max_pacing_rate == ~0ull);
    SHOW(info.tcpi_bytes_received);
    SHOW(info.tcpi_bytes_acked < 10);
    SHOW(info.tcpi_segs_in > 0 && info.tcpi_segs_in < 100);
    size = 10;
    T(getsockopt(to, IPPROTO_TCP, TCP_INFO, &info, &size));
    SHOW(size);
    uint64_t number = 0;
    size = sizeof number;
    T(getsockopt(to, SOL_SOCKET, SO_COOKIE, &number, &size));
    SHOW(number > 0 && number < 1ull << 48);
    size = sizeof number;
    T(getsockopt(to, SOL_SOCKET, SO_MAX_PACING_RATE, &number, &size));
    printf("%llx %d\n", (unsigned long long)number, (int)size);
    number = 123456;
    T(setsockopt(to, SOL_SOCKET, SO_MAX_PACING_RATE, &number, sizeof number));
    number = 0;
    T(getsockopt(to, SOL_SOCKET, SO_MAX_PACING_RATE, &number, &size));
    SHOW(number);
    unsigned narrow = 0;
    size = sizeof narrow;
    T(getsockopt(to, SOL_SOCKET, SO_MAX_PACING_RATE, &narrow, &size));
    SHOW(narrow);
    struct timeval limit = {1000, 250000}, read = {0};
    T(setsockopt(to, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit));
    size = sizeof read;
    T(getsockopt(to, SOL_SOCKET, SO_SNDTIMEO, &read, &size));
    SHOW(read.tv_sec);
    struct sockaddr_in peer = {0};
    size = sizeof peer;
    T(getsockopt(to, SOL_SOCKET, SO_PEERNAME, &peer, &size));
    SHOW(peer.sin_family);
    SHOW(ntohl(peer.sin_addr.s_addr));
    close(from), close(to), close(listener);
}

static void filters(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 0x1234, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, 0x7fffffff),
    };
    struct sock_fprog program = {4, code};
    struct sock_filter back[8] = {{0}};
    socklen_t size = 8;
    T(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, back, &size));
    SHOW(size);
    T(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
    size = 0;
    T(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, back, &size));
    SHOW(size);
    size = 2;
    T(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, back, &size));
    size = 8;
    T(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, back, &size));
    SHOW(size);
    SHOW(memcmp(back, code, sizeof code));
    T(setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, 3));
    close(fd);
}

static void show_messages(struct msghdr *message)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        printf("level %d type %d length %zu:", c->cmsg_level, c->cmsg_type, c->cmsg_len);
        void *data = CMSG_DATA(c);
        if (c->cmsg_level == SOL_SOCKET) {
            long *time = data;
            printf(" %s", time[0] / 100 == now.tv_sec / 100 || now.tv_sec - time[0] < 100 ? "now" : "some time");
            printf(time[1] >= 0 && time[1] < 1000000000 ? " and a fraction" : " and nonsense");
        } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo *info = data;
            printf(" interface %d, %x, %x", info->ipi_ifindex, ntohl(info->ipi_spec_dst.s_addr), ntohl(info->ipi_addr.s_addr));
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo *info = data;
            printf(" interface %d, ends in %d", info->ipi6_ifindex, info->ipi6_addr.s6_addr[15]);
        } else if (c->cmsg_type == IP_RECVERR) {
            struct sock_extended_err *error = data;
            struct sockaddr_in *offender = (void *)SO_EE_OFFENDER(error);
            printf(" errno %d origin %d type %d code %d info %d data %d from %d %x", error->ee_errno, error->ee_origin, error->ee_type,
                error->ee_code, error->ee_info, error->ee_data, offender->sin_family, ntohl(offender->sin_addr.s_addr));
        } else if (c->cmsg_type == IP_ORIGDSTADDR) {
            struct sockaddr_in *address = data;
            printf(" family %d, %x", address->sin_family, ntohl(address->sin_addr.s_addr));
        } else if (c->cmsg_type == IP_TOS)
            printf(" %d", *(unsigned char *)data);
        else
            printf(" %d", *(int *)data);
        printf("\n");
    }
    fflush(stdout);
}

static void receive(int fd, int flags)
{
    union { char raw[1024]; struct cmsghdr align; } control;
    char data[16];
    struct iovec part = {data, sizeof data};
    struct sockaddr_storage from;
    struct msghdr message = {&from, sizeof from, &part, 1, &control, sizeof control, 0};
    long received;
    // The kernel begins to stamp some time after it was asked to: then there are more datagrams than are looked at.
    do {
        message.msg_controllen = sizeof control;
        received = recvmsg(fd, &message, flags);
    } while (received > 0 && !message.msg_controllen);
    SHOW(received);
    SHOW(message.msg_flags);
    show_messages(&message);
}

static void datagrams(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0), one = 1;
    struct sockaddr_in address = local(fd);
    int plain[] = {IP_PKTINFO, IP_RECVTTL, IP_RECVTOS, IP_RECVORIGDSTADDR};
    for (unsigned i = 0; i < sizeof plain / sizeof *plain; i++) {
        if (T(setsockopt(fd, IPPROTO_IP, plain[i], &one, sizeof one)))
            continue;
        T(sendto(fd, "x", 1, 0, (void *)&address, sizeof address));
        receive(fd, 0);
        int zero = 0;
        T(setsockopt(fd, IPPROTO_IP, plain[i], &zero, sizeof zero));
    }
    int times[] = {SO_TIMESTAMP, SO_TIMESTAMPNS};
    for (unsigned i = 0; i < 2; i++) {
        if (T(setsockopt(fd, SOL_SOCKET, times[i], &one, sizeof one)))
            continue;
        T(sendto(fd, "x", 1, 0, (void *)&address, sizeof address));
        receive(fd, 0);
        int zero = 0;
        T(setsockopt(fd, SOL_SOCKET, times[i], &zero, sizeof zero));
    }
    int stamping = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
    if (!T(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &stamping, sizeof stamping))) {
        pid_t sender = fork();
        if (!sender)
            for (;; usleep(1000))
                sendto(fd, "x", 1, 0, (void *)&address, sizeof address);
        receive(fd, 0);
        kill(sender, SIGKILL);
        waitpid(sender, 0, 0);
    }
    close(fd);

    // Nobody listens there any more.
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    T(setsockopt(fd, IPPROTO_IP, IP_RECVERR, &one, sizeof one));
    T(sendto(fd, "x", 1, 0, (void *)&address, sizeof address));
    struct pollfd entry = {fd, 0, 0};
    T(poll(&entry, 1, 60000));
    receive(fd, MSG_ERRQUEUE);
    close(fd);

    fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct ip_mreqn member = {{htonl(0xe0000105)}, {0}, LOOPBACK};
    T(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &member, sizeof member));
    T(setsockopt(fd, IPPROTO_IP, IP_DROP_MEMBERSHIP, &member, sizeof member));
    struct group_req group = {LOOPBACK};
    *(struct sockaddr_in *)&group.gr_group = (struct sockaddr_in){AF_INET, 0, {htonl(0xe0000106)}};
    T(setsockopt(fd, IPPROTO_IP, MCAST_JOIN_GROUP, &group, sizeof group));
    T(setsockopt(fd, IPPROTO_IP, MCAST_JOIN_GROUP, &group, sizeof group));
    T(setsockopt(fd, IPPROTO_IP, MCAST_JOIN_GROUP, &group, 20));
    T(setsockopt(fd, IPPROTO_IP, MCAST_LEAVE_GROUP, &group, sizeof group));
    struct in_addr interface = {htonl(INADDR_LOOPBACK)};
    T(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &interface, sizeof interface));
    socklen_t size = sizeof interface;
    T(getsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &interface, &size));
    SHOW(ntohl(interface.s_addr));
    close(fd);

    fd = socket(AF_INET6, SOCK_DGRAM, 0);
    if (fd >= 0) {
        struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
        size = sizeof six;
        if (OK(bind(fd, (void *)&six, sizeof six)) == 0) {
            getsockname(fd, (void *)&six, &size);
            T(setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof one));
            T(setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &one, sizeof one));
            T(sendto(fd, "x", 1, 0, (void *)&six, sizeof six));
            receive(fd, 0);
        }
        close(fd);
    }
}

static void events(void)
{
    in_new_directory();
    uint64_t count = 5;
    unsigned halves[2] = {0};
    struct iovec one = {&count, 8}, two[] = {{halves, 8}, {halves + 1, 0}};
    int fd = eventfd(0, EFD_NONBLOCK);
    T(writev(fd, &one, 1));
    T(write(fd, &count, sizeof count));
    T(write(fd, &count, 4));
    T(readv(fd, two, 2));
    printf("%u %u\n", halves[0], halves[1]);
    T(readv(fd, two, 2));
    close(fd);
    fd = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec soon = {{0}, {0, 1}};
    T(timerfd_settime(fd, 0, &soon, 0));
    T(readv(fd, &one, 1));
    SHOW(count);
    close(fd);
    fd = inotify_init1(IN_NONBLOCK);
    T(inotify_add_watch(fd, ".", IN_CREATE | IN_DELETE));
    close(open("a file", O_CREAT | O_WRONLY, 0600));
    unlink("a file");
    struct inotify_event *event;
    char raw[256];
    struct iovec nothing[] = {{raw, 0}, {raw, sizeof raw}}, parts[] = {{raw, 64}, {raw + 64, sizeof raw - 64}};
    T(readv(fd, nothing, 2));
    long length = T(readv(fd, parts, 2));
    for (long at = 0; at < length; at += sizeof *event + event->len) {
        event = (void *)(raw + at);
        printf("%d %x %d %u %s\n", event->wd, event->mask, event->cookie, event->len, event->name);
    }
    close(fd);
    int flags = 0;
    fd = open("file", O_CREAT | O_RDWR, 0600);
    OK(ioctl(fd, _IOR('f', 1, long), &flags));
    printf("%x\n", flags & 0xfff);
    uint64_t bytes;
    T(ioctl(fd, _IOR(0x12, 114, size_t), &bytes));
    close(fd);
    remove_directory();
}

static void *seen;
static sem_t called;
static void on_signal(int number, siginfo_t *info, void *context)
{
    seen = info->si_value.sival_ptr;
}
static void on_timer(union sigval value)
{
    seen = value.sival_ptr;
    sem_post(&called);
}

static void values(void)
{
    sigset_t set;
    siginfo_t info;
    struct timespec limit = {60, 0};
    union sigval value = {.sival_ptr = WIDE};
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1), sigaddset(&set, SIGRTMIN + 3);
    sigprocmask(SIG_BLOCK, &set, 0);

    T(sigqueue(getpid(), SIGUSR1, value));
    T(sigtimedwait(&set, &info, &limit));
    printf("code %d errno %d value %p own %d\n", info.si_code, info.si_errno, info.si_value.sival_ptr, info.si_pid == getpid());
    value.sival_ptr = (void *)-1;
    T(sigqueue(getpid(), SIGRTMIN + 3, value));
    T(sigwaitinfo(&set, &info));
    printf("value %p\n", info.si_value.sival_ptr);

    int fd = signalfd(-1, &set, 0);
    value.sival_ptr = WIDE;
    T(sigqueue(getpid(), SIGUSR1, value));
    T(sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = 77}));
    T(kill(getpid(), SIGUSR1));
    struct signalfd_siginfo read[2] = {{0}};
    struct iovec parts[] = {{read, sizeof *read}, {read + 1, sizeof *read}};
    T(readv(fd, parts, 2));
    for (int i = 0; i < 2; i++)
        printf("signo %d errno %d code %d own %d int %d ptr %llx\n", read[i].ssi_signo, read[i].ssi_errno, read[i].ssi_code,
            read[i].ssi_pid == getpid(), read[i].ssi_code < 0 ? read[i].ssi_int : 0, read[i].ssi_code < 0 ? (long long)read[i].ssi_ptr : 0);
    close(fd);

    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_ptr = WIDE};
    struct itimerspec soon = {{0}, {0, 1}};
    T(timer_create(CLOCK_MONOTONIC, &event, &timer));
    T(timer_settime(timer, 0, &soon, 0));
    T(sigtimedwait(&set, &info, &limit));
    printf("code %d value %p overrun %d\n", info.si_code, info.si_value.sival_ptr, info.si_overrun);
    int id;
    event.sigev_value.sival_ptr = &id;
    T(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
    T(syscall(SYS_timer_settime, id, 0, &soon, 0));
    T(sigtimedwait(&set, &info, &limit));
    printf("value %d number %d\n", info.si_value.sival_ptr == (void *)&id, info.si_timerid == id);
    timer_delete(timer);
    sigset_t alarm;
    sigemptyset(&alarm), sigaddset(&alarm, SIGALRM);
    sigprocmask(SIG_BLOCK, &alarm, 0);
    T(syscall(SYS_timer_create, CLOCK_MONOTONIC, 0, &id));
    T(syscall(SYS_timer_settime, id, 0, &soon, 0));
    T(sigtimedwait(&alarm, &info, &limit));
    printf("value %d code %d\n", info.si_value.sival_ptr == (void *)(long)id, info.si_code);

    sem_init(&called, 0, 0);
    event = (struct sigevent){.sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_timer, .sigev_value.sival_ptr = WIDE};
    T(timer_create(CLOCK_MONOTONIC, &event, &timer));
    T(timer_settime(timer, 0, &soon, 0));
    sem_wait(&called);
    printf("thread got %p\n", seen);
    timer_delete(timer);

    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR2, &action, 0);
    T(sigqueue(getpid(), SIGUSR2, (union sigval){.sival_ptr = &value}));
    SHOW(seen == &value);
    T(sigqueue(getpid(), SIGUSR2, (union sigval){.sival_int = -5}));
    SHOW((int)(long)seen);

    char name[64];
    sprintf(name, "/blink-layouts-%d", getpid());
    struct mq_attr attributes = {.mq_maxmsg = 2, .mq_msgsize = 16};
    mqd_t queue = mq_open(name, O_CREAT | O_RDWR, 0600, &attributes);
    mq_unlink(name);
    event = (struct sigevent){.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_ptr = WIDE};
    T(mq_notify(queue, &event));
    T(mq_send(queue, "x", 1, 0));
    limit.tv_sec = queue == -1 ? 0 : 60;
    T(sigtimedwait(&set, &info, &limit));
    printf("code %d value %p\n", info.si_code, info.si_value.sival_ptr);
}

int main(void)
{
    tcp();
    filters();
    datagrams();
    events();
    values();
}
