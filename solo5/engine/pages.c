/*
 * Runs of pages by boundary tags: a mark for every page, true for the first and the last page of every run.
 *
 *   marks:  | L3 | .. | L3 | F2 | F2 | S0 | S1 | S2 | S3 | F100 | .. | F100 |
 *
 * Free runs are listed by the logarithm of their length, so that a run is found in a handful of steps.
 */
#include "pages.h"
#include <string.h>

#define BINS 32

/* How many runs of a bin that may be too short are looked at before the next bin, where none is. */
#define TRIES 16

/* Lies in the first page of a free run. */
struct run {
  struct run *next;
  struct run **link;
};

static uintptr_t base;
static uint32_t *marks;
static size_t page_count;
static size_t used_count;
static struct run *bins[BINS];
static uint32_t filled;

static size_t page_index(const void *address) { return ((uintptr_t)address - base) / PAGE_SIZE; }

static void *page_at(size_t index) { return (void *)(base + index * PAGE_SIZE); }

static unsigned bin_of(size_t count) { return 63 - __builtin_clzll(count); }

static void mark(size_t index, size_t count, enum page_kind kind) {
  marks[index] = marks[index + count - 1] = (uint32_t)count << 2 | kind;
}

static size_t run_length(size_t index) { return marks[index] >> 2; }

static void insert(size_t index, size_t count) {
  mark(index, count, PAGE_FREE);
  unsigned bin = bin_of(count);
  struct run *run = page_at(index);
  run->next = bins[bin];
  run->link = &bins[bin];
  if (run->next) run->next->link = &run->next;
  bins[bin] = run;
  filled |= 1u << bin;
}

static void withdraw(size_t index) {
  struct run *run = page_at(index);
  *run->link = run->next;
  if (run->next) run->next->link = run->link;
  unsigned bin = bin_of(run_length(index));
  if (!bins[bin]) filled &= ~(1u << bin);
}

/* The marks come first in the region: one for each page, and one before and behind that are never free. */
void pages_init(uintptr_t start, size_t size) {
  uintptr_t first = (start + PAGE_SIZE - 1) & ~(uintptr_t)(PAGE_SIZE - 1);
  size_t total = (start + size - first) / PAGE_SIZE;
  size_t overhead = ((total + 2) * sizeof *marks + PAGE_SIZE - 1) / PAGE_SIZE;
  marks = (uint32_t *)first + 1;
  base = first + overhead * PAGE_SIZE;
  page_count = total - overhead;
  marks[-1] = marks[page_count] = PAGE_LARGE;
  used_count = 0;
  filled = 0;
  memset(bins, 0, sizeof bins);
  insert(0, page_count);
}

static struct run *find(size_t count) {
  unsigned bin = bin_of(count);
  int tries = TRIES;
  for (struct run *run = bins[bin]; run && tries > 0; run = run->next, tries--) {
    if (run_length(page_index(run)) >= count) return run;
  }
  if (bin + 1 >= BINS) return NULL;
  uint32_t longer = filled & ~((2u << bin) - 1);
  if (longer) return bins[__builtin_ctz(longer)];
  for (struct run *run = bins[bin]; run; run = run->next) {
    if (run_length(page_index(run)) >= count) return run;
  }
  return NULL;
}

void *pages_take(size_t count) {
  if (count > page_count) return NULL;
  struct run *run = find(count);
  if (!run) return NULL;
  size_t index = page_index(run), length = run_length(index);
  withdraw(index);
  if (length > count) insert(index + count, length - count);
  mark(index, count, PAGE_LARGE);
  used_count += count;
  return run;
}

void pages_give(void *first, size_t count) {
  size_t index = page_index(first);
  used_count -= count;
  if ((marks[index - 1] & 3) == PAGE_FREE) {
    size_t before = marks[index - 1] >> 2;
    index -= before;
    count += before;
    withdraw(index);
  }
  size_t next = index + count;
  if ((marks[next] & 3) == PAGE_FREE) {
    count += run_length(next);
    withdraw(next);
  }
  insert(index, count);
}

int pages_extend(void *first, size_t count, size_t wanted) {
  size_t index = page_index(first), next = index + count, more = wanted - count;
  if ((marks[next] & 3) != PAGE_FREE || run_length(next) < more) return 0;
  size_t length = run_length(next);
  withdraw(next);
  if (length > more) insert(next + more, length - more);
  mark(index, wanted, PAGE_LARGE);
  used_count += more;
  return 1;
}

void pages_mark_span(void *first, size_t count) {
  size_t index = page_index(first);
  for (size_t i = 0; i < count; i++) marks[index + i] = (uint32_t)i << 2 | PAGE_SPAN;
}

enum page_kind pages_kind(const void *address) { return marks[page_index(address)] & 3; }

uint32_t pages_number(const void *address) { return marks[page_index(address)] >> 2; }

void *pages_start(const void *address) { return (void *)((uintptr_t)address & ~(uintptr_t)(PAGE_SIZE - 1)); }

size_t pages_used(void) { return used_count; }

size_t pages_total(void) { return page_count; }
