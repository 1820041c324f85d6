/* Poly1305, and ChaCha20 with it: RFC 8439, its names. Little-endian, as the machine is. */
#include <string.h>
#include "aead.h"
#include "chacha20.h"

/* Numbers modulo 2^130 - 5 in three parts of 44, 44 and 42 bits. */
struct poly1305 {
  uint64_t r[3], h[3], pad[2];
};

#define MASK44 0xfffffffffffull
#define MASK42 0x3ffffffffffull

static uint64_t load64(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, 8);
  return word;
}

/* §2.5: `r` with the bits that are clamped, and `s` */
static void poly1305_init(struct poly1305 *p, const uint8_t key[32]) {
  uint64_t low = load64(key) & 0x0ffffffc0fffffffull, high = load64(key + 8) & 0x0ffffffc0ffffffcull;
  *p = (struct poly1305){
      .r = {low & MASK44, (low >> 44 | high << 20) & MASK44, high >> 24},
      .pad = {load64(key + 16), load64(key + 24)},
  };
}

static void poly1305_block(struct poly1305 *p, const uint8_t block[16]) {
  typedef unsigned __int128 wide;
  uint64_t low = load64(block), high = load64(block + 8);
  uint64_t r0 = p->r[0], r1 = p->r[1], r2 = p->r[2];
  /* 2^132 is 20 modulo the prime. */
  uint64_t s1 = r1 * 20, s2 = r2 * 20;
  uint64_t h0 = p->h[0] + (low & MASK44), h1 = p->h[1] + ((low >> 44 | high << 20) & MASK44);
  uint64_t h2 = p->h[2] + (high >> 24 | 1ull << 40);
  wide d0 = (wide)h0 * r0 + (wide)h1 * s2 + (wide)h2 * s1;
  wide d1 = (wide)h0 * r1 + (wide)h1 * r0 + (wide)h2 * s2;
  wide d2 = (wide)h0 * r2 + (wide)h1 * r1 + (wide)h2 * r0;
  d1 += (uint64_t)(d0 >> 44);
  d2 += (uint64_t)(d1 >> 44);
  uint64_t carry = (uint64_t)(d2 >> 42);
  p->h[0] = ((uint64_t)d0 & MASK44) + carry * 5;
  p->h[1] = ((uint64_t)d1 & MASK44) + (p->h[0] >> 44);
  p->h[0] &= MASK44;
  p->h[2] = (uint64_t)d2 & MASK42;
}

/* The bytes and the zeros that fill their last block: §2.8's `pad16`. */
static void poly1305_padded(struct poly1305 *p, const uint8_t *bytes, size_t size) {
  for (; size >= 16; bytes += 16, size -= 16) poly1305_block(p, bytes);
  if (size == 0) return;
  uint8_t last[16] = {0};
  memcpy(last, bytes, size);
  poly1305_block(p, last);
}

static void poly1305_tag(struct poly1305 *p, uint8_t tag[16]) {
  uint64_t h0 = p->h[0], h1 = p->h[1], h2 = p->h[2];
  for (int i = 0; i < 2; i++) {
    h1 += h0 >> 44, h0 &= MASK44;
    h2 += h1 >> 44, h1 &= MASK44;
    h0 += (h2 >> 42) * 5, h2 &= MASK42;
  }
  h1 += h0 >> 44, h0 &= MASK44;
  /* h - p, where that is not negative: chosen without a branch. */
  uint64_t g0 = h0 + 5, g1 = h1 + (g0 >> 44), g2 = h2 + (g1 >> 44) - (1ull << 42);
  g0 &= MASK44, g1 &= MASK44;
  uint64_t keep = (uint64_t)((int64_t)g2 >> 63);
  h0 = (h0 & keep) | (g0 & ~keep);
  h1 = (h1 & keep) | (g1 & ~keep);
  h2 = (h2 & keep) | (g2 & ~keep & MASK42);
  uint64_t low = h0 | h1 << 44, high = h1 >> 20 | h2 << 24, sum = low + p->pad[0];
  high += p->pad[1] + (sum < low);
  memcpy(tag, &sum, 8);
  memcpy(tag + 8, &high, 8);
}

/* §2.8: over the data and the ciphertext, each padded, and both lengths */
static void tag_of(const struct aead *with, const uint8_t *bytes, size_t size, uint8_t tag[16]) {
  struct poly1305 p;
  uint8_t block[CHACHA20_BLOCK_SIZE], lengths[16];
  uint64_t both[2] = {with->data_size, size};
  chacha20_block(with->key, 0, with->nonce, block);
  poly1305_init(&p, block);
  poly1305_padded(&p, with->data, with->data_size);
  poly1305_padded(&p, bytes, size);
  memcpy(lengths, both, sizeof lengths);
  poly1305_block(&p, lengths);
  poly1305_tag(&p, tag);
}

void chacha20_poly1305_seal(const struct aead *with, uint8_t *bytes, size_t size, uint8_t tag[AEAD_TAG_SIZE]) {
  chacha20(with->key, 1, with->nonce, bytes, size);
  tag_of(with, bytes, size, tag);
}

bool chacha20_poly1305_open(const struct aead *with, uint8_t *bytes, size_t size, const uint8_t tag[AEAD_TAG_SIZE]) {
  uint8_t expected[AEAD_TAG_SIZE];
  tag_of(with, bytes, size, expected);
  if (!tags_are_equal(expected, tag)) return false;
  chacha20(with->key, 1, with->nonce, bytes, size);
  return true;
}
