int *in_library(void);
int chosen(int);
const char *name(void);
