/* Devices of a guest: descriptors that were handed over, TAP interfaces, files. */
#include "devices.h"
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>
#include "fail.h"
#include "relay.h"

#define BLOCK_SIZE 512u
#define MTU 1500u

static const char *type_name(uint32_t type) { return type == MFT_DEV_NET_BASIC ? "NET_BASIC" : "BLOCK_BASIC"; }

static struct mft_entry *find(struct mft *manifest, const char *name, size_t length, enum mft_type type) {
  for (uint32_t i = 1; i < manifest->entries; i++) {
    struct mft_entry *entry = &manifest->e[i];
    if (strncmp(entry->name, name, length) != 0 || entry->name[length] != 0) continue;
    if (entry->type != type) fail("device '%s' is of type %s", entry->name, type_name(entry->type));
    return entry;
  }
  fail("the image declares no device '%.*s'", (int)length, name);
}

static void must_be_new(const struct mft_entry *entry) {
  if (entry->attached) fail("device '%s' is given twice", entry->name);
}

static int descriptor(const char *number) {
  char *end;
  long fd = strtol(number, &end, 10);
  if (*number == 0 || *end || fd < 0 || fd > 1 << 20) fail("'@%s' is not a descriptor", number);
  return (int)fd;
}

/* Socket pair or TAP: a frame a call, and never a wait. */
static int open_descriptor(const char *number) {
  int fd = descriptor(number), flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) fail("descriptor %d: %m", fd);
  return fd;
}

static int open_tap(const char *name, uint16_t *mtu) {
  struct ifreq request = {0};
  if (strlen(name) >= sizeof request.ifr_name) fail("'%s' is not the name of an interface", name);
  strcpy(request.ifr_name, name);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (tap < 0) fail("/dev/net/tun: %m");
  /* Without the check the kernel would make an interface of that name. */
  int probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (probe < 0 || ioctl(probe, SIOCGIFMTU, &request) < 0) fail("interface %s: %m", name);
  if (request.ifr_mtu < 68 || request.ifr_mtu > UINT16_MAX) fail("interface %s: its MTU is out of range", name);
  *mtu = (uint16_t)request.ifr_mtu;
  close(probe);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (ioctl(tap, TUNSETIFF, &request) < 0) fail("interface %s: %m", name);
  /* A TAP that stays remembers what its last reader did for it: uncut segments, and no checksums. */
  if (ioctl(tap, TUNSETOFFLOAD, 0) < 0) fail("interface %s: %m", name);
  return tap;
}

/* A descriptor that carries a frame a call, a stream of frames with their lengths, or the name of a TAP interface. */
static int open_net(const char *value, uint16_t *mtu) {
  static const char STREAM[] = "stream:";
  if (*value == '@') return open_descriptor(value + 1);
  if (strncmp(value, STREAM, sizeof STREAM - 1) == 0) return relay_open(descriptor(value + sizeof STREAM - 1));
  return open_tap(value, mtu);
}

static void attach_net(struct mft_entry *entry, const char *value) {
  must_be_new(entry);
  uint16_t mtu = MTU;
  entry->b.hostfd = open_net(value, &mtu);
  entry->u.net_basic.mtu = mtu;
  entry->attached = true;
}

static void set_mac(struct mft_entry *entry, const char *value) {
  unsigned parts[6];
  int end = 0;
  if (sscanf(value, "%2x:%2x:%2x:%2x:%2x:%2x%n", parts, parts + 1, parts + 2, parts + 3, parts + 4, parts + 5, &end) != 6 ||
      value[end])
    fail("'%s' is not a MAC address", value);
  for (int i = 0; i < 6; i++) entry->u.net_basic.mac[i] = (uint8_t)parts[i];
}

static void attach_block(struct mft_entry *entry, const char *value) {
  must_be_new(entry);
  int file = open(value, O_RDWR | O_CLOEXEC);
  if (file < 0) fail("%s: %m", value);
  off_t capacity = lseek(file, 0, SEEK_END);
  if (capacity < 0) fail("%s: %m", value);
  entry->b.hostfd = file;
  entry->u.block_basic.capacity = (uint64_t)capacity;
  entry->attached = true;
}

static void set_block_size(struct mft_entry *entry, const char *value) {
  char *end;
  unsigned long size = strtoul(value, &end, 10);
  if (*value == 0 || *end || size < 512 || size > 1 << 15 || (size & (size - 1)))
    fail("'%s' is not a block size: a power of two, 512 to 32768", value);
  entry->u.block_basic.block_size = (uint16_t)size;
}

static const struct {
  const char *prefix;
  enum mft_type type;
  void (*apply)(struct mft_entry *entry, const char *value);
} OPTIONS[] = {
    {"--net:", MFT_DEV_NET_BASIC, attach_net},
    {"--net-mac:", MFT_DEV_NET_BASIC, set_mac},
    {"--block:", MFT_DEV_BLOCK_BASIC, attach_block},
    {"--block-sector-size:", MFT_DEV_BLOCK_BASIC, set_block_size},
};

void device_option(struct mft *manifest, const char *option) {
  for (size_t i = 0; i < sizeof OPTIONS / sizeof *OPTIONS; i++) {
    size_t length = strlen(OPTIONS[i].prefix);
    if (strncmp(option, OPTIONS[i].prefix, length) != 0) continue;
    const char *name = option + length, *value = strchr(name, '=');
    if (!value || value == name || value - name > MFT_NAME_MAX) fail("malformed option '%s'", option);
    return OPTIONS[i].apply(find(manifest, name, (size_t)(value - name), OPTIONS[i].type), value + 1);
  }
  fail("invalid option '%s'", option);
}

static void complete_net(struct mft_entry *entry) {
  static const uint8_t none[6];
  uint8_t *mac = entry->u.net_basic.mac;
  if (memcmp(mac, none, sizeof none) != 0) return;
  if (getrandom(mac, sizeof none, 0) != sizeof none) fail("no random numbers: %m");
  /* Locally administered, not a group. */
  mac[0] = (mac[0] & 0xfc) | 2;
}

static void complete_block(struct mft_entry *entry) {
  uint64_t size = entry->u.block_basic.block_size, capacity = entry->u.block_basic.capacity;
  if (size == 0) entry->u.block_basic.block_size = (uint16_t)(size = BLOCK_SIZE);
  if (capacity < size || capacity % size != 0)
    fail("device '%s': the file must have a whole number of blocks of %u bytes, and at least one", entry->name, (unsigned)size);
}

void devices_complete(struct mft *manifest) {
  for (uint32_t i = 1; i < manifest->entries; i++) {
    struct mft_entry *entry = &manifest->e[i];
    if (entry->type != MFT_DEV_NET_BASIC && entry->type != MFT_DEV_BLOCK_BASIC)
      fail("device '%s' is of an unknown type", entry->name);
    if (!entry->attached) fail("device '%s' of type %s is declared but not attached", entry->name, type_name(entry->type));
    if (entry->type == MFT_DEV_NET_BASIC) complete_net(entry);
    else complete_block(entry);
  }
}
