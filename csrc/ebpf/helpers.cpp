#include "ebpf/helpers.hpp"

#include <algorithm>
#include <iterator>

#include "ebpf/helper_functions.hpp"

namespace ringbed::ebpf {

namespace {

// Named as the kernel names them (helper_names.cpp). 12, tail_call, is an instruction of its own
// (calls.cpp).
constexpr HelperRow kHelpers[] = {
    {1, helper::map_lookup_elem},
    {2, helper::map_update_elem},
    {3, helper::map_delete_elem},
    {5, helper::ktime_get_ns},
    {6, helper::trace_printk},
    {7, helper::get_prandom_u32},
    {8, helper::get_smp_processor_id},
    {9, helper::store_bytes},
    {10, helper::l3_csum_replace},
    {11, helper::l4_csum_replace},
    {13, helper::clone_redirect},
    {18, helper::skb_vlan_push, {.moves_packet = true}},
    {19, helper::skb_vlan_pop, {.moves_packet = true}},
    {23, helper::redirect},
    {25, helper::perf_event_output},
    {26, helper::load_bytes, {.writes = true}},
    {28, helper::csum_diff},
    {31, helper::skb_change_proto, {.moves_packet = true}},
    {32, helper::skb_change_type},
    {34, helper::get_hash_recalc},
    {38, helper::skb_change_tail, {.moves_packet = true}},
    {39, helper::skb_pull_data},
    {40, helper::csum_update},
    {41, helper::set_hash_invalid},
    {42, helper::get_numa_node_id},
    {43, helper::skb_change_head, {.moves_packet = true}},
    {44, helper::xdp_adjust_head, {.moves_packet = true}},
    {48, helper::set_hash},
    {50, helper::skb_adjust_room, {.moves_packet = true}},
    {51, helper::redirect_map},
    {54, helper::xdp_adjust_meta, {.moves_packet = true}},
    {65, helper::xdp_adjust_tail, {.moves_packet = true}},
    {68, helper::skb_load_bytes_relative, {.writes = true}},
    {69, helper::fib_lookup, {.writes = true}},
    {87, helper::map_push_elem},
    {88, helper::map_pop_elem, {.writes = true}},
    {89, helper::map_peek_elem, {.writes = true}},
    {93, helper::spin_lock},
    {94, helper::spin_unlock},
    {97, helper::skb_ecn_set_ce},
    {105, helper::strtol, {.writes = true}},
    {106, helper::strtoul, {.writes = true}},
    {118, helper::jiffies64},
    {125, helper::ktime_get_ns},
    {130, helper::ringbuf_output},
    {131, helper::ringbuf_reserve},
    {132, helper::ringbuf_submit},
    {133, helper::ringbuf_discard},
    {134, helper::ringbuf_query},
    {152, helper::redirect_neigh},
    {155, helper::redirect_peer},
    {160, helper::ktime_get_ns},
    {163, helper::check_mtu, {.writes = true}},
    {164, helper::for_each_map_elem, {.calls_back = true}},
    {165, helper::snprintf, {.writes = true}},
    {177, helper::trace_vprintk},
    {181, helper::loop, {.calls_back = true}},
    {182, helper::strncmp},
    {188, helper::xdp_get_buff_len},
    {189, helper::load_bytes, {.writes = true}},
    {190, helper::store_bytes},
    {195, helper::map_lookup_percpu_elem},
    {197, helper::dynptr_from_mem, {.writes = true}},
    {198, helper::ringbuf_reserve_dynptr, {.writes = true}},
    {199, helper::ringbuf_submit_dynptr, {.writes = true}},
    {200, helper::ringbuf_discard_dynptr, {.writes = true}},
    {201, helper::dynptr_read, {.writes = true}},
    {202, helper::dynptr_write, {.writes = true}},
    {203, helper::dynptr_data},
    {208, helper::ktime_get_ns},
};

}  // namespace

std::span<const HelperRow> helpers() noexcept { return kHelpers; }

const HelperRow* find_helper(std::uint32_t number) noexcept {
  const auto row = std::ranges::lower_bound(kHelpers, number, {}, &HelperRow::number);
  return row != std::end(kHelpers) && row->number == number ? row : nullptr;
}

HelperEffects helper_effects(std::uint32_t number) noexcept {
  if (number == kTailCallHelper) {
    return {};
  }
  if (const HelperRow* row = find_helper(number)) return row->effects;
  return {true, true, true};
}

}  // namespace ringbed::ebpf
