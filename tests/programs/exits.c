// Ends by a signal, after output without a newline that stdio must not flush.
// builds: glibc musl
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(void) {
  write(1, "before", 6);
  printf("lost");
  abort();
}
