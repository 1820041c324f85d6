/* The command line: words that begin with `--solo5:` are for the binding, the rest is the unikernel's. */
#include "cmdline.h"
#include <string.h>

#define OURS "--solo5:"

const char *cmdline_strip(const char *cmdline) {
  for (;;) {
    while (*cmdline == ' ') cmdline++;
    if (strncmp(cmdline, OURS, sizeof OURS - 1) != 0) return cmdline;
    while (*cmdline && *cmdline != ' ') cmdline++;
  }
}
