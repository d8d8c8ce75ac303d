// queue, stack: values without keys (kernel/bpf/queue_stack_maps.c).
#include <cstring>
#include <vector>

#include "ebpf/map_factories.hpp"

namespace ringbed::ebpf {

namespace {

// A ring of max_entries values; a queue takes the oldest, a stack the youngest.
class QueueMap final : public Map {
 public:
  QueueMap(MapSpec spec, bool stack)
      : Map(std::move(spec)),
        stack_(stack),
        values_(std::size_t{spec_.max_entries} * spec_.value_size) {}

  int push(const std::uint8_t* value, std::uint64_t flags) override {
    const bool replaces = (flags & update_flag::exist) != 0;  // the oldest makes room
    if ((flags & update_flag::no_exist) != 0 || flags > update_flag::exist) {
      return -EINVAL;
    }
    if (size_ == spec_.max_entries) {
      if (!replaces) {
        return -E2BIG;
      }
      first_ = (first_ + 1) % spec_.max_entries;
      --size_;
    }
    std::memcpy(at(size_++), value, spec_.value_size);
    return 0;
  }
  int pop(std::uint8_t* value) override {
    const int fault = peek(value);
    if (fault == 0) {
      first_ = stack_ ? first_ : (first_ + 1) % spec_.max_entries;
      --size_;
    }
    return fault;
  }
  // An empty one zeroes the value, as the kernel does.
  int peek(std::uint8_t* value) override {
    if (size_ == 0) {
      std::memset(value, 0, spec_.value_size);
      return -ENOENT;
    }
    std::memcpy(value, at(stack_ ? size_ - 1 : 0), spec_.value_size);
    return 0;
  }

  int read(const std::uint8_t*, std::uint8_t* value, std::uint64_t) override { return peek(value); }
  int write(const std::uint8_t*, const std::uint8_t* value, std::uint64_t flags) override {
    return push(value, flags);
  }
  int take(const std::uint8_t*, std::uint8_t* value) override { return pop(value); }
  int remove(const std::uint8_t*) override { return -EINVAL; }
  int next_key(const std::uint8_t*, std::uint8_t*) override { return -EINVAL; }
  [[nodiscard]] std::uint64_t memory_bytes() const override {
    return 320 + (std::uint64_t{spec_.max_entries} + 1) * spec_.value_size;
  }

 private:
  [[nodiscard]] std::uint8_t* at(std::uint32_t position) {
    return values_.data() + std::size_t{(first_ + position) % spec_.max_entries} * spec_.value_size;
  }

  bool stack_;
  std::uint32_t first_ = 0;
  std::uint32_t size_ = 0;
  std::vector<std::uint8_t> values_;
};

}  // namespace

std::unique_ptr<Map> make_queue(MapSpec spec, const MapContext&) {
  return std::make_unique<QueueMap>(std::move(spec), false);
}
std::unique_ptr<Map> make_stack(MapSpec spec, const MapContext&) {
  return std::make_unique<QueueMap>(std::move(spec), true);
}

int check_queue(const MapSpec& spec) {
  constexpr std::uint32_t kFlags = map_flag::numa | map_flag::rdonly | map_flag::wronly |
                                   map_flag::rdonly_prog | map_flag::wronly_prog;
  if (spec.max_entries == 0 || spec.key_size != 0 || spec.value_size == 0 ||
      (spec.flags & ~kFlags) != 0) {
    return -EINVAL;
  }
  return spec.value_size > 4'194'304 - 64 ? -E2BIG : 0;
}

}  // namespace ringbed::ebpf
