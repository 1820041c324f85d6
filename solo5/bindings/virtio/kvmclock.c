/* KVM's paravirtual clock: the host writes into a page of ours how to turn cycles into time. */
#include <string.h>
#include "clock.h"
#include "cpu.h"

/* Linux, Documentation/virt/kvm/x86/msr.rst and cpuid.rst. */
#define HYPERVISOR_FIRST 0x40000000u
#define HYPERVISOR_LAST 0x40010000u
#define HYPERVISOR_STEP 0x100u
#define KVM_FEATURES 1
#define KVM_FEATURE_CLOCKSOURCE2 (1u << 3)
#define MSR_KVM_WALL_CLOCK 0x4b564d00
#define MSR_KVM_SYSTEM_TIME 0x4b564d01
#define SYSTEM_TIME_ENABLE 1

struct system_time {
  uint32_t version, pad0;
  uint64_t tsc_timestamp, system_time;
  uint32_t tsc_to_system_mul;
  int8_t tsc_shift;
  uint8_t flags, pad[2];
};

struct wall_clock {
  uint32_t version, seconds, nanoseconds;
};

/* Aligned so that neither lies in two pages. */
static volatile struct system_time system_time __attribute__((aligned(32)));
static volatile struct wall_clock wall_clock __attribute__((aligned(16)));

static int is_offered(void) {
  if (!has_hypervisor()) return 0;
  for (uint32_t leaf = HYPERVISOR_FIRST; leaf < HYPERVISOR_LAST; leaf += HYPERVISOR_STEP) {
    struct cpuid signature = cpuid(leaf);
    if (memcmp(&signature.ebx, "KVMKVMKVM\0\0\0", 12) == 0) {
      return (cpuid(leaf + KVM_FEATURES).eax & KVM_FEATURE_CLOCKSOURCE2) != 0;
    }
  }
  return 0;
}

int kvmclock_init(void) {
  if (!is_offered()) return 0;
  write_msr(MSR_KVM_SYSTEM_TIME, (uintptr_t)&system_time | SYSTEM_TIME_ENABLE);
  return system_time.tsc_to_system_mul != 0;
}

uint64_t kvmclock_tsc_rate(void) {
  uint64_t rate = (NS_PER_SECOND << 32) / system_time.tsc_to_system_mul;
  return system_time.tsc_shift < 0 ? rate << -system_time.tsc_shift : rate >> system_time.tsc_shift;
}

/* The host may write while this reads: the version is odd meanwhile, and another one afterwards. */
uint64_t kvmclock_monotonic(void) {
  uint32_t version;
  uint64_t now;
  do {
    version = system_time.version;
    uint64_t cycles = read_tsc() - system_time.tsc_timestamp;
    cycles = system_time.tsc_shift < 0 ? cycles >> -system_time.tsc_shift : cycles << system_time.tsc_shift;
    now = system_time.system_time + multiply_shift(cycles, system_time.tsc_to_system_mul, 32);
  } while (version & 1 || version != system_time.version);
  return now;
}

uint64_t kvmclock_wall(void) {
  /* Asking again each time is how a change of the host's clock arrives. */
  write_msr(MSR_KVM_WALL_CLOCK, (uintptr_t)&wall_clock);
  return wall_clock.seconds * NS_PER_SECOND + wall_clock.nanoseconds + kvmclock_monotonic();
}
