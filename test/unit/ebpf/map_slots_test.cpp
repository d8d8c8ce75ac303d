// Maps whose values stand for something else (a map, a program, a socket, an event, a device),
// driven at random in the VM, in the kernel and in a model of a few lines at once, errno by errno,
// as map_model_test.cpp does it for maps of bytes. And the bloom filter, which may say too much but
// never too little.
#include <gtest/gtest.h>
#include <linux/perf_event.h>
#include <sys/socket.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/endian.hpp"
#include "base/random.hpp"
#include "ebpf/decode.hpp"
#include "ebpf/kernel_map.hpp"
#include "ebpf/kernel_syscall.hpp"
#include "ebpf/machine.hpp"
#include "ebpf/maps.hpp"
#include "support/bpf_assembler.hpp"
#include "support/kernel_bpf.hpp"
#include "support/seed.hpp"

namespace ringbed::ebpf {

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint32_t kEntries = 6;
constexpr std::uint32_t kCandidates = 3;

Bytes word(std::uint32_t value) {
  Bytes bytes(4);
  base::store_native(bytes.data(), value);
  return bytes;
}

struct Kind {
  const char* name;
  MapType type;
  std::uint32_t entries = kEntries;
};

// What each kind is meant to answer. A candidate is one of the things that can be values.
class Model {
 public:
  explicit Model(const Kind& kind) : kind_(kind) {}

  int write(std::uint32_t key, std::uint32_t candidate, std::uint64_t flags) {
    const bool there = slots_.contains(key);
    switch (kind_.type) {
      case MapType::array_of_maps:
      case MapType::prog_array:
      case MapType::perf_event_array:
        if (flags != 0) return -EINVAL;
        if (key >= kind_.entries) return -E2BIG;
        break;
      case MapType::xskmap:
        if (flags > 2) return -EINVAL;
        if (key >= kind_.entries) return -E2BIG;
        if (there && slots_[key] == candidate) return 0;
        if (there && flags == 1) return -EEXIST;
        if (!there && flags == 2) return -ENOENT;
        break;
      case MapType::devmap:
      case MapType::cpumap:
        if (flags > 2) return -EINVAL;
        if (key >= kind_.entries) return -E2BIG;
        if (flags == 1) return -EEXIST;
        if (candidate == 0) {  // no interface, a queue of no length
          slots_.erase(key);
          return 0;
        }
        break;
      case MapType::devmap_hash:
        if (flags > 2 || candidate == 0) return -EINVAL;
        if (there && flags == 1) return -EEXIST;
        if (!there && slots_.size() == kind_.entries) return -E2BIG;
        break;
      default:  // hash_of_maps
        if (flags > 2) return -EINVAL;
        if (there && flags == 1) return -EEXIST;
        if (!there && flags == 2) return -ENOENT;
        if (!there && slots_.size() == kind_.entries) return -E2BIG;
    }
    slots_[key] = candidate;
    return 0;
  }

  int remove(std::uint32_t key) {
    const bool hashed = kind_.type == MapType::hash_of_maps || kind_.type == MapType::devmap_hash;
    const bool redirects = kind_.type == MapType::devmap || kind_.type == MapType::cpumap ||
                           kind_.type == MapType::xskmap;
    if (!hashed && key >= kind_.entries) return redirects ? -EINVAL : -E2BIG;
    return slots_.erase(key) > 0 || redirects ? 0 : -ENOENT;
  }

  // The candidate, or a negative errno.
  [[nodiscard]] int read(std::uint32_t key) const {
    if (kind_.type == MapType::perf_event_array) return kNotSupported;
    if (kind_.type == MapType::xskmap) return -EOPNOTSUPP;
    const auto found = slots_.find(key);
    return found == slots_.end() ? -ENOENT : static_cast<int>(found->second);
  }

 private:
  Kind kind_;
  std::map<std::uint32_t, std::uint32_t> slots_;
};

// Candidates of a kind as either side names them: in the VM by a number, in the kernel by a
// descriptor when they are written and by an id when they are read.
struct Candidates {
  std::vector<std::uint32_t> ours;
  std::vector<std::uint32_t> theirs;
  std::vector<std::uint32_t> ids;
  std::vector<Program> programs;
  std::vector<base::FileDescriptor> held;

  void hold(base::FileDescriptor descriptor, std::uint32_t id) {
    theirs.push_back(static_cast<std::uint32_t>(descriptor.get()));
    ids.push_back(id);
    held.push_back(std::move(descriptor));
  }
};

MapSpec inner_spec(std::uint32_t number) {
  MapSpec spec;
  spec.name = "inner" + std::to_string(number);
  spec.type = MapType::array;
  spec.key_size = 4;
  spec.value_size = 8;
  spec.max_entries = 4;
  return spec;
}

std::uint32_t program_id(int descriptor) {
  bpf_prog_info info{};
  bpf_attr attributes{};
  attributes.info.bpf_fd = static_cast<std::uint32_t>(descriptor);
  attributes.info.info = user_pointer(&info);
  attributes.info.info_len = sizeof info;
  return bpf_call(BPF_OBJ_GET_INFO_BY_FD, attributes) < 0 ? 0 : info.id;
}

int open_event(std::uint32_t cpu) {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.size = sizeof attributes;
  attributes.config = PERF_COUNT_SW_BPF_OUTPUT;
  attributes.sample_type = PERF_SAMPLE_RAW;
  return static_cast<int>(::syscall(SYS_perf_event_open, &attributes, -1, static_cast<int>(cpu), -1,
                                    PERF_FLAG_FD_CLOEXEC));
}

// False where the machine has no such thing.
bool make_candidates(MapType type, Machine& machine, Candidates& into) {
  into.programs.reserve(kCandidates);
  for (std::uint32_t i = 0; i < kCandidates; ++i) {
    switch (type) {
      case MapType::array_of_maps:
      case MapType::hash_of_maps: {
        auto ours = machine.add_map(inner_spec(i));
        auto theirs = KernelMap::create(inner_spec(i));
        if (!ours || !theirs) return false;
        into.ours.push_back(ours.value()->number());
        into.hold(base::FileDescriptor(::dup(theirs.value().descriptor())), theirs.value().id());
        break;
      }
      case MapType::prog_array: {
        const auto code = test::assemble("r0 = " + std::to_string(i) + "; exit");
        auto decoded = decode(code, {});
        std::string log;
        auto loaded = test::load_program(test::KernelProgram::xdp, code, &log);
        if (!decoded || !loaded.ok()) return false;
        into.programs.push_back(std::move(decoded).value());
        into.ours.push_back(i);
        into.hold(base::FileDescriptor(::dup(loaded.get())), program_id(loaded.get()));
        break;
      }
      case MapType::xskmap:
      case MapType::perf_event_array: {
        const int made =
            type == MapType::xskmap ? ::socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0) : open_event(0);
        if (made < 0) return false;
        into.ours.push_back(i + 1);
        into.hold(base::FileDescriptor(made), 0);
        break;
      }
      default: {  // numbers on both sides
        const std::uint32_t value = type == MapType::cpumap ? i * 64 : std::min(i, 1U);
        into.ours.push_back(value);
        into.theirs.push_back(value);
        into.ids.push_back(value);
      }
    }
  }
  return true;
}

class MapSlots : public testing::TestWithParam<Kind> {};

TEST_P(MapSlots, VmKernelAndModelAreOne) {
  if (const std::string why = test::kernel_refusal(); !why.empty()) GTEST_SKIP() << why;
  const Kind& kind = GetParam();
  MapSpec spec;
  spec.name = "slots";
  spec.type = kind.type;
  spec.key_size = 4;
  spec.value_size = 4;
  spec.max_entries = kind.entries;
  const bool nested = kind.type == MapType::array_of_maps || kind.type == MapType::hash_of_maps;
  if (nested) spec.inner = std::make_shared<const MapSpec>(inner_spec(9));
  Machine machine;
  Candidates candidates;
  if (!make_candidates(kind.type, machine, candidates)) GTEST_SKIP() << "nothing to put in";
  auto vm = machine.add_map(spec);
  ASSERT_TRUE(vm.ok()) << vm.error().message;
  Map& ours = *vm.value();
  auto kernel = KernelMap::create(spec);
  ASSERT_TRUE(kernel.ok()) << kernel.error().message;
  const KernelMap& theirs = kernel.value();
  Model model(kind);

  base::Random random(test::seed(), kind.name);
  // The kernel waits for its readers at every change of a map of maps: milliseconds.
  const unsigned steps = nested ? 2'000 : 6'000;
  for (unsigned step = 0; step < steps; ++step) {
    SCOPED_TRACE(test::seed_trace() + " step " + std::to_string(step));
    // A cpumap's keys are processors: only the first, and what is none.
    const auto index = static_cast<std::uint32_t>(
        kind.type == MapType::cpumap ? random.below(2) * 7 : random.below(kind.entries + 3));
    const Bytes key = word(index);
    switch (random.below(4)) {
      case 0:
      case 1: {
        const auto chosen = static_cast<std::uint32_t>(random.below(kCandidates));
        const std::uint64_t flags = random.below(4);
        const int want = model.write(index, chosen, flags);
        ASSERT_EQ(theirs.write(key.data(), word(candidates.theirs[chosen]).data(), flags), want)
            << "kernel, flags " << flags;
        if (kind.type == MapType::prog_array) {  // by its own way, which has no flags
          if (flags == 0) {
            ASSERT_EQ(ours.set_program(index, &candidates.programs[chosen]), want) << "VM";
          }
        } else {
          ASSERT_EQ(ours.write(key.data(), word(candidates.ours[chosen]).data(), flags), want)
              << "VM, flags " << flags;
        }
        break;
      }
      case 2: {
        Bytes first(4);
        Bytes second(4);
        const int want = model.read(index);
        ASSERT_EQ(ours.read(key.data(), first.data(), 0), std::min(want, 0)) << "VM";
        ASSERT_EQ(theirs.read(key.data(), second.data(), 0), std::min(want, 0)) << "kernel";
        if (want < 0) break;
        const auto chosen = static_cast<std::size_t>(want);
        EXPECT_EQ(second, word(candidates.ids[chosen])) << "kernel";
        if (kind.type == MapType::prog_array) {
          EXPECT_EQ(ours.program(index), &candidates.programs[chosen]) << "VM";
        } else {
          EXPECT_EQ(first, word(candidates.ours[chosen])) << "VM";
        }
        break;
      }
      default: {
        const int want = model.remove(index);
        ASSERT_EQ(ours.remove(key.data()), want) << "VM";
        ASSERT_EQ(theirs.remove(key.data()), want) << "kernel";
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, MapSlots,
                         testing::Values(Kind{"array_of_maps", MapType::array_of_maps},
                                         Kind{"hash_of_maps", MapType::hash_of_maps},
                                         Kind{"prog_array", MapType::prog_array},
                                         Kind{"xskmap", MapType::xskmap},
                                         Kind{"perf_event_array", MapType::perf_event_array},
                                         Kind{"devmap", MapType::devmap},
                                         Kind{"devmap_hash", MapType::devmap_hash},
                                         Kind{"cpumap", MapType::cpumap, 1}),
                         [](const auto& row) { return std::string(row.param.name); });

// What was pushed is found everywhere; what was not may be found by chance, but seldom.
TEST(MapBloom, NeverForgetsAndSeldomImagines) {
  if (const std::string why = test::kernel_refusal(); !why.empty()) GTEST_SKIP() << why;
  MapSpec spec;
  spec.name = "bloom";
  spec.type = MapType::bloom_filter;
  spec.value_size = 8;
  spec.max_entries = 2'000;
  Machine machine;
  auto vm = machine.add_map(spec);
  ASSERT_TRUE(vm.ok()) << vm.error().message;
  auto kernel = KernelMap::create(spec);
  ASSERT_TRUE(kernel.ok()) << kernel.error().message;
  base::Random random(test::seed(), "bloom");
  std::set<std::uint64_t> pushed;
  const auto bytes_of = [](std::uint64_t value) {
    Bytes bytes(8);
    base::store_native(bytes.data(), value);
    return bytes;
  };
  while (pushed.size() < spec.max_entries) {
    const std::uint64_t value = random.next();
    const std::uint64_t flags = random.below(8) == 0 ? 1 + random.below(3) : 0;
    const int want = flags == 0 ? 0 : -EINVAL;
    ASSERT_EQ(vm.value()->write(nullptr, bytes_of(value).data(), flags), want);
    ASSERT_EQ(kernel.value().write(nullptr, bytes_of(value).data(), flags), want);
    if (want == 0) pushed.insert(value);
  }
  unsigned ours = 0;
  unsigned theirs = 0;
  constexpr unsigned kStrangers = 10'000;
  for (const std::uint64_t value : pushed) {
    Bytes bytes = bytes_of(value);
    ASSERT_EQ(vm.value()->read(nullptr, bytes.data(), 0), 0);
    ASSERT_EQ(kernel.value().read(nullptr, bytes.data(), 0), 0);
  }
  for (unsigned i = 0; i < kStrangers; ++i) {
    Bytes bytes = bytes_of(random.next());
    ours += vm.value()->read(nullptr, bytes.data(), 0) == 0 ? 1 : 0;
    theirs += kernel.value().read(nullptr, bytes.data(), 0) == 0 ? 1 : 0;
  }
  // Five hashes, seven bits an entry and more: some 2 in 100. Ours is as good as the kernel's.
  EXPECT_LT(theirs, kStrangers / 20);
  EXPECT_LT(ours, kStrangers / 20);
}

}  // namespace
}  // namespace ringbed::ebpf
