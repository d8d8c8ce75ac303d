// Batches of entries in three places at once, as map_model_test.cpp has single ones: the VM, the
// kernel and a std::map. Walks are compared by what they find all in all, because which entries
// come in one call of a hash is the hash's own affair; everything else errno by errno.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <string>
#include <vector>

#include "base/endian.hpp"
#include "base/random.hpp"
#include "ebpf/kernel_map.hpp"
#include "ebpf/kernel_syscall.hpp"
#include "ebpf/machine.hpp"
#include "ebpf/maps.hpp"
#include "support/kernel_bpf.hpp"
#include "support/seed.hpp"

namespace ringbed::ebpf {

namespace {

using Bytes = std::vector<std::uint8_t>;
using Entries = std::map<Bytes, Bytes>;

struct Kind {
  const char* name;
  MapType type;
  std::uint32_t key_size = 4;
  std::uint32_t max_entries = 24;
  std::uint32_t flags = 0;
};

struct Call {
  int result;
  std::uint32_t count;
  bool operator==(const Call&) const = default;
};

void PrintTo(const Call& call, std::ostream* out) {
  *out << "errno " << -call.result << ", " << call.count << " done";
}

class MapBatch : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (const std::string why = test::kernel_refusal(); !why.empty()) GTEST_SKIP() << why;
    Environment environment;
    environment.cpus = possible_cpus();
    machine_ = std::make_unique<Machine>(environment);
    MapSpec spec;
    spec.name = "batch";
    spec.type = GetParam().type;
    spec.key_size = GetParam().key_size;
    spec.value_size = 12;
    spec.max_entries = GetParam().max_entries;
    spec.flags = GetParam().flags;
    auto vm = machine_->add_map(spec);
    ASSERT_TRUE(vm.ok()) << vm.error().message;
    vm_ = vm.value();
    auto kernel = KernelMap::create(spec);
    ASSERT_TRUE(kernel.ok()) << kernel.error().message;
    kernel_ = std::make_unique<KernelMap>(std::move(kernel).value());
    value_bytes_ = vm_->user_value_bytes();
    if (is_array()) {
      for (std::uint32_t i = 0; i < spec.max_entries; ++i) model_[key_of(i)] = Bytes(value_bytes_);
    }
  }

  [[nodiscard]] bool is_array() const {
    return GetParam().type == MapType::array || GetParam().type == MapType::percpu_array;
  }
  [[nodiscard]] bool is_trie() const { return GetParam().type == MapType::lpm_trie; }

  [[nodiscard]] Bytes key_of(std::uint32_t number) const {
    Bytes key(GetParam().key_size);
    base::store_native(key.data(), is_trie() ? 32 : number);
    if (is_trie()) base::store_native(key.data() + 4, number);
    return key;
  }

  Call ours(BatchOperation operation, Batch batch) {
    const int result = vm_->batch(operation, batch);
    return {result, batch.count};
  }
  Call theirs(BatchOperation operation, Batch batch) const {
    const int result = kernel_->batch(operation, batch);
    return {result, batch.count};
  }

  // What the model says to `given`, one after the other.
  Call change(BatchOperation operation, const std::vector<std::pair<Bytes, Bytes>>& given) {
    Call call{0, 0};
    for (const auto& [key, value] : given) {
      if (operation == BatchOperation::update) {
        const bool there = model_.contains(key);
        if (!there && (is_array() || model_.size() >= GetParam().max_entries)) {
          call.result = is_trie() ? -ENOSPC : -E2BIG;
        } else {
          model_[key] = value;
        }
      } else if (model_.erase(key) == 0) {
        call.result = -ENOENT;
      }
      if (call.result != 0) break;
      ++call.count;
    }
    return call;
  }

  // A whole walk in calls of `room` entries, more where a bucket wants it.
  template <typename Target>
  Entries walk(Target&& target, BatchOperation operation, std::uint32_t room) const {
    Entries found;
    Bytes cursor(cursor_bytes(GetParam().key_size));
    bool begun = false;
    for (unsigned calls = 0; calls < 200; ++calls) {
      Bytes keys(std::size_t{room} * GetParam().key_size);
      Bytes values(std::size_t{room} * value_bytes_);
      Batch batch{.keys = keys.data(), .values = values.data(), .count = room};
      batch.in = begun ? cursor.data() : nullptr;
      Bytes next = cursor;
      batch.out = next.data();
      const int result = target.batch(operation, batch);
      if (result == -ENOSPC) {
        room *= 2;
        continue;
      }
      EXPECT_TRUE(result == 0 || result == -ENOENT) << result;
      for (std::uint32_t i = 0; i < batch.count; ++i) {
        const auto key = keys.begin() + i * GetParam().key_size;
        const auto value = values.begin() + i * static_cast<std::ptrdiff_t>(value_bytes_);
        EXPECT_TRUE(
            found.emplace(Bytes(key, key + GetParam().key_size), Bytes(value, value + value_bytes_))
                .second)
            << "an entry came twice";
      }
      if (result != 0) return found;
      begun = true;
      cursor = next;
    }
    ADD_FAILURE() << "the walk does not end";
    return found;
  }

  std::unique_ptr<Machine> machine_;
  Map* vm_ = nullptr;
  std::unique_ptr<KernelMap> kernel_;
  std::uint32_t value_bytes_ = 0;
  Entries model_;
};

TEST_P(MapBatch, VmKernelAndModelAreOne) {
  base::Random random(test::seed(), GetParam().name);
  for (unsigned step = 0; step < 1'500; ++step) {
    SCOPED_TRACE(test::seed_trace() + " step " + std::to_string(step));
    const auto operation = static_cast<BatchOperation>(random.below(4));
    const auto count = static_cast<std::uint32_t>(random.below(9));
    if (operation == BatchOperation::update || operation == BatchOperation::remove) {
      std::vector<std::pair<Bytes, Bytes>> given(count);
      Bytes keys;
      Bytes values;
      for (auto& [key, value] : given) {
        key = key_of(static_cast<std::uint32_t>(random.below(30)));
        value.resize(value_bytes_);
        for (std::size_t at = 0; at < value.size(); ++at) {
          // What fills a CPU's value up to eight bytes is not kept.
          if (!per_cpu(GetParam().type) || at % 16 < 12) {
            value[at] = static_cast<std::uint8_t>(random.next());
          }
        }
        keys.insert(keys.end(), key.begin(), key.end());
        values.insert(values.end(), value.begin(), value.end());
      }
      const Batch batch{.keys = keys.data(), .values = values.data(), .count = count};
      const Call want = is_array() && operation == BatchOperation::remove
                            ? Call{kNotSupported, count}
                            : change(operation, given);
      ASSERT_EQ(ours(operation, batch), want) << "VM";
      ASSERT_EQ(theirs(operation, batch), want) << "kernel";
      continue;
    }
    const bool take = operation == BatchOperation::take;
    if (take && (is_array() || is_trie() || step % 16 != 0)) continue;
    ASSERT_EQ(walk(*vm_, operation, count + 1), model_) << "VM";
    ASSERT_EQ(walk(*kernel_, operation, count + 1), model_) << "kernel";
    if (take) model_.clear();
  }
}

// Kinds whose cursor is a key: how many a call finds, and what it says at the end.
class MapBatchByKey : public MapBatch {};

TEST_P(MapBatchByKey, OneCallAtATime) {
  for (std::uint32_t i = 0; is_trie() && i < 7; ++i) {
    const Bytes key = key_of(i);
    const Bytes value(value_bytes_);
    ASSERT_EQ(vm_->write(key.data(), value.data(), 0), 0);
    ASSERT_EQ(kernel_->write(key.data(), value.data(), 0), 0);
  }
  for (const std::uint32_t room : {0U, 1U, 5U, 7U, 8U, 23U, 24U, 25U}) {
    Bytes keys(std::size_t{room} * GetParam().key_size + 1);
    Bytes values(std::size_t{room} * value_bytes_ + 1);
    Bytes ours_at(8);
    Bytes theirs_at(8);
    bool begun = false;
    for (unsigned call = 0; call < 30; ++call) {
      Batch batch{.keys = keys.data(), .values = values.data(), .count = room};
      batch.in = begun ? ours_at.data() : nullptr;
      batch.out = ours_at.data();
      const Call mine = ours(BatchOperation::lookup, batch);
      batch.in = begun ? theirs_at.data() : nullptr;
      batch.out = theirs_at.data();
      ASSERT_EQ(mine, theirs(BatchOperation::lookup, batch)) << room << " entries, call " << call;
      begun = begun || mine.count > 0;
      if (mine.result != 0 || room == 0) break;
    }
  }
}

const Kind kArray{"array", MapType::array};
const Kind kPercpuArray{"percpu_array", MapType::percpu_array};
const Kind kTrie{"lpm_trie", MapType::lpm_trie, 8, 24, map_flag::no_prealloc};

INSTANTIATE_TEST_SUITE_P(Kinds, MapBatchByKey, testing::Values(kArray, kPercpuArray, kTrie),
                         [](const auto& row) { return std::string(row.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Kinds, MapBatch,
    testing::Values(kArray, kPercpuArray, Kind{"hash", MapType::hash},
                    Kind{"hash_long_key", MapType::hash, 24},
                    Kind{"hash_grown", MapType::hash, 4, 24, map_flag::no_prealloc},
                    Kind{"percpu_hash", MapType::percpu_hash},
                    Kind{"lru_hash", MapType::lru_hash, 4, 4096},
                    Kind{"lru_percpu_hash", MapType::lru_percpu_hash, 4, 4096}, kTrie),
    [](const auto& row) { return std::string(row.param.name); });

// Every kind, every operation, flags that nobody has: the same errno, and the count left alone or
// set to 0 alike.
TEST(MapBatchErrors, AreTheKernels) {
  if (const std::string why = test::kernel_refusal(); !why.empty()) GTEST_SKIP() << why;
  const auto spec_of = [](MapType type, std::uint32_t value_size) {
    MapSpec spec;
    spec.name = "errors";
    spec.type = type;
    spec.key_size = 4;
    spec.value_size = value_size;
    spec.max_entries = 2;
    return spec;
  };
  const auto inner = std::make_shared<MapSpec>(spec_of(MapType::array, 8));
  for (const MapRow& row : map_kinds()) {
    MapSpec spec = spec_of(row.type, 4);
    switch (row.type) {
      case MapType::lpm_trie:
        spec.key_size = 8;
        spec.flags = map_flag::no_prealloc;
        break;
      case MapType::queue:
      case MapType::stack:
      case MapType::bloom_filter: spec.key_size = 0; break;
      case MapType::ringbuf:
        spec.key_size = spec.value_size = 0;
        spec.max_entries = 4096;
        break;
      case MapType::array_of_maps:
      case MapType::hash_of_maps: spec.inner = inner; break;
      default: break;
    }
    Machine machine;
    auto vm = machine.add_map(spec);
    ASSERT_TRUE(vm.ok()) << row.name << ": " << vm.error().message;
    auto kernel = KernelMap::create(spec);
    ASSERT_TRUE(kernel.ok()) << row.name << ": " << kernel.error().message;
    Bytes room(4096);
    Bytes cursor(8);
    for (const auto operation : {BatchOperation::lookup, BatchOperation::take,
                                 BatchOperation::update, BatchOperation::remove}) {
      for (const std::uint64_t element_flags : {0, 1, 2, 4, 8}) {
        for (const std::uint64_t flags : {0, 1}) {
          for (const std::uint32_t count : {0U, 2U}) {
            // A value is a descriptor there, and 0 is one of ours.
            if (spec.inner != nullptr && operation == BatchOperation::update && count > 0) continue;
            const Batch batch{.keys = room.data(),
                              .values = room.data() + 2048,
                              .count = count,
                              .out = cursor.data(),
                              .element_flags = element_flags,
                              .flags = flags};
            Batch mine = batch;
            Batch theirs = batch;
            std::ranges::fill(room, std::uint8_t{0});
            const int ours = vm.value()->batch(operation, mine);
            std::ranges::fill(room, std::uint8_t{0});
            const int want = kernel.value().batch(operation, theirs);
            EXPECT_EQ((Call{ours, mine.count}), (Call{want, theirs.count}))
                << row.name << ", operation " << static_cast<int>(operation) << ", element flags "
                << element_flags << ", flags " << flags << ", count " << count;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace ringbed::ebpf
