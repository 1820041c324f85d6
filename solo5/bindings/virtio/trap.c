/* Exceptions: a mistake in the guest ends it with a report that can be read. */
#include "trap.h"
#include <stdbool.h>
#include <stddef.h>
#include "console.h"
#include "context.h"
#include "memory.h"
#include "solo5.h"

/* Intel SDM volume 3, figure 8-11: the stacks are the only part of a task that 64 bits have left. */
struct task_state {
  uint32_t reserved0;
  uint64_t stacks[3];
  uint64_t reserved1;
  uint64_t interrupt_stacks[7];
  uint64_t reserved2;
  uint16_t reserved3, io_map;
} __attribute__((packed));

/* Figure 6-8. */
struct gate {
  uint16_t offset_low, selector;
  uint8_t stack, type;
  uint16_t offset_middle;
  uint32_t offset_high, reserved;
};

struct trap_frame {
  uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15;
  uint64_t number, error, rip, cs, rflags, rsp, ss;
};

#define GATE_INTERRUPT 0x8e
#define TSS_AVAILABLE 0x89
#define CODE_SELECTOR 0x08
#define TSS_SELECTOR 0x18

#define DOUBLE_FAULT 8
#define PAGE_FAULT 14
#define FAULT_PRESENT 0x1
#define FAULT_WRITE 0x2
#define FAULT_FETCH 0x10

extern uint64_t gdt[];
extern void *const exception_entries[32];
extern char timer_entry[], interrupt_entry[], spurious_entry[];
extern char image_start[], rodata_start[], data_start[];

static struct task_state task_state;
static struct gate gates[VECTOR_SPURIOUS + 1];
static uintptr_t guard_start, guard_end;

/* Exceptions are reported on the stack that booted the machine; what goes wrong then, and interrupts, have their own. */
extern char boot_stack_top[];
static uint8_t double_fault_stack[2048] __attribute__((aligned(16)));
static uint8_t interrupt_stack[256] __attribute__((aligned(16)));

static void set_gate(unsigned vector, const void *entry, uint8_t stack) {
  uint64_t offset = (uintptr_t)entry;
  gates[vector] = (struct gate){(uint16_t)offset, CODE_SELECTOR, stack, GATE_INTERRUPT, (uint16_t)(offset >> 16), (uint32_t)(offset >> 32), 0};
}

void trap_init(void) {
  task_state.interrupt_stacks[0] = (uintptr_t)boot_stack_top;
  task_state.interrupt_stacks[1] = (uintptr_t)(double_fault_stack + sizeof double_fault_stack);
  task_state.interrupt_stacks[2] = (uintptr_t)(interrupt_stack + sizeof interrupt_stack);
  task_state.io_map = sizeof task_state;
  uint64_t base = (uintptr_t)&task_state;
  gdt[3] = (sizeof task_state - 1) | (base & 0xffffff) << 16 | (uint64_t)TSS_AVAILABLE << 40 | (base >> 24 & 0xff) << 56;
  gdt[4] = base >> 32;
  __asm__ volatile("ltr %w0" ::"r"(TSS_SELECTOR));

  for (unsigned i = 0; i < 32; i++) set_gate(i, exception_entries[i], i == DOUBLE_FAULT ? 2 : 1);
  /* An interrupt that firmware left on its way changes nothing either. */
  for (unsigned i = VECTOR_WAKE; i <= VECTOR_SPURIOUS; i++) set_gate(i, spurious_entry, 3);
  set_gate(VECTOR_WAKE, interrupt_entry, 3);
  set_gate(VECTOR_TIMER, timer_entry, 3);
  struct {
    uint16_t limit;
    uint64_t base;
  } __attribute__((packed)) pointer = {sizeof gates - 1, (uintptr_t)gates};
  __asm__ volatile("lidt %0" ::"m"(pointer));
}

void trap_guard(uintptr_t start, uintptr_t end) {
  guard_start = start;
  guard_end = end;
}

static const char *const names[32] = {
    [0] = "division by zero, or its result too large",
    [1] = "debug exception",
    [2] = "non-maskable interrupt",
    [3] = "breakpoint",
    [6] = "invalid instruction",
    [7] = "no floating point",
    [8] = "double fault",
    [12] = "stack address that is not canonical",
    [13] = "general protection: an address that is not canonical, or an instruction that is not allowed",
    [14] = "page fault",
    [16] = "floating point error",
    [17] = "unaligned access",
    [18] = "machine check",
    [19] = "floating point exception",
};

static bool is_inside(uint64_t address, const void *start, const void *end) {
  return address >= (uintptr_t)start && address < (uintptr_t)end;
}

/* Why a page fault happened, as its author would say it. */
static const char *cause_of(const struct trap_frame *frame, uint64_t address) {
  if (frame->error & FAULT_FETCH) {
    if (address < PAGE_SIZE) return "call of a null function";
    return frame->error & FAULT_PRESENT ? "jump to data" : "jump to unmapped memory";
  }
  if (address < PAGE_SIZE) return "null dereference";
  if (address >= guard_start && address < guard_end) return "stack overflow (guard page)";
  if (frame->error & FAULT_WRITE && frame->error & FAULT_PRESENT) {
    return is_inside(address, image_start, rodata_start) ? "write to read-only text" : "write to read-only data";
  }
  return "access to unmapped memory";
}

static void print_cause(const struct trap_frame *frame) {
  const char *name = frame->number < 32 && names[frame->number] != NULL ? names[frame->number] : "exception";
  print("\nSolo5: trap: ");
  if (frame->number == PAGE_FAULT) {
    uint64_t address;
    __asm__ volatile("mov %%cr2, %0" : "=r"(address));
    print(cause_of(frame, address));
    print(frame->error & FAULT_FETCH ? ": execute " : frame->error & FAULT_WRITE ? ": write " : ": read ");
    print_hex(address);
  } else {
    print(name);
  }
  print("\nSolo5: trap: exception ");
  print_decimal(frame->number);
  print(", error code ");
  print_decimal(frame->error);
  print(", rip ");
  print_hex(frame->rip);
  print(", rflags ");
  print_hex(frame->rflags);
  print("\n");
}

static void print_registers(const struct trap_frame *frame) {
  const struct {
    const char *name;
    uint64_t value;
  } registers[] = {
      {"rax", frame->rax}, {"rbx", frame->rbx}, {"rcx", frame->rcx}, {"rdx", frame->rdx},
      {"rsi", frame->rsi}, {"rdi", frame->rdi}, {"rbp", frame->rbp}, {"rsp", frame->rsp},
      {"r8 ", frame->r8},  {"r9 ", frame->r9},  {"r10", frame->r10}, {"r11", frame->r11},
      {"r12", frame->r12}, {"r13", frame->r13}, {"r14", frame->r14}, {"r15", frame->r15},
  };
  for (unsigned i = 0; i < 16; i++) {
    print(i % 4 == 0 ? "Solo5: trap: " : " ");
    print(registers[i].name);
    print(" ");
    print_hex(registers[i].value);
    if (i % 4 == 3) print("\n");
  }
}

/* Called by trap.S. */
__attribute__((noreturn)) void trap(const struct trap_frame *frame);
void trap(const struct trap_frame *frame) {
  static bool is_reporting;
  if (is_reporting) {
    print("\nSolo5: trap: another one while it was reported\n");
    solo5_abort();
  }
  is_reporting = true;
  print_cause(frame);
  print_registers(frame);
  /* The stack of a double fault is too small for it. */
  if (context_report != NULL && frame->number != DOUBLE_FAULT) context_report();
  solo5_abort();
}
