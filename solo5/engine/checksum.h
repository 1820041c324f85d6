/* The Internet checksum: RFC 1071. */
#ifndef CHECKSUM_H
#define CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/** `sum` and the 16-bit words of `bytes`, an odd byte at the end being the high half of one; folded, not inverted. */
uint16_t internet_checksum(const uint8_t *bytes, size_t size, uint32_t sum);

#endif
