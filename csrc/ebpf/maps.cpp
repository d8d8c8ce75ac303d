#include "ebpf/maps.hpp"

#include <string>

#include "ebpf/map_factories.hpp"
#include "ebpf/map_storage.hpp"

namespace ringbed::ebpf {

namespace {

constexpr MapRow kMaps[] = {
    {MapType::hash, "hash", Takes::at_once, check_hash, make_hash},
    {MapType::array, "array", Takes::as_touched, check_array, make_array},
    {MapType::prog_array, "prog_array", Takes::at_once, check_prog_array, make_prog_array},
    {MapType::perf_event_array, "perf_event_array", Takes::at_once, check_perf_event_array,
     make_perf_event_array},
    {MapType::percpu_hash, "percpu_hash", Takes::at_once, check_hash, make_percpu_hash},
    {MapType::percpu_array, "percpu_array", Takes::as_touched, check_percpu_array,
     make_percpu_array},
    {MapType::lru_hash, "lru_hash", Takes::at_once, check_lru_hash, make_lru_hash},
    {MapType::lru_percpu_hash, "lru_percpu_hash", Takes::at_once, check_lru_hash,
     make_lru_percpu_hash},
    {MapType::lpm_trie, "lpm_trie", Takes::at_once, check_lpm_trie, make_lpm_trie},
    {MapType::array_of_maps, "array_of_maps", Takes::at_once, check_array_of_maps,
     make_array_of_maps},
    {MapType::hash_of_maps, "hash_of_maps", Takes::at_once, check_hash_of_maps, make_hash_of_maps},
    {MapType::devmap, "devmap", Takes::at_once, check_devmap, make_devmap},
    {MapType::cpumap, "cpumap", Takes::at_once, check_cpumap, make_cpumap},
    {MapType::xskmap, "xskmap", Takes::at_once, check_xskmap, make_xskmap},
    {MapType::queue, "queue", Takes::at_once, check_queue, make_queue},
    {MapType::stack, "stack", Takes::at_once, check_queue, make_stack},
    {MapType::devmap_hash, "devmap_hash", Takes::at_once, check_devmap, make_devmap_hash},
    {MapType::ringbuf, "ringbuf", Takes::as_touched, check_ringbuf, make_ringbuf},
    {MapType::bloom_filter, "bloom_filter", Takes::at_once, check_bloom_filter, make_bloom_filter},
};

}  // namespace

std::span<const MapRow> map_kinds() noexcept { return kMaps; }

const MapRow* find_map_kind(MapType type) noexcept {
  for (const MapRow& row : kMaps) {
    if (row.type == type) {
      return &row;
    }
  }
  return nullptr;
}

std::string map_kind_name(MapType type) {
  const MapRow* row = find_map_kind(type);
  return row != nullptr ? std::string(row->name)
                        : "type " + std::to_string(static_cast<std::uint32_t>(type));
}

std::string no_size_hint(const std::string& map) {
  return "the object leaves max_entries to its loader: --map " + map +
         "=ENTRIES, in a scenario classifier.maps: { " + map + ": { maxEntries: ENTRIES } }";
}

int check_array_sizes(const MapSpec& spec, std::uint32_t flags_allowed) {
  if (spec.max_entries == 0 || spec.key_size != 4 || spec.value_size == 0 ||
      (spec.flags & ~flags_allowed) != 0) {
    return -EINVAL;
  }
  return spec.value_size > 0x7fff'ffff ? -E2BIG : 0;
}

}  // namespace ringbed::ebpf
