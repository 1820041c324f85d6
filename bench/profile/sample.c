/*
 * Where a guest of the spt launcher is: `sample PID RUNTIME COUNT`, with the address of the engine's `runtime`.
 *
 * Reads, about every half millisecond, the engine's frames out of the other process, which runs on meanwhile: now and then
 * what was read fits together no longer, and counts as `?`. Each line is one sample: the place in the bundle where the
 * function that was running begins, and whether it was in a function of the engine's.
 */
#include "quickjs.c"
#include <sys/uio.h>
#include <unistd.h>

#define PAUSE_US 400
#define DEPTH_MAX 6

static pid_t guest;

static int peek(const void *address, void *to, size_t size) {
  struct iovec here = {to, size}, there = {(void *)address, size};
  return process_vm_readv(guest, &here, 1, &there, 1, 0) == (ssize_t)size;
}

/* The first two numbers of a function's table of lines are its own line and column. */
static int place_of(const JSObject *function, uint32_t *line, uint32_t *column) {
  JSFunctionBytecode code;
  uint8_t table[16];
  if (!peek(function->u.func.function_bytecode, &code, sizeof code) || !code.has_debug) return 0;
  if (!peek(code.debug.pc2line_buf, table, sizeof table)) return 0;
  int used = get_leb128(line, table, table + sizeof table);
  return used > 0 && get_leb128(column, table + used, table + sizeof table) > 0;
}

static int is_native(const JSObject *function) {
  return function->class_id == JS_CLASS_C_FUNCTION || function->class_id == JS_CLASS_C_FUNCTION_DATA;
}

static void sample(const JSStackFrame *at) {
  int in_native = 0;
  for (int depth = 0; at && depth < DEPTH_MAX; depth++) {
    JSStackFrame frame;
    JSObject function;
    uint32_t line, column;
    if (!peek(at, &frame, sizeof frame) || !JS_IsObject(frame.cur_func)) break;
    if (!peek(JS_VALUE_GET_OBJ(frame.cur_func), &function, sizeof function)) break;
    if (!is_native(&function)) {
      if (!place_of(&function, &line, &column)) break;
      printf("%u %u%s\n", line + 1, column + 1, in_native ? " native" : "");
      return;
    }
    in_native = 1;
    at = frame.prev_frame;
  }
  puts("?");
}

int main(int argc, char **argv) {
  if (argc != 4) return 64;
  guest = atoi(argv[1]);
  JSRuntime *runtime;
  JSStackFrame *current;
  if (!peek((void *)strtoull(argv[2], NULL, 16), &runtime, sizeof runtime)) return perror(argv[1]), 1;
  for (int left = atoi(argv[3]); left > 0 && peek(&runtime->current_stack_frame, &current, sizeof current); left--) {
    if (current) sample(current);
    else puts("engine");
    usleep(PAUSE_US + (useconds_t)rand() % PAUSE_US);
  }
  return 0;
}
