#include "ebpf/helpers.hpp"

#include "ebpf/helper_functions.hpp"

namespace ringbed::ebpf {

namespace {

// 12, tail_call, is an instruction of its own (calls.cpp).
constexpr HelperRow kHelpers[] = {
    {1, "map_lookup_elem", helper::map_lookup_elem},
    {2, "map_update_elem", helper::map_update_elem},
    {3, "map_delete_elem", helper::map_delete_elem},
    {5, "ktime_get_ns", helper::ktime_get_ns},
    {6, "trace_printk", helper::trace_printk},
    {7, "get_prandom_u32", helper::get_prandom_u32},
    {8, "get_smp_processor_id", helper::get_smp_processor_id},
    {9, "skb_store_bytes", helper::store_bytes},
    {10, "l3_csum_replace", helper::l3_csum_replace},
    {11, "l4_csum_replace", helper::l4_csum_replace},
    {23, "redirect", helper::redirect},
    {25, "perf_event_output", helper::perf_event_output},
    {26, "skb_load_bytes", helper::load_bytes, {.writes = true}},
    {28, "csum_diff", helper::csum_diff},
    {39, "skb_pull_data", helper::skb_pull_data},
    {40, "csum_update", helper::csum_update},
    {42, "get_numa_node_id", helper::get_numa_node_id},
    {44, "xdp_adjust_head", helper::xdp_adjust_head, {.moves_packet = true}},
    {51, "redirect_map", helper::redirect_map},
    {54, "xdp_adjust_meta", helper::xdp_adjust_meta, {.moves_packet = true}},
    {65, "xdp_adjust_tail", helper::xdp_adjust_tail, {.moves_packet = true}},
    {69, "fib_lookup", helper::fib_lookup, {.writes = true}},
    {87, "map_push_elem", helper::map_push_elem},
    {88, "map_pop_elem", helper::map_pop_elem, {.writes = true}},
    {89, "map_peek_elem", helper::map_peek_elem, {.writes = true}},
    {93, "spin_lock", helper::spin_lock},
    {94, "spin_unlock", helper::spin_unlock},
    {125, "ktime_get_boot_ns", helper::ktime_get_ns},
    {130, "ringbuf_output", helper::ringbuf_output},
    {131, "ringbuf_reserve", helper::ringbuf_reserve},
    {132, "ringbuf_submit", helper::ringbuf_submit},
    {133, "ringbuf_discard", helper::ringbuf_discard},
    {134, "ringbuf_query", helper::ringbuf_query},
    {152, "redirect_neigh", helper::redirect_neigh},
    {155, "redirect_peer", helper::redirect_peer},
    {160, "ktime_get_coarse_ns", helper::ktime_get_ns},
    {163, "check_mtu", helper::check_mtu, {.writes = true}},
    {164, "for_each_map_elem", helper::for_each_map_elem, {.calls_back = true}},
    {177, "trace_vprintk", helper::trace_vprintk},
    {181, "loop", helper::loop, {.calls_back = true}},
    {182, "strncmp", helper::strncmp},
    {188, "xdp_get_buff_len", helper::xdp_get_buff_len},
    {189, "xdp_load_bytes", helper::load_bytes, {.writes = true}},
    {190, "xdp_store_bytes", helper::store_bytes},
    {195, "map_lookup_percpu_elem", helper::map_lookup_percpu_elem},
    {208, "ktime_get_tai_ns", helper::ktime_get_ns},
};

}  // namespace

std::span<const HelperRow> helpers() noexcept { return kHelpers; }

std::string_view helper_name(std::uint32_t number) noexcept {
  for (const HelperRow& row : kHelpers) {
    if (row.number == number) {
      return row.name;
    }
  }
  return {};
}

HelperEffects helper_effects(std::uint32_t number) noexcept {
  if (number == kTailCallHelper) {
    return {};
  }
  for (const HelperRow& row : kHelpers) {
    if (row.number == number) {
      return row.effects;
    }
  }
  return {true, true, true};
}

}  // namespace ringbed::ebpf
