/* Sleeps, and says how long it was; "idle" sleeps until it is ended. */
#include "say.h"

#define MS 1000000ull

int solo5_app_main(const struct solo5_start_info *info) {
  say_value("wall", solo5_clock_wall() / 1000000000ull);
  if (is_asked(info, "idle")) {
    say("idle\n");
    for (;;) solo5_yield(solo5_clock_monotonic() + 100000 * MS, NULL);
  }
  static const uint64_t sleeps[] = {0, 1, 10, 100, 1500};
  for (unsigned i = 0; i < sizeof sleeps / sizeof *sleeps; i++) {
    solo5_time_t start = solo5_clock_monotonic();
    solo5_handle_set_t ready = 1;
    solo5_yield(start + sleeps[i] * MS, &ready);
    solo5_time_t took = solo5_clock_monotonic() - start;
    say_number(sleeps[i]);
    say_value(" ms took us", took / 1000);
    if (ready != 0) return 1;
  }
  say_value("wall", solo5_clock_wall() / 1000000000ull);
  say("SUCCESS\n");
  return 0;
}
