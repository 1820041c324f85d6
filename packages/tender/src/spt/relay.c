/* A process that joins a stream of frames with a descriptor that carries a frame a call. */
#include "relay.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "fail.h"

#define PREFIX_SIZE 4u
#define FRAME_MAX 65535u

/* Bytes that wait for either side at most: a side that does not read stops the other one. */
#define BUFFER_SIZE (256u * 1024)

/* Bytes that the kernel may hold for a guest that is busy. */
#define QUEUE_SIZE (4 * 1024 * 1024)

/* How long the stream may take for what a guest sent before its end. */
#define LAST_FRAMES_MS 1000

/* Frames with their lengths: `[start, end)` is on its way. */
struct queue {
  uint32_t start;
  uint32_t end;
  uint8_t bytes[BUFFER_SIZE];
};

static struct queue to_guest, to_stream;
static int guest_is_over;

static uint32_t room(const struct queue *queue) { return BUFFER_SIZE - queue->end; }

static void settle(struct queue *queue) {
  memmove(queue->bytes, queue->bytes + queue->start, queue->end - queue->start);
  queue->end -= queue->start;
  queue->start = 0;
}

static int is_over(ssize_t moved) { return moved == 0 || (moved < 0 && errno != EAGAIN && errno != EINTR); }

/* The stream has ended, or makes no sense: nobody would stop the guest, and nothing can reach it. */
static void __attribute__((noreturn)) end_guest(pid_t guest) {
  if (getppid() == guest) kill(guest, SIGTERM);
  _exit(0);
}

/* The length of the first frame for the guest, if it is there as a whole; 0 if not. No frame has no bytes. */
static uint32_t first_frame(pid_t guest) {
  const uint8_t *at = to_guest.bytes + to_guest.start;
  uint32_t held = to_guest.end - to_guest.start;
  if (held < PREFIX_SIZE) return 0;
  uint32_t length = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
  if (length == 0 || length > FRAME_MAX) end_guest(guest);
  return held - PREFIX_SIZE < length ? 0 : length;
}

static void read_stream(int stream, pid_t guest) {
  settle(&to_guest);
  ssize_t length = read(stream, to_guest.bytes + to_guest.end, room(&to_guest));
  if (is_over(length)) end_guest(guest);
  if (length > 0) to_guest.end += (uint32_t)length;
}

/* Whether all whole frames are with the guest. */
static int write_guest(int pair, pid_t guest) {
  uint32_t length;
  while ((length = first_frame(guest))) {
    ssize_t written = send(pair, to_guest.bytes + to_guest.start + PREFIX_SIZE, length, MSG_NOSIGNAL);
    if (is_over(written)) return guest_is_over = 1;
    if (written < 0) return 0;
    to_guest.start += PREFIX_SIZE + length;
  }
  return 1;
}

static void read_guest(int pair) {
  while (room(&to_stream) >= PREFIX_SIZE + FRAME_MAX) {
    uint8_t *at = to_stream.bytes + to_stream.end;
    ssize_t length = recv(pair, at + PREFIX_SIZE, FRAME_MAX, 0);
    if (is_over(length)) guest_is_over = 1;
    if (length <= 0) return;
    at[0] = at[1] = 0;
    at[2] = (uint8_t)(length >> 8);
    at[3] = (uint8_t)length;
    to_stream.end += PREFIX_SIZE + (uint32_t)length;
  }
}

/* Whether all is with the stream. */
static int write_stream(int stream, pid_t guest) {
  ssize_t written = send(stream, to_stream.bytes + to_stream.start, to_stream.end - to_stream.start, MSG_NOSIGNAL);
  if (written < 0 && is_over(written)) end_guest(guest);
  if (written > 0) to_stream.start += (uint32_t)written;
  settle(&to_stream);
  return to_stream.end == 0;
}

/* Which events are worth waking up for: a side that has gone away is not asked again, as it would answer for ever. */
static void watch(struct pollfd ends[2], int stream, int pair, int guest_takes, int stream_takes) {
  int reads_stream = guest_takes && !guest_is_over, reads_guest = stream_takes && !guest_is_over;
  ends[0] = (struct pollfd){stream, (reads_stream ? POLLIN : 0) | (stream_takes ? 0 : POLLOUT), 0};
  ends[1] = (struct pollfd){pair, (reads_guest ? POLLIN : 0) | (guest_takes ? 0 : POLLOUT), 0};
  if (guest_is_over || (guest_takes && !reads_guest)) ends[1].fd = -1;
}

static void __attribute__((noreturn)) move_frames(int stream, int pair, pid_t guest) {
  int guest_takes = 1, stream_takes = 1;
  while (!guest_is_over || to_stream.end > 0) {
    struct pollfd ends[2];
    watch(ends, stream, pair, guest_takes, stream_takes);
    int count = poll(ends, 2, guest_is_over ? LAST_FRAMES_MS : -1);
    if (count == 0) _exit(0);
    if (count < 0 && errno != EINTR) _exit(1);
    if (ends[0].events & POLLIN && ends[0].revents) read_stream(stream, guest);
    else if (ends[0].revents & (POLLHUP | POLLERR)) end_guest(guest);
    if (ends[0].revents || ends[1].revents) guest_takes = write_guest(pair, guest);
    if (stream_takes && ends[1].revents) read_guest(pair);
    if (to_stream.end > 0) stream_takes = write_stream(stream, guest);
  }
  _exit(0);
}

static void close_others(int a, int b) {
  int low = a < b ? a : b, high = a < b ? b : a;
  syscall(SYS_close_range, 3, low - 1, 0);
  if (high - low > 1) syscall(SYS_close_range, low + 1, high - 1, 0);
  syscall(SYS_close_range, high + 1, ~0u, 0);
}

static void make_ready(int fd) {
  int size = QUEUE_SIZE;
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) fail("descriptor %d: %m", fd);
  /* As root; everybody else gets what the system allows. */
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

int relay_open(int stream) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) fail("no socket pair: %m");
  make_ready(stream);
  make_ready(pair[0]);
  make_ready(pair[1]);
  pid_t guest = getpid(), relay = fork();
  if (relay < 0) fail("no process for the network: %m");
  if (relay > 0) {
    close(pair[1]);
    close(stream);
    return pair[0];
  }
  /* Ctrl-C is for the guest; this process ends with it. */
  signal(SIGINT, SIG_IGN);
  close_others(stream, pair[1]);
  move_frames(stream, pair[1], guest);
}
