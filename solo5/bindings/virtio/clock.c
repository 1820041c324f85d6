/* Clocks: KVM's where it is offered; otherwise the cycle counter, and the battery clock to know what day it is. */
#include "clock.h"
#include "console.h"
#include "cpu.h"
#include "solo5.h"

/* How often the battery clock corrects the wall clock. */
#define RTC_INTERVAL_NS (60 * NS_PER_SECOND)

static int has_kvmclock;
static uint64_t rate, tsc_start;
/* Nanoseconds in 2^32 cycles. */
static uint64_t cycle_ns;

static uint64_t wall_offset, next_rtc_read;
static int has_rtc;

void clock_init(void) {
  has_kvmclock = kvmclock_init();
  rate = has_kvmclock ? kvmclock_tsc_rate() : tsc_rate();
  if (rate == 0) fail("the machine has nothing that tells the time");
  cycle_ns = (NS_PER_SECOND << 32) / rate;
  tsc_start = read_tsc();
  has_rtc = !has_kvmclock && rtc_read() != 0;
  if (!has_kvmclock && !has_rtc) print("Solo5: warning: the machine has no clock that knows the date: it begins in 1970\n");
}

uint64_t clock_tsc_after(uint64_t nanoseconds) {
  return read_tsc() + nanoseconds * rate / NS_PER_SECOND;
}

solo5_time_t solo5_clock_monotonic(void) {
  return has_kvmclock ? kvmclock_monotonic() : multiply_shift(read_tsc() - tsc_start, cycle_ns, 32);
}

/*
 * The battery clock counts whole seconds, so it says between which two instants it is now. The wall clock is moved
 * to the nearer of the two if it is not between them: by less than a second at first, hardly at all from then on.
 */
static void correct(uint64_t now) {
  uint64_t seconds = rtc_read();
  uint64_t earliest = seconds * NS_PER_SECOND, latest = earliest + NS_PER_SECOND - 1;
  next_rtc_read = now + RTC_INTERVAL_NS;
  if (seconds == 0) return;
  if (now + wall_offset < earliest) wall_offset = earliest - now;
  if (now + wall_offset > latest) wall_offset = latest - now;
}

solo5_time_t solo5_clock_wall(void) {
  if (has_kvmclock) return kvmclock_wall();
  uint64_t now = solo5_clock_monotonic();
  if (has_rtc && now >= next_rtc_read) correct(now);
  return now + wall_offset;
}
