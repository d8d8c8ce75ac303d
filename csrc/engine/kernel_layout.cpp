#include "engine/kernel_layout.hpp"

#include <algorithm>
#include <cstring>

#include "base/endian.hpp"
#include "ebpf/functions.hpp"
#include "ebpf/kernel_syscall.hpp"

namespace ringbed::engine {

namespace {

// The named one, else the one with slots filled, else the first.
std::string prog_array_of(const ClassifierPlan& plan, const ebpf::ObjectSpec& spec) {
  if (!plan.prog_array.empty()) return plan.prog_array;
  const ebpf::MapSpec* best = nullptr;
  for (const ebpf::MapSpec& map : spec.maps) {
    if (map.type != ebpf::MapType::prog_array) continue;
    if (best == nullptr || (best->slots.empty() && !map.slots.empty())) best = &map;
  }
  return best == nullptr ? "" : best->name;
}

// The value of one CPU for all of them.
std::vector<std::uint8_t> for_every_cpu(const ebpf::KernelMap& map,
                                        const std::vector<std::uint8_t>& value) {
  if (!ebpf::per_cpu(map.spec().type)) return value;
  std::vector<std::uint8_t> all(map.user_value_bytes());
  const std::size_t stride = all.size() / ebpf::possible_cpus();
  for (std::size_t at = 0; at < all.size(); at += stride) {
    std::memcpy(all.data() + at, value.data(), std::min(stride, value.size()));
  }
  return all;
}

}  // namespace

ebpf::ClassifierLayout layout_of(const ClassifierPlan& plan, ClassifierObject& object) {
  ebpf::ClassifierLayout layout;
  layout.objects.push_back(std::make_shared<const ebpf::LoadableObject>(
      ebpf::LoadableObject{std::move(object.file), object.spec, object.fallback}));
  layout.entry = object.entry;
  layout.own_maps = {std::string(kStageSettings)};
  layout.count_verdicts = !counts_stages(object);
  if (const ebpf::ProgramSpec* entry = object.spec.program(object.entry); entry != nullptr) {
    layout.count_entry_only = tail_calls_from_functions_only(entry->code);
  }
  if (!plan.stages.empty()) {
    layout.prog_array = prog_array_of(plan, object.spec);
    for (const std::string& stage : plan.stages) {
      layout.stages.push_back({0, stage});
    }
  }
  return layout;
}

ebpf::Prepare tell_stages(const Plan& plan, const ClassifierObject& object) {
  return [&plan, &object](const ebpf::FindMap& find) -> base::Status {
    for (const MapEntry& entry : classifier_entries(plan, object)) {
      const ebpf::KernelMap* map = find(entry.map);
      if (map == nullptr) continue;
      const std::vector<std::uint8_t> value = for_every_cpu(*map, entry.value);
      if (const int result = map->write(entry.key.data(), value.data(), 0); result != 0) {
        return base::system_error(base::ErrorCode::internal,
                                  "map " + entry.map + " does not take its settings", -result, "");
      }
    }
    return {};
  };
}

std::vector<ClassifierStage> kernel_stages(const ClassifierObject& object,
                                           const ebpf::KernelClassifier& classifier) {
  std::vector<ClassifierStage> rows = classifier_stages(
      object, [&](std::string_view name, std::uint32_t index, std::vector<std::uint8_t>& to) {
        const ebpf::KernelMap* map = classifier.map(name);
        if (map == nullptr) return false;
        std::uint8_t key[4];
        base::store_native(key, index);
        to.resize(map->user_value_bytes());
        return map->read(key, to.data(), 0) == 0;
      });
  if (const auto verdicts = classifier.verdicts(); rows.empty() && verdicts) {
    rows.push_back(entry_stage(object, classifier.entry().type(), *verdicts));
  }
  return rows;
}

}  // namespace ringbed::engine
