/* The console: the first serial port, a 16550 at 0x3f8. */
#include "console.h"
#include <string.h>
#include "cpu.h"
#include "solo5.h"

#define PORT 0x3f8
#define DATA (PORT + 0)
#define INTERRUPT_ENABLE (PORT + 1)
#define FIFO_CONTROL (PORT + 2)
#define LINE_CONTROL (PORT + 3)
#define MODEM_CONTROL (PORT + 4)
#define LINE_STATUS (PORT + 5)

#define DIVISOR_ACCESS 0x80
#define EIGHT_BITS 0x03
#define FIFO_ENABLE_CLEAR 0x07
#define READY_TO_SEND 0x03
#define TRANSMITTER_EMPTY 0x20
#define ALL_SENT 0x40
#define FIFO_SIZE 16

/* About a second on an emulated port: a host that takes nothing for so long loses the text. */
#define POLLS_MAX 1000000

static int is_stuck;

void console_init(void) {
  out8(INTERRUPT_ENABLE, 0);
  out8(LINE_CONTROL, DIVISOR_ACCESS | EIGHT_BITS);
  out8(DATA, 1); /* 115200 bits per second */
  out8(INTERRUPT_ENABLE, 0);
  out8(LINE_CONTROL, EIGHT_BITS);
  out8(FIFO_CONTROL, FIFO_ENABLE_CLEAR);
  out8(MODEM_CONTROL, READY_TO_SEND);
}

/* A port that was stuck once is looked at, and no longer waited for, until it moves again. */
static int wait_for(uint8_t status) {
  for (int polls = is_stuck ? 1 : POLLS_MAX; polls > 0; polls--) {
    if (in8(LINE_STATUS) & status) return is_stuck = 0, 1;
    relax();
  }
  return is_stuck = 1, 0;
}

/* A machine that is switched off loses what its port has not sent yet: where its host is slow to read, say. */
void console_drain(void) { wait_for(ALL_SENT); }

void solo5_console_write(const char *buf, size_t size) {
  while (size > 0 && wait_for(TRANSMITTER_EMPTY)) {
    size_t count = size < FIFO_SIZE ? size : FIFO_SIZE;
    size -= count;
    while (count-- > 0) out8(DATA, (uint8_t)*buf++);
  }
}

void print(const char *text) { solo5_console_write(text, strlen(text)); }

void print_hex(uint64_t value) {
  char digits[18] = "0x";
  for (int i = 0; i < 16; i++) digits[2 + i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
  solo5_console_write(digits, sizeof digits);
}

void print_decimal(uint64_t value) {
  char digits[20];
  size_t start = sizeof digits;
  do {
    digits[--start] = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0);
  solo5_console_write(digits + start, sizeof digits - start);
}

void fail(const char *sentence) {
  print("Solo5: error: ");
  print(sentence);
  print("\n");
  solo5_exit(SOLO5_EXIT_FAILURE);
}
