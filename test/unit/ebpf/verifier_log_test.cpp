// The verifier's refusals as messages: programs of test/data/bpf/bad, each refused by the real
// kernel for one reason, with what the message and the hint must say written on top of the file;
// and logs of older kernels as text.
#include "ebpf/verifier_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "ebpf/kernel_collection.hpp"
#include "ebpf/kernel_syscall.hpp"
#include "ebpf/verifier_hints.hpp"
#include "support/bpf_object.hpp"

namespace ringbed::ebpf {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

const fs::path kBad = fs::path(RINGBED_SOURCE_DIR) / "test/data/bpf/bad";

std::vector<std::string> bad_programs() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kBad)) {
    const std::string name = entry.path().filename().string();
    names.push_back(name.substr(0, name.find('.')));
  }
  std::ranges::sort(names);
  return names;
}

// What follows `// <key>: ` in the head of the file.
std::vector<std::string> expected(const std::string& name, const std::string& key) {
  std::ifstream in(kBad / (name + ".bpf.c"));
  std::vector<std::string> parts;
  for (std::string line; std::getline(in, line) && line.starts_with("// ");) {
    const std::string start = "// " + key + ": ";
    if (line.starts_with(start)) parts.push_back(line.substr(start.size()));
  }
  return parts;
}

class BadProgram : public ::testing::TestWithParam<std::string> {};

TEST_P(BadProgram, IsExplained) {
  if (const std::string refusal = kernel_refusal(); !refusal.empty()) GTEST_SKIP() << refusal;
  if (const std::string refusal = libbpf_refusal(); !refusal.empty()) GTEST_SKIP() << refusal;
  const std::string path = test::compile_bpf("bad/" + GetParam());
  if (path.empty()) GTEST_SKIP() << "clang for BPF is not installed";
  const std::vector<std::uint8_t> file = test::read_file(path);
  auto object = read_object(file);
  ASSERT_TRUE(object.ok()) << object.error().message;
  const test::ScratchFolder folder;
  KernelOptions options;
  options.log_folder = folder.path;
  auto loaded = KernelCollection::load(file, object.value(), options);
  ASSERT_FALSE(loaded.ok()) << "the kernel takes it";
  const base::Error& error = loaded.error();
  EXPECT_EQ(error.code, base::ErrorCode::invalid);
  EXPECT_THAT(error.message, HasSubstr("program " + GetParam()));
  ASSERT_FALSE(expected(GetParam(), "message").empty());
  for (const std::string& part : expected(GetParam(), "message")) {
    EXPECT_THAT(error.message, HasSubstr(part));
  }
  for (const std::string& part : expected(GetParam(), "hint")) {
    EXPECT_THAT(error.hint, HasSubstr(part));
  }
  // The whole log is where the message says.
  const auto at = error.message.find(folder.path);
  ASSERT_NE(at, std::string::npos) << error.message;
  const auto log = error.message.substr(at, error.message.rfind(')') - at);
  const std::vector<std::uint8_t> text = test::read_file(log);
  EXPECT_THAT(std::string(text.begin(), text.end()), HasSubstr("processed "));
}

INSTANTIATE_TEST_SUITE_P(All, BadProgram, ::testing::ValuesIn(bad_programs()),
                         [](const auto& row) { return row.param; });

TEST(VerifierLog, ReadsALogOfLinux5) {
  const VerifierVerdict verdict = read_verifier_log(
      "func#0 @0\n"
      "0: R1=ctx(id=0,off=0,imm=0) R10=fp0\n"
      "; __u8 *data = (void *)(long)ctx->data;\n"
      "0: (61) r6 = *(u32 *)(r1 +0)\n"
      "1: R1=ctx(id=0,off=0,imm=0) R6_w=pkt(id=0,off=0,r=0,imm=0) R10=fp0\n"
      "; return data[3];\n"
      "1: (71) r0 = *(u8 *)(r6 +3)\n"
      "invalid access to packet, off=3 size=1, R6(id=0,off=3,r=0)\n"
      "R6 offset is outside of the packet\n"
      "processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0\n",
      {{0, 8, 1, "/src/x.bpf.c", "  __u8 *data = (void *)(long)ctx->data;"},
       {1, 9, 1, "/src/x.bpf.c", "  return data[3];"}});
  EXPECT_THAT(verdict.reason,
              ElementsAre("invalid access to packet, off=3 size=1, R6(id=0,off=3,r=0)",
                          "R6 offset is outside of the packet"));
  EXPECT_EQ(verdict.instruction, 1u);
  EXPECT_EQ(verdict.code, "r0 = *(u8 *)(r6 +3)");
  EXPECT_EQ(verdict.place, "x.bpf.c:9");
  EXPECT_EQ(verdict.source, "return data[3];");
  EXPECT_THAT(verdict.registers, ElementsAre("R6=pkt(id=0,off=0,r=0,imm=0)"));
}

TEST(VerifierLog, FindsTheLineOfAnInstructionThatTheReasonNames) {
  const VerifierVerdict verdict = read_verifier_log(
      "back-edge from insn 7 to 2\n",
      {{0, 3, 1, "a.c", "int x;"}, {5, 11, 1, "a.c", "  for (;;) {"}, {9, 12, 1, "a.c", "}"}});
  EXPECT_EQ(verdict.instruction, 7u);
  EXPECT_EQ(verdict.place, "a.c:11");
  EXPECT_EQ(verdict.source, "for (;;) {");
}

TEST(VerifierLog, AnythingIsReadWithoutHarm) {
  for (const char* log : {"", "\n\n", ":", "1:", "R", "; @", "12: (", "R1=((((", "insn ",
                          "processed 0 insns", "99999999999: (61) r1 = r2"}) {
    (void)read_verifier_log(log, {});
  }
  EXPECT_EQ(verifier_hint("no such message"), "");
}

TEST(VerifierLog, ALineOfAPageIsShownByItsStart) {
  ProgramSpec program;
  program.name = "p";
  program.lines = {
      {0, 3, 1, "a.c", "x = " + std::string(115, 'y') + "\u00e4\u00e4" + std::string(900, 'z')}};
  const base::Error error = verifier_error(
      program, "0: (61) r6 = *(u32 *)(r1 +0)\nR6 invalid mem access 'scalar'\n", EACCES, "");
  EXPECT_THAT(error.message, HasSubstr("a.c:3: x = yyy"));
  EXPECT_THAT(error.message, HasSubstr("y \u2026 [instruction 0: r6 = *(u32 *)(r1 +0)]"))
      << "cut before the character that it would cut in two";
  EXPECT_THAT(error.message, HasSubstr("invalid mem access"));
}

TEST(VerifierLog, WithoutALogTheErrnoIsExplained) {
  ProgramSpec program;
  program.name = "p";
  program.section = "xdp";
  const base::Error error = verifier_error(program, "", ENOMEM, "");
  EXPECT_EQ(error.code, base::ErrorCode::resource);
  EXPECT_THAT(error.message, HasSubstr("program p"));
}

}  // namespace

}  // namespace ringbed::ebpf
