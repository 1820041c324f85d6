/* What the launcher gives up before the guest runs: its environment, and descriptors that are nobody's. */
#include "leave.h"
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void forget_environment(void) {
  for (char **each = environ; *each; each++) memset(*each, 0, strlen(*each));
}

#define NONE (~0u)

static unsigned lower(unsigned best, unsigned from, int fd) {
  return (unsigned)fd >= from && (unsigned)fd < best ? (unsigned)fd : best;
}

/* The guest's lowest descriptor that is not below `from`. */
static unsigned next_kept(const struct spt_boot_info *info, const struct mft *manifest, unsigned from) {
  unsigned best = lower(lower(NONE, from, info->epollfd), from, info->timerfd);
  for (uint32_t i = 1; i < manifest->entries; i++) best = lower(best, from, manifest->e[i].b.hostfd);
  return best;
}

/* A kernel that does not know the call leaves them open, and the filter keeps the guest from them. */
void close_others(const struct spt_boot_info *info, const struct mft *manifest) {
  unsigned from = STDERR_FILENO + 1, kept;
  for (; (kept = next_kept(info, manifest, from)) != NONE; from = kept + 1)
    if (kept > from) syscall(SYS_close_range, from, kept - 1, 0);
  syscall(SYS_close_range, from, NONE, 0);
}
