// Loaded while the program runs: throws what the program catches.
#include "throw.h"

#include <cstdio>

static thread_local int calls;

struct Farewell {
  ~Farewell() { std::puts("plugin unloaded"); }
};
static Farewell farewell;

extern "C" int plugin(int n) {
  calls += 10;
  if (n == 1) throw Thrown(calls);
  return calls;
}
