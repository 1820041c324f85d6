/* Finding devices in the manifest: by name once, by handle ever after. */
#include "manifest.h"
#include <string.h>

/* Bit `n`: entry `n` was acquired. */
static uint64_t acquired;

static unsigned entry_count(const struct mft *mft) {
  return mft->entries < MFT_MAX_ENTRIES ? mft->entries : MFT_MAX_ENTRIES;
}

const struct mft_entry *manifest_acquire(const struct mft *mft, const char *name, enum mft_type type, uint64_t *handle) {
  for (unsigned i = 0; i < entry_count(mft); i++) {
    const struct mft_entry *entry = &mft->e[i];
    if (entry->type != type || strncmp(entry->name, name, MFT_NAME_SIZE) != 0) continue;
    if (acquired >> i & 1) return NULL;
    acquired |= 1ull << i;
    *handle = i;
    return entry;
  }
  return NULL;
}

const struct mft_entry *manifest_entry(const struct mft *mft, uint64_t handle, enum mft_type type) {
  if (handle >= entry_count(mft) || !(acquired >> handle & 1)) return NULL;
  return mft->e[handle].type == type ? &mft->e[handle] : NULL;
}
