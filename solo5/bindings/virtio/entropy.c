/* Randomness: the processor's and a virtio device's, mixed with the moment of the answers. */
#include "entropy.h"
#include "attach.h"
#include "cpu-random.h"
#include "cpu.h"
#include "interrupt.h"
#include "solo5.h"

#define WORDS 8

/* The device may take its time; after this it counts as absent. */
#define ANSWER_NS_MAX 1000000000ull
#define HALT_NS 1000000

static struct virtio *device;
static struct virtq queue;
static uint64_t answer[WORDS];

void entropy_attach(void) {
  device = devices_find(VIRTIO_ENTROPY, 0);
  if (device == NULL) return;
  if (!virtio_start(device, VIRTIO_F_VERSION_1) || !virtio_queue(device, &queue, 0, 8)) {
    device = NULL;
    return;
  }
  virtio_run(device);
}

/* Processors are known that forgot how, and give the same word for ever. */
static bool from_processor(uint64_t words[WORDS]) {
  bool differs = false;
  uint64_t word, previous = 0;
  for (int i = 0; i < WORDS; i++) {
    if (!cpu_random(&word)) return false;
    differs |= i > 0 && word != previous;
    previous = word;
    words[i] ^= word;
  }
  return differs;
}

static bool from_device(uint64_t words[WORDS]) {
  queue.descriptors[0].address = (uintptr_t)answer;
  queue.descriptors[0].size = sizeof answer;
  queue.descriptors[0].flags = DESCRIPTOR_WRITE;
  virtq_offer(&queue, 0);
  virtq_notify(device, &queue);
  solo5_time_t deadline = solo5_clock_monotonic() + ANSWER_NS_MAX;
  while (!virtq_has_answer(&queue)) {
    if (solo5_clock_monotonic() >= deadline) {
      device = NULL;
      return false;
    }
    devices_acknowledge();
    if (!virtq_has_answer(&queue)) halt_until(solo5_clock_monotonic() + HALT_NS);
  }
  uint16_t id;
  uint32_t length;
  virtq_take(&queue, &id, &length);
  for (int i = 0; i < WORDS; i++) words[i] ^= answer[i];
  return length == sizeof answer;
}

/* Not a source: the last bits of the cycle counter, where nobody outside can read them exactly. */
static void stir(uint64_t words[WORDS]) {
  for (int i = 0; i < WORDS; i++) words[i] ^= read_tsc() * 0x9e3779b97f4a7c15u;
}

static bool fill(uint64_t words[WORDS]) {
  bool is_filled = from_processor(words);
  if (device != NULL) is_filled |= from_device(words);
  stir(words);
  return is_filled;
}

size_t entropy_fill(uint8_t *bytes, size_t size) {
  for (size_t at = 0; at < size;) {
    uint64_t words[WORDS] = {0};
    if (!fill(words)) return at;
    for (size_t i = 0; i < sizeof words && at < size; i++) bytes[at++] = ((const uint8_t *)words)[i];
  }
  return size;
}

const char *const *entropy_sources(void) {
  static const char *sources[4];
  unsigned count = 0;
  if (cpu_has_rdseed()) sources[count++] = "rdseed";
  if (cpu_has_rdrand()) sources[count++] = "rdrand";
  if (device != NULL) sources[count++] = "virtio-rng";
  sources[count] = NULL;
  return sources;
}
