/* Descriptors that see what an interface of the host carries: packet(7). */
#pragma once
#include <stdbool.h>
#include <sys/types.h>

#define NAPI_VERSION 8
#include <node_api.h>

/* openPackets(name, bufferSize) and stopPackets(descriptor): src/native.ts says what they promise. */
napi_value open_packets(napi_env env, napi_callback_info info);
napi_value stop_packets(napi_env env, napi_callback_info info);

bool is_packet_socket(int descriptor);

/* As read(2), without waiting: one frame, behind what is known of it. `size` is more than both need. */
ssize_t read_packet(int descriptor, void *to, size_t size);
