// Thread-local storage in the program, in its libraries and in libraries loaded while threads run; functions that are
// chosen when the library is loaded; weak symbols, constructors, interposition.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls.h"

__thread int in_program = 7;
static __thread char big[5000] = "big";
static pthread_barrier_t barrier;
static int *(*late)(void);

static void *work(void *argument) {
  long me = (long)argument;
  int sum = 0;
  for (int i = 0; i < 100; i++) in_program += me, *in_library() += me, sum += chosen(i);
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  for (int i = 0; i < 100; i++) *late() += me;
  big[0] += me;
  long *result = malloc(5 * sizeof *result);
  result[0] = in_program, result[1] = *in_library(), result[2] = *late(), result[3] = big[0], result[4] = sum;
  return result;
}

static int count(struct dl_phdr_info *info, size_t size, void *data) {
  if (strstr(info->dlpi_name, "libtls.so") || strstr(info->dlpi_name, "liblate.so"))
    printf("library %s tls %d\n", strrchr(info->dlpi_name, '/') + 1, info->dlpi_tls_modid > 0);
  return 0;
}

extern int absent(void) __attribute__((weak));

int main(int argc, char **argv) {
  pthread_t threads[6];
  printf("chosen %d, %s, weak %d\n", chosen(5), name(), absent ? absent() : -1);
  pthread_barrier_init(&barrier, NULL, 7);
  for (long i = 0; i < 6; i++) pthread_create(&threads[i], NULL, work, (void *)i);
  pthread_barrier_wait(&barrier);
  void *library = dlopen("./liblate.so", RTLD_LAZY);
  if (!library) return puts(dlerror()), 1;
  late = (int *(*)(void))dlsym(library, "late");
  dl_iterate_phdr(count, NULL);
  pthread_barrier_wait(&barrier);
  for (int i = 0; i < 6; i++) {
    long *result;
    pthread_join(threads[i], (void **)&result);
    printf("%d: %ld %ld %ld %ld %ld\n", i, result[0], result[1], result[2], result[3], result[4]);
    free(result);
  }
  printf("mine %d %d %d\n", in_program, *in_library(), *late());
  Dl_info info;
  int found = dladdr((void *)late, &info);
  printf("address %d %s\n", found, info.dli_sname);
  void *missing = dlsym(library, "missing");
  const char *error = dlerror();
  printf("missing %p %s\n", missing, error && strstr(error, "undefined") ? "undefined" : "?");
  printf("close %d\n", dlclose(library));
  printf("none %p\n", dlopen("./libnone.so", RTLD_NOW));
  for (int i = 0; i < 20; i++) {
    void *again = dlopen("./liblate.so", RTLD_NOW | RTLD_LOCAL);
    int *(*function)(void) = (int *(*)(void))dlsym(again, "late");
    *function() += i;
    if (i == 19) printf("last %d\n", *function());
    dlclose(again);
  }
  void *other = dlmopen(LM_ID_NEWLM, "./liblate.so", RTLD_NOW);
  printf("namespace %d\n", other != NULL);
  return getenv("CODE") ? atoi(getenv("CODE")) : 0;
}
