/* The `solo5` object's console, clocks, sleep, randomness and ends. */
#include <string.h>
#include "engine.h"
#include "entropy.h"

#define NANOSECONDS_PER_MS 1e6
#define NANOSECONDS_PER_SECOND 1000000000ull

/* Half a million years: a deadline behind it is as good as none. */
#define DEADLINE_MS_MAX 1.6e13

/* consoleWrite(bytes, offset, length) */
static JSValue console_write(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  struct bytes text = bytes_part(ctx, argv[0], argv[1], argv[2]);
  if (!text.data) return JS_EXCEPTION;
  solo5_console_write((const char *)text.data, text.size);
  return JS_UNDEFINED;
}

/* clockMonotonic(): milliseconds, with fractions */
static JSValue clock_monotonic(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  return JS_NewFloat64(ctx, (double)solo5_clock_monotonic() / NANOSECONDS_PER_MS);
}

/* clockWall(out): out[0] seconds since 1970, out[1] nanoseconds */
static JSValue clock_wall(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  struct bytes out = bytes_of(ctx, argv[0]);
  if (!out.data) return JS_EXCEPTION;
  if (out.size < 2 * sizeof(double)) return JS_ThrowRangeError(ctx, "the time needs two numbers");
  solo5_time_t now = solo5_clock_wall();
  double parts[2] = {(double)(now / NANOSECONDS_PER_SECOND), (double)(now % NANOSECONDS_PER_SECOND)};
  memcpy(out.data, parts, sizeof parts);
  return JS_UNDEFINED;
}

/* yield(deadlineMs, ready): ready[0] and ready[1] are the low and the high half of the set of ready handles */
static JSValue yield(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  double deadline;
  if (JS_ToFloat64(ctx, &deadline, argv[0])) return JS_EXCEPTION;
  struct bytes out = bytes_of(ctx, argv[1]);
  if (!out.data) return JS_EXCEPTION;
  solo5_handle_set_t ready = 0;
  if (out.size < sizeof ready) return JS_ThrowRangeError(ctx, "the set of handles needs two words");
  if (!(deadline > 0)) deadline = 0;
  if (deadline > DEADLINE_MS_MAX) deadline = DEADLINE_MS_MAX;
  solo5_yield((solo5_time_t)(deadline * NANOSECONDS_PER_MS), &ready);
  memcpy(out.data, &ready, sizeof ready);
  return JS_UNDEFINED;
}

/* entropy(bytes): how many of them are now random, from the first on */
static JSValue entropy(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  struct bytes out = bytes_of(ctx, argv[0]);
  if (!out.data) return JS_EXCEPTION;
  return JS_NewInt64(ctx, (int64_t)entropy_fill(out.data, out.size));
}

/* exit(status) */
static JSValue exit_guest(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  int32_t status;
  if (JS_ToInt32(ctx, &status, argv[0])) return JS_EXCEPTION;
  solo5_exit(status);
}

/* abort(message) */
static JSValue abort_guest(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  const char *message = JS_ToCString(ctx, argv[0]);
  if (!message) return JS_EXCEPTION;
  solo5_console_write(message, strlen(message));
  solo5_console_write("\n", 1);
  solo5_abort();
}

static const JSCFunctionListEntry FUNCTIONS[] = {
    JS_CFUNC_DEF("consoleWrite", 3, console_write), JS_CFUNC_DEF("clockMonotonic", 0, clock_monotonic),
    JS_CFUNC_DEF("clockWall", 1, clock_wall),       JS_CFUNC_DEF("yield", 2, yield),
    JS_CFUNC_DEF("entropy", 1, entropy),            JS_CFUNC_DEF("exit", 1, exit_guest),
    JS_CFUNC_DEF("abort", 1, abort_guest),
};

static JSValue source_names(JSContext *ctx) {
  JSValue names = JS_NewArray(ctx);
  const char *const *sources = entropy_sources();
  for (uint32_t i = 0; sources[i]; i++) JS_SetPropertyUint32(ctx, names, i, JS_NewString(ctx, sources[i]));
  return names;
}

void define_platform(JSContext *ctx, JSValueConst solo5) {
  JS_SetPropertyFunctionList(ctx, solo5, FUNCTIONS, sizeof FUNCTIONS / sizeof *FUNCTIONS);
  JS_SetPropertyStr(ctx, solo5, "commandLine", JS_NewString(ctx, start_info->cmdline));
  JS_SetPropertyStr(ctx, solo5, "sources", source_names(ctx));
}
