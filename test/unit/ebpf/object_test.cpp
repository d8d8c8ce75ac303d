// The object reader on what clang makes of test/data/bpf, and on the same bytes broken in every
// way.
#include "ebpf/object.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "ebpf/btf_json.hpp"
#include "ebpf/collection.hpp"
#include "ebpf/helpers.hpp"
#include "support/bpf_object.hpp"
#include "support/seed.hpp"

namespace ringbed::ebpf {

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes object_bytes(const std::string& name) {
  const std::string path = test::compile_bpf(name);
  return path.empty() ? Bytes{} : test::read_file(path);
}

TEST(Object, MapsOfEveryOrigin) {
  const Bytes file = object_bytes("counters");
  if (file.empty()) GTEST_SKIP() << "clang for BPF is not installed";
  const auto object = read_object(file);
  ASSERT_TRUE(object.ok()) << object.error().message;
  EXPECT_EQ(object.value().license, "GPL");
  const MapSpec* flows = object.value().map("flows");
  ASSERT_NE(flows, nullptr);
  EXPECT_EQ(flows->type, MapType::hash);
  EXPECT_EQ(flows->key_size, 8u);
  EXPECT_EQ(flows->value_size, 8u);
  EXPECT_EQ(flows->max_entries, 64u);
  EXPECT_EQ(object.value().map("protocols")->flags, map_flag::no_prealloc);
  EXPECT_TRUE(object.value().map(".rodata")->frozen);
  EXPECT_EQ(object.value().map(".data")->contents.at(0), 7);
  EXPECT_EQ(object.value().map(".bss")->value_size, 8u);
  ASSERT_EQ(object.value().programs.size(), 1u);
  EXPECT_EQ(object.value().programs[0].type, ProgramType::xdp);
  EXPECT_FALSE(object.value().programs[0].lines.empty());
}

TEST(Object, SlotsOfProgArraysAndMapsOfMaps) {
  const Bytes stages = object_bytes("stages");
  const Bytes kinds = object_bytes("kinds");
  if (stages.empty()) GTEST_SKIP() << "clang for BPF is not installed";
  const auto object = read_object(stages);
  ASSERT_TRUE(object.ok()) << object.error().message;
  const auto& slots = object.value().map("stages")->slots;
  ASSERT_EQ(slots.size(), 2u);
  EXPECT_EQ(slots[0].index, 1u);
  EXPECT_EQ(slots[0].target, "first");
  EXPECT_EQ(slots[1].index, 5u);
  const auto more = read_object(kinds);
  ASSERT_TRUE(more.ok()) << more.error().message;
  const MapSpec* sides = more.value().map("sides");
  ASSERT_NE(sides->inner, nullptr);
  EXPECT_EQ(sides->inner->type, MapType::array);
  EXPECT_EQ(sides->slots.size(), 2u);
}

TEST(Object, AFaultNamesTheSourceLine) {
  const Bytes file = object_bytes("hostile");
  if (file.empty()) GTEST_SKIP() << "clang for BPF is not installed";
  const auto object = read_object(file);
  ASSERT_TRUE(object.ok()) << object.error().message;
  Machine machine;
  machine.set_instruction_limit(10'000);
  const auto loaded = Collection::load(object.value(), machine);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  const Bytes frame(64);
  const auto words = [&](const char* program) {
    return describe(machine.run(*loaded.value().program(program), frame).fault);
  };
  EXPECT_NE(words("beyond_packet").find("hostile.bpf.c:"), std::string::npos)
      << words("beyond_packet");
  EXPECT_NE(words("beyond_packet").find("out-of-bounds read"), std::string::npos);
  EXPECT_NE(words("beyond_value").find("out-of-bounds write"), std::string::npos)
      << words("beyond_value");
  EXPECT_NE(words("constant").find("out-of-bounds write"), std::string::npos) << words("constant");
  EXPECT_NE(words("endless").find("instruction limit"), std::string::npos) << words("endless");
  EXPECT_NE(words("null_map").find("NULL"), std::string::npos) << words("null_map");
  // and the machine goes on
  EXPECT_TRUE(machine.run(*loaded.value().program("harmless"), frame).ok());
}

// Flipped bytes, cut files: an error with words or a good object, never a crash (ASan and UBSan
// builds look harder).
TEST(Object, BrokenFilesAreRefusedOrRead) {
  base::Random random(test::seed(), "object");
  std::size_t refused = 0;
  for (const char* name : {"counters", "stages", "calls", "kinds"}) {
    const Bytes good = object_bytes(name);
    if (good.empty()) GTEST_SKIP() << "clang for BPF is not installed";
    for (unsigned turn = 0; turn < 1'500; ++turn) {
      SCOPED_TRACE(test::seed_trace() + " " + name + " " + std::to_string(turn));
      Bytes bad = good;
      if (turn % 5 == 0) {
        bad.resize(random.below(good.size()));
      }
      for (std::uint64_t flips = 1 + random.below(8); flips > 0 && !bad.empty(); --flips) {
        bad[random.below(bad.size())] = static_cast<std::uint8_t>(random.next());
      }
      const auto object = read_object(bad);
      if (!object) {
        ++refused;
        EXPECT_FALSE(object.error().message.empty());
        continue;
      }
      std::uint64_t bytes = 0;
      for (const MapSpec& map : object.value().maps) {
        bytes += std::uint64_t{map.max_entries} * (std::uint64_t{map.key_size} + map.value_size);
      }
      if (bytes < 1u << 24) {
        Machine machine;
        machine.set_instruction_limit(1'000);
        CollectionOptions options;
        options.fallback_type = ProgramType::xdp;
        const auto loaded = Collection::load(object.value(), machine, options);
        const Bytes frame(64);
        for (std::size_t i = 0; loaded && i < loaded.value().programs().size(); ++i) {
          (void)machine.run(*loaded.value().programs()[i], frame);
        }
      }
    }
  }
  EXPECT_GT(refused, 100u);
}

TEST(Object, RefusesWhatIsNoObject) {
  const Bytes text = {'h', 'e', 'l', 'l', 'o'};
  const auto object = read_object(text);
  ASSERT_FALSE(object.ok());
  EXPECT_NE(object.error().message.find("no ELF file"), std::string::npos);
}

TEST(Object, NamesReachNoTerminalAsControlCharacters) {
  const Bytes good = object_bytes("counters");
  if (good.empty()) GTEST_SKIP() << "clang for BPF is not installed";
  for (const std::string name : {"license", "counters"}) {  // a section's and a program's
    Bytes bad = good;
    // The last one: BTF's strings come first. Strings may share their ends.
    const std::string zeroed = name + '\0';
    const auto at = std::find_end(bad.begin(), bad.end(), zeroed.begin(), zeroed.end());
    ASSERT_NE(at, bad.end()) << name;
    at[2] = 0x1b;
    const auto object = read_object(bad);
    ASSERT_FALSE(object.ok()) << name;
    EXPECT_EQ(object.error().message.find('\x1b'), std::string::npos);
  }
}

TEST(Object, WhatOnlyAKernelHasIsNamed) {
  const Bytes file = object_bytes("kernel_only");
  if (file.empty()) GTEST_SKIP() << "clang for BPF is not installed";
  const auto object = read_object(file);
  ASSERT_TRUE(object.ok()) << object.error().message;
  const auto unknown = [&](const char* program) {
    std::string text;
    for (const std::uint32_t number : unknown_helpers(object.value().program(program)->code)) {
      text += helper_text(number) + " ";
    }
    return text;
  };
  EXPECT_EQ(unknown("timed"), "helper 169 (bpf_timer_init) ");
  EXPECT_EQ(unknown("tunneled"), "helper 20 (bpf_skb_get_tunnel_key) ");
  EXPECT_EQ(unknown("plain"), "");
  EXPECT_EQ(helper_text(9999), "helper 9999");
  Machine machine;
  const auto loaded = Collection::load(object.value(), machine);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  const Outcome outcome = machine.run(*loaded.value().program("timed"), Bytes(64));
  EXPECT_NE(describe(outcome.fault).find("helper 169 (bpf_timer_init) is not simulated"),
            std::string::npos);
}

TEST(Object, UnionsNamelessMembersAndEnumeratorsAreDescribed) {
  const Bytes file = object_bytes("unions");
  if (file.empty()) GTEST_SKIP() << "clang for BPF is not installed";
  const auto object = read_object(file);
  ASSERT_TRUE(object.ok()) << object.error().message;
  const MapSpec& peers = *object.value().map("peers");
  const std::string text = btf_json(object.value().btf, peers.value_type, peers.value_size);
  for (const char* part : {
           R"("enumerators":{"IDLE":"0","BUSY":"7","BROKEN":"9"})",
           R"({"name":"v4","offset":32,"bits":0,"type":{"kind":"int","bytes":4,"name":"__be32")",
           R"({"name":"high","offset":48,"bits":0,)",
           R"({"name":"count","offset":64,"bits":0,"type":{"kind":"union","bytes":8,"name":"",)",
           R"({"name":"each","offset":0,"bits":0,"type":{"kind":"array",)",
       }) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  EXPECT_EQ(text.find(R"("name":"","offset")"), std::string::npos) << text;
}

// Structures of a thousand nameless members each, eight deep: to go through them all would have no
// end.
TEST(Object, ADescriptionOfTypesThatMultiplyHasAnEnd) {
  constexpr std::uint32_t kLevels = 8;
  constexpr std::uint32_t kMembers = 1000;
  Bytes types;
  const auto put = [](Bytes& to, std::initializer_list<std::uint32_t> words) {
    for (const std::uint32_t word : words) {
      for (unsigned shift = 0; shift < 32; shift += 8) {
        to.push_back(static_cast<std::uint8_t>(word >> shift));
      }
    }
  };
  for (std::uint32_t level = 1; level <= kLevels; ++level) {
    put(types, {0, 4U << 24 | kMembers, 4});
    for (std::uint32_t member = 0; member < kMembers; ++member) put(types, {0, level + 1, 0});
  }
  put(types, {0, 4U << 24, 4});
  Bytes file;
  const auto bytes = static_cast<std::uint32_t>(types.size());
  put(file, {0x0001'eb9f, 24, 0, bytes, bytes, 1});
  file.insert(file.end(), types.begin(), types.end());
  file.push_back(0);
  const auto btf = Btf::parse(file, ".BTF");
  ASSERT_TRUE(btf.ok()) << btf.error().message;
  EXPECT_EQ(btf_json(btf.value(), 1, 4), R"({"kind":"bytes","bytes":4})");
}

TEST(Object, SectionsNameTypes) {
  EXPECT_EQ(program_type_of("xdp"), ProgramType::xdp);
  EXPECT_EQ(program_type_of("xdp/eth0"), ProgramType::xdp);
  EXPECT_EQ(program_type_of("xdp.frags"), ProgramType::xdp);
  EXPECT_EQ(program_type_of("tcx/ingress"), ProgramType::tc);
  EXPECT_EQ(program_type_of("xdp_vlan01"), ProgramType::raw);
}

}  // namespace
}  // namespace ringbed::ebpf
