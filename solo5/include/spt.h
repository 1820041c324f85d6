/* The spt ABI, version 2, as the public interface has it: what a launcher tells the guest it jumps into. */
#ifndef SPT_H
#define SPT_H

#include <stdint.h>

#define SPT_ABI_VERSION 2

/** The lowest address of a guest's segments. */
#define SPT_GUEST_MIN_BASE 0x100000

/** The lowest address that is mapped, and where the boot information lies. */
#define SPT_HOST_MEM_BASE 0x10000
#define SPT_BOOT_INFO_BASE (SPT_HOST_MEM_BASE + 0x1000)

/** The command line with its NUL. */
#define SPT_CMDLINE_SIZE 8192

/** What the timer is called in the epoll set; a network device is called by its index in the manifest. */
#define SPT_INTERNAL_TIMERFD (~1u)

/** The only argument of the guest's entry point. */
struct spt_boot_info {
  uint64_t mem_size;
  uint64_t kernel_end;
  const char *cmdline;
  const void *mft;
  int epollfd;
  int timerfd;
};

#define SPT_SEED_MAGIC 0x6465655365676172u /* "rageSeed" */
#define SPT_SEED_SIZE 64

/**
 * Our own addition, between the boot information and the manifest: randomness of the host's.
 * The public ABI leaves no gap there, so a guest that finds one of this size, with the magic number, has a seed.
 */
struct spt_seed {
  uint64_t magic;
  uint8_t bytes[SPT_SEED_SIZE];
};

#endif
