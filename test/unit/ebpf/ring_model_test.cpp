// A ringbuf through random operations in the VM, by either engine, in the kernel and in a plain
// model at once: what each helper returns, the positions, and what a consumer finds.
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <deque>
#include <string>
#include <vector>

#include "base/endian.hpp"
#include "base/random.hpp"
#include "ebpf/collection.hpp"
#include "ebpf/event_map.hpp"
#include "ebpf/kernel_ring.hpp"
#include "support/bpf_object.hpp"
#include "support/seed.hpp"

namespace ringbed::ebpf {

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t kRing = 4096;
// What ring_model.bpf.c reserves; its operation 0 is an output of any size.
constexpr std::array<std::uint64_t, 8> kReserved = {0, 1, 8, 9, 1000, 4080, 4088, 5000};

// struct step of ring_model.bpf.c
constexpr std::size_t kOperation = 14;
constexpr std::size_t kDiscard = 15;
constexpr std::size_t kFlags = 16;
constexpr std::size_t kSize = 24;
constexpr std::size_t kNumber = 32;
constexpr std::size_t kResult = 40;
constexpr std::size_t kQueries = 48;
constexpr std::size_t kStepBytes = 88;

struct Record {
  std::uint64_t bytes;
  std::uint64_t number;
  bool discarded;
};

// The record's first bytes, which are all that a program has written of it.
Bytes head(std::uint64_t number, std::uint64_t bytes) {
  Bytes all(8);
  base::store_native(all.data(), number);
  all.resize(std::min<std::uint64_t>(bytes, 8));
  return all;
}

class Model {
 public:
  // False: it finds no room.
  bool add(const Record& record) {
    const std::uint64_t whole = length(record);
    if (produced_ + whole - consumed_ >= kRing) return false;
    produced_ += whole;
    waiting_.push_back(record);
    return true;
  }
  std::vector<std::pair<std::uint64_t, Bytes>> drain() {
    std::vector<std::pair<std::uint64_t, Bytes>> found;
    for (const Record& record : waiting_) {
      consumed_ += length(record);
      if (!record.discarded) found.emplace_back(record.bytes, head(record.number, record.bytes));
    }
    waiting_.clear();
    return found;
  }
  [[nodiscard]] std::array<std::uint64_t, 5> queries() const {
    return {produced_ - consumed_, kRing, consumed_, produced_, 0};
  }

 private:
  static std::uint64_t length(const Record& record) { return (record.bytes + 8 + 7) / 8 * 8; }

  std::deque<Record> waiting_;
  std::uint64_t produced_ = 0;
  std::uint64_t consumed_ = 0;
};

std::vector<std::pair<std::uint64_t, Bytes>> seen(const std::vector<Event>& events) {
  std::vector<std::pair<std::uint64_t, Bytes>> found;
  for (const Event& event : events) {
    found.emplace_back(
        event.bytes.size(),
        Bytes(event.bytes.begin(),
              event.bytes.begin() +
                  static_cast<std::ptrdiff_t>(std::min<std::size_t>(event.bytes.size(), 8))));
  }
  return found;
}

class RingModel : public testing::TestWithParam<Engine> {};

TEST_P(RingModel, VmKernelAndModelAreOne) {
  if (const std::string why = test::kernel_refusal(); !why.empty()) GTEST_SKIP() << why;
  const std::string path = test::compile_bpf("ring_model");
  if (path.empty()) GTEST_SKIP() << "clang for BPF is not installed";
  const test::KernelObject kernel(path);
  ASSERT_EQ(kernel.refusal(), "");
  auto ring = KernelRing::open(kernel.map("ring"), kRing);
  ASSERT_TRUE(ring.ok()) << ring.error().message;
  const auto object = read_object(test::read_file(path));
  ASSERT_TRUE(object.ok()) << object.error().message;
  Machine machine;
  if (const base::Status status = machine.set_engine(GetParam()); !status) {
    GTEST_SKIP() << status.error().message;
  }
  const auto loaded = Collection::load(object.value(), machine);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  const Program* program = loaded.value().program("ring_step");
  auto* vm_ring = static_cast<RingBuffer*>(loaded.value().map("ring"));

  Model model;
  base::Random random(test::seed(), "ring_model");
  for (std::uint64_t number = 1; number <= 20'000; ++number) {
    SCOPED_TRACE(test::seed_trace() + ", step " + std::to_string(number));
    Bytes frame(kStepBytes);
    const std::uint64_t operation = random.below(kReserved.size());
    const bool discard = random.below(3) == 0;
    const std::uint64_t flags = random.below(4) == 0 ? random.below(6) : 0;
    const std::uint64_t size = random.below(3) == 0 ? random.below(4096) : random.below(64);
    frame[kOperation] = static_cast<std::uint8_t>(operation);
    frame[kDiscard] = discard ? 1 : 0;
    base::store_native(frame.data() + kFlags, flags);
    base::store_native(frame.data() + kSize, size);
    base::store_native(frame.data() + kNumber, number);

    std::uint64_t result = 0;
    if (operation == 0) {
      const auto error = [](int code) { return static_cast<std::uint64_t>(-std::int64_t{code}); };
      result = flags > 3 ? error(EINVAL) : model.add({size, number, false}) ? 0 : error(EAGAIN);
    } else {
      result = flags == 0 && model.add({kReserved[operation], number, discard}) ? 1 : 0;
    }
    Bytes want = frame;
    base::store_native(want.data() + kResult, result);
    for (std::size_t i = 0; i < 5; ++i) {
      base::store_native(want.data() + kQueries + 8 * i, model.queries()[i]);
    }

    const auto theirs = test::test_run(kernel.program("ring_step"), frame);
    ASSERT_TRUE(theirs.has_value());
    ASSERT_EQ(theirs->data, want) << "kernel";
    const Outcome outcome = machine.run(*program, frame);
    ASSERT_TRUE(outcome.ok()) << describe(outcome.fault);
    ASSERT_EQ(machine.packet().bytes(), want) << "VM";
    if (random.below(8) == 0) {
      const auto found = model.drain();
      ASSERT_EQ(seen(ring.value().drain()), found) << "kernel";
      ASSERT_EQ(seen(vm_ring->drain()), found) << "VM";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, RingModel, testing::Values(Engine::interpreter, Engine::jit),
                         [](const auto& row) {
                           return row.param == Engine::jit ? "jit" : "interpreter";
                         });

}  // namespace
}  // namespace ringbed::ebpf
