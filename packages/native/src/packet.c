/*
 * Packet sockets (packet(7)): every frame that an interface of the host carries, either way, beside those it is for.
 *
 * A frame that is read has in front, in the byte order of the host:
 *
 *      +---------------------------------------+
 *      | nanoseconds since 1970                |   0
 *      +---------+---------+-------------------+
 *      | offset  | is sent |                   |   8
 *      +---------+---------+-------------------+
 *
 * It begins at that offset, and `is sent` is 1 if the host sent it.
 */
#define _GNU_SOURCE
#include "packet.h"
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "values.h"

/* In front of the type of a frame. */
#define ADDRESSES_SIZE (2 * ETH_ALEN)

struct seen {
  int64_t time;
  uint16_t offset;
  uint16_t is_sent;
  uint32_t unused;
};

/* The tag of a virtual LAN, which the kernel takes out of a frame and tells of beside it. */
struct tag {
  uint16_t protocol;
  uint16_t control;
};

static bool set(int descriptor, int level, int name, int value) {
  return setsockopt(descriptor, level, name, &value, sizeof value) == 0;
}

/* What waits, at most: as much as is wanted where this process may, and as much as anybody may have where it may not. */
static bool set_buffer(int descriptor, int size) {
  return set(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, size) || set(descriptor, SOL_SOCKET, SO_RCVBUF, size);
}

static bool see(int descriptor, unsigned interface) {
  const struct sockaddr_ll all = {
      .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)interface};
  return bind(descriptor, (const struct sockaddr *)&all, sizeof all) == 0;
}

napi_value open_packets(napi_env env, napi_callback_info info) {
  napi_value values[ARGUMENTS_MAX];
  arguments(env, info, values);
  struct ifreq request;
  if (!name_of(env, values[0], &request)) return failure(env);
  unsigned interface = if_nametoindex(request.ifr_name);
  if (interface == 0) return failure(env);
  /* Of no protocol, until it is bound: nothing of other interfaces comes in between. */
  int descriptor = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return failure(env);
  if (set_buffer(descriptor, integer(env, values[1])) && set(descriptor, SOL_SOCKET, SO_TIMESTAMPNS, 1) &&
      set(descriptor, SOL_PACKET, PACKET_AUXDATA, 1) && see(descriptor, interface))
    return number(env, descriptor);
  napi_value result = failure(env);
  close(descriptor);
  return result;
}

/* A filter that nothing passes leaves what has passed before. */
napi_value stop_packets(napi_env env, napi_callback_info info) {
  napi_value values[ARGUMENTS_MAX];
  arguments(env, info, values);
  int descriptor = integer(env, values[0]);
  struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
  const struct sock_fprog program = {1, &nothing};
  struct tpacket_stats counts;
  socklen_t size = sizeof counts;
  if (setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0 ||
      getsockopt(descriptor, SOL_PACKET, PACKET_STATISTICS, &counts, &size) < 0)
    return failure(env);
  return number(env, counts.tp_drops);
}

bool is_packet_socket(int descriptor) {
  int domain;
  socklen_t size = sizeof domain;
  return getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_PACKET;
}

/* When it passed and, if it has one, its tag. */
static bool read_control(struct msghdr *message, int64_t *time, struct tag *tag) {
  bool has_tag = false;
  for (struct cmsghdr *each = CMSG_FIRSTHDR(message); each != NULL; each = CMSG_NXTHDR(message, each)) {
    if (each->cmsg_level == SOL_SOCKET && each->cmsg_type == SO_TIMESTAMPNS) {
      struct timespec at;
      memcpy(&at, CMSG_DATA(each), sizeof at);
      *time = at.tv_sec * INT64_C(1000000000) + at.tv_nsec;
    } else if (each->cmsg_level == SOL_PACKET && each->cmsg_type == PACKET_AUXDATA) {
      struct tpacket_auxdata about;
      memcpy(&about, CMSG_DATA(each), sizeof about);
      has_tag = about.tp_status & TP_STATUS_VLAN_VALID;
      bool is_told = about.tp_status & TP_STATUS_VLAN_TPID_VALID;
      tag->protocol = htons(is_told ? about.tp_vlan_tpid : ETH_P_8021Q);
      tag->control = htons(about.tp_vlan_tci);
    }
  }
  return has_tag;
}

ssize_t read_packet(int descriptor, void *to, size_t size) {
  struct tag tag;
  struct seen seen = {.offset = sizeof seen + sizeof tag};
  uint8_t *frame = (uint8_t *)to + seen.offset;
  struct sockaddr_ll from = {0};
  struct iovec room = {frame, size - seen.offset};
  union {
    struct cmsghdr header;
    uint8_t bytes[CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(struct tpacket_auxdata))];
  } control;
  struct msghdr message = {
      .msg_name = &from,
      .msg_namelen = sizeof from,
      .msg_iov = &room,
      .msg_iovlen = 1,
      .msg_control = &control,
      .msg_controllen = sizeof control,
  };
  ssize_t length;
  /* That the interface went down is told once, before what it had carried. */
  do length = recvmsg(descriptor, &message, 0);
  while (length < 0 && errno == ENETDOWN);
  if (length < 0) return -1;
  size_t end = seen.offset + (size_t)length;
  if (read_control(&message, &seen.time, &tag) && length >= ADDRESSES_SIZE) {
    memmove(frame - sizeof tag, frame, ADDRESSES_SIZE);
    memcpy(frame - sizeof tag + ADDRESSES_SIZE, &tag, sizeof tag);
    seen.offset -= sizeof tag;
  }
  seen.is_sent = from.sll_pkttype == PACKET_OUTGOING;
  memcpy(to, &seen, sizeof seen);
  return (ssize_t)end;
}
