/* The application manifest, as the public ABI lays it out: which devices the guest wants, by name (note "MFT1"). */
#ifndef MANIFEST_H
#define MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MFT_VERSION 1
#define MFT_NAME_SIZE 68
#define MFT_NAME_MAX 67

/** With the reserved first entry; each entry is a bit of `solo5_handle_set_t`. */
#define MFT_MAX_ENTRIES 64

/** What kind of device an entry is. The first entry of every manifest is the reserved one, without a name. */
enum mft_type {
  MFT_DEV_BLOCK_BASIC = 1,
  MFT_DEV_NET_BASIC = 2,
  MFT_RESERVED_FIRST = 1u << 30,
};

/** One device. `u`, `b` and `attached` are zero in the image: whoever attaches the device writes them. */
struct mft_entry {
  char name[MFT_NAME_SIZE];
  uint32_t type;
  union {
    struct {
      uint64_t capacity;
      uint16_t block_size;
    } block_basic;
    struct {
      uint8_t mac[6];
      uint16_t mtu;
    } net_basic;
  } u;
  union {
    int hostfd;
    void *data;
  } b;
  bool attached;
};

struct mft {
  uint32_t version;
  uint32_t entries;
  struct mft_entry e[];
};

_Static_assert(sizeof(struct mft_entry) == 104, "an entry of the manifest has 104 bytes");
_Static_assert(offsetof(struct mft_entry, u) == 72 && offsetof(struct mft_entry, b) == 88, "public layout");

/** Takes the device called `name` for the application, its index in `handle`: null if unknown or already taken. */
const struct mft_entry *manifest_acquire(const struct mft *mft, const char *name, enum mft_type type, uint64_t *handle);

/** The entry of a device that was taken; null for any other handle. */
const struct mft_entry *manifest_entry(const struct mft *mft, uint64_t handle, enum mft_type type);

#endif
