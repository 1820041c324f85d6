/*
 * Sleep: the processor halts until a device or the timer interrupts. Interrupts are on only while it is halted.
 *
 * All lines of all I/O APICs lead to one vector, which does nothing: which device it was is asked of the devices,
 * so no table of the firmware's has to be understood. Lines are edge-triggered here, shared or not: a device is
 * told to lower its line before its rings are looked at, so a raised line in a sleep is a ring that was seen.
 */
#include "interrupt.h"
#include <stddef.h>
#include "clock.h"
#include "console.h"
#include "cpu.h"
#include "paging.h"
#include "trap.h"

/* Intel SDM volume 3, table 11-1. The address is also in trap.S. */
#define LAPIC_ADDRESS 0xfee00000ull
#define LAPIC_ID 0x20
#define LAPIC_TASK_PRIORITY 0x80
#define LAPIC_SPURIOUS 0xf0
#define LAPIC_TIMER 0x320
#define LAPIC_LINT0 0x350
#define LAPIC_LINT1 0x360
#define LAPIC_ERROR 0x370
#define LAPIC_TIMER_START 0x380
#define LAPIC_TIMER_NOW 0x390
#define LAPIC_TIMER_DIVIDE 0x3e0
#define LAPIC_ENABLE 0x100
#define MASKED 0x10000
#define DELIVER_NMI 0x400
#define TIMER_TSC_DEADLINE 0x40000
#define DIVIDE_BY_1 0xb

#define MSR_APIC_BASE 0x1b
#define APIC_BASE_ENABLE 0x800
#define APIC_BASE_X2APIC 0x400
#define MSR_TSC_DEADLINE 0x6e0

/* Two are in QEMU's microvm; other machines answer all ones, or nothing, at the second's place. */
#define IOAPIC_ADDRESS 0xfec00000ull
#define IOAPIC_DISTANCE 0x10000
#define IOAPIC_COUNT 2
#define IOAPIC_SELECT 0x00
#define IOAPIC_WINDOW 0x10
#define IOAPIC_VERSION 1
#define IOAPIC_LINE(n) (0x10 + 2 * (n))

/* The line of the old timer, which firmware leaves running, and where the 8259 would come in. */
#define LINE_PIC 0
#define LINE_PIT 2

#define PIC_MASTER_DATA 0x21
#define PIC_SLAVE_DATA 0xa1

/* For how long the timer is measured at the start, and the most it is set for. */
#define CALIBRATE_NS 500000
#define SLEEP_NS_MAX 1000000000ull

static volatile uint8_t *lapic;
static int has_tsc_deadline;
/* Ticks of the timer in 2^20 nanoseconds. */
static uint64_t timer_rate;
/* Until its interrupt, which may come a little before its time: trap.S. */
volatile uint8_t timer_is_set;

static volatile uint32_t *lapic_register(unsigned offset) { return (volatile uint32_t *)(lapic + offset); }

static uint32_t ioapic_read(volatile uint8_t *ioapic, uint32_t index) {
  *(volatile uint32_t *)(ioapic + IOAPIC_SELECT) = index;
  return *(volatile uint32_t *)(ioapic + IOAPIC_WINDOW);
}

static void ioapic_write(volatile uint8_t *ioapic, uint32_t index, uint32_t value) {
  *(volatile uint32_t *)(ioapic + IOAPIC_SELECT) = index;
  *(volatile uint32_t *)(ioapic + IOAPIC_WINDOW) = value;
}

static int ioapic_init(uint64_t address, uint32_t processor) {
  volatile uint8_t *ioapic = map_device(address, 0x20);
  uint32_t version = ioapic_read(ioapic, IOAPIC_VERSION);
  if (version == 0 || version == ~0u) return 0;
  uint32_t line_max = version >> 16 & 0xff;
  for (uint32_t line = 0; line <= line_max; line++) {
    int is_wanted = address != IOAPIC_ADDRESS || (line != LINE_PIC && line != LINE_PIT);
    ioapic_write(ioapic, IOAPIC_LINE(line) + 1, processor << 24);
    ioapic_write(ioapic, IOAPIC_LINE(line), is_wanted ? VECTOR_WAKE : MASKED);
  }
  return 1;
}

static void lapic_init(void) {
  if (!(cpuid(1).edx >> 9 & 1)) fail("the processor has no local APIC");
  uint64_t base = read_msr(MSR_APIC_BASE);
  /* The x2APIC mode has other registers; it can only be left by way of disabled. */
  if (base & APIC_BASE_X2APIC) write_msr(MSR_APIC_BASE, base & ~(uint64_t)(APIC_BASE_X2APIC | APIC_BASE_ENABLE));
  write_msr(MSR_APIC_BASE, LAPIC_ADDRESS | (base & 0x100) | APIC_BASE_ENABLE);
  lapic = map_device(LAPIC_ADDRESS, 0x1000);
  *lapic_register(LAPIC_TASK_PRIORITY) = 0;
  *lapic_register(LAPIC_LINT0) = MASKED;
  /* Where a monitor's "nmi" comes in, which asks a guest what it is doing: trap.c reports it. */
  *lapic_register(LAPIC_LINT1) = DELIVER_NMI;
  *lapic_register(LAPIC_ERROR) = MASKED;
  *lapic_register(LAPIC_TIMER_DIVIDE) = DIVIDE_BY_1;
  *lapic_register(LAPIC_SPURIOUS) = LAPIC_ENABLE | VECTOR_SPURIOUS;
}

void interrupt_timer_start(void) {
  if (lapic == NULL) lapic_init();
  *lapic_register(LAPIC_TIMER) = MASKED;
  *lapic_register(LAPIC_TIMER_START) = ~0u;
}

uint32_t interrupt_timer_elapsed(void) { return ~0u - *lapic_register(LAPIC_TIMER_NOW); }

/* What the timer shows, and when: read one right after the other. */
static uint64_t timer_sample(uint32_t *ticks) {
  *ticks = interrupt_timer_elapsed();
  return solo5_clock_monotonic();
}

static void timer_init(void) {
  has_tsc_deadline = cpuid(1).ecx >> 24 & 1;
  if (has_tsc_deadline) {
    *lapic_register(LAPIC_TIMER) = TIMER_TSC_DEADLINE | VECTOR_TIMER;
    return;
  }
  uint32_t first_ticks, last_ticks;
  uint64_t first, last;
  interrupt_timer_start();
  /* Once for nothing: what runs for the first time is slow where it is translated. */
  timer_sample(&first_ticks);
  first = timer_sample(&first_ticks);
  do last = timer_sample(&last_ticks);
  while (last - first < CALIBRATE_NS);
  timer_rate = ((uint64_t)(last_ticks - first_ticks) << 20) / (last - first);
  *lapic_register(LAPIC_TIMER) = VECTOR_TIMER;
}

void interrupt_init(void) {
  out8(PIC_MASTER_DATA, 0xff);
  out8(PIC_SLAVE_DATA, 0xff);
  if (lapic == NULL) lapic_init();
  uint32_t processor = *lapic_register(LAPIC_ID) >> 24;
  int found = 0;
  for (int i = 0; i < IOAPIC_COUNT; i++) found += ioapic_init(IOAPIC_ADDRESS + i * IOAPIC_DISTANCE, processor);
  if (found == 0) fail("the machine has no I/O APIC");
  timer_init();
}

static void timer_set(uint64_t nanoseconds) {
  if (has_tsc_deadline) {
    write_msr(MSR_TSC_DEADLINE, clock_tsc_after(nanoseconds));
    return;
  }
  uint64_t ticks = nanoseconds * timer_rate >> 20;
  /* Zero would stop it. */
  *lapic_register(LAPIC_TIMER_START) = ticks == 0 ? 1 : ticks > ~0u ? ~0u : (uint32_t)ticks;
}

void halt_until(solo5_time_t deadline) {
  static solo5_time_t timer_deadline;
  solo5_time_t now = solo5_clock_monotonic();
  if (deadline <= now) return;
  if (deadline - now > SLEEP_NS_MAX) deadline = now + SLEEP_NS_MAX;
  /*
   * Setting the timer is an exit to the host, often to another thread of its. Deadlines move away with each frame, so
   * a timer that runs out earlier is left alone: it wakes the guest once for nothing.
   */
  if (!timer_is_set || timer_deadline > deadline) {
    timer_set(deadline - now);
    timer_is_set = 1;
    timer_deadline = deadline;
  }
  /* Interrupts begin one instruction after sti: none can come between the two and be slept through. */
  __asm__ volatile("sti; hlt; cli" ::: "memory");
}
