/* Breaks one rule of the machine, the one that the command line names. */
#include <stddef.h>
#include "say.h"

#pragma GCC diagnostic ignored "-Winfinite-recursion"
static int recurse(int depth) {
  volatile char frame[256] = {(char)depth};
  return recurse(depth + 1) + frame[0];
}

static const int constant = 1;
static uint8_t return_instruction[1] = {0xc3};

int solo5_app_main(const struct solo5_start_info *info) {
  volatile int *null = NULL;
  void (*volatile function)(void) = NULL;
  say("here it comes\n");
  if (is_asked(info, "null read")) return *null;
  if (is_asked(info, "null write")) *null = 1;
  if (is_asked(info, "null call")) function();
  if (is_asked(info, "stack")) return recurse(0);
  if (is_asked(info, "data")) ((void (*)(void))(uintptr_t)return_instruction)();
  if (is_asked(info, "heap")) ((void (*)(void))info->heap_start)();
  if (is_asked(info, "text")) *(volatile uint8_t *)(uintptr_t)solo5_app_main = 0xc3;
  if (is_asked(info, "constant")) *(volatile int *)(uintptr_t)&constant = 2;
  if (is_asked(info, "unmapped")) return *(volatile int *)0x7fff00000000;
  if (is_asked(info, "canonical")) return *(volatile int *)0x8000000000000000;
  if (is_asked(info, "instruction")) __asm__ volatile("ud2");
  if (is_asked(info, "syscall")) __asm__ volatile("syscall" ::: "rcx", "r11", "memory");
  if (is_asked(info, "division")) __asm__ volatile("div %0" ::"r"(0) : "rax", "rdx", "cc");
  if (is_asked(info, "abort")) solo5_abort();
  say("it went well\n");
  return 0;
}
