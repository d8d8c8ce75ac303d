// array, percpu_array: values by index, all there from the start (kernel/bpf/arraymap.c).
#include <cstring>

#include "base/endian.hpp"
#include "ebpf/machine.hpp"
#include "ebpf/map_factories.hpp"
#include "ebpf/map_storage.hpp"

namespace ringbed::ebpf {

namespace {

// Slot of (index, cpu): index * cpus + cpu; array has one "CPU".
class ArrayMap final : public Map {
 public:
  ArrayMap(MapSpec spec, const MapContext& context, bool per_cpu)
      : Map(std::move(spec)), per_cpu_(per_cpu), cpus_(per_cpu ? context.cpus : 1) {
    ok_ = slots_.reserve(std::uint64_t{spec_.max_entries} * cpus_, spec_.value_size);
    if (!ok_) {
      return;
    }
    if (!spec_.contents.empty()) {
      std::memcpy(slots_.at(0), spec_.contents.data(),
                  std::min<std::size_t>(spec_.contents.size(), spec_.value_size));
    }
    const bool writable = !spec_.frozen && (spec_.flags & map_flag::rdonly_prog) == 0;
    region_ = context.machine.memory().add(slots_.region(writable));
  }
  [[nodiscard]] bool ok() const { return ok_; }

  Address find(const std::uint8_t* key, std::uint32_t cpu) override {
    const std::uint32_t index = base::load_native<std::uint32_t>(key);
    return index < spec_.max_entries ? slots_.address(region_, slot(index, cpu)) : 0;
  }
  int update(const std::uint8_t* key, const std::uint8_t* value, std::uint64_t flags,
             std::uint32_t cpu) override {
    const int fault = check_update(key, flags);
    if (fault == 0) {
      const std::uint32_t index = base::load_native<std::uint32_t>(key);
      copy_value(spec_, slots_.at(slot(index, cpu)), value, spec_.value_size);
    }
    return fault;
  }
  int erase(const std::uint8_t*) override { return -EINVAL; }
  [[nodiscard]] bool walkable() const override { return true; }
  [[nodiscard]] std::uint32_t value_region() const override { return region_; }
  [[nodiscard]] Indexed indexed() const override { return {true, cpus_}; }

  int read(const std::uint8_t* key, std::uint8_t* value, std::uint64_t) override {
    const std::uint32_t index = base::load_native<std::uint32_t>(key);
    if (index >= spec_.max_entries) {
      return -ENOENT;
    }
    for (std::uint32_t cpu = 0; cpu < cpus_; ++cpu) {
      std::memcpy(value + cpu * user_stride(), slots_.at(slot(index, cpu)), user_stride());
    }
    return 0;
  }
  int write(const std::uint8_t* key, const std::uint8_t* value, std::uint64_t flags) override {
    if (spec_.frozen) {
      return -EPERM;
    }
    const bool known = !per_cpu_ || flags <= update_flag::exist;  // to a system call
    const int fault = known ? check_update(key, flags) : -EINVAL;
    const std::uint32_t index = base::load_native<std::uint32_t>(key);
    for (std::uint32_t cpu = 0; fault == 0 && cpu < cpus_; ++cpu) {
      copy_value(spec_, slots_.at(slot(index, cpu)), value + cpu * user_stride(), user_stride());
    }
    return fault;
  }
  int remove(const std::uint8_t*) override { return -EINVAL; }
  int next_key(const std::uint8_t* key, std::uint8_t* next) override {
    return next_index(key, next, spec_.max_entries);
  }
  [[nodiscard]] std::uint32_t user_value_bytes() const override { return user_stride() * cpus_; }
  int batch(BatchOperation operation, Batch& batch) override {
    if (spec_.frozen && writes(operation)) return -EPERM;
    const bool has = operation == BatchOperation::lookup || operation == BatchOperation::update;
    return has ? generic_batch(*this, operation, batch) : kNotSupported;
  }
  [[nodiscard]] std::uint64_t memory_bytes() const override {
    const std::uint64_t element = round_up(spec_.value_size, 8);
    return 320 + spec_.max_entries * (per_cpu_ ? 8 + element * cpus_ : element);
  }

 private:
  // A CPU's value as user space sees it: with its padding, per CPU.
  [[nodiscard]] std::uint32_t user_stride() const {
    return per_cpu_ ? static_cast<std::uint32_t>(round_up(spec_.value_size, 8)) : spec_.value_size;
  }
  [[nodiscard]] std::uint64_t slot(std::uint32_t index, std::uint32_t cpu) const noexcept {
    return std::uint64_t{index} * cpus_ + (per_cpu_ ? cpu : 0);
  }
  [[nodiscard]] int check_update(const std::uint8_t* key, std::uint64_t flags) const {
    if ((flags & ~update_flag::lock) > update_flag::exist) {
      return -EINVAL;
    }
    if (base::load_native<std::uint32_t>(key) >= spec_.max_entries) {
      return -E2BIG;
    }
    if ((flags & update_flag::no_exist) != 0) {
      return -EEXIST;
    }
    return (flags & update_flag::lock) != 0 && !spec_.lock_at ? -EINVAL : 0;
  }

  bool per_cpu_;
  std::uint32_t cpus_;
  Slots slots_;
  std::uint32_t region_ = 0;
  bool ok_ = false;
};

std::unique_ptr<Map> make(MapSpec spec, const MapContext& context, bool per_cpu) {
  auto map = std::make_unique<ArrayMap>(std::move(spec), context, per_cpu);
  return map->ok() ? std::move(map) : nullptr;
}

}  // namespace

std::unique_ptr<Map> make_array(MapSpec spec, const MapContext& context) {
  return make(std::move(spec), context, false);
}
std::unique_ptr<Map> make_percpu_array(MapSpec spec, const MapContext& context) {
  return make(std::move(spec), context, true);
}

int check_array(const MapSpec& spec) {
  constexpr std::uint32_t kFlags = map_flag::numa | map_flag::mmapable | map_flag::rdonly |
                                   map_flag::wronly | map_flag::rdonly_prog |
                                   map_flag::wronly_prog | 1u << 12;  // BPF_F_INNER_MAP
  return check_array_sizes(spec, kFlags);
}
int check_percpu_array(const MapSpec& spec) {
  constexpr std::uint32_t kFlags =
      map_flag::rdonly | map_flag::wronly | map_flag::rdonly_prog | map_flag::wronly_prog;
  const int fault = check_array_sizes(spec, kFlags);
  return fault != 0 ? fault : round_up(spec.value_size, 8) > 32'768 ? -E2BIG : 0;
}

}  // namespace ringbed::ebpf
