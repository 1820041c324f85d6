/* Authenticated encryption in place: AES-GCM (NIST SP 800-38D) and ChaCha20-Poly1305 (RFC 8439). */
#ifndef AEAD_H
#define AEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AEAD_NONCE_SIZE 12
#define AEAD_TAG_SIZE 16

/** What a message is sealed with. A nonce is never to be used twice with one key. */
struct aead {
  const uint8_t *key;
  size_t key_size;
  const uint8_t *nonce;
  /* Data that is authenticated, not encrypted. */
  const uint8_t *data;
  size_t data_size;
};

/** Encrypts `bytes` in place and writes the tag. */
typedef void aead_seal(const struct aead *with, uint8_t *bytes, size_t size, uint8_t tag[AEAD_TAG_SIZE]);

/** Decrypts `bytes` in place if the tag is right; else leaves them as they are and returns false. */
typedef bool aead_open(const struct aead *with, uint8_t *bytes, size_t size, const uint8_t tag[AEAD_TAG_SIZE]);

/** Keys of 32 bytes. */
aead_seal chacha20_poly1305_seal;
aead_open chacha20_poly1305_open;

/** Keys of 16 or 32 bytes, on a processor that has `aes_gcm_is_there`. */
aead_seal aes_gcm_seal;
aead_open aes_gcm_open;

/** Whether the processor has AES, PCLMULQDQ and SSSE3: without them there is no AES here that is fast and tells nothing. */
bool aes_gcm_is_there(void);

/** Whether two tags are equal, in a time that does not depend on where they differ. */
static inline bool tags_are_equal(const uint8_t a[AEAD_TAG_SIZE], const uint8_t b[AEAD_TAG_SIZE]) {
  uint8_t difference = 0;
  for (int i = 0; i < AEAD_TAG_SIZE; i++) difference |= a[i] ^ b[i];
  return difference == 0;
}

#endif
