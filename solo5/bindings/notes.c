/* The notes that every image has, as the linker script places them: empty until an image is made of the base. */
#include "notes.h"

/* No system's own loader is to start an image: it asks for an interpreter that cannot exist. */
const char interpreter[24] __attribute__((section(".interp"), used, aligned(8))) = "/nonexistent/solo5/";

/* An empty manifest is one reserved entry: a base is an image that wants no device. The room for more follows it. */
const struct mft1_note manifest_note __attribute__((section(".note.solo5.manifest"), used, aligned(8))) = {
    {sizeof "Solo5", 4 + sizeof(struct mft) + sizeof(struct mft_entry), MFT1_TYPE, "Solo5"},
    0,
    MFT_VERSION,
    1,
    {{.type = MFT_RESERVED_FIRST}},
};

const struct mirage_note mirage_note __attribute__((section(".note.mirage"), used, aligned(8))) = {
    {sizeof "Mirage", sizeof(struct mirage_note) - sizeof(struct note_header), MIRAGE_TYPE, "Mirage"},
    0,
    0,
    0,
};
