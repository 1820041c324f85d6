/* The ELF reader. Every number of the file is checked here, before anything of it is used. */
#include "image.h"
#include <elf.h>
#include <string.h>
#include "notes.h"
#include "spt.h"

#define PAGE 4096u

/* Copied out, since nothing in the file need be aligned. */
static bool get(const uint8_t *file, size_t size, uint64_t offset, void *out, size_t length) {
  if (offset > size || length > size - offset) return false;
  memcpy(out, file + offset, length);
  return true;
}

static bool is_for_us(const Elf64_Ehdr *header) {
  return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 && header->e_ident[EI_CLASS] == ELFCLASS64 &&
         header->e_ident[EI_DATA] == ELFDATA2LSB && header->e_version == EV_CURRENT && header->e_type == ET_EXEC &&
         header->e_machine == EM_X86_64 && header->e_ehsize == sizeof *header &&
         header->e_phentsize == sizeof(Elf64_Phdr) && header->e_phnum > 0;
}

static const char *add_segment(const Elf64_Phdr *header, size_t size, uint64_t mem_size, struct image *image) {
  uint64_t alignment = header->p_align, end;
  if (header->p_memsz == 0) return NULL;
  if (image->segment_count == SEGMENTS_MAX) return "too many segments";
  if (header->p_memsz < header->p_filesz) return "a segment is larger in the file than in memory";
  if (header->p_offset > size || header->p_filesz > size - header->p_offset) return "a segment lies outside of the file";
  if (alignment < PAGE || (alignment & (alignment - 1))) return "a segment is not aligned to pages";
  if (__builtin_add_overflow(header->p_vaddr, header->p_memsz, &end) || end > mem_size)
    return "a segment lies outside of the guest's memory";
  if (__builtin_add_overflow(end, alignment - 1, &end)) return "a segment lies outside of the guest's memory";
  end &= -alignment;
  uint64_t start = header->p_vaddr & -alignment;
  if (start < SPT_GUEST_MIN_BASE || end > mem_size) return "a segment lies outside of the guest's memory";
  if (start < image->end) return "segments overlap or are not in ascending order";
  if (header->p_flags & PF_W && header->p_flags & PF_X) return "a segment is both writable and executable";
  image->end = end;
  image->segments[image->segment_count++] = (struct segment){
      .start = start,
      .end = end,
      .address = header->p_vaddr,
      .offset = header->p_offset,
      .file_size = header->p_filesz,
      .readable = header->p_flags & PF_R,
      .writable = header->p_flags & PF_W,
      .executable = header->p_flags & PF_X,
  };
  return NULL;
}

static const char *check_abi(const uint8_t *content, size_t size) {
  uint32_t target, version;
  if (!get(content, size, 0, &target, 4) || !get(content, size, 4, &version, 4)) return "the ABI note is too short";
  if (target != ABI_SPT) return "the image is not for spt";
  if (version != SPT_ABI_VERSION) return "the image wants another version of the spt ABI";
  return NULL;
}

/* What is in the note besides the manifest: four bytes that align it to 8. */
#define MANIFEST_PAD 4u

static const char *take_manifest(const uint8_t *content, size_t size, struct image *image) {
  struct mft head;
  struct mft_entry entry;
  if (size < MANIFEST_PAD || !get(content, size, MANIFEST_PAD, &head, sizeof head)) return "the manifest is too short";
  if (head.version != MFT_VERSION) return "the manifest is of another version";
  if (head.entries < 1 || head.entries > MFT_MAX_ENTRIES) return "the manifest has too few or too many entries";
  if (size - MANIFEST_PAD != sizeof head + head.entries * sizeof entry) return "the manifest has the wrong size";
  for (uint32_t i = 0; i < head.entries; i++) {
    if (!get(content, size, MANIFEST_PAD + sizeof head + i * sizeof entry, &entry, sizeof entry)) return "the manifest is too short";
    if (entry.name[MFT_NAME_MAX] != 0) return "the manifest has a name that does not end";
    if ((i == 0) != (entry.type == MFT_RESERVED_FIRST)) return "the manifest does not begin with the reserved entry";
    if ((i == 0) != (entry.name[0] == 0)) return "the manifest has a device without a name";
    /* As a byte: a file need not hold a truth value. */
    if (((const uint8_t *)&entry)[offsetof(struct mft_entry, attached)]) return "the manifest has a device that is attached already";
  }
  image->manifest = content + MANIFEST_PAD;
  image->manifest_size = size - MANIFEST_PAD;
  return NULL;
}

/* The first note of each segment counts, as in every reader of the public ABI. */
static const char *read_note(const uint8_t *file, size_t size, const Elf64_Phdr *segment, struct image *image, bool *has_abi) {
  struct note_header header;
  if (segment->p_offset > size || segment->p_filesz > size - segment->p_offset) return "a note lies outside of the file";
  const uint8_t *note = file + segment->p_offset;
  if (segment->p_filesz < sizeof(Elf64_Nhdr)) return "a note is too short";
  if (!get(note, segment->p_filesz, 0, &header, sizeof header)) return NULL;
  size_t room = segment->p_filesz - sizeof header;
  const uint8_t *content = note + sizeof header;
  if (header.namesz == sizeof "Mirage" && memcmp(header.name, "Mirage", sizeof "Mirage") == 0) image->is_ours = true;
  if (header.namesz != sizeof "Solo5" || memcmp(header.name, "Solo5", sizeof "Solo5") != 0) return NULL;
  if (header.type != ABI1_TYPE && header.type != MFT1_TYPE) return NULL;
  if (header.descsz > room) return "a note is longer than its segment";
  if (header.type == ABI1_TYPE) return *has_abi = true, check_abi(content, header.descsz);
  if (image->manifest) return "the image has two manifests";
  return take_manifest(content, header.descsz, image);
}

static bool is_in_text(const struct image *image) {
  for (size_t i = 0; i < image->segment_count; i++) {
    const struct segment *segment = &image->segments[i];
    uint64_t from = segment->address, to = from + segment->file_size;
    if (segment->executable && image->entry >= from && image->entry < to) return true;
  }
  return false;
}

const char *image_read(const uint8_t *file, size_t size, uint64_t mem_size, struct image *image) {
  Elf64_Ehdr header;
  Elf64_Phdr segment;
  bool has_abi = false;
  memset(image, 0, sizeof *image);
  if (!get(file, size, 0, &header, sizeof header) || !is_for_us(&header)) return "not an ELF executable for x86-64";
  for (uint64_t i = 0; i < header.e_phnum; i++) {
    uint64_t offset;
    const char *problem = NULL;
    if (__builtin_add_overflow(header.e_phoff, i * sizeof segment, &offset) ||
        !get(file, size, offset, &segment, sizeof segment))
      return "the table of segments lies outside of the file";
    if (segment.p_type == PT_LOAD) problem = add_segment(&segment, size, mem_size, image);
    if (segment.p_type == PT_NOTE) problem = read_note(file, size, &segment, image, &has_abi);
    if (problem) return problem;
  }
  image->entry = header.e_entry;
  if (!has_abi) return "the image has no ABI note";
  if (!image->manifest) return "the image has no manifest";
  if (!is_in_text(image)) return "the entry point is not in the image's text";
  return NULL;
}
