// A library that throws, and calls back into what throws.
#include "throw.h"

#include <cstdio>

Thrown::~Thrown() = default;
const char *Thrown::what() const noexcept { return "thrown in the library"; }

namespace {
struct Guard {
  const char *name;
  ~Guard() { std::printf("left %s\n", name); }
};
thread_local int depth = 100;
}  // namespace

int descend(int n) {
  Guard guard{"descend"};
  depth++;
  if (n == 0) throw Thrown(depth);
  return descend(n - 1) + 1;
}

int call(int (*function)(int), int argument) {
  Guard guard{"call"};
  try {
    return function(argument);
  } catch (const Thrown &) {
    std::puts("passed on");
    throw;
  }
}

static int initialized = (std::puts("library's initializer"), 1);
