/*
 * Reads broken images: `fuzz-image IMAGE SEED COUNT [MEM_MB]`.
 *
 * Each of COUNT images is IMAGE with some numbers changed and perhaps its end cut off. It lies right before a page that
 * may not be read, so that a look past its end is a crash. What is accepted must be safe to load.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "image.h"
#include "spt.h"

#define PAGE 4096u
#define FILE_MAX (64u << 20)
#define CHANGES_MAX 6

static uint64_t state;

/* Xorshift64*: the same images for the same seed, everywhere. */
static uint64_t random_word(void) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545f4914f6cdd1dull;
}

static uint64_t below(uint64_t limit) { return random_word() % limit; }

/* Numbers where arithmetic goes wrong. */
static uint64_t awkward(uint64_t mem_size, uint64_t size) {
  const uint64_t edges[] = {0, 1, 4096, 0xfffff, SPT_GUEST_MIN_BASE, 0x7fffffff, 0xffffffff, 1ull << 63, ~0ull, mem_size, size};
  uint64_t edge = edges[below(sizeof edges / sizeof *edges)];
  return edge + below(9) - 4;
}

/* A place that matters: the header, the table of segments, or one of the notes; now and then any. */
static size_t interesting(const uint8_t *image, size_t size) {
  const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
  if (below(8) == 0) return below(size);
  if (below(6) == 0) return below(sizeof *header);
  size_t index = below(header->e_phnum), entry = header->e_phoff + index * sizeof(Elf64_Phdr);
  const Elf64_Phdr *segment = (const Elf64_Phdr *)(image + entry);
  if (segment->p_type == PT_NOTE && below(2)) return segment->p_offset + below(segment->p_filesz < 256 ? segment->p_filesz : 256);
  return entry + below(sizeof *segment);
}

static void change(uint8_t *copy, const uint8_t *image, size_t size, uint64_t mem_size) {
  static const size_t widths[] = {1, 2, 4, 8};
  size_t width = widths[below(4)], at = interesting(image, size) & -width;
  uint64_t value = below(3) ? awkward(mem_size, size) : random_word();
  if (at + width > size) return;
  if (below(4) == 0) copy[at] ^= 1u << below(8);
  else memcpy(copy + at, &value, width);
}

static void must(int is_so, const char *what, uint64_t number) {
  if (is_so) return;
  fprintf(stderr, "image %lu was accepted, but %s\n", (unsigned long)number, what);
  abort();
}

/* The promises of image.h, said once more. */
static void check(const struct image *image, const uint8_t *file, size_t size, uint64_t mem_size, uint64_t number) {
  uint64_t last = SPT_GUEST_MIN_BASE;
  int entry_in_text = 0;
  for (size_t i = 0; i < image->segment_count; i++) {
    const struct segment *s = &image->segments[i];
    must(s->start % PAGE == 0 && s->end % PAGE == 0, "a segment has parts of pages", number);
    must(s->start >= last && s->end > s->start && s->end <= mem_size, "a segment is out of place", number);
    must(s->address >= s->start && s->file_size <= s->end - s->address, "its bytes go past a segment", number);
    must(s->offset <= size && s->file_size <= size - s->offset, "its bytes are not in the file", number);
    must(!(s->writable && s->executable), "a segment is writable and executable", number);
    entry_in_text |= s->executable && image->entry >= s->start && image->entry < s->end;
    last = s->end;
  }
  must(entry_in_text, "it begins outside of its text", number);
  must(image->end == last, "its end is wrong", number);
  must(image->manifest >= file && image->manifest + image->manifest_size <= file + size, "its manifest is outside", number);
}

static uint8_t *read_image(const char *name, size_t *size) {
  FILE *file = fopen(name, "rb");
  uint8_t *image = malloc(FILE_MAX);
  if (!file || !image || (*size = fread(image, 1, FILE_MAX, file)) == 0) {
    fprintf(stderr, "fuzz-image: %s cannot be read\n", name);
    exit(1);
  }
  fclose(file);
  return image;
}

int main(int argc, char **argv) {
  if (argc < 4) return fputs("usage: fuzz-image IMAGE SEED COUNT [MEM_MB]\n", stderr), 1;
  size_t size;
  uint8_t *image = read_image(argv[1], &size);
  uint64_t count = strtoull(argv[3], NULL, 10), mem_size = strtoull(argc > 4 ? argv[4] : "64", NULL, 10) << 20;
  uint64_t accepted = 0;
  state = strtoull(argv[2], NULL, 10) | 1ull << 32;
  size_t room = (size + PAGE - 1) & -(size_t)PAGE;
  uint8_t *memory = mmap(NULL, room + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(memory + room, PAGE, PROT_NONE);
  for (uint64_t number = 0; number < count; number++) {
    size_t length = below(5) ? size : below(size + 1);
    uint8_t *copy = memory + room - length;
    memcpy(copy, image, length);
    for (uint64_t changes = length ? below(CHANGES_MAX + 1) : 0; changes > 0; changes--) change(copy, image, length, mem_size);
    struct image result;
    if (image_read(copy, length, mem_size, &result)) continue;
    accepted++;
    check(&result, copy, length, mem_size, number);
  }
  printf("%lu images, %lu accepted\n", (unsigned long)count, (unsigned long)accepted);
  return 0;
}
