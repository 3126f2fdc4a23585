// Integer corner cases as compilers emit them: wide products, divisions, rotations, bit fields, 128-bit arithmetic, CRC.
#include <stdint.h>
#include <stdio.h>
#include <string.h>
typedef unsigned __int128 u128;
typedef __int128 i128;
static uint64_t state = 88172645463325252ul;
static uint64_t next(void) { state ^= state << 13, state ^= state >> 7, state ^= state << 17; return state; }
struct fields { unsigned a : 3, b : 7; signed c : 5; unsigned long d : 40; } __attribute__((packed));
int main(void) {
  uint64_t h = 0;
  for (int i = 0; i < 20000; i++) {
    uint64_t a = next() >> (i % 64), b = (next() >> (i / 7 % 64)) | 1;
    int64_t sa = (int64_t)a, sb = (int64_t)b;
    int n = i & 63;
    u128 w = (u128)a * b;
    i128 v = (i128)sa * sb;
    h = h * 31 + (uint64_t)w + (uint64_t)(w >> 64) + (uint64_t)(v >> 64);
    h = h * 31 + a / b + a % b + (uint64_t)(sa / sb) + (uint64_t)(sa % sb);
    h = h * 31 + (uint64_t)(w / b) + (uint64_t)((w + 12345) % (b + 7));
    h = h * 31 + (a << n) + (a >> n) + (uint64_t)(sa >> n) + (a << n | a >> (64 - n & 63));
    h = h * 31 + (uint32_t)a / ((uint32_t)b | 1) + (uint64_t)((int16_t)a / (int16_t)(b | 1)) + (uint8_t)a % (uint8_t)(b | 1);
    h = h * 31 + __builtin_clzl(b) + __builtin_ctzl(b) + __builtin_popcountl(a) + __builtin_bswap64(a) + __builtin_bswap32(a) + __builtin_parityl(a);
    uint64_t s, t;
    h += __builtin_add_overflow(a, b, &s) + 2 * __builtin_sub_overflow(sa, sb, (int64_t *)&t) + 4 * __builtin_mul_overflow(sa, sb, (int64_t *)&s);
    int32_t q;
    h += __builtin_add_overflow((int32_t)a, (int32_t)b, &q) + s + t + q;
    struct fields f = {a, b, a, b};
    f.c += 3, f.b ^= f.a, f.d *= 5;
    uint64_t raw = 0;
    memcpy(&raw, &f, sizeof f), h = h * 31 + raw;
    h += (a < b) + (sa < sb) * 2 + ((int8_t)a < (int8_t)b) * 4 + (a == b) + (uint64_t)(double)a + (uint64_t)(float)sb + (int)(double)(int)a;
  }
  printf("%016lx\n", h);
  uint32_t crc = ~0u;
  for (int i = 0; i < 10000; i++) {
    crc ^= next() & 255;
    for (int k = 0; k < 8; k++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  printf("%08x\n", ~crc);
  u128 f = 1;
  for (int i = 1; i < 34; i++) f *= i;
  char digits[50], *p = digits + 49;
  *p = 0;
  do *--p = '0' + (int)(f % 10); while (f /= 10);
  puts(p);
  return 0;
}
