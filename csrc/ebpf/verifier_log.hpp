// What the kernel's verifier says about a program that it refuses, made into one error: the source
// line, the reason, the registers that matter, what usually fixes it; the whole log in a file.
//
// A log is a walk through the program, the reason at its end, then statistics:
//
//   ; return data[4096]; @ parse.bpf.c:9          the source; before Linux 6.10 without file:line
//   1: (71) r0 = *(u8 *)(r1 +4096)   ; R1=pkt(r=0)      instruction and state (before 6.3 the
//   invalid access to packet, off=4096 size=1, …        state stands in lines of its own: R1_w=…)
//   R1 offset is outside of the packet
//   processed 2 insns (limit 1000000) …
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ebpf/object.hpp"

namespace ringbed::ebpf {

// What BPF_PROG_LOAD is asked to log, and room for it. Statistics alone, first: everything only of
// a program that was refused.
inline constexpr std::uint32_t kLogStatistics = 4;  // BPF_LOG_STATS
inline constexpr std::uint32_t kLogEverything = 1 | kLogStatistics;
inline constexpr std::size_t kStatisticsBytes = 4096;
inline constexpr std::size_t kWholeLogBytes = 16u << 20;

// Whether the verifier stopped at its limit of instructions: more of the log tells no more.
inline constexpr std::string_view kTooLarge = "is too large. Processed";
[[nodiscard]] inline bool gave_up(std::string_view log) noexcept {
  return log.find(kTooLarge) != std::string_view::npos;
}

struct VerifierVerdict {
  std::vector<std::string> reason;           // the last lines before the statistics
  std::optional<std::uint32_t> instruction;  // where it happened
  std::string code;                          // of the instruction
  std::string place;                         // "file:line", "" when nobody knows
  std::string source;                        // the line's text
  std::vector<std::string> registers;        // "R1=pkt(r=0)": those of the reason and the code
};

// `lines` of the program stand in for a log that names no source.
[[nodiscard]] VerifierVerdict read_verifier_log(std::string_view log,
                                                const std::vector<SourceLine>& lines);

// `error`: positive errno of BPF_PROG_LOAD. The log goes to a new file in `folder` (empty: the one
// for temporary files), whose path is in the message.
[[nodiscard]] base::Error verifier_error(const ProgramSpec& program, std::string_view log,
                                         int error, const std::string& folder);

}  // namespace ringbed::ebpf
