/*
 * Blocks for the engine: small ones from spans of one size, large ones in whole pages.
 *
 * A span is four pages of blocks of one size class, with its own list of free blocks, so a span whose blocks have
 * all come back goes back too. Musl's malloc costs 25 to 38 % on code that allocates much; this one is a dozen
 * instructions for the common case.
 *
 * Scarcity: the engine collects cycles when its memory has grown by half, which a bounded heap may not have room for.
 * So `pressure` is called when three quarters of the heap are in use, and again for each further sixteenth.
 */
#include "alloc.h"
#include <string.h>
#include "panic.h"
#include "pages.h"

#define SPAN_PAGES 4u
#define SPAN_SIZE (SPAN_PAGES * PAGE_SIZE)
#define SPAN_HEADER 64u
#define SMALL_MAX 4080u
#define STEP 16u

static const uint16_t SIZES[] = {16,  32,  48,  64,  80,  96,   112,  128,  160,  192,  224,  256,  320,
                                 384, 448, 512, 640, 768, 896,  1024, 1280, 1616, 2032, 2720, 4080};
#define CLASSES (sizeof SIZES / sizeof *SIZES)

struct span {
  struct span *next;
  struct span **link;
  /* Blocks that came back, each holding the address of the next. */
  void *free;
  /* Bytes of the span that were never given out begin here. */
  uint32_t fresh;
  uint16_t class;
  uint16_t used;
};
_Static_assert(sizeof(struct span) <= SPAN_HEADER, "a span's header fits before its first block");

/* Spans with a block to give, by class. */
static struct span *available[CLASSES];
static uint8_t class_of[SMALL_MAX / STEP + 1];
static void (*on_pressure)(void);
static size_t pressure_at;

static size_t pressure_floor(void) { return pages_total() / 4 * 3; }

void heap_init(uintptr_t start, size_t size, void (*pressure)(void)) {
  pages_init(start, size);
  on_pressure = pressure;
  pressure_at = pressure_floor();
  memset(available, 0, sizeof available);
  unsigned class = 0;
  for (unsigned step = 0; step <= SMALL_MAX / STEP; step++) {
    if (step * STEP > SIZES[class]) class++;
    class_of[step] = class;
  }
}

static void watch_pressure(void) {
  size_t used = pages_used(), step = pages_total() / 16;
  if (used + 2 * step < pressure_at) {
    size_t next = used + step;
    pressure_at = next > pressure_floor() ? next : pressure_floor();
  }
  if (used < pressure_at) return;
  pressure_at = used + step;
  on_pressure();
}

static void retract(struct span *span) {
  *span->link = span->next;
  if (span->next) span->next->link = span->link;
}

/* The spans that stayed although they are empty may lie in the middle of the run that is needed. */
static void give_empty_spans(void) {
  for (unsigned class = 0; class < CLASSES; class++) {
    for (struct span *span = available[class], *next; span; span = next) {
      next = span->next;
      if (span->used > 0) continue;
      retract(span);
      pages_give(span, SPAN_PAGES);
    }
  }
}

static void *take(size_t count) {
  void *first = pages_take(count);
  if (!first) {
    give_empty_spans();
    first = pages_take(count);
  }
  if (!first) panic(PANIC_MEMORY, "out of memory");
  watch_pressure();
  return first;
}

static void offer(struct span *span) {
  struct span **head = &available[span->class];
  span->next = *head;
  span->link = head;
  if (span->next) span->next->link = &span->next;
  *head = span;
}

static struct span *open_span(unsigned class) {
  struct span *span = take(SPAN_PAGES);
  pages_mark_span(span, SPAN_PAGES);
  span->free = NULL;
  span->fresh = SPAN_HEADER;
  span->class = class;
  span->used = 0;
  offer(span);
  return span;
}

static void *allocate_small(unsigned class) {
  struct span *span = available[class];
  if (!span) span = open_span(class);
  uint32_t size = SIZES[class];
  void *block = span->free;
  if (block) {
    span->free = *(void **)block;
  } else {
    block = (char *)span + span->fresh;
    span->fresh += size;
  }
  span->used++;
  if (!span->free && span->fresh + size > SPAN_SIZE) retract(span);
  return block;
}

static struct span *span_of(const void *block) {
  return (struct span *)((char *)pages_start(block) - pages_number(block) * PAGE_SIZE);
}

static void free_small(struct span *span, void *block) {
  int was_full = !span->free && span->fresh + SIZES[span->class] > SPAN_SIZE;
  *(void **)block = span->free;
  span->free = block;
  span->used--;
  if (was_full) offer(span);
  /* One empty span of a class stays, so that a block that comes and goes does not take its pages along. */
  if (span->used > 0 || (available[span->class] == span && !span->next)) return;
  retract(span);
  pages_give(span, SPAN_PAGES);
}

static size_t page_count_of(size_t size) { return size / PAGE_SIZE + (size % PAGE_SIZE != 0); }

void *heap_allocate(size_t size) {
  if (size <= SMALL_MAX) return allocate_small(class_of[(size + STEP - 1) / STEP]);
  return take(page_count_of(size));
}

void heap_free(void *block) {
  if (!block) return;
  if (pages_kind(block) == PAGE_SPAN) return free_small(span_of(block), block);
  pages_give(block, pages_number(block));
}

size_t heap_block_size(const void *block) {
  if (!block) return 0;
  if (pages_kind(block) == PAGE_SPAN) return SIZES[span_of(block)->class];
  return (size_t)pages_number(block) * PAGE_SIZE;
}

void *heap_resize(void *block, size_t size) {
  size_t old = heap_block_size(block);
  /* A block that would stay more than half full stays. */
  if (size <= old && size > old / 2) return block;
  if (size > old && old > SMALL_MAX && pages_extend(block, old / PAGE_SIZE, page_count_of(size))) {
    watch_pressure();
    return block;
  }
  void *moved = heap_allocate(size);
  memcpy(moved, block, old < size ? old : size);
  heap_free(block);
  return moved;
}

size_t heap_used(void) { return pages_used() * PAGE_SIZE; }

size_t heap_size(void) { return pages_total() * PAGE_SIZE; }
