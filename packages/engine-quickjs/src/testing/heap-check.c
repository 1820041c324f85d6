/*
 * Tries the engine's allocator: `heap-check SEED COUNT` makes COUNT random requests of it in 16 MiB.
 *
 * Every block has a pattern of its own, looked at whenever it is touched, and all of them together have to fit: what
 * overlaps, moves without its contents, or is lost for good ends the program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "alloc.h"
#include "pages.h"
#include "panic.h"

#define HEAP_SIZE (16u << 20)
#define BLOCKS 3000
/* Half of the heap: the other half is for what allocators lose. */
#define LIVE_MAX (HEAP_SIZE / 2)

static struct block {
  uint8_t *bytes;
  size_t size;
  uint8_t pattern;
} blocks[BLOCKS];

static size_t live, pressures;
static uint64_t state;

static uint64_t below(uint64_t limit) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545f4914f6cdd1dull % limit;
}

static void fail(const char *what) {
  fprintf(stderr, "heap-check: %s\n", what);
  exit(1);
}

void panic(int status, const char *reason) {
  (void)status;
  fail(reason);
  abort();
}

static void on_pressure(void) { pressures++; }

/* Mostly small, as objects are; sometimes buffers, and now and then a large one. */
static size_t random_size(void) {
  switch (below(8)) {
    case 0:
      return below(70000);
    case 1:
      return below(8192);
    case 2:
      return below(64) ? below(4096) : below(1 << 20);
    default:
      return below(200);
  }
}

static void must_be_intact(const struct block *block, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (block->bytes[i] != block->pattern) fail("a block has changed");
}

static void take(struct block *block, uint8_t *bytes, size_t size) {
  if ((uintptr_t)bytes % 16 != 0) fail("a block is not aligned");
  if (heap_block_size(bytes) < size) fail("a block is too small");
  live += size - block->size;
  block->bytes = bytes;
  block->size = size;
  block->pattern = (uint8_t)below(256);
  memset(bytes, block->pattern, size);
}

static void release(struct block *block) {
  must_be_intact(block, block->size);
  heap_free(block->bytes);
  live -= block->size;
  block->bytes = NULL;
  block->size = 0;
}

static void step(void) {
  struct block *block = &blocks[below(BLOCKS)];
  size_t size = random_size();
  if (!block->bytes) {
    if (live + size <= LIVE_MAX) take(block, heap_allocate(size), size);
  } else if (below(3) && live + size - block->size <= LIVE_MAX) {
    size_t kept = size < block->size ? size : block->size;
    block->bytes = heap_resize(block->bytes, size);
    must_be_intact(block, kept);
    take(block, block->bytes, size);
  } else {
    release(block);
  }
}

int main(int argc, char **argv) {
  if (argc != 3) fail("SEED COUNT");
  state = strtoull(argv[1], NULL, 10) | 1ull << 32;
  uint8_t *region = malloc(HEAP_SIZE);
  /* An odd beginning: the allocator finds its pages itself. */
  heap_init((uintptr_t)region + 8, HEAP_SIZE - 8, on_pressure);
  for (int round = 0; round < 2; round++) {
    for (uint64_t count = strtoull(argv[2], NULL, 10); count > 0; count--) step();
    for (struct block *block = blocks; block < blocks + BLOCKS; block++) release(block);
    /* A span of each size may stay. */
    if (heap_used() > 40 * 4 * PAGE_SIZE) fail("blocks that came back are lost");
  }
  /* All that was given back is one run again, those spans too where they are in the way. */
  uint8_t *large = heap_allocate(heap_size());
  heap_free(large);
  printf("%lu pages, pressure %lu times\n", (unsigned long)pages_total(), (unsigned long)pressures);
  return 0;
}
