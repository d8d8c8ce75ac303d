// An object's specification made real in a machine: its maps exist, its programs are decoded and
// their references resolved, prog_arrays and maps of maps are filled as the object says.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ebpf/decode.hpp"
#include "ebpf/kernel_types.hpp"
#include "ebpf/machine.hpp"
#include "ebpf/object.hpp"

namespace ringbed::ebpf {

struct CollectionOptions {
  DecodeOptions decode{CpuVersion::v4, Mode::isa};
  // For sections whose name says nothing.
  ProgramType fallback_type = ProgramType::raw;
  // Names of the programs to load. Empty: all whose type is known and that need no kernel.
  std::vector<std::string> only;
  // What CO-RE relocations are fitted to. nullptr: they stay as the compiler took them for.
  const KernelTypes* kernel = nullptr;
};

class Collection {
 public:
  // Adds to `machine`, which must outlive the collection; programs are compiled when its engine is
  // the JIT. Change `object` before for overrides.
  [[nodiscard]] static base::Result<Collection> load(const ObjectSpec& object, Machine& machine,
                                                     const CollectionOptions& options = {});

  // nullptr when there is none of that name.
  [[nodiscard]] const Program* program(std::string_view name) const;
  [[nodiscard]] Map* map(std::string_view name) const;
  [[nodiscard]] const std::vector<std::unique_ptr<Program>>& programs() const { return programs_; }
  // What the kernel would charge for all maps.
  [[nodiscard]] std::uint64_t memory_bytes() const;

 private:
  base::Status add_maps(const ObjectSpec& object, Machine& machine,
                        const CollectionOptions& options);
  base::Status add_programs(const ObjectSpec& object, Machine& machine,
                            const CollectionOptions& options);
  base::Status fill_slots(const ObjectSpec& object);

  std::vector<Map*> maps_;  // as in the object; nullptr: cannot be made, and nothing needs it
  std::vector<std::unique_ptr<Program>> programs_;
};

}  // namespace ringbed::ebpf
