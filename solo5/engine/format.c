/*
 * `snprintf` for the engine: integers, strings and characters, which is all that its messages are made of.
 *
 * Musl's would bring its streams along, and with them locks and system calls.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "panic.h"

struct output {
  char *at;
  char *end;
  size_t length;
};

/* One conversion: `%[flags][width][.precision][length]letter`. */
struct conversion {
  int left, zero, plus, width, precision, wide;
};

static void put(struct output *out, char c) {
  if (out->at < out->end) *out->at++ = c;
  out->length++;
}

static void put_padded(struct output *out, const struct conversion *how, const char *text, int length) {
  int padding = how->width - length;
  if (!how->left)
    while (padding-- > 0) put(out, ' ');
  for (int i = 0; i < length; i++) put(out, text[i]);
  if (how->left)
    while (padding-- > 0) put(out, ' ');
}

static void put_number(struct output *out, const struct conversion *how, uint64_t value, int negative, int base, int upper) {
  char digits[80];
  int at = sizeof digits, least = how->precision;
  if (least < 0) least = how->zero && !how->left ? how->width - (negative || how->plus) : 1;
  if (least > 70) least = 70;
  for (; value || (int)sizeof digits - at < least; value /= base)
    digits[--at] = (upper ? "0123456789ABCDEF" : "0123456789abcdef")[value % base];
  if (negative) digits[--at] = '-';
  else if (how->plus) digits[--at] = '+';
  put_padded(out, how, digits + at, sizeof digits - at);
}

static int read_number(const char **format, va_list *args) {
  int value = 0;
  if (**format == '*') {
    ++*format;
    return va_arg(*args, int);
  }
  while (**format >= '0' && **format <= '9') value = value * 10 + *(*format)++ - '0';
  return value;
}

static struct conversion read_conversion(const char **format, va_list *args) {
  struct conversion how = {.precision = -1};
  for (;; ++*format) {
    if (**format == '-') how.left = 1;
    else if (**format == '0') how.zero = 1;
    else if (**format == '+') how.plus = 1;
    else break;
  }
  how.width = read_number(format, args);
  if (**format == '.') {
    ++*format;
    how.precision = read_number(format, args);
  }
  for (; strchr("lzjt", **format) && **format; ++*format) how.wide = 1;
  return how;
}

static void convert(struct output *out, const struct conversion *how, char letter, va_list *args) {
  switch (letter) {
    case 'd':
    case 'i': {
      int64_t value = how->wide ? va_arg(*args, int64_t) : va_arg(*args, int);
      return put_number(out, how, value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0, 10, 0);
    }
    case 'u':
    case 'x':
    case 'X': {
      uint64_t value = how->wide ? va_arg(*args, uint64_t) : va_arg(*args, unsigned);
      return put_number(out, how, value, 0, letter == 'u' ? 10 : 16, letter == 'X');
    }
    case 'p':
      return put_number(out, how, (uintptr_t)va_arg(*args, void *), 0, 16, 0);
    case 'c': {
      char c = (char)va_arg(*args, int);
      return put_padded(out, how, &c, 1);
    }
    case 's': {
      const char *text = va_arg(*args, const char *);
      if (!text) text = "(null)";
      return put_padded(out, how, text, (int)(how->precision < 0 ? strlen(text) : strnlen(text, how->precision)));
    }
    case '%':
      return put(out, '%');
    default:
      panic(PANIC_EXCEPTION, "a message with a conversion that is not there (format.c)");
  }
}

int vsnprintf(char *buffer, size_t size, const char *format, va_list given) {
  struct output out = {buffer, size ? buffer + size - 1 : buffer, 0};
  va_list args;
  va_copy(args, given);
  while (*format) {
    if (*format != '%') {
      put(&out, *format++);
      continue;
    }
    format++;
    struct conversion how = read_conversion(&format, &args);
    if (*format) convert(&out, &how, *format++, &args);
  }
  va_end(args);
  if (size) *out.at = 0;
  return (int)out.length;
}

int snprintf(char *buffer, size_t size, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int length = vsnprintf(buffer, size, format, args);
  va_end(args);
  return length;
}
