/* Answers ARP and pings on all networks, as 10.0.N.2 on the one called "netN"; ends after "quit" in a frame of type 0x88b5. */
#include <stdbool.h>
#include "say.h"

#define NETS_MAX 63
#define FRAME_MAX 65536

static uint8_t frame[FRAME_MAX];

static uint16_t get16(unsigned offset) { return (uint16_t)(frame[offset] << 8 | frame[offset + 1]); }

static void turn_round(const uint8_t mac[6]) {
  memcpy(frame, frame + 6, 6);
  memcpy(frame + 6, mac, 6);
}

/* RFC 826. */
static bool answer_arp(const uint8_t mac[6], const uint8_t address[4]) {
  if (get16(20) != 1 || memcmp(frame + 38, address, 4) != 0) return false;
  turn_round(mac);
  frame[21] = 2;
  memcpy(frame + 32, frame + 22, 10);
  memcpy(frame + 22, mac, 6);
  memcpy(frame + 28, address, 4);
  return true;
}

/* RFC 792: type 8 becomes 0, and the checksum grows by as much (RFC 1624). */
static bool answer_ping(const uint8_t mac[6], const uint8_t address[4]) {
  if (frame[23] != 1 || frame[34] != 8 || memcmp(frame + 30, address, 4) != 0) return false;
  turn_round(mac);
  memcpy(frame + 30, frame + 26, 4);
  memcpy(frame + 26, address, 4);
  frame[34] = 0;
  uint32_t sum = get16(36) + 0x800u;
  sum = (sum & 0xffff) + (sum >> 16);
  frame[36] = (uint8_t)(sum >> 8);
  frame[37] = (uint8_t)sum;
  return true;
}

int solo5_app_main(const struct solo5_start_info *info) {
  (void)info;
  struct solo5_net_info nets[NETS_MAX];
  solo5_handle_t handles[NETS_MAX];
  unsigned count = 0;
  for (; count < NETS_MAX; count++) {
    char name[] = "net00";
    if (count < 10) name[3] = (char)('0' + count), name[4] = 0;
    else name[3] = (char)('0' + count / 10), name[4] = (char)('0' + count % 10);
    if (solo5_net_acquire(name, &handles[count], &nets[count]) != SOLO5_R_OK) break;
    if (solo5_net_acquire(name, &handles[count], &nets[count]) != SOLO5_R_EINVAL) return 1;
    say(name);
    say_value(" handle", handles[count]);
    say_value("last byte of mac", nets[count].mac_address[5]);
    say_value("mtu", nets[count].mtu);
    if (solo5_net_write(handles[count], frame, nets[count].mtu + SOLO5_NET_HLEN + 1) != SOLO5_R_EINVAL) return 1;
    memset(frame, 0xff, 6);
    memcpy(frame + 6, nets[count].mac_address, 6);
    frame[12] = 0x88, frame[13] = 0xb5;
    solo5_net_write(handles[count], frame, 60);
  }
  say_value("networks", count);
  uint64_t answers = 0;
  for (;;) {
    solo5_handle_set_t ready;
    solo5_yield(solo5_clock_monotonic() + 1000000000ull, &ready);
    for (unsigned i = 0; i < count; i++) {
      if (!(ready >> handles[i] & 1)) continue;
      size_t length;
      while (solo5_net_read(handles[i], frame, sizeof frame, &length) == SOLO5_R_OK) {
        const uint8_t address[4] = {10, 0, (uint8_t)i, 2};
        bool is_answer = get16(12) == 0x806 ? answer_arp(nets[i].mac_address, address) : get16(12) == 0x800 && answer_ping(nets[i].mac_address, address);
        if (get16(12) == 0x88b5 && memcmp(frame + 14, "quit", 4) == 0) {
          say_value("answers", answers);
          say("SUCCESS\n");
          return 0;
        }
        if (is_answer) solo5_net_write(handles[i], frame, length), answers++;
      }
    }
  }
}
