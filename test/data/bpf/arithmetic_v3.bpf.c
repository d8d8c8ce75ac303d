// The same with 32-bit registers and jumps.
#include "arithmetic.bpf.c"
