/*
 * Questions and answers of 64 bytes by UDP, as fast as C and the kernel have them: what a stack on a TAP is compared with.
 *
 *     round-trip echo TAP                  sends every datagram back that comes out of the device, which it makes
 *     round-trip ask ADDRESS PORT COUNT    prints the median time of a question, in microseconds
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint8_t frame[2048];

static void swap(size_t one, size_t other, size_t size) {
  uint8_t kept[6];
  memcpy(kept, frame + one, size);
  memcpy(frame + one, frame + other, size);
  memcpy(frame + other, kept, size);
}

/* Whoever was asked answers: the checksums do not change. */
static int echo(const char *name) {
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  if (tap < 0 || ioctl(tap, TUNSETIFF, &request) < 0) return perror(name), 1;
  puts("ready");
  fflush(stdout);
  struct pollfd readable = {tap, POLLIN, 0};
  for (;;) {
    ssize_t length = read(tap, frame, sizeof frame);
    if (length < 0) poll(&readable, 1, -1);
    if (length < 42 || frame[12] != 8 || frame[13] != 0 || frame[23] != IPPROTO_UDP) continue;
    swap(0, 6, 6);
    swap(26, 30, 4);
    swap(34, 36, 2);
    if (write(tap, frame, (size_t)length) < 0) return perror("write"), 1;
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
  if (count == 5 && strcmp(words[1], "ask") == 0) return ask(words[2], atoi(words[3]), atoi(words[4]));
  return 64;
}
