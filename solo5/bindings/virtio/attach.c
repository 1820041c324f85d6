/* Devices of the manifest get devices of the machine, before the application begins. */
#include "attach.h"
#include "console.h"
#include "solo5.h"

static void refuse(const struct mft_entry *entry, const char *kind, const char *why) __attribute__((noreturn));
static void refuse(const struct mft_entry *entry, const char *kind, const char *why) {
  print("Solo5: error: the ");
  print(kind);
  print(" device '");
  print(entry->name);
  print("' ");
  print(why);
  print("\n");
  solo5_exit(SOLO5_EXIT_FAILURE);
}

void attach_all(void) {
  unsigned nets = 0, blocks = 0;
  for (unsigned handle = 0; handle < manifest()->entries && handle < MFT_MAX_ENTRIES; handle++) {
    const struct mft_entry *entry = &manifest()->e[handle];
    int is_net = entry->type == MFT_DEV_NET_BASIC;
    if (!is_net && entry->type != MFT_DEV_BLOCK_BASIC) continue;
    const char *kind = is_net ? "network" : "block";
    struct virtio *device = is_net ? devices_find(VIRTIO_NET, nets++) : devices_find(VIRTIO_BLOCK, blocks++);
    if (device == NULL) refuse(entry, kind, "is declared, but the machine has none left for it");
    const char *trouble = is_net ? net_attach(handle, device) : block_attach(handle, device);
    if (trouble != NULL) refuse(entry, kind, trouble);
  }
  entropy_attach();
}
