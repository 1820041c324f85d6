/* Reads the ELF file of an image, trusting nothing in it. Pure: bytes in, a plan or a sentence out. */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "manifest.h"

/** More segments than any image has. */
#define SEGMENTS_MAX 16

/** Part of the file to be put into memory: whole pages there, the rest of them zero. */
struct segment {
  uint64_t start, end;
  /* Where the bytes of the file go. */
  uint64_t address, offset, file_size;
  bool readable, writable, executable;
};

/** What is to be done with an image. It points into the file's bytes. */
struct image {
  struct segment segments[SEGMENTS_MAX];
  size_t segment_count;
  uint64_t entry;
  /* End of the last segment: the heap begins here. */
  uint64_t end;
  /* The manifest as it is in the file: perhaps not aligned. */
  const uint8_t *manifest;
  size_t manifest_size;
  /* Has our note: its stack is the last of its memory, with a guard below. */
  bool is_ours;
};

/**
 * Reads an image for a guest of `mem_size` bytes. Null if it can be loaded as `image` says; else why not: segments that
 * overlap, descend, leave memory or may be written and executed, an entry outside of text, wrong or missing notes.
 */
const char *image_read(const uint8_t *file, size_t size, uint64_t mem_size, struct image *image);

#endif
