/* RDSEED and RDRAND: Intel SDM, volume 1, §7.3.17. */
#include "cpu-random.h"
#include <cpuid.h>

/* Both instructions may have nothing to give for a moment; ten tries is what the manual says for RDRAND. */
#define TRIES 10

bool cpu_has_rdseed(void) {
  unsigned a, b, c, d;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && b >> 18 & 1;
}

bool cpu_has_rdrand(void) {
  unsigned a, b, c, d;
  return __get_cpuid(1, &a, &b, &c, &d) && c >> 30 & 1;
}

static bool rdseed(uint64_t *word) {
  bool ok;
  __asm__ volatile("rdseed %0" : "=r"(*word), "=@ccc"(ok));
  return ok;
}

static bool rdrand(uint64_t *word) {
  bool ok;
  __asm__ volatile("rdrand %0" : "=r"(*word), "=@ccc"(ok));
  return ok;
}

bool cpu_random(uint64_t *word) {
  bool has_rdseed = cpu_has_rdseed(), has_rdrand = cpu_has_rdrand();
  for (int i = 0; has_rdseed && i < TRIES; i++)
    if (rdseed(word)) return true;
  for (int i = 0; has_rdrand && i < TRIES; i++)
    if (rdrand(word)) return true;
  return false;
}
