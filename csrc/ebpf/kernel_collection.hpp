// An object's specification made real in the kernel: the counterpart of Collection (collection.hpp)
// with the same overrides (whoever changes the ObjectSpec changes both) and the same look-ups.
// libbpf does the work of loading (BTF, CO-RE, map initialisers), found at run time, so that the
// addon also starts where it is not installed; objects that it no longer reads are loaded by system
// calls (kernel_load.hpp). What is loaded is held by plain descriptors and is
// gone with them. Nothing is pinned unless pin() is called, whatever the object asks for.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "ebpf/kernel_map.hpp"
#include "ebpf/kernel_program.hpp"
#include "ebpf/object.hpp"

namespace ringbed::ebpf {

// A map that is there already and takes the place of the object's map of that name.
struct MapReuse {
  std::string name;
  int descriptor = -1;
};

struct KernelOptions {
  // For sections whose name says nothing. raw: programs in them are not loaded.
  ProgramType fallback_type = ProgramType::raw;
  // Names of the programs to load, and what the file's own prog_array slots name. Empty: all whose
  // type is known.
  std::vector<std::string> only;
  std::vector<MapReuse> reuse;
  // A VerdictCounter's descriptor: XDP and TC programs count what they return. -1: they are left
  // as they are.
  int verdicts = -1;
  // Where the whole log of a refused program goes; empty: the folder for temporary files.
  std::string log_folder;
  // Names of the programs that count; empty: all do.
  std::vector<std::string> counting;

  [[nodiscard]] bool counts(const std::string& program) const {
    return verdicts >= 0 && (counting.empty() || std::find(counting.begin(), counting.end(),
                                                           program) != counting.end());
  }
};

class KernelCollection {
 public:
  KernelCollection(std::vector<KernelProgram> programs, std::vector<KernelMap> maps)
      : programs_(std::move(programs)), maps_(std::move(maps)) {}

  // `object` is what read_object(file) gave, perhaps changed. Errors: invalid (the verifier refuses
  // a program: which line, why, what helps, where the whole log is; a map that the kernel does not
  // make), unavailable (no libbpf, no privilege, a kernel that is too old), resource.
  [[nodiscard]] static base::Result<KernelCollection> load(base::ByteView file,
                                                           const ObjectSpec& object,
                                                           const KernelOptions& options = {});

  // nullptr when there is none of that name.
  [[nodiscard]] const KernelProgram* program(std::string_view name) const;
  [[nodiscard]] const KernelMap* map(std::string_view name) const;
  [[nodiscard]] const std::vector<KernelProgram>& programs() const { return programs_; }
  [[nodiscard]] const std::vector<KernelMap>& maps() const { return maps_; }
  // What the kernel charges for all maps.
  [[nodiscard]] std::uint64_t memory_bytes() const;

  // Makes every prog_array hold what the slots of its specification name, and nothing else.
  [[nodiscard]] base::Status fill_slots() const;

 private:
  std::vector<KernelProgram> programs_;
  std::vector<KernelMap> maps_;
};

// Makes `array` hold these programs by slot (nullptr: empty), and nothing else.
[[nodiscard]] base::Status fill_prog_array(const KernelMap& array,
                                           const std::vector<const KernelProgram*>& programs);

// "" when libbpf is there, else what to install.
[[nodiscard]] std::string libbpf_refusal();
// "v1.1"; "" when it is not there.
[[nodiscard]] std::string libbpf_version();

}  // namespace ringbed::ebpf
