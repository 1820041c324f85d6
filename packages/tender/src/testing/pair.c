/*
 * A network for one guest, for tests: `pair NAME LAUNCHER [OPTION...] IMAGE [ARGUMENT...]`.
 *
 * Starts the launcher with `--net:NAME=@FD`, one end of a socket pair. The frames of the other end come out of standard
 * output, each after its length in 4 bytes, most significant first; those of standard input go to the guest. What the
 * guest says is on standard error, and its end is this program's.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define FRAME_MAX 65536
#define WAIT_MS 20

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int read_all(void *to, size_t size) {
  for (size_t at = 0; at < size;) {
    ssize_t count = read(0, (char *)to + at, size - at);
    if (count <= 0) return 0;
    at += (size_t)count;
  }
  return 1;
}

static int to_guest(int guest) {
  static uint8_t frame[FRAME_MAX];
  uint32_t length;
  if (!read_all(&length, sizeof length) || ntohl(length) > FRAME_MAX || !read_all(frame, ntohl(length))) return 0;
  return send(guest, frame, ntohl(length), 0) >= 0;
}

static void from_guest(int guest) {
  static uint8_t frame[4 + FRAME_MAX];
  ssize_t length = recv(guest, frame + 4, FRAME_MAX, MSG_DONTWAIT);
  if (length <= 0) return;
  uint32_t prefix = htonl((uint32_t)length);
  memcpy(frame, &prefix, 4);
  if (write(1, frame, 4 + (size_t)length) < 0) fail("write");
}

static void start(int guest, char **argv) {
  char option[128];
  snprintf(option, sizeof option, "--net:%s=@%d", argv[1], guest);
  dup2(2, 1);
  /* A test that fails ends this program, and no guest is to be left over. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  char *args[64] = {argv[2], option};
  for (int i = 3, at = 2; argv[i] && at < 63; i++, at++) args[at] = argv[i];
  execv(args[0], args);
  fail(args[0]);
}

int main(int argc, char **argv) {
  int ends[2], status;
  if (argc < 4 || socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) < 0) fail("pair");
  signal(SIGPIPE, SIG_IGN);
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) start(ends[1], argv);
  close(ends[1]);
  struct pollfd watched[2] = {{0, POLLIN, 0}, {ends[0], POLLIN, 0}};
  while (waitpid(child, &status, WNOHANG) == 0) {
    poll(watched, 2, WAIT_MS);
    if (watched[1].revents & POLLIN) from_guest(ends[0]);
    if (watched[0].revents && !to_guest(ends[0])) watched[0].fd = -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
