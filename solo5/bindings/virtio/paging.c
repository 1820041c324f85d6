/* Page tables: every address is its own, and what a page may be used for is what the image says. */
#include "paging.h"
#include "memory.h"

#define PRESENT 0x1ull
#define WRITE 0x2ull
#define UNCACHED 0x18ull /* write through, and not cached */
#define LARGE 0x80ull    /* 2 MiB */
#define NO_EXECUTE (1ull << 63)
#define DATA (PRESENT | WRITE | NO_EXECUTE)

#define ADDRESS_MASK 0x000ffffffffff000ull
#define LARGE_SIZE 0x200000ull

/* What start.S has mapped. */
#define BOOT_MAP_END 0x40000000ull

extern uint64_t page_map[512];
extern char image_start[], rodata_start[], data_start[], _end[];

static unsigned index_at(uint64_t address, unsigned level) { return address >> (12 + 9 * level) & 511; }

/* The table that `entry` leads to, made if there is none. */
static uint64_t *table_of(uint64_t *entry) {
  if (!(*entry & PRESENT)) *entry = (uintptr_t)memory_take(PAGE_SIZE) | PRESENT | WRITE;
  return (uint64_t *)(*entry & ADDRESS_MASK);
}

/* The entry for the 2 MiB around `address`. */
static uint64_t *large_entry(uint64_t address) {
  uint64_t *pointers = table_of(&page_map[index_at(address, 3)]);
  uint64_t *directory = table_of(&pointers[index_at(address, 2)]);
  return &directory[index_at(address, 1)];
}

/* The entry for the page at `address`: a large page around it is split, its parts remaining what it was. */
static uint64_t *page_entry(uint64_t address) {
  uint64_t *large = large_entry(address);
  if (*large & LARGE) {
    uint64_t *table = memory_take(PAGE_SIZE);
    uint64_t part = *large & ~LARGE;
    for (unsigned i = 0; i < 512; i++) table[i] = part + i * PAGE_SIZE;
    *large = (uintptr_t)table | PRESENT | WRITE;
  }
  return &table_of(large)[index_at(address, 0)];
}

static void flush(void) {
  __asm__ volatile("mov %%cr3, %%rax; mov %%rax, %%cr3" ::: "rax", "memory");
}

static void protect(uintptr_t start, uintptr_t end, uint64_t flags) {
  for (uintptr_t address = start; address < end; address += PAGE_SIZE) {
    *page_entry(address) = flags == 0 ? 0 : address | flags;
  }
  flush();
}

void unmap(uintptr_t start, uintptr_t end) { protect(start, end, 0); }

void paging_init(uintptr_t memory_end) {
  uintptr_t image_limit = (image_end() + LARGE_SIZE - 1) & ~(LARGE_SIZE - 1);
  for (uintptr_t address = image_limit; address < memory_end || address < BOOT_MAP_END; address += LARGE_SIZE) {
    *large_entry(address) = address < memory_end ? address | DATA | LARGE : 0;
  }
  protect(PAGE_SIZE, (uintptr_t)image_start, DATA);
  protect((uintptr_t)rodata_start, (uintptr_t)data_start, PRESENT | NO_EXECUTE);
  protect((uintptr_t)data_start, (uintptr_t)_end, DATA);
  protect((uintptr_t)_end, image_end(), PRESENT | NO_EXECUTE);
  protect(image_end(), image_limit, DATA);
  protect((uintptr_t)image_start, (uintptr_t)rodata_start, PRESENT);
  unmap(0, PAGE_SIZE);
}

volatile void *map_device(uint64_t address, size_t size) {
  for (uint64_t at = address & ~(LARGE_SIZE - 1); at < address + size; at += LARGE_SIZE) {
    uint64_t *entry = large_entry(at);
    if (*entry == 0) *entry = at | DATA | UNCACHED | LARGE;
  }
  return (volatile void *)address;
}
