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

/* The part of `all` that `from` and `to` name, if it has one. */
static struct bytes narrow(JSContext *ctx, struct bytes all, int64_t from, int64_t to) {
  if (!all.data) return all;
  if (from >= 0 && from <= to && to <= (int64_t)all.size) return (struct bytes){all.data + from, (size_t)(to - from)};
  JS_ThrowRangeError(ctx, "[%ld, %ld) is outside of %zu bytes", (long)from, (long)to, all.size);
  return (struct bytes){NULL, 0};
}

/* Numbers first: reading them may run JavaScript, which may take a buffer away. */
static int read_pair(JSContext *ctx, JSValueConst first, JSValueConst second, int64_t *a, int64_t *b) {
  return JS_ToInt64(ctx, a, first) || JS_ToInt64(ctx, b, second);
}

struct bytes bytes_part(JSContext *ctx, JSValueConst value, JSValueConst offset, JSValueConst length) {
  int64_t from, count, to;
  if (read_pair(ctx, offset, length, &from, &count)) return (struct bytes){NULL, 0};
  if (__builtin_add_overflow(from, count, &to)) to = -1;
  return narrow(ctx, bytes_of(ctx, value), from, to);
}

struct bytes bytes_range(JSContext *ctx, JSValueConst value, JSValueConst offset, JSValueConst end) {
  int64_t from, to;
  if (read_pair(ctx, offset, end, &from, &to)) return (struct bytes){NULL, 0};
  return narrow(ctx, bytes_of(ctx, value), from, to);
}
