/* The clocks of an spt guest are the host's. */
#include "solo5.h"
#include "syscalls.h"

#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1

static solo5_time_t ask(long clock) {
  struct spt_timespec time = {0, 0};
  syscall4(SYS_CLOCK_GETTIME, clock, (long)&time, 0, 0);
  return (solo5_time_t)time.seconds * 1000000000u + (solo5_time_t)time.nanoseconds;
}

solo5_time_t solo5_clock_monotonic(void) { return ask(CLOCK_MONOTONIC); }

solo5_time_t solo5_clock_wall(void) { return ask(CLOCK_REALTIME); }
