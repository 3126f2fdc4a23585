// printf and scanf of integers, doubles and long doubles, through every conversion and rounding mode.
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(void) {
  double values[] = {0, -0.0, 1, -1, 0.1, 1.0 / 3, 2.5, 3.5, 1e10, 1.5e-10, 123456.789, DBL_MAX, DBL_MIN, DBL_EPSILON,
                     5e-324, INFINITY, -INFINITY, NAN, 9007199254740993.0, 0.5, 1e22, 1e23, 6.02214076e23};
  for (unsigned i = 0; i < sizeof values / sizeof *values; i++) {
    double v = values[i];
    printf("%f|%.3f|%e|%.0e|%g|%.17g|%G|%a|%+.2f|% .1f|%012.4f|%-14.3e|\n", v, v, v, v, v, v, v, v, v, v, v, v);
    long double l = v;
    printf("%Lf|%.20Lg|%Le|%La\n", l / 3, l / 7, l * 1.1L, l);
  }
  printf("%d %i %u %x %X %o %c %s %% %5d|%-5d|%05d|%+d|% d|%#x|%#o|%ld|%lld|%hd|%hhd|%zu|%jd\n", -1, 42, 4000000000u, 255, 255,
         8, 'c', "str", 1, 2, 3, 4, 5, 6, 7, -1L, 1LL << 62, (short)70000, (char)300, sizeof(long), (long)-9);
  printf("%.*f %*d %.3s|%10.2s|%-6s|%p\n", 3, 2.0 / 3, 8, 99, "abcdef", "xyz", "ab", (void *)0x1234);
  int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
  for (int m = 0; m < 4; m++) {
    fesetround(modes[m]);
    volatile double a = 1, b = 3;
    volatile float c = 1, d = 10;
    volatile long double e = 2, f = 3;
    printf("%.20g %.10g %.25Lg %.1f %.1f %ld %ld\n", a / b, (double)(c / d), e / f, 0.25, 0.35, lrint(2.5), lrint(-2.5));
  }
  fesetround(FE_TONEAREST);
  const char *texts[] = {"3.14159", "1e400", "-0x1.8p3", "nan", "inf", "1e-400", "123abc", ".5e1", "0.1e-5", "179769313486231570000e289"};
  for (unsigned i = 0; i < 10; i++) {
    char *end;
    double v = strtod(texts[i], &end);
    printf("%s -> %.17g rest '%s' %Lg %g\n", texts[i], v, end, strtold(texts[i], 0), strtof(texts[i], 0));
  }
  int a, b, n;
  float f;
  double d;
  char word[20];
  n = sscanf("12 0x1f 3.5 2.25e3 hello [x]", "%d %i %f %lf %19s", &a, &b, &f, &d, word);
  printf("%d: %d %d %g %g %s\n", n, a, b, f, d, word);
  printf("%ld %lu %ld %d\n", strtol("-0x7f", 0, 0), strtoul("777", 0, 8), strtol("zz", 0, 36), atoi("  42x"));
  return 0;
}
