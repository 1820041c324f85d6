/* The queues that a driver shares with its device, §2.7: one layout, the legacy one, which suits modern devices too. */
#include "console.h"
#include "memory.h"
#include "virtio.h"

#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER 2
#define STATUS_DRIVER_OK 4
#define STATUS_FEATURES_OK 8

#define AVAILABLE_NO_INTERRUPT 1
#define USED_NO_NOTIFY 1

#define DESCRIPTORS_SIZE(count) (sizeof(struct virtq_descriptor) * (count))
#define AVAILABLE_SIZE(count) (6 + 2ul * (count))
#define USED_SIZE(count) (6 + 8ul * (count))

/* The processor keeps the order of writes, and of reads. The compiler has to, and so does a write before a read. */
#define ORDER() __asm__ volatile("" ::: "memory")
#define ORDER_WRITE_READ() __asm__ volatile("mfence" ::: "memory")

bool virtio_start(struct virtio *device, uint64_t wanted) {
  const struct virtio_bus *bus = device->bus;
  bus->set_status(device, 0);
  bus->set_status(device, STATUS_ACKNOWLEDGE);
  bus->set_status(device, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
  uint64_t essential = device->is_modern ? VIRTIO_F_VERSION_1 : 0;
  device->features = bus->features(device) & (wanted | essential);
  if ((device->features & essential) != essential) return false;
  bus->accept(device, device->features);
  if (!device->is_modern) return true;
  bus->set_status(device, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
  return (bus->status(device) & STATUS_FEATURES_OK) != 0;
}

bool virtio_queue(const struct virtio *device, struct virtq *queue, uint16_t index, uint16_t ids_wanted) {
  bool is_fixed = false;
  uint16_t size = device->bus->queue_size(device, index, &is_fixed);
  if (size == 0) return false;
  if (!is_fixed && size > ids_wanted) size = ids_wanted;

  size_t used_offset = page_up(DESCRIPTORS_SIZE(size) + AVAILABLE_SIZE(size));
  uint8_t *tables = memory_take(used_offset + USED_SIZE(size));
  *queue = (struct virtq){
      .index = index,
      .size = size,
      .ids = size < ids_wanted ? size : ids_wanted,
      .descriptors = (void *)tables,
      .available = (void *)(tables + DESCRIPTORS_SIZE(size)),
      .used = (void *)(tables + used_offset),
  };
  device->bus->queue_enable(device, queue);
  return true;
}

void virtio_run(struct virtio *device) {
  device->is_running = true;
  device->bus->set_status(device, device->bus->status(device) | STATUS_DRIVER_OK);
}

static uint64_t config(const struct virtio *device, uint16_t offset, unsigned size) {
  uint64_t value = 0;
  for (unsigned i = 0; i < size; i++) value |= (uint64_t)device->bus->config(device, (uint16_t)(offset + i)) << 8 * i;
  return value;
}

uint32_t virtio_config32(const struct virtio *device, uint16_t offset) { return (uint32_t)config(device, offset, 4); }
uint64_t virtio_config64(const struct virtio *device, uint16_t offset) { return config(device, offset, 8); }

void virtq_offer(struct virtq *queue, uint16_t id) {
  uint16_t index = queue->available[1];
  queue->available[2 + index % queue->size] = id;
  ORDER();
  queue->available[1] = (uint16_t)(index + 1);
}

void virtq_notify(const struct virtio *device, const struct virtq *queue) {
  ORDER_WRITE_READ();
  if (!(queue->used[0] & USED_NO_NOTIFY)) device->bus->notify(device, queue);
}

bool virtq_has_answer(const struct virtq *queue) { return queue->used[1] != queue->taken; }

bool virtq_take(struct virtq *queue, uint16_t *id, uint32_t *length) {
  if (!virtq_has_answer(queue)) return false;
  ORDER();
  const volatile uint32_t *answer = (const volatile uint32_t *)(queue->used + 2) + 2 * (queue->taken % queue->size);
  /* Read once: the device may write again between a look and the use. */
  uint32_t answered = answer[0];
  if (answered >= queue->ids) fail("a virtio device answered what it was not asked");
  *id = (uint16_t)answered;
  *length = answer[1];
  ORDER();
  queue->taken++;
  return true;
}

void virtq_silence(struct virtq *queue) { queue->available[0] = AVAILABLE_NO_INTERRUPT; }

void virtq_listen(struct virtq *queue) {
  queue->available[0] = 0;
  ORDER_WRITE_READ();
}
