/* The `solo5` object's fast paths: what an interpreter does forty times slower, each with a fallback in TypeScript. */
#include <string.h>
#include "aead.h"
#include "chacha20.h"
#include "checksum.h"
#include "engine.h"
#include "sha256.h"

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
  int64_t to, from, length;
  if (JS_ToInt64(ctx, &to, argv[1]) || JS_ToInt64(ctx, &from, argv[3]) || JS_ToInt64(ctx, &length, argv[4]))
    return JS_EXCEPTION;
  struct bytes target = bytes_narrow(ctx, bytes_of(ctx, argv[0]), to, length);
  if (!target.data) return JS_EXCEPTION;
  struct bytes source = bytes_narrow(ctx, bytes_of(ctx, argv[2]), from, length);
  if (!source.data) return JS_EXCEPTION;
  memmove(target.data, source.data, source.size);
  return JS_UNDEFINED;
}

/* sha256Blocks(state, bytes, offset, end): whole blocks into a `Uint32Array(8)` */
static JSValue sha256(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  struct bytes blocks = bytes_range(ctx, argv[1], argv[2], argv[3]);
  if (!blocks.data) return JS_EXCEPTION;
  struct bytes state = bytes_of(ctx, argv[0]);
  if (!state.data) return JS_EXCEPTION;
  uint32_t words[8];
  if (state.size != sizeof words || blocks.size % 64 != 0) return JS_ThrowRangeError(ctx, "not 8 words, or not whole blocks");
  memcpy(words, state.data, sizeof words);
  sha256_blocks(words, blocks.data, blocks.size / 64);
  memcpy(state.data, words, sizeof words);
  return JS_UNDEFINED;
}

/* chacha20(key, counter, nonce, bytes, offset, end): in place */
static JSValue stream(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  int64_t counter;
  if (JS_ToInt64(ctx, &counter, argv[1])) return JS_EXCEPTION;
  struct bytes bytes = bytes_range(ctx, argv[3], argv[4], argv[5]);
  if (!bytes.data) return JS_EXCEPTION;
  struct bytes key = bytes_of(ctx, argv[0]), nonce = key.data ? bytes_of(ctx, argv[2]) : key;
  if (!nonce.data) return JS_EXCEPTION;
  int64_t blocks = (int64_t)((bytes.size + CHACHA20_BLOCK_SIZE - 1) / CHACHA20_BLOCK_SIZE);
  bool has_blocks = counter >= 0 && counter <= UINT32_MAX && blocks <= UINT32_MAX - counter;
  if (key.size != CHACHA20_KEY_SIZE || nonce.size != CHACHA20_NONCE_SIZE || !has_blocks)
    return JS_ThrowRangeError(ctx, "a key or nonce of the wrong size, or blocks that do not exist");
  chacha20(key.data, (uint32_t)counter, nonce.data, bytes.data, bytes.size);
  return JS_UNDEFINED;
}

/* The bytes of UTF-8 text whose characters are all below 256, from its `offset`-th character on; false if they do not fill `out`. */
static bool latin1_bytes(const uint8_t *text, size_t length, int64_t offset, struct bytes out) {
  size_t filled = 0;
  for (const uint8_t *end = text + length; text < end; offset--) {
    uint32_t code = *text++;
    if (code >= 0x80) {
      if (code > 0xc3 || text == end) return false;
      code = (code & 3) << 6 | (*text++ & 0x3f);
    }
    if (offset > 0) continue;
    if (filled == out.size) return false;
    out.data[filled++] = (uint8_t)code;
  }
  return filled == out.size;
}

/* latin1(text, offset, bytes): the codes of the text's characters from `offset` on, all below 256, which fill `bytes` */
static JSValue latin1(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  int64_t offset;
  size_t length;
  if (JS_ToInt64(ctx, &offset, argv[1])) return JS_EXCEPTION;
  const char *text = JS_ToCStringLen(ctx, &length, argv[0]);
  if (!text) return JS_EXCEPTION;
  struct bytes out = bytes_of(ctx, argv[2]);
  bool is_full = out.data && latin1_bytes((const uint8_t *)text, length, offset, out);
  JS_FreeCString(ctx, text);
  if (!out.data) return JS_EXCEPTION;
  return is_full ? JS_UNDEFINED : JS_ThrowRangeError(ctx, "characters above 255, or another number of them");
}

/* The arguments of sealing and opening: (key, nonce, data, bytes, offset, end, tag) */
struct sealed {
  struct aead with;
  struct bytes bytes, tag;
};

static bool read_sealed(JSContext *ctx, JSValueConst *argv, bool takes_short_keys, struct sealed *out) {
  /* The numbers come first, as reading them may run JavaScript, and arrays do not. */
  out->bytes = bytes_range(ctx, argv[3], argv[4], argv[5]);
  if (!out->bytes.data) return false;
  struct bytes key = bytes_of(ctx, argv[0]), nonce = key.data ? bytes_of(ctx, argv[1]) : key;
  struct bytes data = nonce.data ? bytes_of(ctx, argv[2]) : nonce;
  out->tag = data.data ? bytes_of(ctx, argv[6]) : data;
  if (!out->tag.data) return false;
  bool has_key = key.size == 32 || (takes_short_keys && key.size == 16);
  if (!has_key || nonce.size != AEAD_NONCE_SIZE || out->tag.size != AEAD_TAG_SIZE)
    return JS_ThrowRangeError(ctx, "a key, nonce or tag of the wrong size"), false;
  out->with = (struct aead){key.data, key.size, nonce.data, data.data, data.size};
  return true;
}

enum aead_function { CHACHA20_POLY1305_SEAL, CHACHA20_POLY1305_OPEN, AES_GCM_SEAL, AES_GCM_OPEN };

/* Sealing gives undefined, opening whether the tag was right. */
static JSValue seal_or_open(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv, int function) {
  struct sealed it;
  if (!read_sealed(ctx, argv, function >= AES_GCM_SEAL, &it)) return JS_EXCEPTION;
  switch ((enum aead_function)function) {
    case CHACHA20_POLY1305_SEAL:
      return chacha20_poly1305_seal(&it.with, it.bytes.data, it.bytes.size, it.tag.data), JS_UNDEFINED;
    case CHACHA20_POLY1305_OPEN:
      return JS_NewBool(ctx, chacha20_poly1305_open(&it.with, it.bytes.data, it.bytes.size, it.tag.data));
    case AES_GCM_SEAL:
      return aes_gcm_seal(&it.with, it.bytes.data, it.bytes.size, it.tag.data), JS_UNDEFINED;
    case AES_GCM_OPEN:
      return JS_NewBool(ctx, aes_gcm_open(&it.with, it.bytes.data, it.bytes.size, it.tag.data));
  }
  return JS_UNDEFINED;
}

static const JSCFunctionListEntry FUNCTIONS[] = {
    JS_CFUNC_DEF("chacha20", 6, stream),
    JS_CFUNC_DEF("checksum", 4, checksum),
    JS_CFUNC_DEF("copy", 5, copy),
    JS_CFUNC_DEF("latin1", 3, latin1),
    JS_CFUNC_DEF("sha256Blocks", 4, sha256),
    JS_CFUNC_MAGIC_DEF("chacha20Poly1305Seal", 7, seal_or_open, CHACHA20_POLY1305_SEAL),
    JS_CFUNC_MAGIC_DEF("chacha20Poly1305Open", 7, seal_or_open, CHACHA20_POLY1305_OPEN),
};

static const JSCFunctionListEntry AES_FUNCTIONS[] = {
    JS_CFUNC_MAGIC_DEF("aesGcmSeal", 7, seal_or_open, AES_GCM_SEAL),
    JS_CFUNC_MAGIC_DEF("aesGcmOpen", 7, seal_or_open, AES_GCM_OPEN),
};

void define_intrinsics(JSContext *ctx, JSValueConst solo5) {
  JS_SetPropertyFunctionList(ctx, solo5, FUNCTIONS, sizeof FUNCTIONS / sizeof *FUNCTIONS);
  if (!aes_gcm_is_there()) return;
  JS_SetPropertyFunctionList(ctx, solo5, AES_FUNCTIONS, sizeof AES_FUNCTIONS / sizeof *AES_FUNCTIONS);
}
