// The tests' assembler, held to the encodings that llvm-mc prints.
#include "support/bpf_assembler.hpp"

#include <gtest/gtest.h>

namespace {

using Bytes = std::vector<std::uint8_t>;
using ringbed::test::assemble;
using ringbed::test::to_bytes;

struct Row {
  const char* source;
  Bytes encoding;
};

TEST(BpfAssembler, EncodesAsLlvm) {
  const Row rows[] = {
      {"r0 = 5", {0xb7, 0, 0, 0, 5, 0, 0, 0}},
      {"w1 += w2", {0x0c, 0x21, 0, 0, 0, 0, 0, 0}},
      {"r3 s>>= 4", {0xc7, 0x03, 0, 0, 4, 0, 0, 0}},
      {"if r1 s> 4 goto +2", {0x65, 0x01, 2, 0, 4, 0, 0, 0}},
      {"if w1 != w2 goto -1", {0x5e, 0x21, 0xff, 0xff, 0, 0, 0, 0}},
      {"r2 = *(u8 *)(r1 + 3)", {0x71, 0x12, 3, 0, 0, 0, 0, 0}},
      {"*(u32 *)(r10 - 4) = r1", {0x63, 0x1a, 0xfc, 0xff, 0, 0, 0, 0}},
      {"lock *(u64 *)(r1 + 8) += r2", {0xdb, 0x21, 8, 0, 0, 0, 0, 0}},
      {"r2 = load_acquire((u8 *)(r1 + 0))", {0xd3, 0x12, 0, 0, 0, 1, 0, 0}},
      {"store_release((u64 *)(r1 - 8), r2)", {0xdb, 0x21, 0xf8, 0xff, 0x10, 1, 0, 0}},
      {"may_goto +1", {0xe5, 0, 1, 0, 0, 0, 0, 0}},
      {"r1 = 0x123456789abcdef0 ll",
       {0x18, 1, 0, 0, 0xf0, 0xde, 0xbc, 0x9a, 0, 0, 0, 0, 0x78, 0x56, 0x34, 0x12}},
      {"r1 = be16 r1", {0xdc, 1, 0, 0, 0x10, 0, 0, 0}},
      {"r1 = le64 r1", {0xd4, 1, 0, 0, 0x40, 0, 0, 0}},
      {"r1 = -r1", {0x87, 1, 0, 0, 0, 0, 0, 0}},
      {"w3 = -w3", {0x84, 3, 0, 0, 0, 0, 0, 0}},
      {"r0 = *(u8 *)skb[4]", {0x30, 0, 0, 0, 4, 0, 0, 0}},
      {"r0 = *(u16 *)skb[r2]", {0x48, 0x20, 0, 0, 0, 0, 0, 0}},
      {"call 5", {0x85, 0, 0, 0, 5, 0, 0, 0}},
      {"goto +1", {0x05, 0, 1, 0, 0, 0, 0, 0}},
      {"exit", {0x95, 0, 0, 0, 0, 0, 0, 0}},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(to_bytes(assemble(row.source)), row.encoding) << row.source;
  }
}

TEST(BpfAssembler, LabelsBothWays) {
  const auto code = assemble("up: ; r0 = 1; if r0 == 1 goto out; goto up; out: ; exit");
  ASSERT_EQ(code.size(), 4u);
  EXPECT_EQ(code[1].offset, 1);
  EXPECT_EQ(code[2].offset, -3);
}

TEST(BpfAssembler, NamesWhatItCannotRead) {
  EXPECT_THROW((void)assemble("r1 ?= 3"), std::invalid_argument);
  EXPECT_THROW((void)assemble("goto nowhere"), std::invalid_argument);
}

}  // namespace
