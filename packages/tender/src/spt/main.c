/*
 * The spt launcher: puts an image into this process, gives it its devices, and gives everything else up.
 *
 *   spt [--mem=MB] [--net:NAME=@FD|stream:FD|TAP] [--net-mac:NAME=MAC] [--block:NAME=PATH] [--block-sector-size:NAME=SIZE]
 *       [--] IMAGE [ARGUMENT...]
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "devices.h"
#include "image.h"
#include "fail.h"
#include "filter.h"
#include "leave.h"
#include "memory.h"
#include "spt.h"

#define MEM_MB 512ul
#define MEM_MB_MAX (1ul << 20)

/* No image is larger, and a file that is would have to fit into memory twice. */
#define FILE_SIZE_MAX (1l << 30)

/* What the system V ABI wants of a function's stack: 8 bytes from a multiple of 16. */
#define STACK_SLACK 8

void launch(uint64_t stack, uint64_t entry, uint64_t argument) __attribute__((noreturn));

static const char USAGE[] =
    "usage: spt [--mem=MB] [--net:NAME=@FD|stream:FD|TAP] [--net-mac:NAME=MAC]\n"
    "           [--block:NAME=PATH] [--block-sector-size:NAME=SIZE] [--] IMAGE [ARGUMENT...]\n";

struct file {
  uint8_t *bytes;
  size_t size;
};

static struct file read_file(const char *name) {
  struct stat about;
  int fd = open(name, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &about) < 0) fail("%s: %m", name);
  if (!S_ISREG(about.st_mode) || about.st_size > FILE_SIZE_MAX) fail("%s: not a file of a reasonable size", name);
  struct file file = {malloc((size_t)about.st_size + 1), (size_t)about.st_size};
  if (!file.bytes) fail("%s: no memory", name);
  for (size_t at = 0; at < file.size;) {
    ssize_t count = read(fd, file.bytes + at, file.size - at);
    if (count < 0) fail("%s: %m", name);
    if (count == 0) fail("%s: became shorter", name);
    at += (size_t)count;
  }
  close(fd);
  return file;
}

/* The index of the image's name in `argv`; options end before it. */
static int find_image(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--") == 0) return i + 1;
    if (argv[i][0] != '-') return i;
    if (strcmp(argv[i], "--help") == 0) {
      fputs(USAGE, stdout);
      exit(0);
    }
  }
  return argc;
}

static uint64_t read_mem(int options, char **argv) {
  uint64_t size = MEM_MB;
  for (int i = 1; i < options; i++) {
    if (strncmp(argv[i], "--mem=", 6) != 0) continue;
    char *end;
    size = strtoul(argv[i] + 6, &end, 10);
    if (argv[i][6] < '0' || argv[i][6] > '9' || *end || size == 0 || size > MEM_MB_MAX)
      fail("malformed argument to --mem: '%s'", argv[i] + 6);
  }
  return size << 20;
}

static void read_devices(struct mft *manifest, int options, char **argv) {
  for (int i = 1; i < options; i++) {
    if (strncmp(argv[i], "--mem=", 6) == 0 || strcmp(argv[i], "--") == 0) continue;
    device_option(manifest, argv[i]);
  }
  devices_complete(manifest);
}

/* One set to sleep on: the networks, and a timer, since a sleep is counted in nanoseconds. */
static void watch(int epollfd, int fd, uint64_t name) {
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = name};
  if (epoll_ctl(epollfd, EPOLL_CTL_ADD, fd, &event) < 0) fail("descriptor %d cannot be waited for: %m", fd);
}

static void open_sleep(struct spt_boot_info *info, const struct mft *manifest) {
  info->epollfd = epoll_create1(EPOLL_CLOEXEC);
  info->timerfd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (info->epollfd < 0 || info->timerfd < 0) fail("no timer: %m");
  watch(info->epollfd, info->timerfd, SPT_INTERNAL_TIMERFD);
  for (uint32_t i = 1; i < manifest->entries; i++)
    if (manifest->e[i].type == MFT_DEV_NET_BASIC) watch(info->epollfd, manifest->e[i].b.hostfd, i);
}

static void write_cmdline(char *to, char **words) {
  size_t length = 0;
  for (; *words; words++) {
    size_t word = strlen(*words), gap = length > 0;
    if (word + gap >= SPT_CMDLINE_SIZE - length) fail("the arguments have more than %d characters", SPT_CMDLINE_SIZE - 1);
    if (gap) to[length++] = ' ';
    memcpy(to + length, *words, word);
    length += word;
  }
  to[length] = 0;
}

/* Low memory:  boot information | seed | manifest | command line */
static struct mft *place(struct spt_boot_info *info, const struct image *image) {
  struct spt_seed *seed = (struct spt_seed *)(info + 1);
  seed->magic = SPT_SEED_MAGIC;
  if (getrandom(seed->bytes, sizeof seed->bytes, 0) != sizeof seed->bytes) fail("no random numbers: %m");
  struct mft *manifest = (struct mft *)(seed + 1);
  memcpy(manifest, image->manifest, image->manifest_size);
  info->mft = manifest;
  info->cmdline = (const char *)manifest + image->manifest_size;
  return manifest;
}

/* Where whoever has started this says which process it is, the guest ends with it: nobody else would stop it. */
static void end_with_parent(void) {
  const char *parent = getenv("MIRAGE_PARENT");
  if (!parent) return;
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) fail("no signal at the parent's end: %m");
  /* It may be gone already. */
  if (getppid() != atoi(parent)) exit(0);
}

int main(int argc, char **argv) {
  end_with_parent();
  int name = find_image(argc, argv);
  if (name >= argc) fail("missing IMAGE\n%s", USAGE);
  uint64_t mem_size = read_mem(name, argv);
  struct file file = read_file(argv[name]);
  struct image image;
  const char *problem = image_read(file.bytes, file.size, mem_size, &image);
  if (problem) fail("%s: %s", argv[name], problem);

  memory_map(mem_size);
  memory_load(&image, file.bytes, mem_size);
  struct spt_boot_info *info = (struct spt_boot_info *)SPT_BOOT_INFO_BASE;
  info->mem_size = mem_size;
  info->kernel_end = image.end;
  struct mft *manifest = place(info, &image);
  read_devices(manifest, name, argv);
  write_cmdline((char *)info->cmdline, argv + name + 1);
  open_sleep(info, manifest);
  free(file.bytes);

  /* Who no longer reads what a guest writes does not end it: the guest hears that nothing was written. */
  signal(SIGPIPE, SIG_IGN);
  forget_environment();
  close_others(info, manifest);
  filter_install(manifest, info->epollfd, info->timerfd);
  launch(mem_size - STACK_SLACK, image.entry, SPT_BOOT_INFO_BASE);
}
