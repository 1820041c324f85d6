/* Randomness of an spt guest: what our launcher hands over once, and the processor's. */
#include "entropy.h"
#include <string.h>
#include "binding.h"
#include "cpu-random.h"

static size_t seed_taken;

/* The launcher's seed, where the gap before the manifest says that there is one. */
static struct spt_seed *launcher_seed(void) {
  struct spt_seed *seed = (struct spt_seed *)(boot_info + 1);
  if ((uintptr_t)boot_info->mft < (uintptr_t)(seed + 1)) return NULL;
  return seed->magic == SPT_SEED_MAGIC ? seed : NULL;
}

/* Each byte of the seed is given out once. */
static bool take_seed(uint64_t *word) {
  struct spt_seed *seed = launcher_seed();
  if (!seed || seed_taken + sizeof *word > SPT_SEED_SIZE) return false;
  memcpy(word, seed->bytes + seed_taken, sizeof *word);
  memset(seed->bytes + seed_taken, 0, sizeof *word);
  seed_taken += sizeof *word;
  return true;
}

size_t entropy_fill(uint8_t *bytes, size_t size) {
  for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
    uint64_t seed = 0, random = 0;
    bool has_seed = take_seed(&seed), has_random = cpu_random(&random);
    if (!has_seed && !has_random) return at;
    uint64_t word = seed ^ random;
    memcpy(bytes + at, &word, size - at < sizeof word ? size - at : sizeof word);
  }
  return size;
}

const char *const *entropy_sources(void) {
  static const char *names[4];
  size_t count = 0;
  if (launcher_seed()) names[count++] = "launcher";
  if (cpu_has_rdseed()) names[count++] = "rdseed";
  if (cpu_has_rdrand()) names[count++] = "rdrand";
  names[count] = NULL;
  return names;
}
