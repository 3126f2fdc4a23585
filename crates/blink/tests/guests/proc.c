/* Looks at itself through /proc, in terms that do not depend on where things lie. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <signal.h>

extern char __executable_start[], etext[], edata[], end[];
static char buffer[1 << 20];

static long slurp(const char *path) {
  int fd = open(path, O_RDONLY);
  if (fd < 0) {
    printf("%s: %s\n", path, strerrorname_np(errno));
    return -1;
  }
  long size = 0, count;
  while ((count = read(fd, buffer + size, 1000)) > 0) size += count;
  close(fd);
  buffer[size] = 0;
  return size;
}

static void show(const char *path) {
  long size = slurp(path);
  printf("%s %ld:", path, size);
  for (long i = 0; i < size && i < 200; i++) putchar(buffer[i] ? buffer[i] : '~');
  printf("\n");
}

static void line(const char *path, const char *name) {
  slurp(path);
  char *at = strstr(buffer, name);
  printf("%.*s\n", at ? (int)strcspn(at, "\n") : 4, at ? at : "none");
}

static void area(uint64_t address) {
  slurp("/proc/self/maps");
  for (char *at = strtok(buffer, "\n"); at; at = strtok(0, "\n")) {
    uint64_t start, stop;
    char rest[300] = "";
    sscanf(at, "%lx-%lx %299[^\n]", &start, &stop, rest);
    if (start <= address && address < stop) {
      char *slash = strrchr(rest, '/');
      printf("area +%lx size %lx %.5s %s column %d\n", address - start, stop - start, rest, slash ? slash : "", slash ? (int)(strchr(at, '/') - at) : 0);
      return;
    }
  }
  printf("no area\n");
}

int main(int argc, char **argv, char **envp) {
  char path[100], text[300];
  show("/proc/self/cmdline");
  show("/proc/self/environ");
  show("/proc/self/comm");
  show("/proc/thread-self/comm");
  sprintf(path, "/proc/%d/cmdline", getpid());
  printf("%d ", (int)slurp(path));
  puts(buffer);
  /* Titles: within the arguments, and over their end. */
  argv[0][0] = '!';
  show("/proc/self/cmdline");
  memset(argv[0], 'z', strlen(argv[0]) + 1);
  if (argc == 1) show("/proc/self/cmdline");
  envp[0][0] = '?';
  show("/proc/self/environ");
  prctl(PR_SET_NAME, "a new name of more than 15");
  show("/proc/self/comm");
  line("/proc/self/status", "Name:");

  slurp("/proc/self/stat");
  printf("comm %.*s\n", (int)(strrchr(buffer, ')') - strchr(buffer, '(')) + 1, strchr(buffer, '('));
  char *field = strrchr(buffer, ')') + 2;
  uint64_t fields[60] = {0};
  int count = 2;
  for (char *word = strtok(field, " \n"); word; word = strtok(0, " \n")) fields[++count] = strtoul(word, 0, 10);
  printf("fields %d ppid %d threads %lu\n", count, fields[4] == (uint64_t)getppid(), fields[20]);
  uint64_t stack = (uint64_t)&stack;
  printf("code %lx %d stack %d data %d %d brk %d\n", fields[26] - (uint64_t)__executable_start, fields[27] >= (uint64_t)etext,
         fields[28] > stack, fields[45] <= (uint64_t)edata, fields[46] >= (uint64_t)edata - 64, fields[47] % 4096 == 0);
  printf("arguments %d %d environment %d\n", fields[48] == (uint64_t)argv[0], fields[49] == (uint64_t)envp[0], fields[50] == fields[49]);
  printf("vsize %d\n", fields[23] > 100000 && fields[23] < 100000000);

  uint64_t vector[60] = {0};
  int fd = open("/proc/self/auxv", O_RDONLY);
  int size = read(fd, vector, sizeof vector);
  close(fd);
  int same = 1;
  for (int i = 0; i < size / 16 && vector[2 * i]; i++) same &= getauxval(vector[2 * i]) == vector[2 * i + 1];
  printf("auxv multiple of 16: %d same: %d\n", size % 16, same);

  signal(SIGUSR1, SIG_IGN);
  signal(SIGUSR2, (void (*)(int))main);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGHUP);
  sigprocmask(SIG_BLOCK, &set, 0);
  raise(SIGHUP);
  for (int i = 0; i < 3; i++) line("/proc/self/status", (const char *[]){"SigBlk", "SigIgn", "SigCgt"}[i]);
  line("/proc/self/status", "SigPnd");
  line("/proc/self/status", "Uid:");
  line("/proc/self/status", "Threads:");

  area((uint64_t)main);
  char *page = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  mprotect(page + 4096, 4096, PROT_READ | PROT_EXEC);
  area((uint64_t)page + 5000);
  fd = open("some file", O_RDWR | O_CREAT | O_TRUNC, 0644);
  ftruncate(fd, 10000);
  char *file = mmap(0, 8192, PROT_READ, MAP_PRIVATE, fd, 4096);
  area((uint64_t)file + 4096);

  int high = fcntl(fd, F_DUPFD, 100);
  DIR *directory = opendir("/proc/self/fd");
  struct dirent *entry;
  int names[50], n = 0;
  while ((entry = readdir(directory)))
    if (entry->d_name[0] != '.') names[n++] = atoi(entry->d_name);
  for (int i = 0; i < n; i++)
    for (int k = i + 1; k < n; k++)
      if (names[k] < names[i]) { int t = names[i]; names[i] = names[k]; names[k] = t; }
  for (int i = 0; i < n; i++)
    if (names[i] < 3 || names[i] == fd || names[i] == high || names[i] == dirfd(directory)) printf("fd %d\n", names[i]);
    else if (fcntl(names[i], F_GETFD) < 0) printf("fd %d is not open\n", names[i]);
  closedir(directory);
  sprintf(path, "/proc/self/fd/%d", high);
  size = readlink(path, text, sizeof text - 1);
  text[size] = 0;
  printf("link %.*s\n", (int)(size - (strrchr(text, '/') - text)), strrchr(text, '/'));
  size = readlink("/proc/self/exe", text, sizeof text - 1);
  text[size < 0 ? 0 : size] = 0;
  printf("exe %s\n", text);
  struct stat exe, self;
  printf("stat %d ", stat("/proc/self/exe", &exe));
  stat(text, &self);
  printf("%d\n", exe.st_ino == self.st_ino);
  lstat("/proc/self/exe", &exe);
  printf("lstat %o\n", exe.st_mode);
  stat("/proc/self/maps", &exe);
  printf("maps %o %ld\n", exe.st_mode, exe.st_size);
  fd = open("/proc/self/maps", O_RDONLY);
  printf("pread %d", pread(fd, buffer, 10, 5) == 10);
  printf(" seek %ld\n", lseek(fd, 0, SEEK_SET));
  printf("write %s\n", write(fd, "x", 1) < 0 ? strerrorname_np(errno) : "ok");
  close(fd);
  printf("open to write: %s\n", open("/proc/self/maps", O_WRONLY) < 0 ? strerrorname_np(errno) : "ok");
  int maps = open("/proc/self", O_RDONLY | O_DIRECTORY);
  fd = openat(maps, "cmdline", O_RDONLY);
  printf("openat %d\n", (int)read(fd, buffer, 1000) > 0);
  chdir("/proc/self");
  printf("relative %d\n", slurp("stat") > 0);
  fflush(stdout);
  if (!fork()) {
    sprintf(path, "/proc/%d/exe", getppid());
    size = readlink(path, text, sizeof text - 1);
    text[size < 0 ? 0 : size] = 0;
    printf("parent's exe %s\n", text);
    sprintf(path, "/proc/%d/comm", getppid());
    slurp(path);
    printf("parent's name %s", buffer);
    return 0;
  }
  wait(0);
  slurp("/proc/cpuinfo");
  printf("sse2 %d fpu %d\n", !!strstr(buffer, " sse2"), !!strstr(buffer, "fpu\t\t: yes"));
  for (char **name = (char *[]){"/proc/self/limits", "/proc/self/io", "/proc/self/mounts", "/proc/meminfo", "/proc/version", "/proc/sys/kernel/ostype", "/proc/uptime", "/proc/self/nosuch", "/proc/self/task/1/comm", "/proc/self/smaps", "/proc/self/statm", 0}; *name; name++)
    printf("%s %d\n", *name, slurp(*name) > 0);
  return 0;
}
