/*
 * The application that every image is: QuickJS, on the interface of `solo5.h`, running one module of bytecode.
 *
 * The main loop is JavaScript's: the module sets `solo5.onTurn`, and here it is called whenever no job is left. It
 * sleeps with `solo5.yield`, runs the timers that are due and reads the devices that are ready. A module that sets
 * none has ended when its jobs have, with status 0.
 */
#include <string.h>
#include "alloc.h"
#include "engine.h"
#include "exceptions.h"
#include "notes.h"
#include "panic.h"
#include "stack.h"

/* How much of the stack JavaScript may fill before it gets a RangeError. */
#define JAVASCRIPT_STACK_SIZE (768u * 1024)

/* The engine does not begin in less, and the allocator wants a few pages. */
#define HEAP_MIN (64u * 1024)

/* Bytecode of the corrections that this release of the engine needs: prelude.S. */
extern const uint8_t prelude_start[], prelude_end[];

JSRuntime *runtime;
JSContext *context;
const struct solo5_start_info *start_info;

static void *allocate(JSMallocState *state, size_t size) {
  void *block = heap_allocate(size);
  state->malloc_count++;
  state->malloc_size += heap_block_size(block);
  return block;
}

static void release(JSMallocState *state, void *block) {
  if (!block) return;
  state->malloc_count--;
  state->malloc_size -= heap_block_size(block);
  heap_free(block);
}

static void *resize(JSMallocState *state, void *block, size_t size) {
  if (!block) return size ? allocate(state, size) : NULL;
  if (!size) return release(state, block), NULL;
  state->malloc_size -= heap_block_size(block);
  block = heap_resize(block, size);
  state->malloc_size += heap_block_size(block);
  return block;
}

static const JSMallocFunctions MEMORY = {allocate, release, resize, heap_block_size};

/* The next object that is made collects the cycles first. */
static void collect_soon(void) {
  if (runtime) JS_SetGCThreshold(runtime, 0);
}

static void claim_heap(void) {
  uintptr_t start = start_info->heap_start, frame = (uintptr_t)__builtin_frame_address(0);
  size_t size = start_info->heap_size;
  int holds_stack = frame - start < size;
  size_t stack = holds_stack ? STACK_SIZE : 0;
  if (size < stack + HEAP_MIN) panic(PANIC_MEMORY, "out of memory");
  heap_init(start, size - stack, collect_soon);
}

static void run_jobs(JSContext *ctx) {
  JSContext *last;
  int left;
  while ((left = JS_ExecutePendingJob(runtime, &last)) > 0) continue;
  if (left < 0) end_with_exception(last);
  end_if_rejected(ctx);
}

static void run_bytecode(JSContext *ctx, const uint8_t *bytecode, size_t size) {
  JSValue program = JS_ReadObject(ctx, bytecode, size, JS_READ_OBJ_BYTECODE);
  if (JS_IsException(program)) end_with_exception(ctx);
  if (JS_VALUE_GET_TAG(program) == JS_TAG_MODULE && JS_ResolveModule(ctx, program) < 0) end_with_exception(ctx);
  JSValue result = JS_EvalFunction(ctx, program);
  if (JS_IsException(result)) end_with_exception(ctx);
  JS_FreeValue(ctx, result);
  run_jobs(ctx);
}

static JSValue define_solo5(JSContext *ctx) {
  JSValue global = JS_GetGlobalObject(ctx), solo5 = JS_NewObject(ctx);
  define_platform(ctx, solo5);
  define_devices(ctx, solo5);
  define_intrinsics(ctx, solo5);
  JS_SetPropertyStr(ctx, global, "solo5", JS_DupValue(ctx, solo5));
  JS_FreeValue(ctx, global);
  return solo5;
}

static void take_turns(JSContext *ctx, JSValue solo5) {
  JSAtom name = JS_NewAtom(ctx, "onTurn");
  for (;;) {
    JSValue turn = JS_GetProperty(ctx, solo5, name);
    if (!JS_IsFunction(ctx, turn)) return;
    JSValue result = JS_Call(ctx, turn, solo5, 0, NULL);
    if (JS_IsException(result)) end_with_exception(ctx);
    JS_FreeValue(ctx, result);
    JS_FreeValue(ctx, turn);
    run_jobs(ctx);
  }
}

int solo5_app_main(const struct solo5_start_info *info) {
  start_info = info;
  claim_heap();
  runtime = JS_NewRuntime2(&MEMORY, NULL);
  JS_SetMaxStackSize(runtime, JAVASCRIPT_STACK_SIZE);
  watch_rejections(runtime);
  JSContext *ctx = context = JS_NewContext(runtime);
  JSValue solo5 = define_solo5(ctx);
  run_bytecode(ctx, prelude_start, (size_t)(prelude_end - prelude_start));
  if (!mirage_note.address) panic(PANIC_EXCEPTION, "this is a base, not an image: it has no program");
  run_bytecode(ctx, (const uint8_t *)mirage_note.address, mirage_note.size);
  take_turns(ctx, solo5);
  return SOLO5_EXIT_SUCCESS;
}
