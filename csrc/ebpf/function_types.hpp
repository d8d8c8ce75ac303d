// The least BTF that lets the kernel take callbacks (bpf_loop, bpf_for_each_map_elem) of a program
// that was loaded without its own: every function is `static int f()`. Format: the kernel's
// Documentation/bpf/btf.rst.
#pragma once

#include <linux/bpf.h>

#include <vector>

#include "base/descriptor.hpp"
#include "base/result.hpp"
#include "ebpf/isa.hpp"

namespace ringbed::ebpf {

struct FunctionTypes {
  base::FileDescriptor btf;
  std::vector<bpf_func_info> functions;
};

// Error: unavailable.
[[nodiscard]] base::Result<FunctionTypes> make_function_types(
    const std::vector<RawInstruction>& code);

}  // namespace ringbed::ebpf
