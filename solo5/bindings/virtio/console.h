/* What the binding itself says on the console. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stdint.h>

/** Sets the serial port up. Nothing can be said before. */
void console_init(void);

/** Waits until everything that was said has left the port. */
void console_drain(void);

void print(const char *text);
void print_decimal(uint64_t value);

/** With all 16 digits, so that columns of registers line up. */
void print_hex(uint64_t value);

/** Ends the guest before it began, with one sentence for the user. */
void fail(const char *sentence) __attribute__((noreturn));

#endif
