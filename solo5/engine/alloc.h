/* The engine's memory: one bounded region, handed out in blocks. */
#ifndef ALLOC_H
#define ALLOC_H

#include <stddef.h>
#include <stdint.h>

/** Takes the region over; comes before any other call. `pressure` is called when memory gets scarce (see alloc.c). */
void heap_init(uintptr_t start, size_t size, void (*pressure)(void));

/** A block of at least `size` bytes, aligned to 16, its contents undefined. A full heap ends the guest: it never fails. */
void *heap_allocate(size_t size);

/** Gives a block back; null is nothing. */
void heap_free(void *block);

/** The block with at least `size` bytes, its contents kept, perhaps elsewhere. */
void *heap_resize(void *block, size_t size);

/** How many bytes a block really has. */
size_t heap_block_size(const void *block);

/** Bytes in pages that are in use, of all the bytes there are. */
size_t heap_used(void);
size_t heap_size(void);

#endif
