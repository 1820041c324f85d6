/* ChaCha20: RFC 8439, its names. Little-endian, as the machine is. */
#include "chacha20.h"
#include <string.h>

static uint32_t rotl(uint32_t x, unsigned n) { return x << n | x >> (32 - n); }

/* §2.1 */
static void quarter_round(uint32_t s[16], int a, int b, int c, int d) {
  s[a] += s[b], s[d] = rotl(s[d] ^ s[a], 16);
  s[c] += s[d], s[b] = rotl(s[b] ^ s[c], 12);
  s[a] += s[b], s[d] = rotl(s[d] ^ s[a], 8);
  s[c] += s[d], s[b] = rotl(s[b] ^ s[c], 7);
}

void chacha20_block(const uint8_t *key, uint32_t counter, const uint8_t *nonce, uint8_t block[CHACHA20_BLOCK_SIZE]) {
  uint32_t state[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574}, work[16];
  memcpy(&state[4], key, CHACHA20_KEY_SIZE);
  state[12] = counter;
  memcpy(&state[13], nonce, CHACHA20_NONCE_SIZE);
  memcpy(work, state, sizeof work);
  for (int i = 0; i < 10; i++) {
    for (int column = 0; column < 4; column++) quarter_round(work, column, column + 4, column + 8, column + 12);
    for (int i = 0; i < 4; i++) quarter_round(work, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
  }
  for (int i = 0; i < 16; i++) work[i] += state[i];
  memcpy(block, work, CHACHA20_BLOCK_SIZE);
}

void chacha20(const uint8_t *key, uint32_t counter, const uint8_t *nonce, uint8_t *bytes, size_t size) {
  uint8_t block[CHACHA20_BLOCK_SIZE];
  for (; size > 0; counter++) {
    size_t part = size < CHACHA20_BLOCK_SIZE ? size : CHACHA20_BLOCK_SIZE;
    chacha20_block(key, counter, nonce, block);
    for (size_t i = 0; i < part; i++) bytes[i] ^= block[i];
    bytes += part, size -= part;
  }
}
