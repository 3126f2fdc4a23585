// Clocks, sleeping, calendars and timers: the facts that do not depend on the moment.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>
// Two values, the first one first: the order in which arguments are evaluated is the compiler's.
#define SHOW(a, b) do { long a_ = (long)(a), b_ = (long)(b); printf("%ld %ld\n", a_, b_); } while (0)
static double now(int clock) { struct timespec t; clock_gettime(clock, &t); return t.tv_sec + t.tv_nsec / 1e9; }
static volatile int ticks;
static void tick(int s) { ticks++; }
int main(void) {
  double a = now(CLOCK_MONOTONIC);
  usleep(30000);
  double b = now(CLOCK_MONOTONIC);
  SHOW(b - a >= 0.03, b - a < 5);
  SHOW(time(0) > 1700000000, labs((long)now(CLOCK_REALTIME) - (long)time(0)) < 2);
  struct timeval tv;
  gettimeofday(&tv, 0), printf("%d\n", labs(tv.tv_sec - time(0)) < 2);
  struct timespec r;
  SHOW(clock_getres(CLOCK_MONOTONIC, &r), r.tv_nsec);
  SHOW(clock_gettime(99, &r), errno);
  time_t t = 1234567890;
  struct tm tm;
  gmtime_r(&t, &tm);
  char text[100];
  strftime(text, 100, "%A %d %B %Y %H:%M:%S %j %U %Z", &tm), puts(text);
  setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1), tzset();
  for (t = 0; t < 2000000000; t += 123456789) localtime_r(&t, &tm), strftime(text, 100, "%F %T %Z %z", &tm), puts(text);
  tm.tm_mon += 14, tm.tm_isdst = -1, printf("%ld\n", (long)mktime(&tm));
  strptime("2024-02-29 23:59:59", "%Y-%m-%d %H:%M:%S", &tm), printf("%d %d\n", tm.tm_mday, tm.tm_sec);
  clock_t c = clock();
  for (volatile int i = 0; i < 3000000; i++) {}
  printf("%d\n", clock() >= c);
  struct rusage u;
  SHOW(getrusage(RUSAGE_SELF, &u), u.ru_maxrss > 0);
  struct tms tms;
  printf("%d\n", times(&tms) != (clock_t)-1);
  signal(SIGALRM, tick);
  struct itimerval it = {{0, 10000}, {0, 10000}}, old;
  setitimer(ITIMER_REAL, &it, 0);
  while (ticks < 5) pause();
  memset(&it, 0, sizeof it), setitimer(ITIMER_REAL, &it, &old);
  printf("%ld\n", (long)old.it_interval.tv_usec);
  alarm(100), printf("%d\n", alarm(0) >= 99);
  int fd = timerfd_create(CLOCK_MONOTONIC, 0);
  struct itimerspec its = {{0, 0}, {0, 20000000}};
  timerfd_settime(fd, 0, &its, 0);
  unsigned long n = 0;
  printf("%zd %lu\n", read(fd, &n, 8), n);
  unsigned long x, y;
  x = __builtin_ia32_rdtsc(), y = __builtin_ia32_rdtsc();
  printf("%d\n", y >= x);
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until), until.tv_nsec += 1000000;
  if (until.tv_nsec >= 1000000000) until.tv_nsec -= 1000000000, until.tv_sec++;
  printf("%d\n", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, 0));
  struct timespec invalid = {0, 2000000000};
  SHOW(nanosleep(&invalid, 0), errno);
  return 0;
}
