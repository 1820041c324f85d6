/* What the application adds to the report of a guest that broke. */
#ifndef CONTEXT_H
#define CONTEXT_H

/**
 * Writes to the console what the application was doing; a test guest has none. Called by a binding at the very end, on a
 * stack of at least 8 KiB, with memory that may be broken: a second fault ends the guest without it.
 */
void context_report(void) __attribute__((weak));

#endif
