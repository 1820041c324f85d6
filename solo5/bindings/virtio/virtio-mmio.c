/* Virtio over MMIO, §4.2: devices of machines without PCI, at addresses that the command line tells. */
#include <string.h>
#include "cpu.h"
#include "memory.h"
#include "paging.h"
#include "virtio.h"

#define MAGIC 0x000
#define VERSION 0x004
#define DEVICE_ID 0x008
#define DEVICE_FEATURES 0x010
#define DEVICE_FEATURES_SELECT 0x014
#define DRIVER_FEATURES 0x020
#define DRIVER_FEATURES_SELECT 0x024
#define LEGACY_PAGE_SIZE 0x028
#define QUEUE_SELECT 0x030
#define QUEUE_SIZE_MAX 0x034
#define QUEUE_SIZE 0x038
#define LEGACY_QUEUE_ALIGN 0x03c
#define LEGACY_QUEUE_PAGE 0x040
#define QUEUE_READY 0x044
#define QUEUE_NOTIFY 0x050
#define INTERRUPT_STATUS 0x060
#define INTERRUPT_ACKNOWLEDGE 0x064
#define STATUS 0x070
#define QUEUE_DESCRIPTORS 0x080
#define QUEUE_AVAILABLE 0x090
#define QUEUE_USED 0x0a0
#define CONFIG 0x100
#define REGISTERS_SIZE 0x200

#define MAGIC_VALUE 0x74726976 /* "virt" */

/* QEMU's microvm has up to 24 places, fills them from the top, and need not say so. */
#define MICROVM_ADDRESS 0xfeb00000ull
#define MICROVM_COUNT 24

#define REGISTER(device, offset) (*(volatile uint32_t *)((device)->common + (offset)))

static uint64_t mmio_features(const struct virtio *device) {
  REGISTER(device, DEVICE_FEATURES_SELECT) = 1;
  uint64_t high = REGISTER(device, DEVICE_FEATURES);
  REGISTER(device, DEVICE_FEATURES_SELECT) = 0;
  return high << 32 | REGISTER(device, DEVICE_FEATURES);
}

static void mmio_accept(const struct virtio *device, uint64_t features) {
  for (uint32_t half = 0; half < 2; half++) {
    REGISTER(device, DRIVER_FEATURES_SELECT) = half;
    REGISTER(device, DRIVER_FEATURES) = (uint32_t)(features >> 32 * half);
  }
  if (!device->is_modern) REGISTER(device, LEGACY_PAGE_SIZE) = PAGE_SIZE;
}

static uint8_t mmio_status(const struct virtio *device) { return (uint8_t)REGISTER(device, STATUS); }
static void mmio_set_status(const struct virtio *device, uint8_t status) { REGISTER(device, STATUS) = status; }

static uint16_t mmio_queue_size(const struct virtio *device, uint16_t index, bool *is_fixed) {
  REGISTER(device, QUEUE_SELECT) = index;
  *is_fixed = false;
  return (uint16_t)REGISTER(device, QUEUE_SIZE_MAX);
}

static void set_address(const struct virtio *device, unsigned offset, const volatile void *table) {
  REGISTER(device, offset) = (uint32_t)(uintptr_t)table;
  REGISTER(device, offset + 4) = (uint32_t)((uintptr_t)table >> 32);
}

static void mmio_queue_enable(const struct virtio *device, struct virtq *queue) {
  REGISTER(device, QUEUE_SELECT) = queue->index;
  REGISTER(device, QUEUE_SIZE) = queue->size;
  if (device->is_modern) {
    set_address(device, QUEUE_DESCRIPTORS, queue->descriptors);
    set_address(device, QUEUE_AVAILABLE, queue->available);
    set_address(device, QUEUE_USED, queue->used);
    REGISTER(device, QUEUE_READY) = 1;
  } else {
    REGISTER(device, LEGACY_QUEUE_ALIGN) = PAGE_SIZE;
    REGISTER(device, LEGACY_QUEUE_PAGE) = (uint32_t)((uintptr_t)queue->descriptors / PAGE_SIZE);
  }
}

static void mmio_notify(const struct virtio *device, const struct virtq *queue) {
  REGISTER(device, QUEUE_NOTIFY) = queue->index;
}

static bool mmio_acknowledge(const struct virtio *device) {
  uint32_t status = REGISTER(device, INTERRUPT_STATUS);
  if (status != 0) REGISTER(device, INTERRUPT_ACKNOWLEDGE) = status;
  return status != 0;
}

static uint8_t mmio_config(const struct virtio *device, uint16_t offset) { return device->common[CONFIG + offset]; }

static const struct virtio_bus mmio_bus = {
    mmio_features, mmio_accept, mmio_status,      mmio_set_status, mmio_queue_size,
    mmio_queue_enable, mmio_notify, mmio_acknowledge, mmio_config,
};

static void look_at(uint64_t address) {
  struct virtio device = {.bus = &mmio_bus, .common = map_device(address, REGISTERS_SIZE)};
  if (REGISTER(&device, MAGIC) != MAGIC_VALUE) return;
  uint32_t version = REGISTER(&device, VERSION);
  device.kind = (uint16_t)REGISTER(&device, DEVICE_ID);
  device.is_modern = version >= 2;
  if (device.kind != 0 && (version == 1 || version == 2)) devices_add(&device);
}

/* The address in such a word of the command line: 0 if there is none. */
static uint64_t address_of(const char *word) {
  while (*word != '@' && *word != ' ' && *word != 0) word++;
  if (strncmp(word, "@0x", 3) != 0) return 0;
  uint64_t address = 0;
  for (word += 3;; word++) {
    if (*word >= '0' && *word <= '9') address = address * 16 + (uint64_t)(*word - '0');
    else if (*word >= 'a' && *word <= 'f') address = address * 16 + (uint64_t)(*word - 'a' + 10);
    else return address;
  }
}

void mmio_init(const char *command_line) {
  const char *word = strstr(command_line, MMIO_WORD);
  if (word == NULL) {
    for (int i = MICROVM_COUNT - 1; i >= 0; i--) look_at(MICROVM_ADDRESS + i * REGISTERS_SIZE);
  }
  for (; word != NULL; word = strstr(word + 1, MMIO_WORD)) {
    uint64_t address = address_of(word);
    if (address != 0) look_at(address);
  }
}
