/* Writes the block device "storage" from buffers that lie oddly, and reads it back. */
#include <stdbool.h>
#include "say.h"

static uint8_t buffer[3 * 4096 + 64], other[4096 + 64];

static bool check(const char *what, solo5_result_t result, solo5_result_t wanted) {
  if (result == wanted) return true;
  say("wrong: ");
  say(what);
  say_value(", result", result);
  return false;
}

int solo5_app_main(const struct solo5_start_info *info) {
  (void)info;
  solo5_handle_t handle;
  struct solo5_block_info block;
  if (!check("acquire", solo5_block_acquire("storage", &handle, &block), SOLO5_R_OK)) return 1;
  if (!check("acquire twice", solo5_block_acquire("storage", &handle, &block), SOLO5_R_EINVAL)) return 1;
  if (!check("acquire unknown", solo5_block_acquire("nothing", &handle, &block), SOLO5_R_EINVAL)) return 1;
  say_value("capacity", block.capacity);
  say_value("block size", block.block_size);
  size_t size = block.block_size;

  solo5_time_t start = solo5_clock_monotonic();
  uint64_t count = block.capacity / size;
  for (uint64_t i = 0; i < count; i++) {
    /* Every block another place of the larger buffer, and a pattern that says which block it is. */
    uint8_t *part = buffer + i % 61;
    for (size_t j = 0; j < size; j++) part[j] = (uint8_t)(i * 31 + j * 7);
    part[0] = (uint8_t)i, part[1] = (uint8_t)(i >> 8);
    if (!check("write", solo5_block_write(handle, i * size, part, size), SOLO5_R_OK)) return 1;
  }
  for (uint64_t i = 0; i < count; i++) {
    uint8_t *part = other + i % 53;
    part[size] = 0x5a;
    if (!check("read", solo5_block_read(handle, i * size, part, size), SOLO5_R_OK)) return 1;
    if (part[0] != (uint8_t)i || part[1] != (uint8_t)(i >> 8) || part[size] != 0x5a) return say_value("wrong block", i), 1;
    for (size_t j = 2; j < size; j++) {
      if (part[j] != (uint8_t)(i * 31 + j * 7)) return say_value("wrong block", i), 1;
    }
  }
  say_value("us", (solo5_clock_monotonic() - start) / 1000);

  if (!check("odd offset", solo5_block_write(handle, 1, buffer, size), SOLO5_R_EINVAL)) return 1;
  if (!check("odd size", solo5_block_write(handle, 0, buffer, size - 1), SOLO5_R_EINVAL)) return 1;
  if (!check("two blocks", solo5_block_read(handle, 0, buffer, 2 * size), SOLO5_R_EINVAL)) return 1;
  if (!check("end", solo5_block_read(handle, block.capacity, buffer, size), SOLO5_R_EINVAL)) return 1;
  if (!check("wrap", solo5_block_read(handle, -size, buffer, size), SOLO5_R_EINVAL)) return 1;
  if (!check("handle", solo5_block_read(handle + 1, 0, buffer, size), SOLO5_R_EINVAL)) return 1;
  say("SUCCESS\n");
  return 0;
}
