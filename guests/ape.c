// The body of the Actually Portable Executables: what such programs do when they start, on musl.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char initialised[3000] = "initialised";
static char zeroed[5000];
static volatile int signalled;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int shared;

static void say(const char *s) { write(1, s, strlen(s)); }

static void yes(const char *what, int is) { say(what), say(is ? ": yes\n" : ": no\n"); }

static void handler(int s) { signalled = s; }

static void *thread(void *arg) {
  for (int i = 0; i < 1000; i++) pthread_mutex_lock(&lock), shared++, pthread_mutex_unlock(&lock);
  return arg;
}

#ifdef WRITABLE
// Returns a number that its own code holds, at the start so that the program can change it.
__asm__(".text\nnumber:\n\tmov $7, %eax\n\tret\n");
extern unsigned char number[];
#endif

static unsigned word(const unsigned char *p) { return p[0] | p[1] << 8 | p[2] << 16 | (unsigned)p[3] << 24; }

// Prints the first file of the zip store at the end of the program's own file.
static void store(void) {
  static unsigned char tail[1024];
  const char *path = (const char *)getauxval(AT_EXECFN);
  int fd = open(path, O_RDONLY);
  if (fd < 0) { say("cannot open itself\n"); return; }
  off_t size = lseek(fd, 0, SEEK_END);
  long n = pread(fd, tail, sizeof tail, size - sizeof tail);
  for (long i = n - 22; i >= 0; i--) {
    if (memcmp(tail + i, "PK\5\6", 4)) continue;
    unsigned char entry[64], local[30];
    static char text[256];
    pread(fd, entry, 46, word(tail + i + 16));
    unsigned at = word(entry + 42), length = word(entry + 20);
    pread(fd, local, 30, at);
    pread(fd, text, length < 255 ? length : 255, at + 30 + local[26] + local[28]);
    say(text);
    return;
  }
  say("no store\n");
}

int main(int argc, char **argv) {
  say("hello from an actually portable executable\n");
  for (int i = 1; i < argc; i++) say("argument "), say(argv[i]), say("\n");
  store();

  char link[4096] = {0};
  struct stat a, b;
  long n = readlink("/proc/self/exe", link, sizeof link - 1);
  yes("/proc/self/exe is its own file", n > 0 && !stat(link, &a) && !stat((char *)getauxval(AT_EXECFN), &b) && a.st_ino == b.st_ino);

  // Numbers that belong to other systems, and one that no system has.
  long odd[] = {0x2000004, 4095, 600, 0xfffffff};
  for (int i = 0; i < 4; i++) yes("odd call answers ENOSYS", syscall(odd[i], 1, link, 0) == -1 && errno == ENOSYS);

  int zeros = 1;
  for (unsigned i = 0; i < sizeof zeroed; i++) zeros &= zeroed[i] == 0;
  yes("data is there and bss is zero", !strcmp(initialised, "initialised") && zeros);
  initialised[0] = 'I', zeroed[4999] = 1;
  yes("data can be written", initialised[0] + zeroed[4999] == 'I' + 1);
#ifdef WRITABLE
  int before = ((int (*)(void))number)();
  number[1] = 42;
  yes("text can be written", before == 7 && ((int (*)(void))number)() == 42);
#endif

  signal(SIGUSR1, handler), raise(SIGUSR1);
  yes("signal", signalled == SIGUSR1);
  pthread_t t[2];
  void *result;
  for (long i = 0; i < 2; i++)
    if (pthread_create(&t[i], 0, thread, (void *)(i + 5))) say("no thread\n"), exit(1);
  pthread_join(t[0], &result), pthread_join(t[1], 0);
  yes("threads", (long)result == 5 && shared == 2000);
  pid_t pid = fork();
  if (pid == 0) _exit(77);
  int status;
  yes("fork", waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 77);
  return 40 + argc;
}
