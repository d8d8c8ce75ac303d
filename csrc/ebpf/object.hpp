// A BPF object file as a pure specification: programs, maps, license; nothing created yet. It can
// be changed (a map's size, a program's type) before a collection (collection.hpp) or the kernel
// makes something of it. This is the split of cilium/ebpf.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "ebpf/btf.hpp"
#include "ebpf/map.hpp"
#include "ebpf/program.hpp"

namespace ringbed::ebpf {

// A 64-bit immediate load that waits for a map: its handle, or the address of a byte of its one
// value (a global variable).
struct MapReference {
  std::uint32_t instruction = 0;
  std::uint32_t map = 0;  // index in ObjectSpec::maps
  bool value = false;
  std::uint32_t offset = 0;  // of the byte in the value
};

// Functions that the program calls follow it, their calls already resolved.
struct ProgramSpec {
  std::string name;
  std::string section;
  ProgramType type = ProgramType::raw;  // by the section's name; raw: unknown, set it
  bool fragments = false;               // xdp.frags: takes multi-buffer frames
  std::vector<RawInstruction> code;
  std::vector<MapReference> references;
  std::vector<SourceLine> lines;
};

struct ObjectSpec {
  std::string license;
  std::vector<MapSpec> maps;
  std::vector<ProgramSpec> programs;
  Btf btf;  // points into the file

  [[nodiscard]] const MapSpec* map(std::string_view name) const;
  [[nodiscard]] MapSpec* map(std::string_view name);
  [[nodiscard]] ProgramSpec* program(std::string_view name);
};

// `file` must outlive the specification. Errors are `invalid` and name the section.
[[nodiscard]] base::Result<ObjectSpec> read_object(base::ByteView file);

// What a section's name means ("xdp", "xdp/…", "tc", "classifier", "socket", …); raw if nothing.
[[nodiscard]] ProgramType program_type_of(std::string_view section) noexcept;

}  // namespace ringbed::ebpf
