/* The ELF notes of an image: which ABI it is for, which devices it wants, and where its program lies. */
#ifndef NOTES_H
#define NOTES_H

#include <stdint.h>
#include "manifest.h"

#define ABI1_TYPE 0x31494241u /* "ABI1" */
#define MFT1_TYPE 0x3154464du /* "MFT1" */
#define MIRAGE_TYPE 1u

enum abi_target {
  ABI_HVT = 1,
  ABI_SPT,
  ABI_VIRTIO,
  ABI_MUEN,
  ABI_GENODE,
  ABI_XEN,
};

/** The head of a note, with the room that both names ("Solo5", "Mirage") take. */
struct note_header {
  uint32_t namesz;
  uint32_t descsz;
  uint32_t type;
  char name[8];
};

/** Says which target and version of its ABI the image was made for. */
struct abi1_note {
  struct note_header header;
  uint32_t target;
  uint32_t version;
  uint32_t reserved[2];
};

/**
 * The manifest with room for all entries: whoever makes the image fills entries in and sets `entries`
 * and `descsz`, which is `4 + 8 + 104 * entries`; the segment of the note keeps its size. The manifest begins on a multiple of 8, 4 bytes after the header.
 */
struct mft1_note {
  struct note_header header;
  uint32_t pad;
  uint32_t version;
  uint32_t entries;
  struct mft_entry e[MFT_MAX_ENTRIES];
};

/** Where the program's bytecode lies in memory: zero in the base, filled in by whoever makes the image. */
struct mirage_note {
  struct note_header header;
  uint32_t pad;
  uint64_t address;
  uint64_t size;
};

_Static_assert(sizeof(struct note_header) == 20, "a note's header with its name has 20 bytes");
_Static_assert(offsetof(struct mft1_note, version) == 24, "the manifest begins at 24");
_Static_assert(offsetof(struct mirage_note, address) == 24, "the place begins at 24");

extern const struct mft1_note manifest_note;
extern const struct mirage_note mirage_note;

/** A binding's `start.c` says with this for which target it is. */
#define ABI1_NOTE(abi_target, abi_version)                                                     \
  const struct abi1_note abi_note __attribute__((section(".note.solo5.abi"), used, aligned(4))) = { \
      {sizeof "Solo5", sizeof(struct abi1_note) - sizeof(struct note_header), ABI1_TYPE, "Solo5"},  \
      (abi_target),                                                                            \
      (abi_version),                                                                           \
      {0, 0}}

#endif
