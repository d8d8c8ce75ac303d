// The maps of an object: BTF-defined (.maps), legacy (maps), and global variables.
#pragma once

#include <vector>

#include "base/result.hpp"
#include "ebpf/btf.hpp"
#include "ebpf/elf.hpp"
#include "ebpf/map.hpp"

namespace ringbed::ebpf {

// A map and the bytes of the section that stand for it, for relocations.
struct ObjectMap {
  MapSpec spec{};
  std::uint32_t section = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  bool variables = false;  // a section of global variables: a reference is to its value
};

[[nodiscard]] base::Result<std::vector<ObjectMap>> read_maps(const Elf& file, const Btf& btf);

// The map that owns `offset` of `section`, or nullptr.
[[nodiscard]] const ObjectMap* find_map(const std::vector<ObjectMap>& maps, std::uint32_t section,
                                        std::uint64_t offset);

}  // namespace ringbed::ebpf
