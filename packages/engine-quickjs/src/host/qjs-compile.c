/* Compiles one module of JavaScript to the bytecode of the engine in the bases: `qjs-compile [--strip] IN OUT`. */
#include <quickjs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Compiling needs more stack for deeply nested sources than running them does. */
#define STACK_SIZE (4u << 20)

static void fail(const char *what, const char *name) {
  fprintf(stderr, "qjs-compile: %s: %s\n", name, what);
  exit(1);
}

static char *read_file(const char *name, size_t *size) {
  FILE *file = fopen(name, "rb");
  if (!file || fseek(file, 0, SEEK_END)) fail("cannot be read", name);
  *size = (size_t)ftell(file);
  rewind(file);
  char *text = malloc(*size + 1);
  if (!text || fread(text, 1, *size, file) != *size) fail("cannot be read", name);
  /* The parser looks for the NUL. */
  text[*size] = 0;
  fclose(file);
  return text;
}

static void write_file(const char *name, const uint8_t *bytes, size_t size) {
  FILE *file = fopen(name, "wb");
  if (!file || fwrite(bytes, 1, size, file) != size || fclose(file)) fail("cannot be written", name);
}

static void fail_with_exception(JSContext *ctx, const char *name) {
  JSValue error = JS_GetException(ctx);
  const char *message = JS_ToCString(ctx, error);
  const char *stack = JS_ToCString(ctx, JS_GetPropertyStr(ctx, error, "stack"));
  fprintf(stderr, "%s", stack ? stack : "");
  fail(message ? message : "cannot be compiled", name);
}

int main(int argc, char **argv) {
  int strip = JS_STRIP_SOURCE;
  for (; argc > 1 && argv[1][0] == '-'; argc--, argv++) {
    if (strcmp(argv[1], "--strip") == 0) strip = JS_STRIP_DEBUG;
    else fail("is no option", argv[1]);
  }
  if (argc != 3) fail("[--strip] IN OUT", "usage");
  JSRuntime *runtime = JS_NewRuntime();
  JS_SetMaxStackSize(runtime, STACK_SIZE);
  JS_SetStripInfo(runtime, strip);
  JSContext *ctx = JS_NewContext(runtime);
  size_t source_size, size;
  char *source = read_file(argv[1], &source_size);
  /* The file's name is in every stack trace: its last part only, so that the bytes do not depend on the folder. */
  const char *slash = strrchr(argv[1], '/'), *name = slash ? slash + 1 : argv[1];
  JSValue program = JS_Eval(ctx, source, source_size, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
  if (JS_IsException(program)) fail_with_exception(ctx, argv[1]);
  uint8_t *bytecode = JS_WriteObject(ctx, &size, program, JS_WRITE_OBJ_BYTECODE);
  if (!bytecode) fail_with_exception(ctx, argv[1]);
  write_file(argv[2], bytecode, size);
  return 0;
}
