/* The guest's memory: mapped once, filled from the image, protected for good. */
#include "memory.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include "fail.h"
#include "spt.h"
#include "stack.h"

#define PAGE 4096u

static void *at(uint64_t address) { return (void *)(uintptr_t)address; }

void memory_map(uint64_t mem_size) {
  if (personality(0xffffffff) & READ_IMPLIES_EXEC) fail("this system makes all memory executable");
  size_t size = mem_size - SPT_HOST_MEM_BASE;
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
  void *memory = mmap(at(SPT_HOST_MEM_BASE), size, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (memory == MAP_FAILED) fail("no %lu MiB of memory for the guest: %m", (unsigned long)(mem_size >> 20));
  /* A kernel that does not know the last flag maps elsewhere. */
  if (memory != at(SPT_HOST_MEM_BASE)) fail("the guest's memory is not free in this process");
}

static void protect(uint64_t start, uint64_t end, int protection) {
  if (mprotect(at(start), end - start, protection) < 0) fail("mprotect: %m");
}

void memory_load(const struct image *image, const uint8_t *file, uint64_t mem_size) {
  for (size_t i = 0; i < image->segment_count; i++) {
    const struct segment *segment = &image->segments[i];
    memcpy(at(segment->address), file + segment->offset, segment->file_size);
    protect(segment->start, segment->end,
            (segment->readable ? PROT_READ : 0) | (segment->writable ? PROT_WRITE : 0) |
                (segment->executable ? PROT_EXEC : 0));
  }
  uint64_t guard = mem_size - STACK_SIZE;
  if (image->is_ours && image->end < guard) protect(guard, guard + PAGE, PROT_NONE);
}
