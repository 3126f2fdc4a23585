// The name of a process, as it sets it and as /proc tells it.
// emulated: no
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
static void show(const char *path) {
  char line[300];
  FILE *f = fopen(path, "r");
  while (f && fgets(line, sizeof line, f)) {
    char *open = strchr(line, '('), *close = strrchr(line, ')');
    if (strstr(path, "stat") && open && close) printf("%.*s state %c\n", (int)(close - open + 1), open, close[2]);
    else if (!strncmp(line, "Name:", 5) || strstr(path, "comm")) printf("%s", line);
  }
  if (f) fclose(f);
}
int main(void) {
  const char *names[] = {"short", "exactly-15-char", "longer than fifteen characters", "odd) name (", ""};
  for (int i = 0; i < 5; i++) {
    char name[17] = {0};
    prctl(PR_SET_NAME, names[i]), prctl(PR_GET_NAME, name), printf("<%s>\n", name);
    show("/proc/self/comm"), show("/proc/self/stat"), show("/proc/self/status");
  }
  return 0;
}
