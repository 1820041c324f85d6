/*
 * Virtio 1.2: devices as a driver sees them, whatever bus they are on, and the queues they share with it.
 *
 * A queue is three tables in the guest's memory. The driver describes buffers in `descriptors`, offers them in
 * `available`; the device gives them back in `used`:
 *
 *     driver: descriptors[id] = buffer, available.ring[i++] = id, notify
 *     device: ... reads or writes the buffer ..., used.ring[j++] = {id, length}, interrupt
 */
#ifndef VIRTIO_H
#define VIRTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** §5: what a device is. */
enum virtio_kind { VIRTIO_NET = 1, VIRTIO_BLOCK = 2, VIRTIO_ENTROPY = 4 };

/** §6: features of every device. */
#define VIRTIO_F_ANY_LAYOUT (1ull << 27)
#define VIRTIO_F_VERSION_1 (1ull << 32)

/** §2.7.5 */
struct virtq_descriptor {
  uint64_t address;
  uint32_t size;
  uint16_t flags, next;
};
#define DESCRIPTOR_NEXT 1
#define DESCRIPTOR_WRITE 2 /* by the device */

struct virtq {
  uint16_t index, size;
  /** The driver's buffers are 0 to `ids` - 1, fewer than `size` where the device does not let choose. */
  uint16_t ids;
  /** How many of the device's answers were taken. */
  uint16_t taken;
  volatile struct virtq_descriptor *descriptors;
  volatile uint16_t *available; /* flags, index, ring */
  volatile uint16_t *used;      /* flags, index, ring of {u32 id, u32 length} */
  /** Where PCI wants to hear of new buffers. */
  volatile uint16_t *notify;
};

struct virtio;

/** What a bus knows to do: virtio-pci.c, virtio-mmio.c. */
struct virtio_bus {
  uint64_t (*features)(const struct virtio *device);
  void (*accept)(const struct virtio *device, uint64_t features);
  uint8_t (*status)(const struct virtio *device);
  void (*set_status)(const struct virtio *device, uint8_t status);
  /** The size of the queue at `index`: 0 where there is none. `*is_fixed` where the driver may not choose a smaller one. */
  uint16_t (*queue_size)(const struct virtio *device, uint16_t index, bool *is_fixed);
  void (*queue_enable)(const struct virtio *device, struct virtq *queue);
  void (*notify)(const struct virtio *device, const struct virtq *queue);
  /** Lowers the device's interrupt line; whether it was raised. */
  bool (*acknowledge)(const struct virtio *device);
  uint8_t (*config)(const struct virtio *device, uint16_t offset);
};

struct virtio {
  uint16_t kind;
  const struct virtio_bus *bus;
  /** Virtio 1, not the legacy interface of before. */
  bool is_modern;
  /** Whether it was told to work: only then it interrupts. */
  bool is_running;
  uint64_t features;
  /** Legacy PCI: the first of its ports. */
  uint16_t port;
  /** Modern PCI: its four structures. MMIO: only `common`. */
  volatile uint8_t *common, *isr, *device, *notify;
  uint32_t notify_multiplier;
};

/** Finds all devices, in the order of the bus: see devices.c. `command_line` names those of MMIO. */
void devices_init(const char *command_line);

/** The device of this kind with so many of its kind before it on the bus: null if there are fewer. */
struct virtio *devices_find(enum virtio_kind kind, unsigned ordinal);

/** Tells every running device to lower its interrupt line, until a line that they share was low in between. */
void devices_acknowledge(void);

/** Called by the buses for each device they find. More than 128 are left alone. */
void devices_add(const struct virtio *device);

/** Looks for devices on PCI: returns false if the machine has none, or none that is found through the ports. */
bool pci_init(void);
bool pci_is_there(void);

/** How the command line tells of a device: SIZE@ADDRESS:INTERRUPT follows. */
#define MMIO_WORD "virtio_mmio.device="

/** Looks for devices at the addresses in `command_line`, and where QEMU's microvm has them. */
void mmio_init(const char *command_line);

/**
 * Resets a device and agrees with it on those of `wanted` that it offers (§3.1). False if it refuses.
 * The device is silent until `virtio_run`.
 */
bool virtio_start(struct virtio *device, uint64_t wanted);

/** Makes a queue for at most `ids_wanted` buffers. False if the device has no such queue. */
bool virtio_queue(const struct virtio *device, struct virtq *queue, uint16_t index, uint16_t ids_wanted);

void virtio_run(struct virtio *device);

uint32_t virtio_config32(const struct virtio *device, uint16_t offset);
uint64_t virtio_config64(const struct virtio *device, uint16_t offset);

/** Offers the buffer, or chain, whose first descriptor is `id`. */
void virtq_offer(struct virtq *queue, uint16_t id);

/** Tells the device of what was offered, unless it is looking anyway. */
void virtq_notify(const struct virtio *device, const struct virtq *queue);

/** The device's next answer: false if it has none. `*length` is what it has written. */
bool virtq_take(struct virtq *queue, uint16_t *id, uint32_t *length);
bool virtq_has_answer(const struct virtq *queue);

/** Asks the device not to interrupt for this queue, or to do so again: it may still be found to have answered before. */
void virtq_silence(struct virtq *queue);
void virtq_listen(struct virtq *queue);

#endif
