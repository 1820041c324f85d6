/*
 * The libc functions that would make a system call, on top of `solo5.h` instead.
 *
 * Everything else that QuickJS calls is pure (`mem*`, `str*`, mathematics) and comes from musl's libc.a. The build fails
 * on any other `syscall` instruction, so what is missing here is known before an image exists.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include "alloc.h"
#include "panic.h"
#include "solo5.h"

/* Longer lines of the engine's diagnostics are cut. */
#define LINE_SIZE 256

#define BILLION 1000000000ull

void *malloc(size_t size) { return heap_allocate(size); }

void free(void *block) { heap_free(block); }

void *realloc(void *block, size_t size) { return heap_resize(block, size); }

size_t malloc_usable_size(void *block) { return heap_block_size(block); }

void abort(void) { panic(PANIC_EXCEPTION, "the engine gave up"); }

void __assert_fail(const char *claim, const char *file, int line, const char *function) {
  (void)file, (void)line;
  say("mirage: ");
  say(function);
  say(": not true: ");
  say(claim);
  say("\n");
  solo5_abort();
}

/* The library's functions look at a canary, which a binding keeps where `%fs:0x28` is. */
void __stack_chk_fail(void) { panic(PANIC_EXCEPTION, "a function wrote past its variables"); }

/* The engine has one thread of its own, and no thread-local storage to keep `errno` in. */
int *__errno_location(void) {
  static int number;
  return &number;
}

/* Musl's own name for it. */
int *___errno_location(void) __attribute__((alias("__errno_location")));

int clock_gettime(clockid_t clock, struct timespec *time) {
  solo5_time_t now = clock == CLOCK_REALTIME ? solo5_clock_wall() : solo5_clock_monotonic();
  time->tv_sec = (time_t)(now / BILLION);
  time->tv_nsec = (long)(now % BILLION);
  return 0;
}

int gettimeofday(struct timeval *time, void *zone) {
  (void)zone;
  solo5_time_t now = solo5_clock_wall();
  time->tv_sec = (time_t)(now / BILLION);
  time->tv_usec = (suseconds_t)(now % BILLION / 1000);
  return 0;
}

/* A unikernel lives in UTC. The engine reads the offset alone. */
struct tm *localtime_r(const time_t *time, struct tm *parts) {
  (void)time;
  memset(parts, 0, sizeof *parts);
  return parts;
}

/* `Atomics` has locks; with one thread nobody ever waits for them. `Atomics.wait` throws before it gets here. */
int pthread_mutex_lock(pthread_mutex_t *mutex) { return (void)mutex, 0; }

int pthread_mutex_unlock(pthread_mutex_t *mutex) { return (void)mutex, 0; }

int pthread_cond_init(pthread_cond_t *restrict cond, const pthread_condattr_t *restrict how) {
  return (void)cond, (void)how, 0;
}

int pthread_cond_destroy(pthread_cond_t *cond) { return (void)cond, 0; }

int pthread_cond_signal(pthread_cond_t *cond) { return (void)cond, 0; }

int pthread_cond_wait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex) {
  (void)cond, (void)mutex;
  panic(PANIC_EXCEPTION, "waited for another thread");
}

int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until) {
  (void)until;
  return pthread_cond_wait(cond, mutex);
}

/* The engine's own diagnostics: every stream is the console. */

size_t fwrite(const void *restrict text, size_t size, size_t count, FILE *restrict stream) {
  (void)stream;
  solo5_console_write(text, size * count);
  return count;
}

int fputc(int c, FILE *stream) {
  char text = (char)c;
  fwrite(&text, 1, 1, stream);
  return c;
}

int putchar(int c) { return fputc(c, stdout); }

int vfprintf(FILE *restrict stream, const char *restrict format, va_list args) {
  char line[LINE_SIZE];
  int length = vsnprintf(line, sizeof line, format, args);
  fwrite(line, 1, strlen(line), stream);
  return length;
}

int fprintf(FILE *restrict stream, const char *restrict format, ...) {
  va_list args;
  va_start(args, format);
  int length = vfprintf(stream, format, args);
  va_end(args);
  return length;
}

int printf(const char *restrict format, ...) {
  va_list args;
  va_start(args, format);
  int length = vfprintf(stdout, format, args);
  va_end(args);
  return length;
}
