/* The battery clock, an MC146818: in QEMU it shows the host's time in UTC. */
#include "clock.h"
#include "cpu.h"

#define INDEX_PORT 0x70
#define DATA_PORT 0x71

enum { SECONDS = 0, MINUTES = 2, HOURS = 4, DAY = 7, MONTH = 8, YEAR = 9, STATUS_A = 10, STATUS_B = 11 };

#define STATUS_A_UPDATING 0x80
#define STATUS_B_BINARY 0x04
#define STATUS_B_24_HOURS 0x02
#define HOURS_PM 0x80

/* An update lasts 2 ms at most. */
#define POLLS_MAX 100000

struct reading {
  uint8_t seconds, minutes, hours, day, month, year;
};

static uint8_t read_register(uint8_t index) {
  out8(INDEX_PORT, index);
  return in8(DATA_PORT);
}

static uint32_t from_bcd(uint8_t value) { return (value >> 4) * 10u + (value & 15); }

static struct reading read_once(void) {
  for (int polls = 0; polls < POLLS_MAX && read_register(STATUS_A) & STATUS_A_UPDATING; polls++) relax();
  return (struct reading){read_register(SECONDS), read_register(MINUTES), read_register(HOURS),
                          read_register(DAY), read_register(MONTH), read_register(YEAR)};
}

/* Days since 1970 of a date of this century, whose fourth years are all leap years. */
static uint64_t days_of(uint32_t year, uint32_t month, uint32_t day) {
  static const uint16_t before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  uint32_t leap_days = (year + 3) / 4 + (year % 4 == 0 && month > 2);
  return 10957ull + year * 365 + leap_days + before[month - 1] + day - 1;
}

uint64_t rtc_read(void) {
  /* A port that nobody answers reads as ones. */
  if (read_register(STATUS_A) == 0xff) return 0;
  struct reading first, r = read_once();
  do {
    first = r;
    r = read_once();
  } while (first.seconds != r.seconds || first.hours != r.hours || first.day != r.day);

  uint8_t status = read_register(STATUS_B);
  int is_pm = !(status & STATUS_B_24_HOURS) && r.hours & HOURS_PM;
  if (!(status & STATUS_B_24_HOURS)) r.hours &= ~HOURS_PM;
  uint32_t fields[] = {r.seconds, r.minutes, r.hours, r.day, r.month, r.year};
  for (int i = 0; i < 6 && !(status & STATUS_B_BINARY); i++) fields[i] = from_bcd((uint8_t)fields[i]);
  if (!(status & STATUS_B_24_HOURS)) fields[2] = fields[2] % 12 + (is_pm ? 12 : 0);
  if (fields[4] < 1 || fields[4] > 12) return 0;
  return days_of(fields[5], fields[4], fields[3]) * 86400 + fields[2] * 3600 + fields[1] * 60 + fields[0];
}
