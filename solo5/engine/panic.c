/* Ends of the guest that are nobody's wish: a line on the console, and out. */
#include "panic.h"
#include <string.h>
#include "alloc.h"
#include "solo5.h"

void say(const char *text) { solo5_console_write(text, strlen(text)); }

void panic(int status, const char *reason) {
  char digits[8];
  size_t mebibytes = heap_size() >> 20, at = sizeof digits - 1;
  digits[at] = 0;
  do digits[--at] = '0' + mebibytes % 10;
  while ((mebibytes /= 10) && at);
  say("mirage: ");
  say(reason);
  if (status == PANIC_MEMORY) {
    say(": the heap of ");
    say(digits + at);
    say(" MiB is full");
  }
  say("\n");
  solo5_exit(status);
}
