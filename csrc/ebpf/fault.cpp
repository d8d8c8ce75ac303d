// Faults in words: what happened, at which instruction, from which source line.
#include <algorithm>
#include <cstdio>
#include <string>

#include "ebpf/helpers.hpp"
#include "ebpf/state.hpp"

namespace ringbed::ebpf {

namespace {

std::string hex(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

std::string where(Address address) {
  const std::uint32_t number = high_half(address);
  const auto offset = std::to_string(std::int64_t{low_half(address)} - kRegionStart);
  if (address < kRegionStart / 2) {
    return "NULL" + (address == 0 ? "" : " + " + std::to_string(address));
  }
  if (number == kPacketRegion) return "packet buffer + " + offset;
  if (number == kContextRegion) return "context + " + offset;
  if (number >= kStackRegion && number < kStackRegion + kAllFrames) {
    return "stack of frame " + std::to_string(number - kStackRegion) + ", r10" +
           (std::int64_t{low_half(address)} < std::int64_t{kRegionStart} + kStackBytes ? "" : "+") +
           std::to_string(std::int64_t{low_half(address)} - kRegionStart - kStackBytes);
  }
  if (number >= kScratchRegion && number < kFixedRegions) return "ringbuf record + " + offset;
  if (number == kMapHandle) return "the map itself, not a value of it";
  if (number == kFunctionHandle) return "a function";
  return "region " + std::to_string(number) + " + " + offset;
}

std::string what(const Fault& fault) {
  const std::string bytes = std::to_string(fault.bytes) + (fault.bytes == 1 ? " byte" : " bytes");
  const std::string at = hex(fault.address) + " (" + where(fault.address) + ")";
  switch (fault.kind) {
    case FaultKind::none: return "no fault";
    case FaultKind::out_of_bounds_read: return "out-of-bounds read of " + bytes + " at " + at;
    case FaultKind::out_of_bounds_write: return "out-of-bounds write of " + bytes + " at " + at;
    case FaultKind::misaligned_atomic: return "misaligned atomic of " + bytes + " at " + at;
    case FaultKind::instruction_limit: return "the instruction limit is used up (an endless loop?)";
    case FaultKind::call_depth:
      return "call depth: more than " + std::to_string(kMaxFrames) + " frames";
    case FaultKind::unknown_helper:
      return helper_text(static_cast<std::uint32_t>(fault.address)) +
             " is not simulated: a program that calls it runs in the kernel only";
    case FaultKind::bad_call_target:
      return "callx to " + hex(fault.address) + ", which is no function and no helper";
    case FaultKind::fell_off_the_end: return "ran past the last instruction (no exit)";
    case FaultKind::bad_argument: return std::string(fault.what) + " (" + hex(fault.address) + ")";
  }
  return "unknown fault";
}

}  // namespace

const SourceLine* line_of(const Program& program, std::uint32_t instruction) {
  const auto after = std::upper_bound(
      program.lines.begin(), program.lines.end(), instruction,
      [](std::uint32_t value, const SourceLine& line) { return value < line.instruction; });
  return after == program.lines.begin() ? nullptr : &*(after - 1);
}

std::string describe(const Fault& fault) {
  std::string text;
  if (fault.program != nullptr) {
    text = fault.program->name + ": ";
  }
  text += "instruction " + std::to_string(fault.instruction);
  if (fault.program != nullptr) {
    if (const SourceLine* line = line_of(*fault.program, fault.instruction)) {
      text += " (" + line->file + ":" + std::to_string(line->line);
      if (!line->text.empty()) {
        const auto start = line->text.find_first_not_of(" \t");
        text += ": " + (start == std::string::npos ? line->text : line->text.substr(start));
      }
      text += ")";
    }
  }
  return text + ": " + what(fault);
}

}  // namespace ringbed::ebpf
