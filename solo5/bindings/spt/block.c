/* Disks of an spt guest: files of the host, read and written where the manifest's entry says. */
#include "binding.h"
#include "solo5.h"
#include "syscalls.h"

solo5_result_t solo5_block_acquire(const char *name, solo5_handle_t *handle, struct solo5_block_info *info) {
  const struct mft_entry *entry = manifest_acquire(boot_manifest(), name, MFT_DEV_BLOCK_BASIC, handle);
  if (!entry) return SOLO5_R_EINVAL;
  info->capacity = entry->u.block_basic.capacity;
  info->block_size = entry->u.block_basic.block_size;
  return SOLO5_R_OK;
}

/* The launcher's filter ends a guest that asks for anything else, so that is found out here. */
static solo5_result_t move(long call, solo5_handle_t handle, solo5_off_t offset, const uint8_t *buf, size_t size) {
  const struct mft_entry *entry = manifest_entry(boot_manifest(), handle, MFT_DEV_BLOCK_BASIC);
  if (!entry) return SOLO5_R_EINVAL;
  uint64_t block_size = entry->u.block_basic.block_size, capacity = entry->u.block_basic.capacity;
  if (size != block_size || offset % block_size != 0 || offset > capacity - block_size) return SOLO5_R_EINVAL;
  long moved;
  do moved = syscall4(call, entry->b.hostfd, (long)buf, (long)size, (long)offset);
  while (moved == MINUS_EINTR);
  return moved == (long)size ? SOLO5_R_OK : SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *buf, size_t size) {
  return move(SYS_PREAD64, handle, offset, buf, size);
}

solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *buf, size_t size) {
  return move(SYS_PWRITE64, handle, offset, buf, size);
}
