// The kernel as an executor: the object loaded by libbpf, frames through BPF_PROG_TEST_RUN. Nothing
// is attached or pinned; all of it is gone with the executor.
#include <algorithm>
#include <cerrno>
#include <map>

#include "ebpf/kernel_collection.hpp"
#include "ebpf/kernel_ring.hpp"
#include "ebpf/kernel_syscall.hpp"
#include "engine/executors.hpp"

namespace ringbed::engine {

namespace {

class KernelExecutor final : public BpfExecutor {
 public:
  explicit KernelExecutor(ebpf::KernelCollection kernel, const ebpf::ObjectSpec& object)
      : kernel_(std::move(kernel)) {
    for (const ebpf::MapSpec& spec : object.maps) {
      maps_.push_back(kernel_.map(spec.name));
    }
  }

  [[nodiscard]] ExecutorKind kind() const noexcept override { return ExecutorKind::kernel; }
  [[nodiscard]] int program(std::string_view name) const override {
    const auto& all = kernel_.programs();
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i].name() == name) return static_cast<int>(i);
    }
    return -1;
  }

  void run(int program, base::ByteView frame, Execution& into) override {
    const ebpf::KernelProgram& chosen = kernel_.programs()[static_cast<std::size_t>(program)];
    into.fault.clear();
    into.instructions = 0;
    into.refused = frame.size() < ebpf::kTestRunMinBytes;
    if (into.refused) return;
    into.frame.resize(frame.size() + kGrowthBytes);
    bpf_attr attributes{};
    attributes.test.prog_fd = static_cast<std::uint32_t>(chosen.descriptor());
    attributes.test.data_in = ebpf::user_pointer(frame.data());
    attributes.test.data_size_in = static_cast<std::uint32_t>(frame.size());
    attributes.test.data_out = ebpf::user_pointer(into.frame.data());
    attributes.test.data_size_out = static_cast<std::uint32_t>(into.frame.size());
    attributes.test.repeat = 1;
    into.refused = ebpf::bpf_call(BPF_PROG_TEST_RUN, attributes) < 0;
    into.verdict = attributes.test.retval;
    into.ns = attributes.test.duration;
    into.frame.resize(into.refused ? 0 : attributes.test.data_size_out);
  }

  int read(std::size_t map, const std::uint8_t* key, std::uint8_t* value) override {
    return maps_[map] == nullptr ? -ENOENT : maps_[map]->read(key, value, 0);
  }
  int write(std::size_t map, const std::uint8_t* key, const std::uint8_t* value,
            std::uint64_t flags) override {
    return maps_[map] == nullptr ? -ENOENT : maps_[map]->write(key, value, flags);
  }
  int remove(std::size_t map, const std::uint8_t* key) override {
    return maps_[map] == nullptr ? -ENOENT : maps_[map]->remove(key);
  }
  int next_key(std::size_t map, const std::uint8_t* key, std::uint8_t* next) override {
    return maps_[map] == nullptr ? -ENOENT : maps_[map]->next_key(key, next);
  }
  int batch(std::size_t map, ebpf::BatchOperation operation, ebpf::Batch& batch) override {
    return maps_[map] == nullptr ? -ENOENT : maps_[map]->batch(operation, batch);
  }
  [[nodiscard]] std::uint32_t value_bytes(std::size_t map) const override {
    return maps_[map] == nullptr ? 0 : maps_[map]->user_value_bytes();
  }
  [[nodiscard]] std::uint64_t memory_bytes(std::size_t map) const override {
    return maps_[map] == nullptr ? 0 : maps_[map]->memory_bytes();
  }
  std::vector<ebpf::Event> drain(std::size_t map) override {
    if (maps_[map] == nullptr || maps_[map]->spec().type != ebpf::MapType::ringbuf) return {};
    auto ring = rings_.find(map);
    if (ring == rings_.end()) {
      auto opened =
          ebpf::KernelRing::open(maps_[map]->descriptor(), maps_[map]->spec().max_entries);
      if (!opened) return {};
      ring = rings_.emplace(map, std::move(opened).value()).first;
    }
    return ring->second.drain();
  }
  [[nodiscard]] std::uint64_t verified_instructions(std::string_view program) const override {
    const ebpf::KernelProgram* found = kernel_.program(program);
    return found == nullptr ? 0 : found->verified_instructions();
  }

 private:
  static constexpr std::size_t kGrowthBytes = 16'384;  // a socket buffer grows up to that

  ebpf::KernelCollection kernel_;
  std::vector<const ebpf::KernelMap*> maps_;
  std::map<std::size_t, ebpf::KernelRing> rings_;
};

}  // namespace

base::Result<std::unique_ptr<BpfExecutor>> make_kernel_executor(
    base::ByteView file, const ebpf::ObjectSpec& object, const std::vector<std::string>& only) {
  ebpf::KernelOptions options;
  options.only = only;
  auto loaded = ebpf::KernelCollection::load(file, object, options);
  if (!loaded) return loaded.error();
  // libbpf filled the slots that the file names; the scenario may have named others.
  if (auto status = loaded.value().fill_slots(); !status) return status.error();
  return std::unique_ptr<BpfExecutor>(
      std::make_unique<KernelExecutor>(std::move(loaded).value(), object));
}

}  // namespace ringbed::engine
