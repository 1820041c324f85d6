/* How a machine ends: it says its status on the console, tells a debug port if there is one, and switches itself off. */
#include "console.h"
#include "cpu.h"
#include "memory.h"
#include "paging.h"
#include "solo5.h"
#include "virtio.h"

/* QEMU's `isa-debug-exit` at its default place: QEMU ends with `status * 2 + 1`. */
#define DEBUG_EXIT_PORT 0x501

/* PM1a control of the ACPI that QEMU's firmware sets up on pc and q35: sleep state 5, now. */
#define PM1A_CONTROL_PORT 0x604
#define PM1A_SLEEP_S5 0x2000

/* The sleep control register of QEMU's microvm, and Cloud Hypervisor's port of the same meaning. */
#define GED_SLEEP_CONTROL 0xfea00200
#define CLOUD_HYPERVISOR_SLEEP_PORT 0x600
#define SLEEP_S5 0x34

/* The keyboard controller's reset line: how Firecracker is told to stop. */
#define KEYBOARD_COMMAND_PORT 0x64
#define KEYBOARD_RESET 0xfe

static void __attribute__((noreturn)) reset(void) {
  out8(CLOUD_HYPERVISOR_SLEEP_PORT, SLEEP_S5);
  out8(KEYBOARD_COMMAND_PORT, KEYBOARD_RESET);
  /* A fault that cannot be delivered shuts the processor down: QEMU reboots, or ends where it was given -no-reboot. */
  struct {
    uint16_t limit;
    uint64_t base;
  } __attribute__((packed)) none = {0, 0};
  __asm__ volatile("lidt %0; ud2" ::"m"(none));
  for (;;) __asm__ volatile("cli; hlt");
}

static void __attribute__((noreturn)) switch_off(void) {
  out16(PM1A_CONTROL_PORT, PM1A_SLEEP_S5);
  /* With PCI that may be a register of some device's; and to map it may take memory. */
  if (!pci_is_there() && memory_is_there()) *(volatile uint8_t *)map_device(GED_SLEEP_CONTROL, 1) = SLEEP_S5;
  reset();
}

/* An end that fails itself comes here again: it says nothing and tries no device any more. */
static bool is_ending;

void solo5_exit(int status) {
  if (is_ending) reset();
  is_ending = true;
  print("Solo5: solo5_exit(");
  print_decimal((uint8_t)status);
  print(") called\n");
  console_drain();
  out8(DEBUG_EXIT_PORT, (uint8_t)status);
  switch_off();
}

void solo5_abort(void) {
  print("Solo5: solo5_abort() called\n");
  solo5_exit(SOLO5_EXIT_ABORT);
}
