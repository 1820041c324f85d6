/* What JavaScript threw and nobody caught: to the console, with its stack, and out. */
#include "exceptions.h"
#include <string.h>
#include "alloc.h"
#include "panic.h"

/* A rejected promise that nobody handles yet. */
struct rejection {
  struct rejection *next;
  JSValue promise;
  JSValue reason;
};

static struct rejection *rejections;

static void forget(JSContext *ctx, JSValueConst promise) {
  for (struct rejection **link = &rejections; *link; link = &(*link)->next) {
    struct rejection *rejection = *link;
    if (JS_VALUE_GET_PTR(rejection->promise) != JS_VALUE_GET_PTR(promise)) continue;
    *link = rejection->next;
    JS_FreeValue(ctx, rejection->promise);
    JS_FreeValue(ctx, rejection->reason);
    return heap_free(rejection);
  }
}

static void on_rejection(JSContext *ctx, JSValueConst promise, JSValueConst reason, JS_BOOL is_handled, void *opaque) {
  if (is_handled) return forget(ctx, promise);
  struct rejection *rejection = heap_allocate(sizeof *rejection);
  rejection->promise = JS_DupValue(ctx, promise);
  rejection->reason = JS_DupValue(ctx, reason);
  rejection->next = rejections;
  rejections = rejection;
}

void watch_rejections(JSRuntime *runtime) { JS_SetHostPromiseRejectionTracker(runtime, on_rejection, NULL); }

static void say_value(JSContext *ctx, JSValueConst value) {
  const char *text = JS_ToCString(ctx, value);
  say(text ? text : "(a value that has no text)");
  JS_FreeCString(ctx, text);
}

static void __attribute__((noreturn)) end_with(JSContext *ctx, JSValueConst error) {
  say("Uncaught ");
  say_value(ctx, error);
  say("\n");
  if (JS_IsError(ctx, error)) {
    JSValue stack = JS_GetPropertyStr(ctx, error, "stack");
    if (JS_IsString(stack)) say_value(ctx, stack);
  }
  solo5_exit(PANIC_EXCEPTION);
}

void end_with_exception(JSContext *ctx) {
  end_with(ctx, JS_GetException(ctx));
}

void end_if_rejected(JSContext *ctx) {
  if (!rejections) return;
  struct rejection *first = rejections;
  while (first->next) first = first->next;
  end_with(ctx, first->reason);
}
