/* What a binding has of real randomness: seeds for the generator above, not a generator. */
#ifndef ENTROPY_H
#define ENTROPY_H

#include <stddef.h>
#include <stdint.h>

/** Fills `bytes` from every source there is; returns how many bytes were filled, 0 where there is no source. */
size_t entropy_fill(uint8_t *bytes, size_t size);

/** The names of the sources there are, ended by a null pointer: "launcher", "rdseed", "rdrand", "virtio-rng". */
const char *const *entropy_sources(void);

#endif
