/* From the first line of C to the application's: memory, exceptions, clocks, devices, a stack with a guard below it. */
#include <string.h>
#include "attach.h"
#include "boot-info.h"
#include "clock.h"
#include "cmdline.h"
#include "console.h"
#include "cpu-random.h"
#include "cpu.h"
#include "interrupt.h"
#include "memory.h"
#include "paging.h"
#include "solo5.h"
#include "stack.h"
#include "trap.h"

ABI1_NOTE(ABI_VIRTIO, 1);

/* Pages below the stack that are not there: more than one, for functions with large variables. */
#define GUARD_SIZE (16 * PAGE_SIZE)

static struct boot_info boot_info;
static struct solo5_start_info start_info;

/* What musl compares before and after some of its functions lies at 0x28 from the base of FS. */
#define CANARY_WORD (0x28 / sizeof(uint64_t))
#define MSR_FS_BASE 0xc0000100
static uint64_t thread[CANARY_WORD + 1];

static void canary_init(void) {
  if (!cpu_random(&thread[CANARY_WORD])) thread[CANARY_WORD] = read_tsc() * 0x9e3779b97f4a7c15u;
  write_msr(MSR_FS_BASE, (uintptr_t)thread);
}

/* What QEMU's microvm says of its devices stands among the application's words. They stay as they are, spaces too. */
static void remove_device_words(char *line) {
  char *word;
  while ((word = strstr(line, MMIO_WORD)) != NULL) {
    const char *end = strchr(word, ' ');
    /* With the space before it, where it is the last. */
    if (end == NULL) {
      if (word > line && word[-1] == ' ') word--;
      *word = 0;
    } else {
      memmove(word, end + 1, strlen(end + 1) + 1);
    }
  }
}

static void application(void) { solo5_exit(solo5_app_main(&start_info)); }

void enter(uintptr_t stack_top, void (*function)(void)) __attribute__((noreturn));

/* Called by start.S, with what the loader left in two registers. */
__attribute__((noreturn)) void start(uint32_t magic, const void *given);
void start(uint32_t magic, const void *given) {
  console_init();
  trap_init();
  boot_info_read(&boot_info, magic, given);
  memory_init(boot_info.memory_end);

  uint8_t *guard = memory_take(GUARD_SIZE);
  uint8_t *stack = memory_take(STACK_SIZE);
  paging_init(boot_info.memory_end);
  unmap((uintptr_t)guard, (uintptr_t)stack);
  trap_guard((uintptr_t)guard, (uintptr_t)stack);

  canary_init();
  clock_init();
  devices_init(boot_info.command_line);
  interrupt_init();
  attach_all();
  remove_device_words(boot_info.command_line);
  start_info.cmdline = cmdline_strip(boot_info.command_line);
  start_info.heap_start = memory_rest(&start_info.heap_size);
  enter((uintptr_t)(stack + STACK_SIZE), application);
}
