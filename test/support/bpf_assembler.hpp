// A small BPF assembler for tests, in the syntax that llvm-objdump prints: "r0 = 5", "w1 += w2",
// "if r1 s> 4 goto out", "r2 = *(u8 *)(r1 + 3)", "lock *(u64 *)(r1 + 0) += r2", "call 5", "exit".
// Statements end at a newline or a semicolon; "name:" is a label; ".raw 8 bytes of hex" is itself.
#pragma once

#include <cctype>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "ebpf/isa.hpp"

namespace ringbed::test {

namespace assembler {

using namespace ringbed::ebpf;

inline std::uint64_t number(const std::string& text) {
  std::size_t used = 0;
  const std::uint64_t value =
      text[0] == '-' ? 0 - std::stoull(text.substr(1), &used, 0) : std::stoull(text, &used, 0);
  if (used + (text[0] == '-' ? 1 : 0) != text.size()) {
    throw std::invalid_argument("number " + text);
  }
  return value;
}

inline const std::map<std::string, std::uint8_t> kAlu = {
    {"+", alu_op::add},  {"-", alu_op::sub},   {"*", alu_op::mul},  {"/", alu_op::div},
    {"s/", alu_op::div}, {"|", alu_op::or_},   {"&", alu_op::and_}, {"<<", alu_op::lsh},
    {">>", alu_op::rsh}, {"%", alu_op::mod},   {"s%", alu_op::mod}, {"^", alu_op::xor_},
    {"", alu_op::mov},   {"s>>", alu_op::arsh}};
inline const std::map<std::string, std::uint8_t> kCompare = {
    {"==", jmp_op::jeq}, {">", jmp_op::jgt},   {">=", jmp_op::jge},   {"&", jmp_op::jset},
    {"!=", jmp_op::jne}, {"s>", jmp_op::jsgt}, {"s>=", jmp_op::jsge}, {"<", jmp_op::jlt},
    {"<=", jmp_op::jle}, {"s<", jmp_op::jslt}, {"s<=", jmp_op::jsle}};
inline const std::map<std::string, std::uint8_t> kSize = {
    {"8", size_of::byte}, {"16", size_of::half}, {"32", size_of::word}, {"64", size_of::dword}};
inline const std::map<std::string, std::int32_t> kAtomic = {
    {"add", atomic_op::add},  {"or", atomic_op::or_}, {"and", atomic_op::and_},
    {"xor", atomic_op::xor_}, {"+", atomic_op::add},  {"|", atomic_op::or_},
    {"&", atomic_op::and_},   {"^", atomic_op::xor_}};

class Assembler {
 public:
  std::vector<RawInstruction> run(std::string_view source) {
    std::string statement;
    for (const char c : source) {
      if (c == '\n' || c == ';') {
        add(statement);
        statement.clear();
      } else {
        statement += c;
      }
    }
    add(statement);
    for (const auto& [at, label, wide] : fixes_) {
      const auto found = labels_.find(label);
      if (found == labels_.end()) {
        throw std::invalid_argument("no label " + label);
      }
      const int distance = static_cast<int>(found->second) - static_cast<int>(at) - 1;
      if (wide) {
        code_[at].imm = distance;
      } else {
        code_[at].offset = static_cast<std::int16_t>(distance);
      }
    }
    return code_;
  }

 private:
  struct Fix {
    std::size_t at;
    std::string label;
    bool wide;
  };
  std::vector<std::string> m_;  // captures; 0 is unused

  // Matches the statement, white space removed, against a pattern and keeps what its wildcards
  // stand for: # digits, ? r or w, ! u or s, + a sign, $ letters, @ a word or number, ~ an
  // operator.
  bool is(const std::string& text, const char* pattern) {
    m_.assign(1, "");
    return match(text.c_str(), pattern);
  }
  static bool fits(char kind, const char* from, const char* to) {
    const std::string part(from, to);
    const auto all = [&](auto test) {
      for (const char c : part) {
        if (!test(c)) return false;
      }
      return !part.empty();
    };
    const auto word = [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
    };
    switch (kind) {
      case '#': return all([](char c) { return c >= '0' && c <= '9'; });
      case '$': return all([](char c) { return c >= 'a' && c <= 'z'; });
      case '?': return part == "r" || part == "w";
      case '!': return part == "u" || part == "s";
      case '+': return part == "+" || part == "-";
      case '~': return part.empty() || kCompare.contains(part) || kAlu.contains(part);
      default:
        return part.size() > 1 && (part[0] == '-' || part[0] == '+') ? fits('@', from + 1, to)
                                                                     : all(word);
    }
  }
  bool match(const char* text, const char* pattern) {
    if (*pattern == '\0') {
      return *text == '\0';
    }
    if (std::string_view("#?!+@~$").find(*pattern) == std::string_view::npos) {
      return *text == *pattern && match(text + 1, pattern + 1);
    }
    const std::size_t kept = m_.size();
    for (const char* end = text + std::string_view(text).size(); end >= text; --end) {
      if (fits(*pattern, text, end)) {
        m_.emplace_back(text, end);
        if (match(end, pattern + 1)) {
          return true;
        }
        m_.resize(kept);
      }
    }
    return false;
  }
  [[nodiscard]] std::uint8_t reg(std::size_t group) const {
    return static_cast<std::uint8_t>(std::stoi(m_[group]));
  }
  [[nodiscard]] std::int16_t off(std::size_t sign, std::size_t digits) const {
    const int value = static_cast<int>(number(m_[digits]));
    return static_cast<std::int16_t>(m_[sign] == "-" ? -value : value);
  }
  [[nodiscard]] std::int32_t imm(std::size_t group) const {
    return static_cast<std::int32_t>(number(m_[group]));
  }
  static std::uint8_t byte(int value) { return static_cast<std::uint8_t>(value); }

  void emit(RawInstruction in) { code_.push_back(in); }
  void jump(RawInstruction in, const std::string& target, bool wide = false) {
    if (target[0] == '+' || target[0] == '-') {
      const int distance = std::stoi(target);
      if (wide) {
        in.imm = distance;
      } else {
        in.offset = static_cast<std::int16_t>(distance);
      }
    } else {
      fixes_.push_back({code_.size(), target, wide});
    }
    emit(in);
  }

  void add(std::string text) {
    text = text.substr(0, text.find('#'));
    for (const char* word : {"goto ", "gotol ", "call ", "callx "}) {
      if (const auto found = text.find(word); found != std::string::npos) {
        text[found + std::strlen(word) - 1] = ':';
        break;
      }
    }
    std::erase_if(text, [](unsigned char c) { return std::isspace(c); });
    if (text.empty()) return;
    if (is(text, "@:")) {
      labels_[m_[1]] = code_.size();
      return;
    }
    if (!(jumps(text) || memory(text) || atomics(text) || arithmetic(text))) {
      throw std::invalid_argument("what is: " + text);
    }
  }

  bool jumps(const std::string& t) {
    if (is(t, "exit")) {
      emit({.opcode = kExit});
    } else if (is(t, "goto:@")) {
      jump({.opcode = cls::jmp}, m_[1]);
    } else if (is(t, "may_goto:@")) {
      jump({.opcode = kMayGoto}, m_[1]);
    } else if (is(t, "gotol:@")) {
      jump({.opcode = cls::jmp32}, m_[1], true);
    } else if (is(t, "call:#")) {
      emit({.opcode = kCall, .imm = imm(1)});
    } else if (is(t, "callx:r#")) {
      emit({.opcode = kCallRegister, .dst = reg(1)});
    } else if (is(t, "call:@")) {
      jump({.opcode = kCall, .src = pseudo::local_call}, m_[1], true);
    } else if (is(t, "if?#~?#goto:@")) {
      jump({.opcode =
                byte((m_[1] == "w" ? cls::jmp32 : cls::jmp) | kCompare.at(m_[3]) | kSourceRegister),
            .dst = reg(2),
            .src = reg(5)},
           m_[6]);
    } else if (is(t, "if?#~@goto:@")) {
      jump({.opcode = byte((m_[1] == "w" ? cls::jmp32 : cls::jmp) | kCompare.at(m_[3])),
            .dst = reg(2),
            .imm = imm(4)},
           m_[5]);
    } else if (is(t, ".raw@")) {
      std::uint8_t bytes[8] = {};
      const std::string& digits = m_[1];
      if (digits.size() != 16) throw std::invalid_argument("raw takes 8 bytes: " + t);
      for (unsigned i = 0; i < 8; ++i) {
        bytes[i] = static_cast<std::uint8_t>(std::stoul(digits.substr(2 * i, 2), nullptr, 16));
      }
      emit(read_instruction(bytes));
    } else {
      return false;
    }
    return true;
  }

  bool memory(const std::string& t) {
    if (is(t, "r#=*(!#*)(r#+@)")) {
      emit({.opcode = byte(cls::ldx | (m_[2] == "s" ? mode::memsx : mode::mem) | kSize.at(m_[3])),
            .dst = reg(1),
            .src = reg(4),
            .offset = off(5, 6)});
    } else if (is(t, "*(u#*)(r#+@)=r#")) {
      emit({.opcode = byte(cls::stx | mode::mem | kSize.at(m_[1])),
            .dst = reg(2),
            .src = reg(5),
            .offset = off(3, 4)});
    } else if (is(t, "*(u#*)(r#+@)=@")) {
      emit({.opcode = byte(cls::st | mode::mem | kSize.at(m_[1])),
            .dst = reg(2),
            .offset = off(3, 4),
            .imm = imm(5)});
    } else if (is(t, "r0=*(u#*)skb[@]")) {
      if (m_[2][0] == 'r') {
        emit({.opcode = byte(cls::ld | mode::ind | kSize.at(m_[1])),
              .src = static_cast<std::uint8_t>(std::stoi(m_[2].substr(1)))});
      } else {
        emit({.opcode = byte(cls::ld | mode::abs | kSize.at(m_[1])), .imm = imm(2)});
      }
    } else if (is(t, "r0=*(u#*)skb[r#+@]")) {
      emit(
          {.opcode = byte(cls::ld | mode::ind | kSize.at(m_[1])), .src = reg(2), .imm = off(3, 4)});
    } else if (is(t, "r#=@ll")) {
      const std::uint64_t value = number(m_[2]);
      emit({.opcode = kLoadImm64, .dst = reg(1), .imm = static_cast<std::int32_t>(value)});
      emit({.imm = static_cast<std::int32_t>(value >> 32)});
    } else if (is(t, "r#=&@ll")) {
      jump({.opcode = kLoadImm64, .dst = reg(1), .src = pseudo::func}, m_[2], true);
      emit({});
    } else {
      return false;
    }
    return true;
  }

  bool atomics(const std::string& t) {
    if (is(t, "lock*(u#*)(r#+@)~=r#")) {
      emit({.opcode = byte(cls::stx | mode::atomic | kSize.at(m_[1])),
            .dst = reg(2),
            .src = reg(6),
            .offset = off(3, 4),
            .imm = kAtomic.at(m_[5])});
    } else if (is(t, "r#=atomic_fetch_$((u#*)(r#+@),r#)")) {
      emit({.opcode = byte(cls::stx | mode::atomic | kSize.at(m_[3])),
            .dst = reg(4),
            .src = reg(7),
            .offset = off(5, 6),
            .imm = kAtomic.at(m_[2]) | atomic_op::fetch});
    } else if (is(t, "r#=xchg_#(r#+@,r#)")) {
      emit({.opcode = byte(cls::stx | mode::atomic | kSize.at(m_[2])),
            .dst = reg(3),
            .src = reg(6),
            .offset = off(4, 5),
            .imm = atomic_op::xchg});
    } else if (is(t, "r0=cmpxchg_#(r#+@,r0,r#)")) {
      emit({.opcode = byte(cls::stx | mode::atomic | kSize.at(m_[1])),
            .dst = reg(2),
            .src = reg(5),
            .offset = off(3, 4),
            .imm = atomic_op::cmpxchg});
    } else if (is(t, "r#=load_acquire((u#*)(r#+@))")) {
      emit({.opcode = byte(cls::stx | mode::atomic | kSize.at(m_[2])),
            .dst = reg(1),
            .src = reg(3),
            .offset = off(4, 5),
            .imm = atomic_op::load_acquire});
    } else if (is(t, "store_release((u#*)(r#+@),r#)")) {
      emit({.opcode = byte(cls::stx | mode::atomic | kSize.at(m_[1])),
            .dst = reg(2),
            .src = reg(5),
            .offset = off(3, 4),
            .imm = atomic_op::store_release});
    } else {
      return false;
    }
    return true;
  }

  bool arithmetic(const std::string& t) {
    if (is(t, "?#=-?#")) {
      emit({.opcode = byte(width() | alu_op::neg), .dst = reg(2)});
    } else if (is(t, "r#=$#r#")) {
      const std::uint8_t opcode = m_[2] == "bswap" ? byte(cls::alu64 | alu_op::end)
                                  : m_[2] == "be"  ? byte(cls::alu | alu_op::end | kSourceRegister)
                                                   : byte(cls::alu | alu_op::end);
      emit({.opcode = opcode, .dst = reg(1), .imm = imm(3)});
    } else if (is(t, "?#=(s#)?#")) {
      emit({.opcode = byte(width() | alu_op::mov | kSourceRegister),
            .dst = reg(2),
            .src = reg(5),
            .offset = static_cast<std::int16_t>(imm(3))});
    } else if (is(t, "?#~=?#")) {
      const std::int16_t sign = signedness();
      emit({.opcode = byte(width() | kAlu.at(m_[3]) | kSourceRegister),
            .dst = reg(2),
            .src = reg(5),
            .offset = sign});
    } else if (is(t, "?#~=@")) {
      const std::int16_t sign = signedness();
      emit(
          {.opcode = byte(width() | kAlu.at(m_[3])), .dst = reg(2), .offset = sign, .imm = imm(4)});
    } else {
      return false;
    }
    return true;
  }
  [[nodiscard]] std::uint8_t width() const { return m_[1] == "w" ? cls::alu : cls::alu64; }
  [[nodiscard]] std::int16_t signedness() const { return m_[3] == "s/" || m_[3] == "s%" ? 1 : 0; }

  std::vector<RawInstruction> code_;
  std::map<std::string, std::size_t> labels_;
  std::vector<Fix> fixes_;
};

}  // namespace assembler

// Throws std::invalid_argument that names the statement.
[[nodiscard]] inline std::vector<ebpf::RawInstruction> assemble(std::string_view source) {
  return assembler::Assembler().run(source);
}

// The eight-byte little-endian form.
[[nodiscard]] inline std::vector<std::uint8_t> to_bytes(
    const std::vector<ebpf::RawInstruction>& code) {
  std::vector<std::uint8_t> bytes(code.size() * ebpf::kInstructionBytes);
  for (std::size_t at = 0; at < code.size(); ++at) {
    ebpf::write_instruction(bytes.data() + at * ebpf::kInstructionBytes, code[at]);
  }
  return bytes;
}

}  // namespace ringbed::test
