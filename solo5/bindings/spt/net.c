/* Networks of an spt guest, descriptors that carry a frame a call, and its sleep until one of them is ready. */
#include "binding.h"
#include "solo5.h"
#include "syscalls.h"

#define TFD_TIMER_ABSTIME 1

struct __attribute__((packed)) epoll_event {
  uint32_t events;
  uint64_t data;
};

struct itimerspec {
  struct spt_timespec interval;
  struct spt_timespec value;
};

solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle, struct solo5_net_info *info) {
  const struct mft_entry *entry = manifest_acquire(boot_manifest(), name, MFT_DEV_NET_BASIC, handle);
  if (!entry) return SOLO5_R_EINVAL;
  info->mtu = entry->u.net_basic.mtu;
  for (int i = 0; i < SOLO5_NET_ALEN; i++) info->mac_address[i] = entry->u.net_basic.mac[i];
  return SOLO5_R_OK;
}

/* A full queue (`EAGAIN`) drops the frame, which is what networks do; so does a peer that has gone. */
solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size) {
  const struct mft_entry *entry = manifest_entry(boot_manifest(), handle, MFT_DEV_NET_BASIC);
  if (!entry || size > (size_t)entry->u.net_basic.mtu + SOLO5_NET_HLEN) return SOLO5_R_EINVAL;
  long written = syscall4(SYS_WRITE, entry->b.hostfd, (long)buf, (long)size, 0);
  return written == (long)size || written == MINUS_EAGAIN ? SOLO5_R_OK : SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size) {
  const struct mft_entry *entry = manifest_entry(boot_manifest(), handle, MFT_DEV_NET_BASIC);
  if (!entry) return SOLO5_R_EINVAL;
  long length = syscall4(SYS_READ, entry->b.hostfd, (long)buf, (long)size, 0);
  if (length == MINUS_EAGAIN || length == MINUS_EINTR) return SOLO5_R_AGAIN;
  /* No frame is empty: the other end has gone. */
  if (length <= 0) return SOLO5_R_EUNSPEC;
  *read_size = (size_t)length;
  return SOLO5_R_OK;
}

static void set_timer(solo5_time_t deadline) {
  /* An empty time would stop the timer; one nanosecond is as good as none. */
  struct itimerspec timer = {{0, 0}, {(int64_t)(deadline / 1000000000u), (int64_t)(deadline % 1000000000u) | 1}};
  syscall4(SYS_TIMERFD_SETTIME, boot_info->timerfd, TFD_TIMER_ABSTIME, (long)&timer, 0);
}

void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set) {
  struct epoll_event events[MFT_MAX_ENTRIES + 1];
  set_timer(deadline);
  long count;
  do count = syscall6(SYS_EPOLL_PWAIT, boot_info->epollfd, (long)events, MFT_MAX_ENTRIES + 1, -1, 0, 8);
  while (count == MINUS_EINTR);
  solo5_handle_set_t ready = 0;
  for (long i = 0; i < count; i++)
    if (events[i].data < MFT_MAX_ENTRIES) ready |= 1ull << events[i].data;
  if (ready_set) *ready_set = ready;
}
