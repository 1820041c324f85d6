/* The `solo5` object's devices: networks and disks by name, then by handle. */
#include <string.h>
#include "engine.h"

/* How JavaScript hears what is not a length. */
static JSValue failure(JSContext *ctx, solo5_result_t result) { return JS_NewInt32(ctx, -(int32_t)result); }

static void set_number(JSContext *ctx, JSValueConst object, const char *name, double value) {
  JS_SetPropertyStr(ctx, object, name, JS_NewFloat64(ctx, value));
}

static JSValue mac_address(JSContext *ctx, const uint8_t *bytes) {
  JSValue buffer = JS_NewArrayBufferCopy(ctx, bytes, SOLO5_NET_ALEN);
  /* The constructor looks at all three arguments, however many there are. */
  JSValueConst whole[] = {buffer, JS_UNDEFINED, JS_UNDEFINED};
  JSValue address = JS_NewTypedArray(ctx, 3, whole, JS_TYPED_ARRAY_UINT8);
  JS_FreeValue(ctx, buffer);
  return address;
}

/* netAcquire(name): { handle, mac, mtu }, or undefined where the manifest has no such network */
static JSValue net_acquire(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  const char *name = JS_ToCString(ctx, argv[0]);
  if (!name) return JS_EXCEPTION;
  solo5_handle_t handle;
  struct solo5_net_info info;
  solo5_result_t result = solo5_net_acquire(name, &handle, &info);
  JS_FreeCString(ctx, name);
  if (result != SOLO5_R_OK) return JS_UNDEFINED;
  JSValue device = JS_NewObject(ctx);
  set_number(ctx, device, "handle", (double)handle);
  JS_SetPropertyStr(ctx, device, "mac", mac_address(ctx, info.mac_address));
  set_number(ctx, device, "mtu", (double)info.mtu);
  return device;
}

/* netWrite(handle, bytes, offset, length): 0, or minus the result */
static JSValue net_write(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  int64_t handle;
  if (JS_ToInt64(ctx, &handle, argv[0])) return JS_EXCEPTION;
  struct bytes frame = bytes_part(ctx, argv[1], argv[2], argv[3]);
  if (!frame.data) return JS_EXCEPTION;
  return failure(ctx, solo5_net_write((solo5_handle_t)handle, frame.data, frame.size));
}

/* netRead(handle, bytes, offset, size): the frame's length; -1 when none waits; another negative number for an error */
static JSValue net_read(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  int64_t handle;
  size_t length;
  if (JS_ToInt64(ctx, &handle, argv[0])) return JS_EXCEPTION;
  struct bytes room = bytes_part(ctx, argv[1], argv[2], argv[3]);
  if (!room.data) return JS_EXCEPTION;
  solo5_result_t result = solo5_net_read((solo5_handle_t)handle, room.data, room.size, &length);
  return result == SOLO5_R_OK ? JS_NewInt32(ctx, (int32_t)length) : failure(ctx, result);
}

/* The size of each disk's blocks, by handle. */
static uint64_t block_sizes[64];

/* blockAcquire(name): { handle, capacity, blockSize } in bytes, or undefined where the manifest has no such disk */
static JSValue block_acquire(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  const char *name = JS_ToCString(ctx, argv[0]);
  if (!name) return JS_EXCEPTION;
  solo5_handle_t handle;
  struct solo5_block_info info;
  solo5_result_t result = solo5_block_acquire(name, &handle, &info);
  JS_FreeCString(ctx, name);
  if (result != SOLO5_R_OK) return JS_UNDEFINED;
  block_sizes[handle] = info.block_size;
  JSValue device = JS_NewObject(ctx);
  set_number(ctx, device, "handle", (double)handle);
  set_number(ctx, device, "capacity", (double)info.capacity);
  set_number(ctx, device, "blockSize", (double)info.block_size);
  return device;
}

typedef solo5_result_t block_operation(solo5_handle_t handle, solo5_off_t offset, uint8_t *bytes, size_t size);

/* The interface below moves one block at a time; JavaScript may name any number of whole ones. */
static JSValue move_blocks(JSContext *ctx, JSValueConst *argv, block_operation *operation) {
  int64_t handle, offset;
  if (JS_ToInt64(ctx, &handle, argv[0]) || JS_ToInt64(ctx, &offset, argv[1])) return JS_EXCEPTION;
  struct bytes bytes = bytes_part(ctx, argv[2], argv[3], argv[4]);
  if (!bytes.data) return JS_EXCEPTION;
  uint64_t size = handle >= 0 && handle < 64 ? block_sizes[handle] : 0;
  if (size == 0 || offset < 0 || bytes.size % size != 0) return failure(ctx, SOLO5_R_EINVAL);
  for (size_t at = 0; at < bytes.size; at += size) {
    solo5_result_t result = operation((solo5_handle_t)handle, (solo5_off_t)offset + at, bytes.data + at, size);
    if (result != SOLO5_R_OK) return failure(ctx, result);
  }
  return failure(ctx, SOLO5_R_OK);
}

static solo5_result_t write_block(solo5_handle_t handle, solo5_off_t offset, uint8_t *bytes, size_t size) {
  return solo5_block_write(handle, offset, bytes, size);
}

/* blockRead(handle, diskOffset, bytes, offset, length): 0, or minus the result */
static JSValue block_read(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  return move_blocks(ctx, argv, solo5_block_read);
}

/* blockWrite(handle, diskOffset, bytes, offset, length): likewise */
static JSValue block_write(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  return move_blocks(ctx, argv, write_block);
}

static const JSCFunctionListEntry FUNCTIONS[] = {
    JS_CFUNC_DEF("netAcquire", 1, net_acquire),     JS_CFUNC_DEF("netWrite", 4, net_write),
    JS_CFUNC_DEF("netRead", 4, net_read),           JS_CFUNC_DEF("blockAcquire", 1, block_acquire),
    JS_CFUNC_DEF("blockRead", 5, block_read),       JS_CFUNC_DEF("blockWrite", 5, block_write),
};

void define_devices(JSContext *ctx, JSValueConst solo5) {
  JS_SetPropertyFunctionList(ctx, solo5, FUNCTIONS, sizeof FUNCTIONS / sizeof *FUNCTIONS);
}
