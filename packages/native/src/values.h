/*
 * Numbers and names that JavaScript gives and gets. A failure is a number: errno, negative. Nothing throws, and no
 * argument is checked: native.ts is the only caller.
 */
#pragma once
#include <errno.h>
#include <linux/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define NAPI_VERSION 8
#include <node_api.h>

#define ARGUMENTS_MAX 5

static inline napi_value number(napi_env env, int64_t value) {
  napi_value result;
  napi_create_int64(env, value, &result);
  return result;
}

static inline napi_value failure(napi_env env) {
  return number(env, -errno);
}

static inline int32_t integer(napi_env env, napi_value value) {
  int32_t result = 0;
  napi_get_value_int32(env, value, &result);
  return result;
}

static inline void *bytes(napi_env env, napi_value array, size_t *length) {
  void *data = NULL;
  napi_get_typedarray_info(env, array, NULL, length, &data, NULL, NULL);
  return data;
}

static inline void arguments(napi_env env, napi_callback_info info, napi_value values[ARGUMENTS_MAX]) {
  size_t count = ARGUMENTS_MAX;
  napi_get_cb_info(env, info, &count, values, NULL, NULL);
}

/* Whether it is the name of an interface: not too long for one. */
static inline bool name_of(napi_env env, napi_value value, struct ifreq *request) {
  size_t length = 0;
  memset(request, 0, sizeof *request);
  napi_get_value_string_utf8(env, value, NULL, 0, &length);
  if (length >= IFNAMSIZ) errno = ENAMETOOLONG;
  else napi_get_value_string_utf8(env, value, request->ifr_name, IFNAMSIZ, &length);
  return length < IFNAMSIZ;
}
