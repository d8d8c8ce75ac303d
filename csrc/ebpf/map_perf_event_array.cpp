// perf_event_array: events a CPU (kernel/bpf/arraymap.c). Writing a slot opens it.
#include <utility>

#include "base/endian.hpp"
#include "ebpf/event_map.hpp"
#include "ebpf/map_factories.hpp"

namespace ringbed::ebpf {

namespace {

class PerfEventArrayMap final : public PerfEventArray {
 public:
  explicit PerfEventArrayMap(MapSpec spec)
      : PerfEventArray(std::move(spec)), open_(spec_.max_entries) {}

  int output(std::uint32_t slot, std::uint32_t cpu, std::vector<std::uint8_t> bytes) override {
    if (slot >= spec_.max_entries) {
      return -E2BIG;
    }
    if (!open_[slot]) {
      return -ENOENT;
    }
    if (slot != cpu) {
      return -EOPNOTSUPP;
    }
    events_.push_back({cpu, std::move(bytes)});
    return 0;
  }
  std::vector<Event> drain() override { return std::exchange(events_, {}); }

  int read(const std::uint8_t*, std::uint8_t*, std::uint64_t) override { return kNotSupported; }
  int write(const std::uint8_t* key, const std::uint8_t*, std::uint64_t flags) override {
    const std::uint32_t slot = base::load_native<std::uint32_t>(key);
    if (flags != update_flag::any) {
      return -EINVAL;
    }
    if (slot >= spec_.max_entries) {
      return -E2BIG;
    }
    open_[slot] = true;
    return 0;
  }
  int remove(const std::uint8_t* key) override {
    const std::uint32_t slot = base::load_native<std::uint32_t>(key);
    if (slot >= spec_.max_entries) {
      return -E2BIG;
    }
    const bool held = open_[slot];
    open_[slot] = false;
    return held ? 0 : -ENOENT;
  }
  int next_key(const std::uint8_t* key, std::uint8_t* next) override {
    return next_index(key, next, spec_.max_entries);
  }
  [[nodiscard]] std::uint64_t memory_bytes() const override { return 320 + spec_.max_entries * 8; }

 private:
  std::vector<bool> open_;
  std::vector<Event> events_;
};

}  // namespace

std::unique_ptr<Map> make_perf_event_array(MapSpec spec, const MapContext&) {
  return std::make_unique<PerfEventArrayMap>(std::move(spec));
}

int check_perf_event_array(const MapSpec& spec) {
  return spec.value_size == 4 ? check_array_sizes(spec, map_flag::numa) : -EINVAL;
}

}  // namespace ringbed::ebpf
