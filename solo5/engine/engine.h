/* What the files of the glue between QuickJS and `solo5.h` share. */
#ifndef ENGINE_H
#define ENGINE_H

#include <quickjs.h>
#include "solo5.h"

/** What the whole engine knows: there is one. */
extern JSRuntime *runtime;
extern JSContext *context;
extern const struct solo5_start_info *start_info;

/** The `solo5` object's parts: natives.c, devices.c, intrinsics.c. */
void define_platform(JSContext *ctx, JSValueConst solo5);
void define_devices(JSContext *ctx, JSValueConst solo5);
void define_intrinsics(JSContext *ctx, JSValueConst solo5);

/** The bytes of a typed array: valid until JavaScript runs again; `data` is null, an exception pending, if it has none. */
struct bytes {
  uint8_t *data;
  size_t size;
};
struct bytes bytes_of(JSContext *ctx, JSValueConst value);

/**
 * The part of a typed array that two numbers name: `[offset, offset + length)` for `bytes_narrow` and `bytes_part`,
 * `[offset, end)` for `bytes_range`. Outside the array: `data` null and a RangeError pending.
 */
struct bytes bytes_narrow(JSContext *ctx, struct bytes all, int64_t offset, int64_t length);
struct bytes bytes_part(JSContext *ctx, JSValueConst value, JSValueConst offset, JSValueConst length);
struct bytes bytes_range(JSContext *ctx, JSValueConst value, JSValueConst offset, JSValueConst end);

/** Tells the console about the pending exception, with its stack, and ends the guest with status 255. */
void end_with_exception(JSContext *ctx) __attribute__((noreturn));

#endif
