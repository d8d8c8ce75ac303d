// The VM as an executor, interpreted or as native code.
#include <sched.h>
#include <time.h>

#include <algorithm>

#include "ebpf/collection.hpp"
#include "ebpf/core_relocation.hpp"
#include "ebpf/engine.hpp"
#include "ebpf/kernel_syscall.hpp"
#include "engine/bpf_executor.hpp"
#include "engine/executors.hpp"

namespace ringbed::engine {

namespace {

std::uint64_t monotonic_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000ULL +
         static_cast<std::uint64_t>(now.tv_nsec);
}

ebpf::Environment environment_of(const ExecutorClock& clock) {
  ebpf::Environment environment;
  // A clock that stands still does so where no other is, however coarsely a program reads it.
  constexpr std::uint64_t kAhead = 3'601'234'567'891;
  environment.now_ns = monotonic_ns() + (clock.frozen ? kAhead : 0);
  environment.cpus = std::max(ebpf::possible_cpus(), 1U);
  environment.cpu = std::min(BpfExecutor::this_cpu(), environment.cpus - 1);
  environment.random = base::Random(clock.seed, "bpf");
  return environment;
}

class VmExecutor final : public BpfExecutor {
 public:
  VmExecutor(ExecutorKind kind, const ExecutorClock& clock)
      : kind_(kind), clock_(clock), machine_(environment_of(clock)) {}

  base::Status load(const ebpf::ObjectSpec& object, const std::vector<std::string>& only) {
    if (kind_ == ExecutorKind::jit) {
      if (auto status = machine_.set_engine(ebpf::Engine::jit); !status) return status;
    }
    ebpf::CollectionOptions options;
    options.only = only;
    const auto kernel = ebpf::types_asked_for(object);
    options.kernel = kernel ? &*kernel : nullptr;
    auto loaded = ebpf::Collection::load(object, machine_, options);
    if (!loaded) return loaded.error();
    programs_ = std::make_unique<ebpf::Collection>(std::move(loaded).value());
    for (const ebpf::MapSpec& spec : object.maps) {
      maps_.push_back(programs_->map(spec.name));
    }
    return {};
  }

  [[nodiscard]] ExecutorKind kind() const noexcept override { return kind_; }
  [[nodiscard]] int program(std::string_view name) const override {
    const auto& all = programs_->programs();
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i]->name == name) return static_cast<int>(i);
    }
    return -1;
  }
  void run(int program, base::ByteView frame, Execution& into) override {
    if (!clock_.frozen) machine_.environment().now_ns = monotonic_ns();
    const ebpf::Program& chosen = *programs_->programs()[static_cast<std::size_t>(program)];
    ebpf::PacketParameters parameters;
    // As in the kernel's test run: no interface the frame came in by, and the Ethernet header is
    // taken away before a socket filter, and comes back as zeros.
    parameters.ingress_ifindex = 0;
    parameters.mtu = 65536;  // the loopback's
    if (chosen.type == ebpf::ProgramType::socket_filter) parameters.link_bytes = 14;
    const ebpf::Outcome outcome = machine_.run(chosen, frame, parameters);
    into.refused = false;
    into.verdict = static_cast<std::uint32_t>(outcome.r0);
    into.instructions = outcome.instructions;
    into.fault = outcome.ok() ? "" : ebpf::describe(outcome.fault);
    const base::ByteView meta = machine_.packet().meta();
    into.frame.assign(parameters.link_bytes, 0);
    into.frame.insert(into.frame.end(), meta.begin(), meta.end());
    const std::uint32_t length = machine_.packet().length();
    if (const std::uint8_t* linear = machine_.packet().linear(0, length); linear != nullptr) {
      into.frame.insert(into.frame.end(), linear, linear + length);
    } else {
      const std::vector<std::uint8_t> all = machine_.packet().bytes();
      into.frame.insert(into.frame.end(), all.begin(), all.end());
    }
  }

  int read(std::size_t map, const std::uint8_t* key, std::uint8_t* value) override {
    const int refused = refuse(map, kReads);
    return refused != 0 ? refused : maps_[map]->read(key, value, 0);
  }
  int write(std::size_t map, const std::uint8_t* key, const std::uint8_t* value,
            std::uint64_t flags) override {
    const int refused = refuse(map, kWrites);
    return refused != 0 ? refused : maps_[map]->write(key, value, flags);
  }
  int remove(std::size_t map, const std::uint8_t* key) override {
    const int refused = refuse(map, kWrites);
    return refused != 0 ? refused : maps_[map]->remove(key);
  }
  int next_key(std::size_t map, const std::uint8_t* key, std::uint8_t* next) override {
    const int refused = refuse(map, kReads);
    return refused != 0 ? refused : maps_[map]->next_key(key, next);
  }
  int batch(std::size_t map, ebpf::BatchOperation operation, ebpf::Batch& batch) override {
    const bool reads = operation == ebpf::BatchOperation::lookup;
    const int refused = refuse(map, reads                                     ? kReads
                                    : operation == ebpf::BatchOperation::take ? kReads | kWrites
                                                                              : kWrites);
    return refused != 0 ? refused : maps_[map]->batch(operation, batch);
  }
  [[nodiscard]] std::uint32_t value_bytes(std::size_t map) const override {
    return maps_[map] == nullptr ? 0 : maps_[map]->user_value_bytes();
  }
  [[nodiscard]] std::uint64_t memory_bytes(std::size_t map) const override {
    return maps_[map] == nullptr ? 0 : maps_[map]->memory_bytes();
  }
  std::vector<ebpf::Event> drain(std::size_t map) override {
    auto* events = dynamic_cast<ebpf::EventMap*>(maps_[map]);
    return events == nullptr ? std::vector<ebpf::Event>{} : events->drain();
  }
  [[nodiscard]] std::uint64_t verified_instructions(std::string_view) const override { return 0; }

 private:
  static constexpr unsigned kReads = 1;
  static constexpr unsigned kWrites = 2;

  // What system calls may not do with a map: 0, or a negative errno. Programs are not asked.
  [[nodiscard]] int refuse(std::size_t map, unsigned does) const {
    if (maps_[map] == nullptr) return -ENOENT;
    const std::uint32_t flags = maps_[map]->spec().flags;
    const bool allowed = !((does & kWrites) != 0 && (flags & ebpf::map_flag::rdonly) != 0) &&
                         !((does & kReads) != 0 && (flags & ebpf::map_flag::wronly) != 0);
    return allowed ? 0 : -EPERM;
  }

  ExecutorKind kind_;
  ExecutorClock clock_;
  ebpf::Machine machine_;
  std::unique_ptr<ebpf::Collection> programs_;
  std::vector<ebpf::Map*> maps_;  // nullptr: could not be made, and no program needs it
};

}  // namespace

std::uint32_t BpfExecutor::this_cpu() {
  const int cpu = ::sched_getcpu();
  return cpu < 0 ? 0 : static_cast<std::uint32_t>(cpu);
}

base::Result<std::unique_ptr<BpfExecutor>> make_vm_executor(ExecutorKind kind,
                                                            const ebpf::ObjectSpec& object,
                                                            const std::vector<std::string>& only,
                                                            const ExecutorClock& clock) {
  auto made = std::make_unique<VmExecutor>(kind, clock);
  if (auto status = made->load(object, only); !status) return status.error();
  return std::unique_ptr<BpfExecutor>(std::move(made));
}

base::Result<std::unique_ptr<BpfExecutor>> make_executor(ExecutorKind kind, base::ByteView file,
                                                         const ebpf::ObjectSpec& object,
                                                         const std::vector<std::string>& only,
                                                         const ExecutorClock& clock) {
  return kind == ExecutorKind::kernel ? make_kernel_executor(file, object, only)
                                      : make_vm_executor(kind, object, only, clock);
}

CpuPin::CpuPin() {
  cpu_set_t all;
  if (::sched_getaffinity(0, sizeof all, &all) != 0) return;
  before_.assign(reinterpret_cast<std::uint8_t*>(&all),
                 reinterpret_cast<std::uint8_t*>(&all) + sizeof all);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(BpfExecutor::this_cpu(), &one);
  ::sched_setaffinity(0, sizeof one, &one);
}

CpuPin::~CpuPin() {
  if (!before_.empty()) {
    ::sched_setaffinity(0, before_.size(), reinterpret_cast<const cpu_set_t*>(before_.data()));
  }
}

}  // namespace ringbed::engine
