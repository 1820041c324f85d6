/*
 * The filter as a program of classic BPF (Documentation/userspace-api/seccomp_filter.rst): one stretch a rule.
 *
 *   load number   is it mine?  -> no: next rule
 *   load argument is it right? -> no: next rule
 *   allow
 *   ...
 *   kill
 */
#include "filter.h"
#include <asm/prctl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "fail.h"

/* Two stretches of at most 16 instructions for each of 63 devices, and a dozen for the rest: the kernel takes 4096. */
#define PROGRAM_MAX 2560

#define STDOUT 1

enum comparison { EQUAL, AT_MOST };

/* What an argument has to be. */
struct check {
  unsigned argument;
  enum comparison comparison;
  uint64_t value;
};

struct program {
  struct sock_filter code[PROGRAM_MAX];
  unsigned short length;
};

static void emit(struct program *to, uint16_t code, uint32_t value, uint8_t if_true, uint8_t if_false) {
  if (to->length == PROGRAM_MAX) fail("the filter is too long");
  to->code[to->length++] = (struct sock_filter){code, if_true, if_false, value};
}

static void load(struct program *to, uint32_t offset) { emit(to, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0); }

static void load_half(struct program *to, unsigned argument, int high) {
  load(to, (uint32_t)(offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t)) + (high ? 4 : 0));
}

/* How many instructions `emit_check` makes. */
static unsigned check_length(const struct check *check) { return check->comparison == EQUAL ? 4 : 5; }

/* The registers of BPF have 32 bits: high half first. `out` is how far the next rule is from behind the check. */
static void emit_check(struct program *to, const struct check *check, uint8_t out) {
  uint32_t high = (uint32_t)(check->value >> 32), low = (uint32_t)check->value;
  load_half(to, check->argument, 1);
  if (check->comparison == EQUAL) {
    emit(to, BPF_JMP | BPF_JEQ | BPF_K, high, 0, out + 2);
    load_half(to, check->argument, 0);
    emit(to, BPF_JMP | BPF_JEQ | BPF_K, low, 0, out);
    return;
  }
  emit(to, BPF_JMP | BPF_JGT | BPF_K, high, out + 3, 0);
  emit(to, BPF_JMP | BPF_JEQ | BPF_K, high, 0, 2);
  load_half(to, check->argument, 0);
  emit(to, BPF_JMP | BPF_JGT | BPF_K, low, out, 0);
}

static void allow(struct program *to, uint32_t number, const struct check *checks, size_t count) {
  unsigned rest = 1;
  for (size_t i = 0; i < count; i++) rest += check_length(&checks[i]);
  load(to, offsetof(struct seccomp_data, nr));
  emit(to, BPF_JMP | BPF_JEQ | BPF_K, number, 0, (uint8_t)rest);
  for (size_t i = 0; i < count; i++) {
    rest -= check_length(&checks[i]);
    emit_check(to, &checks[i], (uint8_t)rest);
  }
  emit(to, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

static void allow_on(struct program *to, uint32_t number, uint64_t first) {
  const struct check check = {0, EQUAL, first};
  allow(to, number, &check, 1);
}

/* Whole blocks within the capacity found at the start: else a guest could make a file grow. */
static void allow_block(struct program *to, uint32_t number, const struct mft_entry *disk) {
  uint64_t size = disk->u.block_basic.block_size;
  const struct check checks[] = {
      {0, EQUAL, (uint64_t)disk->b.hostfd},
      {2, EQUAL, size},
      {3, AT_MOST, disk->u.block_basic.capacity - size},
  };
  allow(to, number, checks, sizeof checks / sizeof *checks);
}

static void allow_device(struct program *to, const struct mft_entry *device) {
  if (device->type == MFT_DEV_NET_BASIC) {
    allow_on(to, SYS_read, (uint64_t)device->b.hostfd);
    allow_on(to, SYS_write, (uint64_t)device->b.hostfd);
  } else {
    allow_block(to, SYS_pread64, device);
    allow_block(to, SYS_pwrite64, device);
  }
}

static void write_program(struct program *to, const struct mft *manifest, int epollfd, int timerfd) {
  load(to, offsetof(struct seccomp_data, arch));
  emit(to, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
  emit(to, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
  allow_on(to, SYS_epoll_pwait, (uint64_t)epollfd);
  allow_on(to, SYS_timerfd_settime, (uint64_t)timerfd);
  allow_on(to, SYS_clock_gettime, CLOCK_MONOTONIC);
  allow_on(to, SYS_clock_gettime, CLOCK_REALTIME);
  for (uint32_t i = 1; i < manifest->entries; i++) allow_device(to, &manifest->e[i]);
  allow_on(to, SYS_write, STDOUT);
  allow_on(to, SYS_arch_prctl, ARCH_SET_FS);
  allow(to, SYS_exit_group, NULL, 0);
  emit(to, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
}

void filter_install(const struct mft *manifest, int epollfd, int timerfd) {
  static struct program program;
  write_program(&program, manifest, epollfd, timerfd);
  struct sock_fprog loaded = {program.length, program.code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) fail("no_new_privs: %m");
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &loaded) < 0) fail("seccomp: %m");
}
