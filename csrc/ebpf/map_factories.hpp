// Checks and factories of the map kinds, for the table in maps.cpp.
#pragma once

#include <memory>

#include "ebpf/maps.hpp"

namespace ringbed::ebpf {

using MapFactory = std::unique_ptr<Map>(MapSpec spec, const MapContext& context);
using MapCheck = int(const MapSpec& spec);

MapFactory make_array, make_percpu_array;  // map_array.cpp
MapCheck check_array, check_percpu_array;
MapFactory make_hash, make_percpu_hash, make_lru_hash, make_lru_percpu_hash;  // map_hash.cpp
MapCheck check_hash, check_lru_hash;
MapFactory make_lpm_trie;  // map_lpm_trie.cpp
MapCheck check_lpm_trie;
MapFactory make_prog_array;  // map_prog_array.cpp
MapCheck check_prog_array;
MapFactory make_array_of_maps, make_hash_of_maps;  // map_of_maps.cpp
MapCheck check_array_of_maps, check_hash_of_maps;
MapFactory make_devmap, make_devmap_hash, make_cpumap, make_xskmap;  // map_redirect.cpp
MapCheck check_devmap, check_cpumap, check_xskmap;
MapFactory make_queue, make_stack;  // map_queue.cpp
MapCheck check_queue;
MapFactory make_bloom_filter;  // map_bloom_filter.cpp
MapCheck check_bloom_filter;
MapFactory make_ringbuf;  // map_ringbuf.cpp
MapCheck check_ringbuf;
MapFactory make_perf_event_array;  // map_perf_event_array.cpp
MapCheck check_perf_event_array;

}  // namespace ringbed::ebpf
