#include "engine/classifier_object.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "base/endian.hpp"
#include "ebpf/kernel_syscall.hpp"
#include "ebpf/verdict_counter.hpp"

namespace ringbed::engine {

namespace {

using base::Error;
using base::ErrorCode;
using ebpf::MapSpec;
using ebpf::MapType;
using ebpf::ObjectSpec;
using ebpf::ProgramType;

// struct ringbed_stage: eight counters; the entry's slot lies behind the last stage's.
constexpr std::size_t kCounters = 8;
constexpr std::uint32_t kEntrySlot = kMostStages;

Error invalid(std::string message, std::string hint = "") {
  return {ErrorCode::invalid, std::move(message), std::move(hint)};
}

std::string program_names(const ObjectSpec& spec) {
  std::string names;
  for (const auto& program : spec.programs) {
    names += (names.empty() ? "" : ", ") + program.name;
  }
  return names;
}

base::Result<std::vector<std::uint8_t>> read_file(const std::string& path) {
  constexpr std::size_t kMostBytes = std::size_t{64} << 20;
  const auto refuse = [&](const std::string& why) {
    return Error{ErrorCode::io, "the classifier's object " + path + " cannot be read: " + why, ""};
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             std::fclose);
  if (file == nullptr) return refuse(std::strerror(errno));
  std::vector<std::uint8_t> bytes;
  std::array<std::uint8_t, 65536> part{};
  while (const std::size_t count = std::fread(part.data(), 1, part.size(), file.get())) {
    bytes.insert(bytes.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(count));
    if (bytes.size() > kMostBytes) return refuse("it has more than 64 MiB");
  }
  if (std::ferror(file.get()) != 0) return refuse(std::strerror(errno));
  return bytes;
}

base::Status apply_sizes(const ClassifierPlan& plan, ObjectSpec& spec) {
  for (const auto& size : plan.maps) {
    MapSpec* map = spec.map(size.name);
    if (map == nullptr) {
      std::string names;
      for (const MapSpec& each : spec.maps) {
        names += (names.empty() ? "" : ", ") + each.name;
      }
      return invalid("classifier.maps: the object has no map " + size.name, "its maps: " + names);
    }
    map->max_entries = size.max_entries;
  }
  // What every loader does for an object that leaves this to it.
  for (MapSpec& map : spec.maps) {
    if (map.type == MapType::perf_event_array && map.max_entries == 0) {
      map.max_entries = ebpf::possible_cpus();
    }
  }
  return {};
}

// The map that the stages go into; nullptr and no error when there are no stages.
base::Result<MapSpec*> find_slots(const ClassifierPlan& plan, ObjectSpec& spec) {
  if (!plan.prog_array.empty()) {
    MapSpec* map = spec.map(plan.prog_array);
    if (map == nullptr || map->type != MapType::prog_array) {
      return invalid("classifier.progArray: the object has no prog_array " + plan.prog_array);
    }
    return map;
  }
  MapSpec* only = nullptr;
  for (MapSpec& map : spec.maps) {
    if (map.type == MapType::prog_array) {
      if (only != nullptr && !plan.stages.empty()) {
        return invalid("the object has several prog_arrays: " + only->name + ", " + map.name,
                       "name one: classifier.progArray: " + only->name);
      }
      only = &map;
    }
  }
  if (only == nullptr && !plan.stages.empty()) {
    return invalid("classifier.stages: the object has no prog_array to put stages into");
  }
  return only;
}

base::Status fill_slots(const ClassifierPlan& plan, ObjectSpec& spec, MapSpec& slots) {
  if (plan.stages.size() > slots.max_entries) {
    return invalid("classifier.stages: there is no slot " + std::to_string(plan.stages.size() - 1) +
                       ", " + slots.name + " has " + std::to_string(slots.max_entries),
                   "slots count from 0; classifier.maps can make it larger");
  }
  slots.slots.clear();
  for (std::uint32_t slot = 0; slot < plan.stages.size(); ++slot) {
    if (plan.stages[slot].empty()) continue;
    if (spec.program(plan.stages[slot]) == nullptr) {
      return invalid("classifier.stages: the object has no program " + plan.stages[slot],
                     "its programs: " + program_names(spec));
    }
    slots.slots.push_back({slot, plan.stages[slot]});
  }
  return {};
}

// The named program; else the only one that stands in no slot of any prog_array.
base::Result<std::string> find_entry(const ClassifierPlan& plan, ObjectSpec& spec) {
  if (!plan.program.empty()) {
    if (spec.program(plan.program) != nullptr) return plan.program;
    return invalid("classifier.program: the object has no program " + plan.program,
                   "its programs: " + program_names(spec));
  }
  // Of a convention of ours, and of most objects with one program.
  if (spec.program("classifier") != nullptr) return std::string("classifier");
  std::vector<std::string> candidates;
  for (const auto& program : spec.programs) {
    if (program.type == ProgramType::foreign) continue;
    const bool is_stage = std::any_of(spec.maps.begin(), spec.maps.end(), [&](const MapSpec& map) {
      return std::any_of(map.slots.begin(), map.slots.end(),
                         [&](const auto& slot) { return slot.target == program.name; });
    });
    if (!is_stage) candidates.push_back(program.name);
  }
  if (candidates.size() == 1) return candidates[0];
  return invalid(
      spec.programs.empty() ? "the object has no program"
                            : "which program is the entry is not clear",
      spec.programs.empty()
          ? ""
          : "name it, --program NAME or a scenario's classifier.program: " + program_names(spec));
}

template <typename T>
void put(std::vector<std::uint8_t>& bytes, std::size_t at, T value) {
  base::store_native(bytes.data() + at, value);
}

// struct ringbed_settings
std::vector<std::uint8_t> settings(const Plan& plan, std::size_t stages, bool timed) {
  const StageOptions& options = plan.classifier.options;
  std::vector<std::uint8_t> bytes(64);
  put(bytes, 0, static_cast<std::uint32_t>(stages));
  put(bytes, 4, std::uint32_t{timed});
  const device::Endpoint& target = plan.device.target;
  std::copy_n(target.ip.bytes.begin(), target.ip.length, bytes.begin() + 8);
  put(bytes, 24, std::uint32_t{target.ip.length});
  put(bytes, 28, target.port);
  put(bytes, 30, std::uint16_t{plan.device.protocol});
  put(bytes, 32, static_cast<std::uint32_t>(options.match));
  put(bytes, 36, static_cast<std::uint32_t>(options.otherwise));
  const double gap_ns = options.limit_pps > 0.0 ? std::max(1.0, 1e9 / options.limit_pps) : 0.0;
  put(bytes, 40, static_cast<std::uint64_t>(std::llround(gap_ns)));
  put(bytes, 48, std::uint64_t{options.limit_burst});
  put(bytes, 56, options.sample_every);
  put(bytes, 60, std::uint32_t{plan.device.little_endian});
  return bytes;
}

std::vector<std::uint8_t> native_word(std::uint32_t value) {
  std::vector<std::uint8_t> bytes(4);
  put(bytes, 0, value);
  return bytes;
}

void add_count(std::vector<NamedCount>& counts, const char* name, std::uint64_t count) {
  if (count != 0) {
    counts.push_back({name, count});
  }
}

// The object of those bytes with the plan applied; an entry that is not clear stays empty.
base::Result<std::unique_ptr<ClassifierObject>> make_object(const ClassifierPlan& plan,
                                                            std::vector<std::uint8_t> file) {
  auto object = std::make_unique<ClassifierObject>();
  object->file = std::move(file);
  object->name = plan.object.substr(plan.object.rfind('/') + 1);
  auto spec = ebpf::read_object(object->file);
  if (!spec) {
    return Error{spec.error().code, object->name + ": " + spec.error().message, spec.error().hint};
  }
  object->spec = std::move(spec).value();
  object->fallback = program_type_named(plan.type);
  for (auto& program : object->spec.programs) {
    if (program.type == ProgramType::raw) program.type = object->fallback;
  }
  if (auto status = apply_sizes(plan, object->spec); !status) return status.error();
  auto slots = find_slots(plan, object->spec);
  if (!slots) return slots.error();
  if (slots.value() != nullptr && !plan.stages.empty()) {
    if (auto status = fill_slots(plan, object->spec, *slots.value()); !status) {
      return status.error();
    }
  }
  if (slots.value() != nullptr) {
    for (const auto& slot : slots.value()->slots) {
      if (slot.index >= kMostSlots) continue;
      object->stages.resize(std::max<std::size_t>(object->stages.size(), slot.index + 1));
      object->stages[slot.index] = slot.target;
    }
  }
  if (auto entry = find_entry(plan, object->spec); entry.ok()) {
    object->entry = std::move(entry).value();
  }
  return object;
}

}  // namespace

base::Result<std::unique_ptr<ClassifierObject>> open_classifier(const ClassifierPlan& plan) {
  auto file = read_file(plan.object);
  if (!file) return file.error();
  return open_classifier(plan, std::move(file).value());
}

base::Result<std::unique_ptr<ClassifierObject>> open_classifier(const ClassifierPlan& plan,
                                                                std::vector<std::uint8_t> file) {
  auto object = make_object(plan, std::move(file));
  if (!object) return object;
  auto entry = find_entry(plan, object.value()->spec);
  if (!entry) return entry.error();
  for (const std::string& name : used_programs(*object.value())) {
    const auto status = ebpf::check_type(*object.value()->spec.program(name), ProgramType::raw);
    if (!status) {
      return Error{status.error().code, object.value()->name + ": " + status.error().message,
                   status.error().hint};
    }
  }
  return object;
}

base::Result<std::unique_ptr<ClassifierObject>> open_object(const ClassifierPlan& plan) {
  auto file = read_file(plan.object);
  if (!file) return file.error();
  return make_object(plan, std::move(file).value());
}

std::vector<std::string> used_programs(const ClassifierObject& object) {
  std::vector<std::string> names = {object.entry};
  ebpf::add_slot_programs(object.spec, names);
  return names;
}

bool calls_helper(const ClassifierObject& object, std::int32_t helper) {
  return std::ranges::any_of(used_programs(object), [&](const std::string& name) {
    const ebpf::ProgramSpec* program = object.spec.program(name);
    return program != nullptr &&
           std::ranges::any_of(program->code, [&](const ebpf::RawInstruction& in) {
             return in.opcode == ebpf::kCall && in.src == ebpf::pseudo::helper_call &&
                    in.imm == helper;
           });
  });
}

std::vector<MapEntry> classifier_entries(const Plan& plan, const ClassifierObject& object) {
  std::vector<MapEntry> entries;
  const auto holds = [&](std::string_view name, std::uint32_t key, std::uint32_t value) {
    const MapSpec* map = object.spec.map(name);
    return map != nullptr && map->key_size == key && map->value_size == value;
  };
  if (holds(kStageSettings, 4, 64)) {
    const bool timed = plan.world != Plan::World::sim;  // virtual time stands still in a program
    entries.push_back(
        {std::string(kStageSettings), native_word(0), settings(plan, object.stages.size(), timed)});
  }
  if (holds(kGroups, 16, 8)) {
    for (const device::IpAddress& group : plan.device.join) {
      entries.push_back({std::string(kGroups),
                         {group.bytes.begin(), group.bytes.end()},
                         std::vector<std::uint8_t>(8)});
    }
  }
  return entries;
}

bool counts_stages(const ClassifierObject& object) {
  const MapSpec* counters = object.spec.map(kStageCounters);
  return counters != nullptr && counters->value_size == kCounters * 8 &&
         counters->max_entries > kEntrySlot;
}

std::vector<ClassifierStage> classifier_stages(const ClassifierObject& object,
                                               const ReadSlot& read) {
  if (!counts_stages(object)) return {};
  std::vector<ClassifierStage> rows;
  std::vector<std::uint8_t> bytes;
  const auto add = [&](std::uint32_t slot, const std::string& name) {
    if (!read(kStageCounters, slot, bytes)) return;
    std::array<std::uint64_t, kCounters> sum{};
    for (std::size_t at = 0; at + kCounters * 8 <= bytes.size(); at += kCounters * 8) {
      for (std::size_t i = 0; i < kCounters; ++i) {
        sum[i] += base::load_native<std::uint64_t>(bytes.data() + at + i * 8);
      }
    }
    ClassifierStage row;
    row.slot = slot;
    row.name = name.empty() ? "(empty)" : name;
    row.hits = sum[0];
    row.misses = sum[1];
    constexpr const char* kVerdicts[] = {"XDP_PASS", "XDP_DROP", "XDP_REDIRECT", "XDP_ABORTED",
                                         "XDP_TX"};
    for (std::size_t i = 0; i < std::size(kVerdicts); ++i) {
      add_count(row.verdicts, kVerdicts[i], sum[2 + i]);
    }
    row.ns = sum[7];
    rows.push_back(std::move(row));
  };
  for (std::uint32_t slot = 0; slot < std::min(object.stages.size(), kMostStages); ++slot) {
    add(slot, object.stages[slot]);
  }
  add(kEntrySlot, object.entry);
  return rows;
}

ClassifierStage entry_stage(const ClassifierObject& object, ProgramType type,
                            std::span<const std::uint64_t> verdicts) {
  ClassifierStage row;
  row.slot = kEntrySlot;
  row.name = object.entry;
  const bool tc = type == ProgramType::tc;
  for (std::uint32_t slot = 0; slot < verdicts.size(); ++slot) {
    row.hits += verdicts[slot];
    const std::uint32_t verdict = tc && slot == ebpf::kTcSlots.other ? 0xffff'ffff : slot;
    const std::string name = verdict_name(type, verdict);
    add_count(row.verdicts, name.c_str(), verdicts[slot]);
  }
  return row;
}

std::string verdict_name(ProgramType type, std::uint32_t verdict) {
  constexpr const char* kXdp[] = {"XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX", "XDP_REDIRECT"};
  constexpr const char* kTc[] = {"TC_ACT_OK",     "TC_ACT_RECLASSIFY", "TC_ACT_SHOT",
                                 "TC_ACT_PIPE",   "TC_ACT_STOLEN",     "TC_ACT_QUEUED",
                                 "TC_ACT_REPEAT", "TC_ACT_REDIRECT",   "TC_ACT_TRAP"};
  if (type == ProgramType::xdp && verdict < std::size(kXdp)) return kXdp[verdict];
  if (type == ProgramType::tc && verdict < std::size(kTc)) return kTc[verdict];
  if (type == ProgramType::tc && verdict == 0xffff'ffff) return "TC_ACT_UNSPEC";
  return std::to_string(verdict);
}

ProgramType program_type_named(std::string_view name) noexcept {
  if (name == "xdp") return ProgramType::xdp;
  if (name == "tc") return ProgramType::tc;
  return name == "socket_filter" ? ProgramType::socket_filter : ProgramType::raw;
}

}  // namespace ringbed::engine
