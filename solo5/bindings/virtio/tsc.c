/* The rate of the cycle counter: as the processor or its host tells it, or measured by another clock. */
#include "clock.h"
#include "cpu.h"
#include "interrupt.h"

/* The 8254: channel 0 counts down from 65536 at 1,193,182 Hz. */
#define PIT_CHANNEL_0 0x40
#define PIT_COMMAND 0x43
#define PIT_LATCH_0 0x00
#define PIT_RATE_GENERATOR_0 0x34
#define PIT_ONE_SHOT_0 0x30
#define PIT_HZ 1193182ull

/* About 10 ms: the counter's step is 84 parts per million of it. */
#define PIT_TICKS 12000
#define TRIES 5

/* CPUID leaves: crystal and its ratio (Intel), and the hypervisors' own one, in kHz. */
#define LEAF_TSC_RATIO 0x15
#define LEAF_HYPERVISOR 0x40000000u
#define LEAF_HYPERVISOR_TIMING 0x40000010u

/* The timer of the local APIC in QEMU and KVM. */
#define APIC_TIMER_HZ 1000000000ull
#define APIC_TICKS 10000000u

static uint64_t rate_told(void) {
  if (has_hypervisor() && cpuid(LEAF_HYPERVISOR).eax >= LEAF_HYPERVISOR_TIMING) {
    uint64_t khz = cpuid(LEAF_HYPERVISOR_TIMING).eax;
    if (khz != 0) return khz * 1000;
  }
  if (cpuid(0).eax < LEAF_TSC_RATIO) return 0;
  struct cpuid ratio = cpuid(LEAF_TSC_RATIO);
  return ratio.eax == 0 ? 0 : (uint64_t)ratio.ecx * ratio.ebx / ratio.eax;
}

static uint16_t pit_count(void) {
  out8(PIT_COMMAND, PIT_LATCH_0);
  uint8_t low = in8(PIT_CHANNEL_0);
  return (uint16_t)(in8(PIT_CHANNEL_0) << 8 | low);
}

static void pit_start(uint8_t mode) {
  out8(PIT_COMMAND, mode);
  out8(PIT_CHANNEL_0, 0);
  out8(PIT_CHANNEL_0, 0);
}

/* The count and the cycle at which it was read: of several tries the one that was interrupted least by the host. */
static uint16_t pit_sample(uint64_t *cycle) {
  uint64_t best = ~0ull;
  uint16_t count = 0;
  for (int i = 0; i < TRIES; i++) {
    uint64_t before = read_tsc();
    uint16_t now = pit_count();
    uint64_t took = read_tsc() - before;
    if (took >= best) continue;
    best = took;
    count = now;
    *cycle = before + took / 2;
  }
  return count;
}

static uint64_t rate_by_pit(void) {
  uint64_t first_cycle, last_cycle;
  pit_start(PIT_RATE_GENERATOR_0);
  /* A port that nobody answers reads as ones. */
  if (pit_count() == 0xffff && pit_count() == 0xffff) return 0;
  uint16_t first = pit_sample(&first_cycle);
  while ((uint16_t)(first - pit_count()) < PIT_TICKS) relax();
  uint16_t last = pit_sample(&last_cycle);
  /* Left to run out once: a timer that runs for ever wakes the host for ever. */
  pit_start(PIT_ONE_SHOT_0);
  return (last_cycle - first_cycle) * PIT_HZ / (uint16_t)(first - last);
}

/* Its rate is known of virtual machines only. */
static uint64_t rate_by_apic_timer(void) {
  if (!has_hypervisor()) return 0;
  interrupt_timer_start();
  uint64_t first = read_tsc();
  while (interrupt_timer_elapsed() < APIC_TICKS) relax();
  uint64_t cycles = read_tsc() - first;
  return cycles * APIC_TIMER_HZ / interrupt_timer_elapsed();
}

uint64_t tsc_rate(void) {
  uint64_t rate = rate_told();
  if (rate == 0) rate = rate_by_pit();
  return rate != 0 ? rate : rate_by_apic_timer();
}
