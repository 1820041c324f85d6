/* Block devices: virtio-blk, §5.2, one request at a time, straight from and to the caller's memory. */
#include "attach.h"
#include "cpu.h"
#include "interrupt.h"
#include "memory.h"
#include "solo5.h"

/*
 * Features. Not flush: without it a written block is on the disk when its request is answered.
 */
#define F_READ_ONLY (1ull << 5)
#define F_BLOCK_SIZE (1ull << 6)

#define CONFIG_CAPACITY 0
#define CONFIG_BLOCK_SIZE 20
#define SECTOR_SIZE 512

enum { REQUEST_READ, REQUEST_WRITE };
#define STATUS_OK 0
#define STATUS_NONE 0xff

/* For so long an answer is waited for awake: most come within. */
#define SPIN_NS 20000
#define HALT_NS 1000000

/* A request is a chain of three buffers. */
enum { DESCRIPTOR_HEADER, DESCRIPTOR_DATA, DESCRIPTOR_STATUS, DESCRIPTOR_COUNT };

struct header {
  uint32_t type, reserved;
  uint64_t sector;
};

struct block {
  struct virtio *device;
  struct virtq queue;
  uint64_t capacity;
  uint32_t block_size;
  struct header header;
  volatile uint8_t status;
};

static struct block *blocks[MFT_MAX_ENTRIES];

static void describe(struct block *block, int id, volatile void *buffer, uint32_t size, uint16_t flags) {
  block->queue.descriptors[id].address = (uintptr_t)buffer;
  block->queue.descriptors[id].size = size;
  block->queue.descriptors[id].flags = flags;
  block->queue.descriptors[id].next = (uint16_t)(id + 1);
}

const char *block_attach(unsigned handle, struct virtio *device) {
  struct block *block = memory_take(sizeof *block);
  if (!virtio_start(device, F_READ_ONLY | F_BLOCK_SIZE | VIRTIO_F_VERSION_1)) return "cannot be started";
  block->device = device;
  block->block_size = device->features & F_BLOCK_SIZE ? virtio_config32(device, CONFIG_BLOCK_SIZE) : SECTOR_SIZE;
  if (block->block_size == 0 || block->block_size % SECTOR_SIZE != 0) return "has blocks of an odd size";
  block->capacity = virtio_config64(device, CONFIG_CAPACITY) * SECTOR_SIZE;
  block->capacity -= block->capacity % block->block_size;
  if (!virtio_queue(device, &block->queue, 0, 4) || block->queue.size < DESCRIPTOR_COUNT) return "has no queue";
  describe(block, DESCRIPTOR_HEADER, &block->header, sizeof block->header, DESCRIPTOR_NEXT);
  describe(block, DESCRIPTOR_STATUS, &block->status, 1, DESCRIPTOR_WRITE);
  blocks[handle] = block;
  return NULL;
}

solo5_result_t solo5_block_acquire(const char *name, solo5_handle_t *handle, struct solo5_block_info *info) {
  if (manifest_acquire(manifest(), name, MFT_DEV_BLOCK_BASIC, handle) == NULL) return SOLO5_R_EINVAL;
  struct block *block = blocks[*handle];
  info->capacity = block->capacity;
  info->block_size = block->block_size;
  virtio_run(block->device);
  return SOLO5_R_OK;
}

static void wait(struct block *block) {
  solo5_time_t start = solo5_clock_monotonic();
  while (!virtq_has_answer(&block->queue)) {
    if (solo5_clock_monotonic() - start < SPIN_NS) {
      relax();
      continue;
    }
    devices_acknowledge();
    if (!virtq_has_answer(&block->queue)) halt_until(solo5_clock_monotonic() + HALT_NS);
  }
  uint16_t id;
  uint32_t length;
  virtq_take(&block->queue, &id, &length);
}

static solo5_result_t request(solo5_handle_t handle, uint32_t type, solo5_off_t offset, uint8_t *data, size_t size) {
  if (manifest_entry(manifest(), handle, MFT_DEV_BLOCK_BASIC) == NULL) return SOLO5_R_EINVAL;
  struct block *block = blocks[handle];
  if (size != block->block_size || offset % block->block_size != 0) return SOLO5_R_EINVAL;
  if (offset > block->capacity || size > block->capacity - offset) return SOLO5_R_EINVAL;
  if (type == REQUEST_WRITE && block->device->features & F_READ_ONLY) return SOLO5_R_EUNSPEC;

  block->header = (struct header){type, 0, offset / SECTOR_SIZE};
  block->status = STATUS_NONE;
  uint16_t direction = type == REQUEST_READ ? DESCRIPTOR_WRITE : 0;
  describe(block, DESCRIPTOR_DATA, data, (uint32_t)size, DESCRIPTOR_NEXT | direction);
  virtq_offer(&block->queue, DESCRIPTOR_HEADER);
  virtq_notify(block->device, &block->queue);
  wait(block);
  return block->status == STATUS_OK ? SOLO5_R_OK : SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *buf, size_t size) {
  return request(handle, REQUEST_WRITE, offset, (uint8_t *)buf, size);
}

solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *buf, size_t size) {
  return request(handle, REQUEST_READ, offset, buf, size);
}
