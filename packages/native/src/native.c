/*
 * What a Node process cannot ask of Linux itself: TAP devices, and descriptors of which every read and every write is
 * one frame; packet.c has those that see what an interface carries. src/native.ts says what each function promises.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAPI_VERSION 8
#include <node_api.h>
#include <uv.h>
#include "packet.h"
#include "values.h"

/* Grows with each change of what the functions take and give, here and in native.ts, which takes its own number only. */
#define INTERFACE 3
/* virtio_net_hdr, without the count of buffers. */
#define VNET_HEADER_SIZE 10
/* Where a frame begins in the slab: on a line of the processor's cache. */
#define ALIGNMENT 64

/* openTap(name, vnetHeader): a descriptor. */
static napi_value open_tap(napi_env env, napi_callback_info info) {
  napi_value values[ARGUMENTS_MAX];
  arguments(env, info, values);
  struct ifreq request;
  if (!name_of(env, values[0], &request)) return failure(env);
  bool has_header = integer(env, values[1]);
  request.ifr_flags = IFF_TAP | IFF_NO_PI | (has_header ? IFF_VNET_HDR : 0);
  int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tap < 0) return failure(env);
  int size = VNET_HEADER_SIZE;
  if (ioctl(tap, TUNSETIFF, &request) == 0 && (!has_header || ioctl(tap, TUNSETVNETHDRSZ, &size) == 0))
    return number(env, tap);
  napi_value result = failure(env);
  close(tap);
  return result;
}

/* tapName(descriptor): the name of its interface. */
static napi_value tap_name(napi_env env, napi_callback_info info) {
  napi_value values[ARGUMENTS_MAX], result;
  arguments(env, info, values);
  struct ifreq request = {0};
  if (ioctl(integer(env, values[0]), TUNGETIFF, &request) < 0) return failure(env);
  napi_create_string_utf8(env, request.ifr_name, NAPI_AUTO_LENGTH, &result);
  return result;
}

/* hasVnetHeader(descriptor): 1 or 0. */
static napi_value has_vnet_header(napi_env env, napi_callback_info info) {
  napi_value values[ARGUMENTS_MAX];
  arguments(env, info, values);
  struct ifreq request = {0};
  if (ioctl(integer(env, values[0]), TUNGETIFF, &request) < 0) return failure(env);
  return number(env, (request.ifr_flags & IFF_VNET_HDR) != 0);
}

/* setOffload(descriptor, bits) */
static napi_value set_offload(napi_env env, napi_callback_info info) {
  napi_value values[ARGUMENTS_MAX];
  arguments(env, info, values);
  int done = ioctl(integer(env, values[0]), TUNSETOFFLOAD, (unsigned long)integer(env, values[1]));
  return done < 0 ? failure(env) : number(env, 0);
}

/* setPersistent(descriptor, isPersistent) */
static napi_value set_persistent(napi_env env, napi_callback_info info) {
  napi_value values[ARGUMENTS_MAX];
  arguments(env, info, values);
  int done = ioctl(integer(env, values[0]), TUNSETPERSIST, (unsigned long)integer(env, values[1]));
  return done < 0 ? failure(env) : number(env, 0);
}

/* mtu(name) of an interface of this network namespace. */
static napi_value mtu(napi_env env, napi_callback_info info) {
  napi_value values[ARGUMENTS_MAX];
  arguments(env, info, values);
  struct ifreq request;
  if (!name_of(env, values[0], &request)) return failure(env);
  int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (any < 0) return failure(env);
  napi_value result = ioctl(any, SIOCGIFMTU, &request) < 0 ? failure(env) : number(env, request.ifr_mtu);
  close(any);
  return result;
}

/* datagramPair(ends: Int32Array(2)) */
static napi_value datagram_pair(napi_env env, napi_callback_info info) {
  napi_value values[ARGUMENTS_MAX];
  arguments(env, info, values);
  size_t length;
  int32_t *ends = bytes(env, values[0], &length);
  int done = socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends);
  return done < 0 ? failure(env) : number(env, 0);
}

/* closeFile(descriptor) */
static napi_value close_file(napi_env env, napi_callback_info info) {
  napi_value values[ARGUMENTS_MAX];
  arguments(env, info, values);
  close(integer(env, values[0]));
  return NULL;
}

/* endWithParent() */
static napi_value end_with_parent(napi_env env, napi_callback_info info) {
  return prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 ? failure(env) : number(env, 0);
}

/* write(descriptor, slab, frames, first, end): how many; an error counts only if nothing was written before it. */
static napi_value write_frames(napi_env env, napi_callback_info info) {
  napi_value values[ARGUMENTS_MAX];
  arguments(env, info, values);
  size_t slab_size, numbers;
  int descriptor = integer(env, values[0]);
  uint8_t *slab = bytes(env, values[1], &slab_size);
  int32_t *frames = bytes(env, values[2], &numbers);
  size_t first = integer(env, values[3]), end = integer(env, values[4]);
  if (end > numbers / 2) return number(env, -EFAULT);
  for (size_t i = first; i < end; i++) {
    size_t offset = frames[2 * i], length = frames[2 * i + 1];
    if (length > slab_size || offset > slab_size - length) errno = EFAULT;
    else if (write(descriptor, slab + offset, length) >= 0) continue;
    return i > first ? number(env, i - first) : failure(env);
  }
  return number(env, end - first);
}

/* A descriptor that is read whenever there is something to read. */
struct reader {
  uv_poll_t poll;
  napi_env env;
  napi_async_context context;
  napi_ref receive;
  /* Keeps the memory of `slab` and `frames`. */
  napi_ref arrays[2];
  uint8_t *slab;
  size_t slab_size;
  /* Offset and length of each frame. */
  int32_t *frames;
  size_t frames_max;
  size_t frame_size_max;
  int descriptor;
  /* Reads one frame. */
  ssize_t (*read)(int descriptor, void *to, size_t size);
  bool is_stopped;
  /* The last batch was one frame: probably a question, whose answer is waited for. */
  bool was_single;
};

/* Reads as many frames as there are, up to `limit`, or have room; an error counts only if nothing was read before it. */
static int64_t read_batch(struct reader *reader, size_t limit) {
  size_t count = 0, offset = 0;
  while (count < limit && offset + reader->frame_size_max <= reader->slab_size) {
    ssize_t length = reader->read(reader->descriptor, reader->slab + offset, reader->frame_size_max);
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) {
      if (count > 0 || length == 0 || errno == EAGAIN) break;
      return -errno;
    }
    reader->frames[2 * count] = (int32_t)offset;
    reader->frames[2 * count + 1] = (int32_t)length;
    count++;
    offset += ((size_t)length + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
  }
  return (int64_t)count;
}

static void hand_over(struct reader *reader, int64_t count) {
  napi_env env = reader->env;
  napi_handle_scope scope;
  napi_open_handle_scope(env, &scope);
  napi_value receive, argument = number(env, count), global, error;
  napi_get_reference_value(env, reader->receive, &receive);
  napi_get_global(env, &global);
  if (napi_make_callback(env, reader->context, global, receive, 1, &argument, NULL) == napi_pending_exception) {
    napi_get_and_clear_last_exception(env, &error);
    napi_fatal_exception(env, error);
  }
  napi_close_handle_scope(env, scope);
}

/*
 * Where one frame came the last time, the next is handed over before anybody looks for a second: of a round trip over
 * a TAP that is the time of a system call.
 */
static void readable(uv_poll_t *poll, int status, int events) {
  struct reader *reader = poll->data;
  /* An interface that went down is an error of what sees its frames, once. It may come up again. */
  if (status < 0 && reader->read == read_packet) status = uv_poll_start(poll, UV_READABLE, readable);
  if (status < 0) return hand_over(reader, status);
  int64_t count = 1;
  if (reader->was_single) {
    count = read_batch(reader, 1);
    if (count != 0) hand_over(reader, count);
  }
  if (count <= 0 || reader->is_stopped) return;
  count = read_batch(reader, reader->frames_max);
  if (count > 0 || !reader->was_single) reader->was_single = count == 1;
  if (count != 0) hand_over(reader, count);
}

static void reader_closed(uv_handle_t *handle) {
  struct reader *reader = handle->data;
  close(reader->descriptor);
  free(reader);
}

static void reader_failed(uv_handle_t *handle) {
  free(handle->data);
}

static void end_reader(void *data) {
  struct reader *reader = data;
  if (reader->is_stopped) return;
  reader->is_stopped = true;
  napi_env env = reader->env;
  napi_delete_reference(env, reader->receive);
  for (int i = 0; i < 2; i++) napi_delete_reference(env, reader->arrays[i]);
  napi_async_destroy(env, reader->context);
  uv_close((uv_handle_t *)&reader->poll, reader_closed);
}

/* read(descriptor, slab, frames, frameSizeMax, receive): what stopReading takes. */
static napi_value read_frames(napi_env env, napi_callback_info info) {
  napi_value values[ARGUMENTS_MAX], name, result;
  arguments(env, info, values);
  struct reader *reader = calloc(1, sizeof *reader);
  if (reader == NULL) return number(env, -ENOMEM);
  size_t numbers;
  reader->env = env;
  reader->descriptor = integer(env, values[0]);
  reader->read = is_packet_socket(reader->descriptor) ? read_packet : read;
  reader->slab = bytes(env, values[1], &reader->slab_size);
  reader->frames = bytes(env, values[2], &numbers);
  reader->frames_max = numbers / 2;
  reader->frame_size_max = integer(env, values[3]);
  uv_loop_t *loop;
  napi_get_uv_event_loop(env, &loop);
  int status = uv_poll_init(loop, &reader->poll, reader->descriptor);
  if (status < 0) {
    free(reader);
    return number(env, status);
  }
  reader->poll.data = reader;
  status = uv_poll_start(&reader->poll, UV_READABLE, readable);
  if (status < 0) {
    uv_close((uv_handle_t *)&reader->poll, reader_failed);
    return number(env, status);
  }
  napi_create_reference(env, values[1], 1, &reader->arrays[0]);
  napi_create_reference(env, values[2], 1, &reader->arrays[1]);
  napi_create_reference(env, values[4], 1, &reader->receive);
  napi_create_string_utf8(env, "mirage:frames", NAPI_AUTO_LENGTH, &name);
  napi_async_init(env, NULL, name, &reader->context);
  napi_add_env_cleanup_hook(env, end_reader, reader);
  napi_create_external(env, reader, NULL, NULL, &result);
  return result;
}

/* drain(reader): all that is there, before it returns. */
static napi_value drain(napi_env env, napi_callback_info info) {
  napi_value values[ARGUMENTS_MAX];
  arguments(env, info, values);
  void *external;
  napi_get_value_external(env, values[0], &external);
  struct reader *reader = external;
  for (int64_t count = 1; count > 0 && !reader->is_stopped;) {
    count = read_batch(reader, reader->frames_max);
    if (count > 0) hand_over(reader, count);
  }
  return NULL;
}

/* stopReading(reader): once, and the descriptor is closed. */
static napi_value stop_reading(napi_env env, napi_callback_info info) {
  napi_value values[ARGUMENTS_MAX];
  arguments(env, info, values);
  void *reader;
  napi_get_value_external(env, values[0], &reader);
  napi_remove_env_cleanup_hook(env, end_reader, reader);
  end_reader(reader);
  return NULL;
}

NAPI_MODULE_INIT() {
  static const struct {
    const char *name;
    napi_callback function;
  } functions[] = {
    {"openTap", open_tap},           {"tapName", tap_name},
    {"hasVnetHeader", has_vnet_header}, {"setOffload", set_offload},
    {"setPersistent", set_persistent}, {"mtu", mtu},
    {"datagramPair", datagram_pair}, {"closeFile", close_file},
    {"write", write_frames},         {"read", read_frames},
    {"drain", drain},                {"stopReading", stop_reading},
    {"openPackets", open_packets},   {"stopPackets", stop_packets},
    {"endWithParent", end_with_parent},
  };
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value function;
    napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].function, NULL, &function);
    napi_set_named_property(env, exports, functions[i].name, function);
  }
  napi_set_named_property(env, exports, "interface", number(env, INTERFACE));
  return exports;
}
