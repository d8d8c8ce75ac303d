#include "ebpf/kernel_collection.hpp"

#include <algorithm>

#include "base/endian.hpp"
#include "ebpf/kernel_load.hpp"
#include "ebpf/kernel_syscall.hpp"

namespace ringbed::ebpf {

namespace {

// What libbpf does not read since 1.0, or crashes on: it fills in struct_ops maps although their
// programs, which are none of a classifier's, are not to be loaded.
bool beyond_libbpf(const ObjectSpec& object) {
  return object.legacy_maps || std::ranges::any_of(object.programs, [](const ProgramSpec& program) {
           return program.section.find("struct_ops") != std::string::npos;
         });
}

}  // namespace

base::Result<KernelCollection> KernelCollection::load(base::ByteView file, const ObjectSpec& object,
                                                      const KernelOptions& options) {
  return beyond_libbpf(object) ? load_directly(object, options)
                               : load_with_libbpf(file, object, options);
}

base::Result<std::vector<const ProgramSpec*>> programs_to_load(const ObjectSpec& object,
                                                               const KernelOptions& options) {
  std::vector<const ProgramSpec*> chosen;
  for (const std::string& name : options.only) {
    const ProgramSpec* program = object.program(name);
    if (program == nullptr) {
      return base::Error{base::ErrorCode::invalid, "the object has no program " + name, ""};
    }
    if (auto status = check_type(*program, options.fallback_type); !status) return status.error();
    chosen.push_back(program);
  }
  if (!options.only.empty()) return chosen;
  for (const ProgramSpec& program : object.programs) {
    if (check_type(program, options.fallback_type)) chosen.push_back(&program);
  }
  if (!chosen.empty()) return chosen;
  if (!object.programs.empty())
    return check_type(object.programs.front(), ProgramType::raw).error();
  return base::Error{base::ErrorCode::invalid, "the object has no program", ""};
}

const KernelProgram* KernelCollection::program(std::string_view name) const {
  for (const KernelProgram& each : programs_) {
    if (each.name() == name) return &each;
  }
  return nullptr;
}

const KernelMap* KernelCollection::map(std::string_view name) const {
  for (const KernelMap& each : maps_) {
    if (each.spec().name == name) return &each;
  }
  return nullptr;
}

std::uint64_t KernelCollection::memory_bytes() const {
  std::uint64_t bytes = 0;
  for (const KernelMap& each : maps_) {
    bytes += each.memory_bytes();
  }
  return bytes;
}

base::Status fill_prog_array(const KernelMap& array,
                             const std::vector<const KernelProgram*>& programs) {
  std::uint8_t key[4];
  std::uint8_t value[4];
  for (std::uint32_t slot = 0; slot < array.spec().max_entries; ++slot) {
    base::store_native(key, slot);
    const KernelProgram* program = slot < programs.size() ? programs[slot] : nullptr;
    if (program == nullptr) {
      array.remove(key);
      continue;
    }
    base::store_native(value, static_cast<std::uint32_t>(program->descriptor()));
    if (const int result = array.write(key, value, update_flag::any); result != 0) {
      return base::system_error(
          base::ErrorCode::invalid,
          "stage " + std::to_string(slot) + ", program " + program->name() + ": " +
              array.spec().name + " does not take it",
          -result,
          result == -EINVAL
              ? "every stage must be of the entry's type: all in sections xdp, or all "
                "in xdp.frags, or all in tc"
              : "");
    }
  }
  return {};
}

base::Status KernelCollection::fill_slots() const {
  for (const KernelMap& map : maps_) {
    if (map.spec().type != MapType::prog_array) continue;
    std::vector<const KernelProgram*> programs;
    for (const InitialSlot& slot : map.spec().slots) {
      if (slot.index >= map.spec().max_entries) continue;
      programs.resize(std::max<std::size_t>(programs.size(), slot.index + 1));
      programs[slot.index] = program(slot.target);
    }
    if (auto status = fill_prog_array(map, programs); !status) return status;
  }
  return {};
}

}  // namespace ringbed::ebpf
