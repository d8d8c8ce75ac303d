// The conformance vectors of test/conformance/ebpf, run by the interpreter, and by the kernel where
// it lets us and its verifier takes the program.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "ebpf/exec.hpp"
#include "support/bpf_assembler.hpp"
#include "support/kernel_bpf.hpp"

namespace ringbed::ebpf {

namespace {

using test::assemble;

const std::string kVectors = std::string(RINGBED_SOURCE_DIR) + "/test/conformance/ebpf/";

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream in(kVectors + file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line[0] != '#') {
      lines.push_back(line);
    }
  }
  EXPECT_FALSE(lines.empty()) << file;
  return lines;
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) {
    words.push_back(word);
  }
  return words;
}

std::uint64_t number(const std::string& text) { return std::stoull(text, nullptr, 0); }

std::uint64_t run(const std::string& source, Engine engine, base::MutableBytes memory = {}) {
  ExecOptions options;
  options.engine = engine;
  const auto result = exec(test::to_bytes(assemble(source)), memory, options);
  EXPECT_TRUE(result.ok()) << source << ": " << result.error().message;
  return result.ok() ? result.value().r0 : ~std::uint64_t{0};
}

// r0 of the kernel's run, which hands out 32 bits at a time.
std::uint64_t kernel_run(const std::string& body) {
  std::uint64_t result = 0;
  const std::vector<std::uint8_t> frame(64);
  for (const bool high : {true, false}) {
    std::string log;
    const auto code = assemble(body + (high ? "; r0 >>= 32; exit" : "; exit"));
    const auto program = test::load_program(test::KernelProgram::xdp, code, &log);
    EXPECT_TRUE(program.ok()) << body << "\n" << log;
    const auto outcome = test::test_run(program.get(), frame);
    result = result << 32 | (outcome ? outcome->result : 0);
  }
  return result;
}

const std::map<std::string, std::string> kOperators = {
    {"add", "+="}, {"sub", "-="},    {"mul", "*="},   {"div", "/="},  {"mod", "%="},
    {"or", "|="},  {"and", "&="},    {"xor", "^="},   {"lsh", "<<="}, {"rsh", ">>="},
    {"mov", "="},  {"arsh", "s>>="}, {"sdiv", "s/="}, {"smod", "s%="}};

// Programs that compute one line of arithmetic.txt: with the right operand in a register, and as
// an immediate where it fits (`kernel`: and where the verifier takes it).
std::vector<std::string> arithmetic_programs(const std::vector<std::string>& words, bool kernel) {
  const std::string& op = words[0];
  const bool wide = words[1] == "64";
  const std::string left = "r0 = " + words[2] + " ll; ";
  const std::string right = "r1 = " + words[3] + " ll; ";
  const std::string r = wide ? "r" : "w";
  if (op == "neg") {
    return {left + r + "0 = -" + r + "0"};
  }
  if (op == "be" || op == "le" || op == "bswap") {
    return {left + "r0 = " + op + words[1] + " r0"};
  }
  if (op.starts_with("movsx")) {
    return {left + right + r + "0 = (s" + op.substr(5) + ")" + r + "1"};
  }
  const std::string& sign = kOperators.at(op);
  std::vector<std::string> programs = {left + right + r + "0 " + sign + " " + r + "1"};
  const std::uint64_t value = number(words[3]);
  const auto imm = static_cast<std::int32_t>(value);
  const bool fits =
      wide ? static_cast<std::uint64_t>(std::int64_t{imm}) == value : value <= 0xffff'ffff;
  const bool shift = op == "lsh" || op == "rsh" || op == "arsh";
  const bool divide = op.ends_with("div") || op.ends_with("mod");
  if (fits && !(kernel && ((shift && value >= number(words[1])) || (divide && value == 0)))) {
    programs.push_back(left + r + "0 " + sign + " " + std::to_string(imm));
  }
  return programs;
}

class Vectors : public testing::TestWithParam<Engine> {};

TEST_P(Vectors, Arithmetic) {
  for (const std::string& line : lines_of("arithmetic.txt")) {
    const auto words = words_of(line);
    for (const std::string& program : arithmetic_programs(words, false)) {
      EXPECT_EQ(run(program + "; exit", GetParam()), number(words[4])) << line << ": " << program;
    }
  }
}

TEST_P(Vectors, Jumps) {
  for (const std::string& line : lines_of("jumps.txt")) {
    const auto words = words_of(line);
    const std::string r = words[1] == "64" ? "r" : "w";
    const std::string start = "r1 = " + words[2] + " ll; r2 = " + words[3] + " ll; r0 = 1; if " +
                              r + "1 " + words[0] + " ";
    const std::string end = " goto out; r0 = 0; out: ; exit";
    EXPECT_EQ(run(start + r + "2" + end, GetParam()), number(words[4])) << line;
    const std::uint64_t value = number(words[3]);
    const auto imm = static_cast<std::int32_t>(value);
    if (r == "r" ? static_cast<std::uint64_t>(std::int64_t{imm}) == value : value <= 0xffff'ffff) {
      EXPECT_EQ(run(start + std::to_string(imm) + end, GetParam()), number(words[4]))
          << line << " (immediate)";
    }
  }
}

TEST_P(Vectors, Atomics) {
  for (const std::string& line : lines_of("atomics.txt")) {
    const auto words = words_of(line);
    const std::string& width = words[1];
    std::string op;
    if (words[0].starts_with("fetch_")) {
      op = "r2 = atomic_" + words[0] + "((u" + width + " *)(r10 - 8), r2)";
    } else if (words[0] == "xchg") {
      op = "r2 = xchg_" + width + "(r10 - 8, r2)";
    } else if (words[0] == "cmpxchg") {
      op = "r0 = cmpxchg_" + width + "(r10 - 8, r0, r2)";
    } else if (words[0] == "load_acquire") {
      op = "r2 = load_acquire((u" + width + " *)(r10 - 8))";
    } else if (words[0] == "store_release") {
      op = "store_release((u" + width + " *)(r10 - 8), r2)";
    } else {
      const std::map<std::string, std::string> signs = {
          {"add", "+"}, {"or", "|"}, {"and", "&"}, {"xor", "^"}};
      op = "lock *(u" + width + " *)(r10 - 8) " + signs.at(words[0]) + "= r2";
    }
    const std::string body = "r3 = " + words[2] + " ll; *(u64 *)(r10 - 8) = r3; r0 = " + words[3] +
                             " ll; r2 = " + words[4] + " ll; " + op + "; ";
    EXPECT_EQ(run(body + "r0 = *(u64 *)(r10 - 8); exit", GetParam()), number(words[5])) << line;
    EXPECT_EQ(run(body + "r0 = r2; exit", GetParam()), number(words[6])) << line;
    EXPECT_EQ(run(body + "exit", GetParam()), number(words[7])) << line;
  }
}

TEST_P(Vectors, Programs) {
  for (const std::string& line : lines_of("programs.txt")) {
    std::vector<std::string> fields;
    std::istringstream in(line);
    for (std::string field; std::getline(in, field, '|');) {
      const auto from = field.find_first_not_of(' ');
      fields.push_back(field.substr(from, field.find_last_not_of(' ') + 1 - from));
    }
    ASSERT_EQ(fields.size(), 5u) << line;
    std::vector<std::uint8_t> memory;
    if (fields[2] != "-") {
      for (std::size_t at = 0; at < fields[2].size(); at += 2) {
        memory.push_back(
            static_cast<std::uint8_t>(std::stoul(fields[2].substr(at, 2), nullptr, 16)));
      }
    }
    ExecOptions options;
    options.engine = GetParam();
    options.decode.cpu = static_cast<CpuVersion>(fields[1][1] - '0');
    options.instruction_limit = 100'000;
    const auto result = exec(test::to_bytes(assemble(fields[3])), memory, options);
    const auto colon = fields[4].find(": ");
    if (colon == std::string::npos) {
      ASSERT_TRUE(result.ok()) << fields[0] << ": " << result.error().message;
      EXPECT_EQ(result.value().r0, number(fields[4])) << fields[0];
    } else {
      ASSERT_FALSE(result.ok()) << fields[0];
      EXPECT_NE(result.error().message.find(fields[4].substr(colon + 2)), std::string::npos)
          << fields[0] << ": " << result.error().message;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, Vectors, testing::Values(Engine::interpreter, Engine::jit));

// The same expectations hold for the kernel: it is the oracle of the vectors themselves.
TEST(KernelVectors, Arithmetic) {
  if (const std::string why = test::kernel_refusal(); !why.empty()) {
    GTEST_SKIP() << why;
  }
  std::size_t turn = 0;
  for (const std::string& line : lines_of("arithmetic.txt")) {
    if (turn++ % 7 != 0) {  // loading is slow; every operation still meets the kernel
      continue;
    }
    const auto words = words_of(line);
    for (const std::string& program : arithmetic_programs(words, true)) {
      EXPECT_EQ(kernel_run(program), number(words[4])) << line << ": " << program;
    }
  }
}

}  // namespace
}  // namespace ringbed::ebpf
