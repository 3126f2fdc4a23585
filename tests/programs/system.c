// Identity, limits, names, options, getopt, locale, random numbers, auxiliary vector, /proc.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <glob.h>
#include <grp.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <pwd.h>
#include <regex.h>
#include <sched.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>
// Two values, the first one first: the order in which arguments are evaluated is the compiler's.
#define SHOW(a, b) do { long a_ = (long)(a), b_ = (long)(b); printf("%ld %ld\n", a_, b_); } while (0)
int main(int argc, char **argv) {
  char *args[] = {"x", "-a", "--beta=5", "file", "-c3", "--gamma", "--", "-z", 0};
  struct option options[] = {{"beta", 1, 0, 'b'}, {"gamma", 0, 0, 'g'}, {0}};
  int c;
  while ((c = getopt_long(8, args, "ab:c:", options, 0)) != -1) printf("%c %s\n", c, optarg ? optarg : "");
  printf("%d\n", optind);
  struct utsname u;
  uname(&u), printf("%s %s\n", u.sysname, u.machine);
  SHOW(getuid() == geteuid(), getgid() == getegid());
  struct rlimit r;
  SHOW(getrlimit(RLIMIT_STACK, &r), r.rlim_cur > 100000);
  r.rlim_cur = 50, r.rlim_max = 60, setrlimit(RLIMIT_NOFILE, &r), getrlimit(RLIMIT_NOFILE, &r);
  SHOW((int)r.rlim_cur, (int)r.rlim_max);
  printf("%ld %ld %d\n", sysconf(_SC_PAGESIZE), sysconf(_SC_CLK_TCK), sysconf(_SC_NPROCESSORS_ONLN) >= 1);
  printf("%d\n", prctl(PR_SET_NAME, "renamed"));
  char name[16];
  prctl(PR_GET_NAME, name), puts(name);
  FILE *f = fopen("/proc/self/comm", "r");
  char line[1000];
  fgets(line, 100, f), printf("%s", line);
  unsigned char a[16] = {0}, b[16] = {0};
  getrandom(a, 16, 0), getrandom(b, 16, 0), printf("%d\n", memcmp(a, b, 16) != 0);
  printf("%ld %d %d %d\n", getauxval(AT_PAGESZ), getauxval(AT_RANDOM) != 0, getauxval(AT_PHDR) != 0, getauxval(AT_SECURE) == 0);
  SHOW(getauxval(AT_CLKTCK), getauxval(AT_EXECFN) != 0 && strstr((char *)getauxval(AT_EXECFN), "system") != 0);
  SHOW(syscall(1000), errno);
  SHOW((int)syscall(SYS_getpid) == getpid(), (int)syscall(SYS_gettid) == getpid());
  setlocale(LC_ALL, "C"), printf("%s %s\n", localeconv()->decimal_point, setlocale(LC_ALL, 0));
  wchar_t wide[50];
  swprintf(wide, 50, L"%ls %d", L"wide", 7), printf("%ls %zu\n", wide, wcslen(wide));
  regex_t re;
  regmatch_t match[3];
  regcomp(&re, "([a-z]+)=([0-9]+)", REG_EXTENDED);
  printf("%d", regexec(&re, "see key=42!", 3, match, 0)), printf(" %d %d %d\n", match[1].rm_so, match[2].rm_so, match[2].rm_eo);
  glob_t g;
  glob("*.txt", 0, 0, &g);
  for (unsigned i = 0; i < g.gl_pathc; i++) printf("%s ", g.gl_pathv[i]);
  puts("");
  cpu_set_t set;
  SHOW(sched_getaffinity(0, sizeof set, &set) >= 0, CPU_COUNT(&set) > 0);
  SHOW(sched_yield(), getpriority(PRIO_PROCESS, 0));
  struct sysinfo s;
  SHOW(sysinfo(&s), s.totalram > 0 && s.uptime > 0);
  struct termios t;
  SHOW(tcgetattr(0, &t), errno);
  SHOW(isatty(1), errno);
  printf("%d\n", umask(022) >= 0);
  char path[PATH_MAX], *here = getcwd(path, sizeof path);
  printf("%d\n", here && !strcmp(here, getenv("PWD")));
  printf("%d\n", (int)readlink("/proc/self/exe", path, sizeof path) > 0 && strstr(path, "system") != 0);
  printf("%s %s\n", getenv("TZ"), getenv("NOSUCH") ? "set" : "unset");
  SHOW(gethostname(path, 64), strlen(path) > 0);
  srand(1);
  int x = rand(), y = rand();
  printf("%d %ld %.6f\n", x != y, labs(-5), atof("2.5e-3"));
  srand48(42), printf("%.12f %ld\n", drand48(), lrand48());
  div_t d = div(-17, 5);
  SHOW(d.quot, d.rem);
  f = fopen("/proc/self/status", "r");
  while (fgets(line, sizeof line, f))
    if (!strncmp(line, "Name:", 5)) printf("%s", line);
  f = fopen("/proc/cpuinfo", "r"), fgets(line, 100, f), printf("%s", line);
  printf("%d\n", access("/proc/self/fd/1", F_OK));
  return 0;
}
