/* Says what it was started with. */
#include "entropy.h"
#include "say.h"

static int from_data = 17;
static int from_bss;

int solo5_app_main(const struct solo5_start_info *info) {
  say("hello [");
  say(info->cmdline);
  say("]\n");
  if (from_data != 17 || from_bss != 0) return 1;
  say_value("ms", solo5_clock_monotonic() / 1000000);
  say_value("heap KiB", info->heap_size / 1024);
  say("sources");
  for (const char *const *source = entropy_sources(); *source; source++) {
    say(" ");
    say(*source);
  }
  uint8_t random[16];
  say_value("\nrandom bytes", entropy_fill(random, sizeof random));
  say("random ");
  for (unsigned i = 0; i < sizeof random; i++) say((char[]){"0123456789abcdef"[random[i] >> 4], "0123456789abcdef"[random[i] & 15], 0});
  say("\nSUCCESS\n");
  return is_asked(info, "status") ? 42 : 0;
}
