#include "ebpf/kernel_classifier.hpp"

#include <algorithm>

#include "ebpf/kernel_syscall.hpp"

namespace ringbed::ebpf {

namespace {

base::Error invalid(std::string message, std::string hint = "") {
  return {base::ErrorCode::invalid, std::move(message), std::move(hint)};
}

std::string names_of(const LoadableObject& object) {
  std::string names;
  for (const ProgramSpec& each : object.spec.programs) {
    names += (names.empty() ? "" : ", ") + each.name;
  }
  return names;
}

// Programs of object `index` that the layout uses.
std::vector<std::string> used(const ClassifierLayout& layout, std::size_t index) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  if (index == 0) add(layout.entry);
  for (const StageChoice& stage : layout.stages) {
    if (stage.object == index) add(stage.program);
  }
  return names;
}

bool same_shape(const MapSpec& spec, int descriptor) {
  auto there = KernelMap::adopt(base::FileDescriptor(::dup(descriptor)));
  if (!there) return false;
  const MapSpec& other = there.value().spec();
  return spec.type == other.type && spec.key_size == other.key_size &&
         spec.value_size == other.value_size && spec.max_entries == other.max_entries;
}

// Of `shared`, what object `object` can use: everything of its shape but prog_arrays, constants and
// the layout's own maps, which belong to a generation.
std::vector<MapReuse> reusable(const ObjectSpec& object, const ClassifierLayout& layout,
                               const std::vector<MapReuse>& shared) {
  std::vector<MapReuse> maps;
  for (const MapSpec& spec : object.maps) {
    if (spec.type == MapType::prog_array || spec.frozen) continue;
    if (std::ranges::find(layout.own_maps, spec.name) != layout.own_maps.end()) continue;
    const auto found = std::ranges::find(shared, spec.name, &MapReuse::name);
    if (found != shared.end() && same_shape(spec, found->descriptor)) maps.push_back(*found);
  }
  return maps;
}

// The layout's stages and nothing else: what the file's initialisers put there goes.
base::Status fill_slots(const ClassifierLayout& layout,
                        const std::vector<KernelCollection>& collections) {
  std::vector<const KernelProgram*> programs;
  for (const StageChoice& stage : layout.stages) {
    programs.push_back(collections[stage.object].program(stage.program));
  }
  return fill_prog_array(*collections.front().map(layout.prog_array), programs);
}

}  // namespace

base::Status check_layout(const ClassifierLayout& layout) {
  const LoadableObject& first = *layout.objects.front();
  if (first.spec.program(layout.entry) == nullptr) {
    return invalid("the object has no program " + layout.entry, "its programs: " + names_of(first));
  }
  const auto stages = std::ranges::count_if(
      layout.stages, [](const StageChoice& stage) { return !stage.program.empty(); });
  if (stages > static_cast<std::ptrdiff_t>(kMaxTailCalls)) {
    return invalid("a classifier of " + std::to_string(stages) +
                       " stages needs as many tail calls; the kernel ends a frame's way after " +
                       std::to_string(kMaxTailCalls),
                   "join stages into one program");
  }
  if (layout.stages.empty()) return {};
  const MapSpec* array = first.spec.map(layout.prog_array);
  if (array == nullptr || array->type != MapType::prog_array) {
    return invalid("the object has no prog_array '" + layout.prog_array + "' for the stages");
  }
  if (layout.stages.size() > array->max_entries) {
    return invalid("there is no slot " + std::to_string(layout.stages.size() - 1) + ", " +
                   array->name + " has " + std::to_string(array->max_entries));
  }
  for (const StageChoice& stage : layout.stages) {
    const LoadableObject& object = *layout.objects[stage.object];
    if (!stage.program.empty() && object.spec.program(stage.program) == nullptr) {
      return invalid("the object has no program " + stage.program,
                     "its programs: " + names_of(object));
    }
  }
  return {};
}

base::Result<std::unique_ptr<KernelClassifier::Generation>> KernelClassifier::load_generation(
    ClassifierLayout layout, const Prepare& prepare, const std::vector<MapReuse>& shared) {
  if (auto status = check_layout(layout); !status) return status.error();
  if (layout.count_verdicts && !counter_) {
    auto counter = VerdictCounter::create();
    if (!counter) return counter.error();
    counter_ = std::move(counter).value();
  }
  auto made = std::make_unique<Generation>();
  made->layout = std::move(layout);
  const ClassifierLayout& plan = made->layout;
  made->collections.reserve(plan.objects.size());
  for (std::size_t i = 0; i < plan.objects.size(); ++i) {
    const LoadableObject& object = *plan.objects[i];
    // Further objects share what the first one has, its prog_array included.
    std::vector<MapReuse> maps = reusable(object.spec, plan, shared);
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      for (const KernelMap& map : made->collections[earlier].maps()) {
        const MapSpec* spec = object.spec.map(map.spec().name);
        if (spec == nullptr || spec->frozen || !same_shape(*spec, map.descriptor())) continue;
        std::erase_if(maps, [&](const MapReuse& each) { return each.name == spec->name; });
        maps.push_back({spec->name, map.descriptor()});
      }
    }
    const KernelOptions options{
        object.fallback_type,
        used(plan, i),
        std::move(maps),
        plan.count_verdicts ? counter_->descriptor() : -1,
        log_folder_,
        plan.count_entry_only ? std::vector{plan.entry} : std::vector<std::string>{}};
    auto loaded = KernelCollection::load(object.file, object.spec, options);
    if (!loaded) return loaded.error();
    made->collections.push_back(std::move(loaded).value());
  }
  made->entry = made->collections.front().program(plan.entry);
  if (!plan.stages.empty()) {
    if (auto status = fill_slots(plan, made->collections); !status) return status.error();
  }
  const auto find = [&](std::string_view name) { return made->map(name); };
  if (auto status = prepare(find); !status) return status.error();
  return made;
}

base::Result<KernelClassifier> KernelClassifier::load(ClassifierLayout layout,
                                                      const Prepare& prepare,
                                                      const std::vector<MapReuse>& shared,
                                                      std::string log_folder) {
  KernelClassifier made;
  made.log_folder_ = std::move(log_folder);
  auto generation = made.load_generation(std::move(layout), prepare, shared);
  if (!generation) return generation.error();
  made.generation_ = std::move(generation).value();
  return made;
}

base::Status KernelClassifier::attach(std::uint32_t interface, AttachMode mode) {
  auto link = KernelLink::attach(entry(), interface, mode);
  if (!link) return link.error();
  link_ = std::move(link).value();
  return {};
}

base::Status KernelClassifier::take_over(KernelLink link) {
  if (auto status = link.update(entry()); !status) return status;
  link_ = std::move(link);
  return {};
}

void KernelClassifier::detach() {
  if (!link_) return;
  link_.reset();
  wait_for_running_programs();
}

base::Result<std::vector<std::string>> KernelClassifier::swap(ClassifierLayout layout,
                                                              const Prepare& prepare) {
  std::vector<MapReuse> shared;
  for (const KernelMap* map : maps()) {
    shared.push_back({map->spec().name, map->descriptor()});
  }
  auto next = load_generation(std::move(layout), prepare, shared);
  if (!next) return next.error();
  if (link_) {
    if (auto status = link_->update(*next.value()->entry); !status) return status.error();
  }
  const std::unique_ptr<Generation> old = std::exchange(generation_, std::move(next).value());
  ++swaps_;
  std::vector<std::string> fresh;
  for (const MapReuse& each : shared) {
    const KernelMap* now = map(each.name);
    if (now == nullptr || now->spec().type == MapType::prog_array || now->spec().frozen) continue;
    const auto& own = generation_->layout.own_maps;
    if (std::ranges::find(own, each.name) != own.end()) continue;
    const auto before = KernelMap::adopt(base::FileDescriptor(::dup(each.descriptor)));
    if (before.ok() && before.value().id() != now->id()) fresh.push_back(each.name);
  }
  if (link_) wait_for_running_programs();
  return fresh;
}

std::optional<KernelClassifier::Verdicts> KernelClassifier::verdicts() const {
  return counter_ ? std::optional(counter_->counts()) : std::nullopt;
}

std::vector<const KernelMap*> KernelClassifier::maps() const {
  std::vector<const KernelMap*> all;
  for (const KernelCollection& collection : generation_->collections) {
    for (const KernelMap& map : collection.maps()) {
      const bool known = std::ranges::any_of(
          all, [&](const KernelMap* each) { return each->spec().name == map.spec().name; });
      if (!known) all.push_back(&map);
    }
  }
  return all;
}

const KernelMap* KernelClassifier::Generation::map(std::string_view name) const {
  for (const KernelCollection& collection : collections) {
    if (const KernelMap* found = collection.map(name)) return found;
  }
  return nullptr;
}

const KernelMap* KernelClassifier::map(std::string_view name) const {
  return generation_->map(name);
}

const KernelMap* KernelClassifier::map_of_type(MapType type, std::string_view name) const {
  for (const KernelMap* each : maps()) {
    if (each->spec().type == type && (name.empty() || each->spec().name == name)) return each;
  }
  return nullptr;
}

std::uint64_t KernelClassifier::memory_bytes() const {
  std::uint64_t bytes = 0;
  for (const KernelMap* each : maps()) {
    bytes += each->memory_bytes();
  }
  return bytes;
}

}  // namespace ringbed::ebpf
