// Maps of a machine.
#include <cstring>
#include <string>
#include <utility>

#include "ebpf/machine.hpp"
#include "ebpf/maps.hpp"

namespace ringbed::ebpf {

namespace {

bool too_large(const MapRow& row, const MapSpec& spec) noexcept {
  constexpr std::uint64_t kIndexBytes = 16;  // an entry, about
  const std::uint64_t entry = std::uint64_t{spec.key_size} + spec.value_size + kIndexBytes;
  return row.memory == Takes::at_once && entry * spec.max_entries > kRegionMaxBytes;
}

}  // namespace

base::Result<Map*> Machine::add_map(MapSpec spec) {
  const std::string name = "map " + spec.name;
  const MapRow* row = find_map_kind(spec.type);
  if (row == nullptr) {
    std::string known;
    for (const MapRow& each : map_kinds()) {
      known += (known.empty() ? "" : ", ") + std::string(each.name);
    }
    return base::Error{base::ErrorCode::invalid,
                       name + ": " + map_kind_name(spec.type) + " is not supported", known};
  }
  if (const int fault = row->check(spec); fault != 0) {
    return base::Error{base::ErrorCode::invalid,
                       name + ": a " + std::string(row->name) + " with key_size " +
                           std::to_string(spec.key_size) + ", value_size " +
                           std::to_string(spec.value_size) + ", max_entries " +
                           std::to_string(spec.max_entries) + ", flags " +
                           std::to_string(spec.flags) + ": " + std::strerror(-fault),
                       spec.max_entries == 0 ? no_size_hint(spec.name) : ""};
  }
  auto map =
      too_large(*row, spec) ? nullptr : row->make(std::move(spec), {*this, environment_.cpus});
  if (map == nullptr) {
    return base::Error{base::ErrorCode::resource, name + " is too large",
                       "the virtual machine's maps take up to 2 GiB each"};
  }
  map->number_ = map_count();
  maps_.push_back(std::move(map));
  return maps_.back().get();
}

}  // namespace ringbed::ebpf
