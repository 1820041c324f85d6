/* Runs of pages: what the allocator builds on. */
#ifndef PAGES_H
#define PAGES_H

#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE 4096u

/** What a page is: its mark has one of these in the low two bits, a number in the others. */
enum page_kind {
  /* First or last page of a free run; the number is how many pages the run has. */
  PAGE_FREE,
  /* First or last page of a block of whole pages; the number likewise. */
  PAGE_LARGE,
  /* A page of a span of small blocks; the number is which page of the span it is. */
  PAGE_SPAN,
};

void pages_init(uintptr_t start, size_t size);

/** `count` adjacent pages, marked as large; null where no run is long enough. */
void *pages_take(size_t count);

/** Gives pages back, `count` of them from `first` on, and joins them with free neighbours. */
void pages_give(void *first, size_t count);

/** Makes a block of `count` pages `wanted` pages long where it lies, if the pages behind it are free. */
int pages_extend(void *first, size_t count, size_t wanted);

/** Marks `count` pages as one span. */
void pages_mark_span(void *first, size_t count);

enum page_kind pages_kind(const void *address);
uint32_t pages_number(const void *address);

/** Start of the page that `address` is in. */
void *pages_start(const void *address);

size_t pages_used(void);
size_t pages_total(void);

#endif
