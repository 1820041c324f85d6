/* The `solo5` object's fast paths: what an interpreter does forty times slower, each with a TypeScript fallback. */
#include "checksum.h"
#include "engine.h"
#include <string.h>

/* checksum(bytes, offset, end, sum): `add` of @mirage/bytes/checksum, folded: 0 to 0xffff */
static JSValue checksum(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  uint32_t sum;
  if (JS_ToUint32(ctx, &sum, argv[3])) return JS_EXCEPTION;
  struct bytes part = bytes_range(ctx, argv[0], argv[1], argv[2]);
  if (!part.data) return JS_EXCEPTION;
  return JS_NewInt32(ctx, internet_checksum(part.data, part.size, sum));
}

/* copy(dst, dstOffset, src, srcOffset, length): as `dst.set(src.subarray(...), dstOffset)`, without the view */
static JSValue copy(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  struct bytes from = bytes_part(ctx, argv[2], argv[3], argv[4]);
  if (!from.data) return JS_EXCEPTION;
  struct bytes to = bytes_part(ctx, argv[0], argv[1], argv[4]);
  if (!to.data) return JS_EXCEPTION;
  if (from.size == to.size) memmove(to.data, from.data, from.size);
  return JS_UNDEFINED;
}

static const JSCFunctionListEntry FUNCTIONS[] = {
    JS_CFUNC_DEF("checksum", 4, checksum),
    JS_CFUNC_DEF("copy", 5, copy),
};

void define_intrinsics(JSContext *ctx, JSValueConst solo5) {
  JS_SetPropertyFunctionList(ctx, solo5, FUNCTIONS, sizeof FUNCTIONS / sizeof *FUNCTIONS);
}
