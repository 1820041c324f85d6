/* Reads and writes where a disk ends, past the checks of the binding: only what watches from outside is left. */
#include "binding.h"
#include "say.h"
#include "syscalls.h"

static uint8_t bytes[8192];

int solo5_app_main(const struct solo5_start_info *info) {
  const struct mft_entry *disk = &boot_manifest()->e[1];
  long size = disk->u.block_basic.block_size, capacity = (long)disk->u.block_basic.capacity;
  long call = SYS_PWRITE64, length = size, offset = capacity - size;
  if (is_asked(info, "a byte past the end")) offset++;
  if (is_asked(info, "far past the end")) offset = 1l << 40;
  if (is_asked(info, "before the beginning")) offset = -size;
  if (is_asked(info, "two blocks")) length = 2 * size, offset = 0;
  if (is_asked(info, "half a block")) length = size / 2;
  if (is_asked(info, "read past the end")) call = SYS_PREAD64, offset = capacity;
  long moved = syscall4(call, disk->b.hostfd, (long)bytes, length, offset);
  say(moved == size ? "it went well\n" : "it failed\n");
  return moved == size ? 0 : 1;
}
