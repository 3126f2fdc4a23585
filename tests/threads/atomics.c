// Every locked instruction, of 8 to 128 bits, aligned, misaligned, across a cache line and across a page: against itself on other
// threads, and against plain stores to the same place and to its neighbours.
#include "threads.h"
#include <time.h>

#define WIDTHS(X, ...) X(8, uint8_t, "b", ##__VA_ARGS__) X(16, uint16_t, "w", ##__VA_ARGS__) X(32, uint32_t, "l", ##__VA_ARGS__) X(64, uint64_t, "q", ##__VA_ARGS__)
#define WIDE(X, ...) X(16, uint16_t, "w", ##__VA_ARGS__) X(32, uint32_t, "l", ##__VA_ARGS__) X(64, uint64_t, "q", ##__VA_ARGS__)

#define TWO(bits, type, s, op)                                                                             \
  static uint64_t op##bits(void *p, uint64_t a) {                                                          \
    __asm__ volatile("lock " #op s " %1, %0" : "+m"(*(type *)p) : "q"((type)a) : "memory", "cc");           \
    return 0;                                                                                              \
  }
#define CARRY(bits, type, s, op)                                                                           \
  static uint64_t op##bits(void *p, uint64_t a) {                                                          \
    __asm__ volatile("stc\n lock " #op s " %1, %0" : "+m"(*(type *)p) : "q"((type)(a - 1)) : "memory", "cc"); \
    return 0;                                                                                              \
  }
#define ONE(bits, type, s, op)                                                                             \
  static uint64_t op##bits(void *p, uint64_t a) {                                                          \
    (void)a;                                                                                               \
    __asm__ volatile("lock " #op s " %0" : "+m"(*(type *)p) : : "memory", "cc");                            \
    return 0;                                                                                              \
  }
#define IMMEDIATE(bits, type, s)                                                                           \
  static uint64_t add_one##bits(void *p, uint64_t a) {                                                     \
    (void)a;                                                                                               \
    __asm__ volatile("lock add" s " $1, %0" : "+m"(*(type *)p) : : "memory", "cc");                         \
    return 0;                                                                                              \
  }
#define XADD(bits, type, s)                                                                                \
  static uint64_t xadd##bits(void *p, uint64_t a) {                                                        \
    type v = a;                                                                                            \
    __asm__ volatile("lock xadd" s " %1, %0" : "+m"(*(type *)p), "+q"(v) : : "memory", "cc");                \
    return v;                                                                                              \
  }
#define XCHG(bits, type, s)                                                                                \
  static uint64_t xchg##bits(void *p, uint64_t a) {                                                        \
    type v = a;                                                                                            \
    __asm__ volatile("xchg" s " %1, %0" : "+m"(*(type *)p), "+q"(v) : : "memory");                           \
    return v;                                                                                              \
  }
// Adds by compare-and-swap.
#define CMPXCHG(bits, type, s)                                                                             \
  static uint64_t cmpxchg##bits(void *p, uint64_t a) {                                                     \
    type old = *(volatile type *)p;                                                                        \
    char done;                                                                                             \
    do __asm__ volatile("lock cmpxchg" s " %3, %0\n sete %2"                                               \
                        : "+m"(*(type *)p), "+a"(old), "=q"(done) : "q"((type)(old + a)) : "memory", "cc"); \
    while (!done);                                                                                         \
    return old;                                                                                            \
  }
// Bit instructions: the old bit.
#define BIT(bits, type, s, op)                                                                             \
  static uint64_t op##bits(void *p, uint64_t bit) {                                                        \
    char old;                                                                                              \
    __asm__ volatile("lock " #op s " %2, %0\n setc %1" : "+m"(*(type *)p), "=q"(old) : "r"((type)bit) : "memory", "cc"); \
    return old;                                                                                            \
  }
WIDTHS(TWO, add) WIDTHS(TWO, sub) WIDTHS(TWO, and) WIDTHS(TWO, or) WIDTHS(TWO, xor)
WIDTHS(CARRY, adc) WIDTHS(CARRY, sbb)
WIDTHS(ONE, inc) WIDTHS(ONE, dec) WIDTHS(ONE, neg) WIDTHS(ONE, not)
WIDTHS(IMMEDIATE) WIDTHS(XADD) WIDTHS(XCHG) WIDTHS(CMPXCHG)
WIDE(BIT, bts) WIDE(BIT, btr) WIDE(BIT, btc)

typedef uint64_t (*Operation)(void *, uint64_t);
// How threads use an operation, and what then must hold.
enum { SUM, DIFFERENCE, UP, DOWN, INVOLUTION, XOR, OWN_BIT, TOKENS, BITS };
struct Form { const char *name; int use; Operation run[4], back[4]; };
#define ALL(op) {op##8, op##16, op##32, op##64}
#define BITS_OF(op) {0, op##16, op##32, op##64}
static const struct Form forms[] = {
  {"add", SUM, ALL(add), {0}}, {"adc", SUM, ALL(adc), {0}}, {"xadd", SUM, ALL(xadd), {0}}, {"cmpxchg", SUM, ALL(cmpxchg), {0}},
  {"sub", DIFFERENCE, ALL(sub), {0}}, {"sbb", DIFFERENCE, ALL(sbb), {0}}, {"inc", UP, ALL(inc), {0}}, {"add 1", UP, ALL(add_one), {0}},
  {"dec", DOWN, ALL(dec), {0}}, {"neg", INVOLUTION, ALL(neg), {0}}, {"not", INVOLUTION, ALL(not), {0}}, {"xor", XOR, ALL(xor), {0}},
  {"or and", OWN_BIT, ALL(or), ALL(and)}, {"xchg", TOKENS, ALL(xchg), {0}},
  {"bts btr", BITS, BITS_OF(bts), BITS_OF(btr)}, {"btc", BITS, BITS_OF(btc), BITS_OF(btc)},
};
#define FORMS ((int)(sizeof forms / sizeof *forms))

static char *arena;
enum { ALIGNED, MISALIGNED, LINE, PAGE, PLACES };
static const char *place_names[] = {"aligned", "misaligned", "line", "page"};
static char *place_of(int place, int bytes) {
  switch (place) {
    case ALIGNED: return arena + 256;
    case MISALIGNED: return arena + 512 + (bytes < 8 ? 5 : 3);
    case LINE: return arena + 1024 - (bytes + 1) / 2;
    default: return arena + 4096 - (bytes + 1) / 2;
  }
}

static long rounds, crossing_rounds;
static long rounds_at(int place) { return place == LINE || place == PAGE ? crossing_rounds : rounds; }
static uint64_t mask_of(int bytes) { return bytes == 8 ? ~0ull : (1ull << 8 * bytes) - 1; }
static uint64_t get(char *p, int bytes) {
  uint64_t value = 0;
  memcpy(&value, p, bytes);
  return value;
}
static void set(char *p, int bytes, uint64_t value) { memcpy(p, &value, bytes); }

// The case at hand; changed between two barriers.
static const struct Form *form;
static int width, bytes, placing;
static char *place;
static pthread_barrier_t barrier;
static uint64_t partial[THREADS], kept[THREADS];
#define START 0x1122334455667788ull

static void use(long me) {
  Operation run = form->run[width], back = form->back[width];
  uint64_t state = me * 77 + 1, sum = 0, mine = me + 1;
  long count = rounds_at(placing);
  long bit = me % (8 * bytes);
  volatile char *own = place + bit / 8;
  char own_bit = 1 << bit % 8;
  if ((form->use == OWN_BIT || form->use == BITS) && me >= 8 * bytes) return;
  for (long i = 0; i < count; i++) {
    uint64_t r = next(&state);
    switch (form->use) {
      case SUM: case DIFFERENCE: run(place, r), sum += r; break;
      case UP: case DOWN: case INVOLUTION: run(place, 0); break;
      case XOR: run(place, r), sum ^= r; break;
      case OWN_BIT:
        run(place, 1ull << bit);
        CHECK(*own & own_bit, "%s %d %s: own bit lost", form->name, bytes * 8, place_names[placing]);
        back(place, ~(1ull << bit));
        CHECK(!(*own & own_bit), "%s %d %s: own bit kept", form->name, bytes * 8, place_names[placing]);
        break;
      case TOKENS: mine = run(place, mine); break;
      case BITS: {
        uint64_t old = run(place, bit);
        CHECK(old == 0, "%s %d %s: was set", form->name, bytes * 8, place_names[placing]);
        old = back(place, bit);
        CHECK(old == 1, "%s %d %s: was clear", form->name, bytes * 8, place_names[placing]);
      }
    }
  }
  partial[me] = sum, kept[me] = mine;
}

static void judge(void) {
  uint64_t expected = START, count = (uint64_t)rounds_at(placing) * THREADS, seen = 0;
  for (int i = 0; i < THREADS; i++) {
    if (form->use == SUM) expected += partial[i];
    if (form->use == DIFFERENCE) expected -= partial[i];
    if (form->use == XOR) expected ^= partial[i];
    seen |= 1ull << kept[i];
  }
  if (form->use == UP) expected += count;
  if (form->use == DOWN) expected -= count;
  if (form->use == OWN_BIT || form->use == BITS) expected = 0;
  if (form->use == TOKENS) {
    CHECK((seen | 1ull << get(place, bytes)) == (2ull << THREADS) - 1, "%s %d %s: tokens %lx", form->name, bytes * 8, place_names[placing], seen);
  } else {
    uint64_t found = get(place, bytes);
    CHECK(found == (expected & mask_of(bytes)), "%s %d %s: %lx, not %lx", form->name, bytes * 8, place_names[placing], found, expected & mask_of(bytes));
  }
}

// Locked operations that change nothing, against one thread that stores to the place, and two that store beside it.
static void against_stores(long me) {
  uint64_t state = me * 99 + 5;
  long count = rounds_at(placing);
  if (me < 3) {
    volatile char *beside = me == 1 ? place - 1 : place + bytes;
    for (long i = 0; i < count; i++) {
      uint64_t value = next(&state) & mask_of(bytes);
      if (me) {
        *beside = value;
        CHECK(*beside == (char)value, "%s %d %s: a neighbour's store is lost", form->name, bytes * 8, place_names[placing]);
        continue;
      }
      switch (bytes) {
        case 1: *(volatile uint8_t *)place = value; break;
        case 2: *(volatile uint16_t *)place = value; break;
        case 4: *(volatile uint32_t *)place = value; break;
        case 8: *(volatile uint64_t *)place = value; break;
      }
      CHECK(get(place, bytes) == value, "%s %d %s: a store is lost", form->name, bytes * 8, place_names[placing]);
    }
    return;
  }
  Operation run = form->run[width], back = form->back[width];
  for (long i = 0; i < count; i++) {
    switch (form->use) {
      case SUM: case DIFFERENCE: case XOR: run(place, 0); break;
      case OWN_BIT: run(place, 0), back(place, ~0ull); break;
    }
  }
}
static int leaves_alone(void) { return form->use == SUM || form->use == DIFFERENCE || form->use == XOR || form->use == OWN_BIT; }

static void *narrow(void *me) {
  for (int f = 0; f < FORMS; f++)
    for (int w = 0; w < 4; w++)
      for (int p = 0; p < PLACES; p++) {
        if (!forms[f].run[w] || (w == 0 && p != ALIGNED)) continue;
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
          form = &forms[f], width = w, bytes = 1 << w, placing = p, place = place_of(p, bytes);
          set(place, bytes, form->use == OWN_BIT || form->use == BITS || form->use == TOKENS ? 0 : START);
        }
        pthread_barrier_wait(&barrier);
        use((long)me);
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) judge();
        pthread_barrier_wait(&barrier);
        if (leaves_alone()) against_stores((long)me);
      }
  return 0;
}

// Two halves that always change together.
static int swap8(char *p, uint32_t old[2], uint32_t low, uint32_t high) {
  char done;
  __asm__ volatile("lock cmpxchg8b %0\n sete %3" : "+m"(*(uint64_t *)p), "+a"(old[0]), "+d"(old[1]), "=q"(done) : "b"(low), "c"(high) : "memory", "cc");
  return done;
}
static int swap16(char *p, uint64_t old[2], uint64_t low, uint64_t high) {
  char done;
  __asm__ volatile("lock cmpxchg16b %0\n sete %3" : "+m"(*(__int128 *)p), "+a"(old[0]), "+d"(old[1]), "=q"(done) : "b"(low), "c"(high) : "memory", "cc");
  return done;
}
static char *double_place;
static void *doubles(void *me) {
  for (int p = 0; p < PLACES; p++) {
    if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
      double_place = place_of(p, 8);
      set(double_place, 8, 0xffffffff00000000ull);
    }
    pthread_barrier_wait(&barrier);
    for (long i = 0; i < rounds_at(p); i++) {
      uint32_t old[2] = {0, 0};
      while (!swap8(double_place, old, old[0] + 1, ~(old[0] + 1)))
        CHECK(old[1] == ~old[0], "8 bytes torn: %x %x", old[0], old[1]);
    }
    if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
      uint32_t low = rounds_at(p) * THREADS;
      CHECK(get(double_place, 8) == ((uint64_t)~low << 32 | low), "cmpxchg8b %s: %lx", place_names[p], get(double_place, 8));
    }
  }
  // 16 bytes: aligned only, beside plain stores to both neighbours.
  if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
    double_place = arena + 2048;
    set(double_place, 8, 0), set(double_place + 8, 8, ~0ull);
  }
  pthread_barrier_wait(&barrier);
  for (long i = 0; i < rounds; i++) {
    if ((long)me < 2) {
      volatile char *beside = (long)me ? double_place - 1 : double_place + 16;
      *beside = i;
      CHECK(*beside == (char)i, "a neighbour of 16 bytes is lost");
    }
    uint64_t old[2] = {0, 0};
    while (!swap16(double_place, old, old[0] + 1, ~(old[0] + 1)))
      CHECK(old[1] == ~old[0], "16 bytes torn: %lx %lx", old[0], old[1]);
  }
  if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
    uint64_t low = (uint64_t)rounds * THREADS;
    CHECK(get(double_place, 8) == low && get(double_place + 8, 8) == ~low, "cmpxchg16b: %lx", get(double_place, 8));
  }
  return 0;
}

// The order that x86 promises: stores are seen in their order, and a locked operation is a barrier.
static volatile long x, y, seen_x, seen_y;
static void *orders(void *me) {
  for (long i = 0; i < rounds * 20; i++) {
    if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) x = y = 0;
    pthread_barrier_wait(&barrier);
    char dummy;
    if ((long)me) {
      x = 1;
      if (i % 2) __asm__ volatile("lock orb $0, %0" : "+m"(dummy) : : "memory");
      else __asm__ volatile("mfence" : : : "memory");
      seen_y = y;
    } else {
      y = 1;
      if (i % 2) __asm__ volatile("lock orb $0, %0" : "+m"(dummy) : : "memory");
      else __asm__ volatile("mfence" : : : "memory");
      seen_x = x;
    }
    if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) CHECK(seen_x || seen_y, "both read 0");
  }
  return 0;
}
static volatile long data, flag;
static void *message(void *me) {
  for (long i = 1; i <= rounds * 50; i++) {
    if ((long)me) {
      data = i, flag = i;
    } else {
      long f = flag, d = data;
      CHECK(d >= f, "flag %ld before data %ld", f, d);
    }
  }
  return 0;
}

int main(int argc, char **argv) {
  rounds = crossing_rounds = scale(argc, argv, 20);
  arena = mmap(0, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  // Some kernels punish locked operations that cross a line.
  struct timespec before, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  for (int i = 0; i < 20; i++) add64(place_of(LINE, 8), 1);
  clock_gettime(CLOCK_MONOTONIC, &after);
  if ((after.tv_sec - before.tv_sec) * 1000000000l + after.tv_nsec - before.tv_nsec > 5000000) crossing_rounds = 2;
  pthread_barrier_init(&barrier, 0, THREADS);
  together(THREADS, narrow);
  together(THREADS, doubles);
  pthread_barrier_destroy(&barrier), pthread_barrier_init(&barrier, 0, 2);
  together(2, orders);
  together(2, message);
  return finish("atomics");
}
