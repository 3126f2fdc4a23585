// Stands before others' functions.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *name(void) { return "the preloaded name"; }

// What `ls` shows as file names.
struct dirent *readdir(void *dir) {
  static void *(*next)(void *);
  if (!next) next = (void *(*)(void *))dlsym(RTLD_NEXT, "readdir");
  for (;;) {
    char *entry = next(dir);
    if (!entry || strncmp(entry + 19, "words", 5)) return (struct dirent *)entry;
  }
}

uid_t geteuid(void) { return 4242; }

__attribute__((constructor)) static void begin(void) {
  static const char text[] = "preloaded\n";
  if (write(2, text, sizeof text - 1) < 0) _exit(1);
}
