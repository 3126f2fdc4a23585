// Plays a dialogue with a program on a pseudo-terminal, and prints what the terminal shows.
//
//   terminal DIALOGUE PROGRAM [ARG...]
//
// Rows of a dialogue: `wait TEXT` waits until the output since the last wait contains TEXT; `send TEXT` types
// TEXT, where \n is Return and ^C, ^Z, ^D, ^\ are control keys; `size ROWS COLUMNS` resizes the window; # is a
// comment. The output is printed without carriage returns (after a row `quiet`: not at all, only what was waited for
// in vain), and then how the program ended.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static char seen[1 << 20];
static size_t length, mark;
static int master, is_quiet;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

// Reads what there is; returns 0 when the other side is gone.
static int take(int milliseconds) {
  struct pollfd p = {master, POLLIN, 0};
  if (poll(&p, 1, milliseconds) <= 0) return 1;
  ssize_t n = read(master, seen + length, sizeof seen - 1 - length);
  if (n <= 0) return 0;
  length += n;
  return 1;
}

static void await(const char *text) {
  double end = now() + 120;
  for (;;) {
    seen[length] = 0;
    char *at = strstr(seen + mark, text);
    if (at) {
      mark = at - seen + strlen(text);
      return;
    }
    if (now() > end || !take(200)) {
      take(0);
      printf("[no \"%s\" came]\n", text);
      return;
    }
  }
}

static void type(const char *text) {
  for (; *text; text++) {
    char c = *text;
    if (c == '^' && text[1]) c = *++text == '^' ? '^' : *text & 31;
    else if (c == '\\' && text[1] == 'n') c = '\r', text++;
    else if (c == '\\' && text[1] == 't') c = '\t', text++;
    if (write(master, &c, 1) != 1) return;
  }
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  FILE *dialogue = fopen(argv[1], "r");
  master = posix_openpt(O_RDWR | O_NOCTTY);
  if (!dialogue || master < 0 || grantpt(master) || unlockpt(master)) {
    perror("terminal");
    return 2;
  }
  struct winsize size = {24, 80, 0, 0};
  ioctl(master, TIOCSWINSZ, &size);
  char *name = ptsname(master);
  pid_t child = fork();
  if (child == 0) {
    setsid();
    int fd = open(name, O_RDWR);
    ioctl(fd, TIOCSCTTY, 0);
    dup2(fd, 0), dup2(fd, 1), dup2(fd, 2);
    if (fd > 2) close(fd);
    close(master), fclose(dialogue);
    execv(argv[2], argv + 2);
    perror(argv[2]);
    _exit(127);
  }
  char row[4096];
  while (fgets(row, sizeof row, dialogue)) {
    row[strcspn(row, "\n")] = 0;
    if (!strncmp(row, "wait ", 5)) await(row + 5);
    else if (!strncmp(row, "send ", 5)) type(row + 5);
    else if (!strcmp(row, "quiet")) is_quiet = 1;
    else if (sscanf(row, "size %hu %hu", &size.ws_row, &size.ws_col) == 2) ioctl(master, TIOCSWINSZ, &size);
  }
  double end = now() + 120;
  while (take(200) && now() < end) {}
  int status = 0;
  if (waitpid(child, &status, WNOHANG) == 0) {
    while (now() < end && waitpid(child, &status, WNOHANG) == 0) usleep(20000);
    kill(child, SIGKILL);
  }
  // Busybox asks for the cursor's place unless the next key is there already.
  static const char where[] = "\033[6n";
  for (size_t i = 0; i < length && !is_quiet; i++)
    if (!memcmp(seen + i, where, 4)) i += 3;
    else if (seen[i] != '\r') putchar(seen[i]);
  if (WIFEXITED(status)) printf("\n[exit %d]\n", WEXITSTATUS(status));
  else printf("\n[signal %d]\n", WTERMSIG(status));
  return 0;
}
