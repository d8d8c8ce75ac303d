// The same object, the same frames, in the VM, by either engine, and in the kernel (libbpf and
// BPF_PROG_TEST_RUN): verdict and bytes after every frame, map contents at the end, must be equal.
// Frames are random, from a printed seed; RINGBED_DIFFERENTIAL_FRAMES sets how many.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "ebpf/collection.hpp"
#include "support/bpf_object.hpp"
#include "support/kernel_bpf.hpp"
#include "support/seed.hpp"

namespace ringbed::ebpf {

namespace {

using Bytes = std::vector<std::uint8_t>;

// A UDP frame, with up to two VLAN tags, some of it random; now and then cut or all random.
Bytes random_frame(base::Random& random) {
  Bytes frame(60 + random.below(140));
  for (auto& byte : frame) {
    byte = static_cast<std::uint8_t>(random.next());
  }
  std::size_t at = 12;
  for (std::uint64_t tags = random.below(4); tags > 1; --tags, at += 4) {
    frame[at] = 0x81;
    frame[at + 1] = 0x00;
  }
  frame[at] = 0x08;
  frame[at + 1] = 0x00;
  frame[at + 2] = random.below(8) == 0 ? 0x46 : 0x45;
  if (random.below(4) != 0) {
    frame[at + 11] = 17;
    for (unsigned i = 14; i < 22; ++i) {  // few flows, so that maps have hits
      frame[at + i] = static_cast<std::uint8_t>(random.below(2));
    }
  }
  if (random.below(16) == 0) {
    frame.resize(14 + random.below(30));
  }
  return frame;
}

std::uint32_t kernel_cpus() {
  std::ifstream in("/sys/devices/system/cpu/possible");
  std::string text;
  in >> text;
  const auto dash = text.find('-');
  return dash == std::string::npos
             ? 1
             : static_cast<std::uint32_t>(std::stoul(text.substr(dash + 1))) + 1;
}

constexpr std::size_t kLeastTestRunBytes = 34;  // Ethernet and IPv4 headers

using Contents = std::map<Bytes, Bytes>;

// Per-CPU values as their sum: where a frame was counted is the machine's business.
Bytes summed(const Bytes& value, std::uint32_t cpus) {
  std::uint64_t sum = 0;
  for (std::uint32_t cpu = 0; cpu < cpus; ++cpu) {
    sum += base::load_native<std::uint64_t>(value.data() + cpu * 8);
  }
  Bytes bytes(8);
  base::store_native(bytes.data(), sum);
  return bytes;
}

bool per_cpu(const Map& map) {
  return map.spec().type == MapType::percpu_array || map.spec().type == MapType::percpu_hash;
}

bool comparable(const Map& map) {
  switch (map.spec().type) {
    case MapType::array:
    case MapType::hash:
    case MapType::lru_hash:
    case MapType::percpu_array:
    case MapType::percpu_hash:
    case MapType::lpm_trie: return true;
    default: return false;  // no keys, or values that are descriptors
  }
}

Contents vm_contents(Map& map) {
  Contents all;
  Bytes key(map.spec().key_size);
  for (int more = map.next_key(nullptr, key.data()); more == 0;
       more = map.next_key(Bytes(key).data(), key.data())) {
    Bytes value(map.user_value_bytes());
    EXPECT_EQ(map.read(key.data(), value.data(), 0), 0);
    all[key] = per_cpu(map) ? summed(value, 1) : value;
  }
  return all;
}

Contents kernel_contents(int fd, const Map& map) {
  Contents all;
  const std::uint32_t cpus = kernel_cpus();
  Bytes key(map.spec().key_size);
  Bytes previous;
  while (true) {
    bpf_attr walk{};
    walk.map_fd = static_cast<std::uint32_t>(fd);
    walk.key = previous.empty() ? 0 : test::user_pointer(previous.data());
    walk.next_key = test::user_pointer(key.data());
    if (test::bpf_call(BPF_MAP_GET_NEXT_KEY, walk) != 0) {
      return all;
    }
    Bytes value((map.spec().value_size + 7) / 8 * 8 * cpus);
    bpf_attr look{};
    look.map_fd = static_cast<std::uint32_t>(fd);
    look.key = test::user_pointer(key.data());
    look.value = test::user_pointer(value.data());
    if (test::bpf_call(BPF_MAP_LOOKUP_ELEM, look) == 0) {
      value.resize(per_cpu(map) ? value.size() : map.spec().value_size);
      all[key] = per_cpu(map) ? summed(value, cpus) : value;
    }
    previous = key;
  }
}

struct Case {
  const char* object;
  const char* program;
};

class Differential : public testing::TestWithParam<std::tuple<Case, Engine>> {};

TEST_P(Differential, VmEqualsKernel) {
  if (const std::string why = test::kernel_refusal(); !why.empty()) {
    GTEST_SKIP() << why;
  }
  const auto& [subject, engine] = GetParam();
  const std::string path = test::compile_bpf(subject.object);
  if (path.empty()) {
    GTEST_SKIP() << "clang for BPF is not installed";
  }
  const test::KernelObject kernel(path);
  ASSERT_EQ(kernel.refusal(), "");
  const Bytes file = test::read_file(path);
  const auto object = read_object(file);
  ASSERT_TRUE(object.ok()) << object.error().message;
  Machine machine;
  if (const base::Status status = machine.set_engine(engine); !status) {
    GTEST_SKIP() << status.error().message;
  }
  const auto loaded = Collection::load(object.value(), machine);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  const Program* program = loaded.value().program(subject.program);
  ASSERT_NE(program, nullptr);
  const int descriptor = kernel.program(subject.program);

  const char* wanted = std::getenv("RINGBED_DIFFERENTIAL_FRAMES");
  const std::uint64_t frames = wanted == nullptr ? 3'000 : std::stoull(wanted);
  const std::uint64_t seed = test::seed();
  base::Random random(seed, subject.object);
  for (std::uint64_t number = 0; number < frames; ++number) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", frame " + std::to_string(number));
    const Bytes frame = random_frame(random);
    const auto expected = test::test_run(descriptor, frame);
    if (!expected.has_value() && frame.size() < kLeastTestRunBytes) {
      continue;  // the kernel does not run programs on that
    }
    ASSERT_TRUE(expected.has_value());
    const Outcome outcome = machine.run(*program, frame);
    ASSERT_TRUE(outcome.ok()) << describe(outcome.fault);
    ASSERT_EQ(static_cast<std::uint32_t>(outcome.r0), expected->result);
    Bytes bytes(machine.packet().meta().begin(), machine.packet().meta().end());
    const Bytes rest = machine.packet().bytes();
    bytes.insert(bytes.end(), rest.begin(), rest.end());
    ASSERT_EQ(bytes, expected->data);
  }
  for (const MapSpec& spec : object.value().maps) {
    Map* map = loaded.value().map(spec.name);
    const int fd = kernel.map(spec.name);
    if (fd >= 0 && comparable(*map)) {
      EXPECT_EQ(vm_contents(*map), kernel_contents(fd, *map)) << "map " << spec.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Programs, Differential,
    testing::Combine(
        testing::Values(Case{"classify", "classify"}, Case{"classify_array", "classify_array"},
                        Case{"classify_hash", "classify_hash"}, Case{"counters", "counters"},
                        Case{"bounds", "bounds"}, Case{"stages", "entry"}, Case{"calls", "calls"},
                        Case{"kinds", "kinds"}, Case{"redirects", "redirects"},
                        Case{"checksums", "checksums"}, Case{"tags", "tags"}, Case{"room", "room"},
                        Case{"marks", "marks"}, Case{"numbers", "numbers"}, Case{"texts", "texts"},
                        Case{"dynptrs", "dynptrs"}),
        testing::Values(Engine::interpreter, Engine::jit)),
    [](const auto& row) {
      return std::string(std::get<0>(row.param).object) +
             (std::get<1>(row.param) == Engine::jit ? "_jit" : "");
    });

}  // namespace
}  // namespace ringbed::ebpf
