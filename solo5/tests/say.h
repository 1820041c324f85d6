/* What a test guest says: lines that its test looks for. */
#ifndef SAY_H
#define SAY_H

#include <stdint.h>
#include <string.h>
#include "solo5.h"

static inline void say(const char *text) { solo5_console_write(text, strlen(text)); }

static inline void say_number(uint64_t value) {
  char digits[20];
  size_t start = sizeof digits;
  do digits[--start] = (char)('0' + value % 10);
  while ((value /= 10) > 0);
  solo5_console_write(digits + start, sizeof digits - start);
}

/** "name value\n" */
static inline void say_value(const char *name, uint64_t value) {
  say(name);
  say(" ");
  say_number(value);
  say("\n");
}

static inline int is_asked(const struct solo5_start_info *info, const char *what) { return strcmp(info->cmdline, what) == 0; }

#endif
