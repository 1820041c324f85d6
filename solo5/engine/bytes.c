/* Typed arrays as C sees them. */
#include "engine.h"

struct bytes bytes_of(JSContext *ctx, JSValueConst value) {
  size_t offset, length, size;
  JSValue buffer = JS_GetTypedArrayBuffer(ctx, value, &offset, &length, NULL);
  if (JS_IsException(buffer)) return (struct bytes){NULL, 0};
  uint8_t *data = JS_GetArrayBuffer(ctx, &size, buffer);
  /* The array itself keeps its buffer alive. */
  JS_FreeValue(ctx, buffer);
  if (!data) return (struct bytes){NULL, 0};
  return (struct bytes){data + offset, length};
}

struct bytes bytes_narrow(JSContext *ctx, struct bytes all, int64_t offset, int64_t length) {
  if (!all.data) return all;
  int64_t size = (int64_t)all.size;
  if (offset >= 0 && length >= 0 && offset <= size && length <= size - offset)
    return (struct bytes){all.data + offset, (size_t)length};
  JS_ThrowRangeError(ctx, "%ld bytes from %ld on are not among %ld", (long)length, (long)offset, (long)size);
  return (struct bytes){NULL, 0};
}

/* Numbers first: reading them may run JavaScript, which may take a buffer away. */
static int read_pair(JSContext *ctx, JSValueConst first, JSValueConst second, int64_t *a, int64_t *b) {
  uint64_t from, to;
  /* Throws a RangeError below 0 and from 2^53 on, where other conversions come back to small numbers. */
  if (JS_ToIndex(ctx, &from, first) || JS_ToIndex(ctx, &to, second)) return -1;
  return *a = (int64_t)from, *b = (int64_t)to, 0;
}

struct bytes bytes_part(JSContext *ctx, JSValueConst value, JSValueConst offset, JSValueConst length) {
  int64_t from, count;
  if (read_pair(ctx, offset, length, &from, &count)) return (struct bytes){NULL, 0};
  return bytes_narrow(ctx, bytes_of(ctx, value), from, count);
}

struct bytes bytes_range(JSContext *ctx, JSValueConst value, JSValueConst offset, JSValueConst end) {
  int64_t from, to, count;
  if (read_pair(ctx, offset, end, &from, &to)) return (struct bytes){NULL, 0};
  if (__builtin_sub_overflow(to, from, &count)) count = -1;
  return bytes_narrow(ctx, bytes_of(ctx, value), from, count);
}
