// Loops of one kind each, to measure an engine by. Built without a C library, once for each name:
// -DLOOP=name. The result becomes the exit status, so that the work is not optimised away and can be checked.
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long u64;

// Integer arithmetic in registers.
static u64 integers(void) {
  u64 x = 1, y = 2, z = 3;
  for (u64 i = 0; i < 20000000; i++) {
    x = x * 3 + y ^ z >> 7;
    y = (y << 5) - x + (i & z);
    z += x > y ? x - y : y ^ i;
  }
  return x ^ y ^ z;
}

// The compression function of SHA-256, with constants of our own.
static u32 rotate(u32 v, int n) { return v >> n | v << (32 - n); }
static u64 hash(void) {
  u32 state[8] = {1, 2, 3, 4, 5, 6, 7, 8}, message[64];
  for (u32 block = 0; block < 60000; block++) {
    for (u32 i = 0; i < 16; i++) message[i] = block * i + state[i % 8];
    for (u32 i = 16; i < 64; i++) {
      u32 p = message[i - 15], q = message[i - 2];
      message[i] = message[i - 16] + (rotate(p, 7) ^ rotate(p, 18) ^ p >> 3) + message[i - 7] + (rotate(q, 17) ^ rotate(q, 19) ^ q >> 10);
    }
    u32 v[8];
    for (u32 i = 0; i < 8; i++) v[i] = state[i];
    for (u32 i = 0; i < 64; i++) {
      u32 one = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) + 0x9e3779b9u * i + message[i];
      u32 two = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
      v[7] = v[6], v[6] = v[5], v[5] = v[4], v[4] = v[3] + one, v[3] = v[2], v[2] = v[1], v[1] = v[0], v[0] = one + two;
    }
    for (u32 i = 0; i < 8; i++) state[i] += v[i];
  }
  return state[0] ^ state[7];
}

// Calls and returns.
__attribute__((noinline)) static u64 fibonacci(u64 n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
static u64 calls(void) { return fibonacci(34); }

// Sorting: loads, stores and branches that cannot be foreseen.
static int values[200000];
static void quicksort(int *v, long n) {
  while (n > 1) {
    int pivot = v[(n - 1) / 2];
    long i = -1, j = n;
    for (;;) {
      do i++; while (v[i] < pivot);
      do j--; while (v[j] > pivot);
      if (i >= j) break;
      int t = v[i];
      v[i] = v[j], v[j] = t;
    }
    long left = j + 1;
    if (left < n - left) quicksort(v, left), v += left, n -= left;
    else quicksort(v + left, n - left), n = left;
  }
}
static u64 sorting(void) {
  u64 sum = 0;
  for (u32 round = 1; round <= 8; round++) {
    u32 seed = round;
    for (u32 i = 0; i < 200000; i++) seed = seed * 1664525 + 1013904223, values[i] = seed >> 1;
    quicksort(values, 200000);
    sum += values[1000] ^ values[150000];
  }
  return sum;
}

// An interpreter in the guest: indirect jumps.
static const u8 program[] = {0, 1, 1, 7, 2, 3, 0, 4, 5, 1, 6, 0};
static u64 bytecode(void) {
  u64 a = 1, b = 3;
  const u8 *at = program;
  for (u64 left = 6000000; left; left--) {
    switch (*at++) {
      case 0: a += b; break;
      case 1: b ^= a >> 3; break;
      case 2: a *= 5; break;
      case 3: b += 7; break;
      case 4: a -= b; break;
      case 5: b = b << 1 | b >> 63; break;
      case 6: a ^= left; break;
      case 7: a += left * 3; break;
    }
    if (at == program + sizeof program) at = program;
  }
  return a ^ b;
}

// Floating point with SSE2: bodies that attract each other.
struct body { double x[3], v[3], mass; };
static struct body bodies[5];
static double root(double v) {
  double r;
  __asm__("sqrtsd %1, %0" : "=x"(r) : "x"(v));
  return r;
}
static u64 floating(void) {
  for (int i = 0; i < 5; i++)
    for (int k = 0; k < 3; k++) bodies[i].x[k] = i * 1.7 + k * 0.3, bodies[i].v[k] = k * 0.01 - i * 0.02, bodies[i].mass = 1.0 + i * 0.1;
  for (int step = 0; step < 150000; step++) {
    for (int i = 0; i < 5; i++) {
      for (int j = i + 1; j < 5; j++) {
        double d[3], square = 0.01;
        for (int k = 0; k < 3; k++) d[k] = bodies[i].x[k] - bodies[j].x[k], square += d[k] * d[k];
        double strength = 0.001 / (square * root(square));
        for (int k = 0; k < 3; k++) {
          bodies[i].v[k] -= d[k] * bodies[j].mass * strength;
          bodies[j].v[k] += d[k] * bodies[i].mass * strength;
        }
      }
    }
    for (int i = 0; i < 5; i++)
      for (int k = 0; k < 3; k++) bodies[i].x[k] += bodies[i].v[k] * 0.001;
  }
  double sum = 0;
  for (int i = 0; i < 5; i++) sum += bodies[i].x[0] * bodies[i].mass;
  return (u64)(long)(sum * 1e9);
}

// Strings, byte by byte and by the string instructions.
static char text[65536], other[65536];
__attribute__((noinline)) static long length(const char *s) {
  long n = 0;
  while (s[n]) n++;
  return n;
}
__attribute__((noinline)) static int compare(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return (u8)*a - (u8)*b;
}
__attribute__((noinline)) static long find(const char *s, char c, long n) {
  for (long i = 0; i < n; i++)
    if (s[i] == c) return i;
  return -1;
}
static u64 strings(void) {
  u64 sum = 0;
  for (int round = 0; round < 200; round++) {
    for (int i = 0; i < 65535; i++) text[i] = 'a' + (i + round) % 25;
    void *to = other, *from = text;
    u64 count = sizeof text;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
    sum += length(text) + compare(text, other) + find(text, 'z', 65535);
    to = other, count = sizeof other / 8;
    __asm__ volatile("rep stosq" : "+D"(to), "+c"(count) : "a"(0x0101010101010101ul * round) : "memory");
  }
  return sum;
}

// The way to the kernel and back: getppid.
static u64 syscalls(void) {
  u64 sum = 0;
  for (int i = 0; i < 300000; i++) {
    long r;
    __asm__ volatile("syscall" : "=a"(r) : "a"(110) : "rcx", "r11", "memory");
    sum += r != 0;
  }
  return sum;
}

void _start(void) {
  u64 result = LOOP();
  result ^= result >> 32, result ^= result >> 16, result ^= result >> 8;
  __asm__ volatile("syscall" : : "a"(231), "D"(result & 255) : "rcx", "r11", "memory");
  __builtin_unreachable();
}
