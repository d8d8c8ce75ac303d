// The helpers' functions, for the table in helpers.cpp. Each reads r1 to r5 of the state.
#pragma once

#include <cstdint>

namespace ringbed::ebpf {

class Machine;
struct State;

namespace helper {

using Function = std::uint64_t(Machine& machine, State& state);

// What a helper returns for -ENOENT and the like.
[[nodiscard]] constexpr std::uint64_t error(int negative_errno) noexcept {
  return static_cast<std::uint64_t>(std::int64_t{negative_errno});
}

// Whether r1 is the program's context, for helpers on packets; refuses where it is not.
[[nodiscard]] bool context_given(State& state);
// The same for helpers that only a socket buffer has.
[[nodiscard]] bool skb_given(Machine& machine, State& state);

// Ends a helper that may have changed a socket buffer: its result, 0 or a negative errno.
[[nodiscard]] std::uint64_t skb_changed(Machine& machine, State& state, int result);
inline constexpr int kBehindTheFrame = 1;  // a result: Packet::open_gap was false

Function ktime_get_ns, jiffies64, get_prandom_u32, get_smp_processor_id,
    get_numa_node_id;  // helpers_environment.cpp
Function map_lookup_elem, map_lookup_percpu_elem, map_update_elem, map_delete_elem, map_push_elem,
    map_pop_elem, map_peek_elem, for_each_map_elem, spin_lock, spin_unlock,
    loop;  // helpers_map.cpp
Function redirect, redirect_neigh, redirect_peer, redirect_map, xdp_adjust_head, xdp_adjust_tail,
    xdp_adjust_meta, xdp_get_buff_len, load_bytes, store_bytes, skb_pull_data, check_mtu, csum_diff,
    csum_update, l3_csum_replace, l4_csum_replace;  // helpers_packet.cpp
Function skb_change_type, get_hash_recalc, set_hash_invalid, set_hash, clone_redirect,
    skb_load_bytes_relative, skb_ecn_set_ce;                                   // helpers_skb.cpp
Function skb_vlan_push, skb_vlan_pop;                                          // helpers_vlan.cpp
Function skb_change_tail, skb_change_head, skb_adjust_room, skb_change_proto;  // helpers_room.cpp
Function ringbuf_output, ringbuf_reserve, ringbuf_submit, ringbuf_discard, ringbuf_query,
    perf_event_output;  // helpers_events.cpp
Function fib_lookup;    // helpers_fib.cpp
Function dynptr_from_mem, dynptr_read, dynptr_write, dynptr_data, ringbuf_reserve_dynptr,
    ringbuf_submit_dynptr, ringbuf_discard_dynptr;        // helpers_dynptr.cpp
Function trace_printk, trace_vprintk, snprintf, strncmp;  // helpers_text.cpp
Function strtol, strtoul;                                 // helpers_number.cpp

}  // namespace helper
}  // namespace ringbed::ebpf
