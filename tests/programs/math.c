// The mathematical library: basic operations are exact, functions are what the library computes with SSE2 and x87.
#include <complex.h>
#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
static void bits(const char *name, double v) {
  unsigned long u;
  memcpy(&u, &v, 8);
  printf("%s %016lx\n", name, u);
}
int main(void) {
  for (double x = -3.75; x < 40; x = x < 1 ? x + 0.625 : x * 1.7) {
    printf("x = %g\n", x);
    bits("sin", sin(x)), bits("cos", cos(x)), bits("tan", tan(x)), bits("exp", exp(x)), bits("atan", atan(x));
    bits("log", log(fabs(x))), bits("log2", log2(fabs(x) + 1)), bits("sqrt", sqrt(fabs(x))), bits("cbrt", cbrt(x));
    bits("pow", pow(fabs(x), 1.37)), bits("sinh", sinh(x)), bits("tanh", tanh(x)), bits("erf", erf(x)), bits("tgamma", tgamma(fabs(x) + 0.5));
    bits("floor", floor(x)), bits("ceil", ceil(x)), bits("trunc", trunc(x)), bits("round", round(x)), bits("rint", rint(x));
    bits("fmod", fmod(x, 0.7)), bits("remainder", remainder(x, 0.7)), bits("hypot", hypot(x, 2)), bits("atan2", atan2(x, -1.5));
    bits("fma", fma(x, 1.1, -x)), bits("nextafter", nextafter(x, 100)), bits("logb", logb(x)), bits("expm1", expm1(x));
    int e;
    double m = frexp(x, &e), ip;
    printf("%g %d %g %ld %d\n", m, e, modf(x, &ip), lround(x), ilogb(x));
    long double l = x;
    printf("%.12Lg %.12Lg %.12Lg %.12Lg %.12Lg\n", sqrtl(fabsl(l)), floorl(l), fmodl(l, 0.7L), l * l / 3, fabsl(l) + 1e-10L);
    printf("%a %a %a\n", sinf(x), expf(x), powf(fabs(x), 0.3f));
  }
  feclearexcept(FE_ALL_EXCEPT);
  volatile double zero = 0, one = 1, big = 1e308, r;
  r = one / zero;
  printf("%g %x\n", r, fetestexcept(FE_ALL_EXCEPT));
  r = zero / zero;
  printf("%d %x\n", isnan(r), fetestexcept(FE_ALL_EXCEPT));
  r = big * big;
  printf("%g %x\n", r, fetestexcept(FE_ALL_EXCEPT));
  r = 1e-308 * 1e-10 * one;
  feclearexcept(FE_ALL_EXCEPT);
  r = one / 3;
  printf("%g %x\n", r, fetestexcept(FE_ALL_EXCEPT));
  double complex z = csqrt(-2 + 1 * I);
  printf("%.12g %.12g\n", creal(z), cimag(z));
  float fs = 0;
  for (int i = 1; i < 1000; i++) fs += 1.0f / i;
  printf("%a\n", fs);
  for (int i = -2; i < 3; i++) printf("%d %u %ld %lu\n", (int)(i * 1.5), (unsigned)(int)(i * 2.7), (long)(i * 1e15), (unsigned long)(1e19 + i * 1e4));
  return 0;
}
