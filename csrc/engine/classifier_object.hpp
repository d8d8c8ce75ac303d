// A scenario's classifier as one specification for every world: the object with the plan's
// overrides applied, its entry, its stages in their slots, and what the stages are told. The
// simulator makes it real in the VM, the live worlds in the kernel; both read the same counters.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ebpf/object.hpp"
#include "engine/plan.hpp"
#include "engine/result.hpp"

namespace ringbed::engine {

// Names of stage.h that whoever loads an object looks for; an object may have none of them.
inline constexpr std::string_view kStageCounters = "ringbed_stages";
inline constexpr std::string_view kStageSettings = "ringbed_config";
inline constexpr std::string_view kGroups = "ringbed_groups";

// The kernel's budget of tail calls, hence of stages.
inline constexpr std::size_t kMostStages = 33;
// Slots above are not listed.
inline constexpr std::size_t kMostSlots = 1024;

struct ClassifierObject {
  std::string name;                // the file's, without its folder
  std::vector<std::uint8_t> file;  // what `spec` points into
  ebpf::ObjectSpec spec;
  ebpf::ProgramType fallback = ebpf::ProgramType::raw;
  std::string entry;
  // By slot, "" where none stands; of the scenario, or as the object has them.
  std::vector<std::string> stages;
};

// Reads the object and applies the plan. Errors: io, invalid (no such program, map or slot; which
// entry is meant; a program in use that no classifier is made of).
[[nodiscard]] base::Result<std::unique_ptr<ClassifierObject>> open_classifier(
    const ClassifierPlan& plan);
// The same of an object whose bytes are at hand; the plan's path is its name only.
[[nodiscard]] base::Result<std::unique_ptr<ClassifierObject>> open_classifier(
    const ClassifierPlan& plan, std::vector<std::uint8_t> file);

// The same, but an entry that is not clear is no error: it stays empty.
[[nodiscard]] base::Result<std::unique_ptr<ClassifierObject>> open_object(
    const ClassifierPlan& plan);

// The entry, and everything that stands in a slot.
[[nodiscard]] std::vector<std::string> used_programs(const ClassifierObject& object);

// Whether one of them does, by the helper's number.
[[nodiscard]] bool calls_helper(const ClassifierObject& object, std::int32_t helper);

// What to write into the maps of stage.h before the first frame.
struct MapEntry {
  std::string map;
  std::vector<std::uint8_t> key;
  std::vector<std::uint8_t> value;  // of one CPU
};
[[nodiscard]] std::vector<MapEntry> classifier_entries(const Plan& plan,
                                                       const ClassifierObject& object);

// Reads slot `index` of the map of that name, every CPU's value, one behind the other and rounded
// up to eight bytes; false when there is none.
using ReadSlot =
    std::function<bool(std::string_view map, std::uint32_t index, std::vector<std::uint8_t>& to)>;

// Whether the object keeps the counters of stage.h.
[[nodiscard]] bool counts_stages(const ClassifierObject& object);

// The stages' counters, the entry last. Empty when the object does not count.
[[nodiscard]] std::vector<ClassifierStage> classifier_stages(const ClassifierObject& object,
                                                             const ReadSlot& read);

// The entry alone, of an object that does not count: verdicts by slot (ebpf/verdict_counter.hpp),
// counted by somebody else. `type`: the entry's.
[[nodiscard]] ClassifierStage entry_stage(const ClassifierObject& object, ebpf::ProgramType type,
                                          std::span<const std::uint64_t> verdicts);

// "XDP_PASS", "TC_ACT_OK", ...; the number where it has no name.
[[nodiscard]] std::string verdict_name(ebpf::ProgramType type, std::uint32_t verdict);

// "xdp", "tc", "socket_filter"; raw for anything else.
[[nodiscard]] ebpf::ProgramType program_type_named(std::string_view name) noexcept;

}  // namespace ringbed::engine
