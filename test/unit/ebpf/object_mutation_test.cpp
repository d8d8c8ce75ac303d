// Good objects, broken in one place after another: the ELF header, the section table, and the bytes
// of every section (BTF, relocations, symbols, strings, code). Whatever is broken, the reader gives
// an error that says where, or an object that loads or is refused and runs within its bounds.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/endian.hpp"
#include "base/random.hpp"
#include "ebpf/collection.hpp"
#include "ebpf/elf.hpp"
#include "support/bpf_object.hpp"
#include "support/seed.hpp"

namespace ringbed::ebpf {

namespace {

using Bytes = std::vector<std::uint8_t>;

struct Part {
  std::string name;
  std::size_t begin;
  std::size_t bytes;
};

// What can be broken apart from the rest.
std::vector<Part> parts_of(const Bytes& file) {
  std::vector<Part> parts = {{"ELF header", 0, 64}};
  const auto table = base::load_le<std::uint64_t>(file.data() + 40);
  parts.push_back({"section table", table, file.size() - table});
  const auto parsed = parse_elf(file);
  for (const ElfSection& section : parsed.value().sections) {
    if (section.data.empty()) continue;
    parts.push_back({section.name, static_cast<std::size_t>(section.data.data() - file.data()),
                     section.data.size()});
  }
  return parts;
}

// One to four places, each with an edge value or a random one of a width that formats have.
void mutate(Bytes& file, const Part& part, base::Random& random) {
  constexpr std::uint64_t kEdges[] = {0,      1,           0x7f,        0xff,        0x7fff,
                                      0xffff, 0x7fff'ffff, 0xffff'ffff, ~0ULL >> 1,  ~0ULL,
                                      8,      16,          24,          0x8000'0000, 1ULL << 63};
  for (std::uint64_t places = 1 + random.below(4); places > 0; --places) {
    const std::size_t width = std::size_t{1} << random.below(4);
    const std::size_t at = part.begin + random.below(part.bytes);
    const std::uint64_t value =
        random.below(3) == 0 ? random.next() : kEdges[random.below(std::size(kEdges))];
    for (std::size_t i = 0; i < width && at + i < part.begin + part.bytes; ++i) {
      file[at + i] = static_cast<std::uint8_t>(value >> 8 * i);
    }
  }
}

// Says which section, or that it is the file itself.
bool names_a_place(const std::string& message) {
  return message.find("section ") != std::string::npos ||
         message.find("object file") != std::string::npos;
}

std::uint64_t map_bytes(const ObjectSpec& object) {
  std::uint64_t bytes = 0;
  for (const MapSpec& map : object.maps) {
    bytes += std::uint64_t{map.max_entries} * (std::uint64_t{map.key_size} + map.value_size);
  }
  return bytes;
}

void load_and_run(const ObjectSpec& object) {
  if (map_bytes(object) > 1U << 24) return;
  Machine machine;
  machine.set_instruction_limit(1'000);
  CollectionOptions options;
  options.fallback_type = ProgramType::xdp;
  static const auto kernel = KernelTypes::load();
  options.kernel = kernel ? &kernel.value() : nullptr;
  const auto loaded = Collection::load(object, machine, options);
  if (!loaded) {
    EXPECT_FALSE(loaded.error().message.empty());
    return;
  }
  const Bytes frame(64);
  for (const auto& program : loaded.value().programs()) {
    (void)machine.run(*program, frame);
  }
}

class Mutation : public testing::TestWithParam<const char*> {};

TEST_P(Mutation, IsRefusedWithAPlaceOrRead) {
  const std::string path = test::compile_bpf(GetParam());
  if (path.empty()) GTEST_SKIP() << "clang for BPF is not installed";
  const Bytes good = test::read_file(path);
  ASSERT_TRUE(read_object(good).ok());
  base::Random random(test::seed(), GetParam());
  std::size_t refused = 0;
  for (const Part& part : parts_of(good)) {
    if (part.name.starts_with(".debug") || part.name.starts_with(".rel.debug")) continue;
    for (unsigned turn = 0; turn < 150; ++turn) {
      SCOPED_TRACE(test::seed_trace() + " " + part.name + " " + std::to_string(turn));
      Bytes bad = good;
      mutate(bad, part, random);
      const auto object = read_object(bad);
      if (object) {
        load_and_run(object.value());
        continue;
      }
      ++refused;
      EXPECT_TRUE(names_a_place(object.error().message)) << object.error().message;
    }
  }
  EXPECT_GT(refused, 200U);
}

INSTANTIATE_TEST_SUITE_P(Objects, Mutation,
                         testing::Values("counters", "stages", "calls", "kinds", "legacy", "mixed",
                                         "pieces", "core", "elsewhere"),
                         [](const auto& row) { return std::string(row.param); });

}  // namespace
}  // namespace ringbed::ebpf
