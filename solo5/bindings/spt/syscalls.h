/* The system calls that an spt guest may make: numbers and structures of Linux on x86-64. */
#ifndef SYSCALLS_H
#define SYSCALLS_H

#include <stdint.h>

enum {
  SYS_READ = 0,
  SYS_WRITE = 1,
  SYS_PREAD64 = 17,
  SYS_PWRITE64 = 18,
  SYS_ARCH_PRCTL = 158,
  SYS_CLOCK_GETTIME = 228,
  SYS_EXIT_GROUP = 231,
  SYS_EPOLL_PWAIT = 281,
  SYS_TIMERFD_SETTIME = 286,
};

#define MINUS_EINTR (-4)
#define MINUS_EAGAIN (-11)

struct spt_timespec {
  int64_t seconds;
  int64_t nanoseconds;
};

/** The result, or a negative error number. Arguments that a call does not have are not looked at. */
static inline long syscall6(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

static inline long syscall4(long number, long a, long b, long c, long d) { return syscall6(number, a, b, c, d, 0, 0); }

#endif
