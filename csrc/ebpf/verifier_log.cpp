#include "ebpf/verifier_log.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

#include "ebpf/kernel_syscall.hpp"
#include "ebpf/verifier_hints.hpp"

namespace ringbed::ebpf {

namespace {

constexpr std::size_t kMostReasonLines = 3;

std::vector<std::string_view> lines_of(std::string_view log) {
  std::vector<std::string_view> lines;
  while (!log.empty()) {
    const auto end = log.find('\n');
    lines.push_back(log.substr(0, end));
    log = end == std::string_view::npos ? std::string_view() : log.substr(end + 1);
  }
  return lines;
}

std::string_view trim(std::string_view text) {
  const auto start = text.find_first_not_of(" \t");
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(" \t") + 1 - start);
}

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

std::optional<std::uint32_t> number_at(std::string_view text) {
  std::uint32_t number = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && digits < 9 && is_digit(text[digits]); ++digits) {
    number = number * 10 + static_cast<std::uint32_t>(text[digits] - '0');
  }
  return digits == 0 ? std::nullopt : std::optional(number);
}

// "12: (85) call …": the part behind the colon; nothing for any other line.
std::optional<std::string_view> code_of(std::string_view line) {
  const auto digits = std::find_if_not(line.begin(), line.end(), is_digit) - line.begin();
  const std::string_view rest = line.substr(static_cast<std::size_t>(digits));
  if (digits == 0 || !rest.starts_with(": (")) return std::nullopt;
  const auto code = rest.substr(std::min<std::size_t>(rest.size(), 7));  // behind ": (85) "
  return trim(code.substr(0, code.find(';')));
}

bool is_statistics(std::string_view line) {
  static constexpr std::string_view kStarts[] = {"processed ", "verification time", "stack depth ",
                                                 "max_states"};
  return line.empty() || std::ranges::any_of(kStarts, [&](std::string_view start) {
           return line.starts_with(start) && line.find(" of ") == std::string_view::npos;
         });
}

// A part of the walk: an instruction, a state, the source.
bool is_walk(std::string_view line) {
  static constexpr std::string_view kStarts[] = {
      "; ",      ";",     "from ", "cur state", "old state", "mark_precise", "caller:",
      "callee:", "frame", " ",     "R0=",       "R1=",       "func#",        "Func#"};
  return (!line.empty() && is_digit(line.front()) && line.find(": ") != std::string_view::npos) ||
         std::ranges::any_of(kStarts, [&](auto start) { return line.starts_with(start); });
}

// Numbers of the registers that a text names: R6, r10.
std::set<std::uint32_t> registers_in(std::string_view text) {
  std::set<std::uint32_t> found;
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {
    const bool starts = at == 0 || std::isalnum(static_cast<unsigned char>(text[at - 1])) == 0;
    if (!starts || (text[at] != 'R' && text[at] != 'r')) continue;
    if (const auto number = number_at(text.substr(at + 1)); number && *number <= kFramePointer) {
      found.insert(*number);
    }
  }
  return found;
}

// The last "R6=…" or "R6_w=…" of the log: up to a space outside of brackets.
std::string last_state(const std::vector<std::string_view>& lines, std::uint32_t number) {
  const std::string name = "R" + std::to_string(number);
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    for (const std::string& start : {name + "=", name + "_w="}) {
      const auto at = line->rfind(start);
      if (at == std::string_view::npos || (at > 0 && (*line)[at - 1] != ' ')) continue;
      const std::string_view value = line->substr(at + start.size());
      std::size_t end = 0;
      for (int depth = 0; end < value.size() && (depth > 0 || value[end] != ' '); ++end) {
        depth += (value[end] == '(') - (value[end] == ')');
      }
      return name + "=" + std::string(value.substr(0, end));
    }
  }
  return "";
}

// "; text @ file:line" or "; text".
void read_source(std::string_view line, VerifierVerdict& verdict) {
  line = trim(line.substr(1));
  const auto at = line.rfind(" @ ");
  std::string_view place = at == std::string_view::npos ? "" : line.substr(at + 3);
  verdict.source = trim(line.substr(0, at));
  verdict.place = std::filesystem::path(place).filename().string();
}

void find_source(const std::vector<std::string_view>& walk, const std::vector<SourceLine>& lines,
                 VerifierVerdict& verdict) {
  for (auto line = walk.rbegin(); line != walk.rend(); ++line) {
    if (!line->starts_with(";") || line->starts_with(";  @") || trim(*line).size() < 3) continue;
    read_source(*line, verdict);
    break;
  }
  if (!verdict.place.empty() || !verdict.instruction) return;
  const auto after = std::ranges::upper_bound(lines, *verdict.instruction, std::less<>(),
                                              &SourceLine::instruction);
  if (after == lines.begin()) return;
  const SourceLine& line = *(after - 1);
  verdict.source = trim(line.text);
  verdict.place =
      std::filesystem::path(line.file).filename().string() + ":" + std::to_string(line.line);
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string text;
  for (const std::string& part : parts) {
    text.append(text.empty() ? "" : between).append(part);
  }
  return text;
}

// The path, or "" when it could not be written.
std::string keep_log(const ProgramSpec& program, std::string_view log, const std::string& folder) {
  std::error_code ignored;
  std::string name = program.name;
  std::ranges::replace(name, '/', '_');
  std::string path = ((folder.empty() ? std::filesystem::temp_directory_path(ignored)
                                      : std::filesystem::path(folder)) /
                      ("ringbed-verifier-" + name + "-XXXXXX.log"))
                         .string();
  const base::FileDescriptor file(::mkstemps(path.data(), 4));
  if (!file) return "";
  while (!log.empty()) {
    const ssize_t written = ::write(file.get(), log.data(), log.size());
    if (written <= 0) return "";
    log.remove_prefix(static_cast<std::size_t>(written));
  }
  return path;
}

// As much of a source line as shows which one it is: one that a macro or a generator made may be a
// page.
std::string start_of(std::string_view line) {
  constexpr std::size_t kMost = 120;
  if (line.size() <= kMost) {
    return std::string(line);
  }
  std::size_t end = kMost;
  while (end > 0 && (static_cast<std::uint8_t>(line[end]) & 0xc0U) == 0x80) {
    --end;  // not inside a character of UTF-8
  }
  return std::string(line.substr(0, end)) + " …";
}

}  // namespace

VerifierVerdict read_verifier_log(std::string_view log, const std::vector<SourceLine>& lines) {
  std::vector<std::string_view> walk = lines_of(log);
  while (!walk.empty() && is_statistics(walk.back())) {
    walk.pop_back();
  }
  VerifierVerdict verdict;
  // "infinite loop detected" stands before the two states that are alike.
  while (!walk.empty() &&
         (walk.back().starts_with("cur state") || walk.back().starts_with("old state"))) {
    walk.pop_back();
  }
  while (!walk.empty() && !is_walk(walk.back()) && verdict.reason.size() < kMostReasonLines) {
    verdict.reason.insert(verdict.reason.begin(), std::string(trim(walk.back())));
    walk.pop_back();
  }
  const std::string reason = joined(verdict.reason, "; ");
  if (const auto at = reason.find("insn "); at != std::string::npos) {
    verdict.instruction = number_at(std::string_view(reason).substr(at + 5));
  }
  for (auto line = walk.rbegin(); line != walk.rend(); ++line) {
    if (const auto code = code_of(*line)) {
      verdict.instruction = number_at(*line);
      verdict.code = *code;
      break;
    }
  }
  find_source(walk, lines, verdict);
  std::set<std::uint32_t> named = registers_in(reason);
  if (named.empty()) named = registers_in(verdict.code);
  for (const std::uint32_t number : named) {
    if (std::string state = last_state(walk, number); !state.empty()) {
      verdict.registers.push_back(std::move(state));
    }
  }
  return verdict;
}

base::Error verifier_error(const ProgramSpec& program, std::string_view log, int error,
                           const std::string& folder) {
  const VerifierVerdict verdict = read_verifier_log(log, program.lines);
  if (verdict.reason.empty()) {
    base::Error made =
        kernel_error("program " + program.name + ": the kernel does not load it", error);
    if (error == EINVAL && made.hint.empty()) {
      made.hint = "is its type (section " + program.section +
                  ") known to this kernel, and does its name say what it is?";
    }
    return made;
  }
  std::string message = "program " + program.name + ": the verifier refuses it";
  if (!verdict.place.empty() || !verdict.source.empty()) {
    message +=
        " at " + verdict.place + (verdict.place.empty() ? "" : ": ") + start_of(verdict.source);
  }
  if (verdict.instruction) {
    message += " [instruction " + std::to_string(*verdict.instruction) +
               (verdict.code.empty() ? "" : ": " + verdict.code) + "]";
  }
  const std::string reason = joined(verdict.reason, "; ");
  message += ": " + reason;
  if (!verdict.registers.empty()) message += "; " + joined(verdict.registers, ", ");
  const std::string path = keep_log(program, log, folder);
  message += path.empty() ? " (the log could not be kept)" : " (whole log: " + path + ")";
  return {base::ErrorCode::invalid, std::move(message), std::string(verifier_hint(reason))};
}

}  // namespace ringbed::ebpf
