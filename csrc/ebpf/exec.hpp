// `ringbed ebpf exec`: raw bytecode in, r0 out. The convention of bpf_conformance's plug-ins: r1
// points to the memory and r2 is its length (both 0 without memory), helpers by number, no maps.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "ebpf/decode.hpp"
#include "ebpf/engine.hpp"

namespace ringbed::ebpf {

struct ExecOptions {
  DecodeOptions decode;
  Engine engine = Engine::interpreter;
  std::int64_t instruction_limit = 10'000'000;
};

struct ExecResult {
  std::uint64_t r0 = 0;
  std::uint64_t instructions = 0;
};

// `code` is eight-byte little-endian instructions; the program may write to `memory`. Errors are
// `invalid` and name the instruction, when the program is refused or when it faults.
[[nodiscard]] base::Result<ExecResult> exec(base::ByteView code, base::MutableBytes memory,
                                            const ExecOptions& options = {});

}  // namespace ringbed::ebpf
