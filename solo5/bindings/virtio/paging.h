/* Page tables: every address is its own, and what a page may be used for is what the image says. */
#ifndef PAGING_H
#define PAGING_H

#include <stddef.h>
#include <stdint.h>

/**
 * Maps memory up to `memory_end`, text for execution, read-only data and the bytecode for reading, everything else for
 * reading and writing, and page 0 not at all.
 */
void paging_init(uintptr_t memory_end);

/** Takes the pages from `start` to `end` away, both page-aligned. */
void unmap(uintptr_t start, uintptr_t end);

/** The registers of a device at a physical address, which are never cached. Their mapping stays. */
volatile void *map_device(uint64_t address, size_t size);

#endif
