/* SHA-256: FIPS 180-4. */
#ifndef SHA256_H
#define SHA256_H

#include <stddef.h>
#include <stdint.h>

/** Puts `count` blocks of 64 bytes into `state`, the hash value of §6.2.2. Padding is the caller's. */
void sha256_blocks(uint32_t state[8], const uint8_t *blocks, size_t count);

#endif
