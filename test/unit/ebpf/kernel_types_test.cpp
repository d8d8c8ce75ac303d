// The running kernel's types, read in place, against the object reader's view of the same bytes.
#include "ebpf/kernel_types.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

namespace ringbed::ebpf {
namespace {

std::vector<std::uint8_t> blob() {
  std::ifstream file("/sys/kernel/btf/vmlinux", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class KernelTypesOfThisKernel : public testing::Test {
 protected:
  void SetUp() override {
    bytes_ = blob();
    if (bytes_.empty()) {
      GTEST_SKIP() << "this kernel has no BTF";
    }
    auto types = KernelTypes::parse(bytes_);
    ASSERT_TRUE(types) << types.error().message;
    types_.emplace(std::move(types).value());
  }

  std::vector<std::uint8_t> bytes_;
  std::optional<KernelTypes> types_;
};

TEST_F(KernelTypesOfThisKernel, MembersStandWhereTheObjectReaderSeesThem) {
  const auto all = Btf::parse(bytes_, "vmlinux");
  ASSERT_TRUE(all);
  const std::set<std::string> wanted{"sk_buff", "net_device", "sock_common", "net", "xdp_buff"};
  std::set<std::string> seen;
  std::size_t compared = 0;
  for (std::uint32_t id = 1; id < all.value().count(); ++id) {
    const BtfType* type = all.value().type(id);
    if (type->kind != BtfKind::structure || !wanted.contains(type->name) ||
        !seen.insert(type->name).second) {
      continue;
    }
    for (const BtfMember& member : type->members) {
      if (!member.name.empty()) {
        EXPECT_EQ(types_->offset_of(type->name, {member.name}), member.offset / 8)
            << type->name << "." << member.name;
        ++compared;
      }
    }
  }
  EXPECT_EQ(seen, wanted);
  EXPECT_GT(compared, 200U);
}

TEST_F(KernelTypesOfThisKernel, PathsLeadThroughStructuresWithAndWithoutNames) {
  const auto common = types_->offset_of("sock", {"__sk_common"});
  const auto inside = types_->offset_of("sock_common", {"skc_net"});
  ASSERT_TRUE(common && inside);
  EXPECT_EQ(types_->offset_of("sock", {"__sk_common", "skc_net", "net"}), *common + *inside);
  EXPECT_TRUE(types_->offset_of("sk_buff", {"dev"}));  // in an unnamed union
  EXPECT_FALSE(types_->offset_of("sk_buff", {"no_such_member"}));
  EXPECT_FALSE(types_->offset_of("no_such_structure", {"dev"}));
}

TEST_F(KernelTypesOfThisKernel, TellsEnumerationsAndTracepoints) {
  const auto actions = types_->enumerators("xdp_action");
  ASSERT_EQ(actions.size(), 5U);
  EXPECT_EQ(actions[1].name, "XDP_DROP");
  EXPECT_EQ(actions[1].value, 1U);
  EXPECT_TRUE(types_->enumerators("no_such_enumeration").empty());
  const auto arguments = types_->tracepoint("xdp_exception");
  EXPECT_EQ(arguments, (std::vector<std::string_view>{"net_device", "bpf_prog", ""}));
  EXPECT_TRUE(types_->tracepoint("no_such_tracepoint").empty());
}

TEST_F(KernelTypesOfThisKernel, WhatIsCutOffIsRefusedOrHarmless) {
  for (std::size_t size = 0; size < bytes_.size(); size += 1 + bytes_.size() / 50) {
    auto cut = KernelTypes::parse({bytes_.begin(), bytes_.begin() + static_cast<long>(size)});
    if (cut) {
      static_cast<void>(cut.value().offset_of("sk_buff", {"dev"}));
    }
  }
  std::vector<std::uint8_t> nonsense = bytes_;
  for (std::size_t i = 24; i < nonsense.size(); i += 7) {
    nonsense[i] = static_cast<std::uint8_t>(i * 31);
  }
  if (auto odd = KernelTypes::parse(std::move(nonsense))) {
    static_cast<void>(odd.value().offset_of("sk_buff", {"dev"}));
    static_cast<void>(odd.value().tracepoint("kfree_skb"));
  }
}

}  // namespace
}  // namespace ringbed::ebpf
