/* The processor's own random numbers, where it has any. */
#ifndef CPU_RANDOM_H
#define CPU_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

bool cpu_has_rdseed(void);
bool cpu_has_rdrand(void);

/** A random word, of RDSEED if it has one to give, else of RDRAND; false where neither does. */
bool cpu_random(uint64_t *word);

#endif
