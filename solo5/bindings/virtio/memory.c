/* Memory after the image: pieces that the binding takes for good, then the stack, and what is left is the heap. */
#include "memory.h"
#include <string.h>
#include "console.h"
#include "notes.h"

extern char _end[];

static uintptr_t next, limit;

uintptr_t image_end(void) {
  /* Written into the image after it was compiled: the compiler believes that it is zero. */
  const volatile struct mirage_note *note = &mirage_note;
  uintptr_t bytecode_end = page_up(note->address + note->size);
  return bytecode_end > (uintptr_t)_end ? bytecode_end : (uintptr_t)_end;
}

void memory_init(uintptr_t end) {
  next = image_end();
  limit = page_down(end);
  if (limit <= next) fail("the machine has too little memory for this image");
}

bool memory_is_there(void) { return limit != 0; }

void *memory_take(size_t size) {
  size = page_up(size);
  if (size > limit - next) fail("the machine has too little memory for this image and its devices");
  void *taken = (void *)next;
  next += size;
  return memset(taken, 0, size);
}

uintptr_t memory_rest(size_t *size) {
  uintptr_t start = next;
  *size = limit - next;
  next = limit;
  return start;
}
