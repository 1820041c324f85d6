/*
 * The machine's devices. Names are the manifest's, machines only have an order: the n-th network device of the manifest
 * is the n-th on the bus, and the n-th block device likewise. The order of the bus is
 *
 *     PCI   bus, slot, function, each ascending; what is behind a bridge stands where the bridge does
 *     MMIO  as on the command line ("virtio_mmio.device=…"); without a word there, QEMU's microvm: from the last place down
 *
 * which for QEMU is the order of its -device options, where these name no address.
 */
#include "console.h"
#include "virtio.h"

/* 63 of the manifest's, and what else the machine has. */
#define DEVICES_MAX 128

static struct virtio devices[DEVICES_MAX];
static unsigned count;

void devices_add(const struct virtio *device) {
  if (count < DEVICES_MAX) devices[count++] = *device;
}

void devices_init(const char *command_line) {
  if (!pci_init()) mmio_init(command_line);
}

struct virtio *devices_find(enum virtio_kind kind, unsigned ordinal) {
  for (unsigned i = 0; i < count; i++) {
    if (devices[i].kind == kind && ordinal-- == 0) return &devices[i];
  }
  return NULL;
}

/*
 * Whether one behind the first was raised. If none was, all of them were low when the first was lowered, and so was a
 * line they share; otherwise one before it may have been raised again meanwhile, with no edge that anybody saw.
 */
static bool acknowledge_once(void) {
  bool is_first = true, is_doubtful = false;
  for (unsigned i = 0; i < count; i++) {
    if (!devices[i].is_running) continue;
    bool was_raised = devices[i].bus->acknowledge(&devices[i]);
    is_doubtful |= was_raised && !is_first;
    is_first = false;
  }
  return is_doubtful;
}

/* A device that interrupts again and again cannot hold this up: the sleep after it ends in a second at most. */
#define ROUNDS_MAX 8

void devices_acknowledge(void) {
  for (int round = 0; round < ROUNDS_MAX && acknowledge_once(); round++) continue;
}
