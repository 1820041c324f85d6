/* The console of an spt guest is the standard output of its process. */
#include "solo5.h"
#include "syscalls.h"

#define STDOUT 1

void solo5_console_write(const char *buf, size_t size) {
  while (size > 0) {
    long written = syscall4(SYS_WRITE, STDOUT, (long)buf, (long)size, 0);
    if (written == MINUS_EINTR) continue;
    /* A pipe that is full or closed loses the rest. */
    if (written <= 0) return;
    buf += written;
    size -= (size_t)written;
  }
}
