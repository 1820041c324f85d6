/* The ends of an spt guest: of its process. */
#include "solo5.h"
#include "syscalls.h"

void solo5_exit(int status) {
  for (;;) syscall4(SYS_EXIT_GROUP, status, 0, 0, 0);
}

void solo5_abort(void) { solo5_exit(SOLO5_EXIT_ABORT); }
