/* What the loader said: how much memory there is, and the command line. PVH's structure and multiboot's. */
#include "boot-info.h"
#include <string.h>
#include "console.h"
#include "memory.h"

/* PVH: "struct hvm_start_info", of Xen's public headers. The memory map is there since version 1. */
#define PVH_MAGIC 0x336ec578
#define PVH_MEMORY_RAM 1

struct pvh_start_info {
  uint32_t magic, version, flags, module_count;
  uint64_t modules, command_line, rsdp;
  uint64_t memory_map;
  uint32_t memory_map_count, reserved;
};

struct pvh_memory {
  uint64_t start, size;
  uint32_t type, reserved;
};

/* Multiboot 0.6.96 §3.3. A flag says for each field whether it is there. */
#define MULTIBOOT_BOOTED 0x2badb002
#define MULTIBOOT_HAS_COMMAND_LINE (1 << 2)
#define MULTIBOOT_HAS_MEMORY_MAP (1 << 6)
#define MULTIBOOT_HAS_LOADER_NAME (1 << 9)
#define MULTIBOOT_MEMORY_RAM 1

struct multiboot_info {
  uint32_t flags, memory_lower, memory_upper, boot_device, command_line;
  uint32_t module_count, modules, symbols[4];
  uint32_t memory_map_size, memory_map;
  uint32_t drives_size, drives, config_table, loader_name;
};

struct multiboot_memory {
  uint32_t size; /* of what follows */
  uint64_t start, length;
  uint32_t type;
} __attribute__((packed));

static void take_memory(struct boot_info *info, uint64_t start, uint64_t size) {
  uintptr_t image = image_end();
  if (start <= image && image - start < size) info->memory_end = start + size;
}

static void take_command_line(struct boot_info *info, const char *text) {
  size_t length = strlen(text);
  if (length >= COMMAND_LINE_SIZE) fail("the command line is longer than 8191 bytes");
  memcpy(info->command_line, text, length + 1);
}

static void read_pvh(struct boot_info *info, const struct pvh_start_info *given) {
  if (given->magic != PVH_MAGIC) fail("the loader is neither PVH nor multiboot");
  if (given->version >= 1) {
    const struct pvh_memory *map = (const struct pvh_memory *)given->memory_map;
    for (uint32_t i = 0; i < given->memory_map_count; i++) {
      if (map[i].type == PVH_MEMORY_RAM) take_memory(info, map[i].start, map[i].size);
    }
  }
  if (given->command_line != 0) take_command_line(info, (const char *)given->command_line);
}

/* QEMU puts the name of the image before the arguments, as no other loader does. */
static const char *without_image_name(const struct multiboot_info *given, const char *text) {
  if (!(given->flags & MULTIBOOT_HAS_LOADER_NAME)) return text;
  if (strcmp((const char *)(uintptr_t)given->loader_name, "qemu") != 0) return text;
  const char *space = strchr(text, ' ');
  return space == NULL ? "" : space + 1;
}

static void read_multiboot(struct boot_info *info, const struct multiboot_info *given) {
  if (given->flags & MULTIBOOT_HAS_MEMORY_MAP) {
    uint32_t at = given->memory_map;
    while (at - given->memory_map < given->memory_map_size) {
      const struct multiboot_memory *memory = (const struct multiboot_memory *)(uintptr_t)at;
      if (memory->type == MULTIBOOT_MEMORY_RAM) take_memory(info, memory->start, memory->length);
      at += memory->size + sizeof memory->size;
    }
  }
  if (given->flags & MULTIBOOT_HAS_COMMAND_LINE) {
    take_command_line(info, without_image_name(given, (const char *)(uintptr_t)given->command_line));
  }
}

void boot_info_read(struct boot_info *info, uint32_t magic, const void *given) {
  if (magic == MULTIBOOT_BOOTED) {
    read_multiboot(info, given);
  } else {
    read_pvh(info, given);
  }
  if (info->memory_end == 0) fail("the loader gave no memory map, or one without the image's memory");
}
