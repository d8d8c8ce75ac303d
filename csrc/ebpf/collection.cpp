#include "ebpf/collection.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/endian.hpp"
#include "ebpf/core_relocation.hpp"

namespace ringbed::ebpf {

namespace {

bool wanted(const ProgramSpec& program, const CollectionOptions& options) {
  return options.only.empty()
             ? program.external.empty() && check_type(program, options.fallback_type)
             : std::ranges::find(options.only, program.name) != options.only.end();
}

bool needed(const ObjectSpec& object, std::size_t map, const CollectionOptions& options) {
  return std::ranges::any_of(object.programs, [&](const ProgramSpec& program) {
    return wanted(program, options) && refers_to(program, map);
  });
}

}  // namespace

base::Result<Collection> Collection::load(const ObjectSpec& object, Machine& machine,
                                          const CollectionOptions& options) {
  Collection collection;
  if (auto status = collection.add_maps(object, machine, options); !status) return status.error();
  if (auto status = collection.add_programs(object, machine, options); !status)
    return status.error();
  if (auto status = collection.fill_slots(object); !status) return status.error();
  return collection;
}

base::Status Collection::add_maps(const ObjectSpec& object, Machine& machine,
                                  const CollectionOptions& options) {
  for (std::size_t i = 0; i < object.maps.size(); ++i) {
    auto map = machine.add_map(object.maps[i]);
    if (!map && needed(object, i, options)) return map.error();
    maps_.push_back(map ? map.value() : nullptr);
  }
  return {};
}

base::Status Collection::add_programs(const ObjectSpec& object, Machine& machine,
                                      const CollectionOptions& options) {
  for (const ProgramSpec& spec : object.programs) {
    if (!wanted(spec, options)) continue;
    if (auto status = check_type(spec, options.fallback_type); !status) return status;
    if (!spec.external.empty()) {
      return base::Error{base::ErrorCode::invalid,
                         "program " + spec.name + " (section " + spec.section + ") needs " +
                             spec.external + ", which only a kernel has",
                         "it can run in the kernel only: --in kernel"};
    }
    std::vector<RawInstruction> code = spec.code;
    if (options.kernel != nullptr && !spec.core.empty()) {
      if (auto status = fit_to_kernel(code, spec.core, object.btf, *options.kernel); !status) {
        base::Error error = status.error();
        error.message =
            "program " + spec.name + " (section " + spec.section + "), " + error.message;
        return error;
      }
    }
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
    made->type = type_of(spec, options.fallback_type);
    made->lines = spec.lines;
    if (auto status = machine.compile(*made); !status) return status;
    programs_.push_back(std::move(made));
  }
  return {};
}

base::Status Collection::fill_slots(const ObjectSpec& object) {
  for (std::size_t i = 0; i < object.maps.size(); ++i) {
    if (maps_[i] == nullptr) continue;
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
    if (each != nullptr && each->spec().name == name) return each;
  }
  return nullptr;
}

std::uint64_t Collection::memory_bytes() const {
  std::uint64_t bytes = 0;
  for (const Map* each : maps_) {
    if (each != nullptr) bytes += each->memory_bytes();
  }
  return bytes;
}

}  // namespace ringbed::ebpf
