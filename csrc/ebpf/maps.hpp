// The table of map kinds, and how a specification becomes a map. A kind is one file map_<kind>.cpp
// with its check and its factory, and one row of maps.cpp.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "ebpf/map.hpp"

namespace ringbed::ebpf {

struct MapContext {
  Machine& machine;
  std::uint32_t cpus = 1;
};

// When a map takes the memory of its entries: as they are touched (its make checks their size; or
// it is sized in bytes), or at once, for an index of them all.
enum class Takes : std::uint8_t { as_touched, at_once };

struct MapRow {
  MapType type;
  std::string_view name;  // as in bpftool and in a specification
  Takes memory;
  // 0, or the negative errno that the kernel gives for BPF_MAP_CREATE with this specification.
  int (*check)(const MapSpec& spec);
  // Null when there is not enough memory.
  std::unique_ptr<Map> (*make)(MapSpec spec, const MapContext& context);
};

[[nodiscard]] std::span<const MapRow> map_kinds() noexcept;

// nullptr for a kind that there is no row for.
[[nodiscard]] const MapRow* find_map_kind(MapType type) noexcept;

// The kind's name, or "type N".
[[nodiscard]] std::string map_kind_name(MapType type);

// For an object that leaves max_entries to its loader: how its user says it.
[[nodiscard]] std::string no_size_hint(const std::string& map);

// Checks that several kinds share: a key of four bytes, no key, value limits.
[[nodiscard]] int check_array_sizes(const MapSpec& spec, std::uint32_t flags_allowed);

}  // namespace ringbed::ebpf
