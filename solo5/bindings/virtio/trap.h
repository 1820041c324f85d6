/* Exceptions: a mistake in the guest ends it with a report that can be read. */
#ifndef TRAP_H
#define TRAP_H

#include <stdint.h>

/** The vectors of interrupts: behind the 32 exceptions, and one that means nothing. */
#define VECTOR_WAKE 32
#define VECTOR_TIMER 33
#define VECTOR_SPURIOUS 47

/** Loads the task state segment and the interrupt descriptor table. */
void trap_init(void);

/** Tells where the stack's guard pages lie, for the report. */
void trap_guard(uintptr_t start, uintptr_t end);

#endif
