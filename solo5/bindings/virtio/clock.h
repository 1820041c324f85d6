/* Clocks: the cycle counter, and what it is measured by. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

#define NS_PER_SECOND 1000000000ull

/** Finds the cycle counter's rate, at the cost of up to 10 ms. Ends the guest where nothing tells the time. */
void clock_init(void);

/** What the cycle counter will be in `nanoseconds`, a second at most. */
uint64_t clock_tsc_after(uint64_t nanoseconds);

/** The cycle counter's rate in Hz, by measuring or by what the processor says of itself; 0 where nothing tells. */
uint64_t tsc_rate(void);

/** The battery clock, in seconds since 1970: 0 where there is none. */
uint64_t rtc_read(void);

/** KVM's paravirtual clock: nothing else may be called where `kvmclock_init` says no. */
int kvmclock_init(void);
uint64_t kvmclock_tsc_rate(void);
uint64_t kvmclock_monotonic(void);
uint64_t kvmclock_wall(void);

#endif
