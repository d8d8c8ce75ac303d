#include "engine/sim_classifier.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/endian.hpp"
#include "ebpf/core_relocation.hpp"
#include "ebpf/engine.hpp"
#include "ebpf/maps.hpp"

namespace ringbed::engine {

namespace {

ebpf::Environment environment_of(const Plan& plan) {
  ebpf::Environment environment;
  environment.cpus = plan.sim.core.count;
  environment.random = base::Random(plan.seed, "classifier.random");
  return environment;
}

bool preallocated(const ebpf::MapSpec& spec) {
  using ebpf::MapType;
  const bool optional = spec.type == MapType::hash || spec.type == MapType::percpu_hash ||
                        spec.type == MapType::lpm_trie || spec.type == MapType::hash_of_maps;
  return !optional || (spec.flags & ebpf::map_flag::no_prealloc) == 0;
}

}  // namespace

SimClassifier::SimClassifier(const Plan& plan, std::unique_ptr<ClassifierObject> object)
    : object_(std::move(object)),
      machine_(environment_of(plan)),
      cost_(plan.costs.classifier),
      instruction_fs_(plan.classifier.instruction_fs),
      warmup_(plan.sim.warmup),
      cost_random_(plan.seed, "costs.classifier") {}

base::Result<std::unique_ptr<SimClassifier>> SimClassifier::create(const Plan& plan) {
  auto object = open_classifier(plan.classifier);
  if (!object) return object.error();
  std::unique_ptr<SimClassifier> made(new SimClassifier(plan, std::move(object).value()));
  if (auto status = made->load(); !status) return status.error();
  if (auto status = made->tell(plan); !status) return status.error();
  if (auto status = made->open_rings(plan.sim.nic.queues); !status) return status.error();
  return made;
}

base::Status SimClassifier::load() {
  // Both engines give the same results, instruction counts and faults: no digest shows which.
  if (auto status = machine_.set_engine(ebpf::best_engine()); !status) return status;
  ebpf::CollectionOptions options;
  options.fallback_type = object_->fallback;
  options.only = used_programs(*object_);
  const auto kernel = ebpf::types_asked_for(object_->spec);
  options.kernel = kernel ? &*kernel : nullptr;
  auto loaded = ebpf::Collection::load(object_->spec, machine_, options);
  if (!loaded) {
    base::Error error = loaded.error();
    error.message = object_->name + ": " + error.message;
    return error;
  }
  programs_ = std::make_unique<ebpf::Collection>(std::move(loaded).value());
  entry_ = programs_->program(object_->entry);
  return {};
}

base::Status SimClassifier::tell(const Plan& plan) {
  for (const MapEntry& entry : classifier_entries(plan, *object_)) {
    ebpf::Map* map = programs_->map(entry.map);
    if (map == nullptr) continue;
    const int fault = map->write(entry.key.data(), entry.value.data(), ebpf::update_flag::any);
    if (fault != 0) {
      return base::Error{base::ErrorCode::invalid,
                         "map " + entry.map +
                             " does not take what the scenario tells it: " + std::strerror(-fault),
                         ""};
    }
  }
  return {};
}

// Every receive queue has a socket behind it: the device's ring. Its number is queue + 1.
base::Status SimClassifier::open_rings(std::uint32_t queues) {
  for (const ebpf::MapSpec& spec : object_->spec.maps) {
    if (spec.type != ebpf::MapType::xskmap) continue;
    ebpf::Map* map = programs_->map(spec.name);
    if (map == nullptr) continue;
    for (std::uint32_t queue = 0; queue < std::min(queues, spec.max_entries); ++queue) {
      std::uint8_t key[4];
      std::uint8_t value[4];
      base::store_native(key, queue);
      base::store_native(value, queue + 1);
      if (const int fault = map->write(key, value, ebpf::update_flag::any); fault != 0) {
        return base::Error{base::ErrorCode::internal,
                           "map " + spec.name + " takes no socket: " + std::strerror(-fault), ""};
      }
    }
  }
  return {};
}

SimClassifier::Way SimClassifier::way_of(std::uint32_t verdict, std::uint32_t queue) noexcept {
  if (entry_->type != ebpf::ProgramType::xdp) {
    // The stack delivers what traffic control lets through.
    if (verdict == ebpf::tc_action::shot || verdict == 4 || verdict == 5) return Way::drop;
    return verdict == ebpf::tc_action::redirect ? Way::kernel : Way::device;
  }
  switch (verdict) {
    case ebpf::xdp_action::drop: return Way::drop;
    case ebpf::xdp_action::pass:
    case ebpf::xdp_action::tx: return Way::kernel;
    case ebpf::xdp_action::redirect: break;
    default: return Way::aborted;
  }
  const ebpf::Redirect& to = machine_.packet().redirect;
  if (!to.requested) return Way::aborted;
  const ebpf::Map* map = machine_.map(to.map);
  if (map == nullptr || map->spec().type != ebpf::MapType::xskmap) return Way::kernel;
  // A socket takes frames of its own queue only (xsk_rcv_check).
  return to.target == queue + 1 ? Way::device : Way::aborted;
}

void SimClassifier::count(std::uint32_t verdict) noexcept {
  const ebpf::VerdictSlots& slots =
      entry_->type == ebpf::ProgramType::xdp ? ebpf::kXdpSlots : ebpf::kTcSlots;
  ++verdicts_[slots.slot_of(verdict)];
}

SimClassifier::Decision SimClassifier::decide(std::uint32_t core, const sim::FrameInfo& info,
                                              base::ByteView frame, sim::Picoseconds now) noexcept {
  ebpf::Environment& environment = machine_.environment();
  environment.now_ns = sim::to_ns(now);
  environment.cpu = core;
  ebpf::PacketParameters parameters;
  parameters.rx_queue = info.queue;
  const ebpf::Outcome outcome = machine_.run(*entry_, frame, parameters);
  ++frames_;
  instructions_ += outcome.instructions;
  Decision decision;
  decision.cost = sample(cost_, cost_random_) + outcome.instructions * instruction_fs_ / 1'000;
  if (info.departure >= warmup_) {
    ns_.record(sim::to_ns(decision.cost));
  }
  if (!outcome.ok()) {
    if (faults_++ == 0) first_fault_ = ebpf::describe(outcome.fault);
    count(entry_->type == ebpf::ProgramType::xdp ? ebpf::xdp_action::aborted
                                                 : ebpf::tc_action::shot);
    decision.way = Way::aborted;
    return decision;
  }
  const auto verdict = static_cast<std::uint32_t>(outcome.r0);
  count(verdict);
  decision.way = way_of(verdict, info.queue);
  ebpf::Packet& packet = machine_.packet();
  const std::uint8_t* linear = packet.linear(0, packet.length());
  if (linear != nullptr) {
    decision.frame = {linear, packet.length()};
  } else {
    whole_ = packet.bytes();
    decision.frame = whole_;
  }
  return decision;
}

// Virtual time stands still while a program runs, so the stages cannot time themselves: what the
// frames cost is shared out by the instructions that each stage's frames had to pass.
void SimClassifier::share_time(std::vector<ClassifierStage>& stages) const {
  const auto weight = [&](const ClassifierStage& stage) {
    const ebpf::Program* program = programs_->program(stage.name);
    return program == nullptr
               ? 0.0
               : static_cast<double>(stage.hits) * static_cast<double>(program->raw.size());
  };
  double sum = 0.0;
  for (const ClassifierStage& stage : stages) {
    sum += weight(stage);
  }
  const double total = ns_.mean() * static_cast<double>(ns_.count());
  for (ClassifierStage& stage : stages) {
    stage.ns = sum > 0.0 ? static_cast<std::uint64_t>(total * weight(stage) / sum) : 0;
  }
}

ClassifierResult SimClassifier::result() const {
  ClassifierResult result;
  result.object = object_->name;
  result.program = entry_->name;
  result.executor = machine_.engine() == ebpf::Engine::jit ? "jit" : "interpreter";
  result.frames = frames_;
  result.instructions = instructions_;
  const ClassifierStage all = entry_stage(*object_, entry_->type, verdicts_);
  result.verdicts = all.verdicts;
  result.stages = classifier_stages(
      *object_, [&](std::string_view name, std::uint32_t index, std::vector<std::uint8_t>& to) {
        ebpf::Map* map = programs_->map(name);
        std::uint8_t key[4];
        base::store_native(key, index);
        to.resize(map == nullptr ? 0 : map->user_value_bytes());
        return map != nullptr && map->read(key, to.data(), 0) == 0;
      });
  if (result.stages.empty()) result.stages.push_back(all);
  share_time(result.stages);
  for (const ebpf::MapSpec& spec : object_->spec.maps) {
    const ebpf::Map* map = programs_->map(spec.name);
    if (map == nullptr) continue;
    result.maps.push_back({spec.name, ebpf::map_kind_name(spec.type), spec.max_entries,
                           map->memory_bytes(), preallocated(spec)});
  }
  result.map_bytes = programs_->memory_bytes();
  result.fault = first_fault_;
  result.faults = faults_;
  result.ns = ns_;
  return result;
}

}  // namespace ringbed::engine
