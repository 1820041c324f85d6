/* Makes the system call that the command line names, in a process that may not make it. */
#include <stdint.h>
#include "say.h"

#define PATH (long)"/etc/hostname"
#define AT_FDCWD -100
#define RWX 7
#define PRIVATE_ANONYMOUS 0x22
#define X32 0x40000000

static uint8_t bytes[4096] __attribute__((aligned(4096)));

static long call(long number, long a, long b, long c, long d, long e) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = 0;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

/* The way of 32-bit programs: number 1 is `exit` there. */
static long old_call(long number, long a) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a) : "memory");
  return result;
}

static const struct {
  const char *name;
  long number, arguments[5];
} CALLS[] = {
    {"open", 2, {PATH, 0}},
    {"openat", 257, {AT_FDCWD, PATH, 0}},
    {"creat", 85, {(long)"/tmp/made-by-a-guest", 0600}},
    {"unlink", 87, {PATH}},
    {"socket", 41, {2, 1, 0}},
    {"connect", 42, {0, (long)bytes, 16}},
    {"sendto", 44, {1, (long)bytes, 16}},
    {"execve", 59, {(long)"/bin/true"}},
    {"fork", 57, {0}},
    {"clone", 56, {17}},
    {"kill", 62, {1, 0}},
    {"getpid", 39, {0}},
    {"ptrace", 101, {0}},
    {"prctl", 157, {22, 0}},
    {"mmap", 9, {0, 4096, RWX, PRIVATE_ANONYMOUS, -1}},
    {"mprotect", 10, {(long)bytes, sizeof bytes, RWX}},
    {"munmap", 11, {(long)bytes, sizeof bytes}},
    {"brk", 12, {0}},
    {"exit", 60, {0}},
    {"ioctl", 16, {1, 0x5401, (long)bytes}},
    {"epoll_ctl", 233, {3, 1, 0, (long)bytes}},
    {"io_uring_setup", 425, {1, (long)bytes}},
    {"read another descriptor", 0, {0, (long)bytes, 1}},
    {"write another descriptor", 1, {2, (long)"!", 1}},
    {"write a descriptor with high bits", 1, {1 + (1l << 32), (long)"!", 1}},
    {"pread another descriptor", 17, {0, (long)bytes, 512, 0}},
    {"another clock", 228, {2, (long)bytes}},
    {"another register", 158, {0x1001, 0}},
    {"another sleep", 281, {1, (long)bytes, 1, 0, 0}},
    {"a call of x32", X32 | 1, {1, (long)"!", 1}},
};

int solo5_app_main(const struct solo5_start_info *info) {
  say("here it comes\n");
  if (is_asked(info, "a call of i386")) old_call(1, 0);
  for (unsigned i = 0; i < sizeof CALLS / sizeof *CALLS; i++) {
    const long *a = CALLS[i].arguments;
    if (is_asked(info, CALLS[i].name)) call(CALLS[i].number, a[0], a[1], a[2], a[3], a[4]);
  }
  say("it went well\n");
  return 0;
}
