/* Ends of the guest that are nobody's wish. */
#ifndef PANIC_H
#define PANIC_H

/** Exit statuses of the engine's own; the unikernel's are its business. */
#define PANIC_MEMORY 1
#define PANIC_EXCEPTION 255

/** Writes one line to the console and ends the guest. Takes no memory. */
void panic(int status, const char *reason) __attribute__((noreturn));

/** Writes a string as it is. */
void say(const char *text);

#endif
