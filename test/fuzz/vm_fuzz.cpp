// fuzz: ebpf
// Any bytes as a program: refused, or run to its end or to a named fault; never a crash, never
// longer than the instruction limit. The first byte chooses mode and CPU version and how much of
// the input is the memory.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ebpf/exec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringbed;
  if (size < 9) {
    return 0;
  }
  ebpf::ExecOptions options;
  options.decode.cpu = static_cast<ebpf::CpuVersion>(1 + (data[0] & 3));
  options.decode.mode = (data[0] & 4) != 0 ? ebpf::Mode::kernel_strict : ebpf::Mode::isa;
  options.instruction_limit = 10'000;
  const std::size_t bytes = std::size_t{data[0]} >> 3;
  if (size < 1 + bytes) {
    return 0;
  }
  std::vector<std::uint8_t> memory(data + 1, data + 1 + bytes);
  const std::size_t code = (size - 1 - bytes) / 8 * 8;
  const auto result = ebpf::exec({data + 1 + bytes, code}, memory, options);
  if (result && result.value().instructions >
                    static_cast<std::uint64_t>(options.instruction_limit) + 2 * code) {
    __builtin_trap();  // a run that the limit did not stop
  }
  if (!result && result.error().message.empty()) {
    __builtin_trap();  // an error without words
  }
  return 0;
}
