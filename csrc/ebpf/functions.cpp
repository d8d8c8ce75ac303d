#include "ebpf/functions.hpp"

#include <algorithm>

#include "ebpf/machine.hpp"

namespace ringbed::ebpf {

namespace {

bool loads_function(const RawInstruction& in) noexcept {
  return in.opcode == kLoadImm64 && in.src == pseudo::func;
}

}  // namespace

std::uint32_t callee(const std::vector<RawInstruction>& code, std::size_t at) noexcept {
  const RawInstruction& in = code[at];
  const bool calls = in.opcode == kCall && in.src == pseudo::local_call;
  return calls || loads_function(in)
             ? static_cast<std::uint32_t>(at) + 1 + static_cast<std::uint32_t>(in.imm)
             : 0;
}

std::vector<std::uint32_t> function_starts(const std::vector<RawInstruction>& code) {
  std::vector<std::uint32_t> starts = {0};
  for (std::size_t at = 0; at < code.size(); ++at) {
    if (const std::uint32_t target = callee(code, at); target != 0) starts.push_back(target);
    if (code[at].opcode == kLoadImm64) ++at;
  }
  std::ranges::sort(starts);
  // Not std::ranges::unique: clang 14 cannot read what GCC 12's library returns.
  starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
  return starts;
}

bool has_callbacks(const std::vector<RawInstruction>& code) noexcept {
  return std::ranges::any_of(code, loads_function);
}

bool tail_calls_from_functions_only(const std::vector<RawInstruction>& code) {
  const std::vector<std::uint32_t> starts = function_starts(code);
  const auto own = static_cast<std::ptrdiff_t>(starts.size() > 1 ? starts[1] : code.size());
  const auto tail_calls = [](const RawInstruction& in) {
    return in.opcode == kCall && in.src == pseudo::helper_call && in.imm == kTailCallHelper;
  };
  return std::none_of(code.begin(), code.begin() + own, tail_calls) &&
         std::any_of(code.begin() + own, code.end(), tail_calls);
}

}  // namespace ringbed::ebpf
