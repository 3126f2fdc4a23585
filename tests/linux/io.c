// not under qemu: buffers are checked before descriptors and lent in part where the kernel faults, pipe2 does not check its flags.
#include "check.h"
#include <linux/fs.h>
#include <sys/sendfile.h>

int main(void)
{
    in_new_directory();
    char buffer[8192];
    memset(buffer, 'x', sizeof buffer);
    int fd = T(open("data", O_RDWR | O_CREAT | O_TRUNC, 0644));
    T(write(fd, "hello world\n", 12));
    T(write(fd, "", 0));
    T(lseek(fd, 0, SEEK_SET));
    T(read(fd, buffer, 5));
    T(read(fd, buffer, sizeof buffer));
    T(read(fd, buffer, 1));
    T(lseek(fd, -1, SEEK_SET));
    T(lseek(fd, 0, 77));
    T(lseek(fd, 3, SEEK_END));
    T(lseek(99, 0, SEEK_SET));
    T(lseek(fd, 0, SEEK_DATA));
    T(lseek(fd, 0, SEEK_HOLE));
    T(lseek(fd, 100, SEEK_DATA));

    // Bad pointers, bad descriptors, which comes first.
    T(syscall(SYS_read, fd, BAD, 4));
    T(syscall(SYS_lseek, fd, 0, SEEK_SET));
    T(syscall(SYS_read, fd, BAD, 4));
    T(syscall(SYS_read, fd, BAD, 0));
    T(syscall(SYS_read, fd, KERNEL, 4));
    T(syscall(SYS_read, fd, buffer, -1L));
    T(syscall(SYS_read, fd, buffer, 0x7fffffffffffffffL));
    T(syscall(SYS_read, -1, BAD, 4));
    T(syscall(SYS_write, fd, BAD, 4));
    T(syscall(SYS_write, fd, BAD, 0));
    T(syscall(SYS_write, -1, BAD, 4));
    int readonly = T(open("data", O_RDONLY)), writeonly = T(open("data", O_WRONLY));
    T(write(readonly, "a", 1));
    T(read(writeonly, buffer, 1));
    T(read(open(".", O_RDONLY), buffer, 1));
    T(write(open("data", O_PATH), "a", 1));

    // A buffer that ends at an unmapped page.
    char *pages = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(pages + 4096, 4096);
    char *end = pages + 4096 - 4;
    T(pread(fd, end, 8, 0));
    T(pread(fd, end, 4, 0));
    T(pread(fd, end, 8000, 8));
    SHOW(memcmp(end, "rld\n", 4));
    memcpy(end, "abcd", 4);
    T(pwrite(fd, end, 8, 100));
    int p[2];
    T(pipe(p));
    T(write(p[1], "0123456789", 10));
    T(read(p[0], end, 10));
    T(read(p[0], buffer, 4));
    T(fcntl(p[0], F_SETFL, O_NONBLOCK));
    T(read(p[0], buffer, 16));
    T(read(p[0], buffer, 16));
    T(write(p[1], end, 10));
    T(read(p[0], buffer, 16));

    // Positions.
    T(pread(fd, buffer, 4, -1));
    T(pread(p[0], buffer, 4, 0));
    T(pwrite(p[1], buffer, 4, 0));
    T(pwrite(fd, "ABC", 3, 1000));
    T(pread(fd, buffer, 8, 998));
    SHOW(buffer[0]); SHOW(buffer[2]);
    T(pwrite(fd, "x", 1, LONG_MAX));

    // Vectors.
    struct iovec v[3] = {{"one ", 4}, {"two ", 4}, {"three\n", 6}};
    T(ftruncate(fd, 0));
    T(lseek(fd, 0, SEEK_SET));
    T(writev(fd, v, 3));
    T(writev(fd, v, 0));
    T(writev(fd, v, -1));
    T(writev(fd, v, 1025));
    T(syscall(SYS_writev, fd, BAD, 1));
    T(syscall(SYS_writev, -1, BAD, 1));
    char a[4], b[100];
    struct iovec r[3] = {{a, 4}, {b, 0}, {b, 100}};
    T(lseek(fd, 0, SEEK_SET));
    T(readv(fd, r, 3));
    printf("%.4s|%.10s\n", a, b);
    struct iovec bad[2] = {{a, 4}, {BAD, 4}};
    T(lseek(fd, 0, SEEK_SET));
    T(readv(fd, bad, 2));
    T(lseek(fd, 0, SEEK_CUR));
    bad[0].iov_len = -1;
    T(readv(fd, bad, 1));
    bad[0].iov_base = KERNEL; bad[0].iov_len = 4;
    T(readv(fd, bad, 1));
    T(preadv(fd, r, 3, 2));
    T(pwritev(fd, v, 3, 50));
    T(preadv2(fd, r, 3, -1, 0));
    T(lseek(fd, 0, SEEK_CUR));
    T(preadv2(fd, r, 3, 0, RWF_NOWAIT) > 0);
    T(preadv2(fd, r, 3, 0, 0x40000000));
    T(pwritev2(fd, v, 3, 0, RWF_APPEND));
    T(pwritev2(fd, v, 3, -1, RWF_DSYNC));
    T(lseek(fd, 0, SEEK_END));
    T(preadv(fd, r, 3, -5));

    // O_APPEND.
    int append = T(open("data", O_WRONLY | O_APPEND));
    T(pwrite(append, "end", 3, 0));
    T(lseek(append, 0, SEEK_END));

    // Between descriptors.
    int out = T(open("copy", O_RDWR | O_CREAT | O_TRUNC, 0600));
    off_t offset = 4;
    T(sendfile(out, fd, &offset, 10)); SHOW(offset);
    T(lseek(fd, 0, SEEK_SET));
    T(sendfile(out, fd, 0, 5));
    T(sendfile(out, p[0], 0, 5));
    T(sendfile(out, 99, 0, 5));
    T(syscall(SYS_sendfile, out, fd, BAD, 5));
    offset = -1;
    T(sendfile(out, fd, &offset, 5));
    loff_t in = 0, to = 0;
    T(copy_file_range(fd, &in, out, &to, 20, 0)); SHOW(in); SHOW(to);
    T(copy_file_range(fd, 0, out, 0, 20, 1));
    T(copy_file_range(fd, 0, append, 0, 20, 0));
    T(splice(fd, &in, p[1], 0, 10, 0)); SHOW(in);
    T(splice(p[0], 0, out, 0, 4, 0));
    T(splice(fd, 0, out, 0, 4, 0));
    int q[2];
    T(pipe2(q, O_NONBLOCK));
    T(tee(p[0], q[1], 100, 0));
    T(tee(p[0], q[1], 100, 64));
    T(tee(fd, q[1], 100, 0));
    T(read(q[0], buffer, 100));
    T(vmsplice(q[1], v, 3, 0));
    T(read(q[0], buffer, 100));
    T(vmsplice(fd, v, 3, 0));
    T(pipe2(q, 0x10));
    T(syscall(SYS_pipe2, BAD, 0));
    T(fcntl(q[0], F_GETPIPE_SZ));
    T(fcntl(q[0], F_SETPIPE_SZ, 100000));
    T(fcntl(fd, F_GETPIPE_SZ));

    // Broken pipes.
    signal(SIGPIPE, SIG_IGN);
    close(q[0]);
    T(write(q[1], "a", 1));
    close(p[1]);
    while (read(p[0], buffer, 10) > 0)
        ;
    T(read(p[0], buffer, 10));

    T(ioctl(fd, FIONREAD, &offset)); 
    int count = 0;
    T(pipe(q)); T(write(q[1], "12345", 5)); T(ioctl(q[0], FIONREAD, &count)); SHOW(count);
    int one = 1;
    T(ioctl(q[0], FIONBIO, &one)); T(fcntl(q[0], F_GETFL));
    T(ioctl(q[0], FIOCLEX)); T(fcntl(q[0], F_GETFD));
    T(ioctl(q[0], FIONCLEX)); T(fcntl(q[0], F_GETFD));
    T(ioctl(fd, TCGETS, buffer));
    T(ioctl(99, TCGETS, buffer));
    T(ioctl(fd, FIGETBSZ, &count)); SHOW(count);
    T(ioctl(fd, 0x12345678, buffer));

    // A large transfer, page by page elsewhere.
    size_t size = 6 << 20;
    char *large = malloc(size);
    for (size_t i = 0; i < size; i++) large[i] = i * 7 >> 3;
    T(lseek(out, 0, SEEK_SET));
    T(write(out, large, size));
    memset(large, 0, size);
    T(pread(out, large, size, 0));
    int wrong = 0;
    for (size_t i = 0; i < size; i++) wrong += large[i] != (char)(i * 7 >> 3);
    SHOW(wrong);
    remove_directory();
    return 0;
}
