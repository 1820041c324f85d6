/* Network devices: virtio-net, §5.1, one queue in, one out. And the sleep until one of them has a frame. */
#include <string.h>
#include "attach.h"
#include "interrupt.h"
#include "memory.h"
#include "solo5.h"

/*
 * Features. Neither checksums nor segmentation are asked for: `solo5_net_write` has no way to say what is left to do,
 * so the header before each frame is zero. Without them no frame is larger than `mtu + 14`, and each fits one buffer.
 */
#define F_MTU (1ull << 3)
#define F_MAC (1ull << 5)

#define CONFIG_MAC 0
#define CONFIG_MTU 10
#define MTU_DEFAULT 1500
#define MTU_MAX 65521

/* The header before each frame. The last field came with version 1. */
#define HEADER_SIZE_LEGACY 10
#define HEADER_SIZE 12

enum { QUEUE_INPUT, QUEUE_OUTPUT };

/* Frames that wait on each side, at most. */
#define BUFFERS_MAX 128

/* How long a frame waits for room before it is dropped. */
#define ROOM_WAIT_NS 50000000

struct net {
  struct virtio *device;
  struct virtq input, output;
  uint8_t *input_buffers, *output_buffers;
  size_t buffer_size, header_size, mtu;
  /* Output buffers that are not with the device. */
  uint16_t free[BUFFERS_MAX];
  uint16_t free_count;
  bool is_stuck;
};

static struct net *nets[MFT_MAX_ENTRIES];
static solo5_handle_set_t acquired;

static uint8_t *make_buffers(struct net *net, struct virtq *queue, uint16_t flags) {
  uint8_t *buffers = memory_take(queue->ids * net->buffer_size);
  for (uint16_t id = 0; id < queue->ids; id++) {
    volatile struct virtq_descriptor *descriptor = &queue->descriptors[id];
    descriptor->address = (uintptr_t)buffers + id * net->buffer_size;
    descriptor->size = (uint32_t)net->buffer_size;
    descriptor->flags = flags;
  }
  return buffers;
}

const char *net_attach(unsigned handle, struct virtio *device) {
  struct net *net = memory_take(sizeof *net);
  if (!virtio_start(device, F_MAC | F_MTU | VIRTIO_F_ANY_LAYOUT | VIRTIO_F_VERSION_1)) return "cannot be started";
  if (!(device->features & F_MAC)) return "has no hardware address";
  if (!(device->features & (VIRTIO_F_ANY_LAYOUT | VIRTIO_F_VERSION_1))) return "wants header and frame apart";

  net->device = device;
  net->mtu = device->features & F_MTU ? virtio_config32(device, CONFIG_MTU) & 0xffff : MTU_DEFAULT;
  if (net->mtu > MTU_MAX) return "has frames that are too large";
  net->header_size = device->features & VIRTIO_F_VERSION_1 ? HEADER_SIZE : HEADER_SIZE_LEGACY;
  net->buffer_size = (HEADER_SIZE + SOLO5_NET_HLEN + net->mtu + 63) & ~63ul;
  if (!virtio_queue(device, &net->input, QUEUE_INPUT, BUFFERS_MAX)) return "has no queue";
  if (!virtio_queue(device, &net->output, QUEUE_OUTPUT, BUFFERS_MAX)) return "has no queue";

  net->input_buffers = make_buffers(net, &net->input, DESCRIPTOR_WRITE);
  net->output_buffers = make_buffers(net, &net->output, 0);
  for (uint16_t id = 0; id < net->input.ids; id++) virtq_offer(&net->input, id);
  for (uint16_t id = 0; id < net->output.ids; id++) net->free[net->free_count++] = id;
  virtq_silence(&net->output);
  nets[handle] = net;
  return NULL;
}

solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle, struct solo5_net_info *info) {
  if (manifest_acquire(manifest(), name, MFT_DEV_NET_BASIC, handle) == NULL) return SOLO5_R_EINVAL;
  struct net *net = nets[*handle];
  for (uint16_t i = 0; i < SOLO5_NET_ALEN; i++) info->mac_address[i] = net->device->bus->config(net->device, CONFIG_MAC + i);
  info->mtu = net->mtu;
  /* Frames of before are nobody's: the device begins here. */
  virtio_run(net->device);
  virtq_notify(net->device, &net->input);
  acquired |= 1ull << *handle;
  return SOLO5_R_OK;
}

static struct net *net_of(solo5_handle_t handle) {
  return manifest_entry(manifest(), handle, MFT_DEV_NET_BASIC) == NULL ? NULL : nets[handle];
}

static void reclaim(struct net *net) {
  uint16_t id;
  uint32_t length;
  while (net->free_count < BUFFERS_MAX && virtq_take(&net->output, &id, &length)) net->free[net->free_count++] = id;
}

/* Sleeps until an output buffer is free again. A device that once took nothing for so long is not waited for until it does. */
static void wait_for_room(struct net *net) {
  solo5_time_t deadline = solo5_clock_monotonic() + ROOM_WAIT_NS;
  virtq_listen(&net->output);
  while (net->free_count == 0 && solo5_clock_monotonic() < deadline) {
    devices_acknowledge();
    if (!virtq_has_answer(&net->output)) halt_until(deadline);
    reclaim(net);
  }
  virtq_silence(&net->output);
  net->is_stuck = net->free_count == 0;
}

static bool has_room(struct net *net) {
  reclaim(net);
  if (net->free_count > 0) net->is_stuck = false;
  else if (!net->is_stuck) wait_for_room(net);
  return net->free_count > 0;
}

solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size) {
  struct net *net = net_of(handle);
  if (net == NULL || size > net->mtu + SOLO5_NET_HLEN) return SOLO5_R_EINVAL;
  /* Dropped, which is what networks do. */
  if (!has_room(net)) return SOLO5_R_OK;
  uint16_t id = net->free[--net->free_count];
  memcpy(net->output_buffers + id * net->buffer_size + net->header_size, buf, size);
  net->output.descriptors[id].size = (uint32_t)(net->header_size + size);
  virtq_offer(&net->output, id);
  virtq_notify(net->device, &net->output);
  return SOLO5_R_OK;
}

solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size) {
  struct net *net = net_of(handle);
  if (net == NULL || size < net->mtu + SOLO5_NET_HLEN) return SOLO5_R_EINVAL;
  uint16_t id;
  uint32_t length;
  if (!virtq_take(&net->input, &id, &length)) return SOLO5_R_AGAIN;
  /* A device that says more than it was given room for is not believed. */
  size_t end = length < net->buffer_size ? length : net->buffer_size;
  *read_size = end < net->header_size ? 0 : end - net->header_size;
  if (*read_size > size) *read_size = size;
  memcpy(buf, net->input_buffers + id * net->buffer_size + net->header_size, *read_size);
  virtq_offer(&net->input, id);
  virtq_notify(net->device, &net->input);
  return SOLO5_R_OK;
}

static solo5_handle_set_t ready(void) {
  solo5_handle_set_t set = 0;
  for (unsigned handle = 1; handle < MFT_MAX_ENTRIES && acquired >> handle != 0; handle++) {
    if (acquired >> handle & 1 && virtq_has_answer(&nets[handle]->input)) set |= 1ull << handle;
  }
  return set;
}

void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set) {
  solo5_handle_set_t set;
  while ((set = ready()) == 0) {
    if (solo5_clock_monotonic() >= deadline) break;
    /* Lines down first, then once more a look at the rings: what comes after it ends the sleep. */
    devices_acknowledge();
    if (ready() == 0) halt_until(deadline);
  }
  if (ready_set != NULL) *ready_set = set;
}
