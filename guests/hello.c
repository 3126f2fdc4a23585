// The smallest program worth running: a static ELF file without a C library.
#include "small.h"

void start(long *stack) {
  text("hello, world\n");
  for (long i = 1; i < stack[0]; i++) text(((char **)stack)[1 + i]), text("\n");
  end(0);
}
