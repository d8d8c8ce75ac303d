// Every map kind against the kernel through bpf(2): the same random operations on both, errno by
// errno and value by value; and the same specifications, accepted or refused with the same errno.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "base/endian.hpp"
#include "base/random.hpp"
#include "ebpf/machine.hpp"
#include "ebpf/maps.hpp"
#include "support/kernel_bpf.hpp"
#include "support/seed.hpp"

namespace ringbed::ebpf {

namespace {

using Bytes = std::vector<std::uint8_t>;

std::uint32_t kernel_cpus() {
  std::ifstream in("/sys/devices/system/cpu/possible");
  std::string text;
  in >> text;
  const auto dash = text.find('-');
  return dash == std::string::npos
             ? 1
             : static_cast<std::uint32_t>(std::stoul(text.substr(dash + 1))) + 1;
}

// A kernel map; get() is a negative errno when it was refused.
test::Descriptor create(const MapSpec& spec, int* fault, int inner = -1) {
  bpf_attr attributes{};
  attributes.map_type = static_cast<std::uint32_t>(spec.type);
  attributes.key_size = spec.key_size;
  attributes.value_size = spec.value_size;
  attributes.max_entries = spec.max_entries;
  attributes.map_flags = spec.flags;
  attributes.map_extra = spec.extra;
  if (inner >= 0) {
    attributes.inner_map_fd = static_cast<std::uint32_t>(inner);
  }
  *fault = test::bpf_call(BPF_MAP_CREATE, attributes);
  return test::Descriptor(*fault < 0 ? -1 : *fault);
}

int element(int command, int fd, const Bytes& key, Bytes* value, std::uint64_t flags = 0) {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<std::uint32_t>(fd);
  attributes.key = key.empty() ? 0 : test::user_pointer(key.data());
  if (value != nullptr) {
    attributes.value = test::user_pointer(value->data());
  }
  attributes.flags = flags;
  return std::min(test::bpf_call(command, attributes), 0);
}

std::set<Bytes> keys_of_kernel(int fd, std::uint32_t key_size) {
  std::set<Bytes> keys;
  Bytes key;
  Bytes next(key_size);
  while (element(BPF_MAP_GET_NEXT_KEY, fd, key, &next) == 0) {
    keys.insert(next);
    key = next;
  }
  return keys;
}

std::set<Bytes> keys_of(Map& map) {
  std::set<Bytes> keys;
  Bytes next(map.spec().key_size);
  for (int more = map.next_key(nullptr, next.data()); more == 0;) {
    keys.insert(next);
    const Bytes key = next;
    more = map.next_key(key.data(), next.data());
  }
  return keys;
}

MapSpec spec_of(MapType type) {
  MapSpec spec;
  spec.name = map_kind_name(type);
  spec.type = type;
  spec.key_size = 4;
  spec.value_size = 12;
  spec.max_entries = 8;
  switch (type) {
    case MapType::lru_hash:
    case MapType::lru_percpu_hash: spec.max_entries = 4096; break;  // never full: eviction differs
    case MapType::lpm_trie:
      spec.flags = map_flag::no_prealloc;
      spec.key_size = 8;
      break;
    case MapType::queue:
    case MapType::stack: spec.key_size = 0; break;
    case MapType::bloom_filter:
      spec.key_size = 0;
      spec.max_entries = 1'000;
      break;
    case MapType::devmap:
    case MapType::devmap_hash:
    case MapType::cpumap:
    case MapType::xskmap:
    case MapType::prog_array:
    case MapType::perf_event_array:
    case MapType::array_of_maps:
    case MapType::hash_of_maps: spec.value_size = 4; break;
    case MapType::ringbuf:
      spec.key_size = 0;
      spec.value_size = 0;
      spec.max_entries = 4096;
      break;
    default: break;
  }
  return spec;
}

bool values_are_descriptors(MapType type) {
  return type == MapType::prog_array || type == MapType::perf_event_array ||
         type == MapType::array_of_maps || type == MapType::hash_of_maps || type == MapType::xskmap;
}

class KernelMap : public testing::TestWithParam<MapType> {};

TEST_P(KernelMap, RandomOperations) {
  if (const std::string why = test::kernel_refusal(); !why.empty()) {
    GTEST_SKIP() << why;
  }
  const MapType type = GetParam();
  const MapSpec spec = spec_of(type);
  Environment environment;
  environment.cpus = kernel_cpus();
  Machine machine(environment);
  const auto made = machine.add_map(spec);
  ASSERT_TRUE(made.ok()) << made.error().message;
  Map& map = *made.value();
  int fault = 0;
  MapSpec inner_spec = spec_of(MapType::array);
  const test::Descriptor inner = create(inner_spec, &fault);
  const bool nested = type == MapType::array_of_maps || type == MapType::hash_of_maps;
  const test::Descriptor kernel = create(spec, &fault, nested ? inner.get() : -1);
  ASSERT_GE(fault, 0) << std::strerror(-fault);

  base::Random random(test::seed(), spec.name);
  const bool redirects = type == MapType::devmap || type == MapType::devmap_hash;
  for (unsigned step = 0; step < 6'000; ++step) {
    SCOPED_TRACE(test::seed_trace() + " step " + std::to_string(step));
    Bytes key(spec.key_size);
    if (!key.empty()) {
      base::store_native(key.data(), static_cast<std::uint32_t>(random.below(12)));
    }
    if (type == MapType::lpm_trie) {
      base::store_native(key.data(), static_cast<std::uint32_t>(random.below(34)));
      key[4] = static_cast<std::uint8_t>(random.below(4) << 6);
      key[7] = static_cast<std::uint8_t>(random.below(2));
    }
    Bytes value(map.user_value_bytes());
    for (auto& byte : value) {
      byte = static_cast<std::uint8_t>(random.next());
    }
    if (redirects) {
      base::store_native(value.data(), static_cast<std::uint32_t>(random.below(2)));  // none, lo
    } else if (type == MapType::cpumap) {
      base::store_native(key.data(), static_cast<std::uint32_t>(random.below(2)) * 9);
      base::store_native(value.data(), static_cast<std::uint32_t>(random.below(3)) * 16'000);
    }
    const std::uint64_t flags = random.below(4);
    Bytes ours(value.size());
    Bytes theirs(value.size());
    const std::uint8_t* key_data = key.empty() ? nullptr : key.data();
    switch (random.below(5)) {
      case 0:
      case 1: {
        if (values_are_descriptors(type) || type == MapType::ringbuf) {
          break;  // a value is a descriptor: not comparable
        }
        const int want = element(BPF_MAP_UPDATE_ELEM, kernel.get(), key, &value, flags);
        ASSERT_EQ(map.write(key_data, value.data(), flags), want) << "update, flags " << flags;
        break;
      }
      case 2: {
        if (type == MapType::bloom_filter) break;  // false positives may differ
        const int want = element(BPF_MAP_LOOKUP_ELEM, kernel.get(), key, &theirs);
        ASSERT_EQ(map.read(key_data, ours.data(), 0), want) << "look-up";
        if (want == 0) {
          ASSERT_EQ(ours, theirs) << "look-up";
        }
        break;
      }
      case 3: {
        const int want = element(BPF_MAP_DELETE_ELEM, kernel.get(), key, nullptr);
        ASSERT_EQ(map.remove(key_data), want) << "delete";
        break;
      }
      default: {
        const int want = element(BPF_MAP_LOOKUP_AND_DELETE_ELEM, kernel.get(), key, &theirs);
        ASSERT_EQ(map.take(key_data, ours.data()), want) << "look-up and delete";
        if (want == 0) {
          ASSERT_EQ(ours, theirs) << "look-up and delete";
        }
        break;
      }
    }
    if (step % 97 == 0 && spec.key_size != 0) {
      ASSERT_EQ(keys_of(map), keys_of_kernel(kernel.get(), spec.key_size)) << "walk";
    }
  }
}

TEST_P(KernelMap, AcceptsTheSameSpecifications) {
  if (const std::string why = test::kernel_refusal(); !why.empty()) {
    GTEST_SKIP() << why;
  }
  const MapType type = GetParam();
  const MapRow* row = find_map_kind(type);
  base::Random random(test::seed(), map_kind_name(type));
  int fault = 0;
  MapSpec inner_spec = spec_of(MapType::array);
  const test::Descriptor inner = create(inner_spec, &fault);
  const bool nested = type == MapType::array_of_maps || type == MapType::hash_of_maps;
  for (unsigned step = 0; step < 400; ++step) {
    MapSpec spec = spec_of(type);
    const std::uint32_t sizes[] = {0, 1, 3, 4, 5, 8, 16, 260, 261};
    if (random.below(2) == 0) spec.key_size = sizes[random.below(std::size(sizes))];
    if (random.below(2) == 0) spec.value_size = sizes[random.below(std::size(sizes))];
    // a cpumap's limit is the kernel's NR_CPUS
    if (type != MapType::cpumap && random.below(4) == 0)
      spec.max_entries = static_cast<std::uint32_t>(random.below(3) * 4096);
    if (random.below(4) == 0) spec.flags ^= 1u << random.below(2);
    const test::Descriptor made = create(spec, &fault, nested ? inner.get() : -1);
    EXPECT_EQ(row->check(spec), std::min(fault, 0))
        << "key " << spec.key_size << " value " << spec.value_size << " entries "
        << spec.max_entries << " flags " << spec.flags;
  }
}

std::vector<MapType> all_types() {
  std::vector<MapType> types;
  for (const MapRow& row : map_kinds()) {
    types.push_back(row.type);
  }
  return types;
}

INSTANTIATE_TEST_SUITE_P(Kinds, KernelMap, testing::ValuesIn(all_types()),
                         [](const auto& row) { return map_kind_name(row.param); });

}  // namespace
}  // namespace ringbed::ebpf
