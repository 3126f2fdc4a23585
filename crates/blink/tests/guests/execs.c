/* Tries execve on all kinds of bad files and prints the errors, or how the child died. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *self;

static void try_argv(const char *label, const char *path, char **argv) {
  fflush(stdout);
  pid_t pid = fork();
  if (!pid) {
    char *envp[] = {"E=1", 0};
    execve(path, argv, envp);
    printf("%s: %s\n", label, strerrorname_np(errno));
    fflush(stdout);
    _exit(77);
  }
  int status;
  waitpid(pid, &status, 0);
  if (WIFSIGNALED(status)) printf("%s: killed by %d\n", label, WTERMSIG(status));
  else if (WEXITSTATUS(status) != 77) printf("%s: exit %d\n", label, WEXITSTATUS(status));
}

static void try(const char *path) {
  char *argv[] = {(char *)path, "argument", 0};
  try_argv(path, path, argv);
}

static void put(const char *path, const void *data, size_t size, int mode) {
  unlink(path);
  int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0700);
  if (write(fd, data, size) != (ssize_t)size) perror(path);
  fchmod(fd, mode);
  close(fd);
}

static void text(const char *path, const char *data) { put(path, data, strlen(data), 0755); }

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "start")) {
    for (int i = 0; i < argc; i++) printf("[%s]", argv[i]);
    char name[17] = "";
    prctl(PR_GET_NAME, name);
    printf(" E=%s comm=%s\n", getenv("E") ? getenv("E") : "none", name);
    return 5;
  }
  self = argv[0];
  static char elf[1 << 21];
  int fd = open("/proc/self/exe", O_RDONLY);
  size_t size = read(fd, elf, sizeof elf);
  close(fd);
  try(self);
  try("nosuch");
  try("");
  try("/");
  text("plain", "x");
  try("plain/x");
  chmod("plain", 0644);
  text("text", "echo hello\n");
  try("text");
  text("empty", "");
  try("empty");
  put("noexec", elf, size, 0644);
  try("noexec");
  text("lost", "#!nosuch\n");
  try("lost");
  text("todir", "#!/\n");
  try("todir");
  text("tonoexec", "#!noexec\n");
  try("tonoexec");
  text("bad", "#!\n");
  try("bad");
  text("bare", "#!");
  try("bare");
  text("totext", "#!./text\n");
  try("totext");
  text("loop", "#!./loop\n");
  try("loop");
  char line[400];
  for (int i = 0; i < 7; i++) {
    char name[20];
    snprintf(name, sizeof name, "chain%d", i);
    if (i) snprintf(line, sizeof line, "#!./chain%d %d\n", i - 1, i);
    else snprintf(line, sizeof line, "#!%s zero\n", self);
    text(name, line);
    char path[24];
    snprintf(path, sizeof path, "./%s", name);
    try(path);
  }
  memset(line, 'a', sizeof line);
  memcpy(line, "#!", 2);
  line[399] = 0;
  text("long", line);
  try("long");
  symlink("nosuch", "dangling");
  try("dangling");
  symlink("self", "self");
  try("self");
  mkfifo("fifo", 0755);
  try("fifo");
  try("/dev/null");
  memset(line, 'b', 300);
  line[300] = 0;
  try_argv("name", line, argv);

  struct { const char *name; int at; unsigned char value; } changes[] = {
      {"magic", 1, 'X'}, {"machine", 18, 183}, {"type", 16, 1}, {"phentsize", 54, 55}, {"phnum", 56, 0}, {"phoff", 39, 0x10},
      {"memsz", 64 + 47, 0xff}, {"filesz", 64 + 36, 1}, {"vaddr", 64 + 23, 0x80}, {"offset", 64 + 8, 1},
  };
  for (unsigned i = 0; i < sizeof changes / sizeof *changes; i++) {
    unsigned char old = elf[changes[i].at];
    elf[changes[i].at] = changes[i].value;
    put(changes[i].name, elf, size, 0755);
    elf[changes[i].at] = old;
    try(changes[i].name);
  }
  put("cut20", elf, 20, 0755);
  try("cut20");
  put("cut100", elf, 100, 0755);
  try("cut100");
  put("busy", elf, size, 0755);
  fd = open("busy", O_WRONLY);
  try("busy");
  close(fd);
  try("busy");

  /* A PT_INTERP in the place of the first program header. */
  char saved[56];
  memcpy(saved, elf + 64, 56);
  memset(elf + 64, 0, 56);
  elf[64] = 3;
  *(long *)(elf + 64 + 8) = 0x300;
  *(long *)(elf + 64 + 32) = 7;
  char old[16];
  memcpy(old, elf + 0x300, 16);
  const char *interpreters[] = {"nosuch", "empty\0", "text\0\0", "noexec", "fifo\0\0", "nozero"};
  for (int i = 0; i < 6; i++) {
    memcpy(elf + 0x300, interpreters[i], 7);
    if (i == 5) elf[0x306] = 'x';
    put("interp", elf, size, 0755);
    try_argv(interpreters[i], "interp", argv);
  }
  memcpy(elf + 0x300, old, 16);
  memcpy(elf + 64, saved, 56);

  char *big = malloc(200000);
  memset(big, 'x', 200000);
  big[131071] = 0;
  char *fits[] = {self, big, 0};
  char *huge[] = {self, big + 1, 0};
  fflush(stdout);
  int null = open("/dev/null", O_WRONLY), out = dup(1);
  dup2(null, 1);
  try_argv("fits", self, fits);
  fflush(stdout);
  dup2(out, 1);
  big[131071] = 'x';
  big[131072] = 0;
  huge[1] = big;
  try_argv("huge", self, huge);
  big[1000] = 0;
  static char *many[5000];
  for (int i = 0; i < 4000; i++) many[i] = big;
  many[0] = self;
  try_argv("many", self, many);
  try_argv("fault", self, (char **)16);
  errno = 0;
  if (execve((char *)16, argv, 0) < 0) printf("path: %s\n", strerrorname_np(errno));
  char *none[] = {0};
  try_argv("none", self, none);
  /* By descriptor, with and without close-on-exec; a script by descriptor. */
  char *words[] = {"word", "x", 0};
  for (int flags = 0; flags <= O_CLOEXEC; flags += O_CLOEXEC) {
    fflush(stdout);
    if (!fork()) {
      fd = open(self, O_RDONLY | flags);
      fexecve(fd, words, words + 2);
      printf("fexecve: %s\n", strerrorname_np(errno));
      fflush(stdout);
      _exit(1);
    }
    wait(0);
    fflush(stdout);
    if (!fork()) {
      fd = open("./chain1", O_RDONLY | flags);
      dup2(fd, 20);
      if (flags) fcntl(20, F_SETFD, FD_CLOEXEC);
      fexecve(20, words, words + 2);
      printf("fexecve script: %s\n", strerrorname_np(errno));
      fflush(stdout);
      _exit(1);
    }
    wait(0);
  }
  return 0;
}
