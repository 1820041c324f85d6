/* Memory after the image: pieces that the binding takes for good, then the stack, and what is left is the heap. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE 4096ul

static inline uintptr_t page_down(uintptr_t address) { return address & ~(PAGE_SIZE - 1); }
static inline uintptr_t page_up(uintptr_t address) { return page_down(address + PAGE_SIZE - 1); }

/** Where the image with its bytecode ends: page-aligned. */
uintptr_t image_end(void);

/** The memory that is the guest's: what lies between the image's end and `end`. Called once, first of all. */
void memory_init(uintptr_t end);

/** Whether that was called. */
bool memory_is_there(void);

/** Takes `size` bytes, page-aligned and zeroed, for good. Ends the guest where there are none. Not after `memory_rest`. */
void *memory_take(size_t size);

/** Takes what is left, with whatever firmware left in it: what a guest has not touched takes no memory of the host's. */
uintptr_t memory_rest(size_t *size);

#endif
