/* The launcher's own failures: one sentence, status 1. */
#ifndef FAIL_H
#define FAIL_H

/** Says `spt: SENTENCE` on standard error, and ends. With `errno` in the sentence where the format has `%m`. */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
