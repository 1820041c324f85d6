/* Which JavaScript was running when the guest broke: its stack, as an error made now would have it. */
#include "context.h"
#include "engine.h"
#include "panic.h"

void context_report(void) {
  if (!context) return;
  /* The report has a stack of its own, which the engine would take for one that is full. */
  JS_SetMaxStackSize(runtime, 0);
  JSValue global = JS_GetGlobalObject(context), constructor = JS_GetPropertyStr(context, global, "Error");
  JSValue stack = JS_GetPropertyStr(context, JS_CallConstructor(context, constructor, 0, NULL), "stack");
  const char *text = JS_ToCString(context, stack);
  if (!text || !*text) return;
  say("JavaScript was in\n");
  say(text);
}
