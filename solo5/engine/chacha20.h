/* ChaCha20: RFC 8439. */
#ifndef CHACHA20_H
#define CHACHA20_H

#include <stddef.h>
#include <stdint.h>

#define CHACHA20_KEY_SIZE 32
#define CHACHA20_NONCE_SIZE 12
#define CHACHA20_BLOCK_SIZE 64

/** The block `counter` of the key stream: §2.3. */
void chacha20_block(const uint8_t *key, uint32_t counter, const uint8_t *nonce, uint8_t block[CHACHA20_BLOCK_SIZE]);

/** Encrypts or decrypts `bytes` in place with the key stream, from its block `counter` on: §2.4. */
void chacha20(const uint8_t *key, uint32_t counter, const uint8_t *nonce, uint8_t *bytes, size_t size);

#endif
