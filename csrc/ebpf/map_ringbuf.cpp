// ringbuf: records of any length in one ring for all CPUs (kernel/bpf/ringbuf.c).
#include <bit>
#include <memory>

#include "ebpf/event_map.hpp"
#include "ebpf/map_factories.hpp"
#include "ebpf/map_storage.hpp"

namespace ringbed::ebpf {

namespace {

constexpr std::uint32_t kPage = 4096;

class RingBufferMap final : public RingBuffer {
 public:
  using RingBuffer::RingBuffer;

  std::uint8_t* reserve(std::uint64_t bytes) override {
    const std::uint64_t whole = round_up(bytes + kHeader, 8);
    // The kernel never lets producer and consumer positions differ by the whole ring.
    if (bytes > 0x3fff'ffff || whole > spec_.max_entries ||
        produced_ + whole - consumed_ > spec_.max_entries - 1) {
      return nullptr;
    }
    produced_ += whole;
    records_.push_back({std::make_unique<std::uint8_t[]>(bytes + 1), bytes, State::busy});
    return records_.back().data.get();
  }
  bool finish(const std::uint8_t* data, bool discard) override {
    for (Record& record : records_) {
      if (record.data.get() == data && record.state == State::busy) {
        record.state = discard ? State::discarded : State::ready;
        return true;
      }
    }
    return false;
  }
  // Stops at a record that is still being written, as a consumer in user space does.
  std::vector<Event> drain() override {
    std::vector<Event> events;
    while (!records_.empty() && records_.front().state != State::busy) {
      Record& record = records_.front();
      if (record.state == State::ready) {
        events.push_back({0, {record.data.get(), record.data.get() + record.bytes}});
      }
      consumed_ += round_up(record.bytes + kHeader, 8);
      records_.pop_front();
    }
    return events;
  }
  [[nodiscard]] std::uint64_t produced() const override { return produced_; }
  [[nodiscard]] std::uint64_t consumed() const override { return consumed_; }

  int read(const std::uint8_t*, std::uint8_t*, std::uint64_t) override { return kNotSupported; }
  int write(const std::uint8_t*, const std::uint8_t*, std::uint64_t) override {
    return kNotSupported;
  }
  int remove(const std::uint8_t*) override { return kNotSupported; }
  int next_key(const std::uint8_t*, std::uint8_t*) override { return kNotSupported; }
  [[nodiscard]] std::uint64_t memory_bytes() const override {
    return spec_.max_entries + 3 * std::uint64_t{kPage} + 2 * (spec_.max_entries / kPage) * 8;
  }

 private:
  enum class State : std::uint8_t { busy, ready, discarded };
  struct Record {
    std::unique_ptr<std::uint8_t[]> data;
    std::uint64_t bytes;
    State state;
  };
  std::deque<Record> records_;
  std::uint64_t produced_ = 0;
  std::uint64_t consumed_ = 0;
};

}  // namespace

std::unique_ptr<Map> make_ringbuf(MapSpec spec, const MapContext&) {
  return std::make_unique<RingBufferMap>(std::move(spec));
}

int check_ringbuf(const MapSpec& spec) {
  const bool good = spec.key_size == 0 && spec.value_size == 0 && spec.max_entries != 0 &&
                    std::has_single_bit(spec.max_entries) && spec.max_entries % kPage == 0 &&
                    (spec.flags & ~map_flag::numa) == 0;
  return good ? 0 : -EINVAL;
}

}  // namespace ringbed::ebpf
