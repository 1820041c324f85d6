/* Sleep: the processor halts until a device or the timer interrupts. Interrupts are on only while it is halted. */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <stdint.h>
#include "solo5.h"

/** Sets the interrupt controllers up, so that every line of every device wakes the processor. After the clock. */
void interrupt_init(void);

/**
 * Halts until a device interrupts or monotonic time reaches `deadline`; it may also end early. An interrupt that came
 * since the last sleep ends this one at once, so a device looked at in between is not missed.
 */
void halt_until(solo5_time_t deadline);

/**
 * Starts the interrupt timer, which counts down, and how far it has come since: for a clock that has nothing else
 * to be measured by.
 */
void interrupt_timer_start(void);
uint32_t interrupt_timer_elapsed(void);

#endif
