/*
 * What a program in C does with a TAP device that has no stack on it: what the stacks on one are compared with.
 *
 *     on-tap echo TAP                  sends every datagram back that comes out of the device, which it makes
 *     on-tap hello TAP                 answers every segment of TCP with text by the same page of HTTP
 *     on-tap ask ADDRESS PORT COUNT    prints the median time of a question of 64 bytes by UDP, in microseconds
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint8_t frames[256][2048];
static uint8_t *frame = frames[0];

static int device(const char *name, short flags) {
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | flags};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  if (tap < 0 || ioctl(tap, TUNSETIFF, &request) < 0) return perror(name), -1;
  puts("ready");
  fflush(stdout);
  return tap;
}

static void swap(size_t one, size_t other, size_t size) {
  uint8_t kept[6];
  memcpy(kept, frame + one, size);
  memcpy(frame + one, frame + other, size);
  memcpy(frame + other, kept, size);
}

/* Whoever was asked answers: the checksums do not change. */
static int echo(const char *name) {
  int tap = device(name, 0);
  if (tap < 0) return 1;
  struct pollfd readable = {tap, POLLIN, 0};
  for (;;) {
    ssize_t length = read(tap, frame, sizeof frames[0]);
    if (length < 0) poll(&readable, 1, -1);
    if (length < 42 || frame[12] != 8 || frame[13] != 0 || frame[23] != IPPROTO_UDP) continue;
    swap(0, 6, 6);
    swap(26, 30, 4);
    swap(34, 36, 2);
    if (write(tap, frame, (size_t)length) < 0) return perror("write"), 1;
  }
}

static uint32_t get(size_t offset, int size) {
  uint32_t value = 0;
  for (int i = 0; i < size; i++) value = value << 8 | frame[offset + (size_t)i];
  return value;
}

static void put(size_t offset, int size, uint32_t value) {
  for (int i = size - 1; i >= 0; i--, value >>= 8) frame[offset + (size_t)i] = (uint8_t)value;
}

static uint32_t sum(size_t offset, size_t end, uint32_t sum) {
  for (; offset < end; offset += 2) sum += get(offset, 2);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

/* Offsets in a frame behind a virtio_net_hdr of 10 bytes. */
enum { ETHERNET = 10, IP = 24, TCP = 44, TEXT = 64 };
enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

static const char PAGE[] =
  "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 12\r\n"
  "date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\nhello world\n";

/* Makes the segment in `frame` the answer to it, with nothing remembered of its connection; the length, 0 for none. */
static size_t answer(void) {
  uint32_t flags = frame[TCP + 13], length = get(IP + 2, 2) - 20 - (frame[TCP + 12] >> 4) * 4;
  if ((flags & RST) || (length == 0 && !(flags & (SYN | FIN)))) return 0;
  uint32_t next = get(TCP + 4, 4) + length + !!(flags & (SYN | FIN)), size = length > 0 ? sizeof PAGE - 1 : 0;
  swap(ETHERNET, ETHERNET + 6, 6);
  swap(IP + 12, IP + 16, 4);
  swap(TCP, TCP + 2, 2);
  memcpy(frame + TCP + 4, frame + TCP + 8, 4);
  put(TCP + 8, 4, next);
  frame[TCP + 12] = 20 / 4 << 4;
  frame[TCP + 13] = (uint8_t)(ACK | (flags & (SYN | FIN)) | (size > 0 ? PSH : 0));
  put(TCP + 14, 2, 0xffff);
  memcpy(frame + TEXT, PAGE, size);
  put(IP + 2, 2, 40 + size);
  put(IP + 10, 2, 0);
  put(IP + 10, 2, ~sum(IP, TCP, 0));
  /* The kernel completes the checksum, or knows that it need not. */
  put(TCP + 16, 2, sum(IP + 12, TCP, IPPROTO_TCP + 20 + size));
  const struct virtio_net_hdr header = {VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = TCP - ETHERNET, .csum_offset = 16};
  memcpy(frame, &header, sizeof header);
  return TEXT + size;
}

static int hello(const char *name) {
  int tap = device(name, IFF_VNET_HDR);
  if (tap < 0 || ioctl(tap, TUNSETOFFLOAD, TUN_F_CSUM) < 0) return 1;
  struct pollfd readable = {tap, POLLIN, 0};
  for (;;) {
    int count = 0;
    while (count < 256 && read(tap, frames[count], sizeof frames[0]) >= TEXT) count++;
    if (count == 0) poll(&readable, 1, -1);
    for (int i = 0; i < count; i++) {
      frame = frames[i];
      if (frame[IP - 2] != 8 || frame[IP - 1] != 0 || frame[IP + 9] != IPPROTO_TCP) continue;
      size_t size = answer();
      if (size > 0 && write(tap, frame, size) < 0) return perror("write"), 1;
    }
  }
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int ask(const char *address, int port, int count) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  inet_pton(AF_INET, address, &to.sin_addr);
  int file = socket(AF_INET, SOCK_DGRAM, 0);
  struct timeval patience = {1, 0};
  setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(file, (struct sockaddr *)&to, sizeof to) < 0) return perror(address), 1;
  uint8_t question[64] = {0};
  double *times = calloc((size_t)count, sizeof *times);
  for (int i = 0; i < count; i++) {
    double begun = now();
    if (send(file, question, sizeof question, 0) < 0) return perror("send"), 1;
    if (recv(file, question, sizeof question, 0) < 0) return perror("recv"), 1;
    times[i] = now() - begun;
  }
  qsort(times, (size_t)count, sizeof *times, ascending);
  printf("%.2f\n", times[count / 2]);
  return 0;
}

int main(int count, char **words) {
  if (count == 3 && strcmp(words[1], "echo") == 0) return echo(words[2]);
  if (count == 3 && strcmp(words[1], "hello") == 0) return hello(words[2]);
  if (count == 5 && strcmp(words[1], "ask") == 0) return ask(words[2], atoi(words[3]), atoi(words[4]));
  return 64;
}
