// Moving data without copying: splice, tee, vmsplice, sendfile, copy_file_range.
#include "check.h"
static char big[200000];

static int avail(int fd)
{
    int n = -1;
    ioctl(fd, FIONREAD, &n);
    return n;
}

int main(void)
{
    int a[2], b[2];
    close_range(3, ~0U, 0);
    in_new_directory();
    pipe(a);
    pipe(b);
    char buf[100];
    T(write(a[1], "hello world", 11));
    T(tee(a[0], b[1], 5, 0));
    SHOW(avail(a[0]));
    SHOW(avail(b[0]));
    T(read(b[0], buf, 100));
    printf("%.5s\n", buf);
    T(tee(a[0], b[1], 100, SPLICE_F_NONBLOCK));
    T(read(b[0], buf, 100));
    T(tee(a[0], a[1], 5, 0));
    T(tee(a[0], b[0], 5, 0));
    T(tee(0, b[1], 5, 0));
    T(tee(a[0], b[1], 0, 0));
    T(tee(a[0], b[1], 5, 99));
    T(tee(b[0], a[1], 5, SPLICE_F_NONBLOCK));
    T(splice(a[0], 0, b[1], 0, 6, 0));
    SHOW(avail(a[0]));
    SHOW(avail(b[0]));
    int f = memfd_create("f", 0);
    loff_t off = 3;
    T(splice(b[0], 0, f, &off, 100, 0));
    SHOW(off);
    SHOW(lseek(f, 0, SEEK_CUR));
    SHOW(lseek(f, 0, SEEK_END));
    T(splice(b[0], 0, f, &off, 100, SPLICE_F_NONBLOCK));
    T(splice(f, 0, f, 0, 100, 0));
    off = 0;
    T(splice(f, &off, b[1], 0, 100, 0));
    SHOW(off);
    T(splice(f, &off, b[1], 0, 100, 0));
    off = -1;
    T(splice(f, &off, b[1], 0, 100, 0));
    off = 0;
    T(splice(b[0], &off, f, 0, 1, 0));
    T(splice(b[0], 0, a[1], &off, 1, 0));
    T(splice(f, (void *)16, b[1], 0, 1, 0));
    T(splice(-1, 0, b[1], 0, 1, 0));
    T(splice(f, 0, -1, 0, 1, 0));
    T(splice(f, 0, b[1], 0, 1, 16));
    T(splice(f, 0, b[1], 0, 0, 16));
    T(splice(f, 0, 0, 0, 0, 0));
    int ap = open("/tmp", O_PATH);
    T(splice(ap, 0, b[1], 0, 1, 0));
    int app = open("appended", O_CREAT | O_RDWR | O_APPEND, 0600);
    unlink("appended");
    T(splice(b[0], 0, app, 0, 4, 0));
    T(fcntl(app, F_SETFL, 0));
    T(splice(b[0], 0, app, 0, 4, 0));
    int ro = open("/proc/self/exe", O_RDONLY);
    T(splice(b[0], 0, ro, 0, 4, 0));
    T(splice(ro, 0, b[1], 0, 4, 0));
    SHOW(lseek(ro, 0, SEEK_CUR));
    int so[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, so);
    T(write(so[0], "socket", 6));
    T(splice(so[1], 0, b[1], 0, 4, 0));
    T(splice(b[0], 0, so[1], 0, 3, SPLICE_F_MORE));
    T(read(so[0], buf, 100));
    int n;
    while ((n = read(b[0], buf, 100)) == 100) ;
    fcntl(b[0], F_SETFL, O_NONBLOCK);
    T(read(b[0], buf, 100));
    fcntl(b[0], F_SETFL, 0);
    struct iovec v[3] = {{"one", 3}, {"two", 3}, {big, 5}};
    T(vmsplice(b[1], v, 3, 0));
    T(read(b[0], buf, 100));
    T(vmsplice(b[1], v, 3, SPLICE_F_GIFT));
    struct iovec w[2] = {{buf, 2}, {buf + 10, 50}};
    T(vmsplice(b[0], w, 2, 0));
    printf("%.2s %.4s\n", buf, buf + 10);
    T(vmsplice(f, v, 3, 0));
    T(vmsplice(b[1], v, 2000, 0));
    T(vmsplice(b[1], v, 0, 0));
    v[1].iov_base = (void *)16;
    T(vmsplice(b[1], v, 3, 0));
    T(read(b[0], buf, 100));
    T(vmsplice(b[1], (void *)16, 3, 0));
    T(vmsplice(b[1], v, 1, 32));
    v[0] = (struct iovec) {
        big, sizeof big
    }
    ;
    T(vmsplice(b[1], v, 1, SPLICE_F_NONBLOCK));
    T(vmsplice(b[1], v, 1, SPLICE_F_NONBLOCK));
    SHOW(avail(b[0]));
    T(fcntl(b[1], F_SETPIPE_SZ, 4096));
    T(fcntl(b[1], F_GETPIPE_SZ));
    T(fcntl(b[1], F_SETPIPE_SZ, 200000));
    T(fcntl(b[1], F_SETPIPE_SZ, 0));
    T(fcntl(b[1], F_SETPIPE_SZ, -1));
    T(fcntl(f, F_GETPIPE_SZ));
    T(fcntl(b[1], F_SETPIPE_SZ, 1 << 30));
    // sendfile
    int src = memfd_create("s", 0);
    T(write(src, big, 100000));
    off = 50;
    T(sendfile(so[0], src, &off, 100));
    SHOW(off);
    T(sendfile(so[0], src, 0, 10));
    SHOW(lseek(src, 0, SEEK_CUR));
    T(lseek(src, 99990, SEEK_SET));
    T(sendfile(so[0], src, 0, 100));
    T(sendfile(so[0], src, 0, 100));
    T(sendfile(src, so[0], 0, 10));
    T(sendfile(so[0], so[1], 0, 10));
    off = -1;
    T(sendfile(so[0], src, &off, 10));
    T(sendfile(so[0], src, (void *)16, 10));
    T(sendfile(app, src, 0, 10));
    fcntl(app, F_SETFL, O_APPEND);
    T(sendfile(app, src, 0, 10));
    off = 0;
    T(sendfile(f, src, &off, 1UL << 40));
    SHOW(off);
    SHOW(lseek(f, 0, SEEK_CUR));
    // copy_file_range
    off = 0;
    loff_t to = 5;
    T(copy_file_range(src, &off, f, &to, 1000, 0));
    SHOW(off);
    SHOW(to);
    T(copy_file_range(src, &off, src, &to, 10, 0));
    off = 0;
    to = 5;
    T(copy_file_range(src, &off, src, &to, 10, 0));
    T(copy_file_range(src, &off, src, &to, 10, 1));
    T(copy_file_range(src, 0, b[1], 0, 10, 0));
    T(copy_file_range(ap, 0, src, 0, 10, 0));
    T(copy_file_range(src, 0, app, 0, 10, 0));
    // broken pipe
    signal(SIGPIPE, SIG_IGN);
    close(b[0]);
    off = 0;
    T(splice(src, &off, b[1], 0, 10, 0));
    T(vmsplice(b[1], v, 1, 0));
    T(tee(a[0], b[1], 1, 0));
    close(a[1]);
    T(splice(a[0], 0, f, 0, 100, 0));
    T(splice(a[0], 0, f, 0, 100, 0));
    T(tee(a[0], b[1], 1, 0));
    remove_directory();
    return 0;
}
