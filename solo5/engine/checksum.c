/* The Internet checksum in 64-bit steps: in the machine's byte order, swapped at the end (RFC 1071 §2). */
#include "checksum.h"
#include <string.h>

static uint64_t add(uint64_t a, uint64_t b) {
  uint64_t sum = a + b;
  return sum + (sum < a);
}

static uint16_t fold(uint64_t sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

static uint64_t load(const uint8_t *bytes, size_t size) {
  uint64_t word = 0;
  memcpy(&word, bytes, size);
  return word;
}

uint16_t internet_checksum(const uint8_t *bytes, size_t size, uint32_t sum) {
  /* Two sums, so that an addition need not wait for the carry of the last one. */
  uint64_t even = 0, odd = 0;
  for (; size >= 16; bytes += 16, size -= 16) {
    even = add(even, load(bytes, 8));
    odd = add(odd, load(bytes + 8, 8));
  }
  if (size >= 8) {
    even = add(even, load(bytes, 8));
    bytes += 8, size -= 8;
  }
  even = add(even, load(bytes, size));
  uint16_t words = __builtin_bswap16(fold(add(even, odd)));
  return fold((uint64_t)words + sum);
}
