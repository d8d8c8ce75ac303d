// The map of AF_XDP sockets that a classifier in front of a device has.
#pragma once
#include "common.bpf.h"

struct {
  __uint(type, BPF_MAP_TYPE_XSKMAP);
  __type(key, __u32);
  __type(value, __u32);
  __uint(max_entries, 64);
} sockets SEC(".maps");
