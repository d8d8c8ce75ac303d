#include "engine/live_classifier.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "ebpf/maps.hpp"

namespace ringbed::engine {

namespace {

using Clock = std::chrono::steady_clock;
using ebpf::MapType;

// The map that the frames for the device are redirected through.
base::Result<const ebpf::KernelMap*> socket_map(const ebpf::KernelClassifier& classifier,
                                                std::uint32_t queues, const std::string& object) {
  const ebpf::KernelMap* map = classifier.map_of_type(MapType::xskmap);
  if (map == nullptr) {
    return base::Error{base::ErrorCode::invalid,
                       "the classifier " + object +
                           " has no map of AF_XDP sockets (BPF_MAP_TYPE_XSKMAP): no frame could "
                           "reach the device",
                       "redirect with bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_PASS)"};
  }
  if (map->spec().max_entries < queues) {
    return base::Error{base::ErrorCode::invalid,
                       "the classifier's map " + map->spec().name + " has room for " +
                           std::to_string(map->spec().max_entries) + " sockets, the NIC has " +
                           std::to_string(queues) + " queues",
                       "classifier.maps: { " + map->spec().name +
                           ": { maxEntries: " + std::to_string(queues) + " } }"};
  }
  return map;
}

std::uint64_t verdicts(const std::vector<NamedCount>& counts, std::string_view name) {
  const auto found = std::ranges::find(counts, name, &NamedCount::name);
  return found == counts.end() ? 0 : found->count;
}

void subtract(std::vector<NamedCount>& from, const std::vector<NamedCount>& counts) {
  for (NamedCount& each : from) {
    each.count -= verdicts(counts, each.name);
  }
}

bool preallocated(const ebpf::MapSpec& spec) {
  return (spec.flags & ebpf::map_flag::no_prealloc) == 0;
}

}  // namespace

base::Result<std::unique_ptr<LiveClassifier>> LiveClassifier::open(const Plan& plan,
                                                                   LiveWorld& world) {
  auto object = open_classifier(plan.classifier);
  if (!object) return object.error();
  auto loaded = ebpf::KernelClassifier::load(layout_of(plan.classifier, *object.value()),
                                             tell_stages(plan, *object.value()));
  if (!loaded) return loaded.error();
  std::unique_ptr<LiveClassifier> made(
      new LiveClassifier(plan, std::move(object).value(), std::move(loaded).value()));
  ebpf::KernelClassifier& classifier = made->classifier_;
  auto sockets = socket_map(classifier, plan.sim.nic.queues, made->object_->name);
  if (!sockets) return sockets.error();
  auto link = world.device_link();
  if (!link) return link.error();
  const base::Status attached =
      world.at_device([&] { return classifier.attach(link.value().index, ebpf::AttachMode::xdp); });
  if (!attached) return attached.error();
  return made;
}

port::ForeignProgram LiveClassifier::sockets() const {
  return {classifier_.map_of_type(MapType::xskmap)->descriptor(),
          classifier_.link()->mode() == ebpf::AttachMode::native};
}

void LiveClassifier::start() { before_ = kernel_stages(*object_, classifier_); }

base::Status LiveClassifier::swap() {
  auto object = open_classifier(plan_.classifier);
  if (!object) return object.error();
  auto swapped = classifier_.swap(layout_of(plan_.classifier, *object.value()),
                                  tell_stages(plan_, *object.value()));
  return swapped ? base::Status() : base::Status(swapped.error());
}

void LiveClassifier::keep_swapping(const std::atomic<bool>& stop_sending,
                                   const std::atomic<bool>& stop) {
  const auto pause = std::chrono::nanoseconds(plan_.classifier.swap_every_ns);
  auto next = Clock::now() + pause;
  for (std::uint32_t i = 0; i < plan_.classifier.swaps; ++i, next += pause) {
    while (Clock::now() < next && !stop.load() && !stop_sending.load()) {
      std::this_thread::sleep_for(
          std::min<Clock::duration>(next - Clock::now(), std::chrono::milliseconds(5)));
    }
    if (stop.load() || stop_sending.load()) return;
    const auto before = Clock::now();
    const base::Status status = swap();
    if (status) {
      ++swaps_.count;
      swaps_.ns.record(static_cast<std::uint64_t>((Clock::now() - before).count()));
      continue;
    }
    ++swaps_.failed;
    if (swaps_.error.empty()) swaps_.error = status.error().message;
  }
}

std::vector<ClassifierStage> LiveClassifier::stages() const {
  std::vector<ClassifierStage> rows = kernel_stages(*object_, classifier_);
  for (std::size_t i = 0; i < rows.size() && i < before_.size(); ++i) {
    rows[i].hits -= before_[i].hits;
    rows[i].misses -= before_[i].misses;
    rows[i].ns -= before_[i].ns;
    subtract(rows[i].verdicts, before_[i].verdicts);
  }
  return rows;
}

std::optional<LiveClassifier::Counts> LiveClassifier::counts() const {
  const std::vector<ClassifierStage> rows = stages();
  if (rows.empty()) return std::nullopt;
  Counts sum;
  sum.frames = rows.back().hits;
  for (const ClassifierStage& row : rows) {
    sum.pass += verdicts(row.verdicts, "XDP_PASS");
    sum.drop += verdicts(row.verdicts, "XDP_DROP");
    sum.redirect += verdicts(row.verdicts, "XDP_REDIRECT");
    sum.aborted += verdicts(row.verdicts, "XDP_ABORTED");
    sum.tx += verdicts(row.verdicts, "XDP_TX");
  }
  return sum;
}

LiveClassifier::OtherRedirects LiveClassifier::other_redirects() const {
  constexpr std::int32_t kRedirect = 23;
  constexpr std::int32_t kRedirectMap = 51;
  const bool maps = std::ranges::any_of(classifier_.maps(), [](const ebpf::KernelMap* map) {
    const MapType type = map->spec().type;
    return type == MapType::devmap || type == MapType::devmap_hash || type == MapType::cpumap;
  });
  if (maps || calls_helper(*object_, kRedirect)) return OtherRedirects::elsewhere;
  return calls_helper(*object_, kRedirectMap) ? OtherRedirects::unknown : OtherRedirects::refused;
}

ClassifierResult LiveClassifier::result() const {
  ClassifierResult result;
  result.object = object_->name;
  result.program = object_->entry;
  result.executor = "kernel";
  if (const auto sum = counts()) {
    result.frames = sum->frames;
    const NamedCount named[] = {{"XDP_PASS", sum->pass},
                                {"XDP_DROP", sum->drop},
                                {"XDP_REDIRECT", sum->redirect},
                                {"XDP_ABORTED", sum->aborted},
                                {"XDP_TX", sum->tx}};
    std::ranges::copy_if(named, std::back_inserter(result.verdicts),
                         [](const NamedCount& each) { return each.count != 0; });
  }
  result.stages = stages();
  for (const ebpf::KernelMap* map : classifier_.maps()) {
    const ebpf::MapSpec& spec = map->spec();
    result.maps.push_back({spec.name, ebpf::map_kind_name(spec.type), spec.max_entries,
                           map->memory_bytes(), preallocated(spec)});
    result.map_bytes += result.maps.back().bytes;
  }
  return result;
}

std::optional<ClassifierSwaps> LiveClassifier::swaps() const {
  return plan_.classifier.swaps == 0 ? std::nullopt : std::optional(swaps_);
}

}  // namespace ringbed::engine
