/*
 * The border between a unikernel and what carries it: the public Solo5 API, version 0.12, in our words.
 *
 * Everything above it (the engine and its glue) is an application of this interface; every folder of `bindings/`
 * implements it. One thread, no interrupts: the world changes between two calls of `solo5_yield` and only there.
 * A call on a device that was not acquired, or another broken rule of the caller's, may end the guest.
 */
#ifndef SOLO5_H
#define SOLO5_H

#include <stddef.h>
#include <stdint.h>

/** How an operation ended. `AGAIN` is not a failure: nothing is there yet. */
typedef enum {
  SOLO5_R_OK = 0,
  SOLO5_R_AGAIN,
  SOLO5_R_EINVAL,
  SOLO5_R_EUNSPEC,
} solo5_result_t;

/**
 * What the application is told at its start; it stays valid and is not to be written.
 *
 * The heap is one region, readable, writable, never executable, not always zeroed. The stack grows down from its end
 * (`heap_start + heap_size`) unless the binding has a stack of its own elsewhere.
 */
struct solo5_start_info {
  const char *cmdline;
  uintptr_t heap_start;
  size_t heap_size;
};

/** The application. Returning is `solo5_exit` with the value returned. */
int solo5_app_main(const struct solo5_start_info *info);

#define SOLO5_EXIT_SUCCESS 0
#define SOLO5_EXIT_FAILURE 1
#define SOLO5_EXIT_ABORT 255

/** Ends the guest and tells the host `status`, where the host can hear it. */
void solo5_exit(int status) __attribute__((noreturn));

/** Ends the guest as broken: status 255, and whatever the host does then (a core file, say). */
void solo5_abort(void) __attribute__((noreturn));

/** Nanoseconds. */
typedef uint64_t solo5_time_t;

/** Time since an unnamed moment; never goes back. */
solo5_time_t solo5_clock_monotonic(void);

/** Time since 1970-01-01 UTC, asked of the host each time. */
solo5_time_t solo5_clock_wall(void);

/** A device: its index in the manifest, so at most 63. */
typedef uint64_t solo5_handle_t;

/** Bit `n` stands for handle `n`. */
typedef uint64_t solo5_handle_set_t;

/**
 * Sleeps until monotonic time reaches `deadline` or a network device has something to read.
 * Where `ready_set` is given it tells which; a device that has something already ends the sleep at once.
 */
void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set);

/** Writes to the console as well as it can; what does not fit is lost. */
void solo5_console_write(const char *buf, size_t size);

#define SOLO5_NET_ALEN 6
#define SOLO5_NET_HLEN 14

/** `mtu` is without the Ethernet header. */
struct solo5_net_info {
  uint8_t mac_address[SOLO5_NET_ALEN];
  size_t mtu;
};

/** Opens the network device that the manifest calls `name`; a second time, or an unknown name, is `EINVAL`. */
solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle, struct solo5_net_info *info);

/** Sends one frame with its Ethernet header, at most `mtu + 14` bytes; a frame that finds no room is dropped. */
solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size);

/** Takes one frame; `size` is at least `mtu + 14`. `AGAIN` when none waits. */
solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size);

/** Bytes. */
typedef uint64_t solo5_off_t;

/** Both in bytes; `capacity` is a multiple of `block_size`. */
struct solo5_block_info {
  solo5_off_t capacity;
  solo5_off_t block_size;
};

/** Opens the block device that the manifest calls `name`; a second time, or an unknown name, is `EINVAL`. */
solo5_result_t solo5_block_acquire(const char *name, solo5_handle_t *handle, struct solo5_block_info *info);

/** Writes exactly one block at `offset`, a multiple of the block size inside the device, or else `EINVAL`. */
solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *buf, size_t size);

/** Reads exactly one block at `offset`, under the same rules. */
solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *buf, size_t size);

#endif
