// Each kind of map that holds values, driven at random in three places at once: the VM, the kernel
// and a plain model of a few lines that says what the kind is meant to do. Errno by errno and value
// by value; preallocated and not; every update flag; full maps. Where two agree and the third does
// not, it is the third that is wrong.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <map>
#include <optional>
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

struct Kind {
  const char* name;
  MapType type;
  std::uint32_t key_size;
  std::uint32_t max_entries;
  std::uint32_t flags = 0;
};

// What a map is meant to do, without a thought for speed.
class Model {
 public:
  explicit Model(const Kind& kind, std::uint32_t value_bytes) : kind_(kind) {
    if (is_array()) {
      for (std::uint32_t i = 0; i < kind.max_entries; ++i) {
        Bytes key(4);
        base::store_native(key.data(), i);
        entries_[key] = Bytes(value_bytes);
      }
    }
  }

  int write(const Bytes& key, const Bytes& value, std::uint64_t flags) {
    if (is_line()) return push(value, flags);
    if (kind_.type == MapType::lpm_trie && bits(key) > 32) return -EINVAL;
    if (flags > 2) return -EINVAL;
    if (is_array()) {
      if (index(key) >= kind_.max_entries) return -E2BIG;
      if (flags == 1) return -EEXIST;
    }
    const Bytes at = canonical(key);
    const bool there = entries_.contains(at);
    // A full trie says so before it looks at the flags; a hash looks first.
    if (there && flags == 1) return -EEXIST;
    if (!there && flags == 2) return -ENOENT;
    if (!there && entries_.size() >= kind_.max_entries) {
      return kind_.type == MapType::lpm_trie ? -ENOSPC : -E2BIG;
    }
    entries_[at] = value;
    return 0;
  }

  int read(const Bytes& key, Bytes& value) {
    if (is_line()) return peek(value);
    if (kind_.type == MapType::lpm_trie) return longest(key, value);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return -ENOENT;
    value = found->second;
    return 0;
  }

  int remove(const Bytes& key) {
    if (is_line() || is_array()) return -EINVAL;
    if (kind_.type == MapType::lpm_trie && bits(key) > 32) return -EINVAL;
    return entries_.erase(canonical(key)) > 0 ? 0 : -ENOENT;
  }

  [[nodiscard]] std::vector<Bytes> keys() const {
    std::vector<Bytes> keys;
    for (const auto& [key, value] : entries_) {
      keys.push_back(key);
    }
    return keys;
  }

  [[nodiscard]] bool is_line() const {
    return kind_.type == MapType::queue || kind_.type == MapType::stack;
  }
  [[nodiscard]] bool is_array() const {
    return kind_.type == MapType::array || kind_.type == MapType::percpu_array;
  }

 private:
  static std::uint32_t index(const Bytes& key) {
    return base::load_native<std::uint32_t>(key.data());
  }
  static std::uint32_t bits(const Bytes& key) { return index(key); }

  // A prefix without what lies behind it.
  [[nodiscard]] Bytes canonical(const Bytes& key) const {
    if (kind_.type != MapType::lpm_trie) return key;
    Bytes short_key = key;
    for (std::uint32_t bit = bits(key); bit < 32; ++bit) {
      short_key[4 + bit / 8] =
          static_cast<std::uint8_t>(short_key[4 + bit / 8] & ~(0x80U >> bit % 8));
    }
    return short_key;
  }

  int longest(const Bytes& key, Bytes& value) {
    if (bits(key) > 32) return -ENOENT;
    for (std::uint32_t length = bits(key) + 1; length-- > 0;) {
      Bytes prefix = key;
      base::store_native(prefix.data(), length);
      const auto found = entries_.find(canonical(prefix));
      if (found != entries_.end()) {
        value = found->second;
        return 0;
      }
    }
    return -ENOENT;
  }

  int push(const Bytes& value, std::uint64_t flags) {
    if (flags != 0 && flags != 2) return -EINVAL;
    if (line_.size() == kind_.max_entries) {
      if (flags == 0) return -E2BIG;
      line_.pop_front();
    }
    line_.push_back(value);
    return 0;
  }
  int peek(Bytes& value) {
    if (line_.empty()) return -ENOENT;
    value = kind_.type == MapType::queue ? line_.front() : line_.back();
    return 0;
  }

  Kind kind_;
  std::map<Bytes, Bytes> entries_;
  std::deque<Bytes> line_;
};

class MapModel : public testing::TestWithParam<Kind> {};

Bytes random_key(base::Random& random, const Kind& kind) {
  Bytes key(kind.key_size);
  if (kind.type == MapType::lpm_trie) {
    base::store_native(key.data(), static_cast<std::uint32_t>(random.below(34)));
    key[4] = static_cast<std::uint8_t>(random.below(4) << 6);
    key[6] = static_cast<std::uint8_t>(random.below(2) << 7);
    key[7] = static_cast<std::uint8_t>(random.below(2));
  } else if (!key.empty()) {
    base::store_native(key.data(), static_cast<std::uint32_t>(random.below(14)));
  }
  return key;
}

TEST_P(MapModel, VmKernelAndModelAreOne) {
  if (const std::string why = test::kernel_refusal(); !why.empty()) {
    GTEST_SKIP() << why;
  }
  const Kind& kind = GetParam();
  MapSpec spec;
  spec.name = "model";
  spec.type = kind.type;
  spec.key_size = kind.key_size;
  spec.value_size = 12;
  spec.max_entries = kind.max_entries;
  spec.flags = kind.flags;
  Environment environment;
  environment.cpus = possible_cpus();
  Machine machine(environment);
  auto vm = machine.add_map(spec);
  ASSERT_TRUE(vm.ok()) << vm.error().message;
  Map& ours = *vm.value();
  auto kernel = KernelMap::create(spec);
  ASSERT_TRUE(kernel.ok()) << kernel.error().message;
  const KernelMap& theirs = kernel.value();
  ASSERT_EQ(ours.user_value_bytes(), theirs.user_value_bytes());
  Model model(kind, ours.user_value_bytes());

  base::Random random(test::seed(), kind.name);
  for (unsigned step = 0; step < 8'000; ++step) {
    SCOPED_TRACE(test::seed_trace() + " step " + std::to_string(step));
    const Bytes key = random_key(random, kind);
    Bytes value(ours.user_value_bytes());
    for (std::size_t at = 0; at < value.size(); ++at) {
      // A CPU's value is rounded up to eight bytes; what fills it up is not kept.
      if (!per_cpu(kind.type) || at % 16 < 12) value[at] = static_cast<std::uint8_t>(random.next());
    }
    const std::uint64_t flags = random.below(4);
    switch (random.below(4)) {
      case 0:
      case 1: {
        const int want = model.write(key, value, flags);
        ASSERT_EQ(ours.write(key.data(), value.data(), flags), want) << "VM, flags " << flags;
        ASSERT_EQ(theirs.write(key.data(), value.data(), flags), want) << "kernel, flags " << flags;
        break;
      }
      case 2: {
        Bytes expected(value.size());
        Bytes first(value.size());
        Bytes second(value.size());
        const int want = model.read(key, expected);
        ASSERT_EQ(ours.read(key.data(), first.data(), 0), want) << "VM";
        ASSERT_EQ(theirs.read(key.data(), second.data(), 0), want) << "kernel";
        if (want == 0) {
          ASSERT_EQ(first, expected) << "VM";
          ASSERT_EQ(second, expected) << "kernel";
        }
        break;
      }
      default: {
        const int want = model.remove(key);
        ASSERT_EQ(ours.remove(key.data()), want) << "VM";
        ASSERT_EQ(theirs.remove(key.data()), want) << "kernel";
      }
    }
    if (step % 101 == 0 && !model.is_line() && kind.type != MapType::lpm_trie) {
      auto keys = theirs.keys();
      std::sort(keys.begin(), keys.end());
      auto wanted = model.keys();
      std::sort(wanted.begin(), wanted.end());
      ASSERT_EQ(keys, wanted);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, MapModel,
    testing::Values(Kind{"array", MapType::array, 4, 9}, Kind{"hash", MapType::hash, 4, 9},
                    Kind{"hash_grown", MapType::hash, 4, 9, map_flag::no_prealloc},
                    Kind{"hash_long_key", MapType::hash, 24, 9},
                    Kind{"percpu_array", MapType::percpu_array, 4, 9},
                    Kind{"percpu_hash", MapType::percpu_hash, 4, 9},
                    Kind{"percpu_hash_grown", MapType::percpu_hash, 4, 9, map_flag::no_prealloc},
                    Kind{"lru_hash", MapType::lru_hash, 4, 4096},
                    Kind{"lru_percpu_hash", MapType::lru_percpu_hash, 4, 4096},
                    Kind{"lpm_trie", MapType::lpm_trie, 8, 40, map_flag::no_prealloc},
                    Kind{"queue", MapType::queue, 0, 5}, Kind{"stack", MapType::stack, 0, 5}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace ringbed::ebpf
