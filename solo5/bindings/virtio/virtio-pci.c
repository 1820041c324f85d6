/* Virtio over PCI, §4.1: modern devices by their structures in memory, transitional ones without by legacy ports. */
#include "cpu.h"
#include "paging.h"
#include "virtio.h"

/* Configuration space by the ports of PCI 2, which every PC has. */
#define ADDRESS_PORT 0xcf8
#define DATA_PORT 0xcfc
#define ADDRESS_ENABLE 0x80000000u

#define PCI_ID 0x00
#define PCI_COMMAND 0x04
#define PCI_HEADER_TYPE 0x0e
#define PCI_BAR(n) (0x10 + 4 * (n))
#define PCI_SECONDARY_BUS 0x19
#define PCI_CAPABILITIES 0x34
#define COMMAND_PORTS_MEMORY_MASTER 0x7
#define COMMAND_INTERRUPT_DISABLE 0x400
#define HEADER_BRIDGE 1
#define HEADER_MULTIFUNCTION 0x80
#define BAR_IS_PORT 1
#define BAR_IS_64_BIT 4

#define VIRTIO_VENDOR 0x1af4
#define VIRTIO_ID_FIRST 0x1000
#define VIRTIO_ID_MODERN 0x1040
#define VIRTIO_ID_LAST 0x107f
#define PCI_SUBSYSTEM_ID 0x2e

/* §4.1.4: a vendor's capability says where each structure is. */
#define CAPABILITY_VENDOR 0x09
enum { CAPABILITY_COMMON = 1, CAPABILITY_NOTIFY, CAPABILITY_ISR, CAPABILITY_DEVICE };

/* §4.1.4.3 */
#define COMMON_DEVICE_FEATURE_SELECT 0
#define COMMON_DEVICE_FEATURE 4
#define COMMON_DRIVER_FEATURE_SELECT 8
#define COMMON_DRIVER_FEATURE 12
#define COMMON_STATUS 20
#define COMMON_QUEUE_SELECT 22
#define COMMON_QUEUE_SIZE 24
#define COMMON_QUEUE_ENABLE 28
#define COMMON_QUEUE_NOTIFY_OFFSET 30
#define COMMON_QUEUE_DESCRIPTORS 32
#define COMMON_QUEUE_AVAILABLE 40
#define COMMON_QUEUE_USED 48

/* §4.1.4.10. The device's own structure follows, as long as MSI-X is off. */
#define LEGACY_DEVICE_FEATURES 0
#define LEGACY_DRIVER_FEATURES 4
#define LEGACY_QUEUE_ADDRESS 8
#define LEGACY_QUEUE_SIZE 12
#define LEGACY_QUEUE_SELECT 14
#define LEGACY_QUEUE_NOTIFY 16
#define LEGACY_STATUS 18
#define LEGACY_ISR 19
#define LEGACY_DEVICE 20
#define LEGACY_QUEUE_ADDRESS_SHIFT 12

/* Bridges behind bridges: as deep as a bus number can be. */
#define BUSES_MAX 256

/* Bus, slot and function, as the address port wants them. */
typedef uint32_t pci_t;

static uint32_t read32(pci_t at, uint8_t offset) {
  out32(ADDRESS_PORT, ADDRESS_ENABLE | at | (offset & 0xfc));
  return in32(DATA_PORT);
}

static uint16_t read16(pci_t at, uint8_t offset) { return (uint16_t)(read32(at, offset) >> 8 * (offset & 2)); }
static uint8_t read8(pci_t at, uint8_t offset) { return (uint8_t)(read32(at, offset) >> 8 * (offset & 3)); }

static void write32(pci_t at, uint8_t offset, uint32_t value) {
  out32(ADDRESS_PORT, ADDRESS_ENABLE | at | (offset & 0xfc));
  out32(DATA_PORT, value);
}

#define FIELD(type, device, offset) (*(volatile type *)((device)->common + (offset)))

static uint64_t modern_features(const struct virtio *device) {
  FIELD(uint32_t, device, COMMON_DEVICE_FEATURE_SELECT) = 1;
  uint64_t high = FIELD(uint32_t, device, COMMON_DEVICE_FEATURE);
  FIELD(uint32_t, device, COMMON_DEVICE_FEATURE_SELECT) = 0;
  return high << 32 | FIELD(uint32_t, device, COMMON_DEVICE_FEATURE);
}

static void modern_accept(const struct virtio *device, uint64_t features) {
  for (uint32_t half = 0; half < 2; half++) {
    FIELD(uint32_t, device, COMMON_DRIVER_FEATURE_SELECT) = half;
    FIELD(uint32_t, device, COMMON_DRIVER_FEATURE) = (uint32_t)(features >> 32 * half);
  }
}

static uint8_t modern_status(const struct virtio *device) { return FIELD(uint8_t, device, COMMON_STATUS); }

static void modern_set_status(const struct virtio *device, uint8_t status) {
  FIELD(uint8_t, device, COMMON_STATUS) = status;
  /* A reset is over when the device says so. */
  while (status == 0 && modern_status(device) != 0) relax();
}

static uint16_t modern_queue_size(const struct virtio *device, uint16_t index, bool *is_fixed) {
  FIELD(uint16_t, device, COMMON_QUEUE_SELECT) = index;
  *is_fixed = false;
  return FIELD(uint16_t, device, COMMON_QUEUE_SIZE);
}

static void set_address(const struct virtio *device, unsigned offset, const volatile void *table) {
  FIELD(uint32_t, device, offset) = (uint32_t)(uintptr_t)table;
  FIELD(uint32_t, device, offset + 4) = (uint32_t)((uintptr_t)table >> 32);
}

static void modern_queue_enable(const struct virtio *device, struct virtq *queue) {
  FIELD(uint16_t, device, COMMON_QUEUE_SELECT) = queue->index;
  FIELD(uint16_t, device, COMMON_QUEUE_SIZE) = queue->size;
  set_address(device, COMMON_QUEUE_DESCRIPTORS, queue->descriptors);
  set_address(device, COMMON_QUEUE_AVAILABLE, queue->available);
  set_address(device, COMMON_QUEUE_USED, queue->used);
  uint32_t offset = FIELD(uint16_t, device, COMMON_QUEUE_NOTIFY_OFFSET) * device->notify_multiplier;
  queue->notify = (volatile uint16_t *)(device->notify + offset);
  FIELD(uint16_t, device, COMMON_QUEUE_ENABLE) = 1;
}

static void modern_notify(const struct virtio *device, const struct virtq *queue) {
  (void)device;
  *queue->notify = queue->index;
}

static bool modern_acknowledge(const struct virtio *device) { return *device->isr != 0; }
static uint8_t modern_config(const struct virtio *device, uint16_t offset) { return device->device[offset]; }

static const struct virtio_bus modern_bus = {
    modern_features, modern_accept, modern_status,      modern_set_status, modern_queue_size,
    modern_queue_enable, modern_notify, modern_acknowledge, modern_config,
};

static uint64_t legacy_features(const struct virtio *device) { return in32(device->port + LEGACY_DEVICE_FEATURES); }

static void legacy_accept(const struct virtio *device, uint64_t features) {
  out32(device->port + LEGACY_DRIVER_FEATURES, (uint32_t)features);
}

static uint8_t legacy_status(const struct virtio *device) { return in8(device->port + LEGACY_STATUS); }
static void legacy_set_status(const struct virtio *device, uint8_t status) { out8(device->port + LEGACY_STATUS, status); }

static uint16_t legacy_queue_size(const struct virtio *device, uint16_t index, bool *is_fixed) {
  out16(device->port + LEGACY_QUEUE_SELECT, index);
  *is_fixed = true;
  return in16(device->port + LEGACY_QUEUE_SIZE);
}

static void legacy_queue_enable(const struct virtio *device, struct virtq *queue) {
  out16(device->port + LEGACY_QUEUE_SELECT, queue->index);
  out32(device->port + LEGACY_QUEUE_ADDRESS, (uint32_t)((uintptr_t)queue->descriptors >> LEGACY_QUEUE_ADDRESS_SHIFT));
}

static void legacy_notify(const struct virtio *device, const struct virtq *queue) {
  out16(device->port + LEGACY_QUEUE_NOTIFY, queue->index);
}

static bool legacy_acknowledge(const struct virtio *device) { return in8(device->port + LEGACY_ISR) != 0; }

static uint8_t legacy_config(const struct virtio *device, uint16_t offset) {
  return in8((uint16_t)(device->port + LEGACY_DEVICE + offset));
}

static const struct virtio_bus legacy_bus = {
    legacy_features, legacy_accept, legacy_status,      legacy_set_status, legacy_queue_size,
    legacy_queue_enable, legacy_notify, legacy_acknowledge, legacy_config,
};

/* A structure that a capability names, mapped: null if it is in ports, or firmware gave it no address. */
static volatile uint8_t *map_structure(pci_t at, uint8_t capability) {
  uint8_t index = read8(at, capability + 4);
  if (index > 5) return NULL;
  uint64_t bar = read32(at, PCI_BAR(index));
  if (bar & BAR_IS_PORT) return NULL;
  if (bar & BAR_IS_64_BIT && index < 5) bar |= (uint64_t)read32(at, PCI_BAR(index + 1)) << 32;
  bar &= ~0xfull;
  if (bar == 0) return NULL;
  return map_device(bar + read32(at, capability + 8), read32(at, capability + 12));
}

static bool find_modern(pci_t at, struct virtio *device) {
  uint8_t capability = read8(at, PCI_CAPABILITIES);
  /* Each has its own place in 256 bytes; a list that is a ring ends here. */
  for (int i = 0; capability != 0 && i < 64; i++, capability = read8(at, capability + 1)) {
    if (read8(at, capability) != CAPABILITY_VENDOR) continue;
    uint8_t type = read8(at, capability + 3);
    if (type == CAPABILITY_COMMON && device->common == NULL) device->common = map_structure(at, capability);
    if (type == CAPABILITY_ISR && device->isr == NULL) device->isr = map_structure(at, capability);
    if (type == CAPABILITY_DEVICE && device->device == NULL) device->device = map_structure(at, capability);
    if (type == CAPABILITY_NOTIFY && device->notify == NULL) {
      device->notify = map_structure(at, capability);
      device->notify_multiplier = read32(at, capability + 16);
    }
  }
  device->bus = &modern_bus;
  device->is_modern = true;
  bool has_config = device->device != NULL || device->kind == VIRTIO_ENTROPY;
  return device->common != NULL && device->isr != NULL && device->notify != NULL && has_config;
}

static bool find_legacy(pci_t at, struct virtio *device) {
  uint32_t bar = read32(at, PCI_BAR(0));
  device->bus = &legacy_bus;
  device->is_modern = false;
  device->port = (uint16_t)(bar & ~3u);
  return bar & BAR_IS_PORT && device->port != 0;
}

static void look_at(pci_t at) {
  uint32_t id = read32(at, PCI_ID);
  uint16_t product = id >> 16;
  if ((id & 0xffff) != VIRTIO_VENDOR || product < VIRTIO_ID_FIRST || product > VIRTIO_ID_LAST) return;
  uint32_t command = read32(at, PCI_COMMAND) & 0xffff & ~COMMAND_INTERRUPT_DISABLE;
  write32(at, PCI_COMMAND, command | COMMAND_PORTS_MEMORY_MASTER);
  struct virtio device = {0};
  /* §4.1.2: a transitional device says what it is as its subsystem. */
  device.kind = product >= VIRTIO_ID_MODERN ? product - VIRTIO_ID_MODERN : read16(at, PCI_SUBSYSTEM_ID);
  if (find_modern(at, &device) || find_legacy(at, &device)) devices_add(&device);
}

static void scan(uint32_t bus, int buses_left) {
  for (uint32_t slot = 0; slot < 32 && buses_left > 0; slot++) {
    for (uint32_t function = 0; function < 8; function++) {
      pci_t at = bus << 16 | slot << 11 | function << 8;
      if ((read32(at, PCI_ID) & 0xffff) == 0xffff) {
        if (function == 0) break;
        continue;
      }
      uint8_t header = read8(at, PCI_HEADER_TYPE);
      look_at(at);
      /* Buses ascend away from the processor: a bridge that leads back is none that firmware has set up. */
      uint8_t behind = read8(at, PCI_SECONDARY_BUS);
      if ((header & 0x7f) == HEADER_BRIDGE && behind > bus) scan(behind, buses_left - 1);
      if (function == 0 && !(header & HEADER_MULTIFUNCTION)) break;
    }
  }
}

bool pci_is_there(void) {
  out32(ADDRESS_PORT, ADDRESS_ENABLE);
  return in32(ADDRESS_PORT) == ADDRESS_ENABLE;
}

bool pci_init(void) {
  if (!pci_is_there()) return false;
  scan(0, BUSES_MAX);
  return true;
}
