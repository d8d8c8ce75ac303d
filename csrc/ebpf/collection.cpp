#include "ebpf/collection.hpp"

#include <cstring>
#include <utility>

#include "base/endian.hpp"

namespace ringbed::ebpf {

base::Result<Collection> Collection::load(const ObjectSpec& object, Machine& machine,
                                          const CollectionOptions& options) {
  Collection collection;
  if (auto status = collection.add_maps(object, machine); !status) return status.error();
  if (auto status = collection.add_programs(object, machine, options); !status)
    return status.error();
  if (auto status = collection.fill_slots(object); !status) return status.error();
  return collection;
}

base::Status Collection::add_maps(const ObjectSpec& object, Machine& machine) {
  for (const MapSpec& spec : object.maps) {
    auto map = machine.add_map(spec);
    if (!map) return map.error();
    maps_.push_back(map.value());
  }
  return {};
}

base::Status Collection::add_programs(const ObjectSpec& object, Machine& machine,
                                      const CollectionOptions& options) {
  for (const ProgramSpec& spec : object.programs) {
    std::vector<RawInstruction> code = spec.code;
    for (const MapReference& reference : spec.references) {
      Map* map = maps_[reference.map];
      std::uint64_t value = handle(kMapHandle, map->number());
      if (reference.value) {
        const std::uint8_t first[4] = {};
        value = map->find(first, 0) + reference.offset;
      }
      code[reference.instruction].src = pseudo::imm64;
      code[reference.instruction].imm = static_cast<std::int32_t>(value);
      code[reference.instruction + 1].imm = static_cast<std::int32_t>(value >> 32);
    }
    auto program = decode(std::move(code), options.decode);
    if (!program) {
      base::Error error = program.error();
      error.message = "program " + spec.name + " (section " + spec.section + "): " + error.message;
      return error;
    }
    auto made = std::make_unique<Program>(std::move(program).value());
    made->name = spec.name;
    made->type = spec.type == ProgramType::raw ? options.fallback_type : spec.type;
    made->lines = spec.lines;
    if (made->type == ProgramType::raw) {
      return base::Error{base::ErrorCode::invalid,
                         "program " + spec.name + ": the name of section " + spec.section +
                             " does not say what type of program it is",
                         "name a type for it: xdp, tc or socket_filter"};
    }
    if (auto status = machine.compile(*made); !status) return status;
    programs_.push_back(std::move(made));
  }
  return {};
}

base::Status Collection::fill_slots(const ObjectSpec& object) {
  for (std::size_t i = 0; i < object.maps.size(); ++i) {
    // A hostile object may initialise a map that is not indexed by a word and does not hold one.
    const MapSpec& spec = maps_[i]->spec();
    const bool indexed = spec.key_size == 4 && spec.value_size == 4;
    for (const InitialSlot& slot : object.maps[i].slots) {
      int result = -EINVAL;
      if (const Program* target = program(slot.target); target != nullptr) {
        result = maps_[i]->set_program(slot.index, target);
      } else if (const Map* inner = map(slot.target); inner != nullptr && indexed) {
        std::uint8_t key[4];
        std::uint8_t value[4];
        base::store_native(key, slot.index);
        base::store_native(value, inner->number());
        result = maps_[i]->write(key, value, update_flag::any);
      }
      if (result != 0) {
        return base::Error{base::ErrorCode::invalid,
                           "map " + object.maps[i].name + ", slot " + std::to_string(slot.index) +
                               ": " + slot.target + ": " + std::strerror(-result),
                           ""};
      }
    }
  }
  return {};
}

const Program* Collection::program(std::string_view name) const {
  for (const auto& each : programs_) {
    if (each->name == name) return each.get();
  }
  return nullptr;
}

Map* Collection::map(std::string_view name) const {
  for (Map* each : maps_) {
    if (each->spec().name == name) return each;
  }
  return nullptr;
}

std::uint64_t Collection::memory_bytes() const {
  std::uint64_t bytes = 0;
  for (const Map* each : maps_) {
    bytes += each->memory_bytes();
  }
  return bytes;
}

}  // namespace ringbed::ebpf
