// What every stage of a ringbed classifier shares: the maps that carry state from stage to stage
// and count what each one did, and the three ways out of a stage: on to the next one, a verdict,
// or the device's ring. The counting stands in the programs because the kernel's own run count
// skips tail-called programs; so the figures are the same in the kernel and in the simulator.
//
//   entry ──▶ slot 0 ──▶ slot 1 ──▶ … ──▶ last slot ──▶ the ring (XDP_REDIRECT)
//     every one may end it:  ringbed_verdict(ctx, frame, XDP_DROP | XDP_PASS | XDP_TX)
//
// A stage does not know its slot when it is compiled: the frame carries it. See docs/classifier.md
// for a stage in ten lines. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/types.h>

#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

// Slots of the prog_array: the kernel's budget of tail calls. The entry counts behind the last one.
enum { RINGBED_SLOTS = 33, RINGBED_ENTRY = RINGBED_SLOTS, RINGBED_COUNTERS = RINGBED_SLOTS + 1 };

// One slot of `ringbed_stages`. A miss is counted in the slot that was empty.
struct ringbed_stage {
  __u64 hits, misses;
  __u64 pass, drop, redirect, aborted, tx;
  __u64 ns;  // from the stage's begin to its end, when ringbed_settings.timed is set
};

enum ringbed_way { RINGBED_RING, RINGBED_KERNEL, RINGBED_DROP };

// What a run tells the stages; slot 0 of `ringbed_config`. Addresses in network order, ports in
// host order; an IPv4 address stands in the first four bytes.
struct ringbed_settings {
  __u32 stages;        // slots in use: the stage in the last one ends in the ring
  __u32 timed;         // count nanoseconds too
  __u8 target[16];
  __u32 target_bytes;  // 4, 16, or 0 for any address
  __u16 target_port;   // 0: any
  __u16 protocol;      // 17, 6, or 0 for any
  __u32 match;         // enum ringbed_way: frames for the target
  __u32 otherwise;     // enum ringbed_way: all others
  __u64 limit_ns;      // between two frames of a source; 0: no limit
  __u64 limit_burst;   // frames
  __u32 sample_every;  // 0: none
  __u32 little_endian; // of the payload
};

// A group of `ringbed_groups`, padded with zeros.
struct ringbed_group {
  __u8 address[16];
};

// What the parse stage found, for the stages behind it. Offsets from the first byte of the frame.
struct ringbed_frame {
  __u32 slot;        // of the stage that runs
  __u32 l3_offset;
  __u32 l4_offset;
  __u32 payload_offset;  // 0: none
  __u16 ethertype;       // host order, behind the VLAN tags
  __u8 protocol;
  __u8 fragment;         // no transport header
  __u8 source[16];
  __u8 destination[16];
  __u16 source_port;     // host order
  __u16 destination_port;
  __u8 tcp_flags;
  __u8 reserved[3];
  __u64 since;           // when the stage began
};

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, RINGBED_SLOTS);
  __type(key, __u32);
  __type(value, __u32);
} ringbed_slots SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, RINGBED_COUNTERS);
  __type(key, __u32);
  __type(value, struct ringbed_stage);
} ringbed_stages SEC(".maps");

// One frame at a time and CPU: nothing runs in between.
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct ringbed_frame);
} ringbed_frame SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct ringbed_settings);
} ringbed_config SEC(".maps");

// AF_XDP sockets by receive queue: the device's rx rings.
struct {
  __uint(type, BPF_MAP_TYPE_XSKMAP);
  __uint(max_entries, 64);
  __type(key, __u32);
  __type(value, __u32);
} xsks_map SEC(".maps");

static __always_inline struct ringbed_settings* ringbed_get_settings(void) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&ringbed_config, &zero);
}

static __always_inline struct ringbed_stage* ringbed_counter(__u32 slot) {
  return bpf_map_lookup_elem(&ringbed_stages, &slot);
}

// The begin of a stage: counts the hit. 0 cannot happen but the verifier wants it asked.
static __always_inline struct ringbed_frame* ringbed_begin(void) {
  __u32 zero = 0;
  struct ringbed_frame* frame = bpf_map_lookup_elem(&ringbed_frame, &zero);
  if (!frame) return 0;
  struct ringbed_stage* stage = ringbed_counter(frame->slot);
  if (stage) stage->hits++;
  struct ringbed_settings* settings = ringbed_get_settings();
  if (settings && settings->timed) frame->since = bpf_ktime_get_ns();
  return frame;
}

static __always_inline void ringbed_end(struct ringbed_frame* frame, struct ringbed_stage* stage) {
  struct ringbed_settings* settings = ringbed_get_settings();
  if (settings && settings->timed) stage->ns += bpf_ktime_get_ns() - frame->since;
}

// Ends the classifier with a verdict, counted for this stage.
static __always_inline int ringbed_verdict(struct ringbed_frame* frame, int action) {
  struct ringbed_stage* stage = ringbed_counter(frame->slot);
  if (!stage) return action;
  ringbed_end(frame, stage);
  switch (action) {
    case XDP_PASS: stage->pass++; break;
    case XDP_DROP: stage->drop++; break;
    case XDP_REDIRECT: stage->redirect++; break;
    case XDP_TX: stage->tx++; break;
    default: stage->aborted++; break;
  }
  return action;
}

// To the device; to the kernel where nobody listens on the frame's queue.
static __always_inline int ringbed_to_ring(struct xdp_md* ctx, struct ringbed_frame* frame) {
  return ringbed_verdict(frame, bpf_redirect_map(&xsks_map, ctx->rx_queue_index, XDP_PASS));
}

static __always_inline int ringbed_send(struct xdp_md* ctx, struct ringbed_frame* frame,
                                        __u32 way) {
  if (way == RINGBED_RING) return ringbed_to_ring(ctx, frame);
  return ringbed_verdict(frame, way == RINGBED_KERNEL ? XDP_PASS : XDP_DROP);
}

// On to the next slot, or to the ring behind the last one. An empty slot is a miss: the frame
// goes to the kernel, which is where it would go without a classifier.
static __always_inline int ringbed_next(struct xdp_md* ctx, struct ringbed_frame* frame) {
  struct ringbed_settings* settings = ringbed_get_settings();
  __u32 next = frame->slot == RINGBED_ENTRY ? 0 : frame->slot + 1;
  if (!settings || next >= settings->stages) return ringbed_to_ring(ctx, frame);
  struct ringbed_stage* stage = ringbed_counter(frame->slot);
  if (stage) ringbed_end(frame, stage);
  frame->slot = next;
  bpf_tail_call(ctx, &ringbed_slots, next);
  stage = ringbed_counter(next);
  if (stage) {
    stage->misses++;
    stage->pass++;
  }
  return XDP_PASS;
}
