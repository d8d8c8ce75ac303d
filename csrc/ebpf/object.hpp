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
  std::string external;  // a symbol that it needs and only a kernel has (a kfunc); empty: none
  std::vector<RawInstruction> code;
  std::vector<MapReference> references;
  std::vector<SourceLine> lines;
  std::vector<CoreRelocation> core;  // see core_relocation.hpp
};

struct ObjectSpec {
  std::string license;
  bool legacy_maps = false;  // SEC("maps") with struct bpf_map_def, which libbpf 1.0 no more reads
  std::vector<MapSpec> maps;
  std::vector<ProgramSpec> programs;
  Btf btf;  // points into the file

  [[nodiscard]] const MapSpec* map(std::string_view name) const;
  [[nodiscard]] MapSpec* map(std::string_view name);
  [[nodiscard]] const ProgramSpec* program(std::string_view name) const;
  [[nodiscard]] ProgramSpec* program(std::string_view name);
};

// Whether the code of `program` refers to map `map` (index) of its object.
[[nodiscard]] bool refers_to(const ProgramSpec& program, std::size_t map) noexcept;

// Adds the programs that the slots of the object's prog_arrays name, each once.
void add_slot_programs(const ObjectSpec& object, std::vector<std::string>& names);

// `file` must outlive the specification. Errors are `invalid` and name the section.
[[nodiscard]] base::Result<ObjectSpec> read_object(base::ByteView file);

// What a section's name means ("xdp", "xdp/…", "tc", "classifier", "socket", …); raw if nothing. A
// '?' in front (the loader is to load it only when asked) means nothing here: everything is asked
// for.
[[nodiscard]] ProgramType program_type_of(std::string_view section) noexcept;

// The type that a program is loaded as: `fallback` where its section does not say.
[[nodiscard]] ProgramType type_of(const ProgramSpec& program, ProgramType fallback) noexcept;

// Whether a program is of a type that classifiers are made of. Error: invalid, with what to do.
[[nodiscard]] base::Status check_type(const ProgramSpec& program, ProgramType fallback);

}  // namespace ringbed::ebpf
