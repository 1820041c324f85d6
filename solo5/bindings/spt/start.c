/* The first instruction of an spt guest: a launcher has loaded it into its own process and jumps here. */
#include "binding.h"
#include "cmdline.h"
#include "cpu-random.h"
#include "notes.h"
#include "solo5.h"
#include "syscalls.h"

#define ARCH_SET_FS 0x1002

/* The word of the thread's block that functions with a stack protector compare: the canary of the x86-64 ABI. */
#define CANARY 5

ABI1_NOTE(ABI_SPT, SPT_ABI_VERSION);

const struct spt_boot_info *boot_info;

/* Ours, so that the guest looks at nothing of the launcher's. */
static uint64_t thread_block[8];

static void set_thread_block(void) {
  uint64_t canary = 0;
  cpu_random(&canary);
  thread_block[CANARY] = canary & ~0xffull;
  syscall4(SYS_ARCH_PRCTL, ARCH_SET_FS, (long)thread_block, 0, 0);
}

/* The stack begins at the end of memory, aligned as for any function that was called. */
void __attribute__((noreturn)) _start(const struct spt_boot_info *info) {
  boot_info = info;
  set_thread_block();
  struct solo5_start_info start = {
      .cmdline = cmdline_strip(info->cmdline),
      .heap_start = info->kernel_end,
      .heap_size = info->mem_size - info->kernel_end,
  };
  solo5_exit(solo5_app_main(&start));
}
