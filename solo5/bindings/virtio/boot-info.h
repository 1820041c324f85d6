/* What the loader said: how much memory there is, and the command line. */
#ifndef BOOT_INFO_H
#define BOOT_INFO_H

#include <stdint.h>

#define COMMAND_LINE_SIZE 8192

struct boot_info {
  /** The end of the memory that the image lies in. Other memory, below 1 MiB or above 4 GiB, is not used. */
  uint64_t memory_end;
  /** As the loader gave it. */
  char command_line[COMMAND_LINE_SIZE];
};

/**
 * Reads a PVH start_info or a multiboot information structure, by the magic number that the loader left. It may lie in
 * memory that will be the heap, so this is called before any of it is used. Ends the guest if it makes no sense.
 */
void boot_info_read(struct boot_info *info, uint32_t magic, const void *given);

#endif
