// stdio and the file calls: streams, seeking, directories, links, times, locks, sparse files.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>
#define TRY(e) do { errno = 0; long r_ = (long)(e); printf("%s = %ld %s\n", #e, r_, r_ < 0 ? strerrorname(errno) : ""); } while (0)
static const char *strerrorname(int e) { static char t[20]; sprintf(t, "errno %d", e); return t; }
static int name_order(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }
int main(void) {
  FILE *f = fopen("out.txt", "w+");
  for (int i = 0; i < 1000; i++) fprintf(f, "line %d\n", i);
  printf("%ld\n", ftell(f));
  fseek(f, 500, SEEK_SET);
  char line[100];
  fgets(line, sizeof line, f), fgets(line, sizeof line, f);
  fputs(line, stdout);
  rewind(f);
  int n = 0, c;
  while ((c = getc(f)) != EOF) n += c == '\n';
  printf("%d %d %d\n", n, feof(f), ferror(f));
  ungetc('x', f), printf("%c\n", getc(f));
  fseek(f, 0, SEEK_END), fputs("end", f), fclose(f);
  TRY(open("missing", O_RDONLY));
  TRY(open("dir", O_WRONLY));
  TRY(open("words", O_CREAT | O_EXCL, 0644));
  TRY(open("words/x", O_RDONLY));
  TRY(open("words", O_RDONLY | O_DIRECTORY));
  int fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0640);
  TRY(write(fd, "hello world", 11));
  TRY(pwrite(fd, "J", 1, 0));
  TRY(lseek(fd, 100000, SEEK_SET));
  TRY(write(fd, "far", 3));
  TRY(lseek(fd, -3, SEEK_CUR));
  TRY(lseek(fd, -200000, SEEK_CUR));
  TRY(ftruncate(fd, 20));
  TRY(lseek(fd, 0, SEEK_END));
  char buf[50] = {0};
  TRY(pread(fd, buf, 50, 0));
  puts(buf);
  struct iovec v[3] = {{"ab", 2}, {"cde", 3}, {"f", 1}};
  lseek(fd, 0, SEEK_SET);
  TRY(writev(fd, v, 3));
  struct iovec w[2] = {{buf, 3}, {buf + 10, 5}};
  TRY(preadv(fd, w, 2, 0));
  printf("%.3s %.5s\n", buf, buf + 10);
  struct stat s;
  TRY(fstat(fd, &s));
  printf("%o %ld %ld %ld\n", s.st_mode, (long)s.st_size, (long)s.st_nlink, (long)s.st_blksize);
  TRY(fchmod(fd, 0600));
  TRY(stat("dir", &s));
  printf("%d %o\n", S_ISDIR(s.st_mode), s.st_mode & 07777);
  TRY(lstat("missing", &s));
  TRY(link("data", "hard"));
  TRY(symlink("data", "soft"));
  TRY(readlink("soft", buf, 50));
  TRY(rename("hard", "renamed"));
  TRY(access("renamed", R_OK | W_OK));
  TRY(access("renamed", X_OK));
  TRY(mkdir("d", 0755));
  TRY(mkdir("d", 0755));
  TRY(rmdir("dir"));
  TRY(rmdir("d"));
  TRY(unlink("soft"));
  TRY(unlink("dir"));
  TRY(chdir("dir"));
  TRY(chdir(".."));
  struct timespec t[2] = {{1000000000, 5}, {1100000000, 7}};
  TRY(futimens(fd, t));
  fstat(fd, &s);
  printf("%ld %ld %ld\n", (long)s.st_atim.tv_sec, (long)s.st_mtim.tv_sec, (long)s.st_mtim.tv_nsec);
  TRY(flock(fd, LOCK_EX | LOCK_NB));
  struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 10};
  TRY(fcntl(fd, F_SETLK, &l));
  TRY(fcntl(fd, F_GETFL));
  TRY(fcntl(fd, F_GETFD));
  TRY(fcntl(fd, F_SETFD, FD_CLOEXEC));
  TRY(fcntl(fd, F_GETFD));
  TRY(dup2(fd, 20));
  TRY(fcntl(20, F_GETFD));
  TRY(fcntl(fd, F_DUPFD, 30));
  TRY(close(30));
  TRY(close(30));
  int other = open("copy", O_RDWR | O_CREAT, 0644);
  off_t from = 0;
  TRY(sendfile(other, fd, &from, 10));
  TRY(copy_file_range(fd, &(off_t){0}, other, 0, 5, 0));
  TRY(fallocate(other, 0, 0, 5000));
  TRY(posix_fadvise(other, 0, 0, POSIX_FADV_SEQUENTIAL));
  TRY(fsync(other));
  struct dirent **list;
  int count = scandir(".", &list, 0, name_order);
  for (int i = 0; i < count; i++) printf("%s:%d ", list[i]->d_name, list[i]->d_type);
  puts("");
  FILE *m = open_memstream(&(char *){0}, &(size_t){0});
  printf("%d\n", m != 0);
  FILE *tmp = tmpfile();
  fputs("temporary", tmp), rewind(tmp), fgets(buf, 50, tmp), puts(buf);
  struct statvfs vfs;
  TRY(statvfs(".", &vfs));
  printf("%lu\n", vfs.f_namemax);
  TRY(truncate("copy", 3));
  TRY(mkfifo("fifo", 0600));
  TRY(openat(AT_FDCWD, "fifo", O_WRONLY | O_NONBLOCK));
  TRY(faccessat(AT_FDCWD, "words", F_OK, 0));
  TRY(read(-1, buf, 1));
  TRY(read(fd, (void *)8, 10));
  TRY(write(fd, (void *)8, 10));
  TRY(open((char *)8, O_RDONLY));
  return 0;
}
