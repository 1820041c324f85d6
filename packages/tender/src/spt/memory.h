/* The guest's memory, in the launcher's own address space at the guest's own addresses. */
#ifndef MEMORY_H
#define MEMORY_H

#include "image.h"

/** Maps `mem_size` bytes less what lies below the first mapped address: readable, writable, zero. */
void memory_map(uint64_t mem_size);

/** Puts an image of `file` in place and gives each segment its protection. */
void memory_load(const struct image *image, const uint8_t *file, uint64_t mem_size);

#endif
